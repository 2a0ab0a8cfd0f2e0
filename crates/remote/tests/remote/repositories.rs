//! What repositories give.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use remote::{Fetched, OnProgress, Request, fetch};
use testutil::processes::{Program, Scope};
use testutil::tools::Tool;
use testutil::{ChartServer, ChartServerOptions, PackagedChart, Pki, require, test_data};

use crate::arrange::{archive, charts, paths, request, server, server_with, told};

async fn fetched(request: &Request) -> Fetched {
    fetch(request).await.unwrap()
}

#[tokio::test]
async fn without_a_version_the_newest_stable_one_comes() {
    let server = server();
    let fetched = fetched(&request(&server)).await;
    assert_eq!(fetched.version.as_deref(), Some("1.1.0"));
    assert_eq!(archive(&fetched), charts()[1].archive);
    assert_eq!(fetched.digest, Some(charts()[1].digest()));
    assert_eq!(fetched.origin, format!("{}/app-1.1.0.tgz", server.url()));
    assert_eq!(paths(&server), ["/charts/index.yaml", "/charts/app-1.1.0.tgz"]);
    assert_eq!(server.requests()[0].user_agent, concat!("fluxgate/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_version_or_a_range_is_honoured() {
    let server = server();
    for (version, expected) in [("1.0.0", "1.0.0"), ("<1.1", "1.0.0"), (">=2.0.0-0", "2.0.0-rc.1")] {
        let request = Request { version: Some(version.to_owned()), ..request(&server) };
        assert_eq!(fetched(&request).await.version.as_deref(), Some(expected), "{version}");
    }
}

#[tokio::test]
async fn flux2_comes_in_each_version() {
    let server = require!(ChartServer::flux2());
    for (version, expected) in [("", "2.18.3"), ("2.17.2", "2.17.2"), ("~2.16.0", "2.16.4")] {
        let request =
            Request { chart: "flux2".to_owned(), version: Some(version.to_owned()), ..request(&server) };
        let fetched = fetched(&request).await;
        assert_eq!(fetched.version.as_deref(), Some(expected), "{version}");
        let served = test_data().unwrap().join(format!("charts/flux2-{expected}.tgz"));
        assert_eq!(archive(&fetched), std::fs::read(served).unwrap());
        assert_eq!(fetched.load().unwrap().metadata.version, expected);
    }
}

#[tokio::test]
async fn helm_chooses_the_same_versions() {
    let program = require!(Tool::Helm.path());
    let versions =
        ["0.9.1", "1.2.3+build.1", "1.2.4", "v1.10.0", "1.9.0", "2.0.0-rc.1", "2.0.0-alpha.2", "3.0.0-beta"];
    let charts = versions.map(|version| PackagedChart::small("app", version));
    let server = ChartServer::start(&Pki::new().unwrap(), charts, ChartServerOptions::default()).unwrap();
    let scope = Scope::new("helm-user").unwrap();
    let wanted = [
        "",
        "*",
        "x",
        "1",
        "1.x",
        "~1.2",
        "^1.2.3",
        "1.2.3",
        "1.10.0",
        "v1.9.0",
        "1.9",
        "<1",
        "<=1.2.4",
        ">1.2 <1.10",
        ">1.2, <1.10",
        "1.2 - 1.9",
        "~0 || ~2",
        "2.0.0-alpha.2",
        ">=2.0.0-0",
        ">=2.0.0-alpha <3",
        "^2.0.0-0",
        "!=1.10",
        "5.0.0",
        "newest",
        ">",
        "1.2.3.4",
        "=1.9.0",
        "0.9.1 ",
        "-1",
        "v1",
    ];
    let (mut differ, mut chosen) = (Vec::new(), 0);
    for wanted in wanted {
        let request = Request { version: Some(wanted.to_owned()), ..request(&server) };
        let ours = fetch(&request).await.ok().and_then(|fetched| fetched.version);
        let (url, ca) = (server.url(), server.ca_file().to_string_lossy());
        let show = Program::new("helm", &program)
            .args(["show", "chart", "app", "--repo", &url, "--ca-file", &ca, &format!("--version={wanted}")])
            .env("HOME", scope.folder());
        let shown = scope.run(&show, Duration::from_secs(60)).unwrap();
        let theirs = shown.stdout.lines().find_map(|line| line.strip_prefix("version: ")).map(str::to_owned);
        chosen += usize::from(theirs.is_some());
        if ours != theirs {
            differ.push(format!("{wanted:?}: ours {ours:?}, helm's {theirs:?}"));
        }
    }
    assert!(differ.is_empty() && chosen > 15, "helm chose {chosen}\n{}", differ.join("\n"));
}

#[tokio::test]
async fn an_archive_on_another_server_comes() {
    let server = server_with(ChartServerOptions { archives_elsewhere: true, ..Default::default() });
    assert_eq!(archive(&fetched(&request(&server)).await), charts()[1].archive);
    assert_eq!(paths(&server), ["/charts/index.yaml", "/archives/app-1.1.0.tgz"]);
}

#[tokio::test]
async fn an_archive_comes_by_its_address() {
    let server = server();
    for repository in [None, Some(server.url())] {
        let chart = format!("{}/app-1.0.0.tgz", server.url());
        let fetched = fetched(&Request { chart, repository, ..request(&server) }).await;
        assert_eq!((archive(&fetched), fetched.version.as_deref()), (&charts()[0].archive[..], None));
    }
    assert_eq!(paths(&server), ["/charts/app-1.0.0.tgz"; 2]);
}

#[tokio::test]
async fn an_index_may_be_json() {
    let server = server();
    let digest = charts()[0].digest();
    let entry =
        serde_json::json!({"name": "app", "version": "1.0.0", "urls": ["app-1.0.0.tgz"], "digest": digest});
    server.set_index(serde_json::json!({"apiVersion": "v1", "entries": {"app": [entry]}}).to_string());
    assert_eq!(fetched(&request(&server)).await.version.as_deref(), Some("1.0.0"));
}

#[tokio::test]
async fn the_query_of_a_repository_goes_with_each_request() {
    let server = server();
    let repository = Some(format!("{}/?token=secret", server.url()));
    assert_eq!(
        told(&Request { repository, ..request(&server) }).await,
        "fetched https://127.0.0.1:PORT/charts/app-1.1.0.tgz?***"
    );
    assert_eq!(paths(&server), ["/charts/index.yaml?token=secret", "/charts/app-1.1.0.tgz?token=secret"]);
}

#[tokio::test]
async fn a_download_tells_how_far_it_is() {
    let server = server();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut request = request(&server);
    let log = Arc::clone(&seen);
    request.client.progress =
        Some(OnProgress::new(move |progress| log.lock().unwrap().push(progress.clone())));
    fetched(&request).await;
    let seen = seen.lock().unwrap();
    let size = charts()[1].archive.len() as u64;
    let last = seen.last().unwrap();
    assert!(last.url.to_string().ends_with("/app-1.1.0.tgz"));
    assert_eq!((last.received, last.total), (size, Some(size)));
    assert!(seen[0].url.to_string().ends_with("/index.yaml"));
}

#[tokio::test]
async fn errors_list_what_there_is() {
    let server = server();
    server.add(PackagedChart::small("apple", "1.0.0"));
    server.add(PackagedChart::small("unstable", "0.1.0-alpha.1"));
    let ask = async |chart: &str, version: &str| {
        let version = Some(version.to_owned());
        told(&Request { chart: chart.to_owned(), version, ..request(&server) }).await
    };
    insta::assert_snapshot!(
        [
            ask("ap", "").await,
            ask("app", "1.0.5").await,
            ask("app", "newest").await,
            ask("unstable", "").await,
        ]
        .join("\n\n")
    );
}
