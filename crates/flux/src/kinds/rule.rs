//! Rules between fields, as the CRDs state them in CEL, with three outcomes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use super::{Field, FieldType};
use crate::cel::{self, CelError, CelValue, Expression, Read};
use crate::schema::Spelling;

/// A rule between fields of one object inside `spec`.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Where the object is, inside `spec` in wire names with dots; empty for `spec` itself, `list[]` for the
    /// elements of a list.
    pub at: &'static str,
    /// The expression that must hold there, as the CRD states it; `self` is the object.
    pub cel: &'static str,
    /// The member on which a finding is shown, in wire names with dots; empty for the object itself.
    pub on: &'static str,
    /// What must hold, in our own words; lower case, no full stop, fields as `{wireName}`.
    pub says: &'static str,
}

/// The outcome of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The rule holds.
    Holds,
    /// The rule is broken.
    Broken,
    /// A value that decides is known only after apply.
    CannotTell,
}

impl Rule {
    /// Decides the rule for the object at [`Rule::at`], whose table is `fields`.
    ///
    /// `open` says whether what is read at a place cannot be relied on. Null counts as not set and defaults are
    /// filled in, as the API server does. A rule that gives no answer counts as broken, as there.
    pub(crate) fn decide(
        &self,
        fields: &'static [Field],
        object: &Value,
        open: impl Fn(&Read) -> bool,
    ) -> Verdict {
        let Ok(expression) = self.expression() else { return Verdict::Broken };
        if expression.is_transition() || expression.reads().iter().any(open) {
            return Verdict::CannotTell;
        }
        match expression.holds(typed(&FieldType::Object(fields), object), None) {
            Ok(true) => Verdict::Holds,
            Ok(false) | Err(_) => Verdict::Broken,
        }
    }

    /// The expression, read once for each process.
    pub(crate) fn expression(&self) -> Result<Arc<Expression>, CelError> {
        type Known = BTreeMap<&'static str, Result<Arc<Expression>, CelError>>;
        static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
        let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(self.cel).or_insert_with(|| Expression::read(self.cel).map(Arc::new)).clone()
    }

    /// What must hold, with the fields in the spelling that was asked for.
    pub(crate) fn words(&self, fields: &'static [Field], spelling: Spelling) -> String {
        let mut words = String::new();
        let mut rest = self.says;
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, after)| Some((before, after.split_once('}')?)))
        {
            words.push_str(before);
            words.push_str(&spelled(fields, name, spelling));
            rest = after;
        }
        words + rest
    }
}

/// A path of fields as the spelling has it: `sts.secret_ref` for `sts.secretRef`.
fn spelled(fields: &'static [Field], path: &str, spelling: Spelling) -> String {
    let mut fields = fields;
    let mut names = Vec::new();
    for name in path.split('.') {
        let field = fields.iter().find(|field| field.wire() == name);
        names.push(match (spelling, field) {
            (Spelling::Hcl, Some(field)) => field.hcl(),
            _ => name,
        });
        fields = match field.map(|field| field.ty) {
            Some(FieldType::Object(inner)) => inner,
            _ => &[],
        };
    }
    names.join(".")
}

/// A value as an expression sees it: with the table's types and defaults, without nulls.
fn typed(ty: &FieldType, value: &Value) -> CelValue {
    match (ty, value) {
        (FieldType::Object(fields), Value::Object(members)) => {
            cel::object(fields.iter().filter_map(|field| {
                let set = members.get(field.wire()).filter(|value| !value.is_null());
                let value = match set {
                    Some(value) => typed(&field.ty, value),
                    None => typed(&field.ty, &field.default_value()?),
                };
                Some((field.wire(), value))
            }))
        }
        (FieldType::List(item), Value::Array(items)) => {
            CelValue::List(Arc::new(items.iter().map(|value| typed(item, value)).collect()))
        }
        (FieldType::StringMap, Value::Object(entries)) => {
            cel::map(entries.iter().map(|(key, value)| (key.clone(), cel::untyped(value))))
        }
        (FieldType::Map(inner), Value::Object(entries)) => {
            cel::map(entries.iter().map(|(key, value)| (key.clone(), typed(inner, value))))
        }
        (FieldType::Number, Value::Number(number)) => cel::double(number),
        _ => cel::untyped(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const INNER: &[Field] = &[Field::string("long_name", ""), Field::string("mode", "").default("\"a\"")];
    const FIELDS: &[Field] = &[
        Field::string("provider", "").default("\"generic\""),
        Field::string("service_account", ""),
        Field::object("inner", INNER, ""),
        Field::string_map("labels", ""),
        Field::new("share", FieldType::Number, ""),
    ];

    fn decide(cel: &'static str, object: &Value, open: &[&str]) -> Verdict {
        let rule = Rule { at: "", cel, on: "", says: "" };
        rule.decide(FIELDS, object, |read| open.contains(&read.path.join(".").as_str()))
    }

    #[test]
    fn a_rule_holds_or_is_broken_or_cannot_tell() {
        let cel = "!has(self.serviceAccount) || self.provider == 'aws'";
        for (object, open, verdict) in [
            (json!({}), &[][..], Verdict::Holds),
            (json!({"serviceAccount": null, "provider": "generic"}), &[], Verdict::Holds),
            (json!({"serviceAccount": "a", "provider": "aws"}), &[], Verdict::Holds),
            (json!({"serviceAccount": "a", "provider": "generic"}), &[], Verdict::Broken),
            (json!({"serviceAccount": "a"}), &["provider"], Verdict::CannotTell),
            (json!({}), &["serviceAccount"], Verdict::CannotTell),
        ] {
            assert_eq!(decide(cel, &object, open), verdict, "{object} {open:?}");
        }
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        assert_eq!(decide("self.provider == 'generic'", &json!({}), &[]), Verdict::Holds);
        assert_eq!(decide("self.provider == 'generic'", &json!({"provider": null}), &[]), Verdict::Holds);
        assert_eq!(decide("self.inner.mode == 'a'", &json!({"inner": {}}), &[]), Verdict::Holds);
        assert_eq!(decide("has(self.inner)", &json!({}), &[]), Verdict::Broken);
    }

    #[test]
    fn values_have_the_types_of_the_table() {
        let object = json!({"labels": {"a-b": "x"}, "share": 3});
        assert_eq!(
            decide("self.labels['a-b'] == 'x' && self.share / 2.0 == 1.5", &object, &[]),
            Verdict::Holds
        );
    }

    #[test]
    fn a_rule_that_gives_no_answer_is_broken() {
        for cel in ["self.serviceAccount == 'a'", "has(self.a", "self.provider", "nonsense()"] {
            assert_eq!(decide(cel, &json!({}), &[]), Verdict::Broken, "{cel}");
        }
        // Without the object as it was, a rule about a change says nothing.
        assert_eq!(decide("self == oldSelf", &json!({}), &[]), Verdict::CannotTell);
    }

    #[test]
    fn words_spell_fields_as_their_readers_do() {
        let rule =
            Rule { at: "", cel: "", on: "", says: "{serviceAccount} needs {inner.longName}, {x} and {" };
        assert_eq!(rule.words(FIELDS, Spelling::Wire), "serviceAccount needs inner.longName, x and {");
        assert_eq!(rule.words(FIELDS, Spelling::Hcl), "service_account needs inner.long_name, x and {");
    }
}
