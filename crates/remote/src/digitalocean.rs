//! Clusters of DigitalOcean (DOKS): found, waited for, and credentials for them.
//!
//! Each credential is a new token of the account, so callers keep what they were given until it expires, and say how long it is to last: the
//! API's own default is a week. The API is described at <https://docs.digitalocean.com/reference/api/>.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use remote::digitalocean::{Api, Settings, Which};
//!
//! # async fn example() -> Result<(), remote::digitalocean::Error> {
//! let api = Api::new(Settings::new("token".into()))?;
//! let cluster = api.running(&Which::Name("dev".to_owned())).await?;
//! let credentials = api.credentials(&cluster.id, Duration::from_secs(3600)).await?;
//! println!("{} at {}", cluster.name, credentials.host);
//! # Ok(())
//! # }
//! ```

mod error;
mod transport;
mod wire;

use std::{fmt, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

pub use self::error::{Error, Found};
use crate::{ClientConfig, Secret, http};

/// Where the API is, unless somebody says otherwise.
pub const API_URL: &str = "https://api.digitalocean.com";

/// How many clusters a page is to hold; the API's most.
const PAGE: u32 = 200;
/// More pages than any account has.
const MOST_PAGES: u32 = 500;

/// How to speak with the API, and how patiently.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address of the API, https://. Default [`API_URL`].
    pub api_url: String,
    /// The account's token, which needs the scopes kubernetes:read and kubernetes:access_cluster.
    pub token: Secret,
    /// Authorities, proxy, limits, and the request to stop. [`ClientConfig::credentials`] are not used.
    pub client: ClientConfig,
    /// How long a cluster that is being made is waited for. Default 15 minutes.
    pub patience: Duration,
    /// How often such a cluster is looked at. Default 5 s.
    pub poll: Duration,
}

impl Settings {
    /// Settings of the real API.
    pub fn new(token: Secret) -> Self {
        Self {
            api_url: API_URL.to_owned(),
            token,
            client: ClientConfig::default(),
            patience: Duration::from_secs(15 * 60),
            poll: Duration::from_secs(5),
        }
    }
}

/// Which cluster is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// The one with this id, a UUID.
    Id(String),
    /// The only one of this name in the account.
    Name(String),
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(text) | Self::Name(text) => write!(f, "DOKS cluster {text}"),
        }
    }
}

/// A cluster as the API tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its id, a UUID.
    pub id: String,
    /// Its name, which another one may have too.
    pub name: String,
    /// The region, such as `nyc1`.
    pub region: String,
    /// `running`, `provisioning`, `degraded`, `error`, `deleted`, `upgrading` or `deleting`.
    pub state: String,
    /// What the API adds to the state; may be empty.
    pub message: String,
}

/// How to reach a cluster, for a while.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The address of the API server.
    pub host: String,
    /// The certificates of the authority that signed the server's certificate, PEM.
    pub cluster_ca_certificate: String,
    /// A bearer token; `None` for old clusters, which know certificates only.
    pub token: Option<Secret>,
    /// A client certificate, PEM, and its key, for old clusters.
    pub identity: Option<(String, Secret)>,
    /// When the token expires.
    pub expires: Option<Timestamp>,
}

/// The API with one account's token. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    base: Url,
    settings: Settings,
}

impl Api {
    /// Gets ready. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// The address or the settings of the client cannot be used, or the token is empty.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let base = base(&settings.api_url)?;
        let token = settings.token.reveal();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Token);
        }
        let http =
            http::build(&settings.client).map_err(|source| Error::Client { source: Box::new(source) })?;
        Ok(Self { http, base, settings })
    }

    /// All clusters of the account, however many pages they fill.
    ///
    /// # Errors
    ///
    /// As every request: [`Error::Unauthorized`], [`Error::Forbidden`], [`Error::RateLimited`], [`Error::Server`],
    /// [`Error::Unreachable`], [`Error::TimedOut`] or [`Error::Unintelligible`].
    pub async fn clusters(&self) -> Result<Vec<Cluster>, Error> {
        let mut found = Vec::new();
        // The addresses of further pages are not followed: they could lead the token elsewhere.
        for page in 1..=MOST_PAGES {
            let query = [("page", page), ("per_page", PAGE)];
            let read: wire::Page = self.get("list the clusters", READ, &[], &query).await?;
            let last = read.is_last();
            found.extend(read.kubernetes_clusters.into_iter().map(Cluster::from));
            if last {
                break;
            }
        }
        Ok(found)
    }

    /// The cluster with this id.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], and as every request.
    pub async fn cluster(&self, id: &str) -> Result<Cluster, Error> {
        let read: wire::One = self.get("look at the cluster", READ, &[id], &[]).await?;
        Ok(read.kubernetes_cluster.into())
    }

    /// The only cluster of this name.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchName`] and [`Error::Ambiguous`] with what was found, and as every request.
    pub async fn named(&self, name: &str) -> Result<Cluster, Error> {
        let all = self.clusters().await?;
        let mut matching = all.iter().filter(|cluster| cluster.name == name);
        match (matching.next(), matching.next()) {
            (Some(only), None) => Ok(only.clone()),
            (None, _) => {
                Err(Error::NoSuchName { name: name.to_owned(), found: all.iter().map(Found::from).collect() })
            }
            (Some(_), Some(_)) => {
                let found = all.iter().filter(|cluster| cluster.name == name).map(Found::from).collect();
                Err(Error::Ambiguous { name: name.to_owned(), found })
            }
        }
    }

    /// The cluster, waited for while it is being made.
    ///
    /// # Errors
    ///
    /// [`Error::Provisioning`] where that takes too long, [`Error::Unfit`] for one that failed or is going away, and those of
    /// [`Api::cluster`] and [`Api::named`].
    pub async fn running(&self, which: &Which) -> Result<Cluster, Error> {
        let began = Instant::now();
        let mut cluster = match which {
            Which::Id(id) => self.cluster(id).await?,
            Which::Name(name) => self.named(name).await?,
        };
        loop {
            match cluster.state.as_str() {
                "provisioning" => {}
                "error" | "deleted" | "deleting" => return Err(Error::Unfit { cluster: Box::new(cluster) }),
                _ => return Ok(cluster),
            }
            let after = began.elapsed();
            if after + self.settings.poll > self.settings.patience {
                return Err(Error::Provisioning { cluster: Box::new(cluster), after });
            }
            tracing::info!(
                cluster = cluster.name,
                id = cluster.id,
                message = cluster.message,
                ?after,
                "waiting for a cluster that is being made"
            );
            tokio::select! {
                () = tokio::time::sleep(self.settings.poll) => {}
                () = self.settings.client.cancel.cancelled() => return Err(Error::Cancelled),
            }
            cluster = self.cluster(&cluster.id).await?;
        }
    }

    /// A new credential for a cluster, which lasts for `expiry` (whole seconds, at least one).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Authority`] and [`Error::NoCredential`] where what came cannot be used, and as every request.
    pub async fn credentials(&self, id: &str, expiry: Duration) -> Result<Credentials, Error> {
        // Zero would be a week.
        let seconds = u32::try_from(expiry.as_secs()).unwrap_or(u32::MAX).max(1);
        let query = [("expiry_seconds", seconds)];
        let read: wire::Credentials =
            self.get("issue credentials", ACCESS, &[id, "credentials"], &query).await?;
        read.checked(id)
    }
}

/// The scope that looking needs.
const READ: &str = "kubernetes:read";
/// The scope that credentials need.
const ACCESS: &str = "kubernetes:access_cluster";

fn base(text: &str) -> Result<Url, Error> {
    // What cannot be parsed is not quoted: a password may be in it.
    let wrong = |why| Error::Address { why };
    let url = Url::parse(text.trim()).map_err(|_| wrong("it is not a URL"))?;
    if url.scheme() != "https" {
        return Err(wrong("it does not begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(wrong("it holds a user, a password or a query"));
    }
    match url.host_str() {
        Some(host) if !host.is_empty() => Ok(url),
        _ => Err(wrong("it has no host")),
    }
}
