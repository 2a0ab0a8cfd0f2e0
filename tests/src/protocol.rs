//! The protocol under real hosts: many at once, long and strange texts, values in every state, an older host, one process for many runs.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use testutil::{ControlPlane, Error, Size, Tofu, require, tofu::built_provider, tools::Tool};

use crate::support::{api, apply_as, definitions, live, provider_block, repository, tofu};

/// A hundred GitRepositories, each with a field of its own.
fn many(namespace: &str) -> String {
    format!(
        r#"
resource "fluxgate_git_repository" "many" {{
  for_each  = toset([for number in range(100) : format("app-%03d", number)])
  name      = each.key
  namespace = "{namespace}"
  wait      = false
  labels    = {{ number = each.key }}
  spec = {{
    url      = "https://example.com/${{each.key}}.git"
    interval = "1m"
    ref      = {{ branch = "main" }}
  }}
}}
"#
    )
}

/// Applies the saved plan with so many operations at a time.
fn apply_at(tofu: &Tofu, parallelism: &str) {
    let plan = tofu.folder().parent().unwrap().join("plan");
    let parallelism = format!("-parallelism={parallelism}");
    tofu.run(&["apply", "-no-color", "-input=false", &parallelism, plan.to_str().unwrap()]).success();
}

/// What was planned as known is what is in state, for every object.
#[track_caller]
fn state_is_as_planned(tofu: &Tofu, plan: &testutil::tofu::Plan) {
    let state = tofu.show_state();
    for resource in plan.resource_changes.iter().filter(|resource| resource.mode == "managed") {
        let planned = resource.change.after.as_object().unwrap();
        let stored = state.values(&resource.address);
        for (name, value) in planned {
            let place = format!("{}: {name}", resource.address);
            is_as_planned(&stored[name], value, &resource.change.after_unknown[name], &place);
        }
    }
}

/// What is unknown in the plan, or in a part of it, is left out there.
#[track_caller]
fn is_as_planned(stored: &Value, planned: &Value, unknown: &Value, place: &str) {
    match (planned, unknown) {
        (_, Value::Bool(true)) => {}
        (Value::Object(members), Value::Object(_)) => {
            for (name, member) in members {
                is_as_planned(&stored[name], member, &unknown[name], &format!("{place}.{name}"));
            }
        }
        // An element that is unknown keeps its place, as null.
        (Value::Array(elements), Value::Array(unknown)) if elements.len() == unknown.len() => {
            assert_eq!(stored.as_array().map(Vec::len), Some(elements.len()), "{place}");
            for (index, (element, unknown)) in elements.iter().zip(unknown).enumerate() {
                is_as_planned(&stored[index], element, unknown, &format!("{place}[{index}]"));
            }
        }
        _ => assert_eq!(stored, planned, "{place}"),
    }
}

#[test]
fn a_hundred_objects_at_ten_and_at_fifty_at_a_time() {
    let plane = require!(api());
    for parallelism in ["10", "50"] {
        let namespace = plane.namespace("many");
        let tofu = require!(tofu(&plane, &many(&namespace)));
        tofu.plan_with(&[&format!("-parallelism={parallelism}")]).changes();
        let plan = tofu.show_plan();
        assert_eq!(plan.actions().len(), 100);
        apply_at(&tofu, parallelism);
        state_is_as_planned(&tofu, &plan);
        for name in ["app-000", "app-099"] {
            let object = live(&plane, "GitRepository", &namespace, name).unwrap();
            assert_eq!(object["spec"]["url"], format!("https://example.com/{name}.git"));
        }
        tofu.plan_with(&[&format!("-parallelism={parallelism}")]).no_changes();
        tofu.destroy().success();
        assert_eq!(live(&plane, "GitRepository", &namespace, "app-050"), None);
    }
}

#[test]
fn two_aliases_and_two_providers_at_once() {
    let one = require!(api());
    let other = require!(ControlPlane::start(Size::Api));
    require!(definitions(&other));
    let namespace = one.namespace("aliases");
    apply_as(
        &other,
        "test-setup",
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
    );
    let aliased = |name: &str, alias: &str| {
        repository(&namespace, "").replace(
            "\"fluxgate_git_repository\" \"app\" {",
            &format!("\"fluxgate_git_repository\" \"{name}\" {{\n  provider = fluxgate.{alias}"),
        )
    };
    let alias = |plane: &ControlPlane, alias: &str| provider_block(plane, &format!("  alias = \"{alias}\""));
    let tofu = require!(require!(Tofu::new()).provider(
        "gavinbunney/kubectl",
        "1.19.0",
        &require!(Tool::KubectlProvider.path())
    ));
    tofu.write(
        "versions.tf",
        "terraform {\n  required_providers {\n    fluxgate = { source = \"fluxgate/fluxgate\" }\n    kubectl = { source = \"gavinbunney/kubectl\" }\n  }\n}\n",
    );
    tofu.write("provider.tf", &(alias(&one, "one") + &alias(&other, "other")));
    tofu.write(
        "main.tf",
        &format!(
            "{}{}provider \"kubectl\" {{\n  config_path      = {}\n  load_config_file = true\n}}\nresource \"kubectl_manifest\" \"settings\" {{\n  yaml_body = jsonencode({})\n}}\n",
            aliased("here", "one"),
            aliased("there", "other"),
            json!(one.kubeconfig_path()),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": namespace}}),
        ),
    );
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    let uid = |plane: &ControlPlane| {
        live(plane, "GitRepository", &namespace, "app").unwrap()["metadata"]["uid"].clone()
    };
    assert_ne!(uid(&one), uid(&other));
    let state = tofu.show_state();
    assert_eq!(state.values("fluxgate_git_repository.here")["uid"], uid(&one));
    assert_eq!(state.values("fluxgate_git_repository.there")["uid"], uid(&other));
    assert!(live(&one, "ConfigMap", &namespace, "settings").is_some());
    tofu.plan().no_changes();
    tofu.destroy().success();
    assert_eq!(live(&other, "GitRepository", &namespace, "app"), None);
}

#[test]
fn long_and_strange_texts_arrive_as_they_were_written() {
    let plane = require!(api());
    let namespace = plane.namespace("texts");
    let long = "x".repeat(100_000);
    let strange = "🦀 Ⅷ é è \u{202e}abc ﷽ ${x} %{if} \\ \" ' {{ .Values }}\ttab\nline";
    let configuration = json!({"resource": {"fluxgate_git_repository": {"app": {
        "name": "app", "namespace": namespace, "wait": false,
        "annotations": {"example.com/strange": strange.replace("${", "$${").replace("%{", "%%{")},
        "spec": {"url": "https://example.com/app.git", "interval": "1m", "ignore": long, "ref": {"branch": "main"}},
    }}}});
    let tofu = require!(tofu(&plane, ""));
    tofu.write("main.tf.json", &configuration.to_string());
    tofu.plan().changes();
    let plan = tofu.show_plan();
    tofu.apply().success();
    state_is_as_planned(&tofu, &plan);
    let object = live(&plane, "GitRepository", &namespace, "app").unwrap();
    assert_eq!(object["spec"]["ignore"], long);
    assert_eq!(object["metadata"]["annotations"]["example.com/strange"], strange);
    tofu.plan().no_changes();
}

/// One attribute of each type that resources have, on three of them, written as given.
fn written(namespace: &str, values: &Values, late: usize) -> String {
    format!(
        r#"
resource "terraform_data" "late" {{
  input = {{
    text = "late-{late}", flag = true, number = 7, list = ["./late"], map = {{ late = "yes" }}, object = {{ branch = "late-{late}" }},
    free = {{ late = [{late}, "x"], on = true }}, objects = [{{ patch = "late-{late}" }}],
  }}
}}
resource "fluxgate_git_repository" "app" {{
  name      = "app"
  namespace = "{namespace}"
  wait      = false
  labels    = {map}
  spec = {{
    url                = "https://example.com/app.git"
    interval           = "1m"
    ignore             = {text}
    recurse_submodules = {flag}
    sparse_checkout    = {list}
    ref                = {object}
  }}
}}
resource "fluxgate_helm_release" "app" {{
  name      = "app"
  namespace = "{namespace}"
  wait      = false
  spec = {{
    interval    = "10m"
    chart_ref   = {{ kind = "OCIRepository", name = "app" }}
    max_history = {number}
    values      = {free}
  }}
}}
resource "fluxgate_kustomization" "app" {{
  name      = "app"
  namespace = "{namespace}"
  wait      = false
  spec = {{
    interval   = "10m"
    prune      = true
    source_ref = {{ kind = "GitRepository", name = "app" }}
    patches    = {objects}
  }}
}}
"#,
        text = values.text,
        flag = values.flag,
        number = values.number,
        list = values.list,
        map = values.map,
        object = values.object,
        free = values.free,
        objects = values.objects,
    )
}

/// A value of each type, as it is written.
struct Values {
    text: &'static str,
    flag: &'static str,
    number: &'static str,
    list: &'static str,
    map: &'static str,
    object: &'static str,
    free: &'static str,
    objects: &'static str,
}

const NULL: Values = Values {
    text: "null",
    flag: "null",
    number: "null",
    list: "null",
    map: "null",
    object: "null",
    free: "null",
    objects: "null",
};

const KNOWN: Values = Values {
    text: "\"known\"",
    flag: "false",
    number: "3",
    list: "[\"./a\", \"./b\"]",
    map: "{ k = \"v\" }",
    object: "{ branch = \"main\" }",
    free: "{ a = 1, b = [\"x\", { c = null }] }",
    objects: "[{ patch = \"one\" }, { patch = \"two\", target = { kind = \"Deployment\" } }]",
};

const ANOTHER: Values = Values {
    text: "\"another\"",
    flag: "true",
    number: "4",
    list: "[\"./b\"]",
    map: "{ k = \"w\", l = \"x\" }",
    object: "{ tag = \"v1\" }",
    free: "{ a = 2 }",
    objects: "[{ patch = \"three\" }]",
};

const UNKNOWN: Values = Values {
    text: "terraform_data.late.output.text",
    flag: "terraform_data.late.output.flag",
    number: "terraform_data.late.output.number",
    list: "terraform_data.late.output.list",
    map: "terraform_data.late.output.map",
    object: "terraform_data.late.output.object",
    free: "terraform_data.late.output.free",
    objects: "terraform_data.late.output.objects",
};

/// Unknown only inside, where there is an inside.
const INSIDE: Values = Values {
    text: "\"in ${terraform_data.late.output.text}\"",
    flag: "!terraform_data.late.output.flag",
    number: "terraform_data.late.output.number + 1",
    list: "[\"./a\", terraform_data.late.output.text]",
    map: "{ k = \"v\", l = terraform_data.late.output.text }",
    object: "{ branch = terraform_data.late.output.text }",
    free: "{ a = terraform_data.late.output.text, b = { c = [1, terraform_data.late.output.flag] } }",
    objects: "[{ patch = \"one\" }, { patch = terraform_data.late.output.text }]",
};

/// What the cluster has of them: text, flag, number, list, object, free value, patches.
fn expected(values: &Values, late: usize) -> Value {
    let late = format!("late-{late}");
    match values.text {
        "null" => json!([null, null, null, null, null, null, null]),
        "\"known\"" => json!([
            "known", false, 3, ["./a", "./b"], {"branch": "main"}, {"a": 1, "b": ["x", {"c": null}]},
            [{"patch": "one"}, {"patch": "two", "target": {"kind": "Deployment"}}],
        ]),
        "\"another\"" => {
            json!(["another", true, 4, ["./b"], {"tag": "v1"}, {"a": 2}, [{"patch": "three"}]])
        }
        "terraform_data.late.output.text" => {
            let number: usize = late.trim_start_matches("late-").parse().unwrap();
            json!([
                late, true, 7, ["./late"], {"branch": late}, {"late": [number, "x"], "on": true},
                [{"patch": late}],
            ])
        }
        _ => json!([
            format!("in {late}"), false, 8, ["./a", late], {"branch": late}, {"a": late, "b": {"c": [1, true]}},
            [{"patch": "one"}, {"patch": late}],
        ]),
    }
}

#[test]
fn every_type_goes_between_null_known_and_unknown() {
    let plane = require!(api());
    let namespace = plane.namespace("states");
    let steps: [(&str, &Values); 13] = [
        ("null at first", &NULL),
        ("from null to unknown", &UNKNOWN),
        ("from unknown to unknown", &UNKNOWN),
        ("from what was unknown to known", &KNOWN),
        ("from known to another", &ANOTHER),
        ("from known to unknown", &UNKNOWN),
        ("from unknown to unknown inside", &INSIDE),
        ("from unknown inside to the same", &INSIDE),
        ("from what was unknown inside to null", &NULL),
        ("from null to unknown inside", &INSIDE),
        ("from what was unknown inside to known", &KNOWN),
        ("from known to null", &NULL),
        ("from null to known", &KNOWN),
    ];
    let tofu = require!(tofu(&plane, ""));
    tofu.write("provider.tf", &provider_block(&plane, "  policy = { rules = { ref = \"warn\" } }"));
    for (late, (step, values)) in steps.into_iter().enumerate() {
        // Another input each time makes the output unknown again.
        tofu.write("main.tf", &written(&namespace, values, late));
        tofu.plan().changes();
        let plan = tofu.show_plan();
        let unknown = |address: &str| plan.change(address).after_unknown.clone();
        let (source, release, kustomization) = (
            unknown("fluxgate_git_repository.app"),
            unknown("fluxgate_helm_release.app"),
            unknown("fluxgate_kustomization.app"),
        );
        let whole = values.text == UNKNOWN.text;
        assert_eq!(source["spec"]["ignore"] == true, whole || values.text == INSIDE.text, "{step}");
        assert_eq!(source["labels"] == true, whole, "{step}");
        assert_eq!(release["spec"]["values"] == true, whole, "{step}");
        assert_eq!(kustomization["spec"]["patches"] == true, whole, "{step}");
        let inside = values.text == INSIDE.text;
        assert_eq!(release["spec"]["values"]["a"] == true, inside, "{step}");
        assert_eq!(kustomization["spec"]["patches"][1]["patch"] == true, inside, "{step}");

        tofu.apply().success();
        state_is_as_planned(&tofu, &plan);
        tofu.plan().no_changes();
        let spec = |kind: &str| live(&plane, kind, &namespace, "app").unwrap()["spec"].clone();
        let (source, release, kustomization) =
            (spec("GitRepository"), spec("HelmRelease"), spec("Kustomization"));
        let found = json!([
            source["ignore"],
            source["recurseSubmodules"],
            release["maxHistory"],
            source["sparseCheckout"],
            source["ref"],
            release["values"],
            kustomization["patches"],
        ]);
        assert_eq!(found, expected(values, late), "{step}");
    }
    tofu.destroy().success();
}

#[test]
fn terraform_plans_applies_refreshes_imports_and_destroys_as_well() {
    let plane = require!(api());
    let namespace = plane.namespace("terraform");
    let folder = || -> Result<Tofu, Error> {
        Ok(Tofu::on_terraform()?
            .file(
                "versions.tf",
                "terraform {\n  required_providers {\n    fluxgate = { source = \"fluxgate/fluxgate\" }\n  }\n}\n",
            )
            .file("provider.tf", &provider_block(&plane, ""))
            .file("main.tf", &repository(&namespace, "timeout = \"20s\"")))
    };
    let terraform = require!(folder());
    terraform.init().success();
    let validation: testutil::tofu::Validation = terraform.validate().success().json();
    assert!(validation.valid, "{validation:?}");
    terraform.plan().changes();
    let plan = terraform.show_plan();
    terraform.apply().success();
    state_is_as_planned(&terraform, &plan);
    terraform.plan().no_changes();

    terraform.write("main.tf", &repository(&namespace, "timeout = \"30s\""));
    terraform.plan().changes();
    assert_eq!(terraform.show_plan().change("fluxgate_git_repository.app").actions, ["update"]);
    terraform.apply().success();

    let second = require!(folder());
    second
        .write("main.tf", &repository(&namespace, "timeout = \"30s\"").replace("  wait      = false\n", ""));
    second.init().success();
    second.import("fluxgate_git_repository.app", &format!("{namespace}/app")).success();
    second.plan().no_changes();

    terraform.destroy().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
}

/// The provider, started by hand as for a debugger; it ends with this.
struct Attached(Child, String);

impl Attached {
    fn start() -> Result<Self, Error> {
        let mut child = Command::new(built_provider()?)
            .arg("--reattach")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let document = line.trim_end().split_once('=').unwrap().1.trim_matches('\'').to_owned();
        Ok(Self(child, document))
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn one_process_serves_several_runs_by_reattach() {
    let plane = require!(api());
    let namespace = plane.namespace("reattach");
    let mut attached = require!(Attached::start());
    let configuration = repository(&namespace, "");
    let first = require!(tofu(&plane, &configuration)).env("TF_REATTACH_PROVIDERS", attached.1.clone());
    first.plan().changes();
    first.apply().success();
    first.plan().no_changes();

    // Another configuration of the provider on the same process.
    let broken = require!(tofu(&plane, &configuration)).env("TF_REATTACH_PROVIDERS", attached.1.clone());
    broken
        .write("provider.tf", "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./nowhere\" }\n}\n");
    let text = broken.plan().failure().text();
    assert!(text.contains("Cannot read the kubeconfig"), "{text}");

    first.plan().no_changes();
    first.destroy().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app"), None);
    assert!(attached.0.try_wait().unwrap().is_none(), "the process goes on");
}

/// What the hosts of today ask for is found in the schema that they are given.
#[test]
fn the_schema_tells_identities_and_write_only_arguments() {
    let plane = require!(api());
    let tofu = require!(tofu(&plane, &repository("apps", "")));
    let schemas: Value = tofu.run(&["providers", "schema", "-json"]).success().json();
    let ours = &schemas["provider_schemas"][tofu.address("fluxgate/fluxgate")];
    let identities = &ours["resource_identity_schemas"];
    for kind in ["fluxgate_git_repository", "fluxgate_kustomization", "fluxgate_install"] {
        assert_eq!(
            identities[kind]["attributes"]["namespace"]["required_for_import"], true,
            "{kind}: {identities}"
        );
        assert_eq!(identities[kind]["attributes"]["cluster"]["optional_for_import"], true, "{kind}");
    }
}

#[test]
fn values_may_nest_deeply_and_what_nests_too_deeply_is_refused_with_the_reason() {
    let plane = require!(api());
    let namespace = plane.namespace("deep");
    let nested = |depth: usize| (0..depth).fold(json!("core"), |inner, _| json!({ "a": [inner] }));
    let configuration = |values: Value| {
        json!({"resource": {"fluxgate_helm_release": {"deep": {
            "name": "deep", "namespace": namespace, "wait": false,
            "spec": {"interval": "10m", "chart_ref": {"kind": "OCIRepository", "name": "deep"}, "values": values},
        }}}})
        .to_string()
    };
    let tofu = require!(tofu(&plane, ""));
    tofu.write("main.tf.json", &configuration(nested(25)));
    tofu.plan().changes();
    let plan = tofu.show_plan();
    tofu.apply().success();
    state_is_as_planned(&tofu, &plan);
    assert_eq!(live(&plane, "HelmRelease", &namespace, "deep").unwrap()["spec"]["values"], nested(25));
    tofu.plan().no_changes();

    tofu.write("main.tf.json", &configuration(nested(400)));
    let refused = tofu.plan().failure().text();
    assert!(refused.contains("nested deeper than"), "{refused}");
    tofu.write("main.tf.json", &configuration(nested(25)));
    tofu.destroy().success();
}
