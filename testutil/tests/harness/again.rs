//! Runs a test of this binary once more, as a process of its own.

use std::process::{Command, Stdio};

/// The variable that says to a test that it is the process, not the one that watches it.
const ROLE: &str = "FLUXGATE_HARNESS_ROLE";

/// Returns the role that [`test`] gave to this process, if it is such a process.
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Returns the command that runs the test of this name alone, in this role.
pub fn test(name: &str, role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(ROLE, role).stdin(Stdio::null());
    command
}
