//! What an action would take from the users of a release's CustomResourceDefinitions.

use std::collections::HashSet;

use cluster::{Cluster, Resource, Target};
use flux::kinds;
use futures::future::try_join_all;
use serde_json::Value;

use crate::{
    Error, InUse,
    keep::is_kept,
    manifest::Sourced,
    objects::{Identity, is_definition, kinds_of_definition},
};

/// Those of these definitions, by their names, that are not kept and still have objects. Two requests for each.
///
/// # Errors
///
/// Those of every request.
pub async fn in_use(cluster: &Cluster, definitions: &[String]) -> Result<Vec<InUse>, Error> {
    let counted = try_join_all(definitions.iter().map(|definition| used(cluster, definition))).await?;
    Ok(counted.into_iter().flatten().collect())
}

async fn used(cluster: &Cluster, definition: &str) -> Result<Option<InUse>, Error> {
    let target = Target::new(Resource::custom_resource_definition(), "", definition);
    let Some(live) = cluster.get(&target).await?.filter(|live| !is_kept(live)) else { return Ok(None) };
    let objects = objects_of_definition(cluster, &live).await?.len();
    Ok((objects > 0).then(|| InUse { definition: definition.to_owned(), objects }))
}

pub(crate) async fn lost(cluster: &Cluster, old: &[Sourced], new: &[Sourced]) -> Result<Vec<InUse>, Error> {
    let name = |object: &Value| object.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
    let stays: HashSet<Option<String>> =
        new.iter().filter(|it| is_definition(&it.object)).map(|it| name(&it.object)).collect();
    let dropped = old.iter().filter(|it| is_definition(&it.object) && !stays.contains(&name(&it.object)));
    let dropped: Vec<String> = dropped.filter_map(|it| name(&it.object)).collect();
    in_use(cluster, &dropped).await
}

/// All objects of a definition's kind, in all namespaces; none where it is not served.
pub(crate) async fn objects_of_definition(
    cluster: &Cluster,
    definition: &Value,
) -> Result<Vec<Value>, Error> {
    match kinds_of_definition(definition).first() {
        Some(kind) => all(cluster, kind).await,
        None => Ok(Vec::new()),
    }
}

async fn all(cluster: &Cluster, kind: &Resource) -> Result<Vec<Value>, Error> {
    match cluster.list(kind, None, "").await {
        Ok(found) => Ok(found),
        Err(cluster::Error::NotServed { .. } | cluster::Error::Api { code: 404, .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The finalizer that Flux sets on objects of a kind and that only its controller removes.
pub(crate) fn finalizer_of(kind: &Resource) -> Option<&'static str> {
    kinds::by_kind(&kind.group, &kind.kind)?.finalizer
}

/// The objects that have a finalizer which only the controllers of this release remove: those of its definitions, and those of Flux whose
/// controllers it runs. Finalizers of others do not count, nor do the release's own objects.
pub(crate) async fn held(
    cluster: &Cluster,
    objects: &[Sourced],
    own: &HashSet<Identity>,
) -> Result<Vec<Target>, Error> {
    let brought = objects.iter().filter(|it| is_definition(&it.object));
    let brought = brought.filter_map(|it| kinds_of_definition(&it.object).into_iter().next());
    let runs = |controller: &str| {
        objects
            .iter()
            .any(|it| it.object["kind"] == "Deployment" && it.object["metadata"]["name"] == controller)
    };
    let known = kinds::all().iter().filter(|kind| runs(kind.controller));
    let mut wanted: Vec<Resource> = Vec::new();
    for kind in brought.chain(known.map(|kind| Resource::from(*kind))) {
        let is_new = !wanted.iter().any(|it| it.group == kind.group && it.kind == kind.kind);
        if is_new && finalizer_of(&kind).is_some() {
            wanted.push(kind);
        }
    }
    let listed = try_join_all(wanted.iter().map(|kind| all(cluster, kind))).await?;
    let mut held = Vec::new();
    for (kind, found) in wanted.iter().zip(listed) {
        let finalizer = finalizer_of(kind);
        let is_held = |object: &&Value| {
            let finalizers = object.pointer("/metadata/finalizers").and_then(Value::as_array);
            finalizers.into_iter().flatten().any(|it| it.as_str() == finalizer)
        };
        for object in found.iter().filter(is_held) {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let target = Target::new(kind.clone(), text("/metadata/namespace"), text("/metadata/name"));
            if !own.contains(&Identity::from(&target)) {
                held.push(target);
            }
        }
    }
    held.sort_by_key(ToString::to_string);
    Ok(held)
}
