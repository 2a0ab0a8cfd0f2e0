//! The objects of a release before they are written: their names, Helm's marks, whose they are, and whether the server
//! would take them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cluster::{ApplyRequest, Cluster, Force, Resource, Target, taken_over};
use flux::path::{FieldPath, Step};
use futures::{StreamExt, stream};
use serde_json::{Map, Value, json};

use crate::{Error, Event, Foreign, MANAGER, Refusal, manifest::Sourced, run::Run};

/// How many requests are under way at a time.
pub(crate) const AT_ONCE: usize = 32;

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// What to do about fields that others manage and that a release sets to another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conflicts {
    /// Every such field is an error, as with Helm.
    Refuse,
    /// Takes back what an earlier revision of the release set; any other is an error.
    #[default]
    TakeBack,
    /// Takes all.
    TakeAll,
}

/// An object of the release, ready to be written.
#[derive(Clone)]
pub(crate) struct Planned {
    pub target: Target,
    /// The object with its namespace and Helm's marks.
    pub object: Value,
    /// The template that wrote it.
    pub path: String,
    /// What an earlier revision of the release set in it.
    pub owned: Vec<FieldPath>,
}

/// What makes an object the same one, in whichever version of its group it is stated: so Helm tells objects apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl From<&Target> for Identity {
    fn from(target: &Target) -> Self {
        Self {
            group: target.resource.group.clone(),
            kind: target.resource.kind.clone(),
            namespace: target.namespace.clone(),
            name: target.name.clone(),
        }
    }
}

/// The identities of objects.
pub(crate) fn identities<'a>(objects: impl IntoIterator<Item = &'a Planned>) -> HashSet<Identity> {
    objects.into_iter().map(|it| Identity::from(&it.target)).collect()
}

/// What the check of an object found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    /// It does not exist.
    Nothing,
    /// It exists and may be written.
    Object,
    /// It exists, and former selves of Helm manage some of its fields.
    Former,
    /// It can be checked only once other objects of the release are there.
    Later {
        /// Whether it exists nevertheless.
        exists: bool,
    },
}

/// Helm's former selves, whose fields are taken over: Helm 3 under its own name is handled without being named here, and
/// its providers for Terraform write under names of their own.
pub(crate) fn is_former(manager: &str) -> bool {
    manager.starts_with("terraform-provider-helm")
}

/// The kinds that definitions among these objects bring.
pub(crate) fn brought_kinds(objects: &[Sourced]) -> Vec<Resource> {
    let definitions = objects.iter().filter(|it| is_definition(&it.object));
    definitions.flat_map(|it| kinds_of_definition(&it.object)).collect()
}

/// Whether an object is a CustomResourceDefinition.
pub(crate) fn is_definition(object: &Value) -> bool {
    let api_version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    api_version.starts_with("apiextensions.k8s.io/") && object["kind"] == "CustomResourceDefinition"
}

/// The kind that a definition serves, in each of its versions; the one that it stores comes first.
pub(crate) fn kinds_of_definition(definition: &Value) -> Vec<Resource> {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let mut versions: Vec<&Value> =
        versions.into_iter().flatten().filter(|version| version["served"] == true).collect();
    versions.sort_by_key(|version| version["storage"] != true);
    let (group, kind, plural) = (text("/spec/group"), text("/spec/names/kind"), text("/spec/names/plural"));
    let namespaced = text("/spec/scope") == "Namespaced";
    let version = |version: &Value| version["name"].as_str().unwrap_or_default().to_owned();
    versions.iter().map(|it| Resource::new(group, &version(it), kind, plural, namespaced)).collect()
}

/// What becomes of an object whose kind neither the release brings nor the cluster serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unserved {
    /// It is an error: the object cannot be written.
    Refused,
    /// It is left out: where its kind is gone, so is the object. One that is stated in several versions is given once, in
    /// the first that is served.
    LeftOut,
}

/// Names the targets of objects and gives each its namespace. One request for each group and version that is not known
/// yet. `brought` are kinds that the release brings besides those of its own definitions.
pub(crate) async fn locate(
    cluster: &Cluster,
    namespace: &str,
    objects: Vec<Sourced>,
    brought: &[Resource],
    unserved: Unserved,
) -> Result<Vec<Planned>, Error> {
    let located = locate_each(cluster, namespace, objects, brought).await?;
    if unserved == Unserved::LeftOut {
        let mut seen = HashSet::new();
        let served = located.into_iter().flatten();
        return Ok(served.filter(|it| seen.insert(Identity::from(&it.target))).collect());
    }
    located.into_iter().collect()
}

/// As [`locate`], one for each object; [`Error::Manifest`] in the place of those whose kind nobody serves.
pub(crate) async fn locate_each(
    cluster: &Cluster,
    namespace: &str,
    objects: Vec<Sourced>,
    brought: &[Resource],
) -> Result<Vec<Result<Planned, Error>>, Error> {
    let brought: Vec<Resource> = brought.iter().cloned().chain(brought_kinds(&objects)).collect();
    let kinds = resources(cluster, &brought, &objects).await?;
    let mut located = Vec::with_capacity(objects.len());
    for Sourced { path, mut object } in objects {
        let (api_version, kind) = type_of(&path, &object)?;
        let resource = match kinds.get(&(api_version, kind.clone())) {
            Some(Ok(resource)) => resource,
            Some(Err(why)) => {
                located.push(Err(Error::Manifest { path, why: why.clone() }));
                continue;
            }
            None => {
                located.push(Err(Error::Manifest { path, why: format!("nobody serves {kind}") }));
                continue;
            }
        };
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Error::Manifest { path, why: format!("the {} has no name", resource.kind) });
        }
        let stated = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        let namespace = if stated.is_empty() { namespace } else { stated }.to_owned();
        if resource.namespaced {
            object["metadata"]["namespace"] = json!(namespace);
        }
        let target = Target::new(resource.clone(), &namespace, &name);
        located.push(Ok(Planned { target, object, path, owned: Vec::new() }));
    }
    Ok(located)
}

/// The resource types of objects: those that the release brings itself, and those that the cluster serves.
async fn resources(
    cluster: &Cluster,
    brought: &[Resource],
    objects: &[Sourced],
) -> Result<BTreeMap<(String, String), Result<Resource, String>>, Error> {
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Sourced { path, object } in objects {
        let (api_version, kind) = type_of(path, object)?;
        wanted.entry(api_version).or_default().insert(kind);
    }
    // One version of a group after the other kind by kind, so that its list is asked for once.
    let asked = stream::iter(wanted)
        .map(|(api_version, kinds)| async move {
            let mut found = Vec::new();
            for kind in kinds {
                let of_release =
                    brought.iter().find(|it| it.kind == kind && it.api_version() == api_version).cloned();
                let resource = match of_release {
                    Some(resource) => Ok(resource),
                    None => match cluster.resource(&api_version, &kind).await {
                        Ok(resource) => Ok(resource),
                        Err(error @ cluster::Error::NotServed { .. }) => Err(error.to_string()),
                        Err(error) => return Err(error),
                    },
                };
                found.push(((api_version.clone(), kind), resource));
            }
            Ok(found)
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let mut resources = BTreeMap::new();
    for found in asked {
        resources.extend(found?);
    }
    Ok(resources)
}

fn type_of(path: &str, object: &Value) -> Result<(String, String), Error> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text("apiVersion"), text("kind")) {
        (Some(api_version), Some(kind)) => Ok((api_version.to_owned(), kind.to_owned())),
        _ => Err(Error::Manifest {
            path: path.to_owned(),
            why: "it is no object: apiVersion and kind are needed".to_owned(),
        }),
    }
}

/// Puts Helm's marks on an object, whatever it has in their place.
pub(crate) fn mark(object: &mut Value, release: &str, namespace: &str) {
    let mut set = |field: &str, key: &str, value: &str| {
        if !object["metadata"][field].is_object() {
            object["metadata"][field] = Value::Object(Map::new());
        }
        object["metadata"][field][key] = json!(value);
    };
    set("labels", MANAGED_BY, "Helm");
    set("annotations", RELEASE_NAME, release);
    set("annotations", RELEASE_NAMESPACE, namespace);
}

/// Which of Helm's marks a live object lacks or has otherwise; `None` when it belongs to this release.
pub(crate) fn not_ours(live: &Value, release: &str, namespace: &str) -> Option<String> {
    let mut faults = Vec::new();
    for (field, key, wanted) in [
        ("labels", MANAGED_BY, "Helm"),
        ("annotations", RELEASE_NAME, release),
        ("annotations", RELEASE_NAMESPACE, namespace),
    ] {
        match live["metadata"][field].get(key).and_then(Value::as_str) {
            Some(found) if found == wanted => {}
            Some(found) => faults.push(format!("{key} is {found:?} instead of {wanted:?}")),
            None => faults.push(format!("{key} is not {wanted:?}")),
        }
    }
    (!faults.is_empty()).then(|| format!("belongs to somebody else: {}", faults.join(", ")))
}

/// The paths of all values in an object, so far as they lie outside of lists; a list counts as one value.
pub(crate) fn leaves(object: &Value) -> Vec<FieldPath> {
    fn walk(value: &Value, here: &mut Vec<Step>, into: &mut Vec<FieldPath>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (key, below) in fields {
                    here.push(Step::Key(key.clone()));
                    walk(below, here, into);
                    here.pop();
                }
            }
            _ => into.push(FieldPath(here.clone())),
        }
    }
    let mut paths = Vec::new();
    walk(object, &mut Vec::new(), &mut paths);
    paths
}

/// The request that writes an object.
pub(crate) fn request(planned: &Planned, conflicts: Conflicts) -> ApplyRequest {
    let force = match conflicts {
        Conflicts::Refuse => Force::No,
        Conflicts::TakeBack if planned.owned.is_empty() => Force::No,
        Conflicts::TakeBack => Force::Owned(planned.owned.clone()),
        Conflicts::TakeAll => Force::All,
    };
    ApplyRequest::new(planned.object.clone(), MANAGER).force(force)
}

/// How objects are checked.
pub(crate) struct Check<'a> {
    pub conflicts: Conflicts,
    /// Takes objects of others.
    pub take_ownership: bool,
    /// Objects that an earlier revision of the release has, whose marks are not asked for.
    pub known: &'a HashSet<Identity>,
    /// Kinds that the release brings.
    pub brought: &'a [Resource],
}

impl Check<'_> {
    /// Whether the object may be written whatever marks it has.
    fn is_free(&self, target: &Target) -> bool {
        self.take_ownership || self.known.contains(&Identity::from(target))
    }
}

/// Asks the server of each object whether it would take it, and of each that exists whether it is the release's. One
/// request for each object, two for those that exist.
pub(crate) async fn check(run: &Run, objects: &[Planned], check: &Check<'_>) -> Result<Vec<Found>, Error> {
    run.tell(Event::Checking { objects: objects.len() });
    let namespaces: HashSet<&str> = objects
        .iter()
        .filter(|planned| planned.target.resource == Resource::namespace())
        .map(|planned| planned.target.name.as_str())
        .collect();
    let namespaces = &namespaces;
    let checked: Vec<Result<Found, Problem>> = stream::iter(objects)
        .map(|planned| async move { check_one(run, planned, check, namespaces).await })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let (mut found, mut foreign, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    for (checked, planned) in checked.into_iter().zip(objects) {
        match checked {
            Ok(one) => found.push(one),
            Err(Problem::Foreign(why)) => foreign.push(Foreign { object: planned.target.clone(), why }),
            Err(Problem::Refused(error)) => {
                refusals.push(Refusal {
                    object: planned.target.clone(),
                    path: planned.path.clone(),
                    error: *error,
                });
            }
        }
    }
    if !foreign.is_empty() {
        return Err(Error::Foreign { release: run.name.clone(), objects: foreign });
    }
    if !refusals.is_empty() {
        return Err(Error::DryRun { refusals });
    }
    Ok(found)
}

enum Problem {
    Foreign(String),
    Refused(Box<cluster::Error>),
}

impl From<cluster::Error> for Problem {
    fn from(error: cluster::Error) -> Self {
        Self::Refused(Box::new(error))
    }
}

async fn check_one(
    run: &Run,
    planned: &Planned,
    check: &Check<'_>,
    namespaces: &HashSet<&str>,
) -> Result<Found, Problem> {
    let target = &planned.target;
    let request = request(planned, check.conflicts).dry_run();
    let error = match run.cluster.apply(&request).await {
        Ok(applied) if applied.created => return Ok(Found::Nothing),
        Ok(applied) => {
            if !check.is_free(target) {
                // What came back has our marks already, so it does not tell whose the object is now.
                ours(run, target, check).await?;
            }
            let former = taken_over(&applied.object, is_former, MANAGER).is_some();
            return Ok(if former { Found::Former } else { Found::Object });
        }
        Err(error) => error,
    };
    let later = |why: &str, exists: bool| {
        run.tell(Event::Deferred { object: target.clone(), why: why.to_owned() });
        Ok(Found::Later { exists })
    };
    match &error {
        cluster::Error::NotServed { .. } if check.brought.contains(&target.resource) => {
            return later("its definition comes with the release", false);
        }
        cluster::Error::NoNamespace { namespace, .. } if namespaces.contains(namespace.as_str()) => {
            return later("its namespace comes with the release", false);
        }
        // A binding whose role is not there yet.
        cluster::Error::NotFound { .. } => {
            let exists = ours(run, target, check).await?;
            return later("what it refers to comes with the release", exists);
        }
        cluster::Error::Forbidden { message, .. }
            if target.resource.kind == "Pod" && message.contains("serviceaccount") =>
        {
            let exists = ours(run, target, check).await?;
            return later("its ServiceAccount comes with the release", exists);
        }
        cluster::Error::Conflict { .. } | cluster::Error::Invalid { .. } => {}
        _ => return Err(error.into()),
    }
    // Whose the object is says more than what is wrong with it.
    if !check.is_free(target) {
        ours(run, target, check).await?;
    }
    if let cluster::Error::Conflict { conflicts, .. } = &error
        && conflicts.iter().all(|conflict| conflict.manager == MANAGER || is_former(&conflict.manager))
    {
        // Helm's former self is in its own way, which taking over mends; is there anything else?
        run.cluster.apply(&request.force(Force::All)).await?;
        return Ok(Found::Former);
    }
    Err(error.into())
}

/// Refuses an object that exists and belongs to somebody else. Says whether it exists.
async fn ours(run: &Run, target: &Target, check: &Check<'_>) -> Result<bool, Problem> {
    let Some(live) = run.cluster.get(target).await? else { return Ok(false) };
    match not_ours(&live, &run.name, &run.namespace).filter(|_| !check.is_free(target)) {
        Some(why) => Err(Problem::Foreign(why)),
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_helms_and_tell_whose_an_object_is() {
        let mut object =
            json!({ "metadata": { "name": "a", "labels": { "app.kubernetes.io/managed-by": "x" } } });
        assert!(not_ours(&object, "r", "n").unwrap().contains("managed-by is \"x\""));
        mark(&mut object, "r", "n");
        assert_eq!(object["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm");
        assert_eq!(not_ours(&object, "r", "n"), None);
        let why = not_ours(&object, "other", "n").unwrap();
        assert_eq!(why, "belongs to somebody else: meta.helm.sh/release-name is \"r\" instead of \"other\"");
    }

    #[test]
    fn a_definition_names_the_kinds_that_it_serves() {
        let definition = json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {
            "group": "a.io", "scope": "Namespaced", "names": { "kind": "A", "plural": "as" },
            "versions": [
                { "name": "v1", "served": true, "storage": false },
                { "name": "v2", "served": true, "storage": true },
                { "name": "v0", "served": false, "storage": false },
            ],
        }});
        let versions: Vec<String> =
            kinds_of_definition(&definition).into_iter().map(|it| it.version).collect();
        assert_eq!(versions, ["v2", "v1"]);
    }

    #[test]
    fn leaves_are_values_outside_of_lists() {
        let object = json!({ "a": { "b": 1, "c": [{ "d": 2 }] }, "e": {} });
        let leaves: Vec<String> = leaves(&object).iter().map(ToString::to_string).collect();
        assert_eq!(leaves, ["a.b", "a.c", "e"]);
    }
}
