//! The fuzz target on a stable toolchain: its seeds are those that stand here, and all pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;

use tfplugin::codec::encode_msgpack;
use tfplugin::value::{Number, Value};

#[path = "../../../fuzz/src/msgpack_decode.rs"]
mod target;

/// The values and bytes of the codec's own tests, as inputs of the target.
fn seeds() -> Vec<Vec<u8>> {
    let number = |text: &str| Value::Number(text.parse::<Number>().unwrap());
    let object = Value::object([
        ("name", "app".into()),
        ("count", number("123456789012345678901234567890")),
        ("wait", Value::Unknown),
        ("labels", Value::map([("a b", "c".into())])),
        ("tags", Value::set(["x", "y"])),
        (
            "patches",
            Value::list([Value::object([("path", "/a".into()), ("value", Value::dynamic(number("1.5")))])]),
        ),
    ]);
    let mixed = Value::Tuple(vec!["one".into(), 2.into(), Value::Null, Value::list([true])]);
    let values = [
        (0, Value::dynamic(object.clone())),
        (0, Value::dynamic(mixed.clone())),
        (1, Value::Bool(true)),
        (2, number("0.1")),
        (2, number("-9223372036854775809")),
        (3, "text".into()),
        (4, Value::list([Value::dynamic(1.into()), Value::Unknown])),
        (5, Value::set([1, 2, 3])),
        (6, Value::map([("k", Value::dynamic(mixed))])),
        (7, Value::Tuple(vec!["a".into(), 1.into(), Value::Set(vec![Value::Null])])),
        (8, Value::Set(vec![object.clone()])),
        (9, object),
    ];
    let types = target::types();
    let mut seeds: Vec<Vec<u8>> = values
        .iter()
        .map(|(choice, value)| {
            let mut seed = vec![*choice];
            seed.extend(encode_msgpack(value, &types[usize::from(*choice)]).unwrap());
            seed
        })
        .collect();
    for bytes in [
        b"\x03\xc7\x03\x0c\x81\x01\xc2".as_slice(),
        b"\x04\xdd\xff\xff\xff\xff",
        b"\x06\xdf\xff\xff\xff\xff",
        b"\x02\xca\x3f\xc0\x00\x00",
        b"\x02\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x09{\"name\": \"a\\u00e9\", \"count\": 1e400, \"tags\": [\"x\"], \"patches\": null}",
    ] {
        seeds.push(bytes.to_vec());
    }
    seeds
}

#[test]
fn every_seed_passes_and_is_checked_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/msgpack_decode");
    let write = std::env::var_os("FUZZ_WRITE_SEEDS").is_some();
    for (index, seed) in seeds().iter().enumerate() {
        target::msgpack_decode(seed);
        let path = folder.join(format!("{index:02}"));
        if write {
            fs::write(&path, seed).unwrap();
        }
        let stored = fs::read(&path).unwrap_or_default();
        assert!(stored == *seed, "{} differs: run this test with FUZZ_WRITE_SEEDS=1", path.display());
    }
    for input in fs::read_dir(folder).unwrap() {
        target::msgpack_decode(&fs::read(input.unwrap().path()).unwrap());
    }
}
