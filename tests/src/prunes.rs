//! What a delete takes with it is announced, with the way out that the kind has.

use kube::api::{Patch, PatchParams};
use serde_json::json;
use testutil::{require, wait};

use crate::support::{api, objects, patch, tofu};

#[test]
fn a_delete_says_what_goes_with_it_and_how_to_keep_it() {
    let plane = require!(api());
    let namespace = plane.namespace("prunes");
    let disabled = json!({"metadata": {"annotations": {"fluxcd.controlplane.io/reconcile": "disabled"}}});
    for (kind, resource, spec, way_out, suspended) in [
        (
            "HelmRelease",
            "fluxgate_helm_release",
            r#"interval = "10m", chart_ref = { kind = "OCIRepository", name = "web" }"#,
            "set spec.suspend = true",
            json!({"spec": {"suspend": true}}),
        ),
        (
            "ResourceSet",
            "fluxgate_resource_set",
            r#"resources_template = """#,
            "set the annotation fluxcd.controlplane.io/reconcile",
            disabled,
        ),
    ] {
        let configuration = format!(
            "resource \"{resource}\" \"web\" {{\n  name = \"web\"\n  namespace = \"{namespace}\"\n  wait = false\n  spec = {{ {spec} }}\n}}\n"
        );
        let tofu = require!(tofu(&plane, &configuration));
        tofu.plan().changes();
        tofu.apply().success();
        let inventory = json!({"status": {"inventory": {"entries": [
            {"id": "apps_web_apps_Deployment", "v": "v1"}, {"id": "apps_web__Service", "v": "v1"},
        ]}}});
        wait::block_on(async || {
            let (params, patch) = (PatchParams::default(), Patch::Merge(&inventory));
            objects(&plane, kind, &namespace).patch_status("web", &params, &patch).await.unwrap();
        });

        let text = tofu.plan_with(&["-destroy"]).changes().text();
        assert!(text.contains("2 objects") && text.contains(way_out), "{text}");

        // The rules have nothing against the way out.
        if kind == "HelmRelease" {
            tofu.write("main.tf", &configuration.replace("spec = {", "spec = { suspend = true,"));
            tofu.plan().changes();
        }
        patch(&plane, kind, &namespace, "web", &suspended);
        let text = tofu.plan_with(&["-destroy"]).changes().text();
        assert!(!text.contains("prunes what runs"), "{text}");
        tofu.destroy().success();
    }
}
