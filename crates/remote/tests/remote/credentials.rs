//! Who sees the credentials, and who does not.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use remote::{OnProgress, Request, fetch};
use testutil::chart_server::Trouble;
use testutil::faults::Answer;
use testutil::{ChartServer, ChartServerOptions, PackagedChart, Pki};

use crate::arrange::{ada, asked, request, server, server_with, told, with_credentials};

fn seen(path: &str, authorization: bool) -> (String, bool) {
    (path.to_owned(), authorization)
}

fn moved(url: &str) -> Trouble {
    Trouble::Answer(Answer::new(302, "").header("location", url))
}

#[tokio::test]
async fn the_repository_gets_them_for_index_and_archive() {
    let server = server_with(with_credentials());
    let mut request = request(&server);
    request.client.credentials = ada();
    fetch(&request).await.unwrap();
    assert_eq!(asked(&server), [seen("/charts/index.yaml", true), seen("/charts/app-1.1.0.tgz", true)]);
}

#[tokio::test]
async fn another_server_gets_them_only_on_demand() {
    let server = server_with(ChartServerOptions { archives_elsewhere: true, ..with_credentials() });
    let mut request = request(&server);
    request.client.credentials = ada();
    fetch(&request).await.unwrap();
    request.client.pass_credentials = true;
    fetch(&request).await.unwrap();
    assert_eq!(
        asked(&server),
        [
            seen("/charts/index.yaml", true),
            seen("/archives/app-1.1.0.tgz", false),
            seen("/charts/index.yaml", true),
            seen("/archives/app-1.1.0.tgz", true),
        ]
    );
}

#[tokio::test]
async fn a_redirect_to_another_server_loses_them_even_then() {
    let (server, other) = (server_with(with_credentials()), server());
    server.spoil("app-1.1.0", 1, moved(&format!("{}/app-1.1.0.tgz", other.url())));
    let mut request = request(&server);
    // Each server has an authority of its own; who sees what is the question here.
    (request.client.ca_pem, request.client.insecure) = (None, true);
    request.client.credentials = ada();
    request.client.pass_credentials = true;
    fetch(&request).await.unwrap();
    assert_eq!(asked(&other), [seen("/charts/app-1.1.0.tgz", false)]);
}

#[tokio::test]
async fn a_redirect_within_the_server_keeps_them() {
    let server = server_with(with_credentials());
    server.spoil("index.yaml", 1, moved("/charts/index.yaml?moved"));
    let mut request = request(&server);
    request.client.credentials = ada();
    fetch(&request).await.unwrap();
    assert_eq!(
        asked(&server)[..2],
        [seen("/charts/index.yaml", true), seen("/charts/index.yaml?moved", true)]
    );
}

#[tokio::test]
async fn a_refusal_says_whether_there_were_any() {
    let server = server_with(with_credentials());
    let mut known = request(&server);
    let without = told(&known).await;
    known.client.credentials = ada().map(|mut ada| {
        ada.password = "wrong".into();
        ada
    });
    let wrong = told(&known).await;

    let apart = server_with(ChartServerOptions { archives_elsewhere: true, ..with_credentials() });
    apart.spoil("/archives/", 1, Trouble::Answer(Answer::new(403, "")));
    let mut known = request(&apart);
    known.client.credentials = ada();
    let kept_back = told(&known).await;
    insta::assert_snapshot!([without, wrong, kept_back].join("\n\n"));
}

#[tokio::test]
async fn a_client_certificate_opens_the_door_of_who_asks_for_one() {
    let pki = Pki::new().unwrap();
    let options = ChartServerOptions { members_only: true, ..with_credentials() };
    let server = ChartServer::start(&pki, [PackagedChart::small("app", "1.1.0")], options).unwrap();
    let mut request = Request::new("app");
    request.repository = Some(server.url());
    request.client.ca_pem = Some(pki.ca_pem());
    request.client.credentials = ada();
    let pem = |pki: &Pki| {
        let member = pki.client_certificate("ada", None).unwrap();
        Some(format!("{}{}", member.certificate_pem, member.key_pem).as_str().into())
    };
    request.client.identity_pem = pem(&pki);
    assert_eq!(fetch(&request).await.unwrap().version.as_deref(), Some("1.1.0"));

    // Without one, and with one of another authority, nobody comes in.
    let before = server.requests().len();
    for identity in [None, pem(&Pki::new().unwrap())] {
        request.client.identity_pem = identity;
        let error = fetch(&request).await.unwrap_err();
        assert!(matches!(error, remote::Error::Unreachable { .. }), "{error:?}");
    }
    request.client.identity_pem =
        Some("-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n".into());
    let said = told(&request).await;
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(server.requests().len(), before);
}

#[tokio::test]
async fn a_long_download_is_told_of_and_a_short_one_is_not() {
    let server = server();
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&told);
    let mut request = request(&server);
    let pause = Duration::from_millis(100);
    request.client.progress = Some(OnProgress::paced(pause, pause, move |progress| {
        assert!(progress.total.is_none_or(|total| progress.received <= total));
        log.lock().unwrap().push(progress.to_string());
    }));
    fetch(&request).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [""; 0]);

    server.spoil("app-1.1.0", 1, Trouble::Slow(6, pause));
    fetch(&request).await.unwrap();
    let told = told.lock().unwrap();
    assert!(!told.is_empty());
    for words in told.iter() {
        assert!(
            words.starts_with("0.0 of 0.0 MiB of https://") && words.ends_with("/charts/app-1.1.0.tgz"),
            "{words}"
        );
    }
}

#[test]
fn they_are_never_shown() {
    let server = server();
    let mut request = Request { repository: None, ..request(&server) };
    request.client.credentials = ada();
    request.client.identity_pem = Some("secret".into());
    request.client.proxy = remote::Proxy::Url { url: "http://ada:secret@proxy".into(), no_proxy: None };
    let shown = format!("{request:?}");
    assert!(!shown.contains("secret") && shown.contains("***"), "{shown}");
}
