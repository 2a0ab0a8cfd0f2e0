//! A bundle: what `opa build -t wasm` makes out of rules, and the one that is built in.

mod archive;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use archive::Archive;
pub use archive::ArchiveError;

/// Compiled rules with their data and their descriptions.
#[derive(Debug)]
pub struct Bundle {
    pub(crate) program: Program,
    pub(crate) data: Map<String, Value>,
    pub(crate) entrypoints: Vec<Entrypoint>,
    pub(crate) reads: Reads,
}

/// A policy in WebAssembly.
#[derive(Debug)]
pub(crate) enum Program {
    /// The built-in one, compiled to machine code when this crate was built.
    BuiltIn,
    /// As it stands in a bundle.
    Module(Vec<u8>),
}

/// Something that can be asked of a compiled policy.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Entrypoint {
    /// Its path, with slashes: `flux/rules/interval/deny`.
    #[serde(rename = "entrypoint")]
    pub(crate) path: String,
    module: String,
    /// The METADATA of the rule, if it has some.
    #[serde(default)]
    pub(crate) annotations: Vec<Annotations>,
}

/// The METADATA comment of a rule, as OPA copies it into the manifest.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Annotations {
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) custom: Map<String, Value>,
}

/// For each entrypoint, the documents that it reads: `input.object.spec.url`, `data.params.allowed_schemes`.
pub(crate) type Reads = BTreeMap<String, Vec<String>>;

/// Why a bundle cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The archive is not one, or lacks something.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The manifest is not what OPA writes.
    #[error("the bundle's .manifest is not one that `opa build -t wasm` writes")]
    Manifest {
        /// What the reader says.
        #[source]
        source: serde_json::Error,
    },
    /// The manifest speaks of a module that is somewhere else.
    #[error("the entrypoint {entrypoint} of the bundle is in {module}: only /policy.wasm is read")]
    Module {
        /// The entrypoint.
        entrypoint: String,
        /// Where it is.
        module: String,
    },
    /// The bundle was not built with the entrypoint that gathers all findings.
    #[error("the bundle has no entrypoint {path}: give `-e {path}` to `opa build`")]
    NoReport {
        /// The entrypoint that is missing.
        path: &'static str,
    },
    /// The bundle lists no rule.
    #[error("the bundle lists no rule: give `-e {prefix}<rule>/deny` to `opa build` for each rule")]
    NoRules {
        /// What the path of each rule begins with.
        prefix: &'static str,
    },
    /// Data stands where rules belong, and would be taken for a rule.
    #[error("the bundle holds data under `{root}`, which is for rules alone")]
    DataUnderRules {
        /// The place.
        root: &'static str,
    },
    /// The place of the parameters is taken by something else.
    #[error("`params` in the bundle's data is not an object")]
    Params,
    /// The list of what rules read is not one.
    #[error("the list of what each rule reads is not an object of lists of texts")]
    Reads {
        /// What the reader says.
        #[source]
        source: serde_json::Error,
    },
    /// What is said about a rule is wrong.
    #[error("the METADATA of the rule {rule} is wrong: {problem}")]
    Metadata {
        /// The package of the rule.
        rule: String,
        /// What is wrong.
        problem: String,
    },
}

impl Bundle {
    /// The path of the entrypoint that answers with the findings of all rules.
    pub const REPORT: &'static str = "flux/main/report";
    /// What stands before the name of a rule in the path of its entrypoint.
    pub const RULES: &'static str = "flux/rules/";
    /// What stands after it.
    pub const DENY: &'static str = "/deny";

    /// The rules that come with this program.
    ///
    /// # Errors
    ///
    /// None, unless the program was built from a broken bundle.
    pub fn built_in() -> Result<Bundle, BundleError> {
        let data = serde_json::from_str(built_in::DATA)
            .map_err(|source| ArchiveError::Data { name: "data.json".to_owned(), source: Some(source) })?;
        Bundle::assemble(Program::BuiltIn, data, built_in::MANIFEST.as_bytes())?.with_reads(built_in::READS)
    }

    /// Reads a `bundle.tar.gz` that `opa build -t wasm` made.
    ///
    /// Each of its rules counts as reading the whole object, until [`Bundle::with_reads`] says better.
    ///
    /// # Errors
    ///
    /// Bytes that are no bundle, files or totals beyond the limits, and data under the rules' own root.
    pub fn read(bytes: &[u8]) -> Result<Bundle, BundleError> {
        let archive = Archive::unpack(bytes)?;
        Bundle::assemble(Program::Module(archive.module), archive.data, &archive.manifest)
    }

    /// Adds what each rule reads, as `make policies` derives it: a JSON object from the path of an entrypoint
    /// to a list of documents.
    ///
    /// # Errors
    ///
    /// Text that is not such an object.
    pub fn with_reads(mut self, json: &str) -> Result<Bundle, BundleError> {
        self.reads = serde_json::from_str(json).map_err(|source| BundleError::Reads { source })?;
        Ok(self)
    }

    fn assemble(program: Program, data: Map<String, Value>, manifest: &[u8]) -> Result<Bundle, BundleError> {
        #[derive(Deserialize)]
        struct Manifest {
            #[serde(default)]
            wasm: Vec<Entrypoint>,
        }
        // The root of all rules and of what they share.
        const ROOT: &str = "flux";
        let manifest: Manifest =
            serde_json::from_slice(manifest).map_err(|source| BundleError::Manifest { source })?;
        if let Some(stray) = manifest.wasm.iter().find(|entrypoint| entrypoint.module != "/policy.wasm") {
            return Err(BundleError::Module { entrypoint: stray.path.clone(), module: stray.module.clone() });
        }
        if data.contains_key(ROOT) {
            return Err(BundleError::DataUnderRules { root: ROOT });
        }
        if data.get("params").is_some_and(|params| !params.is_object()) {
            return Err(BundleError::Params);
        }
        if !manifest.wasm.iter().any(|entrypoint| entrypoint.path == Bundle::REPORT) {
            return Err(BundleError::NoReport { path: Bundle::REPORT });
        }
        Ok(Bundle { program, data, entrypoints: manifest.wasm, reads: Reads::new() })
    }
}

/// The built-in bundle, taken apart by the build script.
pub(crate) mod built_in {
    include!(concat!(env!("OUT_DIR"), "/built_in.rs"));
}
