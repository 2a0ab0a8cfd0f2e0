//! What the objects of a release are called: `apiVersion/Kind/namespace/name`, without a namespace for kinds that have none.
//!
//! A chart states objects before any cluster is asked, so which kinds have a namespace is told by two things: Kubernetes' own
//! kinds are known, and definitions that come along say it of theirs. Of all others it is taken that they have one.

use std::{collections::BTreeSet, fmt};

use flux::list::flattened;
use serde_json::Value;

use crate::objects::is_definition;

/// An object as a chart states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The `apiVersion`.
    pub api_version: String,
    /// The `kind`.
    pub kind: String,
    /// The `metadata.namespace`; `None` where it is left out.
    pub namespace: Option<String>,
    /// The `metadata.name`.
    pub name: String,
}

/// As messages call it: `Kind/namespace/name`.
impl fmt::Display for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

impl Stated {
    /// What an object says of itself; what it does not say is empty.
    pub fn of(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        Self {
            api_version: text(&object["apiVersion"]),
            kind: text(&object["kind"]),
            namespace: Some(text(&metadata["namespace"])).filter(|namespace| !namespace.is_empty()),
            name: text(&metadata["name"]),
        }
    }

    fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Its name as that of a kind without namespaces.
    pub fn wide(&self) -> String {
        format!("{}/{}/{}", self.api_version, self.kind, self.name)
    }

    /// Its name as that of a kind with namespaces, of which a release's own is the one where none is stated.
    pub fn within(&self, release_namespace: &str) -> String {
        let namespace = self.namespace.as_deref().unwrap_or(release_namespace);
        format!("{}/{}/{namespace}/{}", self.api_version, self.kind, self.name)
    }
}

/// Which kinds no namespace holds.
#[derive(Debug, Clone, Default)]
pub struct ClusterWide {
    /// Group and kind of those that definitions bring.
    brought: BTreeSet<(String, String)>,
}

impl ClusterWide {
    /// Kubernetes' own, and those of the definitions among these documents, lists of them included.
    pub fn with_definitions<'d>(documents: impl Iterator<Item = &'d Value>) -> Self {
        let mut brought = BTreeSet::new();
        for document in documents {
            for object in flattened(document).iter() {
                let spec = &object["spec"];
                if is_definition(object) && spec["scope"] == "Cluster" {
                    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                    brought.insert((text(&spec["group"]), text(&spec["names"]["kind"])));
                }
            }
        }
        Self { brought }
    }

    /// Whether an object's kind is one of them.
    pub fn has(&self, stated: &Stated) -> bool {
        let (group, kind) = (stated.group(), stated.kind.as_str());
        KUBERNETES.contains(&(group, kind))
            || self.brought.iter().any(|brought| brought.0 == group && brought.1 == kind)
    }
}

/// Kinds of Kubernetes 1.36 that no namespace holds, with their groups; those that can only be asked (reviews) are left out.
const KUBERNETES: [(&str, &str); 34] = [
    ("", "ComponentStatus"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("internal.apiserver.k8s.io", "StorageVersion"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourcePoolStatusRequest"),
    ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("storage.k8s.io", "VolumeAttributesClass"),
    ("storagemigration.k8s.io", "StorageVersionMigration"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_without_namespaces_are_kubernetes_own_and_those_of_the_definitions_at_hand() {
        let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {
            "group": "example.com", "scope": "Cluster", "names": {"kind": "Tenant"},
        }});
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [definition]});
        let wide = ClusterWide::with_definitions([&list].into_iter());
        let has = |api_version: &str, kind: &str| {
            wide.has(&Stated::of(&json!({"apiVersion": api_version, "kind": kind})))
        };
        assert!(
            has("v1", "Namespace")
                && has("networking.k8s.io/v1", "IPAddress")
                && has("example.com/v1", "Tenant")
        );
        assert!(
            !has("v1", "Secret") && !has("longhorn.io/v1beta2", "Node") && !has("other.com/v1", "Tenant")
        );
    }

    #[test]
    fn names_tell_the_namespace_that_is_stated_or_else_that_of_the_release() {
        let of = |namespace: Option<&str>| {
            let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "n", "namespace": namespace}});
            Stated::of(&object)
        };
        assert_eq!(of(None).within("flux-system"), "v1/Secret/flux-system/n");
        assert_eq!(of(Some("other")).within("flux-system"), "v1/Secret/other/n");
        assert_eq!(of(Some("")).wide(), "v1/Secret/n");
    }
}
