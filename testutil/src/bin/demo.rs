//! `make demo`: the whole road on a cluster of its own, step by step, with the real parts.
//!
//! It starts everything that it uses and ends it again; the user's own clusters are never touched, unless DEMO_KUBECONFIG names one that may
//! be used for it: then, with a repository that DEMO_GIT_URL names, no part is built, and `tofu` comes from PATH. DEMO_CHART says which chart
//! is installed (official, test-data or small), DEMO_CRDS=remove that the destroy removes the definitions too.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the demo talks to a terminal and ends with the full story"
)]

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use testutil::{ControlPlane, Error, GitServer, Size, Tofu, chart_server::ChartServer, wait};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hello\n  namespace: default\ndata:\n  greeting: from Git\n";

fn main() -> ExitCode {
    match demo() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the demo stopped: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Result<(), Error> {
    let mut steps = Steps::default();
    let keep = std::env::var("DEMO_CRDS").as_deref() != Ok("remove");
    let place = Place::find(&mut steps)?;

    steps.begin("The flux2 chart");
    let charts = Charts::find()?;
    steps.say(&charts.words());

    steps.begin("A plan that the policy refuses: plain http, an interval of two hours");
    let refused = Sync { url: "http://example.com/fleet.git", interval: "2h", path: &place.path };
    let tofu = place
        .tofu()?
        .file("main.tf", &configuration(&charts, keep, &refused))
        .file("provider.tf", &provider(&place.kubeconfig));
    tofu.init().success();
    let refused = tofu.plan().failure();
    steps.show(&refused.stderr);
    let text = refused.text();
    for rule in ["url-scheme", "interval"] {
        if !text.contains(&format!("Policy: {rule}")) {
            return Err(Error::usage(format!("the plan was to be refused by the rule {rule}, and was not")));
        }
    }

    steps.begin(
        "The same with what it asks for: tofu plan, with every object of the chart, before there is any Flux",
    );
    let accepted = Sync { url: &place.url, interval: "1m", path: &place.path };
    tofu.write("main.tf", &configuration(&charts, keep, &accepted));
    let plan = tofu.plan().changes();
    steps.show(&plan.stdout);

    steps.begin("ONE tofu apply: namespace, chart, definitions, controllers, GitRepository, Kustomization, and the wait until Flux says Ready");
    let applied = tofu.apply().success();
    steps.show(&applied.stdout);

    if let Some(own) = &place.own {
        steps.begin("What Flux brought from Git");
        own.greeting(&steps);
    }

    steps.begin("A second plan is empty");
    steps.show(&tofu.plan().no_changes().stdout);

    steps.begin(if keep {
        "tofu destroy: pruned, in order, and the definitions kept (DEMO_CRDS=remove removes them)"
    } else {
        "tofu destroy: pruned, in order, and the definitions with it"
    });
    steps.show(&tofu.destroy().success().stdout);
    if let Some(own) = &place.own {
        steps.say(&format!("{} CustomResourceDefinitions are left in the cluster", own.definitions()));
    }

    steps.begin("All is taken down again");
    Ok(())
}

/// Where the demo takes place.
struct Place {
    kubeconfig: PathBuf,
    url: String,
    path: String,
    own: Option<Own>,
}

/// A cluster and a repository that are there for the demo only.
struct Own {
    plane: ControlPlane,
    _server: GitServer,
}

impl Place {
    /// The cluster that DEMO_KUBECONFIG names, else one of our own.
    fn find(steps: &mut Steps) -> Result<Self, Error> {
        if let Some(kubeconfig) = std::env::var_os("DEMO_KUBECONFIG") {
            return Self::given(steps, kubeconfig.into());
        }
        steps.begin("A Kubernetes cluster of our own: etcd, kube-apiserver, controller-manager, scheduler, a simulated node");
        let plane = ControlPlane::start(Size::Flux).inspect_err(|error| {
            if error.is_missing_go() {
                eprintln!(
                    "Without Go, the parts of a cluster cannot be built here. DEMO_KUBECONFIG with DEMO_GIT_URL runs the demo on a cluster that is there already and may be used up for it."
                );
            }
        })?;
        steps.say(&format!("{} is ready, and empty", plane.server()));

        steps.begin("A Git server with a small repository: deploy/hello.yaml holds a ConfigMap");
        let server = GitServer::start(plane.pki())?;
        let repository = server.repository("fleet");
        repository.commit(&[("deploy/hello.yaml", CONFIG_MAP)], "say hello");
        steps.say(repository.url());
        Ok(Self {
            kubeconfig: plane.kubeconfig_path().to_owned(),
            url: repository.url().to_owned(),
            path: "./deploy".to_owned(),
            own: Some(Own { plane, _server: server }),
        })
    }

    fn given(steps: &mut Steps, kubeconfig: PathBuf) -> Result<Self, Error> {
        let missing = "DEMO_KUBECONFIG needs DEMO_GIT_URL beside it: a repository that Flux in that cluster can read; DEMO_GIT_PATH is the folder in it, ./ unless told";
        let url = std::env::var("DEMO_GIT_URL").map_err(|_| Error::usage(missing))?;
        steps.begin("The cluster that DEMO_KUBECONFIG names, and the repository that DEMO_GIT_URL names");
        steps.say(&format!("{} and {url}; Flux is installed there, and removed again", kubeconfig.display()));
        let path = std::env::var("DEMO_GIT_PATH").unwrap_or_else(|_| "./".to_owned());
        Ok(Self { kubeconfig, url, path, own: None })
    }

    /// OpenTofu: on a machine that need not be able to build it, the one on PATH.
    fn tofu(&self) -> Result<Tofu, Error> {
        if self.own.is_some() { Tofu::new() } else { Tofu::on_path() }
    }
}

impl Own {
    fn greeting(&self, steps: &Steps) {
        let greeting = wait::block_on(async || {
            let maps: kube::Api<k8s_openapi::api::core::v1::ConfigMap> =
                kube::Api::namespaced(self.plane.client(), "default");
            maps.get("hello").await.ok().and_then(|map| map.data?.remove("greeting"))
        });
        match greeting {
            Some(greeting) => steps.say(&format!("ConfigMap default/hello says: {greeting}")),
            None => panic!("the ConfigMap from Git is not in the cluster\n{}", self.plane.logs()),
        }
    }

    fn definitions(&self) -> usize {
        type Definition =
            k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
        wait::block_on(async || {
            let all: kube::Api<Definition> = kube::Api::all(self.plane.client());
            all.list(&Default::default()).await.map_or(0, |list| list.items.len())
        })
    }
}

/// What Flux is to follow.
struct Sync<'p> {
    url: &'p str,
    interval: &'p str,
    path: &'p str,
}

/// Where the chart comes from.
enum Charts {
    /// The repository that everybody uses.
    Official,
    /// The test data, served over HTTPS as that repository serves its charts.
    Served(Box<ChartServer>),
    /// The small chart of this repository.
    Small,
}

/// The folder of the small chart.
const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/charts/flux2");

const OFFICIAL: &str = "https://fluxcd-community.github.io/helm-charts";

/// The version of flux2 that is installed.
const VERSION: &str = "2.18.3";

/// How long the official repository may take to give its chart.
const PATIENCE: Duration = Duration::from_secs(10);

impl Charts {
    /// The chart that DEMO_CHART names; else that of the official repository where it can be had, else the test data, else the small chart.
    fn find() -> Result<Self, Error> {
        let served = || -> Result<Self, Error> { Ok(Self::Served(Box::new(ChartServer::flux2()?))) };
        match std::env::var("DEMO_CHART").as_deref() {
            Ok("official") => Ok(Self::Official),
            Ok("test-data") => served(),
            Ok("small") => Ok(Self::Small),
            Ok(other) if !other.is_empty() => {
                Err(Error::usage(format!("DEMO_CHART is {other:?}; it can be official, test-data or small")))
            }
            _ if official_gives() => Ok(Self::Official),
            _ if testutil::test_data().is_ok() => served(),
            _ => Ok(Self::Small),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Official => format!("from the official repository, {OFFICIAL}"),
            Self::Served(server) => format!(
                "flux2 of the test data, served at {}; the official repository is not asked, or gives nothing",
                server.url()
            ),
            Self::Small => {
                "examples/charts/flux2, which is a small one: the others are not asked for, or cannot be had"
                    .to_owned()
            }
        }
    }

    /// The attributes that name the chart.
    fn attributes(&self) -> String {
        match self {
            Self::Official => {
                format!(
                    "repository = {}\n  chart      = \"flux2\"\n  version    = \"{VERSION}\"",
                    json!(OFFICIAL)
                )
            }
            Self::Served(server) => format!(
                "repository         = {}\n  repository_ca_file = {}\n  chart              = \"flux2\"\n  version            = \"{VERSION}\"",
                json!(server.url()),
                json!(server.ca_file())
            ),
            Self::Small => format!("chart = {}", json!(SMALL)),
        }
    }
}

/// Whether the official repository gives its chart within reasonable time: a connection alone says little where proxies filter.
fn official_gives() -> bool {
    let Ok(provider) = testutil::tofu::built_provider() else { return false };
    let asked = Command::new(provider.with_file_name("fluxgate"))
        .args(["template", "flux", "flux2", "--repo", OFFICIAL, "--version", VERSION])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = asked else { return false };
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(Duration::from_millis(50)),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

fn provider(kubeconfig: &Path) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    fluxgate = {{ source = \"fluxgate/fluxgate\" }}\n  }}\n}}\n\nprovider \"fluxgate\" {{\n  kubernetes = {{ config_path = {} }}\n}}\n",
        json!(kubeconfig)
    )
}

fn configuration(charts: &Charts, keep: bool, sync: &Sync<'_>) -> String {
    let Sync { url, interval, path } = sync;
    format!(
        r#"resource "fluxgate_install" "flux" {{
  name      = "flux"
  namespace = "flux-system"
  {chart}

  keep_crds_on_destroy = {keep}
}}

resource "fluxgate_git_repository" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_install.flux.namespace

  spec = {{
    url      = "{url}"
    interval = "{interval}"
    ref      = {{ branch = "main" }}
  }}
}}

resource "fluxgate_kustomization" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_install.flux.namespace

  spec = {{
    interval   = "1m"
    path       = "{path}"
    prune      = true
    wait       = true
    source_ref = {{ kind = "GitRepository", name = fluxgate_git_repository.fleet.name }}
  }}
}}
"#,
        chart = charts.attributes()
    )
}

/// The steps of the demo, announced and numbered.
#[derive(Default)]
struct Steps {
    begun: usize,
}

impl Steps {
    fn begin(&mut self, what: &str) {
        self.begun += 1;
        println!("\n==> {}. {what}", self.begun);
    }

    fn say(&self, words: &str) {
        println!("    {words}");
    }

    fn show(&self, output: &str) {
        for line in output.lines() {
            println!("    | {line}");
        }
    }
}
