//! One Kubernetes object as it will be sent, what is not known in it yet, and where it came from.

use std::fmt;

use serde_json::Value;

use crate::path::FieldPath;

/// One Kubernetes object, the places in it that are unknown or sensitive, and its origin.
///
/// A value that is known only after apply is absent or null in the object and listed by
/// [`Manifest::unknown`]. Neither `Debug` nor `Display` shows more than kind, namespace and name.
#[derive(Clone, PartialEq)]
pub struct Manifest {
    object: Value,
    unknown: Vec<FieldPath>,
    sensitive: Vec<FieldPath>,
    origin: Origin,
}

impl Manifest {
    /// Takes an object whose `apiVersion` and `kind` are known.
    ///
    /// A missing `metadata.name` is allowed here, since to judge it is the work of a policy.
    ///
    /// # Errors
    ///
    /// The object is not a mapping, or `apiVersion` or `kind` is not a text with something in it.
    pub fn new(object: Value, origin: Origin) -> Result<Manifest, ManifestError> {
        Manifest::partly_known(object, Vec::new(), origin)
    }

    /// Takes an object in which even `apiVersion` or `kind` may be among the `unknown` paths.
    ///
    /// A value that stands at an unknown path is replaced by null, so that nobody decides on a placeholder.
    ///
    /// # Errors
    ///
    /// As [`Manifest::new`], for what is not unknown.
    pub fn partly_known(
        object: Value,
        unknown: Vec<FieldPath>,
        origin: Origin,
    ) -> Result<Manifest, ManifestError> {
        let manifest = Manifest { object, unknown: Vec::new(), sensitive: Vec::new(), origin };
        let manifest = manifest.with_unknown(unknown);
        if !manifest.object.is_object() && !manifest.is_unknown(&FieldPath::root()) {
            return Err(ManifestError::NotAMapping);
        }
        for field in ["apiVersion", "kind"] {
            if manifest.is_unknown(&FieldPath::of([field])) {
                continue;
            }
            match manifest.object.get(field) {
                None | Some(Value::Null) => return Err(ManifestError::Missing { field }),
                Some(Value::String(text)) if text.trim().is_empty() => {
                    return Err(ManifestError::Blank { field });
                }
                Some(Value::String(_)) => {}
                Some(_) => return Err(ManifestError::NotAText { field }),
            }
        }
        Ok(manifest)
    }

    /// Adds paths whose values are known only after apply; a value that stands there becomes null.
    #[must_use]
    pub fn with_unknown(mut self, paths: impl IntoIterator<Item = FieldPath>) -> Manifest {
        for path in paths {
            if let Some(value) = path.get_mut(&mut self.object) {
                *value = Value::Null;
            }
            self.unknown.push(path);
        }
        self
    }

    /// Adds paths whose values must not be shown.
    #[must_use]
    pub fn with_sensitive(mut self, paths: impl IntoIterator<Item = FieldPath>) -> Manifest {
        self.sensitive.extend(paths);
        self
    }

    /// The object as JSON.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// Gives up the rest for the object.
    pub fn into_object(self) -> Value {
        self.object
    }

    /// The value at a path, where there is one.
    pub fn get(&self, path: &FieldPath) -> Option<&Value> {
        path.get(&self.object)
    }

    /// The paths whose values are known only after apply.
    pub fn unknown(&self) -> &[FieldPath] {
        &self.unknown
    }

    /// The paths whose values must not be shown.
    pub fn sensitive(&self) -> &[FieldPath] {
        &self.sensitive
    }

    /// Where the object came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether the whole value at `path` is unknown: the path, or something around it, is listed.
    pub fn is_unknown(&self, path: &FieldPath) -> bool {
        self.unknown.iter().any(|unknown| path.starts_with(unknown))
    }

    /// Whether the value at `path`, something in it or something around it is unknown.
    pub fn touches_unknown(&self, path: &FieldPath) -> bool {
        self.unknown.iter().any(|unknown| path.overlaps(unknown))
    }

    /// Whether the value at `path`, something in it or something around it is sensitive.
    pub fn is_sensitive(&self, path: &FieldPath) -> bool {
        self.sensitive.iter().any(|sensitive| path.overlaps(sensitive))
    }

    /// The `apiVersion`; empty while it is unknown.
    pub fn api_version(&self) -> &str {
        self.text(&["apiVersion"]).unwrap_or_default()
    }

    /// The API group: what stands before the slash of `apiVersion`; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// The API version without its group.
    pub fn version(&self) -> &str {
        let api_version = self.api_version();
        api_version.split_once('/').map_or(api_version, |(_, version)| version)
    }

    /// The `kind`; empty while it is unknown.
    pub fn kind(&self) -> &str {
        self.text(&["kind"]).unwrap_or_default()
    }

    /// The `metadata.name`, where it is a text.
    pub fn name(&self) -> Option<&str> {
        self.text(&["metadata", "name"])
    }

    /// The `metadata.namespace`, where it is a text.
    pub fn namespace(&self) -> Option<&str> {
        self.text(&["metadata", "namespace"])
    }

    /// How messages call the object: `GitRepository/flux-system/app`, without a namespace `Namespace/app`.
    pub fn reference(&self) -> String {
        let shown = |found: Option<&str>, path: FieldPath, missing: &str| match found {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ if self.is_unknown(&path) => "(known after apply)".to_owned(),
            _ => missing.to_owned(),
        };
        let kind = shown(Some(self.kind()), FieldPath::of(["kind"]), "(no kind)");
        let namespace = shown(self.namespace(), FieldPath::of(["metadata", "namespace"]), "");
        let name = shown(self.name(), FieldPath::of(["metadata", "name"]), "(no name)");
        if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") }
    }

    fn text(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().try_fold(&self.object, |value, key| value.get(key))?.as_str()
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Manifest({})", self.reference())
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reference())
    }
}

/// Where an object came from, in words for messages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// A resource of a running plan or apply, by its address: `fluxgate_git_repository.app`.
    Resource {
        /// The address in the configuration, as far as it is known.
        address: String,
    },
    /// A resource in a plan that was saved as JSON.
    Plan {
        /// The plan's file; `-` is standard input.
        file: String,
        /// The address in the plan, with module and key: `module.flux.fluxgate_kustomization.app["dev"]`.
        address: String,
    },
    /// A document of a YAML or JSON file.
    File {
        /// The file as the user named it; `-` is standard input.
        file: String,
        /// The line, from 1, on which the document begins.
        line: usize,
    },
    /// Anything else, in words: `chart flux2 2.18.3, templates/source.yaml`.
    Other(String),
}

impl Origin {
    /// A resource of a running plan or apply.
    pub fn resource(address: impl Into<String>) -> Origin {
        Origin::Resource { address: address.into() }
    }

    /// A resource in a plan that was saved as JSON.
    pub fn plan(file: impl Into<String>, address: impl Into<String>) -> Origin {
        Origin::Plan { file: file.into(), address: address.into() }
    }

    /// A document of a file, which begins on this line; the first is 1.
    pub fn file(file: impl Into<String>, line: usize) -> Origin {
        Origin::File { file: file.into(), line }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |file: &str| if file == "-" { "standard input".to_owned() } else { file.to_owned() };
        match self {
            Origin::Resource { address } => f.write_str(address),
            Origin::Plan { file, address } => write!(f, "{address} in {}", shown(file)),
            Origin::File { file, line } => write!(f, "{}:{line}", shown(file)),
            Origin::Other(words) => f.write_str(words),
        }
    }
}

/// Why a value is not a Kubernetes object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A list, a text or another value where an object belongs.
    #[error("a Kubernetes object is a mapping with apiVersion, kind and metadata")]
    NotAMapping,
    /// A field without which nobody knows what the object is.
    #[error("{field} is missing")]
    Missing {
        /// `apiVersion` or `kind`.
        field: &'static str,
    },
    /// The field is there and says nothing.
    #[error("{field} is blank")]
    Blank {
        /// `apiVersion` or `kind`.
        field: &'static str,
    },
    /// The field is a number, a list or the like.
    #[error("{field} is not a text")]
    NotAText {
        /// `apiVersion` or `kind`.
        field: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn app() -> Value {
        json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": "app", "namespace": "flux-system"},
            "spec": {"url": "https://user:hunter2@x/y", "interval": "1m"},
        })
    }

    fn origin() -> Origin {
        Origin::resource("fluxgate_git_repository.app")
    }

    #[test]
    fn knows_what_it_is() {
        let manifest = Manifest::new(app(), origin()).unwrap();
        assert_eq!(manifest.group(), "source.toolkit.fluxcd.io");
        assert_eq!(manifest.version(), "v1");
        assert_eq!(manifest.kind(), "GitRepository");
        assert_eq!(manifest.reference(), "GitRepository/flux-system/app");
        let core = Manifest::new(json!({"apiVersion": "v1", "kind": "Secret"}), origin()).unwrap();
        assert_eq!((core.group(), core.version(), core.name()), ("", "v1", None));
        assert_eq!(core.reference(), "Secret/(no name)");
    }

    #[test]
    fn never_shows_its_data() {
        let manifest = Manifest::new(app(), origin()).unwrap();
        assert_eq!(
            format!("{manifest:?} {manifest}"),
            "Manifest(GitRepository/flux-system/app) GitRepository/flux-system/app"
        );
    }

    #[test]
    fn refuses_what_is_not_an_object() {
        for (object, error) in [
            (json!([]), ManifestError::NotAMapping),
            (json!("x"), ManifestError::NotAMapping),
            (json!(null), ManifestError::NotAMapping),
            (json!({"kind": "x"}), ManifestError::Missing { field: "apiVersion" }),
            (json!({"apiVersion": "v1", "kind": null}), ManifestError::Missing { field: "kind" }),
            (json!({"apiVersion": "v1", "kind": " "}), ManifestError::Blank { field: "kind" }),
            (json!({"apiVersion": 1, "kind": "x"}), ManifestError::NotAText { field: "apiVersion" }),
        ] {
            assert_eq!(Manifest::new(object, origin()), Err(error));
        }
    }

    #[test]
    fn even_its_kind_may_be_unknown() {
        let object = json!({"apiVersion": "v1", "metadata": {"namespace": "n"}});
        let unknown = vec![FieldPath::of(["kind"]), FieldPath::of(["metadata", "name"])];
        let manifest = Manifest::partly_known(object, unknown, origin()).unwrap();
        assert_eq!(manifest.kind(), "");
        assert_eq!(manifest.reference(), "(known after apply)/n/(known after apply)");
        assert!(Manifest::partly_known(Value::Null, vec![FieldPath::root()], origin()).is_ok());
    }

    #[test]
    fn nobody_decides_on_a_placeholder() {
        let url = FieldPath::of(["spec", "url"]);
        let manifest = Manifest::new(app(), origin()).unwrap().with_unknown([url.clone()]);
        assert_eq!(manifest.get(&url), Some(&Value::Null));
        assert!(manifest.is_unknown(&url) && manifest.is_unknown(&url.child("host")));
        assert!(
            manifest.touches_unknown(&FieldPath::of(["spec"]))
                && !manifest.is_unknown(&FieldPath::of(["spec"]))
        );
        assert!(!manifest.touches_unknown(&FieldPath::of(["spec", "interval"])));
    }

    #[test]
    fn says_where_it_came_from() {
        for (origin, words) in [
            (origin(), "fluxgate_git_repository.app"),
            (Origin::plan("plan.json", "module.a.x.y[0]"), "module.a.x.y[0] in plan.json"),
            (Origin::plan("-", "x.y"), "x.y in standard input"),
            (Origin::file("apps/app.yaml", 12), "apps/app.yaml:12"),
            (Origin::file("-", 1), "standard input:1"),
            (Origin::Other("chart flux2 2.18.3".to_owned()), "chart flux2 2.18.3"),
        ] {
            assert_eq!(origin.to_string(), words);
        }
    }
}
