//! How long loading and rendering a chart takes in this process: the first time, and the median of fifty more.
//!
//! `cargo run --release --workspace --example render_timing -- flux2-2.18.3.tgz`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement for the terminal"
)]

use std::time::{Duration, Instant};
use std::{env, fs};

use chart::output::Print;
use chart::render::{Options, render};
use chart::values::Values;

fn main() {
    let path = env::args().nth(1).expect("the path of a chart's archive");
    let archive = fs::read(path).unwrap();
    let (values, options) = (Values::new(), Options::new("demo", "default"));
    let mut rounds: Vec<[Duration; 4]> = Vec::new();
    for _ in 0..51 {
        let start = Instant::now();
        let chart = chart::load::load_archive(&archive).unwrap();
        let loaded = start.elapsed();
        let rendered = render(&chart, &values, &options).unwrap();
        let done = start.elapsed();
        let text = rendered.print(&Print::default());
        rounds.push([loaded, done - loaded, start.elapsed() - done, start.elapsed()]);
        if rounds.len() == 1 {
            println!(
                "{} bytes, {} manifests, {} hooks",
                text.len(),
                rendered.manifests.len(),
                rendered.hooks.len()
            );
        }
    }
    let first = rounds[0];
    let later = &rounds[1..];
    for (stage, name) in ["load", "render", "print", "in all"].into_iter().enumerate() {
        let mut times: Vec<Duration> = later.iter().map(|round| round[stage]).collect();
        times.sort_unstable();
        println!("{name:7} first {:>10.1?}   later {:>10.1?}", first[stage], times[times.len() / 2]);
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
}
