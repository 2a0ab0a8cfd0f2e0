//! `make demo`: the whole road on a cluster of its own, step by step, with the real parts.
//!
//! It starts everything that it uses and ends it again; the user's own clusters are never touched.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the demo talks to a terminal and ends with the full story"
)]

use std::process::ExitCode;

use serde_json::json;
use testutil::{ControlPlane, Error, GitServer, Helm, Size, Tofu, test_data, wait};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hello\n  namespace: flux-system\ndata:\n  greeting: from Git\n";

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
    let chart = test_data()?.join("charts/flux2-2.18.3.tgz");

    steps.begin("A Kubernetes cluster of our own: etcd, kube-apiserver, controller-manager, scheduler, a simulated node");
    let plane = ControlPlane::start(Size::Flux)?;
    steps.say(&format!("{} is ready", plane.server()));

    steps.begin("A Git server with a small repository: deploy/hello.yaml holds a ConfigMap");
    let server = GitServer::start(plane.pki())?;
    let repository = server.repository("fleet");
    repository.commit(&[("deploy/hello.yaml", CONFIG_MAP)], "say hello");
    steps.say(repository.url());

    steps.begin("Flux, installed by helm from the flux2 chart");
    Helm::new(&plane)?.install("flux", &chart, "flux-system", &[])?;
    steps.say(
        "its controllers are Available, and the real programs run with the rights that the chart gave them",
    );

    steps.begin("A plan that the policy refuses: plain http, and an interval of two hours");
    let tofu = Tofu::new()?
        .file("main.tf", &configuration("http://example.com/fleet.git", "2h"))
        .file("provider.tf", &provider(&plane));
    tofu.init().success();
    let refused = tofu.plan().failure();
    steps.show(&refused.stderr);

    steps.begin("The same with what it asks for: tofu plan");
    tofu.write("main.tf", &configuration(repository.url(), "1m"));
    let plan = tofu.plan().changes();
    steps.show(&plan.stdout);

    steps.begin("tofu apply: server-side apply, then the wait until Flux says Ready");
    let applied = tofu.apply().success();
    steps.show(&applied.stdout);

    steps.begin("What Flux brought from Git");
    let greeting = wait::block_on(async || {
        let maps: kube::Api<k8s_openapi::api::core::v1::ConfigMap> =
            kube::Api::namespaced(plane.client(), "flux-system");
        maps.get("hello").await.ok().and_then(|map| map.data?.remove("greeting"))
    });
    match greeting {
        Some(greeting) => steps.say(&format!("ConfigMap flux-system/hello says: {greeting}")),
        None => panic!("the ConfigMap from Git is not in the cluster\n{}", plane.logs()),
    }

    steps.begin("A second plan is empty");
    steps.show(&tofu.plan().no_changes().stdout);

    steps.begin("tofu destroy: in order, and pruned");
    steps.show(&tofu.destroy().success().stdout);

    steps.begin("All is taken down again");
    Ok(())
}

fn provider(plane: &ControlPlane) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    fluxgate = {{ source = \"fluxgate/fluxgate\" }}\n  }}\n}}\n\nprovider \"fluxgate\" {{\n  kubernetes = {{ config_path = {} }}\n}}\n",
        json!(plane.kubeconfig_path())
    )
}

fn configuration(url: &str, interval: &str) -> String {
    format!(
        r#"resource "fluxgate_git_repository" "fleet" {{
  name      = "fleet"
  namespace = "flux-system"

  spec = {{
    url      = "{url}"
    interval = "{interval}"
    ref      = {{ branch = "main" }}
  }}
}}

resource "fluxgate_kustomization" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_git_repository.fleet.namespace

  spec = {{
    interval   = "1m"
    path       = "./deploy"
    prune      = true
    wait       = true
    source_ref = {{ kind = "GitRepository", name = fluxgate_git_repository.fleet.name }}
  }}
}}
"#
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
