//! Install.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use chart::{
    Chart,
    output::{HookEvent, Rendered},
};
use cluster::{Cluster, Jobs, Target};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    CleanUp, Conflicts, Error, Event, Progress, Record, Settings, Status,
    applying::{Written, apply, wait},
    deletion::{Removal, Spare, remove},
    hooks::Hooks,
    is_name, keep,
    manifest::{Sourced, objects_of},
    namespace,
    objects::{Check, Found, Planned, Unserved, brought_kinds, check, locate, mark},
    record::Draft,
    run::Run,
    storage, uninstall,
    upgrade::supersede,
    writer::Writer,
};

/// What to install, and how.
#[derive(Clone)]
pub struct InstallRequest<'a> {
    /// The release.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Makes the namespace where it is missing.
    pub create_namespace: bool,
    /// Labels of the namespace, where it is made.
    pub namespace_labels: &'a BTreeMap<String, String>,
    /// The chart, for the record.
    pub chart: &'a Chart,
    /// The values that were given, without the chart's own, for the record.
    pub config: &'a Map<String, Value>,
    /// What the chart gave, rendered for an install of revision 1.
    pub rendered: &'a Rendered,
    /// How.
    pub settings: Settings,
}

/// Name and namespace only: values hold secrets.
impl fmt::Debug for InstallRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstallRequest({}/{})", self.namespace, self.name)
    }
}

/// What an install did.
#[derive(Debug, Clone, PartialEq)]
pub struct Installed {
    /// The record of the deployed revision.
    pub record: Record,
}

/// Installs a release, as `helm install --wait` does.
///
/// Before the first write, except that of a missing namespace, the server is asked of every object whether it would take
/// it and whether it is free to be taken. Objects that need something which the release itself brings, such as custom
/// resources of its own definitions, are checked when that is there ([`Event::Deferred`]).
///
/// A release of this name that failed before anything was deployed, was uninstalled with its history kept, or whose
/// author died, gives way: the install is its next revision.
///
/// # Errors
///
/// [`Error::Name`], [`Error::NameInUse`], [`Error::Pending`], [`Error::NoNamespace`], [`Error::Manifest`],
/// [`Error::Foreign`] and [`Error::DryRun`] come before anything was written; the namespace is taken away again if it was
/// made. After that an error is inside [`Error::Undone`] where [`Settings::atomic`] is set, else the record says `failed`.
pub async fn install(
    cluster: &Cluster,
    request: &InstallRequest<'_>,
    cancel: &CancellationToken,
    progress: &Progress,
) -> Result<Installed, Error> {
    if !is_name(request.name) {
        return Err(Error::Name { name: request.name.to_owned() });
    }
    let timeout = request.settings.timeout;
    let run = Run::new(cluster, request.name, request.namespace, timeout, cancel, progress);
    let (records, made) = futures::join!(
        storage::history(&run.cluster, &run.namespace, &run.name),
        namespace::ensure(&run, request.create_namespace, request.namespace_labels)
    );
    let made = made.map_err(|error| run.judge(error))?;
    let installed = match records {
        Ok(records) => prepare_and_install(&run, request, &records).await,
        Err(error) => Err(error),
    };
    if installed.is_err() && made {
        let undo = run.undoing();
        if let Err(error) = namespace::remove(&undo.cluster, &undo).await {
            tracing::warn!(%error, namespace = request.namespace, "the namespace that was made stays");
        }
    }
    installed.map_err(|error| run.judge(error))
}

/// What is written, checked and ready.
struct Plan {
    crds: Vec<Planned>,
    crds_found: Vec<Found>,
    objects: Vec<Planned>,
    found: Vec<Found>,
    hooks: Hooks,
}

async fn prepare_and_install(
    run: &Run,
    request: &InstallRequest<'_>,
    records: &[Record],
) -> Result<Installed, Error> {
    let settings = &request.settings;
    let revision = next_revision(records, settings)?;
    let mut rendered = request.rendered.clone();
    if settings.keep_crds {
        keep::keep_definitions(&mut rendered);
    }
    if settings.skip_crds {
        rendered.crds.clear();
    }
    let record = Record::new(&Draft {
        name: request.name,
        namespace: request.namespace,
        revision,
        chart: request.chart,
        config: request.config,
        rendered: &rendered,
        status: Status::PendingInstall,
        description: "Initial install underway",
        first_deployed: None,
    });
    // Compressing takes as long as several requests, so it goes on beside them.
    let encoding = tokio::spawn(storage::encode(record.clone()));
    let plan = plan(run, request, &rendered).await?;
    run.go_on("write the record")?;
    let encoded = match encoding.await {
        Ok(encoded) => encoded?,
        Err(error) => return Err(Error::Record { secret: record.secret_name(), why: error.to_string() }),
    };
    storage::prune(run, records, settings.max_history).await?;
    storage::create(run, &record, &encoded).await?;
    run.tell(Event::Recorded { revision, status: record.status().to_string() });

    let writer = Writer::new(run, record);
    let Plan { crds, crds_found, objects, found, mut hooks } = plan;
    let (written_crds, written) = (Written::default(), Written::default());
    let done = async {
        apply(run, &crds, &crds_found, Conflicts::Refuse, &written_crds).await?;
        if !crds.is_empty() {
            wait(run, &written_crds, Jobs::Started).await?;
            run.cluster.forget_served().await;
        }
        hooks.execute(run, HookEvent::PreInstall, Some(&writer)).await?;
        apply(run, &objects, &found, install_conflicts(settings), &written).await?;
        if settings.wait || settings.atomic {
            let jobs = if settings.wait_for_jobs { Jobs::Completed } else { Jobs::Started };
            wait(run, &written, jobs).await?;
        }
        hooks.execute(run, HookEvent::PostInstall, Some(&writer)).await
    }
    .await;
    match done {
        Ok(()) => {
            let description = settings.description.as_deref().unwrap_or("Install complete");
            let record =
                writer.finish(run, |record| record.set_status(Status::Deployed, description)).await?;
            supersede(run, records).await?;
            Ok(Installed { record })
        }
        Err(error) => {
            let error = run.judge(error);
            let description = format!("Release {:?} failed: {error}", run.name);
            let failed = |record: &mut Record| record.set_status(Status::Failed, &description);
            if !settings.atomic {
                if let Err(also) = writer.finish(run, failed).await {
                    tracing::warn!(error = %also, "the record does not say that the install failed");
                }
                return Err(error);
            }
            let half =
                Half { objects: &objects, crds: &crds, written: &written, written_crds: &written_crds };
            let clean_up = undo(run, settings, writer, &hooks, &half, failed).await;
            Err(Error::Undone { source: Box::new(error), clean_up })
        }
    }
}

/// Nothing was set before, so there is nothing to take back.
fn install_conflicts(settings: &Settings) -> Conflicts {
    match settings.conflicts {
        Conflicts::TakeBack => Conflicts::Refuse,
        other => other,
    }
}

/// The revision of the install: 1, or the next one where what is on record gives way.
fn next_revision(records: &[Record], settings: &Settings) -> Result<u64, Error> {
    let Some(last) = records.last() else { return Ok(1) };
    storage::not_busy(records, settings.pending_after)?;
    let gives_way = match last.status() {
        // Whoever was at work on it is dead.
        Status::Uninstalled | Status::Uninstalling | Status::Failed | Status::PendingInstall => {
            storage::deployed(records).is_none()
        }
        _ => false,
    };
    if gives_way {
        return Ok(last.revision() + 1);
    }
    Err(Error::NameInUse {
        name: last.name().to_owned(),
        namespace: last.namespace().to_owned(),
        revision: last.revision(),
        status: last.status().to_string(),
    })
}

/// Finds the targets of everything and checks it.
async fn plan(run: &Run, request: &InstallRequest<'_>, rendered: &Rendered) -> Result<Plan, Error> {
    let settings = &request.settings;
    let crds: Vec<Sourced> = objects_of(&rendered.crds);
    let sourced = objects_of(&rendered.manifests);
    let mut brought = brought_kinds(&crds);
    let crds = locate(&run.cluster, &run.namespace, crds, &[], Unserved::Refused).await?;
    brought.extend(brought_kinds(&sourced));
    let mut objects = locate(&run.cluster, &run.namespace, sourced, &brought, Unserved::Refused).await?;
    for planned in &mut objects {
        mark(&mut planned.object, &run.name, &run.namespace);
    }
    let mut hooks = if settings.disable_hooks {
        Hooks::none()
    } else {
        Hooks::prepare(run, &rendered.hooks, &brought).await?
    };
    let none = HashSet::new();
    let of_objects = Check {
        conflicts: install_conflicts(settings),
        take_ownership: settings.take_ownership,
        known: &none,
        brought: &brought,
    };
    // Helm asks nobody whose the definitions under crds/ are.
    let of_crds =
        Check { conflicts: Conflicts::Refuse, take_ownership: true, known: &none, brought: &brought };
    let (found, crds_found, hooks_checked) = futures::join!(
        check(run, &objects, &of_objects),
        check(run, &crds, &of_crds),
        hooks.check(run, &[HookEvent::PreInstall, HookEvent::PostInstall])
    );
    let (found, crds_found) = (found?, crds_found?);
    hooks_checked?;
    Ok(Plan { crds, crds_found, objects, found, hooks })
}

/// What an install that failed had to write, and what it wrote.
struct Half<'a> {
    objects: &'a [Planned],
    crds: &'a [Planned],
    written: &'a Written,
    written_crds: &'a Written,
}

/// Takes a failed install back, also one that was told to stop, with its hooks and its record.
async fn undo(
    run: &Run,
    settings: &Settings,
    writer: Writer,
    hooks: &Hooks,
    half: &Half<'_>,
    failed: impl FnOnce(&mut Record),
) -> CleanUp {
    run.tell(Event::Undoing);
    let undo = run.undoing();
    undo.answered().await;
    let record = writer.record();
    let undone = async {
        let new: HashSet<Target> =
            half.written.created().into_iter().chain(half.written_crds.created()).collect();
        // What was taken from others is not ours to delete.
        let objects = half.objects.iter().filter(|it| !settings.take_ownership || new.contains(&it.target));
        let crds = half.crds.iter().filter(|it| new.contains(&it.target));
        let objects: Vec<Planned> = objects.chain(crds).cloned().collect();
        let spare = Spare::AllButNew(new);
        remove(&undo, &Removal { objects: &objects, spare, clear_finalizers: false, patience: None }).await?;
        let left = hooks.left_behind(|hook| record.has_run(hook.position));
        uninstall::delete_leftovers(&undo, &left).await
    }
    .await;
    match undone {
        Ok(()) => {
            writer.stop().await;
            match storage::purge(&undo, &undo.cluster, vec![record.revision()]).await {
                Ok(()) => CleanUp::Uninstalled,
                Err(error) => CleanUp::Failed(Box::new(error)),
            }
        }
        Err(error) => {
            if let Err(also) = writer.finish(run, failed).await {
                tracing::warn!(error = %also, "the record does not say that the install failed");
            }
            CleanUp::Failed(Box::new(undo.judge(error)))
        }
    }
}
