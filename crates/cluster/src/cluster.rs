//! One cluster, ready for requests.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{Mutex, OnceCell},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{ConfigError, Error, ExecError, Limits, Place, Resource, Target, connect::Session, object::text};

/// A credential is renewed when less than this is left of it.
const NEARLY_EXPIRED: SignedDuration = SignedDuration::from_secs(10);

/// A cluster: an address, a credential and the limits of patience. Cheap to clone; clones share connections, credential,
/// caches and the request counter.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
    cancel: CancellationToken,
}

struct Inner {
    session: Session,
    limits: Limits,
    client: Mutex<Option<Open>>,
    requests: AtomicU64,
    identity: OnceCell<ClusterIdentity>,
    resources: Mutex<HashMap<String, Vec<Resource>>>,
}

/// An open client and how long its credential lasts.
#[derive(Clone)]
struct Open {
    client: kube::Client,
    expires: Option<Timestamp>,
    generation: u64,
}

/// What tells one cluster from another: the uid of its kube-system namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClusterIdentity(String);

impl ClusterIdentity {
    /// The uid.
    pub fn uid(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClusterIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Cluster {
    pub(crate) fn new(session: Session, limits: Limits) -> Self {
        let inner = Inner {
            session,
            limits,
            client: Mutex::default(),
            requests: AtomicU64::new(0),
            identity: OnceCell::new(),
            resources: Mutex::default(),
        };
        Self { inner: Arc::new(inner), cancel: CancellationToken::new() }
    }

    /// The same cluster, whose requests stop when `cancel` is cancelled: a read at once, a write before it is sent or
    /// repeated. A write that is under way is waited for, so that what it did is known.
    #[must_use]
    pub fn until(&self, cancel: &CancellationToken) -> Self {
        Self { inner: Arc::clone(&self.inner), cancel: cancel.clone() }
    }

    /// The address of the API server.
    pub fn server(&self) -> &str {
        self.place().server()
    }

    /// The context of the kubeconfig that named the cluster.
    pub fn context(&self) -> Option<&str> {
        self.place().context()
    }

    /// Address and context, as every error of this crate names them.
    pub fn place(&self) -> &Place {
        &self.inner.session.place
    }

    /// The namespace of the kubeconfig's context, where it names one.
    pub fn default_namespace(&self) -> Option<&str> {
        self.inner.session.namespace.as_deref()
    }

    /// How many requests were sent so far by this cluster and its clones, repetitions included.
    pub fn requests(&self) -> u64 {
        self.inner.requests.load(Ordering::Relaxed)
    }

    /// The limits that [`connect`](crate::connect()) was given.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// What tells this cluster from another. Asked for once, then remembered.
    ///
    /// # Errors
    ///
    /// As every request; [`Error::Forbidden`] when the credential may not read the namespace.
    pub async fn identity(&self) -> Result<&ClusterIdentity, Error> {
        self.inner
            .identity
            .get_or_try_init(|| async {
                let target = Target::namespace("kube-system");
                let namespace = self.get(&target).await?.ok_or_else(|| Error::NotFound {
                    place: self.place().clone(),
                    object: Box::new(target),
                })?;
                Ok(ClusterIdentity(text(&namespace, "/metadata/uid").unwrap_or_default().to_owned()))
            })
            .await
    }

    /// Checks that this is the cluster whose kube-system namespace had the uid `recorded`.
    ///
    /// # Errors
    ///
    /// [`Error::WrongCluster`], and those of [`Cluster::identity`].
    pub async fn expect_identity(&self, recorded: &str) -> Result<(), Error> {
        let found = self.identity().await?;
        if found.uid() == recorded {
            return Ok(());
        }
        Err(Error::WrongCluster {
            place: self.place().clone(),
            expected: recorded.to_owned(),
            found: found.uid().to_owned(),
        })
    }

    pub(crate) fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    pub(crate) fn count(&self) {
        self.inner.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn resources(&self) -> &Mutex<HashMap<String, Vec<Resource>>> {
        &self.inner.resources
    }

    /// Whether the credential comes from a plugin, and may be another one the next time.
    pub(crate) fn renews(&self) -> bool {
        self.inner.session.exec.is_some()
    }

    /// Opens a client, or gives the one that is open while its credential lasts. The number tells clients apart.
    pub(crate) async fn client(&self, deadline: Instant) -> Result<(kube::Client, u64), Error> {
        let mut slot = self.inner.client.lock().await;
        let generation = match slot.as_ref() {
            Some(open) if open.expires.is_none_or(|expires| Timestamp::now() + NEARLY_EXPIRED < expires) => {
                return Ok((open.client.clone(), open.generation));
            }
            Some(open) => open.generation + 1,
            None => 0,
        };
        let session = &self.inner.session;
        let credential = match &session.exec {
            None => None,
            Some(exec) => {
                let late =
                    ExecError::TimedOut { command: exec.command.clone(), after: self.inner.limits.request };
                let run = timeout_at(deadline, exec.run(&session.cluster_info())).await.unwrap_or(Err(late));
                Some(run.map_err(|source| Error::Credential {
                    place: self.place().clone(),
                    source: Box::new(source),
                })?)
            }
        };
        let client = session.client(credential.as_ref(), &self.inner.limits).map_err(|error| {
            ConfigError::Client { server: self.server().to_owned(), source: Box::new(error) }
        })?;
        let expires = credential.and_then(|credential| credential.expires);
        *slot = Some(Open { client: client.clone(), expires, generation });
        Ok((client, generation))
    }

    /// Gives up a client whose credential was refused, unless a newer one is there already.
    pub(crate) async fn forget_client(&self, generation: u64) {
        let mut slot = self.inner.client.lock().await;
        if let Some(open) = slot.as_mut().filter(|open| open.generation == generation) {
            open.expires = Some(Timestamp::UNIX_EPOCH);
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({})", self.place())
    }
}
