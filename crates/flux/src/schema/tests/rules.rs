//! Rules between fields of HelmReleases, of notifications and of the operator's kinds: what each accepts and refuses.

use super::*;

/// A spec with some of its fields changed; null takes one away.
fn with(spec: &Value, changes: Value) -> Value {
    let mut spec = spec.clone();
    let Value::Object(changes) = changes else { return spec };
    for (key, value) in changes {
        match value.is_null() {
            true => drop(spec.as_object_mut().unwrap().remove(&key)),
            false => spec[key] = value,
        }
    }
    spec
}

/// That each of `accepted` is accepted; and what is said of each of `refused`.
fn judged(resource: &str, spec: &Value, accepted: &[Value], refused: &[Value]) -> String {
    let kind = kinds::by_resource(resource).unwrap();
    for changes in accepted {
        let spec = with(spec, changes.clone());
        assert_eq!(said(kind, &manifest(kind, spec)), "", "{changes}");
    }
    refused
        .iter()
        .map(|changes| format!("{changes}\n  {}", said(kind, &manifest(kind, with(spec, changes.clone())))))
        .collect()
}

#[test]
fn rules_of_a_helm_release() {
    let spec = json!({"interval": "5m", "chartRef": {"kind": "HelmChart", "name": "web"}});
    let chart = json!({"spec": {"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "charts"}}});
    let config_map = json!({"name": "a"});
    insta::assert_snapshot!(
        "rules_of_a_helm_release",
        judged(
            "helm_release",
            &spec,
            &[
                json!({}),
                json!({"chart": chart, "chartRef": null}),
                json!({"install": {"strategy": {"name": "RemediateOnFailure"}}}),
                json!({"install": {"strategy": {"name": "RetryOnFailure", "retryInterval": "1m"}}}),
                json!({"upgrade": {"strategy": {"name": "RetryOnFailure", "retryInterval": "1m"}}}),
                json!({"kubeConfig": {"configMapRef": config_map}}),
            ],
            &[
                json!({"chart": chart}),
                json!({"chartRef": null}),
                json!({"install": {"strategy": {"name": "RemediateOnFailure", "retryInterval": "1m"}}}),
                json!({"upgrade": {"strategy": {"name": "RemediateOnFailure", "retryInterval": "1m"}}}),
                json!({"kubeConfig": {}}),
                json!({"kubeConfig": {"configMapRef": config_map, "secretRef": {"name": "b"}}}),
            ],
        )
    );
}

#[test]
fn rules_of_providers_and_receivers() {
    let provider = json!({"type": "slack"});
    insta::assert_snapshot!(
        "rules_of_a_provider",
        judged(
            "alert_provider",
            &provider,
            &[json!({}), json!({"type": "gitea", "commitStatusExpr": "'x'"})],
            &[json!({"commitStatusExpr": "'x'"})],
        )
    );
    let receiver = json!({
        "type": "github",
        "resources": [{"kind": "GitRepository", "name": "app"}],
        "secretRef": {"name": "token"},
    });
    let issuer =
        json!([{"issuerURL": "https://a", "validations": [{"expression": "true", "message": "no"}]}]);
    let twice = json!([issuer[0], issuer[0]]);
    insta::assert_snapshot!(
        "rules_of_a_receiver",
        judged(
            "receiver",
            &receiver,
            &[
                json!({}),
                json!({"oidcProviders": []}),
                json!({"type": "generic-oidc", "secretRef": null, "oidcProviders": issuer}),
            ],
            &[
                json!({"secretRef": null}),
                json!({"oidcProviders": issuer}),
                json!({"type": "generic-oidc", "secretRef": null}),
                json!({"type": "generic-oidc", "oidcProviders": issuer}),
                json!({"type": "generic-oidc", "secretRef": null, "oidcProviders": twice}),
            ],
        )
    );
}

#[test]
fn rules_of_the_operators_kinds() {
    let set = json!({});
    insta::assert_snapshot!(
        "rules_of_a_resource_set",
        judged(
            "resource_set",
            &set,
            &[
                json!({"steps": [{"name": "a", "resources": []}]}),
                json!({"resources": [{"kind": "Namespace"}, {"other": ["shape"]}], "resourcesTemplate": "x"}),
                json!({"inputs": [{"a": 1}, {"b": [true]}], "inputsFrom": [{"name": "a"}, {"selector": {}}]}),
            ],
            &[
                json!({"steps": [], "resourcesTemplate": "x"}),
                json!({"inputsFrom": [{"name": "a"}, {}]}),
                json!({"inputsFrom": [{"name": "a", "selector": {}}]}),
                json!({"inputs": ["no mapping"]}),
            ],
        )
    );
    let provider = json!({"type": "GitHubBranch", "url": "https://github.com/acme/app"});
    let oci = |url: &str| json!({"type": "OCIArtifactTag", "url": url});
    let service =
        |url: &str, insecure: bool| json!({"type": "ExternalService", "url": url, "insecure": insecure});
    insta::assert_snapshot!(
        "rules_of_an_input_provider",
        judged(
            "resource_set_input_provider",
            &provider,
            &[
                json!({}),
                json!({"type": "Static", "url": null, "defaultValues": {"a": [1, "b"]}}),
                oci("oci://registry.example.com/app"),
                service("http://service.apps", true),
                service("https://service.apps", false),
                json!({"type": "ExternalArtifact", "url": null, "selectors": [{"matchLabels": {}}, {"name": "a"}]}),
            ],
            &[
                json!({"url": null}),
                json!({"type": "Static"}),
                json!({"url": "ssh://git@github.com/acme/app"}),
                oci("https://registry.example.com/app"),
                oci("oci://registry.example.com/"),
                service("http://service.apps", false),
                service("ftp://service.apps", true),
                json!({"insecure": true}),
                json!({"type": "ExternalArtifact", "url": null}),
                json!({"selectors": [{"name": "a"}]}),
                json!({"type": "ExternalArtifact", "url": null, "selectors": [{"name": "a", "matchLabels": {}}]}),
            ],
        )
    );
    let instance = json!({"distribution": {"version": "2.9.x", "registry": "ghcr.io/fluxcd"}});
    let sync = |kind: &str, provider: &str| json!({"sync": {"kind": kind, "url": "x", "ref": "y", "path": "z", "provider": provider}});
    let sharding = json!({"shards": ["a"], "storage": "persistent"});
    insta::assert_snapshot!(
        "rules_of_a_flux_instance",
        judged(
            "flux_instance",
            &instance,
            &[
                json!({}),
                json!({"sharding": sharding, "storage": {"class": "fast", "size": "10Gi"}}),
                sync("GitRepository", "github"),
                sync("Bucket", "gcp"),
                json!({"cluster": {"multitenantWorkloadIdentity": true, "objectLevelWorkloadIdentity": true}}),
            ],
            &[
                json!({"sharding": sharding}),
                sync("GitRepository", "gcp"),
                sync("OCIRepository", "github"),
                json!({"cluster": {"multitenantWorkloadIdentity": true}}),
            ],
        )
    );
}

#[test]
fn a_flux_instance_has_one_name() {
    let kind = kinds::by_resource("flux_instance").unwrap();
    let named = |name: &str| {
        let object = json!({
            "apiVersion": kind.api_version(), "kind": kind.name, "metadata": {"name": name},
            "spec": {"distribution": {"version": "2.x", "registry": "ghcr.io/fluxcd"}},
        });
        Manifest::new(object, Origin::resource("test")).unwrap()
    };
    assert_eq!(said(kind, &named("flux")), "");
    let other = named("other");
    assert_eq!(
        said(kind, &other),
        "metadata.name: a cluster has one FluxInstance, whose name is flux; write \"flux\"\n"
    );
    assert_eq!(said(kind, &unknown(other, &["metadata.name"])), "");
}
