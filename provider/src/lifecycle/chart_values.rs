//! The values of a HelmRelease against the schema of its chart, where someone gives it. Flux fetches the chart, nobody here does.

use flux::{FieldPath, Kind, Manifest, schema::Violation};
use policy::Change;
use tfplugin::{diagnostic::Diagnostic, path::AttributePath, schema::Attribute, value::Value};

use super::{FluxResource, plan::refused};

/// The attribute that holds the schema.
const SCHEMA: &str = "values_schema";

/// The attribute, for the kind that has values.
pub fn attribute(kind: &Kind) -> Option<Attribute> {
    (kind.name == "HelmRelease").then(|| {
        Attribute::string(SCHEMA).optional().describe(
            "The `values.schema.json` of the chart, such as `values_schema` of `data.fluxgate_chart`, for a check of `spec.values` at plan: unknown names, types, allowed values. What is not set is not missed, since the chart's own values or `values_from` may have it. It is no part of the object.",
        )
    })
}

/// What the schema has against the values, as far as they are known.
pub fn check(
    resource: &FluxResource,
    planned: &Value,
    manifest: &Manifest,
    change: Change,
) -> Vec<Diagnostic> {
    let at = FieldPath::of(["spec", "values"]);
    let Some(schema) = planned.get(SCHEMA).as_str() else { return Vec::new() };
    let Some(values) = manifest.get(&at).filter(|values| !values.is_null() && !manifest.is_unknown(&at))
    else {
        return Vec::new();
    };
    let faults = match chart::schema::check_given(schema.as_bytes(), values) {
        Ok(faults) => faults,
        Err(error) => {
            let detail = format!("It is no JSON: {error}. Give the text of the chart's values.schema.json.");
            return vec![
                Diagnostic::error("Not the schema of a chart", detail).at(AttributePath::root(SCHEMA)),
            ];
        }
    };
    let found = faults.into_iter().filter_map(|fault| {
        let path = at.clone().join(FieldPath::from_pointer(&fault.path).ok()?.steps().iter().cloned());
        let message = format!("the schema of the chart refuses it: {}", fault.words);
        (!manifest.touches_unknown(&path)).then_some(Violation { path, message, remedy: None })
    });
    found.map(|violation| refused(resource, &violation, change)).collect()
}
