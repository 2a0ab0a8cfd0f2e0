//! Rules between fields, as the CRDs state them in CEL, with three outcomes.

use serde_json::Value;

use super::Field;

/// A rule between fields of one object inside `spec`.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Where the object is, inside `spec` in wire names with dots; empty for `spec` itself.
    pub at: &'static str,
    /// What must hold there.
    pub test: Test,
    /// The CRD's own expressions for it, which a test compares.
    pub cel: &'static [&'static str],
}

/// What must hold between fields of an object; fields by their wire names.
#[derive(Clone, Copy, Debug)]
pub enum Test {
    /// `field` may be set only where `other` has one of the `values`.
    OnlyWith {
        /// The field that is restricted.
        field: &'static str,
        /// The field that decides; without a value, its default does.
        other: &'static str,
        /// Its values that allow `field`.
        values: &'static [&'static str],
    },
    /// One of the fields is set, and no other of them.
    ExactlyOne(&'static [&'static str]),
}

/// The outcome of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule holds.
    Holds,
    /// The rule is broken.
    Broken,
    /// A value that decides is known only after apply.
    CannotTell,
}

impl Rule {
    /// Decides the rule for the object at [`Rule::at`].
    ///
    /// `fields` is the object's table; `unknown` says whether the whole value of a member of the object is
    /// known only after apply. Null counts as not set, as it does for the API server.
    pub fn decide(&self, fields: &[Field], object: &Value, unknown: impl Fn(&str) -> bool) -> Verdict {
        let known = |name: &str| object.get(name).filter(|value| !value.is_null());
        match self.test {
            Test::OnlyWith { field, other, values } => {
                let default = || fields.iter().find(|f| f.wire() == other)?.default_value();
                let allows = |value: &Value| value.as_str().is_some_and(|text| values.contains(&text));
                let allowed = match known(other) {
                    _ if unknown(other) => None,
                    Some(value) => Some(allows(value)),
                    None => Some(default().is_some_and(|value| allows(&value))),
                };
                match (allowed, known(field)) {
                    (Some(true), _) => Verdict::Holds,
                    _ if unknown(field) => Verdict::CannotTell,
                    (_, None) => Verdict::Holds,
                    (Some(false), Some(_)) => Verdict::Broken,
                    (None, Some(_)) => Verdict::CannotTell,
                }
            }
            Test::ExactlyOne(names) => {
                let open = names.iter().filter(|name| unknown(name)).count();
                let set = names.iter().filter(|name| !unknown(name) && known(name).is_some()).count();
                match (set, open) {
                    (1, 0) => Verdict::Holds,
                    (0 | 1, 1..) => Verdict::CannotTell,
                    _ => Verdict::Broken,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: &[Field] = &[
        Field::string("provider", "").allowed(&["generic", "aws"]),
        Field::string("mode", "").default("\"aws\""),
        Field::string("account", ""),
    ];

    fn decide(test: Test, object: &Value, unknown: &[&str]) -> Verdict {
        Rule { at: "", test, cel: &[] }.decide(FIELDS, object, |name| unknown.contains(&name))
    }

    #[test]
    fn a_field_may_depend_on_the_value_of_another() {
        let test = Test::OnlyWith { field: "account", other: "provider", values: &["aws"] };
        for (object, unknown, verdict) in [
            (json!({}), &[][..], Verdict::Holds),
            (json!({"account": null, "provider": "generic"}), &[], Verdict::Holds),
            (json!({"account": "a", "provider": "aws"}), &[], Verdict::Holds),
            (json!({"account": "a", "provider": "generic"}), &[], Verdict::Broken),
            (json!({"account": "a"}), &[], Verdict::Broken),
            (json!({"account": "a"}), &["provider"], Verdict::CannotTell),
            (json!({}), &["provider"], Verdict::Holds),
            (json!({}), &["provider", "account"], Verdict::CannotTell),
            (json!({"provider": "aws"}), &["account"], Verdict::Holds),
            (json!({"provider": "generic"}), &["account"], Verdict::CannotTell),
        ] {
            assert_eq!(decide(test, &object, unknown), verdict, "{object} {unknown:?}");
        }
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        let test = Test::OnlyWith { field: "account", other: "mode", values: &["aws"] };
        assert_eq!(decide(test, &json!({"account": "a"}), &[]), Verdict::Holds);
        assert_eq!(decide(test, &json!({"account": "a", "mode": "x"}), &[]), Verdict::Broken);
    }

    #[test]
    fn exactly_one_of_several_may_be_set() {
        let test = Test::ExactlyOne(&["a", "b"]);
        for (object, unknown, verdict) in [
            (json!({"a": {}}), &[][..], Verdict::Holds),
            (json!({"a": {}, "b": null}), &[], Verdict::Holds),
            (json!({"a": {}, "b": {}}), &[], Verdict::Broken),
            (json!({}), &[], Verdict::Broken),
            (json!({}), &["a"], Verdict::CannotTell),
            (json!({"a": {}}), &["b"], Verdict::CannotTell),
            (json!({}), &["a", "b"], Verdict::CannotTell),
        ] {
            assert_eq!(decide(test, &object, unknown), verdict, "{object} {unknown:?}");
        }
    }
}
