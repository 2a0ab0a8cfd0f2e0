//! How Go prints values.

use std::rc::Rc;

use go::format::{Arg, sprintf_within};
use go::number::{Shape, format_float};

use crate::value::{MAX_DEPTH, Value};

/// The value as `%v` prints it, which is also how an action writes it; nil is `<nil>`.
pub fn print(value: &Value) -> String {
    let mut text = String::new();
    print_to(&mut text, value);
    text
}

/// Appends what [`print()`] gives.
pub(crate) fn print_to(text: &mut String, value: &Value) {
    print_at(text, value, 0);
}

fn print_at(text: &mut String, value: &Value, depth: usize) {
    if depth > MAX_DEPTH {
        text.push_str("...");
        return;
    }
    match value {
        Value::Nil => text.push_str("<nil>"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) | Value::Int64(value) => text.push_str(&value.to_string()),
        Value::Float(value) => text.push_str(&format_float(*value, Shape::General, None)),
        Value::Str(value) => text.push_str(value),
        Value::List(list) => {
            text.push('[');
            for (position, element) in list.iter().enumerate() {
                text.push_str(if position > 0 { " " } else { "" });
                print_at(text, element, depth + 1);
            }
            text.push(']');
        }
        Value::Map(map) => {
            text.push_str("map[");
            for (position, (key, value)) in map.entries().iter().enumerate() {
                text.push_str(if position > 0 { " " } else { "" });
                text.push_str(key);
                text.push(':');
                print_at(text, value, depth + 1);
            }
            text.push(']');
        }
        Value::Object(object) => text.push_str(&object.print()),
    }
}

/// Prints as `fmt.Sprintf` does, up to `limit` bytes.
pub(crate) fn sprintf(limit: usize, format: &str, arguments: &[Value]) -> Result<String, String> {
    let frozen: Vec<_> = arguments.iter().map(|argument| Frozen::of(argument, 0)).collect();
    let arguments: Vec<_> = frozen.iter().map(Frozen::argument).collect();
    sprintf_within(limit, format, &arguments).map_err(|error| error.to_string())
}

/// A value that no function can change while it is printed.
enum Frozen {
    Scalar(Value),
    List(Vec<Frozen>),
    Map(Vec<(Rc<str>, Frozen)>),
    Other(String, String),
}

impl Frozen {
    fn of(value: &Value, depth: usize) -> Frozen {
        match value {
            _ if depth > MAX_DEPTH => Frozen::Scalar(Value::str("...")),
            Value::List(list) => {
                Frozen::List(list.iter().map(|element| Frozen::of(element, depth + 1)).collect())
            }
            Value::Map(map) => Frozen::Map(
                map.entries().into_iter().map(|(key, value)| (key, Frozen::of(&value, depth + 1))).collect(),
            ),
            Value::Object(object) => Frozen::Other(object.type_name().to_owned(), object.print()),
            scalar => Frozen::Scalar(scalar.clone()),
        }
    }

    fn argument(&self) -> Arg<'_> {
        match self {
            Frozen::Scalar(Value::Bool(value)) => Arg::Bool(*value),
            Frozen::Scalar(Value::Int(value)) => Arg::Int(*value),
            Frozen::Scalar(Value::Int64(value)) => Arg::Int64(*value),
            Frozen::Scalar(Value::Float(value)) => Arg::Float(*value),
            Frozen::Scalar(Value::Str(text)) => Arg::Str(text),
            Frozen::Scalar(_) => Arg::Nil,
            Frozen::List(elements) => Arg::List(elements.iter().map(Frozen::argument).collect()),
            Frozen::Map(entries) => {
                Arg::Map(entries.iter().map(|(key, value)| (&**key, value.argument())).collect())
            }
            Frozen::Other(name, text) => Arg::Other(name, text),
        }
    }
}

/// `fmt.Sprint`: a space between two operands where neither is a string.
pub(crate) fn sprint(arguments: &[Value]) -> String {
    let mut text = String::new();
    let mut after_string = true;
    for (position, argument) in arguments.iter().enumerate() {
        let is_string = matches!(argument, Value::Str(_));
        if position > 0 && !is_string && !after_string {
            text.push(' ');
        }
        print_to(&mut text, argument);
        after_string = is_string;
    }
    text
}

/// `fmt.Sprintln`: a space between all operands, a newline at the end.
pub(crate) fn sprintln(arguments: &[Value]) -> String {
    let mut text = String::new();
    for (position, argument) in arguments.iter().enumerate() {
        text.push_str(if position > 0 { " " } else { "" });
        print_to(&mut text, argument);
    }
    text.push('\n');
    text
}
