//! Writing objects in Helm's order, and waiting for them.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chart::kind_order;
use cluster::{Condition, Jobs, Resource, Served, Target, Wait, WaitError};
use futures::{StreamExt, future::join_all, stream};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    Conflicts, Error, Event, MANAGER, Refusal,
    objects::{AT_ONCE, Found, Planned, is_definition, is_former, kinds_of_definition, request},
    run::Run,
};

/// How long a kind whose definition is established may take to be served.
const SERVED_WITHIN: Duration = Duration::from_secs(30);
/// The pause between looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What was written so far, so that it can be waited for and taken back.
#[derive(Default)]
pub(crate) struct Written {
    objects: Mutex<Vec<(Target, Value, bool)>>,
}

impl Written {
    fn add(&self, target: Target, object: Value, created: bool) {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).push((target, object, created));
    }

    /// Objects as the server stored them, in the order in which they were written.
    pub fn objects(&self) -> Vec<(Target, Value)> {
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        objects.iter().map(|(target, object, _)| (target.clone(), object.clone())).collect()
    }

    /// Those that did not exist before.
    pub fn created(&self) -> Vec<Target> {
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        objects.iter().filter(|(_, _, created)| *created).map(|(target, _, _)| target.clone()).collect()
    }
}

/// Writes objects, those of one kind at the same time, kinds one after the other in Helm's order.
pub(crate) async fn apply(
    run: &Run,
    objects: &[Planned],
    found: &[Found],
    conflicts: Conflicts,
    written: &Written,
) -> Result<(), Error> {
    let mut rest: Vec<(&Planned, &Found)> = objects.iter().zip(found).collect();
    rest.sort_by(|(a, _), (b, _)| kind_order::install(&a.target.resource.kind, &b.target.resource.kind));
    let mut rest = rest.as_slice();
    while let Some((first, _)) = rest.first() {
        run.go_on(&format!("write {}", first.target))?;
        let kind = &first.target.resource.kind;
        let batch = rest.iter().take_while(|(planned, _)| planned.target.resource.kind == *kind).count();
        let (now, then) = rest.split_at(batch);
        // What had to be checked later may need definitions that were written just now.
        if now.iter().any(|(_, found)| matches!(found, Found::Later { .. })) {
            definitions_served(run, written).await?;
        }
        let done: Vec<Option<Refusal>> = stream::iter(now)
            .map(|(planned, found)| async move {
                let applied = write(run, planned, found, conflicts, written).await;
                applied.err().map(|error| Refusal {
                    object: planned.target.clone(),
                    path: planned.path.clone(),
                    error,
                })
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let refusals: Vec<Refusal> = done.into_iter().flatten().collect();
        if !refusals.is_empty() {
            return Err(Error::Apply { refusals });
        }
        rest = then;
    }
    Ok(())
}

async fn write(
    run: &Run,
    planned: &Planned,
    found: &Found,
    conflicts: Conflicts,
    written: &Written,
) -> Result<(), cluster::Error> {
    if *found == Found::Former {
        run.cluster.take_over(&planned.target, is_former, MANAGER).await?;
    }
    let patient = Instant::now() + SERVED_WITHIN;
    let applied = loop {
        match run.cluster.apply(&request(planned, conflicts)).await {
            // A server that says that it serves a definition may take a moment more to do so.
            Err(cluster::Error::NotServed { .. } | cluster::Error::NotFound { .. })
                if matches!(found, Found::Later { .. }) && Instant::now() < patient =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            other => break other?,
        }
    };
    // Whether an apply made the object is a guess where an answer was lost; what was there before was not made.
    let created = applied.created && matches!(found, Found::Nothing | Found::Later { exists: false });
    written.add(planned.target.clone(), applied.object, created);
    run.tell(Event::Applied { object: planned.target.clone(), created });
    Ok(())
}

/// Waits until the definitions that were written are served.
async fn definitions_served(run: &Run, written: &Written) -> Result<(), Error> {
    let definitions = written.objects().into_iter().filter(|(_, object)| is_definition(object)).collect();
    wait_for(run, definitions, Jobs::Started).await?;
    run.cluster.forget_served().await;
    Ok(())
}

/// Waits until objects are ready. A failed one does not end the waits for the others, so that all is told at once.
pub(crate) async fn wait(run: &Run, written: &Written, jobs: Jobs) -> Result<(), Error> {
    let waited = |object: &Value| object.pointer("/spec/paused") != Some(&Value::Bool(true));
    let objects: Vec<_> = written.objects().into_iter().filter(|(_, object)| waited(object)).collect();
    run.tell(Event::Waiting { objects: objects.len() });
    wait_for(run, objects, jobs).await?;
    kinds_served(run, written).await
}

/// Waits until the kinds of new definitions can be used, which may be a moment after they are established: whoever waits
/// for a release writes its custom resources next.
async fn kinds_served(run: &Run, written: &Written) -> Result<(), Error> {
    let new = written.created();
    let definitions = written.objects().into_iter().filter(|(target, _)| new.contains(target));
    let kinds: Vec<Resource> = definitions
        .filter(|(_, object)| is_definition(object))
        .filter_map(|(_, object)| kinds_of_definition(&object).into_iter().next())
        .collect();
    if kinds.is_empty() {
        return Ok(());
    }
    run.cluster.forget_served().await;
    for kind in kinds {
        let patient = Instant::now() + SERVED_WITHIN.min(run.left());
        while run.cluster.served(&kind.group, &kind.version, &kind.kind).await? == Served::Missing
            && Instant::now() < patient
        {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

async fn wait_for(run: &Run, objects: Vec<(Target, Value)>, jobs: Jobs) -> Result<(), Error> {
    let waits = objects.into_iter().map(|(target, object)| async move {
        let wait = Wait::new(&target, Condition::current(jobs), run.left()).from(object);
        run.cluster.wait(&wait).await?;
        run.tell(Event::Ready { object: target });
        Ok(())
    });
    let waits: Vec<WaitError> = join_all(waits).await.into_iter().filter_map(Result::err).collect();
    if waits.is_empty() { Ok(()) } else { Err(Error::NotReady { waits }) }
}
