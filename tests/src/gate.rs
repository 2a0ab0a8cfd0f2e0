//! The policy gate on the road: at plan, before the write, and never in the way of a destroy.

use serde_json::{Value, json};
use testutil::{ControlPlane, Tofu, require};

use crate::support::{api, live, patch, provider_block, repository, tofu, unconnected};

#[test]
fn a_plan_that_the_policy_refuses_is_refused_on_the_line() {
    let tofu = require!(unconnected(
        &repository("apps", "").replace("https://example.com/app.git", "http://example.com/app.git")
    ));
    tofu.init().success();
    let text = tofu.plan().failure().text();
    assert!(text.contains("url-scheme"), "{text}");
    assert!(text.contains("on main.tf line 7"), "the finding is on the line of the url: {text}");
    assert!(text.contains("GitRepository"), "{text}");
}

#[test]
fn each_rule_speaks_at_plan() {
    let kustomization = |interval: &str, prune: bool, more: &str| {
        format!(
            "resource \"fluxgate_kustomization\" \"app\" {{\n  name = \"app\"\n  namespace = \"apps\"\n  spec = {{\n    interval = \"{interval}\"\n    prune = {prune}\n    source_ref = {{ kind = \"GitRepository\", name = \"app\" }}\n    {more}\n  }}\n}}\n"
        )
    };
    let cases = [
        (
            repository("apps", "").replace("https://example.com/app.git", "ssh://git@example.com/app.git"),
            None,
        ),
        (repository("apps", "").replace("\"1m\"", "\"1h\""), Some("interval")),
        (repository("apps", "").replace("\"1m\"", "\"1s\""), Some("interval")),
        (repository("apps", "").replace("{ branch = \"main\" }", "{ branch = \" \" }"), Some("ref")),
        (repository("apps", "").replace("{ branch = \"main\" }", "null"), Some("ref")),
        (
            repository("apps", "").replace("{ branch = \"main\" }", "{ branch = \"main\", tag = \"v1\" }"),
            Some("ref"),
        ),
        (kustomization("1m", true, "path = \"./clusters/dev\""), None),
        (kustomization("1h30m", true, ""), Some("interval")),
        (kustomization("1m", false, ""), Some("prune")),
        (kustomization("1m", true, "path = \"/clusters/dev\""), Some("path")),
        (kustomization("1m", true, "path = \"../dev\""), Some("path")),
        (kustomization("1m", true, "suspend = true"), Some("suspend")),
        (kustomization("1m", true, "").replace("\"GitRepository\"", "\"Bucket\""), Some("source-kind")),
    ];
    for (configuration, expected) in cases {
        let tofu = require!(unconnected(&configuration));
        tofu.init().success();
        let run = tofu.plan();
        match expected {
            None => drop(run.changes()),
            Some(rule) => {
                let text = run.failure().text();
                assert!(text.contains(&format!("Policy: {rule}")), "{text}");
            }
        }
    }
}

#[test]
fn the_scp_form_is_explained_with_the_form_to_write() {
    let tofu = require!(unconnected(
        &repository("apps", "").replace("https://example.com/app.git", "git@example.com:acme/app.git")
    ));
    tofu.init().success();
    let text = tofu.plan().failure().text();
    assert!(text.contains("ssh://git@example.com/acme/app.git"), "{text}");
}

#[test]
fn a_password_in_a_url_is_refused_without_being_shown() {
    let secret = "hunter2";
    let tofu = require!(unconnected(
        &(repository("apps", "").replace("https://example.com/app.git", "${local.url}")
            + &format!("locals {{\n  url = \"https://me:{secret}@example.com/app.git\"\n}}\n"))
    ));
    tofu.init().success();
    let run = tofu.plan().failure();
    // OpenTofu may show the line of the configuration, which holds no secret here; we never show the value.
    assert!(!run.text().contains(secret), "{}", run.text());
}

#[test]
fn a_value_that_is_known_only_after_apply_is_judged_before_the_write() {
    let plane = require!(api());
    let namespace = plane.namespace("late");
    let configuration = format!(
        "resource \"terraform_data\" \"interval\" {{\n  input = \"2h\"\n}}\n{}",
        repository(&namespace, "").replace("\"1m\"", "terraform_data.interval.output")
    );
    let tofu = require!(tofu(&plane, &configuration));

    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(text.contains("Policy: interval"), "{text}");
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
}

/// A GitRepository that was applied before a rule was tightened.
fn tightened(plane: &ControlPlane, namespace: &str) -> Result<Tofu, testutil::Error> {
    let tofu = tofu(plane, &repository(namespace, ""))?;
    tofu.plan().changes();
    tofu.apply().success();
    let policy = "  policy = { params = { interval_at_least = \"5m\" } }";
    tofu.write("provider.tf", &provider_block(plane, policy));
    Ok(tofu)
}

#[test]
fn a_rule_that_was_tightened_warns_where_nothing_changes_and_never_traps_a_destroy() {
    let plane = require!(api());
    let namespace = plane.namespace("tightened");
    let tofu = require!(tightened(&plane, &namespace));
    let text = tofu.plan().no_changes().text();
    assert!(text.contains("Warning: Policy: interval"), "{text}");
    tofu.write("main.tf", &repository(&namespace, "suspend = true"));
    let text = tofu.plan().failure().text();
    assert!(text.contains("Error: Policy: interval"), "{text}");

    tofu.write("main.tf", &repository(&namespace, ""));
    tofu.destroy().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
}

/// The plan before a destroy would repair what was changed outside, which the rule refuses.
#[test]
fn a_destroy_that_would_repair_first_is_let_go_without_a_refresh() {
    let plane = require!(api());
    let namespace = plane.namespace("tightened");
    let tofu = require!(tightened(&plane, &namespace));
    patch(&plane, "GitRepository", &namespace, "app", &json!({"spec": {"ref": {"branch": "hacked"}}}));
    let text = tofu.destroy().failure().text();
    assert!(text.contains("Error: Policy: interval"), "{text}");
    assert!(live(&plane, "GitRepository", &namespace, "app").is_some());
    tofu.run(&["destroy", "-no-color", "-input=false", "-auto-approve", "-refresh=false"]).success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
}

#[test]
fn a_rule_can_warn_or_be_off() {
    for (severity, expected) in [("warn", Some("Warning: Policy: interval")), ("off", None)] {
        let tofu = require!(unconnected(&repository("apps", "").replace("\"1m\"", "\"2h\"")));
        tofu.write(
            "provider.tf",
            &format!(
                "provider \"fluxgate\" {{\n  policy = {{ rules = {{ interval = \"{severity}\" }} }}\n}}\n"
            ),
        );
        tofu.init().success();
        let text = tofu.plan().changes().text();
        assert_eq!(text.contains("Policy: interval"), expected.is_some(), "{text}");
        assert!(expected.is_none_or(|expected| text.contains(expected)), "{text}");
    }
}

#[test]
fn a_gate_with_wrong_settings_is_shut_and_says_what_there_is() {
    let cases = [
        (json!({"rules": {"intervall": "off"}}), "interval"),
        (json!({"rules": {"interval": "never"}}), "deny, warn or off"),
        (json!({"params": {"interval_at_most": "1m"}}), "interval_less_than"),
        (json!({"params": {"interval_at_least": 3}}), "interval_at_least"),
        (json!({"rules": all_off()}), "no rule"),
    ];
    for (policy, expected) in cases {
        let tofu = require!(unconnected(&repository("apps", "")));
        tofu.write("provider.tf.json", &json!({"provider": {"fluxgate": {"policy": policy}}}).to_string());
        tofu.init().success();
        let text = tofu.plan().failure().text();
        assert!(text.to_lowercase().contains(expected), "{policy}: {text}");
    }
}

/// Every rule that the page of the rules tells of, turned off.
fn all_off() -> Value {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rules.md");
    let page = std::fs::read_to_string(page).unwrap();
    page.lines().filter_map(|line| line.strip_prefix("## ")).map(|id| (id.to_owned(), json!("off"))).collect()
}
