//! What the host says by environment variables, and the line that answers it.

use std::fmt;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::json;

use super::ServeOptions;
use super::socket::Address;

/// Tells a host from a person. It is public, and no secret.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The version of the plugin machinery, and of the protocol spoken over it.
const CORE: u32 = 1;
const PROTOCOL: u32 = 6;

/// What the host says when it starts a provider.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    cookie: Option<String>,
    protocols: Option<String>,
    /// The certificate that the host will show, in PEM; there is no TLS without it.
    pub client_certificate: Option<String>,
    /// Where the host wants the socket.
    pub socket_dir: Option<PathBuf>,
    /// Whether the host understands the line's seventh field.
    pub multiplex: bool,
}

/// Why a provider does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No host started it.
    StartedByHand,
    /// The host speaks these protocols only.
    OtherProtocol(String),
}

impl Environment {
    pub(super) fn of_process() -> Self {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            cookie: variable(COOKIE.0),
            protocols: variable("PLUGIN_PROTOCOL_VERSIONS"),
            client_certificate: variable("PLUGIN_CLIENT_CERT"),
            socket_dir: variable("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            multiplex: variable("PLUGIN_MULTIPLEX_GRPC").is_some(),
        }
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.cookie.as_deref() != Some(COOKIE.1) {
            return Err(Refusal::StartedByHand);
        }
        match &self.protocols {
            Some(offered) if !offered.split(',').any(|version| version.trim().parse() == Ok(PROTOCOL)) => {
                Err(Refusal::OtherProtocol(offered.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// The line that the host waits for: versions, address, kind of connection, certificate, and whether connections can be
/// multiplexed, which none needs here.
pub(super) fn line(address: &Address, certificate: Option<&[u8]>, multiplex: bool) -> String {
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    let multiplex = if multiplex { "|false" } else { "" };
    format!("{CORE}|{PROTOCOL}|{}|{}|grpc|{certificate}{multiplex}\n", address.network(), Shown(address))
}

/// The variable that makes a host use a process that is already there.
pub(super) fn reattach_line(options: &ServeOptions, address: &Address) -> String {
    let document = json!({
        options.address.as_str(): {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": std::process::id(),
            "Test": true,
            "Addr": { "Network": address.network(), "String": Shown(address).to_string() },
        }
    });
    format!("TF_REATTACH_PROVIDERS='{document}'\n")
}

struct Shown<'a>(&'a Address);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Address::Unix(path) => path.display().fmt(f),
            Address::Tcp(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::read(|name| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn only_a_host_knows_the_cookie() {
        assert_eq!(environment(&[]).check(), Err(Refusal::StartedByHand));
        assert_eq!(environment(&[(COOKIE.0, "x")]).check(), Err(Refusal::StartedByHand));
        assert_eq!(environment(&[COOKIE]).check(), Ok(()));
    }

    #[test]
    fn protocol_6_must_be_among_those_of_the_host() {
        for offered in ["6", "5,6", "6,5"] {
            assert_eq!(environment(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", offered)]).check(), Ok(()));
        }
        for offered in ["5", "16,60"] {
            let refused = environment(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", offered)]).check();
            assert_eq!(refused, Err(Refusal::OtherProtocol(offered.to_owned())));
        }
    }

    #[test]
    fn the_line_is_as_the_host_reads_it() {
        let unix = Address::Unix("/tmp/p/socket".into());
        assert_eq!(line(&unix, None, false), "1|6|unix|/tmp/p/socket|grpc|\n");
        assert_eq!(line(&unix, Some(b"abcd"), true), "1|6|unix|/tmp/p/socket|grpc|YWJjZA|false\n");
        let tcp = Address::Tcp("127.0.0.1:1234".parse().unwrap());
        assert_eq!(line(&tcp, Some(b"abc"), false), "1|6|tcp|127.0.0.1:1234|grpc|YWJj\n");
    }

    #[test]
    fn the_reattach_variable_is_as_the_host_reads_it() {
        let options = ServeOptions {
            name: "probe".into(),
            address: "registry.opentofu.org/example/probe".into(),
            version: "0.0.0".into(),
            reattach: true,
            log_crates: Vec::new(),
        };
        let line = reattach_line(&options, &Address::Unix("/tmp/p/socket".into()));
        let document =
            line.trim_end().strip_prefix("TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
        let document: serde_json::Value = serde_json::from_str(document).unwrap();
        assert_eq!(
            document,
            json!({"registry.opentofu.org/example/probe": {
                "Protocol": "grpc", "ProtocolVersion": 6, "Pid": std::process::id(), "Test": true,
                "Addr": {"Network": "unix", "String": "/tmp/p/socket"},
            }})
        );
    }
}
