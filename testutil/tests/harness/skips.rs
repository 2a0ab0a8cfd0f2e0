//! A test that lacks something is skipped in the open, and fails where `CI=true`.

use std::process::Output;

use testutil::processes::Scope;
use testutil::require;
use testutil::requirements::test_data;
use testutil::tools::Tool;

use crate::again;

/// Runs this test where neither Go nor a built tool nor test data are to be had.
fn on_a_bare_machine(scope: &Scope, role: &str, ci: &str) -> Output {
    again::test("skips::what_is_missing_is_named", role)
        .env("PATH", "/nowhere")
        .env("FLUXGATE_TOOLS_CACHE", scope.folder().join("tools"))
        .env("FLUXGATE_TEST_DATA", scope.folder().join("data"))
        .env("FLUXGATE_SKIPS", scope.folder().join("skips"))
        .env("CI", ci)
        .output()
        .unwrap()
}

#[test]
fn what_is_missing_is_named() {
    match again::role().as_deref() {
        Some("tool") => {
            require!(Tool::ControlPlane.path());
            panic!("it is there");
        }
        Some("data") => {
            require!(test_data());
            panic!("it is there");
        }
        _ => (),
    }
    let scope = Scope::new("test").unwrap();
    for role in ["tool", "data"] {
        let output = on_a_bare_machine(&scope, role, "");
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("SKIPPED harness::skips::what_is_missing_is_named: "), "{said}");
        let failed = on_a_bare_machine(&scope, role, "true");
        assert!(!failed.status.success(), "{failed:?}");
    }
    let skips = std::fs::read_to_string(scope.folder().join("skips")).unwrap();
    let lines: Vec<&str> = skips.lines().collect();
    let [tool, data] = lines[..] else { panic!("two lines: {skips}") };
    assert!(tool.contains("controlplane") && tool.contains("Go"), "{tool}");
    assert!(data.contains("FLUXGATE_TEST_DATA"), "{data}");
}
