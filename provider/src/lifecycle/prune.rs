//! What a delete takes along: announced at plan, with the number and the way out.

use cluster::Cluster;
use flux::{
    Kind,
    readiness::{State, assess},
};
use serde_json::Value as Json;
use tfplugin::{diagnostic::Diagnostic, provider::Call, value::Value};

use super::{FluxResource, attributes_of, reach};
use crate::context::{Context, Reach};

/// Announces that deleting the object deletes what it applied. At most one request, of many objects most share a list; none where nothing
/// would go with it.
pub async fn announce(
    resource: &FluxResource,
    call: &Call,
    context: &Context,
    prior: &Value,
) -> Option<Diagnostic> {
    if !resource.kind.prunes || keeps(prior) {
        return None;
    }
    let Reach::Known(cluster) = reach(context, prior).until(call) else { return None };
    let taken = taken_along(resource, &cluster, prior).await?;
    let target = resource.target(&attributes_of(prior));
    Some(Diagnostic::warning(
        format!("Deleting {target} prunes what runs"),
        format!(
            "It deletes what it applied: {taken}. To keep them, set {} and apply that first.",
            way_out(resource.kind)
        ),
    ))
}

/// Whether the policy of an object leaves alone what it applied.
fn keeps(prior: &Value) -> bool {
    let spec = prior.get("spec");
    match spec.get("deletion_policy").as_str() {
        Some("Orphan") => true,
        None | Some("MirrorPrune") => spec.get("prune").as_bool() == Some(false),
        _ => false,
    }
}

/// The words for what goes with the object; none where nothing does. A warning is all that is at stake: where the cluster does not answer,
/// the delete will say so.
async fn taken_along(resource: &FluxResource, cluster: &Cluster, prior: &Value) -> Option<String> {
    let target = resource.target(&attributes_of(prior));
    let object = cluster.get_among(&target).await.ok().flatten()?;
    // No controller deletes anything on behalf of an object that is suspended.
    if assess(resource.kind, &object).state == State::Suspended {
        return None;
    }
    match flux::inventory::count(&object) {
        0 if has_release(&object) => Some("its Helm release, with all that is in it".to_owned()),
        0 => None,
        1 => Some("1 object".to_owned()),
        count => Some(format!("{count} objects")),
    }
}

/// Whether a HelmRelease has installed something, also where it keeps no inventory.
fn has_release(object: &Json) -> bool {
    object["status"]["history"].as_array().is_some_and(|history| !history.is_empty())
}

/// What to set so that it stays, by what the kind has for it.
fn way_out(kind: &Kind) -> &'static str {
    let has = |name| kind.spec.iter().any(|field| field.hcl() == name);
    if has("deletion_policy") {
        "spec.deletion_policy = \"Orphan\""
    } else if has("suspend") {
        "spec.suspend = true"
    } else {
        "the annotation fluxcd.controlplane.io/reconcile = \"disabled\""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kustomization_keeps_what_its_policy_says() {
        let keeps = |prune: bool, policy: Option<&str>| {
            let policy = policy.map_or(Value::Null, Value::from);
            let spec = Value::object([("prune", prune.into()), ("deletion_policy", policy)]);
            keeps(&Value::object([("spec", spec)]))
        };
        assert!(!keeps(true, None));
        assert!(keeps(false, None));
        assert!(keeps(false, Some("MirrorPrune")));
        assert!(!keeps(false, Some("Delete")), "Delete deletes also without prune");
        assert!(!keeps(false, Some("WaitForTermination")));
        assert!(keeps(true, Some("Orphan")));
    }
}
