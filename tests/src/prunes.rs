//! What a delete takes with it is announced, with the way out that the kind has.

use kube::api::{Patch, PatchParams};
use serde_json::json;
use testutil::{require, wait};

use crate::support::{api, objects, patch, tofu};

#[test]
fn a_delete_says_what_goes_with_it_and_how_to_keep_it() {
    let plane = require!(api());
    let namespace = plane.namespace("prunes");
    let configuration = format!(
        r#"
resource "fluxgate_helm_release" "web" {{
  name      = "web"
  namespace = "{namespace}"
  wait      = false
  spec      = {{ interval = "10m", chart_ref = {{ kind = "OCIRepository", name = "web" }} }}
}}
resource "fluxgate_resource_set" "web" {{
  name      = "web"
  namespace = "{namespace}"
  wait      = false
  spec      = {{ resources_template = "" }}
}}
"#
    );
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    tofu.apply().success();
    let inventory = json!({"status": {"inventory": {"entries": [
        {"id": "apps_web_apps_Deployment", "v": "v1"}, {"id": "apps_web__Service", "v": "v1"},
    ]}}});
    for kind in ["HelmRelease", "ResourceSet"] {
        wait::block_on(async || {
            let (params, patch) = (PatchParams::default(), Patch::Merge(&inventory));
            objects(&plane, kind, &namespace).patch_status("web", &params, &patch).await.unwrap();
        });
    }

    let text = tofu.plan_with(&["-destroy"]).changes().text();
    assert!(text.contains("2 objects"), "{text}");
    assert!(text.contains("set spec.suspend = true and apply that first"), "{text}");
    assert!(text.contains("set the annotation fluxcd.controlplane.io/reconcile"), "{text}");

    patch(&plane, "HelmRelease", &namespace, "web", &json!({"spec": {"suspend": true}}));
    let disabled = json!({"fluxcd.controlplane.io/reconcile": "disabled"});
    patch(&plane, "ResourceSet", &namespace, "web", &json!({"metadata": {"annotations": disabled}}));
    let text = tofu.plan_with(&["-destroy"]).changes().text();
    assert!(!text.contains("prunes what runs"), "{text}");
    tofu.destroy().success();
}
