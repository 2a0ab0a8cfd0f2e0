//! What can go wrong on the way to a credential for a cluster of DigitalOcean, and what people can do about each.
//!
//! Texts are lower case; the cause is in `source()` and is not repeated in the text. No text holds a token.

use std::{error::Error as StdError, fmt, time::Duration};

use jiff::Timestamp;

use super::Cluster;
use crate::{Address, Unreached};

/// Everything that a request to DigitalOcean can end in, besides success.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of the API is not one.
    #[error("this is not the address of DigitalOcean's API: {why}")]
    Address {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The token is empty or holds what no header can.
    #[error("the DigitalOcean token is empty or is no token")]
    Token,
    /// No HTTP client can be made of the settings.
    #[error("no connection to DigitalOcean can be set up")]
    Client {
        /// What is wrong with them.
        source: Box<crate::Error>,
    },
    /// 401: the token is wrong, expired or revoked.
    #[error("DigitalOcean does not accept the token (401): {message}")]
    Unauthorized {
        /// What the API said.
        message: String,
    },
    /// 403: the token lacks a scope.
    #[error("DigitalOcean forbids to {doing} (403): {message}; the token needs the scope {scope}")]
    Forbidden {
        /// What was asked.
        doing: &'static str,
        /// The scope that this needs.
        scope: &'static str,
        /// What the API said.
        message: String,
    },
    /// 404: the account has no such cluster.
    #[error("the account of this token has no DOKS cluster with the id {id} (404)")]
    NotFound {
        /// The id.
        id: String,
    },
    /// 429: more requests than the account may make.
    #[error("DigitalOcean's limit of requests is used up (429){}{}", reset(.until.as_ref()), times(*.tries))]
    RateLimited {
        /// When the limit of the hour begins anew, where it is that one.
        until: Option<Timestamp>,
        /// How often it was asked.
        tries: u32,
    },
    /// 5xx.
    #[error("DigitalOcean answered {status} to the request to {doing}: {message}{}", times(*.tries))]
    Server {
        /// What was asked.
        doing: &'static str,
        /// The HTTP status.
        status: u16,
        /// What the API said.
        message: String,
        /// How often it was asked.
        tries: u32,
    },
    /// Any other refusal.
    #[error("DigitalOcean answered {status} to the request to {doing}: {message}")]
    Refused {
        /// What was asked.
        doing: &'static str,
        /// The HTTP status.
        status: u16,
        /// What the API said.
        message: String,
    },
    /// No connection came about, or it broke, also when tried again.
    #[error("cannot {doing} at {url}: {reason}{}", times(*.tries))]
    Unreachable {
        /// What was asked.
        doing: &'static str,
        /// Where.
        url: Address,
        /// Where it failed.
        reason: Unreached,
        /// How often it was tried.
        tries: u32,
        /// What the network said.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// It did not come in the time that there was.
    #[error("DigitalOcean did not {doing} within {}s", .after.as_secs())]
    TimedOut {
        /// What was asked.
        doing: &'static str,
        /// How long it was waited for, with all repetitions.
        after: Duration,
    },
    /// The answer is not one of this API.
    #[error("the answer to the request to {doing} is not one of DigitalOcean's API ({why})")]
    Unintelligible {
        /// What was asked.
        doing: &'static str,
        /// Where it stops being one; never quotes it.
        why: String,
    },
    /// No cluster has the name.
    #[error("no DOKS cluster is called {name}; the account of this token has {}", list(.found))]
    NoSuchName {
        /// The name.
        name: String,
        /// The clusters that there are.
        found: Vec<Found>,
    },
    /// Several clusters have the name.
    #[error("{} DOKS clusters are called {name}: {}", .found.len(), list(.found))]
    Ambiguous {
        /// The name.
        name: String,
        /// Those clusters.
        found: Vec<Found>,
    },
    /// The cluster failed to come about, or goes away.
    #[error("the DOKS cluster {} ({}) is in the state {}{}", .cluster.name, .cluster.id, .cluster.state, said(.cluster))]
    Unfit {
        /// The cluster.
        cluster: Box<Cluster>,
    },
    /// The cluster is still being made.
    #[error("the DOKS cluster {} ({}) is still being made after {}s{}", .cluster.name, .cluster.id, .after.as_secs(), said(.cluster))]
    Provisioning {
        /// The cluster as it was seen last.
        cluster: Box<Cluster>,
        /// How long it was waited for.
        after: Duration,
    },
    /// What came as the authority of a cluster is no certificate.
    #[error("the authority that DigitalOcean gives for the DOKS cluster {id} is not a certificate")]
    Authority {
        /// The cluster.
        id: String,
    },
    /// What came as credentials is none.
    #[error(
        "the credentials that DigitalOcean gives for the DOKS cluster {id} cannot be used: they hold {what}"
    )]
    NoCredential {
        /// The cluster.
        id: String,
        /// What is wrong with them.
        what: &'static str,
    },
    /// It was told to stop.
    #[error("stopped on request while asking DigitalOcean")]
    Cancelled,
}

/// A cluster that was found, for errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    name: String,
    id: String,
    region: String,
}

impl From<&Cluster> for Found {
    fn from(cluster: &Cluster) -> Self {
        Self { name: cluster.name.clone(), id: cluster.id.clone(), region: cluster.region.clone() }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.region, self.id)
    }
}

impl Error {
    /// What to do about it, in one or two sentences.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Address { .. } => {
                "Leave api_url (and DIGITALOCEAN_API_URL) out, or write it as https://host."
            }
            Self::Token | Self::Unauthorized { .. } => {
                "Set doks.token, or the variable DIGITALOCEAN_TOKEN, to a token of the account that has the cluster. Tokens are made in the control panel under API."
            }
            Self::Client { .. } => "Correct the settings of the connection and run again.",
            Self::Forbidden { .. } => {
                "Make a token with the scopes kubernetes:read and kubernetes:access_cluster; nothing else is needed."
            }
            Self::NotFound { .. } | Self::NoSuchName { .. } => {
                "Correct cluster_id or cluster_name, or use a token of the account (team) that has the cluster."
            }
            Self::RateLimited { .. } => {
                "The limit holds for the whole token, whoever uses it. Wait, or use another token; then run again."
            }
            Self::Server { .. } => {
                "DigitalOcean has trouble: see https://status.digitalocean.com, and run again later."
            }
            Self::Unreachable { reason: Unreached::Tls, .. } => {
                "Check that api_url is the address that its certificate names, and that its authority is trusted here (SSL_CERT_FILE)."
            }
            Self::Unreachable { .. } | Self::TimedOut { .. } => {
                "Check that this machine reaches DigitalOcean's API, then run again."
            }
            Self::Unintelligible { .. } => "Check api_url: a proxy or a login page may be answering instead.",
            Self::Ambiguous { .. } => "Set cluster_id, which only one of them has.",
            Self::Unfit { .. } => "See the cluster in DigitalOcean's control panel; once it runs, run again.",
            Self::Provisioning { .. } => "Run again; it goes on from here.",
            Self::Authority { .. } | Self::NoCredential { .. } => {
                "This is a fault of the API or of something in between. Run again, and ask DigitalOcean's support when it stays."
            }
            Self::Refused { .. } => "The message above is the API's own.",
            Self::Cancelled => "Run again to go on from here.",
        }
    }

    /// The same after so many tries.
    pub(super) fn after(mut self, times: u32) -> Self {
        if let Self::RateLimited { tries, .. }
        | Self::Server { tries, .. }
        | Self::Unreachable { tries, .. } = &mut self
        {
            *tries = times;
        }
        self
    }
}

fn reset(until: Option<&Timestamp>) -> String {
    until.map(|until| format!(" until {until}")).unwrap_or_default()
}

fn times(tries: u32) -> String {
    if tries > 1 { format!(" (tried {tries} times)") } else { String::new() }
}

fn said(cluster: &Cluster) -> String {
    if cluster.message.is_empty() { String::new() } else { format!(": {}", cluster.message) }
}

/// At most ten of them.
fn list(found: &[Found]) -> String {
    const MOST: usize = 10;
    if found.is_empty() {
        return "none at all".to_owned();
    }
    let mut text = found.iter().take(MOST).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if found.len() > MOST {
        text.push_str(&format!(" and {} more", found.len() - MOST));
    }
    text
}
