//! `fluxgate_preflight`: whether Flux can be installed in a cluster, and what is in the way.

use async_trait::async_trait;
use cluster::{Access, Cluster, Error, Resource, Target};
use flux::kinds;
use serde_json::Value as Json;
use tfplugin::{
    data_source::{DataResponse, DataSource},
    diagnostic::Diagnostics,
    provider::Call,
    schema::{Attribute, Schema},
    value::Value,
};

use super::{cluster_attribute, flag, reached, response, status::is_of_flux, text, unless_empty};
use crate::{context::Shared, explain};

/// The oldest Kubernetes that Flux 2.9 runs on: `flux check --pre` asks for `>=1.33.0-0`.
const OLDEST: (u32, u32) = (1, 33);

/// What an installation writes, besides a Deployment and what belongs to it: group and plural, and whether it lives in the namespace.
const WRITES: [(&str, &str, bool); 11] = [
    ("", "namespaces", false),
    ("apiextensions.k8s.io", "customresourcedefinitions", false),
    ("rbac.authorization.k8s.io", "clusterroles", false),
    ("rbac.authorization.k8s.io", "clusterrolebindings", false),
    ("", "secrets", true),
    ("", "serviceaccounts", true),
    ("", "services", true),
    ("", "resourcequotas", true),
    ("apps", "deployments", true),
    ("batch", "jobs", true),
    ("networking.k8s.io", "networkpolicies", true),
];

/// The data source `fluxgate_preflight`.
#[derive(Debug)]
pub struct PreflightData {
    shared: Shared,
}

impl PreflightData {
    /// The data source, with the clusters that `shared` will hold.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

#[async_trait]
impl DataSource for PreflightData {
    fn name(&self) -> &str {
        "fluxgate_preflight"
    }

    fn schema(&self) -> Schema {
        let check = vec![
            text("name", "What was checked: `cluster`, `kubernetes`, `permissions`, `flux`, `definitions`."),
            flag("ok", "Whether an installation can go on."),
            text("message", "What was found."),
            text("remedy", "What to do; null where all is well."),
        ];
        Schema::new(vec![
            cluster_attribute(),
            Attribute::string("namespace").default("flux-system").describe("The namespace that Flux is to live in. Defaults to `flux-system`."),
            flag("ok", "Whether every check is."),
            Attribute::nested_list("checks", check).computed().describe("The checks, in the order in which they were made; those after a failed `cluster` are left out."),
            text("kubernetes_version", "The version of Kubernetes."),
            text("installed_by", "What installed the Flux that is there: `helm`, `operator`, `bootstrap` or `cli`; null where there is none."),
            text("flux_version", "The version of the Flux that is there."),
        ])
        .describe("Whether Flux can be installed here, without writing anything: the version of Kubernetes, the rights of the credential, a Flux that is there already and who installed it, and definitions of older versions. What is in the way is in `checks` and no error; put it into a `precondition` to stop on it.")
    }

    async fn read(&self, call: &Call, config: Value) -> DataResponse {
        let cluster = match reached(&self.shared, &config, call) {
            Ok(cluster) => cluster,
            Err(diagnostic) => return DataResponse { state: None, diagnostics: diagnostic.into() },
        };
        let namespace = config.get("namespace").as_str().unwrap_or("flux-system").to_owned();
        let mut findings = Findings::default();
        let checked = check(&cluster, &namespace, &mut findings).await;
        if let Err(error) = checked {
            let diagnostic = explain::error(&error);
            findings.add(
                "cluster",
                false,
                explain::sentence(&error),
                diagnostic.detail.rsplit("\n\n").next(),
            );
        }
        response(config, Ok::<_, Diagnostics>(findings.computed()))
    }
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    checks: Vec<Value>,
    failed: bool,
    kubernetes: Option<String>,
    installed_by: Option<&'static str>,
    flux: Option<String>,
}

impl Findings {
    fn add(&mut self, name: &str, ok: bool, message: impl Into<String>, remedy: Option<&str>) {
        self.failed |= !ok;
        self.checks.push(Value::object([
            ("name", Value::from(name)),
            ("ok", Value::from(ok)),
            ("message", Value::from(message.into())),
            ("remedy", remedy.filter(|_| !ok).map_or(Value::Null, unless_empty)),
        ]));
    }

    fn computed(self) -> Vec<(&'static str, Value)> {
        vec![
            ("ok", Value::from(!self.failed)),
            ("checks", Value::list(self.checks)),
            ("kubernetes_version", self.kubernetes.into()),
            ("installed_by", self.installed_by.map(str::to_owned).into()),
            ("flux_version", self.flux.into()),
        ]
    }
}

async fn check(cluster: &Cluster, namespace: &str, findings: &mut Findings) -> Result<(), Error> {
    let version = cluster.version().await?;
    let recent = parsed(&version).is_some_and(|version| version >= OLDEST);
    let (major, minor) = OLDEST;
    findings.add("cluster", true, format!("{} answers.", cluster.place()), None);
    findings.add(
        "kubernetes",
        recent,
        format!("Kubernetes is {version}; Flux {} needs {major}.{minor} or later.", kinds::FLUX_VERSION),
        Some("Update the cluster, or install an older Flux."),
    );
    findings.kubernetes = Some(version);
    permissions(cluster, namespace, findings).await?;
    installed(cluster, namespace, findings).await?;
    definitions(cluster, findings).await
}

/// Major and minor of `v1.36.4` or `v1.33.4-gke.1245000`.
fn parsed(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    Some((digits(parts.next()?)?, digits(parts.next()?)?))
}

async fn permissions(cluster: &Cluster, namespace: &str, findings: &mut Findings) -> Result<(), Error> {
    // Who may do everything is asked nothing more. Flux gives itself all rights, so less is not enough for its roles.
    let mut missing = Vec::new();
    if !cluster.may(&Access::new("*", "*", "*", None)).await? {
        for (group, resource, namespaced) in WRITES {
            for verb in ["get", "create", "patch", "delete"] {
                let access = Access::new(verb, group, resource, namespaced.then_some(namespace));
                if !cluster.may(&access).await? {
                    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
                    missing.push(format!("{verb} {resource}{group}"));
                }
            }
        }
        for (verb, resource) in [("escalate", "clusterroles"), ("bind", "clusterroles")] {
            if !cluster.may(&Access::new(verb, "rbac.authorization.k8s.io", resource, None)).await? {
                missing.push(format!("{verb} {resource}.rbac.authorization.k8s.io"));
            }
        }
    }
    let message = if missing.is_empty() {
        "The credential has all rights that an installation needs.".to_owned()
    } else {
        format!("The credential lacks rights: {}.", missing.join(", "))
    };
    findings.add(
        "permissions",
        missing.is_empty(),
        message,
        Some("Use a credential that is bound to cluster-admin: Flux's own roles grant all rights, and nobody can grant what he lacks."),
    );
    Ok(())
}

async fn installed(cluster: &Cluster, namespace: &str, findings: &mut Findings) -> Result<(), Error> {
    let deployments =
        match cluster.list(&Resource::deployment(), None, "app.kubernetes.io/part-of=flux").await {
            Ok(deployments) => deployments,
            Err(Error::Forbidden { .. }) => {
                findings.add("flux", true, "The credential may not look for a Flux that is there.", None);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
    let Some(found) = deployments.iter().find_map(Installed::of) else {
        findings.add("flux", true, "No Flux is there.", None);
        return Ok(());
    };
    let (ok, message, remedy) = found.verdict(namespace);
    findings.add("flux", ok, message, Some(remedy));
    findings.installed_by = Some(found.by);
    findings.flux = found.version;
    Ok(())
}

/// A Flux that is there.
#[derive(Debug, PartialEq, Eq)]
struct Installed {
    by: &'static str,
    namespace: String,
    version: Option<String>,
    release: Option<String>,
}

impl Installed {
    /// Who installed a Deployment of Flux, by the marks that each way leaves.
    fn of(deployment: &Json) -> Option<Installed> {
        let metadata = &deployment["metadata"];
        let label = |name: &str| metadata["labels"][name].as_str();
        let release = metadata["annotations"]["meta.helm.sh/release-name"].as_str();
        let name = metadata["name"].as_str()?;
        // The operator calls itself a part of Flux too.
        if name == "flux-operator" {
            return None;
        }
        let by = if label("fluxcd.controlplane.io/name").is_some()
            || label("app.kubernetes.io/managed-by") == Some("flux-operator")
        {
            "operator"
        } else if label("app.kubernetes.io/managed-by") == Some("Helm") || release.is_some() {
            "helm"
        } else if label("kustomize.toolkit.fluxcd.io/name").is_some() {
            "bootstrap"
        } else {
            "cli"
        };
        Some(Installed {
            by,
            namespace: metadata["namespace"].as_str().unwrap_or_default().to_owned(),
            version: label("app.kubernetes.io/version").map(str::to_owned),
            release: release.map(str::to_owned),
        })
    }

    fn verdict(&self, namespace: &str) -> (bool, String, &'static str) {
        let version = self.version.as_deref().unwrap_or("of an unknown version");
        let there = format!("Flux {version} is there, in the namespace {}", self.namespace);
        match self.by {
            "helm" => {
                let release = self.release.as_deref().unwrap_or("?");
                (
                    self.namespace == namespace,
                    format!("{there}, installed by the Helm release {release}."),
                    "Install into that namespace, under the release's name, or uninstall it first.",
                )
            }
            "operator" => (
                false,
                format!("{there}, installed by the Flux operator."),
                "Leave it to its FluxInstance, or delete that first.",
            ),
            "bootstrap" => (
                false,
                format!("{there}, installed by flux bootstrap, which keeps it from Git."),
                "Leave it to Git, or take it out of Git first and set take_ownership.",
            ),
            _ => (
                false,
                format!("{there}, installed by the flux command."),
                "Set take_ownership to take it over, or run `flux uninstall` first.",
            ),
        }
    }
}

async fn definitions(cluster: &Cluster, findings: &mut Findings) -> Result<(), Error> {
    let served = cluster.kinds_of(is_of_flux, &[]).await?;
    let mut old = Vec::new();
    for kind in &served {
        let target = Target::new(Resource::custom_resource_definition(), "", &kind.crd_name());
        match cluster.get(&target).await {
            Ok(Some(definition)) => {
                let stored =
                    definition["status"]["storedVersions"].as_array().map(Vec::as_slice).unwrap_or_default();
                let gone =
                    stored.iter().filter_map(Json::as_str).filter(|version| !is_current(kind, version));
                old.extend(gone.map(|version| format!("{} {version}", kind.crd_name())));
            }
            Ok(None) => {}
            Err(Error::Forbidden { .. }) => {
                findings.add("definitions", true, "The credential may not look at definitions.", None);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    let message = match (served.is_empty(), old.is_empty()) {
        (true, _) => "No kind of Flux is served; an installation brings them.".to_owned(),
        (false, true) => format!("{} kinds of Flux are served.", served.len()),
        (false, false) => format!(
            "Objects may be stored in versions that Flux {} no longer knows: {}.",
            kinds::FLUX_VERSION,
            old.join(", ")
        ),
    };
    findings.add(
        "definitions",
        old.is_empty(),
        message,
        Some("Run `flux migrate` of the Flux that is there before the update."),
    );
    Ok(())
}

/// Whether Flux 2.9 serves a version of a kind: each kind has one, and kinds of the operator are not its business.
fn is_current(kind: &Resource, version: &str) -> bool {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("fluxcd.controlplane.io", _) => true,
        ("helm.toolkit.fluxcd.io", _) => version == "v2",
        ("notification.toolkit.fluxcd.io", "Alert" | "Provider") => version == "v1beta3",
        ("source.extensions.fluxcd.io", _) => version == "v1beta1",
        _ => version == "v1",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_of_servers_are_compared_by_number() {
        for (version, recent) in [
            ("v1.36.4", true),
            ("v1.33.4-gke.1245000", true),
            ("v1.33+", true),
            ("v1.9.1", false),
            ("v1.32.9", false),
            ("?", false),
        ] {
            assert_eq!(parsed(version).is_some_and(|version| version >= OLDEST), recent, "{version}");
        }
    }

    #[test]
    fn who_installed_flux_is_told_by_its_marks() {
        let deployment = |labels: Json, annotations: Json| {
            Installed::of(&json!({"metadata": {"name": "source-controller", "namespace": "flux-system", "labels": labels, "annotations": annotations}}))
                .unwrap()
        };
        let helm = deployment(
            json!({"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/version": "2.9.4"}),
            json!({"meta.helm.sh/release-name": "flux"}),
        );
        assert_eq!((helm.by, helm.verdict("flux-system").0, helm.verdict("other").0), ("helm", true, false));
        for (labels, by) in [
            (json!({"fluxcd.controlplane.io/name": "flux"}), "operator"),
            (json!({"kustomize.toolkit.fluxcd.io/name": "flux-system"}), "bootstrap"),
            (json!({}), "cli"),
        ] {
            let found = deployment(labels, json!({}));
            assert_eq!((found.by, found.verdict("flux-system").0), (by, false));
        }
        assert_eq!(Installed::of(&json!({"metadata": {"name": "flux-operator"}})), None);
    }
}
