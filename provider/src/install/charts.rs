//! Charts: fetched once for each run, rendered as often as needed.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chart::{
    Chart,
    capabilities::Capabilities,
    output::Rendered,
    render::{Lookup, Options, render},
};
use cluster::{Cluster, Target};
use remote::{OnProgress, Request};
use serde_json::Value as Json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    provider::Call,
};

use super::{inputs::Inputs, words};
use crate::explain;

/// A download that takes longer is told of in the log, and again after as long.
const LONG: Duration = Duration::from_secs(2);

/// The charts that this process has fetched: OpenTofu asks several times about the same resource. Cheap to clone.
#[derive(Clone, Default)]
pub struct Charts(Arc<Mutex<HashMap<String, Arc<Chart>>>>);

impl std::fmt::Debug for Charts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Charts")
    }
}

impl Charts {
    /// Brings a chart, from the network, a folder or an archive.
    ///
    /// # Errors
    /// A diagnostic on the attribute that is to blame.
    pub async fn fetch(&self, request: &Request, call: &Call) -> Result<Arc<Chart>, Diagnostic> {
        let key = key(request);
        if let Some(chart) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(chart));
        }
        let mut request = request.clone();
        request.client.cancel = call.cancel.clone();
        request.client.progress = Some(OnProgress::paced(LONG, LONG, |progress| {
            tracing::info!(url = %progress.url, received = progress.received, total = progress.total, "chart download");
        }));
        let fetched = remote::fetch(&request).await.map_err(|error| words::not_fetched(&error))?;
        tracing::info!(
            origin = fetched.origin,
            version = fetched.version,
            digest = fetched.digest,
            "chart fetched"
        );
        let origin = fetched.origin.clone();
        let chart = Arc::new(fetched.load().map_err(|error| words::no_chart(&origin, &error))?);
        if remembered(&request) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&chart));
        }
        Ok(chart)
    }
}

/// A folder may be edited between two questions.
fn remembered(request: &Request) -> bool {
    request.repository.is_some()
}

fn key(request: &Request) -> String {
    let mut key = String::new();
    for part in [Some(request.chart.as_str()), request.repository.as_deref(), request.version.as_deref()] {
        let _ = write!(key, "{part:?}/");
    }
    if let Some(credentials) = &request.client.credentials {
        key.push_str(&credentials.username);
    }
    key
}

/// What a render is for.
#[derive(Clone)]
pub enum For {
    /// A new release.
    Install,
    /// The next revision of one.
    Upgrade(u64),
}

/// What templates may ask of a cluster.
pub struct Live {
    capabilities: Capabilities,
    lookup: Lookup,
}

/// Asks a cluster what it can do, and lets templates look its objects up.
///
/// # Errors
/// Those of every request.
pub async fn live(cluster: &Cluster) -> Result<Live, cluster::Error> {
    let (version, served) = futures::future::try_join(cluster.version(), cluster.api_versions()).await?;
    let mut capabilities = Capabilities { api_versions: served, ..Capabilities::default() };
    if let Ok(version) = chart::capabilities::KubeVersion::parse(&version) {
        capabilities.kube_version = version;
    }
    let (cluster, runtime) = (cluster.clone(), tokio::runtime::Handle::current());
    let lookup: Lookup = Arc::new(move |api_version: &str, kind: &str, namespace: &str, name: &str| {
        runtime
            .block_on(found(&cluster, api_version, kind, namespace, name))
            .map_err(|error| explain::sentence(&error))
    });
    Ok(Live { capabilities, lookup })
}

/// What Helm's `lookup` finds: an object, a list where no name is given, null where there is nothing.
async fn found(
    cluster: &Cluster,
    api_version: &str,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Result<Json, cluster::Error> {
    let resource = cluster.resource(api_version, kind).await?;
    if name.is_empty() {
        let items =
            cluster.list(&resource, Some(namespace).filter(|namespace| !namespace.is_empty()), "").await?;
        return Ok(
            serde_json::json!({ "apiVersion": api_version, "kind": format!("{kind}List"), "items": items }),
        );
    }
    Ok(cluster.get(&Target::new(resource, namespace, name)).await?.unwrap_or_default())
}

/// Renders a chart. Without a cluster, as far as that is possible.
///
/// # Errors
/// A diagnostic that names file, line and column.
pub async fn rendered(
    chart: &Arc<Chart>,
    inputs: &Inputs,
    what: For,
    live: Option<Live>,
) -> Result<Rendered, Diagnostics> {
    let mut options = Options::new(&inputs.name, &inputs.namespace);
    if let For::Upgrade(revision) = what {
        options.release.is_upgrade = true;
        options.release.revision = i64::try_from(revision).unwrap_or(i64::MAX);
    }
    if let Some(live) = live {
        options.capabilities = live.capabilities;
        options.lookup = Some(live.lookup);
    }
    options.clock = Some(std::time::SystemTime::now().into());
    options.random =
        Some(Arc::new(|bytes: &mut [u8]| getrandom::fill(bytes).map_err(|error| error.to_string())));
    let (chart, values, scrub) = (Arc::clone(chart), inputs.values.clone(), inputs.scrub.clone());
    let task = tokio::task::spawn_blocking(move || {
        render(&chart, &values, &options).map_err(|error| words::not_rendered(&chart, &error, &scrub))
    });
    match task.await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(error) => Err(Diagnostic::error("The chart was not rendered", format!("{error}."))
            .at(AttributePath::root("chart"))
            .into()),
    }
}
