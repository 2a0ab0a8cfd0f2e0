//! What needs a new object, and what only looks like it: the API refuses to change an immutable field, and lets it be set and left out.

use serde_json::Value;
use testutil::{ControlPlane, require};

use crate::support::{api, live, repository, tofu, unfolded};

/// A FluxInstance with this attribute of its spec.
fn instance(namespace: &str, more: &str) -> String {
    format!(
        r#"
resource "terraform_data" "late" {{
  input = {}
}}
resource "fluxgate_flux_instance" "flux" {{
  name      = "flux"
  namespace = "{namespace}"
  wait      = false
  spec = {{
    distribution = {{ version = "2.x", registry = "ghcr.io/fluxcd" }}
    {more}
  }}
}}
"#,
        serde_json::json!(more)
    )
}

/// A `sync` with this name.
fn sync(name: &str) -> String {
    format!(
        "sync = {{ kind = \"OCIRepository\", url = \"oci://ghcr.io/acme/fleet\", ref = \"v1.0.0\", path = \"clusters/dev\", name = {name} }}"
    )
}

fn object(plane: &ControlPlane, namespace: &str) -> Value {
    live(plane, "FluxInstance", namespace, "flux").unwrap()
}

#[test]
fn an_immutable_field_is_set_and_left_out_in_place_and_only_another_value_replaces() {
    let plane = require!(api());
    let namespace = plane.namespace("immutable");
    let tofu = require!(tofu(&plane, &instance(&namespace, "")));
    tofu.plan().changes();
    tofu.apply().success();

    let (update, replace): (&[&str], &[&str]) = (&["update"], &["delete", "create"]);
    for (what, more, actions) in [
        ("a sync with a name is added", sync("\"fleet\""), update),
        ("the name becomes another", sync("\"other\""), replace),
        ("the name is left out", sync("null"), update),
        ("a name is given again", sync("\"third\""), update),
        (
            "the name is known after apply",
            sync("lower(terraform_data.late.output) == \"\" ? \"a\" : \"fourth\""),
            replace,
        ),
        ("the sync goes", String::new(), update),
    ] {
        let before = object(&plane, &namespace)["metadata"]["uid"].clone();
        tofu.write("main.tf", &instance(&namespace, &more));
        tofu.plan().changes();
        assert_eq!(tofu.show_plan().change("fluxgate_flux_instance.flux").actions, actions, "{what}");
        tofu.apply().success();
        let after = object(&plane, &namespace);
        assert_eq!(after["metadata"]["uid"] == before, actions == update, "{what}");
        assert_eq!(after["spec"].get("sync").is_some(), !more.is_empty(), "{what}");
        tofu.plan().no_changes();
    }
}

/// The new half applies onto the very object that the old half would delete.
#[test]
fn create_before_destroy_deletes_nothing_that_it_has_just_taken_over() {
    let plane = require!(api());
    let namespace = plane.namespace("before");
    let first = "lifecycle { create_before_destroy = true }\n";
    let secret = format!(
        "resource \"fluxgate_secret\" \"app\" {{\n  name      = \"credential\"\n  namespace = \"{namespace}\"\n  git_https = {{ username = \"u\", password = \"p\" }}\n  {first}}}\n"
    );
    let repository =
        repository(&namespace, "").replace("wait      = false\n", &format!("wait      = false\n  {first}"));
    let tofu = require!(tofu(&plane, &(repository + &secret)));
    tofu.plan().changes();
    tofu.apply().success();
    let uid =
        |kind: &str, name: &str| live(&plane, kind, &namespace, name).map(|it| it["metadata"]["uid"].clone());
    let (before, secret_before) = (uid("GitRepository", "app"), uid("Secret", "credential"));
    assert!(before.is_some() && secret_before.is_some());

    tofu.plan_with(&["-replace=fluxgate_git_repository.app", "-replace=fluxgate_secret.app"]).changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").actions, ["create", "delete"]);
    let text = unfolded(&tofu.apply().success().text());
    assert!(text.contains("stays") && text.contains("moved block"), "{text}");
    assert_eq!(uid("GitRepository", "app"), before);
    assert_eq!(uid("Secret", "credential"), secret_before);
    tofu.plan().no_changes();
    tofu.destroy().success();
    assert_eq!(uid("GitRepository", "app"), None);
}
