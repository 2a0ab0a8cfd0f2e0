//! The fuzz target on a stable toolchain: its seeds.

use std::fs;
use std::path::Path;

#[path = "../../../../fuzz/src/repository_index.rs"]
mod target;

#[test]
fn every_seed_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/repository_index");
    for seed in fs::read_dir(folder).unwrap() {
        target::repository_index(&fs::read(seed.unwrap().path()).unwrap());
    }
}
