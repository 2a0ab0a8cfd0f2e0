//! The start: from exec to the handshake line with mutual TLS, and the memory after the schema call.

use std::process::Command;

use tfplugin::{host::Host, rpc::messages::get_provider_schema};

use crate::{Row, median, millis};

const RUNS: usize = 21;

pub fn rows() -> Vec<Row> {
    eprintln!("measuring the start ...");
    let program = crate::provider();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut startups = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..RUNS {
        runtime.block_on(async {
            let host = Host::start(Command::new(&program)).await.unwrap();
            startups.push(host.startup());
            host.provider().get_provider_schema(get_provider_schema::Request {}).await.unwrap();
            memory.push(host.resident_memory().unwrap());
            host.end().await.unwrap();
        });
    }
    memory.sort_unstable();
    let size = std::fs::metadata(&program).unwrap().len();
    vec![
        Row {
            what: "exec to handshake line, mutual TLS",
            measured: millis(median(startups)),
            at_most: "10 ms",
            beside: format!("{RUNS} starts; the program has {} MiB on disk", size >> 20),
        },
        Row {
            what: "resident memory after the schema call",
            measured: format!("{:.1} MiB", memory[memory.len() / 2] as f64 / f64::from(1 << 20)),
            at_most: "20 MiB",
            beside: String::new(),
        },
    ]
}
