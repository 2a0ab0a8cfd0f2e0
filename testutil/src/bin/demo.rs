//! `make demo`: the whole road on a cluster of its own, step by step, with the real parts.
//!
//! It starts everything that it uses and ends it again; the user's own clusters are never touched.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the demo talks to a terminal and ends with the full story"
)]

use std::{
    net::{TcpStream, ToSocketAddrs},
    process::ExitCode,
    time::Duration,
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

    steps.begin("A Kubernetes cluster of our own: etcd, kube-apiserver, controller-manager, scheduler, a simulated node");
    let plane = ControlPlane::start(Size::Flux)?;
    steps.say(&format!("{} is ready, and empty", plane.server()));

    steps.begin("A Git server with a small repository: deploy/hello.yaml holds a ConfigMap");
    let server = GitServer::start(plane.pki())?;
    let repository = server.repository("fleet");
    repository.commit(&[("deploy/hello.yaml", CONFIG_MAP)], "say hello");
    steps.say(repository.url());

    steps.begin("The flux2 chart");
    let charts = Charts::find()?;
    steps.say(&charts.words());

    steps.begin("A plan that the policy refuses: plain http, an interval of two hours");
    let tofu = Tofu::new()?
        .file("main.tf", &configuration(&charts, "2.18.3", keep, "http://example.com/fleet.git", "2h"))
        .file("provider.tf", &provider(&plane));
    tofu.init().success();
    let refused = tofu.plan().failure();
    steps.show(&refused.stderr);

    steps.begin(
        "The same with what it asks for: tofu plan, with every object of the chart, before there is any Flux",
    );
    tofu.write("main.tf", &configuration(&charts, "2.18.3", keep, repository.url(), "1m"));
    let plan = tofu.plan().changes();
    steps.show(&plan.stdout);

    steps.begin("ONE tofu apply: namespace, chart, definitions, controllers, GitRepository, Kustomization, and the wait until Flux says Ready");
    let applied = tofu.apply().success();
    steps.show(&applied.stdout);

    steps.begin("What Flux brought from Git");
    let greeting = wait::block_on(async || {
        let maps: kube::Api<k8s_openapi::api::core::v1::ConfigMap> =
            kube::Api::namespaced(plane.client(), "default");
        maps.get("hello").await.ok().and_then(|map| map.data?.remove("greeting"))
    });
    match greeting {
        Some(greeting) => steps.say(&format!("ConfigMap default/hello says: {greeting}")),
        None => panic!("the ConfigMap from Git is not in the cluster\n{}", plane.logs()),
    }

    steps.begin("A second plan is empty");
    steps.show(&tofu.plan().no_changes().stdout);

    steps.begin(if keep {
        "tofu destroy: pruned, in order, and the definitions kept (DEMO_CRDS=remove removes them)"
    } else {
        "tofu destroy: pruned, in order, and the definitions with it"
    });
    steps.show(&tofu.destroy().success().stdout);
    let definitions = wait::block_on(async || {
        type Definition =
            k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
        let all: kube::Api<Definition> = kube::Api::all(plane.client());
        all.list(&Default::default()).await.map_or(0, |list| list.items.len())
    });
    steps.say(&format!("{definitions} CustomResourceDefinitions are left in the cluster"));

    steps.begin("All is taken down again");
    Ok(())
}

/// Where the chart comes from.
enum Charts {
    /// The repository that everybody uses.
    Official,
    /// The test data, served over HTTPS as that repository serves its charts.
    Served(Box<ChartServer>),
}

const OFFICIAL: (&str, &str) =
    ("fluxcd-community.github.io", "https://fluxcd-community.github.io/helm-charts");

impl Charts {
    /// The official repository where it can be reached, else the test data.
    fn find() -> Result<Self, Error> {
        let reached = (OFFICIAL.0, 443).to_socket_addrs().is_ok_and(|mut addresses| {
            addresses.any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
        });
        if reached { Ok(Self::Official) } else { Ok(Self::Served(Box::new(ChartServer::flux2()?))) }
    }

    fn words(&self) -> String {
        match self {
            Self::Official => format!("from the official repository, {}", OFFICIAL.1),
            Self::Served(server) => format!(
                "the official repository cannot be reached; the test data is served at {}",
                server.url()
            ),
        }
    }

    /// The attributes that name the repository.
    fn attributes(&self) -> String {
        match self {
            Self::Official => format!("repository = {}", json!(OFFICIAL.1)),
            Self::Served(server) => format!(
                "repository         = {}\n  repository_ca_file = {}",
                json!(server.url()),
                json!(server.ca_file())
            ),
        }
    }
}

/// How long the official repository may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

fn provider(plane: &ControlPlane) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    fluxgate = {{ source = \"fluxgate/fluxgate\" }}\n  }}\n}}\n\nprovider \"fluxgate\" {{\n  kubernetes = {{ config_path = {} }}\n}}\n",
        json!(plane.kubeconfig_path())
    )
}

fn configuration(charts: &Charts, version: &str, keep: bool, url: &str, interval: &str) -> String {
    format!(
        r#"resource "fluxgate_install" "flux" {{
  name      = "flux"
  namespace = "flux-system"
  {repository}
  chart     = "flux2"
  version   = "{version}"

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
    path       = "./deploy"
    prune      = true
    wait       = true
    source_ref = {{ kind = "GitRepository", name = fluxgate_git_repository.fleet.name }}
  }}
}}
"#,
        repository = charts.attributes()
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
