//! `fluxgate check`: the policy gate for pull requests. Inputs to manifests, manifests through the gate, the report to standard output.

mod inputs;
mod manifests;
mod plan_json;
mod report;
mod values;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use flux::{Origin, manifest::ManifestError};
use owo_colors::OwoColorize;
use policy::{Gate, Settings, Severity, Subject};
use serde_json::{Map, Value};

use crate::explain;

/// Check objects of Flux against the policy rules.
///
/// Reads plans as `tofu show -json` prints them and Kubernetes objects as YAML or JSON, and judges every Flux object in them by the rules that the
/// provider asks at plan and before each write.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Arguments {
    /// Plans as JSON, and files or folders with Kubernetes objects; `-` is standard input.
    ///
    /// A file may hold several YAML documents, and lists of objects. In a folder, and the folders in it, the files *.yaml, *.yml and *.json are
    /// read, without hidden ones; what is no object there, such as a file of values, is left out with a note, and so are charts.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The form of the report on standard output.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,

    /// What a finding of a rule counts: deny, warn or off. May be repeated.
    #[arg(long = "rule", value_name = "RULE=SEVERITY", value_parser = rule)]
    rules: Vec<(String, Severity)>,

    /// A file with the parameters of the rules, as a JSON object.
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,

    /// Exit with 1 when there are only warnings, and with 2 when something is refused.
    #[arg(long)]
    fail_on_warn: bool,
}

const EXAMPLES: &str = "\
Examples:
  tofu plan -out plan && tofu show -json plan > plan.json
  fluxgate check plan.json
  tofu show -json plan | fluxgate check - -o json
  fluxgate check plan.json --rule interval=warn --params params.json
  fluxgate check clusters/ apps/podinfo.yaml
  fluxgate template fleet ./charts/fleet -f values.yaml | fluxgate check -
  kubectl get gitrepositories,kustomizations -A -o yaml | fluxgate check -

Exit codes:
  0  nothing is refused
  1  something is refused, a rule could not be asked, an input could not be read,
     no rule is enabled, or there was no object to check
  2  the command line is wrong; with --fail-on-warn: something is refused";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// For programs: one object with counts, findings and errors.
    Json,
}

fn rule(text: &str) -> Result<(String, Severity), String> {
    let (id, severity) = text.split_once('=').ok_or("write it as RULE=SEVERITY, such as interval=warn")?;
    let severity = severity.parse::<Severity>().map_err(|error| error.to_string())?;
    Ok((id.to_owned(), severity))
}

/// Why a check could not be made.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot read {file}")]
    Read { file: String, source: io::Error },
    #[error("{folder} is a chart")]
    Chart { folder: String },
    #[error("{file} cannot be judged: {what}")]
    NotText { file: String, what: &'static str, remedy: &'static str },
    #[error("{file} is neither a plan in JSON nor YAML")]
    Yaml { file: String, source: yaml::Error, template: bool },
    #[error("{origin} is no Kubernetes object")]
    Object { origin: Origin, source: ManifestError },
    #[error("{file} is not a plan in JSON")]
    Plan { file: String, source: plan_json::PlanError },
    #[error("{file} holds a resource that cannot be judged")]
    Resource { file: String, source: plan_json::PlanError },
    #[error("{file} does not hold the parameters of the rules as a JSON object")]
    Params { file: String, source: serde_json::Error },
    #[error("the policy gate is shut")]
    Shut(#[source] policy::Error),
    #[error("cannot write the report")]
    Write(#[source] io::Error),
}

impl Failure {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Read { .. } => "Check the path; `-` reads standard input.",
            Self::Chart { .. } => "Check what it renders: `fluxgate template NAME CHART | fluxgate check -`.",
            Self::NotText { remedy, .. } => remedy,
            Self::Yaml { template: true, .. } => {
                "It looks like a template of a chart: check what `fluxgate template` renders."
            }
            Self::Yaml { template: false, .. } => {
                "Correct it; a check that skips what it cannot read would check nothing."
            }
            Self::Object { .. } => {
                "Give plans as `tofu show -json` prints them, or Kubernetes objects as YAML or JSON."
            }
            Self::Plan { .. } => "Make it by `tofu plan -out plan && tofu show -json plan > plan.json`.",
            Self::Resource { .. } => "Correct the resource and plan again.",
            Self::Params { .. } => "Write it as {\"interval_at_least\": \"1m\"}.",
            Self::Shut(policy::Error::NoObjects) => {
                "A check that checks nothing does not pass. Check that the plans, files and folders are the ones with the Flux objects in them."
            }
            Self::Shut(_) => "Correct --rule and --params; `fluxgate check --help` shows their form.",
            Self::Write(_) => "",
        }
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> ExitCode {
    match checked(arguments) {
        Ok(code) => code,
        Err(failure) => {
            explain::tell(&failure, failure.remedy());
            ExitCode::from(1)
        }
    }
}

fn checked(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let gate = Gate::new(settings(arguments)?).map_err(Failure::Shut)?;
    let mut subjects: Vec<Subject> = Vec::new();
    for input in inputs::read(&arguments.files)? {
        subjects.extend(manifests::subjects(&input)?);
    }
    let report = gate.check_all(&subjects).map_err(Failure::Shut)?;

    let mut stdout = anstream::stdout();
    match arguments.output {
        Output::Text => report::text(&mut stdout, &subjects, &report),
        Output::Json => report::json(&mut stdout, &subjects, &report),
    }
    .and_then(|()| stdout.flush())
    .map_err(Failure::Write)?;

    let counts = report.counts();
    Ok(match (report.denied(), counts.warned > 0, arguments.fail_on_warn) {
        (true, _, true) => ExitCode::from(2),
        (true, _, false) | (false, true, true) => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    })
}

fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let params: Map<String, Value> = match &arguments.params {
        None => Map::new(),
        Some(path) => {
            let file = path.display().to_string();
            let text = inputs::text(path).map_err(|source| Failure::Read { file: file.clone(), source })?;
            serde_json::from_slice(&text).map_err(|source| Failure::Params { file, source })?
        }
    };
    let rules: BTreeMap<_, _> = arguments.rules.iter().cloned().collect();
    Ok(Settings { rules, params, ..Settings::default() })
}

/// A file's name in words.
fn shown(file: &str) -> String {
    if file == "-" { "standard input".to_owned() } else { file.to_owned() }
}

/// Says something that is no error and that people should know.
fn note(words: &str) {
    let _ = writeln!(anstream::stderr(), "{} {words}", "note:".cyan().bold());
}
