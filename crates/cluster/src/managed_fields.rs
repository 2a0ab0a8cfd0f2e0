//! Who manages which field of an object, from `metadata.managedFields`.
//!
//! The format is FieldsV1 of <https://kubernetes.io/docs/reference/using-api/server-side-apply/>: a tree whose keys are
//! `f:` and a field, `k:` and the keys of a list element, `v:` and the value of a set element, `i:` and a position, or
//! `.` for the place itself.

use std::fmt;

use flux::path::{FieldPath, Step};
use serde_json::{Map, Value};

/// What one manager manages in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct ManagerEntry {
    /// The manager, such as `kustomize-controller`.
    pub manager: String,
    /// How it came to manage these fields.
    pub operation: Operation,
    /// The subresource through which it wrote, such as `status`.
    pub subresource: Option<String>,
    /// When it last did, in RFC 3339.
    pub time: Option<String>,
    /// The fields.
    pub paths: Vec<ManagedPath>,
}

/// How a manager wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// By server-side apply: it states what it wants, and others conflict.
    Apply,
    /// By create, update or patch.
    Update,
}

/// One managed field. List elements are named by their keys or values, since their positions may change.
///
/// It prints as an API server prints it in a conflict: `.spec.ref.branch`, `.spec.dependsOn[name="a"]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ManagedPath(Vec<Element>);

#[derive(Debug, Clone, PartialEq)]
enum Element {
    Field(String),
    Keys(Map<String, Value>),
    Value(Value),
    Index(usize),
}

/// The managers of an object, as the object lists them. An entry that cannot be read is left out.
pub fn managers_of(object: &Value) -> Vec<ManagerEntry> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(entry).collect()
}

/// Whether a manager manages any field of an object, its status apart.
pub fn managed_by(object: &Value, manager: &str) -> bool {
    managers_of(object).iter().any(|entry| entry.manager == manager && entry.subresource.is_none())
}

/// The fields that a manager manages by server-side apply, as places in this very object.
pub fn owned_paths(object: &Value, manager: &str) -> Vec<FieldPath> {
    managers_of(object)
        .iter()
        .filter(|entry| entry.manager == manager && entry.operation == Operation::Apply)
        .flat_map(|entry| entry.paths.iter().filter_map(|path| path.locate(object)))
        .collect()
}

fn entry(entry: &Value) -> Option<ManagerEntry> {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).map(str::to_owned);
    let mut paths = Vec::new();
    if let Some(fields) = entry.get("fieldsV1").and_then(Value::as_object) {
        walk(fields, &mut Vec::new(), &mut paths);
    }
    Some(ManagerEntry {
        manager: text("manager")?,
        operation: match entry.get("operation")?.as_str()? {
            "Apply" => Operation::Apply,
            _ => Operation::Update,
        },
        subresource: text("subresource").filter(|subresource| !subresource.is_empty()),
        time: text("time"),
        paths,
    })
}

/// Collects the places that are members of the set: those without children, and those that list themselves with `.`.
fn walk(fields: &Map<String, Value>, here: &mut Vec<Element>, paths: &mut Vec<ManagedPath>) {
    for (key, below) in fields {
        let Some(element) = element(key) else {
            if key == "." && !here.is_empty() {
                paths.push(ManagedPath(here.clone()));
            }
            continue;
        };
        here.push(element);
        match below.as_object() {
            Some(below) if !below.is_empty() => walk(below, here, paths),
            _ => paths.push(ManagedPath(here.clone())),
        }
        here.pop();
    }
}

fn element(key: &str) -> Option<Element> {
    let (kind, rest) = key.split_once(':')?;
    match kind {
        "f" => Some(Element::Field(rest.to_owned())),
        "k" => Some(Element::Keys(serde_json::from_str(rest).ok()?)),
        "v" => Some(Element::Value(serde_json::from_str(rest).ok()?)),
        "i" => Some(Element::Index(rest.parse().ok()?)),
        _ => None,
    }
}

impl ManagedPath {
    /// The same place in an object; `None` when the object has no such place.
    pub fn locate(&self, object: &Value) -> Option<FieldPath> {
        let mut steps = Vec::new();
        let mut here = object;
        for element in &self.0 {
            let step = element.step(here)?;
            here = match &step {
                Step::Key(key) => here.get(key)?,
                Step::Index(position) => here.get(position)?,
            };
            steps.push(step);
        }
        Some(FieldPath(steps))
    }
}

impl Element {
    fn step(&self, here: &Value) -> Option<Step> {
        let position =
            |matches: &dyn Fn(&Value) -> bool| here.as_array()?.iter().position(matches).map(Step::Index);
        match self {
            Self::Field(name) => Some(Step::Key(name.clone())),
            Self::Index(position) => Some(Step::Index(*position)),
            Self::Keys(keys) => position(&|item| has_keys(item, keys)),
            Self::Value(value) => position(&|item| item == value),
        }
    }
}

/// Whether an element of a list is the one with these keys. A key that it leaves out has its default, which only the
/// schema knows; so it counts as equal.
fn has_keys(item: &Value, keys: &Map<String, Value>) -> bool {
    let mut known = 0;
    let same = keys.iter().all(|(key, value)| match item.get(key) {
        Some(found) => {
            known += 1;
            found == value
        }
        None => true,
    });
    same && known > 0
}

impl fmt::Display for ManagedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for element in &self.0 {
            match element {
                Element::Field(name) => write!(f, ".{name}")?,
                Element::Keys(keys) => {
                    let keys: Vec<String> =
                        keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    write!(f, "[{}]", keys.join(","))?;
                }
                Element::Value(value) => write!(f, "[={value}]")?,
                Element::Index(position) => write!(f, "[{position}]")?,
            }
        }
        Ok(())
    }
}

/// Finds the place that an API server prints in a conflict within the object that was applied.
///
/// The printed form joins names by dots, which names may hold too (`.metadata.labels.app.kubernetes.io/name`), so it can
/// only be read along an object that has the place.
pub(crate) fn locate_printed(object: &Value, printed: &str) -> Option<FieldPath> {
    let mut steps = Vec::new();
    let found = descend(object, printed, &mut steps);
    found.then_some(FieldPath(steps))
}

fn descend(here: &Value, rest: &str, steps: &mut Vec<Step>) -> bool {
    if rest.is_empty() {
        return !steps.is_empty();
    }
    let mut enter = |step: Step, below: &Value, rest: &str| {
        steps.push(step);
        let found = descend(below, rest, steps);
        if !found {
            steps.pop();
        }
        found
    };
    match here {
        Value::Object(fields) => {
            let Some(rest) = rest.strip_prefix('.') else { return false };
            fields.iter().any(|(name, below)| match rest.strip_prefix(name.as_str()) {
                Some(after) if after.is_empty() || after.starts_with(['.', '[']) => {
                    enter(Step::Key(name.clone()), below, after)
                }
                _ => false,
            })
        }
        Value::Array(items) => {
            let Some((element, after)) = printed_element(rest) else { return false };
            match element.step(here) {
                Some(Step::Index(position)) => {
                    items.get(position).is_some_and(|item| enter(Step::Index(position), item, after))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Reads `[name="a",port=80]`, `[="a"]` or `[0]` and gives what follows.
fn printed_element(text: &str) -> Option<(Element, &str)> {
    let inside = text.strip_prefix('[')?;
    if let Some((position, after)) = inside.split_once(']')
        && let Ok(position) = position.parse()
    {
        return Some((Element::Index(position), after));
    }
    let mut keys = Map::new();
    let mut rest = inside;
    loop {
        let (key, after) = rest.split_once('=')?;
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<Value>();
        let value = values.next()?.ok()?;
        let after = after.get(values.byte_offset()..)?;
        if key.is_empty() {
            return Some((Element::Value(value), after.strip_prefix(']')?));
        }
        keys.insert(key.to_owned(), value);
        if let Some(after) = after.strip_prefix(']') {
            return Some((Element::Keys(keys), after));
        }
        rest = after.strip_prefix(',')?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn printed(entry: &ManagerEntry) -> Vec<String> {
        entry.paths.iter().map(ToString::to_string).collect()
    }

    fn object_with(fields: &Value) -> Value {
        json!({
            "metadata": { "managedFields": [{
                "manager": "m", "operation": "Apply", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
                "fieldsType": "FieldsV1", "fieldsV1": fields,
            }] },
            "spec": { "list": [{ "name": "b" }, { "name": "a", "port": 1 }], "set": ["x", "y"], "map": { "a.b/c": 1 } },
        })
    }

    #[test]
    fn each_sort_of_key_is_read_printed_and_found_in_the_object() {
        let object = object_with(&json!({ "f:spec": {
            "f:list": { "k:{\"name\":\"a\"}": { ".": {}, "f:port": {} } },
            "f:map": { "f:a.b/c": {} },
            "f:set": { "v:\"y\"": {}, "i:0": {} },
        } }));
        let entries = managers_of(&object);
        let mut paths = printed(&entries[0]);
        paths.sort();
        let expected = [
            r#".spec.list[name="a"]"#,
            r#".spec.list[name="a"].port"#,
            ".spec.map.a.b/c",
            ".spec.set[0]",
            r#".spec.set[="y"]"#,
        ];
        assert_eq!(paths, expected);
        let mut owned: Vec<String> = owned_paths(&object, "m").iter().map(ToString::to_string).collect();
        owned.sort();
        assert_eq!(
            owned,
            ["spec.list[1]", "spec.list[1].port", r#"spec.map["a.b/c"]"#, "spec.set[0]", "spec.set[1]"]
        );
        for path in &entries[0].paths {
            assert_eq!(locate_printed(&object, &path.to_string()), path.locate(&object));
        }
    }

    #[test]
    fn what_is_no_longer_in_the_object_is_not_owned() {
        let object =
            object_with(&json!({ "f:spec": { "f:gone": {}, "f:list": { "k:{\"name\":\"gone\"}": {} } } }));
        assert_eq!(owned_paths(&object, "m"), []);
    }

    #[test]
    fn unreadable_entries_are_left_out() {
        for fields in
            [json!(null), json!("f:spec"), json!({ "spec": {} }), json!({ "k:{": {}, "i:x": {}, "z:1": {} })]
        {
            assert_eq!(managers_of(&object_with(&fields))[0].paths, []);
        }
        assert_eq!(
            managers_of(&json!({ "metadata": { "managedFields": ["no", {}, { "manager": "m" }] } })),
            []
        );
        assert_eq!(managers_of(&json!({})), []);
    }

    /// Objects whose names hold dots, slashes and brackets, as labels and annotations do.
    fn objects() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(true)),
            any::<i32>().prop_map(Value::from),
            "[a-z]{0,4}".prop_map(Value::from)
        ];
        leaf.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                prop::collection::btree_map("[a-c./\\[]{1,4}", inner.clone(), 1..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
                prop::collection::vec(inner, 1..3).prop_map(Value::from),
            ]
        })
    }

    /// The tree that owns every leaf of an object; lists are owned as a whole, as those of Flux are.
    fn fields_of(object: &Value) -> Value {
        match object {
            Value::Object(fields) => fields
                .iter()
                .map(|(name, below)| (format!("f:{name}"), fields_of(below)))
                .collect::<Map<_, _>>()
                .into(),
            _ => json!({}),
        }
    }

    fn leaves(object: &Value, here: &FieldPath, found: &mut Vec<FieldPath>) {
        match object {
            Value::Object(fields) => {
                for (name, below) in fields {
                    leaves(below, &here.child(name.as_str()), found);
                }
            }
            _ => found.push(here.clone()),
        }
    }

    proptest! {
        #[test]
        fn every_owned_leaf_is_read_back(spec in objects()) {
            let mut object = object_with(&json!({ "f:spec": fields_of(&spec) }));
            object["spec"] = spec;
            let mut expected = Vec::new();
            leaves(&object["spec"], &FieldPath::of(["spec"]), &mut expected);
            let mut owned = owned_paths(&object, "m");
            owned.sort();
            expected.sort();
            prop_assert_eq!(owned, expected);
        }

        /// Names may make two places print alike; the one that is found is one of them.
        #[test]
        fn a_printed_place_leads_to_a_place_that_prints_so(spec in objects()) {
            let mut object = object_with(&json!({ "f:spec": fields_of(&spec) }));
            object["spec"] = spec;
            for path in &managers_of(&object)[0].paths {
                let found = locate_printed(&object, &path.to_string());
                prop_assert!(found.is_some());
                let printed: String = found.unwrap().steps().iter().map(|step| match step {
                    Step::Key(key) => format!(".{key}"),
                    Step::Index(position) => format!("[{position}]"),
                }).collect();
                prop_assert_eq!(printed, path.to_string());
            }
        }

        #[test]
        fn nothing_that_is_printed_makes_it_panic(spec in objects(), printed in ".{0,30}") {
            let _ = locate_printed(&spec, &printed);
        }
    }
}
