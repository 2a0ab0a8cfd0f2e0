//! How rules are compiled: by `opa build`, always from the same place, so that the same rules give the same
//! bytes on every machine; and how what they read is derived, by `opa deps`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use flux::path::{FieldPath, Step};
use serde_json::Value;

/// The entrypoint that gathers the findings of all rules.
const REPORT: &str = "flux/main/report";

/// What is made of a folder of rules.
pub struct Made {
    /// The bundle, as a gzipped tar archive.
    pub bundle: Vec<u8>,
    /// What each rule reads, as JSON.
    pub reads: String,
}

/// Compiles the folder `policies` with the given `opa`.
pub fn make(opa: &Path, policies: &Path) -> Result<Made, Box<dyn Error>> {
    let rules = rules(policies)?;
    let place = tempfile::tempdir()?;
    let bundle = place.path().join("bundle.tar.gz");
    let mut build = command(opa, policies);
    build.args(["build", "-t", "wasm", "-b", ".", "--ignore", "*_test.rego", "-e", REPORT]);
    for rule in &rules {
        build.args(["-e", &entrypoint(rule)]);
    }
    run(build.arg("-o").arg(&bundle))?;

    let mut reads = BTreeMap::new();
    for rule in &rules {
        let query = format!("data.flux.rules.{rule}.deny");
        let found = run(command(opa, policies).args(["deps", "-f", "json", "-b", ".", &query]))?;
        reads.insert(entrypoint(rule), documents(&serde_json::from_slice(&found)?)?);
    }
    Ok(Made { bundle: fs::read(bundle)?, reads: format!("{}\n", serde_json::to_string_pretty(&reads)?) })
}

/// The names of the rules: those of the files in `flux/rules`, without the tests beside them.
pub fn rules(policies: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut rules = Vec::new();
    for file in fs::read_dir(policies.join("flux/rules"))? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if let Some(rule) = name.strip_suffix(".rego").filter(|rule| !rule.ends_with("_test")) {
            rules.push(rule.to_owned());
        }
    }
    rules.sort();
    Ok(rules)
}

fn entrypoint(rule: &str) -> String {
    format!("flux/rules/{rule}/deny")
}

fn command(opa: &Path, policies: &Path) -> Command {
    let mut command = Command::new(opa);
    // With one of these set, OPA would hand the module to another compiler, or call home.
    command
        .current_dir(policies)
        .env_remove("EXPERIMENTAL_WASM_OPT")
        .env_remove("EXPERIMENTAL_WASM_OPT_ARGS");
    command
}

fn run(command: &mut Command) -> Result<Vec<u8>, Box<dyn Error>> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = [output.stdout, output.stderr].concat();
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&words)).into())
}

/// The documents that a rule reads, as texts in order, without those that another one holds.
fn documents(deps: &Value) -> Result<Vec<String>, Box<dyn Error>> {
    // Absent for a rule that reads nothing.
    let base = match deps.get("base") {
        None | Some(Value::Null) => &Vec::new(),
        Some(base) => base.as_array().ok_or("`opa deps` lists no documents")?,
    };
    let mut paths: Vec<FieldPath> = base
        .iter()
        .map(|document| {
            let terms = document.as_array().into_iter().flatten();
            // From a variable on, any key may be meant: then the rule reads all that stands before.
            terms.enumerate().map_while(|(position, term)| step(term, position == 0)).collect()
        })
        .collect();
    paths.sort();
    let within = |path: &FieldPath| paths.iter().any(|other| other != path && path.starts_with(other));
    let mut texts: Vec<String> = paths.iter().filter(|path| !within(path)).map(ToString::to_string).collect();
    texts.dedup();
    Ok(texts)
}

fn step(term: &Value, head: bool) -> Option<Step> {
    let value = term.get("value")?;
    match term.get("type")?.as_str()? {
        "string" => Some(Step::from(value.as_str()?)),
        "number" => Some(Step::from(usize::try_from(value.as_u64()?).ok()?)),
        "var" if head => Some(Step::from(value.as_str()?)),
        _ => None,
    }
}
