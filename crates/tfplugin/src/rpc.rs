//! The gRPC services of the host: messages written by hand, services described in `build.rs`.
//!
//! Open to tests and measurements, which play the host; a provider needs none of it.

mod answer;
mod convert;
pub mod messages;

pub use answer::ProviderService;

/// What tonic generates for a service, under names that do not depend on the service's.
macro_rules! service {
    ($(#[$doc:meta])* $module:ident, $file:literal, $client:ident::$client_type:ident, $server:ident::$service_type:ident, $server_type:ident) => {
        $(#[$doc])*
        pub mod $module {
            mod generated {
                include!(concat!(env!("OUT_DIR"), "/", $file, ".rs"));
            }

            pub use generated::$client::$client_type as Client;
            pub use generated::$server::{$server_type as Server, $service_type as Service};
        }
    };
}

service! {
    /// The provider service of the protocol.
    provider, "tfplugin6.Provider", provider_client::ProviderClient, provider_server::Provider, ProviderServer
}

service! {
    /// Ends the process; the host calls it when it is done.
    controller, "plugin.GRPCController", g_r_p_c_controller_client::GRPCControllerClient, g_r_p_c_controller_server::GRPCController, GRPCControllerServer
}

service! {
    /// Carries what a plugin prints. Nothing here prints, so it stays silent; the host warns when it is missing.
    stdio, "plugin.GRPCStdio", g_r_p_c_stdio_client::GRPCStdioClient, g_r_p_c_stdio_server::GRPCStdio, GRPCStdioServer
}

service! {
    /// Brokers further connections. Providers have none; the host asks for it all the same.
    broker, "plugin.GRPCBroker", g_r_p_c_broker_client::GRPCBrokerClient, g_r_p_c_broker_server::GRPCBroker, GRPCBrokerServer
}

service! {
    /// Tells that the plugin is alive.
    health, "grpc.health.v1.Health", health_client::HealthClient, health_server::Health, HealthServer
}

/// Messages end here, in both directions, as in Go's providers.
pub const MAX_MESSAGE: usize = 256 << 20;
