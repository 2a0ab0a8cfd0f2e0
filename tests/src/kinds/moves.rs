//! Manifests that other providers made become ours, whatever kind they are of.

use testutil::tools::Tool;

use super::*;
use crate::{
    moves::{type_of, versions},
    support::provider_block,
};

/// What a resource of another provider keeps of an object.
fn kept(ty: &str, manifest: &Value, uid: &Value) -> Value {
    let metadata = &manifest["metadata"];
    let (name, namespace) = (&metadata["name"], &metadata["namespace"]);
    match ty {
        "kubernetes_manifest" => {
            let object = json!({
                "apiVersion": manifest["apiVersion"], "kind": manifest["kind"],
                "metadata": {"name": name, "namespace": namespace, "uid": uid},
            });
            json!({
                "computed_fields": null, "field_manager": [], "timeouts": [], "wait": [], "wait_for": null,
                "manifest": {"type": type_of(manifest), "value": manifest},
                "object": {"type": type_of(&object), "value": object},
            })
        }
        _ => json!({
            "api_version": manifest["apiVersion"], "kind": manifest["kind"], "name": name, "namespace": namespace,
            "override_namespace": null, "uid": uid, "live_uid": uid, "yaml_body": manifest.to_string(),
        }),
    }
}

#[test]
fn a_manifest_of_any_kind_becomes_ours_without_a_change() {
    let plane = require!(api());
    let stand_in = require!(Tool::KubectlProvider.path());
    for (ty, source, version) in [
        ("kubernetes_manifest", "hashicorp/kubernetes", "2.38.0"),
        ("kubectl_manifest", "gavinbunney/kubectl", "1.19.0"),
    ] {
        let namespace = plane.namespace("kinds-moved");
        let uid = |kind: &Kind| {
            live(&plane, kind.name, &namespace, sample::name(kind)).unwrap()["metadata"]["uid"].clone()
        };
        let resources: Vec<Value> = kinds()
            .iter()
            .map(|kind| {
                let manifest = object(kind, &namespace, None);
                apply_as(&plane, "Terraform", &manifest);
                json!({
                    "mode": "managed", "type": ty, "name": kind.resource,
                    "provider": format!("provider[\"registry.opentofu.org/{source}\"]"),
                    "instances": [{
                        "schema_version": 1, "attributes": kept(ty, &manifest, &uid(kind)),
                        "sensitive_attributes": [],
                    }],
                })
            })
            .collect();
        let state = json!({
            "version": 4, "terraform_version": "1.12.6", "serial": 1,
            "lineage": "5b0a86f4-9f0e-4b57-8d0f-1f6f6a3f2c11", "outputs": {}, "resources": resources,
        });
        let before: Vec<Value> = kinds().iter().map(|kind| uid(kind)).collect();
        let moved: String = kinds()
            .iter()
            .map(|kind| {
                format!("moved {{\n  from = {ty}.{}\n  to   = {}\n}}\n", kind.resource, address(kind))
            })
            .collect();

        let tofu = require!(require!(Tofu::new()).provider(source, version, &stand_in));
        let (_, name) = source.split_once('/').unwrap();
        tofu.write("versions.tf", &versions(name, source));
        tofu.write("provider.tf", &provider_block(&plane, ""));
        tofu.write_state(&state.to_string());
        tofu.write("main.tf", &moved);
        tofu.write("main.tf.json", &configuration(&namespace, None, &json!({})).to_string());
        tofu.init().success();
        tofu.plan().success();
        let plan = tofu.show_plan();
        assert_eq!(plan.actions(), BTreeMap::new(), "{ty}");
        assert_eq!(plan.resource_changes.len(), kinds().len(), "{ty}");
        tofu.apply().success();
        tofu.plan().no_changes();
        let stored = tofu.show_state();
        for (kind, before) in kinds().iter().zip(before) {
            assert_eq!(stored.values(&address(kind))["uid"], before, "{ty}: {}", kind.name);
            assert_eq!(uid(kind), before, "{ty}: {}", kind.name);
        }
    }
}
