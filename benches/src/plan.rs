//! A plan of one new object: ours, the Go kubectl provider, OpenTofu alone and with a provider that asks nobody, in turn.

use std::time::Duration;

use serde_json::json;
use testutil::{ControlPlane, Size, Tofu};

use crate::{Row, median, millis};

const RUNS: usize = 9;

pub fn rows() -> Vec<Row> {
    eprintln!("measuring plans ...");
    let plane = ControlPlane::start(Size::Api).unwrap();
    let kubeconfig = json!(plane.kubeconfig_path());
    let ours = crate::ours(&format!(
        r#"
provider "fluxgate" {{
  kubernetes = {{ config_path = {kubeconfig} }}
}}
resource "fluxgate_git_repository" "fleet" {{
  name      = "fleet"
  namespace = "default"
  spec = {{
    url      = "https://github.com/acme/fleet.git"
    interval = "1m"
    ref      = {{ branch = "main" }}
  }}
}}
"#
    ));
    let peer = crate::kubectl(&format!(
        r#"
provider "kubectl" {{
  config_path = {kubeconfig}
}}
resource "kubectl_manifest" "fleet" {{
  yaml_body = yamlencode({{
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = {{ name = "fleet", namespace = "default" }}
    data       = {{ url = "https://github.com/acme/fleet.git" }}
  }})
}}
"#
    ));
    let alone = Tofu::without_providers()
        .unwrap()
        .file("main.tf", "resource \"terraform_data\" \"fleet\" {\n  input = \"fleet\"\n}\n");
    let probe = crate::probe(
        r#"
provider "probe" {
  folder = path.root
}
resource "probe_thing" "fleet" {
  name = "fleet"
  spec = { url = "https://github.com/acme/fleet.git" }
}
"#,
    );
    let all = [&ours, &peer, &alone, &probe];
    for tofu in all {
        tofu.init().success();
        tofu.plan().changes();
    }
    let mut samples = [const { Vec::new() }; 4];
    for _ in 0..RUNS {
        for (tofu, samples) in all.into_iter().zip(&mut samples) {
            samples.push(tofu.plan().changes().elapsed);
        }
    }
    let [ours, peer, alone, probe] = samples.map(median);
    let more = |with: Duration| with.saturating_sub(alone);
    vec![Row {
        what: "`tofu plan` with one new object, minus that of a terraform_data",
        measured: millis(more(ours)),
        at_most: "80 ms",
        beside: format!(
            "kubectl provider (Go): {} ({:.1} times ours); a provider that asks nobody: {}; whole plans {}, {}, terraform_data alone {}",
            millis(more(peer)),
            more(peer).as_secs_f64() / more(ours).as_secs_f64(),
            millis(more(probe)),
            millis(ours),
            millis(peer),
            millis(alone)
        ),
    }]
}
