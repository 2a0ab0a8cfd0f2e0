//! One cluster, ready for requests.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{Mutex, Semaphore},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    ConfigError, Error, ExecError, IssueError, IssuedBy, Limits, Place, Proxies, Resource, Target,
    collection::Collections,
    connect::{Road, Session},
    definition::Definitions,
    kinds::ServedKinds,
    object::text,
    silence::Silence,
};

/// A credential is renewed when less than this is left of it, or than a quarter of its life where that is less.
const NEARLY_EXPIRED: SignedDuration = SignedDuration::from_secs(30);

/// A cluster: an address, a credential and the limits of patience. Cheap to clone; clones share connections, credential,
/// caches and the request counter.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
    cancel: CancellationToken,
    deadline: Option<Instant>,
}

struct Inner {
    place: Place,
    road: Road,
    limits: Limits,
    client: Mutex<Slot>,
    turns: Semaphore,
    requests: AtomicU64,
    proxy: OnceLock<String>,
    identity: OnceLock<ClusterIdentity>,
    /// Held by who asks for the identity.
    silence: Mutex<Silence>,
    resources: Mutex<HashMap<String, Vec<Resource>>>,
    collections: Collections,
    definitions: Definitions,
    served_kinds: ServedKinds,
}

/// The client, and how the last try to be given a credential failed.
#[derive(Default)]
struct Slot {
    open: Option<Open>,
    failed: Option<(Instant, IssueError)>,
}

/// An open client and until when it serves.
#[derive(Clone)]
struct Open {
    client: kube::Client,
    until: Option<Timestamp>,
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
    pub(crate) fn new(road: Road, limits: Limits) -> Self {
        let place = match &road {
            Road::Written(session) => session.place.clone(),
            Road::Issued(by, _) => Place::named(by.issuer().name()),
        };
        let inner = Inner {
            place,
            road,
            limits,
            client: Mutex::default(),
            turns: Semaphore::new(limits.in_flight.max(1)),
            requests: AtomicU64::new(0),
            proxy: OnceLock::new(),
            identity: OnceLock::new(),
            silence: Mutex::default(),
            resources: Mutex::default(),
            collections: Collections::default(),
            definitions: Definitions::default(),
            served_kinds: ServedKinds::default(),
        };
        Self { inner: Arc::new(inner), cancel: CancellationToken::new(), deadline: None }
    }

    /// The same cluster, whose requests stop when `cancel` is cancelled: a read at once, a write before it is sent or
    /// repeated. A write that is under way is waited for, so that what it did is known.
    #[must_use]
    pub fn until(&self, cancel: &CancellationToken) -> Self {
        Self { cancel: cancel.clone(), ..self.clone() }
    }

    /// The same cluster, whose requests end by a time also where [`Limits::request`] gives them longer.
    #[must_use]
    pub fn by(&self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// How long a request that begins now may take.
    pub(crate) fn patience(&self) -> Duration {
        let limit = self.limits().request;
        self.deadline.map_or(limit, |deadline| limit.min(deadline.saturating_duration_since(Instant::now())))
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
        &self.inner.place
    }

    /// The namespace of the kubeconfig's context, where it names one.
    pub fn default_namespace(&self) -> Option<&str> {
        match &self.inner.road {
            Road::Written(session) => session.namespace.as_deref(),
            Road::Issued(..) => None,
        }
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
    /// A cluster that does not answer is not asked by everybody in turn: who waited for the answer shares the error, and so does who
    /// comes in the next seconds, as many as it took.
    ///
    /// # Errors
    ///
    /// As every request; [`Error::Forbidden`] when the credential may not read the namespace.
    pub async fn identity(&self) -> Result<&ClusterIdentity, Error> {
        let known = &self.inner.identity;
        if let Some(identity) = known.get() {
            return Ok(identity);
        }
        let target = Target::namespace("kube-system");
        let mut silence = tokio::select! {
            silence = self.inner.silence.lock() => silence,
            () = self.cancel.cancelled() => {
                return Err(Error::Cancelled { place: self.place().clone(), doing: format!("get {target}") });
            }
        };
        if let Some(identity) = known.get() {
            return Ok(identity);
        }
        if let Some(error) = silence.recall(Instant::now()) {
            return Err(error);
        }
        let asked = Instant::now();
        let asking = self.get(&target).await;
        let namespace = asking.inspect_err(|error| silence.remember(asked, Instant::now(), error))?;
        let namespace = namespace
            .ok_or_else(|| Error::NotFound { place: self.place().clone(), object: Box::new(target) })?;
        let uid = text(&namespace, "/metadata/uid").unwrap_or_default().to_owned();
        Ok(known.get_or_init(|| ClusterIdentity(uid)))
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

    /// The turns of requests: whoever holds one may send.
    pub(crate) fn turns(&self) -> &Semaphore {
        &self.inner.turns
    }

    pub(crate) fn count(&self) {
        self.inner.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn resources(&self) -> &Mutex<HashMap<String, Vec<Resource>>> {
        &self.inner.resources
    }

    pub(crate) fn collections(&self) -> &Collections {
        &self.inner.collections
    }

    pub(crate) fn definitions(&self) -> &Definitions {
        &self.inner.definitions
    }

    pub(crate) fn served_kinds(&self) -> &ServedKinds {
        &self.inner.served_kinds
    }

    /// Whether the credential may be another one the next time.
    pub(crate) fn renews(&self) -> bool {
        match &self.inner.road {
            Road::Written(session) => session.renews(),
            Road::Issued(..) => true,
        }
    }

    /// Opens a client, or gives the one that is open while its credential lasts. The number tells clients apart.
    ///
    /// The time that an issuer takes, which may be that of making a cluster, is added to the deadline.
    pub(crate) async fn client(&self, deadline: &mut Instant) -> Result<(kube::Client, u64), Error> {
        let asked = Instant::now();
        let mut slot = self.inner.client.lock().await;
        let generation = match slot.open.as_ref() {
            Some(open) if open.until.is_none_or(|until| Timestamp::now() < until) => {
                *deadline += self.issuing(asked);
                return Ok((open.client.clone(), open.generation));
            }
            Some(open) => open.generation + 1,
            None => 0,
        };
        // Who waited while another one asked in vain shares the answer.
        if let Some((_, source)) = slot.failed.as_ref().filter(|(failed, _)| *failed > asked) {
            return Err(Error::NotIssued { place: self.place().clone(), source: source.clone() });
        }
        let now = Timestamp::now();
        let (client, expires) = match &self.inner.road {
            Road::Written(session) => self.open_written(session, *deadline).await?,
            Road::Issued(by, proxies) => match self.open_issued(by, proxies).await {
                Err(Error::NotIssued { place, source }) => {
                    slot.failed = Some((Instant::now(), source.clone()));
                    return Err(Error::NotIssued { place, source });
                }
                other => other?,
            },
        };
        *deadline += self.issuing(asked);
        let until = expires.map(|expires| serves_until(now, expires));
        slot.open = Some(Open { client: client.clone(), until, generation });
        Ok((client, generation))
    }

    /// Whether a request now would have to ask an issuer for a credential first. It waits for one that is being asked,
    /// to the deadline.
    pub(crate) async fn lacks_issue(&self, deadline: Instant) -> bool {
        if matches!(self.inner.road, Road::Written(_)) {
            return false;
        }
        let Ok(slot) = timeout_at(deadline, self.inner.client.lock()).await else { return true };
        let now = Timestamp::now();
        slot.open.as_ref().is_none_or(|open| open.until.is_some_and(|until| now >= until))
    }

    /// How long an issuer was waited for.
    fn issuing(&self, asked: Instant) -> Duration {
        match self.inner.road {
            Road::Issued(..) => asked.elapsed(),
            Road::Written(_) => Duration::ZERO,
        }
    }

    async fn open_written(
        &self,
        session: &Session,
        deadline: Instant,
    ) -> Result<(kube::Client, Option<Timestamp>), Error> {
        let credential = match &session.exec {
            None => None,
            Some(exec) => {
                let late =
                    ExecError::TimedOut { command: exec.command.clone(), after: self.inner.limits.request };
                let run = timeout_at(deadline, exec.run(session.cluster_info())).await.unwrap_or(Err(late));
                Some(run.map_err(|source| Error::Credential {
                    place: self.place().clone(),
                    source: Arc::new(source),
                })?)
            }
        };
        self.take_down_proxy(session);
        let client = session.client(credential.as_ref(), &self.inner.limits);
        let client = client.map_err(|error| self.unusable(error))?;
        Ok((client, credential.and_then(|credential| credential.expires)))
    }

    async fn open_issued(
        &self,
        by: &IssuedBy,
        proxies: &Proxies,
    ) -> Result<(kube::Client, Option<Timestamp>), Error> {
        let issued = by
            .issuer()
            .issue()
            .await
            .map_err(|source| Error::NotIssued { place: self.place().clone(), source })?;
        let session = issued.session(proxies)?;
        self.take_down_proxy(&session);
        self.place().found(session.place.server());
        let client = session.client(None, &self.inner.limits).map_err(|error| self.unusable(error))?;
        Ok((client, issued.expires()))
    }

    fn take_down_proxy(&self, session: &Session) {
        if let Some(proxy) = &session.proxy {
            self.inner.proxy.get_or_init(|| proxy.to_string());
        }
    }

    /// The proxy that the server is reached through, as people may see it.
    pub(crate) fn proxy(&self) -> Option<&str> {
        self.inner.proxy.get().map(String::as_str)
    }

    fn unusable(&self, error: kube::Error) -> ConfigError {
        ConfigError::Client { server: self.server().to_owned(), source: Box::new(error) }
    }

    /// Gives up a client whose credential was refused, unless a newer one is there already.
    pub(crate) async fn forget_client(&self, generation: u64) {
        let mut slot = self.inner.client.lock().await;
        if let Some(open) = slot.open.as_mut().filter(|open| open.generation == generation) {
            open.until = Some(Timestamp::UNIX_EPOCH);
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({})", self.place())
    }
}

/// Until when a credential is used that was asked for at `now`: short of its end, by what is little of its life.
fn serves_until(now: Timestamp, expires: Timestamp) -> Timestamp {
    let life = expires.duration_since(now).max(SignedDuration::ZERO);
    let spare = NEARLY_EXPIRED.min(life / 4);
    expires.checked_sub(spare).unwrap_or(expires)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serves(life: i64) -> i64 {
        let now = Timestamp::UNIX_EPOCH;
        serves_until(now, now + SignedDuration::from_secs(life)).as_second()
    }

    #[test]
    fn a_credential_is_renewed_before_it_expires_and_a_short_one_is_used_all_the_same() {
        assert_eq!((serves(3600), serves(40), serves(4), serves(-5)), (3570, 30, 3, -5));
    }
}
