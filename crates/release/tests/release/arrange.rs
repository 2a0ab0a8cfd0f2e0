//! What the tests begin with: a cluster, charts, and what helm makes of them.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use chart::{
    Chart,
    file::File,
    load::{load, load_archive},
    output::Rendered,
    render::{Options, render},
    values::Values,
};
use cluster::{Cluster, Connection, Limits, Resource, Target, connect};
use release::{
    Error, InstallRequest, Installed, Progress, Record, Settings, UninstallRequest, Uninstalled,
    UpgradeRequest, Upgraded, install, uninstall, upgrade, upgrade::next_revision,
};
use serde_json::Value;
use tempfile::TempDir;
use testutil::{ControlPlane, test_data};
use tokio_util::sync::CancellationToken;

/// A chart on disk, as helm reads it and as we do.
pub struct TestChart {
    pub path: PathBuf,
    pub chart: Chart,
    _folder: Option<TempDir>,
}

impl TestChart {
    /// The flux2 chart of the test data.
    pub fn flux2(version: &str) -> Result<Self, testutil::Error> {
        let path = test_data()?.join(format!("charts/flux2-{version}.tgz"));
        let chart = load_archive(&fs::read(&path).unwrap()).unwrap();
        Ok(Self { path, chart, _folder: None })
    }

    /// A chart of one's own: names and texts of files; Chart.yaml is there already where it is not among them.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("demo");
        let chart = ("Chart.yaml", "apiVersion: v2\nname: demo\nversion: 1.0.0\nappVersion: \"1.0\"\n");
        let mut loaded = Vec::new();
        let given = files.iter().any(|(name, _)| *name == "Chart.yaml");
        for (name, text) in std::iter::once(&chart).filter(|_| !given).chain(files) {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
            loaded.push(File { name: (*name).to_owned(), data: text.as_bytes().to_vec() });
        }
        Self { path, chart: load(loaded).unwrap(), _folder: Some(folder) }
    }

    /// What it gives at a revision, with values as `--set` takes them.
    pub fn render(&self, name: &str, namespace: &str, revision: i64, set: &[(&str, &str)]) -> Rendered {
        let mut values = Values::new();
        for (key, value) in set {
            values.set(&format!("{key}={value}")).unwrap();
        }
        let mut options = Options::new(name, namespace);
        options.release.revision = revision;
        options.release.is_upgrade = revision > 1;
        render(&self.chart, &values, &options).unwrap()
    }
}

pub const LIMITS: Limits =
    Limits { connect: Duration::from_secs(5), request: Duration::from_secs(30), attempts: 6, in_flight: 50 };

pub async fn admin(plane: &ControlPlane) -> Cluster {
    connect(&Connection::kubeconfig([plane.kubeconfig_path()], None), LIMITS).await.unwrap()
}

/// Settings in which nothing outlives a test: definitions go with their release.
pub fn settings() -> Settings {
    Settings { keep_crds: false, timeout: Duration::from_secs(120), ..Settings::default() }
}

/// An install under way: chart, what helm made of it, where to.
pub struct Setup<'a> {
    pub cluster: &'a Cluster,
    pub chart: &'a TestChart,
    pub rendered: Rendered,
    pub name: String,
    pub namespace: String,
    pub settings: Settings,
    pub cancel: CancellationToken,
    pub progress: Progress,
}

impl<'a> Setup<'a> {
    pub fn new(cluster: &'a Cluster, chart: &'a TestChart, name: &str, namespace: &str) -> Self {
        Self::with(cluster, chart, name, namespace, &[])
    }

    /// With values, as `--set` takes them.
    pub fn with(
        cluster: &'a Cluster,
        chart: &'a TestChart,
        name: &str,
        namespace: &str,
        set: &[(&str, &str)],
    ) -> Self {
        Self {
            cluster,
            chart,
            rendered: chart.render(name, namespace, 1, set),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            settings: settings(),
            cancel: CancellationToken::new(),
            progress: Progress::silent(),
        }
    }

    pub async fn install(&self) -> Result<Installed, Error> {
        let labels = BTreeMap::new();
        let request = InstallRequest {
            name: &self.name,
            namespace: &self.namespace,
            create_namespace: true,
            namespace_labels: &labels,
            chart: &self.chart.chart,
            config: &self.rendered.config,
            rendered: &self.rendered,
            settings: self.settings.clone(),
        };
        install(self.cluster, &request, &self.cancel, &self.progress).await
    }

    /// Upgrades to another chart, or to other values.
    pub async fn upgrade(&self, chart: &TestChart, set: &[(&str, &str)]) -> Result<Upgraded, Error> {
        let revision = next_revision(&self.history().await);
        let rendered = chart.render(&self.name, &self.namespace, i64::try_from(revision).unwrap(), set);
        let request = UpgradeRequest {
            name: &self.name,
            namespace: &self.namespace,
            chart: &chart.chart,
            config: &rendered.config,
            rendered: &rendered,
            settings: self.settings.clone(),
        };
        upgrade(self.cluster, &request, &self.cancel, &self.progress).await
    }

    pub async fn uninstall(&self) -> Result<Uninstalled, Error> {
        remove(self.cluster, &self.name, &self.namespace).await
    }

    pub async fn history(&self) -> Vec<Record> {
        release::history(self.cluster, &self.namespace, &self.name).await.unwrap()
    }
}

/// Uninstalls with all that belongs to the release.
pub async fn remove(cluster: &Cluster, name: &str, namespace: &str) -> Result<Uninstalled, Error> {
    let request = UninstallRequest { keep_crds: false, ..UninstallRequest::new(name, namespace) };
    uninstall(cluster, &request, &CancellationToken::new(), &Progress::silent()).await
}

pub async fn get(cluster: &Cluster, resource: Resource, namespace: &str, name: &str) -> Option<Value> {
    cluster.get(&Target::new(resource, namespace, name)).await.unwrap()
}

/// Whether a namespace is there and stays.
pub async fn namespace_stays(cluster: &Cluster, name: &str) -> bool {
    let found = get(cluster, Resource::namespace(), "", name).await;
    found.is_some_and(|it| it["metadata"]["deletionTimestamp"].is_null())
}

/// All differences between two JSON values, one a line.
pub fn differences(left: &Value, right: &Value) -> String {
    fn walk(path: &str, left: Option<&Value>, right: Option<&Value>, out: &mut String) {
        match (left, right) {
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                for key in keys {
                    walk(&format!("{path}/{key}"), a.get(key), b.get(key), out);
                }
            }
            (Some(Value::Array(a)), Some(Value::Array(b))) => {
                for at in 0..a.len().max(b.len()) {
                    walk(&format!("{path}/{at}"), a.get(at), b.get(at), out);
                }
            }
            (a, b) if a == b => {}
            (a, b) => {
                let short = |it: Option<&Value>| {
                    let text = it.map_or("nothing".to_owned(), Value::to_string);
                    text.chars().take(120).collect::<String>()
                };
                writeln!(out, "{path}: {} | {}", short(a), short(b)).unwrap();
            }
        }
    }
    let mut out = String::new();
    walk("", Some(left), Some(right), &mut out);
    out
}

/// The path as helm takes it.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
