//! Values of the protocol from any bytes.

use tfplugin::codec::{decode_json, decode_msgpack, encode_msgpack};
use tfplugin::value::Type;

/// Reads bytes as MessagePack of a type, which the first byte chooses. What is read must be written and read back the
/// same.
pub fn msgpack_decode(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first() else { return };
    let types = types();
    let ty = &types[usize::from(*choice) % types.len()];
    if let Ok(value) = decode_msgpack(bytes, ty) {
        let written = encode_msgpack(&value, ty).expect("what was read can be written");
        let again = decode_msgpack(&written, ty).expect("what was written can be read");
        assert_eq!(again, value);
        let stable = encode_msgpack(&again, ty).expect("what was read can be written");
        assert_eq!(stable, written);
    }
    let _ = decode_json(bytes, ty);
    let _ = Type::from_json_bytes(bytes);
}

/// Every kind of type, alone and nested; dynamic values bring any other.
#[must_use]
pub fn types() -> Vec<Type> {
    let object = Type::object([
        ("name", Type::String),
        ("count", Type::Number),
        ("wait", Type::Bool),
        ("labels", Type::map(Type::String)),
        ("tags", Type::set(Type::String)),
        ("patches", Type::list(Type::object([("path", Type::String), ("value", Type::Dynamic)]))),
    ]);
    vec![
        Type::Dynamic,
        Type::Bool,
        Type::Number,
        Type::String,
        Type::list(Type::Dynamic),
        Type::set(Type::Number),
        Type::map(Type::Dynamic),
        Type::Tuple(vec![Type::String, Type::Number, Type::set(Type::Dynamic)]),
        Type::set(object.clone()),
        object,
    ]
}
