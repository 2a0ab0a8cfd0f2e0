//! Removing the objects of a release in Helm's order.

use std::{collections::HashSet, time::Duration};

use chart::kind_order;
use cluster::{DeleteRequest, Propagation, Resource, Target};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::{
    Error, Event, MANAGER, Refusal,
    custom_resources::{finalizer_of, held, objects_of_definition},
    keep::is_kept,
    manifest::Sourced,
    objects::{AT_ONCE, Planned, is_definition, kinds_of_definition, not_ours},
    run::Run,
};

/// How often the change of a list of finalizers is tried again because the object changed meanwhile.
const ATTEMPTS: u32 = 8;

/// Which definitions are spared.
#[derive(Debug, Clone)]
pub(crate) enum Spare {
    /// Those whose stored or live form says so.
    AsMarked,
    /// All.
    All,
    /// All but those that were made just now and that nobody uses yet.
    AllButNew(HashSet<Target>),
}

/// What is to be removed.
pub(crate) struct Removal<'a> {
    pub objects: &'a [Planned],
    pub spare: Spare,
    /// Removes Flux's finalizers, which nobody is left to remove, once the controllers are gone.
    pub clear_finalizers: bool,
    /// How long an object may take to go before it is left to itself; without it, that is an error at the end of the time.
    pub patience: Option<Duration>,
}

/// An object that is to go, and its uid.
struct Doomed<'a> {
    planned: &'a Planned,
    uid: String,
}

/// Removes objects and waits until they are gone; gives those that were spared. Two requests for each object that exists,
/// one for each that does not. Objects that belong to another release by now are left alone.
pub(crate) async fn remove(run: &Run, removal: &Removal<'_>) -> Result<Vec<Target>, Error> {
    let (doomed, kept) = choose(run, removal).await?;
    for target in &kept {
        run.tell(Event::Kept { object: target.clone() });
    }
    // Custom resources go while the controllers that have to let them go are still at work.
    let brought: Vec<Resource> = removal
        .objects
        .iter()
        .filter(|it| is_definition(&it.object))
        .flat_map(|it| kinds_of_definition(&it.object))
        .collect();
    let (custom, mut others): (Vec<&Doomed>, Vec<&Doomed>) =
        doomed.iter().partition(|it| brought.contains(&it.planned.target.resource));
    let patience = removal.patience;
    delete(run, &custom, Propagation::Background, patience).await?;
    let kind = |it: &Doomed| it.planned.target.resource.kind.clone();
    others.sort_by(|a, b| kind_order::uninstall(&kind(a), &kind(b)));
    // What runs goes before the rights it has.
    let runs = |it: &&&Doomed| kind_order::uninstall(&kind(it), "RoleBindingList").is_lt();
    let (workloads, rest) = others.split_at(others.iter().take_while(runs).count());
    if removal.clear_finalizers {
        // A controller that is still ending could put its finalizer back: so its Pods go before.
        in_order(run, workloads, Propagation::Foreground, patience).await?;
        clear(run, removal.objects).await?;
    } else {
        in_order(run, workloads, Propagation::Background, patience).await?;
    }
    in_order(run, rest, Propagation::Background, patience).await?;
    Ok(kept)
}

/// Of the objects to be removed, those that exist and are the release's, and those of them that are spared.
async fn choose<'a>(run: &Run, removal: &'a Removal<'_>) -> Result<(Vec<Doomed<'a>>, Vec<Target>), Error> {
    let looked: Vec<Result<Option<Value>, cluster::Error>> = stream::iter(removal.objects)
        .map(|planned| async move {
            match run.cluster.get(&planned.target).await {
                Err(cluster::Error::NotServed { .. }) => Ok(None),
                other => other,
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let (mut doomed, mut kept) = (Vec::new(), Vec::new());
    for (planned, live) in removal.objects.iter().zip(looked) {
        let Some(live) = live? else { continue };
        let another = live["metadata"]["annotations"].get("meta.helm.sh/release-name").is_some()
            && not_ours(&live, &run.name, &run.namespace).is_some_and(|why| why.contains("meta.helm.sh"));
        let spared = match &removal.spare {
            _ if another => true,
            _ if !is_definition(&planned.object) => is_kept(&planned.object) || is_kept(&live),
            Spare::AsMarked => is_kept(&planned.object) || is_kept(&live),
            Spare::All => true,
            Spare::AllButNew(new) => {
                !new.contains(&planned.target)
                    || !objects_of_definition(&run.cluster, &live).await?.is_empty()
            }
        };
        if spared {
            kept.push(planned.target.clone());
        } else {
            let uid = live["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
            doomed.push(Doomed { planned, uid });
        }
    }
    Ok((doomed, kept))
}

/// Deletes objects, those of one kind at the same time.
async fn in_order(
    run: &Run,
    mut rest: &[&Doomed<'_>],
    propagation: Propagation,
    patience: Option<Duration>,
) -> Result<(), Error> {
    while let Some(first) = rest.first() {
        let kind = &first.planned.target.resource.kind;
        let batch = rest.iter().take_while(|it| it.planned.target.resource.kind == *kind).count();
        let (now, then) = rest.split_at(batch);
        delete(run, now, propagation, patience).await?;
        rest = then;
    }
    Ok(())
}

async fn delete(
    run: &Run,
    doomed: &[&Doomed<'_>],
    propagation: Propagation,
    patience: Option<Duration>,
) -> Result<(), Error> {
    let deleted: Vec<Option<Refusal>> = stream::iter(doomed)
        .map(|it| async move {
            let target = &it.planned.target;
            let time = run.left().min(patience.unwrap_or(Duration::MAX));
            let mut request = DeleteRequest::new(target, time).uid(&it.uid);
            request.propagation = propagation;
            match run.cluster.delete(&request).await {
                Ok(_) => {
                    run.tell(Event::Deleted { object: target.clone() });
                    None
                }
                Err(error @ cluster::Error::Held { .. }) if patience.is_some() => {
                    run.tell(Event::StillThere { object: target.clone(), why: error.to_string() });
                    None
                }
                Err(error) => Some(Refusal { object: target.clone(), path: it.planned.path.clone(), error }),
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let refusals: Vec<Refusal> = deleted.into_iter().flatten().collect();
    if refusals.is_empty() { Ok(()) } else { Err(Error::Delete { refusals }) }
}

/// Removes the finalizers of objects that only the controllers of this release would remove.
async fn clear(run: &Run, objects: &[Planned]) -> Result<(), Error> {
    let sourced: Vec<Sourced> =
        objects.iter().map(|it| Sourced { path: it.path.clone(), object: it.object.clone() }).collect();
    for target in held(&run.cluster, &sourced, &HashSet::new()).await? {
        let Some(finalizer) = finalizer_of(&target.resource) else { continue };
        if take_off(run, &target, finalizer).await? {
            run.tell(Event::FinalizersCleared { object: target });
        }
    }
    Ok(())
}

/// Removes one finalizer of an object; those of others keep their hold. Says whether the object had it.
async fn take_off(run: &Run, target: &Target, finalizer: &str) -> Result<bool, Error> {
    let mut attempt = 1;
    loop {
        let Some(live) = run.cluster.get(target).await? else { return Ok(false) };
        let listed = live["metadata"]["finalizers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let rest: Vec<&Value> = listed.iter().filter(|it| *it != finalizer).collect();
        if rest.len() == listed.len() {
            return Ok(false);
        }
        let patch = json!({ "metadata": {
            "uid": live["metadata"]["uid"],
            "resourceVersion": live["metadata"]["resourceVersion"],
            "finalizers": rest,
        }});
        match run.cluster.merge(target, &patch, MANAGER).await {
            Ok(_) => return Ok(true),
            Err(cluster::Error::NotFound { .. } | cluster::Error::Replaced { .. }) => return Ok(false),
            Err(cluster::Error::Contended { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}
