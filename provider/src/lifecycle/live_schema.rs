//! What the definition that the cluster serves has against an object, where it differs from the table: another Flux may be
//! installed than the one that the tables follow.

use flux::{FieldPath, Manifest, kinds::FLUX_VERSION, schema::Violation};
use policy::Change;
use tfplugin::{
    diagnostic::{Diagnostic, Severity},
    value::Value,
};

use super::{FluxResource, attributes_of, plan::refused};
use crate::context::Reach;

/// The kind whose objects make an operator install Flux.
const INSTALLS: &str = "FluxInstance";

/// What the definition refuses beyond what is `told` already.
///
/// Nothing where the cluster is unknown, is down or serves no definition: it may come with the same apply. Nothing either
/// once a change of Flux is planned, since nobody knows what it will serve then; the API server has the last word.
pub async fn check(
    resource: &FluxResource,
    reached: &Reach,
    (prior, planned): (Option<&Value>, &Value),
    manifest: &Manifest,
    told: &[Violation],
    change: Change,
) -> Vec<Diagnostic> {
    let Reach::Known(cluster) = reached else { return Vec::new() };
    if resource.kind.name == INSTALLS && change != Change::Unchanged {
        cluster.definitions_change();
    }
    let Some(definition) = cluster.definition(resource.kind).await else { return Vec::new() };
    let before = prior.and_then(|prior| resource.manifest(&attributes_of(prior), &[]).ok());
    let before = before.as_ref().map(Manifest::object);
    let is_told = |path: &FieldPath| told.iter().any(|told| told.path.overlaps(path));
    // What the state holds already was taken once; no plan is held up by it.
    let is_kept = |path: &FieldPath| {
        let held = before.and_then(|before| path.get(before)).filter(|held| !held.is_null());
        held.is_some() && held == path.get(manifest.object()) && !manifest.touches_unknown(path)
    };
    // OpenTofu folds warnings of one summary, so the object is named where its name is known.
    let named = ["namespace", "name"].iter().all(|part| planned.get(part).as_str().is_some());
    let object = match named {
        true => resource.target(&attributes_of(planned)).to_string(),
        false => format!("this {}", resource.kind.name),
    };
    let found = definition.check(manifest, before);
    found
        .iter()
        .filter(|found| !is_told(&found.path))
        .map(|found| {
            let mut diagnostic = refused(resource, found, change);
            diagnostic.summary = format!("The cluster does not take {object}");
            diagnostic.detail.push_str(&format!(
                "\n\nSo says the definition that the cluster serves; the provider knows Flux {FLUX_VERSION}. Where fluxgate_install updates Flux in the same run, let this resource refer to it: namespace = fluxgate_install.NAME.namespace."
            ));
            if is_kept(&found.path) {
                diagnostic.severity = Severity::Warning;
            }
            diagnostic
        })
        .collect()
}
