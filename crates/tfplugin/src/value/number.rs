//! Numbers of any size, kept exactly: the host computes with 512 bits, and a value that comes back altered by one bit
//! is an "inconsistent result" to it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A number as the protocol knows it: any size, any number of digits, or infinite.
///
/// Two numbers are equal when they are the same number, however they were written: `1`, `1.0` and `1e0` are equal;
/// the decimal `0.1` and the nearest binary fraction to it are not.
///
/// ```
/// use tfplugin::value::Number;
///
/// let big: Number = "123456789012345678901234567890".parse().unwrap();
/// assert_eq!(big.to_string(), "123456789012345678901234567890");
/// assert_eq!(big.as_i64(), None);
/// assert_eq!("1.50".parse::<Number>().unwrap(), Number::from(1.5));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(Repr);

/// Each number has exactly one representation, so equality is structural.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    /// Whole and in range.
    Int(i64),
    /// Not whole, and exactly this binary fraction; or infinite. Held as bits.
    Float(u64),
    /// Any other.
    Decimal(Decimal),
}

/// `±digits × 10^exponent`; digits neither begin nor end with zero, so the form is unique.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i32,
}

/// Text that is no number, or one whose exponent is beyond reason.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("not a number")]
pub struct ParseNumberError;

/// How an exact number can be written on the wire.
pub(crate) enum Wire {
    Int(i64),
    Float(f64),
    Text(String),
}

impl Number {
    /// The number as a signed integer, if it is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Int(int) => Some(int),
            _ => None,
        }
    }

    /// The number as an unsigned integer, if it is one.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Int(int) => u64::try_from(*int).ok(),
            Repr::Float(_) => None,
            Repr::Decimal(decimal) if decimal.is_whole() => decimal.plain(20)?.parse().ok(),
            Repr::Decimal(_) => None,
        }
    }

    /// The nearest binary fraction; infinite where the number is too big for one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the nearest is what is promised")]
    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            Repr::Int(int) => *int as f64,
            Repr::Float(bits) => f64::from_bits(*bits),
            Repr::Decimal(decimal) => decimal.to_string().parse().unwrap_or(f64::NAN),
        }
    }

    /// Whether it has no fraction. An infinite number has none to speak of and is not whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Repr::Int(_) => true,
            Repr::Float(_) => false,
            Repr::Decimal(decimal) => decimal.is_whole(),
        }
    }

    /// The number as JSON, as programs read it: a whole number exactly, in 64 bits, and a fraction as the nearest binary one, which is
    /// what becomes of 1/3 in every program. `None` for a whole number beyond 64 bits, rather than a silently different one.
    #[must_use]
    pub fn to_json(&self) -> Option<serde_json::Number> {
        if let Some(int) = self.as_i64() {
            return Some(int.into());
        }
        if let Some(int) = self.as_u64() {
            return Some(int.into());
        }
        let float = self.as_f64();
        if self.is_whole() || !float.is_finite() {
            None
        } else if float.fract() == 0.0 {
            // So near to a whole number that it becomes one, which is written as such.
            Self::from_exact_f64(float)?.as_i64().map(Into::into)
        } else {
            serde_json::Number::from_f64(float)
        }
    }

    /// The same, where a number that has no JSON becomes the nearest one that has.
    #[must_use]
    pub fn to_rounded_json(&self) -> serde_json::Number {
        let rounded = || serde_json::Number::from_f64(self.as_f64().clamp(f64::MIN, f64::MAX));
        self.to_json().or_else(rounded).unwrap_or_else(|| 0.into())
    }

    /// Whether the other number is what JSON makes of this one: itself, or the binary fraction nearest to it. Readers of JSON miss a
    /// fraction by one unit of its last place, so one more or less is the same.
    #[must_use]
    pub fn rounds_to(&self, other: &Self) -> bool {
        self == other || (!self.is_whole() && self.as_f64().to_bits().abs_diff(other.as_f64().to_bits()) <= 1)
    }

    /// The number that a binary fraction holds, bit by bit; `None` for what is not a number. In contrast,
    /// `Number::from(0.1)` is the decimal 0.1, which is what people mean who write it.
    #[must_use]
    pub fn from_exact_f64(float: f64) -> Option<Self> {
        if float.is_nan() {
            return None;
        }
        if float.is_infinite() || float.fract() != 0.0 {
            return Some(Self(Repr::Float(float.to_bits())));
        }
        // A whole float prints all of its digits.
        format!("{float:.0}").parse().ok()
    }

    pub(crate) fn wire(&self) -> Wire {
        match &self.0 {
            Repr::Int(int) => Wire::Int(*int),
            Repr::Float(bits) => Wire::Float(f64::from_bits(*bits)),
            Repr::Decimal(decimal) => Wire::Text(decimal.to_string()),
        }
    }

    /// An order that only serves to put sets into a stable sequence; it is not by size.
    pub(crate) fn canonical_cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => a.cmp(b),
            (a, b) => self.to_string().cmp(&other.to_string()).then(a.rank().cmp(&b.rank())),
        }
    }
}

impl Repr {
    fn rank(&self) -> u8 {
        match self {
            Self::Int(_) => 0,
            Self::Float(_) => 1,
            Self::Decimal(_) => 2,
        }
    }
}

impl Decimal {
    /// Reads sign, digits, fraction and exponent; anything else is no number.
    fn parse(text: &str) -> Result<Self, ParseNumberError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], unsigned[at + 1..].parse::<i32>().map_err(|_| ParseNumberError)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() + fraction.len() == 0
            || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
        {
            return Err(ParseNumberError);
        }
        let mut digits = String::with_capacity(whole.len() + fraction.len());
        digits.push_str(whole);
        digits.push_str(fraction);
        let significant = digits.trim_end_matches('0').len();
        let dropped = i64::try_from(digits.len() - significant).map_err(|_| ParseNumberError)?;
        let scale = i64::try_from(fraction.len()).map_err(|_| ParseNumberError)?;
        digits.truncate(significant);
        let digits = digits.trim_start_matches('0').to_owned();
        let exponent = if digits.is_empty() { 0 } else { i64::from(exponent) - scale + dropped };
        let exponent = i32::try_from(exponent).map_err(|_| ParseNumberError)?;
        Ok(Self { negative: negative && !digits.is_empty(), digits, exponent })
    }

    fn is_whole(&self) -> bool {
        self.exponent >= 0
    }

    /// The digits written out, if that takes no more than `limit` of them.
    fn plain(&self, limit: usize) -> Option<String> {
        let sign = if self.negative { "-" } else { "" };
        let digits = self.digits.as_str();
        let shift = usize::try_from(self.exponent.unsigned_abs()).ok()?;
        if digits.len().saturating_add(shift) > limit {
            return None;
        }
        Some(if digits.is_empty() {
            "0".to_owned()
        } else if self.exponent >= 0 {
            format!("{sign}{digits}{}", "0".repeat(shift))
        } else if shift >= digits.len() {
            format!("{sign}0.{}{digits}", "0".repeat(shift - digits.len()))
        } else {
            let (whole, fraction) = digits.split_at(digits.len() - shift);
            format!("{sign}{whole}.{fraction}")
        })
    }

    /// The binary fraction that is exactly this number, if there is one.
    fn exact_f64(&self) -> Option<f64> {
        // A fraction whose last digit is not 5 is no sum of halves; 1074 digits are the longest that is.
        if !self.digits.ends_with('5') || self.digits.len() > 1074 {
            return None;
        }
        let float: f64 = self.to_string().parse().ok()?;
        (float.is_finite() && Decimal::parse(&format!("{float:.1074}")).ok()? == *self).then_some(float)
    }
}

/// Beyond this many digits, an exponent is written.
const PLAIN_DIGITS: usize = 1200;

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.plain(PLAIN_DIGITS) {
            Some(plain) => f.write_str(&plain),
            None => write!(f, "{}{}e{}", if self.negative { "-" } else { "" }, self.digits, self.exponent),
        }
    }
}

impl From<Decimal> for Number {
    fn from(decimal: Decimal) -> Self {
        let whole = decimal.is_whole().then(|| decimal.plain(20)).flatten();
        if let Some(int) = whole.and_then(|digits| digits.parse().ok()) {
            return Self(Repr::Int(int));
        }
        if decimal.exponent < 0
            && let Some(float) = decimal.exact_f64()
        {
            return Self(Repr::Float(float.to_bits()));
        }
        Self(Repr::Decimal(decimal))
    }
}

impl FromStr for Number {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<i64>() {
            Ok(int) => Ok(Self(Repr::Int(int))),
            Err(_) => Decimal::parse(text).map(Self::from),
        }
    }
}

impl From<f64> for Number {
    /// The decimal that a person would write for it, so `Number::from(0.1)` is the number 0.1 of a configuration. What
    /// is not a number becomes zero.
    fn from(float: f64) -> Self {
        if float.is_infinite() {
            return Self(Repr::Float(float.to_bits()));
        }
        // Rust prints the shortest digits that give the same float back.
        float.to_string().parse().unwrap_or(Self(Repr::Int(0)))
    }
}

impl From<i64> for Number {
    fn from(int: i64) -> Self {
        Self(Repr::Int(int))
    }
}

impl From<i32> for Number {
    fn from(int: i32) -> Self {
        Self(Repr::Int(int.into()))
    }
}

impl From<u64> for Number {
    fn from(int: u64) -> Self {
        match i64::try_from(int) {
            Ok(int) => Self(Repr::Int(int)),
            Err(_) => int.to_string().parse().unwrap_or(Self(Repr::Int(i64::MAX))),
        }
    }
}

impl From<&serde_json::Number> for Number {
    fn from(number: &serde_json::Number) -> Self {
        number.to_string().parse().unwrap_or(Self(Repr::Int(0)))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(int) => int.fmt(f),
            Repr::Float(bits) => f64::from_bits(*bits).fmt(f),
            Repr::Decimal(decimal) => decimal.fmt(f),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn one_number_has_one_form() {
        for same in ["1", "1.0", "+1", "1e0", "10e-1", "0.1e1", "001", "1.000"] {
            assert_eq!(number(same), Number::from(1), "{same}");
        }
        for zero in ["0", "-0", "0.0", "0e99", "-0.000"] {
            assert_eq!(number(zero), Number::from(0), "{zero}");
        }
        assert_eq!(number("1.5"), Number::from(1.5));
        assert_eq!(number("2.50e1"), Number::from(25));
        assert_eq!(Number::from_exact_f64(-0.0), Some(Number::from(0)));
        assert_eq!(Number::from_exact_f64(1e300).map(|n| n.to_string().len()), Some(301));
    }

    #[test]
    fn a_decimal_is_not_the_binary_fraction_nearest_to_it() {
        assert_ne!(number("0.1"), Number::from_exact_f64(0.1).unwrap());
        assert_eq!(number("0.1"), Number::from(0.1));
        assert_eq!(number("0.5"), Number::from_exact_f64(0.5).unwrap());
        let exact = format!("{:.60}", 0.1_f64);
        assert_eq!(number(&exact), Number::from_exact_f64(0.1).unwrap());
    }

    #[test]
    fn any_size_is_kept() {
        for text in [
            "123456789012345678901234567890",
            "-9223372036854775809",
            "18446744073709551615",
            "0.12345678901234567890123456789",
            "-0.00000000000000000000000000000000001",
        ] {
            assert_eq!(number(text).to_string(), text);
        }
        assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
        assert_eq!(number("-9223372036854775808").as_i64(), Some(i64::MIN));
        assert_eq!(number("1e2147483647").to_string(), "1e2147483647");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["", "-", ".", "1e", "1e99999999999", "0x10", "1_0", " 1", "Inf", "NaN", "1.2.3", "--1", "1e-"]
        {
            assert_eq!(text.parse::<Number>(), Err(ParseNumberError), "{text}");
        }
    }

    #[test]
    fn json_gives_whole_numbers_exactly_or_not_at_all_and_fractions_as_near_as_it_can() {
        let json = |text: &str| number(text).to_json().map(|number| number.to_string());
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(json("0.1"), some("0.1"));
        assert_eq!(json("18446744073709551615"), some("18446744073709551615"));
        assert_eq!(json("0.12345678901234567890123456789"), some("0.12345678901234568"));
        assert_eq!(json(&format!("-0.{}", "3".repeat(155))), some("-0.3333333333333333"));
        assert_eq!(json("0.99999999999999999999"), some("1"));
        assert_eq!(json("1e-400"), some("0"));
        assert_eq!(json("123456789012345678901234567890"), None);
        assert_eq!(json("123456789012345678901234567890.5"), None);
        assert_eq!(Number::from(f64::INFINITY).to_json(), None);
    }

    #[test]
    fn a_number_that_has_no_json_is_rounded_only_where_that_is_asked_for() {
        let rounded = |text: &str| number(text).to_rounded_json().as_f64().unwrap();
        assert_eq!(rounded("123456789012345678901234567890"), 1.234_567_890_123_456_8e29);
        assert_eq!(rounded("-1e400"), f64::MIN);
        assert_eq!(number("7").to_rounded_json(), 7.into());
    }

    #[test]
    fn a_third_rounds_to_what_json_has_of_it_and_to_nothing_else() {
        let third = number(&format!("0.{}", "3".repeat(155)));
        assert!(third.rounds_to(&number("0.3333333333333333")));
        assert!(third.rounds_to(&number("0.33333333333333337")), "a reader may miss by one");
        assert!(!third.rounds_to(&number("0.33333333333333")));
        assert!(!third.rounds_to(&number("-0.3333333333333333")));
        assert!(!number("9007199254740993").rounds_to(&number("9007199254740992")));
    }
}
