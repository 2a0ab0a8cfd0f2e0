//! The `Status` object in which an API server refuses something.

use serde::Deserialize;

/// A refusal, as <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/> describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    pub kind: String,
    pub message: String,
    pub reason: String,
    pub code: u16,
    pub details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Details {
    pub name: String,
    pub kind: String,
    pub causes: Vec<StatusCause>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StatusCause {
    pub reason: String,
    pub message: String,
    pub field: String,
}

impl Status {
    /// Reads a refusal; `None` when the text is not one, as with proxies and plain 404 pages.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(body).ok().filter(|status| status.kind == "Status")
    }

    /// Takes out what may quote the object that was refused. What is about rights, conflicts and names quotes nothing.
    pub fn hide(&mut self) {
        const HIDDEN: &str = "not valid; what the server says is not shown, since it may quote the Secret";
        if !self.message.contains(" cannot ") && !matches!(self.reason.as_str(), "Conflict" | "NotFound") {
            self.message = HIDDEN.to_owned();
            if matches!(self.code, 400 | 500) {
                self.reason = "Invalid".to_owned();
            }
        }
        for cause in &mut self.details.causes {
            if cause.reason != "FieldManagerConflict" && !cause.field.starts_with("metadata.") {
                cause.message = HIDDEN.to_owned();
                cause.field.clear();
            }
        }
    }

    /// Whether one of its causes has this reason.
    pub fn has_cause(&self, reason: &str) -> bool {
        self.details.causes.iter().any(|cause| cause.reason == reason)
    }
}
