//! Imports by id and by identity: an empty next plan, and a generated configuration that describes the object.

use testutil::{Helm, Tofu, require, test_data};

use crate::support::{api, live, repository, tofu};

const KUSTOMIZATION: &str = r#"
resource "fluxgate_kustomization" "app" {
  name      = "app"
  namespace = fluxgate_git_repository.app.namespace
  wait      = false
  spec = {
    interval   = "10m"
    path       = "./deploy"
    prune      = true
    source_ref = { kind = "GitRepository", name = fluxgate_git_repository.app.name }
  }
}
"#;

fn by_identity(address: &str, namespace: &str, name: &str) -> String {
    format!(
        "import {{\n  to       = {address}\n  identity = {{ namespace = \"{namespace}\", name = \"{name}\" }}\n}}\n"
    )
}

/// What the state file keeps beside the attributes of the only instance of a type.
fn stored_identity(tofu: &Tofu, ty: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&text).unwrap();
    let resources = state["resources"].as_array().unwrap();
    resources.iter().find(|resource| resource["type"] == ty).unwrap()["instances"][0]["identity"].clone()
}

#[test]
fn an_object_is_imported_by_its_identity_and_has_an_empty_next_plan() {
    let plane = require!(api());
    let namespace = plane.namespace("identity");
    let configuration = repository(&namespace, "");
    let first = require!(tofu(&plane, &configuration));
    first.plan().changes();
    first.apply().success();
    let identity = serde_json::json!({"namespace": namespace, "name": "app", "cluster": null});
    assert_eq!(stored_identity(&first, "fluxgate_git_repository"), identity);

    let second = require!(tofu(&plane, &configuration.replace("  wait      = false\n", "")));
    second.write("import.tf", &by_identity("fluxgate_git_repository.app", &namespace, "app"));
    second.plan_with(&[]).success();
    let plan = second.show_plan();
    assert_eq!(plan.change("fluxgate_git_repository.app").actions, ["no-op"]);
    second.apply().success();
    second.plan().no_changes();
    assert_eq!(stored_identity(&second, "fluxgate_git_repository"), identity);
}

#[test]
fn an_identity_that_names_no_object_is_explained() {
    let plane = require!(api());
    let namespace = plane.namespace("identity");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    tofu.write("import.tf", &by_identity("fluxgate_git_repository.app", &namespace, "nothing"));
    let text = tofu.plan().failure().text();
    assert!(text.contains("There is no such object"), "{text}");

    tofu.write(
        "import.tf",
        "import {\n  to       = fluxgate_git_repository.app\n  identity = { name = \"app\" }\n}\n",
    );
    let text = tofu.plan().failure().text();
    assert!(text.contains("namespace"), "{text}");
}

#[test]
fn a_generated_configuration_applies_and_then_plans_empty() {
    let plane = require!(api());
    let namespace = plane.namespace("generate");
    let first = require!(tofu(&plane, &(repository(&namespace, "") + KUSTOMIZATION)));
    first.plan().changes();
    first.apply().success();
    let before = live(&plane, "Kustomization", &namespace, "app").unwrap()["metadata"]["uid"].clone();

    let imports = by_identity("fluxgate_kustomization.app", &namespace, "app")
        + &format!("import {{\n  to = fluxgate_git_repository.app\n  id = \"{namespace}/app\"\n}}\n");
    let second = require!(tofu(&plane, &imports));
    second.plan_with(&["-generate-config-out=generated.tf"]).success();
    second.apply().success();
    second.write("main.tf", "");
    second.plan().no_changes();
    let text = std::fs::read_to_string(second.folder().join("generated.tf")).unwrap();
    assert!(text.contains("\"fluxgate_kustomization\" \"app\""), "{text}");
    assert_eq!(live(&plane, "Kustomization", &namespace, "app").unwrap()["metadata"]["uid"], before);
}

/// The provider's own connection leads nowhere, so what is found was found in the cluster that the import names.
#[test]
fn an_object_of_a_further_cluster_is_imported_by_id_and_by_identity() {
    let plane = require!(api());
    let namespace = plane.namespace("identity");
    let configuration = repository(&namespace, "");
    let first = require!(tofu(&plane, &configuration));
    first.plan().changes();
    first.apply().success();

    let staging = serde_json::json!(plane.kubeconfig_path());
    let provider = format!(
        "provider \"fluxgate\" {{\n  kubernetes = {{\n    host  = \"https://127.0.0.1:1\"\n    token = \"x\"\n  }}\n  \
         clusters = {{ staging = {{ kubernetes = {{ config_path = {staging} }} }} }}\n}}\n"
    );
    let identity = |cluster: &str| {
        by_identity("fluxgate_git_repository.app", &namespace, "app")
            .replace("name = \"app\" }", &format!("name = \"app\", cluster = \"{cluster}\" }}"))
    };
    let id =
        format!("import {{\n  to = fluxgate_git_repository.app\n  id = \"staging/{namespace}/app\"\n}}\n");
    for import in [&id, &identity("staging")] {
        let second = require!(tofu(&plane, import));
        second.write("provider.tf", &provider);
        second.plan_with(&["-generate-config-out=generated.tf"]).success();
        let text = std::fs::read_to_string(second.folder().join("generated.tf")).unwrap();
        assert!(text.contains("\"staging\""), "{text}");
        assert_eq!(second.show_plan().change("fluxgate_git_repository.app").actions, ["no-op"]);
        second.apply().success();
        assert_eq!(
            stored_identity(&second, "fluxgate_git_repository"),
            serde_json::json!({"namespace": namespace, "name": "app", "cluster": "staging"})
        );
        second.write("main.tf", "");
        second.plan().no_changes();
    }

    let lost = require!(tofu(&plane, &(configuration + &identity("production"))));
    lost.write("provider.tf", &provider);
    let text = lost.plan().failure().text();
    assert!(text.contains("production") && text.contains("staging"), "{text}");
}

#[test]
fn a_release_is_imported_by_its_identity() {
    let chart = require!(test_data()).join("charts/flux2-2.18.3.tgz");
    let plane = require!(testutil::ControlPlane::start(testutil::Size::Api));
    let helm = require!(Helm::new(&plane));
    let archive = chart.to_string_lossy().into_owned();
    helm.run(["install", "flux", &archive, "--namespace", "flux-system", "--create-namespace", "--no-hooks"])
        .unwrap();
    let configuration = format!(
        "resource \"fluxgate_install\" \"flux\" {{\n  name      = \"flux\"\n  namespace = \"flux-system\"\n  chart     = {}\n}}\n",
        serde_json::json!(chart)
    );
    let tofu = require!(tofu(&plane, &configuration));
    tofu.write("import.tf", &by_identity("fluxgate_install.flux", "flux-system", "flux"));
    tofu.plan_with(&[]).success();
    let plan = tofu.show_plan();
    let change = plan.change("fluxgate_install.flux");
    assert_eq!(change.before["id"], "flux-system/flux");
    assert_ne!(change.actions, ["create"]);
}
