//! What the module was always tested for: validation, bad inputs, values, exit codes, policy checks, and an apply on a
//! cluster that somebody offers.

use std::{
    env,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testutil::{ControlPlane, Size, Tofu, flux_controllers::FluxControllers, require};

use super::{KUBECONFIG, chart, dev, root, set};
use crate::support::{api, git};

/// The command that was built beside the provider.
pub(super) fn fluxgate() -> PathBuf {
    let program = env::current_exe().unwrap();
    let mut places = program.ancestors().skip(1).map(|folder| folder.join("fluxgate"));
    places.find(|path| path.is_file()).expect("the command `fluxgate` is built: run `make build`")
}

/// Runs `fluxgate check` on a plan.
pub(super) fn check(plan: &Value, arguments: &[&str]) -> Output {
    let mut child = Command::new(fluxgate())
        .args(["check", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(plan.to_string().as_bytes());
    child.wait_with_output().unwrap()
}

/// All that a command said, in lower case and with single spaces, so that no line break hides a word.
fn words(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    single_spaced(&String::from_utf8_lossy(&text)).to_lowercase()
}

fn single_spaced(text: &str) -> String {
    text.replace(['│', '╷', '╵'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The module as a root, with a provider that is never connected and values for some inputs.
fn module(more: &Value) -> Result<Tofu, testutil::Error> {
    let tofu = root("modules/fluxcd")?;
    tofu.write("kubeconfig", KUBECONFIG);
    tofu.write(
        "provider.tf",
        "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./kubeconfig\" }\n}\n",
    );
    inputs(&tofu, more)?;
    Ok(tofu)
}

/// The defaults, a public repository, a chart that is there, and other values for some inputs.
fn inputs(tofu: &Tofu, more: &Value) -> Result<(), testutil::Error> {
    let mut variables = json!({
        "git_repository_url": "https://github.com/fluxcd/flux2-kustomize-helm-example",
        "git_repository_path": "./clusters/my-cluster",
        "chart_name": chart()?,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        variables[name] = value.clone();
    }
    set(tofu, &variables);
    Ok(())
}

#[test]
fn an_invalid_url_is_refused_by_the_name_of_its_input() {
    let tofu = require!(module(&json!({"git_repository_url": "ftp://invalid"})));
    let text = single_spaced(&tofu.plan().failure().text());
    assert!(text.contains("git_repository_url must be an https:// or ssh:// URL"), "{text}");
}

#[test]
fn an_invalid_path_is_refused() {
    let tofu = require!(module(&json!({"git_repository_path": "/absolute/path"})));
    let text = single_spaced(&tofu.plan().failure().text());
    assert!(text.contains("relative path without parent-directory traversal"), "{text}");
}

#[test]
fn an_invalid_branch_is_refused() {
    let tofu = require!(module(&json!({"git_repository_branch": ""})));
    let text = single_spaced(&tofu.plan().failure().text());
    assert!(text.contains("git_repository_branch must not be blank"), "{text}");
}

#[test]
fn the_example_asks_for_a_kubeconfig() {
    let tofu = require!(root("modules/fluxcd/examples/basic"));
    for blank in ["", " ", "\n", "\t", " \n\t "] {
        set(&tofu, &json!({"kubeconfig_path": blank}));
        let text = single_spaced(&tofu.plan().failure().text());
        assert!(text.contains("Set kubeconfig_path to a readable kubeconfig"), "{blank:?}: {text}");
    }
}

#[test]
fn a_kubeconfig_that_is_not_there_fails_the_plan() {
    let tofu = require!(module(&json!({})));
    tofu.write(
        "provider.tf",
        "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./no-such-file\" }\n}\n",
    );
    let text = single_spaced(&tofu.plan().failure().text());
    assert!(text.contains("no-such-file"), "{text}");
}

/// The original could only show this in a plan that failed for want of a cluster.
#[test]
fn inline_values_and_those_of_files_are_in_the_plan() {
    let tofu = require!(module(&json!({
        "helm_values": ["logLevel: from-inline\n"], "helm_values_files": ["./more.yaml"],
    })));
    tofu.write("more.yaml", "extra: from-a-file\n");
    let text = tofu.plan().changes().text();
    assert!(text.contains("from-inline") && text.contains("from-a-file"), "{text}");
}

#[test]
fn a_plan_with_changes_says_so_by_its_exit_code() {
    let plane = require!(api());
    let tofu = require!(module(&unique("exit")));
    tofu.write("provider.tf", &crate::support::provider_block(&plane, ""));
    assert_eq!(tofu.plan().status, Some(2));
}

/// Inputs with names that no other test has.
fn unique(what: &str) -> Value {
    let id = format!("{what}-{}", std::process::id());
    json!({
        "namespace": format!("flux-terratest-{id}"), "git_repository_name": format!("flux-terratest-{id}"),
        "kustomization_name": format!("flux-terratest-{id}"), "helm_release_name": format!("flux-terratest-{id}"),
    })
}

#[test]
fn the_plan_of_the_module_passes_the_policy() {
    let tofu = require!(module(&unique("policy")));
    tofu.plan().changes();
    let started = Instant::now();
    let run = check(&tofu.show_plan().raw, &["-o", "json"]);
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(run.status.code(), Some(0), "{}", words(&run));
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    // The installation, the GitRepository and the Kustomization; and each was judged.
    assert_eq!(report["objects"], 3);
    assert!(report["counts"]["passed"].as_u64().unwrap() >= 12, "{report}");
    assert_eq!(report["counts"]["cannot_tell"], 0, "{report}");
}

/// A plan of another provider with one GitRepository.
fn git_repository(spec: &Value) -> Value {
    plan("source.toolkit.fluxcd.io/v1", "GitRepository", spec)
}

fn plan(api_version: &str, kind: &str, spec: &Value) -> Value {
    let manifest = json!({
        "apiVersion": api_version, "kind": kind, "metadata": {"name": "flux-system", "namespace": "flux-system"},
        "spec": spec,
    });
    json!({
        "format_version": "1.2",
        "resource_changes": [{
            "address": "kubernetes_manifest.it", "mode": "managed", "type": "kubernetes_manifest", "name": "it",
            "change": {"actions": ["create"], "before": null, "after": {"manifest": manifest}, "after_unknown": {}},
        }],
    })
}

/// The words of a check that must fail, within ten seconds.
fn refused(plan: &Value, arguments: &[&str]) -> String {
    let started = Instant::now();
    let run = check(plan, arguments);
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_ne!(run.status.code(), Some(0), "{}", words(&run));
    words(&run)
}

#[test]
fn a_repository_that_breaks_the_policy_is_refused() {
    let text = refused(&git_repository(&json!({"url": "ftp://invalid", "interval": "15m"})), &[]);
    assert!(text.contains("gitrepository"), "{text}");
    assert!(text.contains("fail url-scheme") && text.contains("fail ref"), "{text}");
    assert!(!text.contains("fail interval"), "15m is within the limits: {text}");
}

/// There is no opting in: the API of Flux refuses files, so a policy that let them through would promise too much.
#[test]
fn a_file_is_refused_with_and_without_a_parameter() {
    let file = git_repository(&json!({"url": "file:///tmp/r", "interval": "1m", "ref": {"branch": "main"}}));
    let text = refused(&file, &[]);
    assert!(text.contains("url-scheme"), "{text}");
    let folder = tempfile::tempdir().unwrap();
    for (params, expected) in [
        (json!({"allowed_schemes": ["https", "ssh", "file"]}), "allowed_schemes must be"),
        (json!({"allow_file_scheme": true}), "no parameter allow_file_scheme"),
    ] {
        let path = folder.path().join("params.json");
        std::fs::write(&path, params.to_string()).unwrap();
        let text = refused(&file, &["--params", path.to_str().unwrap()]);
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_path_to_the_parent_folder_is_refused() {
    let spec = json!({
        "interval": "1m", "path": "../hack", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "x"},
    });
    let text = refused(&plan("kustomize.toolkit.fluxcd.io/v1", "Kustomization", &spec), &[]);
    assert!(text.contains("kustomization") && text.contains("fail path"), "{text}");
}

#[test]
fn the_dev_cluster_asks_for_a_url_and_a_cluster() {
    let install = |more: Value| {
        let mut flux = json!({"install": true, "kubeconfig_path": "./kubeconfig"});
        for (name, value) in more.as_object().unwrap() {
            flux[name] = value.clone();
        }
        flux
    };
    for (flux, expected) in [
        (
            install(json!({"git_repository": {"url": ""}})),
            "flux.git_repository.url must be an https:// or ssh:// URL",
        ),
        (install(json!({})), "flux.git_repository.url must be an https:// or ssh:// URL"),
        (
            install(json!({"git_repository": {"url": "file:///srv/fleet.git"}})),
            "flux.git_repository.url must be an https:// or ssh:// URL",
        ),
        (
            install(json!({"git_repository": {"url": "https://x/y"}, "kubeconfig_path": ""})),
            "flux.install requires flux.kubeconfig_path",
        ),
    ] {
        let tofu = require!(dev(&flux));
        let text = single_spaced(&tofu.plan().failure().text());
        assert!(text.contains(expected), "{text}");
    }
}

/// Applies the module on the cluster that `KUBECONFIG` names, and takes it down again. Only when
/// `FLUXCD_ACCEPT_APPLY` is set too: whoever did not ask for it gets nothing applied.
#[test]
fn apply_if_a_kubeconfig_is_offered() {
    let set = |name| env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
    let (Some(kubeconfig), Some(_)) = (set("KUBECONFIG"), set("FLUXCD_ACCEPT_APPLY")) else {
        println!("not requested: KUBECONFIG and FLUXCD_ACCEPT_APPLY are not both set");
        return;
    };
    let mut more = unique("apply");
    for (variable, input) in [
        ("FLUX_GIT_REPOSITORY_URL", "git_repository_url"),
        ("FLUX_GIT_REPOSITORY_PATH", "git_repository_path"),
        ("FLUX_GIT_REPOSITORY_BRANCH", "git_repository_branch"),
        ("FLUX_NAMESPACE", "namespace"),
    ] {
        if let Some(value) = set(variable) {
            more[input] = json!(value);
        }
    }
    more["keep_crds_on_destroy"] = json!(false);
    let tofu = require!(module(&more));
    tofu.write(
        "provider.tf",
        &format!("provider \"fluxgate\" {{\n  kubernetes = {{ config_path = {} }}\n}}\n", json!(kubeconfig)),
    );

    assert_eq!(tofu.plan().status, Some(2));
    let checked = check(&tofu.show_plan().raw, &[]);
    assert_eq!(checked.status.code(), Some(0), "{}", words(&checked));
    let applied = tofu.apply();
    let outputs = tofu.output();
    let state = tofu.show_state();
    let again = tofu.plan();
    // Taken down first, whatever is wrong.
    let destroyed = tofu.destroy();
    applied.success();
    for name in ["namespace", "git_repository_name", "kustomization_name"] {
        assert!(outputs[name].as_str().is_some_and(|value| !value.is_empty()), "{name}: {outputs:?}");
    }
    let repository = state.values("fluxgate_git_repository.this");
    assert!(repository["spec"]["url"].as_str().is_some_and(|url| url.starts_with("https://")));
    again.no_changes();
    destroyed.success();
}

/// The same test, asked for, on a cluster of its own: in a process that alone has the variables.
#[test]
fn the_offered_cluster_may_be_one_of_our_own() {
    let plane = require!(ControlPlane::start(Size::Nodes));
    let namespace = "flux-terratest";
    let _controllers = require!(FluxControllers::follow(&plane, namespace));
    let (_server, repository) = require!(git(&plane, namespace));
    let run = Command::new(env::current_exe().unwrap())
        .args(["--exact", "examples::cases::apply_if_a_kubeconfig_is_offered", "--nocapture"])
        .env("KUBECONFIG", plane.kubeconfig_path())
        .env("FLUXCD_ACCEPT_APPLY", "1")
        .env("FLUX_GIT_REPOSITORY_URL", repository.url())
        .env("FLUX_GIT_REPOSITORY_PATH", "./deploy")
        .env("FLUX_NAMESPACE", namespace)
        .env_remove("FLUX_GIT_REPOSITORY_BRANCH")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
    assert!(run.status.success() && !text.contains("not requested"), "{text}\n{}", plane.logs());
    assert!(text.contains("1 passed"), "{text}");
}
