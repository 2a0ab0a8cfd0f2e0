//! A small HTTPS server on loopback for the servers that tests need.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Collected};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::Error;
use crate::pki::Pki;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A server that answers by a function; dropping it ends it and cuts its connections.
#[derive(Debug)]
pub(crate) struct HttpsServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl HttpsServer {
    /// Starts a server whose certificate the authority has signed. A request's body is read before the
    /// function is called; where the function fails, the connection is cut.
    pub(crate) fn start<H, F, B>(name: &str, pki: &Pki, handler: H) -> Result<Self, Error>
    where
        H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response<B>, Failure>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<Failure>> + Send + 'static,
    {
        Self::start_with(name, pki.serving_certificate()?.server_config()?, handler)
    }

    /// Starts a server with this TLS.
    pub(crate) fn start_with<H, F, B>(name: &str, tls: ServerConfig, handler: H) -> Result<Self, Error>
    where
        H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response<B>, Failure>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<Failure>> + Send + 'static,
    {
        let failed = || Error::io(format!("the {name} cannot be started"));
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        listener.set_nonblocking(true).map_err(failed())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(failed())?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("the listener is one");
                tokio::select! {
                    () = accept(listener, acceptor, handler) => (),
                    _ = stopped => (),
                }
            });
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name(name.into()).spawn(serve).map_err(failed())?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the server's URL, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept<H, F, B>(listener: TcpListener, acceptor: TlsAcceptor, handler: H)
where
    H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<B>, Failure>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Failure>> + Send + 'static,
{
    loop {
        let Ok((connection, _)) = listener.accept().await else { continue };
        let (acceptor, handler) = (acceptor.clone(), handler.clone());
        tokio::spawn(async move {
            // A client that does not trust the certificate ends here, which may be what is tested.
            let Ok(connection) = acceptor.accept(connection).await else { return };
            let service = service_fn(move |request| answer(request, handler.clone()));
            let builder = hyper::server::conn::http1::Builder::new();
            let _ = builder.serve_connection(TokioIo::new(connection), service).await;
        });
    }
}

async fn answer<H, F, B>(request: Request<Incoming>, handler: H) -> Result<Response<B>, Failure>
where
    H: Fn(Request<Bytes>) -> F,
    F: Future<Output = Result<Response<B>, Failure>>,
{
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(Collected::to_bytes)?;
    handler(Request::from_parts(head, body)).await
}
