//! The other side: starts a provider as OpenTofu does, for tests and measurements.
//!
//! ```no_run
//! # async fn example() -> Result<(), tfplugin::host::HostError> {
//! use tfplugin::host::Host;
//! use tfplugin::rpc::messages::get_provider_schema;
//!
//! let host = Host::start(std::process::Command::new("./terraform-provider-fluxgate")).await?;
//! let schema = host.provider().get_provider_schema(get_provider_schema::Request {}).await?;
//! host.end().await?;
//! # Ok(())
//! # }
//! ```

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::rpc::messages::plugin::Empty;
use crate::rpc::provider::Client;
use crate::rpc::{MAX_MESSAGE, controller};

/// A provider that was started, and the connection to it.
pub struct Host {
    process: Child,
    channel: Channel,
    startup: Duration,
    line: String,
}

/// Why a provider cannot be started or used.
#[derive(Debug, Error)]
pub enum HostError {
    /// It could not be started, or ended too early.
    #[error("the provider did not start")]
    Start(#[source] io::Error),
    /// Its first line is not a handshake.
    #[error("not a handshake: {0:?}")]
    Handshake(String),
    /// The certificate for the connection could not be made.
    #[error("no certificate")]
    Certificate(#[source] rcgen::Error),
    /// TLS could not be set up.
    #[error("no TLS")]
    Tls(#[source] rustls::Error),
    /// The connection failed.
    #[error("no connection")]
    Connect(#[source] tonic::transport::Error),
    /// A call failed.
    #[error("the call failed")]
    Call(#[from] tonic::Status),
}

/// Who a connection claims to be: a certificate as the host makes them, self-signed with P-521, and marked as an
/// authority.
pub struct Certificate {
    der: CertificateDer<'static>,
    pem: String,
    key: Vec<u8>,
}

impl Certificate {
    /// A new one.
    ///
    /// # Errors
    ///
    /// When the machine has no randomness to give.
    pub fn generate() -> Result<Self, HostError> {
        let key =
            rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).map_err(HostError::Certificate)?;
        let mut parameters =
            rcgen::CertificateParams::new(["localhost".to_owned()]).map_err(HostError::Certificate)?;
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).map_err(HostError::Certificate)?;
        Ok(Self { der: certificate.der().clone(), pem: certificate.pem(), key: key.serialize_der() })
    }

    /// This certificate with another one's key: what someone has who has only seen it.
    #[must_use]
    pub fn with_key_of(&self, other: &Self) -> Self {
        Self { der: self.der.clone(), pem: self.pem.clone(), key: other.key.clone() }
    }

    /// The certificate in PEM, for `PLUGIN_CLIENT_CERT`.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

impl Host {
    /// Starts a provider with mutual TLS and waits until it can be used.
    ///
    /// # Errors
    ///
    /// When it does not start, or what it says is no handshake.
    pub async fn start(command: std::process::Command) -> Result<Self, HostError> {
        let certificate = Certificate::generate()?;
        let (process, line, startup) = start(command, Some(certificate.pem())).await?;
        let (socket, server) = parse(&line)?;
        let server = server.ok_or_else(|| HostError::Handshake(line.clone()))?;
        let channel = connect(socket, Some(server), Some(&certificate)).await?;
        Ok(Self { process, channel, startup, line })
    }

    /// The client for the provider's calls.
    #[must_use]
    pub fn provider(&self) -> Client<Channel> {
        Client::new(self.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }

    /// How long it took from the start of the program to its handshake line.
    #[must_use]
    pub fn startup(&self) -> Duration {
        self.startup
    }

    /// The handshake line.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The process id; none once it has ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// The memory that the process has resident now, in bytes, as Linux tells it.
    #[must_use]
    pub fn resident_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    }

    /// Ends the provider as the host does, and waits for it.
    ///
    /// # Errors
    ///
    /// When it does not end within two seconds, after which the host kills it.
    pub async fn end(mut self) -> Result<std::process::ExitStatus, HostError> {
        let mut controller = controller::Client::new(self.channel.clone());
        // Like the real host, this one does not insist on an answer.
        let _ = controller.shutdown(Empty {}).await;
        drop(self.channel);
        match tokio::time::timeout(Duration::from_secs(2), self.process.wait()).await {
            Ok(status) => status.map_err(HostError::Start),
            Err(_) => {
                let _ = self.process.kill().await;
                Err(HostError::Start(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

/// Starts a program as the host does and reads its first line; tells how long that took.
///
/// # Errors
///
/// When it does not start, or ends without a line.
pub async fn start(
    mut command: std::process::Command,
    certificate_pem: Option<&str>,
) -> Result<(Child, String, Duration), HostError> {
    command
        .env("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .stdout(Stdio::piped());
    match certificate_pem {
        Some(pem) => command.env("PLUGIN_CLIENT_CERT", pem),
        None => command.env_remove("PLUGIN_CLIENT_CERT"),
    };
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true);
    let begun = Instant::now();
    let mut process = command.spawn().map_err(HostError::Start)?;
    let stdout = process.stdout.take().ok_or_else(|| HostError::Start(io::ErrorKind::BrokenPipe.into()))?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).await.map_err(HostError::Start)?;
    let startup = begun.elapsed();
    Ok((process, line.trim_end().to_owned(), startup))
}

/// The socket and the certificate in a handshake line.
///
/// # Errors
///
/// When it is none for protocol 6 over a socket file.
pub fn parse(line: &str) -> Result<(PathBuf, Option<Vec<u8>>), HostError> {
    let wrong = || HostError::Handshake(line.to_owned());
    let fields: Vec<&str> = line.split('|').collect();
    match fields.as_slice() {
        ["1", "6", "unix", path, "grpc", certificate, ..] => {
            let certificate = STANDARD_NO_PAD.decode(certificate).map_err(|_| wrong())?;
            Ok((PathBuf::from(path), (!certificate.is_empty()).then_some(certificate)))
        }
        _ => Err(wrong()),
    }
}

/// Connects to a provider's socket: with TLS if the server's certificate is given, showing one's own if there is one.
///
/// # Errors
///
/// When there is no connection, also because the provider refuses it.
pub async fn connect(
    socket: PathBuf,
    server: Option<Vec<u8>>,
    certificate: Option<&Certificate>,
) -> Result<Channel, HostError> {
    let tls = server.map(|server| client_config(server, certificate)).transpose()?.map(TlsConnector::from);
    let connector = tower::service_fn(move |_: Uri| {
        let (socket, tls) = (socket.clone(), tls.clone());
        async move {
            let stream = UnixStream::connect(socket).await?;
            let stream: Box<dyn Duplex> = match tls {
                None => Box::new(stream),
                Some(tls) => {
                    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
                    Box::new(tls.connect(name, stream).await?)
                }
            };
            io::Result::Ok(TokioIo::new(stream))
        }
    });
    let endpoint = Endpoint::from_static("http://localhost");
    endpoint.connect_with_connector(connector).await.map_err(HostError::Connect)
}

trait Duplex: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Duplex for T {}

fn client_config(server: Vec<u8>, certificate: Option<&Certificate>) -> Result<Arc<ClientConfig>, HostError> {
    let crypto = Arc::new(aws_lc_rs::default_provider());
    let verifier = OnlyTheProvider {
        certificate: CertificateDer::from(server),
        algorithms: crypto.signature_verification_algorithms,
    };
    let builder = ClientConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .map_err(HostError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match certificate {
        None => builder.with_no_client_auth(),
        Some(certificate) => builder
            .with_client_auth_cert(
                vec![certificate.der.clone()],
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certificate.key.clone())),
            )
            .map_err(HostError::Tls)?,
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// Accepts the certificate of the handshake line, byte by byte.
#[derive(Debug)]
struct OnlyTheProvider {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for OnlyTheProvider {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
