//! What the tests share: servers, requests to them, and errors as people read them.

use std::{error::Error as _, time::Duration};

use remote::{ClientConfig, Content, Credentials, Error, Fetched, Limits, Names, Request, fetch};
use testutil::{ChartServer, ChartServerOptions, PackagedChart, Pki};

/// Three versions of app, one of them not stable.
pub fn charts() -> Vec<PackagedChart> {
    ["1.0.0", "1.1.0", "2.0.0-rc.1"].map(|version| PackagedChart::small("app", version)).into()
}

pub fn server() -> ChartServer {
    server_with(ChartServerOptions::default())
}

pub fn server_with(options: ChartServerOptions) -> ChartServer {
    ChartServer::start(&Pki::new().unwrap(), charts(), options).unwrap()
}

pub fn with_credentials() -> ChartServerOptions {
    ChartServerOptions { credentials: Some(("ada".to_owned(), "secret".to_owned())), ..Default::default() }
}

pub fn ada() -> Option<Credentials> {
    Some(Credentials { username: "ada".to_owned(), password: "secret".into() })
}

/// Asks a server for the newest app, trusting its authority.
pub fn request(server: &ChartServer) -> Request {
    Request {
        repository: Some(server.url()),
        client: ClientConfig {
            ca_pem: Some(server.ca_pem().to_owned()),
            limits: Limits { tries: 3, total: Duration::from_secs(20), ..Limits::default() },
            ..ClientConfig::default()
        },
        ..Request::new("app")
    }
}

/// What a fetch ends in, in lines: the error with its causes and the remedy, or the origin of what came.
pub async fn told(request: &Request) -> String {
    match fetch(request).await {
        Ok(fetched) => format!("fetched {}", without_ports(&fetched.origin)),
        Err(error) => words(&error),
    }
}

/// An error as a product shows it.
pub fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    assert!(!format!("{text} {error:?}").contains("secret"), "{text} {error:?}");
    without_ports(&format!("{text}\n{}", error.remedy(&Names::default())))
}

/// Ports differ in each run.
pub fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        format!("{text}127.0.0.1:PORT{}", part.trim_start_matches(|char: char| char.is_ascii_digit()))
    })
}

pub fn archive(fetched: &Fetched) -> &[u8] {
    match &fetched.content {
        Content::Archive(bytes) => bytes,
        Content::Folder(_) => panic!("an archive"),
    }
}

/// The paths that were asked for, and whether with credentials.
pub fn asked(server: &ChartServer) -> Vec<(String, bool)> {
    server.requests().into_iter().map(|request| (request.path, request.authorization)).collect()
}

pub fn paths(server: &ChartServer) -> Vec<String> {
    server.requests().into_iter().map(|request| request.path).collect()
}
