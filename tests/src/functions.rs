//! Functions under the real OpenTofu: the examples give what they say, unknown arguments wait, errors name the argument.

use std::{fs, path::Path};

use testutil::require;

use crate::support::unconnected;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/functions");

const NAMES: [&str; 5] = ["duration", "git_url", "kubeconfig_decode", "manifest_encode", "relative_path"];

#[test]
fn the_examples_give_what_they_say_without_a_cluster() {
    let tofu = require!(unconnected(""));
    for name in NAMES {
        let example = fs::read_to_string(Path::new(EXAMPLES).join(name).join("function.tf")).unwrap();
        tofu.write(&format!("{name}.tf"), &example);
    }
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    let outputs = tofu.output();
    assert_eq!(outputs["duration"], 5400);
    assert_eq!(outputs["git_url"], "ssh://git@github.com/acme/fleet.git");
    assert_eq!(outputs["relative_path"], "./clusters/dev");
    assert_eq!(outputs["kubeconfig_decode"], "https://dev.example.com:6443");
    assert_eq!(outputs["manifest_encode"], "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: apps\n");
}

#[test]
fn an_argument_that_is_known_only_after_apply_makes_the_result_so() {
    let tofu = require!(unconnected(
        r#"
resource "terraform_data" "later" { input = "git@example.com:a/b.git" }
output "url" { value = provider::fluxgate::git_url(terraform_data.later.output) }
output "yaml" {
  value = provider::fluxgate::manifest_encode([{ apiVersion = "v1", kind = "Secret", later = terraform_data.later.output }])
}
"#
    ));
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(tofu.output()["url"], "ssh://git@example.com/a/b.git");
    assert_eq!(tofu.output()["yaml"], "apiVersion: v1\nkind: Secret\nlater: git@example.com:a/b.git\n");
}

#[test]
fn an_error_names_the_argument_and_says_what_to_write() {
    for (call, wanted) in [
        ("git_url(\"http://example.com/a\")", "write https:// instead"),
        ("duration(\"1d\")", "24h"),
        ("duration(null)", "argument must not be null"),
        ("relative_path(\"../x\")", "leaves the repository"),
        ("kubeconfig_decode(\"{}\", \"dev\")", "has no context"),
        ("kubeconfig_decode(\"{}\", \"dev\", \"prod\")", "One context"),
        ("manifest_encode({ kind = \"Secret\" })", "has no apiVersion"),
    ] {
        let tofu = require!(unconnected(&format!("output \"o\" {{ value = provider::fluxgate::{call} }}\n")));
        tofu.init().success();
        let text = tofu.plan().failure().text();
        assert!(text.contains(wanted) && text.contains("Invalid value for"), "{call}: {text}");
    }
}
