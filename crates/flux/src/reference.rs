//! Which other objects an object needs.

use serde_json::Value;

use crate::kinds::Kind;
use crate::path::FieldPath;

/// Another object, as an object names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace: the one that the reference states, or the object's own.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// Where in the object the name stands.
    pub path: FieldPath,
    /// Whether Flux goes on without it.
    pub optional: bool,
}

/// The objects that `object` needs, in the order of the kind's table.
pub fn references(kind: &Kind, object: &Value) -> Vec<Reference> {
    let _ = (kind, object);
    Vec::new()
}
