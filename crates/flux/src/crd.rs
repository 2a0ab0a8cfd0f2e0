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

use regex::Regex;
use serde_json::Value;

use crate::cel::Expression;
use crate::kinds::Kind;
use crate::manifest::Manifest;
use crate::path::FieldPath;
use crate::schema::Violation;

/// What a cluster serves of a kind.
#[derive(Debug)]
pub struct Definition {
    kind: &'static str,
    version: &'static str,
    served: Vec<String>,
    schema: Result<Schema, Installed>,
}

impl Definition {
    /// Reads the CustomResourceDefinition of a kind.
    pub fn of(crd: &Value, kind: &Kind) -> Self {
        let versions = crd["spec"]["versions"].as_array().into_iter().flatten();
        let served = versions
            .filter(|version| version["served"] == true)
            .filter_map(|version| version["name"].as_str())
            .map(str::to_owned)
            .collect();
        let installed = Installed::of(crd, kind);
        let schema = match Schema::of(crd, kind.version) {
            Some(schema) => Ok(Schema { installed, ..schema }),
            None => Err(installed),
        };
        Self { kind: kind.name, version: kind.version, served, schema }
    }

    /// What the cluster would refuse in an object, in the order of the schema; one finding for the whole object where its
    /// version is not served.
    ///
    /// With the object as it was before, rules about changes are checked too.
    pub fn check(&self, manifest: &Manifest, old: Option<&Value>) -> Vec<Violation> {
        let installed = match &self.schema {
            Ok(schema) => return schema.check(manifest, old),
            Err(_) if self.served.iter().any(|served| served == self.version) => return Vec::new(),
            Err(installed) => installed,
        };
        let served = if self.served.is_empty() { "none".to_owned() } else { self.served.join(", ") };
        let message = format!(
            "{} does not serve version {} of {}, but {served}",
            installed.release, self.version, self.kind
        );
        let remedy = Some(format!("update {} in the cluster first", installed.product));
        vec![Violation { path: FieldPath::root(), message, remedy }]
    }
}

/// What is installed in a cluster.
#[derive(Debug)]
struct Installed {
    /// `Flux`.
    product: &'static str,
    /// `Flux 2.7.5, which is installed in the cluster,`.
    release: String,
}

impl Installed {
    /// Charts, `flux install` and the operator label definitions with the release that they belong to.
    fn of(crd: &Value, kind: &Kind) -> Self {
        let product = if kind.controller == "flux-operator" { "the Flux Operator" } else { "Flux" };
        let release = match crd["metadata"]["labels"]["app.kubernetes.io/version"].as_str() {
            Some(release) => format!(
                "{product} {}, which is installed in the cluster,",
                release.strip_prefix('v').unwrap_or(release)
            ),
            None => Self::default().release.replace("Flux", product.trim_start_matches("the ")),
        };
        Self { product, release }
    }
}

impl Default for Installed {
    fn default() -> Self {
        Self { product: "Flux", release: "the Flux that is installed in the cluster".to_owned() }
    }
}

/// The schema of one version of a kind, as a cluster serves it.
#[derive(Debug)]
pub struct Schema {
    root: Value,
    installed: Installed,
    /// Rules that were read, by their text; none for those that cannot be.
    expressions: Mutex<HashMap<String, Option<Arc<Expression>>>>,
    /// The same for patterns.
    patterns: Mutex<HashMap<String, Option<Regex>>>,
}

impl Schema {
    /// The schema of a version in a CustomResourceDefinition; none where the version is not served or has no schema.
    pub fn of(crd: &Value, version: &str) -> Option<Schema> {
        let versions = crd["spec"]["versions"].as_array()?;
        let found = versions.iter().find(|found| found["name"] == version && found["served"] == true)?;
        let root = found["schema"]["openAPIV3Schema"].clone();
        root.is_object().then(|| Schema {
            root,
            installed: Installed::default(),
            expressions: Mutex::default(),
            patterns: Mutex::default(),
        })
    }

    /// What the cluster would refuse in an object, in the order of the schema.
    ///
    /// With the object as it was before, rules about changes are checked too.
    pub fn check(&self, manifest: &Manifest, old: Option<&Value>) -> Vec<Violation> {
        walk::check(self, manifest, old)
    }

    fn expression(&self, text: &str) -> Option<Arc<Expression>> {
        remembered(&self.expressions, text, |text| Expression::read(text).ok().map(Arc::new))
    }

    fn pattern(&self, text: &str) -> Option<Regex> {
        remembered(&self.patterns, text, |text| Regex::new(text).ok())
    }
}

/// What was read of a text, the first time it was needed.
fn remembered<T: Clone>(
    known: &Mutex<HashMap<String, Option<T>>>,
    text: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(text) {
        return found.clone();
    }
    known.entry(text.to_owned()).or_insert_with(|| read(text)).clone()
}

#[cfg(test)]
mod tests;
