//! Promises about the repository itself.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

#[test]
fn the_readmes_commands_are_habits_of_the_makefile() {
    let makefile = read("Makefile");
    let habits: BTreeSet<_> = makefile
        .lines()
        .filter_map(|line| line.split_once(':').map(|(name, _)| name))
        .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
        .collect();
    for page in ["README.md", "CONTRIBUTING.md", ".ci/run"] {
        let text = read(page);
        let words: Vec<_> = text.split_whitespace().collect();
        for pair in words.windows(2).filter(|pair| pair[0].trim_start_matches('`') == "make") {
            let name = pair[1].trim_matches(|c: char| !c.is_ascii_alphanumeric());
            assert!(
                name.is_empty() || habits.contains(name),
                "{page} says `make {name}`, which the Makefile does not know"
            );
        }
    }
}

#[test]
fn each_habit_has_its_one_name() {
    let makefile = read("Makefile");
    let habits =
        "demo test check fmt lint build policies docs snapshots bench fuzz e2e install-dev dist clean";
    for habit in habits.split(' ') {
        assert!(makefile.contains(&format!("\n{habit}: ")), "the Makefile has no {habit}");
    }
    // What `make e2e` runs, by the ends of their names.
    for (file, test) in [
        ("tests/src/examples/cases.rs", "fn apply_if_a_kubeconfig_is_offered()"),
        ("tests/src/doks.rs", "fn a_real_account_is_asked_if_one_is_offered()"),
    ] {
        assert!(read(file).contains(test), "{file} has no {test}");
    }
}

#[test]
fn ci_runs_the_tests_of_the_readme_and_the_lints() {
    let ci = read(".ci/run");
    assert!(read("README.md").contains("make test"));
    for habit in ["make fmt-check", "make lint", "make test", "make demo"] {
        assert!(ci.lines().any(|line| line == habit), ".ci/run does not run `{habit}`");
    }
    assert!(ci.contains("CI=true"), "nothing makes a skipped test a failure");
}

#[test]
fn every_test_file_is_compiled() {
    let main = read("tests/src/main.rs");
    let folder = Path::new(ROOT).join("tests/src");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "rs") && name != "main" && name != "lib" {
            assert!(main.contains(&format!("mod {name};")), "{} is in no test binary", path.display());
        }
    }
}
