//! Every call with messages that no host should send, and values of every type in every state: an answer each time, and the right one.
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

use http::uri::PathAndQuery;
use tfplugin::async_trait;
use tfplugin::codec::{decode_msgpack, encode_msgpack};
use tfplugin::diagnostic::Diagnostics;
use tfplugin::provider::{Call, ConfigureRequest, Provider};
use tfplugin::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, ReadRequest, ReadResponse, Resource,
    UpdateRequest,
};
use tfplugin::rpc::messages::{self as m, ClientCapabilities, DynamicValue};
use tfplugin::rpc::provider::{Client, Server};
use tfplugin::rpc::{MAX_MESSAGE, ProviderService};
use tfplugin::schema::{Attribute, Schema};
use tfplugin::value::{Type, Value};

type Bench = Client<Server<ProviderService>>;

fn bench(provider: impl Provider) -> Bench {
    Client::new(ProviderService::new(Arc::new(provider)).into_server())
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE)
}

fn wire(value: &Value, ty: &Type) -> DynamicValue {
    DynamicValue { msgpack: encode_msgpack(value, ty).unwrap(), json: Vec::new() }
}

/// Bytes that are no value of any schema here.
fn rubbish() -> Vec<Option<DynamicValue>> {
    let msgpack = |bytes: &[u8]| Some(DynamicValue { msgpack: bytes.to_vec(), json: Vec::new() });
    vec![
        msgpack(b"\xc1"),
        msgpack(b"\x81\xa4name"),
        msgpack(b"\xdf\xff\xff\xff\xff"),
        msgpack(b"\x93\x01\x02\x03"),
        msgpack(&[0x91; 100_000]),
        msgpack(b"\xd9\x03\xff\xfe\xfd"),
        Some(DynamicValue { msgpack: Vec::new(), json: b"{\"name\": ".to_vec() }),
        Some(DynamicValue { msgpack: Vec::new(), json: b"[]".to_vec() }),
        Some(DynamicValue { msgpack: Vec::new(), json: vec![b'['; 100_000] }),
    ]
}

fn is_error(diagnostics: &[m::Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == 1)
}

macro_rules! answers {
    ($client:expr, $call:ident, $request:expr) => {{
        let answer = $client.$call($request).await.expect(stringify!($call)).into_inner();
        answer.diagnostics
    }};
}

#[tokio::test]
async fn values_that_fit_no_schema_are_errors_in_every_call() {
    let mut client = bench(probe::Probe::default());
    let thing = || "probe_thing".to_owned();
    for value in rubbish() {
        let told = [
            answers!(
                client,
                validate_provider_config,
                m::validate_provider_config::Request { config: value.clone() }
            ),
            answers!(
                client,
                configure_provider,
                m::configure_provider::Request { config: value.clone(), ..Default::default() }
            ),
            answers!(
                client,
                validate_resource_config,
                m::validate_resource_config::Request {
                    type_name: thing(),
                    config: value.clone(),
                    ..Default::default()
                }
            ),
            answers!(
                client,
                plan_resource_change,
                m::plan_resource_change::Request {
                    type_name: thing(),
                    proposed_new_state: value.clone(),
                    ..Default::default()
                }
            ),
            answers!(
                client,
                plan_resource_change,
                m::plan_resource_change::Request {
                    type_name: thing(),
                    config: value.clone(),
                    ..Default::default()
                }
            ),
            answers!(
                client,
                plan_resource_change,
                m::plan_resource_change::Request {
                    type_name: thing(),
                    prior_state: value.clone(),
                    ..Default::default()
                }
            ),
            answers!(
                client,
                apply_resource_change,
                m::apply_resource_change::Request {
                    type_name: thing(),
                    planned_state: value.clone(),
                    ..Default::default()
                }
            ),
            answers!(
                client,
                read_resource,
                m::read_resource::Request {
                    type_name: thing(),
                    current_state: value.clone(),
                    ..Default::default()
                }
            ),
            answers!(
                client,
                read_data_source,
                m::read_data_source::Request {
                    type_name: "probe_echo".to_owned(),
                    config: value.clone(),
                    ..Default::default()
                }
            ),
            answers!(
                client,
                validate_data_resource_config,
                m::validate_data_resource_config::Request {
                    type_name: "probe_echo".to_owned(),
                    config: value.clone(),
                }
            ),
            answers!(
                client,
                validate_ephemeral_resource_config,
                m::validate_ephemeral_resource_config::Request {
                    type_name: "probe_ticket".to_owned(),
                    config: value.clone(),
                }
            ),
            answers!(
                client,
                open_ephemeral_resource,
                m::open_ephemeral_resource::Request {
                    type_name: "probe_ticket".to_owned(),
                    config: value.clone(),
                    ..Default::default()
                }
            ),
            answers!(
                client,
                import_resource_state,
                m::import_resource_state::Request {
                    type_name: thing(),
                    identity: Some(m::ResourceIdentityData { identity_data: value.clone() }),
                    ..Default::default()
                }
            ),
        ];
        for (call, diagnostics) in told.iter().enumerate() {
            assert!(is_error(diagnostics), "call {call} with {value:?}: {diagnostics:?}");
        }
        let function = client
            .call_function(m::call_function::Request {
                name: "join".to_owned(),
                arguments: value.clone().into_iter().collect(),
            })
            .await
            .unwrap()
            .into_inner();
        assert!(function.error.is_some(), "{value:?}");
    }
}

/// One part of an apply that cannot be read: nothing is written, and the host keeps what it had.
#[tokio::test]
async fn an_apply_with_a_part_that_cannot_be_read_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = bench(probe::Probe::default());
    let place = Value::object([("folder", folder.path().to_str().unwrap().into())]);
    let config = Some(wire(&place, &probe::Probe::default().schema().ty()));
    let configure = m::configure_provider::Request { config, ..Default::default() };
    assert!(answers!(client, configure_provider, configure).is_empty());

    let ty = probe_type();
    let thing = |url: &str| {
        let spec = Value::object([("url", url.into()), ("interval", "1m".into())]);
        Value::object([("name", "app".into()), ("wait", true.into()), ("spec", spec)])
    };
    let null = || Some(wire(&Value::Null, &ty));
    let (old, new) = (wire(&thing("https://old"), &ty), wire(&thing("https://new"), &ty));
    let request = m::apply_resource_change::Request {
        type_name: "probe_thing".to_owned(),
        prior_state: null(),
        planned_state: Some(old.clone()),
        config: Some(old.clone()),
        planned_private: b"\xff{ no JSON".to_vec(),
        ..Default::default()
    };
    let state = client.apply_resource_change(request.clone()).await.unwrap().into_inner();
    assert!(
        state.diagnostics.is_empty(),
        "private data of another provider is none: {:?}",
        state.diagnostics
    );
    let prior = state.new_state.unwrap();
    let file = folder.path().join("app");
    let written = std::fs::read(&file).unwrap();
    let update = m::apply_resource_change::Request {
        prior_state: Some(prior.clone()),
        planned_state: Some(new.clone()),
        config: Some(new),
        ..request.clone()
    };
    let create =
        m::apply_resource_change::Request { planned_state: Some(old.clone()), config: Some(old), ..request };
    let delete = m::apply_resource_change::Request {
        prior_state: Some(prior.clone()),
        planned_state: null(),
        config: null(),
        ..create.clone()
    };
    for rubbish in rubbish() {
        let parts: [fn(&mut m::apply_resource_change::Request, Option<DynamicValue>); 3] = [
            |request, rubbish| request.prior_state = rubbish,
            |request, rubbish| request.planned_state = rubbish,
            |request, rubbish| request.config = rubbish,
        ];
        for (part, put) in parts.into_iter().enumerate() {
            for (act, request) in [("create", &create), ("update", &update), ("delete", &delete)] {
                let mut request = request.clone();
                put(&mut request, rubbish.clone());
                let answer = client.apply_resource_change(request).await.unwrap().into_inner();
                let told = format!("{act}, part {part}: {rubbish:?}: {answer:?}");
                assert!(is_error(&answer.diagnostics), "{told}");
                assert_eq!(std::fs::read(&file).unwrap(), written, "{told}");
                // A part that cannot be read cannot be sent back either; every other state is kept.
                if part != 0 && act != "create" {
                    assert_eq!(answer.new_state.as_ref(), Some(&prior), "{told}");
                }
            }
        }
    }
}

#[tokio::test]
async fn stored_states_that_are_none_are_errors() {
    let mut client = bench(probe::Probe::default());
    for json in ["", "{", "[]", "7", "null and more", "\"x\"", "{\"name\": [1]}", "\u{feff}{}"] {
        let raw = || Some(m::RawState { json: json.into(), ..Default::default() });
        let states = answers!(
            client,
            upgrade_resource_state,
            m::upgrade_resource_state::Request {
                type_name: "probe_thing".to_owned(),
                version: 1,
                raw_state: raw(),
            }
        );
        assert!(is_error(&states), "state {json:?}");
        let identities = answers!(
            client,
            upgrade_resource_identity,
            m::upgrade_resource_identity::Request {
                type_name: "probe_thing".to_owned(),
                version: 3,
                raw_identity: raw(),
            }
        );
        assert!(is_error(&identities), "identity {json:?}");
    }
}

#[tokio::test]
async fn names_that_nobody_offers_are_errors_in_every_call() {
    let mut client = bench(probe::Probe::default());
    for name in ["", "probe_other", "probe_thing\0", "пробе_вещь"] {
        let name = || name.to_owned();
        let told = [
            answers!(
                client,
                validate_resource_config,
                m::validate_resource_config::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                upgrade_resource_state,
                m::upgrade_resource_state::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                upgrade_resource_identity,
                m::upgrade_resource_identity::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                read_resource,
                m::read_resource::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                plan_resource_change,
                m::plan_resource_change::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                apply_resource_change,
                m::apply_resource_change::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                import_resource_state,
                m::import_resource_state::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                move_resource_state,
                m::move_resource_state::Request { target_type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                validate_data_resource_config,
                m::validate_data_resource_config::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                read_data_source,
                m::read_data_source::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                validate_ephemeral_resource_config,
                m::validate_ephemeral_resource_config::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                open_ephemeral_resource,
                m::open_ephemeral_resource::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                renew_ephemeral_resource,
                m::renew_ephemeral_resource::Request { type_name: name(), ..Default::default() }
            ),
            answers!(
                client,
                close_ephemeral_resource,
                m::close_ephemeral_resource::Request { type_name: name(), ..Default::default() }
            ),
        ];
        for (call, diagnostics) in told.iter().enumerate() {
            assert!(is_error(diagnostics), "call {call} with {:?}", name());
        }
        let function = m::call_function::Request { name: name(), arguments: Vec::new() };
        assert!(client.call_function(function).await.unwrap().into_inner().error.is_some());
    }
}

/// Whether the service knows a call, as a host finds out: by calling it.
async fn answer_to(call: &str) -> tonic::Code {
    let service = ProviderService::new(Arc::new(probe::Probe::default())).into_server();
    let mut client = tonic::client::Grpc::new(service);
    client.ready().await.unwrap();
    let path = PathAndQuery::try_from(format!("/tfplugin6.Provider/{call}")).unwrap();
    let codec =
        tonic_prost::ProstCodec::<m::get_functions::Request, m::validate_provider_config::Response>::default(
        );
    let request = tonic::Request::new(m::get_functions::Request {});
    match client.unary(request, path, codec).await {
        Ok(_) => tonic::Code::Ok,
        Err(status) => status.code(),
    }
}

#[tokio::test]
async fn what_opentofu_calls_is_answered_and_what_it_never_calls_is_unimplemented() {
    // All that the client of OpenTofu 1.10, 1.11 and 1.12 has.
    for call in [
        "GetProviderSchema",
        "GetResourceIdentitySchemas",
        "ValidateProviderConfig",
        "ConfigureProvider",
        "StopProvider",
        "ValidateResourceConfig",
        "UpgradeResourceState",
        "UpgradeResourceIdentity",
        "ReadResource",
        "PlanResourceChange",
        "ApplyResourceChange",
        "ImportResourceState",
        "MoveResourceState",
        "ValidateDataResourceConfig",
        "ReadDataSource",
        "GetFunctions",
        "CallFunction",
        "ValidateEphemeralResourceConfig",
        "OpenEphemeralResource",
        "RenewEphemeralResource",
        "CloseEphemeralResource",
    ] {
        assert_ne!(answer_to(call).await, tonic::Code::Unimplemented, "{call}");
    }
    // What the protocol has besides, and what it does not have. GetMetadata is what providers ask each other for that share a server.
    for call in [
        "GetMetadata",
        "ListResource",
        "ValidateListResourceConfig",
        "PlanAction",
        "InvokeAction",
        "ValidateActionConfig",
        "ValidateStateStoreConfig",
        "ConfigureStateStore",
        "ReadStateBytes",
        "WriteStateBytes",
        "LockState",
        "UnlockState",
        "GetStates",
        "DeleteState",
        "GenerateResourceConfig",
        "Nonsense",
    ] {
        assert_eq!(answer_to(call).await, tonic::Code::Unimplemented, "{call}");
    }
}

#[tokio::test]
async fn a_host_without_write_only_arguments_is_told_what_to_do() {
    let mut client = bench(probe::Probe::default());
    let ty = probe_type();
    let config = Value::object([
        ("name", "app".into()),
        ("token", "secret".into()),
        ("spec", Value::object([("url", "https://x".into())])),
    ]);
    let mut validate = async |client_capabilities: Option<ClientCapabilities>, config: &Value| {
        let request = m::validate_resource_config::Request {
            type_name: "probe_thing".to_owned(),
            config: Some(wire(config, &ty)),
            client_capabilities,
        };
        answers!(client, validate_resource_config, request)
    };
    let none = ClientCapabilities::default();
    let able = ClientCapabilities { write_only_attributes_allowed: true, ..none };
    for old in [None, Some(none)] {
        let told = validate(old, &config).await;
        assert!(is_error(&told) && told[0].detail.contains("Use OpenTofu 1.11 or later"), "{told:?}");
        assert!(!told[0].detail.contains("secret"), "{told:?}");
        assert!(
            validate(old, &config.clone().with("token", Value::Null)).await.is_empty(),
            "nothing is lost by an argument that is not set"
        );
    }
    assert!(validate(Some(able), &config).await.is_empty());
}

fn probe_type() -> Type {
    probe::Probe::default().resources()[0].schema().ty()
}

#[tokio::test]
async fn long_deep_and_strange_texts_come_back_as_they_went() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = bench(probe::Probe::default());
    let configuration = probe::Probe::default().schema().ty();
    let place = Value::object([("folder", folder.path().to_str().unwrap().into())]);
    let request =
        m::configure_provider::Request { config: Some(wire(&place, &configuration)), ..Default::default() };
    assert!(answers!(client, configure_provider, request).is_empty());

    let ty = probe_type();
    let mut deep = Value::from("bottom");
    for level in 0..60 {
        deep = if level % 2 == 0 { Value::list([deep]) } else { Value::object([("a", deep)]) };
    }
    for (name, text) in [
        ("long", "x".repeat(100_000)),
        ("emoji", "🦀 Ⅷ é e\u{301} \u{202e}abc ﷽".to_owned()),
        ("control", "\u{1}\u{7f}\u{0}\r\n\t\u{feff}".to_owned()),
        ("quotes", r#"${x} %{if} \" ' ` {{ .Values }} \u0000"#.to_owned()),
    ] {
        let values = Value::dynamic(Value::object([("text", text.as_str().into()), ("deep", deep.clone())]));
        let config = Value::object([
            ("name", name.into()),
            ("password", text.as_str().into()),
            ("values", values),
            ("tags", Value::set([text.as_str(), "b"])),
            ("spec", Value::object([("url", format!("https://{text}").into())])),
        ]);
        let plan = m::plan_resource_change::Request {
            type_name: "probe_thing".to_owned(),
            proposed_new_state: Some(wire(&config, &ty)),
            config: Some(wire(&config, &ty)),
            ..Default::default()
        };
        let plan = client.plan_resource_change(plan).await.unwrap().into_inner();
        assert!(plan.diagnostics.is_empty(), "{name}: {:?}", plan.diagnostics);
        let apply = m::apply_resource_change::Request {
            type_name: "probe_thing".to_owned(),
            planned_state: plan.planned_state,
            config: Some(wire(&config, &ty)),
            ..Default::default()
        };
        let applied = client.apply_resource_change(apply).await.unwrap().into_inner();
        assert!(applied.diagnostics.is_empty(), "{name}: {:?}", applied.diagnostics);
        let state = decode_msgpack(&applied.new_state.clone().unwrap().msgpack, &ty).unwrap();
        let sent = decode_msgpack(&wire(&config, &ty).msgpack, &ty).unwrap();
        for attribute in ["password", "values", "tags"] {
            assert_eq!(state.get(attribute), sent.get(attribute), "{name}");
        }
        let read = m::read_resource::Request {
            type_name: "probe_thing".to_owned(),
            current_state: applied.new_state.clone(),
            ..Default::default()
        };
        let read = client.read_resource(read).await.unwrap().into_inner();
        assert_eq!(read.new_state, applied.new_state, "{name}");
    }
}

/// A provider with one resource that has one attribute of each type, and does what it is told.
struct Kitchen;

struct Sink;

fn inner() -> Vec<Attribute> {
    vec![Attribute::string("a").optional(), Attribute::number("b").optional()]
}

fn sink() -> Schema {
    Schema::new(vec![
        Attribute::string("string").optional(),
        Attribute::bool("bool").optional(),
        Attribute::number("number").optional(),
        Attribute::value("list", Type::list(Type::String)).optional(),
        Attribute::set("set", Type::Number).optional(),
        Attribute::map("map", Type::Bool).optional(),
        Attribute::value("object", Type::object([("a", Type::String), ("b", Type::list(Type::Number))]))
            .optional(),
        Attribute::value("tuple", Type::Tuple(vec![Type::String, Type::Bool])).optional(),
        Attribute::dynamic("dynamic").optional(),
        Attribute::nested("nested", inner()).optional(),
        Attribute::nested_list("nested_list", inner()).optional(),
        Attribute::nested_set("nested_set", inner()).optional(),
        Attribute::nested_map("nested_map", inner()).optional(),
    ])
}

/// Two values of each attribute that are known, and one that is known in part where there is such a thing.
fn values(attribute: &str) -> Vec<Value> {
    let object = |a: Value, b: Value| Value::object([("a", a), ("b", b)]);
    let map = |value: Value| Value::map([("k", value)]);
    match attribute {
        "string" => vec!["one".into(), "".into()],
        "bool" => vec![true.into(), false.into()],
        "number" => vec![0.into(), Value::Number("123456789012345678901234567890.5".parse().unwrap())],
        "list" => vec![
            Value::list(Vec::<Value>::new()),
            Value::list(["a".into(), Value::Null]),
            Value::list([Value::Unknown, "b".into()]),
        ],
        "set" => vec![Value::set(Vec::<Value>::new()), Value::set([1, 2])],
        "map" => vec![Value::map([] as [(&str, Value); 0]), map(true.into()), map(Value::Unknown)],
        "object" => vec![
            object("x".into(), Value::list([1])),
            object(Value::Null, Value::Null),
            object(Value::Unknown, Value::list([Value::Unknown])),
        ],
        "tuple" => vec![
            Value::Tuple(vec!["x".into(), true.into()]),
            Value::Tuple(vec![Value::Null, Value::Null]),
            Value::Tuple(vec![Value::Unknown, false.into()]),
        ],
        "dynamic" => {
            vec![Value::dynamic("x".into()), Value::dynamic(object(1.5.into(), Value::list([true])))]
        }
        "nested" => vec![
            object("x".into(), 1.into()),
            object(Value::Null, Value::Null),
            object(Value::Unknown, 1.into()),
        ],
        "nested_list" => vec![
            Value::list(Vec::<Value>::new()),
            Value::list([object("x".into(), 1.into())]),
            Value::list([object(Value::Unknown, Value::Null), object("y".into(), 2.into())]),
        ],
        "nested_set" => vec![Value::set(Vec::<Value>::new()), Value::set([object("x".into(), 1.into())])],
        "nested_map" => vec![map(object("x".into(), 1.into())), map(object(Value::Unknown, Value::Null))],
        other => panic!("no values for {other}"),
    }
}

#[async_trait]
impl Provider for Kitchen {
    fn schema(&self) -> Schema {
        Schema::default()
    }

    fn resources(&self) -> Vec<Arc<dyn Resource>> {
        vec![Arc::new(Sink)]
    }

    async fn configure(&self, _call: &Call, _request: ConfigureRequest) -> Diagnostics {
        Diagnostics::new()
    }
}

#[async_trait]
impl Resource for Sink {
    fn name(&self) -> &str {
        "kitchen_sink"
    }

    fn schema(&self) -> Schema {
        sink()
    }

    async fn read(&self, _call: &Call, request: ReadRequest) -> ReadResponse {
        ReadResponse { state: Some(request.state), ..ReadResponse::default() }
    }

    async fn create(&self, _call: &Call, request: CreateRequest) -> ApplyResponse {
        ApplyResponse { state: Some(request.planned), ..ApplyResponse::default() }
    }

    async fn update(&self, _call: &Call, request: UpdateRequest) -> ApplyResponse {
        ApplyResponse { state: Some(request.planned), ..ApplyResponse::default() }
    }

    async fn delete(&self, _call: &Call, _request: DeleteRequest) -> DeleteResponse {
        DeleteResponse::default()
    }
}

#[tokio::test]
async fn every_type_is_planned_and_applied_from_every_state_to_every_state() {
    let mut client = bench(Kitchen);
    let ty = sink().ty();
    let of = |attribute: &str, value: &Value| Value::object([(attribute, value.clone())]);
    let mut combinations = 0;
    for attribute in sink().attributes.iter().map(|attribute| attribute.name.clone()) {
        let known = values(&attribute);
        let states = known.iter().filter(|value| value.is_wholly_known()).cloned().chain([Value::Null]);
        let priors: Vec<Option<Value>> = states.map(Some).chain([None]).collect();
        let configs = known.iter().cloned().chain([Value::Null, Value::Unknown]);
        for (prior, config) in
            configs.flat_map(|config| priors.iter().map(move |prior| (prior.clone(), config.clone())))
        {
            combinations += 1;
            let what = format!("{attribute} from {prior:?} to {config:?}");
            let before = prior.as_ref().map_or(Value::Null, |prior| of(&attribute, prior));
            let written = wire(&of(&attribute, &config), &ty);
            let plan = m::plan_resource_change::Request {
                type_name: "kitchen_sink".to_owned(),
                prior_state: Some(wire(&before, &ty)),
                proposed_new_state: Some(written.clone()),
                config: Some(written.clone()),
                ..Default::default()
            };
            let plan = client.plan_resource_change(plan).await.unwrap().into_inner();
            assert!(plan.diagnostics.is_empty(), "{what}: {:?}", plan.diagnostics);
            let planned = plan.planned_state.unwrap();
            let sent = decode_msgpack(&written.msgpack, &ty).unwrap();
            assert_eq!(decode_msgpack(&planned.msgpack, &ty).unwrap(), sent, "{what}");

            // By the apply everything is known.
            if !sent.is_wholly_known() {
                continue;
            }
            let apply = m::apply_resource_change::Request {
                type_name: "kitchen_sink".to_owned(),
                prior_state: Some(wire(&before, &ty)),
                planned_state: Some(planned.clone()),
                config: Some(written),
                ..Default::default()
            };
            let applied = client.apply_resource_change(apply).await.unwrap().into_inner();
            assert!(applied.diagnostics.is_empty(), "{what}: {:?}", applied.diagnostics);
            assert_eq!(applied.new_state, Some(planned), "what is planned is what is");
        }
    }
    assert!(combinations > 150, "{combinations}");
}
