//! Upgrades.

use cluster::{Resource, Target};
use release::{CleanUp, Conflicts, Difference, Error, Status, drift};
use serde_json::{Value, json};
use testutil::{ControlPlane, Helm, Size, require, test_data};

use crate::arrange::{Setup, TestChart, admin, get, text};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\ndata:\n  a: {{ .Values.a | default \"1\" | quote }}\n{{- if .Values.b }}\n  b: {{ .Values.b | quote }}\n{{- end }}\n";
const MORE: &str = "{{ if .Values.more }}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: more\n  annotations:\n    x: z\n{{ end }}\n";

fn demo() -> TestChart {
    TestChart::of(&[("templates/config.yaml", CONFIG), ("templates/more.yaml", MORE)])
}

async fn data(cluster: &cluster::Cluster, namespace: &str) -> Value {
    get(cluster, Resource::config_map(), namespace, "demo").await.unwrap()["data"].clone()
}

async fn patch(cluster: &cluster::Cluster, namespace: &str, name: &str, patch: Value) {
    let target = Target::new(Resource::config_map(), namespace, name);
    cluster.merge(&target, &patch, "kubectl-patch").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_and_objects_that_are_dropped_go_and_history_is_pruned() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let chart = demo();
    let setup = Setup::with(&cluster, &chart, "demo", "dropped", &[("b", "x"), ("more", "true")]);
    setup.install().await.unwrap();
    assert_eq!(data(&cluster, "dropped").await, json!({ "a": "1", "b": "x" }));
    let upgraded = setup.upgrade(&chart, &[("a", "2x")]).await.unwrap();
    assert_eq!(upgraded.record.description(), "Upgrade complete");
    assert_eq!(data(&cluster, "dropped").await, json!({ "a": "2x" }));
    assert!(get(&cluster, Resource::config_map(), "dropped", "more").await.is_none());
    for round in 3..6 {
        setup.upgrade(&chart, &[("a", &format!("{round}x"))]).await.unwrap();
    }
    let kept: Vec<(u64, Status)> =
        setup.history().await.iter().map(|it| (it.revision(), it.status())).collect();
    assert_eq!(kept, [(3, Status::Superseded), (4, Status::Superseded), (5, Status::Deployed)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_object_that_is_marked_live_stays() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let chart = demo();
    let setup = Setup::with(&cluster, &chart, "demo", "marked-live", &[("more", "true")]);
    setup.install().await.unwrap();
    patch(
        &cluster,
        "marked-live",
        "more",
        json!({ "metadata": { "annotations": { "helm.sh/resource-policy": "keep" } } }),
    )
    .await;
    let upgraded = setup.upgrade(&chart, &[]).await.unwrap();
    assert_eq!(upgraded.kept.len(), 1);
    assert!(get(&cluster, Resource::config_map(), "marked-live", "more").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_seen_and_taken_back_and_no_more_than_that() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let chart = demo();
    let mut setup = Setup::with(&cluster, &chart, "demo", "drift", &[("more", "true")]);
    let record = setup.install().await.unwrap().record;
    assert_eq!(drift(&cluster, &record).await.unwrap(), []);
    patch(&cluster, "drift", "demo", json!({ "data": { "a": "theirs", "c": "theirs" } })).await;
    let target = Target::new(Resource::config_map(), "drift", "more");
    cluster.delete(&cluster::DeleteRequest::new(&target, std::time::Duration::from_secs(5))).await.unwrap();
    let found = drift(&cluster, &record).await.unwrap();
    let told: Vec<String> = found.iter().map(|it| format!("{} {:?}", it.object, it.difference)).collect();
    assert_eq!(found.len(), 2, "{told:?}");
    assert!(found.iter().any(|it| it.difference == Difference::Missing && it.object.name == "more"));
    assert!(
        found.iter().any(|it| it.difference == Difference::Fields(vec!["data.a".parse().unwrap()])),
        "{told:?}"
    );

    setup.settings.conflicts = Conflicts::Refuse;
    let error = setup.upgrade(&chart, &[("more", "true")]).await.unwrap_err();
    assert!(error.to_string().contains("kubectl-patch"), "{error}");
    setup.settings.conflicts = Conflicts::TakeBack;
    let record = setup.upgrade(&chart, &[("more", "true")]).await.unwrap().record;
    assert_eq!(data(&cluster, "drift").await, json!({ "a": "1", "c": "theirs" }));
    assert_eq!(drift(&cluster, &record).await.unwrap(), []);
    // What was never ours is not taken.
    let error = setup
        .upgrade(
            &TestChart::of(&[("templates/config.yaml", &CONFIG.replace("  a:", "  c: ours\n  a:"))]),
            &[],
        )
        .await
        .unwrap_err();
    let Error::DryRun { .. } = &error else { panic!("{error:?}") };
}

#[tokio::test(flavor = "multi_thread")]
async fn what_helm_wrote_from_the_client_is_taken_over() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let helm = require!(Helm::new(&plane));
    let cluster = admin(&plane).await;
    let chart = demo();
    let namespace = plane.namespace("client-side");
    helm.run(["install", "demo", text(&chart.path), "-n", &namespace, "--server-side=false", "--set", "b=x"])
        .unwrap();
    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    assert!(!setup.history().await[0].is_server_side());
    let upgraded = setup.upgrade(&chart, &[("a", "2x")]).await.unwrap();
    assert!(upgraded.record.is_server_side());
    assert_eq!(data(&cluster, &namespace).await, json!({ "a": "2x" }));
    let config = get(&cluster, Resource::config_map(), &namespace, "demo").await.unwrap();
    let managers = config["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(managers.len(), 1, "{managers:?}");
    helm.run(["upgrade", "demo", text(&chart.path), "-n", &namespace, "--set", "a=3x"]).unwrap();
    assert_eq!(data(&cluster, &namespace).await, json!({ "a": "3x" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_upgrade_goes_back() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let chart = demo();
    let mut setup = Setup::new(&cluster, &chart, "demo", "goes-back");
    setup.install().await.unwrap();
    // No node has the label, so the Pod never starts.
    let stuck = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: stuck\nspec:\n  nodeSelector: {no: where}\n  containers: [{name: a, image: b}]\n";
    let broken = TestChart::of(&[("templates/config.yaml", CONFIG), ("templates/stuck.yaml", stuck)]);
    setup.settings.timeout = std::time::Duration::from_secs(10);
    let error = setup.upgrade(&broken, &[("a", "2x")]).await.unwrap_err();
    let Error::Undone { clean_up, source } = &error else { panic!("{error:?}") };
    assert!(matches!(clean_up, CleanUp::RolledBack { to: 1 }), "{clean_up:?}");
    assert!(source.to_string().contains("Pod/goes-back/stuck"), "{source}");
    assert_eq!(data(&cluster, "goes-back").await, json!({ "a": "1" }));
    let pod = Resource::new("", "v1", "Pod", "pods", true);
    let left = get(&cluster, pod, "goes-back", "stuck").await;
    assert!(left.is_none_or(|it| !it["metadata"]["deletionTimestamp"].is_null()));
    let history: Vec<(Status, String)> =
        setup.history().await.iter().map(|it| (it.status(), it.description().to_owned())).collect();
    assert_eq!(history[0].0, Status::Superseded);
    assert_eq!(history[1].0, Status::Failed);
    assert_eq!(history[2], (Status::Deployed, "Rollback to 1".to_owned()));
    setup.uninstall().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_kind_is_gone_is_missing_and_holds_up_nobody() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let gone = |text: &str| text.replace("demo.example", "gone.example");
    let definition = gone(include_str!("data/definition.yaml"));
    let thing = gone("apiVersion: demo.example/v1\nkind: Thing\nmetadata:\n  name: first\n");
    let chart = TestChart::of(&[
        ("crds/things.yaml", &definition),
        ("templates/config.yaml", CONFIG),
        ("templates/thing.yaml", &thing),
    ]);
    let namespace = plane.namespace("kind-is-gone");
    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    let record = setup.install().await.unwrap().record;
    assert_eq!(drift(&cluster, &record).await.unwrap(), []);
    let definition = Target::new(Resource::custom_resource_definition(), "", "things.gone.example");
    let minute = std::time::Duration::from_secs(60);
    cluster.delete(&cluster::DeleteRequest::new(&definition, minute)).await.unwrap();
    cluster.forget_served().await;
    let found = drift(&cluster, &record).await.unwrap();
    let told: Vec<String> = found.iter().map(|it| format!("{} {:?}", it.object, it.difference)).collect();
    assert_eq!(told, ["Thing/first Missing"]);
    setup.uninstall().await.unwrap();
    assert!(setup.history().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_that_is_in_use_is_not_dropped() {
    let plane = require!(ControlPlane::start(Size::Api));
    let cluster = admin(&plane).await;
    let definition =
        format!("{{{{ if .Values.crd }}}}\n{}{{{{ end }}}}", include_str!("data/definition.yaml"));
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG), ("templates/crd.yaml", &definition)]);
    let setup = Setup::with(&cluster, &chart, "demo", "in-use", &[("crd", "true")]);
    setup.install().await.unwrap();
    let thing = json!({ "apiVersion": "demo.example/v1", "kind": "Thing", "metadata": { "namespace": "default", "name": "a" } });
    cluster.create(&thing, "kubectl").await.unwrap();
    let error = setup.upgrade(&chart, &[]).await.unwrap_err();
    assert_eq!(error.to_string(), "custom resources would be lost: 1 object of things.demo.example");
    assert_eq!(setup.history().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn flux_goes_from_one_version_to_the_next_with_all_custom_resources_kept() {
    let plane = require!(ControlPlane::start(Size::Nodes));
    let helm = require!(Helm::new(&plane));
    let (old, new) = (require!(TestChart::flux2("2.16.4")), require!(TestChart::flux2("2.18.3")));
    let _ = require!(test_data());
    let cluster = admin(&plane).await;
    let mut setup = Setup::new(&cluster, &old, "flux", "flux-system");
    setup.settings.keep_crds = true;
    setup.install().await.unwrap();
    let alert = json!({
        "apiVersion": "notification.toolkit.fluxcd.io/v1beta3", "kind": "Alert",
        "metadata": { "namespace": "default", "name": "kept" },
        "spec": { "eventSources": [{ "kind": "GitRepository", "name": "a" }], "providerRef": { "name": "p" } },
    });
    cluster.create(&alert, "kubectl").await.unwrap();
    let alerts = Resource::new("notification.toolkit.fluxcd.io", "v1beta3", "Alert", "alerts", true);
    let upgraded = setup.upgrade(&new, &[]).await.unwrap();
    assert_eq!(upgraded.record.chart_version(), "2.18.3");
    assert_eq!(drift(&cluster, &upgraded.record).await.unwrap(), []);
    // A foreign upgrade takes the protection away; the next one of ours puts it back, and it holds against helm's own uninstall.
    helm.run(["upgrade", "flux", text(&new.path), "-n", "flux-system", "--wait"]).unwrap();
    let foreign = setup.history().await;
    assert!(release::keep::is_missing(foreign.last().unwrap()));
    let upgraded = setup.upgrade(&new, &[]).await.unwrap();
    assert!(!release::keep::is_missing(&upgraded.record));
    assert_eq!(drift(&cluster, &upgraded.record).await.unwrap(), []);
    helm.uninstall("flux", "flux-system").unwrap();
    assert!(get(&cluster, alerts.clone(), "default", "kept").await.is_some());

    // Ours keeps it too.
    let mut setup = Setup::new(&cluster, &new, "flux", "flux-system");
    setup.settings.keep_crds = true;
    setup.install().await.unwrap();
    let request = release::UninstallRequest::new("flux", "flux-system");
    let removed = release::uninstall(&cluster, &request, &setup.cancel, &setup.progress).await.unwrap();
    assert_eq!(removed.kept.len(), 14);
    assert!(get(&cluster, alerts, "default", "kept").await.is_some());
}
