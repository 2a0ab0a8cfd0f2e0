//! The values of a `fluxgate_install` resource in a plan, merged as Helm merges them, as far as a plan tells them.

use chart::{load::FileError, set::SetError, values::Values};
use flux::FieldPath;
use serde_json::Value;

/// What a resource says about values.
#[derive(Debug)]
pub struct Told {
    /// The user's values, merged.
    pub merged: Value,
    /// The attributes that a plan does not show whole, though it knows them.
    pub untold: Vec<FieldPath>,
}

/// Why values cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    /// A text is no YAML, or no mapping.
    #[error("values[{index}] is no mapping in YAML")]
    Text {
        /// The text's position in the list.
        index: usize,
        /// What the reader says.
        source: FileError,
    },
    /// A setting is not of the form that Helm reads.
    #[error("set[{index}] cannot be read")]
    Setting {
        /// The setting's position in the list.
        index: usize,
        /// What the reader says.
        source: SetError,
    },
}

/// Merges the texts in `values` and the settings in `set`, later ones over earlier ones.
///
/// A plan holds neither the content of `values_files` nor what is write-only: with one of them, nobody can say from
/// a plan what the values are.
///
/// # Errors
/// A text is no YAML mapping, or a setting has another form than Helm's.
pub fn told(attributes: &Value) -> Result<Told, ValuesError> {
    let mut values = Values::new();
    let mut untold = Vec::new();
    // What is known only after apply arrives as null, and is among the unknown anyway.
    for (index, text) in
        items(&attributes["values"]).filter_map(|(index, text)| Some((index, text.as_str()?)))
    {
        values.add_yaml(text).map_err(|source| ValuesError::Text { index, source })?;
    }
    for (index, setting) in items(&attributes["set"]) {
        let (Some(name), Some(value)) = (setting["name"].as_str(), setting["value"].as_str()) else {
            untold.push(FieldPath::of(["set"]).index(index));
            continue;
        };
        let assignment = format!("{name}={value}");
        match setting["type"].as_str() {
            Some("string") => values.set_string(&assignment),
            Some("literal") => values.set_literal(&assignment),
            Some("json") => values.set_json(&assignment),
            _ => values.set(&assignment),
        }
        .map_err(|source| ValuesError::Setting { index, source })?;
    }
    for attribute in ["values_files", "set_wo_revision"] {
        match &attributes[attribute] {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            _ => untold.push(FieldPath::of([attribute])),
        }
    }
    Ok(Told { merged: Value::Object(values.to_json()), untold })
}

fn items(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests end in a panic with the full story")]

    use serde_json::json;

    use super::*;

    fn merged(attributes: &Value) -> Value {
        told(attributes).unwrap().merged
    }

    #[test]
    fn later_texts_go_over_earlier_ones_key_by_key() {
        let texts = ["a: {x: 1, z: 2}\nb: [1]\n", "a: {z: 3}\nb: [2]\n", "", "c: null\n"];
        assert_eq!(merged(&json!({"values": texts})), json!({"a": {"x": 1, "z": 3}, "b": [2], "c": null}));
        assert_eq!(merged(&json!({"values": null})), json!({}));
        assert_eq!(merged(&json!({})), json!({}));
    }

    #[test]
    fn settings_go_over_texts() {
        let attributes = json!({
            "values": ["a: {x: 1}\n"],
            "set": [
                {"name": "a.x", "value": "true", "type": null},
                {"name": "a.z", "value": "true", "type": "string"},
                {"name": "b\\.c", "value": "7", "type": "auto"},
                {"name": "d", "value": "a,b", "type": "literal"},
                {"name": "e", "value": "[1, {\"f\": null}]", "type": "json"},
            ],
        });
        assert_eq!(
            merged(&attributes),
            json!({"a": {"x": true, "z": "true"}, "b.c": 7, "d": "a,b", "e": [1, {"f": null}]})
        );
        assert_eq!(told(&attributes).unwrap().untold, []);
    }

    #[test]
    fn what_a_plan_does_not_tell_is_named() {
        for (attributes, attribute) in [
            (json!({"values_files": ["a.yaml"]}), "values_files"),
            (json!({"set_wo_revision": 1}), "set_wo_revision"),
            (json!({"set": [{"name": "a", "value": null}]}), "set[0]"),
        ] {
            assert_eq!(told(&attributes).unwrap().untold, [attribute.parse().unwrap()], "{attributes}");
        }
        for attributes in [json!({"values_files": []}), json!({"set_wo_revision": null}), json!({"set": []})]
        {
            assert_eq!(told(&attributes).unwrap().untold, []);
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for text in ["[1]", "words", "7", "a: [", "a: 1\nb: {"] {
            assert!(told(&json!({"values": ["{}", text]})).is_err(), "{text}");
        }
        assert!(told(&json!({"set": [{"name": "a[", "value": "x"}]})).is_err());
    }
}
