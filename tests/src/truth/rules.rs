//! Two cases for each rule between fields, written by hand in `rules.json`: changes to the least object of the kind, in which null
//! takes a field away.

use flux::{Kind, kinds::Rule};
use serde_json::{Value, json};

use super::generate;

/// A `spec` that a rule accepts, and one that it refuses.
pub struct Pair {
    pub accepts: Value,
    pub refuses: Value,
}

/// The cases of a rule; none where nobody wrote them.
pub fn pair(kind: &Kind, rule: &Rule) -> Option<Pair> {
    let all: Vec<Value> = serde_json::from_str(include_str!("rules.json")).unwrap();
    let spaced = |cel: &str| cel.split_whitespace().collect::<Vec<_>>().join(" ");
    let found = all.iter().find(|pair| {
        pair["kind"] == kind.resource && pair["rule"].as_str().map(spaced) == Some(spaced(rule.cel))
    })?;
    let changed = |change: &Value| {
        let mut spec = generate::least(kind);
        merge(&mut spec, change);
        spec
    };
    Some(Pair { accepts: changed(&found["accepts"]), refuses: changed(&found["refuses"]) })
}

/// What the least object of a kind needs because of its rules.
pub fn base(kind: &Kind) -> Value {
    match kind.resource {
        "helm_release" => json!({"chartRef": {"kind": "OCIRepository", "name": "a"}}),
        "image_policy" => json!({"policy": {"alphabetical": {}}}),
        "receiver" => json!({"secretRef": {"name": "a"}}),
        "resource_set_input_provider" => json!({"type": "Static"}),
        _ => json!({}),
    }
}

/// Merges a change into a value as a merge patch does.
pub fn merge(value: &mut Value, change: &Value) {
    let Value::Object(changes) = change else {
        *value = change.clone();
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    let members = value.as_object_mut().unwrap();
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), change);
        }
    }
}
