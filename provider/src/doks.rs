//! Credentials of DigitalOcean's clusters, issued when the first request needs one.
//!
//! `cluster` keeps them and asks again; `remote` speaks with the API; here the two meet.

use std::sync::Arc;

use cluster::{IssueError, Issued, Issuer, Secret};
use futures::{FutureExt, future::BoxFuture};
use remote::digitalocean::{Api, Error, Which};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::config::Doks;

/// Issues credentials for one cluster.
pub struct DoksIssuer {
    api: Api,
    doks: Doks,
    /// The cluster's id, once it is found and runs.
    id: OnceCell<String>,
}

impl DoksIssuer {
    /// An issuer for a cluster. Nothing is sent yet.
    ///
    /// # Errors
    /// The address of the API or the token cannot be used.
    pub fn new(doks: &Doks) -> Result<Self, Error> {
        // Requests to the cluster can be stopped, and what is asked for them with them.
        let api = doks.api(&CancellationToken::new())?;
        Ok(Self { api, doks: doks.clone(), id: OnceCell::new() })
    }

    async fn issued(&self) -> Result<Issued, Error> {
        let found = async || Ok(self.api.running(&self.doks.which).await?.id);
        let id = self.id.get_or_try_init(found).await?;
        let credentials = self.api.credentials(id, self.doks.expiry).await?;
        tracing::debug!(id, host = credentials.host, "a credential for a cluster of DigitalOcean was issued");
        let (client_certificate, client_key) = credentials.identity.unzip();
        Ok(Issued {
            host: credentials.host,
            cluster_ca_certificate: Some(credentials.cluster_ca_certificate),
            token: credentials.token.map(|token| Secret::new(token.reveal())),
            client_certificate,
            client_key: client_key.map(|key| Secret::new(key.reveal())),
            expires: credentials.expires.map(Into::into),
        })
    }
}

impl Issuer for DoksIssuer {
    fn name(&self) -> String {
        match &self.doks.which {
            Which::Id(text) | Which::Name(text) => format!("the DOKS cluster {text}"),
        }
    }

    fn issue(&self) -> BoxFuture<'_, Result<Issued, IssueError>> {
        self.issued().map(|issued| issued.map_err(|error| Arc::new(error) as IssueError)).boxed()
    }
}
