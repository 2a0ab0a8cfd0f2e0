//! The document that a rule sees as `input`: one object, and what is about to happen to it.

use flux::manifest::Manifest;
use flux::path::FieldPath;
use serde::Serialize;
use serde_json::Value;

use crate::Change;

/// The input of one evaluation.
#[derive(Serialize)]
pub(crate) struct Input<'m> {
    /// The object; what is not known in it is null or absent.
    object: &'m Value,
    /// `create`, `update`, `delete` or `none`.
    change: &'static str,
    /// How messages call the object, so that no rule needs its name to be there or to be known.
    subject: String,
}

impl<'m> Input<'m> {
    pub(crate) fn of(manifest: &'m Manifest, change: Change) -> Input<'m> {
        let change = match change {
            Change::Create => "create",
            Change::Update => "update",
            Change::Unchanged => "none",
            Change::Delete => "delete",
        };
        Input { object: manifest.object(), change, subject: subject(manifest) }
    }

    pub(crate) fn to_json(&self) -> String {
        // Values, texts and nothing else: it always becomes JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// How messages call the object: kind, namespace and name, but for what is sensitive.
pub(crate) fn subject(manifest: &Manifest) -> String {
    let secret = ["namespace", "name"].map(|field| FieldPath::of(["metadata", field]));
    if secret.iter().any(|path| manifest.is_sensitive(path)) {
        return format!("{} (its name is sensitive)", manifest.kind());
    }
    manifest.reference()
}
