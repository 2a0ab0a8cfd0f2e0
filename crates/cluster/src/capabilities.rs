//! What a cluster can do as a whole: its version, and all that it serves.

use serde::Deserialize;

use crate::{
    Cluster, Error,
    request::{About, Call},
};

/// Aggregated discovery: all groups in one answer. Every server since Kubernetes 1.27 has it.
pub(crate) const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

impl Cluster {
    /// The version of Kubernetes, as the server calls it: `v1.36.4`, `v1.33.4-gke.1245000`. One request.
    ///
    /// # Errors
    ///
    /// As every request.
    pub async fn version(&self) -> Result<String, Error> {
        let version: Version = self.fetch(&Call::get(About::Path("/version"))).await?;
        Ok(version.git_version)
    }

    /// Everything that is served, as Helm's `.Capabilities.APIVersions` has it: `apps/v1` and `apps/v1/Deployment`, sorted. Two requests.
    ///
    /// A group whose server does not answer is left out.
    ///
    /// # Errors
    ///
    /// As every request; [`Error::Unintelligible`] for servers older than Kubernetes 1.27.
    pub async fn api_versions(&self) -> Result<Vec<String>, Error> {
        let aggregated = |path| Call { accept: AGGREGATED, ..Call::get(About::Path(path)) };
        let (core, named) = (aggregated("/api"), aggregated("/apis"));
        let (core, named) =
            futures::future::try_join(self.fetch::<Groups>(&core), self.fetch::<Groups>(&named)).await?;
        let mut served = Vec::new();
        for group in core.items.into_iter().chain(named.items) {
            for version in group.versions {
                let api_version = if group.metadata.name.is_empty() {
                    version.version
                } else {
                    format!("{}/{}", group.metadata.name, version.version)
                };
                for resource in version.resources {
                    if let Some(kind) =
                        resource.response_kind.map(|kind| kind.kind).filter(|kind| !kind.is_empty())
                    {
                        served.push(format!("{api_version}/{kind}"));
                    }
                }
                served.push(api_version);
            }
        }
        served.sort_unstable();
        served.dedup();
        Ok(served)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

#[derive(Deserialize)]
struct Groups {
    items: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
    #[serde(default)]
    resources: Vec<Served>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Served {
    response_kind: Option<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    kind: String,
}
