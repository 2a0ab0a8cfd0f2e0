//! The fuzz target on a stable toolchain: the scalars of the differential test, and its seeds.

use std::fs;
use std::path::Path;

#[path = "../../../../fuzz/src/yaml_read.rs"]
mod target;

#[test]
fn every_seed_passes() {
    for scalar in include_str!("scalars.txt").lines() {
        target::yaml_read(format!("a: {scalar}\n- {scalar}\n").as_bytes());
        target::yaml_read(format!("- {scalar}\n").as_bytes());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/yaml_read");
    for seed in fs::read_dir(folder).unwrap() {
        target::yaml_read(&fs::read(seed.unwrap().path()).unwrap());
    }
}
