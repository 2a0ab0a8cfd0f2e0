//! What a user may set: which rules count, how much, and with which parameters.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How much a finding of a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rule is not asked.
    Off,
    /// The finding is shown and stops nothing.
    Warn,
    /// The finding stops the change.
    Deny,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Severity; 3] = [Severity::Off, Severity::Warn, Severity::Deny];

    /// The word that a configuration uses: `deny`, `warn` or `off`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Off => "off",
            Severity::Warn => "warn",
            Severity::Deny => "deny",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Severity, UnknownSeverity> {
        Severity::ALL.into_iter().find(|severity| severity.as_str() == text).ok_or(UnknownSeverity)
    }
}

/// A text is none of `deny`, `warn` and `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a severity is one of deny, warn, off")]
pub struct UnknownSeverity;

/// Which rules count how much, and the parameters they read.
///
/// An empty `Settings` asks every rule at the severity that the rule states itself.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Severities by rule id, where they differ from the rule's own.
    pub rules: BTreeMap<String, Severity>,
    /// Parameters by name, where they differ from the bundle's defaults.
    pub params: Map<String, Value>,
    /// Parameters whose values are known only after apply: what reads them cannot tell.
    pub unknown_params: Vec<String>,
    /// How much one evaluation may cost.
    pub limits: Limits,
}

/// How much one evaluation of an object may cost before it is ended with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instructions, roughly. The same on every machine; loading a bundle's data counts as one evaluation.
    pub fuel: u64,
    /// Bytes of memory of one instance, the bundle's data included.
    pub memory: usize,
    /// Time on the clock, a stop for what fuel does not see.
    pub time: Duration,
}

impl Default for Limits {
    /// Hundreds of times what the built-in rules need.
    fn default() -> Limits {
        Limits { fuel: 500_000_000, memory: 128 << 20, time: Duration::from_secs(5) }
    }
}
