//! One connection as people write it: `kubernetes` or `doks`, and the variables that stand in for them.

use std::path::PathBuf;

use cluster::{Connection, Direct, Exec, Kubeconfig, Secret};
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    schema::Attribute,
    value::{Type, Value},
};

use super::doks::{self, Doks};
use crate::environment::Environment;

/// How far a connection is known.
#[derive(Debug)]
pub enum Link {
    /// All of it is written down.
    Known(Connection),
    /// A cluster of DigitalOcean, whose address and credential are asked for on first need.
    Doks(Doks),
    /// Some of it is known only after apply.
    Unknown,
    /// Nobody named one.
    Unnamed,
}

/// The two ways to name a cluster.
pub fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::nested("kubernetes", kubernetes())
            .optional()
            .describe("The cluster, by a kubeconfig or by its address."),
        Attribute::nested("doks", doks::attributes("token"))
            .optional()
            .describe("The cluster, by its name or id at DigitalOcean. Credentials are asked for on first need, kept in memory only, and renewed."),
    ]
}

fn kubernetes() -> Vec<Attribute> {
    vec![
        Attribute::string("config_path").optional().describe("Path of a kubeconfig. Also KUBE_CONFIG_PATH."),
        Attribute::list("config_paths", Type::String)
            .optional()
            .describe("Paths of kubeconfigs that are merged as kubectl merges them. Also KUBE_CONFIG_PATHS, KUBECONFIG."),
        Attribute::string("config_context").optional().describe("The context. Also KUBE_CTX; else the current one of the named file."),
        Attribute::string("config_context_cluster").optional().describe("A cluster entry of the kubeconfig instead of the context's. Also KUBE_CTX_CLUSTER."),
        Attribute::string("config_context_auth_info").optional().describe("A user entry of the kubeconfig instead of the context's. Also KUBE_CTX_AUTH_INFO."),
        Attribute::string("host").optional().describe("Address of the API server, `https://host:port`; instead of a kubeconfig. Also KUBE_HOST."),
        Attribute::string("token").optional().sensitive().describe("Bearer token. Also KUBE_TOKEN."),
        Attribute::string("cluster_ca_certificate")
            .optional()
            .describe("The authority that signed the server's certificate, as PEM or as base64 of PEM. Also KUBE_CLUSTER_CA_CERT_DATA."),
        Attribute::string("client_certificate").optional().describe("Client certificate, as PEM or as base64 of PEM. Also KUBE_CLIENT_CERT_DATA."),
        Attribute::string("client_key").optional().sensitive().describe("Key of the client certificate, as PEM or as base64 of PEM. Also KUBE_CLIENT_KEY_DATA."),
        Attribute::string("tls_server_name").optional().describe("The name that the server's certificate is checked for, instead of the host's. Also KUBE_TLS_SERVER_NAME."),
        Attribute::bool("insecure").optional().describe("Accept any certificate of the server. For trials only. Also KUBE_INSECURE."),
        Attribute::string("proxy_url").optional().sensitive().describe("A proxy for requests to the cluster: `http://`, `https://` or `socks5://`, with `user:password@` where it wants them. A `proxy-url` in the kubeconfig goes before it; without either, HTTPS_PROXY and NO_PROXY count as they do for kubectl. Also KUBE_PROXY_URL."),
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

/// One place where a connection is written: the provider block itself, or an entry of `clusters`.
pub struct Entry<'a> {
    /// The attributes, `kubernetes` and `doks` among them.
    pub value: &'a Value,
    /// Where they are.
    pub path: AttributePath,
    /// The variables and the home folder.
    pub environment: &'a Environment,
    /// Whether the variables may name the cluster, which they do for one only.
    pub variables: bool,
}

impl Entry<'_> {
    /// Reads it.
    pub fn link(&self, diagnostics: &mut Diagnostics) -> Link {
        let (kubernetes, doks) = (self.value.get("kubernetes"), self.value.get("doks"));
        if self.value.is_unknown() {
            return Link::Unknown;
        }
        if !kubernetes.is_null() && !doks.is_null() && kubernetes.is_known() && doks.is_known() {
            diagnostics.push(
                Diagnostic::error(
                    "Two connections in one",
                    "kubernetes and doks are both set, and each names a cluster. Keep one of them.",
                )
                .at(self.path.attribute("doks")),
            );
            return Link::Unnamed;
        }
        // Where one of the two may still turn out to be there, nothing is decided, and above all nothing else is taken instead.
        if !kubernetes.is_wholly_known() || !doks.is_wholly_known() {
            return Link::Unknown;
        }
        if !doks.is_null() {
            return match Doks::read(doks, "token", &self.path.attribute("doks"), self.environment) {
                Ok(doks) => Link::Doks(doks),
                Err(found) => {
                    diagnostics.0.extend(found.0);
                    Link::Unnamed
                }
            };
        }
        if kubernetes.is_null() && !self.variables {
            diagnostics.push(
                Diagnostic::error("The entry names no cluster", "Set kubernetes or doks in it.")
                    .at(self.path.clone()),
            );
            return Link::Unnamed;
        }
        self.kubernetes(kubernetes, diagnostics)
    }

    fn kubernetes(&self, value: &Value, diagnostics: &mut Diagnostics) -> Link {
        let path = self.path.attribute("kubernetes");
        let written = |name: &str| value.get(name).as_str().filter(|text| !text.is_empty());
        let variable = |name: &str| self.environment.get(name).filter(|_| self.variables);
        let text = |name: &str, or: &str| written(name).or_else(|| variable(or)).map(str::to_owned);
        let secret = |name: &str, or: &str| text(name, or).map(Secret::new);

        let mut paths: Vec<PathBuf> =
            texts(value.get("config_paths")).into_iter().map(PathBuf::from).collect();
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
        if written("host").is_some() && !paths.is_empty() {
            diagnostics.push(
                Diagnostic::error(
                    "Two connections in one",
                    "host and config_path are both set, and each names a cluster. Keep one of them.",
                )
                .at(path),
            );
            return Link::Unnamed;
        }
        // What is written goes before what the variables say, also where it names the cluster in the other way.
        let mut host = written("host").map(str::to_owned);
        if host.is_none() && paths.is_empty() && self.variables {
            paths.clone_from(&self.environment.kubeconfigs);
            host = variable("KUBE_HOST").map(str::to_owned);
            if host.is_some() && !paths.is_empty() {
                diagnostics.push(Diagnostic::error(
                    "Two connections in the environment",
                    "KUBE_HOST and a variable for kubeconfigs (KUBE_CONFIG_PATH, KUBE_CONFIG_PATHS, KUBECONFIG) are both set, and each names a cluster. Unset one, or name the cluster in the configuration.",
                ));
                return Link::Unnamed;
            }
        }
        let contexts = ["config_context", "config_context_cluster", "config_context_auth_info"];
        if let (Some(_), Some(name)) = (&host, contexts.into_iter().find(|name| written(name).is_some())) {
            diagnostics.push(
                Diagnostic::error(
                    "Two connections in one",
                    format!("{name} chooses from a kubeconfig, and host (or KUBE_HOST) names a cluster without one. Set config_path beside {name}, or take {name} out."),
                )
                .at(path.attribute(name)),
            );
            return Link::Unnamed;
        }
        if let Some(host) = host {
            return Link::Known(Connection::direct(Direct {
                host,
                token: secret("token", "KUBE_TOKEN"),
                cluster_ca_certificate: text("cluster_ca_certificate", "KUBE_CLUSTER_CA_CERT_DATA"),
                client_certificate: text("client_certificate", "KUBE_CLIENT_CERT_DATA"),
                client_key: secret("client_key", "KUBE_CLIENT_KEY_DATA"),
                tls_server_name: text("tls_server_name", "KUBE_TLS_SERVER_NAME"),
                insecure: value
                    .get("insecure")
                    .as_bool()
                    .unwrap_or_else(|| matches!(variable("KUBE_INSECURE"), Some("1" | "true"))),
                proxy_url: secret("proxy_url", "KUBE_PROXY_URL"),
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
        let told = written("tls_server_name").is_some() || value.get("insecure").as_bool() == Some(true);
        if told && !paths.is_empty() {
            diagnostics.push(
                Diagnostic::error(
                    "A setting that belongs to host",
                    "insecure and tls_server_name are for a connection by host. In a kubeconfig they stand with the cluster, as insecure-skip-tls-verify and tls-server-name: write them there.",
                )
                .at(path),
            );
            return Link::Unnamed;
        }
        if paths.is_empty() {
            if !value.is_null() {
                diagnostics.push(
                    Diagnostic::error(
                        "The connection names no cluster",
                        "Set config_path to a kubeconfig, or host to the address of the API server.",
                    )
                    .at(path),
                );
            }
            return Link::Unnamed;
        }
        let paths = paths.into_iter().map(|path| self.environment.expanded(path)).collect();
        Link::Known(Connection::Kubeconfig(Kubeconfig {
            paths,
            context: text("config_context", "KUBE_CTX"),
            cluster: text("config_context_cluster", "KUBE_CTX_CLUSTER"),
            user: text("config_context_auth_info", "KUBE_CTX_AUTH_INFO"),
            proxy_url: secret("proxy_url", "KUBE_PROXY_URL"),
        }))
    }
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
