//! From files to a [`Chart`], by the rules of Helm's loader.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::Chart;
use crate::archive;
use crate::file::File;
use crate::metadata::{self, Metadata};
use crate::path;
use crate::values;

/// Why files are no chart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no Chart.yaml.
    #[error("Chart.yaml file is missing")]
    NoMetadata,
    /// A file is not what its name says: Chart.yaml, values.yaml, a lock.
    #[error("cannot load {file}")]
    File {
        /// Its path within the chart.
        file: String,
        /// What is wrong with it.
        #[source]
        source: FileError,
    },
    /// Chart.yaml says something that Helm does not accept.
    #[error("validation: {0}")]
    Invalid(String),
    /// The bytes are no archive of a chart.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// A chart under charts/ is none.
    #[error("error unpacking subchart {name} in {parent}")]
    Subchart {
        /// Its folder or archive under charts/.
        name: String,
        /// The chart that holds it.
        parent: String,
        /// What is wrong with it.
        #[source]
        source: Box<Error>,
    },
    /// Charts lie in charts deeper than [`MAX_DEPTH`].
    #[error("charts are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not text.
    #[error("the file is not UTF-8 text")]
    NotText,
    /// It is not YAML; the error says in which line.
    #[error(transparent)]
    Yaml(yaml::Error),
    /// It is YAML of another shape, in the words of Go's decoder.
    #[error("{0}")]
    Shape(String),
}

/// How deep charts may lie in charts.
pub const MAX_DEPTH: usize = 64;

/// Loads a chart from an archive (.tgz).
///
/// # Errors
///
/// The archive is refused, or its files are no chart.
pub fn load_archive(archive: &[u8]) -> Result<Chart, Error> {
    load_archive_at(archive, 0)
}

/// Loads a chart from its files, named relative to its folder.
///
/// ```
/// use chart::file::File;
///
/// let file = |name: &str, text: &str| File { name: name.to_owned(), data: text.into() };
/// let chart = chart::load::load(vec![
///     file("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
///     file("templates/config.yaml", "kind: ConfigMap"),
/// ])
/// .unwrap();
/// assert_eq!(chart.templates.len(), 1);
/// ```
///
/// # Errors
///
/// A file is missing, unreadable or says something that Helm does not accept.
pub fn load(files: Vec<File>) -> Result<Chart, Error> {
    load_at(files, 0)
}

fn load_archive_at(archive: &[u8], depth: usize) -> Result<Chart, Error> {
    load_at(archive::unpack(archive)?, depth)
}

fn load_at(files: Vec<File>, depth: usize) -> Result<Chart, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::TooDeep);
    }
    let mut metadata = read_metadata(&files)?;
    let mut chart = Chart {
        metadata: Metadata::default(),
        lock: None,
        values: Map::new(),
        schema: None,
        templates: Vec::new(),
        files: Vec::new(),
        dependencies: Vec::new(),
    };
    let mut subcharts: BTreeMap<String, Vec<File>> = BTreeMap::new();
    for file in files {
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => chart.lock = Some(read(&file)?),
            "values.yaml" => chart.values = default_values(&file)?,
            "values.schema.json" => chart.schema = Some(file.data),
            // Charts of apiVersion v1 name their dependencies in files of their own.
            "requirements.yaml" => {
                metadata::merge(&mut metadata, &read(&file)?)
                    .map_err(|shape| fault(&file, FileError::Shape(shape)))?;
                if metadata.api_version == "v1" {
                    chart.files.push(file);
                }
            }
            "requirements.lock" => {
                chart.lock = Some(read(&file)?);
                if metadata.api_version == "v1" {
                    chart.files.push(file);
                }
            }
            name if name.starts_with("templates/") => chart.templates.push(file),
            name if name.starts_with("charts/") && path::extension(name) != ".prov" => {
                let inner = name.strip_prefix("charts/").unwrap_or(name).to_owned();
                let folder = inner.split('/').next().unwrap_or_default().to_owned();
                subcharts.entry(folder).or_default().push(File { name: inner, data: file.data });
            }
            _ => chart.files.push(file),
        }
    }
    metadata::validate(&mut metadata).map_err(Error::Invalid)?;
    chart.metadata = metadata;
    for (name, files) in subcharts {
        if name.starts_with(['_', '.']) {
            continue;
        }
        let loaded = load_subchart(&name, files, depth + 1).map_err(|source| Error::Subchart {
            name,
            parent: chart.metadata.name.clone(),
            source: Box::new(source),
        })?;
        chart.dependencies.push(loaded);
    }
    Ok(chart)
}

/// Loads what lies under charts/ by that name: an archive or a folder.
fn load_subchart(name: &str, files: Vec<File>, depth: usize) -> Result<Chart, Error> {
    if path::extension(name) == ".tgz" {
        let archive = files.iter().find(|file| file.name == name).ok_or(Error::NoMetadata)?;
        return load_archive_at(&archive.data, depth);
    }
    // A file beside the folders is no chart; Helm says so by missing its Chart.yaml.
    let files = files.into_iter().filter_map(|file| {
        let (_, inner) = file.name.split_once('/')?;
        Some(File { name: inner.to_owned(), data: file.data })
    });
    load_at(files.collect(), depth)
}

fn read_metadata(files: &[File]) -> Result<Metadata, Error> {
    let mut metadata = None;
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        let metadata = metadata.get_or_insert_with(Metadata::default);
        metadata::merge(metadata, &read(file)?).map_err(|shape| fault(file, FileError::Shape(shape)))?;
    }
    let mut metadata = metadata.ok_or(Error::NoMetadata)?;
    // Charts of Helm 2 did not have to say.
    if metadata.api_version.is_empty() {
        "v1".clone_into(&mut metadata.api_version);
    }
    Ok(metadata)
}

fn default_values(file: &File) -> Result<Map<String, Value>, Error> {
    values::documents(text(file)?).map_err(|source| fault(file, source))
}

fn read(file: &File) -> Result<Value, Error> {
    yaml::read(text(file)?).map_err(|error| fault(file, FileError::Yaml(error)))
}

fn text(file: &File) -> Result<&str, Error> {
    std::str::from_utf8(&file.data).map_err(|_| fault(file, FileError::NotText))
}

fn fault(file: &File, source: FileError) -> Error {
    Error::File { file: file.name.clone(), source }
}
