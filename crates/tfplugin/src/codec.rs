//! Values on the wire: MessagePack with the schema's types, and the JSON of states.

mod json;
mod msgpack;

use thiserror::Error;

use crate::path::AttributePath;

pub use json::decode as decode_json;
pub use msgpack::{decode as decode_msgpack, encode as encode_msgpack};

/// How deep a value or a type may be nested.
pub const MAX_DEPTH: usize = 64;

/// Why bytes are no value of a type, or a value has no bytes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}{problem}", at(path))]
pub struct CodecError {
    /// Where.
    pub path: AttributePath,
    /// What.
    pub problem: Problem,
}

/// What is wrong at a place of a value. None of it shows the value.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Problem {
    /// Another kind of value.
    #[error("{expected} is required, found {found}")]
    Kind {
        /// What the type asks for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// An attribute that the type does not have.
    #[error("there is no such attribute")]
    Unexpected,
    /// An attribute that the type has.
    #[error("the attribute is missing")]
    Missing,
    /// A name that came before.
    #[error("the name comes twice")]
    Repeated,
    /// A tuple or dynamic value with too few or too many elements.
    #[error("{expected} elements are required, found {found}")]
    Length {
        /// How many the type asks for.
        expected: usize,
        /// How many are there.
        found: usize,
    },
    /// A number that is none.
    #[error("not a number")]
    Number,
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
    /// A dynamic value's type.
    #[error("the type of a dynamic value cannot be read: {0}")]
    Type(crate::value::TypeError),
    /// Deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// The bytes end too early, or are none of the format.
    #[error("the data is cut off or damaged")]
    Damaged,
    /// More bytes after the value.
    #[error("there is data after the value")]
    Trailing,
}

fn at(path: &AttributePath) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}

#[cfg(test)]
mod tests;
