//! What the provider takes from its environment: the variables that name a connection, and the home folder.
//!
//! The libraries below never look; they are given this as values.

use std::path::PathBuf;

/// The variables that name a connection where the configuration does not.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Kubeconfigs: KUBE_CONFIG_PATHS, else KUBE_CONFIG_PATH, else KUBECONFIG.
    pub kubeconfigs: Vec<PathBuf>,
    /// The context: KUBE_CTX.
    pub context: Option<String>,
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
        let environment = Self {
            kubeconfigs: Vec::new(),
            context: set("KUBE_CTX").and_then(|v| v.into_string().ok()),
            home,
        };
        let kubeconfigs = kubeconfigs
            .into_iter()
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| environment.expanded(path))
            .collect();
        Self { kubeconfigs, ..environment }
    }

    /// A path with `~/` at its start replaced by the home folder.
    pub fn expanded(&self, path: PathBuf) -> PathBuf {
        match (&self.home, path.strip_prefix("~")) {
            (Some(home), Ok(rest)) => home.join(rest),
            _ => path,
        }
    }
}
