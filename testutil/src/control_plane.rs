//! A real Kubernetes control plane on loopback: etcd, kube-apiserver and, by [`Size`], what makes
//! Deployments run and Flux reconcile.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Namespace, Node, ServiceAccount};
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::Error;
use crate::flux_controllers::FluxControllers;
use crate::kubeconfig::{Kubeconfig, User};
use crate::machine::{free_port, secret};
use crate::pki::Pki;
use crate::processes::{Process, Program, Scope};
use crate::tools::{self, Tool};
use crate::wait::{block_on, until_async};

/// How long a start may take; a slow machine that does other work needs much of it.
const LIMIT: Duration = Duration::from_secs(120);

/// How much of a cluster a test needs. The smallest that can fail is the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// etcd and kube-apiserver: objects, validation, server-side apply, RBAC. Deleted namespaces stay.
    Api,
    /// Also kube-controller-manager, kube-scheduler and kwok with one simulated node: Deployments become
    /// Available, Jobs complete, namespaces and owned objects go away.
    Nodes,
    /// Also the real Flux controllers, as soon as their Deployments in flux-system are Available.
    Flux,
}

/// What a control plane is made of, where that is not the usual.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How much of a cluster.
    pub size: Size,
    /// The authority that signs its certificate; a new one without.
    pub pki: Option<Pki>,
    /// A kubeconfig of who is asked about tokens that the API server does not know. A yes is remembered for ten seconds, which no flag
    /// of kube-apiserver changes.
    pub token_webhook: Option<PathBuf>,
}

/// A running control plane; dropping it ends all its processes and removes its files.
///
/// Where the test that drops it panics, the last lines of all logs are shown.
pub struct ControlPlane {
    size: Size,
    server: String,
    pki: Pki,
    token: String,
    unprivileged_token: String,
    kubeconfig_path: PathBuf,
    ca_path: PathBuf,
    // In the order of their ends: the last one started first.
    flux: Option<FluxControllers>,
    processes: Vec<Process>,
    scope: Scope,
}

impl ControlPlane {
    /// Starts a control plane and waits until it is ready.
    ///
    /// # Errors
    /// [`Error::Tool`] when a program is missing, [`Error::NotReady`] with the ends of the logs when the
    /// control plane does not come up.
    pub fn start(size: Size) -> Result<Self, Error> {
        Self::start_with(Setup { size, pki: None, token_webhook: None })
    }

    /// Starts a control plane that is not the usual one.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub fn start_with(setup: Setup) -> Result<Self, Error> {
        let Setup { size, pki, token_webhook } = setup;
        let program = Tool::ControlPlane.path()?;
        let scope = Scope::new("control-plane")?;
        let pki = pki.map_or_else(Pki::new, Ok)?;
        let server = format!("https://127.0.0.1:{}", free_port()?);
        let token = secret()?;
        let kubeconfig = Kubeconfig::new(&server, Some(&pki.ca_pem()), User::Token(token.clone()));
        let mut plane = Self {
            size,
            server,
            token,
            unprivileged_token: secret()?,
            kubeconfig_path: scope.write("kubeconfig", kubeconfig.to_string())?,
            ca_path: scope.write("ca.crt", pki.ca_pem())?,
            pki,
            flux: None,
            processes: Vec::new(),
            scope,
        };
        plane.start_api(&program, token_webhook.as_deref())?;
        if size >= Size::Nodes {
            plane.start_nodes(&program)?;
        }
        if size >= Size::Flux {
            plane.flux = Some(FluxControllers::follow(&plane, "flux-system")?);
        }
        Ok(plane)
    }

    /// Returns the control plane of this size that all tests of this process share, and starts it for the
    /// first of them. It ends with the process.
    ///
    /// # Errors
    /// As [`ControlPlane::start`]; the next caller tries again.
    pub fn shared(size: Size) -> Result<Shared, Error> {
        static PLANES: [Mutex<Option<&'static ControlPlane>>; 3] = [const { Mutex::new(None) }; 3];
        let mut plane = PLANES[size as usize].lock().unwrap_or_else(PoisonError::into_inner);
        let started = match *plane {
            Some(started) => started,
            None => Box::leak(Box::new(Self::start(size)?)),
        };
        *plane = Some(started);
        Ok(Shared(started))
    }

    /// Returns what it consists of.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// Returns the URL of the API server.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Returns the certificate authority that the API server and all clients trust.
    #[must_use]
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// Returns the authority's certificate, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.pki.ca_pem()
    }

    /// Returns the file with the authority's certificate.
    #[must_use]
    pub fn ca_path(&self) -> &Path {
        &self.ca_path
    }

    /// Returns the bearer token of a user in the group system:masters.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the bearer token of the user `nobody`, who is known and may do nothing.
    #[must_use]
    pub fn unprivileged_token(&self) -> &str {
        &self.unprivileged_token
    }

    /// Returns the administrator's kubeconfig, to be used as it is or to be bent.
    #[must_use]
    pub fn kubeconfig(&self) -> Kubeconfig {
        Kubeconfig::new(&self.server, Some(&self.ca_pem()), User::Token(self.token.clone()))
    }

    /// Returns the file with the administrator's kubeconfig.
    #[must_use]
    pub fn kubeconfig_path(&self) -> &Path {
        &self.kubeconfig_path
    }

    /// Writes a kubeconfig to a file of its own.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn write_kubeconfig(&self, kubeconfig: &Kubeconfig) -> PathBuf {
        let name = self.scope.fresh_path("kubeconfig");
        let name = name.file_name().unwrap_or_default().to_string_lossy();
        self.scope.write(&name, kubeconfig.to_string()).expect("a kubeconfig can be written")
    }

    /// Returns a new client of the administrator. It belongs to the tokio runtime it is made in.
    ///
    /// # Panics
    /// Where no tokio runs.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        self.kubeconfig().client().expect("a client can be made")
    }

    /// Creates a namespace whose name begins with `prefix` and that nobody else uses.
    ///
    /// # Panics
    /// When it cannot be created.
    #[must_use]
    pub fn namespace(&self, prefix: &str) -> String {
        block_on(|| self.create_namespace(prefix)).expect("a namespace can be created")
    }

    /// Asks for a token of a ServiceAccount, valid for ten hours.
    ///
    /// # Errors
    /// When the ServiceAccount does not exist.
    pub fn issue_token(&self, namespace: &str, service_account: &str) -> Result<String, Error> {
        block_on(async || issue_token(self.kubeconfig().client()?, namespace, service_account).await)
    }

    /// Returns the Flux controllers, in [`Size::Flux`].
    #[must_use]
    pub fn flux(&self) -> Option<&FluxControllers> {
        self.flux.as_ref()
    }

    /// Returns the last lines of all logs, each under its name.
    #[must_use]
    pub fn logs(&self) -> String {
        let flux = self.flux.iter().map(FluxControllers::logs);
        self.processes.iter().map(Process::log_end).chain(flux).collect()
    }

    /// Returns the names and ids of the control plane's processes.
    #[must_use]
    pub fn processes(&self) -> Vec<(String, u32)> {
        self.processes.iter().map(|process| (process.name().to_owned(), process.pid())).collect()
    }

    /// Returns the temporary folder, in which others can put files that end with the control plane.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    fn start_api(&mut self, program: &Path, token_webhook: Option<&Path>) -> Result<(), Error> {
        let key = Pki::service_account_key()?;
        let serving = self.pki.serving_certificate()?;
        let tokens = format!(
            "{},admin,admin,\"system:masters\"\n{},nobody,nobody\n",
            self.token, self.unprivileged_token
        );
        let etcd_url = format!("http://127.0.0.1:{}", free_port()?);
        let port = self.server.rsplit(':').next().unwrap_or_default();
        let etcd = Program::new("etcd", program)
            .arg("etcd")
            .flag("data-dir", self.scope.subfolder("etcd")?)
            .arg("--unsafe-no-fsync")
            .flag("listen-client-urls", &etcd_url)
            .flag("advertise-client-urls", &etcd_url)
            // It has no peers; the port only has to be one.
            .flag("listen-peer-urls", "http://127.0.0.1:0")
            .flag("initial-advertise-peer-urls", "http://127.0.0.1:0")
            .flag("initial-cluster", "default=http://127.0.0.1:0")
            .flag("log-level", "warn");
        let mut apiserver = Program::new("kube-apiserver", program)
            .arg("kube-apiserver")
            .flag("etcd-servers", &etcd_url)
            .flag("bind-address", "127.0.0.1")
            .flag("secure-port", port)
            .flag("advertise-address", "127.0.0.1")
            .flag("endpoint-reconciler-type", "none")
            .flag("cert-dir", self.scope.subfolder("apiserver")?)
            .flag("tls-cert-file", self.scope.write("apiserver.crt", &serving.certificate_pem)?)
            .flag("tls-private-key-file", self.scope.write("apiserver.key", &serving.key_pem)?)
            .flag("client-ca-file", &self.ca_path)
            .flag("token-auth-file", self.scope.write("tokens.csv", tokens)?)
            .flag("authorization-mode", "RBAC")
            .flag("allow-privileged", "true")
            .flag("service-cluster-ip-range", "10.0.0.0/24")
            .flag("service-account-issuer", "https://kubernetes.default.svc")
            .flag("service-account-key-file", self.scope.write("service-account.pub", &key.public_pem)?)
            .flag(
                "service-account-signing-key-file",
                self.scope.write("service-account.key", &key.private_pem)?,
            )
            .flag("enable-priority-and-fairness", "false");
        if let Some(webhook) = token_webhook {
            apiserver = apiserver
                .flag("authentication-token-webhook-config-file", webhook)
                .flag("authentication-token-webhook-version", "v1")
                .flag("authentication-token-webhook-cache-ttl", "1ms");
        }
        if self.size == Size::Api {
            // No controller makes the namespaces' default ServiceAccounts, without which it refuses Pods.
            apiserver = apiserver.flag("disable-admission-plugins", "ServiceAccount");
        }
        for program in [etcd, apiserver] {
            self.processes.push(self.scope.spawn(&program)?);
        }
        block_on(|| self.wait_until_ready())
    }

    fn start_nodes(&mut self, program: &Path) -> Result<(), Error> {
        let with_kubeconfig = |name: &str| {
            Program::new(name, program)
                .arg(name)
                .flag("kubeconfig", &self.kubeconfig_path)
                .flag("authentication-kubeconfig", &self.kubeconfig_path)
                .flag("authorization-kubeconfig", &self.kubeconfig_path)
                .flag("leader-elect", "false")
                .flag("bind-address", "127.0.0.1")
                .flag("secure-port", "0")
                .flag("kube-api-qps", "200")
                .flag("kube-api-burst", "400")
        };
        let controllers = with_kubeconfig("kube-controller-manager")
            .flag("service-account-private-key-file", self.scope.folder().join("service-account.key"))
            .flag("root-ca-file", &self.ca_path);
        let scheduler = with_kubeconfig("kube-scheduler");
        let kwok = Program::new("kwok", Tool::Kwok.path()?)
            .flag("kubeconfig", &self.kubeconfig_path)
            .flag("manage-all-nodes", "true")
            // Without leases the node is NotReady after a while, and its Pods for ever.
            .flag("node-lease-duration-seconds", "40")
            .flag("config", tools::kwok_stages()?)
            .env("HOME", self.scope.folder());
        for program in [controllers, scheduler, kwok] {
            self.processes.push(self.scope.spawn(&program)?);
        }
        block_on(|| self.make_node()).map_err(|error| match error {
            Error::NotReady { what, waited, last, .. } => self.not_ready(what, waited, last),
            error => error,
        })
    }

    /// Waits until all of the API server's own checks pass and its first namespaces are there.
    async fn wait_until_ready(&self) -> Result<(), Error> {
        let mut config = self.kubeconfig().config()?;
        // This is the loop that tries again.
        config.default_retry = false;
        let client = kube::Client::try_from(config).map_err(Error::api("no client can be made"))?;
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let check = async || {
            let request = http::Request::get("/readyz").body(Vec::new()).map_err(kube::Error::HttpError)?;
            client.request_text(request).await?;
            namespaces.get("default").await.map(|_| ())
        };
        let started = Instant::now();
        loop {
            let Err(error) = check().await else { return Ok(()) };
            let ended = self.processes.iter().find(|process| process.exited().is_some());
            if ended.is_some() || started.elapsed() > LIMIT {
                let last = ended.map_or(error.to_string(), |process| format!("{} has ended", process.name()));
                return Err(self.not_ready("a ready kube-apiserver".into(), started.elapsed(), last));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Makes the one node and waits until it takes Pods and the controllers work.
    async fn make_node(&self) -> Result<(), Error> {
        let client = self.kubeconfig().client()?;
        let node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": "node-1",
                "annotations": { "kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0" },
                "labels": {
                    "kubernetes.io/arch": "amd64",
                    "kubernetes.io/hostname": "node-1",
                    "kubernetes.io/os": "linux",
                },
            },
            "status": {
                "allocatable": { "cpu": "64", "memory": "256Gi", "pods": "1000" },
                "capacity": { "cpu": "64", "memory": "256Gi", "pods": "1000" },
            },
        });
        let node: Node = serde_json::from_value(node).expect("the node is one");
        let nodes: Api<Node> = Api::all(client.clone());
        nodes.create(&PostParams::default(), &node).await.map_err(Error::api("no node can be made"))?;
        until_async("a ready node", LIMIT, async || {
            let node = nodes.get("node-1").await.map_err(|error| error.to_string())?;
            let taints = node.spec.and_then(|spec| spec.taints).unwrap_or_default();
            let conditions = node.status.and_then(|status| status.conditions).unwrap_or_default();
            match conditions.iter().any(|it| it.type_ == "Ready" && it.status == "True") {
                true if taints.is_empty() => Ok(()),
                _ => Err(format!("taints {taints:?}, conditions {conditions:?}")),
            }
        })
        .await?;
        default_service_account(client, "default").await
    }

    async fn create_namespace(&self, prefix: &str) -> Result<String, Error> {
        let client = self.kubeconfig().client()?;
        let failed = || format!("the namespace {prefix}-... cannot be created");
        let namespace = json!({ "metadata": { "generateName": format!("{prefix}-") } });
        let namespace: Namespace = serde_json::from_value(namespace).expect("the namespace is one");
        let created = Api::all(client.clone()).create(&PostParams::default(), &namespace).await;
        let name = created.map_err(Error::api(failed()))?.metadata.name.unwrap_or_default();
        if self.size >= Size::Nodes {
            default_service_account(client, &name).await?;
        }
        Ok(name)
    }

    fn not_ready(&self, what: String, waited: Duration, last: String) -> Error {
        Error::NotReady { what, waited, last, logs: self.logs() }
    }
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ControlPlane")
            .field("size", &self.size)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
        self.flux = None;
        while self.processes.pop().is_some() {}
    }
}

/// The control plane that the tests of a process share; where the test that holds it panics, the last
/// lines of all logs are shown.
#[derive(Debug)]
pub struct Shared(&'static ControlPlane);

impl Deref for Shared {
    type Target = ControlPlane;

    fn deref(&self) -> &ControlPlane {
        self.0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0.logs());
        }
    }
}

/// Asks for a token of a ServiceAccount.
pub(crate) async fn issue_token(
    client: kube::Client,
    namespace: &str,
    service_account: &str,
) -> Result<String, Error> {
    let failed = format!("no token for the ServiceAccount {namespace}/{service_account}");
    let request = TokenRequest {
        spec: Some(TokenRequestSpec { expiration_seconds: Some(36_000), ..Default::default() }),
        ..Default::default()
    };
    let accounts: Api<ServiceAccount> = Api::namespaced(client, namespace);
    let answer = accounts.create_token_request(service_account, &PostParams::default(), &request).await;
    let status = answer.map_err(Error::api(failed))?.status;
    Ok(status.and_then(|status| status.token).unwrap_or_default())
}

/// Waits for the ServiceAccount without which Pods are refused.
async fn default_service_account(client: kube::Client, namespace: &str) -> Result<(), Error> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client, namespace);
    until_async(&format!("the ServiceAccount {namespace}/default"), LIMIT, async || {
        accounts.get("default").await.map(|_| ()).map_err(|error| error.to_string())
    })
    .await
}
