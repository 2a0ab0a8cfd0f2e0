//! Plans as `tofu show -json` prints them: which objects of Flux they hold, and what is about to happen to them.

use flux::{FieldPath, Manifest, Origin, Step, hcl, kinds, manifest::ManifestError};
use policy::{Change, Subject, install};
use serde::Deserialize;
use serde_json::Value;

use super::values::{self, ValuesError};

/// Why a text is not a plan that can be judged.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Its parts have other types than a plan's.
    #[error("it cannot be read")]
    Json(#[from] serde_json::Error),
    /// It does not say which version it is of.
    #[error("it has no format_version")]
    NotAPlan,
    /// A later OpenTofu may mean something else by the same words.
    #[error("its format version is {0}, and this program reads versions 1.x")]
    Version(String),
    /// A resource that should hold an object does not.
    #[error("{address} holds no Kubernetes object: {source}")]
    Object {
        /// The resource's address.
        address: String,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// An installation whose values cannot be read.
    #[error("{address} has values that cannot be read")]
    Values {
        /// The resource's address.
        address: String,
        /// What is wrong with them.
        source: ValuesError,
    },
}

impl PlanError {
    /// Whether the plan itself is sound, and one of its resources is not.
    pub fn is_of_a_resource(&self) -> bool {
        matches!(self, Self::Object { .. } | Self::Values { .. })
    }
}

#[derive(Deserialize)]
struct Plan {
    format_version: Option<String>,
    #[serde(default)]
    resource_changes: Vec<ResourceChange>,
}

#[derive(Deserialize)]
struct ResourceChange {
    address: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    resource_type: String,
    change: ChangeDetail,
}

#[derive(Deserialize)]
struct ChangeDetail {
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    before: Value,
    #[serde(default)]
    after: Value,
    #[serde(default)]
    after_unknown: Value,
    #[serde(default)]
    after_sensitive: Value,
}

/// The objects in a plan: those of this provider's resources, an installation being one, and those of
/// `kubernetes_manifest`.
///
/// # Errors
/// The value is no plan, or a resource that should hold an object does not.
pub fn subjects(file: &str, plan: Value) -> Result<Vec<Subject>, PlanError> {
    let plan: Plan = serde_json::from_value(plan)?;
    let version = plan.format_version.ok_or(PlanError::NotAPlan)?;
    if version.split('.').next() != Some("1") {
        return Err(PlanError::Version(version));
    }
    let mut subjects = Vec::new();
    for resource in &plan.resource_changes {
        if resource.mode == "data" {
            continue;
        }
        let Some(change) = change(&resource.change.actions) else { continue };
        let origin = Origin::plan(file, resource.address.as_str());
        let manifest = manifest(resource, change, origin)?;
        subjects.extend(manifest.map(|manifest| Subject { manifest, change }));
    }
    Ok(subjects)
}

/// What the actions do to an object; one half of a replacement makes it.
fn change(actions: &[String]) -> Option<Change> {
    let has = |action: &str| actions.iter().any(|known| known == action);
    if has("create") {
        Some(Change::Create)
    } else if has("update") {
        Some(Change::Update)
    } else if has("no-op") {
        Some(Change::Unchanged)
    } else if has("delete") {
        Some(Change::Delete)
    } else {
        None
    }
}

fn manifest(
    resource: &ResourceChange,
    change: Change,
    origin: Origin,
) -> Result<Option<Manifest>, PlanError> {
    let no_object = |source| PlanError::Object { address: resource.address.clone(), source };
    let detail = &resource.change;
    let none = Value::Null;
    let (state, unknown, sensitive) = match change {
        Change::Delete => (&detail.before, &none, &none),
        _ => (&detail.after, &detail.after_unknown, &detail.after_sensitive),
    };
    if let Some(kind) = resource.resource_type.strip_prefix("fluxgate_").and_then(kinds::by_resource) {
        let manifest = hcl::manifest(kind, state, &marked(unknown), origin).map_err(no_object)?;
        let sensitive = marked(sensitive).iter().map(|path| kind.object_path(path)).collect::<Vec<_>>();
        return Ok(Some(manifest.with_sensitive(sensitive)));
    }
    if resource.resource_type == "fluxgate_install" {
        let values = values::told(state)
            .map_err(|source| PlanError::Values { address: resource.address.clone(), source })?;
        let unknown = [marked(unknown), values.untold].concat();
        let manifest = install::manifest(state, values.merged, &unknown, origin).map_err(no_object)?;
        let sensitive = marked(sensitive).iter().filter_map(install::object_path).collect::<Vec<_>>();
        return Ok(Some(manifest.with_sensitive(sensitive)));
    }
    if resource.resource_type == "kubernetes_manifest" {
        let manifest =
            Manifest::partly_known(state["manifest"].clone(), marked(&unknown["manifest"]), origin)
                .map_err(no_object)?;
        return Ok(Some(manifest.with_sensitive(marked(&sensitive["manifest"]))));
    }
    Ok(None)
}

/// The paths at which a plan's shadow of a value (`after_unknown`, `after_sensitive`) says true.
fn marked(shadow: &Value) -> Vec<FieldPath> {
    fn walk(shadow: &Value, at: &FieldPath, paths: &mut Vec<FieldPath>) {
        match shadow {
            Value::Bool(true) => paths.push(at.clone()),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &at.step(Step::Index(index)), paths);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    walk(member, &at.child(key.as_str()), paths);
                }
            }
            _ => {}
        }
    }
    let mut paths = Vec::new();
    walk(shadow, &FieldPath::root(), &mut paths);
    paths
}
