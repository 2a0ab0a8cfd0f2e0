//! The definitions of Flux's kinds as the cluster serves them, each fetched once, for what is good to know and not needed.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use flux::{Kind, crd::Definition};
use serde_json::Value;
use tokio::{
    sync::{Mutex, OnceCell},
    time::{Instant, timeout},
};

use crate::{
    Cluster, Error, Resource, Target,
    request::{About, Call},
};

/// How long a plugin and the cluster may take, each: nothing depends on it, so nobody waits longer for what is down.
const PATIENCE: Duration = Duration::from_secs(3);

/// A definition once it was asked for; none where there is none.
type Found = OnceCell<Option<Arc<Definition>>>;

/// What is remembered of definitions, also that there is none.
#[derive(Default)]
pub(crate) struct Definitions {
    known: Mutex<HashMap<String, Arc<Found>>>,
    /// No request is worth another try.
    given_up: AtomicBool,
}

impl Cluster {
    /// The definition of a kind; none where it is not there, may not be read or does not come within seconds.
    ///
    /// It costs one request for each kind, at most, and no more after one that did not reach the cluster. No credential is
    /// issued for it: where none is at hand there is no definition, for now.
    pub async fn definition(&self, kind: &Kind) -> Option<Arc<Definition>> {
        let remembered = self.definitions();
        let given_up = || remembered.given_up.load(Ordering::Relaxed);
        if given_up() || self.lacks_issue(Instant::now() + PATIENCE).await {
            return None;
        }
        let name = format!("{}.{}", kind.plural, kind.group);
        let cell = Arc::clone(remembered.known.lock().await.entry(name.clone()).or_default());
        let found = cell.get_or_init(|| self.fetch_definition(&name, kind)).await.clone();
        found.filter(|_| !given_up())
    }

    /// Gives up the definitions: Flux itself is about to change in the cluster, and what it will serve then is not known.
    pub fn definitions_change(&self) {
        self.definitions().given_up.store(true, Ordering::Relaxed);
    }

    async fn fetch_definition(&self, name: &str, kind: &Kind) -> Option<Arc<Definition>> {
        if self.definitions().given_up.load(Ordering::Relaxed) {
            return None;
        }
        let target = Target::new(Resource::custom_resource_definition(), "", name);
        let call = Call::get(About::Object(&target));
        // Who asks why a path is not served may ask on.
        let Ok(fetched) = timeout(2 * PATIENCE, self.fetch_once::<Value>(&call, PATIENCE)).await else {
            self.definitions_change();
            return None;
        };
        match fetched {
            Ok(crd) => Some(Arc::new(Definition::of(&crd, kind))),
            Err(error) => {
                tracing::debug!(definition = name, %error, "the definition that the cluster serves is not at hand");
                let there =
                    matches!(error, Error::NotFound { .. } | Error::Forbidden { .. } | Error::Api { .. });
                if !there {
                    self.definitions_change();
                }
                None
            }
        }
    }
}
