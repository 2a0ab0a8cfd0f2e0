//! How long the gate takes: to be ready, and for one object.

use std::error::Error;
use std::time::{Duration, Instant};

use flux::manifest::{Manifest, Origin};
use policy::{Change, Gate, Settings, Subject};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut ready = Vec::new();
    let mut first = Vec::new();
    let mut warm = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        let gate = Gate::new(Settings::default())?;
        ready.push(start.elapsed());
        let subjects = [
            kustomization("5m")?,
            git_repository("https://github.com/acme/fleet")?,
            git_repository("git@h:x")?,
        ];
        for (number, subject) in subjects.iter().cycle().take(3000).enumerate() {
            let start = Instant::now();
            let report = gate.check(std::slice::from_ref(subject))?;
            let times = if number == 0 { &mut first } else { &mut warm };
            times.push(start.elapsed());
            assert!(report.errors.is_empty(), "{:?}", report.errors);
        }
    }
    #[expect(clippy::print_stdout, reason = "this is a program for people")]
    {
        println!("process's first gate ready in {:?}", ready[0]);
        println!("gate ready in {:?} (median of {})", median(&mut ready), ready.len());
        println!("first object in {:?} (median of {})", median(&mut first), first.len());
        let mean = warm.iter().sum::<Duration>() / u32::try_from(warm.len())?;
        println!("further objects in {:?} (median of {}), {mean:?} (mean)", median(&mut warm), warm.len());
    }
    Ok(())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn kustomization(interval: &str) -> Result<Subject, Box<dyn Error>> {
    let object = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system", "labels": {"team": "platform"}},
        "spec": {
            "interval": interval, "path": "./apps", "prune": true, "timeout": "3m", "wait": true,
            "sourceRef": {"kind": "GitRepository", "name": "fleet"},
            "patches": [{"target": {"kind": "Deployment"}, "patch": "- op: add\n  path: /spec/replicas\n  value: 2\n"}],
        },
    });
    Ok(Subject { manifest: Manifest::new(object, Origin::resource("a.b"))?, change: Change::Create })
}

fn git_repository(url: &str) -> Result<Subject, Box<dyn Error>> {
    let object = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "fleet", "namespace": "flux-system"},
        "spec": {"interval": "1m", "url": url, "ref": {"branch": "main"}, "secretRef": {"name": "deploy-key"}},
    });
    Ok(Subject { manifest: Manifest::new(object, Origin::resource("a.b"))?, change: Change::Create })
}
