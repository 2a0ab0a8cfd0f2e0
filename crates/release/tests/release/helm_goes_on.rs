//! The real helm goes on where we stopped.

use cluster::Resource;
use serde_json::Value;
use testutil::{ControlPlane, Helm, Size, require};

use crate::arrange::{Setup, TestChart, admin, get, text};

#[tokio::test(flavor = "multi_thread")]
async fn helm_lists_upgrades_and_uninstalls_what_we_installed() {
    let plane = require!(ControlPlane::start(Size::Nodes));
    let helm = require!(Helm::new(&plane));
    let chart = require!(TestChart::flux2("2.18.3"));
    let cluster = admin(&plane).await;
    let set = [("helmController.replicas", "2"), ("logLevel", "debug")];
    let setup = Setup::with(&cluster, &chart, "flux", "flux-system", &set);
    let before = cluster.requests();
    let started = std::time::Instant::now();
    setup.install().await.unwrap();
    eprintln!("install: {:?}, {} requests", started.elapsed(), cluster.requests() - before);

    let in_namespace = ["--namespace", "flux-system"];
    let run = |words: &[&str]| helm.run(words.iter().chain(&in_namespace).copied()).unwrap();
    let json = |words: &[&str]| serde_json::from_str::<Value>(&run(words)).unwrap();
    let list = json(&["list", "-o", "json"]);
    assert_eq!((&list[0]["name"], &list[0]["status"]), (&"flux".into(), &"deployed".into()));
    assert_eq!(list[0]["chart"], "flux2-2.18.3");
    assert_eq!(json(&["get", "values", "flux", "-o", "json"])["helmController"]["replicas"], 2);
    assert_eq!(json(&["history", "flux", "-o", "json"])[0]["description"], "Install complete");
    assert_eq!(run(&["get", "manifest", "flux"]).trim_end(), setup.rendered.manifest().trim_end());

    // One field changes, one is dropped.
    let deployment = || get(&cluster, Resource::deployment(), "flux-system", "helm-controller");
    assert_eq!(deployment().await.unwrap()["spec"]["replicas"], 2);
    run(&["upgrade", "flux", text(&chart.path), "--wait", "--set", "logLevel=info"]);
    let upgraded = deployment().await.unwrap();
    assert_eq!(upgraded["spec"]["replicas"], 1);
    assert!(upgraded.to_string().contains("--log-level=info"), "{upgraded}");
    run(&["uninstall", "flux", "--wait"]);
    assert!(deployment().await.is_none());
    assert!(setup.history().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_rolls_back_what_we_upgraded_and_we_go_on_from_there() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let helm = require!(Helm::new(&plane));
    let cluster = admin(&plane).await;
    let config =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\ndata:\n  a: {{ .Values.a | quote }}\n";
    let chart = TestChart::of(&[("templates/config.yaml", config)]);
    let setup = Setup::with(&cluster, &chart, "demo", "rolled-back", &[("a", "first")]);
    let data = async || {
        get(&cluster, Resource::config_map(), "rolled-back", "demo").await.unwrap()["data"]["a"].clone()
    };
    setup.install().await.unwrap();
    setup.upgrade(&chart, &[("a", "second")]).await.unwrap();
    assert_eq!(data().await, "second");
    helm.run(["rollback", "demo", "1", "-n", "rolled-back"]).unwrap();
    assert_eq!(data().await, "first");
    let history = helm.run(["history", "demo", "-n", "rolled-back", "-o", "json"]).unwrap();
    let history: Value = serde_json::from_str(&history).unwrap();
    let told: Vec<&str> =
        history.as_array().unwrap().iter().map(|it| it["description"].as_str().unwrap()).collect();
    assert_eq!(told, ["Install complete", "Upgrade complete", "Rollback to 1"]);
    let upgraded = setup.upgrade(&chart, &[("a", "third")]).await.unwrap();
    assert_eq!((upgraded.record.revision(), data().await), (4, "third".into()));
}
