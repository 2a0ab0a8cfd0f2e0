//! The probe provider under the real OpenTofu: what the host does with it, in processes of their own and over mutual TLS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use testutil::{Tofu, require};

const CONFIG: &str = r#"
terraform {
  required_providers {
    probe = { source = "example/probe" }
  }
}

variable "folder" {}

variable "token" {
  default   = "secret-token"
  ephemeral = true
}

variable "url" {
  default = "https://x"
}

variable "interval" {
  default = "1m"
}

variable "name" {
  default = "app"
}

provider "probe" {
  folder = var.folder
}

resource "probe_thing" "a" {
  name     = var.name
  token    = var.token
  password = "secret-password"
  tags     = ["b", "a"]
  values   = { big = 123456789012345678901234567890, half = 1.5, tenth = 0.1, list = [1, "x", null] }
  spec = {
    url      = var.url
    interval = var.interval
    patches  = [{ path = "/a" }, { path = "/b", op = "add" }]
    labels   = { x = "y" }
  }
  timeouts = { create = "20s" }
}

data "probe_echo" "e" {
  input = { a = [1, "two"] }
}

ephemeral "probe_ticket" "t" {
  subject = "x"
}

output "echo" {
  value = data.probe_echo.e.output
}

output "joined" {
  value = provider::probe::join("-", "a", "b")
}
"#;

/// The example that cargo builds beside this test.
fn probe() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let probe = tests.parent().and_then(Path::parent).unwrap().join("examples/probe");
    assert!(probe.exists(), "{} is missing: run `cargo build --example probe` first", probe.display());
    probe
}

/// OpenTofu with the probe, initialized, and the folder of its objects.
fn tofu(config: &str) -> Result<(Tofu, TempDir), testutil::Error> {
    let objects = tempfile::tempdir().unwrap();
    let tofu = Tofu::without_providers()?
        .provider("example/probe", "0.1.0", &probe())?
        .file("main.tf", config)
        .env("TF_VAR_folder", objects.path())
        .time_limit(Duration::from_secs(60));
    let _ = tofu.init().success();
    Ok((tofu, objects))
}

fn state_file(tofu: &Tofu) -> String {
    std::fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap()
}

#[test]
fn an_object_lives_and_dies() {
    let (tofu, objects) = require!(tofu(CONFIG));
    let _ = tofu.plan().changes();
    let plan = tofu.show_plan();
    let change = plan.change("probe_thing.a");
    assert_eq!(change.after["wait"], true, "a default is known at plan");
    assert_eq!(change.after["spec"]["patches"][0]["op"], "replace");
    assert_eq!(change.after_unknown["spec"]["revision"], true);
    let _ = tofu.apply().success();

    let outputs = tofu.output();
    assert_eq!(outputs["joined"], "a-b");
    assert_eq!(outputs["echo"], serde_json::json!({"a": [1, "two"]}));
    let state = state_file(&tofu);
    assert!(state.contains("123456789012345678901234567890") && state.contains("\"half\": 1.5"), "{state}");
    assert!(!state.contains("secret-token"), "a write-only value is never stored");
    assert_eq!(tofu.show_state().values("probe_thing.a")["token_length"], 12);

    let _ = tofu.plan().no_changes();
    let _ = tofu.plan_with(&["-var", "interval=60s"]).no_changes();

    let _ = tofu.plan_with(&["-var", "url=https://y"]).changes();
    let plan = tofu.show_plan();
    assert_eq!(plan.actions()["probe_thing.a"], "update");
    assert!(plan.change("probe_thing.a").after_unknown.get("id").is_none(), "what updates keep stays known");
    let _ = tofu.apply().success();
    assert_eq!(tofu.show_state().values("probe_thing.a")["generation"], 2);

    let _ = tofu.plan_with(&["-var", "url=https://y", "-var", "name=other"]).changes();
    let plan = tofu.show_plan();
    assert_eq!(plan.actions()["probe_thing.a"], "delete, create");
    assert_eq!(plan.change("probe_thing.a").replace_paths, [["name"]]);

    std::fs::remove_file(objects.path().join("app")).unwrap();
    let _ = tofu.plan().changes();
    assert_eq!(tofu.show_plan().actions()["probe_thing.a"], "create", "what is gone is made again");
    let _ = tofu.apply().success();

    let _ = tofu.destroy().success();
    assert_eq!(objects.path().read_dir().unwrap().count(), 0);
}

#[test]
fn an_imported_object_needs_no_change() {
    let (tofu, _objects) = require!(tofu(CONFIG));
    let _ = tofu.plan().changes();
    let _ = tofu.apply().success();
    let _ = tofu.run(&["state", "rm", "probe_thing.a"]).success();
    let _ = tofu.import("probe_thing.a", "app").success();
    let _ = tofu.plan().no_changes();
    let text = tofu.import("probe_thing.a", "nothing").failure().text();
    assert!(text.contains("Nothing to import"), "{text}");
}

#[test]
fn ctrl_c_keeps_what_was_created() {
    let (tofu, objects) = require!(tofu(CONFIG));
    let _ = tofu.plan_with(&["-var", "url=slow://x"]).changes();
    let apply = tofu.start_apply();
    while !objects.path().join("app").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    apply.interrupt();
    let run = apply.wait().failure();
    assert!(run.text().contains("You asked to stop."), "{run}");
    assert!(run.elapsed < Duration::from_secs(10), "{run}");

    let state = tofu.show_state();
    assert_eq!(state.values("probe_thing.a")["id"], "app");
    let _ = tofu.plan().changes();
    assert_eq!(
        tofu.show_plan().actions()["probe_thing.a"],
        "delete, create",
        "what is not ready is replaced"
    );
}

#[test]
fn a_panic_is_told_and_loses_nothing() {
    let (tofu, _objects) = require!(tofu(CONFIG));
    let _ = tofu.plan_with(&["-var", "url=panic://secret"]).changes();
    let text = tofu.apply().failure().text();
    assert!(
        text.contains("Internal error in the provider") && text.contains("ApplyResourceChange"),
        "{text}"
    );
    assert!(tofu.show_state().addresses().contains(&"probe_thing.a"));
}

/// A panic's message may quote what it stumbled over; nothing of it comes out of any call, not even in the most verbose log.
#[test]
fn a_panic_shows_nothing_of_a_secret() {
    const MARK: &str = "mArKeD-vAlUe";
    let config = CONFIG
        .replace("folder = var.folder", "folder = var.folder\n  key    = var.key")
        .replace("\"secret-password\"", "var.password")
        .replace("[1, \"two\"] }", "1 }")
        .replace("{ a = 1 }", "var.input")
        .replace("subject = \"x\"", "subject = var.subject")
        .replace(
            "value = provider::probe::join(\"-\", \"a\", \"b\")",
            "value = provider::probe::join(\"-\", \"a\", var.part)\n  sensitive = true",
        )
        .replace(
            "value = data.probe_echo.e.output",
            "value     = data.probe_echo.e.output\n  sensitive = true",
        );
    let secrets = ["key", "password", "input", "subject", "part"];
    let variables = secrets
        .map(|name| format!("variable \"{name}\" {{\n  default   = \"harmless\"\n  sensitive = true\n}}\n"))
        .concat();
    let before = [
        ("ConfigureProvider", "key"),
        ("ValidateResourceConfig", "token"),
        ("PlanResourceChange", "token"),
        ("ReadDataSource", "input"),
        ("OpenEphemeralResource", "subject"),
        ("CallFunction", "part"),
    ];
    let after =
        [("ApplyResourceChange", "token"), ("ReadResource", "password"), ("ApplyResourceChange", "password")];
    for (late, (rpc, secret)) in before.into_iter().chain(after).enumerate() {
        let (tofu, _objects) = require!(tofu(&(config.clone() + &variables)));
        let tofu = tofu
            .env(format!("TF_VAR_{secret}"), format!("panic:{rpc}:{MARK}"))
            .env("TF_LOG", "TRACE")
            .env("TF_LOG_PATH", "trace.log");
        let mut said = String::new();
        let failed = if late < before.len() {
            tofu.plan()
        } else {
            said += &tofu.plan().changes().text();
            said += &tofu.show_plan().raw.to_string();
            match (rpc, secret) {
                (_, "token") => tofu.apply(),
                ("ReadResource", _) => {
                    said += &tofu.apply().success().text();
                    tofu.plan()
                }
                _ => {
                    said += &tofu.apply().success().text();
                    tofu.destroy()
                }
            }
        };
        let failed = failed.failure().text();
        assert!(failed.contains(&format!("The provider failed while answering {rpc}")), "{rpc}: {failed}");
        let log = std::fs::read_to_string(tofu.folder().join("trace.log")).unwrap();
        assert!(log.contains("probe.rs"), "{rpc}: the log says where it panicked");
        // The password is no secret to OpenTofu's plan and state, but to its reader's eyes.
        said = if secret == "password" { String::new() } else { said };
        for text in [said, failed, log] {
            assert!(!text.contains(MARK), "{rpc}: {text}");
        }
        assert!(secret == "password" || late < before.len() || !state_file(&tofu).contains(MARK), "{rpc}");
    }
}

#[test]
fn a_wrong_value_is_shown_on_its_line() {
    let (tofu, _objects) = require!(tofu(&CONFIG.replace("op = \"add\"", "op = \"turn\"")));
    let validation: testutil::tofu::Validation = tofu.validate().json();
    let told = &validation.diagnostics[0];
    assert_eq!(told.detail, r#"spec.patches[1].op must be one of "add", "remove", "replace"."#);
    assert!(told.snippet.as_ref().unwrap()["code"].as_str().unwrap().contains("turn"));

    let text = tofu.plan_with(&["-var", "url=http://x"]).failure().text();
    assert!(!text.contains("Unencrypted"), "an invalid configuration is not planned: {text}");
}

#[test]
fn a_warning_of_the_plan_is_shown() {
    let (tofu, _objects) = require!(tofu(CONFIG));
    let text = tofu.plan_with(&["-var", "url=http://x"]).changes().text();
    assert!(text.contains("Warning: Unencrypted"), "{text}");
}

/// The folder comes from an object that is made in the same apply.
#[test]
fn an_unknown_provider_configuration_is_no_obstacle_to_planning() {
    let config = CONFIG.replace("folder = var.folder", "folder = terraform_data.folder.output")
        + "\nresource \"terraform_data\" \"folder\" {\n  input = var.folder\n}\n";
    let (tofu, objects) = require!(tofu(&config));
    let _ = tofu.plan().changes();
    let _ = tofu.apply().success();
    assert!(objects.path().join("app").exists());
    let _ = tofu.plan().no_changes();
}

#[test]
fn an_older_state_is_upgraded() {
    let (tofu, objects) = require!(tofu(CONFIG));
    let _ = tofu.plan().changes();
    let _ = tofu.apply().success();
    let state: serde_json::Value = serde_json::from_str(&state_file(&tofu)).unwrap();
    let mut old = state.clone();
    for resource in old["resources"].as_array_mut().unwrap() {
        if resource["type"] == "probe_thing" {
            let instance = &mut resource["instances"][0];
            instance["schema_version"] = 0.into();
            instance["attributes"] = serde_json::json!({"name": "app", "url": "https://x"});
            instance["sensitive_attributes"] = serde_json::json!([]);
        }
    }
    std::fs::write(tofu.folder().join("terraform.tfstate"), old.to_string()).unwrap();
    let _ = tofu.plan().no_changes();

    let newer = state_file(&tofu).replace("\"schema_version\":0,", "\"schema_version\":7,");
    std::fs::write(tofu.folder().join("terraform.tfstate"), newer).unwrap();
    let text = tofu.plan().failure().text();
    assert!(text.contains("newer"), "{text}");
    assert!(objects.path().join("app").exists());
}
