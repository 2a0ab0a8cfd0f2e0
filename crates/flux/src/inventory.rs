//! The inventory: the objects that an object of Flux keeps in the cluster, as its status lists them.
//!
//! Kustomization, HelmRelease, ResourceSet and FluxInstance write it in one form: `status.inventory.entries`, each with an id
//! `namespace_name_group_kind` and a version `v`.

use std::fmt;

use serde_json::Value;

/// One object of an inventory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
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

impl Entry {
    /// Reads an entry. A name has `__` where it has a colon, as names of RBAC do.
    ///
    /// ```
    /// let entry = flux::inventory::Entry::parse("_system__node_rbac.authorization.k8s.io_ClusterRole", "v1").unwrap();
    /// assert_eq!((entry.name.as_str(), entry.kind.as_str()), ("system:node", "ClusterRole"));
    /// ```
    pub fn parse(id: &str, version: &str) -> Option<Entry> {
        let (namespace, rest) = id.split_once('_')?;
        let (rest, kind) = rest.rsplit_once('_')?;
        let (name, group) = rest.rsplit_once('_')?;
        if name.is_empty() || kind.is_empty() {
            return None;
        }
        Some(Entry {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.replace("__", ":"),
        })
    }

    /// The `apiVersion`: `apps/v1`, or the version alone in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

impl fmt::Display for Entry {
    /// `Deployment/apps/web`, and without a namespace `Namespace/apps`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_str() {
            "" => write!(f, "{}/{}", self.kind, self.name),
            namespace => write!(f, "{}/{namespace}/{}", self.kind, self.name),
        }
    }
}

/// The inventory of an object as it was read from the cluster, in the order of its status; `None` where it has none.
pub fn of(object: &Value) -> Option<Vec<Entry>> {
    let entries = object.pointer("/status/inventory/entries")?.as_array()?;
    Some(
        entries
            .iter()
            .filter_map(|entry| Entry::parse(entry["id"].as_str()?, entry["v"].as_str().unwrap_or_default()))
            .collect(),
    )
}

/// How many objects the inventory of an object lists; 0 where it has none.
pub fn count(object: &Value) -> usize {
    object.pointer("/status/inventory/entries").and_then(Value::as_array).map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_come_apart_at_the_right_places() {
        for (id, wanted) in [
            ("apps_web_apps_Deployment", ("apps", "web", "apps", "Deployment")),
            ("apps_settings__ConfigMap", ("apps", "settings", "", "ConfigMap")),
            ("_apps__Namespace", ("", "apps", "", "Namespace")),
            (
                "_a__b__c_rbac.authorization.k8s.io_ClusterRole",
                ("", "a:b:c", "rbac.authorization.k8s.io", "ClusterRole"),
            ),
        ] {
            let entry = Entry::parse(id, "v1").unwrap();
            let parts =
                (entry.namespace.as_str(), entry.name.as_str(), entry.group.as_str(), entry.kind.as_str());
            assert_eq!(parts, wanted, "{id}");
            let place = if wanted.0.is_empty() { String::new() } else { format!("{}/", wanted.0) };
            assert_eq!(entry.to_string(), format!("{}/{place}{}", wanted.3, wanted.1));
        }
        for id in ["", "a", "a_b", "a_b_c", "a__c_Kind"] {
            assert_eq!(Entry::parse(id, "v1"), None, "{id}");
        }
    }

    #[test]
    fn an_inventory_is_counted() {
        assert_eq!(count(&json!({ "status": { "inventory": { "entries": [{}, {}] } } })), 2);
        assert_eq!(count(&json!({ "status": {} })), 0);
    }

    #[test]
    fn no_inventory_is_not_an_empty_one() {
        assert_eq!(of(&json!({"status": {}})), None);
        assert_eq!(of(&json!({"status": {"inventory": {"entries": []}}})), Some(Vec::new()));
        let one = of(
            &json!({"status": {"inventory": {"entries": [{"id": "n_w_apps_Deployment", "v": "v1"}, {"id": "?"}]}}}),
        );
        assert_eq!(one.unwrap()[0].api_version(), "apps/v1");
    }
}
