//! The kinds that a cluster serves, by API group.

use serde::Deserialize;

use crate::{
    Cluster, Error, Resource,
    capabilities::AGGREGATED,
    request::{About, Call},
};

impl Cluster {
    /// The kinds that can be listed, of the API groups that `wanted` takes, each in the version that its group prefers. One request.
    ///
    /// A group whose server does not answer is left out.
    ///
    /// # Errors
    ///
    /// As every request; [`Error::Unintelligible`] for servers older than Kubernetes 1.27.
    pub async fn kinds_of(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Resource>, Error> {
        let groups: Groups =
            self.fetch(&Call { accept: AGGREGATED, ..Call::get(About::Path("/apis")) }).await?;
        let mut kinds: Vec<Resource> = Vec::new();
        for group in groups.items.iter().filter(|group| wanted(&group.metadata.name)) {
            // Versions come in the order of preference.
            for version in &group.versions {
                for served in
                    version.resources.iter().filter(|served| served.verbs.iter().any(|verb| verb == "list"))
                {
                    let known = |kind: &Resource| {
                        kind.group == group.metadata.name && kind.kind == served.response_kind.kind
                    };
                    if !served.response_kind.kind.is_empty() && !kinds.iter().any(known) {
                        kinds.push(Resource::new(
                            &group.metadata.name,
                            &version.version,
                            &served.response_kind.kind,
                            &served.resource,
                            served.scope == "Namespaced",
                        ));
                    }
                }
            }
        }
        kinds.sort_by(|one, other| (&one.group, &one.kind).cmp(&(&other.group, &other.kind)));
        Ok(kinds)
    }
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
    versions: Vec<Version>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default)]
    resources: Vec<Served>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Served {
    resource: String,
    #[serde(default)]
    response_kind: Kind,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Kind {
    #[serde(default)]
    kind: String,
}
