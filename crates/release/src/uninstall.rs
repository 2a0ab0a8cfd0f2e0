//! Uninstall.

use std::time::Duration;

use chart::output::HookEvent;
use cluster::{Cluster, DeleteRequest, Target};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Event, Progress, Record, Status,
    custom_resources::held,
    deletion::{Removal, Spare, remove},
    hooks::Hooks,
    manifest::{self, Sourced, objects_of},
    namespace,
    objects::{Unserved, identities, locate},
    run::Run,
    storage,
    writer::Writer,
};

/// What to uninstall, and how.
#[derive(Debug, Clone)]
pub struct UninstallRequest {
    /// The release.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Leaves all CustomResourceDefinitions; without it those that are marked so, in the record or live.
    pub keep_crds: bool,
    /// Removes Flux's own finalizers from its custom resources once the controllers are gone; without it such objects are a
    /// reason to refuse. What they stand for in the cluster stays: nothing is pruned. Finalizers of others are left alone.
    pub clear_finalizers: bool,
    /// Runs no hooks.
    pub disable_hooks: bool,
    /// How long the whole may last.
    pub timeout: Duration,
}

impl UninstallRequest {
    /// An uninstall that keeps the definitions, refuses where finalizers remain, and lasts at most ten minutes.
    pub fn new(name: &str, namespace: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            keep_crds: true,
            clear_finalizers: false,
            disable_hooks: false,
            timeout: Duration::from_secs(600),
        }
    }
}

/// What an uninstall did.
#[derive(Debug, Clone, PartialEq)]
pub struct Uninstalled {
    /// The last revision; `None` where there was no such release.
    pub record: Option<Record>,
    /// Objects that were left.
    pub kept: Vec<Target>,
    /// Whether the namespace went too: it was made for the release, and nothing of others was in it.
    pub namespace_removed: bool,
    /// Why the namespace was left although it was made for the release: it could not be told whether others use it.
    pub namespace_doubt: Option<String>,
}

impl Uninstalled {
    fn new(record: Option<Record>, kept: Vec<Target>, namespace: namespace::Outcome) -> Self {
        let (namespace_removed, namespace_doubt) = match namespace {
            namespace::Outcome::Removed => (true, None),
            namespace::Outcome::Stays => (false, None),
            namespace::Outcome::Doubtful(why) => (false, Some(why)),
        };
        Self { record, kept, namespace_removed, namespace_doubt }
    }
}

/// Removes a release: its objects in Helm's order, what its hooks left running, its records, and the namespace where that
/// was made for it. What is gone already is no error, also when it is the whole release; nor is a release that is
/// pending or failed.
///
/// # Errors
///
/// [`Error::FinalizersRemain`], before anything was written, when objects remain that only the controllers of this release
/// can let go. [`Error::Hook`], [`Error::Delete`], [`Error::TimedOut`], [`Error::Cancelled`]: the release then stays on
/// record as failed, and another uninstall goes on, as does an upgrade.
pub async fn uninstall(
    cluster: &Cluster,
    request: &UninstallRequest,
    cancel: &CancellationToken,
    progress: &Progress,
) -> Result<Uninstalled, Error> {
    let run = Run::new(cluster, &request.name, &request.namespace, request.timeout, cancel, progress);
    perform(&run, request).await.map_err(|error| run.judge(error))
}

async fn perform(run: &Run, request: &UninstallRequest) -> Result<Uninstalled, Error> {
    let records = storage::history(&run.cluster, &run.namespace, &run.name).await?;
    let Some(last) = records.last() else {
        return Ok(Uninstalled::new(None, Vec::new(), namespace::remove(&run.cluster, run).await?));
    };
    let sourced = all_objects(&records)?;
    let objects = locate(&run.cluster, &run.namespace, sourced.clone(), &[], Unserved::LeftOut).await?;
    if !request.clear_finalizers {
        let held = held(&run.cluster, &sourced, &identities(&objects)).await?;
        if !held.is_empty() {
            return Err(Error::FinalizersRemain { objects: held });
        }
    }
    let stored = last.hooks()?;
    let mut hooks = Hooks::prepare_lenient(run, &stored).await?;
    let mut record = last.clone();
    record.set_deleted();
    record.set_status(Status::Uninstalling, "Deletion in progress (or silently failed)");
    storage::update(&run.cluster, &run.namespace, &record).await?;
    run.tell(Event::Recorded { revision: record.revision(), status: record.status().to_string() });
    let writer = Writer::new(run, record.clone());
    let outcome: Result<Vec<Target>, Error> = async {
        if !request.disable_hooks {
            hooks.execute(run, HookEvent::PreDelete, Some(&writer)).await?;
        }
        let spare = if request.keep_crds { Spare::All } else { Spare::AsMarked };
        let removal =
            Removal { objects: &objects, spare, clear_finalizers: request.clear_finalizers, patience: None };
        let kept = remove(run, &removal).await?;
        // Helm leaves what its hooks left; a Job without its release would run on for nobody.
        let left = hooks.left_behind(|hook| last.has_run(hook.position) && hook.is_work());
        delete_leftovers(run, &left).await?;
        if !request.disable_hooks {
            hooks.execute(run, HookEvent::PostDelete, Some(&writer)).await?;
        }
        Ok(kept)
    }
    .await;
    let kept = match outcome {
        Ok(kept) => kept,
        Err(error) => {
            let error = run.judge(error);
            let description = format!("Uninstalling {:?} failed: {error}", run.name);
            let failed = writer.finish(run, |record| record.set_status(Status::Failed, &description)).await;
            if let Err(also) = failed {
                tracing::warn!(error = %also, "the record does not say that the uninstall failed");
            }
            return Err(error);
        }
    };
    writer.stop().await;
    storage::purge(run, &run.cluster, records.iter().map(Record::revision).collect()).await?;
    Ok(Uninstalled::new(Some(record), kept, namespace::remove(&run.cluster, run).await?))
}

/// The objects of the last revision, and those that the last deployed one has besides: an upgrade that failed half-way
/// has not removed them.
pub(crate) fn all_objects(records: &[Record]) -> Result<Vec<Sourced>, Error> {
    let Some(last) = records.last() else { return Ok(Vec::new()) };
    let mut objects = objects_of(&manifest::read(last.manifest())?);
    if let Some(deployed) = storage::deployed(records).filter(|it| it.revision() != last.revision()) {
        let identity = |it: &Sourced| {
            let part = |pointer: &str| it.object.pointer(pointer).cloned();
            (part("/apiVersion"), part("/kind"), part("/metadata/namespace"), part("/metadata/name"))
        };
        for object in objects_of(&manifest::read(deployed.manifest())?) {
            if !objects.iter().any(|it| identity(it) == identity(&object)) {
                objects.push(object);
            }
        }
    }
    Ok(objects)
}

/// Deletes what hooks left, and waits until it is gone.
pub(crate) async fn delete_leftovers(run: &Run, left: &[Target]) -> Result<(), Error> {
    let deletions = left.iter().map(|target| async move {
        let deleted = run.cluster.delete(&DeleteRequest::new(target, run.left())).await?;
        if deleted == cluster::Deleted::Gone {
            run.tell(Event::Deleted { object: target.clone() });
        }
        Ok::<_, Error>(())
    });
    futures::future::try_join_all(deletions).await?;
    Ok(())
}
