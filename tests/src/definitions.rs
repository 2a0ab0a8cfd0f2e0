//! Another Flux in the cluster than the tables follow: what it does not take is said at plan, and nothing where it takes all.

use serde_json::{Value, json};
use testutil::{ControlPlane, Size, chart_server::ChartServer, require};

use crate::support::{api, definitions, installation, live, patch, repository, tofu, unconnected, unfolded};

const REPOSITORIES: &str = "gitrepositories.source.toolkit.fluxcd.io";

/// How each finding begins.
const REFUSED: &str = "The cluster does not take GitRepository/";

/// Makes the definition of GitRepositories that of a Flux which knows one field less, allows one value less and has a rule more.
fn make_older(plane: &ControlPlane) {
    let mut crd = live(plane, "CustomResourceDefinition", "", REPOSITORIES).unwrap();
    let versions = crd["spec"]["versions"].as_array_mut().unwrap();
    for version in versions.iter_mut() {
        let spec = &mut version["schema"]["openAPIV3Schema"]["properties"]["spec"];
        spec["properties"].as_object_mut().unwrap().remove("sparseCheckout");
        spec["properties"]["provider"]["enum"] = json!(["generic", "github"]);
        spec["x-kubernetes-validations"] =
            json!([{"rule": "!has(self.suspend) || !self.suspend", "message": "nothing rests here"}]);
    }
    let change = json!({
        "metadata": {"labels": {"app.kubernetes.io/version": "v2.0.0"}},
        "spec": {"versions": versions},
    });
    patch(plane, "CustomResourceDefinition", "", REPOSITORIES, &change);
}

#[test]
fn what_the_installed_flux_does_not_take_is_said_on_the_attribute() {
    let plane = require!(ControlPlane::start(Size::Api));
    require!(definitions(&plane));
    make_older(&plane);
    let namespace = plane.namespace("older");
    let news = r#"
    sparse_checkout = ["deploy"]
    provider        = "azure"
    suspend         = true
"#;
    let tofu = require!(tofu(&plane, &repository(&namespace, news)));
    let refused = unfolded(&tofu.plan().failure().text());
    for said in [
        "spec.sparse_checkout: Flux 2.0.0, which is installed in the cluster, does not know this field; update Flux in the \
         cluster first, or leave the field out.",
        r#"spec.provider: the cluster allows only "generic", "github"."#,
        "spec: the cluster refuses this: nothing rests here.",
    ] {
        assert!(refused.contains(said), "{said}\n{refused}");
    }
    assert_eq!(refused.matches(&format!("Error: {REFUSED}")).count(), 3, "{refused}");
    assert_eq!(refused.matches("with fluxgate_git_repository.app").count(), 3, "{refused}");

    tofu.write("main.tf", &repository(&namespace, ""));
    let planned = tofu.plan().changes().text();
    assert!(!planned.contains(REFUSED), "{planned}");
}

#[test]
fn what_the_state_holds_already_is_a_warning_and_no_trap() {
    let plane = require!(ControlPlane::start(Size::Api));
    require!(definitions(&plane));
    let namespace = plane.namespace("kept");
    let tofu = require!(tofu(&plane, &repository(&namespace, r#"provider = "azure""#)));
    let planned = tofu.plan().changes().text();
    assert!(!planned.contains(REFUSED), "the table and the cluster say the same: {planned}");
    tofu.apply().success();

    make_older(&plane);
    let planned = tofu.plan().no_changes().text();
    assert!(planned.contains(&format!("Warning: {REFUSED}")), "{planned}");
    let other = repository(&namespace, r#"provider = "azure""#).replace("\"1m\"", "\"2m\"");
    tofu.write("main.tf", &other);
    let planned = tofu.plan().changes().text();
    assert!(planned.contains(&format!("Warning: {REFUSED}")), "{planned}");
    tofu.destroy().success();
}

#[test]
fn a_plugin_is_run_once_for_it_and_one_that_hangs_is_not_waited_for() {
    let plane = require!(ControlPlane::start(Size::Api));
    require!(definitions(&plane));
    make_older(&plane);
    let namespace = plane.namespace("plugin");
    let two = repository(&namespace, r#"provider = "azure""#)
        .replace("  name      = \"app\"", "  for_each  = toset([\"one\", \"two\"])\n  name      = each.key");
    let tofu = require!(unconnected(&two))
        .file("provider.tf", "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./config\" }\n}\n");
    let runs = tofu.folder().join("runs");
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": { "token": plane.token() },
    });
    let with_plugin = |script: String| {
        let mut kubeconfig = plane.kubeconfig().to_value();
        kubeconfig["users"][0]["user"] = json!({ "exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
            "command": "sh", "args": ["-c", format!("echo >> \"$0\"; {script}"), runs],
        }});
        tofu.write("config", &kubeconfig.to_string());
    };
    let count = || std::fs::read_to_string(&runs).unwrap_or_default().lines().count();
    with_plugin(format!("echo '{credential}'"));
    tofu.init().success();
    let refused = unfolded(&tofu.plan().failure().text());
    assert_eq!(refused.matches(&format!("Error: {REFUSED}")).count(), 2, "{refused}");
    assert_eq!(count(), 1, "one process plans, and it asks once");

    with_plugin("exec sleep 30".to_owned());
    let planned = tofu.plan().changes().text();
    assert!(!planned.contains(REFUSED), "{planned}");
    assert_eq!(count(), 2, "nobody asks a second time for what is only good to know");
}

/// An installation of a version of the chart, for which no node is needed.
fn flux(version: &str, charts: &ChartServer) -> String {
    let unwatched = r#"
  wait          = false
  atomic        = false
  disable_hooks = true
  timeouts      = { create = "60s", update = "60s" }"#;
    installation(charts, version, unwatched)
}

/// A Kustomization and an ImagePolicy with what came after Flux 2.6.
const NEWS: &str = r#"
resource "fluxgate_kustomization" "app" {
  name      = "app"
  namespace = NAMESPACE
  wait      = false
  spec = {
    interval                  = "1m"
    prune                     = true
    ignore_missing_components = true
    source_ref                = { kind = "GitRepository", name = "app" }
  }
}
resource "fluxgate_image_policy" "app" {
  name      = "app"
  namespace = NAMESPACE
  wait      = false
  spec = {
    image_repository_ref = { name = "app" }
    policy               = { alphabetical = {} }
  }
}
"#;

#[test]
fn a_real_older_flux_is_named_and_one_apply_may_update_it_and_use_what_it_brings() {
    let plane = require!(ControlPlane::start(Size::Api));
    let charts = require!(ChartServer::flux2());
    let tofu = require!(tofu(&plane, &flux("2.16.4", &charts)));
    tofu.plan().changes();
    tofu.apply().success();

    let apart = NEWS.replace("NAMESPACE", "\"flux-system\"");
    tofu.write("main.tf", &(flux("2.16.4", &charts) + &apart));
    let refused = unfolded(&tofu.plan().failure().text());
    for said in [
        "spec.ignore_missing_components: Flux 2.6.4, which is installed in the cluster, does not know this field",
        "Flux 2.6.4, which is installed in the cluster, does not serve version v1 of ImagePolicy, but v1beta1, v1beta2",
    ] {
        assert!(refused.contains(said), "{said}\n{refused}");
    }

    let together = NEWS.replace("NAMESPACE", "fluxgate_install.flux.namespace");
    tofu.write("main.tf", &(flux("2.18.3", &charts) + &together));
    tofu.plan().changes();
    tofu.apply().success();
    let applied = live(&plane, "Kustomization", "flux-system", "app").unwrap();
    assert_eq!(applied["spec"]["ignoreMissingComponents"], Value::from(true));
    tofu.plan().no_changes();
}

#[test]
fn a_cluster_that_is_down_or_unknown_is_no_hindrance() {
    let plane = require!(api());
    let namespace = plane.namespace("down");
    let provider = |host: &str| {
        format!(
            "resource \"terraform_data\" \"host\" {{ input = \"https://127.0.0.1:1\" }}\nprovider \"fluxgate\" {{ kubernetes = {{ host = {host}, token = \"a\", insecure = true }} }}\n"
        )
    };
    let tofu = require!(unconnected(&repository(&namespace, r#"sparse_checkout = ["deploy"]"#)));
    for host in ["\"https://127.0.0.1:1\"", "terraform_data.host.output"] {
        tofu.write("provider.tf", &provider(host));
        tofu.init().success();
        let planned = tofu.plan().changes().text();
        assert!(!planned.contains(REFUSED), "{planned}");
    }
}

/// Flux dropped the version that the table has: the objects are there all the same.
#[test]
fn a_kind_that_is_served_in_another_version_only_is_an_error_and_loses_nothing() {
    let plane = require!(ControlPlane::start(Size::Api));
    require!(definitions(&plane));
    let namespace = plane.namespace("other-version");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    tofu.plan().changes();
    tofu.apply().success();

    let crd = live(&plane, "CustomResourceDefinition", "", REPOSITORIES).unwrap();
    let mut versions: Vec<Value> = crd["spec"]["versions"].as_array().unwrap().clone();
    let ours = versions.iter().position(|version| version["name"] == "v1").unwrap();
    let mut newer = versions[ours].clone();
    newer["name"] = json!("v7");
    versions[ours]["served"] = json!(false);
    versions[ours]["storage"] = json!(false);
    newer["storage"] = json!(true);
    versions.push(newer);
    patch(&plane, "CustomResourceDefinition", "", REPOSITORIES, &json!({"spec": {"versions": versions}}));
    testutil::wait::until(
        "the old version is not served any more",
        std::time::Duration::from_secs(60),
        || {
            let text = tofu.plan().text();
            if text.contains("v7") { Ok(()) } else { Err(text) }
        },
    )
    .unwrap();
    tofu.plan().failure();
    assert_eq!(tofu.show_state().addresses(), ["fluxgate_git_repository.app"]);
}
