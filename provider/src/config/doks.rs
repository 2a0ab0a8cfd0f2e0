//! A cluster of DigitalOcean as people name it, in `doks` and in `ephemeral "fluxgate_doks_credentials"`.

use std::time::Duration;

use flux::duration::Duration as Span;
use remote::{
    Proxy, Secret,
    digitalocean::{API_URL, Api, Error, Settings, Which},
};
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    schema::Attribute,
    value::Value,
};
use tokio_util::sync::CancellationToken;

use crate::environment::Environment;

/// How long a credential lasts unless somebody says otherwise.
const EXPIRY: Duration = Duration::from_secs(3600);
/// The longest life that the API gives, a week.
const LONGEST: u64 = 7 * 24 * 3600;

/// Which cluster, whose account, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doks {
    /// The cluster.
    pub which: Which,
    /// How long a credential is to last.
    pub expiry: Duration,
    token: Secret,
    api_url: String,
}

/// The attributes, of which `token` is the name of the one for the account's token.
pub fn attributes(token: &str) -> Vec<Attribute> {
    vec![
        Attribute::string("cluster_id").optional().describe("The cluster's id, a UUID. May be known only after apply."),
        Attribute::string("cluster_name").optional().describe("The cluster's name, instead of its id; the account must have exactly one cluster of that name."),
        Attribute::string(token)
            .optional()
            .sensitive()
            .describe("An API token with the scopes kubernetes:read and kubernetes:access_cluster. Also DIGITALOCEAN_TOKEN, DIGITALOCEAN_ACCESS_TOKEN."),
        Attribute::string("expiry").optional().describe("How long a credential lasts, such as `30m`; at most a week. Defaults to `1h`."),
        Attribute::string("api_url").optional().describe("The API's address, for trials. Also DIGITALOCEAN_API_URL."),
    ]
}

impl Doks {
    /// Reads the attributes, all of them known.
    ///
    /// # Errors
    /// Diagnostics on those that are missing, contradict each other or cannot be used.
    pub fn read(
        value: &Value,
        token: &str,
        path: &AttributePath,
        environment: &Environment,
    ) -> Result<Self, Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        let mut refuse = |name: &str, summary: &str, detail: String| {
            let at = if name.is_empty() { path.clone() } else { path.attribute(name) };
            diagnostics.push(Diagnostic::error(summary, detail).at(at));
        };
        let text = |name: &str| value.get(name).as_str().map(str::trim);
        let which = match (text("cluster_id"), text("cluster_name")) {
            (Some(_), Some(_)) => {
                refuse(
                    "",
                    "Two clusters in one",
                    "cluster_id and cluster_name are both set. Keep one of them.".to_owned(),
                );
                None
            }
            (None, None) => {
                refuse(
                    "",
                    "The connection names no cluster",
                    "Set cluster_id to the id of a DOKS cluster, or cluster_name to its name.".to_owned(),
                );
                None
            }
            (Some(id), None) if !is_uuid(id) => {
                refuse(
                    "cluster_id",
                    "This is no id of a cluster",
                    format!(
                        "{id:?} is not a UUID such as bd5f5959-5e1e-4205-a714-a914373942af. For the cluster's name, use cluster_name."
                    ),
                );
                None
            }
            (None, Some("")) => {
                refuse(
                    "cluster_name",
                    "The name is blank",
                    "Set cluster_name to the name of a DOKS cluster, or use cluster_id.".to_owned(),
                );
                None
            }
            (Some(id), None) => Some(Which::Id(id.to_owned())),
            (None, Some(name)) => Some(Which::Name(name.to_owned())),
        };
        let account =
            text(token).filter(|token| !token.is_empty()).or_else(|| environment.get("DIGITALOCEAN_TOKEN"));
        if account.is_none() {
            refuse(
                token,
                "No DigitalOcean token",
                format!(
                    "Set {token}, or the variable DIGITALOCEAN_TOKEN, to an API token with the scopes kubernetes:read and kubernetes:access_cluster."
                ),
            );
        }
        let expiry = match text("expiry").map(seconds) {
            None => Some(EXPIRY),
            Some(Ok(expiry)) => Some(expiry),
            Some(Err(why)) => {
                refuse("expiry", "Unusable expiry", why);
                None
            }
        };
        let api_url = text("api_url").or_else(|| environment.get("DIGITALOCEAN_API_URL")).unwrap_or(API_URL);
        match (which, account, expiry) {
            (Some(which), Some(token), Some(expiry)) => {
                let doks = Self { which, expiry, token: token.into(), api_url: api_url.to_owned() };
                match doks.api(&CancellationToken::new()) {
                    Ok(_) => Ok(doks),
                    Err(error) => Err(crate::explain::digitalocean(&error).at(path.clone()).into()),
                }
            }
            _ => Err(diagnostics),
        }
    }

    /// The API with this account's token. Nothing is sent yet.
    ///
    /// # Errors
    /// The address or the token cannot be used.
    pub fn api(&self, cancel: &CancellationToken) -> Result<Api, Error> {
        let mut settings = Settings::new(self.token.clone());
        settings.api_url.clone_from(&self.api_url);
        settings.client.proxy = Proxy::System;
        settings.client.cancel = cancel.clone();
        Api::new(settings)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let span = Span::parse(text).map_err(|error| format!("{error}. {}", error.remedy()))?;
    let expiry = Duration::from_nanos(span.nanoseconds().unsigned_abs());
    if (1..=LONGEST).contains(&expiry.as_secs()) {
        Ok(expiry)
    } else {
        Err(format!(
            "{text} is not between one second and a week (168h). An hour is enough for most runs; the credential is renewed in longer ones."
        ))
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
