//! Between the protocol's values and the JSON that the libraries below speak.

use flux::{FieldPath, Kind, kinds::FieldType, path::Step as FieldStep};
use serde_json::Value as Json;
use tfplugin::{
    path::{AttributePath, Step},
    value::Value,
};

/// A value as JSON, with null where it is unknown, and the paths that are.
pub fn json(value: &Value) -> (Json, Vec<FieldPath>) {
    let unknown = value.unknown_paths().iter().map(field_path).collect();
    // What is no JSON value is a number beyond 64 bits; the schema check names its path.
    let json = value.clone().unknown_as_null().to_json().unwrap_or(Json::Null);
    (json, unknown)
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
