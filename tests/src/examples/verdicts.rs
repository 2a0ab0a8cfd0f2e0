//! One verdict for each thing: the input of the module, the policy and the API of Flux, asked for the same values.
//!
//! What is accepted is accepted by all three. What is refused is refused by input and policy; the API itself may be
//! milder, and the table says where.

use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};
use testutil::{ControlPlane, Tofu, require, wait};

use super::{EXAMPLES, cases::check, files, set};
use crate::support::{api, objects};

/// Where a value stands in an object: kind and JSON pointer.
type Place = (&'static str, &'static str);

/// One thing that was decided.
struct Thing {
    /// The input of the module.
    input: &'static str,
    /// The objects that it becomes part of.
    places: &'static [Place],
    /// Accepted by all.
    accepted: Vec<Value>,
    /// Refused by input, policy and API.
    refused: Vec<Value>,
    /// Refused by input and policy; the API would take it.
    refused_here: Vec<Value>,
}

fn texts(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| json!(text)).collect()
}

const REPOSITORY: &str = "GitRepository";
const KUSTOMIZATION: &str = "Kustomization";
const INSTALL: &str = "Install";

fn things() -> Vec<Thing> {
    let long = |length| "n".repeat(length);
    vec![
        Thing {
            input: "git_repository_url",
            places: &[(REPOSITORY, "/spec/url")],
            accepted: texts(&["https://x/y", "ssh://git@h/x", "ssh://h:2222/x", "https://h:8443/x"]),
            refused: texts(&[
                "HTTPS://x/y",
                "git://h/x",
                " https://x/y",
                "ftp://invalid",
                "",
                "file:///tmp/r",
                "git@h:x/y.git",
                "git@",
            ]),
            refused_here: texts(&["http://x/y", "https://", "https://me:secret@h/x", "https://x/ y"]),
        },
        Thing {
            input: "reconcile_interval",
            places: &[(REPOSITORY, "/spec/interval"), (KUSTOMIZATION, "/spec/interval")],
            accepted: texts(&[
                "1m",
                "30s",
                "90s",
                "1m30s",
                "1m0s",
                "05m",
                "1m1m",
                "59m59s",
                "0.5m",
                "30000ms",
                "4s4s4s4s4s4s4s4s4s",
            ]),
            refused: texts(&["1d", "1w", "60", "", "-1m", "1M", " 1m ", "1 m"]),
            refused_here: texts(&[
                "0s",
                "00s",
                "500ms",
                "1h",
                "60m",
                "1.5h",
                "1h30m",
                "99999m",
                "29s",
                "3600s",
                "4s4s4s4s4s4s4s4s4s4s",
            ]),
        },
        Thing {
            input: "git_repository_branch",
            places: &[(REPOSITORY, "/spec/ref/branch")],
            accepted: texts(&["main", "release/1.2"]),
            refused: vec![],
            refused_here: texts(&["", " ", "\t"]),
        },
        Thing {
            input: "git_repository_path",
            places: &[(KUSTOMIZATION, "/spec/path")],
            accepted: texts(&["", ".", "./", "./a", "./.", "./a//b", "a/b", "./..foo", "./foo..", " ./a "]),
            refused: vec![],
            refused_here: texts(&["/abs", "..", "../x", "./../x", "./a/../b", "./a/..", "./a\\..\\b"]),
        },
        Thing {
            input: "kustomization_prune",
            places: &[(KUSTOMIZATION, "/spec/prune")],
            accepted: vec![json!(true)],
            refused: vec![json!("no"), json!([])],
            refused_here: vec![json!(false)],
        },
        Thing {
            input: "kustomization_suspend",
            places: &[(KUSTOMIZATION, "/spec/suspend")],
            accepted: vec![json!(false)],
            refused: vec![json!("no"), json!([])],
            refused_here: vec![json!(true)],
        },
        Thing {
            input: "git_repository_name",
            places: &[(REPOSITORY, "/metadata/name")],
            accepted: vec![json!("a"), json!("a.b"), json!("flux-system"), json!(long(253))],
            refused: [texts(&["Bad_Name", "", " ", " a", "a ", "-a"]), vec![json!(long(254))]].concat(),
            refused_here: vec![],
        },
        Thing {
            input: "kustomization_name",
            places: &[(KUSTOMIZATION, "/metadata/name")],
            accepted: texts(&["a", "a.b"]),
            refused: texts(&["Bad_Name", "", " ", " a", "a "]),
            refused_here: vec![],
        },
        Thing {
            input: "git_repository_secret_name",
            places: &[(REPOSITORY, "/spec/secretRef/name")],
            accepted: vec![json!("git-credentials"), json!("a.b"), json!(long(253))],
            refused: vec![],
            refused_here: [texts(&["", " ", " a", "Bad_Name"]), vec![json!(long(254))]].concat(),
        },
        Thing {
            input: "namespace",
            places: &[("Namespace", "/metadata/name"), (INSTALL, "/namespace")],
            accepted: vec![json!("flux-system"), json!("a"), json!("1"), json!(long(63))],
            refused: [
                texts(&[" flux", "flux ", "Flux", "flux_system", "-a", "a-", "", "a.b"]),
                vec![json!(long(64))],
            ]
            .concat(),
            refused_here: vec![],
        },
        Thing {
            input: "chart_repository",
            places: &[(INSTALL, "/repository")],
            accepted: texts(&["https://x", "oci://x/charts"]),
            refused: vec![],
            refused_here: texts(&["http://x", " https://x", "", "https://me:secret@x"]),
        },
        Thing {
            input: "chart_version",
            places: &[(INSTALL, "/version")],
            accepted: texts(&["2.16.4", "v2.16.4", ">=2.16.0 <3.0.0", "~2.18", "2.x", "2.16 - 2.18"]),
            refused: vec![],
            refused_here: texts(&["", " ", "latest", "Latest", "*", " 2.16.4", "two"]),
        },
        Thing {
            input: "helm_release_name",
            places: &[(INSTALL, "/name")],
            accepted: vec![json!("flux-system"), json!(long(53))],
            refused: vec![],
            refused_here: [texts(&["Bad_Name", "", " a"]), vec![json!(long(54))]].concat(),
        },
        Thing {
            input: "helm_timeout",
            places: &[],
            accepted: vec![json!(1), json!(600), json!("600"), json!("10m")],
            refused: vec![],
            refused_here: vec![json!(0), json!(-1), json!(0.5), json!("0s"), json!(""), json!("1d")],
        },
        Thing {
            input: "helm_values",
            places: &[(INSTALL, "/values")],
            accepted: vec![json!([]), json!(["a: 1\n"]), json!(["{}", "a: {b: 1}"])],
            refused: vec![],
            refused_here: vec![json!(["a: ["]), json!(["- a"]), json!(["words"]), json!(["a: 1", "7"])],
        },
        Thing {
            input: "helm_values_files",
            places: &[],
            accepted: vec![json!([]), json!(["good.yaml"])],
            refused: vec![],
            refused_here: vec![json!([""]), json!([" "]), json!(["nowhere.yaml"]), json!(["list.yaml"])],
        },
    ]
}

impl Thing {
    /// Each value with what input and policy say of it, and what the API does.
    fn rows(&self) -> impl Iterator<Item = (&Value, bool, bool)> {
        let accepted = self.accepted.iter().map(|value| (value, true, true));
        let refused = self.refused.iter().map(|value| (value, false, false));
        let refused_here = self.refused_here.iter().map(|value| (value, false, true));
        accepted.chain(refused).chain(refused_here)
    }
}

#[test]
fn inputs_say_what_was_decided() {
    let tofu = require!(Tofu::without_providers());
    let module = std::path::Path::new(EXAMPLES).join("modules/fluxcd");
    let variables = files(&module).into_iter().find(|path| path.ends_with("variables.tf")).unwrap();
    tofu.write("variables.tf", &std::fs::read_to_string(variables).unwrap());
    tofu.write("good.yaml", "a: 1\n");
    tofu.write("list.yaml", "- a\n");
    // A plan needs something that changes.
    tofu.write("main.tf", "output \"namespace\" {\n  value = var.namespace\n}\n");
    let mut wrong = Vec::new();
    for thing in things() {
        for (value, accepted, _) in thing.rows() {
            let mut variables =
                json!({"git_repository_url": "https://x/y", "git_repository_path": "./a", "namespace": "a"});
            variables[thing.input] = value.clone();
            set(&tofu, &variables);
            let run = tofu.plan();
            let told = accepted || run.text().contains("Invalid value for");
            if (run.status == Some(2)) != accepted || !told {
                wrong.push(format!("{} = {value}: {run}", thing.input));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_but_the_url_and_the_path_is_required_and_null_is_the_default() {
    let tofu = require!(Tofu::without_providers());
    let module = std::path::Path::new(EXAMPLES).join("modules/fluxcd");
    tofu.write("variables.tf", &std::fs::read_to_string(module.join("variables.tf")).unwrap());
    tofu.write("main.tf", "output \"branch\" {\n  value = var.git_repository_branch\n}\n");
    let mut variables = json!({"git_repository_url": "https://x/y", "git_repository_path": "."});
    set(&tofu, &variables);
    tofu.plan().changes();
    for thing in things() {
        if variables.get(thing.input).is_none() {
            variables[thing.input] = Value::Null;
        }
    }
    set(&tofu, &variables);
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().output_changes["branch"].after, "main");
    for required in ["git_repository_url", "git_repository_path"] {
        let mut variables = variables.clone();
        variables[required] = Value::Null;
        set(&tofu, &variables);
        let text = tofu.plan().failure().text();
        assert!(text.contains(required) && !text.contains("function"), "{text}");
    }
}

/// An object that all three accept, with another value at one place.
fn object(place: Place, value: &Value) -> Value {
    let (kind, pointer) = place;
    let mut object = match kind {
        REPOSITORY => json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind,
            "metadata": {"name": "fleet", "namespace": "default"},
            "spec": {"url": "https://x/y", "interval": "1m", "ref": {"branch": "main"}},
        }),
        KUSTOMIZATION => json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": kind,
            "metadata": {"name": "fleet", "namespace": "default"},
            "spec": {
                "interval": "1m", "path": "./a", "prune": true,
                "sourceRef": {"kind": "GitRepository", "name": "fleet"},
            },
        }),
        "Namespace" => json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}}),
        // The attributes of the resource.
        _ => json!({
            "name": "flux", "namespace": "flux-system", "repository": "https://x/charts", "chart": "flux2",
            "version": "2.18.3", "values": ["multitenancy: {enabled: true}"],
        }),
    };
    let mut at = &mut object;
    for step in pointer.split('/').skip(1) {
        at = &mut at[step];
    }
    *at = value.clone();
    object
}

/// A resource of a plan that holds the object.
fn resource(kind: &str, object: &Value) -> Value {
    let (ty, after) = match kind {
        INSTALL => ("fluxgate_install", object.clone()),
        _ => ("kubernetes_manifest", json!({"manifest": object})),
    };
    json!({
        "address": format!("{ty}.it"), "mode": "managed", "type": ty, "name": "it",
        "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": {}, "after_sensitive": {}},
    })
}

fn policy_accepts(kind: &str, object: &Value) -> bool {
    let run = check(&json!({"format_version": "1.2", "resource_changes": [resource(kind, object)]}), &[]);
    run.status.code() == Some(0)
}

#[test]
fn the_policy_says_what_was_decided() {
    let mut wrong = Vec::new();
    for thing in things() {
        for (value, accepted, _) in thing.rows() {
            for place in thing.places.iter().filter(|(kind, _)| *kind != "Namespace") {
                if policy_accepts(place.0, &object(*place, value)) != accepted {
                    wrong.push(format!("{place:?} = {value} should be accepted: {accepted}"));
                }
            }
        }
    }
    for (place, value, accepted, _) in of_objects_alone() {
        if policy_accepts(place.0, &object(place, &value)) != accepted {
            wrong.push(format!("{place:?} = {value} should be accepted: {accepted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What no input of the module can say: place, value (null being as good as nothing there), verdict, whether the API
/// takes it.
fn of_objects_alone() -> Vec<(Place, Value, bool, bool)> {
    let reference = (REPOSITORY, "/spec/ref");
    let source = (KUSTOMIZATION, "/spec/sourceRef/kind");
    vec![
        (reference, json!({"tag": "v1"}), true, true),
        (reference, json!({"semver": ">=1.0.0"}), true, true),
        (reference, json!({"commit": "0123abc"}), true, true),
        (reference, json!({"name": "refs/heads/main"}), true, true),
        (reference, json!({"branch": "main", "commit": "0123abc"}), true, true),
        (reference, json!({}), false, true),
        (reference, json!({"branch": "main", "tag": "v1"}), false, true),
        (reference, json!("main"), false, false),
        ((REPOSITORY, "/spec/url"), json!(7), false, false),
        ((REPOSITORY, "/spec/interval"), json!(60), false, false),
        ((KUSTOMIZATION, "/spec/prune"), json!("true"), false, false),
        ((KUSTOMIZATION, "/spec/prune"), json!("false"), false, false),
        ((KUSTOMIZATION, "/spec/prune"), json!(null), false, false),
        ((KUSTOMIZATION, "/spec/suspend"), json!("false"), false, false),
        ((KUSTOMIZATION, "/spec/interval"), json!(null), false, false),
        (source, json!("GitRepository"), true, true),
        (source, json!("OCIRepository"), false, true),
        (source, json!("Bucket"), false, true),
        (source, json!("HelmRepository"), false, false),
        (source, json!(null), false, false),
        ((REPOSITORY, "/metadata"), json!({"namespace": "default"}), false, false),
        ((KUSTOMIZATION, "/metadata"), json!({"namespace": "default"}), false, false),
        ((REPOSITORY, "/spec"), json!("https://x/y"), false, false),
        ((KUSTOMIZATION, "/spec"), json!({}), false, false),
        // A chart that is a folder comes from no repository and needs no version.
        ((INSTALL, "/repository"), json!(null), true, true),
        ((INSTALL, "/version"), json!(null), false, true),
    ]
}

/// Whether the API server would take an object; nothing is kept.
fn api_takes(plane: &ControlPlane, kind: &str, object: Value) -> bool {
    let Ok(object) = serde_json::from_value::<DynamicObject>(object) else { return false };
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    match wait::block_on(async || objects(plane, kind, "default").create(&dry_run, &object).await) {
        Ok(_) => true,
        // One that is there already was valid too.
        Err(kube::Error::Api(status)) if status.code == 409 => true,
        Err(kube::Error::Api(status)) if matches!(status.code, 400 | 422) => false,
        Err(error) => panic!("{kind}: {error}"),
    }
}

#[test]
fn the_api_takes_what_is_accepted_and_the_table_says_what_else() {
    let plane = require!(api());
    let mut wrong = Vec::new();
    let mut asked = 0;
    let mut ask = |place: Place, value: &Value, expected: bool| {
        if place.0 != INSTALL {
            asked += 1;
            if api_takes(&plane, place.0, object(place, value)) != expected {
                wrong.push(format!("{place:?} = {value} should be taken: {expected}"));
            }
        }
    };
    for thing in things() {
        for (value, _, taken) in thing.rows() {
            thing.places.iter().for_each(|place| ask(*place, value, taken));
        }
    }
    for (place, value, _, taken) in of_objects_alone() {
        ask(place, &value, taken);
    }
    assert!(wrong.is_empty() && asked > 100, "{asked} asked\n{}", wrong.join("\n"));
}

/// The pattern that stands between backquotes behind these words in a rule.
fn pattern(rule: &str, behind: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/flux/rules/");
    let text = std::fs::read_to_string(format!("{path}{rule}.rego")).unwrap();
    let rest = text.split(behind).nth(1).unwrap_or_else(|| panic!("{rule} holds no {behind}"));
    rest.split('`').nth(1).unwrap().to_owned()
}

#[test]
fn the_patterns_of_the_inputs_are_those_of_the_rules() {
    let url = pattern("url_scheme", "form := ");
    // The rule takes the schemes from a parameter.
    let url = url.split_once("://").unwrap().1.to_owned();
    let patterns = [
        url,
        pattern("chart_repository", "form := "),
        pattern("chart_version", "comparison := "),
        pattern("name", "is_label(name) if {"),
        pattern("name", "count(name) <= most"),
    ];
    for folder in ["modules/fluxcd", "clusters/dev"] {
        let path = std::path::Path::new(EXAMPLES).join(folder).join("variables.tf");
        // In a text of HCL a backslash is written twice.
        let variables = std::fs::read_to_string(path).unwrap().replace("\\\\", "\\");
        for pattern in &patterns {
            assert!(variables.contains(pattern), "{folder} has another pattern than {pattern}");
        }
    }
}
