//! Servers that misbehave, each in one way, for tests of what the products say about it.

use std::net::{Ipv4Addr, TcpListener};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::Error;
use crate::https::HttpsServer;
use crate::machine::free_port;
use crate::pki::Pki;

/// Returns the URL of a port on which nobody listens.
///
/// # Errors
/// When no free port is found.
pub fn nobody() -> Result<String, Error> {
    Ok(format!("https://127.0.0.1:{}", free_port()?))
}

/// A server that takes connections and never says a word.
#[derive(Debug)]
pub struct SilentServer {
    // The system completes connections to a listener whether or not they are accepted.
    listener: TcpListener,
}

impl SilentServer {
    /// Starts it.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start() -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        Ok(Self { listener: listener.map_err(Error::io("the silent server cannot be started"))? })
    }

    /// Returns its URL, without a slash at the end.
    ///
    /// # Panics
    /// When the system does not know the listener's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.listener.local_addr().expect("a listener has an address"))
    }
}

/// A server that gives one answer to every request.
#[derive(Debug)]
pub struct AnsweringServer {
    https: HttpsServer,
}

impl AnsweringServer {
    /// Starts it with a certificate that the authority has signed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(pki: &Pki, answer: Answer) -> Result<Self, Error> {
        let https = HttpsServer::start("answering server", pki, move |_| {
            let response = answer.response.clone();
            async move { response }
        })?;
        Ok(Self { https })
    }

    /// Returns its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.https.url()
    }
}

/// What an [`AnsweringServer`] answers.
#[derive(Clone, Debug)]
pub struct Answer {
    response: Response<Bytes>,
}

impl Answer {
    /// Makes an answer of a status and a body of plain text.
    ///
    /// # Panics
    /// When the status is not one.
    #[must_use]
    pub fn new(status: u16, body: &str) -> Self {
        let mut response = Response::new(Bytes::from(body.to_owned()));
        *response.status_mut() = StatusCode::from_u16(status).expect("an HTTP status");
        Self { response }.header("content-type", "text/plain")
    }

    /// Makes an answer such as an API server gives: a Status object with a reason and a message.
    ///
    /// # Panics
    /// When the status is not one.
    #[must_use]
    pub fn kubernetes(status: u16, reason: &str, message: &str) -> Self {
        let body = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": status,
        });
        Self::new(status, &body.to_string()).header("content-type", "application/json")
    }

    /// Sets a header.
    ///
    /// # Panics
    /// When it is not one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header's name");
        self.response.headers_mut().insert(name, HeaderValue::try_from(value).expect("a header's value"));
        self
    }
}
