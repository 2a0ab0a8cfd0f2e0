//! Nothing is left behind, however the process ends.

use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testutil::processes::{Program, Scope};
use testutil::wait::until;
use testutil::{ControlPlane, Size, require};

use crate::again;

const LIMIT: Duration = Duration::from_secs(60);

/// What a control plane or scope consists of, to be looked for after its end.
struct Traces {
    pids: Vec<u32>,
    folder: PathBuf,
}

impl Traces {
    fn of(plane: &ControlPlane) -> Self {
        let pids = plane.processes().into_iter().map(|(_, pid)| pid).collect();
        Self { pids, folder: plane.scope().folder().to_owned() }
    }

    fn left(&self) -> Option<String> {
        let alive: Vec<u32> = self.pids.iter().copied().filter(|pid| is_alive(*pid)).collect();
        let folder = self.folder.exists().then_some(&self.folder);
        (!alive.is_empty() || folder.is_some()).then(|| format!("processes {alive:?}, folder {folder:?}"))
    }

    fn assert_present(&self) {
        assert!(!self.pids.is_empty() && self.pids.iter().all(|pid| is_alive(*pid)) && self.folder.exists());
    }

    fn wait_for_end(&self) {
        let check = || self.left().map_or(Ok(()), Err);
        until("the end of all that was started", LIMIT, check).unwrap();
    }
}

fn is_alive(pid: u32) -> bool {
    // One that has ended but that nobody has asked about yet is gone too.
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit(") ").next().and_then(|rest| rest.chars().next()));
    match Path::new("/proc/self").exists() {
        true => state.is_some_and(|state| state != 'Z'),
        false => kill(Pid::from_raw(pid.cast_signed()), None).is_ok(),
    }
}

/// Holds a control plane in a process of its own, sends that process a signal, looks for traces.
fn ends_with_its_process(test: &str, size: Size, signal: Signal) {
    if again::role().is_some() {
        let plane = ControlPlane::start(size).unwrap();
        let traces = Traces::of(&plane);
        println!("\nfolder {}", traces.folder.display());
        for pid in &traces.pids {
            println!("pid {pid}");
        }
        println!("running");
        std::thread::sleep(Duration::from_secs(600));
        return;
    }
    require!(testutil::tools::Tool::ControlPlane.path());
    require!(testutil::tools::Tool::Kwok.path());
    let mut child = again::test(test, "hold").stdout(Stdio::piped()).spawn().unwrap();
    let mut traces = Traces { pids: Vec::new(), folder: PathBuf::new() };
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        match line.unwrap().split_once(' ') {
            Some(("folder", folder)) => traces.folder = folder.into(),
            Some(("pid", pid)) => traces.pids.push(pid.parse().unwrap()),
            None if !traces.pids.is_empty() => break,
            _ => (),
        }
    }
    traces.assert_present();
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
    child.wait().unwrap();
    traces.wait_for_end();
}

#[test]
fn a_killed_process_leaves_nothing() {
    ends_with_its_process("ends::a_killed_process_leaves_nothing", Size::Nodes, Signal::SIGKILL);
}

#[test]
fn an_interrupted_process_leaves_nothing() {
    ends_with_its_process("ends::an_interrupted_process_leaves_nothing", Size::Api, Signal::SIGINT);
}

#[test]
fn a_panic_leaves_nothing() {
    let plane = require!(ControlPlane::start(Size::Api));
    let traces = Traces::of(&plane);
    traces.assert_present();
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _plane = plane;
        panic!("as a failed assertion does");
    }));
    assert!(panic.is_err());
    assert_eq!(traces.left(), None);
}

#[test]
fn a_failed_test_shows_what_its_servers_said_last() {
    if again::role().is_some() {
        let _plane = ControlPlane::start(Size::Api).unwrap();
        panic!("as a failed assertion does");
    }
    require!(testutil::tools::Tool::ControlPlane.path());
    let name = "ends::a_failed_test_shows_what_its_servers_said_last";
    let output = again::test(name, "fail").output().unwrap();
    assert!(!output.status.success());
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("last lines of kube-apiserver"), "{told}");
}

#[test]
fn what_a_program_started_ends_with_it() {
    let scope = Scope::new("test").unwrap();
    let script = "sleep 600 & echo $!; wait";
    let process = scope.spawn(&Program::new("shell", "/bin/sh").args(["-c", script])).unwrap();
    let read = || match std::fs::read_to_string(process.log()).unwrap().trim().parse::<u32>() {
        Ok(pid) => Ok(pid),
        Err(error) => Err(error.to_string()),
    };
    let grandchild = until("the grandchild", LIMIT, read).unwrap();
    let traces = Traces { pids: vec![process.pid(), grandchild], folder: scope.folder().to_owned() };
    traces.assert_present();
    drop((process, scope));
    traces.wait_for_end();
}

#[test]
fn a_program_that_ignores_the_request_is_killed() {
    let scope = Scope::new("test").unwrap();
    let script = "trap '' TERM; echo ready; while :; do sleep 1; done";
    let process = scope.spawn(&Program::new("stubborn", "/bin/sh").args(["-c", script])).unwrap();
    let ready = || match std::fs::read_to_string(process.log()).unwrap() {
        log if log.contains("ready") => Ok(()),
        log => Err(log),
    };
    until("the stubborn program", LIMIT, ready).unwrap();
    process.stop(Duration::from_millis(100));
    assert!(!is_alive(process.pid()));
}

#[test]
fn a_program_that_ended_is_told_from_one_that_runs() {
    let scope = Scope::new("test").unwrap();
    let run = |script: &str| {
        let program = Program::new("shell", "/bin/sh").args(["-c", script]).env("WORD", "said");
        scope.run(&program, LIMIT).unwrap()
    };
    let finished = run("echo $WORD; echo $HOME >&2; exit 3");
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("said\n", "\n"));
    assert_eq!(finished.status.code(), Some(3));
    let missing = scope.spawn(&Program::new("missing", "/nowhere/missing")).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/missing"), "{missing}");
}
