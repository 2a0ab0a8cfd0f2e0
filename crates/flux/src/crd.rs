//! What a cluster accepts, by the CustomResourceDefinition that it serves, where it differs from the tables: another
//! release of Flux may be installed than the one that the tables follow.
//!
//! Values that are known only after apply are taken for good, and a rule that reads one is left to the API server.
//! So is whatever this module does not know: formats, functions of the expression language, patterns of another dialect.

mod rules;
mod value;
mod walk;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::cel::Expression;
use crate::manifest::Manifest;
use crate::schema::Violation;

/// The schema of one version of a kind, as a cluster serves it.
#[derive(Debug)]
pub struct Schema {
    root: Value,
    /// Rules that were read, by their text; none for those that cannot be.
    expressions: Mutex<HashMap<String, Option<Arc<Expression>>>>,
}

impl Schema {
    /// The schema of a version in a CustomResourceDefinition; none where the version is not served or has no schema.
    pub fn of(crd: &Value, version: &str) -> Option<Schema> {
        let versions = crd["spec"]["versions"].as_array()?;
        let found = versions.iter().find(|found| found["name"] == version && found["served"] == true)?;
        let root = found["schema"]["openAPIV3Schema"].clone();
        root.is_object().then(|| Schema { root, expressions: Mutex::default() })
    }

    /// What the cluster would refuse in an object, in the order of the schema.
    ///
    /// With the object as it was before, rules about changes are checked too.
    pub fn check(&self, manifest: &Manifest, old: Option<&Value>) -> Vec<Violation> {
        walk::check(self, manifest, old)
    }

    fn expression(&self, text: &str) -> Option<Arc<Expression>> {
        let mut known = self.expressions.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(text.to_owned()).or_insert_with(|| Expression::read(text).ok().map(Arc::new)).clone()
    }
}

#[cfg(test)]
mod tests;
