//! Lengths of time as Go reads and writes them: `time.ParseDuration` and `time.Duration.String`.

use std::fmt;
use std::str::FromStr;

/// A length of time in nanoseconds, between -292 and 292 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

impl Duration {
    /// The shortest length that Go tells from nothing.
    pub const NANOSECOND: Duration = Duration(1);
    /// One second.
    pub const SECOND: Duration = Duration(1_000_000_000);

    /// A length given in nanoseconds.
    pub const fn from_nanoseconds(nanoseconds: i64) -> Duration {
        Duration(nanoseconds)
    }

    /// The length in nanoseconds.
    pub const fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Reads numbers with units, such as `300ms`, `-1.5h` or `2h45m`. The units are ns, us (or µs), ms, s, m, h.
    ///
    /// ```
    /// use go::duration::Duration;
    ///
    /// assert_eq!(Duration::parse("1.5h").unwrap().nanoseconds(), 5_400_000_000_000);
    /// assert_eq!(Duration::parse("1d").unwrap_err().to_string(), r#"time: unknown unit "d" in duration "1d""#);
    /// ```
    ///
    /// # Errors
    ///
    /// With Go's own words, for what is no duration or is too long for 64 bits.
    pub fn parse(text: &str) -> Result<Duration, ParseError> {
        let error = |problem| ParseError { problem, text: text.to_owned() };
        let invalid = || error(Problem::Invalid);
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Duration(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (whole, after) = split_digits(rest);
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => split_digits(after),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            // Go reads the number before it looks at the unit, so this error comes first.
            let whole = read_whole(whole).ok_or_else(invalid)?;
            if unit.is_empty() {
                return Err(error(Problem::MissingUnit));
            }
            let size = unit_size(unit).ok_or_else(|| error(Problem::UnknownUnit(unit.to_owned())))?;
            let part = nanoseconds(whole, fraction, size).ok_or_else(invalid)?;
            // Wraps in Go too: twice the longest is nothing.
            total = total.wrapping_add(part);
            if total > LONGEST {
                return Err(invalid());
            }
            rest = after;
        }
        let nanoseconds = if negative { 0i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
        nanoseconds.map(Duration).ok_or_else(invalid)
    }
}

impl FromStr for Duration {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Duration, ParseError> {
        Duration::parse(text)
    }
}

impl fmt::Display for Duration {
    /// Writes the length as Go does: `1h30m0s`, `1.5s`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = match total {
            0 => "0s".to_owned(),
            1..1_000 => format!("{total}ns"),
            1_000..1_000_000 => format!("{}µs", with_fraction(total, 3)),
            1_000_000..1_000_000_000 => format!("{}ms", with_fraction(total, 6)),
            _ => {
                let minutes = total / 60_000_000_000;
                let seconds = with_fraction(total % 60_000_000_000, 9);
                match (minutes / 60, minutes % 60) {
                    (0, 0) => format!("{seconds}s"),
                    (0, minutes) => format!("{minutes}m{seconds}s"),
                    (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
                }
            }
        };
        f.pad(&format!("{sign}{text}"))
    }
}

/// Why a text is no duration, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    problem: Problem,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Invalid,
    MissingUnit,
    UnknownUnit(String),
}

impl ParseError {
    /// Says that a text is no duration, for those who read more than Go does.
    pub fn invalid(text: &str) -> ParseError {
        ParseError { problem: Problem::Invalid, text: text.to_owned() }
    }

    /// The same error about another text, for those who rewrite a text before they parse it.
    #[must_use]
    pub fn about(self, text: &str) -> ParseError {
        ParseError { text: text.to_owned(), ..self }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = quote(&self.text);
        match &self.problem {
            Problem::Invalid => write!(f, "time: invalid duration {text}"),
            Problem::MissingUnit => write!(f, "time: missing unit in duration {text}"),
            Problem::UnknownUnit(unit) => write!(f, "time: unknown unit {} in duration {text}", quote(unit)),
        }
    }
}

impl std::error::Error for ParseError {}

/// One more than fits: only a negative duration can be as long as this.
const LONGEST: u64 = 1 << 63;

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn read_whole(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return Some(0);
    }
    digits.parse().ok().filter(|whole| *whole <= LONGEST)
}

fn unit_size(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go computes the fraction in floating point, and its rounding is part of the answer"
)]
fn nanoseconds(whole: u64, fraction: &str, size: u64) -> Option<u64> {
    if whole > LONGEST / size {
        return None;
    }
    let whole = whole * size;
    // Digits that no longer fit are dropped.
    let (mut digits, mut scale) = (0u64, 1f64);
    for digit in fraction.bytes() {
        let next = digits.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit - b'0')));
        match next.filter(|next| digits <= (LONGEST - 1) / 10 && *next <= LONGEST) {
            Some(next) => (digits, scale) = (next, scale * 10.0),
            None => break,
        }
    }
    let part = (digits as f64 * (size as f64 / scale)) as u64;
    whole.checked_add(part).filter(|sum| *sum <= LONGEST)
}

/// A count with `places` digits after the point, without zeros at the end.
fn with_fraction(count: u64, places: usize) -> String {
    let digits = format!("{count:0width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// The quotes of Go's time package, which know no names for control characters and no Unicode.
fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    let mut buffer = [0; 4];
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='\u{7f}' => quoted.push(character),
            _ => {
                for byte in character.encode_utf8(&mut buffer).bytes() {
                    quoted.push_str(&format!(r"\x{byte:02x}"));
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> i64 {
        Duration::parse(text).unwrap().nanoseconds()
    }

    #[test]
    fn numbers_with_units_add_up() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("-0", 0),
            ("+5s", 5_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("-1m", -60_000_000_000),
            ("05m", 300_000_000_000),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1m1m", 120_000_000_000),
            ("1us1µs1μs", 3_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("0.100000000000000000000h", 360_000_000_000),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
            ("9223372036854775.807us", i64::MAX),
            ("9223372036854775808ns9223372036854775808ns", 0),
        ] {
            assert_eq!(parsed(text), nanoseconds, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_in_gos_words() {
        for (text, words) in [
            ("", r#"invalid duration """#),
            ("-", r#"invalid duration "-""#),
            (".", r#"invalid duration ".""#),
            ("3", r#"missing unit in duration "3""#),
            ("1d", r#"unknown unit "d" in duration "1d""#),
            ("1M", r#"unknown unit "M" in duration "1M""#),
            ("1 m", r#"unknown unit " m" in duration "1 m""#),
            ("1h -1m", r#"unknown unit "h -" in duration "1h -1m""#),
            ("é\n\"", r#"invalid duration "\xc3\xa9\x0a\"""#),
            ("9223372036854775808ns", r#"invalid duration "9223372036854775808ns""#),
            ("99999999999999999999x", r#"invalid duration "99999999999999999999x""#),
            ("3000000h", r#"invalid duration "3000000h""#),
        ] {
            let error = Duration::parse(text).unwrap_err().to_string();
            assert_eq!(error, format!("time: {words}"));
        }
    }

    #[test]
    fn lengths_are_written_as_go_writes_them() {
        for (nanoseconds, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (60_000_000_000, "1m0s"),
            (3_600_000_000_000, "1h0m0s"),
            (5_400_000_000_001, "1h30m0.000000001s"),
            (-90_000_000_000, "-1m30s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
            (i64::MAX, "2562047h47m16.854775807s"),
        ] {
            assert_eq!(Duration::from_nanoseconds(nanoseconds).to_string(), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(nanoseconds: i64) {
            let duration = Duration::from_nanoseconds(nanoseconds);
            proptest::prop_assert_eq!(Duration::parse(&duration.to_string()), Ok(duration));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = Duration::parse(&text);
        }
    }
}
