//! Who else writes an object: a controller that applies it from elsewhere, as its managed fields, labels and owners tell.

use cluster::Target;
use serde_json::Value as Json;
use tfplugin::{diagnostic::Diagnostic, value::Value};

/// Controllers that apply objects of Flux, the kind by which they do, and the labels that they put on what they apply.
const CONTROLLERS: [(&str, &str, &str); 4] = [
    ("kustomize-controller", "Kustomization", "kustomize.toolkit.fluxcd.io"),
    ("helm-controller", "HelmRelease", "helm.toolkit.fluxcd.io"),
    ("flux-operator", "ResourceSet", "resourceset.fluxcd.controlplane.io"),
    ("flux-operator", "FluxInstance", "fluxcd.controlplane.io"),
];

/// A warning where another controller writes the same object.
pub fn others(target: &Target, state: &Value, object: &Json) -> Option<Diagnostic> {
    let writer = by_labels(state, object).or_else(|| by_fields(object)).or_else(|| by_owner(object))?;
    Some(Diagnostic::warning(
        format!("{target} has two writers"),
        format!(
            "It is also applied by {writer}. Each will undo what the other writes. Keep it in one place: remove it there, or `tofu state rm` it here."
        ),
    ))
}

/// A warning where somebody else has deleted the object and it is not gone yet.
pub fn being_deleted(target: &Target, object: &Json) -> Option<Diagnostic> {
    object["metadata"]["deletionTimestamp"].is_string().then(|| {
        Diagnostic::warning(
            format!("{target} is being deleted"),
            "Something else deletes it, and it will be gone soon; then the next plan makes it anew.",
        )
    })
}

/// The object that the labels name, unless they are our own.
fn by_labels(state: &Value, object: &Json) -> Option<String> {
    let labels = &object["metadata"]["labels"];
    CONTROLLERS.iter().find_map(|(controller, kind, domain)| {
        let (name, namespace) = (format!("{domain}/name"), format!("{domain}/namespace"));
        let owner = labels[&name].as_str()?;
        if state.get("labels").get(&name).as_str() == Some(owner) {
            return None;
        }
        let namespace = labels[&namespace].as_str().unwrap_or_default();
        Some(format!("{controller}, by {kind}/{namespace}/{owner}"))
    })
}

fn by_fields(object: &Json) -> Option<String> {
    let found = CONTROLLERS.iter().find(|(controller, ..)| cluster::managed_by(object, controller));
    found.map(|(controller, ..)| (*controller).to_owned())
}

/// The owner that controls the object, such as a HelmChart's HelmRelease.
fn by_owner(object: &Json) -> Option<String> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    Some(format!("the controller of {}/{}", owner["kind"].as_str()?, owner["name"].as_str()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn told(labels: &Json, metadata: Json) -> Option<String> {
        let target = Target::new(flux::kinds::by_resource("git_repository").unwrap(), "apps", "app");
        let state = Value::object([("labels", Value::dynamic_from_json(labels))]);
        others(&target, &state, &json!({"metadata": metadata})).map(|diagnostic| diagnostic.detail)
    }

    #[test]
    fn labels_owners_and_managed_fields_tell_who_else_writes() {
        let labels = json!({"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"});
        let text = told(&Json::Null, json!({"labels": labels})).unwrap();
        assert!(text.contains("kustomize-controller, by Kustomization/flux/apps"), "{text}");

        let fields =
            json!([{"manager": "helm-controller", "operation": "Apply", "fieldsV1": {"f:spec": {}}}]);
        let text = told(&Json::Null, json!({"managedFields": fields})).unwrap();
        assert!(text.contains("by helm-controller"), "{text}");

        let owners = json!([{"kind": "HelmRelease", "name": "web", "controller": true}]);
        let text = told(&Json::Null, json!({"ownerReferences": owners})).unwrap();
        assert!(text.contains("HelmRelease/web"), "{text}");
    }

    #[test]
    fn nobody_else_and_our_own_labels_are_no_warning() {
        let labels = json!({"kustomize.toolkit.fluxcd.io/name": "apps"});
        assert_eq!(told(&labels, json!({"labels": labels})), None);
        let fields = json!([{"manager": "kustomize-controller", "operation": "Update", "subresource": "status", "fieldsV1": {}}]);
        assert_eq!(told(&Json::Null, json!({"managedFields": fields})), None);
        assert_eq!(told(&Json::Null, json!({"ownerReferences": [{"kind": "X", "name": "y"}]})), None);
    }
}
