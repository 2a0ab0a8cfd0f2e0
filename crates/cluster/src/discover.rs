//! What a cluster serves.
//!
//! Kinds of Flux are known by their tables, so nothing is asked before a request. Only when a path turns out to be
//! unknown is the cluster asked what it has, to say what is missing.

use flux::kinds;
use serde::Deserialize;

use crate::{
    Cluster, Error, Missing, Resource,
    request::{About, Call},
};

/// Whether a kind is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// It is, under these names.
    Yes(Resource),
    /// No version of the group serves the kind.
    Missing,
    /// The kind is served in these versions, though not in the one that was asked for.
    OtherVersions(Vec<String>),
}

impl Cluster {
    /// Asks whether a kind is served. What is served is remembered for the group and version; what is not is asked
    /// again every time, since a CustomResourceDefinition may come at any moment. One request, or two or more when the
    /// answer is not yes.
    ///
    /// # Errors
    ///
    /// As every request.
    pub async fn served(&self, group: &str, version: &str, kind: &str) -> Result<Served, Error> {
        if let Some(resource) = self.find(group, version, kind).await? {
            return Ok(Served::Yes(resource));
        }
        let mut others = Vec::new();
        for other in self.versions(group).await? {
            if other != version && self.find(group, &other, kind).await?.is_some() {
                others.push(other);
            }
        }
        Ok(if others.is_empty() { Served::Missing } else { Served::OtherVersions(others) })
    }

    /// The names of a kind by its `apiVersion` and `kind`: from the tables of Flux, else from the cluster.
    ///
    /// # Errors
    ///
    /// [`Error::NotServed`], and those of every request.
    pub async fn resource(&self, api_version: &str, kind: &str) -> Result<Resource, Error> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        if let Some(known) = kinds::by_kind(group, kind).filter(|known| known.version == version) {
            return Ok(Resource::from(known));
        }
        if let Some(known) = well_known(api_version, kind) {
            return Ok(known);
        }
        let missing = match self.served(group, version, kind).await? {
            Served::Yes(resource) => return Ok(resource),
            Served::Missing => Missing::Kind { crd: format!("of {kind} in {group}") },
            Served::OtherVersions(served) => {
                Missing::Version { crd: format!("of {kind} in {group}"), served }
            }
        };
        Err(Error::NotServed {
            place: self.place().clone(),
            kind: kind.to_owned(),
            api_version: api_version.to_owned(),
            missing,
        })
    }

    /// Forgets what the cluster serves.
    pub async fn forget_served(&self) {
        self.resources().lock().await.clear();
        self.served_kinds().forget();
    }

    /// Why a path of this resource is not known to the cluster; `None` when it is served after all.
    pub(crate) async fn why_not_served(&self, resource: &Resource) -> Result<Option<Missing>, Error> {
        self.forget_served().await;
        let crd = resource.crd_name();
        Ok(match self.served(&resource.group, &resource.version, &resource.kind).await? {
            Served::Yes(_) => None,
            Served::Missing => Some(Missing::Kind { crd }),
            Served::OtherVersions(served) => Some(Missing::Version { crd, served }),
        })
    }

    /// Looks a kind up in one version of a group, in what is remembered or in the cluster.
    async fn find(&self, group: &str, version: &str, kind: &str) -> Result<Option<Resource>, Error> {
        let path =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let named = |resources: &[Resource]| resources.iter().find(|resource| resource.kind == kind).cloned();
        if let Some(found) = self.resources().lock().await.get(&path).and_then(|known| named(known)) {
            return Ok(Some(found));
        }
        let Some(list) = self.fetch_if_known::<ResourceList>(&path).await? else {
            return Ok(None);
        };
        let served: Vec<Resource> = list
            .resources
            .into_iter()
            .filter(|resource| !resource.name.contains('/'))
            .map(|resource| {
                Resource::new(group, version, &resource.kind, &resource.name, resource.namespaced)
            })
            .collect();
        let found = named(&served);
        self.resources().lock().await.insert(path, served);
        Ok(found)
    }

    /// The versions of a group that are served.
    async fn versions(&self, group: &str) -> Result<Vec<String>, Error> {
        if group.is_empty() {
            return Ok(vec!["v1".to_owned()]);
        }
        let Some(found) = self.fetch_if_known::<Group>(&format!("/apis/{group}")).await? else {
            // An answer to this one tells an API server without the group from something that is none.
            let call = Call::get(About::Path("/apis"));
            let groups: GroupList = self.fetch(&call).await.map_err(|error| match error {
                Error::Api { place, code: 404, .. } => {
                    Error::Unintelligible { place, doing: call.doing(), source: None }
                }
                error => error,
            })?;
            let found = groups.groups.into_iter().find(|served| served.name == group);
            return Ok(found.map(Group::names).unwrap_or_default());
        };
        Ok(found.names())
    }

    async fn fetch_if_known<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        match self.fetch(&Call::get(About::Path(path))).await {
            Ok(found) => Ok(Some(found)),
            Err(Error::Api { code: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Types that every cluster serves.
fn well_known(api_version: &str, kind: &str) -> Option<Resource> {
    [
        Resource::namespace(),
        Resource::secret(),
        Resource::config_map(),
        Resource::deployment(),
        Resource::custom_resource_definition(),
    ]
    .into_iter()
    .find(|resource| resource.kind == kind && resource.api_version() == api_version)
}

#[derive(Deserialize)]
struct ResourceList {
    resources: Vec<ResourceEntry>,
}

#[derive(Deserialize)]
struct ResourceEntry {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
}

#[derive(Deserialize)]
struct GroupList {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

impl Group {
    fn names(self) -> Vec<String> {
        self.versions.into_iter().map(|version| version.version).collect()
    }
}
