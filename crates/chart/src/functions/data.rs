//! YAML and JSON.

use std::rc::Rc;

use go::number::{Shape, format_float};
use gotemplate::value::{MAX_DEPTH, Map, Value};
use serde_json::{Number, Value as Json};

use super::{Entry, Exactly, Invocation};
use crate::metadata::wrong_shape;

pub(super) const TABLE: &[Entry] = &[
    ("toYaml", Exactly(1), |call| {
        Ok(call.any(0).to_json().map(|json| yaml_text(&json)).unwrap_or_default().into())
    }),
    ("mustToYaml", Exactly(1), |call| Ok(yaml_text(&call.any(0).to_json()?).into())),
    ("toYamlPretty", Exactly(1), |call| {
        Ok(unrounded(call.any(0), 0).map(|json| pretty_yaml(&json)).unwrap_or_default().into())
    }),
    ("fromYaml", Exactly(1), |call| Ok(map_or_error(from_yaml(call)?, YAML))),
    ("fromYamlArray", Exactly(1), |call| Ok(list_or_error(from_yaml(call)?, YAML))),
    ("toJson", Exactly(1), |call| {
        Ok(call.any(0).to_json().map(|json| text(&json, true, None)).unwrap_or_default().into())
    }),
    ("mustToJson", Exactly(1), |call| Ok(text(&call.any(0).to_json()?, true, None).into())),
    ("toRawJson", Exactly(1), |call| Ok(text(&call.any(0).to_json()?, false, None).into())),
    ("mustToRawJson", Exactly(1), |call| Ok(text(&call.any(0).to_json()?, false, None).into())),
    ("toPrettyJson", Exactly(1), |call| {
        Ok(call.any(0).to_json().map(|json| text(&json, true, Some(0))).unwrap_or_default().into())
    }),
    ("mustToPrettyJson", Exactly(1), |call| Ok(text(&call.any(0).to_json()?, true, Some(0)).into())),
    ("fromJson", Exactly(1), |call| Ok(map_or_error(from_json(call.text(0)?), ""))),
    ("fromJsonArray", Exactly(1), |call| Ok(list_or_error(from_json(call.text(0)?), ""))),
    ("mustFromJson", Exactly(1), |call| Ok(Value::from_json(&from_json(call.text(0)?)?))),
];

fn yaml_text(json: &Json) -> String {
    let mut text = yaml::write(json);
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// The value with its floats as they are: this writer does not take the way over JSON, on which `1e+06` becomes `1000000`.
fn unrounded(value: &Value, depth: usize) -> Option<Json> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match value {
        Value::Float(float) => Json::Number(Number::from_f64(*float)?),
        Value::List(list) => {
            Json::Array(list.iter().map(|value| unrounded(value, depth + 1)).collect::<Option<_>>()?)
        }
        Value::Map(map) => {
            let field =
                |(key, value): (Rc<str>, Value)| Some((key.to_string(), unrounded(&value, depth + 1)?));
            Json::Object(map.entries().into_iter().map(field).collect::<Option<_>>()?)
        }
        value => value.to_json().ok()?,
    })
}

/// YAML with lists indented under their key.
fn pretty_yaml(json: &Json) -> String {
    let mut text = String::new();
    pretty(&mut text, json, 0, true);
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// Writes a value and its newline. `fresh` says that nothing stands on this line but what leads to it.
fn pretty(text: &mut String, json: &Json, indent: usize, fresh: bool) {
    let lead = |text: &mut String, first: bool| {
        if !(first && fresh) {
            text.extend(std::iter::repeat_n(' ', indent));
        }
    };
    match json {
        Json::Object(fields) if !fields.is_empty() => {
            // The writer knows the order of keys and how each is written.
            let nulls: serde_json::Map<_, _> = fields.keys().map(|key| (key.clone(), Json::Null)).collect();
            let order = yaml::write(&nulls.into());
            for (number, line) in order.lines().enumerate() {
                let written = line.strip_suffix(" null").unwrap_or(line);
                let key = yaml::read(line).ok().and_then(|line| line.as_object()?.keys().next().cloned());
                let Some(value) = key.and_then(|key| fields.get(&key)) else { continue };
                lead(text, number == 0);
                text.push_str(written);
                let nested = matches!(value, Json::Object(fields) if !fields.is_empty())
                    || matches!(value, Json::Array(list) if !list.is_empty());
                if nested {
                    text.push('\n');
                    pretty(text, value, indent + 2, false);
                } else {
                    text.push(' ');
                    pretty(text, value, indent + 2, true);
                }
            }
        }
        Json::Array(elements) if !elements.is_empty() => {
            for (number, element) in elements.iter().enumerate() {
                lead(text, number == 0);
                text.push_str("- ");
                pretty(text, element, indent + 2, true);
            }
        }
        Json::Number(number) if number.is_f64() => {
            text.push_str(&format_float(number.as_f64().unwrap_or_default(), Shape::General, None));
            text.push('\n');
        }
        scalar => {
            for (number, line) in yaml::write(scalar).trim_end_matches('\n').split('\n').enumerate() {
                if number > 0 && !line.is_empty() {
                    text.extend(std::iter::repeat_n(' ', indent.saturating_sub(2)));
                }
                text.push_str(line);
                text.push('\n');
            }
        }
    }
}

fn from_yaml(call: &Invocation<'_>) -> Result<Result<Json, String>, gotemplate::function::CallError> {
    let read = yaml::read(call.text(0)?);
    Ok(read.map_err(|error| format!("error converting YAML to JSON: yaml: {error}")))
}

fn from_json(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// How errors of its YAML reader begin, which reads JSON in the end.
const YAML: &str = "error unmarshaling JSON: while decoding JSON: ";

/// Helm's readers for templates do not fail: they answer with the words of the error.
fn map_or_error(read: Result<Json, String>, prefix: &str) -> Value {
    let words = match read {
        Ok(Json::Null) => return Value::Map(Map::new()),
        Ok(json @ Json::Object(_)) => return Value::from_json(&json),
        Ok(other) => format!("{prefix}{}", wrong_shape(&other, "value of type map[string]interface {}")),
        Err(words) => words,
    };
    Value::map([("Error", Value::from(words))])
}

fn list_or_error(read: Result<Json, String>, prefix: &str) -> Value {
    match read {
        Ok(Json::Null) => Value::list([]),
        Ok(json @ Json::Array(_)) => Value::from_json(&json),
        Ok(other) => {
            let words = format!("{prefix}{}", wrong_shape(&other, "value of type []interface {}"));
            Value::list([words.into()])
        }
        Err(words) => Value::list([words.into()]),
    }
}

fn text(json: &Json, escape_html: bool, indent: Option<usize>) -> String {
    let mut text = String::new();
    write_json(&mut text, json, escape_html, indent);
    text
}

/// Writes JSON as Go's `encoding/json` does: keys in order, `<`, `>` and `&` escaped where wished, and floats with an exponent only when
/// they are very large or very small. `indent` is how deep the value lies when it is written over several lines.
fn write_json(text: &mut String, json: &Json, escape_html: bool, indent: Option<usize>) {
    match json {
        Json::Null => text.push_str("null"),
        Json::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Json::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => text.push_str(&json_float(float)),
            _ => text.push_str(&number.to_string()),
        },
        Json::String(value) => write_string(text, value, escape_html),
        Json::Array(elements) => {
            let deeper = indent.map(|indent| indent + 1);
            text.push('[');
            for (number, element) in elements.iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                new_line(text, deeper);
                write_json(text, element, escape_html, deeper);
            }
            if !elements.is_empty() {
                new_line(text, indent);
            }
            text.push(']');
        }
        Json::Object(fields) => {
            let deeper = indent.map(|indent| indent + 1);
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (number, (key, value)) in fields.iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                new_line(text, deeper);
                write_string(text, key, escape_html);
                text.push_str(if indent.is_some() { ": " } else { ":" });
                write_json(text, value, escape_html, deeper);
            }
            if !fields.is_empty() {
                new_line(text, indent);
            }
            text.push('}');
        }
    }
}

fn new_line(text: &mut String, indent: Option<usize>) {
    if let Some(indent) = indent {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", indent));
    }
}

fn json_float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // Go writes e-9, not e-09.
        return format_float(value, Shape::Exponent, None).replace("e-0", "e-");
    }
    format_float(value, Shape::Decimal, None)
}

fn write_string(text: &mut String, value: &str, escape_html: bool) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '<' | '>' | '&' if escape_html => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            '\0'..=' ' if c != ' ' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}
