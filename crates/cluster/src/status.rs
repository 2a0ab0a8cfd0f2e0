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
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Details {
    pub name: String,
    pub kind: String,
    pub causes: Vec<StatusCause>,
    pub retry_after_seconds: u64,
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

    /// Whether one of its causes has this reason.
    pub fn has_cause(&self, reason: &str) -> bool {
        self.details.causes.iter().any(|cause| cause.reason == reason)
    }
}
