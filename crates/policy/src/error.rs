//! Why the gate is shut.

use serde_json::Value;

use crate::bundle::BundleError;
use crate::catalogue::ParamType;
use crate::wasm::EngineError;

/// Why the gate is shut: nothing was judged, and nothing may pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The rules could not be loaded.
    #[error("the policy bundle cannot be used")]
    Bundle(#[from] BundleError),
    /// The engine did not start, or the compiled rules do not run in it.
    #[error("the policy engine failed")]
    Engine(#[from] EngineError),
    /// Settings speak of a rule that does not exist.
    #[error("there is no rule {id}; {}", hint(id, known))]
    UnknownRule {
        /// What the settings say.
        id: String,
        /// The rules that exist.
        known: Vec<String>,
    },
    /// Settings speak of a parameter that does not exist.
    #[error("there is no parameter {name}; {}", hint(name, known))]
    UnknownParam {
        /// What the settings say.
        name: String,
        /// The parameters that exist.
        known: Vec<String>,
    },
    /// Settings give a parameter a value that it does not take.
    #[error("the parameter {name} takes {wanted}, not {found}")]
    ParamType {
        /// The parameter.
        name: String,
        /// What it takes.
        wanted: ParamType,
        /// What the settings give it, in words without the value.
        found: &'static str,
    },
    /// Every rule is off, so there is nothing that could refuse.
    #[error("no rule is enabled: a gate without rules would let everything pass")]
    NoRules,
    /// There was nothing to check.
    #[error("no object was given to check")]
    NoObjects,
    /// The compiled policy reported other rules than its manifest lists.
    #[error("the policy reported other rules than its bundle lists: {}", difference(missing, extra))]
    OtherRules {
        /// Listed, and not reported.
        missing: Vec<String>,
        /// Reported, and not listed.
        extra: Vec<String>,
    },
    /// The answer of the policy is not a report.
    #[error("the policy answered with something else than findings of rules")]
    NotAReport,
}

/// What a value is, in words that do not show it.
pub(crate) fn value_in_words(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "such a text",
        Value::Array(_) => "such a list",
        Value::Object(_) => "an object",
    }
}

fn hint(given: &str, known: &[String]) -> String {
    let list = known.join(", ");
    match nearest(given, known) {
        Some(near) => format!("did you mean {near}? There are {list}"),
        None => format!("there are {list}"),
    }
}

/// The known name that is most alike, if one is alike enough to be meant.
fn nearest<'k>(given: &str, known: &'k [String]) -> Option<&'k str> {
    // Underscore or hyphen, capital or not, is the likeliest slip of all.
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let given = plain(given);
    let near = known.iter().map(|name| (edits(&given, &plain(name)), name.as_str())).min()?;
    (near.0 <= given.chars().count().max(4) / 3).then_some(near.1)
}

/// How many characters must be added, dropped or changed to make one text of the other.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (to, above) in b.iter().zip(row.iter_mut().skip(1)) {
            let best = (diagonal + usize::from(from != *to)).min(left + 1).min(*above + 1);
            diagonal = std::mem::replace(above, best);
            left = best;
        }
        row[0] = i + 1;
    }
    row.last().copied().unwrap_or(0)
}

fn difference(missing: &[String], extra: &[String]) -> String {
    let part = |names: &[String], what| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
    [part(missing, "missing"), part(extra, "not listed")].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown_rule(id: &str) -> String {
        let known = ["interval", "prune", "url-scheme"].map(str::to_owned).to_vec();
        Error::UnknownRule { id: id.to_owned(), known }.to_string()
    }

    #[test]
    fn a_slip_is_guessed_and_nonsense_is_not() {
        assert_eq!(unknown_rule("url_scheme"), {
            "there is no rule url_scheme; did you mean url-scheme? There are interval, prune, url-scheme"
        });
        assert!(unknown_rule("intervall").contains("did you mean interval?"));
        assert!(unknown_rule("prun").contains("did you mean prune?"));
        assert_eq!(
            unknown_rule("signature"),
            "there is no rule signature; there are interval, prune, url-scheme"
        );
        assert_eq!(unknown_rule(""), "there is no rule ; there are interval, prune, url-scheme");
    }

    #[test]
    fn edits_are_counted() {
        for (a, b, count) in [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("abc", "abc", 0)] {
            assert_eq!(edits(a, b), count);
        }
    }
}
