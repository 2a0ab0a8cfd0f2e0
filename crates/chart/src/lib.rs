//! Helm charts: from files to manifests, as `helm template` renders them.
//!
//! | module | holds |
//! |---|---|
//! | [`archive`] | chart archives, with Helm's limits |
//! | [`mod@file`] | the files of a chart, as folders and archives hold them |
//! | [`load`] | from files to a [`Chart`] |
//! | [`metadata`] | Chart.yaml |
//! | [`values`], [`set`] | the values of a user: files, `--set` and its kin |
//! | [`coalesce`] | values of user, chart and subcharts, made one |
//! | [`capabilities`] | what a cluster can do |
//! | [`moment`] | points in time, and Go's layouts for them |
//! | [`mod@render`] | a chart and values become manifests, hooks and notes |
//! | [`template_error`] | errors of templates, with their lines |
//! | [`excerpt`] | the line in which a render went wrong |
//! | [`output`] | what rendering gives |
//! | [`kind_order`] | in which order kinds are created and deleted |
//! | [`release_name`] | names of releases |
//! | [`semver`] | versions and ranges |
//! | [`path`] | paths with `/` |
//!
//! Pure: no I/O, no clock, no environment. Time, randomness and what `lookup` finds arrive as values. `known_differences.md` lists
//! what is not as in Helm.

pub mod archive;
pub mod capabilities;
pub mod coalesce;
mod context;
mod dependencies;
pub mod excerpt;
pub mod file;
mod files_object;
mod functions;
mod glob;
pub mod kind_order;
pub mod load;
pub mod metadata;
pub mod moment;
pub mod output;
pub mod path;
pub mod release_name;
pub mod render;
pub mod schema;
pub mod semver;
pub mod set;
pub mod template_error;
pub mod values;
mod words;

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
