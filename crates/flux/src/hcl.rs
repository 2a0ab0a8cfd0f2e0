//! The way between the attributes that people write in HCL and the manifests that Kubernetes reads.
//!
//! Both sides are JSON here: attributes with HCL names (`secret_ref`) and `null` for what is not set, manifests with wire names (`secretRef`)
//! and nothing where nothing is set. The table of the kind names both, so no letter case is ever guessed.

use serde_json::{Map, Value};

use crate::{
    duration::Duration,
    kinds::{Field, FieldType, Kind},
    manifest::{Manifest, ManifestError, Origin},
    path::FieldPath,
};

/// Builds the manifest that `attributes` describe: the resource's top-level attributes `name`, `namespace`, `labels`, `annotations` and `spec`.
///
/// `unknown` lists the attribute paths whose values are known only after apply, in HCL names; they arrive in the manifest as unknown paths in
/// wire names. Attributes that are not part of an object (`wait`, `timeouts`, …) are left out.
///
/// # Errors
/// As [`Manifest::new`].
pub fn manifest(
    kind: &Kind,
    attributes: &Value,
    unknown: &[FieldPath],
    origin: Origin,
) -> Result<Manifest, ManifestError> {
    let mut metadata = Map::new();
    for key in ["name", "namespace", "labels", "annotations"] {
        match &attributes[key] {
            Value::Null => {}
            value => {
                metadata.insert(key.to_owned(), value.clone());
            }
        }
    }
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), Value::String(kind.api_version()));
    object.insert("kind".to_owned(), Value::String(kind.name.to_owned()));
    object.insert("metadata".to_owned(), Value::Object(metadata));
    if let Some(spec) = to_wire(&FieldType::Object(kind.spec), &attributes["spec"]) {
        object.insert("spec".to_owned(), spec);
    }
    let unknown = unknown.iter().map(|path| kind.object_path(path)).filter(|path| !path.is_root());
    Ok(Manifest::new(Value::Object(object), origin)?.with_unknown(unknown))
}

/// Reads a whole object into attributes: every field that the table knows, `null` where the object has none. The way of an import.
pub fn attributes(kind: &Kind, object: &Value) -> Value {
    let metadata = &object["metadata"];
    let mut result = Map::new();
    for key in ["name", "namespace", "labels", "annotations"] {
        result.insert(key.to_owned(), metadata[key].clone());
    }
    result.insert("spec".to_owned(), from_wire(&FieldType::Object(kind.spec), &object["spec"]));
    Value::Object(result)
}

/// Reads an object again as far as `state` knows it: only fields that state has are compared, so what the server or another writer added is no
/// drift, and a duration that means the same keeps the spelling that state has.
pub fn refreshed(kind: &Kind, state: &Value, object: &Value) -> Value {
    let metadata = &object["metadata"];
    let mut result = state.as_object().cloned().unwrap_or_default();
    for key in ["labels", "annotations"] {
        result.insert(key.to_owned(), refreshed_value(&FieldType::StringMap, &state[key], &metadata[key]));
    }
    let spec = refreshed_value(&FieldType::Object(kind.spec), &state["spec"], &object["spec"]);
    result.insert("spec".to_owned(), spec);
    Value::Object(result)
}

/// The wire paths of the leaves that `attributes` set: what a state that holds them owns.
pub fn owned_paths(kind: &Kind, attributes: &Value) -> Vec<FieldPath> {
    let mut paths = Vec::new();
    for key in ["labels", "annotations"] {
        for name in attributes[key].as_object().into_iter().flat_map(Map::keys) {
            paths.push(FieldPath::of(["metadata", key]).child(name));
        }
    }
    collect_owned(&FieldType::Object(kind.spec), &attributes["spec"], &FieldPath::of(["spec"]), &mut paths);
    paths
}

fn collect_owned(ty: &FieldType, value: &Value, at: &FieldPath, paths: &mut Vec<FieldPath>) {
    match (ty, value) {
        (_, Value::Null) => {}
        (FieldType::Object(fields), Value::Object(members)) => {
            for field in *fields {
                match members.get(field.hcl()) {
                    None | Some(Value::Null) => {}
                    Some(_) if field.atomic => paths.push(at.child(field.wire())),
                    Some(value) => collect_owned(&field.ty, value, &at.child(field.wire()), paths),
                }
            }
        }
        // A list is owned whole: its elements have no names by which one could be told from another.
        _ => paths.push(at.clone()),
    }
}

fn to_wire(ty: &FieldType, value: &Value) -> Option<Value> {
    match (ty, value) {
        (_, Value::Null) => None,
        (FieldType::Object(fields), Value::Object(members)) => {
            let mut object = Map::new();
            for field in *fields {
                if let Some(value) = members.get(field.hcl()).and_then(|value| to_wire(&field.ty, value)) {
                    object.insert(field.wire().to_owned(), value);
                }
            }
            Some(Value::Object(object))
        }
        (FieldType::List(element), Value::Array(elements)) => {
            // An unknown element arrives as null and keeps its place, since paths count on it.
            Some(elements.iter().map(|value| to_wire(element, value).unwrap_or(Value::Null)).collect())
        }
        (FieldType::Map(element), Value::Object(members)) => Some(Value::Object(
            members.iter().filter_map(|(key, value)| Some((key.clone(), to_wire(element, value)?))).collect(),
        )),
        _ => Some(value.clone()),
    }
}

fn from_wire(ty: &FieldType, value: &Value) -> Value {
    match (ty, value) {
        (FieldType::Object(fields), Value::Object(members)) => Value::Object(
            fields
                .iter()
                .map(|field| {
                    let value = members.get(field.wire()).unwrap_or(&Value::Null);
                    (field.hcl().to_owned(), from_wire(&field.ty, value))
                })
                .collect(),
        ),
        (FieldType::List(element), Value::Array(elements)) => {
            elements.iter().map(|value| from_wire(element, value)).collect()
        }
        (FieldType::Map(element), Value::Object(members)) => Value::Object(
            members.iter().map(|(key, value)| (key.clone(), from_wire(element, value))).collect(),
        ),
        _ => value.clone(),
    }
}

fn refreshed_value(ty: &FieldType, state: &Value, live: &Value) -> Value {
    match (ty, state, live) {
        (_, Value::Null, _) => Value::Null,
        (FieldType::Object(fields), Value::Object(known), Value::Object(members)) => Value::Object(
            fields
                .iter()
                .map(|field| {
                    let known = known.get(field.hcl()).unwrap_or(&Value::Null);
                    let live = members.get(field.wire()).unwrap_or(&Value::Null);
                    let value = match (&field.ty, known, live) {
                        _ if field.atomic => refreshed_whole(&field.ty, known, live),
                        (FieldType::List(item), Value::Array(known), Value::Array(live))
                            if !field.keys.is_empty() =>
                        {
                            refreshed_keyed(item, field.keys, known, live)
                        }
                        _ => refreshed_value(&field.ty, known, live),
                    };
                    (field.hcl().to_owned(), value)
                })
                .collect(),
        ),
        (FieldType::List(element), Value::Array(known), Value::Array(members)) => members
            .iter()
            .enumerate()
            .map(|(index, live)| match known.get(index) {
                // A list has one owner, and so has what is free in it.
                Some(_) if matches!(element, FieldType::Json) => live.clone(),
                Some(known) => refreshed_value(element, known, live),
                None => from_wire(element, live),
            })
            .collect(),
        (
            FieldType::StringMap | FieldType::Map(_) | FieldType::Json,
            Value::Object(known),
            Value::Object(members),
        ) => {
            Value::Object(
                known
                    .iter()
                    .filter_map(|(key, known)| {
                        let live = match members.get(key) {
                            // Null is not written, and comes not back.
                            None if known.is_null() => return Some((key.clone(), Value::Null)),
                            live => live?,
                        };
                        let value = match ty {
                            FieldType::Map(element) => refreshed_value(element, known, live),
                            // Each key of free JSON has its own owner.
                            FieldType::Json => refreshed_value(ty, known, live),
                            _ => live.clone(),
                        };
                        Some((key.clone(), value))
                    })
                    .collect(),
            )
        }
        // An empty container is dropped by the server's encoding: nothing there and nothing in it are one.
        (_, Value::Array(known), Value::Null) if known.is_empty() => state.clone(),
        (_, Value::Object(known), Value::Null) if known.values().all(Value::is_null) => state.clone(),
        (FieldType::Duration, Value::String(known), Value::String(live)) if same_duration(known, live) => {
            state.clone()
        }
        _ => from_wire(ty, live),
    }
}

/// Reads what has one owner as a whole: what another writer put beside ours replaced ours, and is drift too.
fn refreshed_whole(ty: &FieldType, state: &Value, live: &Value) -> Value {
    let read = from_wire(ty, live);
    if state.is_null() || filled(state) == filled(&read) { state.clone() } else { read }
}

/// A value without the parts that hold nothing.
fn filled(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: Map<_, _> = members
                .iter()
                .map(|(key, value)| (key.clone(), filled(value)))
                .filter(|(_, v)| !v.is_null())
                .collect();
            if members.is_empty() { Value::Null } else { Value::Object(members) }
        }
        Value::Array(elements) if elements.is_empty() => Value::Null,
        Value::Array(elements) => elements.iter().map(filled).collect(),
        value => value.clone(),
    }
}

/// Reads a list whose elements are told apart by keys: they keep their order, and those that others added are theirs.
fn refreshed_keyed(item: &FieldType, keys: &[&str], state: &[Value], live: &[Value]) -> Value {
    let wire: Vec<Value> = live.iter().map(|live| from_wire(item, live)).collect();
    let name = |key: &str| match item {
        FieldType::Object(fields) => fields.iter().find(|field| field.wire() == key).map(Field::hcl),
        _ => None,
    };
    let names: Vec<&str> = keys.iter().filter_map(|key| name(key)).collect();
    let same = |one: &Value, other: &Value| names.iter().all(|name| one[name] == other[name]);
    state
        .iter()
        .filter_map(|known| {
            let position = wire.iter().position(|read| same(known, read))?;
            Some(refreshed_value(item, known, &live[position]))
        })
        .collect()
}

fn same_duration(one: &str, other: &str) -> bool {
    matches!((Duration::parse(one), Duration::parse(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kustomization() -> &'static Kind {
        crate::kinds::by_resource("kustomization").expect("the table")
    }

    fn written() -> Value {
        json!({
            "name": "apps", "namespace": "flux-system", "labels": {"team": "web"}, "annotations": null,
            "spec": {
                "interval": "1h", "prune": true, "path": null,
                "source_ref": {"kind": "GitRepository", "name": "apps", "namespace": null},
                "depends_on": [{"name": "infra", "namespace": null}],
            },
        })
    }

    #[test]
    fn what_is_null_is_not_written_down() {
        let manifest =
            manifest(kustomization(), &written(), &[], Origin::resource("x.y")).expect("a manifest");

        assert_eq!(
            manifest.into_object(),
            json!({
                "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                "metadata": {"name": "apps", "namespace": "flux-system", "labels": {"team": "web"}},
                "spec": {
                    "interval": "1h", "prune": true,
                    "sourceRef": {"kind": "GitRepository", "name": "apps"},
                    "dependsOn": [{"name": "infra"}],
                },
            })
        );
    }

    #[test]
    fn unknown_attributes_are_unknown_fields() {
        let unknown = ["spec.source_ref.name", "timeouts", "name"].map(|path| path.parse().expect("a path"));
        let manifest =
            manifest(kustomization(), &written(), &unknown, Origin::resource("x.y")).expect("a manifest");

        let paths: Vec<_> = manifest.unknown().iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["spec.sourceRef.name", "metadata.name"]);
    }

    #[test]
    fn reading_back_what_was_written_changes_nothing() {
        let state = written();
        let object = manifest(kustomization(), &state, &[], Origin::resource("x.y")).expect("a manifest");

        assert_eq!(refreshed(kustomization(), &state, object.object())["spec"]["source_ref"]["name"], "apps");
        let again = refreshed(kustomization(), &state, object.object());
        let object_again =
            manifest(kustomization(), &again, &[], Origin::resource("x.y")).expect("a manifest");
        assert_eq!(object_again.object(), object.object());
    }

    #[test]
    fn only_fields_that_state_has_can_drift() {
        let state = written();
        let mut object = manifest(kustomization(), &state, &[], Origin::resource("x.y"))
            .expect("a manifest")
            .into_object();
        object["spec"]["force"] = json!(false);
        object["spec"]["path"] = json!("./added-by-another");
        object["metadata"]["labels"]["other"] = json!("theirs");
        object["spec"]["prune"] = json!(false);

        let read = refreshed(kustomization(), &state, &object);

        assert_eq!(read["spec"]["path"], Value::Null);
        assert_eq!(read["labels"], json!({"team": "web"}));
        assert_eq!(read["spec"]["prune"], json!(false));
    }

    #[test]
    fn a_duration_that_means_the_same_keeps_its_spelling() {
        let state = written();
        let mut object = manifest(kustomization(), &state, &[], Origin::resource("x.y"))
            .expect("a manifest")
            .into_object();

        object["spec"]["interval"] = json!("1h0m0s");
        assert_eq!(refreshed(kustomization(), &state, &object)["spec"]["interval"], "1h");
        object["spec"]["interval"] = json!("2h0m0s");
        assert_eq!(refreshed(kustomization(), &state, &object)["spec"]["interval"], "2h0m0s");
    }

    #[test]
    fn what_has_one_owner_as_a_whole_drifts_as_a_whole() {
        let automation = crate::kinds::by_resource("image_update_automation").expect("the table");
        let state = json!({
            "name": "a", "namespace": "b", "labels": null, "annotations": null,
            "spec": {"policy_selector": {"match_labels": {"team": "web"}, "match_expressions": []}},
        });
        let read = |selector: Value| {
            refreshed(automation, &state, &json!({"metadata": {}, "spec": {"policySelector": selector}}))["spec"]
                ["policy_selector"]
                .clone()
        };

        assert_eq!(read(json!({"matchLabels": {"team": "web"}})), state["spec"]["policy_selector"]);
        let added = read(json!({"matchLabels": {"team": "web", "tier": "db"}}));
        assert_eq!(added["match_labels"], json!({"team": "web", "tier": "db"}));
        let expression = json!([{"key": "a", "operator": "Exists"}]);
        let added = read(json!({"matchLabels": {"team": "web"}, "matchExpressions": expression}));
        assert_eq!(added["match_expressions"][0]["key"], "a");
        assert_eq!(read(Value::Null), Value::Null);

        let paths: Vec<_> = owned_paths(automation, &state).iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["spec.policySelector"]);
    }

    #[test]
    fn a_null_in_a_mapping_is_not_drift() {
        let set = crate::kinds::by_resource("resource_set").expect("the table");
        let state =
            json!({"name": "a", "namespace": "b", "spec": {"inputs": [{"tenant": "web", "quota": null}]}});
        let object = manifest(set, &state, &[], Origin::resource("x.y")).expect("a manifest");

        assert_eq!(object.object()["spec"]["inputs"], json!([{"tenant": "web"}]));
        assert_eq!(refreshed(set, &state, object.object())["spec"]["inputs"], state["spec"]["inputs"]);
    }

    #[test]
    fn keys_that_others_add_to_free_values_are_theirs() {
        let release = crate::kinds::by_resource("helm_release").expect("the table");
        let ours = json!({"web": {"replicas": 2, "hosts": [{"name": "a"}]}, "empty": {}, "none": null});
        let state = json!({"spec": {"values": ours}});
        let read = |values: Value| {
            refreshed(release, &state, &json!({"metadata": {}, "spec": {"values": values}}))["spec"]["values"]
                .clone()
        };

        let mut live = ours.clone();
        assert_eq!(read(live.clone()), ours);
        live["web"]["theirs"] = json!(1);
        live["more"] = json!({});
        assert_eq!(read(live.clone()), ours);
        live["web"]["replicas"] = json!(3);
        live["web"]["hosts"][0]["added"] = json!(true);
        let drifted = json!({"replicas": 3, "hosts": [{"name": "a", "added": true}]});
        assert_eq!(read(live)["web"], drifted);
    }

    #[test]
    fn elements_that_others_add_to_a_list_with_keys_are_theirs() {
        let receiver = crate::kinds::by_resource("receiver").expect("the table");
        let ours = |url: &str, audience: Value| json!({"issuer_url": url, "audience": audience});
        let state = json!({"spec": {"oidc_providers": [ours("https://b", json!("x")), ours("https://a", Value::Null)]}});
        let read = |providers: Value| {
            refreshed(receiver, &state, &json!({"metadata": {}, "spec": {"oidcProviders": providers}}))["spec"]
                ["oidc_providers"]
                .clone()
        };
        let live = |url: &str, audience: &str| json!({"issuerURL": url, "audience": audience});

        let theirs = live("https://c", "z");
        let all = read(json!([theirs, live("https://a", "added"), live("https://b", "x")]));
        assert_eq!(all[0]["audience"], "x");
        assert_eq!(all[1]["issuer_url"], "https://a");
        assert_eq!((&all[1]["audience"], all.as_array().map(Vec::len)), (&Value::Null, Some(2)));
        let changed = read(json!([live("https://b", "y")]));
        assert_eq!((&changed[0]["audience"], changed.as_array().map(Vec::len)), (&json!("y"), Some(1)));
    }

    #[test]
    fn an_import_reads_everything() {
        let object = json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "apps", "namespace": "flux-system", "uid": "1"},
            "spec": {"interval": "1m", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "apps"}, "force": false},
            "status": {"observedGeneration": 1},
        });
        let read = attributes(kustomization(), &object);

        assert_eq!(read["spec"]["source_ref"]["kind"], "GitRepository");
        assert_eq!(read["spec"]["force"], false);
        assert_eq!(read["spec"]["timeout"], Value::Null);
        assert_eq!(read["labels"], Value::Null);
    }

    #[test]
    fn owned_are_the_leaves_that_are_set() {
        let paths: Vec<_> =
            owned_paths(kustomization(), &written()).iter().map(ToString::to_string).collect();
        assert_eq!(
            paths,
            [
                "metadata.labels.team",
                "spec.interval",
                "spec.sourceRef.kind",
                "spec.sourceRef.name",
                "spec.prune",
                "spec.dependsOn",
            ]
        );
    }
}
