//! Going back to an earlier revision, after an upgrade that failed.

use chart::output::HookEvent;
use cluster::Jobs;

use crate::{
    Conflicts, Error, Event, Record, Settings, Status,
    applying::{Written, apply, wait},
    deletion::{Removal, Spare, remove},
    hooks::Hooks,
    manifest::{self, objects_of},
    objects::{Check, Identity, Unserved, brought_kinds, check, identities, locate, mark},
    run::Run,
    storage,
    upgrade::{owned, supersede},
    writer::Writer,
};

/// Brings back the objects of `good` as a new revision and removes what only `failed` has. Gives the revision that was
/// gone back to.
pub(crate) async fn roll_back(
    run: &Run,
    settings: &Settings,
    records: &[Record],
    failed: &Record,
    good: &Record,
) -> Result<u64, Error> {
    let wanted = objects_of(&manifest::read(good.manifest())?);
    let tried = objects_of(&manifest::read(failed.manifest())?);
    let brought = brought_kinds(&wanted);
    let tried = locate(&run.cluster, &run.namespace, tried, &[], Unserved::LeftOut).await?;
    let mut objects = locate(&run.cluster, &run.namespace, wanted, &brought, Unserved::Refused).await?;
    for planned in &mut objects {
        mark(&mut planned.object, &run.name, &run.namespace);
        planned.owned = owned(run, planned);
    }
    let known = identities(objects.iter().chain(&tried));
    // What the failed upgrade may have lost to others is taken back at most as far as the good revision set it.
    let conflicts = match settings.conflicts {
        Conflicts::Refuse => Conflicts::TakeBack,
        other => other,
    };
    let how = Check { conflicts, take_ownership: false, known: &known, brought: &brought };
    let found = check(run, &objects, &how).await?;
    let stays = identities(&objects);
    let dropped: Vec<_> =
        tried.into_iter().filter(|it| !stays.contains(&Identity::from(&it.target))).collect();

    let description = format!("Rollback to {}", good.revision());
    let record = good.again(failed.revision() + 1, good.first_deployed(), &description);
    let mut hooks = if settings.disable_hooks {
        Hooks::none()
    } else {
        Hooks::prepare_lenient(run, &good.hooks()?).await?
    };
    let encoded = storage::encode(record.clone()).await?;
    storage::create(run, &record, &encoded).await?;
    run.tell(Event::Recorded { revision: record.revision(), status: record.status().to_string() });
    let writer = Writer::new(run, record);
    let written = Written::default();
    let done: Result<(), Error> = async {
        hooks.execute(run, HookEvent::PreRollback, Some(&writer)).await?;
        apply(run, &objects, &found, conflicts, &written).await?;
        let removal = Removal {
            objects: &dropped,
            spare: Spare::AsMarked,
            clear_finalizers: false,
            patience: Some(std::time::Duration::from_secs(30)),
        };
        remove(run, &removal).await?;
        let jobs = if settings.wait_for_jobs { Jobs::Completed } else { Jobs::Started };
        wait(run, &written, jobs).await?;
        hooks.execute(run, HookEvent::PostRollback, Some(&writer)).await
    }
    .await;
    match done {
        Ok(()) => {
            writer.finish(run, |record| record.set_status(Status::Deployed, &description)).await?;
            supersede(run, records).await?;
            // The failed revision stays on record, beside those that an upgrade would keep.
            let revisions = storage::history(&run.calm, &run.namespace, &run.name).await?;
            storage::prune(
                run,
                &revisions,
                settings.max_history.saturating_add(usize::from(settings.max_history > 0)),
            )
            .await?;
            Ok(good.revision())
        }
        Err(error) => {
            let words = format!("Rollback {:?} failed: {error}", run.name);
            writer.finish(run, |record| record.set_status(Status::Failed, &words)).await?;
            Err(run.judge(error))
        }
    }
}
