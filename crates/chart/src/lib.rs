//! Helm charts: from files to manifests, as `helm template` renders them.
//!
//! | module | holds |
//! |---|---|
//! | [`file`] | the files of a chart, as folders and archives hold them |
//! | [`metadata`] | Chart.yaml |
//! | [`output`] | what rendering gives: manifests in order, hooks, notes |
//! | [`semver`] | versions and ranges |
//!
//! Pure: no I/O, no clock, no environment. Time, randomness and what `lookup` finds arrive as values.

pub mod file;
pub mod metadata;
pub mod output;
pub mod semver;

use file::File;
use metadata::Metadata;

/// A chart with its subcharts, as its author wrote it.
#[derive(Clone)]
pub struct Chart {
    /// Chart.yaml.
    pub metadata: Metadata,
    /// Chart.lock or requirements.lock, as it was read; `None` where the chart has none.
    pub lock: Option<serde_json::Value>,
    /// values.yaml; an empty map where there is none.
    pub values: serde_json::Map<String, serde_json::Value>,
    /// values.schema.json, its bytes.
    pub schema: Option<Vec<u8>>,
    /// The files under templates/, partials too, in the order in which the chart holds them.
    pub templates: Vec<File>,
    /// All other files (README.md, .helmignore, crds/), without Chart.yaml, values, schema, locks and charts/.
    pub files: Vec<File>,
    /// The charts under charts/.
    pub dependencies: Vec<Chart>,
}
