//! What is in a namespace, leaving out what every namespace has and what goes by itself.

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
    /// namespace has, without what another object owns or is being deleted. About one request for each kind that lives in
    /// namespaces.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] when a kind may not be listed, and those of every request.
    pub async fn contents(&self, namespace: &str) -> Result<Vec<Target>, Error> {
        let kinds = self.namespaced_kinds().await?;
        let listed: Vec<Result<Vec<Target>, Error>> = stream::iter(kinds)
            .map(|kind| async move {
                let found = match self.list(&kind, Some(namespace), "").await {
                    Ok(found) => found,
                    // A kind can go while one looks.
                    Err(Error::NotServed { .. } | Error::Api { code: 404 | 405, .. }) => Vec::new(),
                    Err(error) => return Err(error),
                };
                let belongings = found.iter().filter(|object| belongs(object));
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

    /// The kinds that live in namespaces and can be listed, each in the version that its group prefers.
    async fn namespaced_kinds(&self) -> Result<Vec<Resource>, Error> {
        let groups: Groups = self.fetch(&Call::get(About::Path("/apis"))).await?;
        let preferred = groups.groups.into_iter().map(|group| group.preferred.group_version);
        let versions: Vec<String> = std::iter::once("v1".to_owned()).chain(preferred).collect();
        let lists: Vec<Result<Vec<Resource>, Error>> = stream::iter(versions)
            .map(|version| async move {
                let path = if version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{version}") };
                let list: Kinds = match self.fetch(&Call::get(About::Path(&path))).await {
                    Ok(list) => list,
                    // A group whose server is gone cannot be asked, by anybody.
                    Err(Error::Api { code: 404 | 503, .. }) => return Ok(Vec::new()),
                    Err(error) => return Err(error),
                };
                let (group, version) = version.split_once('/').unwrap_or(("", &version));
                let kinds = list.resources.into_iter().filter(|kind| {
                    kind.namespaced
                        && !kind.name.contains('/')
                        && kind.verbs.iter().any(|verb| verb == "list")
                        && kind.verbs.iter().any(|verb| verb == "delete")
                        && !PASSING.contains(&(group, kind.kind.as_str()))
                });
                Ok(kinds.map(|kind| Resource::new(group, version, &kind.kind, &kind.name, true)).collect())
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut kinds = Vec::new();
        for list in lists {
            kinds.extend(list?);
        }
        Ok(kinds)
    }
}

/// Whether somebody put the object there.
fn belongs(object: &Value) -> bool {
    let name = text(object, "/metadata/name").unwrap_or_default();
    let made_for_all = matches!(
        (text(object, "/kind").unwrap_or_default(), name),
        ("ServiceAccount", "default") | ("ConfigMap", "kube-root-ca.crt")
    );
    let of_default_account = text(object, "/type") == Some("kubernetes.io/service-account-token")
        && object["metadata"]["annotations"]["kubernetes.io/service-account.name"] == "default";
    let owned = object.pointer("/metadata/ownerReferences/0").is_some();
    let going = text(object, "/metadata/deletionTimestamp").is_some();
    !(made_for_all || of_default_account || owned || going)
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<GroupEntry>,
}

#[derive(Deserialize)]
struct GroupEntry {
    #[serde(rename = "preferredVersion")]
    preferred: Preferred,
}

#[derive(Deserialize)]
struct Preferred {
    #[serde(rename = "groupVersion")]
    group_version: String,
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
