//! The whole road with real Flux: installed by the real helm, reconciling from a real Git server, taken down again.

use testutil::{ControlPlane, Helm, Size, require, test_data};

use crate::support::{flux, git, live, tofu};

/// A GitRepository and a Kustomization as people write them, in the order that graph edges give.
fn road(namespace: &str, url: &str, kustomization: &str) -> String {
    format!(
        r#"
resource "fluxgate_git_repository" "fleet" {{
  name      = "fleet"
  namespace = "{namespace}"
  spec = {{
    url      = "{url}"
    interval = "1m"
    ref      = {{ branch = "main" }}
  }}
}}

resource "fluxgate_kustomization" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_git_repository.fleet.namespace
  timeouts  = {{ create = "60s", update = "60s", delete = "60s" }}
  spec = {{
    interval         = "1m"
    path             = "./deploy"
    prune            = true
    wait             = true
    timeout          = "30s"
    target_namespace = "{namespace}"
    source_ref       = {{ kind = "GitRepository", name = fluxgate_git_repository.fleet.name }}
    {kustomization}
  }}
}}
"#
    )
}

#[test]
fn objects_become_ready_bring_what_is_in_git_and_go_in_order() {
    let plane = require!(flux());
    let namespace = plane.namespace("road");
    let (_server, repository) = require!(git(&plane, &namespace));
    let tofu = require!(tofu(&plane, &road(&namespace, repository.url(), "")));

    tofu.plan().changes();
    tofu.apply().success();
    let config_map = live(&plane, "ConfigMap", &namespace, "from-git").expect("Flux brought it from Git");
    assert_eq!(config_map["data"]["greeting"], "hello");
    tofu.plan().no_changes();

    // The plan of a destroy says what goes with the Kustomization.
    let text = tofu.plan_with(&["-destroy"]).changes().text();
    assert!(text.contains("prunes what runs") && text.contains("what it applied: 1 object."), "{text}");
    tofu.destroy().success();
    for (kind, name) in [("GitRepository", "fleet"), ("Kustomization", "fleet"), ("ConfigMap", "from-git")] {
        assert_eq!(live(&plane, kind, &namespace, name), None, "{kind}");
    }
}

#[test]
fn a_wait_that_fails_names_the_object_its_condition_and_its_events() {
    let plane = require!(flux());
    let namespace = plane.namespace("missing");
    let (_server, repository) = require!(git(&plane, &namespace));
    let configuration = road(&namespace, repository.url(), "")
        .replace("\"./deploy\"", "\"./no-such-folder\"")
        .replace("create = \"60s\"", "create = \"8s\"");
    let tofu = require!(tofu(&plane, &configuration));

    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(text.contains("Kustomization") && text.contains("no-such-folder"), "{text}");
    assert!(text.contains("Its last events"), "{text}");

    // Mended, the tainted object is replaced, and all is well.
    tofu.write("main.tf", &road(&namespace, repository.url(), ""));
    tofu.plan().changes();
    tofu.apply().success();
    tofu.plan().no_changes();
    tofu.destroy().success();
}

#[test]
fn an_update_waits_for_the_new_generation() {
    let plane = require!(flux());
    let namespace = plane.namespace("generation");
    let (_server, repository) = require!(git(&plane, &namespace));
    repository.commit(
        &[(
            "other/config-map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-other\ndata: {}\n",
        )],
        "another folder",
    );
    let tofu = require!(tofu(&plane, &road(&namespace, repository.url(), "")));
    tofu.plan().changes();
    tofu.apply().success();

    tofu.write("main.tf", &road(&namespace, repository.url(), "").replace("\"./deploy\"", "\"./other\""));
    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&plane, "ConfigMap", &namespace, "from-other").is_some());
    assert_eq!(live(&plane, "ConfigMap", &namespace, "from-git"), None, "what left the path was pruned");
    tofu.destroy().success();
}

#[test]
fn what_is_imported_from_a_cluster_that_reconciles_has_an_empty_plan() {
    let plane = require!(flux());
    let namespace = plane.namespace("import");
    let (_server, repository) = require!(git(&plane, &namespace));
    let configuration = road(&namespace, repository.url(), "");
    let first = require!(tofu(&plane, &configuration));
    first.plan().changes();
    first.apply().success();

    let second = require!(tofu(&plane, &configuration));
    second.import("fluxgate_git_repository.fleet", &format!("{namespace}/fleet")).success();
    second.import("fluxgate_kustomization.fleet", &format!("{namespace}/fleet")).success();
    let run = second.plan();
    // Only our own timeouts are not in the cluster.
    let changed = second.show_plan();
    assert_eq!(changed.change("fluxgate_git_repository.fleet").actions, ["no-op"], "{run}");
    let change = changed.change("fluxgate_kustomization.fleet");
    assert_eq!(change.before["spec"], change.after["spec"], "{run}");
    first.destroy().success();
}

#[test]
fn a_destroy_after_flux_was_uninstalled_times_out_with_the_reason() {
    // A cluster of its own, since Flux goes from it.
    let chart = require!(test_data()).join("charts/flux2-2.18.3.tgz");
    let plane = require!(ControlPlane::start(Size::Flux));
    let helm = require!(Helm::new(&plane));
    helm.install("flux", &chart, "flux-system", &[]).unwrap();
    let namespace = plane.namespace("reversed");
    let (_server, repository) = require!(git(&plane, &namespace));
    let configuration = road(&namespace, repository.url(), "").replace("delete = \"60s\"", "delete = \"5s\"");
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    tofu.apply().success();

    // The wrong way round: the controllers first, and then what only they can clean up.
    helm.run(["uninstall", "flux", "--namespace", "flux-system"]).unwrap();
    let text = tofu.destroy().failure().text();
    assert!(text.contains("finalizers.fluxcd.io"), "{text}");
    assert!(text.contains("kustomize-controller) is gone"), "{text}");
    assert!(text.contains("remove the finalizer by hand"), "{text}");
    assert_eq!(
        tofu.show_state().addresses(),
        ["fluxgate_git_repository.fleet", "fluxgate_kustomization.fleet"],
        "what is still there stays in state"
    );
}
