//! The program that OpenTofu starts: `terraform-provider-fluxgate`.

use std::process::ExitCode;

use fluxgate_provider::{Environment, FluxgateProvider};
use tfplugin::serve::{ServeOptions, serve};

fn main() -> ExitCode {
    let options = ServeOptions {
        name: "fluxgate".to_owned(),
        address: "registry.opentofu.org/fluxgate/fluxgate".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        reattach: std::env::args().nth(1).as_deref() == Some("--reattach"),
        log_crates: ["cluster", "flux", "fluxgate_provider", "policy", "remote", "tfplugin"]
            .map(str::to_owned)
            .to_vec(),
    };
    serve(FluxgateProvider::new(Environment::of_this_process()), options)
}
