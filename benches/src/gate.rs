//! The gate: ready at start, and one object through it while it is warm.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use flux::{Manifest, Origin};
use policy::{Change, Gate, Settings, Subject};
use serde_json::json;

use crate::{Row, median, millis};

pub fn rows() -> Vec<Row> {
    eprintln!("measuring the gate ...");
    let subject = Subject {
        manifest: Manifest::new(
            json!({
                "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
                "metadata": {"name": "fleet", "namespace": "flux-system"},
                "spec": {"url": "https://github.com/acme/fleet.git", "interval": "1m", "ref": {"branch": "main"}},
            }),
            Origin::resource("fluxgate_git_repository.fleet"),
        )
        .unwrap(),
        change: Change::Create,
    };
    // The first start of a process is the one that people meet, so each is measured before anything is warm.
    let first = Instant::now();
    let gate = Gate::new(Settings::default()).unwrap();
    gate.check(std::slice::from_ref(&subject)).unwrap();
    let first = first.elapsed();

    let starts = (0..51).map(|_| timed(|| Gate::new(Settings::default()).unwrap())).collect();
    let subjects = [subject];
    let checks = (0..1001).map(|_| timed(|| gate.check(&subjects).unwrap())).collect();
    vec![
        Row {
            what: "built-in rules ready",
            measured: millis(median(starts)),
            at_most: "3 ms",
            beside: format!("first start of the process with its first object: {}", millis(first)),
        },
        Row {
            what: "one object through the gate, warm",
            measured: millis(median(checks)),
            at_most: "0.1 ms",
            beside: "all rules".to_owned(),
        },
    ]
}

fn timed<T>(action: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    black_box(action());
    started.elapsed()
}
