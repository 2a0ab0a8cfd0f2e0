//! Measures how a provider starts: `measure PROGRAM [TIMES]` prints the median, least and most time from the start of the
//! program to its handshake line, with mutual TLS, and the memory that it holds after the schema call.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::process::Command;
use std::time::Duration;

use tfplugin::host::Host;
use tfplugin::rpc::messages::get_provider_schema;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().ok_or("usage: measure PROGRAM [TIMES]")?;
    let times: usize = arguments.next().map_or(Ok(20), |times| times.parse())?;
    let mut startups: Vec<Duration> = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..times.max(1) {
        let host = Host::start(Command::new(&program)).await?;
        host.provider().get_provider_schema(get_provider_schema::Request {}).await?;
        startups.push(host.startup());
        memory.extend(host.resident_memory());
        host.end().await?;
    }
    startups.sort();
    memory.sort_unstable();
    println!(
        "handshake: median {:?}, {:?} to {:?}",
        startups[times / 2],
        startups[0],
        startups[startups.len() - 1]
    );
    if let Some(median) = memory.get(memory.len() / 2) {
        println!("resident after the schema call: {:.1} MiB", *median as f64 / 1_048_576.0);
    }
    Ok(())
}
