//! What a request is about: a resource type and one object of it.

use std::fmt;

use flux::kinds::Kind;
use serde_json::Value;

/// One resource type of a cluster, as its URLs spell it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource {
    /// The API group, empty for the core group.
    pub group: String,
    /// The version, such as `v1`.
    pub version: String,
    /// The kind, such as `GitRepository`.
    pub kind: String,
    /// The name in URLs, such as `gitrepositories`.
    pub plural: String,
    /// Whether objects of this type live in a namespace.
    pub namespaced: bool,
}

impl Resource {
    /// Names a resource type without asking a cluster.
    pub fn new(group: &str, version: &str, kind: &str, plural: &str, namespaced: bool) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced,
        }
    }

    /// `v1` Namespace.
    pub fn namespace() -> Self {
        Self::new("", "v1", "Namespace", "namespaces", false)
    }

    /// `v1` Secret.
    pub fn secret() -> Self {
        Self::new("", "v1", "Secret", "secrets", true)
    }

    /// `v1` ConfigMap.
    pub fn config_map() -> Self {
        Self::new("", "v1", "ConfigMap", "configmaps", true)
    }

    /// `v1` Event.
    pub fn event() -> Self {
        Self::new("", "v1", "Event", "events", true)
    }

    /// `apps/v1` Deployment.
    pub fn deployment() -> Self {
        Self::new("apps", "v1", "Deployment", "deployments", true)
    }

    /// `apiextensions.k8s.io/v1` CustomResourceDefinition.
    pub fn custom_resource_definition() -> Self {
        Self::new(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            false,
        )
    }

    /// The `apiVersion` of its objects: `group/version`, or the version alone in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The name of the CustomResourceDefinition that would serve it: `plural.group`.
    pub fn crd_name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The path of the collection, in one namespace or over all.
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let mut path = format!("{root}/{}", self.api_version());
        if let (true, Some(namespace)) = (self.namespaced, namespace) {
            path.push_str("/namespaces/");
            path.push_str(&escape(namespace));
        }
        path.push('/');
        path.push_str(&self.plural);
        path
    }
}

impl From<&Kind> for Resource {
    fn from(kind: &Kind) -> Self {
        Self::new(kind.group, kind.version, kind.name, kind.plural, true)
    }
}

/// One object: its type, namespace and name. Shown as `GitRepository/flux-system/podinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The type of the object.
    pub resource: Resource,
    /// Its namespace; `None` for objects of the whole cluster.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl Target {
    /// Names an object. An empty namespace counts as none.
    pub fn new(resource: impl Into<Resource>, namespace: &str, name: &str) -> Self {
        let resource = resource.into();
        let namespace =
            Some(namespace.to_owned()).filter(|namespace| resource.namespaced && !namespace.is_empty());
        Self { resource, namespace, name: name.to_owned() }
    }

    /// Names a namespace.
    pub fn namespace(name: &str) -> Self {
        Self::new(Resource::namespace(), "", name)
    }

    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.resource.path(self.namespace.as_deref()), escape(&self.name))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.resource.kind, self.name),
            None => write!(f, "{}/{}", self.resource.kind, self.name),
        }
    }
}

/// Reads a text at a JSON pointer; the words that every module here needs of an object.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer).and_then(Value::as_str)
}

/// Percent-encodes one path segment or query value.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                out.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    out.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api_conventions() {
        let repository =
            Resource::new("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories", true);
        assert_eq!(
            Target::new(repository.clone(), "flux-system", "podinfo").path(),
            "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/podinfo"
        );
        assert_eq!(repository.path(None), "/apis/source.toolkit.fluxcd.io/v1/gitrepositories");
        assert_eq!(Target::namespace("flux-system").path(), "/api/v1/namespaces/flux-system");
    }

    #[test]
    fn a_name_cannot_leave_its_path_segment() {
        assert_eq!(Target::namespace("a/../b?x=1").path(), "/api/v1/namespaces/a%2F..%2Fb%3Fx%3D1");
    }
}
