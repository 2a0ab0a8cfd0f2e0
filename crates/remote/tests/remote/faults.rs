//! Servers and networks that do not do what they should.

use std::time::{Duration, Instant};

use remote::{Request, fetch};
use testutil::chart_server::Trouble;
use testutil::faults::{Answer, SilentServer, nobody};
use testutil::{ChartServer, PackagedChart, Pki};

use crate::arrange::{charts, paths, request, server, told, words};

fn busy(status: u16) -> Trouble {
    Trouble::Answer(Answer::new(status, "busy"))
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let server = server();
    server.spoil("index.yaml", 2, busy(503));
    fetch(&request(&server)).await.unwrap();
    let index = "/charts/index.yaml";
    assert_eq!(paths(&server), [index, index, index, "/charts/app-1.1.0.tgz"]);
}

#[tokio::test]
async fn a_server_that_says_when_is_asked_again_then() {
    let server = server();
    server.spoil("index.yaml", 1, Trouble::Answer(Answer::new(429, "").header("retry-after", "1")));
    let start = Instant::now();
    fetch(&request(&server)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(paths(&server).len(), 3);
}

#[tokio::test]
async fn a_broken_connection_is_made_again() {
    let server = server();
    server.spoil("index.yaml", 1, Trouble::Cut);
    server.spoil("app-1.1.0", 2, Trouble::Truncated);
    let fetched = fetch(&request(&server)).await.unwrap();
    assert_eq!(fetched.digest, Some(charts()[1].digest()));
    assert_eq!(paths(&server).len(), 5);
}

#[tokio::test]
async fn patience_ends() {
    let server = server();
    let mut told_of = Vec::new();
    for trouble in [
        busy(503),
        Trouble::Answer(Answer::new(429, "").header("retry-after", "3600")),
        Trouble::Answer(Answer::new(503, "").header("retry-after", "18446744073709551615")),
        Trouble::Answer(Answer::new(503, "").header("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")),
        busy(500),
        Trouble::Truncated,
    ] {
        let before = paths(&server).len();
        server.spoil("index.yaml", 3, trouble);
        told_of.push(told(&request(&server)).await);
        told_of.push(format!("requests: {}", paths(&server).len() - before));
        // What was ordered and not used up would meet the next one.
        while fetch(&request(&server)).await.is_err() {}
    }
    insta::assert_snapshot!(told_of.join("\n"));
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let server = server();
    let repository = Some(format!("{}/of/others", server.url()));
    let index = told(&Request { repository, ..request(&server) }).await;
    server.spoil("app-1.1.0", 1, Trouble::Answer(Answer::new(404, "")));
    let archive = told(&request(&server)).await;
    insta::assert_snapshot!([index, archive].join("\n\n"));
}

#[tokio::test]
async fn what_is_no_index_is_told() {
    let server = server();
    let mut told_of = Vec::new();
    for text in ["<html>Sign in</html>", "entries: [", "a: 1\na: 2\n", "{}"] {
        server.set_index(text);
        told_of.push(told(&request(&server)).await);
    }
    server.set_index(b"\x1f\x8b\x08".to_vec());
    told_of.push(told(&request(&server)).await);
    insta::assert_snapshot!(told_of.join("\n\n"));
}

#[tokio::test]
async fn what_is_no_archive_or_another_one_is_told() {
    let server = server();
    let answer = |body: &str| Trouble::Answer(Answer::new(200, body));
    let mut told_of = Vec::new();
    for body in ["<html>Sign in</html>", "", "apiVersion: v2"] {
        server.spoil("app-1.1.0", 1, answer(body));
        told_of.push(told(&request(&server)).await);
    }
    let index = server.index();
    server.set_index(index.replace(&charts()[1].digest(), &"0".repeat(64)));
    let found = charts()[1].digest();
    told_of.push(told(&request(&server)).await.replace(&found, "FOUND"));
    insta::assert_snapshot!(told_of.join("\n\n"));
}

#[tokio::test]
async fn what_is_too_large_is_not_read() {
    let server = server();
    let mut small = request(&server);
    small.client.limits.index = 100;
    let index = told(&small).await;
    small.client.limits.index = 1 << 20;
    small.client.limits.archive = 10;
    let archive = told(&small).await;
    insta::assert_snapshot!([index, archive].join("\n\n"));
}

#[tokio::test]
async fn an_unknown_authority_is_named_with_the_setting() {
    let server = server();
    let mut stranger = request(&server);
    stranger.client.ca_pem = None;
    let none = told(&stranger).await;
    stranger.client.ca_pem = Some(Pki::new().unwrap().ca_pem());
    let other = told(&stranger).await;
    stranger.client.ca_pem = Some("no certificate".to_owned());
    let broken = told(&stranger).await;
    insta::assert_snapshot!([none, other, broken].join("\n\n"));
    assert!(paths(&server).is_empty());
}

#[tokio::test]
async fn any_certificate_is_accepted_on_demand() {
    let server = server();
    let mut careless = request(&server);
    careless.client.ca_pem = None;
    careless.client.insecure = true;
    fetch(&careless).await.unwrap();
}

#[tokio::test]
async fn who_does_not_answer_is_told() {
    let server = server();
    let at = |url: String| Request { repository: Some(url), ..request(&server) };
    let refused = told(&at(nobody().unwrap())).await;

    let silent = SilentServer::start().unwrap();
    let mut hurried = at(silent.url());
    hurried.client.limits.connect = Duration::from_millis(200);
    let handshake = told(&hurried).await;

    server.spoil("index.yaml", 2, Trouble::Silence);
    let mut hurried = request(&server);
    hurried.client.limits.idle = Duration::from_millis(200);
    let idle = told(&hurried).await;
    let mut hurried = request(&server);
    hurried.client.limits.total = Duration::from_millis(200);
    let total = told(&hurried).await;

    let name = told(&at("https://nowhere.invalid/charts".to_owned())).await;
    // The system's words about names differ.
    let name = name.lines().map(|line| line.split(": failed").next().unwrap()).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!([refused, handshake, idle, total, name].join("\n\n"));
}

#[tokio::test]
async fn a_download_can_be_stopped() {
    let server = server();
    server.spoil("app-1.1.0", 1, Trouble::Silence);
    let request = request(&server);
    let cancel = request.client.cancel.clone();
    let fetching = tokio::spawn(async move { fetch(&request).await });
    testutil::wait::until_async("the request", Duration::from_secs(10), async || {
        if paths(&server).len() == 2 { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await
    .unwrap();
    cancel.cancel();
    let error = fetching.await.unwrap().unwrap_err();
    insta::assert_snapshot!(words(&error));
}

#[tokio::test]
async fn entries_that_are_none_do_no_harm() {
    let server = ChartServer::start(
        &Pki::new().unwrap(),
        [PackagedChart::small("app", "1.0.0")],
        testutil::ChartServerOptions::default(),
    )
    .unwrap();
    let index = server.index().replace("  app:\n", "  app:\n  - {name: app, version: newest}\n  - null\n");
    server.set_index(index);
    assert_eq!(fetch(&request(&server)).await.unwrap().version.as_deref(), Some("1.0.0"));
}
