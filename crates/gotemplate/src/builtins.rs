//! The functions that every template knows.

use crate::function::CallError;
use crate::print;
use crate::value::Value;

const NAMES: [&str; 18] = [
    "and", "or", "not", "call", "html", "js", "urlquery", "index", "slice", "len", "print", "printf",
    "println", "eq", "ne", "lt", "le", "gt",
];

pub(crate) fn is_builtin(name: &str) -> bool {
    name == "ge" || NAMES.contains(&name)
}

type Answer = Result<Value, CallError>;

/// Calls one of Go's own functions, all but `and` and `or`, which look at their arguments only until one decides. Texts may become
/// `limit` bytes long.
pub(crate) fn call(name: &str, arguments: &[Value], limit: usize) -> Answer {
    match (name, arguments) {
        ("not", [value]) => Ok(Value::Bool(!value.truth())),
        ("html", _) => Ok(html(&text_of(arguments)).into()),
        ("js", _) => Ok(js(&text_of(arguments)).into()),
        ("urlquery", _) => Ok(url_query(&text_of(arguments)).into()),
        ("index", [item, indexes @ ..]) => index(item, indexes),
        ("slice", [item, indexes @ ..]) => slice(item, indexes),
        ("len", [value]) => len(value),
        ("print", _) => Ok(print::sprint(arguments).into()),
        ("println", _) => Ok(print::sprintln(arguments).into()),
        ("printf", [Value::Str(format), rest @ ..]) => Ok(print::sprintf(limit, format, rest)?.into()),
        ("printf", [_, ..]) => Err(CallError::Argument(0, "string")),
        ("eq", [_]) => Err("missing argument for comparison".into()),
        ("eq", [value, others @ ..]) => {
            for other in others {
                if equal(value, other)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        ("ne", [left, right]) => Ok(Value::Bool(!equal(left, right)?)),
        ("lt", [left, right]) => Ok(Value::Bool(less(left, right)?)),
        ("le", [left, right]) => Ok(Value::Bool(less_or_equal(left, right)?)),
        ("gt", [left, right]) => Ok(Value::Bool(!less_or_equal(left, right)?)),
        ("ge", [left, right]) => Ok(Value::Bool(!less(left, right)?)),
        // No value is a function.
        ("call", [Value::Nil, ..]) => Err("call of nil".into()),
        ("call", [value, ..]) => Err(format!("non-function {{}} of type {}", value.type_name()).into()),
        ("not" | "len", _) => Err(CallError::Count("1")),
        ("ne" | "lt" | "le" | "gt" | "ge", _) => Err(CallError::Count("2")),
        _ => Err(CallError::Count("at least 1")),
    }
}

fn text_of(arguments: &[Value]) -> String {
    let shown: Vec<_> = arguments
        .iter()
        .map(|value| if matches!(value, Value::Nil) { Value::str("<no value>") } else { value.clone() })
        .collect();
    print::sprint(&shown)
}

/// How Go sorts what it compares.
#[derive(PartialEq)]
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'v str),
    Other,
}

fn basic(value: &Value) -> Basic<'_> {
    match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(value) | Value::Int64(value) => Basic::Int(*value),
        Value::Float(value) => Basic::Float(*value),
        Value::Str(text) => Basic::Str(text),
        _ => Basic::Other,
    }
}

fn incompatible(left: &Value, right: &Value) -> CallError {
    format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name()).into()
}

/// `eq` of two values.
///
/// # Errors
///
/// They are of kinds that Go does not compare.
fn equal(left: &Value, right: &Value) -> Result<bool, CallError> {
    match (left, right) {
        (Value::Nil, Value::Nil) => return Ok(true),
        (Value::Nil, _) | (_, Value::Nil) => return Ok(false),
        _ => {}
    }
    match (basic(left), basic(right)) {
        (Basic::Other, Basic::Other) if left.kind() != right.kind() => Err(format!(
            "non-comparable types {}: {}, {}: {}",
            as_text(left),
            left.type_name(),
            right.type_name(),
            print::print(right)
        )
        .into()),
        (Basic::Other, Basic::Other) => {
            Err(format!("non-comparable type {}: {}", print::print(right), right.type_name()).into())
        }
        (left, right) if std::mem::discriminant(&left) == std::mem::discriminant(&right) => Ok(left == right),
        _ => Err(incompatible(left, right)),
    }
}

/// As `%s` prints it.
fn as_text(value: &Value) -> String {
    print::sprintf(usize::MAX, "%s", std::slice::from_ref(value)).unwrap_or_default()
}

fn less(left: &Value, right: &Value) -> Result<bool, CallError> {
    match (basic(left), basic(right)) {
        (Basic::Int(left), Basic::Int(right)) => Ok(left < right),
        (Basic::Float(left), Basic::Float(right)) => Ok(left < right),
        (Basic::Str(left), Basic::Str(right)) => Ok(left < right),
        (Basic::Other, _) | (_, Basic::Other) | (Basic::Bool(_), Basic::Bool(_)) => {
            Err("invalid type for comparison".into())
        }
        _ => Err(incompatible(left, right)),
    }
}

fn less_or_equal(left: &Value, right: &Value) -> Result<bool, CallError> {
    Ok(less(left, right)? || equal(left, right)?)
}

fn len(value: &Value) -> Answer {
    let length = match value {
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Object(object) => match object.entries() {
            Some(entries) => entries.len(),
            None => return Err(format!("len of type {}", object.type_name()).into()),
        },
        Value::Nil => return Err("len of nil pointer".into()),
        other => return Err(format!("len of type {}", other.type_name()).into()),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// An index into something of that length, which may also point behind its end.
fn position(index: &Value, length: usize) -> Result<usize, CallError> {
    match index {
        Value::Int(index) | Value::Int64(index) => usize::try_from(*index)
            .ok()
            .filter(|position| *position <= length)
            .ok_or_else(|| format!("index out of range: {index}").into()),
        Value::Nil => Err("cannot index slice/array with nil".into()),
        other => Err(format!("cannot index slice/array with type {}", other.type_name()).into()),
    }
}

fn index(item: &Value, indexes: &[Value]) -> Answer {
    if matches!(item, Value::Nil) {
        return Err("index of untyped nil".into());
    }
    let mut item = item.clone();
    for index in indexes {
        item = match &item {
            Value::Nil => return Err("index of nil pointer".into()),
            Value::List(list) => {
                let at = position(index, list.len())?;
                let found = list.get(at).cloned();
                found.ok_or("reflect: slice index out of range")?
            }
            Value::Str(text) => {
                let at = position(index, text.len())?;
                let byte = text.as_bytes().get(at).copied();
                byte.map(|byte| Value::Int(byte.into())).ok_or("reflect: string index out of range")?
            }
            Value::Map(map) => match index {
                Value::Str(key) => map.get(key).unwrap_or_default(),
                Value::Nil => return Err("value is nil; should be of type string".into()),
                other => return Err(format!("value has type {}; should be string", other.type_name()).into()),
            },
            Value::Object(object) => match index.as_str().and_then(|key| object.field(key)) {
                Some(value) => value,
                None => return Err(format!("can't index item of type {}", object.type_name()).into()),
            },
            other => return Err(format!("can't index item of type {}", other.type_name()).into()),
        };
    }
    Ok(item)
}

fn slice(item: &Value, indexes: &[Value]) -> Answer {
    let length = match item {
        Value::Nil => return Err("slice of untyped nil".into()),
        _ if indexes.len() > 3 => return Err(format!("too many slice indexes: {}", indexes.len()).into()),
        Value::Str(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name()).into()),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, length)?;
    }
    let [from, to, capacity] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}").into());
    }
    if to > capacity {
        return Err(format!("invalid slice index: {to} > {capacity}").into());
    }
    match item {
        Value::List(list) => Ok(Value::list(list[from..to].iter().cloned())),
        Value::Str(text) => Ok(String::from_utf8_lossy(&text.as_bytes()[from..to]).into_owned().into()),
        _ => Ok(Value::Nil),
    }
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\0' => escaped.push('\u{fffd}'),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn js(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\'' => escaped.push_str("\\'"),
            '"' => escaped.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..' ' => {
                escaped.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            '\u{80}'.. if !go::quote::is_print(character) => {
                escaped.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

fn url_query(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            b' ' => escaped.push('+'),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}
