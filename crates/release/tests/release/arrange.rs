//! What the tests begin with: a cluster, charts, and what helm makes of them.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use chart::{
    Chart,
    file::File,
    output::{DeletePolicy, Document, Hook, HookEvent, Rendered},
};
use cluster::{Cluster, Connection, Limits, Resource, Target, connect};
use release::{
    Error, InstallRequest, Installed, Progress, Record, Settings, UninstallRequest, Uninstalled, install,
    uninstall,
};
use serde_json::{Map, Value};
use tempfile::TempDir;
use testutil::{ControlPlane, Helm, test_data};
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
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(fs::File::open(&path).unwrap()));
        let mut files = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            let name = name.split_once('/').unwrap().1.to_owned();
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            files.push(File { name, data });
        }
        Ok(Self { path, chart: load(files), _folder: None })
    }

    /// A chart of one's own: names and texts of files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("demo");
        let chart = ("Chart.yaml", "apiVersion: v2\nname: demo\nversion: 1.0.0\nappVersion: \"1.0\"\n");
        let mut loaded = Vec::new();
        for (name, text) in std::iter::once(&chart).chain(files) {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
            loaded.push(File { name: (*name).to_owned(), data: text.as_bytes().to_vec() });
        }
        Self { path, chart: load(loaded), _folder: Some(folder) }
    }

    /// What helm makes of it.
    pub fn render(&self, helm: &Helm, name: &str, namespace: &str, args: &[&str]) -> Rendered {
        let mut words = vec!["template", name, "--namespace", namespace];
        words.extend(args);
        words.push(self.path.to_str().unwrap());
        let text = helm.run(words).unwrap();
        let mut rendered = rendered(&text);
        for file in self.chart.files.iter().filter(|file| file.name.starts_with("crds/")) {
            let content = String::from_utf8(file.data.clone()).unwrap();
            let object = yaml::read(&content).unwrap();
            rendered.crds.push(Document { path: file.name.clone(), content, object });
        }
        rendered
    }
}

fn load(files: Vec<File>) -> Chart {
    let mut chart = Chart {
        metadata: Default::default(),
        lock: None,
        values: Map::new(),
        schema: None,
        templates: Vec::new(),
        files: Vec::new(),
        dependencies: Vec::new(),
    };
    for file in files {
        let text = || String::from_utf8(file.data.clone()).unwrap();
        match file.name.as_str() {
            "Chart.yaml" => chart.metadata = serde_json::from_value(yaml::read(&text()).unwrap()).unwrap(),
            "values.yaml" => {
                chart.values = yaml::read(&text()).unwrap().as_object().cloned().unwrap_or_default()
            }
            name if name.starts_with("templates/") => chart.templates.push(file),
            _ => chart.files.push(file),
        }
    }
    chart
}

/// What `helm template` printed, as the renderer gives it.
fn rendered(text: &str) -> Rendered {
    let mut rendered = Rendered::default();
    let text = format!("\n{}", text.trim_end_matches('\n'));
    for part in text.split("\n---\n").skip(1) {
        let (path, content) = part.strip_prefix("# Source: ").unwrap().split_once('\n').unwrap();
        let (path, content) = (path.to_owned(), content.to_owned());
        let object = yaml::read(&content).unwrap();
        let text =
            |name: &str| object["metadata"]["annotations"][name].as_str().unwrap_or_default().to_owned();
        let words = |name: &str| {
            let words = text(name);
            words
                .split(',')
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
        };
        let events = words("helm.sh/hook");
        if events.is_empty() {
            rendered.manifests.push(Document { path, content, object });
            continue;
        }
        rendered.hooks.push(Hook {
            name: object["metadata"]["name"].as_str().unwrap().to_owned(),
            kind: object["kind"].as_str().unwrap().to_owned(),
            path,
            manifest: content,
            events: events.iter().filter_map(|word| HookEvent::parse(word)).collect(),
            weight: text("helm.sh/hook-weight").parse().unwrap_or(0),
            delete_policies: words("helm.sh/hook-delete-policy")
                .iter()
                .filter_map(|word| DeletePolicy::parse(word))
                .collect(),
            output_log_policies: words("helm.sh/hook-output-log-policy"),
            object,
        });
    }
    rendered
}

pub const LIMITS: Limits =
    Limits { connect: Duration::from_secs(5), request: Duration::from_secs(30), attempts: 6 };

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
    pub config: Map<String, Value>,
    pub name: String,
    pub namespace: String,
    pub settings: Settings,
    pub cancel: CancellationToken,
    pub progress: Progress,
}

impl<'a> Setup<'a> {
    pub fn new(cluster: &'a Cluster, helm: &Helm, chart: &'a TestChart, name: &str, namespace: &str) -> Self {
        Self::with(cluster, helm, chart, name, namespace, &[])
    }

    /// With values, as `--set` takes them.
    pub fn with(
        cluster: &'a Cluster,
        helm: &Helm,
        chart: &'a TestChart,
        name: &str,
        namespace: &str,
        set: &[(&str, &str)],
    ) -> Self {
        let mut args = Vec::new();
        let mut config = Map::new();
        let texts: Vec<String> = set.iter().map(|(key, value)| format!("{key}={value}")).collect();
        for ((key, value), text) in set.iter().zip(&texts) {
            args.extend(["--set", text]);
            put(&mut config, key, yaml::read(value).unwrap());
        }
        let rendered = chart.render(helm, name, namespace, &args);
        Self {
            cluster,
            chart,
            rendered,
            config,
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
            config: &self.config,
            rendered: &self.rendered,
            settings: self.settings.clone(),
        };
        install(self.cluster, &request, &self.cancel, &self.progress).await
    }

    pub async fn uninstall(&self) -> Result<Uninstalled, Error> {
        remove(self.cluster, &self.name, &self.namespace).await
    }

    pub async fn history(&self) -> Vec<Record> {
        release::history(self.cluster, &self.namespace, &self.name).await.unwrap()
    }
}

fn put(config: &mut Map<String, Value>, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            config.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let below = config.entry(first).or_insert_with(|| Value::Object(Map::new()));
            put(below.as_object_mut().unwrap(), rest, value);
        }
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
