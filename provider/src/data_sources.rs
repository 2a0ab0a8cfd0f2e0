//! The data sources, one file for each.

pub mod chart;
pub mod inventory;
pub mod policy_report;
pub mod preflight;
pub mod status;

use cluster::Cluster;
use tfplugin::{
    data_source::DataResponse,
    diagnostic::{Diagnostic, Diagnostics},
    provider::Call,
    schema::Attribute,
    value::Value,
};

use crate::{
    context::{Reach, Shared},
    lifecycle::reach,
};

/// The attribute that chooses a cluster.
fn cluster_attribute() -> Attribute {
    Attribute::string("cluster").optional().describe(
        "The cluster, by its name in the provider's `clusters`; without it the provider's `kubernetes`.",
    )
}

/// The cluster that a data source reads. Data sources are read at plan even while the provider's connection is unknown.
fn reached(shared: &Shared, config: &Value, call: &Call) -> Result<Cluster, Diagnostic> {
    match reach(&*shared.get()?, config) {
        Reach::Known(cluster) => Ok(cluster.until(&call.cancel)),
        Reach::Unnamed(diagnostic) => Err(diagnostic),
        Reach::Unknown => Err(Diagnostic::error(
            "The cluster is unknown",
            "The provider's connection is known only after apply, and data sources are read at plan. Let this one wait for what makes the cluster: depends_on = [ ... ] with the resources that the connection comes from.",
        )),
    }
}

/// The configuration with what was computed; or only what is to be said.
fn response(config: Value, computed: Result<Vec<(&'static str, Value)>, Diagnostics>) -> DataResponse {
    match computed {
        Ok(computed) => {
            let mut state = config;
            for (name, value) in computed {
                state.set_at(&name.into(), value);
            }
            DataResponse { state: Some(state), diagnostics: Diagnostics::new() }
        }
        Err(diagnostics) => DataResponse { state: None, diagnostics },
    }
}

/// A computed text.
fn text(name: &str, description: &str) -> Attribute {
    Attribute::string(name).computed().describe(description)
}

/// A computed flag.
fn flag(name: &str, description: &str) -> Attribute {
    Attribute::bool(name).computed().describe(description)
}

/// A computed number.
fn number(name: &str, description: &str) -> Attribute {
    Attribute::number(name).computed().describe(description)
}

/// A text, or null where it is empty.
fn unless_empty(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}
