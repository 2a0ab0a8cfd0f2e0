//! The way out through a proxy.

use std::sync::{Arc, Mutex};

use remote::{Proxy, Request, fetch};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::arrange::{request, server, told};

/// A proxy for CONNECT; it ends with the test's runtime.
struct TestProxy {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TestProxy {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(connect(connection, answer, Arc::clone(&log)));
            }
        });
        Self { address, asked }
    }

    fn setting(&self, no_proxy: Option<&str>) -> Proxy {
        Proxy::Url {
            url: format!("http://ada:secret@{}", self.address).into(),
            no_proxy: no_proxy.map(str::to_owned),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn connect(mut connection: TcpStream, answer: &str, log: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    let authorized = head.to_ascii_lowercase().contains("proxy-authorization: basic ");
    log.lock().unwrap().push(format!("{target} authorized={authorized}"));
    connection.write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()).await.unwrap();
    if answer.starts_with("200") {
        let mut upstream = TcpStream::connect(target).await.unwrap();
        let _ = copy_bidirectional(&mut connection, &mut upstream).await;
    }
}

#[tokio::test]
async fn a_proxy_is_used_where_it_is_set_and_not_for_exceptions() {
    let (server, proxy) = (server(), TestProxy::start("200 OK").await);
    let through = |proxy| {
        let mut request = request(&server);
        request.client.proxy = proxy;
        request
    };
    fetch(&through(proxy.setting(None))).await.unwrap();
    let host = server.requests()[0].host.clone();
    assert_eq!(proxy.asked(), [format!("{host} authorized=true")]);
    fetch(&through(proxy.setting(Some("example.com,127.0.0.0/8")))).await.unwrap();
    assert_eq!(proxy.asked().len(), 1);
}

/// The environment of a process cannot be changed safely, so this test starts itself again in another one.
#[tokio::test]
async fn the_environment_counts_only_where_that_is_said() {
    const THIS: &str = "proxies::the_environment_counts_only_where_that_is_said";
    if let (Ok(repository), Ok(ca_pem)) = (std::env::var("TEST_REPOSITORY"), std::env::var("TEST_CA")) {
        let mut request = Request { repository: Some(repository), ..Request::new("app") };
        request.client.ca_pem = Some(ca_pem);
        fetch(&request).await.unwrap();
        request.client.proxy = Proxy::System;
        fetch(&request).await.unwrap();
        return;
    }
    let (server, proxy) = (server(), TestProxy::start("200 OK").await);
    let mut again = tokio::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", THIS]).env("TEST_REPOSITORY", server.url()).env("TEST_CA", server.ca_pem());
    again.env("HTTPS_PROXY", format!("http://ada:secret@{}", proxy.address));
    for name in ["https_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        again.env_remove(name);
    }
    let output = again.output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(server.requests().len(), 4);
    // One connection for the second fetch, none for the first.
    assert_eq!(proxy.asked(), [format!("{} authorized=true", server.requests()[0].host)]);
}

#[tokio::test]
async fn a_proxy_that_refuses_or_is_none_is_told() {
    let server = server();
    let through = async |proxy: Proxy| {
        let mut request: Request = request(&server);
        request.client.proxy = proxy;
        told(&request).await
    };
    let refused = through(TestProxy::start("403 Forbidden").await.setting(None)).await;
    let unknown = through(TestProxy::start("407 Proxy Authentication Required").await.setting(None)).await;
    let broken = through(Proxy::Url { url: "http://ada:secret@".into(), no_proxy: None }).await;
    insta::assert_snapshot!([refused, unknown, broken].join("\n\n"));
    assert!(server.requests().is_empty());
}
