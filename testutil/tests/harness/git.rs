use std::path::Path;
use std::time::Duration;

use testutil::processes::{Finished, Program, Scope};
use testutil::{GitServer, Pki};

/// Runs the git of this machine as a user does who trusts this authority.
fn git(scope: &Scope, pki: &Pki, args: &[&str]) -> Finished {
    let ca = scope.write("ca.crt", pki.ca_pem()).unwrap();
    let program = Program::new("git", "/usr/bin/env")
        .arg("git")
        .args(args)
        .env("GIT_SSL_CAINFO", ca)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("HOME", scope.folder());
    scope.run(&program, Duration::from_secs(60)).unwrap()
}

fn clone(scope: &Scope, pki: &Pki, url: &str, more: &[&str]) -> Finished {
    let args: Vec<&str> = ["clone", url, "work"].iter().chain(more).copied().collect();
    git(scope, pki, &args)
}

fn read(scope: &Scope, path: &str) -> Option<String> {
    std::fs::read_to_string(scope.folder().join("work").join(path)).ok()
}

#[test]
fn a_repository_is_cloned_and_fetched_over_https() {
    let pki = Pki::new().unwrap();
    let server = GitServer::start(&pki).unwrap();
    let app = server.repository("app");
    let first = app.commit(&[("README", "one\n"), ("deploy/map.yaml", "kind: ConfigMap\n")], "first");
    let scope = Scope::new("git-user").unwrap();
    let cloned = clone(&scope, &pki, app.url(), &[]);
    assert!(cloned.status.success(), "{}", cloned.stderr);
    assert_eq!(read(&scope, "deploy/map.yaml").as_deref(), Some("kind: ConfigMap\n"));

    let second = app.commit(&[("README", "two")], "second");
    assert_ne!(first, second);
    assert_eq!(app.head(), second);
    app.remove(&["deploy"], "third");
    let pulled = git(&scope, &pki, &["-C", "work", "pull", "--quiet"]);
    assert!(pulled.status.success(), "{}", pulled.stderr);
    assert_eq!(read(&scope, "README").as_deref(), Some("two"));
    assert_eq!(read(&scope, "deploy/map.yaml"), None);
}

#[test]
fn branches_and_tags_stay_where_they_were_made() {
    let pki = Pki::new().unwrap();
    let server = GitServer::start(&pki).unwrap();
    let app = server.repository("team/app");
    let first = app.commit(&[("version", "1")], "first");
    app.tag("v1.0.0");
    app.branch("next");
    app.commit(&[("version", "2")], "second");
    assert_eq!(app.head_of("v1.0.0"), first);
    let next = app.commit_to("next", &[("version", "3")], "on the branch");
    assert_eq!(app.head_of("next"), next);
    let scope = Scope::new("git-user").unwrap();
    assert!(clone(&scope, &pki, app.url(), &["--branch", "v1.0.0", "--depth", "1"]).status.success());
    assert_eq!(read(&scope, "version").as_deref(), Some("1"));
}

#[test]
fn the_same_commits_have_the_same_names() {
    let pki = Pki::new().unwrap();
    let heads = [(); 2].map(|()| {
        let server = GitServer::start(&pki).unwrap();
        server.repository("app").commit(&[("file", "text")], "message")
    });
    assert_eq!(heads[0], heads[1]);
}

#[test]
fn a_client_that_does_not_trust_the_authority_gets_nothing() {
    let pki = Pki::new().unwrap();
    let server = GitServer::start(&pki).unwrap();
    let app = server.repository("app");
    app.commit(&[("file", "text")], "message");
    let scope = Scope::new("git-user").unwrap();
    let refused = clone(&scope, &Pki::new().unwrap(), app.url(), &[]);
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("certificate"), "{}", refused.stderr);
    assert!(!Path::new(&scope.folder().join("work")).exists());
}

#[test]
fn a_repository_that_is_not_there_is_not_found() {
    let pki = Pki::new().unwrap();
    let server = GitServer::start(&pki).unwrap();
    let scope = Scope::new("git-user").unwrap();
    let missing = clone(&scope, &pki, &format!("{}/missing.git", server.url()), &[]);
    assert!(missing.stderr.contains("not found"), "{}", missing.stderr);
}
