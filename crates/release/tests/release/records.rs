//! The record is Helm's, key by key.

use chart::{
    render::{Options, render},
    values::Values,
};
use serde_json::Value;
use testutil::{ControlPlane, Helm, Size, require};

use crate::arrange::{Setup, TestChart, admin, differences, get, remove};

/// Times are put into one form, except that none stays none.
fn without_times(value: Value) -> Value {
    const TIMES: [&str; 7] = [
        "first_deployed",
        "last_deployed",
        "modtime",
        "schemamodtime",
        "started_at",
        "completed_at",
        "deleted",
    ];
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| match TIMES.contains(&key.as_str()) && value.is_string() {
                true => (key, "a time".into()),
                false => (key, without_times(value)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(without_times).collect(),
        other => other,
    }
}

/// The record that helm leaves for flux2, and its Secret.
async fn helms(helm: &Helm, cluster: &cluster::Cluster, chart: &TestChart, set: &[&str]) -> (Value, Value) {
    let mut args = Vec::new();
    for set in set {
        args.extend(["--set", set]);
    }
    helm.install("flux", &chart.path, "flux-records", &args).unwrap();
    let secret = secret(cluster).await;
    let record = release::Record::from_secret(&secret).unwrap();
    helm.uninstall("flux", "flux-records").unwrap();
    definitions_are_gone(cluster).await;
    (Value::Object(record.json().clone()), secret)
}

/// Waits until no definition is being deleted any more: the API server takes the time to look for objects of each.
async fn definitions_are_gone(cluster: &cluster::Cluster) {
    let definitions = cluster::Resource::custom_resource_definition();
    for _ in 0..600 {
        let found = cluster.list(&definitions, None, "").await.unwrap();
        if found.iter().all(|definition| definition["metadata"]["deletionTimestamp"].is_null()) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("definitions are still being deleted");
}

async fn secret(cluster: &cluster::Cluster) -> Value {
    let name = "sh.helm.release.v1.flux.v1";
    get(cluster, cluster::Resource::secret(), "flux-records", name).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_record_of_flux2_is_helms_key_by_key() {
    let plane = require!(ControlPlane::start(Size::Nodes));
    let helm = require!(Helm::new(&plane));
    let chart = require!(TestChart::flux2("2.18.3"));
    let cluster = admin(&plane).await;
    let (expected, their_secret) =
        helms(&helm, &cluster, &chart, &["helmController.replicas=2", "logLevel=debug"]).await;

    let set = [("helmController.replicas", "2"), ("logLevel", "debug")];
    let mut setup = Setup::with(&cluster, &chart, "flux", "flux-records", &set);
    let ours = setup.install().await.unwrap();
    let ours = Value::Object(ours.record.json().clone());
    assert_eq!(differences(&without_times(expected.clone()), &without_times(ours)), "");
    let our_secret = secret(&cluster).await;
    let labels = |secret: &Value| {
        let mut labels = secret["metadata"]["labels"].clone();
        // Helm loses it when it writes the record again.
        labels.as_object_mut().unwrap().remove("createdAt");
        labels["modifiedAt"] = "a time".into();
        labels
    };
    assert_eq!(labels(&our_secret), labels(&their_secret));
    assert_eq!(our_secret["type"], "helm.sh/release.v1");
    remove(&cluster, "flux", "flux-records").await.unwrap();

    // With definitions kept, that annotation is all that differs.
    setup.settings.keep_crds = true;
    let ours = setup.install().await.unwrap();
    let mut ours = Value::Object(ours.record.json().clone());
    let manifest = ours["manifest"].as_str().unwrap();
    let kept = "    helm.sh/resource-policy: keep\n";
    assert_eq!(manifest.matches(kept).count(), 14);
    ours["manifest"] = manifest.replace(kept, "").into();
    assert_eq!(differences(&without_times(expected), &without_times(ours)), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_record_of_a_chart_with_subcharts_is_helms_key_by_key() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let helm = require!(Helm::new(&plane));
    let cluster = admin(&plane).await;
    let config =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-{{ .Chart.Name }}\n";
    let hook = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-hook\n  annotations:\n    helm.sh/hook: pre-install,post-delete\n    helm.sh/hook-weight: \"3\"\n";
    let upgrade_hook = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: never\n  annotations:\n    helm.sh/hook: pre-upgrade\n";
    let chart = TestChart::of(&[
        (
            "Chart.yaml",
            "apiVersion: v2\nname: demo\nversion: 1.0.0\nkeywords: [a]\nmaintainers: [{name: x}]\ndependencies:\n- {name: one, version: 1.x, repository: \"\", import-values: [data]}\n- {name: two, version: 1.x, repository: \"\", condition: two.enabled}\n",
        ),
        ("values.yaml", "a: 1\nb: 1.5\nnothing:\ntwo: {enabled: false}\n"),
        ("values.schema.json", "{\"type\": \"object\"}"),
        ("README.md", "# demo\n"),
        ("charts/one/Chart.yaml", "apiVersion: v2\nname: one\nversion: 1.2.3\n"),
        ("charts/one/values.yaml", "exports: {data: {imported: yes}}\nsize: 10\n"),
        ("charts/one/templates/config.yaml", config),
        ("charts/two/Chart.yaml", "apiVersion: v2\nname: two\nversion: 1.2.3\n"),
        ("charts/two/templates/config.yaml", config),
        ("templates/_helpers.tpl", "{{ define \"x\" }}{{ end }}"),
        ("templates/config.yaml", config),
        ("templates/hook.yaml", hook),
        ("templates/upgrade.yaml", upgrade_hook),
        ("templates/NOTES.txt", "Hello {{ .Release.Name }}\n"),
    ]);
    let (theirs, ours) = (plane.namespace("theirs"), plane.namespace("ours"));
    helm.run(["install", "demo", crate::arrange::text(&chart.path), "-n", &theirs, "--set", "a=1.0,c.d=x"])
        .unwrap();
    let expected = release::last(&cluster, &theirs, "demo").await.unwrap().unwrap();
    let setup = Setup::with(&cluster, &chart, "demo", &ours, &[("a", "1.0"), ("c.d", "x")]);
    let record = setup.install().await.unwrap().record;
    // In a folder the order of files is that of the file system.
    let sorted = |record: &release::Record| {
        let mut json = without_times(Value::Object(record.json().clone()));
        for files in ["templates", "files"] {
            if let Some(files) = json["chart"][files].as_array_mut() {
                files.sort_by_key(|file| file["name"].as_str().unwrap().to_owned());
            }
        }
        json["namespace"] = "a namespace".into();
        json
    };
    assert_eq!(differences(&sorted(&expected), &sorted(&record)), "");

    // After an upgrade both revisions are on record, the first one as superseded.
    let path = crate::arrange::text(&chart.path);
    helm.run(["upgrade", "demo", path, "-n", &theirs, "--set", "a=2.0,c.d=y"]).unwrap();
    let expected = release::history(&cluster, &theirs, "demo").await.unwrap();
    setup.upgrade(&chart, &[("a", "2.0"), ("c.d", "y")]).await.unwrap();
    let history = setup.history().await;
    assert_eq!((expected.len(), history.len()), (2, 2));
    for (expected, record) in expected.iter().zip(&history) {
        let different = differences(&sorted(expected), &sorted(record));
        assert_eq!(different, "", "revision {}", record.revision());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_numbers_beyond_53_bits_are_stored_with_helms_digits() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let helm = require!(Helm::new(&plane));
    let cluster = admin(&plane).await;
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\n";
    let numbers = "a: 12345678901234567\nb: -9007199254740993\nc: 1152921504606846976\nd: 10000000000000000000\ne: 1e-7\nf: 1.5\n";
    let chart = TestChart::of(&[("templates/config.yaml", config), ("values.yaml", numbers)]);
    let file = chart.path.join("given.yaml");
    std::fs::write(&file, format!("of_file:\n  {}", numbers.replace('\n', "\n  ").trim_end())).unwrap();
    let (theirs, ours) = (plane.namespace("theirs"), plane.namespace("ours"));
    let (path, given) = (crate::arrange::text(&chart.path), crate::arrange::text(&file));
    let set = "id=12345678901234567";
    helm.run(["install", "demo", path, "-n", &theirs, "-f", given, "--set", set]).unwrap();
    let expected = release::last(&cluster, &theirs, "demo").await.unwrap().unwrap();

    let values = values_of(&file, set);
    let mut setup = Setup::new(&cluster, &chart, "demo", &ours);
    setup.rendered = render(&chart.chart, &values, &Options::new("demo", &ours)).unwrap();
    let record = setup.install().await.unwrap().record;
    let stored = release::last(&cluster, &ours, "demo").await.unwrap().unwrap();
    for (name, record) in [("written", &record), ("read back", &stored)] {
        let (config, defaults) = (record.config().unwrap(), &record.json()["chart"]["values"]);
        let expected_config = Value::Object(expected.config().unwrap().clone());
        assert_eq!(differences(&expected_config, &Value::Object(config.clone())), "", "{name}");
        assert_eq!(differences(&expected.json()["chart"]["values"], defaults), "", "{name}");
        // What a plan says before, so that the digest of both is one.
        assert_eq!(*config, values.to_json(), "{name}");
        assert_eq!(config["id"], 12_345_678_901_234_567_i64);
    }
}

fn values_of(file: &std::path::Path, set: &str) -> Values {
    let mut values = Values::new();
    values.add_yaml(&std::fs::read_to_string(file).unwrap()).unwrap();
    values.set(set).unwrap();
    values
}
