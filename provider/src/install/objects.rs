//! The objects of a release as plan and state show them: a name and a digest each.

use std::collections::{BTreeMap, BTreeSet};

use chart::output::{Document, Rendered};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use tfplugin::value::Value;

use super::scrub::Scrub;

/// How an object of the release is called: `apiVersion/Kind/namespace/name`, without a namespace for kinds that have none.
pub type Name = String;

/// The objects of a release with the digest of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// Those that every render gives.
    certain: BTreeMap<Name, String>,
    /// Those whose templates asked the cluster, the clock or chance.
    asked: BTreeMap<Name, String>,
    /// Whether there may be others besides: some template asked.
    asks: bool,
}

impl Objects {
    /// The objects that a chart gave.
    pub fn of(rendered: &Rendered, namespace: &str, scrub: &Scrub) -> Objects {
        let scoped = cluster_scoped(rendered.manifests.iter().chain(&rendered.crds));
        let mut objects = Objects { asks: rendered.touched, ..Objects::default() };
        for document in &rendered.manifests {
            let digests = if document.touched { &mut objects.asked } else { &mut objects.certain };
            for object in flattened(&document.object) {
                digests.insert(scrub.text(&name(object, namespace, &scoped)), digest(object, scrub));
            }
        }
        objects
    }

    /// All of them, when the answers are those of the cluster.
    pub fn all(&self) -> BTreeMap<Name, String> {
        self.certain.iter().chain(&self.asked).map(|(name, digest)| (name.clone(), digest.clone())).collect()
    }

    /// The names of those whose templates asked.
    pub fn asked(&self) -> Vec<Name> {
        self.asked.keys().cloned().collect()
    }

    /// As a plan shows them that will render anew: not at all where a template may give others then.
    pub fn planned(&self) -> Value {
        if self.asks { Value::Unknown } else { value(&self.certain) }
    }

    /// As a plan shows them that changes nothing: what was answered once, for objects of these names, is no reason to ask again, unless
    /// somebody has changed or deleted such an object.
    pub fn answered(&self, names: &[Name], state: &Value) -> Value {
        let known = state.as_members();
        let answer = |name: &Name| {
            let digest = known.and_then(|known| known.get(name)?.as_str()).filter(|text| is_digest(text));
            (name.clone(), digest.map_or(Value::Unknown, Value::from))
        };
        let certain = self.certain.iter().map(|(name, digest)| (name.clone(), Value::from(digest.as_str())));
        Value::map(certain.chain(names.iter().map(answer)))
    }

    /// A digest of those that every render gives.
    pub fn fingerprint(&self) -> String {
        let lines: Vec<_> = self.certain.iter().map(|(name, digest)| format!("{name}={digest}")).collect();
        short(&lines.join("\n"))
    }
}

/// Kinds of Kubernetes itself that no namespace holds.
const CLUSTER_SCOPED: [&str; 22] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingWebhookConfiguration",
];

/// The names of kinds that definitions among the documents make cluster-wide.
pub fn cluster_scoped<'d>(documents: impl Iterator<Item = &'d Document>) -> BTreeSet<String> {
    documents
        .filter(|document| {
            document.object["kind"] == "CustomResourceDefinition"
                && document.object["spec"]["scope"] == "Cluster"
        })
        .filter_map(|document| document.object["spec"]["names"]["kind"].as_str().map(str::to_owned))
        .collect()
}

/// The objects of a document: one, or those of a `List`.
pub fn flattened(object: &Json) -> Vec<&Json> {
    match object["items"].as_array() {
        Some(items) if object["kind"] == "List" => items.iter().collect(),
        _ if object.is_object() => vec![object],
        _ => Vec::new(),
    }
}

/// How an object is called.
pub fn name(object: &Json, namespace: &str, cluster_scoped: &BTreeSet<String>) -> Name {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let (version, kind, name) =
        (text(&object["apiVersion"]), text(&object["kind"]), text(&object["metadata"]["name"]));
    if CLUSTER_SCOPED.contains(&kind.as_str()) || cluster_scoped.contains(&kind) {
        return format!("{version}/{kind}/{name}");
    }
    let namespace = object["metadata"]["namespace"]
        .as_str()
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or(namespace);
    format!("{version}/{kind}/{namespace}/{name}")
}

/// A digest of what the chart wants an object to be: 16 hexadecimal digits of SHA-256 over its JSON, secrets scrubbed and the annotation
/// by which definitions outlive the release left out.
pub fn digest(object: &Json, scrub: &Scrub) -> String {
    let mut object = scrub.json(object);
    if object["kind"] == "CustomResourceDefinition"
        && let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Json::as_object_mut)
    {
        annotations.remove(release::keep::POLICY);
        if annotations.is_empty()
            && let Some(metadata) = object["metadata"].as_object_mut()
        {
            metadata.remove("annotations");
        }
    }
    short(&object.to_string())
}

/// Whether a text is a digest, and not words about an object that differs.
fn is_digest(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A digest of values, secrets scrubbed.
pub fn values_digest(config: &serde_json::Map<String, Json>, scrub: &Scrub) -> String {
    short(&scrub.config(config).to_string())
}

fn short(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The attribute `objects`.
pub fn value(digests: &BTreeMap<Name, String>) -> Value {
    Value::map(digests.iter().map(|(name, digest)| (name.clone(), Value::from(digest.as_str()))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_keep_annotation_makes_no_difference() {
        let definition = |annotations: Json| json!({"kind": "CustomResourceDefinition", "metadata": {"name": "a", "annotations": annotations}});
        let bare = json!({"kind": "CustomResourceDefinition", "metadata": {"name": "a"}});
        let scrub = Scrub::default();
        assert_eq!(
            digest(&definition(json!({"helm.sh/resource-policy": "keep"})), &scrub),
            digest(&bare, &scrub)
        );
        assert_ne!(digest(&definition(json!({"a": "b"})), &scrub), digest(&bare, &scrub));
    }

    #[test]
    fn names_tell_namespaces_where_kinds_have_one() {
        let scoped = BTreeSet::from(["Tenant".to_owned()]);
        let of = |api_version: &str, kind: &str, namespace: Option<&str>| {
            name(
                &json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "n", "namespace": namespace}}),
                "flux-system",
                &scoped,
            )
        };
        assert_eq!(of("v1", "Secret", None), "v1/Secret/flux-system/n");
        assert_eq!(of("apps/v1", "Deployment", Some("other")), "apps/v1/Deployment/other/n");
        assert_eq!(
            of("rbac.authorization.k8s.io/v1", "ClusterRole", None),
            "rbac.authorization.k8s.io/v1/ClusterRole/n"
        );
        assert_eq!(of("example.com/v1", "Tenant", None), "example.com/v1/Tenant/n");
    }
}
