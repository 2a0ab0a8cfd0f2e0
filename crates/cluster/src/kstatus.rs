//! Whether an object has arrived at what it states, by the rules of kstatus that Helm 4 and Flux wait by.
//!
//! An object that is unknown to these rules and says nothing of itself counts as arrived once it exists.

use flux::kinds;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{Condition, Progress, StatusCondition, conditions_of, object::text};

/// How long a Pod may be without a node before that counts as its failure.
const SCHEDULING: SignedDuration = SignedDuration::from_secs(15);

/// When a Job counts as arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Jobs {
    /// When it has started.
    #[default]
    Started,
    /// When it has completed.
    Completed,
}

impl Condition {
    /// The object is as it states, by the rules of kstatus. Kinds of Flux are judged by their tables.
    pub fn current(jobs: Jobs) -> Self {
        Self::new("ready", move |object| match object {
            None => Progress::Pending("does not exist".to_owned()),
            Some(object) => current(object, jobs),
        })
    }

    /// A Job has completed, a Pod has succeeded; anything else exists. This is how Helm waits for hooks.
    pub fn finished() -> Self {
        Self::new("finished", |object| {
            let Some(object) = object else { return Progress::Pending("does not exist".to_owned()) };
            match kind_of(object) {
                ("batch", "Job") => job(object, Jobs::Completed),
                ("", "Pod") => match text(object, "/status/phase") {
                    Some("Succeeded") => Progress::Done,
                    Some("Failed") => Progress::Failed("the Pod has failed".to_owned()),
                    _ => Progress::Pending("the Pod has not finished".to_owned()),
                },
                _ => Progress::Done,
            }
        })
    }
}

fn kind_of(object: &Value) -> (&str, &str) {
    let api_version = text(object, "/apiVersion").unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    (group, text(object, "/kind").unwrap_or_default())
}

fn current(object: &Value, jobs: Jobs) -> Progress {
    let (group, kind) = kind_of(object);
    if let Some(known) = kinds::by_kind(group, kind) {
        return Condition::ready(known).check(Some(object));
    }
    if text(object, "/metadata/deletionTimestamp").is_some() {
        return Progress::Pending("is being deleted".to_owned());
    }
    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
    let observed = object.pointer("/status/observedGeneration").and_then(Value::as_i64);
    if let (Some(generation), Some(observed)) = (generation, observed)
        && generation != observed
    {
        return Progress::Pending(format!("generation {generation} is not observed yet"));
    }
    let conditions = conditions_of(object);
    let is_true = |kind: &str| conditions.iter().find(|it| it.kind == kind && it.status == "True");
    if let Some(reconciling) = is_true("Reconciling") {
        return Progress::Pending(reconciling.to_string());
    }
    if let Some(stalled) = is_true("Stalled") {
        return Progress::Failed(stalled.to_string());
    }
    match (group, kind) {
        ("apps", "Deployment") => deployment(object, &conditions),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "ReplicaSet") => replica_set(object, &conditions),
        ("batch", "Job") => job(object, jobs),
        ("", "Pod") => pod(object, &conditions),
        ("", "PersistentVolumeClaim") => match text(object, "/status/phase") {
            Some("Bound") => Progress::Done,
            _ => Progress::Pending("is not bound".to_owned()),
        },
        ("", "Service") => service(object),
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") | ("policy", "PodDisruptionBudget") => {
            Progress::Done
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(&conditions),
        _ => match conditions.iter().find(|it| it.kind == "Ready") {
            Some(ready) if ready.status != "True" => Progress::Pending(ready.to_string()),
            _ => Progress::Done,
        },
    }
}

/// A number in the object, or what stands for it when it is left out.
fn number(object: &Value, pointer: &str, absent: i64) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(absent)
}

/// Pending as long as there are fewer than wanted.
fn fewer(have: i64, want: i64, what: &str) -> Option<Progress> {
    (have < want).then(|| Progress::Pending(format!("{have} of {want} replicas are {what}")))
}

fn deployment(object: &Value, conditions: &[StatusCondition]) -> Progress {
    let find = |kind: &str| conditions.iter().find(|it| it.kind == kind);
    let progressing = find("Progressing");
    if let Some(exceeded) = progressing.filter(|it| it.reason == "ProgressDeadlineExceeded") {
        return Progress::Failed(exceeded.to_string());
    }
    // Without a deadline the controller reports no progress.
    let deadline = number(object, "/spec/progressDeadlineSeconds", i64::from(i32::MAX));
    let rolled_out = deadline == i64::from(i32::MAX)
        || progressing.is_some_and(|it| it.status == "True" && it.reason == "NewReplicaSetAvailable");
    let want = number(object, "/spec/replicas", 1);
    let status = |field: &str| number(object, &format!("/status/{field}"), 0);
    let (replicas, updated) = (status("replicas"), status("updatedReplicas"));
    let counted = fewer(replicas, want, "made")
        .or_else(|| fewer(updated, want, "up to date"))
        .or_else(|| {
            (replicas > want)
                .then(|| Progress::Pending(format!("{} old replicas are ending", replicas - want)))
        })
        .or_else(|| fewer(status("availableReplicas"), updated, "available"))
        .or_else(|| fewer(status("readyReplicas"), want, "ready"));
    match counted {
        Some(pending) => pending,
        None if !rolled_out => Progress::Pending("is rolling out".to_owned()),
        None if find("Available").is_none_or(|it| it.status != "True") => {
            Progress::Pending("is not available".to_owned())
        }
        None => Progress::Done,
    }
}

fn stateful_set(object: &Value) -> Progress {
    if text(object, "/spec/updateStrategy/type") == Some("OnDelete") {
        return Progress::Done;
    }
    let want = number(object, "/spec/replicas", 1);
    let status = |field: &str| number(object, &format!("/status/{field}"), 0);
    let replicas = status("replicas");
    let counted = fewer(replicas, want, "made")
        .or_else(|| fewer(status("readyReplicas"), want, "ready"))
        .or_else(|| {
            (replicas > want)
                .then(|| Progress::Pending(format!("{} old replicas are ending", replicas - want)))
        });
    if let Some(pending) = counted {
        return pending;
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition", -1);
    if partition != -1 {
        return fewer(status("updatedReplicas"), want - partition, "up to date").unwrap_or(Progress::Done);
    }
    if let Some(pending) = fewer(status("currentReplicas"), want, "current") {
        return pending;
    }
    let revision = |field: &str| text(object, &format!("/status/{field}")).unwrap_or_default();
    if revision("currentRevision") != revision("updateRevision") {
        return Progress::Pending("is rolling out".to_owned());
    }
    Progress::Done
}

fn daemon_set(object: &Value) -> Progress {
    let Some(want) = object.pointer("/status/desiredNumberScheduled").and_then(Value::as_i64) else {
        return Progress::Pending("is not observed yet".to_owned());
    };
    if object.pointer("/status/observedGeneration").is_none() {
        return Progress::Pending("is not observed yet".to_owned());
    }
    let status = |field: &str| number(object, &format!("/status/{field}"), 0);
    fewer(status("currentNumberScheduled"), want, "scheduled")
        .or_else(|| fewer(status("updatedNumberScheduled"), want, "up to date"))
        .or_else(|| fewer(status("numberAvailable"), want, "available"))
        .or_else(|| fewer(status("numberReady"), want, "ready"))
        .unwrap_or(Progress::Done)
}

fn replica_set(object: &Value, conditions: &[StatusCondition]) -> Progress {
    if let Some(failure) = conditions.iter().find(|it| it.kind == "ReplicaFailure" && it.status == "True") {
        return Progress::Pending(failure.to_string());
    }
    let want = number(object, "/spec/replicas", 1);
    let status = |field: &str| number(object, &format!("/status/{field}"), 0);
    let replicas = status("replicas");
    fewer(status("fullyLabeledReplicas"), want, "labelled")
        .or_else(|| fewer(status("availableReplicas"), want, "available"))
        .or_else(|| fewer(status("readyReplicas"), want, "ready"))
        .or_else(|| {
            (replicas > want)
                .then(|| Progress::Pending(format!("{} old replicas are ending", replicas - want)))
        })
        .unwrap_or(Progress::Done)
}

fn job(object: &Value, jobs: Jobs) -> Progress {
    let conditions = conditions_of(object);
    let is_true = |kind: &str| conditions.iter().find(|it| it.kind == kind && it.status == "True");
    if is_true("Complete").is_some() {
        return Progress::Done;
    }
    if let Some(failed) = is_true("Failed") {
        return Progress::Failed(format!("the Job has failed: {failed}"));
    }
    match (jobs, text(object, "/status/startTime")) {
        (_, None) => Progress::Pending("the Job has not started".to_owned()),
        (Jobs::Started, Some(_)) => Progress::Done,
        (Jobs::Completed, Some(_)) => Progress::Pending("the Job has not completed".to_owned()),
    }
}

fn pod(object: &Value, conditions: &[StatusCondition]) -> Progress {
    let find = |kind: &str| conditions.iter().find(|it| it.kind == kind);
    match text(object, "/status/phase").unwrap_or_default() {
        // kstatus asks whether it has come to its end, not to which.
        "Succeeded" | "Failed" => Progress::Done,
        "Running" => {
            if find("Ready").is_some_and(|it| it.status == "True") {
                return Progress::Done;
            }
            let containers = object.pointer("/status/containerStatuses").and_then(Value::as_array);
            let mut containers = containers.into_iter().flatten();
            let looping = containers.find(|it| text(it, "/state/waiting/reason") == Some("CrashLoopBackOff"));
            match looping {
                Some(container) => Progress::Failed(format!(
                    "container {} ends again and again (CrashLoopBackOff)",
                    text(container, "/name").unwrap_or_default()
                )),
                None => Progress::Pending("the Pod is not ready".to_owned()),
            }
        }
        "Pending" => {
            let unscheduled =
                find("PodScheduled").filter(|it| it.status == "False" && it.reason == "Unschedulable");
            let created: Option<Timestamp> =
                text(object, "/metadata/creationTimestamp").and_then(|time| time.parse().ok());
            match (unscheduled, created) {
                (Some(why), Some(created)) if Timestamp::now().duration_since(created) > SCHEDULING => {
                    Progress::Failed(why.to_string())
                }
                _ => Progress::Pending("the Pod has not started".to_owned()),
            }
        }
        _ => Progress::Pending("the Pod is not observed yet".to_owned()),
    }
}

fn service(object: &Value) -> Progress {
    let balanced = text(object, "/spec/type") == Some("LoadBalancer");
    if balanced && text(object, "/spec/clusterIP").unwrap_or_default().is_empty() {
        return Progress::Pending("has no address yet".to_owned());
    }
    Progress::Done
}

fn definition(conditions: &[StatusCondition]) -> Progress {
    for condition in conditions {
        match (condition.kind.as_str(), condition.status.as_str()) {
            ("NamesAccepted", "False") => return Progress::Failed(condition.to_string()),
            ("Established", "False") if condition.reason != "Installing" => {
                return Progress::Failed(condition.to_string());
            }
            ("Established", "True") => return Progress::Done,
            _ => {}
        }
    }
    Progress::Pending("is not established yet".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(object: Value) -> &'static str {
        match Condition::current(Jobs::Started).check(Some(&object)) {
            Progress::Done => "done",
            Progress::Pending(_) => "pending",
            Progress::Failed(_) => "failed",
        }
    }

    #[test]
    fn a_deployment_is_ready_when_all_its_replicas_are_new_and_available() {
        let deployment = |status: Value| {
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "generation": 2 },
                "spec": { "replicas": 2, "progressDeadlineSeconds": 600 }, "status": status,
            })
        };
        let full = json!({
            "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
            "conditions": [
                { "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" },
                { "type": "Available", "status": "True" },
            ],
        });
        assert_eq!(judged(deployment(full.clone())), "done");
        assert_eq!(judged(deployment(json!({}))), "pending");
        for (field, value) in
            [("observedGeneration", 1), ("replicas", 3), ("updatedReplicas", 1), ("readyReplicas", 1)]
        {
            let mut status = full.clone();
            status[field] = json!(value);
            assert_eq!(judged(deployment(status)), "pending", "{field}");
        }
        let mut late = full;
        late["conditions"][0] =
            json!({ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded" });
        assert_eq!(judged(deployment(late)), "failed");
    }

    /// Every case was put to kstatus itself (cli-utils 1.2.1, which Helm 4.2.4 waits by), with these answers.
    fn agree(api_version: &str, kind: &str, spec: &Value, status: &Value, changes: &[(Value, &str)]) {
        for (change, expected) in changes {
            let mut status = status.clone();
            for (field, value) in change.as_object().unwrap() {
                status[field] = value.clone();
            }
            let object = json!({
                "apiVersion": api_version, "kind": kind, "metadata": { "generation": 1 }, "spec": spec, "status": status,
            });
            assert_eq!(judged(object), *expected, "{kind} {spec} {change}");
        }
    }

    #[test]
    fn a_stateful_set_is_ready_when_all_is_new_or_what_its_partition_leaves_to_be_new() {
        let full = json!({
            "replicas": 2, "readyReplicas": 2, "currentReplicas": 2, "updatedReplicas": 2, "currentRevision": "a",
            "updateRevision": "a",
        });
        let two = json!({ "replicas": 2 });
        agree("apps/v1", "StatefulSet", &two, &json!({}), &[(json!({}), "pending")]);
        agree(
            "apps/v1",
            "StatefulSet",
            &two,
            &full,
            &[
                (json!({}), "done"),
                (json!({ "replicas": 1 }), "pending"),
                (json!({ "replicas": 3 }), "pending"),
                (json!({ "readyReplicas": 1 }), "pending"),
                (json!({ "currentReplicas": 1 }), "pending"),
                (json!({ "updateRevision": "b" }), "pending"),
            ],
        );
        let by_hand = json!({ "replicas": 2, "updateStrategy": { "type": "OnDelete" } });
        agree("apps/v1", "StatefulSet", &by_hand, &json!({}), &[(json!({}), "done")]);
        let part = json!({
            "replicas": 2, "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 1 } },
        });
        agree(
            "apps/v1",
            "StatefulSet",
            &part,
            &full,
            &[
                (json!({ "updatedReplicas": 1, "currentReplicas": 1, "updateRevision": "b" }), "done"),
                (json!({ "updatedReplicas": 0, "updateRevision": "b" }), "pending"),
            ],
        );
    }

    #[test]
    fn a_daemon_set_is_ready_when_every_node_that_is_meant_has_a_new_one() {
        let full = json!({
            "desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2,
            "numberReady": 2, "observedGeneration": 1,
        });
        agree("apps/v1", "DaemonSet", &json!({}), &json!({}), &[(json!({}), "pending")]);
        agree(
            "apps/v1",
            "DaemonSet",
            &json!({}),
            &full,
            &[
                (json!({}), "done"),
                (json!({ "currentNumberScheduled": 1 }), "pending"),
                (json!({ "updatedNumberScheduled": 1 }), "pending"),
                (json!({ "numberAvailable": 1 }), "pending"),
                (json!({ "numberReady": 1 }), "pending"),
                (json!({ "desiredNumberScheduled": 0 }), "done"),
            ],
        );
    }

    #[test]
    fn a_replica_set_is_ready_when_all_its_replicas_are() {
        let full = json!({
            "replicas": 2, "fullyLabeledReplicas": 2, "availableReplicas": 2, "readyReplicas": 2, "observedGeneration": 1,
        });
        let failure = json!([{ "type": "ReplicaFailure", "status": "True" }]);
        agree(
            "apps/v1",
            "ReplicaSet",
            &json!({ "replicas": 2 }),
            &full,
            &[
                (json!({}), "done"),
                (json!({ "fullyLabeledReplicas": 1 }), "pending"),
                (json!({ "availableReplicas": 1 }), "pending"),
                (json!({ "readyReplicas": 1 }), "pending"),
                (json!({ "replicas": 3 }), "pending"),
                (json!({ "conditions": failure }), "pending"),
            ],
        );
        let none = json!({ "replicas": 0, "observedGeneration": 1 });
        agree("apps/v1", "ReplicaSet", &json!({ "replicas": 0 }), &none, &[(json!({}), "done")]);
    }

    #[test]
    fn pods_claims_services_and_definitions_are_judged_by_what_they_say() {
        let nothing = json!({});
        let conditions = |conditions: Value| json!({ "conditions": conditions });
        agree(
            "v1",
            "PersistentVolumeClaim",
            &nothing,
            &nothing,
            &[
                (json!({ "phase": "Bound" }), "done"),
                (json!({ "phase": "Pending" }), "pending"),
                (json!({ "phase": "Lost" }), "pending"),
            ],
        );
        agree("v1", "Service", &json!({ "type": "ClusterIP" }), &nothing, &[(json!({}), "done")]);
        agree("v1", "Service", &json!({ "type": "LoadBalancer" }), &nothing, &[(json!({}), "pending")]);
        let balanced = json!({ "type": "LoadBalancer", "clusterIP": "10.0.0.1" });
        agree("v1", "Service", &balanced, &nothing, &[(json!({}), "done")]);
        agree("policy/v1", "PodDisruptionBudget", &nothing, &nothing, &[(json!({}), "done")]);
        agree("batch/v1", "CronJob", &nothing, &nothing, &[(json!({}), "done")]);
        let ready = |status: &str| json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": status }] });
        agree(
            "v1",
            "Pod",
            &nothing,
            &nothing,
            &[
                (json!({}), "pending"),
                (json!({ "phase": "Succeeded" }), "done"),
                (json!({ "phase": "Failed" }), "done"),
                (json!({ "phase": "Pending" }), "pending"),
                (ready("True"), "done"),
                (ready("False"), "pending"),
            ],
        );
        agree(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            &nothing,
            &nothing,
            &[
                (
                    conditions(json!([
                        { "type": "NamesAccepted", "status": "True" }, { "type": "Established", "status": "True" },
                    ])),
                    "done",
                ),
                (
                    conditions(json!([{ "type": "NamesAccepted", "status": "False", "reason": "Taken" }])),
                    "failed",
                ),
                (
                    conditions(json!([{ "type": "Established", "status": "False", "reason": "Installing" }])),
                    "pending",
                ),
                (
                    conditions(
                        json!([{ "type": "Established", "status": "False", "reason": "NotAccepted" }]),
                    ),
                    "failed",
                ),
            ],
        );
    }

    #[test]
    fn a_pod_that_finds_no_node_has_failed_after_a_while() {
        let pod = |created: Timestamp| {
            json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": { "creationTimestamp": created.to_string() },
                "status": {
                    "phase": "Pending",
                    "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable" }],
                },
            })
        };
        assert_eq!(judged(pod(Timestamp::now())), "pending");
        assert_eq!(judged(pod(Timestamp::now() - SCHEDULING * 2)), "failed");
    }

    #[test]
    fn a_job_is_waited_for_to_its_end_only_where_that_is_asked() {
        let job = |status: Value| json!({ "apiVersion": "batch/v1", "kind": "Job", "status": status });
        let started = job(json!({ "startTime": "2026-01-01T00:00:00Z" }));
        assert_eq!(judged(job(json!({}))), "pending");
        assert_eq!(judged(started.clone()), "done");
        assert!(matches!(Condition::finished().check(Some(&started)), Progress::Pending(_)));
        let failed = job(
            json!({ "conditions": [{ "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded" }] }),
        );
        assert_eq!(judged(failed.clone()), "failed");
        assert!(matches!(Condition::finished().check(Some(&failed)), Progress::Failed(_)));
    }

    #[test]
    fn what_says_nothing_of_itself_is_ready_once_it_exists() {
        for (object, expected) in [
            (json!({ "apiVersion": "v1", "kind": "ServiceAccount" }), "done"),
            (
                json!({ "apiVersion": "a.io/v1", "kind": "A", "status": { "conditions": [{ "type": "Ready", "status": "False" }] } }),
                "pending",
            ),
            (
                json!({ "apiVersion": "a.io/v1", "kind": "A", "status": { "conditions": [{ "type": "Stalled", "status": "True" }] } }),
                "failed",
            ),
            (
                json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" } }),
                "pending",
            ),
            (
                json!({ "apiVersion": "v1", "kind": "Pod", "status": { "phase": "Running", "containerStatuses": [{ "name": "a", "state": { "waiting": { "reason": "CrashLoopBackOff" } } }] } }),
                "failed",
            ),
            (
                json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition" }),
                "pending",
            ),
        ] {
            assert_eq!(judged(object.clone()), expected, "{object}");
        }
    }
}
