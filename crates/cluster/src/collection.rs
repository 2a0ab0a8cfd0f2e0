//! Reads of many objects of one collection: after the first few, one list answers for hundreds.
//!
//! A refresh reads each object of a state. Object by object that is a request for each, which a distant API server answers in tens of
//! milliseconds; a list of five hundred costs it about as much as twenty of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

use crate::{
    Cluster, Error, Target,
    object::text,
    read::{PAGE, Page},
    silence::Silence,
};

/// How many objects of a collection are read one by one before a list is worth it.
const ALONE: usize = 3;

/// How long what a list said is taken for the truth.
const FRESH: Duration = Duration::from_secs(10);

/// A further page is asked for when at least one in so many of the objects listed so far was wanted, in all lists of the collection.
const WANTED: usize = 10;

/// What is known of the collections of a cluster, by their paths.
#[derive(Default)]
pub(crate) struct Collections(Mutex<HashMap<String, Arc<AsyncMutex<Collection>>>>);

/// The objects of one kind in one namespace.
#[derive(Default)]
struct Collection {
    /// How many of its objects were asked for.
    reads: usize,
    /// Whether lists are refused, as to a role that may only get.
    refused: bool,
    /// How many objects lists have said.
    listed: usize,
    /// How many of them somebody asked for.
    taken: usize,
    list: Option<List>,
    silence: Silence,
}

/// What a list said.
struct List {
    since: Instant,
    /// The objects that nobody took yet, by name.
    objects: HashMap<String, Value>,
    /// Where it goes on; empty where it ends.
    next: String,
}

impl Collections {
    fn of(&self, target: &Target) -> Arc<AsyncMutex<Collection>> {
        let path = target.resource.path(target.namespace.as_deref());
        let mut collections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(collections.entry(path).or_default())
    }

    /// Forgets what lists said, since something was written.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Cluster {
    /// Reads an object as one of many: `None` when it does not exist. Where many objects of its kind and namespace are read one after
    /// the other, most of them come from a list of at most ten seconds ago, in which each is looked up once; after a write of this
    /// process lists are made anew. An object that the list does not have is asked for by itself, and so is each where lists are
    /// forbidden.
    ///
    /// # Errors
    ///
    /// [`Error::NotServed`] when the cluster does not know the kind, and those of every request.
    pub async fn get_among(&self, target: &Target) -> Result<Option<Value>, Error> {
        let collection = self.collections().of(target);
        let found = {
            let mut collection = collection.lock().await;
            collection.reads += 1;
            let asked = Instant::now();
            if let Some(error) = collection.silence.recall(asked) {
                return Err(error);
            }
            match self.looked_up(&mut collection, target).await {
                Ok(found) => found,
                // Who does not reach the cluster need not try again.
                Err(
                    error @ (Error::Unreachable { .. }
                    | Error::TimedOut { .. }
                    | Error::Cancelled { .. }
                    | Error::Unauthorized { .. }
                    | Error::NotIssued { .. }
                    | Error::Credential { .. }),
                ) => {
                    collection.silence.remember(asked, Instant::now(), &error);
                    return Err(error);
                }
                Err(_) => {
                    collection.refused = true;
                    None
                }
            }
        };
        match found {
            Some(object) => Ok(Some(object)),
            None => self.get(target).await,
        }
    }

    /// Looks an object up in the list of its collection, which is made or continued where that is worth it.
    async fn looked_up(&self, collection: &mut Collection, target: &Target) -> Result<Option<Value>, Error> {
        if collection.refused || collection.reads <= ALONE {
            return Ok(None);
        }
        let namespace = target.namespace.as_deref();
        let fresh = collection.list.take().filter(|list| list.since.elapsed() <= FRESH);
        let list = match fresh {
            Some(list) => collection.list.insert(list),
            None => {
                let since = Instant::now();
                let page = self.page(&target.resource, namespace, &[], "").await?;
                collection.listed += page.objects.len();
                collection.list.insert(List::new(since, page))
            }
        };
        loop {
            if let Some(object) = list.objects.remove(&target.name) {
                collection.taken += 1;
                return Ok(Some(object));
            }
            if list.next.is_empty() || collection.taken * WANTED < collection.listed {
                return Ok(None);
            }
            let page = self.page(&target.resource, namespace, &[], &list.next).await?;
            collection.listed += page.objects.len();
            list.add(page);
        }
    }
}

impl List {
    fn new(since: Instant, page: Page) -> Self {
        let mut list = Self { since, objects: HashMap::with_capacity(PAGE as usize), next: String::new() };
        list.add(page);
        list
    }

    fn add(&mut self, page: Page) {
        self.next = page.next;
        let named = |object: Value| Some((text(&object, "/metadata/name")?.to_owned(), object));
        self.objects.extend(page.objects.into_iter().filter_map(named));
    }
}
