//! The tests that the examples bring for `tofu test`, run here with a mock of the provider: no cluster, no chart.

use testutil::require;

use super::root;

#[test]
fn the_modules_own_tests_pass() {
    passes("modules/fluxcd", 60);
}

#[test]
fn the_dev_clusters_own_tests_pass() {
    passes("clusters/dev", 25);
}

/// Runs the tests of a folder; `at_least` so many, since a folder without tests passes too.
fn passes(folder: &str, at_least: usize) {
    let tofu = require!(root(folder));
    let run = tofu.run(&["test", "-no-color"]).success();
    let passed = run.stdout.lines().filter(|line| line.trim_end().ends_with("... pass")).count();
    assert!(passed >= at_least && !run.stdout.contains("... fail"), "{run}");
}
