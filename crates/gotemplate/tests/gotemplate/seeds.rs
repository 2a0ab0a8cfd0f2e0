//! The fuzz target on a stable toolchain: the cases of the differential test, and its seeds.

use std::fs;
use std::path::Path;

#[path = "../../../../fuzz/src/template_run.rs"]
mod target;

#[test]
fn every_seed_passes() {
    for template in include_str!("cases.txt").trim_end().split("\n=====\n") {
        target::template_run(template.as_bytes());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/template_run");
    for seed in fs::read_dir(folder).unwrap() {
        target::template_run(&fs::read(seed.unwrap().path()).unwrap());
    }
}
