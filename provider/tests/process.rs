//! The built provider as a process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

use std::process::Command;

use tfplugin::{host::Host, rpc::messages::get_provider_schema};

/// What a provider may hold before it has anything to do.
const AT_REST: u64 = 20 << 20;

#[tokio::test]
async fn it_is_small_after_the_schema_call() {
    let host = Host::start(Command::new(env!("CARGO_BIN_EXE_terraform-provider-fluxgate"))).await.unwrap();
    let schema = host.provider().get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    assert!(schema.into_inner().resource_schemas.len() >= 20);
    let resident = host.resident_memory().unwrap();
    assert!(resident <= AT_REST, "{resident} bytes are resident");
    host.end().await.unwrap();
}
