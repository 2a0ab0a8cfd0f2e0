//! Whatever is wrong with a connection, it ends in time and in words that say what, where and what there is instead.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cluster::{
    ConfigError, Connection, DeleteRequest, Direct, Error, IssueError, Issued, Issuer, Limits, Target,
    Unreached, connect,
};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tempfile::TempDir;
use testutil::{
    ControlPlane, Kubeconfig, Pki, Size, User,
    faults::{self, Answer, AnsweringServer, Fault, FaultyProxy, SilentServer},
    require,
};

use crate::arrange::{LIMITS, SHORT, git_repository_target, story};

/// A folder of kubeconfigs; in stories it is called FOLDER.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn add(&self, name: &str, text: &impl ToString) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text.to_string()).unwrap();
        path
    }

    async fn refused(&self, paths: &[PathBuf], context: Option<&str>) -> String {
        self.tell(&connect(&Connection::kubeconfig(paths, context), LIMITS).await.unwrap_err())
    }

    fn tell(&self, error: &Error) -> String {
        story(error, &[(&self.0.path().to_string_lossy(), "FOLDER")])
    }

    /// What is said of a kubeconfig that differs from a good one.
    async fn refused_after(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut kubeconfig = good();
        change(&mut kubeconfig);
        let path = self.add("config", &kubeconfig);
        self.refused(&[path], None).await
    }
}

fn good() -> Value {
    Kubeconfig::new("https://10.0.0.1:6443", None, User::Token("secret-token".to_owned()))
        .context("dev")
        .to_value()
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_read_is_named_with_the_reason() {
    let files = Files::new();
    let missing = files.0.path().join("missing");
    insta::assert_snapshot!("missing", files.refused(std::slice::from_ref(&missing), None).await);
    insta::assert_snapshot!(
        "none_exists",
        files.refused(&[missing, files.0.path().join("also-missing")], None).await
    );
    insta::assert_snapshot!("a_folder", files.refused(&[files.0.path().to_owned()], None).await);
}

#[tokio::test]
async fn a_file_that_is_no_kubeconfig_is_named_with_the_place_and_never_quoted() {
    let files = Files::new();
    let broken = files.add("broken", &"apiVersion: v1\nusers:\n- name: dev\n  user: {token: secret-token\n");
    let text = files.add("text", &"secret-token");
    let list = files.add("list", &"users: [[secret-token]]");
    let other = files.add("other", &json!({ "apiVersion": "v1", "kind": "Secret" }));
    let bytes = files.0.path().join("bytes");
    fs::write(&bytes, [0xff, 0x00, 0xc3]).unwrap();
    let mut told = Vec::new();
    for path in [broken, text, list, other, bytes] {
        told.push(files.refused(&[path], None).await);
    }
    let told = told.join("\n");
    assert!(!told.contains("secret-token"));
    insta::assert_snapshot!("no_kubeconfig", told);
}

#[tokio::test]
async fn a_context_that_is_not_there_is_told_with_those_that_are() {
    let files = Files::new();
    let context = |name: &str| json!({ "name": name, "context": { "cluster": "dev", "user": "dev" } });
    let mut two = good();
    two["contexts"] = json!([context("dev"), context("staging")]);
    let path = files.add("config", &two);
    insta::assert_snapshot!("no_such_context", files.refused(&[path], Some("prod")).await);

    two["current-context"] = json!("");
    let path = files.add("config", &two);
    insta::assert_snapshot!("no_current_context", files.refused(&[path], None).await);

    two["current-context"] = json!("gone");
    let path = files.add("config", &two);
    insta::assert_snapshot!("current_context_is_gone", files.refused(&[path], None).await);

    let path = files.add("empty", &"");
    insta::assert_snapshot!("no_contexts", files.refused(&[path], Some("dev")).await);
}

#[tokio::test]
async fn a_context_that_names_what_is_not_there_is_told() {
    let files = Files::new();
    let cluster = files.refused_after(|it| it["contexts"][0]["context"]["cluster"] = json!("gone")).await;
    let user = files.refused_after(|it| it["contexts"][0]["context"]["user"] = json!("gone")).await;
    insta::assert_snapshot!("missing_entries", [cluster, user].join("\n"));
}

#[tokio::test]
async fn a_credential_of_the_wrong_form_is_told_without_showing_it() {
    let files = Files::new();
    let mut told = Vec::new();
    for data in
        [json!("secret-token!"), json!("c2VjcmV0LXRva2Vu"), json!("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==")]
    {
        told.push(
            files.refused_after(|it| it["clusters"][0]["cluster"]["certificate-authority-data"] = data).await,
        );
    }
    told.push(
        files
            .refused_after(|it| it["clusters"][0]["cluster"]["certificate-authority"] = json!("missing.crt"))
            .await,
    );
    let identity = Pki::new().unwrap().client_certificate("dev", None).unwrap();
    files.add("client.crt", &identity.certificate_pem);
    files.add("client.key", &identity.key_pem);
    let users = [
        json!({ "client-certificate": "client.crt", "client-certificate-data": "c2VjcmV0LXRva2Vu", "client-key": "client.key" }),
        json!({ "client-certificate": "client.crt", "client-key": "client.key", "client-key-data": "c2VjcmV0LXRva2Vu" }),
        json!({ "client-certificate": "client.crt" }),
        json!({ "client-key": "client.key" }),
        json!({ "client-certificate": "client.crt", "client-key": "client.crt" }),
        json!({ "client-certificate": "client.key", "client-key": "client.key" }),
        json!({ "client-certificate": "client.crt", "client-key-data": "c2VjcmV0LXRva2Vu" }),
        json!({ "tokenFile": "missing" }),
        json!({ "auth-provider": { "name": "gcp", "config": {} } }),
        json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1", "command": "p", "interactiveMode": "Always" } }),
        json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1" } }),
        json!({ "token": "secret-token", "username": "dev", "password": "c2VjcmV0LXRva2Vu" }),
        json!({ "token": "secret-token", "as-groups": ["admins"] }),
    ];
    for user in users {
        told.push(files.refused_after(|it| it["users"][0]["user"] = user).await);
    }
    let told = told.join("\n");
    assert!(!told.contains("secret-token") && !told.contains("c2VjcmV0"));
    insta::assert_snapshot!("credentials_of_the_wrong_form", told);
}

#[tokio::test]
async fn an_address_that_is_none_is_told() {
    let files = Files::new();
    let mut told = Vec::new();
    for server in
        ["", "10.0.0.1:6443", "ftp://10.0.0.1", "https://", "https://admin:secret@10.0.0.1", "https://a b"]
    {
        let refused = files.refused_after(|it| it["clusters"][0]["cluster"]["server"] = json!(server)).await;
        told.push(format!("{server:?}: {refused}"));
    }
    told.push(files.refused_after(|it| it["clusters"][0]["cluster"]["proxy-url"] = json!("proxy")).await);
    insta::assert_snapshot!("addresses", told.join("\n"));
}

#[tokio::test]
async fn an_authority_whose_certificates_are_not_verified_is_refused() {
    let pki = Pki::new().unwrap();
    let direct = Direct {
        host: "https://10.0.0.1:6443".to_owned(),
        cluster_ca_certificate: Some(pki.ca_pem()),
        insecure: true,
        ..Direct::default()
    };
    let error = connect(&Connection::direct(direct), LIMITS).await.unwrap_err();
    insta::assert_snapshot!("insecure_with_authority", story(&error, &[]));
    assert!(matches!(error, Error::Config(ConfigError::InsecureWithAuthority { .. })));
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_is_asked_once_for_all_who_wait() {
    let to = |host: String| async move {
        let direct = Direct { host, token: Some("t".into()), insecure: true, ..Direct::default() };
        let limits = Limits { connect: Duration::from_millis(300), attempts: 3, ..LIMITS };
        connect(&Connection::direct(direct), limits).await
    };
    let silent = SilentServer::start().unwrap();
    // One attempt where trying again is no use, three where it may be.
    for (host, attempts) in [(silent.url(), 1), (faults::nobody().unwrap(), 3)] {
        let cluster = to(host).await.unwrap();
        let asking = (0..20).map(|_| cluster.identity());
        let answers = futures::future::join_all(asking).await;
        let told: BTreeSet<_> = answers.into_iter().map(|answer| story(&answer.unwrap_err(), &[])).collect();
        assert_eq!((told.len(), cluster.requests()), (1, attempts), "{told:?}");
    }
}

/// An issuer that thinks about it and gives nothing, and how often it was asked.
struct Refusing(Arc<AtomicUsize>);

impl Issuer for Refusing {
    fn name(&self) -> String {
        "the cluster dev".to_owned()
    }

    fn issue(&self) -> BoxFuture<'_, Result<Issued, IssueError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            tokio::time::sleep(SHORT).await;
            Err(IssueError::from(Box::<dyn std::error::Error + Send + Sync>::from("no such cluster")))
        })
    }
}

#[tokio::test]
async fn who_issues_no_credential_is_asked_once_for_all_who_wait() {
    let asked = Arc::new(AtomicUsize::new(0));
    let cluster = connect(&Connection::issued(Refusing(Arc::clone(&asked))), LIMITS).await.unwrap();
    let answers = futures::future::join_all((0..20).map(|_| cluster.identity())).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(Error::NotIssued { .. }))));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn requests_end_by_the_time_that_they_were_given() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let proxy = FaultyProxy::start(&plane).unwrap();
    let direct = Direct {
        host: proxy.url(),
        token: Some(plane.token().into()),
        cluster_ca_certificate: Some(plane.ca_pem()),
        ..Direct::default()
    };
    let cluster = connect(&Connection::direct(direct), LIMITS).await.unwrap();
    proxy.spoil("GET /api/v1/namespaces/kube-system", 1, Fault::Silence);
    let told = cluster.by(tokio::time::Instant::now() + SHORT).identity().await.unwrap_err();
    assert!(matches!(&told, Error::TimedOut { after, .. } if *after <= SHORT), "{told}");
    assert!(cluster.identity().await.is_err(), "silence is remembered for a while");

    let over = cluster.by(tokio::time::Instant::now());
    let before = proxy.requests().len();
    assert!(matches!(over.get(&Target::namespace("default")).await, Err(Error::TimedOut { .. })));
    assert_eq!(proxy.requests().len(), before, "what cannot be answered in time is not asked");

    proxy.spoil("DELETE ", 1, Fault::Silence);
    let target = git_repository_target("default", "not-there");
    let told = cluster.delete(&DeleteRequest::new(&target, SHORT)).await.unwrap_err();
    assert!(matches!(&told, Error::TimedOut { after, .. } if *after <= SHORT), "{told}");
}

#[tokio::test]
async fn no_more_requests_are_under_way_at_once_than_the_limit_says() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let direct = Direct {
        host: format!("https://{}", listener.local_addr().unwrap()),
        token: Some("t".into()),
        insecure: true,
        ..Direct::default()
    };
    let limits = Limits { in_flight: 4, ..LIMITS };
    let cluster = connect(&Connection::direct(direct), limits).await.unwrap();
    let target = Target::namespace("default");
    let asking = futures::future::join_all((0..12).map(|_| cluster.get(&target)));
    let counted = async {
        let mut connections = Vec::new();
        // Who says nothing keeps the requests that are under way.
        while let Ok(accepted) = tokio::time::timeout(SHORT, listener.accept()).await {
            connections.push(accepted.unwrap());
        }
        connections.len()
    };
    let count = tokio::select! {
        _ = asking => 0,
        count = counted => count,
    };
    assert_eq!(count, 4);
}

#[tokio::test]
async fn a_direct_connection_says_which_argument_is_wrong() {
    let with = |change: fn(&mut Direct)| {
        let mut direct = Direct { host: "https://10.0.0.1:6443".to_owned(), ..Direct::default() };
        change(&mut direct);
        Connection::direct(direct)
    };
    let wrong = [
        with(|it| it.host = "10.0.0.1".to_owned()),
        with(|it| it.cluster_ca_certificate = Some("certificate".to_owned())),
        with(|it| it.client_certificate = Some("-----BEGIN NOTHING-----".to_owned())),
        with(|it| it.client_key = Some("-----BEGIN NOTHING-----".into())),
        with(|it| it.proxy_url = Some("ftp://ada:secret@proxy".into())),
    ];
    let mut told = Vec::new();
    for connection in wrong {
        told.push(story(&connect(&connection, LIMITS).await.unwrap_err(), &[]));
    }
    insta::assert_snapshot!("direct_arguments", told.join("\n"));
}

/// What is said of a server when a GitRepository is read from it.
async fn refused_by(url: &str, pki: &Pki, limits: Limits) -> Error {
    let direct = Direct {
        host: url.to_owned(),
        cluster_ca_certificate: Some(pki.ca_pem()),
        token: Some("t".into()),
        ..Direct::default()
    };
    let cluster = connect(&Connection::direct(direct), limits).await.unwrap();
    cluster.get(&git_repository_target("flux-system", "podinfo")).await.unwrap_err()
}

#[tokio::test]
async fn a_wrong_token_is_unauthorized() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let error = refused_by(plane.server(), plane.pki(), LIMITS).await;
    assert!(matches!(error, Error::Unauthorized { .. }));
    insta::assert_snapshot!("unauthorized", story(&error, &[(plane.server(), "SERVER")]));
}

#[tokio::test]
async fn a_credential_without_rights_is_forbidden_with_verb_and_object() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let kubeconfig = plane.kubeconfig().token(plane.unprivileged_token());
    let connection = Connection::kubeconfig([plane.write_kubeconfig(&kubeconfig)], None);
    let cluster = connect(&connection, LIMITS).await.unwrap();
    let error = cluster.get(&git_repository_target("flux-system", "podinfo")).await.unwrap_err();
    assert!(matches!(&error, Error::Forbidden { verb, .. } if verb == "get"));
    insta::assert_snapshot!("forbidden", story(&error, &[(plane.server(), "SERVER")]));
}

#[tokio::test]
async fn a_port_on_which_nobody_listens_is_unreachable() {
    let url = faults::nobody().unwrap();
    let error = refused_by(&url, &Pki::new().unwrap(), LIMITS).await;
    assert!(matches!(error, Error::Unreachable { reason: Unreached::Refused, .. }));
    insta::assert_snapshot!("nobody", story(&error, &[(&url, "SERVER")]));
}

#[tokio::test]
async fn a_host_without_an_address_is_unreachable() {
    let error = refused_by("https://cluster.invalid", &Pki::new().unwrap(), LIMITS).await;
    assert!(matches!(error, Error::Unreachable { reason: Unreached::Name, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_ends_with_the_time() {
    let server = SilentServer::start().unwrap();
    let limits = Limits { connect: std::time::Duration::from_millis(200), ..LIMITS };
    let error = refused_by(&server.url(), &Pki::new().unwrap(), limits).await;
    assert!(matches!(error, Error::Unreachable { reason: Unreached::ConnectTimeout, .. }), "{error:?}");
    insta::assert_snapshot!("no_handshake", story(&error, &[(&server.url(), "SERVER")]));

    let limits = Limits { request: std::time::Duration::from_millis(200), ..LIMITS };
    let error = refused_by(&server.url(), &Pki::new().unwrap(), limits).await;
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    insta::assert_snapshot!("silence", story(&error, &[(&server.url(), "SERVER")]));
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_not_accepted() {
    let server = AnsweringServer::start(&Pki::new().unwrap(), Answer::new(200, "{}")).unwrap();
    let error = refused_by(&server.url(), &Pki::new().unwrap(), LIMITS).await;
    assert!(matches!(error, Error::Unreachable { reason: Unreached::Tls, .. }), "{error:?}");
    insta::assert_snapshot!("another_authority", story(&error, &[(&server.url(), "SERVER")]));
}

#[tokio::test]
async fn a_server_that_is_no_api_server_is_told_as_such() {
    let pki = Pki::new().unwrap();
    let page = AnsweringServer::start(&pki, Answer::new(200, "<html>Welcome</html>")).unwrap();
    let page_error = refused_by(&page.url(), &pki, LIMITS).await;
    assert!(matches!(page_error, Error::Unintelligible { .. }), "{page_error:?}");

    let not_found = AnsweringServer::start(&pki, Answer::new(404, "404 page not found")).unwrap();
    let not_found_error = refused_by(&not_found.url(), &pki, LIMITS).await;
    let told = [
        story(&page_error, &[(&page.url(), "SERVER")]),
        story(&not_found_error, &[(&not_found.url(), "SERVER")]),
    ];
    insta::assert_snapshot!("no_api_server", told.join("\n"));
}

#[tokio::test]
async fn a_server_that_stays_busy_is_asked_as_often_as_the_limits_say() {
    let pki = Pki::new().unwrap();
    let answer = Answer::kubernetes(429, "TooManyRequests", "come back later").header("retry-after", "0");
    let server = AnsweringServer::start(&pki, answer).unwrap();
    let direct =
        Direct { host: server.url(), cluster_ca_certificate: Some(pki.ca_pem()), ..Direct::default() };
    let cluster = connect(&Connection::direct(direct), Limits { attempts: 3, ..LIMITS }).await.unwrap();
    let error = cluster.identity().await.unwrap_err();
    assert!(matches!(error, Error::Api { code: 429, .. }), "{error:?}");
    assert_eq!(cluster.requests(), 3);
}

#[tokio::test]
async fn a_wait_that_the_server_asks_for_and_that_is_too_long_is_not_made() {
    let pki = Pki::new().unwrap();
    let answer = Answer::kubernetes(429, "TooManyRequests", "come back later").header("retry-after", "3600");
    let server = AnsweringServer::start(&pki, answer).unwrap();
    let error = refused_by(&server.url(), &pki, LIMITS).await;
    insta::assert_snapshot!("busy", story(&error, &[(&server.url(), "SERVER")]));

    // No clock goes that far.
    let eternity = u64::MAX.to_string();
    let answer =
        Answer::kubernetes(429, "TooManyRequests", "come back later").header("retry-after", &eternity);
    let server = AnsweringServer::start(&pki, answer).unwrap();
    let error = refused_by(&server.url(), &pki, LIMITS).await;
    assert!(matches!(error, Error::Api { code: 429, .. }), "{error:?}");
}
