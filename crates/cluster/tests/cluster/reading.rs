//! Reading objects, and who manages what in them.

use cluster::{Operation, Target, managed_by, managers_of, owned_paths};
use flux::path::FieldPath;
use serde_json::json;
use testutil::{ControlPlane, Size, require};

use crate::arrange::{
    Other, US, admin, applied, flux, git_repository, git_repository_kind, git_repository_target,
};

#[tokio::test]
async fn an_object_is_read_by_one_request_and_an_absent_one_is_none() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("read");
    let object = applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    let before = cluster.requests();
    let read = cluster.get(&git_repository_target(&namespace, "podinfo")).await.unwrap();
    assert_eq!(cluster.requests() - before, 1);
    assert_eq!(read, Some(object));
    assert_eq!(cluster.get(&git_repository_target(&namespace, "absent")).await.unwrap(), None);
    assert_eq!(cluster.get(&git_repository_target("no-such-namespace", "podinfo")).await.unwrap(), None);
    assert_eq!(cluster.get(&Target::namespace("no-such-namespace")).await.unwrap(), None);
}

#[tokio::test]
async fn lists_are_whole_and_their_objects_say_what_they_are() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("list");
    for name in ["a", "b", "c"] {
        let mut object = git_repository(&namespace, name);
        object["metadata"]["labels"] = json!({ "half": if name == "a" { "first" } else { "second" } });
        applied(&cluster, &object).await;
    }
    let resource = git_repository_kind().into();
    let all = cluster.list(&resource, Some(&namespace), "").await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|object| object["kind"] == "GitRepository"));
    assert_eq!(cluster.list(&resource, Some(&namespace), "half=second").await.unwrap().len(), 2);
    assert!(cluster.list(&resource, None, "").await.unwrap().len() >= 3);
}

#[tokio::test]
async fn every_manager_is_told_with_its_fields() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("managers");
    let target = git_repository_target(&namespace, "podinfo");
    applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    let kubectl = Other::named(&plane, "kubectl-patch");
    kubectl.patch(&target, json!({ "spec": { "timeout": "20s" } })).await;
    let controller = Other::named(&plane, "source-controller");
    controller.status(&target, json!({ "observedGeneration": 1 })).await;

    let object = cluster.get(&target).await.unwrap().unwrap();
    let mut managers: Vec<String> = managers_of(&object)
        .iter()
        .map(|entry| {
            let paths: Vec<String> = entry.paths.iter().map(ToString::to_string).collect();
            format!("{} {:?} {:?} {}", entry.manager, entry.operation, entry.subresource, paths.join(" "))
        })
        .collect();
    managers.sort();
    assert_eq!(
        managers,
        [
            "fluxgate Apply None .spec.interval .spec.url",
            "kubectl-patch Update None .spec.timeout",
            r#"source-controller Update Some("status") .status.observedGeneration"#,
        ]
    );
    assert_eq!(
        owned_paths(&object, US),
        [FieldPath::of(["spec", "interval"]), FieldPath::of(["spec", "url"])]
    );
    assert!(managed_by(&object, "kubectl-patch"));
    // Who writes a status only reports.
    assert!(!managed_by(&object, "source-controller"));
    assert_eq!(managers_of(&object)[0].operation, Operation::Apply);
}

#[tokio::test]
async fn events_are_those_of_the_object_newest_first() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("events");
    let target = git_repository_target(&namespace, "podinfo");
    let controller = Other::named(&plane, "source-controller");
    for (name, uid, reason, time) in [
        ("a", "uid-1", "GitOperationFailed", "2026-01-01T00:00:01Z"),
        ("b", "uid-1", "NewArtifact", "2026-01-01T00:00:03Z"),
        ("c", "uid-1", "GitOperationFailed", "2026-01-01T00:00:02Z"),
        ("d", "uid-0", "GarbageCollectionSucceeded", "2026-01-01T00:00:04Z"),
    ] {
        let event = json!({
            "metadata": { "name": name, "namespace": namespace },
            "involvedObject": { "kind": "GitRepository", "namespace": namespace, "name": "podinfo", "uid": uid },
            "type": if reason == "GitOperationFailed" { "Warning" } else { "Normal" },
            "reason": reason,
            "message": format!("{reason} happened"),
            "source": { "component": "source-controller" },
            "count": 2,
            "lastTimestamp": time,
        });
        controller.create(&cluster::Resource::event(), &namespace, event).await;
    }
    let events = cluster.events(&target, Some("uid-1"), 2).await.unwrap();
    let told: Vec<String> = events.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["NewArtifact: NewArtifact happened", "GitOperationFailed: GitOperationFailed happened"]
    );
    assert_eq!(
        (events[1].warning, events[1].count, events[1].reporter.as_str()),
        (true, 2, "source-controller")
    );
    assert_eq!(cluster.events(&target, None, 10).await.unwrap().len(), 4);
    assert_eq!(cluster.requests(), 2);
}
