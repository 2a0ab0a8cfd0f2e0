//! Kubeconfigs for a control plane: the right one, and the wrong ones that bad-input tests need.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Error;
use crate::pki::Identity;

/// One cluster, one user, one context; written as JSON, which is YAML too.
#[derive(Clone, Debug)]
pub struct Kubeconfig {
    server: String,
    ca_pem: Option<String>,
    user: User,
    context: String,
    namespace: Option<String>,
}

/// How the user of a [`Kubeconfig`] says who it is.
#[derive(Clone)]
#[non_exhaustive]
pub enum User {
    /// Not at all.
    Anonymous,
    /// By a bearer token.
    Token(String),
    /// By a client certificate.
    Certificate(Identity),
    /// By a program that prints an ExecCredential (client.authentication.k8s.io/v1).
    Exec {
        /// The program: a path, or a name that is looked up in PATH.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Variables of its environment.
        env: Vec<(String, String)>,
    },
}

impl Kubeconfig {
    /// Describes a cluster whose certificate this authority signed; without one, the system's are taken.
    #[must_use]
    pub fn new(server: &str, ca_pem: Option<&str>, user: User) -> Self {
        Self {
            server: server.to_owned(),
            ca_pem: ca_pem.map(ToOwned::to_owned),
            user,
            context: "fluxgate-test".into(),
            namespace: None,
        }
    }

    /// Sets another user.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.user = user;
        self
    }

    /// Sets a bearer token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.user(User::Token(token.to_owned()))
    }

    /// Sets another server.
    #[must_use]
    pub fn server(mut self, url: &str) -> Self {
        self.server = url.to_owned();
        self
    }

    /// Sets another certificate authority, PEM.
    #[must_use]
    pub fn ca_pem(mut self, pem: &str) -> Self {
        self.ca_pem = Some(pem.to_owned());
        self
    }

    /// Sets the name of the context, which the cluster and the user share.
    #[must_use]
    pub fn context(mut self, name: &str) -> Self {
        self.context = name.to_owned();
        self
    }

    /// Sets the context's namespace.
    #[must_use]
    pub fn namespace(mut self, name: &str) -> Self {
        self.namespace = Some(name.to_owned());
        self
    }

    /// Returns the kubeconfig as a value, for tests that bend it further.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut cluster = json!({ "server": self.server });
        if let Some(pem) = &self.ca_pem {
            cluster["certificate-authority-data"] = STANDARD.encode(pem).into();
        }
        let mut context = json!({ "cluster": self.context, "user": self.context });
        if let Some(namespace) = &self.namespace {
            context["namespace"] = namespace.as_str().into();
        }
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": self.context, "cluster": cluster }],
            "users": [{ "name": self.context, "user": self.user.to_value() }],
            "contexts": [{ "name": self.context, "context": context }],
            "current-context": self.context,
        })
    }

    /// Returns the configuration of a client that uses it.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used.
    pub fn config(&self) -> Result<kube::Config, Error> {
        let kubeconfig: kube::config::Kubeconfig =
            serde_json::from_value(self.to_value()).expect("the harness's kubeconfig is one");
        let mut config =
            kube::Config::try_from(kubeconfig).map_err(|error| Error::Kubeconfig(Box::new(error)))?;
        // The servers of tests are on this machine; HTTPS_PROXY is not for them.
        config.proxy_url = None;
        Ok(config)
    }

    /// Returns a client that uses it, which belongs to the tokio runtime it is made in.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used.
    ///
    /// # Panics
    /// Where no tokio runs.
    pub fn client(&self) -> Result<kube::Client, Error> {
        kube::Client::try_from(self.config()?).map_err(Error::api("no client can be made"))
    }
}

impl std::fmt::Display for Kubeconfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:#}", self.to_value())
    }
}

impl User {
    fn to_value(&self) -> Value {
        match self {
            Self::Anonymous => json!({}),
            Self::Token(token) => json!({ "token": token }),
            Self::Certificate(identity) => json!({
                "client-certificate-data": STANDARD.encode(&identity.certificate_pem),
                "client-key-data": STANDARD.encode(&identity.key_pem),
            }),
            Self::Exec { command, args, env } => {
                let env: Vec<Value> =
                    env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
                json!({ "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": command,
                    "args": args,
                    "env": env,
                    "interactiveMode": "Never",
                }})
            }
        }
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Token(_) => "Token(***)",
            Self::Certificate(_) => "Certificate(***)",
            Self::Exec { .. } => "Exec(***)",
        })
    }
}
