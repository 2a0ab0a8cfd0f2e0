//! Waiting for a condition with few requests: one watch that starts where the last answer left off.
//!
//! A watch that ends is taken up where it ended; one whose beginning is forgotten (410), or that breaks, starts over from
//! a fresh reading; where listing or watching is not allowed, the object is read every two seconds.

use std::time::Duration;

use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::{
    Cluster, Condition, Error, Explanation, Place, Progress, Target,
    error::seconds,
    object::text,
    request::{About, Call},
};

/// How long a watch is asked to last. It also bounds how long a connection that died silently goes unnoticed.
const WATCH: Duration = Duration::from_secs(60);
/// How much later than asked a watch may end before its connection counts as dead.
const SLACK: Duration = Duration::from_secs(10);
/// How often an object is read where it cannot be watched.
const POLL: Duration = Duration::from_secs(2);
/// How often the log says that a wait goes on.
const BEAT: Duration = Duration::from_secs(30);
/// The pause after a failure that may pass.
const PAUSE: Duration = Duration::from_secs(1);

/// A wait: for which object, for what, how long.
#[derive(Debug, Clone)]
pub struct Wait {
    /// The object.
    pub target: Target,
    /// What it is waited for.
    pub condition: Condition,
    /// How long at most.
    pub timeout: Duration,
    /// The object as the last request gave it. Saves a request, and is itself the answer when the condition holds.
    pub from: Option<Value>,
}

impl Wait {
    /// A wait that begins by reading the object.
    pub fn new(target: &Target, condition: Condition, timeout: Duration) -> Self {
        Self { target: target.clone(), condition, timeout, from: None }
    }

    /// Begins at an object that was just read or written.
    #[must_use]
    pub fn from(mut self, object: Value) -> Self {
        self.from = Some(object);
        self
    }
}

/// How a wait can end, besides well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The time is up.
    #[error("{object} in {place} is not {condition} after {}: {explanation}", seconds(*.after), object = .explanation.object)]
    TimedOut {
        /// The cluster.
        place: Place,
        /// What was waited for, such as `ready`.
        condition: String,
        /// How long.
        after: Duration,
        /// What the object said last.
        explanation: Box<Explanation>,
        /// The object as it was seen last.
        last: Option<Box<Value>>,
        /// The trouble with the cluster at the end, where there was any.
        source: Option<Box<Error>>,
    },
    /// The object says that it will not get there by itself.
    #[error("{object} in {place} will not become {condition}: {explanation}", object = .explanation.object)]
    Failed {
        /// The cluster.
        place: Place,
        /// What was waited for.
        condition: String,
        /// What the object says.
        explanation: Box<Explanation>,
        /// The object.
        last: Option<Box<Value>>,
    },
    /// The object was deleted meanwhile, or replaced by another of its name.
    #[error("{object} in {place} was deleted while it was expected to become {condition}")]
    Gone {
        /// The cluster.
        place: Place,
        /// What was waited for.
        condition: String,
        /// The object.
        object: Box<Target>,
    },
    /// It was told to stop.
    #[error("stopped on request: waiting for {object} in {place} to become {condition}")]
    Cancelled {
        /// The cluster.
        place: Place,
        /// What was waited for.
        condition: String,
        /// The object.
        object: Box<Target>,
        /// The object as it was seen last.
        last: Option<Box<Value>>,
    },
    /// A request failed in a way that waiting does not mend.
    #[error(transparent)]
    Cluster(#[from] Error),
}

impl WaitError {
    /// The object as it was seen last, so that nothing that exists is lost from a record.
    pub fn last(&self) -> Option<&Value> {
        match self {
            Self::TimedOut { last, .. } | Self::Failed { last, .. } | Self::Cancelled { last, .. } => {
                last.as_deref()
            }
            Self::Gone { .. } | Self::Cluster(_) => None,
        }
    }

    /// Condition and events of the object, where the wait came that far.
    pub fn explanation(&self) -> Option<&Explanation> {
        match self {
            Self::TimedOut { explanation, .. } | Self::Failed { explanation, .. } => Some(explanation),
            Self::Gone { .. } | Self::Cancelled { .. } | Self::Cluster(_) => None,
        }
    }
}

/// How following an object ended.
pub(crate) enum End {
    Done(Option<Value>),
    Failed(String),
    Gone,
}

/// How one watch ended.
enum Watched {
    Ended(End),
    /// The server closed it; it goes on from this version.
    Closed(String),
    /// Its version is too old.
    Expired,
}

/// What is known of the object so far.
#[derive(Default)]
pub(crate) struct Seen {
    pub last: Option<Value>,
    pending: Option<String>,
    trouble: Option<Error>,
}

impl Cluster {
    /// Waits until a condition holds and gives the object that fulfils it; `None` when it is the absence that was waited
    /// for. No request when [`Wait::from`] fulfils it already, else one watch a minute, and one reading before it when
    /// there is no [`Wait::from`].
    ///
    /// Failures that may pass, such as a server that is restarted, do not end the wait.
    ///
    /// # Errors
    ///
    /// See [`WaitError`].
    pub async fn wait(&self, wait: &Wait) -> Result<Option<Value>, WaitError> {
        let mut seen = Seen::default();
        let ended = self.settle(wait, &mut seen).await;
        let place = self.place().clone();
        let condition = wait.condition.name().to_owned();
        let object = Box::new(wait.target.clone());
        match ended {
            Ok(Some(End::Done(object))) => Ok(object),
            Ok(Some(End::Gone)) => Err(WaitError::Gone { place, condition, object }),
            Ok(Some(End::Failed(why))) => {
                let explanation = Box::new(self.explain(&wait.target, seen.last.as_ref(), why).await);
                Err(WaitError::Failed { place, condition, explanation, last: seen.last.map(Box::new) })
            }
            Ok(None) => {
                let why = seen.pending.unwrap_or_else(|| "nothing is known of it".to_owned());
                let explanation = Box::new(self.explain(&wait.target, seen.last.as_ref(), why).await);
                Err(WaitError::TimedOut {
                    place,
                    condition,
                    after: wait.timeout,
                    explanation,
                    last: seen.last.map(Box::new),
                    source: seen.trouble.map(Box::new),
                })
            }
            Err(Error::Cancelled { .. }) => {
                Err(WaitError::Cancelled { place, condition, object, last: seen.last.map(Box::new) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Follows an object to the end of a wait; `None` when the time was up before.
    pub(crate) async fn settle(&self, wait: &Wait, seen: &mut Seen) -> Result<Option<End>, Error> {
        if let Some(end) = wait.from.clone().and_then(|object| seen.judge(wait, Some(object))) {
            return Ok(Some(end));
        }
        tokio::select! {
            biased;
            () = self.cancel().cancelled() => {
                let doing = format!("wait for {}", wait.target);
                Err(Error::Cancelled { place: self.place().clone(), doing })
            }
            followed = timeout_at(Instant::now() + wait.timeout, self.follow(wait, seen)) => match followed {
                Ok(end) => end.map(Some),
                Err(_) => Ok(None),
            },
            () = beat(wait) => Ok(None),
        }
    }

    async fn follow(&self, wait: &Wait, seen: &mut Seen) -> Result<End, Error> {
        let mut version = seen
            .last
            .as_ref()
            .and_then(|object| text(object, "/metadata/resourceVersion"))
            .map(str::to_owned);
        let mut pauses = Pauses::default();
        loop {
            pauses.take().await;
            let from = match version.take() {
                Some(version) => version,
                None => match self.read_with_version(&wait.target).await {
                    Ok((object, version)) => {
                        seen.trouble = None;
                        if let Some(end) = seen.judge(wait, object) {
                            return Ok(end);
                        }
                        version
                    }
                    Err(Error::Forbidden { .. }) => return self.poll(wait, seen).await,
                    Err(error) => {
                        seen.bear(error)?;
                        continue;
                    }
                },
            };
            match self.watch(wait, seen, from).await {
                Ok(Watched::Ended(end)) => return Ok(end),
                Ok(Watched::Closed(last)) => version = Some(last),
                Ok(Watched::Expired) => {}
                Err(Error::Forbidden { .. }) => return self.poll(wait, seen).await,
                Err(error) => seen.bear(error)?,
            }
        }
    }

    async fn poll(&self, wait: &Wait, seen: &mut Seen) -> Result<End, Error> {
        loop {
            match self.get(&wait.target).await {
                Ok(object) => {
                    seen.trouble = None;
                    if let Some(end) = seen.judge(wait, object) {
                        return Ok(end);
                    }
                }
                Err(error) => seen.bear(error)?,
            }
            sleep(POLL).await;
        }
    }

    /// Reads an object, or its absence, with the version that a watch can begin at.
    async fn read_with_version(&self, target: &Target) -> Result<(Option<Value>, String), Error> {
        let mut call = Call::get(About::List(&target.resource, target.namespace.as_deref()));
        call.query.push(("fieldSelector", format!("metadata.name={}", target.name)));
        let mut list: Value = self.fetch(&call).await?;
        let version = text(&list, "/metadata/resourceVersion").unwrap_or_default().to_owned();
        let object = list.pointer_mut("/items/0").map(|object| {
            let mut object = object.take();
            object["apiVersion"] = target.resource.api_version().into();
            object["kind"] = target.resource.kind.as_str().into();
            object
        });
        Ok((object, version))
    }

    async fn watch(&self, wait: &Wait, seen: &mut Seen, mut version: String) -> Result<Watched, Error> {
        let target = &wait.target;
        let mut call = Call::get(About::List(&target.resource, target.namespace.as_deref()));
        call.verb = "watch";
        call.query = vec![
            ("watch", "true".to_owned()),
            ("fieldSelector", format!("metadata.name={}", target.name)),
            ("resourceVersion", version.clone()),
            ("allowWatchBookmarks", "true".to_owned()),
            ("timeoutSeconds", WATCH.as_secs().to_string()),
        ];
        let mut body = match self.stream(&call).await {
            Ok(body) => body,
            Err(Error::Api { code: 410, .. }) => return Ok(Watched::Expired),
            Err(error) => return Err(error),
        };
        seen.trouble = None;
        let mut buffer = Vec::new();
        loop {
            let Ok(frame) = timeout(WATCH + SLACK, body.frame()).await else {
                return Ok(Watched::Expired);
            };
            let frame = match frame {
                None => return Ok(Watched::Closed(version)),
                Some(Ok(frame)) => frame,
                Some(Err(_)) => return Ok(Watched::Expired),
            };
            buffer.extend_from_slice(&frame.into_data().unwrap_or_default());
            while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = buffer.drain(..=end).collect();
                let event: WatchEvent = self.decode(&call, &line)?;
                let now = text(&event.object, "/metadata/resourceVersion").unwrap_or_default();
                let object = match event.kind.as_str() {
                    "ADDED" | "MODIFIED" => Some(event.object.clone()),
                    "DELETED" => None,
                    "BOOKMARK" => {
                        version = now.to_owned();
                        continue;
                    }
                    // An error in a watch is nearly always 410; whatever it is, reading afresh shows it again.
                    _ => return Ok(Watched::Expired),
                };
                version = now.to_owned();
                if let Some(end) = seen.judge(wait, object) {
                    return Ok(Watched::Ended(end));
                }
            }
        }
    }
}

/// Says in the log that a wait goes on, for as long as it does.
async fn beat(wait: &Wait) {
    let started = Instant::now();
    loop {
        sleep(BEAT).await;
        let seconds = started.elapsed().as_secs();
        tracing::info!(object = %wait.target, condition = wait.condition.name(), seconds, "still waiting");
    }
}

#[derive(Deserialize)]
struct WatchEvent {
    #[serde(rename = "type")]
    kind: String,
    object: Value,
}

/// Lets the first new start happen at once and spaces further ones, since something between here and the server may end
/// every watch as soon as it begins.
#[derive(Default)]
struct Pauses {
    started: Option<Instant>,
    in_a_row: u32,
}

impl Pauses {
    async fn take(&mut self) {
        match self.started {
            Some(started) if started.elapsed() < PAUSE => self.in_a_row += 1,
            _ => self.in_a_row = 0,
        }
        if self.in_a_row > 1 {
            sleep(PAUSE).await;
        }
        self.started = Some(Instant::now());
    }
}

impl Seen {
    /// Takes in a new state of the object and says whether that ends the wait.
    fn judge(&mut self, wait: &Wait, object: Option<Value>) -> Option<End> {
        let uid = |object: &Option<Value>| {
            object.as_ref().and_then(|object| text(object, "/metadata/uid")).map(str::to_owned)
        };
        let lost = self.last.is_some() && uid(&self.last) != uid(&object);
        if lost && !wait.condition.is_of_absence() {
            return Some(End::Gone);
        }
        let progress = wait.condition.check(object.as_ref());
        self.last = object;
        match progress {
            Progress::Done => Some(End::Done(self.last.take())),
            Progress::Failed(why) => Some(End::Failed(why)),
            Progress::Pending(why) => {
                if self.pending.as_ref() != Some(&why) {
                    tracing::info!(object = %wait.target, condition = wait.condition.name(), why, "waiting");
                    self.pending = Some(why);
                }
                None
            }
        }
    }

    /// Remembers a failure that may pass, and gives back one that will not.
    fn bear(&mut self, error: Error) -> Result<(), Error> {
        match error {
            Error::Unreachable { .. } | Error::TimedOut { .. } | Error::Unintelligible { .. } => {}
            Error::Api { code, .. } if code >= 429 => {}
            // A credential that expired in the middle may come with the next try.
            Error::Credential { .. } | Error::NotIssued { .. } if self.last.is_some() => {}
            lasting => return Err(lasting),
        }
        tracing::debug!(%error, "waiting goes on");
        self.trouble = Some(error);
        Ok(())
    }
}
