//! What the credential may do, as the cluster sees it.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::{
    Cluster, Error,
    request::{About, Call},
};

/// Something that one may do or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The verb as RBAC calls it, `*` for all.
    pub verb: String,
    /// The API group, empty for the core group, `*` for all.
    pub group: String,
    /// The plural, `*` for all.
    pub resource: String,
    /// The namespace; `None` for the whole cluster.
    pub namespace: Option<String>,
}

impl Access {
    /// Names an access.
    pub fn new(verb: &str, group: &str, resource: &str, namespace: Option<&str>) -> Self {
        Self {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.map(str::to_owned),
        }
    }
}

impl Cluster {
    /// Asks whether the credential may do something (a SelfSubjectAccessReview, which every credential may make). One request, which stores nothing.
    ///
    /// # Errors
    ///
    /// As every request.
    pub async fn may(&self, access: &Access) -> Result<bool, Error> {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "verb": access.verb, "group": access.group, "resource": access.resource, "namespace": access.namespace,
            }},
        });
        let call = Call {
            verb: "create",
            method: Method::POST,
            body: review.to_string().into_bytes(),
            ..Call::get(About::Path("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"))
        };
        let review: Review = self.fetch(&call).await?;
        Ok(review.status.allowed)
    }
}

#[derive(Deserialize)]
struct Review {
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    allowed: bool,
}
