//! The builtins of Rego that OPA leaves to the host: one file for each family, one table from name to function.
//!
//! A builtin that fails shuts the gate. OPA itself would go on as if the expression were undefined, and then
//! a rule that meant to refuse may say nothing; so here the evaluation ends with an error that names the
//! builtin. Rules guard their arguments, and never get there.

mod strings;
mod time;

use crate::value::Value;

/// A builtin: arguments in, a value out.
pub(crate) type Builtin = fn(&[Value]) -> Result<Value, Failure>;

/// The longest text that a builtin may make. Fuel does not count what the host does.
const LONGEST_TEXT: usize = 1 << 20;

/// Every builtin that is here, by the name that a compiled policy asks for.
const TABLE: &[(&str, Builtin)] = &[
    ("sprintf", strings::sprintf),
    ("strings.any_prefix_match", strings::any_prefix_match),
    ("strings.any_suffix_match", strings::any_suffix_match),
    ("strings.count", strings::count),
    ("time.parse_duration_ns", time::parse_duration_ns),
];

/// The builtin of that name.
pub(crate) fn find(name: &str) -> Option<Builtin> {
    TABLE.iter().find(|(known, _)| *known == name).map(|(_, builtin)| *builtin)
}

/// The names of all builtins that are here.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

/// Why a builtin has no answer, in OPA's words where OPA has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// An argument has a type that the builtin does not take.
    #[error("operand {position} must be {wanted} but got {found}")]
    Operand { position: usize, wanted: &'static str, found: &'static str },
    /// The builtin was called with another number of arguments than it has.
    #[error("wrong number of operands")]
    Arity,
    /// The text that it makes is too long.
    #[error(transparent)]
    TooLong(#[from] go::format::TooLong),
    /// The text is no duration.
    #[error(transparent)]
    Duration(#[from] go::duration::ParseError),
}

fn operands<const N: usize>(arguments: &[Value]) -> Result<&[Value; N], Failure> {
    arguments.try_into().map_err(|_| Failure::Arity)
}

fn string(position: usize, value: &Value) -> Result<&str, Failure> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(Failure::Operand { position, wanted: "string", found: other.type_name() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_names_nothing_twice() {
        let names: Vec<&str> = names().collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }

    #[test]
    fn a_call_with_other_operands_is_an_error() {
        for (name, builtin) in TABLE {
            assert_eq!(builtin(&[]), Err(Failure::Arity), "{name}");
            assert!(matches!(
                builtin(&[Value::Null, Value::Null][..arity(name)]),
                Err(Failure::Operand { .. })
            ));
        }
    }

    fn arity(name: &str) -> usize {
        if name == "time.parse_duration_ns" { 1 } else { 2 }
    }
}
