//! Which other objects an object needs: sources, Secrets, accounts, dependencies.

use serde_json::Value;

use crate::kinds::{Kind, Refers, Target, all, by_kind};
use crate::path::FieldPath;

/// Another object, as an object names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace: the one that the reference states, or the object's own.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// Where in the object the name stands: `spec.sourceRef.name`.
    pub path: FieldPath,
    /// Whether Flux goes on without it.
    pub optional: bool,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// The objects that `object` needs, in the order of the kind's table.
///
/// A reference whose name or kind is not there (it may be known only after apply) is not among them.
pub fn references(kind: &Kind, object: &Value) -> Vec<Reference> {
    let Some(spec) = object.get("spec") else { return Vec::new() };
    let own = object.pointer("/metadata/namespace").and_then(Value::as_str);
    let mut found = Vec::new();
    for refers in kind.references {
        let elsewhere =
            refers.unless.is_some_and(|path| places(spec, path).iter().any(|(_, value)| !value.is_null()));
        if elsewhere {
            continue;
        }
        for (path, value) in places(spec, refers.path) {
            found.extend(read(refers, path, value, own));
        }
    }
    found
}

/// Every value that a path of a table leads to; `[]` leads to each element of a list.
fn places<'v>(spec: &'v Value, path: &str) -> Vec<(FieldPath, &'v Value)> {
    let mut places = vec![(FieldPath::of(["spec"]), spec)];
    for step in path.split('.') {
        let (key, each) = match step.strip_suffix("[]") {
            Some(key) => (key, true),
            None => (step, false),
        };
        places = places
            .into_iter()
            .filter_map(|(path, value)| value.get(key).map(|value| (path.child(key), value)))
            .flat_map(|(path, value)| match value.as_array() {
                Some(items) if each => {
                    items.iter().enumerate().map(|(position, item)| (path.index(position), item)).collect()
                }
                _ => vec![(path, value)],
            })
            .collect();
    }
    places
}

fn read(refers: &Refers, path: FieldPath, value: &Value, own: Option<&str>) -> Option<Reference> {
    let member = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (name, path) = match value {
        Value::String(name) => (name.as_str(), path),
        _ => (member("name")?, path.child("name")),
    };
    // An asterisk means all objects of a kind.
    if name.is_empty() || name == "*" {
        return None;
    }
    let (group, kind) = match refers.to {
        Target::Kind(group, kind) => (group, kind),
        Target::Named(group) => {
            let stated =
                member("apiVersion").map(|version| version.split_once('/').map_or("", |(group, _)| group));
            let kind = member("kind")?;
            (stated.unwrap_or_else(|| group_of(kind, group)), kind)
        }
    };
    Some(Reference {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: member("namespace").or(own).map(str::to_owned),
        name: name.to_owned(),
        path,
        optional: value.get("optional").and_then(Value::as_bool).unwrap_or(false),
    })
}

/// The API group of a kind that was named without one: this one where it has such a kind or none of Flux's
/// groups has, else the one that has.
fn group_of<'g>(kind: &str, group: &'g str) -> &'g str {
    if by_kind(group, kind).is_some() {
        return group;
    }
    all().iter().find(|known| known.name == kind).map_or(group, |known| known.group)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds;

    fn listed(resource: &str, spec: &Value) -> Vec<String> {
        let object = json!({"metadata": {"name": "app", "namespace": "flux-system"}, "spec": spec});
        references(kinds::by_resource(resource).unwrap(), &object)
            .into_iter()
            .map(|r| {
                let group = if r.group.is_empty() { "core" } else { &r.group };
                format!("{}: {r} ({group}{})", r.path, if r.optional { ", optional" } else { "" })
            })
            .collect()
    }

    #[test]
    fn a_kustomization_needs_its_source_and_more() {
        let spec = json!({
            "sourceRef": {"kind": "GitRepository", "name": "app"},
            "dependsOn": [{"name": "crds"}, {"name": "base", "namespace": "infra"}],
            "postBuild": {"substituteFrom": [
                {"kind": "ConfigMap", "name": "vars"},
                {"kind": "Secret", "name": "secrets", "optional": true},
            ]},
            "decryption": {"provider": "sops", "secretRef": {"name": "keys"}},
            "serviceAccountName": "deployer",
        });
        insta::assert_snapshot!(listed("kustomization", &spec).join("\n"), @r"
        spec.sourceRef.name: GitRepository/flux-system/app (source.toolkit.fluxcd.io)
        spec.dependsOn[0].name: Kustomization/flux-system/crds (kustomize.toolkit.fluxcd.io)
        spec.dependsOn[1].name: Kustomization/infra/base (kustomize.toolkit.fluxcd.io)
        spec.postBuild.substituteFrom[0].name: ConfigMap/flux-system/vars (core)
        spec.postBuild.substituteFrom[1].name: Secret/flux-system/secrets (core, optional)
        spec.decryption.secretRef.name: Secret/flux-system/keys (core)
        spec.serviceAccountName: ServiceAccount/flux-system/deployer (core)
        ");
    }

    #[test]
    fn a_git_repository_needs_secrets_and_what_it_includes() {
        let spec = json!({
            "secretRef": {"name": "credentials"},
            "proxySecretRef": {"name": "proxy"},
            "verify": {"secretRef": {"name": "authors"}},
            "include": [{"repository": {"name": "base"}}, {"repository": {"name": "more"}}],
        });
        insta::assert_snapshot!(listed("git_repository", &spec).join("\n"), @r"
        spec.secretRef.name: Secret/flux-system/credentials (core)
        spec.proxySecretRef.name: Secret/flux-system/proxy (core)
        spec.verify.secretRef.name: Secret/flux-system/authors (core)
        spec.include[0].repository.name: GitRepository/flux-system/base (source.toolkit.fluxcd.io)
        spec.include[1].repository.name: GitRepository/flux-system/more (source.toolkit.fluxcd.io)
        ");
    }

    #[test]
    fn an_account_of_another_cluster_is_not_needed_here() {
        let spec = json!({"serviceAccountName": "deployer", "kubeConfig": {"secretRef": {"name": "other"}}});
        assert_eq!(
            listed("kustomization", &spec),
            ["spec.kubeConfig.secretRef.name: Secret/flux-system/other (core)"]
        );
    }

    #[test]
    fn a_source_may_be_in_another_namespace_and_group() {
        let spec = json!({"sourceRef": {
            "kind": "ExternalArtifact", "name": "x", "namespace": "n", "apiVersion": "example.com/v1",
        }});
        assert_eq!(
            listed("kustomization", &spec),
            ["spec.sourceRef.name: ExternalArtifact/n/x (example.com)"]
        );
    }

    #[test]
    fn an_alert_names_objects_of_several_groups() {
        let spec = json!({
            "providerRef": {"name": "chat"},
            "eventSources": [
                {"kind": "GitRepository", "name": "fleet"},
                {"kind": "Kustomization", "name": "*"},
                {"kind": "HelmRelease", "name": "web", "namespace": "apps"},
            ],
        });
        insta::assert_snapshot!(listed("alert", &spec).join("\n"), @r"
        spec.providerRef.name: Provider/flux-system/chat (notification.toolkit.fluxcd.io)
        spec.eventSources[0].name: GitRepository/flux-system/fleet (source.toolkit.fluxcd.io)
        spec.eventSources[2].name: HelmRelease/apps/web (helm.toolkit.fluxcd.io)
        ");
    }

    #[test]
    fn a_helm_release_needs_its_chart_and_its_values() {
        let spec = json!({
            "chart": {"spec": {
                "chart": "web",
                "sourceRef": {"kind": "HelmRepository", "name": "charts"},
                "verify": {"secretRef": {"name": "keys"}},
            }},
            "valuesFrom": [{"kind": "Secret", "name": "passwords", "optional": true}],
            "dependsOn": [{"name": "database"}],
        });
        insta::assert_snapshot!(listed("helm_release", &spec).join("\n"), @r"
        spec.chart.spec.sourceRef.name: HelmRepository/flux-system/charts (source.toolkit.fluxcd.io)
        spec.chart.spec.verify.secretRef.name: Secret/flux-system/keys (core)
        spec.valuesFrom[0].name: Secret/flux-system/passwords (core, optional)
        spec.dependsOn[0].name: HelmRelease/flux-system/database (helm.toolkit.fluxcd.io)
        ");
        let spec = json!({"chartRef": {"kind": "OCIRepository", "name": "web"}});
        assert_eq!(
            listed("helm_release", &spec),
            ["spec.chartRef.name: OCIRepository/flux-system/web (source.toolkit.fluxcd.io)"]
        );
    }

    #[test]
    fn what_is_not_known_yet_is_not_listed() {
        for spec in [
            json!({"sourceRef": {"kind": "GitRepository", "name": null}}),
            json!({"sourceRef": {"name": "app"}}),
            json!({"sourceRef": null, "dependsOn": [null, {"name": ""}], "postBuild": "x"}),
            json!("text"),
        ] {
            assert_eq!(listed("kustomization", &spec), Vec::<String>::new(), "{spec}");
        }
    }
}
