//! Installing flux2: `tofu apply` of fluxgate_install and `helm install --wait`, in turn, each on an empty cluster of its own kind of
//! simulated nodes, with the same hooks, waits and checks.

use std::time::{Duration, Instant};

use serde_json::json;
use testutil::{ControlPlane, Helm, Size, Tofu, requirements::test_data};

use crate::{Row, median, millis};

const RUNS: usize = 5;

pub fn rows() -> Vec<Row> {
    eprintln!("measuring installs ...");
    let chart = test_data().unwrap().join("charts/flux2-2.18.3.tgz");
    let (mut ours, mut helms, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    let bare = Tofu::without_providers()
        .unwrap()
        .file("main.tf", "resource \"terraform_data\" \"flux\" {\n  input = \"flux\"\n}\n");
    bare.init().success();
    bare.plan().changes();
    alone.push(bare.apply().success().elapsed);
    for _ in 0..RUNS {
        // Definitions that are there already would spare the second one work.
        let plane = ControlPlane::start(Size::Nodes).unwrap();
        let tofu = crate::ours(&format!(
            "provider \"fluxgate\" {{\n  kubernetes = {{ config_path = {} }}\n}}\nresource \"fluxgate_install\" \"flux\" {{\n  name      = \"flux\"\n  namespace = \"flux-system\"\n  chart     = {}\n}}\n",
            json!(plane.kubeconfig_path()),
            json!(chart)
        ));
        tofu.init().success();
        tofu.plan().changes();
        ours.push(tofu.apply().success().elapsed);
        drop(plane);
        helms.push(helm(&chart));
    }
    let (ours, helms, alone) = (median(ours), median(helms), median(alone));
    vec![Row {
        what: "`tofu apply` of fluxgate_install, flux2 on an empty cluster",
        measured: millis(ours),
        at_most: "helm's + 200 ms",
        beside: format!(
            "helm install --wait: {}; ours minus helm's {:.0} ms; tofu apply of a terraform_data alone {}",
            millis(helms),
            (ours.as_secs_f64() - helms.as_secs_f64()) * 1000.0,
            millis(alone)
        ),
    }]
}

fn helm(chart: &std::path::Path) -> Duration {
    let plane = ControlPlane::start(Size::Nodes).unwrap();
    let helm = Helm::new(&plane).unwrap();
    let start = Instant::now();
    helm.install("flux", chart, "flux-system", &["--wait-for-jobs"]).unwrap();
    start.elapsed()
}
