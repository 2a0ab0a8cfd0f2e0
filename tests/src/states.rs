//! States that were stored by earlier versions of the provider, kept as they were written: they go on without a change.

use serde_json::{Value, json};
use testutil::require;

use crate::support::{api, live, repository, tofu};

/// Written by the first version of the schema; the namespace of the test and the uid of its object are put in.
const VERSION_0: &str = include_str!("states/version_0.json");

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

    tofu.write_state(&stored(&namespace, &uid).to_string());
    tofu.plan().no_changes();
    tofu.refresh().success();
    assert_eq!(tofu.show_state().values("fluxgate_git_repository.app")["uid"], uid);
    tofu.destroy().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
}

/// A configuration with a resource of every kind, a Secret and an installation, and the state that the provider wrote for it when it first had
/// all of them; uids and what is kept beside the attributes are left out. A new kind is added to both as it is first released.
fn every_kind(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/states");
    std::fs::read_to_string(std::path::Path::new(folder).join(name)).unwrap()
}

#[test]
fn a_stored_state_of_every_kind_plans_empty() {
    let plane = require!(api());
    let namespace = plane.namespace("stored");
    let tofu = require!(tofu(&plane, ""));
    tofu.write("chart/Chart.yaml", "apiVersion: v2\nname: small\nversion: 1.0.0\nappVersion: \"2.0\"\n");
    tofu.write(
        "chart/templates/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
    );
    tofu.write("main.tf.json", &every_kind("every_kind.tf.json").replace("NAMESPACE", &namespace));
    tofu.plan().changes();
    tofu.apply().success();
    let made = tofu.show_state();

    let text = every_kind("every_kind.json").replace("NAMESPACE", &namespace);
    let mut state: Value = serde_json::from_str(&text).unwrap();
    let mut types = Vec::new();
    for resource in state["resources"].as_array_mut().unwrap() {
        let ty = resource["type"].as_str().unwrap().to_owned();
        let attributes = resource["instances"][0]["attributes"].as_object_mut().unwrap();
        if attributes.contains_key("uid") {
            let address = format!("{ty}.app");
            attributes.insert("uid".to_owned(), made.values(&address)["uid"].clone());
        }
        types.push(ty);
    }
    for kind in flux::kinds::all() {
        assert!(types.contains(&format!("fluxgate_{}", kind.resource)), "{} is missing", kind.name);
    }
    assert!(["fluxgate_secret", "fluxgate_install"].iter().all(|ty| types.iter().any(|known| known == ty)));
    tofu.write_state(&state.to_string());
    tofu.plan_with(&["-refresh=false"]).no_changes();

    // A refresh finds nothing either, but for the Secret: what its values are compared with is kept beside the state.
    let _ = tofu.plan().success();
    let plan = tofu.show_plan();
    let actions = plan.actions();
    assert!(actions.keys().all(|address| *address == "fluxgate_secret.app"), "{actions:?}");
    tofu.apply().success();
    tofu.plan().no_changes();
    tofu.destroy().success();
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
    tofu.write_state(&state.to_string());
    tofu.plan().no_changes();
}

#[test]
fn a_state_of_a_newer_version_is_a_clear_error() {
    let plane = require!(api());
    let namespace = plane.namespace("stored");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    let mut state = stored(&namespace, &json!("0"));
    state["resources"][0]["instances"][0]["schema_version"] = 77.into();
    tofu.write_state(&state.to_string());
    let text = tofu.plan().failure().text();
    assert!(text.contains("newer provider version"), "{text}");
}
