use std::path::Path;
use std::time::Duration;

use testutil::processes::{Finished, Program, Scope};
use testutil::tools::Tool;
use testutil::{ChartServer, ChartServerOptions, PackagedChart, Pki, require};

/// Runs the pinned helm as somebody who has never run it.
fn helm(program: &Path, scope: &Scope, args: &[&str]) -> Finished {
    let home = scope.folder();
    let program = Program::new("helm", program)
        .args(args)
        .env("HOME", home)
        .env("HELM_CACHE_HOME", home.join("cache"))
        .env("HELM_CONFIG_HOME", home.join("config"))
        .env("HELM_DATA_HOME", home.join("data"));
    scope.run(&program, Duration::from_secs(60)).unwrap()
}

fn ask(program: &Path, scope: &Scope, server: &ChartServer, words: &[&str]) -> Finished {
    let (url, ca) = (server.url(), server.ca_file().to_string_lossy());
    helm(program, scope, &[words, &["--repo", &url, "--ca-file", &ca]].concat())
}

#[test]
fn helm_pulls_the_newest_and_an_older_flux2() {
    let program = require!(Tool::Helm.path());
    let server = require!(ChartServer::flux2());
    let data = require!(testutil::test_data()).join("charts");
    for (name, more) in [("flux2-2.18.3.tgz", &[][..]), ("flux2-2.16.4.tgz", &["--version", "~2.16.0"])] {
        let scope = Scope::new("helm-user").unwrap();
        let folder = scope.folder().to_string_lossy();
        let pulled = ask(&program, &scope, &server, &[&["pull", "flux2", "-d", &folder], more].concat());
        assert!(pulled.status.success(), "{}", pulled.stderr);
        assert_eq!(
            std::fs::read(scope.folder().join(name)).unwrap(),
            std::fs::read(data.join(name)).unwrap()
        );
    }
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert!(
        paths.starts_with(&["/charts/index.yaml".into(), "/charts/flux2-2.18.3.tgz".into()]),
        "{paths:?}"
    );
}

#[test]
fn helm_shows_its_credentials_to_the_repository_only() {
    let program = require!(Tool::Helm.path());
    let options = ChartServerOptions {
        credentials: Some(("ada".into(), "secret".into())),
        archives_elsewhere: true,
        ..ChartServerOptions::default()
    };
    let server = ChartServer::start(&Pki::new().unwrap(), [PackagedChart::small("app", "1.0.0")], options);
    let server = server.unwrap();
    let scope = Scope::new("helm-user").unwrap();
    let refused = ask(&program, &scope, &server, &["show", "chart", "app"]);
    assert!(refused.stderr.contains("401"), "{}", refused.stderr);
    let known = ["show", "chart", "app", "--username", "ada", "--password", "secret"];
    let shown = ask(&program, &scope, &server, &known);
    assert!(shown.status.success(), "{}", shown.stderr);
    let seen = server.requests();
    let seen: Vec<_> = seen.iter().map(|request| (request.path.as_str(), request.authorization)).collect();
    assert_eq!(
        seen,
        [("/charts/index.yaml", false), ("/charts/index.yaml", true), ("/archives/app-1.0.0.tgz", false)]
    );
}

#[test]
fn charts_come_and_go() {
    let server = ChartServer::start(&Pki::new().unwrap(), [], ChartServerOptions::default()).unwrap();
    server.add(PackagedChart::small("app", "1.0.0"));
    server.add(PackagedChart::small("app", "2.0.0"));
    server.remove("app", "1.0.0");
    let index = server.index();
    assert!(index.contains("app-2.0.0.tgz") && !index.contains("app-1.0.0.tgz"), "{index}");
    server.set_index("broken: [");
    assert_eq!(server.index(), "broken: [");
}

#[test]
fn a_folder_is_packaged_as_a_chart() {
    let scope = Scope::new("chart").unwrap();
    scope.subfolder("templates").unwrap();
    scope.write("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.2.3\n").unwrap();
    scope.write("templates/map.yaml", "kind: ConfigMap\n").unwrap();
    let chart = PackagedChart::from_folder(scope.folder()).unwrap();
    assert_eq!((chart.name.as_str(), chart.version.as_str()), ("app", "1.2.3"));
    let file = scope.write("app.tgz", &chart.archive).unwrap();
    assert_eq!(PackagedChart::read(&file).unwrap().digest(), chart.digest());
}
