use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::Api;
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use serde_json::json;
use testutil::faults::{Answer, AnsweringServer, Fault, FaultyProxy, SilentServer, nobody};
use testutil::{ControlPlane, Kubeconfig, Pki, Size, User, require};

async fn ask(url: &str, pki: &Pki) -> kube::Error {
    let kubeconfig = Kubeconfig::new(url, Some(&pki.ca_pem()), User::Anonymous);
    let mut config = kubeconfig.config().unwrap();
    config.default_retry = false;
    kube::Client::try_from(config).unwrap().apiserver_version().await.unwrap_err()
}

#[tokio::test]
async fn the_answering_server_answers_what_it_was_told() {
    let pki = Pki::new().unwrap();
    let answer = Answer::kubernetes(429, "TooManyRequests", "slow down").header("retry-after", "1");
    let server = AnsweringServer::start(&pki, answer).unwrap();
    let kube::Error::Api(status) = ask(&server.url(), &pki).await else { panic!("an answer") };
    assert_eq!(
        (status.code, status.reason.as_str(), status.message.as_str()),
        (429, "TooManyRequests", "slow down")
    );
}

#[tokio::test]
async fn nobody_refuses_connections() {
    let error = ask(&nobody().unwrap(), &Pki::new().unwrap()).await;
    assert!(format!("{error:?}").contains("ConnectionRefused"), "{error:?}");
}

#[test]
fn the_silent_server_takes_connections_and_says_nothing() {
    let server = SilentServer::start().unwrap();
    let url = server.url();
    let mut connection = TcpStream::connect(url.trim_start_matches("https://")).unwrap();
    connection.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let error = connection.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
}

#[tokio::test]
async fn the_proxy_spoils_what_it_was_told_and_passes_the_rest() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let namespace = plane.namespace("spoiled");
    let proxy = FaultyProxy::start(&plane).unwrap();
    let mut config = plane.kubeconfig().server(&proxy.url()).config().unwrap();
    config.default_retry = false;
    let client = kube::Client::try_from(config).unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let map: ConfigMap = serde_json::from_value(json!({ "metadata": { "name": "one" } })).unwrap();
    let create = async || maps.create(&PostParams::default(), &map).await;

    let conflict = Answer::kubernetes(409, "Conflict", "somebody else was faster");
    proxy.spoil("POST /api/v1/namespaces/", 1, Fault::Answer(conflict));
    let kube::Error::Api(status) = create().await.unwrap_err() else { panic!("an answer") };
    assert_eq!(status.code, 409);

    proxy.spoil("POST", 1, Fault::Cut);
    assert!(matches!(create().await.unwrap_err(), kube::Error::HyperError(_) | kube::Error::Service(_)));
    assert!(maps.get_opt("one").await.unwrap().is_none(), "a cut request was not passed on");

    proxy.spoil("POST", 1, Fault::LostAnswer);
    create().await.unwrap_err();
    assert!(maps.get_opt("one").await.unwrap().is_some(), "of a lost answer the request was passed on");
    let posts = proxy.requests().iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(posts, 3);
}

#[tokio::test]
async fn a_watch_passes_the_proxy() {
    use futures::TryStreamExt;
    let plane = require!(ControlPlane::shared(Size::Api));
    let proxy = FaultyProxy::start(&plane).unwrap();
    let client = plane.kubeconfig().server(&proxy.url()).client().unwrap();
    let namespaces: Api<Namespace> = Api::all(client);
    let version = namespaces.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let events = namespaces.watch(&WatchParams::default(), &version).await.unwrap();
    let name = plane.namespace("watched");
    let mut events = std::pin::pin!(events);
    loop {
        match events.try_next().await.unwrap() {
            Some(WatchEvent::Added(found)) if found.metadata.name.as_ref() == Some(&name) => break,
            Some(_) => (),
            None => panic!("the watch has ended"),
        }
    }
}
