//! What a configured provider holds: its clusters and its gate, shared by all resources of the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use cluster::{Cluster, Connection, Limits, Proxies, Target};
use policy::{Gate, Settings};
use serde_json::Value as Json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    provider::Call,
    value::Value,
};

use crate::{
    config::{Config, Doks, Link},
    doks::DoksIssuer,
    explain,
};

/// The place where the provider puts its context and the resources find it. Cheap to clone.
///
/// A process may be configured more than once (by reattach), so resources ask anew in each call.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<RwLock<Option<Arc<Context>>>>);

impl Shared {
    /// Puts a new context in the place of the old one.
    pub fn set(&self, context: Context) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(context));
    }

    /// The context.
    ///
    /// # Errors
    /// A diagnostic where the provider was never configured, which no host does.
    pub fn get(&self) -> Result<Arc<Context>, Diagnostic> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| {
            Diagnostic::error(
                "The provider is not configured",
                "The host asked for a resource before it configured the provider.",
            )
        })
    }
}

/// What resources need to work.
#[derive(Debug)]
pub struct Context {
    default: Seat,
    named: BTreeMap<String, Seat>,
    named_unknown: bool,
    gate: Option<Gate>,
    /// Whether objects in state may be planned anew for another cluster.
    pub allow_cluster_change: bool,
    /// The uids of objects that were taken over in this run.
    adopted: Mutex<BTreeSet<String>>,
}

/// A cluster as far as it is known.
#[derive(Clone, Debug)]
enum Seat {
    Known(Cluster),
    Unknown,
    Unnamed,
}

/// The answer to the question for a cluster.
#[derive(Debug)]
pub enum Reach {
    /// There it is; nothing was asked of it yet.
    Known(Cluster),
    /// Its connection is known only after apply.
    Unknown,
    /// None was named.
    Unnamed(Diagnostic),
}

impl Reach {
    /// The same, whose requests stop when the call is told to.
    #[must_use]
    pub fn until(self, call: &Call) -> Self {
        match self {
            Self::Known(cluster) => Self::Known(cluster.until(&call.cancel)),
            other => other,
        }
    }
}

/// Says that a refresh asked nothing of a cluster, because its connection is known only after apply.
pub fn unseen() -> Diagnostic {
    Diagnostic::warning(
        "Not compared with the cluster",
        "The connection to the cluster is known only after apply. Until then nothing is asked of it or of another one: what was changed in it does not show, and the plan was checked without it.",
    )
}

impl Context {
    /// Makes connections and gate ready, and says what people should know of them. No request is made.
    ///
    /// # Errors
    /// Diagnostics on connections that cannot be used and on policy settings that name what does not exist.
    pub async fn new(config: Config) -> Result<(Self, Diagnostics), Diagnostics> {
        let mut seats = Seats { proxies: config.proxies, ..Seats::default() };
        let default = seats.seat(config.default, &AttributePath::root("kubernetes")).await;
        let mut named = BTreeMap::new();
        for (name, link) in config.named {
            let path = AttributePath::root("clusters").key(name.as_str());
            named.insert(name, seats.seat(link, &path).await);
        }
        let mut diagnostics = seats.diagnostics;
        let gate = match config.policy.map(gate).transpose() {
            Ok(gate) => gate,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                None
            }
        };
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        let context = Self {
            default,
            named,
            named_unknown: config.named_unknown,
            gate,
            allow_cluster_change: config.allow_cluster_change,
            adopted: Mutex::default(),
        };
        Ok((context, diagnostics))
    }

    /// Notes that an object that existed was taken over.
    pub fn adopt(&self, object: &Json) {
        if let Some(uid) = object["metadata"]["uid"].as_str() {
            self.adopted.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned());
        }
    }

    /// What there is to say instead of deleting the object of a state, which another entry of the state took over in this run: OpenTofu
    /// creates before it destroys where it is told to (`create_before_destroy`), and where a resource got another address.
    pub fn taken_over(&self, target: &Target, prior: &Value) -> Option<Diagnostic> {
        let uid = prior.get("uid").as_str()?;
        self.adopted.lock().unwrap_or_else(PoisonError::into_inner).contains(uid).then(|| {
            Diagnostic::warning(
                format!("{target} stays"),
                "It was to be deleted after it was taken over in the same run, by create_before_destroy or from another address in the configuration. It is managed there now. To give a resource another address, use a moved block.",
            )
        })
    }

    /// The gate; `None` while its settings are known only after apply.
    pub fn gate(&self) -> Option<&Gate> {
        self.gate.as_ref()
    }

    /// The cluster of a resource: the one that its attribute `cluster` names, else the default.
    pub fn cluster(&self, name: Option<&str>) -> Reach {
        let Some(name) = name else {
            return match &self.default {
                Seat::Known(cluster) => Reach::Known(cluster.clone()),
                Seat::Unknown => Reach::Unknown,
                Seat::Unnamed => Reach::Unnamed(Diagnostic::error(
                    "No cluster is named",
                    "Name one: kubernetes = { config_path = \"~/.kube/config\" } or doks = { cluster_name = \"dev\" } in the provider's configuration, or the variable KUBE_CONFIG_PATH. The current context of the default kubeconfig is never used silently.",
                )),
            };
        };
        match self.named.get(name) {
            Some(Seat::Known(cluster)) => Reach::Known(cluster.clone()),
            Some(Seat::Unknown) => Reach::Unknown,
            None if self.named_unknown => Reach::Unknown,
            Some(Seat::Unnamed) | None => {
                let known: Vec<_> = self.named.keys().map(String::as_str).collect();
                let known = if known.is_empty() {
                    "There are none".to_owned()
                } else {
                    format!("There are: {}", known.join(", "))
                };
                Reach::Unnamed(
                    Diagnostic::error(
                        "Unknown cluster",
                        format!("The provider's clusters have no {name:?}. {known}. Add it to clusters, or correct the name."),
                    )
                    .at(AttributePath::root("cluster")),
                )
            }
        }
    }
}

/// The clusters as they take their places.
#[derive(Default)]
struct Seats {
    /// Those of DigitalOcean: a cluster that is named twice has one credential.
    doks: Vec<(Doks, Cluster)>,
    proxies: Proxies,
    diagnostics: Diagnostics,
}

impl Seats {
    async fn seat(&mut self, link: Link, path: &AttributePath) -> Seat {
        let connection = match &link {
            Link::Unknown => return Seat::Unknown,
            Link::Unnamed => return Seat::Unnamed,
            Link::Known(connection) => connection.clone(),
            Link::Doks(doks) => {
                if let Some((_, cluster)) = self.doks.iter().find(|(known, _)| known == doks) {
                    return Seat::Known(cluster.clone());
                }
                match DoksIssuer::new(doks) {
                    Ok(issuer) => Connection::issued(issuer),
                    Err(error) => {
                        self.diagnostics.push(explain::digitalocean(&error).at(path.clone()));
                        return Seat::Unnamed;
                    }
                }
            }
        };
        for file in cluster::exposed(&connection) {
            self.diagnostics.push(Diagnostic::warning(
                "Others can read the kubeconfig",
                format!(
                    "The mode of {0} lets others on this machine read the credentials in it. Set it with `chmod 600 {0}`.",
                    file.display()
                ),
            ));
        }
        match cluster::connect_among(&connection, Limits::default(), &self.proxies).await {
            Ok(cluster) => {
                if let Link::Doks(doks) = link {
                    self.doks.push((doks, cluster.clone()));
                }
                Seat::Known(cluster)
            }
            Err(error) => {
                self.diagnostics.push(explain::error(&error).at(path.clone()));
                Seat::Unnamed
            }
        }
    }
}

fn gate(settings: Settings) -> Result<Gate, Diagnostic> {
    Gate::new(settings).map_err(|error| {
        Diagnostic::error(
            "The policy gate is shut",
            format!(
                "{}.\n\nCorrect policy in the provider's configuration. Nothing is applied without the gate.",
                explain::sentence(&error)
            ),
        )
        .at(AttributePath::root("policy"))
    })
}
