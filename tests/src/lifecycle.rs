//! Plan, create, update in place, replace, import, destroy: the built provider under the real OpenTofu, each step in processes of its own.

use serde_json::json;
use testutil::{ControlPlane, Size, Tofu, require};

use crate::support::{api, apply_as, definitions, live, provider_block, repository, tofu, unconnected};

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

#[test]
fn a_plan_needs_no_cluster_and_shows_every_field() {
    let tofu = require!(unconnected(&(repository("apps", "timeout = \"20s\"") + KUSTOMIZATION)));
    tofu.init().success();

    tofu.plan().changes();
    let plan = tofu.show_plan();

    let repository = plan.change("fluxgate_git_repository.app");
    assert_eq!(repository.actions, ["create"]);
    assert_eq!(repository.after["spec"]["url"], "https://example.com/app.git");
    assert_eq!(repository.after["spec"]["timeout"], "20s");
    assert_eq!(repository.after["id"], "apps/app");
    assert_eq!(repository.after_unknown["spec"], json!({"ref": {}}), "every field of the spec is known");
    assert_eq!(repository.after_unknown["uid"], true);
    let kustomization = plan.change("fluxgate_kustomization.app");
    assert_eq!(kustomization.after["spec"]["source_ref"]["name"], "app");
}

#[test]
fn the_schema_is_one_that_the_host_accepts() {
    let tofu = require!(unconnected(&repository("apps", "")));
    tofu.init().success();
    let validation: testutil::tofu::Validation = tofu.validate().success().json();
    assert!(validation.valid, "{validation:?}");
}

#[test]
fn what_is_created_has_an_empty_second_plan_and_can_be_destroyed() {
    let plane = require!(api());
    let namespace = plane.namespace("create");
    let tofu = require!(tofu(&plane, &(repository(&namespace, "") + KUSTOMIZATION)));

    tofu.plan().changes();
    tofu.apply().success();

    let object = live(&plane, "GitRepository", &namespace, "app").unwrap();
    assert_eq!(object["spec"]["ref"], json!({"branch": "main"}));
    let state = tofu.show_state();
    assert_eq!(state.values("fluxgate_git_repository.app")["uid"], object["metadata"]["uid"]);
    assert_eq!(state.values("fluxgate_git_repository.app")["generation"], 1);
    tofu.plan().no_changes();

    tofu.destroy().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
    assert_eq!(live(&plane, "Kustomization", &namespace, "app"), None);
}

#[test]
fn a_changed_field_is_an_update_in_place_and_a_changed_name_a_replacement() {
    let plane = require!(api());
    let namespace = plane.namespace("update");
    let tofu = require!(tofu(&plane, &repository(&namespace, "suspend = true")));
    tofu.plan().changes();
    tofu.apply().success();
    let uid = live(&plane, "GitRepository", &namespace, "app").unwrap()["metadata"]["uid"].clone();

    // A field that is left out again is removed from the object.
    tofu.write("main.tf", &repository(&namespace, "timeout = \"30s\"").replace("\"1m\"", "\"2m\""));
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").actions, ["update"]);
    tofu.apply().success();
    let object = live(&plane, "GitRepository", &namespace, "app").unwrap();
    assert_eq!(object["metadata"]["uid"], uid);
    assert_eq!(object["spec"]["interval"], "2m");
    assert_eq!(object["spec"]["timeout"], "30s");
    assert_eq!(object["spec"].get("suspend"), None);
    tofu.plan().no_changes();

    tofu.write(
        "main.tf",
        &repository(&namespace, "").replace("name      = \"app\"", "name      = \"renamed\""),
    );
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").actions, ["delete", "create"]);
    tofu.apply().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
    assert!(live(&plane, "GitRepository", &namespace, "renamed").is_some());
}

#[test]
fn another_spelling_of_a_duration_is_no_change() {
    let plane = require!(api());
    let namespace = plane.namespace("spelling");
    let tofu = require!(tofu(&plane, &repository(&namespace, "").replace("\"1m\"", "\"90s\"")));
    tofu.plan().changes();
    tofu.apply().success();

    tofu.write("main.tf", &repository(&namespace, "").replace("\"1m\"", "\"1m30s\""));
    tofu.plan().no_changes();
}

#[test]
fn an_imported_object_has_an_empty_next_plan() {
    let plane = require!(api());
    let namespace = plane.namespace("import");
    let configuration = repository(&namespace, "");
    let first = require!(tofu(&plane, &configuration));
    first.plan().changes();
    first.apply().success();

    let second = require!(tofu(&plane, &configuration.replace("  wait      = false\n", "")));
    second.import("fluxgate_git_repository.app", &format!("{namespace}/app")).success();
    second.plan().no_changes();
    assert_eq!(
        second.show_state().values("fluxgate_git_repository.app")["uid"],
        live(&plane, "GitRepository", &namespace, "app").unwrap()["metadata"]["uid"]
    );
}

#[test]
fn a_generated_configuration_of_an_import_is_valid_and_complete() {
    let plane = require!(api());
    let namespace = plane.namespace("generate");
    let first = require!(tofu(&plane, &(repository(&namespace, "") + KUSTOMIZATION)));
    first.plan().changes();
    first.apply().success();

    let second = require!(tofu(
        &plane,
        &format!(
            "import {{\n  to = fluxgate_kustomization.app\n  id = \"{namespace}/app\"\n}}\nimport {{\n  to = fluxgate_git_repository.app\n  id = \"{namespace}/app\"\n}}\n"
        )
    ));
    second.plan_with(&["-generate-config-out=generated.tf"]).success();
    for (address, change) in second.show_plan().resource_changes.iter().map(|r| (&r.address, &r.change)) {
        assert_eq!(change.actions, ["no-op"], "{address}");
    }
}

#[test]
fn an_id_that_names_no_object_is_explained() {
    let plane = require!(api());
    let namespace = plane.namespace("import");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));

    let text = tofu.import("fluxgate_git_repository.app", "app").failure().text();
    assert!(text.contains("not of the form namespace/name"), "{text}");
    let text = tofu.import("fluxgate_git_repository.app", &format!("{namespace}/nothing")).failure().text();
    assert!(text.contains("There is no such object"), "{text}");
}

#[test]
fn a_cluster_that_is_known_only_after_apply_defers_nothing_but_the_cluster() {
    let plane = require!(api());
    let namespace = plane.namespace("late");
    let late = |path: &serde_json::Value| {
        format!(
            "resource \"terraform_data\" \"path\" {{\n  input = {path}\n}}\nprovider \"fluxgate\" {{\n  kubernetes = {{ config_path = terraform_data.path.output }}\n}}\n"
        )
    };
    let tofu = require!(unconnected(&repository(&namespace, "")));
    tofu.write("provider.tf", &late(&json!(plane.kubeconfig_path())));
    tofu.init().success();
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").after["spec"]["interval"], "1m");
    tofu.apply().success();
    assert!(live(&plane, "GitRepository", &namespace, "app").is_some());
    tofu.plan().no_changes();

    // The cluster is being replaced in the same apply: what is in state has to be applied there.
    let other = require!(ControlPlane::start(Size::Api));
    require!(definitions(&other));
    apply_as(
        &other,
        "test-setup",
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
    );
    tofu.write("provider.tf", &late(&json!(other.kubeconfig_path())));
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").actions, ["update"]);
    tofu.apply().success();
    let object = live(&other, "GitRepository", &namespace, "app").unwrap();
    assert_eq!(tofu.show_state().values("fluxgate_git_repository.app")["uid"], object["metadata"]["uid"]);
    tofu.plan().no_changes();
}

#[test]
fn a_resource_names_one_of_several_clusters() {
    let plane = require!(api());
    let namespace = plane.namespace("named");
    let configuration = repository(&namespace, "")
        .replace("wait      = false", "wait      = false\n  cluster   = \"staging\"");
    let tofu: Tofu = require!(unconnected(&configuration));
    tofu.write(
        "provider.tf",
        &format!(
            "provider \"fluxgate\" {{\n  clusters = {{ staging = {{ kubernetes = {{ config_path = {} }} }} }}\n}}\n",
            json!(plane.kubeconfig_path())
        ),
    );
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&plane, "GitRepository", &namespace, "app").is_some());
    tofu.plan().no_changes();

    tofu.write("main.tf", &configuration.replace("staging", "production"));
    let text = tofu.plan().text();
    assert!(text.contains("no \"production\". There are: staging"), "{text}");
}

#[test]
fn an_apply_without_a_named_cluster_says_how_to_name_one() {
    let tofu = require!(unconnected(&repository("apps", "")));
    tofu.init().success();
    let text = tofu.plan().changes().text();
    assert!(text.contains("No cluster is named"), "{text}");
    let text = tofu.apply().failure().text();
    assert!(text.contains("config_path") && text.contains("KUBE_CONFIG_PATH"), "{text}");
}

#[test]
fn token_and_client_certificate_connect_as_well() {
    let plane = require!(api());
    let admin = plane.pki().client_certificate("test-admin", Some("system:masters")).unwrap();
    let namespace = plane.namespace("direct");
    let connections = [
        json!({"host": plane.server(), "token": plane.token(), "cluster_ca_certificate": plane.ca_pem()}),
        json!({
            "host": plane.server(), "cluster_ca_certificate": plane.ca_pem(),
            "client_certificate": admin.certificate_pem, "client_key": admin.key_pem,
        }),
    ];
    for (index, kubernetes) in connections.into_iter().enumerate() {
        let configuration = repository(&namespace, "").replace("\"app\"\n", &format!("\"app-{index}\"\n"));
        let tofu = require!(unconnected(&configuration));
        tofu.write(
            "provider.tf.json",
            &json!({"provider": {"fluxgate": {"kubernetes": kubernetes}}}).to_string(),
        );
        tofu.init().success();
        tofu.plan().changes();
        tofu.apply().success();
        assert!(live(&plane, "GitRepository", &namespace, &format!("app-{index}")).is_some());
    }
}

#[test]
fn environment_variables_name_the_cluster() {
    let plane = require!(api());
    let namespace = plane.namespace("variables");
    let tofu = require!(unconnected(&repository(&namespace, ""))).env("KUBECONFIG", plane.kubeconfig_path());
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&plane, "GitRepository", &namespace, "app").is_some());
}

#[test]
fn a_provider_block_may_be_written_with_everything() {
    let plane = require!(api());
    let namespace = plane.namespace("block");
    let tofu = require!(unconnected(&repository(&namespace, "")));
    let policy = "  policy = {\n    rules  = { interval = \"warn\" }\n    params = { interval_at_least = \"10s\" }\n  }";
    tofu.write("provider.tf", &provider_block(&plane, policy));
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
}
