//! Values that may be anything: Helm values, inputs and manifests. They come back as they were written, whatever their shape.

use serde_json::json;
use testutil::require;

use crate::support::{api, live, patch, tofu};

#[test]
fn free_values_of_any_shape_come_back_as_they_were_written() {
    let plane = require!(api());
    let namespace = plane.namespace("free-values");
    let configuration = |values: &str| {
        format!(
            r#"
resource "fluxgate_helm_release" "web" {{
  name      = "web"
  namespace = "{namespace}"
  wait      = false
  spec = {{
    interval  = "10m"
    chart_ref = {{ kind = "OCIRepository", name = "web" }}
    values    = {values}
  }}
}}
"#
        )
    };
    let values = || live(&plane, "HelmRelease", &namespace, "web").unwrap()["spec"]["values"].clone();
    let tofu = require!(tofu(
        &plane,
        &configuration(
            r#"{ n = null, one = 1.0, half = 1.5, big = 9007199254740993, list = [1, "a", null, { x = null }], empty = {}, none = [] }"#
        )
    ));
    tofu.plan().changes();
    tofu.apply().success();
    let written = json!({
        "n": null, "one": 1, "half": 1.5, "big": 9_007_199_254_740_993_i64,
        "list": [1, "a", null, {"x": null}], "empty": {}, "none": [],
    });
    assert_eq!(values(), written);
    tofu.plan().no_changes();

    // A list is another type to HCL than a tuple, and the same to the cluster.
    tofu.write(
        "main.tf",
        &configuration(r#"{ hosts = tolist(["a", "b"]), labels = tomap({ team = "web" }) }"#),
    );
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(values(), json!({"hosts": ["a", "b"], "labels": {"team": "web"}}));
    tofu.plan().no_changes();

    // What others add is theirs; what they change of ours is put back.
    let others = json!({"spec": {"values": {"theirs": 1, "hosts": ["c"]}}});
    patch(&plane, "HelmRelease", &namespace, "web", &others);
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(values(), json!({"hosts": ["a", "b"], "labels": {"team": "web"}, "theirs": 1}));
    tofu.plan().no_changes();
    tofu.destroy().success();
}

/// A HelmRelease with these values, which nobody waits for.
fn release(namespace: &str, values: &str) -> String {
    format!(
        "resource \"fluxgate_helm_release\" \"web\" {{\n  name      = \"web\"\n  namespace = \"{namespace}\"\n  wait      = false\n  spec = {{\n    interval  = \"10m\"\n    chart_ref = {{ kind = \"OCIRepository\", name = \"web\" }}\n    values    = {values}\n  }}\n}}\n"
    )
}

#[test]
fn a_fraction_goes_as_the_nearest_that_json_has_and_is_no_change_afterwards() {
    let plane = require!(api());
    let namespace = plane.namespace("fractions");
    let values = || live(&plane, "HelmRelease", &namespace, "web").unwrap()["spec"]["values"].clone();
    let written = "{ third = 1 / 3, all = tolist([1 / 3, 2 / 3]), seventh = { of = 1 / 7 }, name = \"web\" }";
    let tofu = require!(tofu(&plane, &release(&namespace, written)));
    tofu.plan().changes();
    tofu.apply().success();
    let as_sent = |found: &serde_json::Value, expected: f64| {
        assert!((found.as_f64().unwrap() - expected).abs() < 1e-15, "{found}");
    };
    as_sent(&values()["third"], 1.0 / 3.0);
    as_sent(&values()["all"][1], 2.0 / 3.0);
    as_sent(&values()["seventh"]["of"], 1.0 / 7.0);
    tofu.plan().no_changes();

    // A change of it by others is still one.
    patch(&plane, "HelmRelease", &namespace, "web", &json!({"spec": {"values": {"third": 0.25}}}));
    tofu.plan().changes();
    tofu.apply().success();
    as_sent(&values()["third"], 1.0 / 3.0);
    tofu.plan().no_changes();
    tofu.destroy().success();
}

#[test]
fn a_whole_number_that_no_json_holds_is_refused_where_it_stands() {
    let plane = require!(api());
    let namespace = plane.namespace("big-numbers");
    let tofu = require!(tofu(
        &plane,
        &release(&namespace, "{ kept = 1, big = { number = 123456789012345678901234567890 } }")
    ));
    let text = tofu.plan().failure().text();
    assert!(text.contains("spec.values.big.number: a number beyond 64 bits; write it in quotes"), "{text}");
    assert!(!text.contains("required, but not set"), "{text}");
}
