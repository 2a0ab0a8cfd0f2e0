//! From what people write about a cluster to a [`Cluster`].
//!
//! Nothing here reads an environment variable or looks into a home folder: products pass in what they found there.
//! Files are read and credentials checked for their form when [`connect`] is called; the network is not touched, and no
//! plugin is run, before the first request.

mod exec;
mod exposed;
mod issued;
mod kubeconfig;
mod pem;
mod proxy;

use std::{collections::BTreeMap, io, path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use kube::config::AuthInfo;
use serde_json::{Value, json};

use self::proxy::Named;
pub(crate) use self::{exec::Credential, proxy::Proxy};
pub use self::{
    exec::{Exec, ExecError},
    exposed::exposed,
    issued::{IssueError, Issued, IssuedBy, Issuer},
    proxy::Proxies,
};
use crate::{Cluster, Error, Place, Secret};

/// How to reach a cluster and who to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// By kubeconfig files.
    Kubeconfig(Kubeconfig),
    /// By address and credential.
    Direct(Box<Direct>),
    /// By what an issuer says when the first request is made, and again before its credential expires.
    Issued(IssuedBy),
}

/// Kubeconfig files and what is chosen from them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kubeconfig {
    /// The files, merged as kubectl does: for each entry the first file that has it wins. One that does not exist is
    /// skipped when there are others.
    pub paths: Vec<PathBuf>,
    /// The context; by default the current context of the first file that names one.
    pub context: Option<String>,
    /// A cluster entry instead of the context's.
    pub cluster: Option<String>,
    /// A user entry instead of the context's.
    pub user: Option<String>,
    /// A proxy, where the cluster entry names none: `http://`, `https://` or `socks5://`, with user and password where it wants them.
    pub proxy_url: Option<Secret>,
}

/// An address and a credential, without a kubeconfig.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Direct {
    /// The address of the API server, such as `https://10.0.0.1:6443`.
    pub host: String,
    /// A bearer token.
    pub token: Option<Secret>,
    /// The certificates of the authority that signed the server's certificate: PEM, or base64 of PEM. By default the
    /// authorities that the system trusts.
    pub cluster_ca_certificate: Option<String>,
    /// A client certificate: PEM, or base64 of PEM.
    pub client_certificate: Option<String>,
    /// The key of the client certificate: PEM, or base64 of PEM.
    pub client_key: Option<Secret>,
    /// The name that the server's certificate must have, when it is not the host of the address.
    pub tls_server_name: Option<String>,
    /// Accepts any certificate of the server.
    pub insecure: bool,
    /// A proxy: `http://`, `https://` or `socks5://`, with user and password where it wants them.
    pub proxy_url: Option<Secret>,
    /// A credential plugin.
    pub exec: Option<Exec>,
}

impl Connection {
    /// By kubeconfig files, and a context other than the current one.
    pub fn kubeconfig<P: Into<PathBuf>>(paths: impl IntoIterator<Item = P>, context: Option<&str>) -> Self {
        Self::Kubeconfig(Kubeconfig {
            paths: paths.into_iter().map(Into::into).collect(),
            context: context.map(str::to_owned),
            ..Kubeconfig::default()
        })
    }

    /// By address and credential.
    pub fn direct(direct: Direct) -> Self {
        Self::Direct(Box::new(direct))
    }

    /// By an issuer.
    pub fn issued(issuer: impl Issuer) -> Self {
        Self::Issued(IssuedBy::new(issuer))
    }
}

/// How long things may take and how often they are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the first packet to a TLS connection. Default 10 s.
    pub connect: Duration,
    /// One request, with all its repetitions and with the credential plugin before it. Default 30 s.
    pub request: Duration,
    /// How often a request is sent at most, when the server is busy (429, 5xx) or the connection breaks. Default 6.
    pub attempts: u32,
    /// How many requests are under way at once; the others wait for their turn within their time. Watches do not count. Default 50.
    pub in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(30),
            attempts: 6,
            in_flight: 50,
        }
    }
}

/// Reads and checks a connection. No request is made, so this works while the cluster is out of reach.
///
/// Must be called in a tokio runtime.
///
/// # Errors
///
/// [`Error::Config`], which says what is wrong with the files, the context, the address or the form of a credential.
pub async fn connect(connection: &Connection, limits: Limits) -> Result<Cluster, Error> {
    connect_among(connection, limits, &Proxies::default()).await
}

/// As [`connect`], through a proxy of the environment where the connection names none.
///
/// # Errors
///
/// Those of [`connect`]; a proxy whose address is not one is among them.
pub async fn connect_among(
    connection: &Connection,
    limits: Limits,
    proxies: &Proxies,
) -> Result<Cluster, Error> {
    let road = match connection {
        Connection::Kubeconfig(choice) => Road::Written(Box::new(kubeconfig::load(choice, proxies)?)),
        Connection::Direct(direct) => Road::Written(Box::new(from_direct(direct, proxies)?)),
        Connection::Issued(issuer) => Road::Issued(issuer.clone(), proxies.clone()),
    };
    Ok(Cluster::new(road, limits))
}

/// How a cluster is come to.
#[derive(Clone)]
pub(crate) enum Road {
    /// All of it was written down.
    Written(Box<Session>),
    /// It is asked for, and may be behind a proxy of the environment.
    Issued(IssuedBy, Proxies),
}

/// All that is needed to open a client: checked and free of files, except a token file, which is read again and again.
#[derive(Clone)]
pub(crate) struct Session {
    pub place: Place,
    pub namespace: Option<String>,
    uri: http::Uri,
    authorities: Option<Vec<Vec<u8>>>,
    insecure: bool,
    tls_server_name: Option<String>,
    pub proxy: Option<Proxy>,
    auth: AuthInfo,
    pub exec: Option<Exec>,
    told: Value,
}

impl Session {
    /// Opens a client, with the credential of the plugin where there is one.
    pub fn client(
        &self,
        credential: Option<&Credential>,
        limits: &Limits,
    ) -> Result<kube::Client, kube::Error> {
        let mut config = kube::Config::new(self.uri.clone());
        config.root_cert.clone_from(&self.authorities);
        config.accept_invalid_certs = self.insecure;
        config.tls_server_name.clone_from(&self.tls_server_name);
        config.auth_info = self.auth.clone();
        // The client library sends a file's text as it is, and editors end files with a line feed. What cannot be read it reports itself.
        if let Some(text) = self.auth.token_file.as_ref().and_then(|path| std::fs::read_to_string(path).ok())
        {
            config.auth_info.token = Some(text.trim().to_owned().into());
            config.auth_info.token_file = None;
        }
        if let Some(credential) = credential {
            if let Some(token) = &credential.token {
                config.auth_info.token = Some(token.reveal().to_owned().into());
            }
            if let Some((certificate, key)) = &credential.identity {
                set_identity(&mut config.auth_info, certificate, key);
            }
        }
        config.connect_timeout = Some(limits.connect);
        config.read_timeout = None;
        // Repeating is done here, where Retry-After, the time left and a request to stop are known.
        config.default_retry = false;
        match &self.proxy {
            Some(proxy) => proxy.client(config),
            None => kube::Client::try_from(config),
        }
    }

    /// Whether the credential may be another one the next time it is looked for.
    pub fn renews(&self) -> bool {
        self.exec.is_some() || self.auth.token_file.is_some()
    }

    /// What a plugin that asks for it is told about the cluster.
    pub fn cluster_info(&self) -> &Value {
        &self.told
    }
}

fn set_identity(auth: &mut AuthInfo, certificate: &Secret, key: &Secret) {
    // The client library takes the two as base64 of PEM.
    auth.client_certificate_data = Some(STANDARD.encode(certificate.reveal()));
    auth.client_key_data = Some(STANDARD.encode(key.reveal()).into());
}

/// What both ways of connecting come to before it is checked; `*_field` say how people called it.
struct Parts {
    server: String,
    server_field: String,
    context: Option<String>,
    namespace: Option<String>,
    authorities: Option<(String, Secret)>,
    identity: Option<Identity>,
    tls_server_name: Option<String>,
    insecure: bool,
    disable_compression: bool,
    proxy: Option<Named>,
    auth: AuthInfo,
    exec: Option<Exec>,
    /// What the cluster entry holds for the plugin alone.
    plugin_config: Value,
}

struct Identity {
    certificate_field: String,
    certificate: Secret,
    key_field: String,
    key: Secret,
}

impl Parts {
    fn check(self, proxies: &Proxies) -> Result<Session, ConfigError> {
        if let Some(exec) = &self.exec {
            exec.check()?;
        }
        let uri = address(&self.server_field, &self.server, &["https", "http"])?;
        let proxy = match &self.proxy {
            Some(named) => Some(Proxy::named(named)?),
            None => proxies.to(&uri)?,
        };
        let told = self.told();
        if self.insecure && self.authorities.is_some() {
            return Err(ConfigError::InsecureWithAuthority { server: self.server });
        }
        let authorities =
            self.authorities.map(|(field, bundle)| pem::authorities(&field, &bundle)).transpose()?;
        let mut auth = self.auth;
        if let Some(identity) = self.identity {
            pem::certificates(&identity.certificate_field, &identity.certificate)?;
            pem::private_key(&identity.key_field, &identity.key)?;
            set_identity(&mut auth, &identity.certificate, &identity.key);
        }
        let server = self.server.trim_end_matches('/').to_owned();
        Ok(Session {
            place: Place::new(server, self.context),
            namespace: self.namespace,
            uri,
            authorities,
            insecure: self.insecure,
            tls_server_name: self.tls_server_name,
            proxy,
            auth,
            exec: self.exec,
            told,
        })
    }

    /// The Cluster of an ExecCredential, specified at
    /// <https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-Cluster>.
    fn told(&self) -> Value {
        let mut told = json!({ "server": self.server, "config": self.plugin_config });
        if let Some(name) = &self.tls_server_name {
            told["tls-server-name"] = json!(name);
        }
        if self.insecure {
            told["insecure-skip-tls-verify"] = json!(true);
        }
        if let Some((_, authorities)) = &self.authorities {
            told["certificate-authority-data"] = json!(STANDARD.encode(authorities.reveal()));
        }
        if let Some(proxy) = &self.proxy {
            told["proxy-url"] = json!(proxy.url.reveal());
        }
        if self.disable_compression {
            told["disable-compression"] = json!(true);
        }
        told
    }
}

fn from_direct(direct: &Direct, proxies: &Proxies) -> Result<Session, ConfigError> {
    let certificate = direct
        .client_certificate
        .as_deref()
        .map(|text| pem::pem_or_base64("client_certificate", text))
        .transpose()?;
    let key =
        direct.client_key.as_ref().map(|key| pem::pem_or_base64("client_key", key.reveal())).transpose()?;
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Identity {
            certificate_field: "client_certificate".to_owned(),
            certificate,
            key_field: "client_key".to_owned(),
            key,
        }),
        (None, None) => None,
        (Some(_), None) => return Err(half("client_certificate", "client_key")),
        (None, Some(_)) => return Err(half("client_key", "client_certificate")),
    };
    let authorities = direct
        .cluster_ca_certificate
        .as_deref()
        .map(|text| {
            Ok(("cluster_ca_certificate".to_owned(), pem::pem_or_base64("cluster_ca_certificate", text)?))
        })
        .transpose()?;
    let token = direct.token.as_ref().map(|token| token.reveal().to_owned().into());
    Parts {
        server: direct.host.clone(),
        server_field: "host".to_owned(),
        context: None,
        namespace: None,
        authorities,
        identity,
        tls_server_name: direct.tls_server_name.clone(),
        insecure: direct.insecure,
        disable_compression: false,
        proxy: named(direct.proxy_url.as_ref()),
        auth: AuthInfo { token, ..AuthInfo::default() },
        exec: direct.exec.clone(),
        plugin_config: Value::Null,
    }
    .check(proxies)
}

/// A proxy as the argument of a connection.
fn named(proxy_url: Option<&Secret>) -> Option<Named> {
    let url = proxy_url.filter(|url| !url.reveal().is_empty())?;
    Some(Named { field: "proxy_url".to_owned(), url: url.clone() })
}

fn half(given: &str, missing: &str) -> ConfigError {
    ConfigError::HalfAnIdentity { given: given.to_owned(), missing: missing.to_owned() }
}

/// Reads an address. One that holds a user or password is refused, since addresses are shown.
fn address(field: &str, text: &str, schemes: &'static [&'static str]) -> Result<http::Uri, ConfigError> {
    let wrong = |why: &'static str| ConfigError::Address { field: field.to_owned(), why };
    if text.is_empty() {
        return Err(wrong("it is empty"));
    }
    let uri = text.parse::<http::Uri>().map_err(|_| wrong("it is not a URL"))?;
    let scheme = uri.scheme_str().unwrap_or_default();
    if !schemes.contains(&scheme) {
        return Err(wrong("it does not begin with https:// or http://"));
    }
    match uri.authority() {
        Some(authority) if authority.as_str().contains('@') => Err(wrong("it holds a user or a password")),
        Some(authority) if !authority.host().is_empty() => Ok(uri),
        _ => Err(wrong("it has no host")),
    }
}

/// What is wrong with a connection as it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A kubeconfig cannot be read.
    #[error("cannot read the kubeconfig {path}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// None of several kubeconfigs exists.
    #[error("none of these kubeconfigs exists: {}", files(.paths))]
    NoneExists {
        /// The files.
        paths: Vec<PathBuf>,
    },
    /// A file is not a kubeconfig.
    #[error("{path} is not a kubeconfig: {why}", path = .path.display())]
    NotAKubeconfig {
        /// The file.
        path: PathBuf,
        /// Where and why; never quotes the file, which holds credentials.
        why: String,
    },
    /// The kubeconfigs name no context at all.
    #[error("no context in {}", files(.paths))]
    NoContexts {
        /// The files that were read.
        paths: Vec<PathBuf>,
    },
    /// Which context is meant is not said: none is current.
    #[error("no current context in {}; its contexts: {}", files(.paths), .known.join(", "))]
    NoCurrentContext {
        /// The files that were read.
        paths: Vec<PathBuf>,
        /// The contexts that exist.
        known: Vec<String>,
    },
    /// The context does not exist.
    #[error("no context {context} in {}; its contexts: {}", files(.paths), .known.join(", "))]
    NoSuchContext {
        /// The files that were read.
        paths: Vec<PathBuf>,
        /// The context that was asked for, or is current.
        context: String,
        /// The contexts that exist.
        known: Vec<String>,
    },
    /// The context names a cluster or a user that does not exist.
    #[error("context {context} names the {entry} {name}, which is not in {}", files(.paths))]
    NoSuchEntry {
        /// The files that were read.
        paths: Vec<PathBuf>,
        /// The context.
        context: String,
        /// `cluster` or `user`.
        entry: &'static str,
        /// The name of the missing entry.
        name: String,
    },
    /// A file that a kubeconfig names cannot be read.
    #[error("cannot read {path}, the {field}", path = .path.display())]
    UnreadableFile {
        /// What names the file, such as `certificate-authority of cluster dev`.
        field: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A text is not base64.
    #[error("the {field} is neither PEM nor base64")]
    NotBase64 {
        /// What holds the text.
        field: String,
    },
    /// A text does not hold what it should in PEM.
    #[error("the {field} does not hold {wanted}")]
    NotPem {
        /// What holds the text.
        field: String,
        /// What it should hold.
        wanted: &'static str,
    },
    /// A client certificate without its key, or the reverse.
    #[error("the {given} is given without the {missing}")]
    HalfAnIdentity {
        /// What is there.
        given: String,
        /// What is not.
        missing: String,
    },
    /// An address is not one.
    #[error("the {field} is not the address of a server: {why}")]
    Address {
        /// What holds the address.
        field: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The address of a proxy is not one. It is not shown: it may hold a password.
    #[error("the {field} is not the address of a proxy: {why}")]
    Proxy {
        /// What holds the address.
        field: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A kubeconfig gives one thing in two ways, which kubectl refuses too.
    #[error("the {field} is given twice, as a file and as {field}-data, for {entry}: only one can be meant")]
    Twice {
        /// What is given, such as `certificate-authority`.
        field: &'static str,
        /// The entry, such as `cluster dev`.
        entry: String,
    },
    /// A user entry gives a token, and a name or a password too, which kubectl refuses.
    #[error("user {user} authenticates by a token and by a name with a password: only one can be meant")]
    TwoWays {
        /// The user entry.
        user: String,
    },
    /// A user entry asks for a part of another user without naming one, which kubectl refuses.
    #[error("user {user} has {field} and no `as`, so nobody is named to act for")]
    ImpersonatesNobody {
        /// The user entry.
        user: String,
        /// What it has, such as `as-groups`.
        field: &'static str,
    },
    /// Any certificate is to be accepted, and an authority is given.
    #[error(
        "an authority is given for {server}, and its certificate is not to be verified: only one can be meant"
    )]
    InsecureWithAuthority {
        /// The address.
        server: String,
    },
    /// A way of authenticating that is not supported.
    #[error("user {user} authenticates by {way}, which is not supported")]
    Unsupported {
        /// The user entry.
        user: String,
        /// How it authenticates.
        way: String,
    },
    /// A credential plugin speaks a version of the protocol that is not supported.
    #[error(
        "the credential plugin {command} is to speak {version}; supported are client.authentication.k8s.io/v1 and client.authentication.k8s.io/v1beta1"
    )]
    ExecVersion {
        /// The program.
        command: String,
        /// The version, as it was given; may be empty.
        version: String,
    },
    /// TLS does not take the certificate and key together.
    #[error("the credential for {server} is not usable")]
    Client {
        /// The address.
        server: String,
        /// What the client library said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn files(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Reads the variables of a plugin from what a kubeconfig holds.
fn variables(env: &[std::collections::HashMap<String, String>]) -> BTreeMap<String, Secret> {
    env.iter()
        .filter_map(|entry| Some((entry.get("name")?.clone(), Secret::new(entry.get("value")?.as_str()))))
        .collect()
}
