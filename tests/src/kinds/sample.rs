//! Objects of every kind, made from its table: the least that the API takes, and one attribute to turn.

use flux::{
    Kind,
    kinds::{Field, FieldType},
};
use serde_json::{Map, Value, json};

/// The attributes of a resource of a kind: what the table requires, with values that it takes.
pub fn attributes(kind: &Kind, namespace: &str) -> Value {
    let mut spec = required(kind.spec);
    for (name, value) in besides(kind.resource) {
        spec.insert(name.to_owned(), value);
    }
    json!({"name": name(kind), "namespace": namespace, "spec": spec})
}

/// The name of the objects: one kind takes no other.
pub fn name(kind: &Kind) -> &'static str {
    if kind.name == "FluxInstance" { "flux" } else { "app" }
}

/// What rules between fields ask for besides.
fn besides(resource: &str) -> Vec<(&'static str, Value)> {
    match resource {
        "git_repository" => vec![("ref", json!({"branch": "main"}))],
        "helm_release" => vec![("chart_ref", json!({"kind": "OCIRepository", "name": "app"}))],
        "kustomization" => vec![("source_ref", json!({"kind": "GitRepository", "name": "app"}))],
        "image_policy" => vec![("policy", json!({"semver": {"range": "1.x"}}))],
        "receiver" => vec![("secret_ref", json!({"name": "token"}))],
        "resource_set" => vec![("resources", json!([config_map()]))],
        _ => Vec::new(),
    }
}

fn config_map() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": "default"}})
}

fn required(fields: &[Field]) -> Map<String, Value> {
    let required = fields.iter().filter(|field| field.required && field.default.is_none());
    required.map(|field| (field.hcl().to_owned(), value(field, &field.ty))).collect()
}

fn value(field: &Field, ty: &FieldType) -> Value {
    match ty {
        FieldType::String => json!(text(field)),
        FieldType::Duration => json!("5m"),
        FieldType::Boolean => json!(true),
        FieldType::Integer | FieldType::Number => json!(field.minimum.unwrap_or(1)),
        FieldType::StringMap => json!({"app": "app"}),
        FieldType::List(element) => json!([value(field, element)]),
        FieldType::Object(fields) => Value::Object(required(fields)),
        FieldType::Map(element) => json!({"app": value(field, element)}),
        FieldType::Json => config_map(),
    }
}

/// A text that the field takes, whatever it is for.
fn text(field: &Field) -> &'static str {
    const TEXTS: [&str; 8] = [
        "app",
        "https://example.com/app.git",
        "oci://example.com/app",
        "@app/**",
        "@artifact/",
        "1.2.3",
        "2.x",
        "a",
    ];
    if let Some(allowed) = field.allowed.first() {
        return allowed;
    }
    let pattern = field.pattern.map(|pattern| regex::Regex::new(pattern).unwrap());
    TEXTS
        .into_iter()
        .find(|text| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text)))
        .unwrap_or_else(|| panic!("no text for {} with {:?}", field.hcl(), field.pattern))
}

/// An attribute of the spec that can be turned in place, with three values.
pub struct Knob {
    pub field: &'static Field,
    pub values: [Value; 3],
}

/// Something to turn on every kind: an interval, a text, a mapping or a reference.
pub fn knob(kind: &'static Kind) -> Knob {
    let of = |wanted: fn(&Field) -> bool| kind.spec.iter().find(|field| !field.immutable && wanted(field));
    let free = |field: &Field| {
        matches!(field.ty, FieldType::String) && field.pattern.is_none() && field.allowed.is_empty()
    };
    let durations = ["6m", "7m", "9m"].map(|text| json!(text));
    let texts = ["one", "two", "three"].map(|text| json!(text));
    let maps = ["one", "two", "three"].map(|text| json!({"labels": {"turned": text}}));
    let (field, values) = None
        .or_else(|| Some((of(|field| field.hcl() == "interval" && field.required)?, durations.clone())))
        .or_else(|| Some((of(|field| field.hcl() == "common_metadata")?, maps)))
        .or_else(|| {
            let free = kind.spec.iter().find(|field| {
                !field.immutable && field.format.is_none() && field.hcl() != "url" && free(field)
            })?;
            Some((free, texts))
        })
        .or_else(|| {
            let nested = of(has_name)?;
            let values = ["one", "two", "three"].map(|text| {
                let mut value = required_of(nested);
                value.insert("name".to_owned(), json!(text));
                Value::Object(value)
            });
            Some((nested, values))
        })
        .or_else(|| Some((of(|field| field.hcl() == "interval")?, durations)))
        .or_else(|| {
            let values = ["one", "two", "three"].map(|text| json!({"turned": text}));
            Some((of(|field| field.hcl() == "default_values")?, values))
        })
        .unwrap_or_else(|| panic!("nothing to turn on a {}", kind.name));
    Knob { field, values }
}

/// Whether the field is a reference by name.
fn has_name(field: &Field) -> bool {
    let secret = field.hcl().contains("secret");
    !secret && required_of(field).contains_key("name")
}

fn required_of(field: &Field) -> Map<String, Value> {
    match field.ty {
        FieldType::Object(fields) => required(fields),
        _ => Map::new(),
    }
}
