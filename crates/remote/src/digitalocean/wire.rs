//! Answers as they are on the wire: what is read of them. Further fields are of no interest.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde::Deserialize;

use super::Error;
use crate::Secret;

#[derive(Deserialize)]
pub(super) struct Page {
    pub kubernetes_clusters: Vec<Cluster>,
    #[serde(default)]
    links: Links,
}

#[derive(Deserialize, Default)]
struct Links {
    #[serde(default)]
    pages: Pages,
}

#[derive(Deserialize, Default)]
struct Pages {
    next: Option<String>,
}

impl Page {
    pub fn is_last(&self) -> bool {
        self.links.pages.next.is_none() || self.kubernetes_clusters.is_empty()
    }
}

#[derive(Deserialize)]
pub(super) struct One {
    pub kubernetes_cluster: Cluster,
}

#[derive(Deserialize)]
pub(super) struct Cluster {
    id: String,
    name: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
struct Status {
    #[serde(default)]
    state: String,
    message: Option<String>,
}

impl From<Cluster> for super::Cluster {
    fn from(read: Cluster) -> Self {
        Self {
            id: read.id,
            name: read.name,
            region: read.region,
            state: read.status.state,
            message: read.status.message.unwrap_or_default(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    server: Option<String>,
    certificate_authority_data: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<Secret>,
    token: Option<Secret>,
    expires_at: Option<String>,
}

impl Credentials {
    /// The same with its texts decoded, or what cannot be used of it.
    pub fn checked(self, id: &str) -> Result<super::Credentials, Error> {
        let lacking = |what| Error::NoCredential { id: id.to_owned(), what };
        let host = self.server.filter(|server| !server.is_empty()).ok_or_else(|| lacking("no server"))?;
        let authority = self.certificate_authority_data.as_deref().and_then(pem);
        let cluster_ca_certificate = authority
            .filter(|pem| is_certificate(pem))
            .ok_or_else(|| Error::Authority { id: id.to_owned() })?;
        let token = self.token.filter(|token| !token.reveal().is_empty());
        let certificate = self.client_certificate_data.as_deref().and_then(pem);
        let key = self.client_key_data.and_then(|key| pem(key.reveal())).map(Secret::new);
        let identity = certificate.zip(key);
        if token.is_none() && identity.is_none() {
            return Err(lacking("neither a token nor a client certificate"));
        }
        let expires = self
            .expires_at
            .filter(|text| !text.is_empty())
            .map(|text| text.parse::<Timestamp>())
            .transpose()
            .map_err(|_| lacking("an expires_at that is no time"))?;
        Ok(super::Credentials { host, cluster_ca_certificate, token, identity, expires })
    }
}

fn pem(base64: &str) -> Option<String> {
    let packed: String = base64.split_ascii_whitespace().collect();
    let text = String::from_utf8(STANDARD.decode(packed).ok()?).ok()?;
    text.contains("-----BEGIN ").then_some(text)
}

fn is_certificate(pem: &str) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    certificates.is_ok_and(|found| {
        !found.is_empty() && found.into_iter().all(|certificate| roots.add(certificate).is_ok())
    })
}

/// A refusal.
#[derive(Deserialize, Default)]
pub(super) struct Refusal {
    #[serde(default)]
    pub message: String,
    pub request_id: Option<String>,
}
