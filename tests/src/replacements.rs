//! What needs a new object, and what only looks like it: the API refuses to change an immutable field, and lets it be set and left out.

use serde_json::Value;
use testutil::{ControlPlane, require};

use crate::support::{api, live, tofu};

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
