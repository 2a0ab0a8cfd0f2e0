//! One line about an object of Flux of any kind, as a list of all of them shows it.

use serde_json::Value;

use crate::{
    kinds::{self, Kind, Readiness},
    readiness::{self, State},
};

/// How an object stands, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The state in one word. That nothing is done while the object is suspended is told apart from it.
    pub state: State,
    /// The reason that the controller gives; empty where there is none.
    pub reason: String,
    /// What the controller says.
    pub message: String,
    /// The revision that was fetched or applied last.
    pub revision: Option<String>,
    /// Whether reconciliation is suspended.
    pub suspended: bool,
}

impl Summary {
    /// Looks at an object as it was read from the cluster. A kind that has no table is judged by its condition `Ready`.
    pub fn of(object: &Value) -> Summary {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let name = text("/kind").unwrap_or_default();
        let group =
            text("/apiVersion").and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
        let suspended = object.pointer("/spec/suspend") == Some(&Value::Bool(true))
            || object["metadata"]["annotations"]["fluxcd.controlplane.io/reconcile"] == "disabled";
        let mut judged = object.clone();
        if let Some(spec) = judged.get_mut("spec").and_then(Value::as_object_mut) {
            spec.remove("suspend");
        }
        if let Some(annotations) = judged.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut)
        {
            annotations.remove("fluxcd.controlplane.io/reconcile");
        }
        let status = match kinds::by_kind(group, name).copied().or_else(|| without_table(name)) {
            Some(kind) => readiness::assess(&kind, &judged),
            None => {
                readiness::Status { state: State::Unknown, reason: String::new(), message: String::new() }
            }
        };
        Summary {
            state: status.state,
            reason: status.reason,
            message: status.message,
            revision: revision(object),
            suspended,
        }
    }
}

/// What is assumed of a kind that nobody wrote a table for.
fn without_table(name: &str) -> Option<Kind> {
    let readiness = match name {
        "Alert" | "Provider" => Readiness::Existence,
        _ => Readiness::Condition { condition: "Ready", status_generation: false },
    };
    let any = **kinds::all().first()?;
    Some(Kind { name: "object", controller: "its controller", finalizer: None, readiness, ..any })
}

/// The revision that an object's status tells, whatever it calls it.
fn revision(object: &Value) -> Option<String> {
    [
        "/status/artifact/revision",
        "/status/lastAppliedRevision",
        "/status/history/0/chartVersion",
        "/status/lastAttemptedRevision",
        "/status/latestRef/tag",
        "/status/latestImage",
    ]
    .iter()
    .find_map(|pointer| object.pointer(pointer)?.as_str())
    .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_suspended_object_still_says_how_it_stands() {
        let summary = Summary::of(&json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "a", "generation": 2}, "spec": {"suspend": true},
            "status": {
                "observedGeneration": 2, "artifact": {"revision": "main@sha1:abc"},
                "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 2, "reason": "Succeeded", "message": "stored"}],
            },
        }));
        assert_eq!((summary.state, summary.suspended), (State::Ready, true));
        assert_eq!((summary.reason.as_str(), summary.message.as_str()), ("Succeeded", "stored"));
        assert_eq!(summary.revision.as_deref(), Some("main@sha1:abc"));
    }

    #[test]
    fn a_kind_without_a_table_is_judged_by_its_condition() {
        let report = |status: &str| {
            Summary::of(&json!({
                "apiVersion": "fluxcd.controlplane.io/v9", "kind": "Newest", "metadata": {"name": "a", "generation": 1},
                "status": {"conditions": [{"type": "Ready", "status": status, "observedGeneration": 1, "reason": "R", "message": "m"}]},
            }))
        };
        assert_eq!(report("True").state, State::Ready);
        assert_eq!(report("False").state, State::Failed { terminal: false });
        let alert = json!({"apiVersion": "notification.toolkit.fluxcd.io/v9", "kind": "Alert", "metadata": {"name": "a", "generation": 1}});
        assert_eq!(Summary::of(&alert).state, State::Ready);
    }
}
