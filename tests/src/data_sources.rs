//! Data sources on real clusters: how Flux stands, what it keeps, what the gate says, and whether Flux can be installed.

use std::{fs, path::Path};

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use testutil::{ControlPlane, Tofu, require, wait};

use crate::support::{api, apply_as, flux, git, objects, provider_block, tofu, unconnected};

/// An example, as the documentation shows it.
fn example(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data-sources");
    fs::read_to_string(Path::new(folder).join(name).join("data-source.tf")).unwrap()
}

/// The values of a configuration's outputs, after an apply.
#[track_caller]
fn outputs(tofu: &Tofu) -> Value {
    let _ = tofu.plan().success_or_changes();
    tofu.apply().success();
    json!(tofu.output())
}

/// A plan that is good, whether or not there is anything to do.
trait Planned {
    fn success_or_changes(self) -> Self;
}

impl Planned for testutil::tofu::Run {
    #[track_caller]
    fn success_or_changes(self) -> Self {
        assert!(matches!(self.status, Some(0 | 2)), "{self}");
        self
    }
}

/// Writes the status of an object, as its controller would.
fn status(plane: &ControlPlane, kind: &str, namespace: &str, name: &str, status: &Value) {
    let patch = json!({ "status": status });
    wait::block_on(async || {
        objects(plane, kind, namespace)
            .patch_status(name, &PatchParams::default(), &Patch::Merge(&patch))
            .await
            .unwrap();
    });
}

fn ready(status: &str, message: &str) -> Value {
    json!({
        "observedGeneration": 1,
        "conditions": [{
            "type": "Ready", "status": status, "reason": "Tested", "message": message,
            "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z",
        }],
    })
}

#[test]
fn the_status_of_every_object_is_told_and_filtered() {
    let plane = require!(api());
    let namespace = plane.namespace("status");
    for (name, spec) in [("good", json!({})), ("bad", json!({})), ("paused", json!({"suspend": true}))] {
        let mut object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": name, "namespace": namespace, "labels": {"tier": name}},
            "spec": {"url": "https://example.com/app.git", "interval": "1m"},
        });
        for (field, value) in spec.as_object().unwrap() {
            object["spec"][field] = value.clone();
        }
        apply_as(&plane, "somebody", &object);
    }
    let mut stored = ready("True", "stored artifact");
    stored["artifact"] = json!({
        "revision": "main@sha1:abc", "digest": format!("sha256:{}", "0".repeat(64)), "lastUpdateTime": "2026-01-01T00:00:00Z",
        "path": "a", "url": "http://a",
    });
    status(&plane, "GitRepository", &namespace, "good", &stored);
    status(&plane, "GitRepository", &namespace, "bad", &ready("False", "no such repository"));
    status(&plane, "GitRepository", &namespace, "paused", &ready("False", "stopped"));

    let data = |name: &str, filter: &str| {
        format!(
            "data \"fluxgate_status\" \"{name}\" {{\n  namespace = \"{namespace}\"\n  {filter}\n}}\noutput \"{name}\" {{ value = data.fluxgate_status.{name} }}\n"
        )
    };
    let configuration = data("all", "")
        + &data("bad", "ready = false\n  kinds = [\"GitRepository\", \"HelmRelease\"]")
        + &data("labelled", "labels = { tier = \"good\" }")
        + &data("none", "kinds = [\"Kustomization\"]");
    let found = outputs(&require!(tofu(&plane, &configuration)));
    let names = |output: &str| -> Vec<String> {
        let objects = found[output]["objects"].as_array().unwrap();
        objects.iter().map(|object| object["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("all"), ["bad", "good", "paused"]);
    assert_eq!(names("bad"), ["bad", "paused"]);
    assert_eq!(names("labelled"), ["good"]);
    assert_eq!(names("none"), [""; 0]);
    assert_eq!((&found["all"]["not_ready"], &found["all"]["all_ready"]), (&json!(1), &json!(false)));
    assert_eq!(found["none"]["all_ready"], true);
    assert_eq!(
        found["all"]["objects"][1],
        json!({
            "kind": "GitRepository", "api_version": "source.toolkit.fluxcd.io/v1", "namespace": namespace, "name": "good",
            "ready": true, "state": "Ready", "reason": "Tested", "message": "stored artifact",
            "revision": "main@sha1:abc", "suspended": false,
        })
    );
    assert_eq!(found["all"]["objects"][0]["state"], "Failed");
    assert_eq!(found["all"]["objects"][2]["suspended"], true);

    let wrong = require!(tofu(&plane, &data("wrong", "kinds = [\"Kustomisation\"]")));
    let text = wrong.plan().failure().text();
    assert!(text.contains("\"Kustomisation\" is no kind of Flux"), "{text}");
}

#[test]
fn what_real_flux_applied_is_listed() {
    let plane = require!(flux());
    let namespace = plane.namespace("inventory");
    let (_server, repository) = require!(git(&plane, &namespace));
    let configuration = format!(
        r#"
resource "fluxgate_git_repository" "fleet" {{
  name      = "fleet"
  namespace = "{namespace}"
  spec      = {{ url = "{}", interval = "1m", ref = {{ branch = "main" }} }}
}}

resource "fluxgate_kustomization" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_git_repository.fleet.namespace
  spec = {{
    interval = "1m"
    path     = "./deploy"
    prune    = true
    source_ref = {{ kind = "GitRepository", name = fluxgate_git_repository.fleet.name }}
  }}
}}

data "fluxgate_inventory" "fleet" {{
  kind       = "Kustomization"
  namespace  = fluxgate_kustomization.fleet.namespace
  name       = "fleet"
  depends_on = [fluxgate_kustomization.fleet]
}}

data "fluxgate_status" "all" {{
  namespace  = "{namespace}"
  depends_on = [fluxgate_kustomization.fleet]
}}

data "fluxgate_preflight" "here" {{}}

data "fluxgate_preflight" "elsewhere" {{
  namespace = "elsewhere"
}}

output "inventory" {{ value = data.fluxgate_inventory.fleet }}
output "status" {{ value = data.fluxgate_status.all }}
output "here" {{ value = data.fluxgate_preflight.here }}
output "elsewhere" {{ value = data.fluxgate_preflight.elsewhere }}
"#,
        repository.url()
    );
    let tofu = require!(tofu(&plane, &configuration));
    let found = outputs(&tofu);
    assert_eq!(
        found["inventory"]["objects"],
        json!([{"kind": "ConfigMap", "api_version": "v1", "namespace": namespace, "name": "from-git"}])
    );
    assert!(found["inventory"]["revision"].as_str().unwrap().starts_with("main@sha1:"), "{found}");
    assert_eq!(found["status"]["all_ready"], true, "{found}");
    assert_eq!(found["status"]["objects"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&found["here"]["ok"], &found["here"]["installed_by"]),
        (&json!(true), &json!("helm")),
        "{found}"
    );
    assert_eq!(found["elsewhere"]["ok"], false);
    tofu.destroy().success();
}

#[test]
fn the_gate_gives_a_report_instead_of_an_error() {
    let text = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: a, namespace: b}\nspec: {interval: 1d, url: 'https://example.com/a'}\n---\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
    let configuration = format!(
        "{}\ndata \"fluxgate_policy_report\" \"text\" {{\n  manifests = [{}]\n}}\noutput \"apps\" {{ value = data.fluxgate_policy_report.apps }}\noutput \"text\" {{ value = data.fluxgate_policy_report.text }}\n",
        example("fluxgate_policy_report"),
        json!(text)
    );
    let tofu = require!(unconnected(&configuration))
        .file("provider.tf", "provider \"fluxgate\" {\n  policy = { rules = { ref = \"off\" } }\n}\n");
    tofu.init().success();
    let found = outputs(&tofu);
    let finding = &found["apps"]["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["path"]),
        (&json!("interval"), &json!("spec.interval")),
        "{found}"
    );
    assert_eq!(
        (&finding["severity"], &finding["object"]),
        (&json!("deny"), &json!("Kustomization/flux-system/apps"))
    );
    assert_eq!((&found["apps"]["denied"], &found["apps"]["objects"]), (&json!(true), &json!(1)));
    assert!(found["findings"][0].as_str().unwrap().starts_with("interval: "));
    assert_eq!(found["text"]["objects"], 2);
    let rules: Vec<_> =
        found["text"]["findings"].as_array().unwrap().iter().map(|found| &found["rule"]).collect();
    assert!(rules.contains(&&json!("interval")) && !rules.contains(&&json!("ref")), "{rules:?}");

    tofu.write("provider.tf", "provider \"fluxgate\" {\n  policy = { rules = { interval = \"warn\" } }\n}\n");
    let found = outputs(&tofu);
    assert_eq!(
        (&found["apps"]["findings"][0]["severity"], &found["apps"]["denied"]),
        (&json!("warn"), &json!(false))
    );

    for (manifests, wanted) in
        [("[]", "policy gate is shut"), ("[3]", "no manifest"), ("[\"a: [\"]", "no YAML")]
    {
        tofu.write(
            "main.tf",
            &format!("data \"fluxgate_policy_report\" \"a\" {{\n  manifests = {manifests}\n}}\n"),
        );
        let text = tofu.plan().failure().text();
        assert!(text.contains(wanted), "{manifests}: {text}");
    }
}

#[test]
fn a_preflight_says_what_is_in_the_way_and_is_no_error() {
    let plane = require!(api());
    let configuration =
        "data \"fluxgate_preflight\" \"a\" {}\noutput \"a\" { value = data.fluxgate_preflight.a }\n";
    let tofu = require!(tofu(&plane, configuration));
    let found = &outputs(&tofu)["a"];
    assert_eq!((&found["ok"], &found["installed_by"]), (&json!(true), &Value::Null), "{found}");
    assert_eq!(found["kubernetes_version"], "v1.36.4");
    let names: Vec<_> = found["checks"].as_array().unwrap().iter().map(|check| &check["name"]).collect();
    assert_eq!(names, ["cluster", "kubernetes", "permissions", "flux", "definitions"]);

    let check = |found: &Value, name: &str| -> Value {
        let checks = found["checks"].as_array().unwrap();
        checks
            .iter()
            .find(|check| check["name"] == name)
            .cloned()
            .unwrap_or_else(|| panic!("{name}: {found}"))
    };
    let nobody = plane.write_kubeconfig(&plane.kubeconfig().token(plane.unprivileged_token()));
    tofu.write(
        "provider.tf",
        &format!("provider \"fluxgate\" {{\n  kubernetes = {{ config_path = {} }}\n}}\n", json!(nobody)),
    );
    let found = &outputs(&tofu)["a"];
    let permissions = check(found, "permissions");
    assert_eq!((&found["ok"], &permissions["ok"]), (&json!(false), &json!(false)));
    let message = permissions["message"].as_str().unwrap();
    assert!(message.contains("create customresourcedefinitions.apiextensions.k8s.io"), "{message}");
    assert!(permissions["remedy"].as_str().unwrap().contains("cluster-admin"));

    let away = json!(require!(testutil::faults::nobody()));
    tofu.write(
        "provider.tf",
        &format!("provider \"fluxgate\" {{\n  kubernetes = {{ host = {away}, token = \"t\" }}\n}}\n"),
    );
    let found = &outputs(&tofu)["a"];
    assert_eq!((&found["ok"], &check(found, "cluster")["ok"]), (&json!(false), &json!(false)), "{found}");

    tofu.write("main.tf", &example("fluxgate_preflight"));
    let text = tofu.plan().failure().text();
    assert!(text.contains("Nothing listens at that address"), "{text}");
    tofu.write("provider.tf", &provider_block(&plane, ""));
    assert_eq!(outputs(&tofu)["kubernetes"], "v1.36.4");
}

#[test]
fn a_cluster_that_is_made_in_the_same_apply_is_waited_for_by_depends_on() {
    let plane = require!(api());
    let configuration = |more: &str| {
        format!(
            "resource \"terraform_data\" \"cluster\" {{\n  input = {}\n}}\nprovider \"fluxgate\" {{\n  kubernetes = {{ config_path = terraform_data.cluster.output }}\n}}\ndata \"fluxgate_status\" \"all\" {{\n  namespace = \"nowhere\"\n  {more}\n}}\noutput \"all\" {{ value = data.fluxgate_status.all.all_ready }}\n",
            json!(plane.kubeconfig_path())
        )
    };
    let tofu = require!(unconnected(&configuration("")));
    tofu.init().success();
    let text = tofu.plan().failure().text();
    assert!(text.contains("depends_on = [ ... ]"), "{text}");
    tofu.write("main.tf", &configuration("depends_on = [terraform_data.cluster]"));
    assert_eq!(outputs(&tofu)["all"], true);
}
