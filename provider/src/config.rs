//! The provider block: its schema, and what was written in it as values.
//!
//! Every value may be unknown at plan. An unknown connection is [`Link::Unknown`], never a guess; a connection that nobody named is
//! [`Link::Unnamed`]: the current context of some default kubeconfig is never used silently.

use std::{collections::BTreeMap, path::PathBuf};

use cluster::{Connection, Direct, Exec, Kubeconfig, Secret};
use policy::{Settings, Severity};
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    schema::{Attribute, Schema},
    value::{Type, Value},
};

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
    /// The rules' severities and parameters; `None` while they are known only after apply.
    pub policy: Option<Settings>,
    /// Whether objects in state may be planned anew for another cluster.
    pub allow_cluster_change: bool,
}

/// How far a connection is known.
#[derive(Debug)]
pub enum Link {
    /// All of it.
    Known(Connection),
    /// Some of it is known only after apply.
    Unknown,
    /// Nobody named one.
    Unnamed,
}

/// The schema of the provider block.
pub fn schema() -> Schema {
    Schema::new(vec![
        Attribute::nested("kubernetes", kubernetes())
            .optional()
            .describe("The cluster. Without it the variables KUBE_CONFIG_PATHS, KUBE_CONFIG_PATH or KUBECONFIG name a kubeconfig; the default kubeconfig is never used silently."),
        Attribute::nested_map(
            "clusters",
            vec![Attribute::nested("kubernetes", kubernetes()).required().describe("The connection, as in `kubernetes`.")],
        )
        .optional()
        .describe("More clusters, by name; a resource chooses one with its attribute `cluster`."),
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
    ])
    .describe("Configures Flux, and refuses what the policy refuses, at plan and again before each write.")
}

fn kubernetes() -> Vec<Attribute> {
    vec![
        Attribute::string("config_path").optional().describe("Path of a kubeconfig. Also KUBE_CONFIG_PATH."),
        Attribute::list("config_paths", Type::String)
            .optional()
            .describe("Paths of kubeconfigs that are merged as kubectl merges them. Also KUBE_CONFIG_PATHS, KUBECONFIG."),
        Attribute::string("config_context").optional().describe("The context. Also KUBE_CTX; else the current one of the named file."),
        Attribute::string("host").optional().describe("Address of the API server, `https://host:port`; instead of a kubeconfig."),
        Attribute::string("token").optional().sensitive().describe("Bearer token."),
        Attribute::string("cluster_ca_certificate")
            .optional()
            .describe("The authority that signed the server's certificate, as PEM or as base64 of PEM."),
        Attribute::string("client_certificate").optional().describe("Client certificate, as PEM or as base64 of PEM."),
        Attribute::string("client_key").optional().sensitive().describe("Key of the client certificate, as PEM or as base64 of PEM."),
        Attribute::string("tls_server_name").optional().describe("The name that the server's certificate is checked for, instead of the host's."),
        Attribute::bool("insecure").optional().describe("Accept any certificate of the server. For trials only."),
        Attribute::string("proxy_url").optional().describe("An HTTP proxy for requests to the cluster."),
        Attribute::nested(
            "exec",
            vec![
                Attribute::string("api_version").required().describe("`client.authentication.k8s.io/v1` or `…/v1beta1`."),
                Attribute::string("command").required().describe("The program."),
                Attribute::list("args", Type::String).optional().describe("Its arguments."),
                Attribute::map("env", Type::String).optional().sensitive().describe("Variables for it, besides those of this process."),
            ],
        )
        .optional()
        .describe("A program that prints a credential (client-go's exec plugin)."),
    ]
}

impl Config {
    /// Reads the provider block.
    ///
    /// # Errors
    /// Diagnostics on the attributes that contradict each other or cannot be used.
    pub fn read(value: &Value, environment: &Environment) -> Result<Self, Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        let default = link(
            value.get("kubernetes"),
            &AttributePath::root("kubernetes"),
            environment,
            true,
            &mut diagnostics,
        );
        let clusters = value.get("clusters");
        let mut named = BTreeMap::new();
        for (name, entry) in clusters.as_members().into_iter().flatten() {
            let path = AttributePath::root("clusters").key(name.as_str()).attribute("kubernetes");
            named.insert(
                name.clone(),
                link(entry.get("kubernetes"), &path, environment, false, &mut diagnostics),
            );
        }
        let policy = settings(value.get("policy"), &mut diagnostics);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        Ok(Self {
            default,
            named,
            named_unknown: clusters.is_unknown(),
            policy,
            allow_cluster_change: value.get("allow_cluster_change").as_bool().unwrap_or(false),
        })
    }
}

fn link(
    value: &Value,
    path: &AttributePath,
    environment: &Environment,
    variables: bool,
    diagnostics: &mut Diagnostics,
) -> Link {
    if !value.is_wholly_known() {
        return Link::Unknown;
    }
    let text = |name: &str| value.get(name).as_str().map(str::to_owned).filter(|text| !text.is_empty());
    let secret = |name: &str| text(name).map(Secret::new);
    let context = text("config_context").or_else(|| environment.context.clone().filter(|_| variables));

    let mut paths: Vec<PathBuf> = texts(value.get("config_paths")).into_iter().map(PathBuf::from).collect();
    if let Some(one) = value.get("config_path").as_str() {
        if one.trim().is_empty() {
            diagnostics.push(
                Diagnostic::error(
                    "config_path is blank",
                    "Set config_path to a readable kubeconfig, or leave it out and name one by KUBE_CONFIG_PATH.",
                )
                .at(path.attribute("config_path")),
            );
            return Link::Unnamed;
        }
        paths.insert(0, PathBuf::from(one));
    }
    if text("host").is_some() && !paths.is_empty() {
        diagnostics.push(
            Diagnostic::error(
                "Two connections in one",
                "host and config_path are both set, and each names a cluster. Keep one of them.",
            )
            .at(path.clone()),
        );
        return Link::Unnamed;
    }
    if let Some(host) = text("host") {
        return Link::Known(Connection::direct(Direct {
            host,
            token: secret("token"),
            cluster_ca_certificate: text("cluster_ca_certificate"),
            client_certificate: text("client_certificate"),
            client_key: secret("client_key"),
            tls_server_name: text("tls_server_name"),
            insecure: value.get("insecure").as_bool().unwrap_or(false),
            proxy_url: text("proxy_url"),
            exec: exec(value.get("exec")),
        }));
    }
    if let Some(name) = ["token", "cluster_ca_certificate", "client_certificate", "client_key", "exec"]
        .into_iter()
        .find(|name| !value.get(name).is_null())
    {
        diagnostics.push(
            Diagnostic::error(
                "A credential without a cluster",
                format!("{name} is set and host is not. Set host to the address of the API server, `https://host:port`."),
            )
            .at(path.attribute(name)),
        );
        return Link::Unnamed;
    }
    if paths.is_empty() && variables {
        paths.clone_from(&environment.kubeconfigs);
    }
    if paths.is_empty() {
        if !value.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "The connection names no cluster",
                    "Set config_path to a kubeconfig, or host to the address of the API server.",
                )
                .at(path.clone()),
            );
        }
        return Link::Unnamed;
    }
    let paths = paths.into_iter().map(|path| environment.expanded(path)).collect();
    Link::Known(Connection::Kubeconfig(Kubeconfig {
        paths,
        context,
        cluster: None,
        user: None,
        proxy_url: text("proxy_url"),
    }))
}

fn exec(value: &Value) -> Option<Exec> {
    Some(Exec {
        api_version: value.get("api_version").as_str()?.to_owned(),
        command: value.get("command").as_str()?.to_owned(),
        args: texts(value.get("args")),
        env: value
            .get("env")
            .as_members()
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), Secret::new(value.as_str()?))))
            .collect(),
        install_hint: None,
        provide_cluster_info: false,
    })
}

fn texts(value: &Value) -> Vec<String> {
    value.as_elements().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
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
