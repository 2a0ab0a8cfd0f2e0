//! `fluxgate template`: what `helm template` prints, from the same command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use testutil::{
    ChartServerOptions, PackagedChart, Pki,
    chart_server::{ChartServer, Trouble},
    require,
    requirements::{skip, test_data},
    tools::Tool,
};

fn ours(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fluxgate"))
        .arg("template")
        .args(arguments)
        .current_dir(folder)
        .env_remove("HELM_NAMESPACE")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A chart that shows everything which the command line can tell it.
fn chart(folder: &Path) {
    write(folder, "app/Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.2.3\nappVersion: \"4\"\n");
    write(folder, "app/values.yaml", "a: 1\nb: {c: [x, y], d: text}\n");
    write(
        folder,
        "app/crds/things.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things}\n",
    );
    write(
        folder,
        "app/templates/all.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\ndata:\n  values: |\n{{ toYaml .Values | indent 4 }}\n  release: {{ toJson .Release | quote }}\n  version: {{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.Minor }}\n  has: {{ .Capabilities.APIVersions.Has \"example.com/v1\" | quote }}\n",
    );
    write(
        folder,
        "app/templates/hook.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: check\n  annotations: {helm.sh/hook: test}\n",
    );
    write(folder, "app/values.schema.json", r#"{"properties": {"a": {"type": "number"}}}"#);
    write(folder, "more.yaml", "b: {c: [z], e: null}\nlong: \"1:30\"\n");
    write(folder, "file.txt", "first\nsecond: {x}\n");
}

#[test]
fn every_flag_does_what_it_does_to_helm() {
    let helm = require!(Tool::Helm.path());
    let folder = tempfile::tempdir().unwrap();
    chart(folder.path());
    let mut wrong = Vec::new();
    for arguments in [
        &["app"] as &[&str],
        &["demo", "app"],
        &["demo", "./app", "--namespace", "apps"],
        &["demo", "app", "-n", "apps", "-f", "more.yaml"],
        &[
            "demo",
            "app",
            "-f",
            "more.yaml",
            "--set",
            "a=2,b.c[1]=w",
            "--set-string",
            "s=1",
            "--set-json",
            "j={\"k\":[1.5]}",
        ],
        &["demo", "app", "--set-file", "f=file.txt", "--set-literal", "l=a,b=c"],
        &["demo", "app", "--kube-version", "1.29", "--api-versions", "example.com/v1"],
        &["demo", "app", "--kube-version", "v1.30.2-gke.7", "-a", "example.com/v1/Thing,b/v1"],
        &["demo", "app", "--is-upgrade", "--include-crds"],
        &["demo", "app", "--no-hooks"],
        &["demo", "app", "--skip-tests"],
        &["demo", "app", "--set", "a=text", "--skip-schema-validation"],
        &["demo", "app", "--set", "a=text"],
    ] {
        let theirs = Command::new(&helm)
            .arg("template")
            .args(arguments)
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env_remove("HELM_NAMESPACE")
            .env_remove("KUBECONFIG")
            .output()
            .unwrap();
        let ours = ours(folder.path(), arguments);
        if (text(&ours.stdout), ours.status.code()) != (text(&theirs.stdout), theirs.status.code()) {
            wrong.push(format!(
                "{arguments:?}\nhelm: {}{}\nours: {}{}",
                text(&theirs.stdout),
                text(&theirs.stderr),
                text(&ours.stdout),
                text(&ours.stderr)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_chart_comes_from_a_repository() {
    let chart = require!(test_data()).join("charts/flux2-2.17.2.tgz");
    let server = require!(ChartServer::flux2());
    let folder = tempfile::tempdir().unwrap();
    let local = ours(folder.path(), &["flux", chart.to_str().unwrap()]);
    let ca = server.ca_file().to_str().unwrap();
    let remote = ours(
        folder.path(),
        &["flux", "flux2", "--repo", &server.url(), "--version", "~2.17", "--ca-file", ca],
    );
    assert!(remote.status.success(), "{}", text(&remote.stderr));
    assert!(!remote.stdout.is_empty());
    assert_eq!(text(&remote.stdout), text(&local.stdout));
}

#[test]
fn what_goes_wrong_is_said_with_where_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    chart(at);
    write(at, "broken/Chart.yaml", "apiVersion: v2\nname: broken\nversion: 1.0.0\n");
    write(at, "broken/templates/_name.tpl", "{{ define \"name\" }}\n\t{{ .Values.a.b.c }}\n{{ end }}");
    write(at, "broken/templates/one.yaml", "kind: ConfigMap\nname: {{ include \"name\" . }}\n");
    write(at, "unparsed/Chart.yaml", "apiVersion: v2\nname: unparsed\nversion: 1.0.0\n");
    write(at, "unparsed/templates/one.yaml", "kind: {{ if }}\n");
    write(at, "noyaml/Chart.yaml", "apiVersion: v2\nname: noyaml\nversion: 1.0.0\n");
    write(at, "noyaml/templates/one.yaml", "kind: ConfigMap\n  a: [\n");
    write(at, "list.yaml", "- a\n");
    let mut report = String::new();
    for arguments in [
        &["broken"] as &[&str],
        &["unparsed"],
        &["noyaml"],
        &["nothing"],
        &["app", "-f", "missing.yaml"],
        &["app", "-f", "list.yaml"],
        &["app", "--set", "a[=1"],
        &["app", "--kube-version", "new"],
        &["UPPER", "app"],
        &["flux2", "--repo", "oci://ghcr.io/fluxcd-community/charts"],
        &["flux2", "--repo", "http://example.com"],
    ] {
        let output = ours(at, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        report.push_str(&format!("$ fluxgate template {}\n{}\n", arguments.join(" "), text(&output.stderr)));
    }
    insta::assert_snapshot!(report);
}

#[test]
fn a_long_download_is_shown_on_a_terminal_and_nowhere_else() {
    let server = require!(ChartServer::start(
        &Pki::new().unwrap(),
        [PackagedChart::small("app", "1.0.0")],
        ChartServerOptions::default()
    ));
    let folder = tempfile::tempdir().unwrap();
    let slow = || server.spoil("app-1.0.0", 1, Trouble::Slow(8, Duration::from_millis(150)));
    let url = server.url();
    let arguments = ["app", "--repo", &url, "--ca-file", server.ca_file().to_str().unwrap()];
    slow();
    let output = ours(folder.path(), &arguments);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));

    slow();
    let line = format!("{} template {} > rendered", env!("CARGO_BIN_EXE_fluxgate"), arguments.join(" "));
    let terminal =
        Command::new("script").args(["-qec", &line, "/dev/null"]).current_dir(folder.path()).output();
    let Ok(terminal) = terminal else {
        skip(module_path!(), "there is no script, which gives a terminal");
        return;
    };
    let said = text(&terminal.stdout);
    assert!(terminal.status.success(), "{said}");
    assert!(said.contains("\r\u{1b}[Kdownloading 0.0 of 0.0 MiB of https://"), "{said:?}");
    assert!(said.ends_with("\r\u{1b}[K"), "the line goes again: {said:?}");
    assert_eq!(std::fs::read(folder.path().join("rendered")).unwrap(), output.stdout);
}
