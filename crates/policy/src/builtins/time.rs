//! `time.parse_duration_ns`.

use go::duration::{Duration, ParseError};
use go::number::{Shape, format_float};

use super::{Failure, operands, string};
use crate::value::Value;

/// A duration in nanoseconds. Beside Go's units OPA takes d, w and y: 24 hours, 7 days, 365 days.
pub(super) fn parse_duration_ns(arguments: &[Value]) -> Result<Value, Failure> {
    let [text] = operands(arguments)?;
    let duration = parse(string(1, text)?)?;
    Ok(Value::Number(duration.nanoseconds().to_string()))
}

fn parse(text: &str) -> Result<Duration, ParseError> {
    if !text.contains(['d', 'w', 'y']) {
        return Duration::parse(text);
    }
    // As in OPA, a text with one of its own units is rewritten into hours, and any error is about the whole.
    let rewritten = in_hours(text).ok_or_else(|| ParseError::invalid(text))?;
    Duration::parse(&rewritten).map_err(|error| error.about(text))
}

fn in_hours(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut rewritten = text[..text.len() - unsigned.len()].to_owned();
    let mut rest = unsigned;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        if number.is_empty() {
            return None;
        }
        let unit = ["ms", "us", "µs", "ns"].into_iter().find(|unit| after.starts_with(unit));
        let unit = unit.or_else(|| after.get(..1).filter(|unit| unit.as_bytes()[0].is_ascii_lowercase()))?;
        let hours = match unit {
            "d" => 24.0,
            "w" => 7.0 * 24.0,
            "y" => 365.0 * 24.0,
            _ => 0.0,
        };
        if hours > 0.0 {
            let hours = number.parse::<f64>().ok().filter(|number| number.is_finite())? * hours;
            rewritten.push_str(&format_float(hours, Shape::Decimal, None));
            rewritten.push('h');
        } else {
            rewritten.push_str(number);
            rewritten.push_str(unit);
        }
        rest = &after[unit.len()..];
    }
    (!unsigned.is_empty()).then_some(rewritten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opas_own_units_are_hours() {
        for (text, hours) in
            [("1d", 24.0), ("1w", 168.0), ("1y", 8760.0), ("1.5d", 36.0), ("-1d2h30m", -26.5)]
        {
            assert_eq!(parse(text).map(|d| d.nanoseconds() as f64 / 3.6e12), Ok(hours), "{text}");
        }
    }

    #[test]
    fn an_error_shows_the_text_as_it_was_given() {
        for text in ["1dd", "d", "1x1d", "300y", "1M1d", "1..5d", "1d\"", "1dé"] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with("time: ") && error.contains("1") | error.contains('d'), "{error}");
        }
    }
}
