//! Deleting, and who holds what does not go.

use std::time::Duration;

use cluster::{Condition, ControllerState, DeleteRequest, Deleted, Error, Holder, Resource, Target, Wait};
use serde_json::{Value, json};
use testutil::{
    ControlPlane, Size,
    faults::{Answer, Fault, FaultyProxy},
    require,
};
use tokio_util::sync::CancellationToken;

use crate::arrange::{
    LIMITS, LONG, Other, SHORT, admin, applied, flux, git_repository, git_repository_target, story,
};

fn deployment(namespace: &str, name: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "namespace": namespace, "name": name },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "containers": [{ "name": "manager", "image": "example.com/manager" }] },
            },
        },
    })
}

#[tokio::test]
async fn an_object_that_nothing_holds_goes_by_one_request() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("delete");
    let target = git_repository_target(&namespace, "podinfo");
    let object = applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    let before = cluster.requests();
    let request = DeleteRequest::new(&target, LONG).uid(object["metadata"]["uid"].as_str().unwrap());
    assert_eq!(cluster.delete(&request).await.unwrap(), Deleted::Gone);
    assert_eq!(cluster.requests() - before, 1);
    assert_eq!(cluster.get(&target).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_gone_already_is_deleted_well() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("delete");
    let absent = DeleteRequest::new(&git_repository_target(&namespace, "absent"), LONG);
    assert_eq!(cluster.delete(&absent).await.unwrap(), Deleted::AlreadyGone);
    let nowhere = DeleteRequest::new(&git_repository_target("no-such-namespace", "podinfo"), LONG);
    assert_eq!(cluster.delete(&nowhere).await.unwrap(), Deleted::AlreadyGone);
    let no_kind = Resource::new("gone.example.com", "v1", "Gone", "gones", true);
    let no_kind = DeleteRequest::new(&Target::new(no_kind, &namespace, "podinfo"), LONG);
    assert_eq!(cluster.delete(&no_kind).await.unwrap(), Deleted::AlreadyGone);
}

#[tokio::test]
async fn another_object_of_the_name_is_left_alone() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("delete");
    let target = git_repository_target(&namespace, "podinfo");
    applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    let request = DeleteRequest::new(&target, LONG).uid("2f7a8b4e-0000-4000-8000-000000000000");
    assert_eq!(cluster.delete(&request).await.unwrap(), Deleted::AlreadyGone);
    assert!(cluster.get(&target).await.unwrap().is_some());
}

/// An object that its controller's finalizer holds, in a namespace of its own.
async fn held(plane: &ControlPlane, cluster: &cluster::Cluster) -> (String, Target, Other) {
    let namespace = plane.namespace("held");
    let target = git_repository_target(&namespace, "podinfo");
    applied(cluster, &git_repository(&namespace, "podinfo")).await;
    let controller = Other::named(plane, "source-controller");
    controller.patch(&target, json!({ "metadata": { "finalizers": ["finalizers.fluxcd.io"] } })).await;
    (namespace, target, controller)
}

#[tokio::test]
async fn a_finalizer_is_waited_for_by_two_requests() {
    let (plane, cluster) = require!(flux().await);
    let (_namespace, target, controller) = held(&plane, &cluster).await;
    let before = cluster.requests();
    let deleting = tokio::spawn({
        let (cluster, target) = (cluster.clone(), target.clone());
        async move { cluster.delete(&DeleteRequest::new(&target, LONG)).await }
    });
    let marked = Condition::new("marked", |object| match object {
        Some(object) if object["metadata"]["deletionTimestamp"].is_string() => cluster::Progress::Done,
        _ => cluster::Progress::Pending("is not marked".to_owned()),
    });
    admin(&plane).await.wait(&Wait::new(&target, marked, LONG)).await.unwrap();
    controller.release(&target).await;
    assert_eq!(deleting.await.unwrap().unwrap(), Deleted::Gone);
    assert_eq!(cluster.requests() - before, 2);
}

/// One test for the states of a controller: they are those of one Deployment, which the others would see too.
#[tokio::test]
async fn a_finalizer_that_stays_is_named_with_how_its_controller_stands() {
    let plane = require!(ControlPlane::start(Size::Api));
    let cluster = admin(&plane).await;
    let crd = require!(testutil::test_data()).join("crds/source.toolkit.fluxcd.io_gitrepositories.yaml");
    let crd = serde_saphyr::from_str(&std::fs::read_to_string(crd).unwrap()).unwrap();
    crate::arrange::install_crd(&cluster, crd).await;
    let (namespace, target, controller) = held(&plane, &cluster).await;
    let hidden = [(plane.server(), "SERVER"), (namespace.as_str(), "NAMESPACE")];
    let refused = async || {
        let error = cluster.delete(&DeleteRequest::new(&target, SHORT)).await.unwrap_err();
        let Error::Held { holders, .. } = &error else { panic!("{error:?}") };
        let Holder::Finalizer { controller: Some(controller), .. } = &holders[0] else {
            panic!("{holders:?}")
        };
        (controller.state.clone(), story(&error, &hidden))
    };

    let (state, gone) = refused().await;
    assert_eq!(state, ControllerState::Gone);

    let deployments = Target::new(Resource::deployment(), "flux-system", "source-controller");
    applied(
        &cluster,
        &json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "flux-system" } }),
    )
    .await;
    applied(&cluster, &deployment("flux-system", "source-controller", 0)).await;
    let (_, scaled_to_zero) = refused().await;
    applied(&cluster, &deployment("flux-system", "source-controller", 1)).await;
    let (state, unavailable) = refused().await;
    assert!(matches!(state, ControllerState::Unavailable { .. }));
    let available = json!({ "conditions": [{ "type": "Available", "status": "True" }] });
    controller.status(&deployments, available).await;
    let failed = json!([{
        "type": "Ready", "status": "False", "reason": "GarbageCollectionFailed", "message": "the disk is full",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }]);
    controller.status(&target, json!({ "conditions": failed })).await;
    let (state, available) = refused().await;
    assert_eq!(state, ControllerState::Available { namespace: "flux-system".to_owned() });

    insta::assert_snapshot!("held", [gone, scaled_to_zero, unavailable, available].join("\n"));
}

#[tokio::test]
async fn a_finalizer_of_somebody_else_is_named_alone() {
    let (plane, cluster) = require!(flux().await);
    let (namespace, target, controller) = held(&plane, &cluster).await;
    controller.patch(&target, json!({ "metadata": { "finalizers": ["example.com/keep"] } })).await;
    let error = cluster.delete(&DeleteRequest::new(&target, SHORT)).await.unwrap_err();
    insta::assert_snapshot!(
        "held_by_another",
        story(&error, &[(plane.server(), "SERVER"), (&namespace, "NAMESPACE")])
    );
    controller.release(&target).await;
}

#[tokio::test]
async fn a_namespace_that_stays_is_told_with_what_is_left_in_it() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("full");
    let kept = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "namespace": namespace, "name": "kept", "finalizers": ["example.com/keep"] } });
    applied(&cluster, &kept).await;
    let target = Target::namespace(&namespace);
    let error = cluster.delete(&DeleteRequest::new(&target, Duration::from_secs(8))).await.unwrap_err();
    let Error::Held { holders, .. } = &error else { panic!("{error:?}") };
    let told = format!("{holders:?}");
    assert!(told.contains("configmaps") && told.contains("example.com/keep"), "{told}");

    let kept = cluster.target_of(&kept).await.unwrap();
    Other::named(&plane, "keeper").release(&kept).await;
    assert_eq!(cluster.delete(&DeleteRequest::new(&target, LONG)).await.unwrap(), Deleted::Gone);
}

#[tokio::test]
async fn a_request_to_stop_ends_the_wait_for_a_finalizer() {
    let (plane, cluster) = require!(flux().await);
    let (_namespace, target, controller) = held(&plane, &cluster).await;
    let stop = CancellationToken::new();
    let stopping = cluster.until(&stop);
    let request = DeleteRequest::new(&target, LONG);
    let (deleted, ()) = tokio::join!(stopping.delete(&request), async {
        tokio::time::sleep(SHORT).await;
        stop.cancel();
    });
    assert!(matches!(deleted, Err(Error::Cancelled { .. })), "{deleted:?}");
    let object = cluster.get(&target).await.unwrap().unwrap();
    assert!(object["metadata"]["deletionTimestamp"].is_string());
    controller.release(&target).await;
}

#[tokio::test]
async fn every_kind_with_a_finalizer_names_the_controller_that_would_remove_it() {
    let (_plane, cluster) = require!(flux().await);
    let kinds = flux::kinds::all().iter().filter_map(|kind| Some((kind, kind.finalizer?)));
    for (kind, finalizer) in kinds {
        let object = json!({ "metadata": { "finalizers": [finalizer] } });
        let holders = cluster.holders(&cluster::Target::new(*kind, "apps", "app"), Some(&object)).await;
        let [Holder::Finalizer { finalizer: held, controller: Some(controller) }] = holders.as_slice() else {
            panic!("{}: {holders:?}", kind.name);
        };
        assert_eq!((held.as_str(), controller.name.as_str()), (finalizer, kind.controller), "{}", kind.name);
    }
}

/// A connection by way of a proxy that can be told to misbehave.
async fn behind_a_proxy(plane: &ControlPlane, proxy: &FaultyProxy) -> cluster::Cluster {
    let kubeconfig = plane.write_kubeconfig(&plane.kubeconfig().server(&proxy.url()));
    cluster::connect(&cluster::Connection::kubeconfig([kubeconfig], None), LIMITS).await.unwrap()
}

#[tokio::test]
async fn a_delete_is_repeated_until_the_server_carries_it_out() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("delete-faults");
    let proxy = require!(FaultyProxy::start(&plane));
    let faulty = behind_a_proxy(&plane, &proxy).await;
    let busy = Fault::Answer(Answer::new(503, "busy").header("retry-after", "0"));
    for (what, fault, ends) in [
        ("503", busy, Deleted::Gone),
        ("a cut connection", Fault::Cut, Deleted::Gone),
        // The first one was carried out, so the second finds nothing.
        ("a lost answer", Fault::LostAnswer, Deleted::AlreadyGone),
    ] {
        let target = git_repository_target(&namespace, "podinfo");
        let object = applied(&cluster, &git_repository(&namespace, "podinfo")).await;
        proxy.spoil("DELETE ", 1, fault);
        let before = proxy.requests().len();
        let request = DeleteRequest::new(&target, LONG).uid(object["metadata"]["uid"].as_str().unwrap());
        assert_eq!(faulty.delete(&request).await.unwrap(), ends, "{what}");
        assert_eq!(cluster.get(&target).await.unwrap(), None, "{what}");
        let requests = proxy.requests();
        let deletes = requests[before..].iter().filter(|line| line.starts_with("DELETE ")).count();
        assert_eq!(deletes, 2, "{what}: {requests:?}");
    }
}

#[tokio::test]
async fn a_repeated_delete_leaves_an_object_alone_that_came_meanwhile() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("delete-faults");
    let proxy = require!(FaultyProxy::start(&plane));
    let faulty = behind_a_proxy(&plane, &proxy).await;
    let target = git_repository_target(&namespace, "podinfo");
    let first = applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    let uid = first["metadata"]["uid"].as_str().unwrap();
    // Deleted and made again by somebody else, before the repetition comes.
    cluster.delete(&DeleteRequest::new(&target, LONG).uid(uid)).await.unwrap();
    let second = applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    proxy.spoil("DELETE ", 1, Fault::Cut);
    assert_eq!(
        faulty.delete(&DeleteRequest::new(&target, LONG).uid(uid)).await.unwrap(),
        Deleted::AlreadyGone
    );
    assert_eq!(cluster.get(&target).await.unwrap().unwrap()["metadata"]["uid"], second["metadata"]["uid"]);
}
