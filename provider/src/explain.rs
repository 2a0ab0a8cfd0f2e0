//! Errors of the libraries in words for people: what happened, where, and what to do about it.
//!
//! Summaries are short and hold no user data; details name the cluster and the object. Nothing here holds a credential.

use std::error::Error as StdError;

use cluster::{ConfigError, Error, Missing, Unreached, WaitError};
use remote::digitalocean;
use tfplugin::diagnostic::Diagnostic;

/// How many objects of an inventory a message names.
const PARTS: usize = 5;

/// A failed request as an error diagnostic.
pub fn error(error: &Error) -> Diagnostic {
    let (summary, remedy) = match error {
        Error::Config(error) => return config(error),
        Error::Credential { .. } => (
            "The credential plugin gave no credential",
            "Run the plugin by hand with the same arguments, and see that it is on PATH where OpenTofu runs.",
        ),
        Error::NotIssued { source, .. } => {
            let remedy = source.downcast_ref().map_or("Run again.", digitalocean::Error::remedy);
            ("No credential for the cluster", remedy)
        }
        Error::Unauthorized { .. } => (
            "The cluster does not accept the credential",
            "The token or client certificate is missing, wrong or expired. Fetch a new one, and check that the context is the one you mean.",
        ),
        Error::Forbidden { .. } => (
            "The cluster forbids this",
            "The credential is valid and lacks a right. Grant it by a Role or ClusterRole, or use another credential.",
        ),
        Error::Unreachable { reason, .. } => ("The cluster cannot be reached", unreachable_remedy(*reason)),
        Error::TimedOut { .. } => (
            "The cluster did not answer in time",
            "Check that the API server is up and that no firewall drops the connection, then run again.",
        ),
        Error::NotServed { missing, .. } => (
            "The cluster does not serve this kind",
            match missing {
                Missing::Version { .. } => {
                    "The cluster has another version of Flux than this provider knows. Update the older of the two."
                }
                Missing::Kind { .. } => {
                    "Flux is not installed there, or without this component. Install Flux first, or let this resource depend on what installs it."
                }
            },
        ),
        Error::NotFound { .. } => ("The object does not exist", "Check namespace and name."),
        Error::NoNamespace { .. } => (
            "The namespace does not exist",
            "Create the namespace first, or let this resource depend on what creates it.",
        ),
        Error::Conflict { .. } => (
            "Fields of the object are managed by others",
            "Leave these fields out here, have the other manager give them up, or set force_conflicts = true to take them over.",
        ),
        Error::Contended { .. } => (
            "The object keeps changing",
            "Something else writes to it all the time. Find that writer, then run again.",
        ),
        Error::Replaced { .. } => (
            "The object is another one than before",
            "It was deleted and made again by something else. Run a plan to see the object as it is now.",
        ),
        Error::BeingDeleted { .. } => (
            "The object is being deleted",
            "What is written to it now would be lost. Wait until it is gone, and see what its finalizers wait for; then run again.",
        ),
        Error::Invalid { .. } => (
            "The cluster refuses the object",
            "Correct the fields named above; the schema of the cluster, one of its rules or an admission webhook refuses them.",
        ),
        Error::Held { .. } => (
            "The object does not go away",
            "Start the controller again so that it can finish, and run destroy again. If it is gone for good, remove the finalizer by hand: what it would have cleaned up stays then.",
        ),
        Error::WrongCluster { .. } => (
            "This is another cluster than before",
            "If the connection points to the wrong cluster, correct it: the objects in state live in the other one. If the cluster was replaced on purpose, set allow_cluster_change = true in the provider's configuration; the objects are then planned anew for this cluster.",
        ),
        Error::Cancelled { .. } => ("Stopped on request", "Run again to go on from here."),
        Error::Unintelligible { .. } => (
            "The server does not answer like a Kubernetes API server",
            "Check the address: a proxy or a login page may be answering instead.",
        ),
        _ => ("The cluster refuses the request", "The message above is the server's own."),
    };
    Diagnostic::error(summary, format!("{}.\n\n{remedy}", sentence(error)))
}

/// An unusable connection as an error diagnostic.
pub fn config(error: &ConfigError) -> Diagnostic {
    let remedy = match error {
        ConfigError::Unreadable { .. } | ConfigError::NoneExists { .. } => {
            "Set kubernetes.config_path (or KUBE_CONFIG_PATH, KUBECONFIG) to a readable kubeconfig."
        }
        ConfigError::NotAKubeconfig { .. } => {
            "Replace the file by a kubeconfig; `kubectl config view` shows whether it is one."
        }
        ConfigError::NoContexts { .. } => "Add a context to the file, or name another file.",
        ConfigError::NoCurrentContext { .. } | ConfigError::NoSuchContext { .. } => {
            "Set kubernetes.config_context (or KUBE_CTX) to one of them."
        }
        ConfigError::NoSuchEntry { .. } => "Correct the context in the kubeconfig, or name another context.",
        ConfigError::UnreadableFile { .. } => {
            "Correct the path in the kubeconfig, or make the file readable."
        }
        ConfigError::NotBase64 { .. } | ConfigError::NotPem { .. } => {
            "Give the text of the PEM file, or that text in base64 as a kubeconfig holds it."
        }
        ConfigError::HalfAnIdentity { .. } => "Give both, or neither.",
        ConfigError::Address { .. } => "Write it as https://host:port.",
        ConfigError::Proxy { .. } => "Write it as http://, https:// or socks5://, the host, and the port.",
        ConfigError::Twice { .. } | ConfigError::TwoWays { .. } => "Remove one of the two from the entry.",
        ConfigError::ImpersonatesNobody { .. } => "Add `as` to the entry, or remove the other.",
        ConfigError::InsecureWithAuthority { .. } => "Remove insecure, or remove the authority.",
        ConfigError::Unsupported { .. } => {
            "Use a token, a token file, a client certificate or an exec plugin. For clusters of clouds, their own command line writes a kubeconfig with an exec plugin, such as `gke-gcloud-auth-plugin` or `kubelogin`."
        }
        ConfigError::ExecVersion { .. } => {
            "Write the user entry anew with a current version of the tool that made it."
        }
        _ => "Correct the connection and run again.",
    };
    Diagnostic::error(
        "The connection to the cluster is not usable",
        format!("{}.\n\n{remedy}", sentence(error)),
    )
}

/// What DigitalOcean answers, or does not, as an error diagnostic.
pub fn digitalocean(error: &digitalocean::Error) -> Diagnostic {
    Diagnostic::error("No credential for the cluster", format!("{}.\n\n{}", sentence(error), error.remedy()))
}

fn unreachable_remedy(reason: Unreached) -> &'static str {
    match reason {
        Unreached::Refused => {
            "Nothing listens at that address. Check that the cluster runs and that the port is right."
        }
        Unreached::Name => "Check the name of the host, and that it resolves from where OpenTofu runs.",
        Unreached::ConnectTimeout | Unreached::Route => {
            "Check the address, and that a VPN or firewall lets this machine through."
        }
        Unreached::Tls => {
            "Check that cluster_ca_certificate belongs to this cluster, and that the address is the one its certificate names."
        }
        Unreached::Proxy => {
            "Check the proxy and who you are there: proxy-url of the kubeconfig, proxy_url, or HTTPS_PROXY of the environment. NO_PROXY names the servers that are reached without it."
        }
        _ => "Check that the cluster runs and the network holds, then run again.",
    }
}

/// The error and its causes as one text; a cause that the text before it ends with is not said twice.
pub fn sentence(error: &dyn StdError) -> String {
    let mut text = capitalized(&error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !words.is_empty() && !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

/// A text with a capital at its start, unless it starts with something that is spelled as it is.
fn capitalized(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.chars().all(|c| c.is_ascii_lowercase()) {
        let mut chars = text.chars();
        chars.next().map(|c| c.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
    } else {
        text.to_owned()
    }
}

/// A wait that did not end well, as an error diagnostic: the object, its condition, its last events.
pub fn wait(error: &WaitError) -> Diagnostic {
    if let WaitError::Cluster(source) = error {
        return self::error(source);
    }
    let (summary, remedy) = match error {
        WaitError::TimedOut { .. } => (
            "The object is not Ready",
            "Mend what the condition names; Flux tries again by itself. If it only needs longer, raise timeouts. The next apply waits again.",
        ),
        WaitError::Failed { .. } => (
            "The object will not become Ready",
            "Flux does not try again by itself: correct the fields that the condition names, and apply.",
        ),
        WaitError::Gone { .. } => {
            ("The object was deleted meanwhile", "Find out what deleted it, then apply again.")
        }
        _ => (
            "Stopped while waiting",
            "The object is written and kept in state. Run again to go on from here.",
        ),
    };
    let mut detail = format!("{}.", sentence(error).trim_end_matches('.'));
    let parts = error.explanation().map(|explanation| explanation.parts.as_slice()).unwrap_or_default();
    if !parts.is_empty() {
        detail.push_str("\n\nOf what it applied, this is not ready:");
        for part in parts.iter().take(PARTS) {
            detail.push_str(&format!("\n  - {part}"));
        }
        if let Some(more) = parts.len().checked_sub(PARTS).filter(|more| *more > 0) {
            detail.push_str(&format!("\n  - and {more} more"));
        }
    }
    if let Some(explanation) = error.explanation().filter(|explanation| !explanation.events.is_empty()) {
        detail.push_str("\n\nIts last events:");
        for event in &explanation.events {
            detail.push_str(&format!("\n  - {event}"));
        }
    }
    detail.push_str("\n\n");
    detail.push_str(remedy);
    Diagnostic::error(summary, detail)
}
