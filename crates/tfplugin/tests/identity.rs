//! Identities, as hosts use them: in every answer about an object, for an import, and from earlier versions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

#[path = "../examples/probe.rs"]
#[expect(dead_code, reason = "its main is for the example")]
mod probe;

use std::sync::Arc;

use tempfile::TempDir;
use tfplugin::codec::{decode_msgpack, encode_msgpack};
use tfplugin::provider::Provider;
use tfplugin::rpc::ProviderService;
use tfplugin::rpc::messages::{self as m, DynamicValue, ResourceIdentityData};
use tfplugin::rpc::provider::{Client, Server};
use tfplugin::value::{Type, Value};

const THING: &str = "probe_thing";

struct Bench {
    client: Client<Server<ProviderService>>,
    ty: Type,
    _folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let provider = Arc::new(probe::Probe::default());
        let ty = provider.resources()[0].schema().ty();
        let folder = tempfile::tempdir().unwrap();
        let mut client = Client::new(ProviderService::new(provider).into_server());
        let config = probe::Probe::default().schema().ty();
        let value = Value::object([("folder", folder.path().to_str().unwrap().into())]);
        let request =
            m::configure_provider::Request { config: Some(wire(&value, &config)), ..Default::default() };
        client.configure_provider(request).await.unwrap();
        Self { client, ty, _folder: folder }
    }

    async fn create(&mut self, config: &Value) -> m::apply_resource_change::Response {
        let request = m::apply_resource_change::Request {
            type_name: THING.into(),
            planned_state: Some(wire(config, &self.ty)),
            config: Some(wire(config, &self.ty)),
            ..Default::default()
        };
        self.client.apply_resource_change(request).await.unwrap().into_inner()
    }

    async fn plan(&mut self, config: &Value) -> m::plan_resource_change::Response {
        let request = m::plan_resource_change::Request {
            type_name: THING.into(),
            proposed_new_state: Some(wire(config, &self.ty)),
            config: Some(wire(config, &self.ty)),
            ..Default::default()
        };
        self.client.plan_resource_change(request).await.unwrap().into_inner()
    }

    async fn import(&mut self, identity: &Value) -> m::import_resource_state::Response {
        let request = m::import_resource_state::Request {
            type_name: THING.into(),
            identity: Some(ResourceIdentityData { identity_data: Some(wire(identity, &identity_type())) }),
            ..Default::default()
        };
        self.client.import_resource_state(request).await.unwrap().into_inner()
    }

    async fn upgrade(&mut self, version: i64, json: &str) -> m::upgrade_resource_identity::Response {
        let request = m::upgrade_resource_identity::Request {
            type_name: THING.into(),
            version,
            raw_identity: Some(m::RawState { json: json.into(), ..Default::default() }),
        };
        self.client.upgrade_resource_identity(request).await.unwrap().into_inner()
    }
}

fn identity_type() -> Type {
    Type::object([("name", Type::String), ("password", Type::String)])
}

fn wire(value: &Value, ty: &Type) -> DynamicValue {
    DynamicValue { msgpack: encode_msgpack(value, ty).unwrap(), json: Vec::new() }
}

fn read(identity: Option<ResourceIdentityData>) -> Option<Value> {
    let data = identity?.identity_data?;
    Some(decode_msgpack(&data.msgpack, &identity_type()).unwrap())
}

fn app() -> Value {
    Value::object([("name", "app".into()), ("password", Value::Null)])
}

fn config() -> Value {
    Value::object([("name", "app".into()), ("spec", Value::object([("url", "https://x".into())]))])
}

fn summaries(diagnostics: &[m::Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|diagnostic| diagnostic.summary.as_str()).collect()
}

#[tokio::test]
async fn plan_apply_read_and_import_say_which_object_it_is() {
    let mut bench = Bench::new().await;
    assert_eq!(read(bench.plan(&config()).await.planned_identity), Some(app()));
    let applied = bench.create(&config()).await;
    assert_eq!(read(applied.new_identity.clone()), Some(app()));

    let request = m::read_resource::Request {
        type_name: THING.into(),
        current_state: applied.new_state.clone(),
        current_identity: applied.new_identity.clone(),
        ..Default::default()
    };
    let fresh = bench.client.read_resource(request).await.unwrap().into_inner();
    assert_eq!(read(fresh.new_identity), Some(app()));

    let imported = bench.import(&app()).await;
    assert_eq!(summaries(&imported.diagnostics), Vec::<&str>::new());
    assert_eq!(read(imported.imported_resources[0].identity.clone()), Some(app()));
    assert_eq!(imported.imported_resources[0].state, applied.new_state);
}

#[tokio::test]
async fn an_object_whose_name_is_unknown_has_no_identity_yet_and_one_that_is_gone_none_any_more() {
    let mut bench = Bench::new().await;
    assert_eq!(read(bench.plan(&config().with("name", Value::Unknown)).await.planned_identity), None);

    let applied = bench.create(&config()).await;
    let request = m::apply_resource_change::Request {
        type_name: THING.into(),
        prior_state: applied.new_state,
        ..Default::default()
    };
    let deleted = bench.client.apply_resource_change(request).await.unwrap().into_inner();
    assert_eq!(read(deleted.new_identity), None);
}

#[tokio::test]
async fn a_read_that_fails_keeps_the_identity() {
    let mut bench = Bench::new().await;
    let kept = ResourceIdentityData { identity_data: Some(wire(&app(), &identity_type())) };
    bench.client = Client::new(ProviderService::new(Arc::new(probe::Probe::default())).into_server());
    let request = m::read_resource::Request {
        type_name: THING.into(),
        current_state: Some(wire(&config(), &bench.ty)),
        current_identity: Some(kept.clone()),
        ..Default::default()
    };
    let fresh = bench.client.read_resource(request).await.unwrap().into_inner();
    assert_eq!(summaries(&fresh.diagnostics), ["No folder"]);
    assert_eq!(fresh.new_identity, Some(kept));
}

#[tokio::test]
async fn an_import_needs_the_whole_identity() {
    let mut bench = Bench::new().await;
    let part = bench.import(&Value::object([("name", Value::Null)])).await;
    assert_eq!(summaries(&part.diagnostics), ["Import needs a whole identity"]);
    assert!(part.diagnostics[0].detail.contains("needs name"), "{}", part.diagnostics[0].detail);

    let nothing = bench.import(&Value::object([("name", "nothing".into())])).await;
    assert_eq!(summaries(&nothing.diagnostics), ["Nothing to import"]);

    let request = m::import_resource_state::Request {
        type_name: THING.into(),
        identity: Some(ResourceIdentityData {
            identity_data: Some(DynamicValue { msgpack: b"\x81\xa4name\x07".to_vec(), json: Vec::new() }),
        }),
        ..Default::default()
    };
    let wrong = bench.client.import_resource_state(request).await.unwrap().into_inner();
    assert_eq!(summaries(&wrong.diagnostics), ["Cannot read what the host sent"]);
}

#[tokio::test]
async fn identities_are_read_upgraded_or_refused() {
    let mut bench = Bench::new().await;
    assert_eq!(read(bench.upgrade(3, r#"{"name": "app"}"#).await.upgraded_identity), Some(app()));
    assert_eq!(read(bench.upgrade(1, r#"{"id": "app"}"#).await.upgraded_identity), Some(app()));
    let newer = bench.upgrade(4, "{}").await;
    assert_eq!(summaries(&newer.diagnostics), ["Identity of a newer provider"]);
    let damaged = bench.upgrade(3, "[]").await;
    assert_eq!(summaries(&damaged.diagnostics), ["Cannot read what the host sent"]);
}
