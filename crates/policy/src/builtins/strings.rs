//! `sprintf`, `strings.any_prefix_match`, `strings.any_suffix_match`, `strings.count`.

use go::format::{Arg, sprintf_within};
use num_bigint::BigInt;

use super::{Failure, LONGEST_TEXT, operands, string};
use crate::value::Value;

/// Prints values as a format asks, with Go's verbs and flags.
pub(super) fn sprintf(arguments: &[Value]) -> Result<Value, Failure> {
    let [format, values] = operands(arguments)?;
    let format = string(1, format)?;
    let Value::Array(values) = values else {
        return Err(Failure::Operand { position: 2, wanted: "array", found: values.type_name() });
    };
    let printables: Vec<Printable<'_>> = values.iter().map(Printable::of).collect();
    let args: Vec<Arg<'_>> = printables.iter().map(Printable::arg).collect();
    Ok(Value::String(sprintf_within(LONGEST_TEXT, format, &args)?))
}

/// A value as OPA hands it to Go's `Sprintf`: numbers as numbers, everything but texts as its Rego text.
enum Printable<'v> {
    Int(i64),
    Big(BigInt),
    Float(f64),
    Borrowed(&'v str),
    Text(String),
}

impl<'v> Printable<'v> {
    fn of(value: &'v Value) -> Printable<'v> {
        match value {
            Value::String(text) => Printable::Borrowed(text),
            Value::Number(digits) => {
                if let Some(number) = whole(digits) {
                    return Printable::Int(number);
                }
                if digits.contains('.') {
                    let float = digits.parse::<f64>().ok().filter(|float| float.is_finite());
                    return float.map_or(Printable::Borrowed(digits), Printable::Float);
                }
                digits.parse().map_or(Printable::Borrowed(digits), Printable::Big)
            }
            other => Printable::Text(other.to_string()),
        }
    }

    fn arg(&self) -> Arg<'_> {
        match self {
            Printable::Int(number) => Arg::Int64(*number),
            Printable::Big(number) => Arg::BigInt(number),
            Printable::Float(number) => Arg::Float(*number),
            Printable::Borrowed(text) => Arg::Str(text),
            Printable::Text(text) => Arg::Str(text),
        }
    }
}

/// A number as an integer, if OPA takes it for one: at most 19 characters, and only zeros after the point.
fn whole(digits: &str) -> Option<i64> {
    if digits.trim_start_matches(['-', '+']).len() > 19 {
        return None;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.bytes().all(|digit| digit == b'0') { whole.parse().ok() } else { None }
}

/// Whether some text begins with some other.
pub(super) fn any_prefix_match(arguments: &[Value]) -> Result<Value, Failure> {
    any_match(arguments, |text, start| text.starts_with(start))
}

/// Whether some text ends with some other.
pub(super) fn any_suffix_match(arguments: &[Value]) -> Result<Value, Failure> {
    any_match(arguments, |text, end| text.ends_with(end))
}

fn any_match(arguments: &[Value], matches: fn(&str, &str) -> bool) -> Result<Value, Failure> {
    let [texts, parts] = operands(arguments)?;
    let (texts, parts) = (strings(1, texts)?, strings(2, parts)?);
    Ok(Value::Bool(texts.iter().any(|text| parts.iter().any(|part| matches(text, part)))))
}

/// How often a text holds another, counted without overlaps.
pub(super) fn count(arguments: &[Value]) -> Result<Value, Failure> {
    let [text, part] = operands(arguments)?;
    let (text, part) = (string(1, text)?, string(2, part)?);
    let count = if part.is_empty() { text.chars().count() + 1 } else { text.matches(part).count() };
    Ok(Value::Number(count.to_string()))
}

/// One text, or all texts of a collection.
fn strings(position: usize, value: &Value) -> Result<Vec<&str>, Failure> {
    match value {
        Value::String(text) => Ok(vec![text]),
        Value::Array(items) | Value::Set(items) => items.iter().map(|item| string(position, item)).collect(),
        other => Err(Failure::Operand {
            position,
            wanted: "one of {string, set, array}",
            found: other.type_name(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(format: &str, values: &str) -> String {
        let format = Value::String(format.to_owned());
        match sprintf(&[format, Value::parse(values).unwrap()]) {
            Ok(Value::String(text)) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn values_are_printed_by_what_they_are() {
        for (format, values, expected) in [
            ("%v %v %v", r#"[{"b":[1],"a":null},{2,1},set()]"#, r#"{"a": null, "b": [1]} {1, 2} set()"#),
            ("%d %d %v", "[1.0,12345678901234567890,1e3]", "1 12345678901234567890 1e3"),
            ("%s %d", "[5,\"x\"]", "%!s(int64=5) %!d(string=x)"),
            ("%.1f %v", "[2.55,0.1]", "2.5 0.1"),
            ("%q %t", "[\"a\\nb\",true]", r#""a\nb" %!t(string=true)"#),
        ] {
            assert_eq!(printed(format, values), expected);
        }
    }

    #[test]
    fn a_text_that_would_fill_the_memory_is_an_error() {
        let many = "%1000000[1]d".repeat(1000);
        assert!(printed(&many, "[1]").contains("TooLong"));
    }

    #[test]
    fn prefixes_and_suffixes_match_in_any_pair() {
        let texts = Value::parse(r#"["https://a","ssh://b"]"#).unwrap();
        let parts = Value::parse(r#"{"ssh","git"}"#).unwrap();
        assert_eq!(any_prefix_match(&[texts.clone(), parts.clone()]), Ok(Value::Bool(true)));
        assert_eq!(any_suffix_match(&[texts, parts]), Ok(Value::Bool(false)));
    }

    #[test]
    fn nothing_is_found_between_all_characters() {
        let count =
            |text: &str, part: &str| count(&[text, part].map(|s| Value::String(s.to_owned()))).unwrap();
        assert_eq!(count("aaaa", "aa"), Value::Number("2".to_owned()));
        assert_eq!(count("né", ""), Value::Number("3".to_owned()));
    }
}
