//! What OpenTofu answers as JSON, as far as tests ask for it; the rest is in the `raw` fields.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A plan as `tofu show -json` tells it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// What is to be done with each object, those that stay as they are included.
    pub resource_changes: Vec<ResourceChange>,
    /// What was changed outside since the last run.
    pub resource_drift: Vec<ResourceChange>,
    /// What becomes of each output.
    pub output_changes: BTreeMap<String, Change>,
    /// What is known of the state after the apply.
    pub planned_values: Value,
    /// The whole plan.
    #[serde(skip)]
    pub raw: Value,
}

impl Plan {
    /// Returns what is to be done with the object at an address.
    ///
    /// # Panics
    /// With the addresses that there are, when it is not in the plan.
    #[track_caller]
    #[must_use]
    pub fn change(&self, address: &str) -> &Change {
        let found = self.resource_changes.iter().find(|resource| resource.address == address);
        let addresses =
            || self.resource_changes.iter().map(|resource| resource.address.as_str()).collect::<Vec<_>>();
        &found.unwrap_or_else(|| panic!("{address} is not in the plan, only {:?}", addresses())).change
    }

    /// Returns, by address and in words such as `create`, `update` or `delete, create`, what the plan does.
    #[must_use]
    pub fn actions(&self) -> BTreeMap<&str, String> {
        let acting = self.resource_changes.iter().filter(|resource| resource.change.actions != ["no-op"]);
        acting.map(|resource| (resource.address.as_str(), resource.change.actions.join(", "))).collect()
    }
}

/// An object in a plan.
#[derive(Debug, Clone, Deserialize)]
pub struct ResourceChange {
    /// Its whole address.
    pub address: String,
    /// Its type, such as `fluxgate_kustomization`.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Its name in the configuration.
    pub name: String,
    /// `managed` or `data`.
    pub mode: String,
    /// Why, where that is not plain from the configuration: for example `replace_because_cannot_update`.
    #[serde(default)]
    pub action_reason: Option<String>,
    /// What is to be done.
    pub change: Change,
}

/// What is to be done with an object or an output.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Change {
    /// `no-op`, `create`, `read`, `update`, `delete`, `forget`; two of them for a replacement, in order.
    pub actions: Vec<String>,
    /// The values now.
    pub before: Value,
    /// The values afterwards, as far as they are known.
    pub after: Value,
    /// `true` in the place of each value that is known only after the apply.
    pub after_unknown: Value,
    /// `true` in the place of each value of `before` that is not to be shown.
    pub before_sensitive: Value,
    /// `true` in the place of each value of `after` that is not to be shown.
    pub after_sensitive: Value,
    /// The attributes that force a replacement, each as a path of names and indexes.
    pub replace_paths: Vec<Vec<Value>>,
}

/// A state as `tofu show -json` tells it.
#[derive(Debug, Clone)]
pub struct State {
    /// The objects of all modules.
    pub resources: Vec<StateResource>,
    /// The whole state.
    pub raw: Value,
}

impl State {
    /// Returns the values of the object at an address.
    ///
    /// # Panics
    /// With the addresses that there are, when it is not in the state.
    #[track_caller]
    #[must_use]
    pub fn values(&self, address: &str) -> &Value {
        let found = self.resources.iter().find(|resource| resource.address == address);
        &found.unwrap_or_else(|| panic!("{address} is not in the state, only {:?}", self.addresses())).values
    }

    /// Returns the addresses of all objects.
    #[must_use]
    pub fn addresses(&self) -> Vec<&str> {
        self.resources.iter().map(|resource| resource.address.as_str()).collect()
    }
}

impl From<Value> for State {
    fn from(raw: Value) -> Self {
        let mut resources = Vec::new();
        collect_resources(&raw["values"]["root_module"], &mut resources);
        Self { resources, raw }
    }
}

/// An object in a state.
#[derive(Debug, Clone, Deserialize)]
pub struct StateResource {
    /// Its whole address.
    pub address: String,
    /// Its type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Its name in the configuration.
    pub name: String,
    /// `managed` or `data`.
    pub mode: String,
    /// Its attributes.
    #[serde(default)]
    pub values: Value,
    /// Whether it is marked to be replaced, because its creation did not end well.
    #[serde(default)]
    pub tainted: bool,
}

/// The answer of `tofu validate -json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Validation {
    /// Whether there is no error.
    pub valid: bool,
    /// Errors and warnings.
    #[serde(default)]
    pub diagnostics: Vec<Diagnostic>,
}

/// An error or a warning.
#[derive(Debug, Clone, Deserialize)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    /// The short form.
    pub summary: String,
    /// The long form.
    #[serde(default)]
    pub detail: String,
    /// The object that it concerns.
    #[serde(default)]
    pub address: Option<String>,
    /// Where in the configuration: `filename`, `start` and `end` with `line` and `column`.
    #[serde(default)]
    pub range: Option<Value>,
    /// The line of the configuration: `code` with offsets.
    #[serde(default)]
    pub snippet: Option<Value>,
}

fn collect_resources(module: &Value, resources: &mut Vec<StateResource>) {
    for resource in module["resources"].as_array().into_iter().flatten() {
        resources.push(StateResource::deserialize(resource).unwrap());
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect_resources(child, resources);
    }
}
