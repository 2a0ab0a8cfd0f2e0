//! What a cluster can do, as templates ask for it: `.Capabilities`.

use std::rc::Rc;

use gotemplate::value::{Object, Value};
use serde_json::json;

use crate::context::Context;

/// The version of a cluster and the APIs that it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// What is served: `apps/v1`, and `apps/v1/Deployment` where it came from a cluster.
    pub api_versions: Vec<String>,
}

/// What Helm assumes without a cluster: Kubernetes 1.36 and the APIs that its client knows.
impl Default for Capabilities {
    fn default() -> Capabilities {
        Capabilities {
            kube_version: KubeVersion {
                version: "v1.36.0".to_owned(),
                major: "1".to_owned(),
                minor: "36".to_owned(),
                normalized: "v1.36.0".to_owned(),
            },
            api_versions: OFFLINE.iter().copied().map(str::to_owned).collect(),
        }
    }
}

/// A version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// All of it, with what a distribution adds: `v1.33.4-gke.1245000`.
    pub version: String,
    /// The first number.
    pub major: String,
    /// The second number.
    pub minor: String,
    /// The numbers only, for a chart's `kubeVersion`: `v1.33.4`.
    pub normalized: String,
}

/// A text is no version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not parse {0:?} as version")]
pub struct NoKubeVersion(pub String);

impl KubeVersion {
    /// Reads a version as servers and users write it: `v1.33.4-gke.1245000`, `1.33`.
    ///
    /// # Errors
    ///
    /// It does not begin with two numbers.
    pub fn parse(text: &str) -> Result<KubeVersion, NoKubeVersion> {
        let wrong = || NoKubeVersion(text.to_owned());
        let bare = text.trim_start();
        let bare = bare.strip_prefix('v').unwrap_or(bare);
        let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
        let numbers = bare.get(..end).unwrap_or_default().trim_end_matches('.');
        let parts: Vec<&str> = numbers.split('.').collect();
        if parts.iter().any(|part| part.is_empty() || (part.len() > 1 && part.starts_with('0'))) {
            return Err(wrong());
        }
        let [major, minor, ..] = parts.as_slice() else { return Err(wrong()) };
        Ok(KubeVersion {
            version: if text.starts_with('v') { text.to_owned() } else { format!("v{text}") },
            major: (*major).to_owned(),
            minor: (*minor).to_owned(),
            normalized: format!("v{numbers}"),
        })
    }
}

/// `*common.Capabilities`. What reads it is marked as touched, since it depends on the cluster.
pub(crate) fn object(capabilities: &Capabilities, context: &Rc<Context>) -> Value {
    let capabilities = Rc::new(capabilities.clone());
    Value::Object(Rc::new(CapabilitiesObject { capabilities, context: Rc::clone(context) }))
}

struct CapabilitiesObject {
    capabilities: Rc<Capabilities>,
    context: Rc<Context>,
}

impl Object for CapabilitiesObject {
    fn type_name(&self) -> &str {
        "*common.Capabilities"
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn field(&self, name: &str) -> Option<Value> {
        let capabilities = Rc::clone(&self.capabilities);
        let value: Rc<dyn Object> = match name {
            "KubeVersion" => Rc::new(KubeVersionObject(capabilities)),
            "APIVersions" => Rc::new(VersionSet(capabilities)),
            "HelmVersion" => return Some(Value::Object(Rc::new(HelmVersion))),
            _ => return None,
        };
        self.context.touch();
        Some(Value::Object(value))
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        self.context.touch();
        Some(json!({
            "KubeVersion": kube_version_json(&self.capabilities.kube_version),
            "APIVersions": &self.capabilities.api_versions,
            "HelmVersion": HelmVersion.to_json(),
        }))
    }
}

/// `common.KubeVersion`.
struct KubeVersionObject(Rc<Capabilities>);

impl Object for KubeVersionObject {
    fn type_name(&self) -> &str {
        "common.KubeVersion"
    }

    fn field(&self, name: &str) -> Option<Value> {
        let version = &self.0.kube_version;
        Some(match name {
            "Version" => version.version.as_str().into(),
            "Major" => version.major.as_str().into(),
            "Minor" => version.minor.as_str().into(),
            _ => return None,
        })
    }

    fn call(&self, name: &str, _arguments: &[Value]) -> Option<Result<Value, String>> {
        match name {
            "GitVersion" => Some(Ok(self.0.kube_version.version.as_str().into())),
            "String" => Some(Ok(self.print().into())),
            _ => None,
        }
    }

    fn print(&self) -> String {
        self.0.kube_version.normalized.clone()
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        Some(kube_version_json(&self.0.kube_version))
    }
}

fn kube_version_json(version: &KubeVersion) -> serde_json::Value {
    json!({ "Version": &version.version, "Major": &version.major, "Minor": &version.minor })
}

/// `common.VersionSet`.
struct VersionSet(Rc<Capabilities>);

impl Object for VersionSet {
    fn type_name(&self) -> &str {
        "common.VersionSet"
    }

    fn kind(&self) -> &'static str {
        "slice"
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        match (name, arguments) {
            ("Has", [Value::Str(version)]) => {
                Some(Ok(self.0.api_versions.iter().any(|served| **served == **version).into()))
            }
            ("Has", [other]) => {
                Some(Err(format!("wrong type for value; expected string; got {}", other.type_name())))
            }
            ("Has", arguments) => {
                Some(Err(format!("wrong number of args for Has: want 1 got {}", arguments.len())))
            }
            _ => None,
        }
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        Some(
            (0..)
                .zip(&self.0.api_versions)
                .map(|(at, version)| (Value::Int(at), version.as_str().into()))
                .collect(),
        )
    }

    fn truth(&self) -> bool {
        !self.0.api_versions.is_empty()
    }

    fn print(&self) -> String {
        format!("[{}]", self.0.api_versions.join(" "))
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        Some(self.0.api_versions.clone().into())
    }
}

/// `version.BuildInfo` of the Helm whose behaviour this is.
struct HelmVersion;

/// The version of Helm that this engine follows.
pub const HELM_VERSION: &str = "v4.2.4";

const GO_VERSION: &str = "go1.26.8";
const KUBE_CLIENT_VERSION: &str = "v1.36";

impl Object for HelmVersion {
    fn type_name(&self) -> &str {
        "version.BuildInfo"
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "Version" => HELM_VERSION.into(),
            "GitCommit" | "GitTreeState" => "".into(),
            "GoVersion" => GO_VERSION.into(),
            "KubeClientVersion" => KUBE_CLIENT_VERSION.into(),
            _ => return None,
        })
    }

    fn print(&self) -> String {
        format!("{{{HELM_VERSION}   {GO_VERSION} {KUBE_CLIENT_VERSION}}}")
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        Some(json!({
            "version": HELM_VERSION,
            "go_version": GO_VERSION,
            "kube_client_version": KUBE_CLIENT_VERSION,
        }))
    }
}

/// The APIs that client-go 0.36 knows, in its order.
const OFFLINE: [&str; 55] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];
