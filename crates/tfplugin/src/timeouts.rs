//! How long a create, an update or a delete may take: the `timeouts` attribute.

use std::time::Duration;

use crate::diagnostic::Diagnostics;
use crate::schema::{Attribute, Check};
use crate::value::Value;

/// How long each operation may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Creating.
    pub create: Duration,
    /// Updating.
    pub update: Duration,
    /// Deleting.
    pub delete: Duration,
}

impl Timeouts {
    /// The same for all operations.
    #[must_use]
    pub fn all(duration: Duration) -> Self {
        Self { create: duration, update: duration, delete: duration }
    }

    /// The attribute `timeouts = { create, update, delete }`: optional durations as Go writes them.
    #[must_use]
    pub fn attribute(defaults: &Self) -> Attribute {
        let operation = |name: &str, verb: &str, default: Duration| {
            Attribute::string(name)
                .optional()
                .describe(format!(
                    "How long {verb} may take, such as `90s` or `10m`. Default: `{}`.",
                    print(default)
                ))
                .check(Check(|value: &Value| parse(value.as_str()?).err()))
        };
        Attribute::nested(
            "timeouts",
            vec![
                operation("create", "creating", defaults.create),
                operation("update", "updating", defaults.update),
                operation("delete", "deleting", defaults.delete),
            ],
        )
        .optional()
        .describe("How long each operation may take.")
    }

    /// Reads the attribute of a configuration, a plan or a state; what is not set, or not known yet, is as in
    /// `defaults`.
    ///
    /// # Errors
    ///
    /// A diagnostic on `timeouts.create` and so on for text that is no duration.
    pub fn read(object: &Value, defaults: &Self) -> Result<Self, Diagnostics> {
        let mut timeouts = *defaults;
        let mut diagnostics = Diagnostics::new();
        for (name, duration) in [
            ("create", &mut timeouts.create),
            ("update", &mut timeouts.update),
            ("delete", &mut timeouts.delete),
        ] {
            let Some(text) = object.get("timeouts").get(name).as_str() else { continue };
            match parse(text) {
                Ok(parsed) => *duration = parsed,
                Err(complaint) => {
                    let path = format!("timeouts.{name}");
                    diagnostics.error_at(path.as_str(), "Invalid value", format!("{path} {complaint}."));
                }
            }
        }
        if diagnostics.is_empty() { Ok(timeouts) } else { Err(diagnostics) }
    }
}

/// A positive duration, or what is wrong with the text as the end of a sentence.
fn parse(text: &str) -> Result<Duration, String> {
    let complaint = || "must be a positive duration with units, such as 90s, 10m or 1h30m".to_owned();
    let nanoseconds = go::duration::Duration::parse(text).map_err(|_| complaint())?.nanoseconds();
    u64::try_from(nanoseconds).ok().filter(|n| *n > 0).map(Duration::from_nanos).ok_or_else(complaint)
}

/// A duration as people write it, such as `90s`, `10m` or `1.5s`: without the zero parts that Go prints.
#[must_use]
pub fn print(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds % 60, seconds % 3600) {
        _ if duration.subsec_nanos() > 0 => {
            let nanoseconds = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
            go::duration::Duration::from_nanoseconds(nanoseconds).to_string()
        }
        (_, 0) if seconds > 0 => format!("{}h", seconds / 3600),
        (0, _) if seconds > 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validate_config;

    const DEFAULTS: Timeouts = Timeouts {
        create: Duration::from_secs(600),
        update: Duration::from_secs(90),
        delete: Duration::from_secs(3600),
    };

    #[test]
    fn what_is_not_set_is_the_default() {
        let object = Value::object([("timeouts", Value::object([("create", "1h30m".into())]))]);
        let timeouts = Timeouts::read(&object, &DEFAULTS).unwrap();
        assert_eq!(timeouts, Timeouts { create: Duration::from_secs(5400), ..DEFAULTS });
        assert_eq!(Timeouts::read(&Value::object([("timeouts", Value::Null)]), &DEFAULTS), Ok(DEFAULTS));
        assert_eq!(Timeouts::read(&Value::object([("timeouts", Value::Unknown)]), &DEFAULTS), Ok(DEFAULTS));
    }

    #[test]
    fn durations_are_printed_as_people_write_them() {
        for text in ["90s", "10m", "2h", "90m", "1.5s", "1ms", "61s"] {
            assert_eq!(print(parse(text).unwrap()), text);
        }
    }

    #[test]
    fn what_is_no_duration_is_told_on_its_attribute() {
        for text in ["", "5", "1d", "-1m", "0s", "soon"] {
            let object = Value::object([("timeouts", Value::object([("delete", text.into())]))]);
            let diagnostics = Timeouts::read(&object, &DEFAULTS).unwrap_err();
            assert_eq!(diagnostics.0[0].attribute, Some("timeouts.delete".into()), "{text}");
            assert_eq!(
                diagnostics,
                validate_config(&[Timeouts::attribute(&DEFAULTS)], &object, true),
                "{text}"
            );
        }
    }

    #[test]
    fn the_description_names_the_default() {
        let attribute = Timeouts::attribute(&DEFAULTS);
        let descriptions: Vec<&str> = attribute
            .nested_kind()
            .unwrap()
            .attributes
            .iter()
            .map(|inner| inner.description.as_str())
            .collect();
        assert!(descriptions[0].ends_with("Default: `10m`."), "{}", descriptions[0]);
        assert!(descriptions[1].ends_with("Default: `90s`."), "{}", descriptions[1]);
        assert!(descriptions[2].ends_with("Default: `1h`."), "{}", descriptions[2]);
    }
}
