//! What an object has applied, as its inventory lists it, and which of that is not as it should be.

use std::{fmt, time::Duration};

use futures::{StreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{Cluster, Condition, Jobs, Progress, Target, object::text};

/// How long the look at an inventory may take; it comes after a wait that was long enough.
const LOOKING: Duration = Duration::from_secs(10);
/// How many entries are looked at. More would not be read by anybody.
const ENTRIES: usize = 500;
/// How many objects are read at a time.
const AT_ONCE: usize = 8;

/// An object that another one has applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryEntry {
    /// The API group, empty for the core group.
    pub group: String,
    /// The version in which it was applied.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The namespace, empty for objects of the whole cluster.
    pub namespace: String,
    /// The name.
    pub name: String,
}

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

impl fmt::Display for InventoryEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_str() {
            "" => write!(f, "{}/{}", self.kind, self.name),
            namespace => write!(f, "{}/{namespace}/{}", self.kind, self.name),
        }
    }
}

impl InventoryEntry {
    /// Reads an entry: its id is `namespace_name_group_kind`, where a colon in the name is written as two underscores.
    fn read(entry: &Value) -> Option<Self> {
        let (namespace, rest) = text(entry, "/id")?.split_once('_')?;
        let (rest, kind) = rest.rsplit_once('_')?;
        let (name, group) = rest.rsplit_once('_')?;
        Some(Self {
            group: group.to_owned(),
            version: text(entry, "/v").unwrap_or("v1").to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.replace("__", ":"),
        })
    }

    fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// The objects that a Kustomization, or another object with an inventory, has applied. What cannot be read is left out.
pub fn inventory_of(object: &Value) -> Vec<InventoryEntry> {
    let entries = object.pointer("/status/inventory/entries").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(InventoryEntry::read).collect()
}

/// How many objects a Kustomization, or another object with an inventory, has applied.
pub fn count_inventory(object: &Value) -> usize {
    object.pointer("/status/inventory/entries").and_then(Value::as_array).map_or(0, Vec::len)
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
        let mut entries = inventory_of(object);
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

    async fn part(&self, target: &Target, entry: &InventoryEntry) -> Option<Part> {
        let object = self.get(target).await.ok()?;
        let part = |why: String, failed| Some(Part { object: entry.to_string(), why, failed });
        match Condition::current(Jobs::default()).check(object.as_ref()) {
            Progress::Done => None,
            Progress::Pending(why) => part(why, object.is_none()),
            Progress::Failed(why) => part(why, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_are_read_as_flux_writes_them() {
        let object = json!({ "status": { "inventory": { "entries": [
            { "id": "apps_web_apps_Deployment", "v": "v1" },
            { "id": "_apps__Namespace", "v": "v1" },
            { "id": "_system__reader_rbac.authorization.k8s.io_ClusterRole", "v": "v1" },
            { "id": "rubbish", "v": "v1" },
        ] } } });
        let shown: Vec<_> =
            inventory_of(&object).iter().map(|entry| format!("{} {entry}", entry.api_version())).collect();
        assert_eq!(
            shown,
            [
                "apps/v1 Deployment/apps/web",
                "v1 Namespace/apps",
                "rbac.authorization.k8s.io/v1 ClusterRole/system:reader",
            ]
        );
        assert_eq!(count_inventory(&object), 4);
        assert_eq!(count_inventory(&json!({})), 0);
    }
}
