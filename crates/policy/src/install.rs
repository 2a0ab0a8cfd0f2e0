//! The installation of a chart as an object, so that rules can speak of it as they speak of any other.
//!
//! No cluster has objects of this kind. It is made of the attributes of a `fluxgate_install` resource, with the
//! user's values merged into one mapping; what the chart renders goes before the gate besides, object by object.

use flux::manifest::{Manifest, ManifestError, Origin};
use flux::path::{FieldPath, Step};
use serde_json::{Map, Value};

/// The API version of the object.
pub const API_VERSION: &str = "fluxgate/v1";

/// The kind of the object.
pub const KIND: &str = "Install";

/// The attributes from which values are made.
const VALUES: [&str; 5] = ["values", "values_files", "set", "set_wo", "set_wo_revision"];

/// The attributes that say what is installed.
const CHART: [&str; 3] = ["repository", "chart", "version"];

/// Builds the object that `attributes` describe: `name`, `namespace`, `repository`, `chart` and `version` of the
/// resource, and the user's `values`, merged. Null counts as not set.
///
/// `unknown` lists the attribute paths whose values are known only after apply. Where it names anything that
/// values are made of, the merged values are unknown as a whole, since any of them may be replaced.
///
/// ```
/// use flux::manifest::Origin;
/// use serde_json::json;
///
/// let attributes = json!({"name": "flux", "namespace": "flux-system", "chart": "flux2", "version": "2.18.3"});
/// let values = json!({"policies": {"create": true}});
/// let origin = Origin::resource("fluxgate_install.flux");
/// let manifest = policy::install::manifest(&attributes, values, &["values[0]".parse()?], origin)?;
/// assert_eq!(manifest.reference(), "Install/flux-system/flux");
/// assert!(manifest.is_unknown(&"spec.values".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`Manifest::new`]; none, since the object is made here.
pub fn manifest(
    attributes: &Value,
    values: Value,
    unknown: &[FieldPath],
    origin: Origin,
) -> Result<Manifest, ManifestError> {
    let given = |names: &[&str]| -> Map<String, Value> {
        let given = names.iter().map(|name| ((*name).to_owned(), attributes[*name].clone()));
        given.filter(|(_, value)| !value.is_null()).collect()
    };
    let mut spec = given(&CHART);
    spec.insert("values".to_owned(), values);
    let object = serde_json::json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": given(&["name", "namespace"]),
        "spec": spec,
    });
    let unknown = unknown.iter().filter_map(object_path);
    Ok(Manifest::new(object, origin)?.with_unknown(unknown))
}

/// Where a rule finds what an attribute of the resource says; none for one that rules do not see.
pub fn object_path(attribute: &FieldPath) -> Option<FieldPath> {
    let Some(first) = attribute.steps().first() else {
        return Some(FieldPath::root());
    };
    match first {
        Step::Key(key) if matches!(key.as_str(), "name" | "namespace") => {
            Some(FieldPath::of(["metadata", key]))
        }
        Step::Key(key) if CHART.contains(&key.as_str()) => Some(FieldPath::of(["spec", key])),
        Step::Key(key) if VALUES.contains(&key.as_str()) => Some(FieldPath::of(["spec", "values"])),
        _ => None,
    }
}

/// The attribute of the resource that a finding on the object is about; the root where it is about none.
pub fn attribute_path(path: &FieldPath) -> FieldPath {
    let keys: Vec<&str> = path
        .steps()
        .iter()
        .map_while(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
        .collect();
    match keys.as_slice() {
        ["metadata", name @ ("name" | "namespace"), ..] => FieldPath::of([name]),
        ["spec", name, ..] if *name == "values" || CHART.contains(name) => FieldPath::of([name]),
        _ => FieldPath::root(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests end in a panic with the full story")]

    use serde_json::json;

    use super::*;

    fn path(text: &str) -> FieldPath {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_null_is_not_there() {
        let attributes = json!({"name": "flux", "namespace": "flux-system", "repository": null, "chart": "./flux2",
            "version": null, "wait": true});
        let manifest = manifest(&attributes, json!({"a": 1}), &[], Origin::resource("x")).unwrap();
        assert_eq!(
            manifest.object(),
            &json!({"apiVersion": "fluxgate/v1", "kind": "Install",
                "metadata": {"name": "flux", "namespace": "flux-system"},
                "spec": {"chart": "./flux2", "values": {"a": 1}}})
        );
    }

    #[test]
    fn what_is_unknown_is_unknown_where_rules_read_it() {
        for (attribute, place) in [
            ("version", "spec.version"),
            ("values[1]", "spec.values"),
            ("set[0].value", "spec.values"),
            ("name", "metadata.name"),
            ("", ""),
        ] {
            let manifest =
                manifest(&json!({}), json!({}), &[path(attribute)], Origin::resource("x")).unwrap();
            assert_eq!(manifest.unknown(), [path(place)], "{attribute}");
        }
        let unread = ["wait", "timeouts.create", "objects"].map(path);
        let manifest = manifest(&json!({}), json!({}), &unread, Origin::resource("x")).unwrap();
        assert_eq!(manifest.unknown(), []);
    }

    #[test]
    fn a_finding_points_at_an_attribute() {
        for (place, attribute) in [
            ("spec.version", "version"),
            ("spec.values.policies.create", "values"),
            ("metadata.name", "name"),
            ("spec", ""),
            ("kind", ""),
        ] {
            assert_eq!(attribute_path(&path(place)), path(attribute), "{place}");
        }
    }
}
