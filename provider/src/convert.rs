//! Between the protocol's values and the JSON that the libraries below speak.

use flux::{FieldPath, Kind, kinds::FieldType, path::Step as FieldStep};
use serde_json::{Value as Json, json};
use tfplugin::{
    path::{AttributePath, Step},
    value::{Type, Value},
};

/// A value as JSON, with null where it is unknown, and the paths that are.
pub fn json(value: &Value) -> (Json, Vec<FieldPath>) {
    let unknown = value.unknown_paths().iter().map(field_path).collect();
    // What is no JSON value is a number beyond 64 bits; the schema check names its path.
    let json = value.clone().unknown_as_null().to_json().unwrap_or(Json::Null);
    (json, unknown)
}

/// Attributes with its type beside each free value, as the JSON of a state has it.
///
/// A value that is what it was in `prior` keeps its type: HCL may have made a list or a map of it, which JSON does not tell from a tuple or an
/// object, and another type would be shown as a change.
pub fn with_types(attributes: &Json, ty: &Type, prior: &Value) -> Json {
    match (ty, attributes) {
        (_, Json::Null) => Json::Null,
        (Type::Dynamic, free) => {
            let ty = match (prior, Value::dynamic_from_json(free)) {
                (Value::Dynamic(ty, was), _) if was.to_json().is_ok_and(|was| was == *free) => ty.to_json(),
                (_, Value::Dynamic(ty, _)) => ty.to_json(),
                _ => Type::Dynamic.to_json(),
            };
            json!({"type": ty, "value": free})
        }
        (Type::Object(types), Json::Object(members)) => members
            .iter()
            .map(|(name, member)| match types.get(name) {
                Some(ty) => (name.clone(), with_types(member, ty, prior.get(name))),
                None => (name.clone(), member.clone()),
            })
            .collect(),
        (Type::Map(ty), Json::Object(members)) => members
            .iter()
            .map(|(name, member)| (name.clone(), with_types(member, ty, prior.get(name))))
            .collect(),
        (Type::List(ty), Json::Array(elements)) => elements
            .iter()
            .enumerate()
            .map(|(index, element)| with_types(element, ty, prior.get_index(index)))
            .collect(),
        _ => attributes.clone(),
    }
}

fn field_path(path: &AttributePath) -> FieldPath {
    FieldPath(
        path.steps()
            .iter()
            .map(|step| match step {
                Step::Attribute(name) | Step::KeyString(name) => FieldStep::Key(name.clone()),
                Step::KeyInt(index) => FieldStep::Index(usize::try_from(*index).unwrap_or_default()),
            })
            .collect(),
    )
}

/// The attribute path for a path into an object of this kind: where a message about the field belongs.
pub fn attribute_path(kind: &Kind, object: &FieldPath) -> AttributePath {
    let attributes = kind.attribute_path(object);
    let object = FieldType::Object(kind.spec);
    let mut ty: Option<&FieldType> = None;
    let mut path = AttributePath::new();
    for (position, step) in attributes.steps().iter().enumerate() {
        path = match (step, ty) {
            (FieldStep::Index(index), _) => path.index(*index),
            (FieldStep::Key(key), Some(FieldType::StringMap | FieldType::Map(_))) => path.key(key.as_str()),
            (FieldStep::Key(key), _) => path.attribute(key.as_str()),
        };
        ty = match (position, step, ty) {
            (0, FieldStep::Key(key), _) if key == "spec" => Some(&object),
            (0, FieldStep::Key(key), _) if key == "labels" || key == "annotations" => {
                Some(&FieldType::StringMap)
            }
            (_, FieldStep::Key(key), Some(FieldType::Object(fields))) => {
                fields.iter().find(|field| field.hcl() == key).map(|field| &field.ty)
            }
            (_, _, Some(FieldType::List(inner) | FieldType::Map(inner))) => Some(*inner),
            _ => None,
        };
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_value_brings_its_type_and_keeps_the_one_that_it_had() {
        let ty = Type::object([("name", Type::String), ("values", Type::Dynamic)]);
        let read = |values: Json, prior: Value| {
            let prior = Value::object([("name", "a".into()), ("values", prior)]);
            let text = with_types(&json!({"name": "a", "values": values}), &ty, &prior).to_string();
            tfplugin::codec::decode_json(text.as_bytes(), &ty).map(|read| read.get("values").clone())
        };
        let values = json!({"replicas": 2, "hosts": ["a", "b"], "none": null, "deep": [{"x": true}, 1.5]});
        assert_eq!(read(values.clone(), Value::Null), Ok(Value::dynamic_from_json(&values)));
        assert_eq!(read(json!(null), Value::dynamic_from_json(&values)), Ok(Value::Null));

        let list = Value::dynamic(Value::list(["a", "b"]));
        assert_eq!(read(json!(["a", "b"]), list.clone()), Ok(list.clone()));
        assert_eq!(read(json!(["a", "c"]), list), Ok(Value::dynamic_from_json(&json!(["a", "c"]))));
    }
}
