//! The real Flux controllers as processes of this machine that follow their Deployments.
//!
//! A simulated node runs no images, so each controller runs here, as its Pod would there: it starts when its
//! Deployment becomes Available, with the Deployment's arguments and a token of the ServiceAccount that the
//! Deployment's Pods have, and it ends when the Deployment is deleted or scaled to zero. So a chart with wrong
//! RBAC, a missing Deployment or a wrong order of deletion fails as on any cluster.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;

use crate::Error;
use crate::control_plane::{ControlPlane, issue_token};
use crate::kubeconfig::Kubeconfig;
use crate::machine::free_port;
use crate::processes::{Process, Program, Scope};
use crate::tools::Tool;

/// How often the Deployments are looked at.
const POLL: Duration = Duration::from_millis(300);
/// How long a controller that has ended waits for its next start, as after a crash in a cluster: they end at
/// once while their CRDs are not served.
const RESTART: Duration = Duration::from_secs(1);
/// The grace that the chart's Pods have.
const GRACE: Duration = Duration::from_secs(10);

struct Controller {
    /// Of the Deployment, and of the program's log.
    name: &'static str,
    tool: Tool,
    flags: &'static [&'static str],
    stores_artifacts: bool,
}

const CONTROLLERS: [Controller; 4] = [
    Controller {
        name: "source-controller",
        tool: Tool::SourceController,
        flags: &[],
        stores_artifacts: true,
    },
    Controller {
        name: "kustomize-controller",
        tool: Tool::KustomizeController,
        flags: &["--requeue-dependency=5s"],
        stores_artifacts: false,
    },
    Controller {
        name: "helm-controller",
        tool: Tool::HelmController,
        flags: &["--requeue-dependency=5s"],
        stores_artifacts: false,
    },
    Controller {
        name: "notification-controller",
        tool: Tool::NotificationController,
        // Here this flag says where it takes events, not where it sends them.
        flags: &["--events-addr=127.0.0.1:0", "--receiverAddr=127.0.0.1:0"],
        stores_artifacts: false,
    },
];

/// The Flux controllers of one control plane and namespace; dropping it ends them.
#[derive(Debug)]
pub struct FluxControllers {
    running: Arc<Mutex<Running>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FluxControllers {
    /// Begins to follow the Deployments in this namespace of the control plane.
    ///
    /// # Errors
    /// When a controller's program cannot be had.
    pub fn follow(plane: &ControlPlane, namespace: &str) -> Result<Self, Error> {
        for controller in &CONTROLLERS {
            controller.tool.path()?;
        }
        let running = Arc::new(Mutex::new(Running::default()));
        let follower = Follower {
            kubeconfig: plane.kubeconfig(),
            namespace: namespace.to_owned(),
            ca_path: plane.ca_path().to_owned(),
            scope: plane.scope().clone(),
            running: Arc::clone(&running),
        };
        let (stop, stopped) = mpsc::channel();
        let follow = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a tokio runtime can be made");
            let client =
                runtime.block_on(async { follower.kubeconfig.client() }).expect("a client can be made");
            while stopped.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                for controller in &CONTROLLERS {
                    if let Err(error) = runtime.block_on(follower.look(&client, controller)) {
                        lock(&follower.running).trouble.insert(controller.name, format!("{error:?}"));
                    }
                }
            }
        };
        let thread = thread::Builder::new()
            .name("flux-controllers".into())
            .spawn(follow)
            .map_err(Error::io("no thread for the Flux controllers"))?;
        Ok(Self { running, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the names and process ids of the controllers that run now.
    #[must_use]
    pub fn running(&self) -> Vec<(&'static str, u32)> {
        let running = lock(&self.running);
        let alive = running.controllers.iter().filter(|(_, started)| started.process.exited().is_none());
        alive.map(|(name, started)| (*name, started.process.pid())).collect()
    }

    /// Returns the last lines of the controllers' logs, also of those that have ended, and what kept one
    /// from starting.
    #[must_use]
    pub fn logs(&self) -> String {
        let running = lock(&self.running);
        let mut logs: String =
            running.controllers.values().map(|started| started.process.log_end()).collect();
        for ended in running.ended.values() {
            logs.push_str(ended);
        }
        for (name, trouble) in &running.trouble {
            logs.push_str(&format!("--- trouble with {name}\n{trouble}\n"));
        }
        logs
    }
}

impl Drop for FluxControllers {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        lock(&self.running).controllers.clear();
    }
}

#[derive(Debug, Default)]
struct Running {
    controllers: BTreeMap<&'static str, Started>,
    /// The last words of those that have ended.
    ended: BTreeMap<&'static str, String>,
    trouble: BTreeMap<&'static str, String>,
}

#[derive(Debug)]
struct Started {
    process: Process,
    pod: PodTemplate,
    at: Instant,
}

/// What of a Deployment makes its Pods be replaced when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PodTemplate {
    deployment_uid: Option<String>,
    service_account: String,
    args: Vec<String>,
}

struct Follower {
    kubeconfig: Kubeconfig,
    namespace: String,
    ca_path: std::path::PathBuf,
    scope: Scope,
    running: Arc<Mutex<Running>>,
}

impl Follower {
    async fn look(&self, client: &kube::Client, controller: &Controller) -> Result<(), Error> {
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), &self.namespace);
        let found = deployments.get_opt(controller.name).await;
        // While the API server does not answer, what runs goes on, as in a cluster.
        let deployment = found.map_err(Error::api("the Deployment cannot be read"))?;
        let wanted = deployment.as_ref().filter(|it| is_wanted(it)).map(|it| self.pod_template(it));
        let started = lock(&self.running).controllers.remove(controller.name);
        let next = match (started, wanted) {
            (Some(started), Some(pod)) if started.pod == pod => match started.process.exited() {
                Some(_) if started.at.elapsed() >= RESTART => {
                    self.note_end(controller, &started);
                    Some(self.start(client, controller, pod).await?)
                }
                _ => Some(started),
            },
            (started, wanted) => {
                if let Some(started) = started {
                    started.process.stop(GRACE);
                    self.note_end(controller, &started);
                }
                match wanted {
                    Some(pod) if deployment.as_ref().is_some_and(is_available) => {
                        Some(self.start(client, controller, pod).await?)
                    }
                    _ => None,
                }
            }
        };
        if let Some(started) = next {
            lock(&self.running).controllers.insert(controller.name, started);
        }
        Ok(())
    }

    fn note_end(&self, controller: &Controller, started: &Started) {
        lock(&self.running).ended.insert(controller.name, started.process.log_end());
    }

    async fn start(
        &self,
        client: &kube::Client,
        controller: &Controller,
        pod: PodTemplate,
    ) -> Result<Started, Error> {
        let token = issue_token(client.clone(), &self.namespace, &pod.service_account).await?;
        let kubeconfig = self.scope.fresh_path(controller.name);
        let name = format!("{}.kubeconfig", kubeconfig.file_name().unwrap_or_default().to_string_lossy());
        let kubeconfig = self.scope.write(&name, self.kubeconfig.clone().token(&token).to_string())?;
        let home = self.scope.subfolder(controller.name)?;
        let mut program = Program::new(controller.name, controller.tool.path()?)
            .args(&pod.args)
            // Of a flag that is given twice the last counts: what a Pod has for itself, a process shares.
            .args(["--metrics-addr=127.0.0.1:0", "--health-addr=127.0.0.1:0", "--events-addr="])
            .args(["--enable-leader-election=false", "--log-encoding=console"])
            .args(controller.flags)
            .env("KUBECONFIG", kubeconfig)
            .env("RUNTIME_NAMESPACE", &self.namespace)
            .env("SSL_CERT_FILE", &self.ca_path)
            .env("HOME", &home)
            .env("TMPDIR", &home)
            .folder(&home);
        if controller.stores_artifacts {
            let address = format!("127.0.0.1:{}", free_port()?);
            program = program
                .flag("storage-path", &home)
                .flag("storage-addr", &address)
                .flag("storage-adv-addr", &address);
        }
        let process = self.scope.spawn(&program)?;
        lock(&self.running).trouble.remove(controller.name);
        Ok(Started { process, pod, at: Instant::now() })
    }

    fn pod_template(&self, deployment: &Deployment) -> PodTemplate {
        let pod = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
        let account = pod.and_then(|pod| pod.service_account_name.clone());
        let args = pod.and_then(|pod| pod.containers.first()).and_then(|container| container.args.clone());
        let args = args.unwrap_or_default();
        PodTemplate {
            deployment_uid: deployment.metadata.uid.clone(),
            service_account: account.unwrap_or_else(|| "default".into()),
            args: args.iter().map(|arg| arg.replace("$(RUNTIME_NAMESPACE)", &self.namespace)).collect(),
        }
    }
}

/// Whether its Pods are to run: it is there and not scaled to zero.
fn is_wanted(deployment: &Deployment) -> bool {
    let replicas = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    deployment.metadata.deletion_timestamp.is_none() && replicas > 0
}

fn is_available(deployment: &Deployment) -> bool {
    let Some(status) = &deployment.status else { return false };
    let seen = status.observed_generation >= deployment.metadata.generation;
    let conditions = status.conditions.as_deref().unwrap_or_default();
    seen && conditions.iter().any(|condition| condition.type_ == "Available" && condition.status == "True")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
