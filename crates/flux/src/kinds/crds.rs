//! The tables against the CustomResourceDefinitions of the Flux release that they follow.
//!
//! The CRDs are test data beside the checkout (`FLUXGATE_TEST_DATA`, else `../shared`). Where they are absent
//! the test says so and is skipped; with `CI=true` it fails.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

#[test]
fn tables_say_what_the_crds_say() {
    let Some(folder) = test_data("tables_say_what_the_crds_say", "crds") else { return };
    let differences: Vec<String> = all()
        .iter()
        .flat_map(|kind| {
            // The operator's CRDs are not among the data; for its kinds there are definitions of our own.
            let folder = if kind.controller == "flux-operator" { OPERATOR_CRDS.as_ref() } else { &*folder };
            compare(kind, &crd(kind, folder))
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn definitions_from_the_tables_say_what_the_tables_say() {
    let differences: Vec<String> = all()
        .iter()
        .flat_map(|kind| compare(&Kind { left_out: &[], ..**kind }, &kind.definition()))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Definitions of the operator's kinds, which the tests of the provider install too.
const OPERATOR_CRDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testutil/data/operator-crds");

fn crd(kind: &Kind, folder: &Path) -> Value {
    let file = folder.join(format!("{}_{}.yaml", kind.group, kind.plural));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_saphyr::from_str(&text).unwrap()
}

/// That the comparison sees what differs: it would be green for the wrong reason otherwise.
#[test]
fn the_comparison_sees_every_kind_of_difference() {
    const INNER: &[Field] = &[Field::string("a", "")];
    const SPEC: &[Field] = &[
        Field::string("same", "").required().allowed(&["a", "b"]).length(1, 5),
        Field::string("extra", ""),
        Field::boolean("type", ""),
        Field::string("optional", ""),
        Field::string("allowed", "").allowed(&["a"]),
        Field::string("pattern", "").pattern("^a$"),
        Field::string("default", "").default("\"a\""),
        Field::string("length", "").length(1, 2),
        Field::strings("items", "").allowed(&["a"]),
        Field::integer("number", "").range(Some(1), None),
        Field::list("list", &FieldType::Object(INNER), ""),
        Field::string_map("map", ""),
        Field::json("free", ""),
        Field::string("left_out_wrongly", ""),
        Field::string("strange", ""),
        Field::string("filled_in", "").default("\"a\"").required(),
        Field::object("whole", INNER, ""),
        Field::object("parts", INNER, "").atomic(),
        Field::string("fixed", "").immutable(),
        Field::string("changes", ""),
        Field::list("keyed", &FieldType::Object(INNER), "").keys(&["a"]),
    ];
    let mut crd = json!({"spec": {
        "group": "example.com",
        "scope": "Cluster",
        "names": {"kind": "Other", "plural": "others"},
        "versions": [{
            "name": "v2",
            "served": true,
            "storage": true,
            "additionalPrinterColumns": [{"jsonPath": ".spec.nowhere"}],
            "schema": {"openAPIV3Schema": {"properties": {"spec": {
                "required": ["same", "optional", "filledIn"],
                "x-kubernetes-validations": [{"rule": "true"}],
                "properties": {
                    "same": {"type": "string", "enum": ["b", "a"], "minLength": 1, "maxLength": 5},
                    "missing": {"type": "string"},
                    "type": {"type": "string"},
                    "optional": {"type": "string"},
                    "allowed": {"type": "string", "enum": ["a", "b"]},
                    "pattern": {"type": "string", "pattern": "^b$"},
                    "default": {"type": "string", "default": "b"},
                    "length": {"type": "string", "minLength": 1},
                    "items": {"type": "array", "items": {"type": "string", "enum": ["b"]}, "minItems": 1},
                    "number": {"type": "integer", "minimum": 2, "maximum": 3},
                    "list": {"type": "array", "items": {"type": "object", "properties": {"b": {"type": "string"}}}},
                    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
                    "free": {"type": "object"},
                    "leftOutWrongly": {"type": "string"},
                    "leftOut": {"type": "string"},
                    "strange": {"type": "string", "nullable": true},
                },
            }}}},
        }],
    }});
    let properties =
        &mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    properties["fixed"] = json!({"type": "string"});
    properties["changes"] =
        json!({"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]});
    properties["filledIn"] = json!({"type": "string", "default": "a"});
    for (name, owners) in [("whole", "atomic"), ("parts", "granular")] {
        let inner = json!({"a": {"type": "string"}});
        properties[name] = json!({"type": "object", "properties": inner, "x-kubernetes-map-type": owners});
    }
    properties["keyed"] = json!({
        "type": "array",
        "items": {"type": "object", "properties": {"a": {"type": "string"}}},
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["b"],
    });
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["x-kubernetes-validations"] =
        json!([{"rule": "self.metadata.name == 'a'"}]);
    let left_out =
        &[("leftOut", "a reason"), ("leftOutWrongly", "is in the table"), ("nowhere", "is in no CRD")];
    let kind = Kind { spec: SPEC, left_out, ..**ALL.first().unwrap() };
    insta::assert_snapshot!("crd_differences", compare(&kind, &crd).join("\n"));
}

/// The folder with test data, or none after saying why the test is skipped.
fn test_data(test: &str, folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FLUXGATE_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let found = root.join(folder);
    if found.is_dir() {
        return Some(found);
    }
    let line = format!("SKIPPED {test}: no test data ({folder} below FLUXGATE_TEST_DATA or ../shared)");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{line}");
    eprintln!("{line}");
    if let Some(list) = std::env::var_os("FLUXGATE_SKIPS") {
        let mut list = std::fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
        writeln!(list, "{line}").unwrap();
    }
    None
}

/// Rules that no CRD has: the controllers refuse what breaks them, and never try again.
const BEYOND: &[(&str, &str)] = &[
    (
        "HelmRepository",
        "an address that begins with oci:// goes with {type} `oci`, and no other address does",
    ),
    ("ImagePolicy", "{semver}, {alphabetical} or {numerical} must be set, or nothing is chosen"),
    ("ArtifactGenerator", "each source needs an alias of its own"),
    ("ArtifactGenerator", "each artifact needs a name of its own"),
    ("ArtifactGenerator", "an artifact takes its revision from one of the {sources}, by @alias"),
    ("ArtifactGenerator", "an artifact copies from one of the {sources}, by @alias/path"),
    ("ArtifactGenerator", "{pathPattern} looks into one of the {sources}, by @alias/path"),
];

/// What differs between a table and a CRD, one line each.
fn compare(kind: &Kind, crd: &Value) -> Vec<String> {
    let mut comparison = Comparison { kind, said: Vec::new(), rules: Vec::new(), left_out: Vec::new() };
    let spec = &crd["spec"];
    comparison.same("group", &json!(kind.group), &spec["group"]);
    comparison.same("plural", &json!(kind.plural), &spec["names"]["plural"]);
    comparison.same("kind", &json!(kind.name), &spec["names"]["kind"]);
    comparison.same("scope", &json!("Namespaced"), &spec["scope"]);
    let versions: Vec<_> =
        spec["versions"].as_array().unwrap().iter().filter(|v| v["served"] == true).collect();
    let stored = versions.iter().find(|version| version["storage"] == true).unwrap();
    comparison.same("version", &json!(kind.version), &stored["name"]);

    let whole = &stored["schema"]["openAPIV3Schema"];
    let only_name = kind.only_name().map(|name| format!("self.metadata.name == '{name}'"));
    let of_the_whole: Vec<&str> = rules(whole).collect();
    comparison.same("name", &json!(only_name.iter().collect::<Vec<_>>()), &json!(of_the_whole));

    comparison.object("", kind.spec, &whole["properties"]["spec"]);

    let mut ours: Vec<_> = kind.rules.iter().map(|rule| (rule.at, spaced(rule.cel), rule.says)).collect();
    for (at, cel) in std::mem::take(&mut comparison.rules) {
        match ours.iter().position(|(our_at, our_cel, _)| *our_at == at && *our_cel == cel) {
            Some(position) => drop(ours.remove(position)),
            None => comparison.say(&at, format!("no rule stands for {cel}")),
        }
    }
    for (at, cel, says) in ours {
        if !BEYOND.contains(&(kind.name, says)) {
            comparison.say(at, format!("the CRD has no rule {cel}"));
        }
    }
    for (path, reason) in kind.left_out {
        if !comparison.left_out.iter().any(|left_out| left_out == path) {
            comparison.say(path, format!("left out ({reason}), but not missing"));
        }
    }
    let shown: Vec<String> = kind.columns.iter().map(|column| json_path(column.shows)).collect();
    for column in stored["additionalPrinterColumns"].as_array().into_iter().flatten() {
        let path = column["jsonPath"].as_str().unwrap();
        if !shown.iter().any(|shown| shown == path) {
            comparison.say("columns", format!("no column shows {path}"));
        }
    }
    comparison.said
}

/// A column as a CRD writes it.
fn json_path(shows: Shows) -> String {
    match shows {
        Shows::Field(path) => format!(".{path}"),
        Shows::Status(condition) => format!(r#".status.conditions[?(@.type=="{condition}")].status"#),
        Shows::Message(condition) => format!(r#".status.conditions[?(@.type=="{condition}")].message"#),
        Shows::Age => ".metadata.creationTimestamp".to_owned(),
    }
}

struct Comparison<'k> {
    kind: &'k Kind,
    said: Vec<String>,
    rules: Vec<(String, String)>,
    left_out: Vec<String>,
}

impl Comparison<'_> {
    fn say(&mut self, at: &str, what: impl std::fmt::Display) {
        self.said.push(format!("{} {at}: {what}", self.kind.name));
    }

    fn same(&mut self, at: &str, ours: &Value, theirs: &Value) {
        if ours != theirs {
            self.say(at, format!("the table has {ours}, the CRD {theirs}"));
        }
    }

    fn object(&mut self, at: &str, fields: &[Field], schema: &Value) {
        self.validations(at, schema);
        let required: Vec<&str> = texts(&schema["required"]);
        let empty = serde_json::Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        let fields: BTreeMap<&str, &Field> = fields.iter().map(|field| (field.wire(), field)).collect();
        for (name, property) in properties {
            let at = join(at, name);
            match fields.get(name.as_str()) {
                Some(field) => {
                    // The API server fills in a default before it looks for what is required.
                    let needed = required.contains(&name.as_str()) && property["default"].is_null();
                    self.same(&format!("{at} required"), &json!(field.required), &json!(needed));
                    self.field(&at, field, property);
                }
                None if self.kind.left_out.iter().any(|(path, _)| *path == at) => self.left_out.push(at),
                None => self.say(&at, "missing in the table"),
            }
        }
        for name in fields.keys().filter(|name| !properties.contains_key(**name)) {
            self.say(&join(at, name), "not in the CRD");
        }
    }

    fn field(&mut self, at: &str, field: &Field, schema: &Value) {
        let default = field.default_value().unwrap_or(Value::Null);
        self.same(&format!("{at} default"), &default, &schema["default"]);
        self.same(&format!("{at} minItems"), &json!(field.min_items), &schema["minItems"]);
        self.same(&format!("{at} maxItems"), &json!(field.max_items), &schema["maxItems"]);
        let immutable = rules(schema).any(|rule| rule == IMMUTABLE);
        self.same(&format!("{at} immutable"), &json!(field.immutable), &json!(immutable));
        let keys: Vec<&str> = texts(&schema["x-kubernetes-list-map-keys"]);
        self.same(&format!("{at} keys"), &json!(field.keys), &json!(keys));
        self.same(&format!("{at} minimum"), &json!(field.minimum), &schema["minimum"]);
        self.same(&format!("{at} maximum"), &json!(field.maximum), &schema["maximum"]);
        let atomic = schema["x-kubernetes-map-type"] == "atomic";
        self.same(&format!("{at} atomic"), &json!(field.atomic), &json!(atomic));
        self.typed(at, field, &field.ty, schema);
    }

    fn typed(&mut self, at: &str, field: &Field, ty: &FieldType, schema: &Value) {
        let name = match ty {
            FieldType::String | FieldType::Duration => "string",
            FieldType::Boolean => "boolean",
            FieldType::Integer => "integer",
            FieldType::Number => "number",
            FieldType::List(_) => "array",
            FieldType::StringMap | FieldType::Map(_) | FieldType::Object(_) => "object",
            FieldType::Json => return self.free(at, schema),
        };
        self.same(&format!("{at} type"), &json!(name), &schema["type"]);
        self.keywords(at, schema);
        if !matches!(ty, FieldType::Object(_)) {
            self.validations(at, schema);
        }
        match ty {
            FieldType::String | FieldType::Duration => self.text(at, field, schema),
            FieldType::List(item) => self.typed(&format!("{at}[]"), field, item, &schema["items"]),
            FieldType::Map(inner) => {
                self.typed(&format!("{at}[]"), field, inner, &schema["additionalProperties"]);
            }
            FieldType::StringMap => {
                self.typed(&format!("{at}[]"), field, &FieldType::String, &schema["additionalProperties"]);
            }
            FieldType::Object(fields) => self.object(at, fields, schema),
            _ => {}
        }
    }

    /// The keywords of texts, which a table states for the texts of a list or map on its field.
    fn text(&mut self, at: &str, field: &Field, schema: &Value) {
        let mut ours = field.allowed.to_vec();
        let mut theirs = texts(&schema["enum"]);
        ours.sort_unstable();
        theirs.sort_unstable();
        self.same(&format!("{at} enum"), &json!(ours), &json!(theirs));
        self.same(&format!("{at} pattern"), &json!(field.pattern), &schema["pattern"]);
        self.same(&format!("{at} minLength"), &json!(field.min_length), &schema["minLength"]);
        self.same(&format!("{at} maxLength"), &json!(field.max_length), &schema["maxLength"]);
    }

    fn free(&mut self, at: &str, schema: &Value) {
        let free = schema["x-kubernetes-preserve-unknown-fields"] == true
            || (schema["additionalProperties"] == json!(true) && schema["properties"].is_null())
            || schema["type"].is_null();
        match self.kind.left_out.iter().any(|(path, _)| *path == at) {
            _ if free => {}
            true => self.left_out.push(at.to_owned()),
            false => self.say(at, "the table takes anything, the CRD does not"),
        }
    }

    /// A keyword that nothing here looks at would be a check that is missing.
    fn keywords(&mut self, at: &str, schema: &Value) {
        const KNOWN: &[&str] = &[
            "additionalProperties",
            "default",
            "description",
            "enum",
            "items",
            "maxItems",
            "maxLength",
            "maximum",
            "minItems",
            "minLength",
            "minimum",
            "pattern",
            "properties",
            "required",
            "type",
            "x-kubernetes-list-map-keys",
            "x-kubernetes-validations",
        ];
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            // int64 is what a whole number is here anyway, and lists have one owner unless they say more.
            let known = KNOWN.contains(&keyword.as_str())
                || (keyword == "format" && value == "int64")
                || (keyword == "x-kubernetes-list-type" && (value == "atomic" || value == "map"))
                || (keyword == "x-kubernetes-map-type" && value == "atomic");
            if !known {
                self.say(at, format!("the keyword {keyword} is not compared"));
            }
        }
    }

    fn validations(&mut self, at: &str, schema: &Value) {
        for rule in rules(schema).filter(|rule| *rule != IMMUTABLE) {
            self.rules.push((at.to_owned(), spaced(rule)));
        }
    }
}

/// An expression with one space where it has any: YAML folds long lines, and so do our tables.
fn spaced(cel: &str) -> String {
    cel.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The rule of a field that cannot change, for which a table has a word.
const IMMUTABLE: &str = "self == oldSelf";

fn rules(schema: &Value) -> impl Iterator<Item = &str> {
    let validations = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    validations.filter_map(|validation| validation["rule"].as_str())
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}
