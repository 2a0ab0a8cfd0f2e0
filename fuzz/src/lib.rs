//! What the fuzz targets do with their input, so that a stable toolchain can run the seeds through it as well.

pub mod chart_render;
pub mod repository_index;
pub mod template_run;
pub mod yaml_read;

pub use chart_render::chart_render;
pub use repository_index::repository_index;
pub use template_run::template_run;
pub use yaml_read::yaml_read;

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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use tfplugin::value::{Number, Value};

    use super::*;

    /// The inputs of the differential tests are the seeds, one file for each.
    #[test]
    fn seeds_of_templates_and_yaml_pass() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
        let templates = fs::read_to_string(root.join("gotemplate/tests/gotemplate/cases.txt")).unwrap();
        for template in templates.trim_end().split("\n=====\n") {
            template_run(template.as_bytes());
        }
        let scalars = fs::read_to_string(root.join("yaml/tests/yaml/scalars.txt")).unwrap();
        for scalar in scalars.lines() {
            yaml_read(format!("a: {scalar}\n- {scalar}\n").as_bytes());
            yaml_read(format!("- {scalar}\n").as_bytes());
        }
        for (target, run) in [("template_run", template_run as fn(&[u8])), ("yaml_read", yaml_read)] {
            for seed in fs::read_dir(folder(target)).unwrap() {
                run(&fs::read(seed.unwrap().path()).unwrap());
            }
        }
    }

    fn folder(target: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target)
    }

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
        let types = types();
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
        let write = std::env::var_os("FUZZ_WRITE_SEEDS").is_some();
        for (index, seed) in seeds().iter().enumerate() {
            msgpack_decode(seed);
            let path = folder("msgpack_decode").join(format!("{index:02}"));
            if write {
                fs::write(&path, seed).unwrap();
            }
            let stored = fs::read(&path).unwrap_or_default();
            assert!(stored == *seed, "{} differs: run this test with FUZZ_WRITE_SEEDS=1", path.display());
        }
        for input in fs::read_dir(folder("msgpack_decode")).unwrap() {
            msgpack_decode(&fs::read(input.unwrap().path()).unwrap());
        }
        for input in fs::read_dir(folder("chart_render")).unwrap() {
            chart_render(&fs::read(input.unwrap().path()).unwrap());
        }
    }
}
