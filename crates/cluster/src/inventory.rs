//! What of the objects that an inventory lists is not as it should be.

use std::{fmt, time::Duration};

use flux::inventory::{self, Entry};
use futures::{StreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{Cluster, Condition, Jobs, Progress, Target};

/// How long the look at an inventory may take; it comes after a wait that was long enough.
const LOOKING: Duration = Duration::from_secs(10);
/// How many entries are looked at. More would not be read by anybody.
const ENTRIES: usize = 500;
/// How many objects are read at a time.
const AT_ONCE: usize = 8;

/// An object of an inventory that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The object, as `Deployment/apps/web`.
    pub object: String,
    /// What is wrong with it.
    pub why: String,
    /// Whether it will not mend by itself, or is not there at all; otherwise it is on its way.
    pub failed: bool,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.why)
    }
}

impl Cluster {
    /// Looks for what an object has applied and is missing, failed or not ready, by the rules of kstatus; the worst first. One request for
    /// each entry of the inventory, of which 500 are looked at, and no longer than ten seconds; none where the inventory is in another
    /// cluster. What cannot be read is passed over.
    pub async fn unhealthy_parts(&self, object: &Value) -> Vec<Part> {
        if object.pointer("/spec/kubeConfig").is_some_and(|config| !config.is_null()) {
            return Vec::new();
        }
        let deadline = Instant::now() + LOOKING;
        let mut entries = inventory::of(object).unwrap_or_default();
        entries.truncate(ENTRIES);
        let mut targets = Vec::new();
        for entry in entries {
            // One after the other, so that what the cluster serves is asked for once.
            let resource = match timeout_at(deadline, self.resource(&entry.api_version(), &entry.kind)).await
            {
                Ok(Ok(resource)) => resource,
                Ok(Err(_)) => continue,
                Err(_) => break,
            };
            targets.push((Target::new(resource, &entry.namespace, &entry.name), entry));
        }
        let mut parts = Vec::new();
        let mut looking = stream::iter(targets)
            .map(|(target, entry)| async move { self.part(&target, &entry).await })
            .buffer_unordered(AT_ONCE);
        while let Ok(Some(part)) = timeout_at(deadline, looking.next()).await {
            parts.extend(part);
        }
        parts.sort_by(|one, other| (!one.failed, &one.object).cmp(&(!other.failed, &other.object)));
        parts
    }

    async fn part(&self, target: &Target, entry: &Entry) -> Option<Part> {
        let object = self.get(target).await.ok()?;
        let part = |why: String, failed| Some(Part { object: entry.to_string(), why, failed });
        match Condition::current(Jobs::default()).check(object.as_ref()) {
            Progress::Done => None,
            Progress::Pending(why) => part(why, object.is_none()),
            Progress::Failed(why) => part(why, true),
        }
    }
}
