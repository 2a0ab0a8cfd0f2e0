//! Reading objects, and who manages what in them.

use cluster::{Cluster, Connection, Operation, Target, connect, managed_by, managers_of, owned_paths};
use flux::path::FieldPath;
use futures::StreamExt;
use serde_json::json;
use testutil::{ControlPlane, Size, require};

use crate::arrange::{
    LIMITS, Other, US, admin, applied, flux, git_repository, git_repository_kind, git_repository_target,
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

/// Makes GitRepositories `app-0`, `app-1` and so on.
async fn many(cluster: &Cluster, namespace: &str, count: usize) {
    for number in 0..count {
        applied(cluster, &git_repository(namespace, &format!("app-{number}"))).await;
    }
}

/// Reads `app-0` and so on as a refresh does, several at a time, and says how many requests that took.
async fn read_all(cluster: &Cluster, namespace: &str, count: usize) -> u64 {
    let before = cluster.requests();
    let names = (0..count).map(|number| format!("app-{number}"));
    let read = futures::stream::iter(names)
        .map(async |name| {
            let target = git_repository_target(namespace, &name);
            let read = cluster.get_among(&target).await.unwrap().unwrap();
            assert_eq!(read["metadata"]["name"], name.as_str());
            (target, read)
        })
        .buffer_unordered(10)
        .collect::<Vec<_>>()
        .await;
    let requests = cluster.requests() - before;
    for (target, read) in read {
        assert_eq!(Some(read), cluster.get(&target).await.unwrap());
    }
    requests
}

#[tokio::test]
async fn reading_many_objects_of_a_namespace_takes_few_requests_and_says_the_same() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("many");
    many(&cluster, &namespace, 40).await;
    assert_eq!(read_all(&cluster, &namespace, 40).await, 4);
    // One that is not in the list may have come since, so it is asked for.
    let absent = git_repository_target(&namespace, "absent");
    assert_eq!(cluster.get_among(&absent).await.unwrap(), None);
}

#[tokio::test]
async fn a_long_list_is_read_on_only_where_many_of_its_objects_are_wanted() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("long");
    many(&cluster, &namespace, 510).await;
    // Names are in the order of their letters, so these five are on the second page: three requests, a list, and two more.
    let before = cluster.requests();
    for number in 95..100 {
        let target = git_repository_target(&namespace, &format!("app-{number}"));
        assert!(cluster.get_among(&target).await.unwrap().is_some());
    }
    assert_eq!(cluster.requests() - before, 6);
    assert_eq!(read_all(&admin(&plane).await, &namespace, 510).await, 5);
}

#[tokio::test]
async fn what_changes_after_a_list_is_seen() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("since");
    many(&cluster, &namespace, 6).await;
    read_all(&cluster, &namespace, 6).await;
    let target = git_repository_target(&namespace, "app-5");
    // Somebody else's change: each object of a list is looked up once.
    let changed =
        Other::named(&plane, "kubectl-patch").patch(&target, json!({ "spec": { "timeout": "20s" } })).await;
    assert_eq!(cluster.get_among(&target).await.unwrap(), Some(changed));
    // Our own change: lists are made anew.
    let reader = admin(&plane).await;
    read_all(&reader, &namespace, 5).await;
    let mut object = git_repository(&namespace, "app-5");
    object["spec"]["interval"] = json!("7m");
    let applied = applied(&reader, &object).await;
    assert_eq!(reader.get_among(&target).await.unwrap(), Some(applied));
}

#[tokio::test]
async fn a_role_that_may_only_get_reads_object_by_object() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("get-only");
    many(&cluster, &namespace, 6).await;
    let named = |api_version: &str, kind: &str| json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "reader", "namespace": namespace } });
    applied(&cluster, &named("v1", "ServiceAccount")).await;
    let mut role = named("rbac.authorization.k8s.io/v1", "Role");
    role["rules"] = json!([{ "apiGroups": ["source.toolkit.fluxcd.io"], "resources": ["gitrepositories"], "verbs": ["get"] }]);
    applied(&cluster, &role).await;
    let mut binding = named("rbac.authorization.k8s.io/v1", "RoleBinding");
    binding["roleRef"] = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader" });
    binding["subjects"] = json!([{ "kind": "ServiceAccount", "name": "reader", "namespace": namespace }]);
    applied(&cluster, &binding).await;

    let token = plane.issue_token(&namespace, "reader").unwrap();
    let kubeconfig = plane.write_kubeconfig(&plane.kubeconfig().token(&token));
    let reader = connect(&Connection::kubeconfig([kubeconfig], None), LIMITS).await.unwrap();
    // One list is tried, and no other one.
    assert_eq!(read_all(&reader, &namespace, 6).await, 7);
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
