//! `fluxgate_install` with small charts of one's own: what the gate sees, what stays secret, what drifts, what fails and what is said then.

use base64::{Engine, prelude::BASE64_STANDARD};
use kube::{
    Api,
    api::{DynamicObject, GroupVersionKind, Patch, PatchParams},
    discovery::ApiResource,
};
use serde_json::{Value, json};
use testutil::{
    ControlPlane, Helm, Size, Tofu,
    chart_server::ChartServer,
    faults::{Answer, Fault, FaultyProxy},
    require, test_data, wait,
};

use crate::support::{
    api, apply_as, behind, delete, installation, live, provider_block, tofu, unconnected, unfolded,
};

/// An installation of the chart in the folder `chart`.
fn install(namespace: &str, more: &str) -> String {
    format!(
        r#"
resource "fluxgate_install" "demo" {{
  name      = "demo"
  namespace = "{namespace}"
  chart     = "./chart"
  timeouts  = {{ create = "60s", update = "60s", delete = "60s" }}
  {more}
}}
"#
    )
}

const METADATA: &str = "apiVersion: v2\nname: demo\nversion: 1.0.0\n";

/// Whatever objects the values hold.
const EXTRA: &str = "{{- range .Values.extraObjects }}\n---\n{{ toYaml . }}\n{{- end }}\n";

/// A folder with a chart of these templates, and a configuration that nothing connects.
fn offline(configuration: &str, templates: &[(&str, &str)]) -> Result<Tofu, testutil::Error> {
    let tofu = unconnected(configuration)?.file("provider.tf", "provider \"fluxgate\" {\n}\n");
    tofu.init().success();
    Ok(charted(tofu, templates))
}

/// The same, connected.
fn online(
    plane: &ControlPlane,
    configuration: &str,
    templates: &[(&str, &str)],
) -> Result<Tofu, testutil::Error> {
    Ok(charted(tofu(plane, configuration)?, templates))
}

fn charted(tofu: Tofu, templates: &[(&str, &str)]) -> Tofu {
    templates.iter().fold(tofu.file("chart/Chart.yaml", METADATA), |tofu, (name, text)| {
        tofu.file(&format!("chart/{name}"), text)
    })
}

/// A GitRepository that the rules refuse.
const REFUSED: &str = r#"{ apiVersion = "source.toolkit.fluxcd.io/v1", kind = "GitRepository", metadata = { name = "app" }, spec = { url = "http://example.com/app.git", interval = "1m", ref = { branch = "main" } } }"#;

fn extra(objects: &str) -> String {
    install("flux-system", &format!("values = [yamlencode({{ extraObjects = [{objects}] }})]"))
}

fn is_refused(tofu: &Tofu, why: &str) {
    let text = tofu.plan().failure().text();
    assert!(text.contains("Policy: url-scheme") && text.contains("GitRepository/app"), "{why}: {text}");
}

#[test]
fn what_lists_hold_is_judged_however_they_are_nested() {
    let tofu = require!(offline(&extra(REFUSED), &[("templates/extra.yaml", EXTRA)]));
    is_refused(&tofu, "the object itself");
    let list = |kind: &str, items: &str| {
        let api_version = if kind == "List" { "v1" } else { "source.toolkit.fluxcd.io/v1" };
        format!(r#"{{ apiVersion = "{api_version}", kind = "{kind}", items = [{items}] }}"#)
    };
    tofu.write("main.tf", &extra(&list("List", REFUSED)));
    is_refused(&tofu, "a List");
    tofu.write("main.tf", &extra(&list("List", &list("List", REFUSED))));
    is_refused(&tofu, "a List in a List");
    tofu.write("main.tf", &extra(&list("GitRepositoryList", REFUSED)));
    is_refused(&tofu, "a list of one kind");
    // The items may leave their kind to the list.
    let bare = REFUSED.replace(r#"apiVersion = "source.toolkit.fluxcd.io/v1", kind = "GitRepository", "#, "");
    tofu.write("main.tf", &extra(&list("GitRepositoryList", &bare)));
    is_refused(&tofu, "a list of one kind that its items do not repeat");
}

#[test]
fn what_hooks_and_the_crds_folder_hold_is_judged() {
    let object = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: app\n  annotations: {helm.sh/hook: pre-install}\nspec: {url: 'http://example.com/app.git', interval: 1m, ref: {branch: main}}\n";
    let tofu = require!(offline(&install("flux-system", ""), &[("templates/hook.yaml", object)]));
    is_refused(&tofu, "a hook");
    tofu.write("chart/templates/hook.yaml", "");
    tofu.plan().changes();
    tofu.write("chart/crds/app.yaml", object);
    is_refused(&tofu, "a file under crds/");
}

#[test]
fn items_of_lists_have_names_of_their_own_and_their_drift_is_shown() {
    let plane = require!(api());
    let namespace = plane.namespace("list-items");
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMapList\n  items:\n  - metadata: {name: one}\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}\n";
    let tofu = require!(online(&plane, &install(&namespace, ""), &[("templates/list.yaml", list)]));
    tofu.plan().changes();
    tofu.apply().success();
    let state = tofu.show_state();
    let names: Vec<_> =
        state.values("fluxgate_install.demo")["objects"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["one", "two"].map(|name| format!("v1/ConfigMap/{namespace}/{name}")));
    tofu.plan().no_changes();
    delete(&plane, "ConfigMap", &namespace, "one");
    let text = tofu.plan().changes().text();
    assert!(text.contains(&names[0]), "{text}");
    tofu.apply().success();
    assert!(live(&plane, "ConfigMap", &namespace, "one").is_some());
    tofu.plan().no_changes();
    tofu.destroy().success();
}

/// Objects of a kind that the tests' own tables do not know and that no namespace holds.
struct Kind<'p> {
    plane: &'p ControlPlane,
    resource: ApiResource,
}

impl<'p> Kind<'p> {
    fn of(plane: &'p ControlPlane, group: &str, kind: &str, plural: &str) -> Self {
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, "v1", kind), plural);
        Self { plane, resource }
    }

    fn api(&self) -> Api<DynamicObject> {
        Api::all_with(self.plane.client(), &self.resource)
    }

    fn is_served(&self) -> Result<(), String> {
        let listed = wait::block_on(async || self.api().list(&Default::default()).await);
        listed.map(drop).map_err(|error| error.to_string())
    }

    fn apply(&self, name: &str, object: &Value) {
        wait::block_on(async || {
            let params = PatchParams::apply("test-setup").force();
            self.api().patch(name, &params, &Patch::Apply(object)).await.unwrap();
        });
    }

    fn delete(&self, name: &str) {
        wait::block_on(async || {
            self.api().delete(name, &Default::default()).await.unwrap();
        });
    }

    fn has(&self, name: &str) -> bool {
        wait::block_on(async || self.api().get_opt(name).await.unwrap()).is_some()
    }
}

/// A definition whose kind no namespace holds.
fn tenants(group: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("tenants.{group}")},
        "spec": {
            "group": group, "scope": "Cluster", "names": {"kind": "Tenant", "plural": "tenants"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    })
}

#[test]
fn objects_without_a_namespace_are_missed_whatever_their_kind() {
    let plane = require!(api());
    let namespace = plane.namespace("cluster-wide");
    // One kind that Kubernetes has, one that somebody else brings, one that comes under crds/.
    apply_as(&plane, "test-setup", &tenants("foreign.example"));
    let foreign = Kind::of(&plane, "foreign.example", "Tenant", "tenants");
    wait::until("the foreign kind is served", std::time::Duration::from_secs(30), || foreign.is_served())
        .unwrap();
    let binding = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: own-charts}\nspec: {policyName: nobody, validationActions: [Audit]}\n";
    let tenant =
        |group: &str| format!("apiVersion: {group}/v1\nkind: Tenant\nmetadata: {{name: own-charts}}\n");
    let tofu = require!(online(
        &plane,
        &install(&namespace, ""),
        &[
            ("crds/tenants.yaml", &tenants("brought.example").to_string()),
            ("templates/binding.yaml", binding),
            ("templates/foreign.yaml", &tenant("foreign.example")),
            ("templates/brought.yaml", &tenant("brought.example")),
        ]
    ));
    tofu.plan().changes();
    tofu.apply().success();
    tofu.plan().no_changes();
    let group = "admissionregistration.k8s.io";
    let bindings =
        Kind::of(&plane, group, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings");
    let brought = Kind::of(&plane, "brought.example", "Tenant", "tenants");
    for kind in [&bindings, &foreign, &brought] {
        kind.delete("own-charts");
        let text = tofu.plan().changes().text();
        assert!(text.contains(&format!("{}/", kind.resource.kind)) && text.contains("own-charts"), "{text}");
        tofu.apply().success();
        assert!(kind.has("own-charts"), "{} is back", kind.resource.kind);
        tofu.plan().no_changes();
    }
    tofu.destroy().success();
    for name in ["tenants.foreign.example", "tenants.brought.example"] {
        delete(&plane, "CustomResourceDefinition", "", name);
    }
}

#[test]
fn an_object_whose_kind_is_gone_is_shown_as_missing_and_traps_nobody() {
    let plane = require!(api());
    let namespace = plane.namespace("kind-gone");
    let tofu = require!(online(
        &plane,
        &install(&namespace, ""),
        &[
            ("crds/tenants.yaml", &tenants("gone.example").to_string()),
            ("templates/tenant.yaml", "apiVersion: gone.example/v1\nkind: Tenant\nmetadata: {name: first}\n"),
            ("templates/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stays}\n"),
        ]
    ));
    tofu.plan().changes();
    tofu.apply().success();
    delete(&plane, "CustomResourceDefinition", "", "tenants.gone.example");
    wait::until("the definition is gone", std::time::Duration::from_secs(30), || {
        match live(&plane, "CustomResourceDefinition", "", "tenants.gone.example") {
            None => Ok(()),
            Some(_) => Err("it is still there".to_owned()),
        }
    })
    .unwrap();
    let text = tofu.plan().changes().text();
    assert!(text.contains("gone.example/v1/Tenant/first"), "{text}");
    tofu.destroy().success();
    assert_eq!(live(&plane, "ConfigMap", &namespace, "stays"), None);
}

/// A variable that is in no plan and no state.
fn variable(name: &str) -> String {
    format!("variable \"{name}\" {{\n  type      = string\n  ephemeral = true\n}}\n")
}

#[test]
fn write_only_values_with_escapes_and_as_json_come_to_rest_and_are_shown_nowhere() {
    let plane = require!(api());
    let namespace = plane.namespace("write-only");
    let secrets = "apiVersion: v1\nkind: Secret\nmetadata: {name: demo}\nstringData:\n  word: {{ .Values.word | quote }}\n  deep: {{ .Values.deep | toJson | quote }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\ndata:\n  first: {{ index .Values.deep.list 0 }}\n";
    let more = r#"set_wo = [
    { name = "word", value = var.word },
    { name = "deep", type = "json", value = var.deep },
  ]
  set_wo_revision = 1"#;
    let configuration = install(&namespace, more) + &variable("word") + &variable("deep");
    let mut tofu = require!(online(&plane, &configuration, &[("templates/secret.yaml", secrets)]));
    tofu.set_env("TF_VAR_word", r"pa\,ss-w0rd");
    tofu.set_env("TF_VAR_deep", r#"{"list": ["inner-s3cr3t", 12345678]}"#);
    let mut said = tofu.plan().changes().text();
    said += &tofu.show_plan().raw.to_string();
    said += &tofu.apply().success().text();
    said += &tofu.plan().no_changes().text();
    said += &std::fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap();
    for secret in ["ss-w0rd", "inner-s3cr3t", "12345678"] {
        assert!(!said.contains(secret), "{secret} is shown");
    }
    let map = live(&plane, "ConfigMap", &namespace, "demo").unwrap();
    assert_eq!(map["data"]["first"], "inner-s3cr3t");
    tofu.destroy().success();
}

#[test]
fn what_is_said_of_write_only_values_does_not_quote_them() {
    let finding = r#"set_wo = [{ name = "extraObjects", type = "json", value = jsonencode([{
    apiVersion = "source.toolkit.fluxcd.io/v1", kind = "GitRepository", metadata = { name = "app" }
    spec       = { url = "https://example.com/app.git", interval = "s3cr3t-text", ref = { branch = "main" } }
  }]) }]
  set_wo_revision = 1"#;
    let mut tofu = require!(offline(&install("flux-system", finding), &[("templates/extra.yaml", EXTRA)]));
    let text = tofu.plan().failure().text();
    assert!(text.contains("Policy: interval") && !text.contains("s3cr3t"), "{text}");

    // A comma that should have had a backslash makes keys of what comes after it.
    let split = "set_wo = [{ name = \"word\", value = var.word }]\n  set_wo_revision = 1";
    tofu.write("main.tf", &(install("flux-system", split) + &variable("word")));
    tofu.set_env("TF_VAR_word", "first,s3cr3t");
    let text = tofu.plan().failure().text();
    assert!(text.contains("A value cannot be set") && text.contains("backslash"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");

    // What is no YAML is shown with its line, which may hold one.
    tofu.set_env("TF_VAR_word", "} s3cr3t-text");
    tofu.write("chart/templates/extra.yaml", "kind: ConfigMap\nname: {{ .Values.word }}\n");
    let broken = split.replace("var.word", "var.word, type = \"literal\"");
    tofu.write("main.tf", &(install("flux-system", &broken) + &variable("word")));
    let text = tofu.plan().failure().text();
    assert!(text.contains("The chart cannot be rendered") && text.contains("***"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

#[test]
fn a_hook_that_fails_at_destroy_does_not_tell_secrets() {
    let plane = require!(api());
    let namespace = plane.namespace("secret-hook");
    let hook = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.word }}\n  annotations:\n    helm.sh/hook: pre-delete\ndata: {a: {{ .Values.word | quote }}}\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\n";
    let more = "set_wo = [{ name = \"word\", value = \"s3cr3t-name\" }]\n  set_wo_revision = 1";
    let templates = [("templates/hook.yaml", hook), ("templates/map.yaml", map)];
    let tofu = require!(online(&plane, &install(&namespace, more), &templates));
    tofu.plan().changes();
    tofu.apply().success();
    // The cluster refuses what the hook wants, and says its name.
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "secret-hook"},
        "spec": {
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
            },
            "validations": [{"expression": "false", "messageExpression": "'refused: ' + object.metadata.name"}],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "secret-hook"}, "spec": {"policyName": "secret-hook", "validationActions": ["Deny"]},
    });
    let group = "admissionregistration.k8s.io";
    let policies = Kind::of(&plane, group, "ValidatingAdmissionPolicy", "validatingadmissionpolicies");
    let bindings =
        Kind::of(&plane, group, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings");
    policies.apply("secret-hook", &policy);
    bindings.apply("secret-hook", &binding);
    let probe = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "probe-"}});
    wait::until("the policy is in force", std::time::Duration::from_secs(60), || {
        let object: DynamicObject = serde_json::from_value(probe.clone()).unwrap();
        let created = wait::block_on(async || {
            crate::support::objects(&plane, "ConfigMap", &namespace)
                .create(&Default::default(), &object)
                .await
        });
        match created {
            Ok(_) => Err("it lets objects in".to_owned()),
            Err(_) => Ok(()),
        }
    })
    .unwrap();
    let text = tofu.destroy().failure().text();
    bindings.delete("secret-hook");
    policies.delete("secret-hook");
    assert!(text.contains("refused: ***"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

/// A gzipped tar that holds `demo/values.yaml` and nothing else.
const WITHOUT_CHART: &str = "H4sIAAAAAAACA0tJzc3XL0vMKU0t1qtMzM1hoAEwAAIzExMwDQToNBCYIrGB4oaGBibmDAoGDHQApcUliUVA6xlGJki0UjDkYhgFo2AUjIJRMNIAAB7WU50ACAAA";

#[test]
fn a_chart_that_cannot_be_used_is_told_with_where_and_what_to_do() {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.deep.name }}\n";
    let tofu = require!(offline(&install("flux-system", ""), &[("templates/map.yaml", template)]));
    let told = |summary: &str, words: &[&str]| {
        let text = tofu.plan().failure().text();
        for words in std::iter::once(&summary).chain(words) {
            assert!(text.contains(words), "{words}: {text}");
        }
    };
    told(
        "The chart cannot be rendered",
        &["demo/templates/map.yaml:4:18", "4 | name: {{ .Values.deep.name }}", "^", "fluxgate template"],
    );
    tofu.write("chart/templates/map.yaml", "kind: ConfigMap\n  name: [\n");
    told("The chart cannot be rendered", &["demo/templates/map.yaml", "2 | name: ["]);
    tofu.write("chart/templates/map.yaml", "a: {{ nothing }}\n");
    told("The chart cannot be rendered", &["demo/templates/map.yaml:1", "1 | a: {{ nothing }}"]);
    tofu.write("chart/templates/map.yaml", "");
    tofu.plan().changes();

    tofu.write("main.tf", &install("flux-system", "values = [\"a: [\"]"));
    told("The values are no YAML mapping", &["with fluxgate_install.demo", "values = [\"a: [\"]"]);

    let archive = install("flux-system", "").replace("./chart", "./demo.tgz");
    tofu.write("main.tf", &archive);
    tofu.write("demo.tgz", "no archive");
    told(
        "The chart cannot be fetched",
        &["./demo.tgz", "is not an archive of a chart", "chart = \"./demo.tgz\"", "Check chart"],
    );
    let whole = BASE64_STANDARD.decode(WITHOUT_CHART).unwrap();
    std::fs::write(tofu.folder().join("demo.tgz"), &whole[..whole.len() / 2]).unwrap();
    told("This is not a usable chart", &["demo.tgz", "Take another version, or correct the chart"]);
    std::fs::write(tofu.folder().join("demo.tgz"), &whole).unwrap();
    told("This is not a usable chart", &["demo.tgz", "Chart.yaml"]);

    let oci = install("flux-system", "repository = \"oci://ghcr.io/charts\"\n  version = \"1.0.0\"")
        .replace("./chart", "demo");
    tofu.write("main.tf", &oci);
    told("The chart cannot be fetched", &["oci://", "Set repository to the https:// address", "`helm pull`"]);
}

#[test]
fn a_failing_hook_is_told_and_the_mended_chart_goes_through() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let hook = |spec: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: hook\n  annotations: {{helm.sh/hook: pre-install}}\nspec:\n  backoffLimit: 0\n{spec}  template:\n    spec:\n      restartPolicy: Never\n      containers: [{{name: a, image: b}}]\n"
        )
    };
    let nowhere = "  activeDeadlineSeconds: 1\n";
    let failing =
        hook(nowhere).replace("      restartPolicy", "      nodeSelector: {no: where}\n      restartPolicy");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\n";
    let templates = [("templates/hook.yaml", failing.as_str()), ("templates/map.yaml", map)];
    let tofu = require!(online(&plane, &install("hooked", ""), &templates));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    for words in [
        "A hook of the chart failed",
        "pre-install hook Job/hooked/hook (demo/templates/hook.yaml)",
        "What was done is taken back. Correct the cause and apply again",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(live(&plane, "Namespace", "", "hooked"), None);
    assert!(tofu.show_state().addresses().is_empty());

    tofu.write("chart/templates/hook.yaml", &hook(""));
    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&plane, "ConfigMap", "hooked", "demo").is_some());
    tofu.plan().no_changes();
    tofu.destroy().success();
}

#[test]
fn definitions_are_kept_again_after_helm_has_upgraded_the_release() {
    let (plane, charts) = (require!(ControlPlane::start(Size::Nodes)), require!(ChartServer::flux2()));
    let helm = require!(Helm::new(&plane));
    let chart = require!(test_data()).join("charts/flux2-2.18.3.tgz");
    let configuration = installation(&charts, "2.18.3", "");
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    tofu.apply().success();
    tofu.plan().no_changes();
    let alert = json!({
        "apiVersion": "notification.toolkit.fluxcd.io/v1beta3", "kind": "Alert", "metadata": {"name": "all", "namespace": "default"},
        "spec": {"providerRef": {"name": "chat"}, "eventSources": [{"kind": "Kustomization", "name": "*"}]},
    });
    apply_as(&plane, "kubectl", &alert);

    // The same chart and values, but nobody asked for the annotation.
    helm.run(["upgrade", "flux", chart.to_str().unwrap(), "-n", "flux-system", "--wait"]).unwrap();
    let kept = |manifest: &str| manifest.matches("helm.sh/resource-policy: keep").count();
    let manifest = || helm.run(["get", "manifest", "flux", "-n", "flux-system"]).unwrap();
    assert_eq!(kept(&manifest()), 0);
    tofu.plan().changes();
    tofu.apply().success();
    assert!(kept(&manifest()) > 10, "{}", manifest());
    let definition =
        live(&plane, "CustomResourceDefinition", "", "alerts.notification.toolkit.fluxcd.io").unwrap();
    assert_eq!(definition["metadata"]["annotations"]["helm.sh/resource-policy"], "keep");
    tofu.plan().no_changes();
    helm.uninstall("flux", "flux-system").unwrap();
    assert!(live(&plane, "Alert", "default", "all").is_some());
}

#[test]
fn values_are_set_by_their_types() {
    let plane = require!(api());
    let namespace = plane.namespace("set-types");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\ndata:\n  values: {{ .Values | toJson | quote }}\n";
    let more = r#"values = ["a: 0\nkept: true\nid: 12345678901234567"]
  set = [
    { name = "exact", value = "12345678901234567" },
    { name = "a", value = "1" },
    { name = "list", value = "{x,2}" },
    { name = "text", value = "1", type = "string" },
    { name = "literal", value = "a,b=\\c", type = "literal" },
    { name = "json", value = "{\"d\": [null, 1.5]}", type = "json" },
  ]"#;
    let tofu = require!(online(&plane, &install(&namespace, more), &[("templates/map.yaml", map)]));
    tofu.plan().changes();
    tofu.apply().success();
    let map = live(&plane, "ConfigMap", &namespace, "demo").unwrap();
    let values: Value = serde_json::from_str(map["data"]["values"].as_str().unwrap()).unwrap();
    let expected = json!({
        "id": 12_345_678_901_234_568_i64, "exact": 12_345_678_901_234_567_i64,
        "a": 1, "kept": true, "list": ["x", 2], "text": "1", "literal": "a,b=\\c", "json": {"d": [null, 1.5]},
    });
    assert_eq!(values, expected);
    tofu.plan().no_changes();
    tofu.destroy().success();
}

#[test]
fn a_namespace_is_made_only_where_that_is_wanted_and_never_relabelled() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\n";
    let labels = "namespace_labels = { team = \"ours\" }";
    let name = "own-charts-made";
    let without = install(name, &format!("create_namespace = false\n  {labels}"));
    let tofu = require!(online(&plane, &without, &[("templates/map.yaml", map)]));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(
        text.contains("The namespace does not exist") && text.contains("create_namespace = true"),
        "{text}"
    );
    assert_eq!(live(&plane, "Namespace", "", name), None);
    tofu.write("main.tf", &install(name, labels));
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(live(&plane, "Namespace", "", name).unwrap()["metadata"]["labels"]["team"], "ours");
    tofu.plan().no_changes();
    tofu.destroy().success();

    // One that is there already is its owner's.
    let theirs = plane.namespace("theirs");
    tofu.write("main.tf", &install(&theirs, labels));
    tofu.plan().changes();
    tofu.apply().success();
    let found = live(&plane, "Namespace", "", &theirs).unwrap();
    assert_eq!(found["metadata"]["labels"].get("team"), None, "{found}");
    tofu.destroy().success();
    let found = live(&plane, "Namespace", "", &theirs).unwrap();
    assert_eq!(found["metadata"].get("deletionTimestamp"), None, "{found}");
}

#[test]
fn the_crds_folder_can_be_left_out_and_conflicts_taken() {
    let plane = require!(api());
    let namespace = plane.namespace("skipped");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\ndata: {a: ours}\n";
    let crds = tenants("skipped.example").to_string();
    let templates = [("crds/tenants.yaml", crds.as_str()), ("templates/map.yaml", map)];
    let tofu = require!(online(&plane, &install(&namespace, "skip_crds = true"), &templates));
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(live(&plane, "CustomResourceDefinition", "", "tenants.skipped.example"), None);

    // A field that was never ours is not taken, unless that is asked for.
    let theirs = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "demo", "namespace": namespace}, "data": {"b": "theirs"},
    });
    apply_as(&plane, "somebody", &theirs);
    tofu.write("chart/templates/map.yaml", &map.replace("{a: ours}", "{a: ours, b: ours}"));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(text.contains("somebody") && text.contains("data.b"), "{text}");
    tofu.write("main.tf", &install(&namespace, "skip_crds = true\n  force_conflicts = true"));
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(live(&plane, "ConfigMap", &namespace, "demo").unwrap()["data"]["b"], "ours");
    tofu.destroy().success();
}

#[test]
fn a_plan_of_a_connected_provider_is_the_same_for_a_chart_that_asks_nothing() {
    let plane = require!(api());
    let namespace = plane.namespace("same-plan");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\n";
    let tofu = require!(offline(&install(&namespace, ""), &[("templates/map.yaml", map)]));
    let objects = || tofu.show_plan().change("fluxgate_install.demo").after["objects"].clone();
    tofu.plan().changes();
    let before = objects();
    tofu.write("provider.tf", &provider_block(&plane, ""));
    tofu.plan().changes();
    assert_eq!(objects(), before);
}

/// What may live in the namespace cannot be told, and what the release had is gone by then.
#[test]
fn a_destroy_that_may_not_see_all_of_a_namespace_leaves_it_and_says_so() {
    let plane = require!(api());
    let proxy = require!(FaultyProxy::start(&plane));
    let namespace = "not-seen-in-full";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n";
    let tofu = require!(behind(&proxy, &plane, &install(namespace, "")));
    let tofu = charted(tofu, &[("templates/map.yaml", map)]);
    tofu.plan().changes();
    tofu.apply().success();

    let look = format!("GET /apis/batch/v1/namespaces/{namespace}/jobs");
    proxy.spoil(&look, 1, Fault::Answer(Answer::kubernetes(403, "Forbidden", "no")));
    let text = unfolded(&tofu.destroy().success().text());
    assert!(text.contains("Warning: The namespace was left"), "{text}");
    assert!(text.contains("delete it yourself") && text.contains(namespace), "{text}");
    assert!(live(&plane, "Namespace", "", namespace).unwrap()["metadata"]["deletionTimestamp"].is_null());
    assert!(live(&plane, "ConfigMap", namespace, "demo").is_none());
}
