//! Values as the API server sees them when it evaluates rules: with the types and defaults of the schema.

use std::sync::Arc;

use serde_json::Value;

use crate::cel::{self, CelValue};

/// Texts of these formats are something else in an expression, which is not modelled here.
const FORMATS: &[&str] = &["byte", "date", "date-time", "duration"];

/// A value as an expression sees it; none where one of its texts has a format that is not modelled.
pub(super) fn typed(schema: &Value, value: &Value) -> Option<CelValue> {
    match value {
        Value::String(_) if schema["format"].as_str().is_some_and(|format| FORMATS.contains(&format)) => None,
        Value::Number(number) if schema["type"] == "number" => Some(cel::double(number)),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(|item| typed(&schema["items"], item)).collect();
            Some(CelValue::List(Arc::new(items?)))
        }
        Value::Object(members) => match (&schema["additionalProperties"], schema["properties"].as_object()) {
            (Value::Object(_) | Value::Bool(true), _) => {
                let inner = &schema["additionalProperties"];
                let entries: Option<Vec<_>> =
                    members.iter().map(|(key, value)| Some((key.clone(), typed(inner, value)?))).collect();
                Some(cel::map(entries?))
            }
            (_, Some(properties)) => {
                let fields: Option<Vec<_>> = properties
                    .iter()
                    .filter_map(|(name, property)| {
                        let value = present(property, members.get(name))?;
                        Some(typed(property, value).map(|value| (name.as_str(), value)))
                    })
                    .collect();
                Some(cel::object(fields?))
            }
            _ => Some(cel::untyped(value)),
        },
        _ => Some(cel::untyped(value)),
    }
}

/// The value of a property after null was taken for absent and the default filled in.
pub(super) fn present<'v>(property: &'v Value, value: Option<&'v Value>) -> Option<&'v Value> {
    match value {
        Some(Value::Null) if property["nullable"] == true => value,
        None | Some(Value::Null) => property.get("default"),
        Some(value) => Some(value),
    }
}
