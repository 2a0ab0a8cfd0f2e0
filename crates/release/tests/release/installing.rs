//! Installs.

use cluster::Resource;
use release::{Error, Status};
use serde_json::json;
use testutil::{ControlPlane, Size, require};

use crate::arrange::{Setup, TestChart, admin, get, namespace_stays};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\ndata:\n  a: {{ .Values.a | default \"1\" | quote }}\n{{- if .Values.b }}\n  b: \"2\"\n{{- end }}\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_install_marks_objects_as_helm_does_and_records_itself() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    let setup = Setup::new(&cluster, &chart, "demo", "marks");
    let installed = setup.install().await.unwrap();
    assert_eq!(installed.record.status(), Status::Deployed);
    assert_eq!(installed.record.description(), "Install complete");
    let config = get(&cluster, Resource::config_map(), "marks", "demo").await.unwrap();
    assert_eq!(config["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm");
    assert_eq!(config["metadata"]["annotations"]["meta.helm.sh/release-name"], "demo");
    assert_eq!(config["metadata"]["managedFields"][0]["manager"], "helm");
    assert_eq!(config["metadata"]["managedFields"][0]["operation"], "Apply");
    let namespace = get(&cluster, Resource::namespace(), "", "marks").await.unwrap();
    assert_eq!(namespace["metadata"]["labels"]["name"], "marks");

    let again = setup.install().await.unwrap_err();
    assert!(matches!(again, Error::NameInUse { revision: 1, .. }), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_somebody_else_is_named_and_nothing_is_written() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("foreign");
    let theirs = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "namespace": namespace, "name": "demo" }, "data": { "x": "y" } });
    cluster.create(&theirs, "kubectl").await.unwrap();
    let more = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: more\n";
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG), ("templates/more.yaml", more)]);
    let mut setup = Setup::new(&cluster, &chart, "demo", &namespace);
    let error = setup.install().await.unwrap_err();
    let Error::Foreign { objects, .. } = &error else { panic!("{error}") };
    assert_eq!(objects.len(), 1);
    assert!(
        error
            .to_string()
            .contains(&format!("ConfigMap/{namespace}/demo exists and belongs to somebody else")),
        "{error}"
    );
    assert!(get(&cluster, Resource::config_map(), &namespace, "more").await.is_none());
    assert!(setup.history().await.is_empty());

    setup.settings.take_ownership = true;
    setup.install().await.unwrap();
    let config = get(&cluster, Resource::config_map(), &namespace, "demo").await.unwrap();
    assert_eq!(config["data"], json!({ "a": "1", "x": "y" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_refuses_is_found_before_the_first_write() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let wrong = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: wrong\nspec:\n  replicas: 1\n  unheard: of\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: c}}\n    spec:\n      containers: [{name: a, image: b}]\n";
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG), ("templates/wrong.yaml", wrong)]);
    let setup = Setup::new(&cluster, &chart, "demo", "refused");
    let error = setup.install().await.unwrap_err();
    assert!(matches!(error, Error::DryRun { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("spec.unheard") && text.contains("demo/templates/wrong.yaml"), "{text}");
    assert!(!namespace_stays(&cluster, "refused").await, "the namespace that was made goes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_resources_come_with_their_definition_in_one_install() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let definition = include_str!("data/definition.yaml");
    let object = "apiVersion: demo.example/v1\nkind: Thing\nmetadata:\n  name: first\nspec:\n  size: 1\n";
    let chart = TestChart::of(&[("templates/crd.yaml", definition), ("templates/thing.yaml", object)]);
    let setup = Setup::new(&cluster, &chart, "demo", "things");
    setup.install().await.unwrap();
    let thing = Resource::new("demo.example", "v1", "Thing", "things", true);
    assert_eq!(get(&cluster, thing, "things", "first").await.unwrap()["spec"]["size"], 1);
    let removed = setup.uninstall().await.unwrap();
    assert!(removed.namespace_removed && removed.kept.is_empty(), "{removed:?}");
    assert!(get(&cluster, Resource::custom_resource_definition(), "", "things.demo.example").await.is_none());
    assert!(!namespace_stays(&cluster, "things").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_under_crds_come_first_and_stay() {
    let plane = require!(ControlPlane::start(Size::Nodes));
    let cluster = admin(&plane).await;
    let object = "apiVersion: demo.example/v1\nkind: Thing\nmetadata:\n  name: first\n";
    let lists = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}\n";
    let chart = TestChart::of(&[
        ("crds/things.yaml", include_str!("data/definition.yaml")),
        ("templates/thing.yaml", object),
        ("templates/list.yaml", lists),
    ]);
    let setup = Setup::new(&cluster, &chart, "demo", "crds-folder");
    setup.install().await.unwrap();
    for name in ["one", "two"] {
        assert!(get(&cluster, Resource::config_map(), "crds-folder", name).await.is_some());
    }
    setup.uninstall().await.unwrap();
    let definition = get(&cluster, Resource::custom_resource_definition(), "", "things.demo.example").await;
    assert!(definition.is_some(), "Helm leaves them, and so do we");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_back_install_spares_definitions_that_were_there_before() {
    let plane = require!(ControlPlane::start(Size::Nodes));
    let cluster = admin(&plane).await;
    let definition = include_str!("data/definition.yaml");
    let stuck = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: stuck\nspec:\n  nodeSelector: {no: where}\n  containers: [{name: a, image: b}]\n";
    let good = TestChart::of(&[("templates/crd.yaml", definition)]);
    let bad = TestChart::of(&[("templates/crd.yaml", definition), ("templates/stuck.yaml", stuck)]);
    let exists = async || {
        get(&cluster, Resource::custom_resource_definition(), "", "things.demo.example").await.is_some()
    };
    let try_bad = async || {
        let mut setup = Setup::new(&cluster, &bad, "demo", "spared");
        setup.settings.keep_crds = true;
        setup.settings.timeout = std::time::Duration::from_secs(4);
        let error = setup.install().await.unwrap_err();
        assert!(matches!(error, Error::Undone { clean_up: release::CleanUp::Uninstalled, .. }), "{error:?}");
        assert!(error.to_string().contains("last event: FailedScheduling"), "{error}");
    };
    try_bad().await;
    assert!(!exists().await, "it was new, and nobody used it");
    let mut setup = Setup::new(&cluster, &good, "demo", "spared");
    setup.settings.keep_crds = true;
    setup.install().await.unwrap();
    let request = release::UninstallRequest::new("demo", "spared");
    release::uninstall(&cluster, &request, &setup.cancel, &setup.progress).await.unwrap();
    try_bad().await;
    assert!(exists().await, "it was there before");
}
