//! What was wrong with the module that this one stands in for. Each is a promise here; what has a test of its own
//! elsewhere is named.
//!
//! - Outputs that name resources which do not exist: `every_configuration_validates`.
//! - Custom resources that a plan looks up in a cluster without CRDs: `an_empty_cluster_is_planned_in_one_go`.
//! - Tests that only ran with credentials, and so never: `the_offered_cluster_may_be_one_of_our_own`.

use std::{fs, path::Path, process::Command};

use serde_json::json;

use super::{EXAMPLES, cases::check, files};

const FOLDERS: [&str; 3] = ["modules/fluxcd", "modules/fluxcd/examples/basic", "clusters/dev"];

fn text(folder: &str, file: &str) -> String {
    fs::read_to_string(Path::new(EXAMPLES).join(folder).join(file)).unwrap()
}

/// All configuration of a folder.
fn configuration(folder: &str) -> String {
    let files = files(&Path::new(EXAMPLES).join(folder));
    let configuration = files.iter().filter(|path| path.extension().is_some_and(|ext| ext == "tf"));
    configuration.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn all_folders_ask_for_the_same_providers_and_engine() {
    let versions: Vec<String> = FOLDERS.iter().map(|folder| text(folder, "versions.tf")).collect();
    assert!(versions.iter().all(|text| *text == versions[0]), "{versions:?}");
    for folder in FOLDERS {
        let lock = Path::new(EXAMPLES).join(folder).join(".terraform.lock.hcl");
        assert!(!lock.exists(), "{} would pin what nobody else asks for", lock.display());
        assert_eq!(
            configuration(folder).matches("source  = \"").count(),
            1,
            "{folder} needs one provider, ours"
        );
    }
}

/// A check that evaluates no rule on no object was green there.
#[test]
fn a_check_of_nothing_fails() {
    for plan in [
        json!({"format_version": "1.2"}),
        json!({"format_version": "1.2", "resource_changes": []}),
        json!({"format_version": "1.2", "resource_changes": [{
            "address": "null_resource.x", "mode": "managed", "type": "null_resource", "name": "x",
            "change": {"actions": ["create"], "after": {}},
        }]}),
    ] {
        assert_eq!(check(&plan, &[]).status.code(), Some(1), "{plan}");
    }
}

/// A conversion that failed looked like a pass there.
#[test]
fn a_plan_that_could_not_be_shown_does_not_pass() {
    let pipe = "tofu-that-is-not-there show -json plan 2>/dev/null | \"$FLUXGATE\" check -";
    let program = super::cases::fluxgate();
    let status = Command::new("/bin/sh").args(["-c", pipe]).env("FLUXGATE", program).output().unwrap().status;
    assert_eq!(status.code(), Some(1));
}

/// The type of the resource was what rules asked for there, and another type passed by.
#[test]
fn an_object_is_judged_whatever_resource_brings_it() {
    let spec = json!({"url": "http://x/y", "interval": "1d", "ref": null, "secret_ref": null});
    let manifest = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "x"},
        "spec": {"url": "http://x/y", "interval": "1d"},
    });
    for (ty, after) in [
        ("fluxgate_git_repository", json!({"name": "x", "namespace": "y", "spec": spec})),
        ("kubernetes_manifest", json!({"manifest": manifest})),
    ] {
        let plan = json!({"format_version": "1.2", "resource_changes": [{
            "address": format!("{ty}.x"), "mode": "managed", "type": ty, "name": "x",
            "change": {"actions": ["create"], "after": after},
        }]});
        let run = check(&plan, &["-o", "json"]);
        let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(report["counts"]["failed"], 3, "{ty}: {report}");
    }
}

/// One that reads another variable needs a newer engine than was asked for there.
#[test]
fn no_validation_reads_another_variable() {
    for folder in ["modules/fluxcd", "clusters/dev", "modules/fluxcd/examples/basic"] {
        let mut variable = String::new();
        for line in configuration(folder).lines() {
            if let Some(rest) = line.strip_prefix("variable \"") {
                variable = rest.split('"').next().unwrap().to_owned();
            }
            if line.trim_start().starts_with("condition ") {
                let names = line.split("var.").skip(1);
                for name in names.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()) {
                    assert_eq!(name, Some(variable.as_str()), "{folder}: {line}");
                }
            }
        }
    }
}

/// A check block warns and goes on; what is required must stop the plan.
#[test]
fn nothing_that_is_required_is_only_warned_of() {
    for folder in FOLDERS {
        assert!(!configuration(folder).contains("\ncheck \""), "{folder} has a check block");
    }
}

/// Every name comes from a resource where another resource stands before it: there is no depends_on to forget.
#[test]
fn order_comes_from_the_edges_of_the_graph() {
    for folder in FOLDERS {
        assert!(!configuration(folder).contains("depends_on"), "{folder}");
    }
    let main = text("modules/fluxcd", "main.tf");
    for edge in [
        "namespace = fluxgate_install.flux.namespace",
        "namespace = fluxgate_git_repository.this.namespace",
        "name = fluxgate_git_repository.this.name",
    ] {
        assert!(main.contains(edge), "{edge}");
    }
}
