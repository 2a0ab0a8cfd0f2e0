//! The provider block: its schema, and what was written in it as values.
//!
//! Every value may be unknown at plan. An unknown connection is [`Link::Unknown`], never a guess; a connection that nobody named is
//! [`Link::Unnamed`]: the current context of some default kubeconfig is never used silently.

pub mod doks;
mod link;

use std::collections::BTreeMap;

use policy::{Settings, Severity};
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    schema::{Attribute, Schema},
    value::{Type, Value},
};

use self::link::Entry;
pub use self::{doks::Doks, link::Link};
use crate::environment::Environment;

/// What the provider block says.
#[derive(Debug)]
pub struct Config {
    /// The cluster of resources that name none.
    pub default: Link,
    /// More clusters, by the name that a resource's `cluster` gives.
    pub named: BTreeMap<String, Link>,
    /// Whether all of `clusters` is known only after apply.
    pub named_unknown: bool,
    /// The proxies of the environment.
    pub proxies: cluster::Proxies,
    /// The rules' severities and parameters; `None` while they are known only after apply.
    pub policy: Option<Settings>,
    /// Whether objects in state may be planned anew for another cluster.
    pub allow_cluster_change: bool,
}

/// The schema of the provider block.
pub fn schema() -> Schema {
    let mut attributes = link::attributes();
    attributes[0] = attributes[0].clone().describe("The cluster, by a kubeconfig or by its address. Without it and without `doks` the variables KUBE_CONFIG_PATHS, KUBE_CONFIG_PATH, KUBECONFIG or KUBE_HOST name one; the default kubeconfig is never used silently.");
    attributes.extend([
        Attribute::nested_map("clusters", link::attributes())
            .optional()
            .describe("More clusters, by name, each with `kubernetes` or `doks`; a resource chooses one with its attribute `cluster`."),
        Attribute::nested(
            "policy",
            vec![
                Attribute::map("rules", Type::String)
                    .optional()
                    .describe("`deny`, `warn` or `off`, by the id of a rule. A rule that is not named keeps its own severity."),
                Attribute::dynamic("params")
                    .optional()
                    .describe("Parameters of the rules, as an object; those that are not given keep their defaults."),
            ],
        )
        .optional()
        .describe("The policy gate. The rules, their parameters and remedies are in the guide to the rules."),
        Attribute::bool("allow_cluster_change")
            .optional()
            .describe("Plan objects anew whose state was written against another cluster, instead of stopping. Defaults to `false`."),
    ]);
    Schema::new(attributes).describe(
        "Configures Flux, and refuses what the policy refuses, at plan and again before each write.",
    )
}

impl Config {
    /// Reads the provider block.
    ///
    /// # Errors
    /// Diagnostics on the attributes that contradict each other or cannot be used.
    pub fn read(value: &Value, environment: &Environment) -> Result<Self, Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        let entry = Entry { value, path: AttributePath::new(), environment, variables: true };
        let default = entry.link(&mut diagnostics);
        let clusters = value.get("clusters");
        let mut named = BTreeMap::new();
        for (name, value) in clusters.as_members().into_iter().flatten() {
            let path = AttributePath::root("clusters").key(name.as_str());
            let entry = Entry { value, path, environment, variables: false };
            named.insert(name.clone(), entry.link(&mut diagnostics));
        }
        let policy = settings(value.get("policy"), &mut diagnostics);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        Ok(Self {
            default,
            named,
            named_unknown: clusters.is_unknown(),
            proxies: environment.proxies.clone(),
            policy,
            allow_cluster_change: value.get("allow_cluster_change").as_bool().unwrap_or(false),
        })
    }
}

fn settings(value: &Value, diagnostics: &mut Diagnostics) -> Option<Settings> {
    let path = AttributePath::root("policy");
    let mut settings = Settings::default();
    if value.is_unknown() || !value.get("rules").is_wholly_known() || value.get("params").is_unknown() {
        return None;
    }
    for (id, severity) in value.get("rules").as_members().into_iter().flatten() {
        match severity.as_str().unwrap_or_default().parse::<Severity>() {
            Ok(severity) => {
                settings.rules.insert(id.clone(), severity);
            }
            Err(_) => diagnostics.push(
                Diagnostic::error("Unknown severity", format!("The rule {id:?} can be deny, warn or off."))
                    .at(path.attribute("rules").key(id.as_str())),
            ),
        }
    }
    let params = value.get("params").peeled();
    match params.as_members() {
        Some(members) => {
            for (name, value) in members {
                match value.to_json() {
                    Ok(json) => {
                        settings.params.insert(name.clone(), json);
                    }
                    Err(_) if !value.is_wholly_known() => settings.unknown_params.push(name.clone()),
                    Err(error) => diagnostics.push(
                        Diagnostic::error("Unusable parameter", format!("The parameter {name:?}: {error}."))
                            .at(path.attribute("params")),
                    ),
                }
            }
        }
        None if params.is_null() => {}
        None => diagnostics.push(
            Diagnostic::error(
                "Unusable parameters",
                "params is an object: params = { interval_at_least = \"1m\" }.",
            )
            .at(path.attribute("params")),
        ),
    }
    Some(settings)
}
