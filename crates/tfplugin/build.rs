//! Describes the gRPC services to tonic, so that no protoc and no .proto file is needed.

use tonic_build::manual::{Builder, Method, Service};

/// The calls of `tfplugin6.Provider` that this crate answers; tonic answers any other with "unimplemented".
const PROVIDER: &[&str] = &[
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
];

fn main() {
    let mut provider = Service::builder().name("Provider").package("tfplugin6");
    for name in PROVIDER {
        let messages = format!("crate::rpc::messages::{}", snake_case(name));
        provider = provider.method(
            method(name)
                .input_type(format!("{messages}::Request"))
                .output_type(format!("{messages}::Response"))
                .build(),
        );
    }

    let plugin = |name: &str| Service::builder().name(name).package("plugin");
    let messages = "crate::rpc::messages::plugin";
    let controller = plugin("GRPCController").method(
        method("Shutdown")
            .input_type(format!("{messages}::Empty"))
            .output_type(format!("{messages}::Empty"))
            .build(),
    );
    let stdio = plugin("GRPCStdio").method(
        method("StreamStdio")
            .input_type(format!("{messages}::Empty"))
            .output_type(format!("{messages}::StdioData"))
            .server_streaming()
            .build(),
    );
    let broker = plugin("GRPCBroker").method(
        method("StartStream")
            .input_type(format!("{messages}::ConnInfo"))
            .output_type(format!("{messages}::ConnInfo"))
            .client_streaming()
            .server_streaming()
            .build(),
    );
    let health = Service::builder().name("Health").package("grpc.health.v1").method(
        method("Check")
            .input_type(format!("{messages}::HealthCheckRequest"))
            .output_type(format!("{messages}::HealthCheckResponse"))
            .build(),
    );

    Builder::new().compile(&[
        provider.build(),
        controller.build(),
        stdio.build(),
        broker.build(),
        health.build(),
    ]);
    println!("cargo::rerun-if-changed=build.rs");
}

fn method(name: &str) -> tonic_build::manual::MethodBuilder {
    Method::builder().name(snake_case(name)).route_name(name).codec_path("tonic_prost::ProstCodec")
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
