//! `fluxgate check` as a pull request runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

fn run(arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fluxgate"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn check(plan: &Value, arguments: &[&str]) -> Output {
    run(&[&["check", "-"], arguments].concat(), &plan.to_string())
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn change(address: &str, actions: &[&str], after: Value) -> Value {
    json!({
        "address": address, "mode": "managed", "type": address.split('.').next(), "name": "x",
        "change": {"actions": actions, "before": null, "after": after, "after_unknown": {}, "after_sensitive": {}},
    })
}

fn repository(url: &str, interval: &str) -> Value {
    json!({
        "name": "app", "namespace": "apps", "labels": null, "annotations": null, "wait": true,
        "spec": {"url": url, "interval": interval, "ref": {"branch": "main"}, "secret_ref": null},
    })
}

fn plan(changes: &[Value]) -> Value {
    json!({"format_version": "1.2", "resource_changes": changes})
}

fn good() -> Value {
    change("fluxgate_git_repository.app", &["create"], repository("https://example.com/app.git", "1m"))
}

#[test]
fn a_plan_with_nothing_against_it_passes() {
    let output = check(&plan(&[good()]), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    insta::assert_snapshot!(text(&output));
}

#[test]
fn what_is_wrong_is_said_with_where_and_what_to_do() {
    let bad = change(
        "module.flux.fluxgate_git_repository.app[\"dev\"]",
        &["create"],
        repository("http://example.com", "2h"),
    );
    let mut bad = bad;
    bad["type"] = json!("fluxgate_git_repository");
    let output = check(&plan(&[good(), bad]), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    insta::assert_snapshot!(text(&output));
}

#[test]
fn the_report_for_programs_is_one_object() {
    let bad = change("fluxgate_git_repository.app", &["create"], repository("https://example.com", "2h"));
    let output = check(&plan(&[bad]), &["-o", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    insta::assert_json_snapshot!(report);
}

#[test]
fn objects_of_the_kubernetes_provider_are_judged_too() {
    let manifest = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": {"interval": "1m", "prune": false, "sourceRef": {"kind": "GitRepository", "name": "apps"}},
    });
    let output =
        check(&plan(&[change("kubernetes_manifest.apps", &["create"], json!({"manifest": manifest}))]), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("prune"), "{}", text(&output));
}

#[test]
fn a_value_that_is_known_only_after_apply_is_neither_passed_nor_refused() {
    let mut late = good();
    late["change"]["after"]["spec"]["interval"] = Value::Null;
    late["change"]["after_unknown"] = json!({"spec": {"interval": true}});
    let output = check(&plan(&[late]), &["-o", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["counts"]["cannot_tell"], 1);
    assert_eq!(report["cannot_tell"][0]["because"], json!(["spec.interval"]));
}

#[test]
fn what_does_not_change_only_warns_and_what_goes_is_not_judged() {
    let state = repository("http://example.com", "1m");
    let unchanged = change("fluxgate_git_repository.app", &["no-op"], state.clone());
    let output = check(&plan(std::slice::from_ref(&unchanged)), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("WARN"), "{}", text(&output));
    let output = check(&plan(&[unchanged]), &["--fail-on-warn"]);
    assert_eq!(output.status.code(), Some(1));

    let mut gone = change("fluxgate_git_repository.app", &["delete"], Value::Null);
    gone["change"]["before"] = state;
    let output = check(&plan(&[gone]), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn severities_and_parameters_are_set_on_the_command_line() {
    let bad =
        plan(&[change("fluxgate_git_repository.app", &["create"], repository("https://example.com", "2h"))]);
    assert_eq!(check(&bad, &["--rule", "interval=warn"]).status.code(), Some(0));
    assert_eq!(check(&bad, &["--rule", "interval=off"]).status.code(), Some(0));
    assert_eq!(check(&bad, &["--fail-on-warn"]).status.code(), Some(2));

    let folder = tempfile::tempdir().unwrap();
    let params = folder.path().join("params.json");
    std::fs::write(&params, r#"{"interval_less_than": "3h"}"#).unwrap();
    assert_eq!(check(&bad, &["--params", params.to_str().unwrap()]).status.code(), Some(0));
}

#[test]
fn a_check_that_checks_nothing_fails() {
    let data = json!({"address": "data.x.y", "mode": "data", "type": "x", "name": "y", "change": {"actions": ["read"]}});
    let cases = [
        (plan(&[]), vec![]),
        (plan(&[data]), vec![]),
        (plan(&[change("null_resource.x", &["create"], json!({}))]), vec![]),
        (plan(&[good()]), vec!["--rule", "interval=off", "--rule", "prune=off", "--rule", "url-scheme=off"]),
    ];
    for (plan, arguments) in cases {
        let output = check(&plan, &arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(output.stdout.is_empty() && text(&output).contains("error:"), "{}", text(&output));
    }
}

#[test]
fn bad_input_is_explained() {
    let mut words = String::new();
    for stdin in [
        "",
        "words",
        "[]",
        "{}",
        r#"{"format_version": "2.0"}"#,
        r#"{"format_version": "1.2", "resource_changes": 7}"#,
    ] {
        let output = run(&["check", "-"], stdin);
        assert_eq!(output.status.code(), Some(1), "{stdin}");
        words.push_str(&format!("{stdin:?}\n{}\n", text(&output)));
    }
    let output = run(&["check", "no-such-file.json"], "");
    assert_eq!(output.status.code(), Some(1));
    words.push_str(&text(&output));
    for arguments in
        [&["check"][..], &["check", "-", "--rule", "interval"], &["check", "-", "--rule", "interval=never"]]
    {
        let output = run(arguments, "");
        assert_eq!(output.status.code(), Some(2));
        words.push_str(&format!("\n{arguments:?}\n{}", text(&output)));
    }
    let output = check(&plan(&[good()]), &["--rule", "intervall=off"]);
    assert_eq!(output.status.code(), Some(1));
    words.push_str(&format!("\n[\"--rule\", \"intervall=off\"]\n{}", text(&output)));
    insta::assert_snapshot!(words);
}

#[test]
fn sensitive_values_are_not_shown() {
    let mut secret =
        change("fluxgate_git_repository.app", &["create"], repository("http://hidden.example.com", "1m"));
    secret["change"]["after_sensitive"] = json!({"spec": {"url": true}});
    let output = check(&plan(&[secret]), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!text(&output).contains("hidden"), "{}", text(&output));
}
