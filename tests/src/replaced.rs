//! A cluster that is replaced in the same apply: what is in the state is applied there anew, by the rights of a newcomer, or the apply fails.

use serde_json::{Value, json};
use testutil::{ControlPlane, Kubeconfig, Size, Tofu, User, require};

use crate::support::{api, apply_as, definitions, live, repository, unconnected, unfolded};

const METADATA: &str = "apiVersion: v2\nname: small\nversion: 1.0.0\n";
const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n";

/// A provider whose connection is known only after apply where the path changes.
fn late(path: &Value) -> String {
    format!(
        "resource \"terraform_data\" \"path\" {{\n  input = {path}\n}}\nprovider \"fluxgate\" {{\n  kubernetes = {{ config_path = terraform_data.path.output }}\n}}\n"
    )
}

/// One of each: an object of a kind of Flux, a Secret, a release.
fn all(namespace: &str) -> String {
    repository(namespace, "")
        + &format!(
            r#"
resource "fluxgate_secret" "app" {{
  name      = "credential"
  namespace = "{namespace}"
  git_https = {{ username = "u", password = "p" }}
}}
resource "fluxgate_install" "small" {{
  name      = "small"
  namespace = "{namespace}"
  chart     = "./chart"
}}
"#
        )
}

fn applied(plane: &ControlPlane, configuration: &str) -> Result<Tofu, testutil::Error> {
    let tofu = unconnected(configuration)?;
    tofu.write("chart/Chart.yaml", METADATA);
    tofu.write("chart/templates/map.yaml", TEMPLATE);
    tofu.write("provider.tf", &late(&json!(plane.kubeconfig_path())));
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    Ok(tofu)
}

/// A further cluster that serves Flux's kinds, with a namespace.
fn another(namespace: &str) -> Result<ControlPlane, testutil::Error> {
    let other = ControlPlane::start(Size::Api)?;
    definitions(&other)?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    apply_as(&other, "test-setup", &namespace);
    Ok(other)
}

/// OpenTofu plans each resource once more right before it is applied, and drops a change that has become none.
#[test]
fn a_new_cluster_that_does_not_answer_fails_the_apply_and_the_next_one_makes_up_for_it() {
    let plane = require!(api());
    let namespace = plane.namespace("replaced");
    let tofu = require!(applied(&plane, &all(&namespace)));
    tofu.plan().no_changes();

    let dead = Kubeconfig::new("https://127.0.0.1:1", None, User::Token("t".to_owned()));
    tofu.write("dead", &dead.to_string());
    tofu.write("provider.tf", &late(&json!("./dead")));
    tofu.plan().changes();
    for address in ["fluxgate_git_repository.app", "fluxgate_secret.app", "fluxgate_install.small"] {
        assert_eq!(tofu.show_plan().change(address).actions, ["update"], "{address}");
    }
    let text = unfolded(&tofu.apply().failure().text());
    for address in ["fluxgate_git_repository.app", "fluxgate_secret.app", "fluxgate_install.small"] {
        let with = format!("with {address}");
        assert!(text.contains(&with), "{address}: {text}");
    }
    assert!(text.contains("Error: The cluster cannot be reached"), "{text}");
    assert!(!text.contains("inconsistent"), "{text}");
    assert_eq!(tofu.show_state().addresses().len(), 4);

    let other = require!(another(&namespace));
    tofu.write("provider.tf", &late(&json!(other.kubeconfig_path())));
    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&other, "GitRepository", &namespace, "app").is_some());
    assert!(live(&other, "Secret", &namespace, "credential").is_some());
    assert!(live(&other, "ConfigMap", &namespace, "small").is_some());
    tofu.plan().no_changes();
}

#[test]
fn what_others_hold_in_the_new_cluster_is_a_conflict_and_is_taken_over_with_a_word() {
    let plane = require!(api());
    let namespace = plane.namespace("replaced");
    let tofu = require!(applied(&plane, &repository(&namespace, "suspend = true")));

    let other = require!(another(&namespace));
    let theirs = |interval: &str| {
        json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {"url": "https://example.com/app.git", "interval": interval, "suspend": true},
        })
    };
    apply_as(&other, "the-other", &theirs("5m"));
    tofu.write("provider.tf", &late(&json!(other.kubeconfig_path())));
    // What the state had and the plan leaves out is theirs there.
    tofu.write("main.tf", &repository(&namespace, ""));
    tofu.plan().changes();
    let text = unfolded(&tofu.apply().failure().text());
    assert!(text.contains("the-other") && text.contains(".spec.interval"), "{text}");

    apply_as(&other, "the-other", &theirs("1m"));
    tofu.write("again", &std::fs::read_to_string(other.kubeconfig_path()).unwrap());
    tofu.write("provider.tf", &late(&json!("./again")));
    tofu.plan().changes();
    let text = unfolded(&tofu.apply().success().text());
    assert!(text.contains("was taken over"), "{text}");
    let object = live(&other, "GitRepository", &namespace, "app").unwrap();
    assert_eq!(object["spec"]["suspend"], true, "it is not ours to remove");
    tofu.plan().no_changes();
}
