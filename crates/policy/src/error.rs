//! Why the gate is shut.

/// Why the gate is shut: nothing was judged, and nothing may pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There was nothing to check.
    #[error("no object was given to check")]
    NoObjects,
    /// The engine is not built yet.
    #[error("the policy engine is not ready")]
    NotReady,
}
