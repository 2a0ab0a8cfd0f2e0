//! Waiting as the controllers' part is played by the test, by way of the status subresource.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use cluster::{Condition, Connection, Error, IssueError, Issued, Issuer, Progress, Wait, WaitError, connect};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use testutil::{ControlPlane, require};
use tokio_util::sync::CancellationToken;

use crate::{
    arrange::{
        LIMITS, LONG, Other, SHORT, applied, flux, git_repository, git_repository_kind,
        git_repository_target, ready_status, story,
    },
    proxy::{Fate, Proxy},
};

/// An object that was just applied, and its controller.
struct Scene {
    namespace: String,
    target: cluster::Target,
    object: Value,
    controller: Other,
}

impl Scene {
    async fn new(plane: &ControlPlane, cluster: &cluster::Cluster) -> Self {
        let namespace = plane.namespace("wait");
        let object = applied(cluster, &git_repository(&namespace, "podinfo")).await;
        let target = git_repository_target(&namespace, "podinfo");
        Self { namespace, target, object, controller: Other::named(plane, "source-controller") }
    }

    fn ready(&self) -> Wait {
        Wait::new(&self.target, Condition::ready(git_repository_kind()), LONG)
    }

    async fn report(&self, status: &str, reason: &str, message: &str) -> Value {
        self.controller.status(&self.target, ready_status(&self.object, status, reason, message)).await
    }
}

/// Does something a little later, so that the wait has begun by then.
async fn soon<T>(act: impl Future<Output = T>) -> T {
    tokio::time::sleep(SHORT).await;
    act.await
}

#[tokio::test]
async fn a_wait_that_begins_at_what_was_applied_is_one_request() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let before = cluster.requests();
    let wait = scene.ready().from(scene.object.clone());
    let (waited, reported) =
        tokio::join!(cluster.wait(&wait), soon(scene.report("True", "Succeeded", "stored artifact")));
    assert_eq!(waited.unwrap(), Some(reported));
    assert_eq!(cluster.requests() - before, 1);
}

#[tokio::test]
async fn nothing_that_happens_between_apply_and_wait_is_missed() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let reported = scene.report("True", "Succeeded", "stored artifact").await;
    let waited = cluster.wait(&scene.ready().from(scene.object.clone())).await.unwrap();
    assert_eq!(waited, Some(reported));
}

#[tokio::test]
async fn what_is_ready_already_is_not_asked_for() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let reported = scene.report("True", "Succeeded", "stored artifact").await;
    let before = cluster.requests();
    let waited = cluster.wait(&scene.ready().from(reported.clone())).await.unwrap();
    assert_eq!((waited, cluster.requests()), (Some(reported), before));
}

#[tokio::test]
async fn a_wait_without_a_beginning_reads_and_watches() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let proxy = Proxy::start(&plane, |_, _| Fate::Pass).await;
    let through = proxy.cluster().await;
    let wait = scene.ready();
    let (waited, reported) = tokio::join!(through.wait(&wait), async {
        proxy.has_been_asked(2).await;
        scene.report("True", "Succeeded", "stored artifact").await
    });
    assert_eq!(waited.unwrap(), Some(reported));
    assert_eq!(through.requests(), 2);
}

#[tokio::test]
async fn readiness_of_an_older_generation_does_not_count() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    scene.report("True", "Succeeded", "stored artifact").await;
    let mut object = git_repository(&scene.namespace, "podinfo");
    object["spec"]["interval"] = json!("5m");
    let changed = applied(&cluster, &object).await;
    let wait = Wait { timeout: SHORT, ..scene.ready().from(changed) };
    assert!(matches!(cluster.wait(&wait).await, Err(WaitError::TimedOut { .. })));
}

#[tokio::test]
async fn a_wait_that_takes_too_long_tells_the_condition_and_the_last_events() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let failing = scene.report("False", "GitOperationFailed", "authentication required").await;
    let event = json!({
        "metadata": { "generateName": "podinfo-", "namespace": scene.namespace },
        "involvedObject": {
            "kind": "GitRepository", "namespace": scene.namespace, "name": "podinfo",
            "uid": scene.object["metadata"]["uid"],
        },
        "type": "Warning", "reason": "GitOperationFailed", "message": "failed to checkout: authentication required",
        "source": { "component": "source-controller" }, "count": 3, "lastTimestamp": "2026-01-01T00:00:00Z",
    });
    scene.controller.create(&cluster::Resource::event(), &scene.namespace, event).await;

    let wait = Wait { timeout: SHORT, ..scene.ready().from(failing.clone()) };
    let error = cluster.wait(&wait).await.unwrap_err();
    let hidden = [(plane.server(), "SERVER"), (scene.namespace.as_str(), "NAMESPACE")];
    let explanation = error.explanation().unwrap();
    let events: Vec<String> = explanation.events.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("timed_out", format!("{}\n{}", story(&error, &hidden), events.join("\n")));
    assert_eq!(explanation.condition.as_ref().unwrap().reason, "GitOperationFailed");
    assert_eq!(error.last(), Some(&failing));
}

#[tokio::test]
async fn an_object_that_gives_up_ends_the_wait() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let mut status = ready_status(&scene.object, "False", "URLInvalid", "the URL is invalid");
    let mut stalled = status["conditions"][0].clone();
    stalled["type"] = json!("Stalled");
    stalled["status"] = json!("True");
    status["conditions"].as_array_mut().unwrap().push(stalled);
    let wait = scene.ready();
    let (waited, _) = tokio::join!(cluster.wait(&wait), soon(scene.controller.status(&scene.target, status)));
    let error = waited.unwrap_err();
    assert!(matches!(error, WaitError::Failed { .. }), "{error:?}");
    let hidden = [(plane.server(), "SERVER"), (scene.namespace.as_str(), "NAMESPACE")];
    insta::assert_snapshot!("failed", story(&error, &hidden));
}

#[tokio::test]
async fn an_object_that_is_deleted_meanwhile_is_gone() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let wait = scene.ready().from(scene.object.clone());
    let (waited, ()) = tokio::join!(cluster.wait(&wait), soon(scene.controller.delete(&scene.target)));
    let error = waited.unwrap_err();
    let hidden = [(plane.server(), "SERVER"), (scene.namespace.as_str(), "NAMESPACE")];
    insta::assert_snapshot!("gone", story(&error, &hidden));
}

/// It was deleted and made again while nobody looked.
#[tokio::test]
async fn another_object_of_the_name_is_not_taken_for_the_one_that_is_waited_for() {
    let (plane, cluster) = require!(flux().await);
    let mut scene = Scene::new(&plane, &cluster).await;
    let first = scene.object.clone();
    scene.controller.delete(&scene.target).await;
    scene.object = applied(&cluster, &git_repository(&scene.namespace, "podinfo")).await;
    scene.report("True", "Succeeded", "stored artifact").await;
    let error = cluster.wait(&scene.ready().from(first)).await.unwrap_err();
    assert!(matches!(error, WaitError::Gone { .. }), "{error:?}");
}

#[tokio::test]
async fn an_object_that_does_not_exist_yet_can_be_waited_for() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("wait");
    let target = git_repository_target(&namespace, "podinfo");
    let wait = Wait::new(&target, Condition::exists(), LONG);
    let object = git_repository(&namespace, "podinfo");
    let (waited, object) = tokio::join!(cluster.wait(&wait), soon(applied(&cluster, &object)));
    assert_eq!(waited.unwrap(), Some(object));
}

#[tokio::test]
async fn the_end_of_an_object_can_be_waited_for() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let deleted = Condition::deleted(scene.object["metadata"]["uid"].as_str());
    let wait = Wait::new(&scene.target, deleted, LONG);
    let (waited, ()) = tokio::join!(cluster.wait(&wait), soon(scene.controller.delete(&scene.target)));
    assert_eq!(waited.unwrap(), None);
}

#[tokio::test]
async fn a_request_to_stop_ends_a_wait_with_what_was_seen() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let stop = CancellationToken::new();
    let proxy = Proxy::start(&plane, |_, _| Fate::Pass).await;
    let stopping = proxy.cluster().await.until(&stop);
    let wait = scene.ready();
    let (waited, ()) = tokio::join!(stopping.wait(&wait), async {
        proxy.has_been_asked(2).await;
        stop.cancel();
    });
    let error = waited.unwrap_err();
    assert!(matches!(error, WaitError::Cancelled { .. }), "{error:?}");
    assert_eq!(error.last(), Some(&scene.object));
}

/// The server has long forgotten the version at which the wait begins.
#[tokio::test]
async fn a_version_that_is_too_old_is_replaced_by_a_fresh_reading() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let mut old = scene.object.clone();
    old["metadata"]["resourceVersion"] = json!("1");
    let wait = scene.ready().from(old);
    let (waited, reported) =
        tokio::join!(cluster.wait(&wait), soon(scene.report("True", "Succeeded", "stored artifact")));
    assert_eq!(waited.unwrap(), Some(reported));
}

/// Watches that the proxy decides on; everything else passes.
fn watches(
    fates: impl Fn(usize) -> Fate + Send + Sync + 'static,
) -> impl Fn(usize, &crate::proxy::Asked) -> Fate {
    let count = AtomicUsize::new(0);
    move |_, asked| match asked.query.contains("watch=true") {
        true => fates(count.fetch_add(1, Ordering::Relaxed)),
        false => Fate::Pass,
    }
}

#[tokio::test]
async fn a_wait_survives_all_that_can_happen_to_a_watch() {
    let (plane, cluster) = require!(flux().await);
    let gone = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410, "reason": "Expired",
        "message": "too old resource version" });
    let event = format!("{}\n", json!({ "type": "ERROR", "object": gone }));
    type Fates = Box<dyn Fn(usize) -> Fate + Send + Sync>;
    // After the first watch comes another one, or a reading and another one.
    let faults: [(&str, usize, Fates); 5] = [
        ("410 as an answer", 3, Box::new(move |_| Fate::Answer(410, vec![], gone.to_string()))),
        ("410 as an event", 3, Box::new(move |_| Fate::Answer(200, vec![], event.clone()))),
        ("a cut connection", 3, Box::new(|_| Fate::CutAfter(0))),
        ("a busy server", 3, Box::new(|_| Fate::Answer(503, vec![], "busy".to_owned()))),
        ("an end at once", 2, Box::new(|_| Fate::Answer(200, vec![], String::new()))),
    ];
    for (fault, requests, fate) in faults {
        let scene = Scene::new(&plane, &cluster).await;
        let decide = watches(move |number| if number == 0 { fate(number) } else { Fate::Pass });
        let proxy = Proxy::start(&plane, decide).await;
        let wait = scene.ready().from(scene.object.clone());
        let through = proxy.cluster().await;
        let (waited, reported) = tokio::join!(through.wait(&wait), async {
            proxy.has_been_asked(requests).await;
            scene.report("True", "Succeeded", "stored artifact").await
        });
        assert_eq!(waited.expect(fault), Some(reported));
        assert_eq!(proxy.asked().len(), requests, "{fault}: {:?}", proxy.asked());
    }
}

#[tokio::test]
async fn where_watching_is_forbidden_the_object_is_read_again_and_again() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let forbidden = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403,
        "reason": "Forbidden", "message": "User \"u\" cannot watch resource \"gitrepositories\"" });
    let proxy =
        Proxy::start(&plane, watches(move |_| Fate::Answer(403, vec![], forbidden.to_string()))).await;
    let wait = scene.ready().from(scene.object.clone());
    let through = proxy.cluster().await;
    let (waited, reported) =
        tokio::join!(through.wait(&wait), soon(scene.report("True", "Succeeded", "stored artifact")));
    assert_eq!(waited.unwrap(), Some(reported));
}

#[tokio::test]
async fn trouble_that_lasts_is_told_when_the_time_is_up() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let proxy =
        Proxy::start(&plane, |_, _| Fate::Answer(503, vec![], "the server is starting".to_owned())).await;
    let limits = cluster::Limits { attempts: 1, ..crate::arrange::LIMITS };
    let through = proxy.cluster_within(limits).await;
    let error = through.wait(&Wait { timeout: SHORT, ..scene.ready() }).await.unwrap_err();
    let WaitError::TimedOut { source: Some(source), .. } = &error else { panic!("{error:?}") };
    assert!(matches!(**source, Error::Api { code: 503, .. }));
}

#[tokio::test]
async fn a_refused_credential_ends_a_wait_at_once() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let proxy = Proxy::start(&plane, |_, _| Fate::Answer(401, vec![], "Unauthorized".to_owned())).await;
    let error = proxy.cluster().await.wait(&scene.ready()).await.unwrap_err();
    assert!(matches!(error, WaitError::Cluster(Error::Unauthorized { .. })), "{error:?}");
}

/// Gives credentials that are used up at once, and none the second time.
struct Unsteady {
    issued: Issued,
    asked: Arc<AtomicUsize>,
}

impl Issuer for Unsteady {
    fn name(&self) -> String {
        "the cluster dev".to_owned()
    }

    fn issue(&self) -> BoxFuture<'_, Result<Issued, IssueError>> {
        let answer = match self.asked.fetch_add(1, Ordering::Relaxed) {
            1 => Err(IssueError::from(Box::<dyn std::error::Error + Send + Sync>::from("out of order"))),
            _ => Ok(Issued { expires: Some(SystemTime::now()), ..self.issued.clone() }),
        };
        Box::pin(async { answer })
    }
}

#[tokio::test]
async fn a_wait_bears_a_credential_that_is_not_renewed_at_once() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let issued = Issued {
        host: plane.server().to_owned(),
        cluster_ca_certificate: Some(plane.ca_pem()),
        token: Some(plane.token().into()),
        ..Issued::default()
    };
    let asked = Arc::new(AtomicUsize::new(0));
    let issuer = Unsteady { issued, asked: Arc::clone(&asked) };
    let unsteady = connect(&Connection::issued(issuer), LIMITS).await.unwrap();
    let wait = scene.ready();
    let (waited, reported) =
        tokio::join!(unsteady.wait(&wait), soon(scene.report("True", "Succeeded", "stored artifact")));
    assert_eq!(waited.unwrap(), Some(reported));
    assert!(asked.load(Ordering::Relaxed) > 2, "one was not given, and it was asked for again");
}

#[tokio::test]
async fn a_condition_is_asked_about_every_state_that_is_seen() {
    let (plane, cluster) = require!(flux().await);
    let scene = Scene::new(&plane, &cluster).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    let twice = Condition::new("asked twice", move |_| match counting.fetch_add(1, Ordering::Relaxed) {
        0 => Progress::Pending("asked once".to_owned()),
        _ => Progress::Done,
    });
    let wait = Wait::new(&scene.target, twice.and(Condition::exists()), LONG).from(scene.object.clone());
    let (waited, _) =
        tokio::join!(cluster.wait(&wait), soon(scene.report("False", "Progressing", "cloning")));
    waited.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}
