//! Moving: the object of a generic manifest resource becomes one of ours, by a `moved` block and without touching the cluster.
//!
//! The manifest in the other provider's state is what its user wrote, so it becomes the state here: fields of it are ours from then on, as
//! they were the other provider's before. The next refresh reads the object itself.

use flux::hcl;
use serde_json::{Value as Json, json};
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    private::Private,
    resource::{MoveRequest, MoveResponse, Resource},
};

use super::{FluxResource, marks::Marks, observe, state_from};

/// Reads the state of `kubernetes_manifest` (hashicorp/kubernetes) or `kubectl_manifest` (gavinbunney/kubectl and its forks).
pub fn take_over(resource: &FluxResource, request: &MoveRequest) -> Result<MoveResponse, Diagnostics> {
    let source = &request.source_type_name;
    let manifest = match source.as_str() {
        "kubernetes_manifest" => state(request).and_then(|state| kubernetes(&state)),
        "kubectl_manifest" => state(request).and_then(|state| kubectl(&state)),
        _ => {
            return Err(Diagnostic::error(
                "Move not supported",
                format!(
                    "An object of {source} ({}) cannot become one of {}; one of kubernetes_manifest or kubectl_manifest can. Remove it by a removed block that does not destroy, and import it here.",
                    request.source_provider, resource.name
                ),
            )
            .into());
        }
    };
    let manifest = manifest.ok_or_else(|| {
        Diagnostic::error(
            "The manifest is not readable",
            format!("The state of {source} holds no manifest that can be read. Remove it by a removed block that does not destroy, and import it here."),
        )
    })?;
    fits(resource, source, &manifest)?;

    let mut state = state_from(resource, &hcl::attributes(resource.kind, &manifest))?;
    // What the manifest leaves out the cluster has filled in.
    resource.schema().fill_defaults(&mut state);
    observe(&mut state, &manifest);
    let mut private = Private::new();
    // What runs already is never replaced because a wait fails.
    Marks { adopted: true, ..Marks::default() }.put(&mut private);
    Ok(MoveResponse { state, private })
}

fn state(request: &MoveRequest) -> Option<Json> {
    request.state.json().ok()
}

/// `manifest` as it was written, with the uid that the cluster gave it. Both are of dynamic type.
fn kubernetes(state: &Json) -> Option<Json> {
    let mut manifest = without_nulls(state["manifest"]["value"].clone());
    manifest["metadata"].as_object_mut()?;
    let uid = &state["object"]["value"]["metadata"]["uid"];
    if uid.is_string() {
        manifest["metadata"]["uid"] = uid.clone();
    }
    Some(manifest)
}

/// `yaml_body` as it was written, with the namespace that may override its own.
fn kubectl(state: &Json) -> Option<Json> {
    let text = |name: &str| state[name].as_str().filter(|text| !text.is_empty());
    let mut manifest = without_nulls(yaml::read(text("yaml_body")?).ok()?);
    manifest["metadata"].as_object_mut()?;
    if let Some(namespace) = text("override_namespace").or_else(|| text("namespace")) {
        manifest["metadata"]["namespace"] = json!(namespace);
    }
    if let Some(uid) = text("live_uid").or_else(|| text("uid")) {
        manifest["metadata"]["uid"] = json!(uid);
    }
    Some(manifest)
}

/// A field that is null is one that is not set.
fn without_nulls(value: Json) -> Json {
    match value {
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(name, member)| (name, without_nulls(member)))
                .collect(),
        ),
        Json::Array(elements) => Json::Array(elements.into_iter().map(without_nulls).collect()),
        scalar => scalar,
    }
}

/// Whether the manifest is of this kind, and says where its object is. Its version may be an older one.
fn fits(resource: &FluxResource, source: &str, manifest: &Json) -> Result<(), Diagnostic> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (text(&manifest["apiVersion"]), text(&manifest["kind"]));
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    if (group, kind.as_str()) != (resource.kind.group, resource.kind.name) {
        return Err(Diagnostic::error(
            "The manifest is of another kind",
            format!(
                "This {source} holds a {kind} of {api_version}, and {} takes a {} of {}.",
                resource.name,
                resource.kind.name,
                resource.kind.api_version()
            ),
        ));
    }
    let metadata = &manifest["metadata"];
    if text(&metadata["name"]).is_empty() || text(&metadata["namespace"]).is_empty() {
        return Err(Diagnostic::error(
            "The manifest does not say where its object is",
            format!(
                "The manifest of this {source} lacks a name or a namespace. Remove it by a removed block that does not destroy, and import the object here by namespace/name."
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use tfplugin::resource::StoredState;

    use super::*;
    use crate::context::Shared;

    fn moved(kind: &str, source: &str, state: &Json) -> Result<MoveResponse, String> {
        let resource = FluxResource::new(flux::kinds::by_resource(kind).unwrap(), Shared::default());
        let request = MoveRequest {
            source_provider: "registry.opentofu.org/x/y".to_owned(),
            source_type_name: source.to_owned(),
            state: StoredState::new(0, state.to_string()),
        };
        take_over(&resource, &request).map_err(|diagnostics| diagnostics.0[0].summary.clone())
    }

    fn manifest() -> Json {
        json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1beta2", "kind": "GitRepository",
            "metadata": {"name": "app", "namespace": "apps", "labels": {"a": "b"}, "annotations": null},
            "spec": {"url": "https://example.com/x", "interval": "1m", "ref": {"branch": "main", "tag": null}},
        })
    }

    #[test]
    fn a_manifest_of_the_kubernetes_provider_becomes_ours() {
        let source = json!({
            "manifest": {"value": manifest(), "type": ["object", {}]},
            "object": {"value": {"metadata": {"uid": "u-1"}}, "type": ["object", {}]},
        });
        let moved = moved("git_repository", "kubernetes_manifest", &source).unwrap();
        let state = moved.state;
        assert_eq!(state.get("id").as_str(), Some("apps/app"));
        assert_eq!(state.get("uid").as_str(), Some("u-1"));
        assert_eq!(state.get("labels").get("a").as_str(), Some("b"));
        assert_eq!(state.at(&"spec.ref.branch".into()).as_str(), Some("main"));
        assert!(state.at(&"spec.ref.tag".into()).is_null());
        assert_eq!(state.get("wait").as_bool(), Some(true));
        assert!(Marks::of(&moved.private).adopted);
    }

    #[test]
    fn a_manifest_of_the_kubectl_provider_becomes_ours_where_it_really_is() {
        let mut elsewhere = manifest();
        elsewhere["metadata"]["namespace"] = json!("written");
        let source = json!({"yaml_body": elsewhere.to_string(), "override_namespace": "real", "uid": "u-2"});
        let state = moved("git_repository", "kubectl_manifest", &source).unwrap().state;
        assert_eq!(state.get("id").as_str(), Some("real/app"));
        assert_eq!(state.get("uid").as_str(), Some("u-2"));
    }

    #[test]
    fn what_is_no_such_object_is_refused() {
        let source = json!({"yaml_body": manifest().to_string()});
        let refused = |kind, source, state: &Json| moved(kind, source, state).unwrap_err();
        assert_eq!(refused("kustomization", "kubectl_manifest", &source), "The manifest is of another kind");
        assert_eq!(refused("git_repository", "helm_release", &source), "Move not supported");
        assert_eq!(refused("git_repository", "kubernetes_manifest", &source), "The manifest is not readable");
        let broken = json!({"yaml_body": "{"});
        assert_eq!(refused("git_repository", "kubectl_manifest", &broken), "The manifest is not readable");
        let mut nowhere = manifest();
        nowhere["metadata"] = json!({"name": "app"});
        let nowhere = json!({"yaml_body": nowhere.to_string()});
        assert_eq!(
            refused("git_repository", "kubectl_manifest", &nowhere),
            "The manifest does not say where its object is"
        );
    }
}
