use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use testutil::faults::{Answer, AnsweringServer, SilentServer, nobody};
use testutil::{Kubeconfig, Pki, User};

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
