use super::*;
use crate::require;

const COUNTER: &str = r#"
    variable "triggers" { default = "one" }
    resource "terraform_data" "first" {
      input            = "value"
      triggers_replace = var.triggers
    }
    output "input" { value = terraform_data.first.output }
"#;

#[test]
fn a_configuration_lives_through_all_commands() {
    let mut tofu = require!(Tofu::without_providers()).file("main.tf", COUNTER);
    tofu.init().success();
    assert!(tofu.validate().success().json::<Validation>().valid);

    tofu.plan().changes();
    let plan = tofu.show_plan();
    assert_eq!(plan.actions(), [("terraform_data.first", "create".to_owned())].into());
    assert_eq!(plan.change("terraform_data.first").after["input"], "value");
    assert_eq!(plan.change("terraform_data.first").after_unknown["id"], true);
    assert_eq!(plan.output_changes["input"].actions, ["create"]);
    assert_eq!(plan.raw["terraform_version"], Tool::Tofu.version());

    tofu.apply().success();
    assert_eq!(tofu.output()["input"], "value");
    assert_eq!(tofu.show_state().values("terraform_data.first")["input"], "value");
    tofu.plan().no_changes();

    tofu.set_env("TF_VAR_triggers", "two");
    tofu.plan().changes();
    let plan = tofu.show_plan();
    assert_eq!(plan.actions()["terraform_data.first"], "delete, create");
    assert_eq!(plan.change("terraform_data.first").replace_paths, [["triggers_replace"]]);

    tofu.refresh().success();
    tofu.destroy().success();
    assert!(tofu.show_state().resources.is_empty());
    tofu.import("terraform_data.first", "an-id").success();
    assert_eq!(tofu.show_state().addresses(), ["terraform_data.first"]);
}

#[test]
fn a_provider_that_is_not_in_the_mirror_is_not_fetched() {
    let configuration = r#"
        terraform {
          required_providers {
            random = { source = "hashicorp/random" }
          }
        }
    "#;
    let tofu = require!(Tofu::without_providers()).file("main.tf", configuration);
    let text = tofu.init().failure().text();
    assert!(text.contains("Failed to query available provider packages"), "{text}");
}

#[test]
fn a_provider_in_the_mirror_is_started() {
    let program = require!(Tool::KubectlProvider.path());
    let tofu = require!(Tofu::without_providers());
    let tofu = tofu.provider("gavinbunney/kubectl", Tool::KubectlProvider.version(), &program).unwrap().file(
        "main.tf",
        r#"
        terraform {
          required_providers {
            kubectl = { source = "gavinbunney/kubectl" }
          }
        }
    "#,
    );
    tofu.init().success();
    let schemas: Value = tofu.run(&["providers", "schema", "-json"]).success().json();
    let schemas = &schemas["provider_schemas"]["registry.opentofu.org/gavinbunney/kubectl"];
    assert!(schemas["resource_schemas"]["kubectl_manifest"].is_object(), "{schemas}");
}

#[test]
fn a_wrong_configuration_names_its_line() {
    let tofu = require!(Tofu::without_providers())
        .file("main.tf", "resource \"terraform_data\" \"first\" {\n  inputs = 1\n}\n");
    tofu.init().success();
    let validation: Validation = tofu.validate().failure().json();
    assert!(!validation.valid);
    assert_eq!(validation.diagnostics[0].severity, "error");
    assert_eq!(validation.diagnostics[0].range.as_ref().unwrap()["start"]["line"], 2);
    assert!(tofu.plan().failure().text().contains("An argument named \"inputs\" is not expected here."));
}

#[test]
fn of_the_environment_there_is_only_the_path() {
    let tofu = require!(Tofu::without_providers()).env("SET", "yes").file(
        "main.tf",
        r#"resource "terraform_data" "shell" {
             provisioner "local-exec" { command = "env >environment" }
           }"#,
    );
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    let environment = fs::read_to_string(tofu.folder().join("environment")).unwrap();
    let names = environment.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
    let shell = ["PWD", "OLDPWD", "SHLVL", "_"];
    let mut names: Vec<&str> = names.filter(|name| !shell.contains(name)).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["CHECKPOINT_DISABLE", "HOME", "PATH", "SET", "TF_CLI_CONFIG_FILE", "TF_IN_AUTOMATION", "TMPDIR"]
    );
}

#[test]
fn an_interrupted_apply_ends_and_says_so() {
    // The interrupt goes to the whole group, as of a terminal. A command that died of it would end the apply before OpenTofu says anything.
    let tofu = require!(Tofu::without_providers()).file(
        "main.tf",
        r#"resource "terraform_data" "slow" {
             provisioner "local-exec" { command = "trap '' INT; exec sleep 60" }
           }"#,
    );
    tofu.init().success();
    tofu.plan().changes();
    let apply = tofu.start_apply();
    apply.wait_for("Provisioning with 'local-exec'");
    apply.interrupt();
    let run = apply.wait().failure();
    assert!(run.text().contains("Interrupt received"), "{run}");
    assert!(run.elapsed < Duration::from_secs(30));
}

#[test]
fn a_command_that_takes_too_long_is_killed_and_its_words_are_shown() {
    let tofu = require!(Tofu::without_providers()).time_limit(Duration::from_secs(3)).file(
        "main.tf",
        r#"resource "terraform_data" "slow" {
             provisioner "local-exec" { command = "sleep 60" }
           }"#,
    );
    tofu.init().success();
    tofu.plan().changes();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tofu.apply())).unwrap_err();
    let story = panic.downcast_ref::<String>().unwrap();
    assert!(story.contains("took longer than 3s") && story.contains("local-exec"), "{story}");
}

#[test]
fn messages_match_however_they_are_framed() {
    let framed = "\x1b[31m╷\x1b[0m\n│ \x1b[1mError: \x1b[0mno such\n│ thing\n╵\n";
    assert_eq!(plain(framed), "Error: no such thing");
}
