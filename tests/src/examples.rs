//! `examples/infra`: the module, its example and the dev cluster as they are given to people.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use testutil::{ControlPlane, DigitalOcean, Size, Tofu, require, test_data};

use crate::support::{api, git, live};

mod cases;
mod defects;
mod readmes;
mod tofu_tests;
mod verdicts;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/infra");

/// A kubeconfig for a cluster that is never asked.
const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {token: t}}]\n";

/// A folder of the examples as the root of a configuration, with the module where it expects it.
fn root(folder: &str) -> Result<Tofu, testutil::Error> {
    let tofu = Tofu::new()?;
    lay_out(&tofu, folder);
    tofu.init().success();
    Ok(tofu)
}

/// Copies a folder of the examples, and the module beside it, into the folder of a configuration.
fn lay_out(tofu: &Tofu, folder: &str) {
    copy(&Path::new(EXAMPLES).join(folder), tofu, "");
    if folder != "modules/fluxcd" {
        copy(&Path::new(EXAMPLES).join("modules/fluxcd"), tofu, "modules/fluxcd/");
        let main = fs::read_to_string(Path::new(EXAMPLES).join(folder).join("main.tf")).unwrap();
        let here = main
            .replace("source = \"../../modules/fluxcd\"", "source = \"./modules/fluxcd\"")
            .replace("source = \"../..\"", "source = \"./modules/fluxcd\"");
        assert_ne!(main, here, "{folder} uses the module by another path");
        tofu.write("main.tf", &here);
    }
}

/// Copies the configuration and the tests of a folder.
fn copy(folder: &Path, tofu: &Tofu, to: &str) {
    for path in files(folder).into_iter().chain(files(&folder.join("tests"))) {
        let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        tofu.write(&format!("{to}{name}"), &fs::read_to_string(&path).unwrap());
    }
}

/// The files of a folder, in order; none where there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// Gives the root its variables.
fn set(tofu: &Tofu, variables: &Value) {
    tofu.write("test.auto.tfvars.json", &variables.to_string());
}

/// The archive of the real chart, which no test fetches.
fn chart() -> Result<String, testutil::Error> {
    Ok(test_data()?.join("charts/flux2-2.18.3.tgz").to_string_lossy().into_owned())
}

/// The dev cluster's configuration with a value for its variable.
fn dev(flux: &Value) -> Result<Tofu, testutil::Error> {
    let tofu = root("clusters/dev")?;
    if !flux.is_null() {
        set(&tofu, &json!({ "flux": flux }));
    }
    Ok(tofu)
}

/// A `flux` object that installs, with another value at one place.
fn with(path: &str, value: Value) -> Result<Value, testutil::Error> {
    let mut flux = json!({
        "install": true, "kubeconfig_path": "./kubeconfig",
        "git_repository": {"url": "https://example.com/fleet.git"}, "kustomization": {},
        "helm": {"chart": chart()?},
    });
    let (parent, field) = path.rsplit_once('/').unwrap();
    flux.pointer_mut(parent).unwrap()[field] = value;
    Ok(flux)
}

#[test]
fn the_untouched_default_is_valid_and_installs_nothing() {
    for flux in [
        Value::Null,
        json!({}),
        json!({"git_repository": {}, "kustomization": {}, "helm": {}}),
        json!({
            "install": null, "kubeconfig_path": null, "namespace": null, "git_repository": null,
            "reconcile_interval": null, "kustomization": null, "helm": null,
        }),
        json!({"git_repository": {"url": null, "secret_name": null}, "helm": {"values": null}}),
    ] {
        let tofu = require!(dev(&flux));
        assert!(tofu.validate().success().stdout.contains("\"valid\": true"));
        tofu.plan().success();
        assert!(tofu.show_plan().actions().is_empty());
    }
}

/// The dev cluster with the real provider, which asks the policy: what is accepted is planned on a cluster that does
/// not answer, what is refused is refused in words.
#[test]
fn the_dev_cluster_gives_the_verdicts_too() {
    let accepted = [
        ("/git_repository/url", json!("ssh://h:2222/x")),
        ("/git_repository/path", json!("")),
        ("/git_repository/path", json!("a/b")),
        ("/git_repository/path", json!("./..foo")),
        ("/git_repository/secret_name", json!(null)),
        ("/git_repository/secret_name", json!("git-credentials")),
        ("/git_repository/name", json!("a.b")),
        ("/namespace", json!("n".repeat(63))),
        ("/reconcile_interval", json!("1m30s")),
        ("/reconcile_interval", json!("05m")),
        ("/kustomization/timeout", json!("1h")),
        ("/helm/timeout", json!(300)),
        ("/helm/timeout", json!("10m")),
        ("/helm/values", json!(["multitenancy: {enabled: true}"])),
    ];
    let refused = [
        ("/git_repository/url", json!("http://x/y")),
        ("/git_repository/url", json!("git@h:x/y.git")),
        ("/git_repository/url", json!("file:///tmp/r")),
        ("/git_repository/url", json!("")),
        ("/git_repository/url", json!(null)),
        ("/git_repository/path", json!("/abs")),
        ("/git_repository/path", json!("./a/../b")),
        ("/git_repository/branch", json!(" ")),
        ("/git_repository/secret_name", json!(" ")),
        ("/git_repository/name", json!("Bad_Name")),
        ("/namespace", json!(" flux")),
        ("/reconcile_interval", json!("0s")),
        ("/reconcile_interval", json!("1h")),
        ("/reconcile_interval", json!("1d")),
        ("/kustomization/timeout", json!("5")),
        ("/kustomization/prune", json!(false)),
        ("/kustomization/suspend", json!(true)),
        ("/kubeconfig_path", json!(" \n\t")),
        ("/kubeconfig_path", json!(null)),
        ("/kubeconfig_path", json!("./nowhere")),
        ("/helm/version", json!("latest")),
        ("/helm/repository", json!("http://example.com/charts")),
        ("/helm/timeout", json!(0)),
        ("/helm/values", json!(["a: ["])),
        ("/helm/values_files", json!(["./nowhere.yaml"])),
        ("/helm/chart", json!("./nowhere.tgz")),
    ];
    let tofu = require!(dev(&Value::Null));
    tofu.write("kubeconfig", KUBECONFIG);
    for (path, value) in accepted {
        set(&tofu, &json!({"flux": require!(with(path, value.clone()))}));
        let run = tofu.plan();
        assert!(run.status == Some(2), "{path} = {value} should be accepted: {run}");
    }
    for (path, value) in refused {
        set(&tofu, &json!({"flux": require!(with(path, value.clone()))}));
        let text = tofu.plan().failure().text();
        assert!(
            !text.contains("Invalid function argument") && !text.contains("must not be null"),
            "{path} = {value}: {text}"
        );
    }
}

/// The dev cluster at DigitalOcean, by its id and by its name.
#[test]
fn the_dev_cluster_can_be_one_at_digitalocean() {
    let account = require!(DigitalOcean::start());
    let dev_cluster = require!(account.cluster("wildside-dev", Size::Nodes));
    for (doks, keep) in
        [(json!({"cluster_id": dev_cluster.id}), true), (json!({"cluster_name": "wildside-dev"}), false)]
    {
        let flux = json!({
            "install": true, "doks": doks,
            "git_repository": {"url": "https://example.com/fleet.git"},
            "helm": {"chart": require!(chart()), "keep_crds_on_destroy": keep},
        });
        let tofu = connected(require!(dev(&flux)), &account);
        // Nobody reconciles here, so only the installation is applied.
        tofu.plan_with(&["-target=module.fluxcd[0].fluxgate_install.flux"]).changes();
        tofu.apply().success();
        assert!(live(&dev_cluster.plane, "Deployment", "flux-system", "source-controller").is_some());
        tofu.destroy().success();
    }
    for (doks, kubeconfig, said) in [
        (json!({"cluster_id": "wildside-dev"}), "", "must be a UUID"),
        (json!({"cluster_id": dev_cluster.id, "cluster_name": "x"}), "", "Only one of"),
        (json!({"cluster_name": "x"}), "./kubeconfig", "Only one of"),
        (json!({"cluster_name": " "}), "", "flux.install requires"),
    ] {
        let flux = json!({
            "install": true, "doks": doks, "kubeconfig_path": kubeconfig,
            "git_repository": {"url": "https://example.com/fleet.git"},
        });
        let text = connected(require!(dev(&flux)), &account).plan().failure().text();
        assert!(text.contains(said), "{text}");
    }
}

/// The road of clusters/dev-doks, with terraform_data in the place of DigitalOcean's own provider.
#[test]
fn the_cluster_that_the_apply_makes_gets_flux() {
    let account = require!(DigitalOcean::start());
    let made = require!(account.cluster("wildside-dev", Size::Flux));
    account.set_provisioning(&made.id, 1);
    let (_server, repository) = require!(git(&made.plane, "flux-system"));
    let tofu = require!(Tofu::new());
    lay_out(&tofu, "clusters/dev-doks");
    let versions = fs::read_to_string(Path::new(EXAMPLES).join("clusters/dev/versions.tf")).unwrap();
    tofu.write("versions.tf", &versions);
    tofu.write(
        "cluster.tf",
        &format!(
            "resource \"terraform_data\" \"dev\" {{\n  input = \"{}\"\n}}\nlocals {{\n  cluster_id = terraform_data.dev.output\n}}\n",
            made.id
        ),
    );
    set(
        &tofu,
        &json!({
            "git_repository_url": repository.url(), "git_repository_path": "deploy",
            "chart_name": require!(chart()),
        }),
    );
    let tofu = connected(tofu, &account);
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&made.plane, "ConfigMap", "flux-system", "from-git").is_some());
    assert_eq!(tofu.output()["cluster_id"], made.id);
    tofu.plan().no_changes();
    tofu.destroy().success();
    assert_eq!(live(&made.plane, "Namespace", "", "flux-system"), None);
}

/// The environment that leads to an account.
fn connected(tofu: Tofu, account: &DigitalOcean) -> Tofu {
    tofu.env("DIGITALOCEAN_TOKEN", account.token())
        .env("DIGITALOCEAN_API_URL", account.url())
        .env("SSL_CERT_FILE", account.ca_path())
}

/// The CRDs of Flux are not served, and nothing is asked for them: one plan makes the way from an empty cluster.
#[test]
fn an_empty_cluster_is_planned_in_one_go() {
    let plane = require!(ControlPlane::start(Size::Api));
    let mut flux = require!(with("/kubeconfig_path", json!(plane.kubeconfig_path())));
    flux["git_repository"]["url"] = json!("https://example.com/fleet.git");
    let tofu = require!(dev(&flux));
    tofu.plan().changes();
    let plan = tofu.show_plan();
    let actions: Vec<_> = plan.actions().into_iter().collect();
    let create = |name: &'static str| (name, "create".to_owned());
    assert_eq!(
        actions,
        [
            create("module.fluxcd[0].fluxgate_git_repository.this"),
            create("module.fluxcd[0].fluxgate_install.flux"),
            create("module.fluxcd[0].fluxgate_kustomization.this"),
        ]
    );
    assert_eq!(plan.output_changes["flux_namespace"].after, "flux-system");
}

#[test]
fn one_apply_takes_an_empty_cluster_to_a_reconciling_one_and_back() {
    let plane = require!(ControlPlane::start(Size::Flux));
    let (_server, repository) = require!(git(&plane, "flux-system"));
    let flux = json!({
        "install": true, "kubeconfig_path": plane.kubeconfig_path(),
        "git_repository": {"name": "dev", "url": repository.url(), "path": "deploy"},
        "kustomization": {"name": "dev"},
        "helm": {"chart": require!(chart()), "keep_crds_on_destroy": false},
    });
    let tofu = require!(dev(&flux));

    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&plane, "ConfigMap", "flux-system", "from-git").is_some());
    let labels = &live(&plane, "Namespace", "", "flux-system").unwrap()["metadata"]["labels"];
    assert_eq!(labels["toolkit.fluxcd.io/tenant"], "flux-system");
    assert_eq!(labels["app.kubernetes.io/managed-by"], "opentofu");
    let outputs = tofu.output();
    assert_eq!(outputs["flux_namespace"], "flux-system");
    assert_eq!(outputs["flux_git_repository_name"], "dev");
    assert_eq!(outputs["flux_kustomization_name"], "dev");
    tofu.plan().no_changes();

    tofu.destroy().success();
    let definition = "kustomizations.kustomize.toolkit.fluxcd.io";
    assert_eq!(live(&plane, "CustomResourceDefinition", "", definition), None);
    assert_eq!(live(&plane, "Namespace", "", "flux-system"), None);
}

/// The module refuses by itself what would only fail in the cluster; and the cluster of the example is never reached.
#[test]
fn every_configuration_validates() {
    require!(api());
    for folder in ["modules/fluxcd", "modules/fluxcd/examples/basic", "clusters/dev"] {
        let tofu = require!(root(folder));
        let answer = tofu.validate().success();
        assert!(answer.stdout.contains("\"valid\": true"), "{folder}: {answer}");
    }
}
