//! From the status of an object to one word: Ready, or why not.
//!
//! The words are those of kstatus, as Flux's controllers use it. `Ready=True` counts only for the current
//! generation, since right after a change the object still carries the praise for its former self.
//! `Reconciling=True` means that the controller is at work, also on another try after a failure.
//! `Stalled=True` means that it has given up until the object changes.

use serde_json::Value;

use crate::kinds::{Kind, Readiness};

/// How an object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The state in one word.
    pub state: State,
    /// The reason that the controller gives, in CamelCase; empty where there is none.
    pub reason: String,
    /// What the controller says, or what we say where it says nothing.
    pub message: String,
}

/// The state of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Reconciled, for the current generation.
    Ready,
    /// On its way, perhaps after failures; the message says what went wrong last.
    Progressing,
    /// The last attempt failed.
    Failed {
        /// Whether the controller has given up until the object changes; otherwise it tries again.
        terminal: bool,
    },
    /// Nothing is done, as `spec.suspend` asks.
    Suspended,
    /// Being deleted.
    Terminating,
    /// Nothing in the object tells.
    Unknown,
}

impl State {
    /// Whether a wait for Ready can end here, since nothing changes by itself any more.
    pub const fn is_final(self) -> bool {
        match self {
            State::Ready | State::Failed { terminal: true } | State::Suspended | State::Terminating => true,
            State::Progressing | State::Failed { terminal: false } | State::Unknown => false,
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Ready => "Ready",
            State::Progressing => "Progressing",
            State::Failed { .. } => "Failed",
            State::Suspended => "Suspended",
            State::Terminating => "Terminating",
            State::Unknown => "Unknown",
        })
    }
}

/// Judges an object as it was read from the cluster.
pub fn assess(kind: &Kind, object: &Value) -> Status {
    let Some(metadata) = object.get("metadata").filter(|metadata| metadata.is_object()) else {
        return Status::new(State::Unknown, "", "this is not an object of a cluster");
    };
    if metadata.get("deletionTimestamp").is_some_and(|time| !time.is_null()) {
        return Status::new(State::Terminating, "Terminating", terminating(kind, metadata));
    }
    if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Status::new(State::Suspended, "Suspended", "reconciliation is suspended");
    }
    match kind.readiness.of(object) {
        Readiness::Existence => {
            Status::new(State::Ready, "Exists", format!("{} has no status", described(kind)))
        }
        Readiness::Suspended => {
            Status::new(State::Suspended, "Suspended", format!("{} is not reconciled", described(kind)))
        }
        Readiness::None | Readiness::Where { .. } => Status::new(
            State::Unknown,
            "",
            format!("{} does not say whether it is ready", kind.with_article()),
        ),
        Readiness::Condition { condition, status_generation } => {
            let Some(generation) = metadata.get("generation").and_then(Value::as_i64) else {
                return Status::new(State::Unknown, "", "the object has no generation");
            };
            let status = object.get("status").unwrap_or(&Value::Null);
            Conditions { kind, status, generation, status_generation }.assess(condition)
        }
    }
}

/// The object in a sentence, with what about it decides where something does.
fn described(kind: &Kind) -> String {
    match kind.readiness {
        Readiness::Where { path, is, .. } => format!("{} whose {path} is {is}", kind.with_article()),
        _ => kind.with_article(),
    }
}

fn terminating(kind: &Kind, metadata: &Value) -> String {
    let finalizers: Vec<&str> = metadata
        .get("finalizers")
        .and_then(Value::as_array)
        .map(|finalizers| finalizers.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    match finalizers.as_slice() {
        [] => "the object is being deleted".to_owned(),
        [one] if Some(*one) == kind.finalizer => {
            format!("the object is being deleted; {} must release it ({one})", kind.controller)
        }
        some => {
            format!("the object is being deleted; its finalizers must be removed first: {}", some.join(", "))
        }
    }
}

/// The status of an object whose generation is known.
struct Conditions<'o> {
    kind: &'o Kind,
    status: &'o Value,
    generation: i64,
    status_generation: bool,
}

impl Conditions<'_> {
    fn assess(&self, ready: &str) -> Status {
        let ready = self.condition(ready);
        if let Some(stalled) = self.condition("Stalled").filter(|c| c.is("True") && self.concerns_this(c)) {
            return stalled.status(State::Failed { terminal: true });
        }
        if let Some(reconciling) = self.condition("Reconciling").filter(|c| c.is("True")) {
            // After a failed try, Ready says why; Reconciling says only that there is another.
            let failure = ready.filter(|ready| !ready.is("True") && self.concerns_this(ready));
            return failure.unwrap_or(reconciling).status(State::Progressing);
        }
        let Some(ready) = ready else {
            return self.waiting(format!("{} has not said anything yet", self.kind.controller));
        };
        if !self.concerns_this(&ready) {
            return self.outdated();
        }
        if ready.is("True") {
            let seen = !self.status_generation || self.observed(self.status) == Some(self.generation);
            return if seen { ready.status(State::Ready) } else { self.outdated() };
        }
        if ready.is("False") {
            return ready.status(State::Failed { terminal: false });
        }
        ready.status(State::Progressing)
    }

    fn condition(&self, name: &str) -> Option<Condition<'_>> {
        let conditions = self.status.get("conditions")?.as_array()?;
        conditions.iter().map(Condition).find(|condition| condition.text("type") == name)
    }

    /// Whether a condition is about the current generation. One that does not say is as old as the status, and
    /// where the status of a kind does not say either, what it says is all there is to go by.
    fn concerns_this(&self, condition: &Condition<'_>) -> bool {
        match self.observed(condition.0).or_else(|| self.observed(self.status)) {
            Some(observed) => observed == self.generation,
            None => !self.status_generation,
        }
    }

    fn observed(&self, holder: &Value) -> Option<i64> {
        holder.get("observedGeneration").and_then(Value::as_i64)
    }

    fn outdated(&self) -> Status {
        self.waiting(format!("{} has not yet seen the latest change", self.kind.controller))
    }

    fn waiting(&self, message: String) -> Status {
        Status::new(State::Progressing, "", message)
    }
}

#[derive(Clone, Copy)]
struct Condition<'o>(&'o Value);

impl<'o> Condition<'o> {
    fn text(&self, member: &str) -> &'o str {
        self.0.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    fn is(&self, status: &str) -> bool {
        self.text("status") == status
    }

    fn status(&self, state: State) -> Status {
        Status::new(state, self.text("reason"), self.text("message"))
    }
}

impl Status {
    /// Whether the object is ready.
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    fn new(state: State, reason: &str, message: impl Into<String>) -> Status {
        Status { state, reason: reason.to_owned(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::kinds;

    fn git() -> &'static Kind {
        kinds::by_resource("git_repository").unwrap()
    }

    /// An object of generation 2 whose controller has seen generation `observed`.
    fn object(observed: i64, conditions: &[Value]) -> Value {
        json!({
            "metadata": {"name": "app", "generation": 2},
            "status": {"observedGeneration": observed, "conditions": conditions},
        })
    }

    fn condition(name: &str, status: &str, observed: i64, message: &str) -> Value {
        json!({"type": name, "status": status, "reason": "Because", "message": message, "observedGeneration": observed})
    }

    fn state(observed: i64, conditions: &[Value]) -> State {
        assess(git(), &object(observed, conditions)).state
    }

    #[test]
    fn ready_counts_for_the_current_generation_alone() {
        assert_eq!(state(2, &[condition("Ready", "True", 2, "")]), State::Ready);
        assert_eq!(state(1, &[condition("Ready", "True", 1, "")]), State::Progressing);
        assert_eq!(state(1, &[condition("Ready", "True", 2, "")]), State::Progressing);
        assert_eq!(state(2, &[condition("Ready", "True", 1, "")]), State::Progressing);
    }

    #[test]
    fn a_new_object_is_on_its_way() {
        assert_eq!(state(-1, &[]), State::Progressing);
        let bare = json!({"metadata": {"name": "app", "generation": 1}});
        assert_eq!(assess(git(), &bare).state, State::Progressing);
    }

    #[test]
    fn stalled_ends_the_wait_and_an_old_stall_does_not() {
        let stalled = condition("Stalled", "True", 2, "invalid URL");
        let status = assess(git(), &object(2, &[condition("Ready", "False", 2, "x"), stalled.clone()]));
        assert_eq!(status.state, State::Failed { terminal: true });
        assert_eq!(status.message, "invalid URL");
        // The controllers write the generation of the status later than that of the condition.
        assert_eq!(state(-1, &[stalled]), State::Failed { terminal: true });
        assert_eq!(state(1, &[condition("Stalled", "True", 1, "")]), State::Progressing);
    }

    #[test]
    fn a_failure_that_is_tried_again_goes_on_and_says_why() {
        let status = assess(
            git(),
            &object(
                -1,
                &[
                    condition("Reconciling", "True", 2, "reconciliation in progress"),
                    condition("Ready", "False", 2, "authentication required"),
                ],
            ),
        );
        assert_eq!(status.state, State::Progressing);
        assert_eq!(status.message, "authentication required");
    }

    #[test]
    fn an_old_failure_is_not_the_reason_of_what_runs_now() {
        let status = assess(
            git(),
            &object(
                1,
                &[condition("Reconciling", "True", 2, "fetching"), condition("Ready", "False", 1, "old")],
            ),
        );
        assert_eq!((status.state, status.message.as_str()), (State::Progressing, "fetching"));
    }

    #[test]
    fn a_failure_is_terminal_only_when_stalled() {
        assert_eq!(state(2, &[condition("Ready", "False", 2, "")]), State::Failed { terminal: false });
        assert_eq!(state(-1, &[condition("Ready", "False", 2, "")]), State::Failed { terminal: false });
        assert_eq!(state(1, &[condition("Ready", "False", 1, "")]), State::Progressing);
        assert_eq!(state(2, &[condition("Ready", "Unknown", 2, "")]), State::Progressing);
    }

    #[test]
    fn suspended_objects_are_not_waited_for() {
        let mut object = object(1, &[condition("Ready", "True", 1, "")]);
        object["spec"] = json!({"suspend": true});
        assert_eq!(assess(git(), &object).state, State::Suspended);
        object["spec"] = json!({"suspend": false});
        assert_eq!(assess(git(), &object).state, State::Progressing);
    }

    #[test]
    fn the_operator_suspends_by_an_annotation() {
        let kind = kinds::by_resource("resource_set").unwrap();
        let mut object = object(-1, &[condition("Ready", "True", 1, "")]);
        assert_eq!(assess(kind, &object).state, State::Progressing);
        object["metadata"]["annotations"] = json!({"fluxcd.controlplane.io/reconcile": "enabled"});
        assert_eq!(assess(kind, &object).state, State::Progressing);
        object["metadata"]["annotations"] = json!({"fluxcd.controlplane.io/reconcile": "disabled"});
        assert_eq!(assess(kind, &object).state, State::Suspended);
        assert_eq!(assess(git(), &object).state, State::Progressing);
    }

    #[test]
    fn what_is_being_deleted_is_not_ready_and_says_who_holds_it() {
        let mut object = object(2, &[condition("Ready", "True", 2, "")]);
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        object["metadata"]["finalizers"] = json!(["finalizers.fluxcd.io"]);
        let status = assess(git(), &object);
        assert_eq!(status.state, State::Terminating);
        insta::assert_snapshot!(status.message, @"the object is being deleted; source-controller must release it (finalizers.fluxcd.io)");
    }

    #[test]
    fn a_kind_without_status_is_ready_when_it_exists() {
        let alert = Kind { readiness: Readiness::Existence, ..kind_like_git() };
        assert_eq!(assess(&alert, &json!({"metadata": {"name": "a"}})).state, State::Ready);
        let silent = Kind { readiness: Readiness::None, ..kind_like_git() };
        assert_eq!(assess(&silent, &json!({"metadata": {"name": "a"}})).state, State::Unknown);
    }

    #[test]
    fn a_kind_may_keep_the_generation_in_its_conditions_alone() {
        let readiness = Readiness::Condition { condition: "Ready", status_generation: false };
        let generator = Kind { readiness, ..kind_like_git() };
        let object = json!({
            "metadata": {"name": "a", "generation": 2},
            "status": {"conditions": [condition("Ready", "True", 2, "")]},
        });
        assert_eq!(assess(&generator, &object).state, State::Ready);
    }

    #[test]
    fn a_kind_whose_status_has_no_generation_is_taken_at_its_word() {
        let artifact = kinds::by_resource("external_artifact").unwrap();
        let said = |condition: Value| {
            let metadata = json!({"name": "a", "generation": 2});
            assess(artifact, &json!({"metadata": metadata, "status": {"conditions": [condition]}})).state
        };
        assert_eq!(said(json!({"type": "Ready", "status": "True"})), State::Ready);
        assert_eq!(said(condition("Ready", "True", 2, "")), State::Ready);
        assert_eq!(said(condition("Ready", "True", 1, "")), State::Progressing);
        // Where the controllers always say it, nothing said is nothing seen.
        let silent = json!({
            "metadata": {"name": "a", "generation": 2},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        });
        assert_eq!(assess(git(), &silent).state, State::Progressing);
    }

    #[test]
    fn an_oci_helm_repository_is_ready_when_it_exists_and_another_is_not() {
        let repository = kinds::by_resource("helm_repository").unwrap();
        let of_type = |spec: Value| {
            assess(repository, &json!({"metadata": {"name": "a", "generation": 1}, "spec": spec}))
        };
        let status = of_type(json!({"type": "oci"}));
        assert_eq!(status.state, State::Ready);
        insta::assert_snapshot!(status.message, @"a HelmRepository whose spec.type is oci has no status");
        for spec in [json!({"type": "default"}), json!({"type": null}), json!({}), Value::Null] {
            assert_eq!(of_type(spec).state, State::Progressing);
        }
        assert_eq!(of_type(json!({"type": "oci", "suspend": true})).state, State::Suspended);
    }

    #[test]
    fn a_generator_that_is_switched_off_by_an_annotation_is_not_waited_for() {
        let generator = kinds::by_resource("artifact_generator").unwrap();
        let annotated = |value: &str| {
            let annotations = json!({"source.extensions.fluxcd.io/reconcile": value});
            assess(generator, &json!({"metadata": {"generation": 1, "annotations": annotations}})).state
        };
        assert_eq!(annotated("Disabled"), State::Suspended);
        assert_eq!(annotated("disabled"), State::Suspended);
        assert_eq!(annotated("enabled"), State::Progressing);
    }

    #[test]
    fn what_decides_may_lie_inside_what_another_thing_decided() {
        const INNER: Readiness = Readiness::Where {
            path: "spec.mode",
            is: "quiet",
            then: &Readiness::None,
            otherwise: &Readiness::Suspended,
        };
        let nested =
            Readiness::Where { path: "spec.kind", is: "a", then: &INNER, otherwise: &Readiness::Existence };
        assert_eq!(nested.of(&json!({"spec": {"kind": "a", "mode": "quiet"}})), Readiness::None);
        assert_eq!(nested.of(&json!({"spec": {"kind": "a"}})), Readiness::Suspended);
        assert_eq!(nested.of(&json!({"spec": {"kind": 1}})), Readiness::Existence);
        assert_eq!(nested.of(&Value::Null), Readiness::Existence);
    }

    fn kind_like_git() -> Kind {
        *git()
    }

    /// Any JSON, so that nothing that a cluster sends can break the program.
    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[A-Za-z]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("type|status|conditions|observedGeneration", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn survives_any_status(status in json_value(), metadata in json_value(), spec in json_value()) {
            assess(git(), &json!({"metadata": metadata, "spec": spec, "status": status}));
            assess(git(), &json!({"metadata": {"generation": 1}, "spec": spec, "status": status}));
            assess(git(), &status);
        }
    }
}
