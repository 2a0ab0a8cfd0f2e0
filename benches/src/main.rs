//! `make bench`: our program and the peer in turn, medians, ratios, and the figures that must be reached.
//!
//! It measures and asserts nothing: a noisy machine is no failure. Figures are kept in docs/performance.md with machine, date and command.
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
mod plan;
mod render;

use std::time::Duration;

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
    let mut rows = Vec::new();
    rows.extend(handshake::rows());
    rows.extend(gate::rows());
    rows.extend(plan::rows());
    rows.extend(render::rows());
    rows.extend(install::rows());

    println!("\n| what | measured (median) | at most | beside it |");
    println!("|---|---|---|---|");
    for Row { what, measured, at_most, beside } in rows {
        println!("| {what} | {measured} | {at_most} | {beside} |");
    }
}

/// The built provider as users get it: stripped. OpenTofu reads a provider's whole file at every command to check its sum, so symbols cost time.
fn provider() -> tempfile::TempPath {
    let here = std::env::current_exe().unwrap();
    let built = here.with_file_name("terraform-provider-fluxgate");
    assert!(built.is_file(), "{} is missing: run `make build`", built.display());
    let stripped = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    let status = std::process::Command::new("strip").arg("-o").arg(&stripped).arg(&built).status().unwrap();
    assert!(status.success(), "strip: {status}");
    // OpenTofu starts only what may be executed.
    std::fs::set_permissions(&stripped, std::fs::metadata(&built).unwrap().permissions()).unwrap();
    stripped
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
