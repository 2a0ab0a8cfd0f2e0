//! `examples/infra`: the module and the dev cluster as they are given to people.

use std::path::Path;

use serde_json::{Value, json};
use testutil::{Tofu, require};

use crate::support::{flux, git, live};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/infra");

/// The dev cluster's configuration with values for its variables.
fn dev(flux: &Value) -> Result<Tofu, testutil::Error> {
    let tofu = Tofu::new()?;
    copy(Path::new(EXAMPLES).join("clusters/dev").as_path(), &tofu, "");
    copy(Path::new(EXAMPLES).join("modules/fluxcd").as_path(), &tofu, "modules/fluxcd/");
    let main = std::fs::read_to_string(Path::new(EXAMPLES).join("clusters/dev/main.tf")).unwrap();
    tofu.write("main.tf", &main.replace("../../modules/fluxcd", "./modules/fluxcd"));
    if !flux.is_null() {
        tofu.write("test.auto.tfvars.json", &json!({"flux": flux}).to_string());
    }
    tofu.init().success();
    Ok(tofu)
}

fn copy(folder: &Path, tofu: &Tofu, to: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "tf") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            tofu.write(&format!("{to}{name}"), &std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// A `flux` object that installs, with another value at one place.
fn with(path: &str, value: Value) -> Value {
    let mut flux = json!({
        "install": true, "kubeconfig_path": "./kubeconfig",
        "git_repository": {"url": "https://example.com/fleet.git"}, "kustomization": {},
    });
    *flux
        .pointer_mut(path.rsplit_once('/').unwrap().0)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .entry(path.rsplit_once('/').unwrap().1)
        .or_insert(Value::Null) = value;
    flux
}

/// A kubeconfig for a cluster that is never asked.
const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {token: t}}]\n";

#[test]
fn the_untouched_default_is_valid_and_installs_nothing() {
    for flux in [
        Value::Null,
        json!({}),
        json!({"git_repository": {}, "kustomization": {}}),
        json!({"git_repository": null, "kubeconfig_path": null}),
    ] {
        let tofu = require!(dev(&flux));
        tofu.plan().success();
        assert!(tofu.show_plan().actions().is_empty());
    }
}

/// One verdict for each thing, the same from input, policy and table (the vectors of the design).
#[test]
fn one_verdict_for_each_thing() {
    let accepted = [
        ("/git_repository/url", json!("https://x/y")),
        ("/git_repository/url", json!("ssh://git@h/x")),
        ("/git_repository/url", json!("ssh://h:2222/x")),
        ("/git_repository/path", json!("")),
        ("/git_repository/path", json!(".")),
        ("/git_repository/path", json!("./a")),
        ("/git_repository/path", json!("a/b")),
        ("/git_repository/path", json!("./..foo")),
        ("/git_repository/secret_name", json!(null)),
        ("/git_repository/secret_name", json!("git-credentials")),
        ("/git_repository/name", json!("a.b")),
        ("/namespace", json!("a")),
        ("/namespace", json!("n".repeat(63))),
        ("/reconcile_interval", json!("1m")),
        ("/reconcile_interval", json!("90s")),
        ("/reconcile_interval", json!("1m30s")),
        ("/reconcile_interval", json!("05m")),
        ("/reconcile_interval", json!("30s")),
        ("/kustomization/timeout", json!("1h")),
    ];
    let refused = [
        ("/git_repository/url", json!("http://x/y")),
        ("/git_repository/url", json!("HTTPS://x/y")),
        ("/git_repository/url", json!("git://h/x")),
        ("/git_repository/url", json!("ftp://invalid")),
        ("/git_repository/url", json!(" https://x/y")),
        ("/git_repository/url", json!("https://")),
        ("/git_repository/url", json!("git@h:x/y.git")),
        ("/git_repository/url", json!("file:///tmp/r")),
        ("/git_repository/url", json!("https://me:secret@h/x")),
        ("/git_repository/url", json!("")),
        ("/git_repository/url", json!(null)),
        ("/git_repository/path", json!("/abs")),
        ("/git_repository/path", json!("..")),
        ("/git_repository/path", json!("../x")),
        ("/git_repository/path", json!("./a/../b")),
        ("/git_repository/path", json!("./a\\..\\b")),
        ("/git_repository/branch", json!("")),
        ("/git_repository/branch", json!(" ")),
        ("/git_repository/secret_name", json!(" ")),
        ("/git_repository/name", json!("Bad_Name")),
        ("/git_repository/name", json!("")),
        ("/namespace", json!("Flux")),
        ("/namespace", json!(" flux")),
        ("/namespace", json!("flux_system")),
        ("/namespace", json!("n".repeat(64))),
        ("/reconcile_interval", json!("0s")),
        ("/reconcile_interval", json!("500ms")),
        ("/reconcile_interval", json!("1h")),
        ("/reconcile_interval", json!("60m")),
        ("/reconcile_interval", json!("1.5h")),
        ("/reconcile_interval", json!("1d")),
        ("/reconcile_interval", json!("60")),
        ("/reconcile_interval", json!("-1m")),
        ("/reconcile_interval", json!("1M")),
        ("/kustomization/timeout", json!("5")),
        ("/kustomization/prune", json!(false)),
        ("/kubeconfig_path", json!(" \n\t")),
        ("/kubeconfig_path", json!("./nowhere")),
    ];
    let tofu = require!(dev(&Value::Null));
    tofu.write("kubeconfig", KUBECONFIG);
    for (path, value) in accepted {
        tofu.write("test.auto.tfvars.json", &json!({"flux": with(path, value.clone())}).to_string());
        let run = tofu.plan();
        assert!(run.status == Some(2), "{path} = {value} should be accepted: {run}");
    }
    for (path, value) in refused {
        tofu.write("test.auto.tfvars.json", &json!({"flux": with(path, value.clone())}).to_string());
        let text = tofu.plan().failure().text();
        assert!(
            !text.contains("Invalid function argument") && !text.contains("must not be null"),
            "{path} = {value}: {text}"
        );
    }
}

#[test]
fn the_readmes_list_every_input_and_output() {
    for folder in ["modules/fluxcd", "clusters/dev"] {
        let folder = Path::new(EXAMPLES).join(folder);
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        for (file, block) in [("variables.tf", "variable"), ("outputs.tf", "output")] {
            let declared: Vec<_> = std::fs::read_to_string(folder.join(file))
                .unwrap()
                .lines()
                .filter_map(|line| {
                    line.strip_prefix(&format!("{block} \""))?.split('"').next().map(str::to_owned)
                })
                .collect();
            let heading = if block == "variable" { "## Inputs" } else { "## Outputs" };
            let section = readme.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
            // The first table of the section; a second one may tell the fields of an object.
            let listed: Vec<_> = section
                .lines()
                .skip_while(|line| !line.starts_with('|'))
                .take_while(|line| line.starts_with('|'))
                .filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned))
                .collect();
            assert_eq!(declared, listed, "{}: {heading}", folder.display());
        }
    }
}

#[test]
fn the_dev_cluster_reconciles_from_git_and_is_taken_down() {
    let plane = require!(flux());
    let (_server, repository) = require!(git(&plane, "flux-system"));
    let tofu = require!(dev(&json!({
        "install": true, "kubeconfig_path": plane.kubeconfig_path(),
        "git_repository": {"name": "dev", "url": repository.url(), "path": "deploy"},
        "kustomization": {"name": "dev"},
    })));

    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&plane, "ConfigMap", "flux-system", "from-git").is_some());
    assert_eq!(tofu.output()["flux_git_repository_name"], "dev");
    tofu.plan().no_changes();
    tofu.destroy().success();
    assert_eq!(live(&plane, "Kustomization", "flux-system", "dev"), None);
}
