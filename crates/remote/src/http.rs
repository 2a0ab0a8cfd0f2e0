//! One HTTP client for everything from outside.
//!
//! It speaks HTTPS only, follows redirects itself (so that each address on the way is looked at before anything is sent there), asks for
//! no compression (a chart is compressed already, and a digest is one of bytes), and bounds every body, every pause and the whole.

pub(crate) mod retry;
pub(crate) mod tls;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ::http::{HeaderMap, StatusCode, header};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::retry::{Again, Failure};
use crate::{Address, Error, Piece, Secret, Unreached, address};

/// How to speak with servers.
#[derive(Clone, Debug, Default)]
pub struct ClientConfig {
    /// Whom to be to the server of the repository (scheme, host and port must be equal), and to no other.
    pub credentials: Option<Credentials>,
    /// Whether the credentials are also sent to another server that the index names. Never after a redirect to another one.
    pub pass_credentials: bool,
    /// Certificates of authorities, PEM. Where they are given, only they are trusted, as with Helm; otherwise those of the system.
    pub ca_pem: Option<String>,
    /// Whether any certificate is accepted. Then nothing protects the chart on its way but the digest in an index that nothing protects.
    pub insecure: bool,
    /// A client certificate and its private key, PEM, one after the other.
    pub identity_pem: Option<Secret>,
    /// The way out.
    pub proxy: Proxy,
    /// What may be used up.
    pub limits: Limits,
    /// Who wants to know how far a download is.
    pub progress: Option<OnProgress>,
    /// Ends everything that is under way.
    pub cancel: CancellationToken,
}

/// A user and a password, for basic authentication.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// How connections leave this machine.
#[derive(Clone, Default)]
pub enum Proxy {
    /// Directly.
    #[default]
    None,
    /// As the environment says: HTTPS_PROXY, ALL_PROXY, NO_PROXY, in either case. Reading them is the product's decision, which it makes
    /// by this value; the library never does otherwise.
    System,
    /// Through this one.
    Url {
        /// http://, https:// or socks5://, with user and password where it wants them.
        url: Secret,
        /// Hosts, domains and networks that are reached directly, separated by commas, in the form of NO_PROXY.
        no_proxy: Option<String>,
    },
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::System => "System",
            Self::Url { .. } => "Url(***)",
        })
    }
}

/// What fetching may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a connection may take to come about. Default 10 s.
    pub connect: Duration,
    /// How long nothing may come. Default 30 s.
    pub idle: Duration,
    /// One download with all its repetitions, pauses and redirects. Default 300 s.
    pub total: Duration,
    /// How often a download is tried, when the server is busy (429, 502, 503, 504) or the connection breaks. Default 5.
    pub tries: u32,
    /// How many redirects are followed. Default 10, as Go does for Helm.
    pub redirects: u32,
    /// The largest index, bytes. Default 64 MiB: the largest public ones have some 20.
    pub index: u64,
    /// The largest archive, bytes. Default 100 MiB, Helm's limit for an unpacked chart.
    pub archive: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(300),
            tries: 5,
            redirects: 10,
            index: 64 << 20,
            archive: chart::file::MAX_CHART_SIZE,
        }
    }
}

/// How far a download is. A download that is tried again begins again.
#[derive(Clone, Debug)]
pub struct Progress {
    /// What is downloaded.
    pub url: Address,
    /// How many bytes have come.
    pub received: u64,
    /// How many there are, where the server says.
    pub total: Option<u64>,
}

/// `1.2 of 3.4 MiB of https://host/chart.tgz`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        match self.total {
            Some(total) => write!(f, "{:.1} of {:.1} MiB", mebibytes(self.received), mebibytes(total))?,
            None => write!(f, "{:.1} MiB", mebibytes(self.received))?,
        }
        write!(f, " of {}", self.url)
    }
}

/// A function that is told how far a download is, for each piece that comes. It must not block.
#[derive(Clone)]
pub struct OnProgress(Arc<dyn Fn(&Progress) + Send + Sync>);

impl OnProgress {
    /// Wraps a function.
    pub fn new(function: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }

    /// Wraps a function that is told of a download when it has lasted for `first`, and every `pause` from then on; of a short one never.
    pub fn paced(
        first: Duration,
        pause: Duration,
        function: impl Fn(&Progress) + Send + Sync + 'static,
    ) -> Self {
        let pace: Mutex<Option<Pace>> = Mutex::new(None);
        Self::new(move |progress| {
            let now = Instant::now();
            let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
            let same = |pace: &&mut Pace| pace.url == progress.url && pace.received < progress.received;
            match pace.as_mut().filter(same) {
                None => {
                    *pace = Some(Pace {
                        url: progress.url.clone(),
                        received: progress.received,
                        next: now + first,
                    });
                }
                Some(pace) => {
                    pace.received = progress.received;
                    if now >= pace.next {
                        pace.next = now + pause;
                        function(progress);
                    }
                }
            }
        })
    }
}

/// The download that is under way, and when its next word is due.
struct Pace {
    url: Address,
    received: u64,
    next: Instant,
}

impl fmt::Debug for OnProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnProgress")
    }
}

/// A client; clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    config: ClientConfig,
}

/// One download.
pub(crate) struct Get<'a> {
    pub url: &'a Url,
    /// Whose credentials these are: the repository, or the archive's own address where there is none.
    pub home: &'a Url,
    pub piece: Piece,
}

impl Client {
    /// Makes a client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Error::Authorities`], [`Error::Identity`], [`Error::Proxy`] or [`Error::Client`]: the configuration cannot be used.
    pub fn new(config: &ClientConfig) -> Result<Self, Error> {
        let http = build(config)?;
        Ok(Self { http, config: config.clone() })
    }

    /// Downloads something, again while that may help and time is left.
    pub(crate) async fn get(&self, get: &Get<'_>) -> Result<Vec<u8>, Error> {
        let after = self.config.limits.total;
        let now = Instant::now();
        // A limit that no clock reaches is none.
        let deadline = now.checked_add(after).unwrap_or_else(|| now + Duration::from_secs(u32::MAX.into()));
        tokio::select! {
            biased;
            () = self.config.cancel.cancelled() => Err(Error::Cancelled { url: Address::of(get.url) }),
            done = self.tries(get, deadline) => done,
            () = tokio::time::sleep_until(deadline) => Err(Error::TimedOut { url: Address::of(get.url), after }),
        }
    }

    async fn tries(&self, get: &Get<'_>, deadline: Instant) -> Result<Vec<u8>, Error> {
        let mut tries = 1;
        loop {
            let failure = match self.attempt(get).await {
                Ok(body) => return Ok(body),
                Err(failure) => failure,
            };
            let pause = failure.pause(tries);
            // Servers may ask for more than a clock can hold.
            let late = Instant::now().checked_add(pause).is_none_or(|then| then >= deadline);
            if failure.again == Again::Never || tries >= self.config.limits.tries || late {
                return Err(failure.after(tries));
            }
            tracing::debug!(url = %Address::of(get.url), tries, ?pause, error = %failure.error, "repeating a download");
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    async fn attempt(&self, get: &Get<'_>) -> Result<Vec<u8>, Failure> {
        let mut url = get.url.clone();
        for _ in 0..=self.config.limits.redirects {
            let credentials = self.credentials_for(get, &url);
            let mut request = self.http.get(url.clone());
            if let Some(credentials) = credentials {
                request = request.basic_auth(&credentials.username, Some(credentials.password.reveal()));
            }
            let response = request.send().await.map_err(|error| self.broken(&url, error))?;
            let Some(next) = redirect(&url, response.status(), response.headers())? else {
                return match response.status() {
                    StatusCode::OK => self.body(get, &url, response).await,
                    status => Err(self.refused(get, &url, status, response.headers(), credentials.is_some())),
                };
            };
            url = next;
        }
        let times = self.config.limits.redirects;
        Err(Failure::final_(Error::Redirects { url: Address::of(get.url), times }))
    }

    /// The credentials that a server may see: the repository's own, or, where that is wished, the one that the index names.
    fn credentials_for(&self, get: &Get<'_>, url: &Url) -> Option<&Credentials> {
        let trusted = address::same_server(url, get.home)
            || (self.config.pass_credentials && address::same_server(url, get.url));
        self.config.credentials.as_ref().filter(|_| trusted)
    }

    async fn body(
        &self,
        get: &Get<'_>,
        url: &Url,
        mut response: reqwest::Response,
    ) -> Result<Vec<u8>, Failure> {
        let limit = match get.piece {
            Piece::Index => self.config.limits.index,
            Piece::Archive => self.config.limits.archive,
        };
        let shown = Address::of(url);
        let too_large = || Failure::final_(Error::TooLarge { from: shown.to_string(), limit });
        let total = response.content_length();
        if total.is_some_and(|total| total > limit) {
            return Err(too_large());
        }
        let mut progress = Progress { url: shown.clone(), received: 0, total };
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.broken(url, error))? {
            progress.received += piece.len() as u64;
            if progress.received > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&piece);
            if let Some(OnProgress(tell)) = &self.config.progress {
                tell(&progress);
            }
        }
        Ok(body)
    }

    fn refused(
        &self,
        get: &Get<'_>,
        url: &Url,
        status: StatusCode,
        headers: &HeaderMap,
        with_credentials: bool,
    ) -> Failure {
        let url = Address::of(url);
        let code = status.as_u16();
        match code {
            401 | 403 => {
                let kept_back = !with_credentials && self.config.credentials.is_some();
                Failure::final_(Error::Refused { url, status: code, with_credentials, kept_back })
            }
            404 | 410 => Failure::final_(Error::NotFound { url, status: code, piece: get.piece }),
            429 | 502 | 503 | 504 => {
                Failure::passing(Error::Status { url, status: code, tries: 1 }, retry::retry_after(headers))
            }
            _ => Failure::final_(Error::Status { url, status: code, tries: 1 }),
        }
    }

    /// Finds out what a failed connection means.
    fn broken(&self, url: &Url, error: reqwest::Error) -> Failure {
        // The library's text would repeat the address, with its query.
        let error = error.without_url();
        let url = Address::of(url);
        if let Some(found) = tls::find(&error) {
            return Failure::final_(match found {
                // A bad signature is one by another authority of the same name.
                rustls::Error::InvalidCertificate(
                    rustls::CertificateError::UnknownIssuer | rustls::CertificateError::BadSignature,
                ) => Error::UnknownAuthority { url, given: self.config.ca_pem.is_some() },
                rustls::Error::InvalidCertificate(_) => {
                    Error::Certificate { url, source: found.clone().into() }
                }
                other => {
                    let source = other.clone().into();
                    Error::Unreachable { url, reason: Unreached::Tls, tries: 1, source }
                }
            });
        }
        let reason = match retry::unreached(&error) {
            Unreached::Other if error.is_timeout() && error.is_connect() => Unreached::ConnectTimeout,
            Unreached::Other if error.is_timeout() => Unreached::Idle,
            other => other,
        };
        let error = Error::Unreachable { url, reason, tries: 1, source: retry::root(error) };
        match reason {
            Unreached::Closed => Failure::passing(error, None),
            _ => Failure::final_(error),
        }
    }
}

/// A client of the library below, which follows no redirect and trusts whom it is told to.
pub(crate) fn build(config: &ClientConfig) -> Result<reqwest::Client, Error> {
    let limits = &config.limits;
    let builder = reqwest::Client::builder()
        .user_agent(concat!("fluxgate/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .https_only(true)
        .connect_timeout(limits.connect)
        .read_timeout(limits.idle);
    let builder = tls::configure(builder, config)?;
    let builder = match &config.proxy {
        Proxy::None => builder.no_proxy(),
        Proxy::System => builder,
        Proxy::Url { url, no_proxy } => {
            let exceptions = no_proxy.as_deref().and_then(reqwest::NoProxy::from_string);
            let proxy = reqwest::Proxy::all(url.reveal()).map_err(|_| Error::Proxy)?;
            builder.no_proxy().proxy(proxy.no_proxy(exceptions))
        }
    };
    builder.build().map_err(|source| Error::Client { source: source.into() })
}

/// Where a redirect leads, which must be HTTPS again; `None` for an answer that is no redirect.
fn redirect(url: &Url, status: StatusCode, headers: &HeaderMap) -> Result<Option<Url>, Failure> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let next = location.and_then(|location| url.join(location).ok());
    let next = next.ok_or_else(|| Failure::final_(Error::Redirects { url: Address::of(url), times: 0 }))?;
    address::require_https(&next, Some(url)).map_err(Failure::final_)?;
    Ok(Some(next))
}
