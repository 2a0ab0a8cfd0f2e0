//! Between the protocol's values and the JSON that the libraries below speak.

use std::collections::BTreeMap;

use flux::{FieldPath, Kind, kinds::FieldType, path::Step as FieldStep};
use serde_json::{Value as Json, json};
use tfplugin::{
    path::{AttributePath, Step},
    value::{Type, Value},
};

/// A value as JSON, with null where it is unknown, and the paths that are.
///
/// A fraction is the nearest that JSON has. So is a whole number beyond 64 bits, which the check of the object refuses with its path.
pub fn json(value: &Value) -> (Json, Vec<FieldPath>) {
    let unknown = value.unknown_paths().iter().map(field_path).collect();
    (value.to_rounded_json(), unknown)
}

/// Attributes with its type beside each free value, as the JSON of a state has it.
pub fn with_types(attributes: &Json, ty: &Type) -> Json {
    match (ty, attributes) {
        (_, Json::Null) => Json::Null,
        (Type::Dynamic, free) => {
            let ty = match Value::dynamic_from_json(free) {
                Value::Dynamic(ty, _) => ty.to_json(),
                _ => Type::Dynamic.to_json(),
            };
            json!({"type": ty, "value": free})
        }
        (Type::Object(types), Json::Object(members)) => members
            .iter()
            .map(|(name, member)| match types.get(name) {
                Some(ty) => (name.clone(), with_types(member, ty)),
                None => (name.clone(), member.clone()),
            })
            .collect(),
        (Type::Map(ty), Json::Object(members)) => {
            members.iter().map(|(name, member)| (name.clone(), with_types(member, ty))).collect()
        }
        (Type::List(ty), Json::Array(elements)) => {
            elements.iter().map(|element| with_types(element, ty)).collect()
        }
        _ => attributes.clone(),
    }
}

/// A value that came back as JSON, with all that JSON does not tell as it was in `prior`, wherever it says the same: HCL may have made a list or
/// a map of what comes back as a tuple or an object, and a number may have more digits than JSON has. Either would be shown as a change.
pub fn as_it_was(prior: &Value, fresh: Value) -> Value {
    if prior.rounds_to(&fresh) {
        return prior.clone();
    }
    let members = |fresh: BTreeMap<String, Value>| {
        fresh
            .into_iter()
            .map(|(name, member)| {
                let member = as_it_was(prior.get(&name), member);
                (name, member)
            })
            .collect()
    };
    match fresh {
        // The type that it brings along is that of the whole.
        Value::Dynamic(..) => fresh,
        Value::Object(fresh) => Value::Object(members(fresh)),
        Value::Map(fresh) => Value::Map(members(fresh)),
        Value::List(elements) => Value::List(
            elements
                .into_iter()
                .enumerate()
                .map(|(index, element)| as_it_was(prior.get_index(index), element))
                .collect(),
        ),
        fresh => fresh,
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
            let text = with_types(&json!({"name": "b", "values": values}), &ty).to_string();
            let fresh = tfplugin::codec::decode_json(text.as_bytes(), &ty);
            fresh.map(|fresh| as_it_was(&prior, fresh).get("values").clone())
        };
        let values = json!({"replicas": 2, "hosts": ["a", "b"], "none": null, "deep": [{"x": true}, 1.5]});
        assert_eq!(read(values.clone(), Value::Null), Ok(Value::dynamic_from_json(&values)));
        assert_eq!(read(json!(null), Value::dynamic_from_json(&values)), Ok(Value::Null));

        let list = Value::dynamic(Value::list(["a", "b"]));
        assert_eq!(read(json!(["a", "b"]), list.clone()), Ok(list.clone()));
        assert_eq!(read(json!(["a", "c"]), list), Ok(Value::dynamic_from_json(&json!(["a", "c"]))));
    }

    #[test]
    fn a_number_with_more_digits_than_json_has_is_sent_rounded_and_kept_as_it_was() {
        let third = || Value::Number(format!("0.{}", "3".repeat(155)).parse().unwrap());
        let values = Value::dynamic(Value::object([("ratio", third()), ("all", Value::list([third()]))]));
        let (sent, unknown) = json(&values);
        assert_eq!((&sent["ratio"], &sent["all"][0]), (&json!(1.0 / 3.0), &json!(1.0 / 3.0)));
        assert!(unknown.is_empty());
        assert_eq!(as_it_was(&values, Value::dynamic_from_json(&sent)), values);
        let other = Value::dynamic_from_json(&json!({"ratio": 0.25, "all": [0.25]}));
        assert_eq!(as_it_was(&values, other.clone()), other);
    }

    #[test]
    fn a_whole_number_that_json_has_not_leaves_the_other_values_in_place() {
        let big = Value::Number("123456789012345678901234567890".parse().unwrap());
        let (sent, _) =
            json(&Value::object([("big", big), ("name", "app".into()), ("late", Value::Unknown)]));
        assert_eq!(sent["name"], "app");
        assert!(sent["big"].is_f64() && sent["late"].is_null(), "{sent}");
    }
}
