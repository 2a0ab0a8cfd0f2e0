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
