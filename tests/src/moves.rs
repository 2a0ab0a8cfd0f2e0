//! Objects that another provider made become ours, without being touched: by `moved`, and by `removed` and `import`.

use serde_json::{Value, json};
use testutil::{ControlPlane, Error, Tofu, require, tools::Tool};

use crate::support::{api, apply_as, live, provider_block, repository};

/// The Go provider, connected.
fn kubectl_block(plane: &ControlPlane) -> String {
    format!(
        "provider \"kubectl\" {{\n  config_path      = {}\n  load_config_file = true\n}}\n",
        json!(plane.kubeconfig_path())
    )
}

/// The manifests of the Go provider.
fn manifests(namespace: &str) -> String {
    format!(
        r#"
resource "kubectl_manifest" "app" {{
  yaml_body = <<-YAML
    apiVersion: source.toolkit.fluxcd.io/v1
    kind: GitRepository
    metadata:
      name: app
      namespace: {namespace}
      labels:
        team: web
    spec:
      url: https://example.com/app.git
      interval: 1m
      ref:
        branch: main
  YAML
}}
resource "kubectl_manifest" "apps" {{
  yaml_body = <<-YAML
    apiVersion: kustomize.toolkit.fluxcd.io/v1
    kind: Kustomization
    metadata:
      name: apps
    spec:
      interval: 10m
      path: ./deploy
      prune: true
      sourceRef:
        kind: GitRepository
        name: app
  YAML
  override_namespace = "{namespace}"
}}
"#
    )
}

/// The same objects as ours. Nobody reconciles them here, so a change must not be waited for.
fn ours(namespace: &str) -> String {
    let repository = repository(namespace, "").replace("wait      = false", "labels    = { team = \"web\" }");
    format!(
        r#"{repository}
resource "fluxgate_kustomization" "apps" {{
  name      = "apps"
  namespace = "{namespace}"
  spec = {{
    interval   = "10m"
    path       = "./deploy"
    prune      = true
    source_ref = {{ kind = "GitRepository", name = "app" }}
  }}
}}
"#
    )
}

fn moved(ty: &str) -> String {
    [("app", "fluxgate_git_repository.app"), ("apps", "fluxgate_kustomization.apps")]
        .map(|(name, to)| format!("moved {{\n  from = {ty}.{name}\n  to   = {to}\n}}\n"))
        .concat()
}

/// The requirements of a configuration that comes from another provider.
pub fn versions(other: &str, source: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    fluxgate = {{ source = \"fluxgate/fluxgate\" }}\n    {other} = {{ source = \"{source}\" }}\n  }}\n}}\n"
    )
}

/// A folder in which the Go provider has made its objects.
fn kubectl(plane: &ControlPlane, namespace: &str) -> Result<Tofu, Error> {
    let tofu = Tofu::new()?
        .provider("gavinbunney/kubectl", "1.19.0", &Tool::KubectlProvider.path()?)?
        .file("versions.tf", &versions("kubectl", "gavinbunney/kubectl"))
        .file("provider.tf", &(provider_block(plane, "") + &kubectl_block(plane)))
        .file("main.tf", &manifests(namespace));
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    Ok(tofu)
}

fn uids(plane: &ControlPlane, namespace: &str) -> [Value; 2] {
    [("GitRepository", "app"), ("Kustomization", "apps")]
        .map(|(kind, name)| live(plane, kind, namespace, name).unwrap()["metadata"]["uid"].clone())
}

/// Nothing but the move is planned, and nothing at all after it; what was made stays, and a change is one in place.
fn becomes_ours(tofu: &Tofu, plane: &ControlPlane, namespace: &str) {
    let before = uids(plane, namespace);
    tofu.plan_with(&[]).success();
    let plan = tofu.show_plan();
    for address in ["fluxgate_git_repository.app", "fluxgate_kustomization.apps"] {
        assert_eq!(plan.change(address).actions, ["no-op"], "{address}");
    }
    assert_eq!(plan.resource_changes.len(), 2, "nothing else is planned");
    tofu.apply().success();
    tofu.plan().no_changes();
    let mut stored = tofu.show_state();
    stored.resources.sort_by(|one, other| one.address.cmp(&other.address));
    assert_eq!(stored.values("fluxgate_git_repository.app")["uid"], before[0]);
    assert_eq!(stored.values("fluxgate_kustomization.apps")["uid"], before[1]);

    tofu.write(
        "main.tf",
        &ours(namespace)
            .replace("interval   = \"10m\"", "interval   = \"20m\"")
            .replace("  spec = {", "  wait = false\n  spec = {"),
    );
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_kustomization.apps").actions, ["update"]);
    tofu.apply().success();
    assert_eq!(uids(plane, namespace), before);
    let object = live(plane, "Kustomization", namespace, "apps").unwrap();
    assert_eq!(object["spec"]["interval"], "20m");
    tofu.plan().no_changes();
}

#[test]
fn manifests_of_the_kubectl_provider_become_ours() {
    let plane = require!(api());
    let namespace = plane.namespace("kubectl");
    let tofu = require!(kubectl(&plane, &namespace));
    tofu.write("main.tf", &(ours(&namespace) + &moved("kubectl_manifest")));
    becomes_ours(&tofu, &plane, &namespace);
    tofu.destroy().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
}

#[test]
fn a_manifest_of_another_kind_is_refused_by_name() {
    let plane = require!(api());
    let namespace = plane.namespace("kubectl");
    let tofu = require!(kubectl(&plane, &namespace));
    let crossed = moved("kubectl_manifest")
        .replace("manifest.apps", "manifest.x")
        .replace("manifest.app\n", "manifest.apps\n")
        .replace("manifest.x", "manifest.app");
    tofu.write("main.tf", &(ours(&namespace) + &crossed));
    let text = tofu.plan().failure().text();
    assert!(text.contains("holds a Kustomization of kustomize.toolkit.fluxcd.io/v1"), "{text}");
}

#[test]
fn removed_and_import_blocks_move_as_well() {
    let plane = require!(api());
    let namespace = plane.namespace("removed");
    let tofu = require!(kubectl(&plane, &namespace));
    let before = uids(&plane, &namespace);
    let blocks = [("app", "fluxgate_git_repository.app"), ("apps", "fluxgate_kustomization.apps")]
        .map(|(name, to)| {
            format!(
                "removed {{\n  from = kubectl_manifest.{name}\n  lifecycle {{ destroy = false }}\n}}\nimport {{\n  to = {to}\n  id = \"{namespace}/{name}\"\n}}\n"
            )
        })
        .concat();
    tofu.write("main.tf", &(ours(&namespace) + &blocks));
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(uids(&plane, &namespace), before);
    tofu.plan().no_changes();
}

/// A state as hashicorp/kubernetes 2.38 leaves it, with the identity that only OpenTofu 1.12 keeps. The provider itself is not needed: the
/// host asks only ours.
fn kubernetes_state(plane: &ControlPlane, namespace: &str) -> Value {
    let instances = [
        (
            "app",
            json!({
                "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
                "metadata": {"name": "app", "namespace": namespace, "labels": {"team": "web"}},
                "spec": {"url": "https://example.com/app.git", "interval": "1m", "ref": {"branch": "main"}},
            }),
        ),
        (
            "apps",
            json!({
                "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                "metadata": {"name": "apps", "namespace": namespace},
                "spec": {
                    "interval": "10m", "path": "./deploy", "prune": true,
                    "sourceRef": {"kind": "GitRepository", "name": "app"},
                },
            }),
        ),
    ];
    let resources: Vec<Value> = instances
        .into_iter()
        .map(|(name, manifest)| {
            apply_as(plane, "Terraform", &manifest);
            let kind = manifest["kind"].as_str().unwrap();
            let object = live(plane, kind, namespace, name).unwrap();
            let object = json!({"apiVersion": object["apiVersion"], "kind": kind, "metadata": {
                "name": name, "namespace": namespace, "uid": object["metadata"]["uid"],
            }});
            json!({
                "mode": "managed", "type": "kubernetes_manifest", "name": name,
                "provider": "provider[\"registry.opentofu.org/hashicorp/kubernetes\"]",
                "instances": [{
                    "schema_version": 1,
                    "attributes": {
                        "computed_fields": null, "field_manager": [], "timeouts": [], "wait": [], "wait_for": null,
                        "manifest": {"type": type_of(&manifest), "value": manifest},
                        "object": {"type": type_of(&object), "value": object},
                    },
                    "sensitive_attributes": [],
                    "identity_schema_version": 1,
                    "identity": {
                        "api_version": manifest["apiVersion"], "kind": kind, "name": name, "namespace": namespace,
                    },
                }],
            })
        })
        .collect();
    json!({
        "version": 4, "terraform_version": "1.12.6", "serial": 1,
        "lineage": "3ec1b5e6-1d53-4c6b-9b57-5d2a3ac0b1aa", "outputs": {}, "resources": resources,
    })
}

/// The type of a value, as a state notes it.
pub fn type_of(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let types: serde_json::Map<String, Value> =
                members.iter().map(|(name, member)| (name.clone(), type_of(member))).collect();
            json!(["object", types])
        }
        Value::Array(elements) => {
            json!(["tuple", elements.iter().map(type_of).collect::<Vec<_>>()])
        }
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::Null => json!("dynamic"),
        Value::String(_) => json!("string"),
    }
}

#[test]
fn manifests_of_the_kubernetes_provider_become_ours() {
    let plane = require!(api());
    let namespace = plane.namespace("kubernetes");
    let stand_in = require!(Tool::KubectlProvider.path());
    let tofu = require!(require!(Tofu::new()).provider("hashicorp/kubernetes", "2.38.0", &stand_in));
    tofu.write("versions.tf", &versions("kubernetes", "hashicorp/kubernetes"));
    tofu.write("provider.tf", &provider_block(&plane, ""));
    tofu.write_state(&kubernetes_state(&plane, &namespace).to_string());
    tofu.write("main.tf", &(ours(&namespace) + &moved("kubernetes_manifest")));
    tofu.init().success();
    becomes_ours(&tofu, &plane, &namespace);
}
