//! What is inside a `bundle.tar.gz`: the module, the data and the manifest. Also read by the build script.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use serde_json::{Map, Value};

/// The largest bundle, as it is packed.
const LARGEST_PACKED: usize = 64 << 20;
/// The largest bundle, unpacked.
const LARGEST: u64 = 256 << 20;
/// The largest compiled policy.
const LARGEST_MODULE: u64 = 32 << 20;
/// The largest data document and the largest manifest.
const LARGEST_DOCUMENT: u64 = 64 << 20;
/// The most files.
const MOST_FILES: usize = 10_000;

/// The files of a bundle that matter here.
#[derive(Debug)]
pub(crate) struct Archive {
    /// The compiled policy.
    pub(crate) module: Vec<u8>,
    /// The data document, empty where there is none.
    pub(crate) data: Map<String, Value>,
    /// The manifest, as it is written.
    pub(crate) manifest: Vec<u8>,
}

/// Why bytes are not a bundle that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The bytes are not a gzipped tar archive.
    #[error("this is not a bundle: not a readable tar.gz archive")]
    NotAnArchive {
        /// What was met instead.
        #[source]
        source: io::Error,
    },
    /// A file that every compiled bundle has is not there.
    #[error("the bundle has no {name}: {advice}")]
    Missing {
        /// The name of the file.
        name: &'static str,
        /// How to make a bundle that has it.
        advice: &'static str,
    },
    /// A file, or the whole, is larger than allowed.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The most bytes.
        limit: u64,
    },
    /// There are more files than allowed.
    #[error("the bundle holds more than {MOST_FILES} files")]
    TooMany,
    /// A file stands there twice, so that two readers may see two policies.
    #[error("the bundle holds {name} twice")]
    Twice {
        /// The name of the file.
        name: String,
    },
    /// A data document is not a JSON object.
    #[error("{name} in the bundle is not a JSON object")]
    Data {
        /// The name of the file.
        name: String,
        /// What the reader says.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// A data document that would be left out in silence.
    #[error("{name} in the bundle is not read: `opa build` gathers all data in data.json at the root")]
    StrayData {
        /// The name of the file.
        name: String,
    },
}

impl Archive {
    /// Unpacks a bundle.
    pub(crate) fn unpack(bytes: &[u8]) -> Result<Archive, ArchiveError> {
        if bytes.len() > LARGEST_PACKED {
            return Err(too_large("the packed bundle", LARGEST_PACKED as u64));
        }
        let not_an_archive = |source| ArchiveError::NotAnArchive { source };
        let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(LARGEST + 1));
        let (mut module, mut manifest, mut data) = (None, None, None);
        let mut unpacked = 0;
        for (position, entry) in archive.entries().map_err(not_an_archive)?.enumerate() {
            let entry = entry.map_err(not_an_archive)?;
            if position >= MOST_FILES {
                return Err(ArchiveError::TooMany);
            }
            unpacked += entry.size();
            if unpacked > LARGEST {
                return Err(too_large("the unpacked bundle", LARGEST));
            }
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let path = entry.path().map_err(not_an_archive)?.to_string_lossy().into_owned();
            let name = path.trim_start_matches("./").trim_start_matches('/');
            match name {
                "policy.wasm" => once(&mut module, name, read(entry, name, LARGEST_MODULE)?)?,
                ".manifest" => once(&mut manifest, name, read(entry, name, LARGEST_DOCUMENT)?)?,
                "data.json" => {
                    let bytes = read(entry, name, LARGEST_DOCUMENT)?;
                    once(&mut data, name, object(name, &bytes)?)?;
                }
                _ if matches!(name.rsplit('/').next(), Some("data.json" | "data.yaml" | "data.yml")) => {
                    return Err(ArchiveError::StrayData { name: name.to_owned() });
                }
                _ => {}
            }
        }
        const ADVICE: &str =
            "make it with `opa build -t wasm -b … -e flux/main/report -e flux/rules/<rule>/deny`";
        let missing = |name| ArchiveError::Missing { name, advice: ADVICE };
        Ok(Archive {
            module: module.ok_or_else(|| missing("policy.wasm"))?,
            manifest: manifest.ok_or_else(|| missing(".manifest"))?,
            data: data.unwrap_or_default(),
        })
    }
}

fn read(entry: impl Read, name: &str, limit: u64) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    entry.take(limit + 1).read_to_end(&mut bytes).map_err(|source| ArchiveError::NotAnArchive { source })?;
    if bytes.len() as u64 > limit { Err(too_large(name, limit)) } else { Ok(bytes) }
}

fn object(name: &str, bytes: &[u8]) -> Result<Map<String, Value>, ArchiveError> {
    let name = || name.to_owned();
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ArchiveError::Data { name: name(), source: None }),
        Err(source) => Err(ArchiveError::Data { name: name(), source: Some(source) }),
    }
}

fn once<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), ArchiveError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(ArchiveError::Twice { name: name.to_owned() }),
    }
}

fn too_large(what: &str, limit: u64) -> ArchiveError {
    ArchiveError::TooLarge { what: what.to_owned(), limit }
}
