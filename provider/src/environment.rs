//! What the provider takes from its environment: the variables that name a connection or a proxy, and the home folder.
//!
//! The libraries below never look; they are given this as values.

use std::{collections::BTreeMap, path::PathBuf};

use cluster::{Proxies, Secret};

/// The variables that stand for one attribute each where the configuration leaves it out. The first ones are those of the providers for
/// Kubernetes and Helm, the next those of the provider for DigitalOcean; the last is our own.
const NAMES: [&str; 14] = [
    "KUBE_HOST",
    "KUBE_TOKEN",
    "KUBE_CLUSTER_CA_CERT_DATA",
    "KUBE_CLIENT_CERT_DATA",
    "KUBE_CLIENT_KEY_DATA",
    "KUBE_TLS_SERVER_NAME",
    "KUBE_INSECURE",
    "KUBE_PROXY_URL",
    "KUBE_CTX",
    "KUBE_CTX_CLUSTER",
    "KUBE_CTX_AUTH_INFO",
    "DIGITALOCEAN_TOKEN",
    "DIGITALOCEAN_API_URL",
    REPOSITORY_PASSWORD,
];

/// The password for the user of a chart repository, where the configuration names the user and no password.
pub const REPOSITORY_PASSWORD: &str = "FLUXGATE_REPOSITORY_PASSWORD";

/// The variables that name a connection where the configuration does not.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Kubeconfigs: KUBE_CONFIG_PATHS, else KUBE_CONFIG_PATH, else KUBECONFIG.
    pub kubeconfigs: Vec<PathBuf>,
    /// Those that stand for one attribute each, by their names.
    values: BTreeMap<&'static str, Secret>,
    /// The proxies that clusters may be behind.
    pub proxies: Proxies,
    /// The home folder, for paths that begin with `~/`.
    pub home: Option<PathBuf>,
}

impl Environment {
    /// Reads the variables of this process. One that is set to nothing counts as not set.
    pub fn of_this_process() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let list = |name: &str| set(name).map(|value| std::env::split_paths(&value).collect::<Vec<_>>());
        let home = set("HOME").or_else(|| set("USERPROFILE")).map(PathBuf::from);
        let kubeconfigs = list("KUBE_CONFIG_PATHS")
            .or_else(|| set("KUBE_CONFIG_PATH").map(|path| vec![PathBuf::from(path)]))
            .or_else(|| list("KUBECONFIG"))
            .unwrap_or_default();
        let text = |name: &str| set(name).and_then(|value| value.into_string().ok()).map(Secret::new);
        let mut values: BTreeMap<_, _> =
            NAMES.into_iter().filter_map(|name| Some((name, text(name)?))).collect();
        if let Some(token) = text("DIGITALOCEAN_ACCESS_TOKEN") {
            values.entry("DIGITALOCEAN_TOKEN").or_insert(token);
        }
        let proxies = Proxies::of(|name| std::env::var(name).ok());
        let environment = Self { kubeconfigs: Vec::new(), values, proxies, home };
        let kubeconfigs = kubeconfigs
            .into_iter()
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| environment.expanded(path))
            .collect();
        Self { kubeconfigs, ..environment }
    }

    /// The value of a variable, one of those above.
    pub fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(NAMES.contains(&name), "{name} is not read");
        self.values.get(name).map(Secret::reveal)
    }

    /// A path with `~/` at its start replaced by the home folder.
    pub fn expanded(&self, path: PathBuf) -> PathBuf {
        match (&self.home, path.strip_prefix("~")) {
            (Some(home), Ok(rest)) => home.join(rest),
            _ => path,
        }
    }
}
