//! What happens during an action, for whoever shows it.

use std::{fmt, sync::Arc};

use cluster::Target;

/// A step of an action. Texts hold names, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The server is asked whether it would take these objects.
    Checking {
        /// How many.
        objects: usize,
    },
    /// An object can only be checked later, since it needs what the release itself brings.
    Deferred {
        /// The object.
        object: Target,
        /// What it needs.
        why: String,
    },
    /// The namespace was made.
    NamespaceCreated {
        /// Its name.
        namespace: String,
    },
    /// The record was written.
    Recorded {
        /// The revision.
        revision: u64,
        /// Its status.
        status: String,
    },
    /// A hook was started.
    HookStarted {
        /// The event, such as `pre-install`.
        event: String,
        /// The object.
        object: Target,
    },
    /// A hook has succeeded.
    HookSucceeded {
        /// The object.
        object: Target,
    },
    /// An object was written.
    Applied {
        /// The object.
        object: Target,
        /// Whether it was made, rather than found.
        created: bool,
    },
    /// These objects are waited for.
    Waiting {
        /// How many.
        objects: usize,
    },
    /// An object is ready.
    Ready {
        /// The object.
        object: Target,
    },
    /// An object was deleted and is gone.
    Deleted {
        /// The object.
        object: Target,
    },
    /// An object was deleted, and something still holds it.
    StillThere {
        /// The object.
        object: Target,
        /// What holds it.
        why: String,
    },
    /// An object was left, as its policy or a setting says.
    Kept {
        /// The object.
        object: Target,
    },
    /// The namespace that was made for the release was left, since it could not be told whether others use it.
    NamespaceKept {
        /// Its name.
        namespace: String,
        /// Why not.
        why: String,
    },
    /// Finalizers were removed by hand.
    FinalizersCleared {
        /// The object.
        object: Target,
    },
    /// Something failed, and what was done so far is taken back.
    Undoing,
}

type Listener = dyn Fn(&Event) + Send + Sync;

/// Who is told of events; nobody by default.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Listener>>);

impl Progress {
    /// Nobody is told.
    pub fn silent() -> Self {
        Self(None)
    }

    /// Calls a function for each event. It must not block.
    pub fn new(listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(crate) fn tell(&self, event: Event) {
        tracing::debug!(?event, "release");
        if let Some(listener) = &self.0 {
            listener(&event);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Progress(told)" } else { "Progress(silent)" })
    }
}
