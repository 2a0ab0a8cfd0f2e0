//! The rules themselves, and what is checked in of them.

use std::collections::BTreeSet;
use std::fs;

use policy::Catalogue;
use testutil::require;
use testutil::tools::Tool;

use crate::workshop::{opa, policies, recipe};

#[test]
fn what_is_checked_in_is_what_the_rules_compile_to() {
    let made = recipe::make(&require!(Tool::Opa.path()), &policies()).unwrap();
    let current = |name: &str| fs::read(policies().join(name)).unwrap_or_default();
    assert!(
        current("bundle.tar.gz") == made.bundle,
        "policies/bundle.tar.gz is not current: run `make policies`"
    );
    assert!(
        current("reads.json") == made.reads.as_bytes(),
        "policies/reads.json is not current: run `make policies`"
    );
}

#[test]
fn the_rules_pass_their_own_tests() {
    let output = opa(&require!(Tool::Opa.path()), &["test", "-b", "."]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("PASS"), "{output:?}");
}

#[test]
fn the_rules_pass_the_strict_check_and_are_formatted() {
    let program = require!(Tool::Opa.path());
    opa(&program, &["check", "--strict", "-b", "."]);
    opa(&program, &["fmt", "--list", "--fail", "."]);
}

#[test]
fn every_rule_has_tests_and_a_full_description() {
    let rules = recipe::rules(&policies()).unwrap();
    let catalogue = Catalogue::built_in().unwrap();
    assert_eq!(catalogue.rules().len(), rules.len());
    for rule in &rules {
        assert!(policies().join(format!("flux/rules/{rule}_test.rego")).is_file(), "{rule} has no test");
        // The catalogue has something in the place of what is left out.
        let text = fs::read_to_string(policies().join(format!("flux/rules/{rule}.rego"))).unwrap();
        for part in
            ["# title: ", "# description: ", "#   id: ", "#   severity: ", "#   kinds:", "#   remedy: "]
        {
            assert!(text.lines().any(|line| line.starts_with(part)), "{rule} has no {part}");
        }
        let rule = catalogue.rule(&rule.replace('_', "-")).unwrap();
        let words = [&rule.title, &rule.description, &rule.remedy];
        assert!(words.iter().all(|words| !words.is_empty()), "{} is not described", rule.id);
        assert!(!rule.kinds.is_empty(), "{} names no kinds", rule.id);
        assert!(rule.kinds.iter().all(|kind| kind.group.is_some()), "{} leaves a group out", rule.id);
    }
}

#[test]
fn every_parameter_that_is_read_is_described_and_has_a_default() {
    let catalogue = Catalogue::built_in().unwrap();
    for rule in catalogue.rules() {
        let stated: BTreeSet<&String> = rule.params.iter().collect();
        let read: BTreeSet<&String> = rule.reads.params.iter().collect();
        assert_eq!(stated, read, "{}", rule.id);
        assert!(!rule.reads.all_params, "{} reads all parameters", rule.id);
    }
    for param in catalogue.params() {
        let default = param.default.as_ref().unwrap();
        assert!(param.kind.takes(default) && !param.description.is_empty(), "{}", param.name);
    }
}

#[test]
fn what_rules_read_is_derived_to_the_field() {
    let catalogue = Catalogue::built_in().unwrap();
    let reads: Vec<String> =
        catalogue.rule("url-scheme").unwrap().reads.object.iter().map(ToString::to_string).collect();
    assert_eq!(reads, ["apiVersion", "kind", "spec.url"]);
}

#[test]
fn the_readme_names_every_rule_and_every_parameter() {
    let readme = fs::read_to_string(policies().join("README.md")).unwrap();
    let catalogue = Catalogue::built_in().unwrap();
    let rules = catalogue.rules().iter().map(|rule| format!("| `{}` |", rule.id));
    let params = catalogue.params().map(|param| format!("| `{}` |", param.name));
    let missing: Vec<String> = rules.chain(params).filter(|row| !readme.contains(row)).collect();
    assert_eq!(missing, [""; 0]);
}
