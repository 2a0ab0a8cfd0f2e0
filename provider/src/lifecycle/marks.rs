//! What is kept beside the state of an object, in its private data.

use serde::{Deserialize, Serialize};
use tfplugin::private::Private;

/// What is kept beside the state of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// The cluster that the state speaks of, by the uid of its kube-system namespace.
    pub cluster: Option<String>,
    /// The object existed before it was taken over: a failed wait must not taint it, since replacing it prunes what runs.
    pub adopted: bool,
    /// The last wait failed or was cut short: the next plan waits again, although nothing differs.
    pub unready: bool,
    /// The connection was unknown at plan: the object may live in another cluster by now, and is applied wherever it is.
    pub unseen: bool,
}

impl Marks {
    const KEY: &str = "marks";

    /// Reads the marks; a state without any, from an import or another version, has none set.
    pub fn of(private: &Private) -> Self {
        private.get(Self::KEY).unwrap_or_default()
    }

    /// Writes the marks down.
    pub fn put(&self, private: &mut Private) {
        private.set(Self::KEY, self);
    }
}
