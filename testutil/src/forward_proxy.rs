//! Forward proxies on loopback, as companies have them between their networks: over HTTP, over HTTPS, and SOCKS5.
//!
//! Whatever name it is asked for, the connection goes to that port of this machine, so tests can ask for names that nobody serves.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::Error;
use crate::pki::Pki;

/// How a [`ForwardProxy`] is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// CONNECT of HTTP.
    Http,
    /// CONNECT of HTTP inside TLS.
    Https,
    /// Version 5 of SOCKS.
    Socks5,
}

/// A proxy; dropping it ends it and cuts its connections.
#[derive(Debug)]
pub struct ForwardProxy {
    speaks: Speaks,
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// What its connections need.
#[derive(Clone)]
struct Desk {
    speaks: Speaks,
    acceptor: TlsAcceptor,
    only: Option<String>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ForwardProxy {
    /// Starts a proxy for everybody, or for `only` one `user:password`. Over HTTPS it has a certificate of the authority.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(speaks: Speaks, pki: &Pki, only: Option<&str>) -> Result<Self, Error> {
        let failed = || Error::io("the forward proxy cannot be started");
        let acceptor = TlsAcceptor::from(Arc::new(pki.serving_certificate()?.server_config()?));
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        listener.set_nonblocking(true).map_err(failed())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(failed())?;
        let (stop, stopped) = oneshot::channel();
        let asked = Arc::default();
        let desk = Desk { speaks, acceptor, only: only.map(ToOwned::to_owned), asked: Arc::clone(&asked) };
        let serve = move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("the listener is one");
                tokio::select! {
                    () = accept(listener, desk) => (),
                    _ = stopped => (),
                }
            });
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("forward proxy".into()).spawn(serve).map_err(failed())?;
        Ok(Self { speaks, address, asked, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns its URL; with a user, one who is `user:password` there.
    #[must_use]
    pub fn url(&self, user: &str) -> String {
        let scheme = match self.speaks {
            Speaks::Http => "http",
            Speaks::Https => "https",
            Speaks::Socks5 => "socks5",
        };
        let at = if user.is_empty() { "" } else { "@" };
        format!("{scheme}://{user}{at}{}", self.address)
    }

    /// Returns what was asked of it so far: `host:port`, and after a blank `user:password` where somebody said who they are.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, desk: Desk) {
    loop {
        let Ok((connection, _)) = listener.accept().await else { continue };
        let desk = desk.clone();
        // Who breaks off or speaks something else is no concern of the proxy.
        tokio::spawn(async move {
            let _ = match desk.speaks {
                Speaks::Http => desk.tunnel(connection).await,
                Speaks::Https => match desk.acceptor.accept(connection).await {
                    Ok(connection) => desk.tunnel(connection).await,
                    Err(_) => Ok(()),
                },
                Speaks::Socks5 => desk.socks(connection).await,
            };
        });
    }
}

impl Desk {
    /// Takes down who asks for what; false where that is none of those who may.
    fn admits(&self, target: &str, user: Option<&str>) -> bool {
        let mut line = target.to_owned();
        if let Some(user) = user {
            let _ = write!(line, " {user}");
        }
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        self.only.as_deref().is_none_or(|only| user == Some(only))
    }

    async fn tunnel(&self, connection: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let mut connection = BufReader::new(connection);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if connection.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let target =
            head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        let user = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": Basic ")?;
            let plain = STANDARD.decode(value.trim()).ok()?;
            name.eq_ignore_ascii_case("proxy-authorization").then(|| String::from_utf8(plain).ok())?
        });
        if !self.admits(target, user.as_deref()) {
            let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n";
            return connection.write_all(refusal).await;
        }
        let mut there = reach(target).await?;
        connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        tokio::io::copy_bidirectional(&mut connection, &mut there).await.map(|_| ())
    }

    /// As RFC 1928 and RFC 1929 have it.
    async fn socks(&self, mut connection: TcpStream) -> io::Result<()> {
        let [_, methods] = take(&mut connection).await?;
        let mut offered = vec![0; methods.into()];
        connection.read_exact(&mut offered).await?;
        let mut user = None;
        if offered.contains(&2) {
            connection.write_all(&[5, 2]).await?;
            let [_] = take(&mut connection).await?;
            user = Some(format!("{}:{}", text(&mut connection).await?, text(&mut connection).await?));
            let known = self.only.is_none() || self.only == user;
            connection.write_all(&[1, u8::from(!known)]).await?;
        } else {
            connection.write_all(&[5, if self.only.is_none() { 0 } else { 0xff }]).await?;
        }
        let [_, _, _, kind] = take(&mut connection).await?;
        let host = match kind {
            1 => Ipv4Addr::from(take::<4>(&mut connection).await?).to_string(),
            3 => text(&mut connection).await?,
            _ => format!("[{}]", Ipv6Addr::from(take::<16>(&mut connection).await?)),
        };
        let target = format!("{host}:{}", u16::from_be_bytes(take(&mut connection).await?));
        if !self.admits(&target, user.as_deref()) {
            return Ok(());
        }
        let mut there = reach(&target).await?;
        connection.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        tokio::io::copy_bidirectional(&mut connection, &mut there).await.map(|_| ())
    }
}

async fn reach(target: &str) -> io::Result<TcpStream> {
    let port = target.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).unwrap_or_default();
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await
}

async fn take<const N: usize>(connection: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    connection.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// A text with its length before it.
async fn text(connection: &mut TcpStream) -> io::Result<String> {
    let [length] = take(connection).await?;
    let mut bytes = vec![0; length.into()];
    connection.read_exact(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
