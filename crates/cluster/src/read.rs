//! Reading objects.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Cluster, Error, Resource, Target,
    request::{About, Call},
};

/// How many objects are asked for at a time.
pub(crate) const PAGE: u32 = 500;

impl Cluster {
    /// Reads an object; `None` when it does not exist. One request.
    ///
    /// # Errors
    ///
    /// [`Error::NotServed`] when the cluster does not know the kind, and those of every request.
    pub async fn get(&self, target: &Target) -> Result<Option<Value>, Error> {
        match self.fetch(&Call::get(About::Object(target))).await {
            Ok(object) => Ok(Some(object)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads all objects of a type that match a label selector (empty for all), in one namespace or in all. One request
    /// for each 500 of them.
    ///
    /// # Errors
    ///
    /// [`Error::NotServed`] when the cluster does not know the kind, and those of every request.
    pub async fn list(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        labels: &str,
    ) -> Result<Vec<Value>, Error> {
        self.list_by(resource, namespace, &[("labelSelector", labels)]).await
    }

    pub(crate) async fn list_by(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        selectors: &[(&'static str, &str)],
    ) -> Result<Vec<Value>, Error> {
        let mut objects = Vec::new();
        let mut next = String::new();
        loop {
            let page = self.page(resource, namespace, selectors, &next).await?;
            objects.extend(page.objects);
            next = page.next;
            if next.is_empty() {
                return Ok(objects);
            }
        }
    }

    /// Reads the next objects of a list: the first ones when `next` is empty, else those from there on.
    pub(crate) async fn page(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        selectors: &[(&'static str, &str)],
        next: &str,
    ) -> Result<Page, Error> {
        let mut call = Call::get(About::List(resource, namespace));
        call.query.push(("limit", PAGE.to_string()));
        for (name, selector) in selectors.iter().filter(|(_, selector)| !selector.is_empty()) {
            call.query.push((name, (*selector).to_owned()));
        }
        if !next.is_empty() {
            call.query.push(("continue", next.to_owned()));
        }
        let page: List = self.fetch(&call).await?;
        // Objects in a list carry neither apiVersion nor kind.
        let complete = |mut object: Value| {
            object["apiVersion"] = resource.api_version().into();
            object["kind"] = resource.kind.as_str().into();
            object
        };
        Ok(Page { objects: page.items.into_iter().map(complete).collect(), next: page.metadata.next })
    }
}

/// Some of the objects of a list, and where it goes on; empty where it ends.
pub(crate) struct Page {
    pub objects: Vec<Value>,
    pub next: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMetadata,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ListMetadata {
    #[serde(rename = "continue")]
    next: String,
}
