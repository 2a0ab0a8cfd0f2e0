//! Serving a provider to the host: the handshake, the socket, mutual TLS, and a clean end.

use std::process::ExitCode;

use crate::provider::Provider;

/// How a provider is served.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The provider's name, such as `fluxgate`.
    pub name: String,
    /// Its full source address, such as `registry.opentofu.org/fluxgate/fluxgate`.
    pub address: String,
    /// Its version, for the message to people who start it by hand.
    pub version: String,
    /// Serve for debugging: print how a host finds this process, and go on until interrupted.
    pub reattach: bool,
    /// The crates whose log lines are passed on at any level; those of others only as warnings and errors.
    pub log_crates: Vec<String>,
}

/// Serves a provider until the host ends it. Blocks; the exit code is for `main` to return.
pub fn serve(provider: impl Provider, options: ServeOptions) -> ExitCode {
    let _ = (provider, options);
    ExitCode::FAILURE
}
