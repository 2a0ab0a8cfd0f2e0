//! Servers that misbehave, each in one way, for tests of what the products say about it.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Error;
use crate::control_plane::ControlPlane;
use crate::https::{Failure, HttpsServer};
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
            let response = answer.to_response();
            async move { Ok(response) }
        })?;
        Ok(Self { https })
    }

    /// Returns its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.https.url()
    }
}

/// A proxy in front of a control plane that passes everything on, except what it is told to spoil.
#[derive(Debug)]
pub struct FaultyProxy {
    https: HttpsServer,
    orders: Arc<Mutex<Orders>>,
}

/// What becomes of a request that a [`FaultyProxy`] does not pass on.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It gets this answer.
    Answer(Answer),
    /// It is passed on, but the connection is cut before the answer.
    LostAnswer,
    /// It is passed on, and the answer never comes.
    Silence,
    /// The connection is cut at once.
    Cut,
}

#[derive(Debug, Default)]
struct Orders {
    faults: Vec<Order>,
    seen: Vec<String>,
    headers: Vec<HeaderMap>,
    dead: BTreeSet<String>,
    refused: usize,
}

#[derive(Debug)]
struct Order {
    part: String,
    times: usize,
    fault: Fault,
}

impl FaultyProxy {
    /// Starts it with a certificate of the control plane's authority, so that a kubeconfig with another
    /// server is all that a client needs. Bearer tokens pass, client certificates do not.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(plane: &ControlPlane) -> Result<Self, Error> {
        let orders = Arc::new(Mutex::new(Orders::default()));
        let upstream = Upstream::new(plane)?;
        let given = Arc::clone(&orders);
        let https = HttpsServer::start("faulty proxy", plane.pki(), move |request| {
            let fault = lock(&given).fault_for(&request);
            let upstream = upstream.clone();
            async move {
                match fault {
                    None => Ok(upstream.pass_on(request).await?.map(Either::Right)),
                    Some(Fault::Answer(answer)) => Ok(answer.to_response().map(Either::Left)),
                    Some(Fault::LostAnswer) => {
                        upstream.pass_on(request).await?;
                        Err("the answer is lost".into())
                    }
                    Some(Fault::Silence) => {
                        upstream.pass_on(request).await?;
                        std::future::pending().await
                    }
                    Some(Fault::Cut) => Err("the connection is cut".into()),
                }
            }
        })?;
        Ok(Self { https, orders })
    }

    /// Returns its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.https.url()
    }

    /// Spoils the next `times` requests whose line (`PATCH /api/v1/namespaces/a/configmaps/b?...`) contains
    /// this part.
    pub fn spoil(&self, part: &str, times: usize, fault: Fault) {
        lock(&self.orders).faults.push(Order { part: part.into(), times, fault });
    }

    /// Lets a bearer token die: from now on requests with it get the 401 of an API server, which remembers good tokens for a while.
    pub fn refuse(&self, token: &str) {
        lock(&self.orders).dead.insert(format!("Bearer {token}"));
    }

    /// Returns how many requests came with a token that had died.
    #[must_use]
    pub fn refused(&self) -> usize {
        lock(&self.orders).refused
    }

    /// Returns the lines of all requests that came.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        lock(&self.orders).seen.clone()
    }

    /// Returns the headers of all requests that came.
    #[must_use]
    pub fn headers(&self) -> Vec<HeaderMap> {
        lock(&self.orders).headers.clone()
    }
}

impl Orders {
    fn fault_for(&mut self, request: &Request<Bytes>) -> Option<Fault> {
        let line = format!("{} {}", request.method(), request.uri());
        let order = self.faults.iter_mut().find(|order| order.times > 0 && line.contains(&order.part));
        self.seen.push(line);
        self.headers.push(request.headers().clone());
        if let Some(order) = order {
            order.times -= 1;
            return Some(order.fault.clone());
        }
        let bearer = request.headers().get(http::header::AUTHORIZATION)?.to_str().ok()?;
        if !self.dead.contains(bearer) {
            return None;
        }
        self.refused += 1;
        Some(Fault::Answer(Answer::kubernetes(401, "Unauthorized", "Unauthorized")))
    }
}

/// The control plane behind the proxy.
#[derive(Clone)]
struct Upstream {
    address: String,
    tls: TlsConnector,
}

impl Upstream {
    fn new(plane: &ControlPlane) -> Result<Self, Error> {
        let address = plane.server().trim_start_matches("https://").to_owned();
        Ok(Self { address, tls: TlsConnector::from(Arc::new(plane.pki().client_config()?)) })
    }

    async fn pass_on(&self, mut request: Request<Bytes>) -> Result<Response<Incoming>, Failure> {
        let connection = TcpStream::connect(&self.address).await?;
        let name = ServerName::try_from("127.0.0.1")?;
        let connection = TokioIo::new(self.tls.connect(name, connection).await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(connection).await?;
        tokio::spawn(connection);
        request.headers_mut().insert(http::header::HOST, HeaderValue::try_from(&self.address)?);
        Ok(sender.send_request(request.map(Full::new)).await?)
    }
}

/// An answer over HTTP.
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

    fn to_response(&self) -> Response<Full<Bytes>> {
        self.response.clone().map(Full::new)
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        self.response
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

fn lock(orders: &Mutex<Orders>) -> MutexGuard<'_, Orders> {
    orders.lock().unwrap_or_else(PoisonError::into_inner)
}
