//! Server-side apply: who may take which field from whom.

use cluster::{ApplyRequest, Cause, Conflict, Error, Force, Resource, Target, managed_by_others};
use serde_json::{Value, json};
use testutil::{ControlPlane, Size, require};
use tokio_util::sync::CancellationToken;

use crate::{
    arrange::{Other, US, admin, applied, flux, git_repository, git_repository_target, story},
    proxy::{Fate, Proxy},
};

fn request(object: &Value) -> ApplyRequest {
    ApplyRequest::new(object.clone(), US)
}

fn owned(paths: &[&str]) -> Force {
    Force::Owned(paths.iter().map(|path| path.parse().unwrap()).collect())
}

fn conflict(manager: &str, field: &str, path: &str) -> Conflict {
    Conflict { manager: manager.to_owned(), field: field.to_owned(), path: path.parse().ok() }
}

#[tokio::test]
async fn an_object_is_created_updated_and_left_alone_by_one_request_each() {
    let (plane, cluster) = require!(flux().await);
    let mut object = git_repository(&plane.namespace("apply"), "podinfo");
    let created = cluster.apply(&request(&object)).await.unwrap();
    assert!(created.created);

    object["spec"]["interval"] = json!("5m");
    let updated = cluster.apply(&request(&object)).await.unwrap();
    assert!(!updated.created);
    assert_eq!(updated.object["spec"]["interval"], "5m");
    assert_eq!(updated.object["metadata"]["generation"], 2);

    let repeated = cluster.apply(&request(&object)).await.unwrap();
    assert_eq!(repeated.object, updated.object);
    assert_eq!(cluster.requests(), 3);
}

#[tokio::test]
async fn a_field_that_is_left_out_is_removed_and_those_of_others_stay() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("apply");
    let mut object = git_repository(&namespace, "podinfo");
    object["spec"]["ignore"] = json!("*.md");
    applied(&cluster, &object).await;
    let kubectl = Other::named(&plane, "kubectl-patch");
    let target = git_repository_target(&namespace, "podinfo");
    kubectl.patch(&target, json!({ "spec": { "timeout": "20s" } })).await;

    let object = applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    assert_eq!((&object["spec"]["ignore"], &object["spec"]["timeout"]), (&Value::Null, &json!("20s")));
}

/// A polite apply that leaves such a field out keeps it: it is the other manager's now.
#[tokio::test]
async fn a_field_that_another_took_is_removed_when_it_is_given_up() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("remove");
    let target = git_repository_target(&namespace, "podinfo");
    let mut object = git_repository(&namespace, "podinfo");
    object["spec"]["ignore"] = json!("*.md");
    applied(&cluster, &object).await;
    let theirs = json!({ "spec": { "ignore": "*.txt", "suspend": true } });
    Other::named(&plane, "kubectl-patch").patch(&target, theirs).await;

    let kept = applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    assert_eq!(kept["spec"]["ignore"], "*.txt");
    let given_up = ["spec.ignore", "spec.timeout"].map(|path| path.parse().unwrap());
    let taken = managed_by_others(&kept, &given_up, US);
    let uid = kept["metadata"]["uid"].as_str().unwrap();
    let before = cluster.requests();
    let removed = cluster.remove(&target, uid, &taken, US).await.unwrap();
    assert_eq!(cluster.requests() - before, 1);
    assert_eq!((&removed["spec"]["ignore"], &removed["spec"]["suspend"]), (&Value::Null, &json!(true)));

    let other =
        cluster.remove(&target, "2f7a8b4e-0000-4000-8000-000000000000", &taken, US).await.unwrap_err();
    assert!(matches!(other, Error::Replaced { .. }), "{other:?}");
}

#[tokio::test]
async fn a_dry_run_tells_all_and_stores_nothing() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("dry");
    let object = git_repository(&namespace, "podinfo");
    let tried = cluster.apply(&request(&object).dry_run()).await.unwrap();
    assert_eq!(tried.object["spec"]["timeout"], "60s");
    assert_eq!(cluster.get(&git_repository_target(&namespace, "podinfo")).await.unwrap(), None);
}

#[tokio::test]
async fn a_field_of_another_manager_is_a_conflict_that_names_both() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("conflict");
    let target = git_repository_target(&namespace, "podinfo");
    let theirs = Other::named(&plane, "kustomize-controller")
        .apply(&target, git_repository(&namespace, "podinfo"))
        .await;
    let mut object = git_repository(&namespace, "podinfo");
    object["spec"]["interval"] = json!("5m");
    object["metadata"]["labels"] = json!({ "app.kubernetes.io/name": "podinfo" });

    let error = cluster.apply(&request(&object)).await.unwrap_err();
    let Error::Conflict { conflicts, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*conflicts, [conflict("kustomize-controller", ".spec.interval", "spec.interval")]);
    insta::assert_snapshot!(
        "conflict",
        story(&error, &[(plane.server(), "SERVER"), (&namespace, "NAMESPACE")])
    );
    assert_eq!(cluster.get(&target).await.unwrap(), Some(theirs));

    let taken = cluster.apply(&request(&object).force(Force::All)).await.unwrap();
    assert_eq!(taken.object["spec"]["interval"], "5m");
}

#[tokio::test]
async fn a_field_that_we_set_before_is_taken_back() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("drift");
    let target = git_repository_target(&namespace, "podinfo");
    let mut object = git_repository(&namespace, "podinfo");
    object["metadata"]["labels"] = json!({ "app.kubernetes.io/name": "podinfo" });
    applied(&cluster, &object).await;
    let kubectl = Other::named(&plane, "kubectl-patch");
    let drift = json!({
        "metadata": { "labels": { "app.kubernetes.io/name": "other" } },
        "spec": { "interval": "9m" },
    });
    kubectl.patch(&target, drift).await;

    // A polite apply would fail for ever: the fields are kubectl's now.
    assert!(matches!(cluster.apply(&request(&object)).await, Err(Error::Conflict { .. })));
    let before = cluster.requests();
    let force = owned(&["spec", r#"metadata.labels["app.kubernetes.io/name"]"#]);
    let repaired = cluster.apply(&request(&object).force(force)).await.unwrap().object;
    assert_eq!(cluster.requests() - before, 4);
    assert_eq!(repaired["spec"]["interval"], "1m");
    assert_eq!(repaired["metadata"]["labels"]["app.kubernetes.io/name"], "podinfo");
}

#[tokio::test]
async fn a_field_that_was_never_ours_is_not_taken_along() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("drift");
    let target = git_repository_target(&namespace, "podinfo");
    applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    let kubectl = Other::named(&plane, "kubectl-patch");
    let theirs = kubectl.patch(&target, json!({ "spec": { "interval": "9m", "timeout": "20s" } })).await;
    let mut object = git_repository(&namespace, "podinfo");
    object["spec"]["timeout"] = json!("30s");

    let error = cluster.apply(&request(&object).force(owned(&["spec.interval"]))).await.unwrap_err();
    let Error::Conflict { conflicts, .. } = error else { panic!("{error:?}") };
    assert!(conflicts.iter().any(|conflict| conflict.field == ".spec.timeout"));
    assert_eq!(cluster.get(&target).await.unwrap(), Some(theirs));
}

#[tokio::test]
async fn an_element_of_a_list_is_ours_when_the_list_is() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("drift");
    let target = git_repository_target(&namespace, "podinfo");
    let mut object = git_repository(&namespace, "podinfo");
    object["spec"]["sparseCheckout"] = json!(["a", "b"]);
    applied(&cluster, &object).await;
    Other::named(&plane, "kubectl-patch")
        .patch(&target, json!({ "spec": { "sparseCheckout": ["c"] } }))
        .await;

    let force = owned(&["spec.sparseCheckout[0]", "spec.sparseCheckout[1]"]);
    let repaired = cluster.apply(&request(&object).force(force)).await.unwrap().object;
    assert_eq!(repaired["spec"]["sparseCheckout"], json!(["a", "b"]));
}

/// Between the conflict and the forced apply another manager takes one more field, which a blind force would steal.
#[tokio::test]
async fn a_field_that_another_takes_in_between_is_not_stolen() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("race");
    let target = git_repository_target(&namespace, "podinfo");
    applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    Other::named(&plane, "kubectl-patch").patch(&target, json!({ "spec": { "interval": "9m" } })).await;
    let mut object = git_repository(&namespace, "podinfo");
    object["spec"]["timeout"] = json!("30s");

    // In turn: the polite apply, the reading, the polite apply of that version, the forced one.
    for moment in [2, 3, 4] {
        let (kubectl, target) = (Other::named(&plane, "kubectl-edit"), target.clone());
        let kubectl = std::sync::Arc::new(kubectl);
        let proxy = Proxy::start(&plane, move |number, _| {
            if number != moment {
                return Fate::Pass;
            }
            let (kubectl, target) = (std::sync::Arc::clone(&kubectl), target.clone());
            let timeout = format!("{}s", 20 + moment);
            Fate::After(Box::pin(async move {
                kubectl.patch(&target, json!({ "spec": { "timeout": timeout } })).await;
            }))
        })
        .await;
        let request = request(&object).force(owned(&["spec.interval"]));
        let error = proxy.cluster().await.apply(&request).await.unwrap_err();
        let Error::Conflict { conflicts, .. } = error else { panic!("{error:?}") };
        let kubectl_edit = conflict("kubectl-edit", ".spec.timeout", "spec.timeout");
        assert!(conflicts.contains(&kubectl_edit), "{conflicts:?}");
    }
}

#[tokio::test]
async fn a_status_that_changes_in_between_does_not_stop_the_repair() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("race");
    let target = git_repository_target(&namespace, "podinfo");
    let object = git_repository(&namespace, "podinfo");
    applied(&cluster, &object).await;
    Other::named(&plane, "kubectl-patch").patch(&target, json!({ "spec": { "interval": "9m" } })).await;

    let controller = std::sync::Arc::new(Other::named(&plane, "source-controller"));
    let busy = target.clone();
    let proxy = Proxy::start(&plane, move |number, _| {
        if number > 6 {
            return Fate::Pass;
        }
        let (controller, busy) = (std::sync::Arc::clone(&controller), busy.clone());
        Fate::After(Box::pin(async move {
            controller.status(&busy, json!({ "lastHandledReconcileAt": number.to_string() })).await;
        }))
    })
    .await;
    let request = request(&object).force(owned(&["spec"]));
    let repaired = proxy.cluster().await.apply(&request).await.unwrap().object;
    assert_eq!(repaired["spec"]["interval"], "1m");
}

#[tokio::test]
async fn an_object_that_never_rests_is_told_as_such() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("race");
    let target = git_repository_target(&namespace, "podinfo");
    let object = git_repository(&namespace, "podinfo");
    applied(&cluster, &object).await;
    Other::named(&plane, "kubectl-patch").patch(&target, json!({ "spec": { "interval": "9m" } })).await;
    let controller = std::sync::Arc::new(Other::named(&plane, "source-controller"));
    let proxy = Proxy::start(&plane, move |number, _| {
        let (controller, target) = (std::sync::Arc::clone(&controller), target.clone());
        Fate::After(Box::pin(async move {
            controller.status(&target, json!({ "lastHandledReconcileAt": number.to_string() })).await;
        }))
    })
    .await;
    let request = request(&object).force(owned(&["spec"]));
    let error = proxy.cluster().await.apply(&request).await.unwrap_err();
    assert!(matches!(error, Error::Contended { .. }), "{error:?}");
}

#[tokio::test]
async fn an_object_that_is_meant_by_its_uid_is_neither_made_anew_nor_mistaken() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("uid");
    let object = git_repository(&namespace, "podinfo");
    let gone =
        cluster.apply(&request(&object).uid("2f7a8b4e-0000-4000-8000-000000000000")).await.unwrap_err();
    assert!(
        matches!(&gone, Error::Replaced { expected, .. } if expected.starts_with("2f7a8b4e")),
        "{gone:?}"
    );

    let there = applied(&cluster, &object).await;
    let another =
        cluster.apply(&request(&object).uid("2f7a8b4e-0000-4000-8000-000000000000")).await.unwrap_err();
    assert!(matches!(another, Error::Replaced { .. }), "{another:?}");
    cluster.apply(&request(&object).uid(there["metadata"]["uid"].as_str().unwrap())).await.unwrap();
    insta::assert_snapshot!(
        "replaced",
        story(&gone, &[(plane.server(), "SERVER"), (&namespace, "NAMESPACE")])
    );
}

#[tokio::test]
async fn a_repeated_create_whose_answer_was_lost_still_counts_as_created() {
    let (plane, _cluster) = require!(flux().await);
    let object = git_repository(&plane.namespace("lost"), "podinfo");
    let proxy =
        Proxy::start(&plane, |number, _| if number == 1 { Fate::LoseAnswer } else { Fate::Pass }).await;
    let applied = proxy.cluster().await.apply(&request(&object)).await.unwrap();
    assert!(applied.created);
    assert_eq!(proxy.asked().len(), 2);
}

#[tokio::test]
async fn what_a_schema_refuses_is_told_field_by_field() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("invalid");
    let refused = async |change: fn(&mut Value)| {
        let mut object = git_repository(&namespace, "podinfo");
        change(&mut object);
        let error = cluster.apply(&request(&object)).await.unwrap_err();
        let Error::Invalid { causes, .. } = &error else { panic!("{error:?}") };
        assert!(!causes.is_empty());
        story(&error, &[(plane.server(), "SERVER"), (&namespace, "NAMESPACE")])
    };
    let told = [
        refused(|it| it["spec"]["interval"] = json!("soon")).await,
        refused(|it| it["spec"]["url"] = Value::Null).await,
        refused(|it| it["spec"]["provider"] = json!("gitlab")).await,
        // A rule between two fields.
        refused(|it| it["spec"]["serviceAccountName"] = json!("git")).await,
        refused(|it| it["spec"]["nonsense"] = json!(true)).await,
        refused(|it| it["spec"]["ref"] = json!({ "brunch": "main" })).await,
        refused(|it| it["spec"]["suspend"] = json!("yes")).await,
        refused(|it| it["metadata"]["name"] = json!("Pod_Info")).await,
    ];
    insta::assert_snapshot!("invalid", told.join("\n"));

    let mut object = git_repository(&namespace, "podinfo");
    object["spec"]["nonsense"] = json!(true);
    // A fault of ours is not worth repeating, though the server calls it its own.
    let before = cluster.requests();
    let Err(Error::Invalid { causes, .. }) = cluster.apply(&request(&object)).await else { panic!() };
    let path = "spec.nonsense".parse().ok();
    assert_eq!(
        causes,
        [Cause { field: "spec.nonsense".to_owned(), path, message: "unknown field".to_owned() }]
    );
    assert_eq!(cluster.requests() - before, 1);
}

#[tokio::test]
async fn a_refused_secret_is_never_quoted() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("secret");
    let mut told = Vec::new();
    for (field, data) in [
        ("stringData", json!({ "password": { "is": "hunter2" } })),
        ("stringData", json!({ "hunter2 is": "no key" })),
        ("data", json!({ "password": "hunter2!" })),
        ("hunter2", json!(true)),
    ] {
        let mut secret = json!({ "apiVersion": "v1", "kind": "Secret",
            "metadata": { "namespace": namespace, "name": "git" } });
        secret[field] = data;
        let error = cluster.apply(&request(&secret)).await.unwrap_err();
        told.push(story(&error, &[(plane.server(), "SERVER"), (&namespace, "NAMESPACE")]));
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    insta::assert_snapshot!("refused_secret", told.join("\n"));
}

#[tokio::test]
async fn a_namespace_that_is_not_there_is_named() {
    let (plane, cluster) = require!(flux().await);
    let error = cluster.apply(&request(&git_repository("no-such-namespace", "podinfo"))).await.unwrap_err();
    assert!(matches!(&error, Error::NoNamespace { namespace, .. } if namespace == "no-such-namespace"));
    insta::assert_snapshot!("no_namespace", story(&error, &[(plane.server(), "SERVER")]));
}

#[tokio::test]
async fn an_object_or_namespace_that_is_going_is_told() {
    let (plane, cluster) = require!(flux().await);
    let namespace = plane.namespace("going");
    let target = git_repository_target(&namespace, "podinfo");
    let mut object = git_repository(&namespace, "podinfo");
    applied(&cluster, &object).await;
    let other = Other::named(&plane, "source-controller");
    other.patch(&target, json!({ "metadata": { "finalizers": ["finalizers.fluxcd.io"] } })).await;
    other.delete(&target).await;
    object["spec"]["interval"] = json!("5m");
    let going = cluster.apply(&request(&object)).await.unwrap_err();
    assert!(matches!(going, Error::BeingDeleted { .. }), "{going:?}");

    other.delete(&Target::namespace(&namespace)).await;
    let ending = cluster.apply(&request(&git_repository(&namespace, "another"))).await.unwrap_err();
    assert!(matches!(&ending, Error::BeingDeleted { object, .. } if object.name == namespace), "{ending:?}");
    let hidden = [(plane.server(), "SERVER"), (namespace.as_str(), "NAMESPACE")];
    insta::assert_snapshot!("going", [story(&going, &hidden), story(&ending, &hidden)].join("\n"));
    other.release(&target).await;
}

#[tokio::test]
async fn a_right_that_apply_needs_and_lacks_is_named() {
    let (plane, _cluster) = require!(flux().await);
    let kubeconfig = plane.kubeconfig().token(plane.unprivileged_token());
    let connection = cluster::Connection::kubeconfig([plane.write_kubeconfig(&kubeconfig)], None);
    let cluster = cluster::connect(&connection, crate::arrange::LIMITS).await.unwrap();
    let error = cluster.apply(&request(&git_repository("default", "podinfo"))).await.unwrap_err();
    assert!(matches!(&error, Error::Forbidden { verb, .. } if verb == "patch"), "{error:?}");
}

#[tokio::test]
async fn kinds_without_a_table_are_applied_by_what_the_cluster_serves() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("kinds");
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "namespace": namespace, "name": "flux" } });
    assert!(cluster.apply(&request(&account)).await.unwrap().created);
    let target = cluster.target_of(&account).await.unwrap();
    assert_eq!(
        target,
        Target::new(Resource::new("", "v1", "ServiceAccount", "serviceaccounts", true), &namespace, "flux")
    );
}

#[tokio::test]
async fn a_write_is_not_begun_after_a_request_to_stop() {
    let (plane, cluster) = require!(flux().await);
    let stop = CancellationToken::new();
    stop.cancel();
    let object = git_repository(&plane.namespace("stop"), "podinfo");
    let error = cluster.until(&stop).apply(&request(&object)).await.unwrap_err();
    assert!(matches!(error, Error::Cancelled { .. }));
    assert_eq!(cluster.requests(), 0);
}

/// What was written must be known, or it would be lost from the state.
#[tokio::test]
async fn a_write_under_way_is_waited_for_after_a_request_to_stop() {
    let (plane, _cluster) = require!(flux().await);
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let proxy = Proxy::start(&plane, move |_, _| {
        let stopping = stopping.clone();
        Fate::After(Box::pin(async move { stopping.cancel() }))
    })
    .await;
    let object = git_repository(&plane.namespace("stop"), "podinfo");
    let applied = proxy.cluster().await.until(&stop).apply(&request(&object)).await.unwrap();
    assert!(applied.created && stop.is_cancelled());
}

/// The API server asks nobody's opinion of the object when it cannot reach the webhook that it must ask.
#[tokio::test]
async fn a_webhook_that_is_down_is_trouble_and_no_fault_of_the_object() {
    let plane = require!(ControlPlane::start(Size::Api));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("webhook");
    let webhook = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": { "name": "down" },
        "webhooks": [{
            "name": "down.example.com",
            "clientConfig": { "url": "https://127.0.0.1:1/" },
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "rules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps", "secrets"],
            }],
        }],
    });
    cluster.apply(&request(&webhook)).await.unwrap();
    let object = |kind: &str, name: &str| {
        json!({
            "apiVersion": "v1", "kind": kind, "metadata": { "namespace": namespace, "name": name },
            "data": { "token": "c2VjcmV0" },
        })
    };
    // It takes the server a moment to know of the webhook.
    let mut late = 0;
    let error = loop {
        match cluster.apply(&request(&object("ConfigMap", &format!("map-{late}")))).await {
            Ok(_) if late < 600 => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            Ok(_) => panic!("the webhook is not asked"),
            Err(error) => break error,
        }
        late += 1;
    };
    let Error::Api { code: 500, message, .. } = &error else { panic!("{error:?}") };
    assert!(message.contains("down.example.com"), "{message}");
    assert!(error.leaves_open());

    let error = cluster.apply(&request(&object("Secret", "credential"))).await.unwrap_err();
    let Error::Api { code: 500, message, .. } = &error else { panic!("{error:?}") };
    assert!(message.contains("down.example.com") && !message.contains("c2VjcmV0"), "{message}");
}
