//! One action under way: its cluster, its time, its way to be stopped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cluster::{Cluster, Limits, Target};
use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{Conflicts, Error, Event, Progress};

/// How much later than the time limit the requests themselves are stopped: waits end at the limit and then ask the
/// cluster for events to tell.
const GRACE: Duration = Duration::from_secs(8);

/// How long taking back half-done work may last, whatever the time limit was.
pub(crate) const UNDOING: Duration = Duration::from_secs(120);

/// The pause between looks at a server that is away.
const PAUSE: Duration = Duration::from_secs(1);

/// What installs and upgrades have in common. The defaults are those of `fluxgate_install`, which are Helm's, except that
/// they wait, undo what failed, and keep three revisions.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Waits until all objects are ready.
    pub wait: bool,
    /// Waits until Jobs have completed; without it, until they have started.
    pub wait_for_jobs: bool,
    /// Takes a failed install or upgrade back.
    pub atomic: bool,
    /// Deletes what a failed upgrade has made, where it is not taken back as a whole.
    pub cleanup_on_fail: bool,
    /// How many revisions are kept; 0 for all. The last deployed one is always kept.
    pub max_history: usize,
    /// Leaves out the files under crds/.
    pub skip_crds: bool,
    /// Runs no hooks.
    pub disable_hooks: bool,
    /// Takes objects over that belong to nobody or to another release.
    pub take_ownership: bool,
    /// What to do about fields that others manage.
    pub conflicts: Conflicts,
    /// What the record says of a success; Helm's words by default.
    pub description: Option<String>,
    /// Lets CustomResourceDefinitions outlive the release.
    pub keep_crds: bool,
    /// How long the whole may last; undoing it comes on top, at most two minutes.
    pub timeout: Duration,
    /// After how long without a sign of life an action of Helm counts as dead, which would lock everybody out for ever
    /// otherwise. Must be longer than any of its actions lasts between two writes of its record. Our own actions give a
    /// sign every 30 seconds, and count as dead after two minutes without one.
    pub pending_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            wait: true,
            wait_for_jobs: true,
            atomic: true,
            cleanup_on_fail: true,
            max_history: 3,
            skip_crds: false,
            disable_hooks: false,
            take_ownership: false,
            conflicts: Conflicts::TakeBack,
            description: None,
            keep_crds: true,
            timeout: Duration::from_secs(600),
            pending_after: Duration::from_secs(1800),
        }
    }
}

/// Whether an error may pass by itself: the server is away, or too busy.
pub(crate) fn passes(error: &Error) -> bool {
    match error {
        Error::Cluster(
            cluster::Error::Unreachable { .. }
            | cluster::Error::TimedOut { .. }
            | cluster::Error::Unintelligible { .. },
        ) => true,
        Error::Cluster(cluster::Error::Api { code, .. }) => *code >= 429,
        _ => false,
    }
}

/// One action under way.
pub(crate) struct Run {
    /// For everything that stops when it is told to, or when the time is up.
    pub cluster: Cluster,
    /// For what has to be done although it was stopped.
    pub calm: Cluster,
    pub name: String,
    pub namespace: String,
    pub progress: Progress,
    timeout: Duration,
    deadline: Instant,
    cancel: CancellationToken,
    late: Arc<AtomicBool>,
    _alarm: AbortOnDropHandle<()>,
}

impl Run {
    pub fn new(
        cluster: &Cluster,
        name: &str,
        namespace: &str,
        timeout: Duration,
        cancel: &CancellationToken,
        progress: &Progress,
    ) -> Self {
        let stop = cancel.child_token();
        let deadline = Instant::now() + timeout;
        let late = Arc::new(AtomicBool::new(false));
        let alarm = {
            let (stop, late) = (stop.clone(), Arc::clone(&late));
            tokio::spawn(async move {
                tokio::time::sleep_until(deadline + GRACE).await;
                late.store(true, Ordering::Relaxed);
                stop.cancel();
            })
        };
        Self {
            cluster: cluster.until(&stop),
            calm: cluster.until(&CancellationToken::new()),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            progress: progress.clone(),
            timeout,
            deadline,
            cancel: cancel.clone(),
            late,
            _alarm: AbortOnDropHandle::new(alarm),
        }
    }

    /// The same release with time of its own, which no request to stop reaches: for undoing.
    pub fn undoing(&self) -> Self {
        let never = CancellationToken::new();
        let limit = self.timeout.min(UNDOING).max(Duration::from_secs(10));
        Self::new(&self.calm, &self.name, &self.namespace, limit, &never, &self.progress)
    }

    /// Waits until the server answers, at most as long as there is time: undoing is often due to a server that went away.
    pub async fn answered(&self) {
        let target = Target::namespace(&self.namespace);
        while let Err(error) = self.cluster.get(&target).await {
            if !passes(&error.into()) || self.left().is_zero() {
                break;
            }
            sleep(PAUSE).await;
        }
    }

    /// What is left of the time.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether it was told to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Ends here when it was told to stop or the time is up: at the boundaries between phases, so that no phase begins
    /// in vain.
    pub fn go_on(&self, doing: &str) -> Result<(), Error> {
        if self.is_cancelled() || self.left().is_zero() {
            let place = self.cluster.place().clone();
            return Err(cluster::Error::Cancelled { place, doing: doing.to_owned() }.into());
        }
        Ok(())
    }

    /// Says of an error whether it came from being stopped, or from the end of the time.
    pub fn judge(&self, error: Error) -> Error {
        let name = self.name.clone();
        if error.holds_a_stop() {
            if self.is_cancelled() {
                return Error::Cancelled { name, source: Box::new(error) };
            }
            if self.late.load(Ordering::Relaxed) || self.left().is_zero() {
                return Error::TimedOut { name, after: self.timeout, source: Box::new(error) };
            }
        }
        error
    }

    pub fn tell(&self, event: Event) {
        self.progress.tell(event);
    }

    /// How long one request may take.
    pub fn limits(&self) -> &Limits {
        self.cluster.limits()
    }
}
