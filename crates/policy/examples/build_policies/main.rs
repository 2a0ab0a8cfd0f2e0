//! Compiles `policies/` into `policies/bundle.tar.gz` and writes what each rule reads into
//! `policies/reads.json`. Both are checked in; `make policies` runs this.

use std::error::Error;
use std::fs;
use std::path::Path;

use testutil::tools::Tool;

mod recipe;

fn main() -> Result<(), Box<dyn Error>> {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies").canonicalize()?;
    let made = recipe::make(&Tool::Opa.path()?, &policies)?;
    for (name, content) in [("bundle.tar.gz", made.bundle.as_slice()), ("reads.json", made.reads.as_bytes())]
    {
        let path = policies.join(name);
        let changed = fs::read(&path).map_or(true, |before| before != content);
        fs::write(&path, content)?;
        let state = if changed { "written" } else { "unchanged" };
        #[expect(clippy::print_stdout, reason = "this is a program for people")]
        {
            println!("policies/{name}: {} bytes, {state}", content.len());
        }
    }
    Ok(())
}
