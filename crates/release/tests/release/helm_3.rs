//! Releases that Helm 3 left: read, gone on with, rolled back to, and removed.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use cluster::{Cluster, Resource, Target};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use release::{Record, Status, drift};
use serde_json::{Value, json};
use testutil::{ControlPlane, Helm, Size, require};

use crate::arrange::{Setup, TestChart, admin, get, text};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\ndata:\n  a: {{ .Values.a | default \"1\" | quote }}\n{{- if .Values.b }}\n  b: {{ .Values.b | quote }}\n{{- end }}\n";
const HOOK: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations:\n    helm.sh/hook: pre-install,pre-delete\n";

fn demo() -> TestChart {
    TestChart::of(&[
        ("values.yaml", "b: \"\"\n"),
        ("README.md", "# demo\n"),
        ("templates/NOTES.txt", "Hello\n"),
        ("templates/config.yaml", CONFIG),
        ("templates/hook.yaml", HOOK),
    ])
}

/// A record of Helm 4 as Helm 3 writes it: it knows no way of applying and no times of files, writes the time that is none as an empty
/// text, and all times in the zone of its machine.
fn as_helm_3(mut record: Value) -> Value {
    fn without(value: &mut Value, names: &[&str]) {
        for name in names {
            value.as_object_mut().unwrap().remove(*name);
        }
    }
    let zoned = |time: &Value| {
        let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
        let zone = jiff::tz::Offset::constant(2).to_time_zone();
        json!(time.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string())
    };
    without(&mut record, &["apply_method"]);
    let chart = &mut record["chart"];
    without(chart, &["modtime", "schemamodtime"]);
    for list in ["templates", "files"] {
        for file in chart[list].as_array_mut().into_iter().flatten() {
            without(file, &["modtime"]);
        }
    }
    let info = &mut record["info"];
    info["deleted"] = json!("");
    for name in ["first_deployed", "last_deployed"] {
        info[name] = zoned(&info[name]);
    }
    for hook in record["hooks"].as_array_mut().into_iter().flatten() {
        let run = &mut hook["last_run"];
        for name in ["started_at", "completed_at"] {
            run[name] = if run[name].is_string() { zoned(&run[name]) } else { json!("") };
        }
    }
    record
}

fn unpacked(secret: &Value) -> Value {
    let data = STANDARD.decode(secret["data"]["release"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    GzDecoder::new(STANDARD.decode(data).unwrap().as_slice()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn packed(record: &Value) -> String {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(record.to_string().as_bytes()).unwrap();
    STANDARD.encode(STANDARD.encode(gzip.finish().unwrap()))
}

/// Installs as Helm 3 does, from the client and with its record. Returns the record as it stands there.
async fn installed_by_helm_3(helm: &Helm, cluster: &Cluster, chart: &TestChart, namespace: &str) -> Value {
    helm.run(["install", "demo", text(&chart.path), "-n", namespace, "--server-side=false", "--set", "b=x"])
        .unwrap();
    let target = Target::new(Resource::secret(), namespace, "sh.helm.release.v1.demo.v1");
    let secret = cluster.get(&target).await.unwrap().unwrap();
    let four = unpacked(&secret);
    let three = as_helm_3(four.clone());
    assert!(four["apply_method"] == "csa" && four != three);
    cluster.merge(&target, &json!({ "data": { "release": packed(&three) } }), "helm").await.unwrap();
    three
}

async fn data(cluster: &Cluster, namespace: &str) -> Value {
    get(cluster, Resource::config_map(), namespace, "demo").await.unwrap()["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_of_helm_3_is_read_upgraded_rolled_back_to_and_removed() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let helm = require!(Helm::new(&plane));
    let cluster = admin(&plane).await;
    let chart = demo();
    let namespace = plane.namespace("helm-3");
    let three = installed_by_helm_3(&helm, &cluster, &chart, &namespace).await;
    // What was made of the record is one that Helm reads.
    let history = || {
        let text = helm.run(["history", "demo", "-n", &namespace, "-o", "json"]).unwrap();
        let history: Value = serde_json::from_str(&text).unwrap();
        history
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(history(), ["deployed"]);

    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    let records = setup.history().await;
    let record = &records[0];
    assert_eq!(Value::Object(record.json().clone()), three, "all of it is kept");
    assert_eq!((record.status(), record.revision(), record.is_server_side()), (Status::Deployed, 1, false));
    assert_eq!((record.chart_name(), record.chart_version(), record.notes()), ("demo", "1.0.0", "Hello\n"));
    assert_eq!(record.config().unwrap()["b"], "x");
    assert_eq!(record.hooks().unwrap().len(), 1);
    assert_eq!(record.first_deployed(), three["info"]["first_deployed"].as_str());
    assert!(record.last_sign_of_life().is_some());
    assert_eq!(drift(&cluster, record).await.unwrap(), []);

    let upgraded = setup.upgrade(&chart, &[("a", "2x")]).await.unwrap();
    assert!(upgraded.record.is_server_side());
    assert_eq!(upgraded.record.first_deployed(), three["info"]["first_deployed"].as_str());
    assert_eq!(data(&cluster, &namespace).await, json!({ "a": "2x" }));
    assert_eq!(history(), ["superseded", "deployed"]);
    // Of the record of Helm 3 only the status is another one.
    let mut superseded = three.clone();
    superseded["info"]["status"] = json!("superseded");
    assert_eq!(Value::Object(setup.history().await[0].json().clone()), superseded);
    assert_eq!(drift(&cluster, &upgraded.record).await.unwrap(), []);

    helm.run(["rollback", "demo", "1", "-n", &namespace]).unwrap();
    assert_eq!(data(&cluster, &namespace).await, json!({ "a": "1", "b": "x" }));
    let third = setup.upgrade(&chart, &[("a", "3x")]).await.unwrap();
    assert_eq!((third.record.revision(), data(&cluster, &namespace).await), (4, json!({ "a": "3x" })));

    setup.uninstall().await.unwrap();
    assert!(get(&cluster, Resource::config_map(), &namespace, "demo").await.is_none());
    assert!(setup.history().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_of_helm_3_is_removed_with_its_hooks_run() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let helm = require!(Helm::new(&plane));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("helm-3-removed");
    let chart = demo();
    installed_by_helm_3(&helm, &cluster, &chart, &namespace).await;
    let hook = || get(&cluster, Resource::config_map(), &namespace, "hook");
    let before = hook().await.unwrap()["metadata"]["uid"].clone();
    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    setup.uninstall().await.unwrap();
    assert!(get(&cluster, Resource::config_map(), &namespace, "demo").await.is_none());
    // The hook of the removal took the place of the one of the installation.
    assert_ne!(hook().await.unwrap()["metadata"]["uid"], before);
    assert!(setup.history().await.is_empty());
    let none: Option<Record> = release::last(&cluster, &namespace, "demo").await.unwrap();
    assert!(none.is_none());
}
