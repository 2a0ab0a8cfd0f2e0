//! Checks on configured values, each with the attribute path in its message.

use std::fmt;
use std::sync::OnceLock;

use regex::Regex;
use thiserror::Error;

use super::attribute::{Attribute, Nesting};
use crate::diagnostic::Diagnostics;
use crate::path::AttributePath;
use crate::value::Value;

/// A check on one attribute's value.
pub trait Validator: Send + Sync {
    /// Looks at a value that is known and not null (parts of it may be either) and says what is wrong with it, as the
    /// end of the sentence "`path` ..."; the value itself is better left out, it may be a secret.
    fn complaint(&self, value: &Value) -> Option<String>;
}

/// The value is one of these texts.
pub struct OneOf(Vec<String>);

impl OneOf {
    /// The texts that are allowed.
    pub fn new<T: Into<String>>(allowed: impl IntoIterator<Item = T>) -> Self {
        Self(allowed.into_iter().map(Into::into).collect())
    }
}

impl Validator for OneOf {
    fn complaint(&self, value: &Value) -> Option<String> {
        let text = value.as_str()?;
        let quoted = || self.0.iter().map(|allowed| format!("{allowed:?}")).collect::<Vec<_>>().join(", ");
        (!self.0.iter().any(|allowed| allowed == text)).then(|| format!("must be one of {}", quoted()))
    }
}

/// The text matches a regular expression, anywhere unless the expression is anchored.
pub struct Pattern {
    source: String,
    explanation: String,
    compiled: OnceLock<Option<Regex>>,
}

/// A regular expression that cannot be compiled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("not a regular expression")]
pub struct PatternError;

impl Pattern {
    /// A regular expression, and in words what it asks for: the end of "must ...". It is compiled at first use, so
    /// that a provider with many of them starts no slower.
    pub fn new(pattern: impl Into<String>, explanation: impl Into<String>) -> Self {
        Self { source: pattern.into(), explanation: explanation.into(), compiled: OnceLock::new() }
    }

    /// Whether the expression compiles; for the tests of those who write one. One that does not matches nothing.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn verify(&self) -> Result<(), PatternError> {
        self.regex().map(|_| ()).ok_or(PatternError)
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.source).ok()).as_ref()
    }
}

impl Validator for Pattern {
    fn complaint(&self, value: &Value) -> Option<String> {
        let text = value.as_str()?;
        match self.regex() {
            Some(regex) if regex.is_match(text) => None,
            _ => Some(format!("must {}", self.explanation)),
        }
    }
}

/// The number lies in a range.
pub struct NumberBetween {
    /// At least this.
    pub least: Option<f64>,
    /// At most this.
    pub most: Option<f64>,
}

impl Validator for NumberBetween {
    fn complaint(&self, value: &Value) -> Option<String> {
        let number = value.as_f64()?;
        let inside =
            self.least.is_none_or(|least| number >= least) && self.most.is_none_or(|most| number <= most);
        (!inside).then(|| format!("must be {}", Range(self.least, self.most)))
    }
}

/// The text has so many characters, or the list, set or map so many elements.
pub struct LengthBetween {
    /// At least so many.
    pub least: Option<usize>,
    /// At most so many.
    pub most: Option<usize>,
}

impl Validator for LengthBetween {
    fn complaint(&self, value: &Value) -> Option<String> {
        let (length, what) = match value {
            Value::String(text) => (text.chars().count(), "characters"),
            Value::Map(elements) => (elements.len(), "elements"),
            _ => (value.as_elements()?.len(), "elements"),
        };
        let inside =
            self.least.is_none_or(|least| length >= least) && self.most.is_none_or(|most| length <= most);
        (!inside).then(|| format!("must have {} {what}", Range(self.least, self.most)))
    }
}

/// The text, list, set or map is not empty.
pub struct NotEmpty;

impl Validator for NotEmpty {
    fn complaint(&self, value: &Value) -> Option<String> {
        let empty = match value {
            Value::String(text) => text.is_empty(),
            Value::Map(elements) => elements.is_empty(),
            _ => value.as_elements()?.is_empty(),
        };
        empty.then(|| "must not be empty".to_owned())
    }
}

/// Any other check: a function from the value to the complaint.
pub struct Check<F>(pub F);

impl<F: Fn(&Value) -> Option<String> + Send + Sync> Validator for Check<F> {
    fn complaint(&self, value: &Value) -> Option<String> {
        (self.0)(value)
    }
}

/// "between 1 and 5", "at least 1", "at most 5".
struct Range<T>(Option<T>, Option<T>);

impl<T: fmt::Display> fmt::Display for Range<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0, &self.1) {
            (Some(least), Some(most)) => write!(f, "between {least} and {most}"),
            (Some(least), None) => write!(f, "at least {least}"),
            (None, Some(most)) => write!(f, "at most {most}"),
            (None, None) => f.write_str("anything"),
        }
    }
}

/// Checks a configuration against its attributes: what is required at any depth is set, and every validator agrees;
/// warns of what is deprecated.
/// Unknown values are left for apply. Where `write_only_allowed` is false, the host would store write-only values, so
/// setting one is an error.
#[must_use]
pub fn validate_config(attributes: &[Attribute], config: &Value, write_only_allowed: bool) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    validate(attributes, config, &AttributePath::new(), write_only_allowed, &mut diagnostics);
    diagnostics
}

fn validate(
    attributes: &[Attribute],
    object: &Value,
    at: &AttributePath,
    write_only_allowed: bool,
    diagnostics: &mut Diagnostics,
) {
    for attribute in attributes {
        let value = object.get(&attribute.name);
        let path = at.attribute(&attribute.name);
        if value.is_null() {
            if attribute.required && !object.is_null() {
                let detail = format!("{path} must be set; in the configuration it is missing or null.");
                diagnostics.error_at(path, "Missing required argument", detail);
            }
            continue;
        }
        if let Some(instead) = &attribute.deprecation {
            diagnostics.warning_at(path.clone(), "Argument is deprecated", format!("{path}: {instead}"));
        }
        if attribute.write_only && !write_only_allowed {
            let detail = format!(
                "{path} is write-only: it must never be stored. The program that runs this provider does not know \
                 such arguments and would store it. Use OpenTofu 1.11 or later."
            );
            diagnostics.error_at(path, "Write-only argument not supported", detail);
            continue;
        }
        if value.is_unknown() {
            continue;
        }
        for validator in &attribute.validators {
            if let Some(complaint) = validator.complaint(value.peeled()) {
                diagnostics.error_at(path.clone(), "Invalid value", format!("{path} {complaint}."));
            }
        }
        let Some(nested) = attribute.nested_kind() else { continue };
        let attributes = &nested.attributes;
        match (nested.nesting, value) {
            (Nesting::Single, value) => validate(attributes, value, &path, write_only_allowed, diagnostics),
            // An element of a set has no address, so its path is that of the set.
            (Nesting::Set, Value::Set(elements)) => {
                for element in elements {
                    validate(attributes, element, &path, write_only_allowed, diagnostics);
                }
            }
            (Nesting::List, Value::List(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    validate(attributes, element, &path.index(index), write_only_allowed, diagnostics);
                }
            }
            (Nesting::Map, Value::Map(elements)) => {
                for (key, element) in elements {
                    validate(attributes, element, &path.key(key), write_only_allowed, diagnostics);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(attributes: &[Attribute], config: &Value) -> Vec<String> {
        validate_config(attributes, config, true)
            .into_iter()
            .map(|diagnostic| format!("{}: {}", diagnostic.attribute.unwrap_or_default(), diagnostic.detail))
            .collect()
    }

    #[test]
    fn each_complaint_names_its_attribute() {
        let attributes = [
            Attribute::string("mode").optional().check(OneOf::new(["head", "tag"])),
            Attribute::string("name").optional().check(Pattern::new("^[a-z]+$", "be lowercase letters")),
            Attribute::number("size").optional().check(NumberBetween { least: Some(1.0), most: Some(5.0) }),
            Attribute::string("text").optional().check(LengthBetween { least: None, most: Some(3) }),
            Attribute::nested_list("items", vec![Attribute::string("url").required().check(NotEmpty)])
                .optional(),
        ];
        let config = Value::object([
            ("mode", "x".into()),
            ("name", "A".into()),
            ("size", 6.into()),
            ("text", "abcd".into()),
            (
                "items",
                Value::list([
                    Value::object([("url", Value::Null)]),
                    Value::object([("url", "".into())]),
                    Value::object([("url", Value::Unknown)]),
                    Value::Unknown,
                ]),
            ),
        ]);
        assert_eq!(
            complaints(&attributes, &config),
            [
                r#"mode: mode must be one of "head", "tag"."#,
                "name: name must be lowercase letters.",
                "size: size must be between 1 and 5.",
                "text: text must have at most 3 characters.",
                "items[0].url: items[0].url must be set; in the configuration it is missing or null.",
                "items[1].url: items[1].url must not be empty.",
            ]
        );
    }

    #[test]
    fn a_closure_is_a_validator() {
        let even = Check(|value: &Value| (value.as_i64()? % 2 != 0).then(|| "must be even".to_owned()));
        let attributes = [Attribute::number("n").required().check(even)];
        assert_eq!(complaints(&attributes, &Value::object([("n", 3.into())])), ["n: n must be even."]);
        assert!(complaints(&attributes, &Value::object([("n", Value::Unknown)])).is_empty());
    }

    #[test]
    fn who_uses_what_is_deprecated_is_told_what_to_use_instead() {
        let attributes = [Attribute::string("old").optional().deprecated("Use new instead.")];
        let set = Value::object([("old", "x".into())]);
        let told = validate_config(&attributes, &set, true);
        assert_eq!((told.len(), told.has_errors()), (1, false));
        assert_eq!(told.0[0].detail, "old: Use new instead.");
        assert!(validate_config(&attributes, &Value::object([("old", Value::Null)]), true).is_empty());
    }

    #[test]
    fn a_host_that_would_store_a_write_only_value_is_refused() {
        let attributes = [Attribute::string("token").optional().write_only()];
        let set = Value::object([("token", Value::Unknown)]);
        assert_eq!(validate_config(&attributes, &set, false).len(), 1);
        assert!(validate_config(&attributes, &set, true).is_empty());
        assert!(validate_config(&attributes, &Value::object([("token", Value::Null)]), false).is_empty());
    }
}
