//! From the status of an object to one word: Ready, or why not.

use serde_json::Value;

use crate::kinds::Kind;

/// How an object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The state in one word.
    pub state: State,
    /// The reason that the controller gives, in CamelCase; empty where there is none.
    pub reason: String,
    /// What the controller says, or what we say where it says nothing.
    pub message: String,
}

/// The state of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Reconciled, for the current generation.
    Ready,
    /// On its way.
    Progressing,
    /// The last attempt failed.
    Failed {
        /// Whether the controller has given up until the object changes; otherwise it tries again.
        terminal: bool,
    },
    /// Nothing is done, as `spec.suspend` asks.
    Suspended,
    /// Being deleted.
    Terminating,
    /// Nothing in the object tells.
    Unknown,
}

/// Judges an object as it was read from the cluster.
pub fn assess(kind: &Kind, object: &Value) -> Status {
    let _ = (kind, object);
    Status { state: State::Unknown, reason: String::new(), message: String::new() }
}
