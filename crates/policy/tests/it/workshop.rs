//! Rules made up for a test, compiled by the real `opa`; and objects to put before them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flux::manifest::{Manifest, Origin};
use policy::{Bundle, Change, Gate, Settings, Subject};
use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "../../examples/build_policies/recipe.rs"]
#[allow(dead_code, reason = "the example uses all of it")]
pub mod recipe;

/// The folder of the rules that come with the program.
pub fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// A folder with rules, to be compiled.
pub struct Workshop {
    opa: PathBuf,
    folder: TempDir,
}

impl Workshop {
    /// An empty folder but for the report that gathers all rules.
    pub fn new(opa: &Path) -> Workshop {
        let workshop = Workshop { opa: opa.to_owned(), folder: TempDir::new().unwrap() };
        let report = fs::read_to_string(policies().join("flux/main.rego")).unwrap();
        workshop.with("flux/main.rego", &report)
    }

    /// A copy of the rules that come with the program, tests included.
    pub fn copy_of_policies(opa: &Path) -> Workshop {
        let workshop = Workshop { opa: opa.to_owned(), folder: TempDir::new().unwrap() };
        for folder in ["flux", "flux/rules", "params"] {
            for file in fs::read_dir(policies().join(folder)).unwrap().map(Result::unwrap) {
                if file.file_type().unwrap().is_file() {
                    let place = format!("{folder}/{}", file.file_name().to_string_lossy());
                    workshop.write(&place, &fs::read_to_string(file.path()).unwrap());
                }
            }
        }
        workshop
    }

    /// Adds a file.
    pub fn with(self, place: &str, text: &str) -> Workshop {
        self.write(place, text);
        self
    }

    /// Adds a rule, with what stands under its package line.
    pub fn with_rule(self, name: &str, body: &str) -> Workshop {
        self.with(&format!("flux/rules/{name}.rego"), &format!("package flux.rules.{name}\n\n{body}\n"))
    }

    /// Changes a file: `from` must stand in it.
    pub fn edited(self, place: &str, from: &str, to: &str) -> Workshop {
        let text = fs::read_to_string(self.folder.path().join(place)).unwrap();
        assert!(text.contains(from), "{place} does not hold {from}");
        self.with(place, &text.replace(from, to))
    }

    /// Compiles the folder.
    pub fn make(&self) -> recipe::Made {
        recipe::make(&self.opa, self.folder.path()).unwrap()
    }

    /// Compiles the folder and reads the result.
    pub fn bundle(&self) -> Bundle {
        let made = self.make();
        Bundle::read(&made.bundle).unwrap().with_reads(&made.reads).unwrap()
    }

    /// A gate with the rules of the folder.
    pub fn gate(&self) -> Gate {
        Gate::with_bundle(&self.bundle(), Settings::default()).unwrap()
    }

    fn write(&self, place: &str, text: &str) {
        let path = self.folder.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Runs `opa` in the folder of the rules and shows what it says if it fails.
pub fn opa(opa: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(opa).args(arguments).current_dir(policies()).output().unwrap();
    let words = [output.stdout.as_slice(), &output.stderr].concat();
    assert!(output.status.success(), "opa {arguments:?}: {}", String::from_utf8_lossy(&words));
    output
}

/// A GitRepository with that spec, before its creation.
pub fn git_repository(spec: Value) -> Subject {
    subject(json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": spec,
    }))
}

/// A Kustomization with that spec, before its creation.
pub fn kustomization(spec: Value) -> Subject {
    subject(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": spec,
    }))
}

/// An installation with that spec, before it is made.
pub fn install(spec: Value) -> Subject {
    subject(json!({
        "apiVersion": "fluxgate/v1",
        "kind": "Install",
        "metadata": {"name": "flux", "namespace": "flux-system"},
        "spec": spec,
    }))
}

/// An object before its creation.
pub fn subject(object: Value) -> Subject {
    let manifest = Manifest::new(object, Origin::resource("fluxgate_test.apps")).unwrap();
    Subject { manifest, change: Change::Create }
}
