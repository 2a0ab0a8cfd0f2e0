//! The gate's second word: the write itself asks it, whatever the plan said before. OpenTofu plans again with all values known right before
//! each write, so only a host that does not shows that.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

use fluxgate_provider::{Environment, FluxgateProvider};
use tfplugin::{
    private::Private,
    provider::{Call, Capabilities, ConfigureRequest, Provider},
    resource::CreateRequest,
    value::Value,
};

/// What the write of a GitRepository ends in, by a provider whose cluster is out of reach.
async fn written(interval: &str, policy: Value) -> Vec<String> {
    let provider = FluxgateProvider::new(Environment::default());
    let kubernetes = Value::object([
        ("host", "https://127.0.0.1:1".into()),
        ("token", "t".into()),
        ("insecure", true.into()),
    ]);
    let capabilities = Capabilities { deferral_allowed: false, write_only_attributes_allowed: true };
    let request = ConfigureRequest {
        config: Value::object([("kubernetes", kubernetes), ("policy", policy)]),
        terraform_version: "1.12.0".to_owned(),
        capabilities,
    };
    let configured = provider.configure(&Call::detached("ConfigureProvider"), request).await;
    assert!(!configured.has_errors(), "{configured:?}");

    let resources = provider.resources();
    let repositories =
        resources.iter().find(|resource| resource.name() == "fluxgate_git_repository").unwrap();
    let spec = Value::object([
        ("url", "https://example.com/app.git".into()),
        ("interval", interval.into()),
        ("ref", Value::object([("branch", "main".into())])),
    ]);
    let planned = Value::object([("name", "app".into()), ("namespace", "apps".into()), ("spec", spec)]);
    let request = CreateRequest { config: planned.clone(), planned, private: Private::new() };
    let response = repositories.create(&Call::detached("ApplyResourceChange"), request).await;
    assert!(response.state.is_none(), "nothing was written");
    response.diagnostics.iter().map(|diagnostic| diagnostic.summary.clone()).collect()
}

#[tokio::test]
async fn a_write_is_refused_by_the_rules_before_the_cluster_is_asked() {
    assert_eq!(written("2h", Value::Null).await, ["Policy: interval"]);
    assert_eq!(written("1m", Value::Null).await, ["The cluster cannot be reached"]);
}

#[tokio::test]
async fn nothing_is_written_while_the_settings_of_the_rules_are_unknown() {
    assert_eq!(written("1m", Value::Unknown).await, ["The policy gate is shut"]);
    let off = Value::object([("rules", Value::map([("interval", "off".into())]))]);
    assert_eq!(written("2h", off).await, ["The cluster cannot be reached"]);
}
