//! The kinds that a cluster serves, by API group.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::{
    Cluster, Error, Resource,
    capabilities::AGGREGATED,
    request::{About, Call},
};

/// The kinds that can be listed, of all groups, once somebody asked.
type Served = OnceCell<Vec<Resource>>;

/// What a cluster said that it serves.
#[derive(Default)]
pub(crate) struct ServedKinds(Mutex<Arc<Served>>);

impl ServedKinds {
    fn cell(&self) -> Arc<Served> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets it, since something was written, which may be a definition or what brings some.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    /// Forgets one answer, unless there is a newer one already.
    fn renew(&self, old: &Arc<Served>) {
        let mut cell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&cell, old) {
            *cell = Arc::default();
        }
    }
}

impl Cluster {
    /// The kinds that can be listed, of the API groups that `wanted` takes, each in the version that its group prefers.
    ///
    /// One request, whose answer is remembered until this process writes something. It is asked for again where nothing is found in it,
    /// or a kind that is `sought` is not, since that may have come meanwhile. A group whose server does not answer is left out.
    ///
    /// # Errors
    ///
    /// As every request; [`Error::Unintelligible`] for servers older than Kubernetes 1.27.
    pub async fn kinds_of(
        &self,
        wanted: impl Fn(&str) -> bool,
        sought: &[&str],
    ) -> Result<Vec<Resource>, Error> {
        let cell = self.served_kinds().cell();
        let remembered = cell.initialized();
        let taken = |kinds: &[Resource]| -> Vec<Resource> {
            kinds.iter().filter(|kind| wanted(&kind.group)).cloned().collect()
        };
        let found = taken(cell.get_or_try_init(|| self.fetch_kinds()).await?);
        let complete =
            !found.is_empty() && sought.iter().all(|sought| found.iter().any(|kind| kind.kind == *sought));
        if complete || !remembered {
            return Ok(found);
        }
        self.served_kinds().renew(&cell);
        Ok(taken(self.served_kinds().cell().get_or_try_init(|| self.fetch_kinds()).await?))
    }

    async fn fetch_kinds(&self) -> Result<Vec<Resource>, Error> {
        let groups: Groups =
            self.fetch(&Call { accept: AGGREGATED, ..Call::get(About::Path("/apis")) }).await?;
        let mut kinds: Vec<Resource> = Vec::new();
        for group in &groups.items {
            // Versions come in the order of preference.
            for version in &group.versions {
                for served in
                    version.resources.iter().filter(|served| served.verbs.iter().any(|verb| verb == "list"))
                {
                    let known = |kind: &Resource| {
                        kind.group == group.metadata.name && kind.kind == served.response_kind.kind
                    };
                    if !served.response_kind.kind.is_empty() && !kinds.iter().any(known) {
                        kinds.push(Resource::new(
                            &group.metadata.name,
                            &version.version,
                            &served.response_kind.kind,
                            &served.resource,
                            served.scope == "Namespaced",
                        ));
                    }
                }
            }
        }
        kinds.sort_by(|one, other| (&one.group, &one.kind).cmp(&(&other.group, &other.kind)));
        Ok(kinds)
    }
}

#[derive(Deserialize)]
struct Groups {
    items: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default)]
    resources: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    resource: String,
    #[serde(default)]
    response_kind: Kind,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Kind {
    #[serde(default)]
    kind: String,
}
