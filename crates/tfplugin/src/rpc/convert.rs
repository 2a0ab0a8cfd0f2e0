//! Between this crate's types and the messages.

use std::time::{SystemTime, UNIX_EPOCH};

use super::messages::{self, DynamicValue, NestingMode, Selector, StringKind};
use crate::codec::{CodecError, decode_json, decode_msgpack, encode_msgpack};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::function::{Parameter, Signature};
use crate::identity::IdentitySchema;
use crate::path::{AttributePath, Step};
use crate::provider::Capabilities;
use crate::schema::{Attribute, AttributeKind, Nesting, Schema};
use crate::value::{Type, Value};

/// A value of a type; nothing at all is null.
pub(super) fn decode(message: Option<&DynamicValue>, ty: &Type) -> Result<Value, CodecError> {
    match message {
        Some(message) if !message.msgpack.is_empty() => decode_msgpack(&message.msgpack, ty),
        Some(message) if !message.json.is_empty() => decode_json(&message.json, ty),
        _ => Ok(Value::Null),
    }
}

pub(super) fn encode(value: &Value, ty: &Type) -> Result<DynamicValue, CodecError> {
    Ok(DynamicValue { msgpack: encode_msgpack(value, ty)?, json: Vec::new() })
}

pub(super) fn diagnostics(diagnostics: Diagnostics) -> Vec<messages::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> messages::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => messages::Severity::Error,
        Severity::Warning => messages::Severity::Warning,
    };
    messages::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
        attribute: diagnostic.attribute.map(place).map(path),
    }
}

/// The place of a diagnostic as hosts find it in a configuration: OpenTofu and Terraform look for an attribute and then
/// for one key or index in its expression, and for blocks on the way; a second attribute step would send them back to the
/// head of the resource. So `spec.ref.branch` goes as `spec["ref"]`, which leads to the line of `ref`.
fn place(path: AttributePath) -> AttributePath {
    let mut steps = path.0;
    steps.truncate(2);
    if let [Step::Attribute(_), Step::Attribute(name)] = steps.as_slice() {
        steps[1] = Step::KeyString(name.clone());
    }
    AttributePath(steps)
}

pub(super) fn path(path: AttributePath) -> messages::AttributePath {
    let selector = |step| match step {
        Step::Attribute(name) => Selector::AttributeName(name),
        Step::KeyString(key) => Selector::ElementKeyString(key),
        Step::KeyInt(index) => Selector::ElementKeyInt(index),
    };
    let steps = path.0.into_iter().map(|step| messages::AttributeStep { selector: Some(selector(step)) });
    messages::AttributePath { steps: steps.collect() }
}

pub(super) fn capabilities(message: Option<messages::ClientCapabilities>) -> Capabilities {
    let message = message.unwrap_or_default();
    Capabilities {
        deferral_allowed: message.deferral_allowed,
        write_only_attributes_allowed: message.write_only_attributes_allowed,
    }
}

pub(super) fn schema(schema: &Schema) -> messages::Schema {
    messages::Schema {
        version: schema.version,
        block: Some(messages::Block {
            version: schema.version,
            attributes: schema.attributes.iter().map(attribute).collect(),
            description: schema.description.clone(),
            description_kind: StringKind::Markdown.into(),
            ..messages::Block::default()
        }),
    }
}

fn attribute(attribute: &Attribute) -> messages::Attribute {
    // The host refuses an attribute that has both a type and a nested type.
    let (ty, nested_type) = match &attribute.kind {
        AttributeKind::Value(ty) => (ty.to_json_bytes(), None),
        AttributeKind::Nested(nested) => {
            let nesting = match nested.nesting {
                Nesting::Single => NestingMode::Single,
                Nesting::List => NestingMode::List,
                Nesting::Set => NestingMode::Set,
                Nesting::Map => NestingMode::Map,
            };
            let attributes = nested.attributes.iter().map(self::attribute).collect();
            (Vec::new(), Some(messages::NestedType { attributes, nesting: nesting.into() }))
        }
    };
    messages::Attribute {
        name: attribute.name.clone(),
        r#type: ty,
        nested_type,
        description: attribute.description.clone(),
        description_kind: StringKind::Markdown.into(),
        required: attribute.required,
        optional: attribute.optional,
        computed: attribute.computed,
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecation.is_some(),
        deprecation_message: attribute.deprecation.clone().unwrap_or_default(),
    }
}

pub(super) fn identity_schema(identity: &IdentitySchema) -> messages::ResourceIdentitySchema {
    let attribute = |attribute: &crate::identity::IdentityAttribute| messages::IdentityAttribute {
        name: attribute.name.clone(),
        r#type: attribute.ty.to_json_bytes(),
        required_for_import: attribute.required,
        optional_for_import: !attribute.required,
        description: attribute.description.clone(),
    };
    messages::ResourceIdentitySchema {
        version: identity.version,
        identity_attributes: identity.attributes.iter().map(attribute).collect(),
    }
}

pub(super) fn function(signature: &Signature) -> messages::Function {
    messages::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(messages::Return { r#type: signature.returns.to_json_bytes() }),
        summary: signature.summary.clone(),
        description: signature.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecation_message: signature.deprecation.clone().unwrap_or_default(),
    }
}

fn parameter(parameter: &Parameter) -> messages::Parameter {
    messages::Parameter {
        name: parameter.name.clone(),
        r#type: parameter.ty.to_json_bytes(),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: parameter.allow_unknown,
        description: parameter.description.clone(),
        description_kind: StringKind::Markdown.into(),
    }
}

pub(super) fn timestamp(time: SystemTime) -> messages::Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    messages::Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(since.subsec_nanos()).unwrap_or_default(),
    }
}
