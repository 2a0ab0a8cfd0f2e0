//! By what an object is found again: the id and the identity that people import by.

use cluster::Cluster;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    identity::{IdentityAttribute, IdentitySchema},
    provider::Call,
    resource::StoredState,
    value::Value,
};

use crate::context::{Context, Reach};

/// The version of our identities. OpenTofu (1.12) leaves an object that was moved the identity that it had in the other provider, and asks
/// to have it upgraded only when its version is lower: kubernetes_manifest has version 1, so ours begin well above.
const VERSION: i64 = 10;

/// The identity of everything that lives in a namespace of a cluster.
pub(crate) fn schema() -> IdentitySchema {
    IdentitySchema {
        version: VERSION,
        attributes: vec![
            IdentityAttribute::required("namespace", "Its namespace."),
            IdentityAttribute::required("name", "Its name."),
            IdentityAttribute::optional(
                "cluster",
                "The cluster, by its name in the provider's `clusters`; without it the provider's `kubernetes`.",
            ),
        ],
    }
}

/// Reads an identity that another resource left behind before a move: namespace and name are called so everywhere.
pub(crate) fn upgrade(stored: &StoredState) -> Result<Value, Diagnostics> {
    let schema = schema();
    let identity = stored.decode(&schema.ty()).unwrap_or_default();
    match schema.of(&identity) {
        Some(identity) => Ok(identity),
        None => Err(Diagnostic::error(
            "The identity is not readable",
            "The identity in state, which another provider wrote, has no namespace and name. Remove the object from the state, and import it again.",
        )
        .into()),
    }
}

/// How an object is named by who imports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// One of the provider's further clusters.
    pub cluster: Option<String>,
    pub namespace: String,
    pub name: String,
}

impl Named {
    /// Takes an id apart: `namespace/name`, or `cluster/namespace/name`.
    pub fn by_id(id: &str) -> Result<Self, Diagnostic> {
        let parts: Vec<_> = id.split('/').collect();
        let whole = parts.iter().all(|part| !part.is_empty());
        match parts.as_slice() {
            [namespace, name] if whole => {
                Ok(Self { cluster: None, namespace: (*namespace).to_owned(), name: (*name).to_owned() })
            }
            [cluster, namespace, name] if whole => Ok(Self {
                cluster: Some((*cluster).to_owned()),
                namespace: (*namespace).to_owned(),
                name: (*name).to_owned(),
            }),
            _ => Err(Diagnostic::error(
                "This id names no object",
                format!(
                    "The id {id:?} is not of the form namespace/name, such as flux-system/apps, or cluster/namespace/name."
                ),
            )),
        }
    }

    /// Reads an identity, whose namespace and name are there.
    pub fn by_identity(identity: &Value) -> Self {
        let text = |name: &str| identity.get(name).as_str().map(str::to_owned);
        Self {
            cluster: text("cluster"),
            namespace: text("namespace").unwrap_or_default(),
            name: text("name").unwrap_or_default(),
        }
    }

    /// The cluster of the object.
    pub fn reach(&self, context: &Context, call: &Call) -> Result<Cluster, Diagnostic> {
        match context.cluster(self.cluster.as_deref()) {
            Reach::Known(cluster) => Ok(cluster.until(&call.cancel)),
            Reach::Unnamed(diagnostic) => Err(diagnostic),
            Reach::Unknown => Err(Diagnostic::error(
                "The cluster is unknown",
                "An import needs a connection that is known without an apply.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_identity_of_a_manifest_of_another_provider_is_read() {
        let json = r#"{"api_version": "v1", "kind": "X", "namespace": "apps", "name": "app"}"#;
        let identity = upgrade(&StoredState::new(1, json)).unwrap();
        assert_eq!(
            Named::by_identity(&identity),
            Named { cluster: None, namespace: "apps".to_owned(), name: "app".to_owned() }
        );
        assert!(upgrade(&StoredState::new(1, r#"{"id": "x"}"#)).is_err());
        assert!(upgrade(&StoredState::new(1, "rubbish")).is_err());
    }

    #[test]
    fn an_id_has_two_parts_or_three() {
        assert_eq!(Named::by_id("a/b").unwrap().cluster, None);
        assert_eq!(Named::by_id("c/a/b").unwrap().cluster.as_deref(), Some("c"));
        for wrong in ["", "a", "a/", "/b", "a//b", "a/b/c/d"] {
            assert!(Named::by_id(wrong).is_err(), "{wrong}");
        }
    }
}
