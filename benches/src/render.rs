//! Rendering the flux2 chart as a process: ours and `helm template`, in turn, with the same archive.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use testutil::{requirements::test_data, tools::Tool};

use crate::{Row, median, millis};

const RUNS: usize = 15;

/// The word that makes the program measure the memory of another instead of benching.
pub const PEAK: &str = "peak-memory-of";

pub fn rows() -> Vec<Row> {
    eprintln!("measuring renders ...");
    let chart = test_data().unwrap().join("charts/flux2-2.18.3.tgz");
    let ours = crate::given("fluxgate");
    let helm = Tool::Helm.path().unwrap();
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        for (program, times) in [&ours, &helm].into_iter().zip(&mut times) {
            times.push(render(program, &chart));
        }
    }
    let [our_time, helm_time] = times.map(median);
    let [our_memory, helm_memory] = [&ours, &helm].map(|program| peak_memory(program, &chart));
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    vec![
        Row {
            what: "flux2 2.18.3 rendered from its archive, as a process",
            measured: millis(our_time),
            at_most: "a fifth of helm's",
            beside: format!(
                "helm template: {} ({:.1} times ours)",
                millis(helm_time),
                helm_time.as_secs_f64() / our_time.as_secs_f64()
            ),
        },
        Row {
            what: "its peak memory",
            measured: format!("{:.1} MiB", mebibytes(our_memory)),
            at_most: "a third of helm's",
            beside: format!(
                "helm template: {:.1} MiB ({:.1} times ours)",
                mebibytes(helm_memory),
                helm_memory as f64 / our_memory as f64
            ),
        },
    ]
}

fn arguments(chart: &Path) -> Vec<PathBuf> {
    ["template", "flux", "--namespace", "flux-system"]
        .iter()
        .map(PathBuf::from)
        .chain([chart.to_owned()])
        .collect()
}

fn render(program: &Path, chart: &Path) -> Duration {
    let start = Instant::now();
    let status = Command::new(program).args(arguments(chart)).stdout(Stdio::null()).status().unwrap();
    let elapsed = start.elapsed();
    assert!(status.success(), "{}: {status}", program.display());
    elapsed
}

/// The most memory that a program had, in bytes. A process of its own runs it, since the system tells only the most of all children.
fn peak_memory(program: &Path, chart: &Path) -> u64 {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg(PEAK)
        .arg(program)
        .args(arguments(chart))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// Runs a command and prints the most memory that it had, in bytes.
pub fn print_peak_memory(command: &[String]) {
    let status = Command::new(&command[0]).args(&command[1..]).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{status}");
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).unwrap();
    println!("{}", u64::try_from(usage.max_rss()).unwrap() * 1024);
}
