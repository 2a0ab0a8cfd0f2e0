//! A schema and an object side by side, as the API server checks them: unknown fields, types, values, lengths.

use serde_json::{Map, Value};

use super::Schema;
use super::value::present;
use crate::manifest::Manifest;
use crate::path::FieldPath;
use crate::schema::Violation;

/// What the API server itself defines around `spec`.
const SURROUNDINGS: &[&str] = &["apiVersion", "kind", "metadata"];

pub(super) struct Walk<'w> {
    pub(super) schema: &'w Schema,
    pub(super) manifest: &'w Manifest,
    pub(super) old: Option<&'w Value>,
    pub(super) found: Vec<Violation>,
}

/// What a schema has against an object.
pub(super) fn check(schema: &Schema, manifest: &Manifest, old: Option<&Value>) -> Vec<Violation> {
    let mut walk = Walk { schema, manifest, old, found: Vec::new() };
    let root = FieldPath::root();
    if let (false, Value::Object(members)) = (manifest.is_unknown(&root), manifest.object()) {
        let inside = members.iter().filter(|(name, _)| !SURROUNDINGS.contains(&name.as_str()));
        let inside: Map<String, Value> = inside.map(|(name, value)| (name.clone(), value.clone())).collect();
        walk.members(&schema.root, &inside, &root);
        walk.rules(&schema.root, manifest.object(), &root);
    }
    walk.found
}

impl Walk<'_> {
    fn value(&mut self, schema: &Value, value: &Value, path: &FieldPath) {
        if self.manifest.is_unknown(path) || (value.is_null() && schema["nullable"] == true) {
            return;
        }
        if let Some(expected) = mismatch(schema, value) {
            return self.report(path, format!("the cluster takes {expected} here"), None);
        }
        let before = self.found.len();
        self.constraints(schema, value, path);
        match value {
            Value::Object(members) => self.members(schema, members, path),
            Value::Array(items) => self.items(schema, items, path),
            _ => {}
        }
        if self.found.len() == before {
            self.junctions(schema, value, path);
        }
        self.rules(schema, value, path);
    }

    fn members(&mut self, schema: &Value, members: &Map<String, Value>, path: &FieldPath) {
        let empty = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
        let embedded = schema["x-kubernetes-embedded-resource"] == true;
        let surrounds = |name: &str| (path.is_root() || embedded) && SURROUNDINGS.contains(&name);
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let at = path.child(name);
            let property = properties.get(name).unwrap_or(&Value::Null);
            let absent = present(property, members.get(name)).is_none();
            if absent && !surrounds(name) && !self.manifest.touches_unknown(&at) {
                self.report(&at, "the cluster demands it, and it is not set".to_owned(), None);
            }
        }
        let additional = &schema["additionalProperties"];
        for (name, value) in members {
            let at = path.child(name);
            match (properties.get(name), additional) {
                (Some(property), _) => self.child(property, value, &at),
                (None, Value::Object(_)) => self.child(additional, value, &at),
                (None, Value::Bool(true)) => {}
                _ if open || surrounds(name) => {}
                // It may be null in the end, and is not set then.
                _ if self.manifest.is_unknown(&at) => {}
                // The validating parts of a schema state no fields of their own.
                _ if schema["type"].is_null() => {}
                _ => {
                    let installed = &self.schema.installed;
                    let message = format!("{} does not know this field", installed.release);
                    let remedy =
                        format!("update {} in the cluster first, or leave the field out", installed.product);
                    self.report(&at, message, Some(remedy));
                }
            }
        }
    }

    /// The value of a field or entry, where null counts as not set.
    fn child(&mut self, schema: &Value, value: &Value, path: &FieldPath) {
        if !value.is_null() {
            self.value(schema, value, path);
        }
    }

    fn items(&mut self, schema: &Value, items: &[Value], path: &FieldPath) {
        for (position, item) in items.iter().enumerate() {
            self.value(&schema["items"], item, &path.index(position));
        }
        if self.manifest.touches_unknown(path) {
            return;
        }
        let keys: Vec<&str> = schema["x-kubernetes-list-map-keys"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let identity = |item: &Value| -> Option<Vec<Value>> {
            match schema["x-kubernetes-list-type"].as_str()? {
                "set" => Some(vec![item.clone()]),
                "map" => Some(
                    keys.iter()
                        .map(|key| {
                            let property = &schema["items"]["properties"][*key];
                            present(property, item.get(key)).cloned().unwrap_or_default()
                        })
                        .collect(),
                ),
                _ => None,
            }
        };
        let mut seen = Vec::new();
        for (position, item) in items.iter().enumerate() {
            let Some(identity) = identity(item) else { return };
            if seen.contains(&identity) {
                let message =
                    "the cluster takes each of these once, and one before it is the same".to_owned();
                self.report(&path.index(position), message, None);
            }
            seen.push(identity);
        }
    }

    fn constraints(&mut self, schema: &Value, value: &Value, path: &FieldPath) {
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            self.report(path, format!("the cluster allows only {}", allowed.join(", ")), None);
        }
        let limits: &[(&str, &str, Option<u64>, bool)] = &match value {
            Value::String(text) => {
                let length = Some(text.chars().count() as u64);
                [("minLength", "characters", length, true), ("maxLength", "characters", length, false)]
            }
            Value::Array(items) => {
                let count = Some(items.len() as u64);
                [("minItems", "elements", count, true), ("maxItems", "elements", count, false)]
            }
            Value::Object(members) => {
                // What is unknown may be null in the end, and is not counted then.
                let known = !self.manifest.touches_unknown(path);
                let count = known.then(|| members.values().filter(|value| !value.is_null()).count() as u64);
                [("minProperties", "entries", count, true), ("maxProperties", "entries", count, false)]
            }
            Value::Number(number) => return self.number(schema, number, path),
            _ => return,
        };
        for (keyword, what, found, least) in limits {
            let (Some(limit), Some(found)) = (schema[keyword].as_u64(), found) else { continue };
            if *least && *found < limit {
                self.report(path, format!("the cluster demands at least {limit} {what}"), None);
            } else if !least && *found > limit {
                self.report(path, format!("the cluster allows at most {limit} {what}"), None);
            }
        }
        if let (Value::String(text), Some(pattern)) = (value, schema["pattern"].as_str())
            && self.schema.pattern(pattern).is_some_and(|regex| !regex.is_match(text))
        {
            self.report(path, format!("the cluster demands that it matches {pattern}"), None);
        }
    }

    fn number(&mut self, schema: &Value, number: &serde_json::Number, path: &FieldPath) {
        let Some(found) = number.as_f64() else { return };
        let limit = |keyword: &str| schema[keyword].as_f64();
        let exclusive = |keyword: &str| schema[keyword] == true;
        let (least, most) = match schema["format"].as_str() {
            Some("int32") => (f64::from(i32::MIN), f64::from(i32::MAX)),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let least = limit("minimum").map_or(least, |limit| limit.max(least));
        let most = limit("maximum").map_or(most, |limit| limit.min(most));
        if found < least || (found <= least && exclusive("exclusiveMinimum")) {
            self.report(path, format!("the cluster demands more than that, from {least}"), None);
        } else if found > most || (found >= most && exclusive("exclusiveMaximum")) {
            self.report(path, format!("the cluster demands less than that, up to {most}"), None);
        } else if limit("multipleOf").is_some_and(|unit| unit != 0.0 && (found / unit).fract() != 0.0) {
            self.report(path, format!("the cluster demands a multiple of {}", schema["multipleOf"]), None);
        }
    }

    /// `allOf`, `anyOf`, `oneOf` and `not`, as far as the value is known.
    fn junctions(&mut self, schema: &Value, value: &Value, path: &FieldPath) {
        let branches = |keyword: &str| schema[keyword].as_array().cloned().unwrap_or_default();
        let passes = |schema: &Value| {
            let mut inner =
                Walk { schema: self.schema, manifest: self.manifest, old: None, found: Vec::new() };
            inner.value(schema, value, path);
            inner.found.is_empty()
        };
        let known = !self.manifest.touches_unknown(path);
        let (all, any, one) = (branches("allOf"), branches("anyOf"), branches("oneOf"));
        let refused = !all.iter().all(passes)
            || (known && !any.is_empty() && !any.iter().any(passes))
            || (known && !one.is_empty() && one.iter().filter(|branch| passes(branch)).count() != 1)
            || (known && schema.get("not").is_some_and(passes));
        if refused {
            self.report(path, "the cluster does not take this combination".to_owned(), None);
        }
    }

    pub(super) fn report(&mut self, path: &FieldPath, message: String, remedy: Option<String>) {
        self.found.push(Violation { path: path.clone(), message, remedy });
    }
}

/// What the schema takes, where the value is of another type.
fn mismatch(schema: &Value, value: &Value) -> Option<&'static str> {
    let whole = |value: &Value| value.as_f64().is_some_and(|number| number.fract() == 0.0);
    if schema["x-kubernetes-int-or-string"] == true {
        return (!value.is_string() && !whole(value)).then_some("a whole number or a string");
    }
    let (fits, expected) = match schema["type"].as_str()? {
        "string" => (value.is_string(), "a string"),
        "boolean" => (value.is_boolean(), "true or false"),
        "integer" => (whole(value), "a whole number"),
        "number" => (value.is_number(), "a number"),
        "array" => (value.is_array(), "a list"),
        "object" => (value.is_object(), "a mapping"),
        _ => return None,
    };
    (!fits).then_some(expected)
}
