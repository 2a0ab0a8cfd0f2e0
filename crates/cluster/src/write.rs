//! Writing without server-side apply: making an object that must not be there, and merge patches.

use http::Method;
use serde_json::Value;

use crate::{
    Cluster, Error, Target,
    request::{About, Call},
};

impl Cluster {
    /// Makes an object, which must not exist. One request.
    ///
    /// The object names its kind, namespace and name. A request whose answer was lost is not repeated.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] when there is one of its name, [`Error::BeingDeleted`] when its namespace is going,
    /// [`Error::NoNamespace`], [`Error::Invalid`], and those of every request.
    pub async fn create(&self, object: &Value, manager: &str) -> Result<Value, Error> {
        let target = self.target_of(object).await?;
        self.fetch(&Call {
            verb: "create",
            method: Method::POST,
            about: About::New(&target),
            query: vec![("fieldManager", manager.to_owned()), ("fieldValidation", "Strict".to_owned())],
            accept: "application/json",
            content_type: "application/json",
            body: object.to_string().into_bytes(),
            repeatable: false,
        })
        .await
    }

    /// Changes an object by a JSON merge patch (RFC 7386). One request. A `metadata.uid` or `metadata.resourceVersion` in
    /// the patch insists on one object, or on one state of it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Replaced`], [`Error::Contended`] when the object is in another state, and those of
    /// every request.
    pub async fn merge(&self, target: &Target, patch: &Value, manager: &str) -> Result<Value, Error> {
        self.fetch(&Call {
            verb: "patch",
            method: Method::PATCH,
            about: About::Object(target),
            query: vec![("fieldManager", manager.to_owned())],
            accept: "application/json",
            content_type: "application/merge-patch+json",
            body: patch.to_string().into_bytes(),
            repeatable: true,
        })
        .await
    }
}
