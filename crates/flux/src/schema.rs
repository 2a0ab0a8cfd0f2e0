//! Whether an object is what the table of its kind says: what the API server or Flux would refuse, found
//! before either is asked.
//!
//! A value that is known only after apply is taken for good, and so is everything inside it. Null is taken
//! for absent, as the API server does, except as an element of a list.

mod near;
mod text;

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use regex::Regex;
use serde_json::Value;

use crate::cel::Read;
use crate::kinds::{FLUX_VERSION, Field, FieldType, Kind, Rule, Verdict};
use crate::manifest::Manifest;
use crate::names;
use crate::path::FieldPath;

/// Something in an object that the API server or Flux would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where in the object, in wire names; [`Kind::attribute_path`] gives the attribute.
    pub path: FieldPath,
    /// What is wrong, without secrets; lower case, no full stop.
    pub message: String,
    /// What to write instead.
    pub remedy: Option<String>,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.remedy {
            Some(remedy) => write!(f, "{}: {}; {remedy}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// How messages spell the names of other fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spelling {
    /// As YAML has them: `sourceRef`.
    #[default]
    Wire,
    /// As HCL has them: `source_ref`.
    Hcl,
}

/// Checks an object against the table of its kind, for people who write YAML.
pub fn check(kind: &Kind, manifest: &Manifest) -> Vec<Violation> {
    check_spelled(kind, manifest, Spelling::Wire)
}

/// Checks an object against the table of its kind.
///
/// Violations come in the order of the table; what the table does not know comes after what it knows.
pub fn check_spelled(kind: &Kind, manifest: &Manifest, spelling: Spelling) -> Vec<Violation> {
    let mut checker = Checker { kind, manifest, spelling, violations: Vec::new() };
    checker.object();
    checker.violations
}

/// What a field of an object's metadata may be called (`ObjectMeta` of `k8s.io/apimachinery`).
const METADATA: &[&str] = &[
    "name",
    "namespace",
    "labels",
    "annotations",
    "generateName",
    "finalizers",
    "ownerReferences",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

struct Checker<'m> {
    kind: &'m Kind,
    manifest: &'m Manifest,
    spelling: Spelling,
    violations: Vec<Violation>,
}

impl Checker<'_> {
    fn object(&mut self) {
        let root = FieldPath::root();
        if self.manifest.is_unknown(&root) {
            return;
        }
        let Some(object) = self.manifest.object().as_object() else { return };
        for (field, expected) in
            [("apiVersion", self.kind.api_version()), ("kind", self.kind.name.to_owned())]
        {
            let path = root.child(field);
            let found = object.get(field).and_then(Value::as_str);
            if !self.manifest.is_unknown(&path) && found != Some(&expected) {
                self.report(
                    &path,
                    format!("must be {expected}, which is what Flux {FLUX_VERSION} serves"),
                    None,
                );
            }
        }
        self.metadata();
        let spec = FieldPath::of(["spec"]);
        match object.get("spec") {
            _ if self.manifest.is_unknown(&spec) => {}
            Some(Value::Object(members)) => {
                self.members(self.kind.spec, members, &spec);
                for rule in self.kind.rules {
                    self.rule(rule);
                }
            }
            None | Some(Value::Null) if self.manifest.touches_unknown(&spec) => {}
            None | Some(Value::Null) => self.report(&spec, "required, but not set".to_owned(), None),
            Some(other) => self.wrong_type(&spec, "a mapping", other),
        }
        let known = ["apiVersion", "kind", "metadata", "spec", "status"];
        self.strangers(
            object.keys(),
            &known,
            &root,
            &format!("{} has no such field", self.kind.with_article()),
        );
    }

    fn metadata(&mut self) {
        let path = FieldPath::of(["metadata"]);
        let metadata = match self.manifest.get(&path) {
            Some(Value::Object(metadata)) if !self.manifest.is_unknown(&path) => metadata,
            None | Some(Value::Null | Value::Object(_)) => return,
            Some(other) => return self.wrong_type(&path, "a mapping", other),
        };
        for field in ["name", "namespace"] {
            let path = path.child(field);
            match metadata.get(field) {
                None | Some(Value::Null) => {}
                Some(Value::String(name)) if field == "name" => {
                    self.name(&path, name, names::subdomain);
                    self.only_name(&path, name);
                }
                Some(Value::String(namespace)) => self.name(&path, namespace, names::label),
                Some(other) => self.wrong_type(&path, "a string", other),
            }
        }
        for field in ["labels", "annotations"] {
            let path = path.child(field);
            match metadata.get(field) {
                None | Some(Value::Null) => {}
                Some(Value::Object(entries)) => {
                    for (key, value) in entries {
                        self.metadata_entry(&path.child(key), key, value, field == "labels");
                    }
                }
                Some(other) => self.wrong_type(&path, "a mapping", other),
            }
        }
        self.strangers(metadata.keys(), METADATA, &path, "metadata has no such field");
    }

    fn only_name(&mut self, path: &FieldPath, name: &str) {
        let only = self.kind.only_name().filter(|only| *only != name && !self.manifest.is_unknown(path));
        if let Some(only) = only {
            let message = format!("a cluster has one {}, whose name is {only}", self.kind.name);
            self.report(path, message, Some(format!("write \"{only}\"")));
        }
    }

    fn metadata_entry(&mut self, path: &FieldPath, key: &str, value: &Value, label: bool) {
        if let Err(error) = names::metadata_key(key) {
            self.report(path, format!("not a key: {error}"), Some(error.remedy()));
        }
        match value {
            _ if self.manifest.is_unknown(path) => {}
            Value::String(text) if label => {
                if let Err(error) = names::label_value(text) {
                    self.report(path, format!("not the value of a label: {error}"), Some(error.remedy()));
                }
            }
            Value::String(_) => {}
            other => self.wrong_type(path, "a string", other),
        }
    }

    fn members(&mut self, fields: &[Field], members: &serde_json::Map<String, Value>, path: &FieldPath) {
        for field in fields {
            let path = path.child(field.wire());
            match members.get(field.wire()) {
                _ if self.manifest.is_unknown(&path) => {}
                // An unknown value inside it means that it will be there.
                None | Some(Value::Null) if field.required && !self.manifest.touches_unknown(&path) => {
                    let remedy = near::like(field.wire(), members.keys().map(String::as_str))
                        .filter(|near| fields.iter().all(|field| field.wire() != *near))
                        .map(|near| format!("{near} was probably meant to be it"));
                    self.report(&path, "required, but not set".to_owned(), remedy);
                }
                None | Some(Value::Null) => {}
                Some(value) => self.value(field, &field.ty, value, &path),
            }
        }
        let known: Vec<&str> = fields.iter().map(Field::wire).collect();
        self.strangers(
            members.keys(),
            &known,
            path,
            &format!("{} has no such field", self.kind.with_article()),
        );
    }

    fn value(&mut self, field: &Field, ty: &FieldType, value: &Value, path: &FieldPath) {
        if self.manifest.is_unknown(path) {
            return;
        }
        match (ty, value) {
            (FieldType::String, Value::String(text)) => self.text(field, text, path),
            (FieldType::Duration, Value::String(text)) => self.duration(field, text, path),
            (FieldType::Boolean, Value::Bool(_)) => {}
            (FieldType::Integer, Value::Number(number)) => self.integer(field, number, path),
            (FieldType::Number, Value::Number(_)) | (FieldType::Json, _) => self.numbers(value, path),
            (FieldType::StringMap, Value::Object(entries)) => {
                for (key, value) in entries {
                    self.value(field, &FieldType::String, value, &path.child(key));
                }
            }
            (FieldType::Map(inner), Value::Object(entries)) => {
                for (key, value) in entries {
                    self.value(field, inner, value, &path.child(key));
                }
            }
            (FieldType::List(item), Value::Array(items)) => {
                self.count(field, items.len(), path);
                self.twice(field, items, path);
                for (position, value) in items.iter().enumerate() {
                    let path = path.index(position);
                    match (item, value) {
                        // Free as it is, it has to be something.
                        (FieldType::Json, Value::Null) if !self.manifest.is_unknown(&path) => {
                            self.wrong_type(&path, "a mapping", value);
                        }
                        _ => self.value(field, item, value, &path),
                    }
                }
            }
            (FieldType::Object(fields), Value::Object(members)) => self.members(fields, members, path),
            _ => self.wrong_type(path, expected(ty), value),
        }
    }

    fn integer(&mut self, field: &Field, number: &serde_json::Number, path: &FieldPath) {
        let Some(number) = number.as_i64() else {
            let message = if number.as_f64().is_some_and(|number| number.fract() == 0.0) {
                "a number beyond 64 bits"
            } else {
                "must be a whole number"
            };
            return self.report(path, message.to_owned(), None);
        };
        let (least, most) = (field.minimum, field.maximum);
        if let Some(least) = least.filter(|least| number < *least) {
            self.report(path, format!("must be at least {least}"), None);
        } else if let Some(most) = most.filter(|most| number > *most) {
            self.report(path, format!("must be at most {most}"), None);
        }
    }

    /// Refuses numbers that the API server could only keep as a rounded one.
    fn numbers(&mut self, value: &Value, path: &FieldPath) {
        match value {
            Value::Number(number) if number.as_i64().is_none() => {
                let rounded = number
                    .as_f64()
                    .is_none_or(|number| number.fract() == 0.0 && number.abs() >= 2_f64.powi(63));
                if rounded && !self.manifest.is_unknown(path) {
                    let remedy = "write it in quotes, if a string will do";
                    self.report(path, "a number beyond 64 bits".to_owned(), Some(remedy.to_owned()));
                }
            }
            Value::Array(items) => {
                for (position, value) in items.iter().enumerate() {
                    self.numbers(value, &path.index(position));
                }
            }
            Value::Object(members) => {
                for (key, value) in members {
                    self.numbers(value, &path.child(key));
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, field: &Field, count: usize, path: &FieldPath) {
        let count = count as u64;
        if let Some(least) = field.min_items.filter(|least| count < *least) {
            self.report(path, format!("has {count} elements, and at least {least} are needed"), None);
        } else if let Some(most) = field.max_items.filter(|most| count > *most) {
            self.report(path, format!("has {count} elements, and at most {most} are allowed"), None);
        }
    }

    /// Refuses an element that has the keys of an earlier one.
    fn twice(&mut self, field: &Field, items: &[Value], path: &FieldPath) {
        if field.keys.is_empty() {
            return;
        }
        let mut seen = Vec::new();
        for (position, item) in items.iter().enumerate() {
            let path = path.index(position);
            let known = field.keys.iter().all(|key| !self.manifest.touches_unknown(&path.child(*key)));
            let keys: Vec<&Value> = field.keys.iter().map(|key| &item[*key]).collect();
            if !known || keys.iter().any(|key| key.is_null()) {
                continue;
            }
            if seen.contains(&keys) {
                let key = path.child(field.keys[0]);
                self.report(&key, "the same as in an element before it".to_owned(), None);
            }
            seen.push(keys);
        }
    }

    fn rule(&mut self, rule: &'static Rule) {
        let Some(fields) = self.kind.fields_at(rule.at) else { return };
        for at in self.places(rule.at) {
            let Some(object @ Value::Object(_)) = self.manifest.get(&at) else { continue };
            let open = |read: &Read| {
                let path = read.path.iter().fold(at.clone(), |path, key| path.child(key));
                let refused = |violation: &Violation| match read.presence {
                    true => path.starts_with(&violation.path),
                    false => path.overlaps(&violation.path),
                };
                // The API server too asks rules only about values of the right form.
                is_open(self.manifest, &path, read.presence) || self.violations.iter().any(refused)
            };
            if rule.decide(fields, object, open) == Verdict::Broken {
                let on = rule
                    .on
                    .split('.')
                    .filter(|key| !key.is_empty())
                    .fold(at.clone(), |path, key| path.child(key));
                self.report(&on, rule.words(fields, self.spelling), None);
            }
        }
    }

    /// The paths of the objects at a place inside `spec`: one, or one for each element of a list.
    fn places(&self, at: &str) -> Vec<FieldPath> {
        let mut places = vec![FieldPath::of(["spec"])];
        for step in at.split('.').filter(|step| !step.is_empty()) {
            let name = step.trim_end_matches("[]");
            places = places.iter().map(|place| place.child(name)).collect();
            for _ in 0..step.matches("[]").count() {
                let length = |place: &FieldPath| {
                    self.manifest.get(place).and_then(Value::as_array).map_or(0, Vec::len)
                };
                places = places
                    .iter()
                    .flat_map(|place| (0..length(place)).map(|position| place.index(position)))
                    .collect();
            }
        }
        places
    }

    /// Reports every name that is not among the known ones.
    fn strangers<'k>(
        &mut self,
        found: impl Iterator<Item = &'k String>,
        known: &[&'k str],
        path: &FieldPath,
        message: &str,
    ) {
        for name in found.filter(|name| !known.contains(&name.as_str())) {
            let near = near::like(name, known.iter().copied());
            let remedy = near.map(|near| format!("did you mean {near}?"));
            self.report(&path.child(name), message.to_owned(), remedy);
        }
    }

    fn wrong_type(&mut self, path: &FieldPath, expected: &str, found: &Value) {
        if self.manifest.is_unknown(path) {
            return;
        }
        let message = format!("must be {expected}, not {}", described(found));
        let remedy = self.conversion(path, expected, found);
        self.report(path, message, remedy);
    }

    /// How to turn a value of one type into the other, for what YAML and people mix up.
    fn conversion(&self, path: &FieldPath, expected: &str, found: &Value) -> Option<String> {
        if self.is_secret(path) {
            return None;
        }
        match (expected, found) {
            ("a string", Value::Bool(_) | Value::Number(_)) => Some(format!("write \"{found}\", in quotes")),
            ("a duration", Value::Number(_)) => {
                Some(format!("write \"{found}s\", with a unit and in quotes"))
            }
            ("true or false", Value::String(text)) if ["true", "false"].contains(&text.as_str()) => {
                Some(format!("write {text}, without quotes"))
            }
            ("a whole number" | "a number", Value::String(text)) if text.parse::<i64>().is_ok() => {
                Some(format!("write {text}, without quotes"))
            }
            ("a list", other) if !other.is_array() => {
                Some("put it into a list, also if it is only one".to_owned())
            }
            _ => None,
        }
    }

    /// Whether the value must not be shown: the manifest says so, or the table.
    fn is_secret(&self, path: &FieldPath) -> bool {
        self.manifest.is_sensitive(path) || self.kind.field(path).is_some_and(|field| field.sensitive)
    }

    fn report(&mut self, path: &FieldPath, message: String, remedy: Option<String>) {
        self.violations.push(Violation { path: path.clone(), message, remedy });
    }
}

/// Whether a rule that reads the value at the path, or only whether there is one, cannot tell yet.
fn is_open(manifest: &Manifest, path: &FieldPath, presence: bool) -> bool {
    match manifest.get(path) {
        // An unknown value inside it does not change that it is there.
        Some(value) if presence && !value.is_null() => manifest.is_unknown(path),
        _ => manifest.touches_unknown(path),
    }
}

fn expected(ty: &FieldType) -> &'static str {
    match ty {
        FieldType::String => "a string",
        FieldType::Duration => "a duration",
        FieldType::Boolean => "true or false",
        FieldType::Integer => "a whole number",
        FieldType::Number => "a number",
        FieldType::StringMap | FieldType::Map(_) | FieldType::Object(_) => "a mapping",
        FieldType::List(_) => "a list",
        FieldType::Json => "a value",
    }
}

fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// Whether a text matches a pattern of a table; a pattern that cannot be read matches everything, and a test
/// sees to it that there is none.
fn matches(pattern: &'static str, text: &str) -> bool {
    static READ: OnceLock<Mutex<BTreeMap<&str, Option<Regex>>>> = OnceLock::new();
    let mut read = READ.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let regex = read.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests;
