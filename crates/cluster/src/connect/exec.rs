//! Credential plugins: a program that prints a token or a client certificate.
//!
//! Specified at <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>.
//! The plugin of the client library runs while a client is built, up to three times, blocks its thread, has no time
//! limit and puts what the program printed, the token included, into its errors; hence this one.

use std::{collections::BTreeMap, io, process::Stdio, time::Duration};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::ConfigError;
use crate::Secret;

/// Which program gives the credential, and with what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exec {
    /// The version of the protocol: `client.authentication.k8s.io/v1` or `v1beta1`.
    pub api_version: String,
    /// The program: a name on the PATH, or a path.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables besides those that this process has.
    pub env: BTreeMap<String, Secret>,
    /// What to tell people who do not have the program.
    pub install_hint: Option<String>,
    /// Whether the program is told about the cluster.
    pub provide_cluster_info: bool,
}

/// What a plugin answered.
#[derive(Clone)]
pub(crate) struct Credential {
    pub token: Option<Secret>,
    /// Certificate chain and key, both PEM.
    pub identity: Option<(Secret, Secret)>,
    pub expires: Option<Timestamp>,
}

/// Why a credential plugin gave no credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// The program could not be started.
    #[error("cannot start the credential plugin {command}{}", where_from(.hint))]
    Start {
        /// The program.
        command: String,
        /// Where to get it, from the kubeconfig.
        hint: Option<String>,
        /// What the system said.
        source: io::Error,
    },
    /// The program failed.
    #[error("the credential plugin {command} failed with {status}: {stderr}")]
    Failed {
        /// The program.
        command: String,
        /// Its exit status.
        status: String,
        /// The end of what it said on standard error.
        stderr: String,
    },
    /// The program did not finish in time.
    #[error("the credential plugin {command} did not finish within {}", crate::error::seconds(*.after))]
    TimedOut {
        /// The program.
        command: String,
        /// The time it had.
        after: Duration,
    },
    /// What the program printed is no credential.
    #[error("the credential plugin {command} did not print a credential: {why}")]
    NoCredential {
        /// The program.
        command: String,
        /// What is wrong with it.
        why: String,
    },
}

fn where_from(hint: &Option<String>) -> String {
    hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

impl Exec {
    /// Checks that the version of the protocol is one that is spoken here.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self.api_version.strip_prefix("client.authentication.k8s.io/") {
            Some("v1" | "v1beta1") => Ok(()),
            _ => Err(ConfigError::ExecVersion {
                command: self.command.clone(),
                version: if self.api_version.is_empty() {
                    "no version".to_owned()
                } else {
                    self.api_version.clone()
                },
            }),
        }
    }

    /// Runs the program. It has no terminal, and is ended with its future.
    pub(crate) async fn run(&self, cluster: &Value) -> Result<Credential, ExecError> {
        let mut spec = json!({ "interactive": false });
        if self.provide_cluster_info {
            spec["cluster"] = cluster.clone();
        }
        let info = json!({ "apiVersion": self.api_version, "kind": "ExecCredential", "spec": spec });
        let mut command = Command::new(&self.command);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value.reveal())))
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = command.output().await.map_err(|source| ExecError::Start {
            command: self.command.clone(),
            hint: self.install_hint.clone(),
            source,
        })?;
        if !output.status.success() {
            return Err(ExecError::Failed {
                command: self.command.clone(),
                status: output.status.to_string(),
                stderr: tail(&output.stderr),
            });
        }
        self.read(&output.stdout)
            .map_err(|why| ExecError::NoCredential { command: self.command.clone(), why })
    }

    /// Reads an ExecCredential. The text is never quoted: it holds the token.
    fn read(&self, stdout: &[u8]) -> Result<Credential, String> {
        let read: ExecCredential = serde_json::from_slice(stdout).map_err(|error| {
            format!("not an ExecCredential in JSON (line {}, column {})", error.line(), error.column())
        })?;
        if read.kind != "ExecCredential" {
            return Err("its kind is not ExecCredential".to_owned());
        }
        if read.api_version != self.api_version {
            return Err(format!(
                "its apiVersion is {}, asked for was {}",
                read.api_version, self.api_version
            ));
        }
        let status = read.status.ok_or("it has no status")?;
        let expires = status
            .expiration_timestamp
            .map(|text| text.parse::<Timestamp>())
            .transpose()
            .map_err(|_| "its expirationTimestamp is not a time")?;
        let token = status.token.filter(|token| !token.is_empty()).map(Secret::from);
        let identity = match (status.client_certificate_data, status.client_key_data) {
            (Some(certificate), Some(key)) => Some((Secret::from(certificate), Secret::from(key))),
            (None, None) => None,
            _ => return Err("it has a client certificate or a key, and not both".to_owned()),
        };
        if token.is_none() && identity.is_none() {
            return Err("it has neither a token nor a client certificate".to_owned());
        }
        Ok(Credential { token, identity, expires })
    }
}

/// The last lines of what a program said, short enough for an error.
fn tail(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let text = text.trim();
    let from = text.char_indices().rev().nth(999).map_or(0, |(at, _)| at);
    if text.is_empty() { "it said nothing".to_owned() } else { text[from..].to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin() -> Exec {
        Exec {
            api_version: "client.authentication.k8s.io/v1".into(),
            command: "plugin".into(),
            ..Exec::default()
        }
    }

    fn refused(stdout: &str) -> String {
        plugin().read(stdout.as_bytes()).err().unwrap()
    }

    #[test]
    fn a_token_with_its_expiry_is_read() {
        let credential = plugin()
            .read(
                br#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
                "status":{"token":"t","expirationTimestamp":"2030-01-02T03:04:05Z"}}"#,
            )
            .unwrap();
        assert_eq!(credential.token, Some(Secret::new("t")));
        assert_eq!(credential.expires, Some("2030-01-02T03:04:05Z".parse().unwrap()));
    }

    #[test]
    fn what_a_plugin_printed_is_never_quoted() {
        let texts = [
            "hunter2",
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":["hunter2"]}}"#,
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",
                "status":{"token":"t","expirationTimestamp":"hunter2"}}"#,
        ];
        for text in texts {
            assert!(!refused(text).contains("hunter2"));
        }
    }

    #[test]
    fn an_answer_in_another_version_is_refused() {
        let text = r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"t"}}"#;
        assert_eq!(
            refused(text),
            "its apiVersion is client.authentication.k8s.io/v1beta1, asked for was client.authentication.k8s.io/v1"
        );
    }
}
