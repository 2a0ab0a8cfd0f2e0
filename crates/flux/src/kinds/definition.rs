//! From a table to a CustomResourceDefinition, for clusters that are to serve a kind without Flux's own manifests: the chart of the demo.

use serde_json::{Map, Value, json};

use super::{Column, Field, FieldType, Kind, Readiness, Shows};

impl Kind {
    /// The CustomResourceDefinition that the table describes: its fields with their checks, the rules between them, a status that takes
    /// anything, and the printer columns.
    pub fn definition(&self) -> Value {
        let status = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let mut spec = object(self.spec);
        for rule in self.rules {
            if let Some(place) = at(&mut spec, rule.at) {
                let validation = json!({"rule": rule.cel, "message": rule.says.replace(['{', '}'], "")});
                match place["x-kubernetes-validations"].as_array_mut() {
                    Some(validations) => validations.push(validation),
                    None => place["x-kubernetes-validations"] = json!([validation]),
                }
            }
        }
        let mut version = json!({
            "name": self.version,
            "served": true,
            "storage": true,
            "schema": {"openAPIV3Schema": {
                "type": "object",
                "properties": {
                    "apiVersion": {"type": "string"},
                    "kind": {"type": "string"},
                    "metadata": {"type": "object"},
                    "spec": spec,
                    "status": status,
                },
            }},
            "additionalPrinterColumns": self.columns.iter().map(column).collect::<Vec<_>>(),
        });
        if let Some(name) = self.only_name() {
            let rule = format!("self.metadata.name == '{name}'");
            let message = format!("a {} is called {name}", self.name);
            version["schema"]["openAPIV3Schema"]["x-kubernetes-validations"] =
                json!([{"rule": rule, "message": message}]);
        }
        if !matches!(self.readiness, Readiness::Existence) {
            version["subresources"] = json!({"status": {}});
        }
        let singular = self.name.to_lowercase();
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{}.{}", self.plural, self.group)},
            "spec": {
                "group": self.group,
                "scope": "Namespaced",
                "names": {
                    "kind": self.name,
                    "listKind": format!("{}List", self.name),
                    "plural": self.plural,
                    "singular": singular,
                },
                "versions": [version],
            },
        })
    }
}

/// The schema at a place inside `spec`, in wire names with dots and `[]` after a list.
fn at<'s>(mut schema: &'s mut Value, path: &str) -> Option<&'s mut Value> {
    for step in path.split('.').filter(|step| !step.is_empty()) {
        let (name, elements) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
        schema = schema.get_mut("properties")?.get_mut(name)?;
        if elements {
            schema = schema.get_mut("items")?;
        }
    }
    Some(schema)
}

fn object(fields: &[Field]) -> Value {
    let properties: Map<_, _> = fields.iter().map(|field| (field.wire().to_owned(), schema(field))).collect();
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(Field::wire).collect();
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn schema(field: &Field) -> Value {
    let mut schema = of_type(field, &field.ty);
    let keywords = [
        ("default", field.default_value()),
        ("minItems", field.min_items.map(Value::from)),
        ("maxItems", field.max_items.map(Value::from)),
        ("minimum", field.minimum.map(Value::from)),
        ("maximum", field.maximum.map(Value::from)),
    ];
    for (keyword, value) in keywords {
        if let Some(value) = value {
            schema[keyword] = value;
        }
    }
    if !field.keys.is_empty() {
        schema["x-kubernetes-list-type"] = json!("map");
        schema["x-kubernetes-list-map-keys"] = json!(field.keys);
    }
    if field.atomic {
        schema["x-kubernetes-map-type"] = json!("atomic");
    }
    if field.immutable {
        let message = format!("{} cannot be changed", field.wire());
        schema["x-kubernetes-validations"] = json!([{"rule": "self == oldSelf", "message": message}]);
    }
    schema
}

fn of_type(field: &Field, ty: &FieldType) -> Value {
    match ty {
        FieldType::String | FieldType::Duration => text(field),
        FieldType::Boolean => json!({"type": "boolean"}),
        FieldType::Integer => json!({"type": "integer", "format": "int64"}),
        FieldType::Number => json!({"type": "number"}),
        FieldType::StringMap => json!({"type": "object", "additionalProperties": text(field)}),
        FieldType::List(element) => json!({"type": "array", "items": of_type(field, element)}),
        FieldType::Map(element) => json!({"type": "object", "additionalProperties": of_type(field, element)}),
        FieldType::Object(fields) => object(fields),
        FieldType::Json => json!({"x-kubernetes-preserve-unknown-fields": true}),
    }
}

/// The schema of a text, or of the texts of a list or mapping.
fn text(field: &Field) -> Value {
    let mut schema = json!({"type": "string"});
    if !field.allowed.is_empty() {
        schema["enum"] = json!(field.allowed);
    }
    let keywords = [
        ("pattern", field.pattern.map(Value::from)),
        ("minLength", field.min_length.map(Value::from)),
        ("maxLength", field.max_length.map(Value::from)),
    ];
    for (keyword, value) in keywords {
        if let Some(value) = value {
            schema[keyword] = value;
        }
    }
    schema
}

fn column(column: &Column) -> Value {
    let (path, kind) = match column.shows {
        Shows::Field(path) => (format!(".{path}"), "string"),
        Shows::Status(condition) => {
            (format!(r#".status.conditions[?(@.type=="{condition}")].status"#), "string")
        }
        Shows::Message(condition) => {
            (format!(r#".status.conditions[?(@.type=="{condition}")].message"#), "string")
        }
        Shows::Age => (".metadata.creationTimestamp".to_owned(), "date"),
    };
    json!({"name": column.title, "jsonPath": path, "type": kind})
}
