//! `fluxgate template`: a chart rendered as `helm template` renders it, byte for byte.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use chart::{
    Chart,
    capabilities::KubeVersion,
    output::Print,
    render::{Options, render},
    values::Values,
};
use clap::Args;
use remote::{Credentials, Fetched, Names, Proxy, Request, Secret};

use crate::{explain, progress::Line};

/// Render a chart without a cluster, as `helm template` does.
///
/// CHART is a folder, an archive, or with --repo a name in a chart repository. What Helm prints is printed byte for byte; what it warns of goes to
/// standard error.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Arguments {
    /// The release's name and the chart; the name may be left out.
    #[arg(required = true, num_args = 1..=2, value_names = ["NAME", "CHART"])]
    name_and_chart: Vec<String>,

    /// A file with values; `-` is standard input. May be repeated, later ones win.
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    values: Vec<PathBuf>,

    /// Set values: key1=val1,key2=val2. May be repeated.
    #[arg(long, value_name = "ASSIGNMENTS")]
    set: Vec<String>,

    /// Set values that are texts.
    #[arg(long, value_name = "ASSIGNMENTS")]
    set_string: Vec<String>,

    /// Set values to what files hold: key1=path1,key2=path2.
    #[arg(long, value_name = "ASSIGNMENTS")]
    set_file: Vec<String>,

    /// Set values that are JSON: key1=json1, or one JSON object.
    #[arg(long, value_name = "ASSIGNMENTS")]
    set_json: Vec<String>,

    /// Set a value to a text, as it stands.
    #[arg(long, value_name = "ASSIGNMENT")]
    set_literal: Vec<String>,

    /// The namespace of the release.
    #[arg(short, long, value_name = "NAMESPACE", env = "HELM_NAMESPACE", default_value = "default")]
    namespace: String,

    /// The address of a chart repository.
    #[arg(long, value_name = "URL")]
    repo: Option<String>,

    /// A version of the chart, or a range; without it the newest stable one.
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,

    /// A user for the repository.
    #[arg(long, value_name = "USER")]
    username: Option<String>,

    /// The user's password.
    #[arg(long, value_name = "PASSWORD", env = "FLUXGATE_REPOSITORY_PASSWORD", hide_env_values = true)]
    password: Option<String>,

    /// The authority, in PEM, that signed the repository's certificate.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// More API versions that `.Capabilities.APIVersions` has. May be repeated.
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,

    /// The version of Kubernetes that `.Capabilities.KubeVersion` is.
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,

    /// Render as for an upgrade: `.Release.IsUpgrade` is true.
    #[arg(long)]
    is_upgrade: bool,

    /// Print the files under crds/, too.
    #[arg(long)]
    include_crds: bool,

    /// Leave hooks out.
    #[arg(long)]
    no_hooks: bool,

    /// Leave hooks out that are tests.
    #[arg(long)]
    skip_tests: bool,

    /// Do not check the values against the chart's values.schema.json.
    #[arg(long)]
    skip_schema_validation: bool,
}

const EXAMPLES: &str = "\
Examples:
  fluxgate template flux ./flux2-2.18.3.tgz --namespace flux-system
  fluxgate template flux flux2 --repo https://fluxcd-community.github.io/helm-charts --version 2.18.3
  fluxgate template ./chart -f values.yaml --set sourceController.replicas=2
  fluxgate template ./chart --api-versions monitoring.coreos.com/v1 --kube-version 1.33

Exit codes:
  0  the chart is rendered
  1  the chart cannot be had or rendered, or a file cannot be read
  2  the command line is wrong";

/// How the command line calls what `remote` advises to set.
const NAMES: Names = Names {
    chart: "CHART",
    repository: "--repo",
    version: "--version",
    username: "--username",
    password: "--password",
    ca_file: "--ca-file",
};

/// Why a chart was not rendered.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot read {file}")]
    Read { file: String, source: io::Error },
    #[error("{file} holds no values")]
    Values { file: String, source: chart::load::FileError },
    #[error("cannot set {assignment}")]
    Set { assignment: String, source: chart::set::SetError },
    #[error("--kube-version")]
    KubeVersion(#[source] chart::capabilities::NoKubeVersion),
    #[error(transparent)]
    Fetch(remote::Error),
    #[error("{origin} is not a usable chart")]
    Load { origin: String, source: chart::load::Error },
    #[error("{}{}", explain::sentence(&**.error), excerpt(.error))]
    Render { error: Box<chart::render::Error> },
    #[error("cannot write")]
    Write(#[source] io::Error),
}

impl Failure {
    fn remedy(&self) -> String {
        match self {
            Self::Read { .. } => "Check the path; `-` reads standard input.".to_owned(),
            Self::Values { .. } => "Values are a YAML mapping.".to_owned(),
            Self::Set { .. } => {
                "Write it as key=value; a comma within a value needs a backslash before it.".to_owned()
            }
            Self::KubeVersion(_) => "Write it as 1.33 or v1.33.2.".to_owned(),
            Self::Fetch(error) => error.remedy(&NAMES),
            Self::Load { .. } => {
                "Helm would refuse it as well. Take another version, or correct the chart.".to_owned()
            }
            Self::Render { .. } => "Correct the values or the chart.".to_owned(),
            Self::Write(_) => String::new(),
        }
    }
}

/// The line in which it went wrong, below the words.
fn excerpt(error: &chart::render::Error) -> String {
    error.excerpt().map(|excerpt| format!("\n\n{excerpt}\n")).unwrap_or_default()
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> ExitCode {
    match rendered(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has read enough.
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            explain::tell(&failure, &failure.remedy());
            ExitCode::from(1)
        }
    }
}

fn rendered(arguments: &Arguments) -> Result<(), Failure> {
    let (name, chart) = match arguments.name_and_chart.as_slice() {
        [name, chart] => (name.as_str(), chart.as_str()),
        [chart] => ("release-name", chart.as_str()),
        _ => ("release-name", ""),
    };
    let values = values(arguments)?;
    let options = options(arguments, name)?;
    let chart = load(arguments, chart)?;
    let rendered =
        render(&chart, &values, &options).map_err(|error| Failure::Render { error: Box::new(error) })?;
    for notice in &rendered.notices {
        explain::warn(notice);
    }
    let print =
        Print { crds: arguments.include_crds, hooks: !arguments.no_hooks, tests: !arguments.skip_tests };
    let mut stdout = io::stdout().lock();
    stdout.write_all(rendered.print(&print).as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::Write)
}

fn options(arguments: &Arguments, name: &str) -> Result<Options, Failure> {
    let mut options = Options::new(name, &arguments.namespace);
    options.release.is_upgrade = arguments.is_upgrade;
    options.skip_schema = arguments.skip_schema_validation;
    options.capabilities.api_versions.extend(arguments.api_versions.iter().cloned());
    if let Some(version) = &arguments.kube_version {
        options.capabilities.kube_version = KubeVersion::parse(version).map_err(Failure::KubeVersion)?;
    }
    options.clock = Some(std::time::SystemTime::now().into());
    options.random =
        Some(Arc::new(|bytes: &mut [u8]| getrandom::fill(bytes).map_err(|error| error.to_string())));
    Ok(options)
}

fn values(arguments: &Arguments) -> Result<Values, Failure> {
    let mut values = Values::new();
    for path in &arguments.values {
        let file = path.display().to_string();
        let text = read(path)?;
        let text = String::from_utf8_lossy(&text);
        values.add_yaml(&text).map_err(|source| Failure::Values { file, source })?;
    }
    type Setter = fn(&mut Values, &str) -> Result<(), chart::set::SetError>;
    let layers: [(&Vec<String>, Setter); 3] = [
        (&arguments.set_json, Values::set_json),
        (&arguments.set, Values::set),
        (&arguments.set_string, Values::set_string),
    ];
    for (assignments, set) in layers {
        for assignment in assignments {
            set(&mut values, assignment)
                .map_err(|source| Failure::Set { assignment: assignment.clone(), source })?;
        }
    }
    for assignment in &arguments.set_file {
        let read = |path: &str| std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
        values
            .set_file(assignment, read)
            .map_err(|source| Failure::Set { assignment: assignment.clone(), source })?;
    }
    for assignment in &arguments.set_literal {
        values
            .set_literal(assignment)
            .map_err(|source| Failure::Set { assignment: assignment.clone(), source })?;
    }
    Ok(values)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::Read { file: path.display().to_string(), source };
    if path.as_os_str() == "-" {
        let mut text = Vec::new();
        io::Read::read_to_end(&mut io::stdin(), &mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read(path).map_err(failed)
}

fn load(arguments: &Arguments, chart: &str) -> Result<Chart, Failure> {
    let fetched = fetch(arguments, chart)?;
    let origin = fetched.origin.clone();
    fetched.load().map_err(|source| Failure::Load { origin, source })
}

fn fetch(arguments: &Arguments, chart: &str) -> Result<Fetched, Failure> {
    if arguments.repo.is_none() && !chart.contains("://") {
        return remote::read_local(Path::new(chart)).map_err(Failure::Fetch);
    }
    let mut request = Request::new(chart);
    request.repository = arguments.repo.clone();
    request.version = arguments.version.clone();
    request.client.proxy = Proxy::System;
    if let Some(username) = &arguments.username {
        let password = Secret::new(arguments.password.as_deref().unwrap_or_default());
        request.client.credentials = Some(Credentials { username: username.clone(), password });
    }
    if let Some(path) = &arguments.ca_file {
        request.client.ca_pem = Some(String::from_utf8_lossy(&read(path)?).into_owned());
    }
    let (_line, progress) = Line::on_terminal().unzip();
    request.client.progress = progress;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Failure::Read { file: "the network".to_owned(), source })?;
    runtime.block_on(remote::fetch(&request)).map_err(Failure::Fetch)
}
