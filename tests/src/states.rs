//! States that were stored by earlier versions of the provider, kept as they were written: they go on without a change.

use serde_json::{Value, json};
use testutil::{Tofu, require};

use crate::support::{api, live, repository, tofu};

/// Written by the first version of the schema; the namespace of the test and the uid of its object are put in.
const VERSION_0: &str = include_str!("states/version_0.json");

fn write_state(tofu: &Tofu, state: &Value) {
    tofu.write("terraform.tfstate", &state.to_string());
}

/// The stored state for an object that is there.
fn stored(namespace: &str, uid: &Value) -> Value {
    let text = VERSION_0.replace("NAMESPACE", namespace).replace("UID", uid.as_str().unwrap());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_state_of_the_first_version_plans_empty() {
    let plane = require!(api());
    let namespace = plane.namespace("stored");
    let configuration = repository(&namespace, "timeout = \"20s\"");
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    tofu.apply().success();
    let uid = live(&plane, "GitRepository", &namespace, "app").unwrap()["metadata"]["uid"].clone();

    write_state(&tofu, &stored(&namespace, &uid));
    tofu.plan().no_changes();
    tofu.refresh().success();
    assert_eq!(tofu.show_state().values("fluxgate_git_repository.app")["uid"], uid);
    tofu.destroy().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
}

#[test]
fn attributes_that_came_later_or_went_are_no_change() {
    let plane = require!(api());
    let namespace = plane.namespace("stored");
    let tofu = require!(tofu(&plane, &repository(&namespace, "timeout = \"20s\"")));
    tofu.plan().changes();
    tofu.apply().success();
    let uid = live(&plane, "GitRepository", &namespace, "app").unwrap()["metadata"]["uid"].clone();

    let mut state = stored(&namespace, &uid);
    let attributes = state["resources"][0]["instances"][0]["attributes"].as_object_mut().unwrap();
    assert!(attributes.remove("force_conflicts").is_some());
    assert!(attributes.remove("cluster").is_some());
    attributes.insert("went_since".to_owned(), json!({"a": [1]}));
    attributes["spec"].as_object_mut().unwrap().remove("sparse_checkout");
    write_state(&tofu, &state);
    tofu.plan().no_changes();
}

#[test]
fn a_state_of_a_newer_version_is_a_clear_error() {
    let plane = require!(api());
    let namespace = plane.namespace("stored");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    let mut state = stored(&namespace, &json!("0"));
    state["resources"][0]["instances"][0]["schema_version"] = 77.into();
    write_state(&tofu, &state);
    let text = tofu.plan().failure().text();
    assert!(text.contains("newer provider version"), "{text}");
}
