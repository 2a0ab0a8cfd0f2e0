//! What goes wrong is undone and told.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use cluster::{Connection, Resource, Target, connect};
use release::{CleanUp, Error, Event, Progress, Record, Status};
use serde_json::json;
use testutil::{
    ControlPlane, Size,
    faults::{Answer, Fault, FaultyProxy},
    kubeconfig::{Kubeconfig, User},
    require,
};

use crate::arrange::{LIMITS, Setup, TestChart, admin, get, namespace_stays};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\n";

fn jobs() -> Resource {
    Resource::new("batch", "v1", "Job", "jobs", true)
}

/// A hook that fails at once, or never ends, by what its Pod asks for.
fn hook(extra: &str, spec: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: hook\n  annotations:\n    helm.sh/hook: pre-install\n{extra}spec:\n{spec}  backoffLimit: 0\n  template:\n    spec:\n      restartPolicy: Never\n      nodeSelector: {{no: where}}\n      containers: [{{name: a, image: b}}]\n"
    )
}

fn chart(hook: &str) -> TestChart {
    TestChart::of(&[("templates/config.yaml", CONFIG), ("templates/hook.yaml", hook)])
}

async fn nothing_is_left(setup: &Setup<'_>) {
    assert!(get(setup.cluster, Resource::config_map(), &setup.namespace, "demo").await.is_none());
    let job = get(setup.cluster, jobs(), &setup.namespace, "hook").await;
    assert!(job.is_none_or(|it| !it["metadata"]["deletionTimestamp"].is_null()));
    assert!(setup.history().await.is_empty());
    assert!(!namespace_stays(setup.cluster, &setup.namespace).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_hook_is_told_and_leaves_nothing() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let chart = chart(&hook("", "  activeDeadlineSeconds: 1\n"));
    let setup = Setup::new(&cluster, &chart, "demo", "failing-hook");
    let error = setup.install().await.unwrap_err();
    assert!(matches!(error, Error::Undone { clean_up: CleanUp::Uninstalled, .. }), "{error:?}");
    let text = error.to_string();
    for word in [
        "pre-install hook Job/failing-hook/hook (demo/templates/hook.yaml) failed",
        "DeadlineExceeded",
        "has been removed",
    ] {
        assert!(text.contains(word), "{text}");
    }
    nothing_is_left(&setup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_never_ends_runs_out_of_time_and_the_record_says_so() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let chart = chart(&hook("", ""));
    let mut setup = Setup::new(&cluster, &chart, "demo", "endless-hook");
    setup.settings.timeout = Duration::from_secs(4);
    setup.settings.atomic = false;
    let error = setup.install().await.unwrap_err();
    assert!(matches!(error, Error::Hook(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("Job/endless-hook/hook") && text.contains("last event"), "{text}");
    let history = setup.history().await;
    assert_eq!(history[0].status(), Status::Failed);
    assert!(history[0].description().starts_with("Release \"demo\" failed: the pre-install hook"));
    assert!(get(&cluster, jobs(), "endless-hook", "hook").await.is_some());
    // The next install goes on where that failed; an uninstall takes the hook's Job along.
    setup.settings.disable_hooks = true;
    let installed = setup.install().await.unwrap();
    assert_eq!(installed.record.revision(), 2);
    let removed = setup.uninstall().await.unwrap();
    assert!(removed.record.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_stop_in_the_middle_takes_everything_back() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let chart = chart(&hook("", ""));
    let mut setup = Setup::new(&cluster, &chart, "demo", "stopped");
    let cancel = setup.cancel.clone();
    setup.progress = Progress::new(move |event| {
        if matches!(event, Event::HookStarted { .. }) {
            let cancel = cancel.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(500)).await;
                cancel.cancel();
            });
        }
    });
    let started = Instant::now();
    let error = setup.install().await.unwrap_err();
    assert!(error.is_cancelled(), "{error:?}");
    assert!(matches!(error, Error::Undone { clean_up: CleanUp::Uninstalled, .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(60));
    nothing_is_left(&setup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_stop_in_the_middle_of_an_upgrade_goes_back() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let good = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    let hooked = chart(&hook("", "").replace("pre-install", "post-upgrade"));
    let mut setup = Setup::new(&cluster, &good, "demo", "stopped-upgrade");
    setup.install().await.unwrap();
    let cancel = setup.cancel.clone();
    setup.progress = Progress::new(move |event| {
        if matches!(event, Event::HookStarted { .. }) {
            let cancel = cancel.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(500)).await;
                cancel.cancel();
            });
        }
    });
    let error = setup.upgrade(&hooked, &[]).await.unwrap_err();
    assert!(error.is_cancelled(), "{error:?}");
    assert!(matches!(error, Error::Undone { clean_up: CleanUp::RolledBack { to: 1 }, .. }), "{error:?}");
    let job = get(&cluster, jobs(), "stopped-upgrade", "hook").await;
    assert!(job.is_none_or(|it| !it["metadata"]["deletionTimestamp"].is_null()));
    let statuses: Vec<Status> = setup.history().await.iter().map(Record::status).collect();
    assert_eq!(statuses, [Status::Superseded, Status::Failed, Status::Deployed]);
}

/// A hook of an upgrade that is no work: what the work needs, or what it leaves.
fn beside(kind: &str, name: &str, policies: &str) -> String {
    let api_version = if kind == "ConfigMap" { "v1" } else { "rbac.authorization.k8s.io/v1" };
    format!(
        "apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name}\n  annotations:\n    helm.sh/hook: pre-upgrade\n    helm.sh/hook-weight: \"-10\"\n    helm.sh/hook-delete-policy: {policies}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hooks_of_a_stopped_upgrade_needed_goes_with_them() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let good = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    let done = "before-hook-creation,hook-succeeded,hook-failed";
    let hooked = TestChart::of(&[
        ("templates/config.yaml", CONFIG),
        ("templates/role.yaml", &beside("ClusterRole", "stopped-hooks", done)),
        ("templates/failed.yaml", &beside("ConfigMap", "failed-only", "hook-failed")),
        ("templates/left.yaml", &beside("ConfigMap", "left", "before-hook-creation")),
        ("templates/hook.yaml", &hook("", "").replace("pre-install", "pre-upgrade")),
    ]);
    let mut setup = Setup::new(&cluster, &good, "demo", "stopped-hooks");
    setup.install().await.unwrap();
    let cancel = setup.cancel.clone();
    setup.progress = Progress::new(move |event| {
        if matches!(event, Event::HookStarted { object, .. } if object.resource.kind == "Job") {
            cancel.cancel();
        }
    });
    let error = setup.upgrade(&hooked, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Undone { clean_up: CleanUp::RolledBack { to: 1 }, .. }), "{error:?}");
    let role = Resource::new("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false);
    assert_eq!(get(&cluster, role, "", "stopped-hooks").await, None);
    assert_eq!(get(&cluster, Resource::config_map(), "stopped-hooks", "failed-only").await, None);
    let left = get(&cluster, Resource::config_map(), "stopped-hooks", "left").await;
    assert!(left.is_some(), "its author wants it gone only before the next one");
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_run_by_their_weight_and_then_by_their_name() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let hook = |api_version: &str, kind: &str, name: &str, weight: &str| {
        format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name}\n  annotations:\n    helm.sh/hook: pre-install\n    helm.sh/hook-weight: \"{weight}\"\n"
        )
    };
    // Kinds, names and weights as texts each say another order.
    let chart = TestChart::of(&[
        ("templates/a.yaml", &hook("v1", "ServiceAccount", "a", "10")),
        ("templates/b.yaml", &hook("v1", "ConfigMap", "c", "2")),
        ("templates/c.yaml", &hook("v1", "ConfigMap", "b", "2")),
        ("templates/d.yaml", &hook("rbac.authorization.k8s.io/v1", "Role", "d", "-5")),
    ]);
    let mut setup = Setup::new(&cluster, &chart, "demo", "hook-weights");
    let run = Arc::new(Mutex::new(Vec::new()));
    setup.progress = Progress::new({
        let run = Arc::clone(&run);
        move |event: &Event| {
            if let Event::HookStarted { object, .. } = event {
                run.lock().unwrap().push(object.name.clone());
            }
        }
    });
    setup.install().await.unwrap();
    assert_eq!(*run.lock().unwrap(), ["d", "b", "c", "a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stumbles_holds_up_nobody() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let proxy = require!(FaultyProxy::start(&plane));
    let kubeconfig =
        Kubeconfig::new(&proxy.url(), Some(&plane.ca_pem()), User::Token(plane.token().to_owned()));
    let path = plane.write_kubeconfig(&kubeconfig);
    let cluster = connect(&Connection::kubeconfig([path], None), LIMITS).await.unwrap();
    let namespace = plane.namespace("stumbles");
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    let busy = Answer::kubernetes(429, "TooManyRequests", "later").header("retry-after", "0");
    proxy.spoil("GET /api/v1/namespaces", 1, Fault::Answer(busy));
    proxy.spoil("POST /api/v1/namespaces", 1, Fault::LostAnswer);
    proxy.spoil("configmaps/demo", 2, Fault::Cut);
    proxy.spoil("PATCH", 1, Fault::Answer(Answer::kubernetes(503, "ServiceUnavailable", "not now")));
    let installed = setup.install().await.unwrap();
    assert_eq!(installed.record.revision(), 1);
    assert_eq!(setup.history().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_and_comes_back_leaves_nothing_half_done() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let proxy = Arc::new(require!(FaultyProxy::start(&plane)));
    let kubeconfig =
        Kubeconfig::new(&proxy.url(), Some(&plane.ca_pem()), User::Token(plane.token().to_owned()));
    let path = plane.write_kubeconfig(&kubeconfig);
    let cluster = connect(&Connection::kubeconfig([path], None), LIMITS).await.unwrap();
    let broken = chart(&hook("", ""));
    let mut setup = Setup::new(&cluster, &broken, "demo", "goes-away");
    let spoiled = Arc::clone(&proxy);
    setup.progress = Progress::new(move |event| {
        if matches!(event, Event::HookStarted { .. }) {
            spoiled.spoil("/", 30, Fault::Cut);
        }
    });
    let error = setup.install().await.unwrap_err();
    assert!(matches!(error, Error::Undone { clean_up: CleanUp::Uninstalled, .. }), "{error:?}");
    assert!(error.to_string().contains("cannot reach"), "{error}");
    nothing_is_left(&setup).await;
    // The next one arrives.
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    Setup::new(&cluster, &chart, "demo", "goes-away").install().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_fails_takes_away_what_it_made_and_nothing_else() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let proxy = Arc::new(require!(FaultyProxy::start(&plane)));
    let kubeconfig =
        Kubeconfig::new(&proxy.url(), Some(&plane.ca_pem()), User::Token(plane.token().to_owned()));
    let path = plane.write_kubeconfig(&kubeconfig);
    let cluster = connect(&Connection::kubeconfig([path], None), LIMITS).await.unwrap();
    let namespace = plane.namespace("cleans-up");
    let named = |name: &str| CONFIG.replace("demo", name);
    let before =
        TestChart::of(&[("templates/config.yaml", CONFIG), ("templates/dropped.yaml", &named("dropped"))]);
    let after = TestChart::of(&[("templates/config.yaml", CONFIG), ("templates/new.yaml", &named("new"))]);
    let mut setup = Setup::new(&cluster, &before, "demo", &namespace);
    setup.settings.atomic = false;
    setup.install().await.unwrap();
    let uid = |object: Option<serde_json::Value>| object.map(|it| it["metadata"]["uid"].clone());
    let config = || get(&cluster, Resource::config_map(), &namespace, "demo");
    let there = uid(config().await);

    // Of what was there and of what is new, the answers are lost; then, when both are written, it is told to stop.
    let (spoiled, cancel) = (Arc::clone(&proxy), setup.cancel.clone());
    let applied = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&applied);
    setup.progress = Progress::new(move |event| match event {
        Event::Recorded { status, .. } if status == "pending-upgrade" => {
            spoiled.spoil("configmaps/demo?", 1, Fault::LostAnswer);
            spoiled.spoil("configmaps/new?", 1, Fault::LostAnswer);
        }
        Event::Applied { object, created } => {
            let mut seen = seen.lock().unwrap();
            seen.push((object.name.clone(), *created));
            if seen.len() == 2 {
                cancel.cancel();
            }
        }
        _ => {}
    });
    let error = setup.upgrade(&after, &[]).await.unwrap_err();
    assert!(error.is_cancelled(), "{error:?}");
    let mut applied = applied.lock().unwrap().clone();
    applied.sort();
    assert_eq!(applied, [("demo".to_owned(), false), ("new".to_owned(), true)]);
    assert_eq!(uid(config().await), there);
    assert_eq!(get(&cluster, Resource::config_map(), &namespace, "new").await, None);
    assert!(get(&cluster, Resource::config_map(), &namespace, "dropped").await.is_some());
    assert_eq!(setup.history().await.last().unwrap().status(), Status::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uninstall_that_is_held_up_can_be_gone_on_with_or_taken_back() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("held-up");
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    setup.install().await.unwrap();
    let target = Target::new(Resource::config_map(), &namespace, "demo");
    let held = |finalizers: serde_json::Value| json!({ "metadata": { "finalizers": finalizers } });
    cluster.merge(&target, &held(json!(["demo.example/held"])), "test").await.unwrap();
    let mut request = release::UninstallRequest::new("demo", &namespace);
    request.timeout = Duration::from_secs(2);
    let error = release::uninstall(&cluster, &request, &setup.cancel, &setup.progress).await.unwrap_err();
    assert!(matches!(error, Error::Delete { .. }), "{error:?}");
    assert!(error.to_string().contains("demo.example/held"), "{error}");
    let history = setup.history().await;
    assert_eq!(history[0].status(), Status::Failed);
    assert!(history[0].description().starts_with("Uninstalling \"demo\" failed"));
    cluster.merge(&target, &held(json!(null)), "test").await.unwrap();
    let upgraded = setup.upgrade(&chart, &[]).await.unwrap();
    assert_eq!(upgraded.record.revision(), 2);
    assert!(get(&cluster, Resource::config_map(), &namespace, "demo").await.is_some());
    setup.uninstall().await.unwrap();
    assert!(setup.history().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_installs_at_once_one_wins() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    let (first, second) = (
        Setup::new(&cluster, &chart, "demo", "two-at-once"),
        Setup::new(&cluster, &chart, "demo", "two-at-once"),
    );
    let (a, b) = tokio::join!(first.install(), second.install());
    let lost = match (a, b) {
        (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
        other => panic!("{other:?}"),
    };
    assert!(matches!(lost, Error::Pending { .. } | Error::NameInUse { .. }), "{lost:?}");
    assert!(get(&cluster, Resource::config_map(), "two-at-once", "demo").await.is_some());
    assert_eq!(first.history().await[0].status(), Status::Deployed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_deleted_is_not_patched() {
    let plane = require!(ControlPlane::start(Size::Api));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("going");
    let definition = include_str!("data/definition.yaml");
    let chart = TestChart::of(&[("templates/crd.yaml", definition)]);
    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    setup.install().await.unwrap();
    let target = Target::new(Resource::custom_resource_definition(), "", "things.demo.example");
    cluster
        .merge(&target, &json!({ "metadata": { "finalizers": ["demo.example/held"] } }), "test")
        .await
        .unwrap();
    let soon = Duration::from_secs(1);
    cluster.delete(&cluster::DeleteRequest::new(&target, soon)).await.unwrap_err();
    let error = setup.upgrade(&chart, &[]).await.unwrap_err().to_string();
    assert!(
        error.contains("CustomResourceDefinition/things.demo.example") && error.contains("is being deleted"),
        "{error}"
    );

    let going = Target::namespace(&namespace);
    cluster.delete(&cluster::DeleteRequest::new(&going, soon)).await.unwrap_err();
    let other = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    let error = Setup::new(&cluster, &other, "other", &namespace).install().await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("Namespace/{namespace}")) && error.contains("is being deleted"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_release_locks_until_its_author_counts_as_dead() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    let namespace = plane.namespace("pending");
    let mut setup = Setup::new(&cluster, &chart, "demo", &namespace);
    // As if killed: the record stays as it was written first.
    let seen = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&seen);
    setup.progress = Progress::new(move |event| events.lock().unwrap().push(event.clone()));
    {
        let install = setup.install();
        tokio::pin!(install);
        loop {
            let recorded = |event: &Event| matches!(event, Event::Recorded { .. });
            tokio::select! {
                ended = &mut install => panic!("{ended:?}"),
                () = tokio::time::sleep(Duration::from_micros(50)) => {
                    if seen.lock().unwrap().iter().any(recorded) {
                        break;
                    }
                }
            }
        }
    }
    if setup.history().await.last().unwrap().status() != Status::PendingInstall {
        return;
    }
    assert_eq!(setup.history().await[0].heartbeat(), Some(Duration::from_secs(30)));
    let error = setup.install().await.unwrap_err();
    assert!(matches!(error, Error::Pending { revision: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("pending-install since 20"), "{error}");
    setup.settings.pending_after = Duration::ZERO;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let installed = setup.install().await.unwrap();
    assert_eq!(installed.record.revision(), 2);
    let statuses: Vec<Status> = setup.history().await.iter().map(Record::status).collect();
    assert_eq!(statuses, [Status::Failed, Status::Deployed]);
}
