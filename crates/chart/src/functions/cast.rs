//! Numbers from whatever it is, as `spf13/cast` makes them: what is no number is zero.

use gotemplate::value::Value;

/// A whole number; a text in any of Go's bases, with a fraction of zeros cut off.
pub(crate) fn to_i64(value: &Value) -> i64 {
    match value {
        Value::Int(value) | Value::Int64(value) => *value,
        Value::Float(value) => truncate(*value),
        Value::Bool(value) => i64::from(*value),
        Value::Str(text) => parse_int(without_zero_fraction(text)).unwrap_or(0),
        Value::Nil | Value::List(_) | Value::Map(_) | Value::Object(_) => 0,
    }
}

/// A floating-point number.
pub(crate) fn to_f64(value: &Value) -> f64 {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "as Go converts")]
        Value::Int(value) | Value::Int64(value) => *value as f64,
        Value::Float(value) => *value,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Str(text) => parse_float(text).unwrap_or(0.0),
        Value::Nil | Value::List(_) | Value::Map(_) | Value::Object(_) => 0.0,
    }
}

/// `strconv.ParseFloat` but for hexadecimal: underscores may stand between digits.
fn parse_float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return text.parse().ok();
    }
    let between = text.split('_').collect::<Vec<_>>();
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let tidy = between.windows(2).all(|pair| match pair {
        [before, after] => digit(before.chars().next_back()) && digit(after.chars().next()),
        _ => false,
    });
    if tidy { text.replace('_', "").parse().ok() } else { None }
}

/// Go's conversion on the machines that Helm runs on: what does not fit is the smallest number.
fn truncate(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "within 64 bits")]
    if (-LIMIT..LIMIT).contains(&value) { value as i64 } else { i64::MIN }
}

/// `1.00` is `1`; `1.50` stays.
fn without_zero_fraction(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    }
}

/// `strconv.ParseInt` with base 0.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = [("0x", 16), ("0b", 2), ("0o", 8)]
        .into_iter()
        .find_map(|(prefix, base)| Some((base, lower.strip_prefix(prefix)?)))
        .or_else(|| Some((8, lower.strip_prefix('0').filter(|rest| !rest.is_empty())?)))
        .unwrap_or((10, &lower));
    // Go allows one underscore between digits.
    let tidy = !digits.contains("__") && !digits.ends_with('_') && (base != 10 || !digits.starts_with('_'));
    let digits = digits.replace('_', "");
    if !tidy || digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = i128::from_str_radix(&digits, base).ok()?;
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}
