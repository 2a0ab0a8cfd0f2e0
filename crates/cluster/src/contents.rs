//! What is in a namespace, leaving out what every namespace has and what goes by itself.

use std::collections::HashSet;

use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Cluster, Error, Resource, Target,
    object::text,
    request::{About, Call},
};

/// How many kinds are listed at a time.
const AT_ONCE: usize = 16;

/// Kinds whose objects come and go with others, and are nobody's belongings.
const PASSING: [(&str, &str); 5] = [
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("coordination.k8s.io", "Lease"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("", "Endpoints"),
];

impl Cluster {
    /// The objects in a namespace that somebody put there: without events, leases and endpoints, without what every
    /// namespace has, without what another object of a namespace owns or is being deleted. About one request for each kind
    /// that lives in namespaces, and one for each version of a group.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] when a kind may not be listed, [`Error::Api`] when a group's own server does not answer, and
    /// those of every request: what is not known is not taken for empty.
    pub async fn contents(&self, namespace: &str) -> Result<Vec<Target>, Error> {
        let kinds = self.namespaced_kinds().await?;
        let local = &kinds.local;
        let listed: Vec<Result<Vec<Target>, Error>> = stream::iter(kinds.listed)
            .map(|kind| async move {
                let found = match self.list(&kind, Some(namespace), "").await {
                    Ok(found) => found,
                    // A kind can go while one looks.
                    Err(Error::NotServed { .. } | Error::Api { code: 404 | 405, .. }) => Vec::new(),
                    Err(error) => return Err(error),
                };
                let belongings = found.iter().filter(|object| belongs(object, local));
                Ok(belongings
                    .map(|object| {
                        Target::new(
                            kind.clone(),
                            namespace,
                            text(object, "/metadata/name").unwrap_or_default(),
                        )
                    })
                    .collect())
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut contents: Vec<Target> = Vec::new();
        for targets in listed {
            contents.extend(targets?);
        }
        contents.sort_by_key(ToString::to_string);
        Ok(contents)
    }

    /// The kinds that live in namespaces, each in the version that its group prefers, where that has it.
    async fn namespaced_kinds(&self) -> Result<Namespaced, Error> {
        let groups: Groups = self.fetch(&Call::get(About::Path("/apis"))).await?;
        let of_groups = groups.groups.into_iter().flat_map(GroupEntry::versions);
        let versions: Vec<String> = std::iter::once("v1".to_owned()).chain(of_groups).collect();
        // In their order: the preferred version comes first.
        let lists: Vec<Result<Vec<WithVerbs>, Error>> = stream::iter(versions)
            .map(|version| async move {
                let path = if version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{version}") };
                let list: Kinds = match self.fetch(&Call::get(About::Path(&path))).await {
                    Ok(list) => list,
                    // A definition can go while one looks.
                    Err(Error::Api { code: 404, .. }) => return Ok(Vec::new()),
                    Err(error) => return Err(error),
                };
                let (group, version) = version.split_once('/').unwrap_or(("", &version));
                let kinds =
                    list.resources.into_iter().filter(|kind| kind.namespaced && !kind.name.contains('/'));
                Ok(kinds
                    .map(|kind| (Resource::new(group, version, &kind.kind, &kind.name, true), kind.verbs))
                    .collect())
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let mut kinds = Namespaced::default();
        for list in lists {
            for (kind, verbs) in list? {
                let can = |wanted: &str| verbs.iter().any(|verb| verb == wanted);
                let stays = !PASSING.contains(&(kind.group.as_str(), kind.kind.as_str()));
                let new = kinds.local.insert((kind.group.clone(), kind.kind.clone()));
                if new && stays && can("list") && can("delete") {
                    kinds.listed.push(kind);
                }
            }
        }
        Ok(kinds)
    }
}

/// A kind, and what can be done with its objects.
type WithVerbs = (Resource, Vec<String>);

/// The kinds that live in namespaces.
#[derive(Default)]
struct Namespaced {
    /// Those whose objects may be somebody's.
    listed: Vec<Resource>,
    /// Group and kind of all.
    local: HashSet<(String, String)>,
}

/// Whether somebody put the object there.
fn belongs(object: &Value, local: &HashSet<(String, String)>) -> bool {
    let name = text(object, "/metadata/name").unwrap_or_default();
    let made_for_all = matches!(
        (text(object, "/kind").unwrap_or_default(), name),
        ("ServiceAccount", "default") | ("ConfigMap", "kube-root-ca.crt")
    );
    let of_default_account = text(object, "/type") == Some("kubernetes.io/service-account-token")
        && object["metadata"]["annotations"]["kubernetes.io/service-account.name"] == "default";
    let owned = is_owned(object, local);
    let going = text(object, "/metadata/deletionTimestamp").is_some();
    !(made_for_all || of_default_account || owned || going)
}

/// Whether an object goes with others of its namespace. An owner outside of namespaces stays when the namespace goes.
fn is_owned(object: &Value, local: &HashSet<(String, String)>) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let owners = owners.map(Vec::as_slice).unwrap_or_default();
    let is_local = |owner: &Value| {
        let api_version = text(owner, "/apiVersion").unwrap_or_default();
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        local.contains(&(group.to_owned(), text(owner, "/kind").unwrap_or_default().to_owned()))
    };
    !owners.is_empty() && owners.iter().all(is_local)
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<GroupEntry>,
}

#[derive(Deserialize)]
struct GroupEntry {
    versions: Vec<VersionEntry>,
    #[serde(rename = "preferredVersion")]
    preferred: VersionEntry,
}

#[derive(Deserialize)]
struct VersionEntry {
    #[serde(rename = "groupVersion")]
    group_version: String,
}

impl GroupEntry {
    /// All versions as `group/version`, the preferred one first.
    fn versions(self) -> Vec<String> {
        let preferred = self.preferred.group_version;
        let others = self.versions.into_iter().map(|it| it.group_version).filter(|it| *it != preferred);
        let others: Vec<String> = others.collect();
        std::iter::once(preferred).chain(others).collect()
    }
}

#[derive(Deserialize)]
struct Kinds {
    resources: Vec<KindEntry>,
}

#[derive(Deserialize)]
struct KindEntry {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
    #[serde(default)]
    verbs: Vec<String>,
}
