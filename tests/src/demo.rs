//! The demo as it is given to people, where it does not make everything itself.

use std::process::Command;

use testutil::{ControlPlane, Size, Tofu, require, tools::Tool};

use crate::support::git;

/// The program, beside the provider that the tests use.
fn demo() -> Command {
    let here = std::env::current_exe().unwrap();
    let folder =
        here.ancestors().find(|folder| folder.join("demo").is_file()).expect("`make build` makes the demo");
    Command::new(folder.join("demo"))
}

#[test]
fn the_demo_runs_on_a_cluster_that_is_there_already_with_the_small_chart() {
    let plane = require!(ControlPlane::start(Size::Flux));
    let (_server, repository) = require!(git(&plane, "default"));
    let tofu = require!(Tool::Tofu.path());
    let output = demo()
        .env("DEMO_KUBECONFIG", plane.kubeconfig_path())
        .env("DEMO_GIT_URL", repository.url())
        .env("DEMO_GIT_PATH", "./deploy")
        .env("DEMO_CHART", "small")
        .env("PATH", tofu.parent().unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{}", plane.logs());
    for words in [
        "examples/charts/flux2, which is a small one",
        "Policy: url-scheme",
        "Policy: interval",
        "Apply complete!",
        "No changes.",
        "Destroy complete!",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_demo_elsewhere_says_what_it_needs() {
    drop(require!(Tofu::without_providers()));
    let output =
        demo().env("DEMO_KUBECONFIG", "/nowhere/kubeconfig").env_remove("DEMO_GIT_URL").output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("DEMO_KUBECONFIG needs DEMO_GIT_URL"), "{text}");

    let output = demo()
        .env("DEMO_KUBECONFIG", "/nowhere/kubeconfig")
        .env("DEMO_GIT_URL", "https://example.com/fleet.git")
        .env("DEMO_CHART", "any")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("DEMO_CHART is \"any\"; it can be official, test-data or small"), "{text}");
}
