//! From a text to the objects in it: a plan in JSON, or Kubernetes objects in YAML or JSON.

use flux::{Manifest, Origin, list::flattened};
use policy::{Change, Subject};
use serde_json::Value;
use yaml::Document;

use super::{Failure, inputs::Input, note, plan_json, plan_json::PlanError, shown};

/// The objects in a text, each with its file and line.
///
/// # Errors
/// The text is neither a plan nor YAML, or holds something else than objects.
pub fn subjects(input: &Input) -> Result<Vec<Subject>, Failure> {
    let file = || shown(&input.file);
    let text = std::str::from_utf8(&input.text).map_err(|_| not_text(input))?;
    let documents = match json(text) {
        Some(plan) if is_plan(&plan) => {
            return plan_json::subjects(&input.file, plan).map_err(|source| refused(file(), source));
        }
        Some(value) => vec![Document { line: 1, value }],
        None => yaml::documents(text).map_err(|source| Failure::Yaml {
            file: file(),
            source,
            template: text.contains("{{"),
        })?,
    };
    let mut subjects = Vec::new();
    for document in documents {
        let origin = Origin::file(input.file.as_str(), document.line);
        if input.found && is_something_else(&document.value) {
            note(&format!("{origin} is no Kubernetes object, and is not checked"));
            continue;
        }
        for object in flattened(&document.value).into_owned() {
            let manifest = Manifest::new(object, origin.clone())
                .map_err(|source| Failure::Object { origin: origin.clone(), source })?;
            subjects.push(Subject { manifest, change: Change::Create });
        }
    }
    Ok(subjects)
}

/// JSON that is one object. Other texts are left to the reader of YAML, which JSON is, too.
fn json(text: &str) -> Option<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') { serde_json::from_str(text).ok() } else { None }
}

/// Whether somebody means a plan by this: no object of Kubernetes has these at its top.
fn is_plan(value: &Value) -> bool {
    ["format_version", "resource_changes", "planned_values"].iter().any(|key| value.get(key).is_some())
        && value.get("kind").is_none()
}

fn refused(file: String, source: PlanError) -> Failure {
    if source.is_of_a_resource() {
        Failure::Resource { file, source }
    } else {
        Failure::Plan { file, source }
    }
}

/// Whether nobody would take this for an object: values, settings of other programs.
fn is_something_else(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(members) => !members.contains_key("apiVersion") && !members.contains_key("kind"),
        _ => true,
    }
}

/// What is known by its first bytes and given by mistake.
fn not_text(input: &Input) -> Failure {
    let (what, remedy) = match input.text.as_slice() {
        [b'P', b'K', ..] => (
            "it looks like a plan that OpenTofu saved for itself",
            "Give it as JSON: `tofu show -json plan > plan.json`.",
        ),
        [0x1f, 0x8b, ..] => (
            "it looks like an archive",
            "Check what a chart renders: `fluxgate template NAME CHART | fluxgate check -`.",
        ),
        _ => (
            "it is not text in UTF-8",
            "Give plans as `tofu show -json` prints them, or YAML or JSON in UTF-8.",
        ),
    };
    Failure::NotText { file: shown(&input.file), what, remedy }
}
