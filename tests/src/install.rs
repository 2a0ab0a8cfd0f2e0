//! `fluxgate_install` on real parts: the real flux2 chart over HTTPS, our own engine, a real cluster, and the real helm beside it.

use serde_json::{Value, json};
use testutil::{ControlPlane, Helm, Size, chart_server::ChartServer, require};

use crate::support::{git, live, tofu, unconnected};

/// A cluster of its own: the objects of flux2 have fixed names, so two installs cannot share one.
fn cluster(size: Size) -> Result<(ControlPlane, ChartServer), testutil::Error> {
    Ok((ControlPlane::start(size)?, ChartServer::flux2()?))
}

/// An installation as people write it.
fn install(charts: &ChartServer, version: &str, more: &str) -> String {
    format!(
        r#"
resource "fluxgate_install" "flux" {{
  name               = "flux"
  namespace          = "flux-system"
  repository         = "{}"
  repository_ca_file = {}
  chart              = "flux2"
  version            = "{version}"
  timeouts           = {{ create = "180s", update = "180s", delete = "180s" }}
  {more}
}}
"#,
        charts.url(),
        json!(charts.ca_file())
    )
}

fn definition(plane: &ControlPlane, name: &str) -> Option<Value> {
    live(plane, "CustomResourceDefinition", "", name)
}

const REPOSITORIES: &str = "gitrepositories.source.toolkit.fluxcd.io";

#[test]
fn one_apply_brings_an_empty_cluster_to_reconcile_and_one_destroy_back() {
    let (plane, charts) = require!(cluster(Size::Flux));
    let namespace = plane.namespace("apps");
    let (_server, repository) = require!(git(&plane, &namespace));
    let road = format!(
        r#"
resource "fluxgate_git_repository" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_install.flux.namespace
  spec      = {{ url = "{}", interval = "1m", ref = {{ branch = "main" }} }}
}}
resource "fluxgate_kustomization" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_install.flux.namespace
  spec = {{
    interval   = "1m"
    path       = "./deploy"
    prune      = true
    wait       = true
    source_ref = {{ kind = "GitRepository", name = fluxgate_git_repository.fleet.name }}
  }}
}}
"#,
        repository.url()
    );
    let tofu = require!(tofu(&plane, &(install(&charts, "2.18.3", "") + &road)));

    // Every object is known before there is anything in the cluster.
    tofu.plan().changes();
    let planned = tofu.show_plan();
    let change = planned.change("fluxgate_install.flux");
    let objects = change.after["objects"].as_object().unwrap();
    assert_eq!(objects.len(), 37, "{objects:?}");
    assert!(objects.contains_key("apps/v1/Deployment/flux-system/source-controller"));
    assert!(
        objects.contains_key(&format!("apiextensions.k8s.io/v1/CustomResourceDefinition/{REPOSITORIES}"))
    );
    assert_eq!(change.after["app_version"], "2.8.5");

    tofu.apply().success();
    assert_eq!(
        live(&plane, "ConfigMap", &namespace, "from-git").expect("Flux brought it from Git")["data"]["greeting"],
        "hello"
    );
    let state = tofu.show_state();
    let values = state.values("fluxgate_install.flux");
    assert_eq!(
        (&values["status"], &values["revision"], &values["chart_version"]),
        (&json!("deployed"), &json!(1), &json!("2.18.3"))
    );
    assert_eq!(values["objects"], change.after["objects"]);
    tofu.plan().no_changes();

    // Helm sees the release as its own.
    let helm = require!(Helm::new(&plane));
    let list: Value = serde_json::from_str(&helm.run(["list", "-A", "-o", "json"]).unwrap()).unwrap();
    assert_eq!(
        (&list[0]["name"], &list[0]["status"], &list[0]["chart"]),
        (&json!("flux"), &json!("deployed"), &json!("flux2-2.18.3"))
    );

    tofu.destroy().success();
    assert_eq!(live(&plane, "Namespace", "", "flux-system"), None, "it was made for the release");
    assert_eq!(live(&plane, "ConfigMap", &namespace, "from-git"), None, "pruned before its controller went");
    // The definitions outlive the release, as keep_crds_on_destroy says.
    assert!(definition(&plane, REPOSITORIES).is_some());
}

#[test]
fn definitions_go_with_the_release_when_they_are_not_kept() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let tofu = require!(tofu(&plane, &install(&charts, "2.18.3", "keep_crds_on_destroy = false")));
    tofu.plan().changes();
    tofu.apply().success();
    let text = tofu.plan_with(&["-destroy"]).changes().text();
    assert!(text.contains("Every Flux object of the cluster goes with this"), "{text}");
    tofu.destroy().success();
    assert_eq!(definition(&plane, REPOSITORIES), None);
    assert_eq!(live(&plane, "Namespace", "", "flux-system"), None);
}

#[test]
fn what_is_unknown_is_planned_as_such_and_decided_at_apply() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let configuration =
        install(&charts, "2.18.3", "values = [yamlencode({ logLevel = terraform_data.level.output })]")
            + "resource \"terraform_data\" \"level\" {\n  input = \"debug\"\n}\n";
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_install.flux").after_unknown["objects"], json!(true));
    tofu.apply().success();
    tofu.plan().no_changes();
    tofu.destroy().success();
}

#[test]
fn what_the_rules_refuse_is_refused_at_plan() {
    let charts = require!(ChartServer::flux2());
    let refused = install(&charts, "latest", "").replace("https://", "http://");
    let tofu = require!(unconnected(&refused)).file("provider.tf", "provider \"fluxgate\" {\n}\n");
    tofu.init().success();
    let text = tofu.plan().failure().text();
    assert!(text.contains("http://"), "{text}");

    let extra = r#"values = [yamlencode({ extraObjects = [{
      apiVersion = "source.toolkit.fluxcd.io/v1", kind = "GitRepository", metadata = { name = "app", namespace = "flux-system" }
      spec = { url = "http://example.com/app.git", interval = "1m", ref = { branch = "main" } }
    }] })]"#;
    tofu.write("main.tf", &install(&charts, "2.18.3", extra));
    let text = tofu.plan().failure().text();
    assert!(text.contains("Policy: url-scheme") && text.contains("GitRepository/flux-system/app"), "{text}");
}
