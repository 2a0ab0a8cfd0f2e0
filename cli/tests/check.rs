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

/// A resource that installs Flux, with other values for some attributes.
fn install(more: Value) -> Value {
    let mut attributes = json!({
        "name": "flux-system", "namespace": "flux-system", "repository": "https://example.com/charts",
        "chart": "flux2", "version": "2.18.3", "values": ["multitenancy: {enabled: true}\n"], "values_files": null,
        "set": null, "set_wo_revision": null, "wait": true, "timeouts": null,
    });
    for (name, value) in more.as_object().unwrap() {
        attributes[name] = value.clone();
    }
    change("fluxgate_install.flux", &["create"], attributes)
}

/// Which rules found something, and which cannot tell.
fn judged(resource: Value) -> (Vec<String>, Vec<String>) {
    let output = check(&plan(&[resource]), &["-o", "json"]);
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    let rules = |list: &str| {
        let items = report[list].as_array().unwrap();
        items.iter().map(|item| item["rule"].as_str().unwrap().to_owned()).collect()
    };
    (rules("findings"), rules("cannot_tell"))
}

#[test]
fn an_installation_is_judged_with_its_values_merged() {
    for (attributes, findings) in [
        (json!({}), &[][..]),
        (json!({"version": "latest"}), &["chart-version"]),
        (json!({"version": null}), &["chart-version"]),
        (json!({"repository": "http://example.com"}), &["chart-repository"]),
        (json!({"repository": null, "chart": "./flux2", "version": null}), &[]),
        (json!({"values": []}), &["multi-tenancy"]),
        (json!({"values": null}), &["multi-tenancy"]),
        (
            json!({"values": ["multitenancy: {enabled: true}\npolicies: {create: true}\n", "policies: {create: false}\n"]}),
            &["network-policy"],
        ),
        (
            json!({"values": [], "set": [{"name": "multitenancy.enabled", "value": "true", "type": null}]}),
            &[],
        ),
    ] {
        assert_eq!(
            judged(install(attributes.clone())),
            (findings.iter().map(ToString::to_string).collect(), vec![]),
            "{attributes}"
        );
    }
}

#[test]
fn values_that_a_plan_does_not_tell_leave_rules_undecided() {
    let open = vec!["multi-tenancy".to_owned(), "network-policy".to_owned()];
    let mut late = install(json!({"values": [null]}));
    late["change"]["after_unknown"] = json!({"values": [true], "objects": true});
    assert_eq!(judged(late), (vec![], open.clone()));
    for attributes in [json!({"values_files": ["values.yaml"]}), json!({"set_wo_revision": 1})] {
        assert_eq!(judged(install(attributes)), (vec![], open.clone()));
    }
    let mut late = install(json!({"version": null}));
    late["change"]["after_unknown"] = json!({"version": true});
    assert_eq!(judged(late), (vec![], vec!["chart-version".to_owned()]));
}

#[test]
fn an_installation_that_is_only_warned_of_passes() {
    let output = check(&plan(&[install(json!({"values": []}))]), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    insta::assert_snapshot!(text(&output));
}

#[test]
fn values_that_are_no_yaml_are_explained() {
    let mut words = String::new();
    for values in ["a: [", "- a"] {
        let output = check(&plan(&[install(json!({"values": [values]}))]), &[]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        words.push_str(&text(&output));
    }
    insta::assert_snapshot!(words);
}

#[test]
fn an_object_without_a_name_is_found_by_its_address() {
    let manifest = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"namespace": "apps"},
        "spec": {"url": "https://example.com/app.git", "interval": "1m", "ref": {"branch": "main"}},
    });
    let mut nameless = change("kubernetes_manifest.app", &["create"], json!({"manifest": manifest}));
    nameless["address"] = json!("module.apps.kubernetes_manifest.app[\"dev\"]");
    let output = check(&plan(&[nameless]), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let words = "FAIL name module.apps.kubernetes_manifest.app[\"dev\"] in standard input metadata.name";
    assert!(text(&output).contains(words), "{}", text(&output));
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
    let catalogue = policy::Catalogue::built_in().unwrap();
    let off: Vec<String> = catalogue.rules().iter().map(|rule| format!("{}=off", rule.id)).collect();
    let data = json!({"address": "data.x.y", "mode": "data", "type": "x", "name": "y", "change": {"actions": ["read"]}});
    let cases = [
        (plan(&[]), vec![]),
        (plan(&[data]), vec![]),
        (plan(&[change("null_resource.x", &["create"], json!({}))]), vec![]),
        (plan(&[good()]), off.iter().flat_map(|rule| ["--rule", rule.as_str()]).collect()),
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
        "7: [",
        "\na: {{ .Values.a }}\n",
        "kind: GitRepository\n",
        r#"{"format_version": "2.0"}"#,
        r#"{"resource_changes": []}"#,
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

/// A folder of files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Checks what is in a folder by paths from there, and says how it ended.
fn check_in(folder: &tempfile::TempDir, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fluxgate"))
        .arg("check")
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let code = output.status.code().unwrap();
    format!("$ fluxgate check {}\n{}exit {code}\n", arguments.join(" "), text(&output))
}

const GOOD: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: apps}
spec:
  url: https://example.com/app.git
  interval: 1m
  ref: {branch: main}
";

fn bad(interval: &str) -> String {
    GOOD.replace("1m", interval)
}

#[test]
fn manifests_are_judged_document_by_document() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n";
    let files = folder(&[
        ("good.yaml", GOOD),
        (
            "several.yaml",
            &format!("# Nothing yet.\n---\n{GOOD}---\n---\n# Too long.\n{}---\n{map}", bad("2h")),
        ),
        ("other.yaml", map),
        ("empty.yaml", "# Only words.\n---\n"),
    ]);
    insta::assert_snapshot!(
        [
            &["good.yaml"][..],
            &["several.yaml"],
            &["other.yaml"],
            &["empty.yaml"],
            &["empty.yaml", "good.yaml"]
        ]
        .map(|arguments| check_in(&files, arguments))
        .join("\n")
    );
}

#[test]
fn what_the_yaml_parser_itself_trips_over_is_told_in_a_line() {
    // A tag right before a comma, an escape that the end cuts off, a line break of a carriage return alone in a block.
    for text in ["a: [!x, b]\n", "a: [!, b]\n", "a: \"\\x4", "a: \"\\u12\"", "a: |\r  b\r  c\r"] {
        let output = run(&["check", "-"], text);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!told.contains("panicked"), "{text:?}: {told}");
        assert!(told.lines().count() <= 2, "{text:?}: {told}");
    }
}

#[test]
fn lists_are_taken_apart() {
    let indented = |text: &str| text.replace('\n', "\n  ").trim_end().to_owned();
    let list =
        format!("apiVersion: v1\nkind: List\nitems:\n- {}\n- {}\n", indented(GOOD), indented(&bad("2h")));
    let typed = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepositoryList\nitems:\n- metadata: {name: app}\n  \
                 spec: {url: 'http://example.com', interval: 1m}\n- null\n";
    let files = folder(&[
        ("list.yaml", list.as_str()),
        ("typed.yaml", typed),
        ("nested.yaml", &format!("kind: List\nitems:\n- {}\n", indented(&list))),
        ("none.yaml", "apiVersion: v1\nkind: List\nitems: []\n"),
        ("wrong.yaml", "apiVersion: v1\nkind: List\nitems: [{metadata: {name: app}}]\n"),
    ]);
    insta::assert_snapshot!(
        ["list.yaml", "typed.yaml", "nested.yaml", "none.yaml", "wrong.yaml"]
            .map(|file| check_in(&files, &[file]))
            .join("\n")
    );
}

#[test]
fn folders_are_read_to_the_ground() {
    let json = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "apps"},
        "spec": {"interval": "1m", "prune": false, "path": "./", "sourceRef": {"kind": "GitRepository", "name": "apps"}},
    });
    let files = folder(&[
        ("clusters/dev/b.json", &json.to_string()),
        ("clusters/dev/a.yml", &bad("2h")),
        ("clusters/prod/app.yaml", GOOD),
        ("clusters/prod/values.yaml", "replicas: 1\n"),
        ("clusters/prod/.hidden.yaml", "a: ["),
        ("clusters/prod/notes.txt", "a: ["),
        ("clusters/.git/config.yaml", "a: ["),
        ("clusters/app/Chart.yaml", "name: app\n"),
        ("clusters/app/templates/app.yaml", "{{ if }}"),
        ("plain/notes.txt", ""),
        ("broken/app.yaml", "kind: GitRepository\nspec: [\n"),
        ("half/app.yaml", "kind: GitRepository\n"),
    ]);
    insta::assert_snapshot!(
        [
            &["clusters"][..],
            &["clusters/app"],
            &["plain"],
            &["plain", "clusters/prod"],
            &["broken"],
            &["half"]
        ]
        .map(|arguments| check_in(&files, arguments))
        .join("\n")
    );
}

#[test]
fn what_a_chart_renders_is_judged() {
    let metadata = "apiVersion: v2\nname: fleet\nversion: 1.0.0\n";
    let template = bad("{{ .Values.interval }}");
    let files = folder(&[
        ("Chart.yaml", metadata),
        ("values.yaml", "interval: 2h\n"),
        ("templates/app.yaml", &template),
        ("templates/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n"),
    ]);
    let chart = files.path().to_str().unwrap();
    let rendered = |values: &[&str]| {
        let output = run(&[&["template", "fleet", chart], values].concat(), "");
        assert!(output.status.success(), "{}", text(&output));
        text(&run(&["check", "-"], &String::from_utf8(output.stdout).unwrap()))
    };
    insta::assert_snapshot!([rendered(&[]), rendered(&["--set", "interval=1m"])].join("\n"));
}

#[test]
fn plans_and_manifests_are_judged_in_one_call() {
    let files = folder(&[("plan.json", &plan(&[good()]).to_string()), ("app.yaml", &bad("2h"))]);
    insta::assert_snapshot!(check_in(&files, &["plan.json", "app.yaml"]));
    let output = run(&["check", "-", "-o", "json"], &bad("2h"));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (report["objects"].as_u64(), report["findings"][0]["origin"].as_str()),
        (Some(1), Some("standard input:1"))
    );
}

#[test]
fn what_is_not_text_is_told_by_what_it_looks_like() {
    let files = folder(&[]);
    for (name, bytes) in
        [("plan", &b"PK\x03\x04\xff"[..]), ("app.tgz", b"\x1f\x8b\x08"), ("latin.yaml", b"a: \xe4")]
    {
        std::fs::write(files.path().join(name), bytes).unwrap();
    }
    insta::assert_snapshot!(
        ["plan", "app.tgz", "latin.yaml", "missing/"].map(|file| check_in(&files, &[file])).join("\n")
    );
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
