//! What a wait, a plan and a delete say of the objects behind an object: its inventory, its other writers, its finalizers. The part of the
//! controllers is played by the tests, by way of the status.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use testutil::{ControlPlane, require, wait};

use crate::support::{api, apply_as, flux, git, live, objects, patch, provider_block, tofu};

/// A Kustomization called `app`, with more in the resource and more in its spec.
fn kustomization(namespace: &str, resource: &str, spec: &str) -> String {
    format!(
        r#"
resource "fluxgate_kustomization" "app" {{
  name      = "app"
  namespace = "{namespace}"
  {resource}
  spec = {{
    interval   = "10m"
    path       = "./deploy"
    prune      = true
    source_ref = {{ kind = "GitRepository", name = "app" }}
    {spec}
  }}
}}
"#
    )
}

/// Writes into the status of the Kustomization, as its controller does.
fn report(plane: &ControlPlane, namespace: &str, status: &Value) {
    report_on("Kustomization", plane, namespace, status);
}

/// The same for an object of any kind.
fn report_on(kind: &str, plane: &ControlPlane, namespace: &str, status: &Value) {
    wait::block_on(async || {
        let status = json!({"status": status});
        objects(plane, kind, namespace)
            .patch_status("app", &PatchParams::default(), &Patch::Merge(status))
            .await
            .unwrap();
    });
}

fn inventory(namespace: &str) -> Value {
    let entry = |name: &str, kind: &str| json!({"id": format!("{namespace}_{name}_{kind}"), "v": "v1"});
    json!({"entries": [
        entry("settings", "_ConfigMap"), entry("forgotten", "_ConfigMap"), entry("web", "apps_Deployment"),
    ]})
}

/// What the inventory lists, without the ConfigMap `forgotten`; nobody makes the Deployment's Pod.
fn applied(plane: &ControlPlane, namespace: &str) {
    let at = |name: &str| json!({"name": name, "namespace": namespace});
    apply_as(
        plane,
        "controller",
        &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": at("settings")}),
    );
    let labels = json!({"app": "web"});
    let pod =
        json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web"}]}});
    apply_as(
        plane,
        "controller",
        &json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": at("web"),
            "spec": {"selector": {"matchLabels": labels}, "template": pod},
        }),
    );
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": message, "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

fn exists(plane: &ControlPlane, namespace: &str) {
    exists_of("Kustomization", plane, namespace);
}

fn exists_of(kind: &str, plane: &ControlPlane, namespace: &str) {
    wait::until("the object exists", std::time::Duration::from_secs(120), || {
        live(plane, kind, namespace, "app").map(drop).ok_or_else(|| format!("there is no {kind}"))
    })
    .unwrap();
}

#[test]
fn an_object_that_stalls_ends_the_wait_at_once_and_names_what_it_could_not_bring_up() {
    let plane = require!(api());
    let namespace = plane.namespace("stalled");
    applied(&plane, &namespace);
    let tofu = require!(tofu(&plane, &kustomization(&namespace, "timeouts = { create = \"4m\" }", "")));
    let tofu = tofu.env("TF_LOG_PROVIDER", "info");
    tofu.plan().changes();
    let running = tofu.start_apply();
    exists(&plane, &namespace);
    let conditions = [
        condition("Stalled", "True", "BuildFailed", "kustomize build failed for good"),
        condition("Ready", "False", "BuildFailed", "kustomize build failed for good"),
    ];
    report(&plane, &namespace, &json!({"conditions": conditions, "inventory": inventory(&namespace)}));

    let text = running.wait().failure().text();
    assert!(text.contains("will not become ready: kustomize build failed for good"), "{text}");
    assert!(text.contains(&format!("ConfigMap/{namespace}/forgotten: does not exist")), "{text}");
    assert!(text.contains(&format!("Deployment/{namespace}/web: ")), "{text}");
    assert!(!text.contains(&format!("ConfigMap/{namespace}/settings:")), "{text}");
    assert!(
        text.contains("waiting") && text.contains("kustomize-controller has not said anything yet"),
        "{text}"
    );
}

#[test]
fn a_helm_release_that_stalls_names_what_failed_of_it_and_what_happened_last() {
    let plane = require!(api());
    let namespace = plane.namespace("stalled-release");
    applied(&plane, &namespace);
    let release = format!(
        "resource \"fluxgate_helm_release\" \"app\" {{\n  name = \"app\"\n  namespace = \"{namespace}\"\n  timeouts = {{ create = \"4m\" }}\n  spec = {{\n    interval = \"10m\"\n    chart_ref = {{ kind = \"OCIRepository\", name = \"app\" }}\n  }}\n}}\n"
    );
    let tofu = require!(tofu(&plane, &release));
    tofu.plan().changes();
    let running = tofu.start_apply();
    exists_of("HelmRelease", &plane, &namespace);
    let object = live(&plane, "HelmRelease", &namespace, "app").unwrap();
    apply_as(
        &plane,
        "helm-controller",
        &json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": "app.1", "namespace": namespace},
            "involvedObject": {
                "apiVersion": object["apiVersion"], "kind": "HelmRelease", "name": "app", "namespace": namespace,
                "uid": object["metadata"]["uid"],
            },
            "type": "Warning", "reason": "InstallFailed", "message": "the hook said no", "count": 1,
            "source": {"component": "helm-controller"}, "lastTimestamp": "2026-01-01T00:00:00Z",
        }),
    );
    let conditions = [
        condition("Stalled", "True", "RetriesExceeded", "Failed to install after 1 attempt(s)"),
        condition("Ready", "False", "RetriesExceeded", "Failed to install after 1 attempt(s)"),
    ];
    let status =
        json!({"observedGeneration": 1, "conditions": conditions, "inventory": inventory(&namespace)});
    report_on("HelmRelease", &plane, &namespace, &status);

    let text = running.wait().failure().text();
    assert!(text.contains("will not become ready: Failed to install after 1 attempt(s)"), "{text}");
    assert!(text.contains(&format!("ConfigMap/{namespace}/forgotten: does not exist")), "{text}");
    assert!(text.contains("Its last events: - InstallFailed: the hook said no"), "{text}");
    assert!(!text.contains("is not ready after"), "{text}");
}

#[test]
fn a_timeout_says_which_object_which_condition_for_how_long_and_what_is_not_ready() {
    let plane = require!(api());
    let namespace = plane.namespace("slow");
    applied(&plane, &namespace);
    let tofu = require!(tofu(&plane, &kustomization(&namespace, "timeouts = { create = \"6s\" }", "")));
    tofu.plan().changes();
    let running = tofu.start_apply();
    exists(&plane, &namespace);
    let conditions = [
        condition("Reconciling", "True", "Progressing", "running health checks"),
        condition("Ready", "Unknown", "Progressing", "running health checks"),
    ];
    report(&plane, &namespace, &json!({"conditions": conditions, "inventory": inventory(&namespace)}));

    let text = running.wait().failure().text();
    assert!(text.contains(&format!("Kustomization/{namespace}/app")), "{text}");
    assert!(text.contains("is not ready after 6s") && text.contains("running health checks"), "{text}");
    assert!(text.contains(&format!("ConfigMap/{namespace}/forgotten: does not exist")), "{text}");
}

#[test]
fn what_flux_itself_cannot_bring_up_is_named() {
    let plane = require!(flux());
    let namespace = plane.namespace("unbound");
    let (_server, fleet) = require!(git(&plane, &namespace));
    let claim = format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\n  namespace: {namespace}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: {{ requests: {{ storage: 1Gi }} }}\n"
    );
    fleet.commit(&[("deploy/claim.yaml", &claim)], "a claim that nothing binds");
    let source = format!(
        "resource \"fluxgate_git_repository\" \"app\" {{\n  name      = \"app\"\n  namespace = \"{namespace}\"\n  spec = {{\n    url      = \"{}\"\n    interval = \"1m\"\n    ref      = {{ branch = \"main\" }}\n  }}\n}}\n",
        fleet.url()
    );
    let more = "depends_on = [fluxgate_git_repository.app]\n  timeouts = { create = \"15s\" }";
    let application = kustomization(&namespace, more, "wait = true\n    timeout = \"2m\"");
    let tofu = require!(tofu(&plane, &(source + &application)));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(text.contains("is not ready after 15s"), "{text}");
    assert!(text.contains(&format!("PersistentVolumeClaim/{namespace}/data: is not bound")), "{text}");
    assert!(!text.contains(&format!("ConfigMap/{namespace}/from-git:")), "{text}");
}

#[test]
fn an_inventory_of_another_cluster_is_not_looked_for_in_this_one() {
    let plane = require!(api());
    let namespace = plane.namespace("remote");
    let spec = "kube_config = { secret_ref = { name = \"far\" } }";
    let tofu = require!(tofu(&plane, &kustomization(&namespace, "timeouts = { create = \"4m\" }", spec)));
    tofu.plan().changes();
    let running = tofu.start_apply();
    exists(&plane, &namespace);
    let conditions = [condition("Stalled", "True", "BuildFailed", "for good")];
    report(&plane, &namespace, &json!({"conditions": conditions, "inventory": inventory(&namespace)}));
    let text = running.wait().failure().text();
    assert!(text.contains("will not become ready") && !text.contains("does not exist"), "{text}");
}

#[test]
fn a_plan_that_deletes_or_replaces_says_how_much_goes_and_how_to_keep_it() {
    let plane = require!(api());
    let namespace = plane.namespace("prune");
    let configuration = kustomization(&namespace, "wait = false", "");
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    tofu.apply().success();

    let text = tofu.plan_with(&["-destroy"]).changes().text();
    assert!(!text.contains("prunes what runs"), "nothing is applied yet: {text}");

    report(&plane, &namespace, &json!({"inventory": inventory(&namespace)}));
    let announced = "deletes what it applied: 3 objects. To keep them, set spec.deletion_policy = \"Orphan\"";
    let text = tofu.plan_with(&["-destroy"]).changes().text();
    assert!(text.contains(announced), "{text}");

    tofu.write("main.tf", &configuration.replace("name      = \"app\"", "name      = \"renamed\""));
    let text = tofu.plan().changes().text();
    assert!(text.contains("must be replaced") && text.contains(announced), "{text}");

    tofu.write("provider.tf", &provider_block(&plane, "  policy = { rules = { suspend = \"warn\" } }"));
    for kept in ["deletion_policy = \"Orphan\"", "suspend = true"] {
        tofu.write("main.tf", &kustomization(&namespace, "wait = false", kept));
        tofu.plan().changes();
        tofu.apply().success();
        let text = tofu.plan_with(&["-destroy"]).changes().text();
        assert!(!text.contains("prunes what runs"), "{kept}: {text}");
    }
}

#[test]
fn a_plan_tells_that_another_controller_applies_the_object_and_where_from() {
    let plane = require!(api());
    let namespace = plane.namespace("writers");
    let tofu = require!(tofu(&plane, &kustomization(&namespace, "wait = false", "")));
    tofu.plan().changes();
    tofu.apply().success();
    let labels = json!({
        "kustomize.toolkit.fluxcd.io/name": "fleet", "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    });
    patch(&plane, "Kustomization", &namespace, "app", &json!({"metadata": {"labels": labels}}));
    let text = tofu.plan().no_changes().text();
    assert!(text.contains("two writers") && text.contains("Kustomization/flux-system/fleet"), "{text}");
}

#[test]
fn a_delete_that_a_finalizer_holds_says_which_whose_and_how_to_go_on() {
    let plane = require!(api());
    let namespace = plane.namespace("held");
    let configuration = kustomization(&namespace, "wait = false\n  timeouts = { delete = \"3s\" }", "");
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    tofu.apply().success();
    let finalizers = |names: &[&str]| {
        patch(&plane, "Kustomization", &namespace, "app", &json!({"metadata": {"finalizers": names}}));
    };
    finalizers(&["finalizers.fluxcd.io", "example.com/audit"]);

    let text = tofu.destroy().failure().text();
    for told in [
        "held by the finalizer finalizers.fluxcd.io",
        "(Deployment kustomize-controller) is gone",
        "held by the finalizer example.com/audit",
        "3s",
        "remove the finalizer by hand",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert_eq!(tofu.show_state().addresses(), ["fluxgate_kustomization.app"]);

    finalizers(&[]);
    tofu.destroy().success();
    assert_eq!(live(&plane, "Kustomization", &namespace, "app"), None);
}
