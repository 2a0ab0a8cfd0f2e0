//! The index of a repository: which charts there are, in which versions.

use std::{cmp::Reverse, collections::BTreeMap};

use chart::semver::{Constraint, Version};
use serde_json::{Map, Value};

use crate::{Address, Error};

/// How many names or versions an error lists.
const SHOWN: usize = 5;

/// The charts of a repository.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// The versions of each chart, newest first.
    pub charts: BTreeMap<String, Vec<Entry>>,
    /// What was left out as Helm leaves it out: the chart, the version as it is written, and why.
    pub skipped: Vec<(String, String, &'static str)>,
}

/// One version of a chart.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The chart's name.
    pub name: String,
    /// The version as it is written.
    pub version: String,
    /// The version of what the chart installs; empty where the index does not say.
    pub app_version: String,
    /// Whether the chart should no longer be used.
    pub deprecated: bool,
    /// Where the archive is; relative ones are meant under the repository.
    pub urls: Vec<String>,
    /// The SHA-256 digest of the archive, in lower-case hexadecimal digits, where the index says.
    pub digest: Option<String>,
    semver: Version,
}

/// What is wrong with an index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// It is HTML.
    #[error("it is a web page")]
    WebPage,
    /// It is compressed, which was not asked for.
    #[error("it is compressed, though it was asked for without")]
    Compressed,
    /// It is not UTF-8.
    #[error("it is not text")]
    NotText,
    /// It is no YAML, or has a key twice.
    #[error("it is not YAML")]
    Yaml(#[source] yaml::Error),
    /// It is YAML of something else.
    #[error("{0}")]
    Shape(&'static str),
}

impl Index {
    /// Reads an index: YAML, or JSON.
    ///
    /// ```
    /// let index = "apiVersion: v1\nentries:\n  app:\n  - {name: app, version: 1.0.0, urls: [app-1.0.0.tgz]}\n";
    /// let index = remote::Index::parse(index.as_bytes()).unwrap();
    /// assert_eq!(index.charts["app"][0].version, "1.0.0");
    /// ```
    ///
    /// # Errors
    ///
    /// The text is no index. Entries that are none are skipped instead.
    pub fn parse(text: &[u8]) -> Result<Self, IndexError> {
        if text.starts_with(&[0x1f, 0x8b]) {
            return Err(IndexError::Compressed);
        }
        let text = std::str::from_utf8(text).map_err(|_| IndexError::NotText)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match text.trim_start().chars().next() {
            None => return Err(IndexError::Empty),
            Some('<') => return Err(IndexError::WebPage),
            Some(_) => {}
        }
        let value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) => yaml::read_strict(text).map_err(IndexError::Yaml)?,
        };
        Self::from_value(value)
    }

    fn from_value(value: Value) -> Result<Self, IndexError> {
        let Value::Object(mut index) = value else {
            return Err(IndexError::Shape("it is not a map"));
        };
        match index.get("apiVersion") {
            Some(Value::String(version)) if !version.is_empty() => {}
            _ => return Err(IndexError::Shape("it has no apiVersion")),
        }
        let entries = match index.remove("entries") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(entries)) => entries,
            Some(_) => return Err(IndexError::Shape("its entries are not a map")),
        };
        let mut found = Self::default();
        for (chart, versions) in entries {
            let versions = match versions {
                Value::Array(versions) => versions,
                Value::Null => Vec::new(),
                _ => return Err(IndexError::Shape("the versions of a chart are not a list")),
            };
            let mut taken = Vec::with_capacity(versions.len());
            for version in &versions {
                match Entry::read(version) {
                    Ok(entry) => taken.push(entry),
                    Err(why) => found.skipped.push((chart.clone(), text(&version["version"]), why)),
                }
            }
            taken.sort_by(|one, other| Reverse(&one.semver).cmp(&Reverse(&other.semver)));
            found.charts.insert(chart, taken);
        }
        Ok(found)
    }

    /// Chooses a version of a chart: the one that is written exactly so, else the newest in the range; for an empty text the newest stable
    /// one. `repository` is for the errors.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchChart`], [`Error::NoSuchVersion`], [`Error::BadVersion`].
    pub fn choose(&self, chart: &str, version: &str, repository: Address) -> Result<&Entry, Error> {
        let version = version.trim();
        let Some(entries) = self.charts.get(chart) else {
            return Err(Error::NoSuchChart {
                repository,
                chart: chart.to_owned(),
                known: self.similar(chart),
                count: self.charts.len(),
            });
        };
        if let Some(exact) = entries.iter().find(|entry| entry.version == version) {
            return Ok(exact);
        }
        let range = if version.is_empty() { "*" } else { version };
        let range = Constraint::parse(range)
            .map_err(|source| Error::BadVersion { version: version.to_owned(), source })?;
        entries.iter().find(|entry| range.matches(&entry.semver)).ok_or_else(|| Error::NoSuchVersion {
            repository,
            chart: chart.to_owned(),
            version: version.to_owned(),
            known: near(entries, version),
            count: entries.len(),
        })
    }

    /// The names that are most like one: those that hold it or are held by it first, then by their letters.
    fn similar(&self, name: &str) -> Vec<String> {
        let mut known: Vec<_> = self.charts.keys().collect();
        known.sort_by_cached_key(|known| {
            (!known.contains(name) && !name.contains(known.as_str()), distance(known, name))
        });
        known.into_iter().take(SHOWN).cloned().collect()
    }
}

impl Entry {
    fn read(value: &Value) -> Result<Self, &'static str> {
        if !value.is_object() {
            return Err("it is not a map");
        }
        let name = text(&value["name"]);
        if name.is_empty() || name == "." || name == ".." || name.contains('/') {
            return Err("its name is none");
        }
        let version = text(&value["version"]);
        let semver = Version::parse(&version).map_err(|_| "its version is none")?;
        if !matches!(text(&value["type"]).as_str(), "" | "application" | "library") {
            return Err("its type is none");
        }
        let urls = value["urls"].as_array().into_iter().flatten().map(text).collect();
        let digest = text(&value["digest"]).to_ascii_lowercase();
        let digest = digest.strip_prefix("sha256:").unwrap_or(&digest);
        Ok(Self {
            name,
            version,
            app_version: text(&value["appVersion"]),
            deprecated: value["deprecated"] == Value::Bool(true),
            urls,
            digest: (!digest.is_empty()).then(|| digest.to_owned()),
            semver,
        })
    }
}

/// A scalar as a text: people forget quotes around versions.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The versions around the one that is wanted, or the newest ones.
fn near(entries: &[Entry], wanted: &str) -> Vec<String> {
    let digits = wanted.trim_start_matches(|char: char| !char.is_ascii_digit());
    let digits = digits.split([' ', ',', '|']).next().unwrap_or_default();
    let place = Version::parse(digits)
        .map_or(0, |wanted| entries.iter().take_while(|entry| entry.semver > wanted).count());
    let first = place.saturating_sub(SHOWN / 2).min(entries.len().saturating_sub(SHOWN));
    entries.iter().skip(first).take(SHOWN).map(|entry| entry.version.clone()).collect()
}

/// How many letters must be changed, added or removed to come from one word to the other (Levenshtein). Names are short.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = index;
        row[0] = index + 1;
        for (at, wanted) in other.iter().enumerate() {
            let changed = diagonal + usize::from(*wanted != letter);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[other.len()]
}
