//! Credentials that somebody issues: a cloud, asked by the product when the first request needs one, and again before it expires.
//!
//! Address, authority and credential come together, so a cluster can be named before it exists.

use std::{error::Error as StdError, fmt, sync::Arc, time::SystemTime};

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{ConfigError, Direct, Proxies, Session, from_direct};
use crate::Secret;

/// Who issues credentials for one cluster.
///
/// The cluster asks once and keeps what it was given, for all that share it, until little of its life is left or the server refuses it. Of
/// those who need a credential at the same time one asks, and the others share the answer.
pub trait Issuer: Send + Sync + 'static {
    /// What people call the cluster, such as `DOKS cluster dev`; it must hold no secret.
    fn name(&self) -> String;

    /// Issues a credential. It may take long, for example while the cluster is being made; dropping the future stops it.
    fn issue(&self) -> BoxFuture<'_, Result<Issued, IssueError>>;
}

/// Why no credential was issued, as the issuer says it; it must hold no secret.
pub type IssueError = Arc<dyn StdError + Send + Sync>;

/// An address and a credential that lasts for a while.
#[derive(Debug, Clone, Default)]
pub struct Issued {
    /// The address of the API server.
    pub host: String,
    /// The certificates of the authority that signed the server's certificate: PEM, or base64 of PEM.
    pub cluster_ca_certificate: Option<String>,
    /// A bearer token.
    pub token: Option<Secret>,
    /// A client certificate: PEM, or base64 of PEM.
    pub client_certificate: Option<String>,
    /// The key of the client certificate: PEM, or base64 of PEM.
    pub client_key: Option<Secret>,
    /// When the credential expires; `None` is never.
    pub expires: Option<SystemTime>,
}

impl Issued {
    /// Checks what was issued, as every connection is checked.
    pub(crate) fn session(&self, proxies: &Proxies) -> Result<Session, ConfigError> {
        let direct = Direct {
            host: self.host.clone(),
            token: self.token.clone(),
            cluster_ca_certificate: self.cluster_ca_certificate.clone(),
            client_certificate: self.client_certificate.clone(),
            client_key: self.client_key.clone(),
            ..Direct::default()
        };
        from_direct(&direct, proxies)
    }

    pub(crate) fn expires(&self) -> Option<Timestamp> {
        self.expires.and_then(|expires| Timestamp::try_from(expires).ok())
    }
}

/// An issuer as a part of a [`Connection`](super::Connection); equal to itself only.
#[derive(Clone)]
pub struct IssuedBy(Arc<dyn Issuer>);

impl IssuedBy {
    /// Wraps an issuer.
    pub fn new(issuer: impl Issuer) -> Self {
        Self(Arc::new(issuer))
    }

    pub(crate) fn issuer(&self) -> &dyn Issuer {
        self.0.as_ref()
    }
}

impl PartialEq for IssuedBy {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for IssuedBy {}

impl fmt::Debug for IssuedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuedBy({})", self.0.name())
    }
}
