//! The values of a `fluxgate_install` resource in a plan, merged as Helm merges them, as far as a plan tells them.

use flux::FieldPath;
use serde_json::{Map, Value};

/// What a resource says about values.
#[derive(Debug, Default, PartialEq)]
pub struct Values {
    /// The user's values, merged.
    pub merged: Value,
    /// The attributes that a plan does not show whole, though it knows them.
    pub untold: Vec<FieldPath>,
}

/// Why values cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    /// The text is no YAML.
    #[error("values[{index}] is no YAML")]
    Yaml {
        /// The text's position in the list.
        index: usize,
        /// What the reader says.
        source: yaml::Error,
    },
    /// The text holds something else than a mapping.
    #[error("values[{index}] is no mapping")]
    NotAMapping {
        /// The text's position in the list.
        index: usize,
    },
}

/// Merges the texts in `values` and the settings in `set`, later ones over earlier ones.
///
/// A plan holds neither the content of `values_files` nor what is write-only: with one of them, nobody can say from
/// a plan what the values are.
///
/// # Errors
/// A text is no YAML, or no mapping.
pub fn values(attributes: &Value) -> Result<Values, ValuesError> {
    let mut merged = Map::new();
    for (index, text) in attributes["values"].as_array().into_iter().flatten().enumerate() {
        // What is known only after apply arrives as null.
        let Some(text) = text.as_str() else { continue };
        match yaml::read(text).map_err(|source| ValuesError::Yaml { index, source })? {
            Value::Object(more) => merge(&mut merged, more),
            Value::Null => {}
            _ => return Err(ValuesError::NotAMapping { index }),
        }
    }
    let mut untold = Vec::new();
    for setting in attributes["set"].as_array().into_iter().flatten() {
        match keys(setting).zip(literal(setting)) {
            Some((keys, value)) => set(&mut merged, &keys, value),
            None => untold.push(FieldPath::of(["set"])),
        }
    }
    for attribute in ["values_files", "set_wo_revision"] {
        match &attributes[attribute] {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            _ => untold.push(FieldPath::of([attribute])),
        }
    }
    Ok(Values { merged: Value::Object(merged), untold })
}

/// Mappings are merged key by key; anything else replaces what was there, null too, which Helm reads as "take the
/// chart's default away".
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(into)), Value::Object(from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// The keys of a setting's name, `a.b\.c` being `a` and `b.c`; none where the name says more than keys.
fn keys(setting: &Value) -> Option<Vec<String>> {
    let name = setting["name"].as_str()?;
    let mut keys = vec![String::new()];
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '.' => keys.push(String::new()),
            '[' | ']' | '{' | '}' | ',' | '=' => return None,
            '\\' => keys.last_mut()?.push(letters.next()?),
            letter => keys.last_mut()?.push(letter),
        }
    }
    keys.iter().all(|key| !key.is_empty()).then_some(keys)
}

/// A setting's value, typed as Helm types it; none where it is not known, or says more than one value.
fn literal(setting: &Value) -> Option<Value> {
    let text = setting["value"].as_str()?;
    match setting["type"].as_str() {
        Some("literal") => return Some(Value::from(text)),
        _ if text.contains(['{', '}', ',', '\\']) => return None,
        Some("string") => return Some(Value::from(text)),
        None | Some("" | "auto") => {}
        Some(_) => return None,
    }
    Some(match text.to_ascii_lowercase().as_str() {
        "true" => Value::from(true),
        "false" => Value::from(false),
        "null" => Value::Null,
        "0" => Value::from(0),
        // What begins with a zero stays a text, so that no version or account number is changed.
        _ if text.starts_with('0') => Value::from(text),
        _ => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
    })
}

fn set(into: &mut Map<String, Value>, keys: &[String], value: Value) {
    match keys {
        [] => {}
        [key] => {
            into.insert(key.clone(), value);
        }
        [key, rest @ ..] => {
            let place = into.entry(key.clone()).or_insert(Value::Null);
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            if let Value::Object(inner) = place {
                set(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests end in a panic with the full story")]

    use serde_json::json;

    use super::*;

    fn merged(attributes: &Value) -> Value {
        values(attributes).unwrap().merged
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
                {"name": "a.y", "value": "true", "type": "string"},
                {"name": "b\\.c", "value": "7"},
                {"name": "d", "value": "007"},
                {"name": "e", "value": "null"},
                {"name": "f", "value": "a,b", "type": "literal"},
            ],
        });
        assert_eq!(
            merged(&attributes),
            json!({"a": {"x": true, "y": "true"}, "b.c": 7, "d": "007", "e": null, "f": "a,b"})
        );
        assert_eq!(values(&attributes).unwrap().untold, []);
    }

    #[test]
    fn what_a_plan_does_not_tell_is_named() {
        for (attributes, attribute) in [
            (json!({"values_files": ["a.yaml"]}), "values_files"),
            (json!({"set_wo_revision": 1}), "set_wo_revision"),
            (json!({"set": [{"name": "a[0]", "value": "x"}]}), "set"),
            (json!({"set": [{"name": "a", "value": "{x,y}"}]}), "set"),
            (json!({"set": [{"name": "a", "value": "x,b=y"}]}), "set"),
            (json!({"set": [{"name": "a", "value": null}]}), "set"),
        ] {
            assert_eq!(values(&attributes).unwrap().untold, [FieldPath::of([attribute])], "{attributes}");
        }
        for attributes in [json!({"values_files": []}), json!({"set_wo_revision": null}), json!({"set": []})]
        {
            assert_eq!(values(&attributes).unwrap().untold, []);
        }
    }

    #[test]
    fn what_is_no_mapping_is_an_error() {
        for text in ["[1]", "words", "7", "a: [", "a: 1\na: 2\nb: {"] {
            assert!(values(&json!({"values": ["{}", text]})).is_err(), "{text}");
        }
    }
}
