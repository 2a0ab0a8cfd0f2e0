//! An object that a later revision states in another version of its kind is the same object.

use std::sync::{Arc, Mutex};

use cluster::{Cluster, Resource, Target};
use release::{CleanUp, Error, Event, Progress, Status, UninstallRequest, uninstall};
use serde_json::json;
use testutil::{ControlPlane, Size, require};

use crate::arrange::{Setup, TestChart, admin, get};

const MORE: &str =
    "{{ if .Values.more }}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: more\n{{ end }}\n";

/// A chart with a definition that serves v1 and v1beta1, and one object in the version that its values say.
fn things(group: &str) -> TestChart {
    let definition = include_str!("data/definition.yaml").replace("demo.example", group);
    let (head, version) = definition.split_once("    - name: v1\n").unwrap();
    let older = version.replace("storage: true", "storage: false");
    let definition = format!("{head}    - name: v1\n{version}    - name: v1beta1\n{older}");
    let thing = format!(
        "apiVersion: {group}/{{{{ .Values.version }}}}\nkind: Thing\nmetadata:\n  name: first\nspec:\n  size: {{{{ .Values.size }}}}\n"
    );
    TestChart::of(&[
        ("crds/things.yaml", &definition),
        ("templates/thing.yaml", &thing),
        ("templates/more.yaml", MORE),
    ])
}

fn kind(group: &str) -> Resource {
    Resource::new(group, "v1", "Thing", "things", true)
}

/// The uid and the size of the object.
async fn thing(cluster: &Cluster, group: &str, namespace: &str) -> (String, i64) {
    let found = get(cluster, kind(group), namespace, "first").await.expect("the object is there");
    (found["metadata"]["uid"].as_str().unwrap().to_owned(), found["spec"]["size"].as_i64().unwrap())
}

/// Stops an upgrade once the object is written, before what it drops is deleted.
fn stopped_half_way(setup: &mut Setup<'_>) {
    let cancel = setup.cancel.clone();
    setup.progress = Progress::new(move |event| {
        if matches!(event, Event::Applied { object, .. } if object.resource.kind == "Thing") {
            cancel.cancel();
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_to_another_version_of_a_kind_changes_the_object_and_takes_its_fields_back() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let (group, namespace) = ("upgraded.example", plane.namespace("other-version"));
    let chart = things(group);
    let set = [("version", "v1beta1"), ("size", "1")];
    let setup = Setup::with(&cluster, &chart, "demo", &namespace, &set);
    setup.install().await.unwrap();
    let (uid, _) = thing(&cluster, group, &namespace).await;
    let target = Target::new(kind(group), &namespace, "first");
    cluster.merge(&target, &json!({ "spec": { "size": 9 } }), "kubectl-patch").await.unwrap();
    setup.upgrade(&chart, &[("version", "v1"), ("size", "2")]).await.unwrap();
    assert_eq!(thing(&cluster, group, &namespace).await, (uid, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_to_another_version_of_a_kind_keeps_the_object() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let (group, namespace) = ("back.example", plane.namespace("version-back"));
    let chart = things(group);
    let set = [("version", "v1beta1"), ("size", "1"), ("more", "true")];
    let mut setup = Setup::with(&cluster, &chart, "demo", &namespace, &set);
    setup.install().await.unwrap();
    let (uid, _) = thing(&cluster, group, &namespace).await;
    stopped_half_way(&mut setup);
    let error = setup.upgrade(&chart, &[("version", "v1"), ("size", "2")]).await.unwrap_err();
    assert!(matches!(error, Error::Undone { clean_up: CleanUp::RolledBack { to: 1 }, .. }), "{error:?}");
    assert_eq!(thing(&cluster, group, &namespace).await, (uid, 1));
    assert!(get(&cluster, Resource::config_map(), &namespace, "more").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_two_revisions_state_in_two_versions_is_uninstalled_once() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let (group, namespace) = ("uninstalled.example", plane.namespace("two-versions"));
    let chart = things(group);
    let set = [("version", "v1beta1"), ("size", "1"), ("more", "true")];
    let mut setup = Setup::with(&cluster, &chart, "demo", &namespace, &set);
    setup.install().await.unwrap();
    setup.settings.atomic = false;
    setup.settings.cleanup_on_fail = false;
    stopped_half_way(&mut setup);
    setup.upgrade(&chart, &[("version", "v1"), ("size", "2")]).await.unwrap_err();
    let statuses: Vec<Status> = setup.history().await.iter().map(release::Record::status).collect();
    assert_eq!(statuses, [Status::Deployed, Status::Failed]);

    let deleted = Arc::new(Mutex::new(Vec::new()));
    let progress = Progress::new({
        let deleted = Arc::clone(&deleted);
        move |event| {
            if let Event::Deleted { object } = event {
                deleted.lock().unwrap().push(object.name.clone());
            }
        }
    });
    let request = UninstallRequest::new("demo", &namespace);
    uninstall(&cluster, &request, &tokio_util::sync::CancellationToken::new(), &progress).await.unwrap();
    let mut deleted = deleted.lock().unwrap().clone();
    deleted.sort();
    assert_eq!(deleted, ["first", "more"]);
    assert_eq!(get(&cluster, kind(group), &namespace, "first").await, None);
}
