//! What a plain scalar means.

use std::borrow::Cow;

/// A scalar, resolved.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Empty, `~`, `null`, `Null`, `NULL`.
    Null,
    /// `y`, `yes`, `true`, `on` and their opposites, in three cases.
    Bool(bool),
    /// An integer of 64 bits: decimal, `0x`, `0o`, `0b`, or octal after a zero.
    Int(i64),
    /// One above the largest signed integer.
    Uint(u64),
    /// A float, infinities and NaN too.
    Float(f64),
    /// A date, with or without a time: text for those who read, but quoted by those who write.
    Timestamp,
    /// Anything else.
    Text,
}

/// Resolves a plain scalar by the rules of go-yaml v2.
///
/// ```
/// use yaml::scalar::{Scalar, resolve};
///
/// assert_eq!(resolve("n"), Scalar::Bool(false));
/// assert_eq!(resolve("012"), Scalar::Int(10));
/// assert_eq!(resolve("08"), Scalar::Float(8.0));
/// assert_eq!(resolve("1:30"), Scalar::Text);
/// ```
pub fn resolve(text: &str) -> Scalar {
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text).unwrap_or(Scalar::Text)
        }
        b'.' => word(text).or_else(|| dotted(text)).unwrap_or(Scalar::Text),
        b'+' | b'-' => word(text).or_else(|| number(text)).unwrap_or(Scalar::Text),
        b'0'..=b'9' => number(text).unwrap_or(Scalar::Text),
        _ => Scalar::Text,
    }
}

fn word(text: &str) -> Option<Scalar> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// A float that begins with its point.
fn dotted(text: &str) -> Option<Scalar> {
    is_float(text).then(|| float(text)).flatten()
}

fn number(text: &str) -> Option<Scalar> {
    if is_timestamp(text) {
        return Some(Scalar::Timestamp);
    }
    let plain: Cow<'_, str> = if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    integer(&plain).or_else(|| is_float(&plain).then(|| float(&plain)).flatten())
}

fn integer(text: &str) -> Option<Scalar> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    // Rust would take a second sign here.
    if !digits.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Scalar::Int(value)),
        // Go reads what is too large for a signed number as an unsigned one, which takes no sign at all.
        Err(_) => (!text.starts_with('+')).then_some(Scalar::Uint(magnitude)),
    }
}

/// Whether the text has the shape of a decimal float: digits with at most one point among or before them, and an exponent.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let whole_mantissa = match mantissa.split_once('.') {
        Some((before, after)) => digits(before) && digits(after) && !(before.is_empty() && after.is_empty()),
        None => digits(mantissa) && !mantissa.is_empty(),
    };
    whole_mantissa
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

/// What is out of range stays text.
fn float(text: &str) -> Option<Scalar> {
    text.parse::<f64>().ok().filter(|value| value.is_finite()).map(Scalar::Float)
}

/// Whether go-yaml would take the text for a timestamp: a date, or a date and a time, with fields of one or two digits.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let mut rest = &text[5..];
    let Some(month) = field(&mut rest, 1, 12) else { return false };
    let Some(()) = literal(&mut rest, "-") else { return false };
    let Some(day) = field(&mut rest, 1, 31) else { return false };
    let year: u32 = text[..4].parse().unwrap_or_default();
    if day > days(year, month) {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let zoned = match rest.as_bytes()[0] {
        b'T' | b't' => true,
        b' ' => false,
        _ => return false,
    };
    rest = &rest[1..];
    let clock = field(&mut rest, 0, 23).is_some()
        && literal(&mut rest, ":").is_some()
        && field(&mut rest, 0, 59).is_some()
        && literal(&mut rest, ":").is_some()
        && field(&mut rest, 0, 59).is_some();
    if !clock {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    if !zoned {
        return rest.is_empty();
    }
    rest == "Z" || {
        let bytes = rest.as_bytes();
        bytes.len() == 6
            && (bytes[0] == b'+' || bytes[0] == b'-')
            && bytes[3] == b':'
            && rest[1..3].parse().is_ok_and(|hours: u8| hours <= 24)
            && rest[4..6].parse().is_ok_and(|minutes: u8| minutes < 60)
    }
}

/// Takes a number of one or two digits.
fn field(rest: &mut &str, least: u32, most: u32) -> Option<u32> {
    let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let value = rest[..digits].parse().ok().filter(|value| (least..=most).contains(value))?;
    *rest = &rest[digits..];
    Some(value)
}

fn literal(rest: &mut &str, text: &str) -> Option<()> {
    *rest = rest.strip_prefix(text)?;
    Some(())
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
