//! The messages of the protocol, by field number. Names and numbers are the protocol's own (tfplugin6, minor 10).
//!
//! Every call has a module with its request and its response.

#![expect(missing_docs, reason = "the names are the protocol's, and its documentation explains them")]

use std::collections::BTreeMap;

use prost::{Enumeration, Message, Oneof};

/// A value, as MessagePack or JSON.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct DynamicValue {
    #[prost(bytes = "vec", tag = "1")]
    pub msgpack: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub json: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Diagnostic {
    #[prost(enumeration = "Severity", tag = "1")]
    pub severity: i32,
    #[prost(string, tag = "2")]
    pub summary: String,
    #[prost(string, tag = "3")]
    pub detail: String,
    #[prost(message, optional, tag = "4")]
    pub attribute: Option<AttributePath>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum Severity {
    Invalid = 0,
    Error = 1,
    Warning = 2,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct FunctionError {
    #[prost(string, tag = "1")]
    pub text: String,
    #[prost(int64, optional, tag = "2")]
    pub function_argument: Option<i64>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct AttributePath {
    #[prost(message, repeated, tag = "1")]
    pub steps: Vec<AttributeStep>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct AttributeStep {
    #[prost(oneof = "Selector", tags = "1, 2, 3")]
    pub selector: Option<Selector>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub enum Selector {
    #[prost(string, tag = "1")]
    AttributeName(String),
    #[prost(string, tag = "2")]
    ElementKeyString(String),
    #[prost(int64, tag = "3")]
    ElementKeyInt(i64),
}

/// A state as it was stored.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct RawState {
    #[prost(bytes = "vec", tag = "1")]
    pub json: Vec<u8>,
    #[prost(btree_map = "string, string", tag = "2")]
    pub flatmap: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct ResourceIdentitySchema {
    #[prost(int64, tag = "1")]
    pub version: i64,
    #[prost(message, repeated, tag = "2")]
    pub identity_attributes: Vec<IdentityAttribute>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct IdentityAttribute {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub r#type: Vec<u8>,
    #[prost(bool, tag = "3")]
    pub required_for_import: bool,
    #[prost(bool, tag = "4")]
    pub optional_for_import: bool,
    #[prost(string, tag = "5")]
    pub description: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct ResourceIdentityData {
    #[prost(message, optional, tag = "1")]
    pub identity_data: Option<DynamicValue>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Schema {
    #[prost(int64, tag = "1")]
    pub version: i64,
    #[prost(message, optional, tag = "2")]
    pub block: Option<Block>,
}

/// What a schema holds. Nested blocks (field 3) are not used: nested attributes took their place.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Block {
    #[prost(int64, tag = "1")]
    pub version: i64,
    #[prost(message, repeated, tag = "2")]
    pub attributes: Vec<Attribute>,
    #[prost(string, tag = "4")]
    pub description: String,
    #[prost(enumeration = "StringKind", tag = "5")]
    pub description_kind: i32,
    #[prost(bool, tag = "6")]
    pub deprecated: bool,
    #[prost(string, tag = "7")]
    pub deprecation_message: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Attribute {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub r#type: Vec<u8>,
    #[prost(string, tag = "3")]
    pub description: String,
    #[prost(bool, tag = "4")]
    pub required: bool,
    #[prost(bool, tag = "5")]
    pub optional: bool,
    #[prost(bool, tag = "6")]
    pub computed: bool,
    #[prost(bool, tag = "7")]
    pub sensitive: bool,
    #[prost(enumeration = "StringKind", tag = "8")]
    pub description_kind: i32,
    #[prost(bool, tag = "9")]
    pub deprecated: bool,
    #[prost(message, optional, tag = "10")]
    pub nested_type: Option<NestedType>,
    #[prost(bool, tag = "11")]
    pub write_only: bool,
    #[prost(string, tag = "12")]
    pub deprecation_message: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct NestedType {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<Attribute>,
    #[prost(enumeration = "NestingMode", tag = "3")]
    pub nesting: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum NestingMode {
    Invalid = 0,
    Single = 1,
    List = 2,
    Set = 3,
    Map = 4,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum StringKind {
    Plain = 0,
    Markdown = 1,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Function {
    #[prost(message, repeated, tag = "1")]
    pub parameters: Vec<Parameter>,
    #[prost(message, optional, tag = "2")]
    pub variadic_parameter: Option<Parameter>,
    #[prost(message, optional, tag = "3")]
    pub r#return: Option<Return>,
    #[prost(string, tag = "4")]
    pub summary: String,
    #[prost(string, tag = "5")]
    pub description: String,
    #[prost(enumeration = "StringKind", tag = "6")]
    pub description_kind: i32,
    #[prost(string, tag = "7")]
    pub deprecation_message: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Parameter {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub r#type: Vec<u8>,
    #[prost(bool, tag = "3")]
    pub allow_null_value: bool,
    #[prost(bool, tag = "4")]
    pub allow_unknown_values: bool,
    #[prost(string, tag = "5")]
    pub description: String,
    #[prost(enumeration = "StringKind", tag = "6")]
    pub description_kind: i32,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Return {
    #[prost(bytes = "vec", tag = "1")]
    pub r#type: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct ServerCapabilities {
    #[prost(bool, tag = "1")]
    pub plan_destroy: bool,
    #[prost(bool, tag = "2")]
    pub get_provider_schema_optional: bool,
    #[prost(bool, tag = "3")]
    pub move_resource_state: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct ClientCapabilities {
    #[prost(bool, tag = "1")]
    pub deferral_allowed: bool,
    #[prost(bool, tag = "2")]
    pub write_only_attributes_allowed: bool,
}

/// Seconds and nanoseconds since 1970, as Google defined them.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

pub mod get_provider_schema {
    use std::collections::BTreeMap;

    use prost::Message;

    use super::{Diagnostic, Function, Schema, ServerCapabilities};

    #[derive(Clone, Copy, PartialEq, Eq, Message)]
    pub struct Request {}

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, optional, tag = "1")]
        pub provider: Option<Schema>,
        #[prost(btree_map = "string, message", tag = "2")]
        pub resource_schemas: BTreeMap<String, Schema>,
        #[prost(btree_map = "string, message", tag = "3")]
        pub data_source_schemas: BTreeMap<String, Schema>,
        #[prost(message, repeated, tag = "4")]
        pub diagnostics: Vec<Diagnostic>,
        #[prost(message, optional, tag = "5")]
        pub provider_meta: Option<Schema>,
        #[prost(message, optional, tag = "6")]
        pub server_capabilities: Option<ServerCapabilities>,
        #[prost(btree_map = "string, message", tag = "7")]
        pub functions: BTreeMap<String, Function>,
        #[prost(btree_map = "string, message", tag = "8")]
        pub ephemeral_resource_schemas: BTreeMap<String, Schema>,
    }
}

pub mod get_resource_identity_schemas {
    use std::collections::BTreeMap;

    use prost::Message;

    use super::{Diagnostic, ResourceIdentitySchema};

    #[derive(Clone, Copy, PartialEq, Eq, Message)]
    pub struct Request {}

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(btree_map = "string, message", tag = "1")]
        pub identity_schemas: BTreeMap<String, ResourceIdentitySchema>,
        #[prost(message, repeated, tag = "2")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod validate_provider_config {
    use prost::Message;

    use super::{Diagnostic, DynamicValue};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(message, optional, tag = "1")]
        pub config: Option<DynamicValue>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, repeated, tag = "2")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod configure_provider {
    use prost::Message;

    use super::{ClientCapabilities, Diagnostic, DynamicValue};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub terraform_version: String,
        #[prost(message, optional, tag = "2")]
        pub config: Option<DynamicValue>,
        #[prost(message, optional, tag = "3")]
        pub client_capabilities: Option<ClientCapabilities>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, repeated, tag = "1")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod stop_provider {
    use prost::Message;

    #[derive(Clone, Copy, PartialEq, Eq, Message)]
    pub struct Request {}

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(string, tag = "1")]
        pub error: String,
    }
}

pub mod validate_resource_config {
    use prost::Message;

    use super::{ClientCapabilities, Diagnostic, DynamicValue};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(message, optional, tag = "2")]
        pub config: Option<DynamicValue>,
        #[prost(message, optional, tag = "3")]
        pub client_capabilities: Option<ClientCapabilities>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, repeated, tag = "1")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod upgrade_resource_state {
    use prost::Message;

    use super::{Diagnostic, DynamicValue, RawState};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(int64, tag = "2")]
        pub version: i64,
        #[prost(message, optional, tag = "3")]
        pub raw_state: Option<RawState>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, optional, tag = "1")]
        pub upgraded_state: Option<DynamicValue>,
        #[prost(message, repeated, tag = "2")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod upgrade_resource_identity {
    use prost::Message;

    use super::{Diagnostic, RawState, ResourceIdentityData};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(int64, tag = "2")]
        pub version: i64,
        #[prost(message, optional, tag = "3")]
        pub raw_identity: Option<RawState>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, optional, tag = "1")]
        pub upgraded_identity: Option<ResourceIdentityData>,
        #[prost(message, repeated, tag = "2")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod read_resource {
    use prost::Message;

    use super::{ClientCapabilities, Diagnostic, DynamicValue, ResourceIdentityData};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(message, optional, tag = "2")]
        pub current_state: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "3")]
        pub private: Vec<u8>,
        #[prost(message, optional, tag = "4")]
        pub provider_meta: Option<DynamicValue>,
        #[prost(message, optional, tag = "5")]
        pub client_capabilities: Option<ClientCapabilities>,
        #[prost(message, optional, tag = "6")]
        pub current_identity: Option<ResourceIdentityData>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, optional, tag = "1")]
        pub new_state: Option<DynamicValue>,
        #[prost(message, repeated, tag = "2")]
        pub diagnostics: Vec<Diagnostic>,
        #[prost(bytes = "vec", tag = "3")]
        pub private: Vec<u8>,
        #[prost(message, optional, tag = "5")]
        pub new_identity: Option<ResourceIdentityData>,
    }
}

pub mod plan_resource_change {
    use prost::Message;

    use super::{AttributePath, ClientCapabilities, Diagnostic, DynamicValue, ResourceIdentityData};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(message, optional, tag = "2")]
        pub prior_state: Option<DynamicValue>,
        #[prost(message, optional, tag = "3")]
        pub proposed_new_state: Option<DynamicValue>,
        #[prost(message, optional, tag = "4")]
        pub config: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "5")]
        pub prior_private: Vec<u8>,
        #[prost(message, optional, tag = "6")]
        pub provider_meta: Option<DynamicValue>,
        #[prost(message, optional, tag = "7")]
        pub client_capabilities: Option<ClientCapabilities>,
        #[prost(message, optional, tag = "8")]
        pub prior_identity: Option<ResourceIdentityData>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, optional, tag = "1")]
        pub planned_state: Option<DynamicValue>,
        #[prost(message, repeated, tag = "2")]
        pub requires_replace: Vec<AttributePath>,
        #[prost(bytes = "vec", tag = "3")]
        pub planned_private: Vec<u8>,
        #[prost(message, repeated, tag = "4")]
        pub diagnostics: Vec<Diagnostic>,
        #[prost(message, optional, tag = "7")]
        pub planned_identity: Option<ResourceIdentityData>,
    }
}

pub mod apply_resource_change {
    use prost::Message;

    use super::{Diagnostic, DynamicValue, ResourceIdentityData};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(message, optional, tag = "2")]
        pub prior_state: Option<DynamicValue>,
        #[prost(message, optional, tag = "3")]
        pub planned_state: Option<DynamicValue>,
        #[prost(message, optional, tag = "4")]
        pub config: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "5")]
        pub planned_private: Vec<u8>,
        #[prost(message, optional, tag = "6")]
        pub provider_meta: Option<DynamicValue>,
        #[prost(message, optional, tag = "7")]
        pub planned_identity: Option<ResourceIdentityData>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, optional, tag = "1")]
        pub new_state: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "2")]
        pub private: Vec<u8>,
        #[prost(message, repeated, tag = "3")]
        pub diagnostics: Vec<Diagnostic>,
        #[prost(message, optional, tag = "5")]
        pub new_identity: Option<ResourceIdentityData>,
    }
}

pub mod import_resource_state {
    use prost::Message;

    use super::{ClientCapabilities, Diagnostic, DynamicValue, ResourceIdentityData};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(string, tag = "2")]
        pub id: String,
        #[prost(message, optional, tag = "3")]
        pub client_capabilities: Option<ClientCapabilities>,
        #[prost(message, optional, tag = "4")]
        pub identity: Option<ResourceIdentityData>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, repeated, tag = "1")]
        pub imported_resources: Vec<ImportedResource>,
        #[prost(message, repeated, tag = "2")]
        pub diagnostics: Vec<Diagnostic>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct ImportedResource {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(message, optional, tag = "2")]
        pub state: Option<DynamicValue>,
        #[prost(bytes = "vec", tag = "3")]
        pub private: Vec<u8>,
        #[prost(message, optional, tag = "4")]
        pub identity: Option<ResourceIdentityData>,
    }
}

pub mod move_resource_state {
    use prost::Message;

    use super::{Diagnostic, DynamicValue, RawState, ResourceIdentityData};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub source_provider_address: String,
        #[prost(string, tag = "2")]
        pub source_type_name: String,
        #[prost(int64, tag = "3")]
        pub source_schema_version: i64,
        #[prost(message, optional, tag = "4")]
        pub source_state: Option<RawState>,
        #[prost(string, tag = "5")]
        pub target_type_name: String,
        #[prost(bytes = "vec", tag = "6")]
        pub source_private: Vec<u8>,
        #[prost(message, optional, tag = "7")]
        pub source_identity: Option<RawState>,
        #[prost(int64, tag = "8")]
        pub source_identity_schema_version: i64,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, optional, tag = "1")]
        pub target_state: Option<DynamicValue>,
        #[prost(message, repeated, tag = "2")]
        pub diagnostics: Vec<Diagnostic>,
        #[prost(bytes = "vec", tag = "3")]
        pub target_private: Vec<u8>,
        #[prost(message, optional, tag = "4")]
        pub target_identity: Option<ResourceIdentityData>,
    }
}

pub mod validate_data_resource_config {
    use prost::Message;

    use super::{Diagnostic, DynamicValue};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(message, optional, tag = "2")]
        pub config: Option<DynamicValue>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, repeated, tag = "1")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod read_data_source {
    use prost::Message;

    use super::{ClientCapabilities, Diagnostic, DynamicValue};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(message, optional, tag = "2")]
        pub config: Option<DynamicValue>,
        #[prost(message, optional, tag = "3")]
        pub provider_meta: Option<DynamicValue>,
        #[prost(message, optional, tag = "4")]
        pub client_capabilities: Option<ClientCapabilities>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, optional, tag = "1")]
        pub state: Option<DynamicValue>,
        #[prost(message, repeated, tag = "2")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod get_functions {
    use std::collections::BTreeMap;

    use prost::Message;

    use super::{Diagnostic, Function};

    #[derive(Clone, Copy, PartialEq, Eq, Message)]
    pub struct Request {}

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(btree_map = "string, message", tag = "1")]
        pub functions: BTreeMap<String, Function>,
        #[prost(message, repeated, tag = "2")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod call_function {
    use prost::Message;

    use super::{DynamicValue, FunctionError};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(message, repeated, tag = "2")]
        pub arguments: Vec<DynamicValue>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, optional, tag = "1")]
        pub result: Option<DynamicValue>,
        #[prost(message, optional, tag = "2")]
        pub error: Option<FunctionError>,
    }
}

pub mod validate_ephemeral_resource_config {
    use prost::Message;

    use super::{Diagnostic, DynamicValue};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(message, optional, tag = "2")]
        pub config: Option<DynamicValue>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, repeated, tag = "1")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

pub mod open_ephemeral_resource {
    use prost::Message;

    use super::{ClientCapabilities, Diagnostic, DynamicValue, Timestamp};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(message, optional, tag = "2")]
        pub config: Option<DynamicValue>,
        #[prost(message, optional, tag = "3")]
        pub client_capabilities: Option<ClientCapabilities>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, repeated, tag = "1")]
        pub diagnostics: Vec<Diagnostic>,
        #[prost(message, optional, tag = "2")]
        pub renew_at: Option<Timestamp>,
        #[prost(message, optional, tag = "3")]
        pub result: Option<DynamicValue>,
        #[prost(bytes = "vec", optional, tag = "4")]
        pub private: Option<Vec<u8>>,
    }
}

pub mod renew_ephemeral_resource {
    use prost::Message;

    use super::{Diagnostic, Timestamp};

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(bytes = "vec", optional, tag = "2")]
        pub private: Option<Vec<u8>>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, repeated, tag = "1")]
        pub diagnostics: Vec<Diagnostic>,
        #[prost(message, optional, tag = "2")]
        pub renew_at: Option<Timestamp>,
        #[prost(bytes = "vec", optional, tag = "3")]
        pub private: Option<Vec<u8>>,
    }
}

pub mod close_ephemeral_resource {
    use prost::Message;

    use super::Diagnostic;

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Request {
        #[prost(string, tag = "1")]
        pub type_name: String,
        #[prost(bytes = "vec", optional, tag = "2")]
        pub private: Option<Vec<u8>>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct Response {
        #[prost(message, repeated, tag = "1")]
        pub diagnostics: Vec<Diagnostic>,
    }
}

/// The messages of the plugin machinery around the protocol.
pub mod plugin {
    use prost::{Enumeration, Message};

    #[derive(Clone, Copy, PartialEq, Eq, Message)]
    pub struct Empty {}

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct StdioData {
        #[prost(int32, tag = "1")]
        pub channel: i32,
        #[prost(bytes = "vec", tag = "2")]
        pub data: Vec<u8>,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct ConnInfo {
        #[prost(uint32, tag = "1")]
        pub service_id: u32,
        #[prost(string, tag = "2")]
        pub network: String,
        #[prost(string, tag = "3")]
        pub address: String,
    }

    #[derive(Clone, PartialEq, Eq, Message)]
    pub struct HealthCheckRequest {
        #[prost(string, tag = "1")]
        pub service: String,
    }

    #[derive(Clone, Copy, PartialEq, Eq, Message)]
    pub struct HealthCheckResponse {
        #[prost(enumeration = "ServingStatus", tag = "1")]
        pub status: i32,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
    #[repr(i32)]
    pub enum ServingStatus {
        Unknown = 0,
        Serving = 1,
    }
}
