//! Durations as Flux's CRDs accept them.

use std::fmt;
use std::str::FromStr;

/// A length of time, not negative, by its value: `1h`, `60m` and `1h0m0s` are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    nanoseconds: i64,
}

impl Duration {
    /// Reads a duration.
    ///
    /// # Errors
    ///
    /// Says what is wrong, and what to write instead.
    pub fn parse(text: &str) -> Result<Duration, DurationError> {
        let _ = text;
        Err(DurationError::Blank)
    }

    /// The length in nanoseconds.
    pub const fn nanoseconds(self) -> i64 {
        self.nanoseconds
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Duration, DurationError> {
        Duration::parse(text)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.nanoseconds)
    }
}

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// Nothing, or only spaces.
    #[error("the duration is blank")]
    Blank,
}

impl DurationError {
    /// What to write instead.
    pub fn remedy(&self) -> Option<String> {
        None
    }
}
