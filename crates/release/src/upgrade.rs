//! Upgrade.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::Duration,
};

use chart::{
    Chart,
    output::{HookEvent, Rendered},
};
use cluster::{Cluster, Jobs, Target};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    CleanUp, Error, Event, Progress, Record, Settings, Status,
    applying::{Written, apply, wait},
    custom_resources,
    deletion::{Removal, Spare, remove},
    hooks::Hooks,
    keep,
    manifest::{Sourced, objects_of},
    namespace,
    objects::{
        Check, Found, Identity, Planned, Unserved, brought_kinds, check, identities, leaves, locate, mark,
    },
    record::Draft,
    rollback::roll_back,
    run::Run,
    storage, uninstall,
    writer::Writer,
};

/// How long an object that an upgrade drops may take to go before it is left to itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to upgrade to, and how.
#[derive(Clone)]
pub struct UpgradeRequest<'a> {
    /// The release.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The chart, for the record.
    pub chart: &'a Chart,
    /// All values that are given, without the chart's own, for the record. Nothing is taken over from earlier revisions.
    pub config: &'a Map<String, Value>,
    /// What the chart gave, rendered for an upgrade to [`next_revision`].
    pub rendered: &'a Rendered,
    /// How.
    pub settings: Settings,
}

/// Name and namespace only: values hold secrets.
impl fmt::Debug for UpgradeRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UpgradeRequest({}/{})", self.namespace, self.name)
    }
}

/// What an upgrade did.
#[derive(Debug, Clone, PartialEq)]
pub struct Upgraded {
    /// The record of the deployed revision.
    pub record: Record,
    /// Objects that the new revision lacks and that were left, as their policy says.
    pub kept: Vec<Target>,
}

/// The revision that an upgrade after these makes.
pub fn next_revision(records: &[Record]) -> u64 {
    records.last().map_or(1, |last| last.revision() + 1)
}

/// Upgrades a release, as `helm upgrade --reset-values --wait` does, by server-side apply throughout: what Helm 3 or the
/// Helm provider of Terraform wrote is taken over first.
///
/// It starts from the last deployed revision; where none is, from the last one, if that failed. One that is pending locks,
/// as with Helm, though not for ever: see [`Settings::pending_after`]. Objects that the new revision lacks are deleted,
/// unless their stored or live form says `helm.sh/resource-policy: keep`. Files under crds/ are not touched.
///
/// # Errors
///
/// [`Error::NotFound`], [`Error::NothingDeployed`], [`Error::Pending`], [`Error::Manifest`], [`Error::Foreign`],
/// [`Error::DefinitionsInUse`] and [`Error::DryRun`] come before anything was written. After that an error is inside
/// [`Error::Undone`] where [`Settings::atomic`] is set and an earlier revision could be gone back to; the record of the
/// failed revision stays.
pub async fn upgrade(
    cluster: &Cluster,
    request: &UpgradeRequest<'_>,
    cancel: &CancellationToken,
    progress: &Progress,
) -> Result<Upgraded, Error> {
    let timeout = request.settings.timeout;
    let run = Run::new(cluster, request.name, request.namespace, timeout, cancel, progress);
    perform(&run, request).await.map_err(|error| run.judge(error))
}

/// The revision that an upgrade starts from.
fn base(records: &[Record]) -> Result<&Record, Error> {
    let Some(last) = records.last() else {
        return Err(Error::NotFound { name: String::new(), namespace: String::new() });
    };
    match (storage::deployed(records), last.status()) {
        (Some(deployed), _) => Ok(deployed),
        (None, Status::Failed | Status::Superseded | Status::Uninstalling) => Ok(last),
        // Its author is dead, else it would have locked.
        (None, status) if status.is_pending() => Ok(last),
        _ => Err(Error::NothingDeployed {
            name: last.name().to_owned(),
            namespace: last.namespace().to_owned(),
        }),
    }
}

/// What is written, checked and ready.
struct Plan {
    objects: Vec<Planned>,
    found: Vec<Found>,
    dropped: Vec<Planned>,
    hooks: Hooks,
}

async fn perform(run: &Run, request: &UpgradeRequest<'_>) -> Result<Upgraded, Error> {
    let settings = &request.settings;
    let none = std::collections::BTreeMap::new();
    let (records, there) = futures::join!(
        storage::history(&run.cluster, &run.namespace, &run.name),
        namespace::ensure(run, false, &none)
    );
    let records = match (records?, there) {
        (records, _) if records.is_empty() => {
            return Err(Error::NotFound { name: run.name.clone(), namespace: run.namespace.clone() });
        }
        (records, there) => {
            there?;
            records
        }
    };
    storage::not_busy(&records, settings.pending_after)?;
    let base = base(&records)?;
    let mut rendered = request.rendered.clone();
    if settings.keep_crds {
        keep::keep_definitions(&mut rendered);
    }
    let mut record = Record::new(&Draft {
        name: request.name,
        namespace: request.namespace,
        revision: next_revision(&records),
        chart: request.chart,
        config: request.config,
        rendered: &rendered,
        status: Status::PendingUpgrade,
        description: "Preparing upgrade",
        first_deployed: base.first_deployed().map(str::to_owned),
    });
    record.take_labels(base);
    let encoding = tokio::spawn(storage::encode(record.clone()));
    let old = uninstall::all_objects(&records)?;
    let plan = plan(run, settings, &old, &rendered).await?;
    run.go_on("write the record")?;
    let encoded = match encoding.await {
        Ok(encoded) => encoded?,
        Err(error) => return Err(Error::Record { secret: record.secret_name(), why: error.to_string() }),
    };
    storage::prune(run, &records, settings.max_history).await?;
    storage::create(run, &record, &encoded).await?;
    run.tell(Event::Recorded { revision: record.revision(), status: record.status().to_string() });

    let writer = Writer::new(run, record);
    let Plan { objects, found, dropped, mut hooks } = plan;
    let written = Written::default();
    let done: Result<Vec<Target>, Error> = async {
        hooks.execute(run, HookEvent::PreUpgrade, Some(&writer)).await?;
        apply(run, &objects, &found, settings.conflicts, &written).await?;
        let removal = Removal {
            objects: &dropped,
            spare: Spare::AsMarked,
            clear_finalizers: false,
            patience: Some(PATIENCE),
        };
        let ready = async {
            if settings.wait || settings.atomic {
                let jobs = if settings.wait_for_jobs { Jobs::Completed } else { Jobs::Started };
                wait(run, &written, jobs).await?;
            }
            Ok::<_, Error>(())
        };
        let (kept, ready) = futures::join!(remove(run, &removal), ready);
        let kept = kept?;
        ready?;
        hooks.execute(run, HookEvent::PostUpgrade, Some(&writer)).await?;
        Ok(kept)
    }
    .await;
    match done {
        Ok(kept) => {
            let description = settings.description.as_deref().unwrap_or("Upgrade complete");
            let record =
                writer.finish(run, |record| record.set_status(Status::Deployed, description)).await?;
            supersede(run, &records).await?;
            Ok(Upgraded { record, kept })
        }
        Err(error) => {
            let error = run.judge(error);
            let description = format!("Upgrade {:?} failed: {error}", run.name);
            let failed = writer.finish(run, |record| record.set_status(Status::Failed, &description)).await;
            let failed = match failed {
                Ok(failed) => failed,
                Err(also) => {
                    return Err(Error::Undone {
                        source: Box::new(error),
                        clean_up: CleanUp::Failed(Box::new(also)),
                    });
                }
            };
            let good =
                records.iter().rev().find(|it| matches!(it.status(), Status::Deployed | Status::Superseded));
            match good.filter(|_| settings.atomic) {
                Some(good) => {
                    run.tell(Event::Undoing);
                    let undo = run.undoing();
                    undo.answered().await;
                    let left = hooks.left_behind(|hook| {
                        failed.has_run(hook.position) && (hook.is_work() || hook.goes_when_done())
                    });
                    let undone = async {
                        uninstall::delete_leftovers(&undo, &left).await?;
                        roll_back(&undo, settings, &records, &failed, good).await
                    };
                    let clean_up = match undone.await {
                        Ok(to) => CleanUp::RolledBack { to },
                        Err(error) => CleanUp::Failed(Box::new(error)),
                    };
                    Err(Error::Undone { source: Box::new(error), clean_up })
                }
                None if settings.cleanup_on_fail => {
                    clean_up(&run.undoing(), &objects, &written).await;
                    Err(error)
                }
                None => Err(error),
            }
        }
    }
}

/// Finds the targets of everything and checks it.
async fn plan(run: &Run, settings: &Settings, old: &[Sourced], rendered: &Rendered) -> Result<Plan, Error> {
    let new = objects_of(&rendered.manifests);
    let lost = custom_resources::lost(&run.cluster, old, &new).await?;
    if !lost.is_empty() {
        return Err(Error::DefinitionsInUse { kinds: lost });
    }
    let brought = brought_kinds(&new);
    let known = locate(&run.cluster, &run.namespace, old.to_vec(), &[], Unserved::LeftOut).await?;
    let mut objects = locate(&run.cluster, &run.namespace, new, &brought, Unserved::Refused).await?;
    // An object that is stated in another version of its kind is the one that was there.
    let before: HashMap<Identity, &Planned> =
        known.iter().map(|it| (Identity::from(&it.target), it)).collect();
    for planned in &mut objects {
        mark(&mut planned.object, &run.name, &run.namespace);
        if let Some(before) = before.get(&Identity::from(&planned.target)) {
            planned.owned = owned(run, before);
        }
    }
    let (targets, stays) = (identities(&known), identities(&objects));
    let mut hooks = if settings.disable_hooks {
        Hooks::none()
    } else {
        Hooks::prepare(run, &rendered.hooks, &brought).await?
    };
    let how = Check {
        conflicts: settings.conflicts,
        take_ownership: settings.take_ownership,
        known: &targets,
        brought: &brought,
    };
    let (found, hooks_checked) = futures::join!(
        check(run, &objects, &how),
        hooks.check(run, &[HookEvent::PreUpgrade, HookEvent::PostUpgrade])
    );
    let found = found?;
    hooks_checked?;
    let dropped = known.into_iter().filter(|it| !stays.contains(&Identity::from(&it.target))).collect();
    Ok(Plan { objects, found, dropped, hooks })
}

/// What a revision set in an object, Helm's marks included.
pub(crate) fn owned(run: &Run, planned: &Planned) -> Vec<flux::path::FieldPath> {
    let mut object = planned.object.clone();
    mark(&mut object, &run.name, &run.namespace);
    leaves(&object)
}

/// Notes that other revisions are not what the cluster should hold any more: those that are deployed, and those whose
/// author died. One whose record is gone by now needs no note.
pub(crate) async fn supersede(run: &Run, records: &[Record]) -> Result<(), Error> {
    let over = records.iter().filter(|it| {
        matches!(it.status(), Status::Deployed | Status::Uninstalling) || it.status().is_pending()
    });
    let updates = over.map(|record| async move {
        let mut record = record.clone();
        if record.status() == Status::Deployed {
            record.supersede();
        } else {
            record.set_status(Status::Failed, "its action was never finished");
        }
        match storage::update(&run.calm, &run.namespace, &record).await {
            Err(Error::Cluster(cluster::Error::NotFound { .. })) => Ok(()),
            other => other,
        }
    });
    futures::future::join_all(updates).await.into_iter().collect()
}

/// Deletes what a failed upgrade has made.
async fn clean_up(run: &Run, objects: &[Planned], written: &Written) {
    let created: HashSet<Target> = written.created().into_iter().collect();
    let objects: Vec<Planned> = objects.iter().filter(|it| created.contains(&it.target)).cloned().collect();
    let removal = Removal {
        objects: &objects,
        spare: Spare::AllButNew(created),
        clear_finalizers: false,
        patience: Some(PATIENCE),
    };
    if let Err(error) = remove(run, &removal).await {
        tracing::warn!(%error, "what the failed upgrade has made stays");
    }
}
