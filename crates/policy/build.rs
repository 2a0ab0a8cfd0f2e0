//! Compiles the built-in rules to machine code, so that the program has them ready in a millisecond.
//!
//! `policies/bundle.tar.gz` is checked in and the same on every machine; what is made of it here is for this
//! target and this version of wasmtime, and is never committed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a build script ends the build")]

use std::path::{Path, PathBuf};
use std::{env, fs};

use wasmtime::Engine;

#[path = "src/bundle/archive.rs"]
mod archive;
#[path = "src/wasm/config.rs"]
mod config;
#[path = "src/wasm/layout.rs"]
mod layout;

fn main() {
    let policies = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is"))
        .join("../../policies");
    let (bundle, reads) = (policies.join("bundle.tar.gz"), policies.join("reads.json"));
    for input in [&bundle, &reads] {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    for source in ["build.rs", "src/bundle/archive.rs", "src/wasm/config.rs", "src/wasm/layout.rs"] {
        println!("cargo::rerun-if-changed={source}");
    }

    let archive = archive::Archive::unpack(&fs::read(&bundle).expect("policies/bundle.tar.gz is there"))
        .unwrap_or_else(|error| panic!("policies/bundle.tar.gz: {error}"));
    let mut config = config::config();
    // Naming the target leaves out what only this machine's processor can do.
    config.target(&env::var("TARGET").expect("cargo names the target")).expect("wasmtime knows the target");
    let engine = Engine::new(&config).expect("wasmtime takes the configuration");
    let machine_code = engine.precompile_module(&archive.module).expect("the policy compiles");
    let pages = layout::pages(&archive.module).expect("the policy is a module");

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder"));
    fs::write(out.join("policy.cwasm"), machine_code).expect("the folder can be written");
    fs::write(out.join("data.json"), serde_json::to_vec(&archive.data).expect("data is JSON"))
        .expect("the folder can be written");
    fs::write(out.join("manifest.json"), &archive.manifest).expect("the folder can be written");
    fs::copy(&reads, out.join("reads.json")).expect("policies/reads.json is there");
    let code = format!(
        r#"/// How many pages of memory the policy needs from the start.
pub(crate) const PAGES: u32 = {pages};
/// The policy as machine code.
pub(crate) static MODULE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/policy.cwasm"));
/// The data document of the bundle.
pub(crate) const DATA: &str = include_str!(concat!(env!("OUT_DIR"), "/data.json"));
/// The manifest of the bundle.
pub(crate) const MANIFEST: &str = include_str!(concat!(env!("OUT_DIR"), "/manifest.json"));
/// What each rule reads.
pub(crate) const READS: &str = include_str!(concat!(env!("OUT_DIR"), "/reads.json"));
"#
    );
    fs::write(out.join("built_in.rs"), code).expect("the folder can be written");
}
