use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::value::{Number, Type, Value};

fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("a number", Number::from_exact_f64),
        "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,3})?"
            .prop_filter_map("a number", |text| text.parse().ok()),
    ]
}

fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String), Just(Type::Dynamic)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Type::Tuple),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(Type::Object),
        ]
    })
}

/// A value of a type, with nulls and unknowns anywhere.
fn value_of(ty: &Type) -> BoxedStrategy<Value> {
    let known: BoxedStrategy<Value> = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => any_number().prop_map(Value::Number).boxed(),
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::List(element) => prop::collection::vec(value_of(element), 0..4).prop_map(Value::List).boxed(),
        Type::Set(element) => prop::collection::vec(value_of(element), 0..4).prop_map(Value::Set).boxed(),
        Type::Map(element) => {
            prop::collection::btree_map(any::<String>(), value_of(element), 0..4).prop_map(Value::Map).boxed()
        }
        Type::Tuple(types) => types.iter().map(value_of).collect::<Vec<_>>().prop_map(Value::Tuple).boxed(),
        Type::Object(attributes) => {
            let names: Vec<String> = attributes.keys().cloned().collect();
            let values: Vec<_> = attributes.values().map(value_of).collect();
            values.prop_map(move |values| Value::Object(names.iter().cloned().zip(values).collect())).boxed()
        }
        Type::Dynamic => {
            // The types brought along are few, so that this ends.
            prop_oneof![
                Just(Type::Bool),
                Just(Type::Number),
                Just(Type::list(Type::String)),
                Just(Type::Tuple(vec![]))
            ]
            .prop_flat_map(|ty| {
                value_of(&ty).prop_map(move |value| Value::Dynamic(Box::new(ty.clone()), Box::new(value)))
            })
            .boxed()
        }
    };
    prop_oneof![8 => known, 1 => Just(Value::Null), 1 => Just(Value::Unknown)].boxed()
}

fn typed_value() -> impl Strategy<Value = (Type, Value)> {
    any_type().prop_flat_map(|ty| (Just(ty.clone()), value_of(&ty)))
}

proptest! {
    #[test]
    fn what_is_written_is_read_back((ty, value) in typed_value()) {
        let bytes = encode_msgpack(&value, &ty).unwrap();
        prop_assert_eq!(decode_msgpack(&bytes, &ty).unwrap(), value);
    }

    #[test]
    fn the_order_of_a_set_does_not_show((ty, value) in typed_value()) {
        fn reversed(value: Value) -> Value {
            match value {
                Value::Set(elements) => Value::Set(elements.into_iter().rev().map(reversed).collect()),
                Value::List(elements) => Value::List(elements.into_iter().map(reversed).collect()),
                Value::Map(members) => {
                    Value::Map(members.into_iter().map(|(name, member)| (name, reversed(member))).collect())
                }
                other => other,
            }
        }
        prop_assume!(value.is_wholly_known());
        let bytes = encode_msgpack(&value, &ty).unwrap();
        prop_assert_eq!(encode_msgpack(&reversed(value), &ty).unwrap(), bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused(ty in any_type(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_msgpack(&bytes, &ty);
        let _ = decode_json(&bytes, &ty);
    }

    #[test]
    fn damaged_values_are_read_or_refused(
        (ty, value) in typed_value(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = encode_msgpack(&value, &ty).unwrap();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // What is read can be written again.
        if let Ok(value) = decode_msgpack(&bytes, &ty) {
            prop_assert!(encode_msgpack(&value, &ty).is_ok());
        }
    }

    #[test]
    fn a_cut_value_is_refused((ty, value) in typed_value(), at in any::<prop::sample::Index>()) {
        let bytes = encode_msgpack(&value, &ty).unwrap();
        prop_assert!(decode_msgpack(&bytes[..at.index(bytes.len())], &ty).is_err());
    }

    #[test]
    fn json_numbers_of_any_size_are_kept(number in any_number()) {
        let text = number.to_string();
        prop_assume!(number.as_f64().is_finite() || text.len() > 10);
        if let Ok(value) = decode_json(text.as_bytes(), &Type::Number) {
            prop_assert_eq!(value, Value::Number(text.parse().unwrap()));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_bytes_are_those_of_the_host() {
    let ty =
        Type::object([("a", Type::String), ("n", Type::Number), ("u", Type::Bool), ("x", Type::Dynamic)]);
    let value = Value::object([
        ("a", "b".into()),
        ("n", Value::Number("1.5".parse().unwrap())),
        ("u", Value::Unknown),
        ("x", Value::dynamic("s".into())),
    ]);
    let bytes = encode_msgpack(&value, &ty).unwrap();
    assert_eq!(
        hex(&bytes),
        "84 a161 a162 a16e cb3ff8000000000000 a175 d40000 a178 92 c408 22737472696e6722 a173"
            .replace(' ', "")
    );
}

#[test]
fn numbers_are_read_in_every_form() {
    for (bytes, number) in [
        ("07", "7"),
        ("e0", "-32"),
        ("ccff", "255"),
        ("cdffff", "65535"),
        ("ceffffffff", "4294967295"),
        ("cfffffffffffffffff", "18446744073709551615"),
        ("d080", "-128"),
        ("d18000", "-32768"),
        ("d280000000", "-2147483648"),
        ("d38000000000000000", "-9223372036854775808"),
        ("ca3fc00000", "1.5"),
        ("cb3ff8000000000000", "1.5"),
        ("a3302e31", "0.1"),
        ("a431653230", "100000000000000000000"),
    ] {
        let bytes: Vec<u8> = (0..bytes.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap())
            .collect();
        let number = Value::Number(number.parse().unwrap());
        assert_eq!(decode_msgpack(&bytes, &Type::Number), Ok(number));
    }
    assert_eq!(
        encode_msgpack(&Value::Number("123456789012345678901234567890".parse().unwrap()), &Type::Number)
            .unwrap(),
        [b"\xbe".as_slice(), b"123456789012345678901234567890"].concat()
    );
}

#[test]
fn every_extension_is_an_unknown_value() {
    for bytes in [
        b"\xd4\x00\x00".as_slice(),
        b"\xd5\x0c\x81\x01",
        b"\xd6\x0c\x81\x01\xc2\xc0",
        b"\xd8\x0c0123456789abcdef",
        b"\xc7\x03\x0c\x81\x01\xc2",
        b"\xc8\x00\x03\x0c\x81\x01\xc2",
        b"\xc9\x00\x00\x00\x03\x0c\x81\x01\xc2",
    ] {
        for ty in [Type::String, Type::Dynamic, Type::list(Type::Bool), Type::object([("a", Type::Bool)])] {
            assert_eq!(decode_msgpack(bytes, &ty), Ok(Value::Unknown), "{}", hex(bytes));
        }
    }
}

#[test]
fn an_error_names_the_attribute_and_not_the_value() {
    let spec = Type::object([
        ("url", Type::String),
        ("items", Type::list(Type::Number)),
        ("labels", Type::map(Type::String)),
    ]);
    let ty = Type::object([("spec", spec)]);
    let loose = Type::object([("spec", Type::Dynamic)]);
    let told = |spec: serde_json::Value| {
        let value = Value::object([("spec", Value::dynamic_from_json(&spec))]);
        let bytes = encode_msgpack(&value, &loose).unwrap();
        // Without the type that a dynamic value brings along.
        let Value::Object(members) = value else { unreachable!() };
        let inner = members["spec"].peeled().clone();
        let own = Type::object([("spec", inner.own_type())]);
        let plain = encode_msgpack(&Value::object([("spec", inner)]), &own).unwrap();
        assert!(decode_msgpack(&bytes, &loose).is_ok());
        decode_msgpack(&plain, &ty).unwrap_err().to_string()
    };
    let told_of = [
        told(json!({"url": 7, "items": [], "labels": {}})),
        told(json!({"url": "secret", "items": [1, "secret"], "labels": {}})),
        told(json!({"url": "secret", "items": [], "labels": {"a b": true}})),
        told(json!({"url": "secret", "items": {}, "labels": {}})),
        told(json!({"url": "secret", "items": []})),
        told(json!({"url": "secret", "items": [], "labels": {}, "more": 1})),
        told(json!("secret")),
    ];
    assert_eq!(
        told_of,
        [
            "spec.url: a string is required, found a number",
            "spec.items[1]: not a number",
            "spec.labels[\"a b\"]: a string is required, found true or false",
            "spec.items: a list is required, found a map",
            "spec.labels: the attribute is missing",
            "spec.more: there is no such attribute",
            "spec: an object is required, found a string",
        ]
    );
}

#[test]
fn lying_lengths_and_depths_are_refused_at_once() {
    let lists = |depth: usize| (0..depth).fold(Type::String, |ty, _| Type::list(ty));
    for bytes in [
        b"\xdd\xff\xff\xff\xff".as_slice(),
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xc9\xff\xff\xff\xff\x00",
        b"\xdc\xff\xff\xc0",
    ] {
        for ty in [lists(1), Type::map(Type::String), Type::String, Type::Dynamic, Type::Number] {
            assert!(decode_msgpack(bytes, &ty).is_err(), "{}", hex(bytes));
        }
    }
    let deep = lists(MAX_DEPTH + 1);
    let bytes = [vec![0x91; MAX_DEPTH + 1], vec![0xc0]].concat();
    assert_eq!(decode_msgpack(&bytes, &deep).unwrap_err().problem, Problem::TooDeep);
    let json = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(
        decode_json(json.as_bytes(), &Type::list(Type::String)).unwrap_err().problem,
        Problem::TooDeep
    );
}

#[test]
fn bytes_after_the_value_are_refused() {
    assert_eq!(decode_msgpack(b"\xc0\xc0", &Type::Bool).unwrap_err().problem, Problem::Trailing);
    assert_eq!(decode_json(b"null null", &Type::Bool).unwrap_err().problem, Problem::Trailing);
}

#[test]
fn a_state_is_read_by_its_schema() {
    let ty = Type::object([
        ("name", Type::String),
        ("big", Type::Number),
        ("small", Type::Number),
        ("tags", Type::set(Type::String)),
        ("values", Type::Dynamic),
        ("added", Type::Bool),
    ]);
    let state =
        br#" {"name": "a\"\u00e9", "big": 123456789012345678901234567890, "small": 0.1, "tags": ["x", "y"],
        "values": {"type": ["object", {"n": "number"}], "value": {"n": 1e3}}, "dropped": {"any": [1]}} "#;
    assert_eq!(
        decode_json(state, &ty).unwrap(),
        Value::object([
            ("name", "a\"é".into()),
            ("big", Value::Number("123456789012345678901234567890".parse().unwrap())),
            ("small", Value::Number("0.1".parse().unwrap())),
            ("tags", Value::set(["y", "x"])),
            ("values", Value::dynamic(Value::object([("n", 1000.into())]))),
            ("added", Value::Null),
        ])
    );
    let error = decode_json(br#"{"tags": ["x", 1]}"#, &ty).unwrap_err();
    assert_eq!(error.to_string(), "tags[1]: a string is required, found a number");
}

#[test]
fn json_that_is_none_is_refused() {
    for text in [
        "",
        "{",
        "[1",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "nul",
        "01",
        "-",
        "1.",
        "+1",
        "1e",
        "\u{0}",
        "[1 2]",
        "\"a\nb\"",
        "\"\\ud800\"",
    ] {
        assert!(decode_json(text.as_bytes(), &Type::Dynamic).is_err(), "{text}");
        assert!(decode_json(text.as_bytes(), &Type::list(Type::Number)).is_err(), "{text}");
    }
    assert_eq!(decode_json(b"\"\xff\"", &Type::String).unwrap_err().problem, Problem::Utf8);
}
