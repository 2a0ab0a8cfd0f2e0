//! Charts: fetched once for each run, rendered as often as needed.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use chart::{
    Chart,
    capabilities::Capabilities,
    moment::Moment,
    output::Rendered,
    render::{Options, render},
};
use remote::Request;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    provider::Call,
};

use super::{inputs::Inputs, words};

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

/// Renders a chart. Without capabilities, as far as that is possible without a cluster.
///
/// # Errors
/// A diagnostic that names file, line and column.
pub async fn rendered(
    chart: &Arc<Chart>,
    inputs: &Inputs,
    what: For,
    capabilities: Option<Capabilities>,
) -> Result<Rendered, Diagnostics> {
    let mut options = Options::new(&inputs.name, &inputs.namespace);
    if let For::Upgrade(revision) = what {
        options.release.is_upgrade = true;
        options.release.revision = i64::try_from(revision).unwrap_or(i64::MAX);
    }
    options.capabilities = capabilities.unwrap_or_default();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    options.clock = Some(Moment {
        seconds: i64::try_from(now.as_secs()).unwrap_or_default(),
        nanoseconds: now.subsec_nanos(),
    });
    // A template that draws secrets gets none rather than poor ones.
    options.random = Some(Arc::new(|bytes: &mut [u8]| {
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }));
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
