//! Durations as Flux's CRDs accept them: groups of a number and a unit, `90s`, `1h30m`, `1.5h`, `500ms`.
//!
//! The grammar is the pattern of the CRDs, `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`, which is narrower than Go's:
//! no sign, no `us` or `ns`, no bare `0`, a digit on both sides of a point. The value is computed as Go's
//! `time.ParseDuration` computes it, since that is what the controllers run.

use std::fmt;
use std::str::FromStr;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// One more than the longest duration in nanoseconds, as in Go, where it is a signed 64-bit number.
const LIMIT: u64 = 1 << 63;

/// A length of time, never negative, by its value: `1h`, `60m` and `1h0m0s` are equal.
///
/// ```
/// use flux::duration::Duration;
///
/// let hour = Duration::parse("60m").unwrap();
/// assert_eq!(hour, Duration::parse("1h").unwrap());
/// assert_eq!(hour.to_string(), "1h0m0s");
///
/// let error = Duration::parse("1d").unwrap_err();
/// assert_eq!(error.remedy(), "write \"24h\"");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    nanoseconds: i64,
}

impl Duration {
    /// Reads a duration.
    ///
    /// # Errors
    ///
    /// The text is not what Flux's CRDs accept, or the duration is longer than about 292 years.
    pub fn parse(text: &str) -> Result<Duration, DurationError> {
        match read(text) {
            Ok(duration) => Ok(duration),
            Err(problem) => {
                let instead = suggestion(text).filter(|suggestion| read(suggestion).is_ok());
                Err(DurationError { problem, instead })
            }
        }
    }

    /// A duration of so many seconds.
    pub const fn from_seconds(seconds: u32) -> Duration {
        Duration { nanoseconds: seconds as i64 * SECOND as i64 }
    }

    /// The length in nanoseconds, not negative.
    pub const fn nanoseconds(self) -> i64 {
        self.nanoseconds
    }

    /// The length in seconds, with a fraction.
    pub const fn seconds(self) -> f64 {
        self.nanoseconds as f64 / SECOND as f64
    }

    /// The length in the shortest spelling that uses no hours: `90m` for an hour and a half.
    ///
    /// It is meant for the timeouts of sources, whose CRDs allow no `h`.
    pub fn without_hours(self) -> String {
        let nanoseconds = self.nanoseconds.unsigned_abs();
        let mut text = String::new();
        for (amount, unit) in [
            (nanoseconds / MINUTE, "m"),
            (nanoseconds % MINUTE / SECOND, "s"),
            (nanoseconds % SECOND / MILLISECOND, "ms"),
        ] {
            if amount > 0 {
                text.push_str(&format!("{amount}{unit}"));
            }
        }
        if text.is_empty() { "0s".to_owned() } else { text }
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Duration, DurationError> {
        Duration::parse(text)
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> std::time::Duration {
        std::time::Duration::from_nanos(duration.nanoseconds.unsigned_abs())
    }
}

impl fmt::Display for Duration {
    /// Prints as Go does, which is how the API server gives a duration back: `1h0m0s`, `1.5s`, `500ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.nanoseconds.unsigned_abs();
        match nanoseconds {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanoseconds}ns"),
            1_000..MILLISECOND => write!(f, "{}µs", decimal(nanoseconds, 1_000)),
            MILLISECOND..SECOND => write!(f, "{}ms", decimal(nanoseconds, MILLISECOND)),
            _ => {
                let (hours, minutes) = (nanoseconds / HOUR, nanoseconds % HOUR / MINUTE);
                if hours > 0 {
                    write!(f, "{hours}h")?;
                }
                if hours > 0 || minutes > 0 {
                    write!(f, "{minutes}m")?;
                }
                write!(f, "{}s", decimal(nanoseconds % MINUTE, SECOND))
            }
        }
    }
}

/// Why a text is not a duration, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationError {
    problem: DurationProblem,
    instead: Option<String>,
}

impl DurationError {
    /// What is wrong.
    pub fn problem(&self) -> &DurationProblem {
        &self.problem
    }

    /// The duration that was probably meant.
    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// What to write instead, in words.
    pub fn remedy(&self) -> String {
        match &self.instead {
            Some(instead) => format!("write \"{instead}\""),
            None => {
                "write numbers with the units ms, s, m or h, such as \"30s\", \"5m\" or \"1h30m\"".to_owned()
            }
        }
    }
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for DurationError {}

/// What is wrong with a text that should be a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationProblem {
    /// Nothing, or only spaces.
    #[error("a duration cannot be blank")]
    Blank,
    /// Spaces before, after or inside.
    #[error("a duration has no spaces")]
    Spaces,
    /// A minus before it.
    #[error("a duration cannot be negative")]
    Negative,
    /// A number that no unit follows.
    #[error("a duration needs a unit after each number")]
    NoUnit,
    /// A unit that Flux does not know.
    #[error("the unit {unit:?} is not one that Flux accepts (ms, s, m, h)")]
    Unit {
        /// The unit as it was written.
        unit: String,
    },
    /// Longer than 64 bits of nanoseconds, about 292 years.
    #[error("the duration is longer than 292 years, which is more than Flux can count")]
    TooLong,
    /// Anything else.
    #[error("this is not a duration")]
    Malformed,
}

fn read(text: &str) -> Result<Duration, DurationProblem> {
    if text.trim().is_empty() {
        return Err(DurationProblem::Blank);
    }
    if text.contains(char::is_whitespace) {
        return Err(DurationProblem::Spaces);
    }
    if text.starts_with('-') {
        return Err(DurationProblem::Negative);
    }
    // A length that is too long to count is still read to its end: what is no duration at all is told first.
    let mut total: Option<u64> = Some(0);
    let mut rest = text;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        if whole.is_empty() {
            return Err(DurationProblem::Malformed);
        }
        let (fraction, after) = match after.strip_prefix('.') {
            None => ("", after),
            Some(after) => match digits(after) {
                ("", _) => return Err(DurationProblem::Malformed),
                found => found,
            },
        };
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit = match unit {
            "ms" => MILLISECOND,
            "s" => SECOND,
            "m" => MINUTE,
            "h" => HOUR,
            "" if after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit()) => {
                return Err(DurationProblem::NoUnit);
            }
            "" => return Err(DurationProblem::Malformed),
            other => return Err(DurationProblem::Unit { unit: other.chars().take(16).collect() }),
        };
        let group = nanoseconds(whole, fraction, unit);
        total = total
            .zip(group)
            .and_then(|(total, group)| total.checked_add(group))
            .filter(|total| *total < LIMIT);
        rest = after;
    }
    let total = total.and_then(|total| i64::try_from(total).ok()).ok_or(DurationProblem::TooLong)?;
    Ok(Duration { nanoseconds: total })
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// One group's length, with Go's arithmetic: the fraction through a 64-bit float, cut off below a nanosecond.
fn nanoseconds(whole: &str, fraction: &str, unit: u64) -> Option<u64> {
    let whole: u64 = whole.parse().ok()?;
    let value = whole.checked_mul(unit).filter(|value| *value <= LIMIT)?;
    let (mut digits, mut scale) = (0_u64, 1.0_f64);
    for digit in fraction.bytes() {
        let more = digits.checked_mul(10).and_then(|digits| digits.checked_add(u64::from(digit - b'0')));
        // Digits that no longer fit are below a nanosecond by far, and Go drops them too.
        let Some(more) = more.filter(|more| *more < LIMIT) else { break };
        (digits, scale) = (more, scale * 10.0);
    }
    value.checked_add((digits as f64 * (unit as f64 / scale)) as u64)
}

/// A number with the fraction that it has in `unit`, without trailing zeros.
fn decimal(nanoseconds: u64, unit: u64) -> String {
    let (whole, rest) = (nanoseconds / unit, nanoseconds % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    let fraction = format!("{rest:0width$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

/// What was probably meant, by people who think of days, of other spellings, or of plain seconds.
///
/// The answer need not be a duration; the caller tries it.
fn suggestion(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let compact = compact.trim_start_matches(['-', '+']);
    let mut written = String::new();
    let mut rest = compact;
    // What a number without a unit counts: seconds, but in `1h30` what comes below hours.
    let mut below = "s";
    while !rest.is_empty() {
        // Between groups a comma separates; inside a number it is a point in half of the world.
        rest = rest.trim_start_matches(',');
        let end = rest.find(|c: char| !(c.is_ascii_digit() || ['.', ','].contains(&c))).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        if number.is_empty() {
            return None;
        }
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        // `.5` and `1.` are numbers to Go, though not to Flux.
        let number = number.replace(',', ".");
        let number = match number.split_once('.') {
            Some(("", fraction)) => format!("0.{fraction}"),
            Some((whole, "")) => whole.to_owned(),
            _ => number,
        };
        let (number, unit) = match unit.to_lowercase().as_str() {
            "" => (number, below),
            "s" | "sec" | "secs" | "second" | "seconds" => (number, "s"),
            "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => (number, "ms"),
            "m" | "min" | "mins" | "minute" | "minutes" => (number, "m"),
            "h" | "hr" | "hrs" | "hour" | "hours" => (number, "h"),
            "d" | "day" | "days" => (times(&number, 24)?, "h"),
            "w" | "week" | "weeks" => (times(&number, 7 * 24)?, "h"),
            _ => return None,
        };
        written.push_str(&number);
        written.push_str(unit);
        below = match unit {
            "h" => "m",
            "m" => "s",
            _ => "ms",
        };
        rest = after;
    }
    Some(written)
}

fn times(number: &str, factor: u64) -> Option<String> {
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor).map(|product| product.to_string());
    }
    let product = number.parse::<f64>().ok()? * factor as f64;
    Some(format!("{product:.6}").trim_end_matches('0').trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> i64 {
        Duration::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).nanoseconds()
    }

    #[test]
    fn accepts_an_hour_in_any_spelling() {
        for text in ["1h", "60m", "3600s", "3600000ms", "1h0m0s", "0.5h30m", "59m60s", "01h", "1.0h"] {
            assert_eq!(value(text), 3_600_000_000_000, "{text}");
        }
    }

    #[test]
    fn counts_as_go_counts() {
        for (text, nanoseconds) in [
            ("0s", 0),
            ("500ms", 500_000_000),
            ("1.5h", 5_400_000_000_000),
            ("05m", 300_000_000_000),
            ("1m1m", 120_000_000_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("0.100000000000000000000h", 360_000_000_000),
            ("0.0000001ms", 0),
            ("9223372036854ms", 9_223_372_036_854_000_000),
        ] {
            assert_eq!(value(text), nanoseconds, "{text}");
        }
    }

    #[test]
    fn prints_as_go_prints() {
        for (text, printed) in [
            ("60m", "1h0m0s"),
            ("90s", "1m30s"),
            ("0s", "0s"),
            ("1.5s", "1.5s"),
            ("1500ms", "1.5s"),
            ("0.5ms", "500µs"),
            ("0.0005ms", "500ns"),
            ("10ms", "10ms"),
            ("1h30m0.25s", "1h30m0.25s"),
            ("61s", "1m1s"),
        ] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn spells_a_timeout_without_hours() {
        for (text, spelled) in [("1h30m", "90m"), ("1h", "60m"), ("0s", "0s"), ("1h1.5s", "60m1s500ms")] {
            assert_eq!(Duration::parse(text).unwrap().without_hours(), spelled);
        }
    }

    #[test]
    fn says_what_is_wrong_and_what_to_write() {
        let mut lines = String::new();
        for text in [
            "",
            " ",
            "60",
            "0",
            "1h30",
            "-1m",
            "+1m",
            "1M",
            "1d",
            "1.5d",
            "1w",
            "1d12h",
            " 1m ",
            "1 m",
            "5min",
            "1us",
            "1ns",
            "1y",
            "1,5h",
            ".5s",
            "1.s",
            "h",
            "abc",
            "1h,30m",
            "PT1H",
            "1h30m!",
            "٣s",
            "ﬀ",
            "1..5h",
            "1.5.5h",
            "2562047h47m16.854775808s",
            "9223372036855ms",
            "99999999999999999999h",
            "9999999999999d",
            "3000000h0",
        ] {
            let error = Duration::parse(text).unwrap_err();
            lines.push_str(&format!("{text:?}: {error}; {}\n", error.remedy()));
        }
        insta::assert_snapshot!("durations_refused", lines);
    }

    /// What the CRDs say, word for word.
    fn crd() -> regex::Regex {
        regex::Regex::new(r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$").unwrap()
    }

    proptest! {
        #[test]
        fn accepts_exactly_what_the_crds_accept(text in "([0-9]{1,3}(\\.[0-9]{0,3})?(ms|s|m|h|d|us|M)?){0,4}") {
            let accepted = match Duration::parse(&text) {
                Ok(_) => true,
                // The pattern lets it pass, and the controller then cannot read it.
                Err(error) => *error.problem() == DurationProblem::TooLong,
            };
            prop_assert_eq!(accepted, crd().is_match(&text));
        }

        #[test]
        fn reads_what_it_prints(milliseconds in 0_i64..9_223_372_036_854) {
            let duration = Duration { nanoseconds: milliseconds * 1_000_000 };
            prop_assert_eq!(Duration::parse(&duration.to_string()).unwrap(), duration);
            prop_assert_eq!(Duration::parse(&duration.without_hours()).unwrap(), duration);
        }

        #[test]
        fn survives_any_text(text in any::<String>()) {
            if let Err(error) = Duration::parse(&text)
                && let Some(instead) = error.instead()
            {
                prop_assert!(Duration::parse(instead).is_ok());
            }
        }
    }
}
