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
    for (name, kind, resource, spec, way_out, suspended) in [
        (
            "web",
            "HelmRelease",
            "fluxgate_helm_release",
            r#"interval = "10m", chart_ref = { kind = "OCIRepository", name = "web" }"#,
            "set spec.suspend = true",
            json!({"spec": {"suspend": true}}),
        ),
        (
            "web",
            "ResourceSet",
            "fluxgate_resource_set",
            r#"resources_template = """#,
            "set the annotation fluxcd.controlplane.io/reconcile",
            disabled.clone(),
        ),
        (
            "flux",
            "FluxInstance",
            "fluxgate_flux_instance",
            r#"distribution = { version = "2.x", registry = "ghcr.io/fluxcd" }"#,
            "set the annotation fluxcd.controlplane.io/reconcile",
            disabled,
        ),
    ] {
        let configuration = format!(
            "resource \"{resource}\" \"web\" {{\n  name = \"{name}\"\n  namespace = \"{namespace}\"\n  wait = false\n  spec = {{ {spec} }}\n}}\n"
        );
        let tofu = require!(tofu(&plane, &configuration));
        tofu.plan().changes();
        tofu.apply().success();
        let inventory = json!({"status": {"inventory": {"entries": [
            {"id": "apps_web_apps_Deployment", "v": "v1"}, {"id": "apps_web__Service", "v": "v1"},
        ]}}});
        wait::block_on(async || {
            let (params, patch) = (PatchParams::default(), Patch::Merge(&inventory));
            objects(&plane, kind, &namespace).patch_status(name, &params, &patch).await.unwrap();
        });

        let text = tofu.plan_with(&["-destroy"]).changes().text();
        assert!(text.contains("2 objects") && text.contains(way_out), "{text}");

        // A replacement deletes as well.
        tofu.write("main.tf", &configuration.replace(&namespace, "elsewhere"));
        let text = tofu.plan().changes().text();
        assert!(text.contains("must be replaced") && text.contains("2 objects"), "{kind}: {text}");
        assert!(text.contains(way_out), "{kind}: {text}");
        tofu.write("main.tf", &configuration);

        // The rules have nothing against the way out.
        if kind == "HelmRelease" {
            tofu.write("main.tf", &configuration.replace("spec = {", "spec = { suspend = true,"));
            tofu.plan().changes();
        }
        patch(&plane, kind, &namespace, name, &suspended);
        let text = tofu.plan_with(&["-destroy"]).changes().text();
        assert!(!text.contains("prunes what runs"), "{text}");
        tofu.destroy().success();
    }
}
