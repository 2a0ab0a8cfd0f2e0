//! What type a value is, and whether two are equal.

use std::rc::Rc;

use gotemplate::value::{MAX_DEPTH, Value};

use super::{Answer, Entry, Exactly, Invocation};

pub(super) const TABLE: &[Entry] = &[
    ("typeOf", Exactly(1), |call| Ok(call.any(0).type_name().into())),
    ("typeIs", Exactly(2), |call| Ok((call.text(0)? == call.any(1).type_name()).into())),
    ("typeIsLike", Exactly(2), type_is_like),
    ("kindOf", Exactly(1), |call| Ok(call.any(0).kind().into())),
    ("kindIs", Exactly(2), |call| Ok((call.text(0)? == call.any(1).kind()).into())),
    ("deepEqual", Exactly(2), |call| Ok(deep_equal(call.any(0), call.any(1)).into())),
];

fn type_is_like(call: &mut Invocation<'_>) -> Answer {
    let (target, found) = (call.text(0)?, call.any(1).type_name());
    Ok((target == found || target.strip_prefix('*') == Some(found) || found == format!("*{target}")).into())
}

/// Go's `reflect.DeepEqual`: types must be equal too.
pub(crate) fn deep_equal(left: &Value, right: &Value) -> bool {
    equal_at(left, right, 0)
}

fn equal_at(left: &Value, right: &Value, depth: usize) -> bool {
    match (left, right) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) | (Value::Int64(left), Value::Int64(right)) => left == right,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Str(left), Value::Str(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len()
                && depth < MAX_DEPTH
                && left.iter().zip(right.iter()).all(|(left, right)| equal_at(left, right, depth + 1))
        }
        (Value::Map(left), Value::Map(right)) => {
            if left.is(right) {
                return true;
            }
            let (left, right) = (left.entries(), right.entries());
            left.len() == right.len()
                && depth < MAX_DEPTH
                && left
                    .iter()
                    .zip(&right)
                    .all(|((key, left), (other, right))| key == other && equal_at(left, right, depth + 1))
        }
        (Value::Object(left), Value::Object(right)) => {
            Rc::ptr_eq(left, right)
                || (left.type_name() == right.type_name() && left.print() == right.print())
        }
        _ => false,
    }
}
