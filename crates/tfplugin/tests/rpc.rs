//! Every call, made as the host makes it, against the probe provider; over no network, except where that is the point.
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
use std::time::Duration;

use tempfile::TempDir;
use tfplugin::codec::{decode_msgpack, encode_msgpack};
use tfplugin::provider::Provider;
use tfplugin::rpc::messages::{self as m, ClientCapabilities, DynamicValue, Selector};
use tfplugin::rpc::provider::{Client, Server};
use tfplugin::rpc::{MAX_MESSAGE, ProviderService};
use tfplugin::schema::Schema;
use tfplugin::value::{Type, Value};

const THING: &str = "probe_thing";

/// A provider and its client; the objects are in a folder of their own.
struct Bench {
    client: Client<Server<ProviderService>>,
    schema: Schema,
    folder: TempDir,
}

impl Bench {
    fn unconfigured() -> Self {
        let provider = Arc::new(probe::Probe::default());
        let schema = provider.resources()[0].schema();
        let client = Client::new(ProviderService::new(provider).into_server())
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE);
        Self { client, schema, folder: tempfile::tempdir().unwrap() }
    }

    async fn new() -> Self {
        let mut bench = Self::unconfigured();
        let folder = bench.folder.path().to_str().unwrap().to_owned();
        assert_eq!(bench.configure(folder.into()).await, Vec::<String>::new());
        bench
    }

    async fn configure(&mut self, folder: Value) -> Vec<String> {
        let ty = probe::Probe::default().schema().ty();
        let request = m::configure_provider::Request {
            terraform_version: "1.12.6".into(),
            config: Some(wire(&Value::object([("folder", folder)]), &ty)),
            client_capabilities: None,
        };
        told(&self.client.configure_provider(request).await.unwrap().into_inner().diagnostics)
    }

    fn ty(&self) -> Type {
        self.schema.ty()
    }

    fn read_back(&self, message: Option<DynamicValue>) -> Value {
        decode_msgpack(&message.expect("a value").msgpack, &self.ty()).unwrap()
    }

    async fn validate(&mut self, config: &Value, write_only_attributes_allowed: bool) -> Vec<String> {
        let request = m::validate_resource_config::Request {
            type_name: THING.into(),
            config: Some(wire(config, &self.ty())),
            client_capabilities: Some(ClientCapabilities {
                deferral_allowed: false,
                write_only_attributes_allowed,
            }),
        };
        told(&self.client.validate_resource_config(request).await.unwrap().into_inner().diagnostics)
    }

    async fn plan(&mut self, prior: &Value, config: &Value) -> m::plan_resource_change::Response {
        let request = m::plan_resource_change::Request {
            type_name: THING.into(),
            prior_state: Some(wire(prior, &self.ty())),
            proposed_new_state: Some(wire(&proposed(&self.schema, prior, config), &self.ty())),
            config: Some(wire(config, &self.ty())),
            ..Default::default()
        };
        self.client.plan_resource_change(request).await.unwrap().into_inner()
    }

    async fn apply(
        &mut self,
        prior: &Value,
        planned: &Value,
        config: &Value,
    ) -> (Value, m::apply_resource_change::Response) {
        let request = m::apply_resource_change::Request {
            type_name: THING.into(),
            prior_state: Some(wire(prior, &self.ty())),
            planned_state: Some(wire(planned, &self.ty())),
            config: Some(wire(config, &self.ty())),
            ..Default::default()
        };
        let mut answer = self.client.apply_resource_change(request).await.unwrap().into_inner();
        (self.read_back(answer.new_state.take()), answer)
    }

    /// Plans and applies.
    async fn settle(&mut self, prior: &Value, config: &Value) -> Value {
        let plan = self.plan(prior, config).await;
        assert_eq!(told(&plan.diagnostics), Vec::<String>::new());
        let planned = self.read_back(plan.planned_state);
        let (state, answer) = self.apply(prior, &planned, config).await;
        assert_eq!(told(&answer.diagnostics), Vec::<String>::new());
        state
    }

    async fn read(&mut self, state: &Value) -> Value {
        let request = m::read_resource::Request {
            type_name: THING.into(),
            current_state: Some(wire(state, &self.ty())),
            ..Default::default()
        };
        let answer = self.client.read_resource(request).await.unwrap().into_inner();
        assert_eq!(told(&answer.diagnostics), Vec::<String>::new());
        self.read_back(answer.new_state)
    }
}

fn wire(value: &Value, ty: &Type) -> DynamicValue {
    DynamicValue { msgpack: encode_msgpack(value, ty).unwrap(), json: Vec::new() }
}

/// What the host proposes, for the shapes that these tests use.
fn proposed(schema: &Schema, prior: &Value, config: &Value) -> Value {
    if config.is_null() {
        return Value::Null;
    }
    let mut proposed = config.clone();
    let spec = schema.attributes.iter().find(|attribute| attribute.name == "spec").unwrap();
    let computed = |attributes: &[tfplugin::schema::Attribute], at: &str| {
        attributes
            .iter()
            .filter(|attribute| attribute.computed)
            .map(|attribute| format!("{at}{}", attribute.name))
            .collect::<Vec<_>>()
    };
    let mut names = computed(&schema.attributes, "");
    names.extend(computed(&spec.nested_kind().unwrap().attributes, "spec."));
    for name in names {
        let path = name.as_str().into();
        if config.at(&path).is_null() {
            proposed = proposed.with(path.clone(), prior.at(&path).clone());
        }
    }
    proposed
}

fn told(diagnostics: &[m::Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let severity = if diagnostic.severity == 1 { "error" } else { "warning" };
            let path: Vec<String> = diagnostic
                .attribute
                .iter()
                .flat_map(|path| &path.steps)
                .map(|step| match &step.selector {
                    Some(Selector::AttributeName(name) | Selector::ElementKeyString(name)) => name.clone(),
                    Some(Selector::ElementKeyInt(index)) => index.to_string(),
                    None => "?".to_owned(),
                })
                .collect();
            format!("{severity} {}: {}", path.join("/"), diagnostic.summary)
        })
        .collect()
}

fn config() -> Value {
    Value::object([
        ("name", "app".into()),
        ("token", "secret".into()),
        (
            "values",
            Value::dynamic(Value::object([
                ("big", Value::Number("123456789012345678901234567890".parse().unwrap())),
                ("half", 1.5.into()),
            ])),
        ),
        (
            "spec",
            Value::object([
                ("url", "https://x".into()),
                ("patches", Value::list([Value::object([("path", "/a".into())])])),
            ]),
        ),
    ])
}

#[tokio::test]
async fn the_schema_says_what_is_offered() {
    let mut bench = Bench::unconfigured();
    let schema =
        bench.client.get_provider_schema(m::get_provider_schema::Request {}).await.unwrap().into_inner();
    assert_eq!(told(&schema.diagnostics), Vec::<String>::new());
    assert_eq!(schema.resource_schemas.keys().collect::<Vec<_>>(), [THING]);
    assert_eq!(schema.data_source_schemas.keys().collect::<Vec<_>>(), ["probe_echo"]);
    assert_eq!(schema.ephemeral_resource_schemas.keys().collect::<Vec<_>>(), ["probe_ticket"]);
    assert_eq!(schema.functions.keys().collect::<Vec<_>>(), ["join"]);
    assert!(schema.server_capabilities.is_some_and(|capabilities| capabilities.get_provider_schema_optional));

    let block = schema.resource_schemas[THING].block.clone().unwrap();
    let find = |name: &str| block.attributes.iter().find(|attribute| attribute.name == name).unwrap().clone();
    let spec = find("spec");
    assert!(spec.r#type.is_empty() && spec.required);
    assert_eq!(spec.nested_type.unwrap().attributes.len(), 5);
    assert_eq!(find("values").r#type, b"\"dynamic\"");
    assert!(find("token").write_only && find("password").sensitive);
    assert!(find("wait").optional && find("wait").computed);

    let identities =
        bench.client.get_resource_identity_schemas(m::get_resource_identity_schemas::Request {}).await;
    let identities = identities.unwrap().into_inner();
    assert_eq!(told(&identities.diagnostics), Vec::<String>::new());
    let identity = &identities.identity_schemas[THING];
    let shown = |attribute: &m::IdentityAttribute| {
        (attribute.name.clone(), attribute.required_for_import, attribute.optional_for_import)
    };
    assert_eq!(identity.version, 3);
    assert_eq!(
        identity.identity_attributes.iter().map(shown).collect::<Vec<_>>(),
        [("name".to_owned(), true, false), ("password".to_owned(), false, true)]
    );
    assert_eq!(identity.identity_attributes[0].r#type, b"\"string\"");
}

#[tokio::test]
async fn a_wrong_configuration_is_told_on_its_attributes() {
    let mut bench = Bench::unconfigured();
    assert_eq!(bench.validate(&config(), true).await, Vec::<String>::new());
    assert_eq!(bench.validate(&config(), false).await, ["error token: Write-only argument not supported"]);
    let wrong = config()
        .with("spec.url", "git@x")
        .with("spec.patches", Value::list([Value::object([("path", Value::Null), ("op", "turn".into())])]))
        .with("timeouts.create", "soon");
    let expected = [
        "error spec/url: Invalid value",
        "error spec/patches: Missing required argument",
        "error spec/patches: Invalid value",
        "error timeouts/create: Invalid value",
    ];
    // Hosts find an attribute's line from two steps at most; the detail has the whole path.
    assert_eq!(bench.validate(&wrong, true).await, expected);
    assert_eq!(bench.validate(&config().with("spec", Value::Unknown), true).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_provider_takes_a_configuration_that_is_not_known_yet() {
    let mut bench = Bench::unconfigured();
    let ty = probe::Probe::default().schema().ty();
    let request = |mode: &str| m::validate_provider_config::Request {
        config: Some(wire(&Value::object([("folder", Value::Unknown), ("mode", mode.into())]), &ty)),
    };
    let mut validate = async |mode: &str| {
        told(&bench.client.validate_provider_config(request(mode)).await.unwrap().into_inner().diagnostics)
    };
    assert_eq!(validate("calm").await, Vec::<String>::new());
    assert_eq!(validate("wild").await, ["error mode: Invalid value"]);

    assert_eq!(bench.configure(Value::Unknown).await, Vec::<String>::new());
    let plan = bench.plan(&Value::Null, &config()).await;
    assert_eq!(told(&plan.diagnostics), Vec::<String>::new());
    let planned = bench.read_back(plan.planned_state);
    let (state, answer) = bench.apply(&Value::Null, &planned, &config()).await;
    assert_eq!(told(&answer.diagnostics), ["error : No folder"]);
    assert!(state.is_null());
}

#[tokio::test]
async fn an_object_lives_and_dies() {
    let mut bench = Bench::new().await;
    let plan = bench.plan(&Value::Null, &config()).await;
    let planned = bench.read_back(plan.planned_state);
    let unknown: Vec<String> = planned.unknown_paths().iter().map(ToString::to_string).collect();
    assert_eq!(unknown, ["generation", "id", "spec.revision", "token_length"]);
    assert_eq!(planned.get("spec").get("patches").get_index(0).get("op").as_str(), Some("replace"));

    let state = bench.settle(&Value::Null, &config()).await;
    assert!(state.is_wholly_known());
    assert!(state.get("token").is_null(), "a write-only value is never stored");
    assert_eq!(state.get("token_length").as_i64(), Some(6));
    assert_eq!(state.get("values"), config().get("values"));
    assert_eq!(bench.read(&state).await, state);

    let again = bench.plan(&state, &config()).await;
    assert_eq!(bench.read_back(again.planned_state), state, "a second plan is empty");

    let changed = config().with("wait", false);
    let updated = bench.settle(&state, &changed).await;
    assert_eq!(updated.get("generation").as_i64(), Some(2));
    assert_eq!(updated.get("id"), state.get("id"));

    let replaced = bench.plan(&state, &config().with("name", "other")).await;
    assert_eq!(replaced.requires_replace.len(), 1);

    let gone = bench.plan(&updated, &Value::Null).await;
    assert!(bench.read_back(gone.planned_state).is_null());
    let (state, answer) = bench.apply(&updated, &Value::Null, &Value::Null).await;
    assert!(state.is_null() && answer.diagnostics.is_empty());
    assert!(bench.read(&updated).await.is_null(), "what is gone is read as gone");
}

#[tokio::test]
async fn a_plan_warns_on_the_attribute() {
    let mut bench = Bench::new().await;
    let plan = bench.plan(&Value::Null, &config().with("spec.url", "http://x")).await;
    assert_eq!(told(&plan.diagnostics), ["warning spec/url: Unencrypted"]);
}

#[tokio::test]
async fn what_fails_but_exists_is_kept() {
    let mut bench = Bench::new().await;
    let config = config().with("spec.url", "fail://x");
    let plan = bench.plan(&Value::Null, &config).await;
    let planned = bench.read_back(plan.planned_state);
    let (state, answer) = bench.apply(&Value::Null, &planned, &config).await;
    assert_eq!(told(&answer.diagnostics), ["error spec/url: The object is not ready"]);
    assert_eq!(state.get("id").as_str(), Some("app"));
    assert!(state.is_wholly_known(), "what the error leaves unknown is null");
}

#[tokio::test]
async fn a_panic_is_an_error_that_names_the_call_and_loses_nothing() {
    let mut bench = Bench::new().await;
    let config = config().with("spec.url", "panic://secret");
    let plan = bench.plan(&Value::Null, &config).await;
    let planned = bench.read_back(plan.planned_state);
    let (state, answer) = bench.apply(&Value::Null, &planned, &config).await;
    assert_eq!(told(&answer.diagnostics), ["error : Internal error in the provider"]);
    assert!(answer.diagnostics[0].detail.contains("ApplyResourceChange"));
    assert!(!answer.diagnostics[0].detail.contains("secret"));
    assert_eq!(state.get("name").as_str(), Some("app"), "it may exist, so the host must look for it");

    let prior = bench.settle(&Value::Null, &self::config()).await;
    let plan = bench.plan(&prior, &config).await;
    let planned = bench.read_back(plan.planned_state);
    let (state, answer) = bench.apply(&prior, &planned, &config).await;
    assert_eq!(answer.diagnostics.len(), 1);
    assert_eq!(state, prior);
}

#[tokio::test]
async fn stopping_cancels_what_is_in_flight_and_keeps_what_was_created() {
    let mut bench = Bench::new().await;
    let config = config().with("spec.url", "slow://x");
    let plan = bench.plan(&Value::Null, &config).await;
    let planned = bench.read_back(plan.planned_state);

    let mut stopper = bench.client.clone();
    let file = bench.folder.path().join("app");
    let stop = async move {
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stopper.stop_provider(m::stop_provider::Request {}).await.unwrap().into_inner().error
    };
    let ((state, answer), error) = tokio::join!(bench.apply(&Value::Null, &planned, &config), stop);
    assert_eq!(error, "");
    assert_eq!(answer.diagnostics[0].detail, "You asked to stop.");
    assert_eq!(state.get("id").as_str(), Some("app"));

    let later = bench.settle(&state, &self::config()).await;
    assert_eq!(later.get("generation").as_i64(), Some(2), "calls that come later are not cancelled");
}

#[tokio::test]
async fn a_call_that_the_host_gives_up_on_is_cancelled_but_runs_to_its_end() {
    let mut bench = Bench::new().await;
    let config = config().with("spec.url", "slow://x");
    let plan = bench.plan(&Value::Null, &config).await;
    let planned = bench.read_back(plan.planned_state);
    let given_up =
        tokio::time::timeout(Duration::from_millis(200), bench.apply(&Value::Null, &planned, &config)).await;
    assert!(given_up.is_err());
    let prior = bench.read(&planned.with("id", "app").unknown_as_null()).await;
    assert_eq!(prior.get("id").as_str(), Some("app"));
}

#[tokio::test]
async fn an_object_is_imported_by_its_id() {
    let mut bench = Bench::new().await;
    let state = bench.settle(&Value::Null, &config()).await;
    let mut import = async |id: &str| {
        let request = m::import_resource_state::Request {
            type_name: THING.into(),
            id: id.into(),
            ..Default::default()
        };
        bench.client.import_resource_state(request).await.unwrap().into_inner()
    };
    assert_eq!(told(&import("nothing").await.diagnostics), ["error : Nothing to import"]);
    assert_eq!(told(&import("").await.diagnostics), ["error : Import needs an id"]);
    let imported = import("app").await.imported_resources.remove(0);
    let imported = bench.read_back(imported.state);
    assert_eq!(imported, state);
    assert_eq!(bench.read(&imported).await, state);
}

#[tokio::test]
async fn states_are_read_upgraded_or_refused() {
    let mut bench = Bench::new().await;
    let mut upgrade = async |version: i64, json: &str| {
        let raw_state = m::RawState { json: json.into(), ..Default::default() };
        let request = m::upgrade_resource_state::Request {
            type_name: THING.into(),
            version,
            raw_state: Some(raw_state),
        };
        bench.client.upgrade_resource_state(request).await.unwrap().into_inner()
    };
    let same = upgrade(1, r#"{"name": "app", "gone": 1, "values": {"type": "number", "value": 1e40}}"#).await;
    let old = upgrade(0, r#"{"name": "app", "url": "https://old"}"#).await;
    let newer = upgrade(2, "{}").await;
    let damaged = upgrade(1, r#"{"name": 1}"#).await;
    let ancient = upgrade(0, "").await;

    let same = bench.read_back(same.upgraded_state);
    assert_eq!(same.get("name").as_str(), Some("app"));
    assert_eq!(same.get("values").as_number().unwrap().to_string(), format!("1{}", "0".repeat(40)));
    let old = bench.read_back(old.upgraded_state);
    assert_eq!(old.get("spec").get("url").as_str(), Some("https://old"));
    assert_eq!(told(&newer.diagnostics), ["error : State of a newer provider"]);
    assert_eq!(told(&damaged.diagnostics), ["error name: Cannot read what the host sent"]);
    assert_eq!(told(&ancient.diagnostics), ["error : State of an old form"]);
}

#[tokio::test]
async fn an_object_of_another_resource_is_taken_over() {
    let mut bench = Bench::new().await;
    let request = m::move_resource_state::Request {
        source_provider_address: "registry.opentofu.org/example/other".into(),
        source_type_name: "other_thing".into(),
        source_state: Some(m::RawState {
            json: br#"{"id": "app", "more": true}"#.to_vec(),
            ..Default::default()
        }),
        target_type_name: THING.into(),
        ..Default::default()
    };
    let moved = bench.client.move_resource_state(request).await.unwrap().into_inner();
    assert_eq!(bench.read_back(moved.target_state).get("id").as_str(), Some("app"));
}

#[tokio::test]
async fn data_functions_and_ephemeral_values_are_answered() {
    let mut bench = Bench::new().await;
    let ty = Type::object([("input", Type::Dynamic), ("prefix", Type::String), ("output", Type::Dynamic)]);
    let config = Value::object([("input", Value::dynamic(1.5.into()))]);
    let request = m::read_data_source::Request {
        type_name: "probe_echo".into(),
        config: Some(wire(&config, &ty)),
        ..Default::default()
    };
    let data = bench.client.read_data_source(request).await.unwrap().into_inner();
    let data = decode_msgpack(&data.state.unwrap().msgpack, &ty).unwrap();
    assert_eq!((data.get("output").as_f64(), data.get("prefix").as_str()), (Some(1.5), Some("echo")));

    let mut join = async |arguments: &[&str]| {
        let arguments = arguments.iter().map(|text| wire(&(*text).into(), &Type::String)).collect();
        let request = m::call_function::Request { name: "join".into(), arguments };
        bench.client.call_function(request).await.unwrap().into_inner()
    };
    let joined = join(&["-", "a", "b"]).await.result.unwrap();
    assert_eq!(decode_msgpack(&joined.msgpack, &Type::String), Ok("a-b".into()));
    let error = join(&["-"]).await.error.unwrap();
    assert_eq!((error.text.as_str(), error.function_argument), ("There is nothing to join.", Some(1)));
    assert!(join(&[]).await.error.is_some());

    let ty = Type::object([("subject", Type::String), ("ticket", Type::String)]);
    let request = m::open_ephemeral_resource::Request {
        type_name: "probe_ticket".into(),
        config: Some(wire(&Value::object([("subject", "x".into())]), &ty)),
        client_capabilities: None,
    };
    let opened = bench.client.open_ephemeral_resource(request).await.unwrap().into_inner();
    let opened = decode_msgpack(&opened.result.unwrap().msgpack, &ty).unwrap();
    assert_eq!(opened.get("ticket").as_str(), Some("ticket for x"));
    for answer in [
        told(
            &bench
                .client
                .renew_ephemeral_resource(m::renew_ephemeral_resource::Request {
                    type_name: "probe_ticket".into(),
                    private: None,
                })
                .await
                .unwrap()
                .into_inner()
                .diagnostics,
        ),
        told(
            &bench
                .client
                .close_ephemeral_resource(m::close_ephemeral_resource::Request {
                    type_name: "probe_ticket".into(),
                    private: None,
                })
                .await
                .unwrap()
                .into_inner()
                .diagnostics,
        ),
    ] {
        assert_eq!(answer, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_is_not_offered_is_told() {
    let mut bench = Bench::new().await;
    let request = m::read_resource::Request { type_name: "probe_other".into(), ..Default::default() };
    let answer = bench.client.read_resource(request).await.unwrap().into_inner();
    assert_eq!(told(&answer.diagnostics), ["error : Unknown resource"]);
}

#[tokio::test]
async fn a_message_of_a_hundred_megabytes_passes() {
    assert_eq!(tfplugin::rpc::MAX_MESSAGE, 256 << 20, "as OpenTofu has it");
    let mut bench = Bench::new().await;
    let big = "x".repeat(100 << 20);
    let config = config().with("password", big.as_str());
    let plan = bench.plan(&Value::Null, &config).await;
    assert_eq!(bench.read_back(plan.planned_state).get("password").as_str().map(str::len), Some(100 << 20));
}

#[tokio::test]
async fn a_provider_that_was_not_told_its_own_schema_is_refused() {
    let mut bench = Bench::new().await;
    let request = m::validate_resource_config::Request {
        type_name: THING.into(),
        config: Some(DynamicValue { msgpack: b"\x81\xa4name\x07".to_vec(), json: Vec::new() }),
        client_capabilities: None,
    };
    let answer = bench.client.validate_resource_config(request).await.unwrap().into_inner();
    assert_eq!(told(&answer.diagnostics), ["error name: Cannot read what the host sent"]);
    assert!(answer.diagnostics[0].detail.contains("a string is required, found a number"));
}
