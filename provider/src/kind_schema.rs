//! From the table of a kind to the schema of its resource.

use crate::lifecycle::{TIMEOUTS, chart_values};
use flux::{
    Kind,
    duration::Duration,
    kinds::{Field, FieldType},
};
use serde_json::Value as Json;
use tfplugin::{
    schema::{Attribute, OneOf, Schema},
    timeouts::Timeouts,
    value::{Type, Value},
};

/// The schema of the resource for a kind.
pub fn schema(kind: &Kind) -> Schema {
    let mut attributes = vec![
        Attribute::string("name").required().requires_replace().describe("Name of the object."),
        Attribute::string("namespace").required().requires_replace().describe(
            "Namespace of the object. Take it from the resource that makes the namespace, so that destroy goes in order.",
        ),
        Attribute::map("labels", Type::String).optional().describe("Labels of the object; labels that others add are left alone."),
        Attribute::map("annotations", Type::String)
            .optional()
            .describe("Annotations of the object; annotations that others add are left alone."),
        Attribute::nested("spec", kind.spec.iter().map(attribute).collect()).required().describe(format!(
            "The fields of the {}, in snake_case.",
            kind.name
        )),
        Attribute::bool("wait")
            .default(true)
            .describe("Wait until the object is Ready, and fail if it does not get there. Suspended objects are not waited for."),
        Timeouts::attribute(&TIMEOUTS),
        Attribute::bool("force_conflicts")
            .default(false)
            .describe("Take over fields that others manage, instead of stopping with their names."),
        Attribute::string("cluster")
            .optional()
            .requires_replace()
            .describe("The cluster, by its name in the provider's `clusters`; without it the provider's `kubernetes`."),
        Attribute::string("id").computed().use_state_for_unknown().describe("`namespace/name`."),
        Attribute::string("uid").computed().use_state_for_unknown().describe("The uid that the cluster gave the object."),
        Attribute::number("generation").computed().describe("Counts the changes of the object's spec."),
    ];
    attributes.extend(chart_values::attribute(kind));
    Schema::new(attributes).describe(kind.description)
}

fn attribute(field: &Field) -> Attribute {
    let mut attribute = of_type(field.hcl(), &field.ty).describe(described(field));
    attribute.required = field.required;
    attribute.optional = !field.required;
    attribute.sensitive = field.sensitive;
    if field.immutable {
        // The API compares an old value with a new one: where either is missing, nothing keeps it from being set or left out.
        attribute = attribute.requires_replace_if(|prior, planned| !prior.is_null() && !planned.is_null());
    }
    if let Some(default) = field.default_value()
        && let Some(value) = filled_in(&field.ty, &default)
    {
        attribute = attribute.default(value);
    }
    if !field.allowed.is_empty() && matches!(field.ty, FieldType::String) {
        attribute = attribute.check(OneOf::new(field.allowed.iter().copied()));
    }
    if matches!(field.ty, FieldType::Duration) {
        attribute = attribute.same_value(|prior, written| match (prior.as_str(), written.as_str()) {
            (Some(prior), Some(written)) => {
                matches!((Duration::parse(prior), Duration::parse(written)), (Ok(one), Ok(other)) if one == other)
            }
            _ => false,
        });
    }
    attribute
}

/// A default that the table states in wire names, as a value of the field's type; maps and free JSON have none.
fn filled_in(ty: &FieldType, json: &Json) -> Option<Value> {
    match (ty, json) {
        (_, Json::String(text)) => Some(Value::from(text.as_str())),
        (_, Json::Bool(flag)) => Some(Value::from(*flag)),
        (_, Json::Number(number)) => number.as_i64().map(Value::from),
        (FieldType::List(item), Json::Array(items)) => {
            items.iter().map(|json| filled_in(item, json)).collect::<Option<_>>().map(Value::List)
        }
        (FieldType::Object(fields), Json::Object(members)) => {
            let member = |field: &Field| match members.get(field.wire()) {
                Some(json) => filled_in(&field.ty, json),
                None => Some(Value::Null),
            };
            let members: Option<Vec<_>> =
                fields.iter().map(|field| Some((field.hcl(), member(field)?))).collect();
            members.map(Value::object)
        }
        _ => None,
    }
}

fn of_type(name: &str, ty: &FieldType) -> Attribute {
    match ty {
        FieldType::Object(fields) => Attribute::nested(name, fields.iter().map(attribute).collect()),
        FieldType::List(FieldType::Object(fields)) => {
            Attribute::nested_list(name, fields.iter().map(attribute).collect())
        }
        FieldType::Map(FieldType::Object(fields)) => {
            Attribute::nested_map(name, fields.iter().map(attribute).collect())
        }
        _ => Attribute::value(name, value_type(ty)),
    }
}

fn value_type(ty: &FieldType) -> Type {
    match ty {
        FieldType::String | FieldType::Duration => Type::String,
        FieldType::Boolean => Type::Bool,
        FieldType::Integer | FieldType::Number => Type::Number,
        FieldType::StringMap => Type::map(Type::String),
        FieldType::Json => Type::Dynamic,
        // A list of dynamics fails on mixed shapes, so a list of free JSON is dynamic as a whole.
        FieldType::List(inner) | FieldType::Map(inner) => match (ty, value_type(inner)) {
            (_, Type::Dynamic) => Type::Dynamic,
            (FieldType::List(_), inner) => Type::list(inner),
            (_, inner) => Type::map(inner),
        },
        FieldType::Object(fields) => {
            Type::object(fields.iter().map(|field| (field.hcl(), value_type(&field.ty))).collect::<Vec<_>>())
        }
    }
}

/// The description with what the table knows besides.
fn described(field: &Field) -> String {
    let mut text = field.description.to_owned();
    if !field.allowed.is_empty() {
        let allowed: Vec<_> = field.allowed.iter().map(|value| format!("`{value}`")).collect();
        text.push_str(&format!(" One of {}.", allowed.join(", ")));
    }
    if matches!(field.ty, FieldType::Duration) {
        let units = if field.takes_hours() { "`ms`, `s`, `m`, `h`" } else { "`ms`, `s`, `m`" };
        text.push_str(&format!(" A duration with the units {units}, compared by value."));
    }
    if let Some(default) = field.default {
        text.push_str(&format!(" Defaults to `{default}`."));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default_of(resource: &str, name: &str) -> Option<Value> {
        let kind = flux::kinds::by_resource(resource)?;
        let field = kind.spec.iter().find(|field| field.hcl() == name)?;
        filled_in(&field.ty, &field.default_value()?)
    }

    #[test]
    fn what_the_cluster_fills_in_is_planned_be_it_a_text_a_list_or_an_object() {
        assert_eq!(default_of("bucket", "timeout"), Some("60s".into()));
        assert_eq!(default_of("kustomization", "force"), Some(false.into()));
        assert_eq!(default_of("image_repository", "exclusion_list"), Some(Value::list([r"^.*\.sig$"])));
        let update = Value::object([("path", Value::Null), ("strategy", "Setters".into())]);
        assert_eq!(default_of("image_update_automation", "update"), Some(update));
        assert_eq!(default_of("bucket", "region"), None);
    }
}
