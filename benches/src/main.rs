//! `make bench`: our program and the peer in turn, medians, ratios, and the figures that must be reached.
//!
//! It measures and asserts nothing: a noisy machine is no failure. Names of benches as arguments choose some of them. Figures are kept in docs/performance.md with machine, date and command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench that cannot run has nothing to say"
)]

mod gate;
mod handshake;
mod install;
mod many;
mod plan;
mod render;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use testutil::tools::Tool;

/// A line of the table.
struct Row {
    what: &'static str,
    measured: String,
    at_most: &'static str,
    beside: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [render::PEAK, command @ ..] = arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice()
    {
        render::print_peak_memory(&command.iter().map(ToString::to_string).collect::<Vec<_>>());
        return;
    }
    type Bench = fn() -> Vec<Row>;
    let benches: [(&str, Bench); 6] = [
        ("handshake", handshake::rows),
        ("gate", gate::rows),
        ("plan", plan::rows),
        ("many", many::rows),
        ("render", render::rows),
        ("install", install::rows),
    ];
    let mut rows = Vec::new();
    for (name, bench) in benches {
        if arguments.is_empty() || arguments.iter().any(|wanted| wanted == name) {
            rows.extend(bench());
        }
    }

    println!("\n| what | measured (median) | at most | beside it |");
    println!("|---|---|---|---|");
    for Row { what, measured, at_most, beside } in rows {
        println!("| {what} | {measured} | {at_most} | {beside} |");
    }
}

/// The provider as users get it. OpenTofu reads a provider's whole file at every command to check its sum, so its size costs time.
fn provider() -> PathBuf {
    given("terraform-provider-fluxgate")
}

/// A folder with our provider and this configuration.
fn ours(configuration: &str) -> testutil::Tofu {
    folder("fluxgate/fluxgate", "0.1.0", &provider(), configuration)
}

/// The same with the smallest provider there is: what OpenTofu takes with it is what the protocol costs.
fn probe(configuration: &str) -> testutil::Tofu {
    folder("example/probe", "0.1.0", &given("examples/probe"), configuration)
}

/// The same with the Go kubectl provider.
fn kubectl(configuration: &str) -> testutil::Tofu {
    folder("gavinbunney/kubectl", "1.19.0", &Tool::KubectlProvider.path().unwrap(), configuration)
}

/// A folder with one provider, by its `namespace/name`, and a configuration.
fn folder(address: &str, version: &str, program: &Path, configuration: &str) -> testutil::Tofu {
    let (_, name) = address.split_once('/').unwrap();
    let versions = format!(
        "terraform {{\n  required_providers {{\n    {name} = {{ source = \"{address}\" }}\n  }}\n}}\n"
    );
    let tofu = testutil::Tofu::without_providers().unwrap().provider(address, version, program).unwrap();
    tofu.file("versions.tf", &versions).file("main.tf", configuration)
}

/// A program as `make dist` or `make bench` builds it.
fn given(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.parent().and_then(Path::parent).unwrap().join("dist").join(name);
    assert!(program.is_file(), "{} is missing: run `make bench`", program.display());
    program
}

/// The middle of the samples.
fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// A duration in milliseconds, with as many digits as say something.
fn millis(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1000.0;
    if millis < 1.0 {
        format!("{millis:.4} ms")
    } else if millis < 20.0 {
        format!("{millis:.2} ms")
    } else {
        format!("{millis:.0} ms")
    }
}
