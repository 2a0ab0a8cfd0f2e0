//! What a function is called with, and the words for arguments of the wrong type.

use std::rc::Rc;

use gotemplate::function::{Call, CallError};
use gotemplate::value::{Map, Value};

use crate::context::Context;

/// What a function answers.
pub(crate) type Answer = Result<Value, CallError>;

/// One call of a function.
pub(crate) struct Invocation<'a> {
    /// The template set that is running.
    pub(crate) running: &'a mut dyn Call,
    /// What the render as a whole knows.
    pub(crate) context: &'a Rc<Context>,
    /// The arguments, the piped one last.
    pub(crate) arguments: &'a [Value],
}

impl<'a> Invocation<'a> {
    /// The argument at a place; nil beyond the last.
    pub(crate) fn any(&self, at: usize) -> &'a Value {
        self.arguments.get(at).unwrap_or(&Value::Nil)
    }

    /// The arguments from a place on.
    pub(crate) fn rest(&self, from: usize) -> &'a [Value] {
        self.arguments.get(from..).unwrap_or_default()
    }

    /// The argument at a place, where Go asks for a `string`.
    pub(crate) fn text(&self, at: usize) -> Result<&'a str, CallError> {
        self.any(at).as_str().ok_or(CallError::Argument(at, "string"))
    }

    /// The argument at a place, where Go asks for an `int`.
    pub(crate) fn int(&self, at: usize) -> Result<i64, CallError> {
        match self.any(at) {
            Value::Int(value) => Ok(*value),
            _ => Err(CallError::Argument(at, "int")),
        }
    }

    /// The argument at a place, where Go asks for a `bool`.
    pub(crate) fn bool(&self, at: usize) -> Result<bool, CallError> {
        match self.any(at) {
            Value::Bool(value) => Ok(*value),
            _ => Err(CallError::Argument(at, "bool")),
        }
    }

    /// The argument at a place, where Go asks for a `map[string]interface {}`; nil is an empty one.
    pub(crate) fn map(&self, at: usize) -> Result<Map, CallError> {
        match self.any(at) {
            Value::Map(map) => Ok(map.clone()),
            Value::Nil => Ok(Map::new()),
            _ => Err(CallError::Argument(at, "map[string]interface {}")),
        }
    }

    /// The argument at a place, where Go takes any list; `words` is what Sprig says of other types.
    pub(crate) fn list(&self, at: usize, words: &str) -> Result<Vec<Value>, CallError> {
        match self.any(at) {
            Value::Nil => Err(NIL_POINTER.into()),
            other => elements(other).ok_or_else(|| format!("{words} {}", other.kind()).into()),
        }
    }
}

/// What Go says where a nil is looked into.
pub(crate) const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

/// The elements of a list, or of an object that Go would call a slice.
pub(crate) fn elements(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.to_vec()),
        Value::Object(object) if object.kind() == "slice" => {
            Some(object.entries()?.into_iter().map(|(_, value)| value).collect())
        }
        _ => None,
    }
}
