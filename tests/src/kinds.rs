//! The life cycle of every kind that has a table, generated from the tables: a new kind is in here by itself.
//!
//! One configuration holds an object of each kind, so that each step is one command for all of them. No controller is at work.

mod moves;
mod sample;

use std::{collections::BTreeMap, time::Duration};

use flux::{Kind, Origin, hcl, kinds::Readiness};
use serde_json::{Map, Value, json};
use testutil::{Shared, Tofu, require, wait};

use crate::support::{api, apply_as, delete, live, objects, patch, tofu};
use sample::Knob;

/// The objects of all kinds, in a namespace of their own.
struct Fleet {
    plane: Shared,
    namespace: String,
    tofu: Tofu,
}

/// Which of the values of [`Knob`] is meant; `None` leaves the attribute as the sample has it.
type Turn = Option<usize>;

impl Fleet {
    fn new(name: &str, more: Value) -> Result<Fleet, testutil::Error> {
        let plane = api()?;
        let namespace = plane.namespace(name);
        let tofu = tofu(&plane, "")?;
        let fleet = Fleet { plane, namespace, tofu };
        fleet.write(None, &more);
        Ok(fleet)
    }

    /// Writes the configuration, with `more` attributes on each resource.
    fn write(&self, turn: Turn, more: &Value) {
        self.tofu.write("main.tf", "");
        let configuration = configuration(&self.namespace, turn, more);
        self.tofu.write("main.tf.json", &serde_json::to_string_pretty(&configuration).unwrap());
    }

    fn live(&self, kind: &Kind) -> Option<Value> {
        live(&self.plane, kind.name, &self.namespace, sample::name(kind))
    }

    /// Sees to it that each kind's object is there, and gives it.
    fn all_live(&self) -> BTreeMap<&'static str, Value> {
        let live =
            |kind: &&'static Kind| (kind.name, self.live(kind).unwrap_or_else(|| panic!("no {}", kind.name)));
        kinds().iter().map(live).collect()
    }

    fn patch(&self, kind: &Kind, change: &Value) {
        patch(&self.plane, kind.name, &self.namespace, sample::name(kind), change);
    }

    /// Writes the status of each object that is waited for as soon as it is there, as its controller would. OpenTofu makes only so many at
    /// a time.
    fn answer(&self, status: impl Fn(&'static Kind, &'static str, bool) -> Value) {
        let mut waiting: Vec<_> =
            kinds().iter().filter_map(|kind| Some((*kind, waited_for(kind)?))).collect();
        wait::until("every object exists", Duration::from_secs(120), || {
            waiting.retain(|(kind, (condition, generation))| {
                let there = self.live(kind).is_some();
                if there {
                    self.status(kind, &status(kind, condition, *generation));
                }
                !there
            });
            match waiting.first() {
                None => Ok(()),
                Some((kind, _)) => Err(format!("no {}", kind.name)),
            }
        })
        .unwrap();
    }

    fn status(&self, kind: &Kind, status: &Value) {
        wait::block_on(async || {
            let api = objects(&self.plane, kind.name, &self.namespace);
            let params = kube::api::PatchParams::default();
            let patch = kube::api::Patch::Merge(json!({ "status": status }));
            api.patch_status(sample::name(kind), &params, &patch).await.unwrap();
        });
    }

    /// Plans and applies, and sees to it that nothing is left to be done.
    fn apply(&self) -> String {
        self.tofu.plan().changes();
        let text = self.tofu.apply().success().text();
        self.tofu.plan().no_changes();
        text
    }
}

fn kinds() -> &'static [&'static Kind] {
    flux::kinds::all()
}

fn address(kind: &Kind) -> String {
    format!("fluxgate_{}.app", kind.resource)
}

fn attributes(kind: &'static Kind, namespace: &str, turn: Turn) -> Value {
    let mut attributes = sample::attributes(kind, namespace);
    if let Some(turn) = turn {
        let Knob { field, values } = sample::knob(kind);
        attributes["spec"][field.hcl()] = values[turn].clone();
    }
    attributes
}

fn configuration(namespace: &str, turn: Turn, more: &Value) -> Value {
    let resources = kinds().iter().map(|kind| {
        let mut attributes = attributes(kind, namespace, turn);
        for (name, value) in more.as_object().unwrap() {
            attributes[name] = value.clone();
        }
        (format!("fluxgate_{}", kind.resource), json!({ "app": attributes }))
    });
    json!({ "resource": resources.collect::<Map<_, _>>() })
}

/// The object that a resource of the configuration stands for.
fn object(kind: &'static Kind, namespace: &str, turn: Turn) -> Value {
    let mut attributes = attributes(kind, namespace, turn);
    attributes["labels"] = Value::Null;
    attributes["annotations"] = Value::Null;
    hcl::manifest(kind, &attributes, &[], Origin::resource("test")).unwrap().object().clone()
}

/// The members of the spec of that object at the place that is turned.
fn turned(kind: &'static Kind, turn: usize) -> Value {
    let wire = sample::knob(kind).field.wire();
    json!({"spec": { wire: object(kind, "any", Some(turn))["spec"][wire] }})
}

/// Whether all that `expected` says holds for `found`.
fn holds(found: &Value, expected: &Value) -> bool {
    match expected {
        Value::Object(members) => members.iter().all(|(name, value)| holds(&found[name], value)),
        Value::Array(elements) => {
            elements.iter().enumerate().all(|(index, value)| holds(&found[index], value))
        }
        _ => found == expected,
    }
}

#[test]
fn every_kind_is_planned_whole_created_turned_in_place_and_destroyed() {
    let fleet = require!(Fleet::new("kinds", json!({"wait": false})));
    fleet.tofu.plan().changes();
    let plan = fleet.tofu.show_plan();
    for kind in kinds() {
        let change = plan.change(&address(kind));
        assert_eq!(change.actions, ["create"]);
        let expected = &attributes(kind, &fleet.namespace, None)["spec"];
        assert!(holds(&change.after["spec"], expected), "{}: {}", kind.name, change.after["spec"]);
    }
    fleet.tofu.apply().success();
    fleet.tofu.plan().no_changes();
    let before = fleet.all_live();
    for kind in kinds() {
        let expected = object(kind, &fleet.namespace, None);
        assert!(holds(&before[kind.name]["spec"], &expected["spec"]), "{}", before[kind.name]["spec"]);
    }

    fleet.write(Some(0), &json!({"wait": false, "labels": {"turned": "yes"}}));
    fleet.tofu.plan().changes();
    let plan = fleet.tofu.show_plan();
    for kind in kinds() {
        assert_eq!(plan.change(&address(kind)).actions, ["update"], "{}", kind.name);
    }
    fleet.tofu.apply().success();
    fleet.tofu.plan().no_changes();
    let after = fleet.all_live();
    for kind in kinds() {
        let (before, after) = (&before[kind.name], &after[kind.name]);
        assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"], "{}", kind.name);
        assert_eq!(after["metadata"]["labels"]["turned"], "yes");
        assert!(holds(after, &turned(kind, 0)), "{}: {}", kind.name, after["spec"]);
    }

    fleet.tofu.destroy().success();
    for kind in kinds() {
        assert_eq!(fleet.live(kind), None);
    }
}

#[test]
fn what_is_changed_or_deleted_outside_is_planned_exactly_and_repaired_for_every_kind() {
    let fleet = require!(Fleet::new("kinds-drift", json!({"wait": false})));
    fleet.write(Some(0), &json!({"wait": false}));
    fleet.apply();

    for kind in kinds() {
        fleet.patch(kind, &turned(kind, 1));
    }
    fleet.tofu.plan().changes();
    let plan = fleet.tofu.show_plan();
    for kind in kinds() {
        let change = plan.change(&address(kind));
        assert_eq!(change.actions, ["update"], "{}", kind.name);
        let Knob { field, values } = sample::knob(kind);
        let place = |value: &Value| value["spec"][field.hcl()].clone();
        assert!(holds(&place(&change.before), &values[1]), "{}: {}", kind.name, change.before["spec"]);
        assert!(holds(&place(&change.after), &values[0]), "{}: {}", kind.name, change.after["spec"]);
        // That, and what counts changes, is all that changes.
        let (mut before, mut after) = (change.before.clone(), change.after.clone());
        for side in [&mut before, &mut after] {
            side["spec"][field.hcl()] = Value::Null;
            side["generation"] = Value::Null;
        }
        assert_eq!(before["spec"], after["spec"], "{}", kind.name);
        assert_eq!(before["labels"], after["labels"], "{}", kind.name);
    }
    fleet.tofu.apply().success();
    fleet.tofu.plan().no_changes();
    for (kind, object) in kinds().iter().zip(kinds().iter().map(|kind| fleet.live(kind).unwrap())) {
        assert!(holds(&object, &turned(kind, 0)), "{}: {}", kind.name, object["spec"]);
    }

    for kind in kinds() {
        delete(&fleet.plane, kind.name, &fleet.namespace, sample::name(kind));
    }
    fleet.tofu.plan().changes();
    let plan = fleet.tofu.show_plan();
    assert!(plan.actions().values().all(|action| action == "create"), "{:?}", plan.actions());
    assert_eq!(plan.actions().len(), kinds().len());

    // Made again by somebody else, with another value.
    for kind in kinds() {
        apply_as(&fleet.plane, "somebody", &object(kind, &fleet.namespace, Some(2)));
    }
    fleet.tofu.plan().changes();
    let plan = fleet.tofu.show_plan();
    assert!(plan.actions().values().all(|action| action == "update"), "{:?}", plan.actions());
    assert_eq!(plan.actions().len(), kinds().len());
    fleet.tofu.apply().success();
    fleet.tofu.plan().no_changes();
}

#[test]
fn every_kind_is_imported_with_an_empty_next_plan_and_a_configuration_can_be_generated() {
    let fleet = require!(Fleet::new("kinds-import", json!({"wait": false})));
    fleet.apply();
    let block = |kind: &&'static Kind| {
        let id = format!("{}/{}", fleet.namespace, sample::name(kind));
        format!("import {{\n  to = {}\n  id = \"{id}\"\n}}\n", address(kind))
    };
    let imports: String = kinds().iter().map(block).collect();
    let nothing_but_imports = |tofu: &Tofu| {
        let plan = tofu.show_plan();
        assert_eq!(plan.actions(), BTreeMap::new());
        assert_eq!(plan.resource_changes.len(), kinds().len());
    };

    let second = require!(tofu(&fleet.plane, &imports));
    second.write("objects.tf.json", &configuration(&fleet.namespace, None, &json!({})).to_string());
    second.plan().success();
    nothing_but_imports(&second);
    second.apply().success();
    second.plan().no_changes();

    let third = require!(tofu(&fleet.plane, &imports));
    third.plan_with(&["-generate-config-out=generated.tf"]).success();
    nothing_but_imports(&third);
    third.apply().success();
    third.plan().no_changes();
}

#[test]
fn an_existing_object_of_any_kind_is_taken_over_and_a_field_of_another_is_a_conflict_that_names_both() {
    let fleet = require!(Fleet::new("kinds-adopt", json!({"wait": false})));
    fleet.write(Some(0), &json!({"wait": false}));
    for kind in kinds() {
        apply_as(&fleet.plane, "the-other", &object(kind, &fleet.namespace, Some(0)));
    }
    let before = fleet.all_live();
    fleet.tofu.plan().changes();
    let text = fleet.tofu.apply().success().text();
    // OpenTofu shows the first of many warnings that are alike, and counts the others.
    let others = format!("{} more similar warnings", kinds().len() - 1);
    assert!(text.contains("was taken over") && text.contains(&others), "{text}");
    fleet.tofu.plan().no_changes();
    for (kind, object) in fleet.all_live() {
        assert_eq!(object["metadata"]["uid"], before[kind]["metadata"]["uid"], "{kind}");
    }

    let other = require!(Fleet::new("kinds-conflict", json!({"wait": false})));
    other.write(Some(0), &json!({"wait": false}));
    for kind in kinds() {
        apply_as(&other.plane, "the-other", &object(kind, &other.namespace, Some(1)));
    }
    other.tofu.plan().changes();
    let text = other.tofu.apply().failure().text();
    for kind in kinds() {
        let field = format!(".spec.{}", sample::knob(kind).field.wire());
        assert!(text.contains(&address(kind)) && text.contains(&field), "{}: {text}", kind.name);
        assert!(holds(&other.live(kind).unwrap(), &turned(kind, 1)), "{}", kind.name);
    }
    assert!(text.contains("the-other") && text.contains("force_conflicts = true"), "{text}");
    other.write(Some(0), &json!({"wait": false, "force_conflicts": true}));
    other.apply();
}

/// A condition as a controller writes it.
fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": format!("{reason} it is."),
        "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1,
    })
}

/// What the object of a kind in these tests is waited for by: the condition, and whether the status has a generation too.
fn waited_for(kind: &'static Kind) -> Option<(&'static str, bool)> {
    match kind.readiness.of(&object(kind, "any", None)) {
        Readiness::Condition { condition, status_generation } => Some((condition, status_generation)),
        _ => None,
    }
}

#[test]
fn every_kind_is_waited_for_by_its_own_readiness() {
    let fleet = require!(Fleet::new("kinds-wait", json!({"timeouts": {"create": "60s"}})));
    fleet.tofu.plan().changes();
    let running = fleet.tofu.start_apply();
    fleet.answer(|_, condition_type, generation| {
        let mut status = json!({"conditions": [condition(condition_type, "True", "Succeeded")]});
        if generation {
            status["observedGeneration"] = json!(1);
        }
        status
    });
    running.wait().success();
    fleet.tofu.plan().no_changes();
}

#[test]
fn a_stalled_object_of_any_kind_ends_the_wait_at_once_with_its_reason() {
    let fleet = require!(Fleet::new("kinds-stalled", json!({"timeouts": {"create": "120s"}})));
    fleet.tofu.plan().changes();
    let running = fleet.tofu.start_apply();
    fleet.answer(|kind, _, _| {
        let reason = format!("Broken{}", kind.name);
        let conditions = [condition("Ready", "False", &reason), condition("Stalled", "True", &reason)];
        json!({"observedGeneration": 1, "conditions": conditions})
    });
    let text = running.wait().failure().text();
    let waited: Vec<_> = kinds().iter().filter(|kind| waited_for(kind).is_some()).collect();
    for kind in &waited {
        let (name, object) = (kind.name, sample::name(kind));
        let ended = text.split("The object will not become Ready").any(|told| {
            told.contains(&format!("{name}/{}/{object} in ", fleet.namespace))
                && told.contains(&format!("will not become ready: Broken{name} it is."))
        });
        assert!(ended, "{name}: {text}");
    }
    assert_eq!(text.matches("The object will not become Ready").count(), waited.len(), "{text}");
    // Not one of them was waited for until its time was over.
    assert!(!text.contains("The object is not Ready") && !text.contains("is not ready after"), "{text}");
}

#[test]
fn a_finalizer_whose_controller_is_gone_is_named_for_every_kind_that_has_one() {
    let fleet = require!(Fleet::new("kinds-finalizer", json!({"wait": false, "timeouts": {"delete": "3s"}})));
    fleet.apply();
    let held: Vec<_> = kinds().iter().filter_map(|kind| Some((*kind, kind.finalizer?))).collect();
    assert!(!held.is_empty());
    for (kind, finalizer) in &held {
        fleet.patch(kind, &json!({"metadata": {"finalizers": [finalizer]}}));
    }
    let text = fleet.tofu.destroy().failure().text();
    for (kind, finalizer) in &held {
        assert!(text.contains(finalizer) && text.contains(kind.controller), "{}: {text}", kind.name);
    }
    let left = fleet.tofu.show_state();
    assert_eq!(left.addresses().len(), held.len(), "{:?}", left.addresses());
    for (kind, _) in &held {
        fleet.patch(kind, &json!({"metadata": {"finalizers": null}}));
    }
    fleet.tofu.destroy().success();
}
