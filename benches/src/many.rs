//! Many objects: plan, apply, refresh and destroy of a hundred, ours and the Go kubectl provider in turn on one cluster; a thousand of ours.
//!
//! What OpenTofu takes for itself is measured in two ways: with objects of its own, which go through no provider, and with a provider that
//! asks nobody, which shows what the protocol costs whoever answers.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use testutil::{ControlPlane, Size, Tofu, requirements::test_data, tofu::Run, wait};

use crate::{Row, median, millis};

const RUNS: usize = 5;

pub fn rows() -> Vec<Row> {
    eprintln!("measuring many objects ...");
    let plane = ControlPlane::start(Size::Api).unwrap();
    definitions(&plane);
    let mut samples = [Side::Ours, Side::Kubectl, Side::Alone, Side::Probe].map(|side| (side, Vec::new()));
    for run in 0..RUNS {
        for (side, samples) in &mut samples {
            samples.push(Round::run(*side, &plane, run, 100));
        }
    }
    let [ours, theirs, alone, probe] = samples.map(|(_, samples)| Round::median(&samples));
    let row = |what, limit: &'static str, of: fn(&Round) -> Duration| {
        let share = |baseline: &Round| {
            let more = |round: &Round| of(round).saturating_sub(of(baseline)).as_secs_f64();
            more(&ours) / more(&theirs)
        };
        let more = |round: &Round| millis(of(round).saturating_sub(of(&alone)));
        Row {
            what,
            measured: more(&ours),
            at_most: limit,
            beside: format!(
                "kubectl provider (Go): {}; ours takes {:.2} of that, and {:.2} over a provider that asks nobody ({}); terraform_data alone {}",
                more(&theirs),
                share(&alone),
                share(&probe),
                more(&probe),
                millis(of(&alone))
            ),
        }
    };
    let mut rows = vec![
        row(
            "`tofu plan` of 100 new objects, minus that of as many terraform_data",
            "1/4 of the peer's",
            |round| round.plan,
        ),
        row("`tofu apply` of them", "1/2 of the peer's", |round| round.apply),
        row("`tofu plan` of 100 existing objects", "1/4 of the peer's", |round| round.refresh),
        row("`tofu destroy` of them", "1/2 of the peer's", |round| round.destroy),
    ];
    let thousand = Round::run(Side::Ours, &plane, RUNS, 1000);
    let bare = Round::run(Side::Alone, &plane, RUNS, 1000);
    let times = |round: &Round| {
        format!(
            "plan {}, apply {}, refresh {}, destroy {}",
            millis(round.plan),
            millis(round.apply),
            millis(round.refresh),
            millis(round.destroy)
        )
    };
    rows.push(Row {
        what: "1,000 objects",
        measured: times(&thousand),
        at_most: "grows linearly",
        beside: format!("100 objects: {}; 1,000 terraform_data: {}", times(&ours), times(&bare)),
    });
    rows.push(Row {
        what: "peak memory of the provider with 1,000 objects",
        measured: format!("{:.1} MiB", thousand.memory as f64 / 1024.0),
        at_most: "60 MiB",
        beside: format!(
            "with 100: {:.1} MiB; kubectl provider with 100: {:.1} MiB",
            ours.memory as f64 / 1024.0,
            theirs.memory as f64 / 1024.0
        ),
    });
    rows
}

/// Makes the cluster serve GitRepositories.
fn definitions(plane: &ControlPlane) {
    let file = test_data().unwrap().join("crds/source.toolkit.fluxcd.io_gitrepositories.yaml");
    let crd: Value = serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let send = |method: &str, path: &str, body: &Value| -> Result<(), String> {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(if body.is_null() { Vec::new() } else { body.to_string().into_bytes() })
            .unwrap();
        let answer = wait::block_on(async || plane.client().request_text(request).await);
        answer.map(drop).map_err(|error| error.to_string())
    };
    send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &crd).unwrap();
    wait::until("GitRepositories are served", Duration::from_secs(60), || {
        send("GET", "/apis/source.toolkit.fluxcd.io/v1/gitrepositories", &Value::Null)
    })
    .unwrap();
}

/// Who makes the objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Ours,
    Kubectl,
    /// OpenTofu itself, with objects of its own.
    Alone,
    /// The smallest provider there is: each object is a file.
    Probe,
}

impl Side {
    fn tofu(self, plane: &ControlPlane, run: usize, count: usize) -> Tofu {
        let kubeconfig = json!(plane.kubeconfig_path());
        match self {
            Self::Ours => crate::ours(&format!(
                r#"
provider "fluxgate" {{
  kubernetes = {{ config_path = {kubeconfig} }}
}}
resource "fluxgate_git_repository" "many" {{
  count     = {count}
  name      = "ours-{run}-${{count.index}}"
  namespace = "default"
  wait      = false
  spec = {{
    url      = "https://github.com/acme/fleet.git"
    interval = "1m"
    ref      = {{ branch = "main" }}
  }}
}}
"#
            )),
            Self::Kubectl => crate::kubectl(&format!(
                r#"
provider "kubectl" {{
  config_path = {kubeconfig}
}}
resource "kubectl_manifest" "many" {{
  count             = {count}
  server_side_apply = true
  yaml_body = yamlencode({{
    apiVersion = "source.toolkit.fluxcd.io/v1"
    kind       = "GitRepository"
    metadata   = {{ name = "theirs-{run}-${{count.index}}", namespace = "default" }}
    spec = {{
      url      = "https://github.com/acme/fleet.git"
      interval = "1m"
      ref      = {{ branch = "main" }}
    }}
  }})
}}
"#
            )),
            Self::Probe => crate::probe(&format!(
                r#"
provider "probe" {{
  folder = path.root
}}
resource "probe_thing" "many" {{
  count = {count}
  name  = "many-${{count.index}}"
  spec = {{
    url      = "https://github.com/acme/fleet.git"
    interval = "1m"
  }}
}}
"#
            )),
            Self::Alone => Tofu::without_providers().unwrap().file(
                "main.tf",
                &format!(
                    "resource \"terraform_data\" \"many\" {{\n  count = {count}\n  input = \"many-${{count.index}}\"\n}}\n"
                ),
            ),
        }
    }

    /// The name of its processes as the kernel cuts it, with the whole name behind it.
    fn program(self) -> &'static str {
        match self {
            Self::Ours => "terraform-provider-fluxgate",
            Self::Kubectl => "terraform-provider-kubectl",
            Self::Alone => "no provider",
            Self::Probe => "terraform-provider-probe",
        }
    }
}

/// How long each step took, and how many KiB the provider held at most.
#[derive(Default)]
struct Round {
    plan: Duration,
    apply: Duration,
    refresh: Duration,
    destroy: Duration,
    memory: u64,
}

impl Round {
    fn run(side: Side, plane: &ControlPlane, run: usize, count: usize) -> Self {
        let tofu = side.tofu(plane, run, count).time_limit(Duration::from_secs(600));
        tofu.init().success();
        let watch = Watch::start(side.program());
        let plan = tofu.plan().changes().elapsed;
        let apply = tofu.apply().success().elapsed;
        let refresh = took(tofu.plan().no_changes());
        let destroy = took(tofu.destroy().success());
        Self { plan, apply, refresh, destroy, memory: watch.end() }
    }

    fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> Duration| median(rounds.iter().map(figure).collect());
        Self {
            plan: of(|round| round.plan),
            apply: of(|round| round.apply),
            refresh: of(|round| round.refresh),
            destroy: of(|round| round.destroy),
            memory: rounds.iter().map(|round| round.memory).max().unwrap_or_default(),
        }
    }
}

fn took(run: Run) -> Duration {
    run.elapsed
}

/// Looks at the memory of a provider's processes while they live.
struct Watch {
    stop: Arc<AtomicBool>,
    peak: Arc<AtomicU64>,
    thread: thread::JoinHandle<()>,
}

impl Watch {
    fn start(program: &'static str) -> Self {
        let (stop, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let thread = thread::spawn({
            let (stop, peak) = (stop.clone(), peak.clone());
            move || {
                while !stop.load(Ordering::Relaxed) {
                    peak.fetch_max(peak_of(program), Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(20));
                }
            }
        });
        Self { stop, peak, thread }
    }

    fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.peak.load(Ordering::Relaxed)
    }
}

/// The most that a process of this program has held so far, in KiB.
fn peak_of(program: &str) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let held = processes.filter_map(|process| {
        let arguments = fs::read(process.path().join("cmdline")).ok()?;
        let first = arguments.split(|byte| *byte == 0).next()?;
        if !String::from_utf8_lossy(first).contains(program) {
            return None;
        }
        let status = fs::read_to_string(process.path().join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    held.max().unwrap_or_default()
}
