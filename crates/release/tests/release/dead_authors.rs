//! Records whose authors died are in nobody's way.

use base64::{Engine, engine::general_purpose::STANDARD};
use cluster::Cluster;
use release::{CleanUp, Error, Event, Progress, Status};
use serde_json::{Value, json};
use testutil::{ControlPlane, Size, require};

use crate::arrange::{Setup, TestChart, admin};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\n";
const OLD: &str =
    "{{ if .Values.old }}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: old\n{{ end }}\n";

fn chart() -> TestChart {
    TestChart::of(&[("templates/config.yaml", CONFIG), ("templates/old.yaml", OLD)])
}

/// Leaves the record of somebody who died years ago.
async fn leave(cluster: &Cluster, namespace: &str, revision: u64, status: Status, annotations: Value) {
    let record = json!({
        "name": "demo", "namespace": namespace, "version": revision,
        "info": { "status": status.as_str(), "last_deployed": "2020-01-01T00:00:00Z" },
        "chart": { "metadata": { "name": "demo", "version": "1.0.0" } },
    });
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {
            "namespace": namespace,
            "name": format!("sh.helm.release.v1.demo.v{revision}"),
            "annotations": annotations,
            "labels": {
                "owner": "helm", "name": "demo", "status": status.as_str(),
                "version": revision.to_string(), "createdAt": "1577836800",
            },
        },
        "data": { "release": STANDARD.encode(STANDARD.encode(record.to_string())) },
    });
    cluster.create(&secret, "helm").await.unwrap();
}

async fn revisions(setup: &Setup<'_>) -> Vec<(u64, Status)> {
    setup.history().await.iter().map(|it| (it.revision(), it.status())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_install_prunes_the_record_of_a_dead_author() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let (chart, namespace) = (chart(), plane.namespace("dead-install"));
    leave(&cluster, &namespace, 1, Status::PendingInstall, json!({})).await;
    let mut setup = Setup::new(&cluster, &chart, "demo", &namespace);
    setup.settings.max_history = 1;
    setup.install().await.unwrap();
    assert_eq!(revisions(&setup).await, [(2, Status::Deployed)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_prunes_the_records_of_dead_authors_and_notes_the_others() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let (chart, namespace) = (chart(), plane.namespace("dead-upgrades"));
    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    setup.install().await.unwrap();
    leave(&cluster, &namespace, 2, Status::PendingUpgrade, json!({})).await;
    leave(&cluster, &namespace, 3, Status::PendingUpgrade, json!({})).await;
    setup.upgrade(&chart, &[]).await.unwrap();
    assert_eq!(
        revisions(&setup).await,
        [(1, Status::Superseded), (3, Status::Failed), (4, Status::Deployed)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_pruned_the_record_of_a_dead_author_can_go_back() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let (chart, namespace) = (chart(), plane.namespace("dead-rollback"));
    let mut setup = Setup::with(&cluster, &chart, "demo", &namespace, &[("old", "true")]);
    setup.settings.max_history = 2;
    setup.install().await.unwrap();
    leave(&cluster, &namespace, 2, Status::PendingUpgrade, json!({})).await;
    let cancel = setup.cancel.clone();
    setup.progress = Progress::new(move |event| {
        if matches!(event, Event::Applied { .. }) {
            cancel.cancel();
        }
    });
    let error = setup.upgrade(&chart, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Undone { clean_up: CleanUp::RolledBack { to: 1 }, .. }), "{error:?}");
    assert_eq!(revisions(&setup).await.last(), Some(&(4, Status::Deployed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_of_life_that_is_promised_for_the_end_of_days_locks_no_longer_than_others() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let (chart, namespace) = (chart(), plane.namespace("endless-beat"));
    let beats = json!({ "fluxgate/heartbeat-seconds": u64::MAX.to_string() });
    leave(&cluster, &namespace, 1, Status::PendingInstall, beats).await;
    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    setup.install().await.unwrap();
    assert_eq!(revisions(&setup).await, [(1, Status::Failed), (2, Status::Deployed)]);
}
