//! A proxy in front of the real API server that lets faults in, one request at a time.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use cluster::{Cluster, Connection, Direct, Limits, connect};
use futures::{future::BoxFuture, stream};
use http::{
    Request, Response,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use testutil::ControlPlane;
use tokio::net::TcpListener;

use crate::arrange::{LIMITS, LONG};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, BoxError>;

/// What happens to one request.
pub enum Fate {
    /// It goes through.
    Pass,
    /// It is answered here and does not reach the server.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// It is carried out, and the connection is cut before the answer.
    LoseAnswer,
    /// Its answer begins, and the connection is cut after so many pieces of it.
    CutAfter(usize),
    /// Something is done before it goes through.
    After(BoxFuture<'static, ()>),
}

/// A request as a test decides on it.
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
}

/// The proxy; it ends with the test's runtime. Requests are decided on by a function that also gets their number.
pub struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub async fn start(
        plane: &ControlPlane,
        decide: impl Fn(usize, &Asked) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let decide = Arc::new(decide);
        let client = plane.client();
        tokio::spawn(async move {
            loop {
                let Ok((connection, _)) = listener.accept().await else { continue };
                let (client, log, decide) = (client.clone(), Arc::clone(&log), Arc::clone(&decide));
                tokio::spawn(async move {
                    let service = service_fn(|request: Request<Incoming>| {
                        let asked = Asked {
                            method: request.method().to_string(),
                            path: request.uri().path().to_owned(),
                            query: request.uri().query().unwrap_or_default().to_owned(),
                        };
                        let number = {
                            let mut log = log.lock().unwrap();
                            log.push(format!("{} {}", asked.method, asked.path));
                            log.len()
                        };
                        answer(client.clone(), request, decide(number, &asked))
                    });
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
                });
            }
        });
        Self { address, asked }
    }

    /// A connection through the proxy.
    pub async fn cluster(&self) -> Cluster {
        self.cluster_within(LIMITS).await
    }

    pub async fn cluster_within(&self, limits: Limits) -> Cluster {
        let host = format!("http://{}", self.address);
        connect(&Connection::direct(Direct { host, ..Direct::default() }), limits).await.unwrap()
    }

    /// Waits until so many requests have come.
    pub async fn has_been_asked(&self, times: usize) {
        testutil::wait::until_async("requests", LONG, async || match self.asked() {
            asked if asked.len() >= times => Ok(()),
            asked => Err(format!("{asked:?}")),
        })
        .await
        .unwrap();
    }

    /// What was asked so far: method and path.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(
    client: kube::Client,
    request: Request<Incoming>,
    fate: Fate,
) -> Result<Response<Body>, BoxError> {
    match fate {
        Fate::Pass => forward(&client, request).await,
        Fate::After(first) => {
            first.await;
            forward(&client, request).await
        }
        Fate::LoseAnswer => {
            forward(&client, request).await?.into_body().collect().await?;
            Err(BoxError::from("the answer is lost"))
        }
        Fate::CutAfter(frames) => {
            let (head, body) = forward(&client, request).await?.into_parts();
            let frames = stream::unfold((body, frames), |(mut body, left)| async move {
                match left.checked_sub(1) {
                    None => Some((Err(BoxError::from("the connection is cut")), (body, left))),
                    Some(left) => body.frame().await.map(|frame| (frame, (body, left))),
                }
            });
            Ok(Response::from_parts(head, StreamBody::new(frames).boxed_unsync()))
        }
        Fate::Answer(status, headers, body) => {
            let mut response = Response::builder().status(status).header("content-type", "application/json");
            for (name, value) in headers {
                response = response.header(name, value);
            }
            let body = Full::new(Bytes::from(body)).map_err(BoxError::from);
            Ok(response.body(body.boxed_unsync())?)
        }
    }
}

async fn forward(client: &kube::Client, request: Request<Incoming>) -> Result<Response<Body>, BoxError> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut forwarded =
        Request::builder().method(head.method).uri(head.uri.path_and_query().unwrap().as_str());
    for name in [CONTENT_TYPE, ACCEPT] {
        if let Some(value) = head.headers.get(&name) {
            forwarded = forwarded.header(name, value);
        }
    }
    let response = client.send(forwarded.body(kube::client::Body::from(body))?).await?;
    let (head, body) = response.into_parts();
    let mut answered = Response::builder().status(head.status);
    for (name, value) in
        head.headers.iter().filter(|(name, _)| *name != TRANSFER_ENCODING && *name != CONTENT_LENGTH)
    {
        answered = answered.header(name, value);
    }
    Ok(answered.body(body.map_err(BoxError::from).boxed_unsync())?)
}
