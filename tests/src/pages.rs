//! The examples of the reference pages, as they stand in the folder: each is whole by itself, valid and planned, and applied wherever nothing
//! from outside is needed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use testutil::{ControlPlane, DigitalOcean, Size, Tofu, chart_server::ChartServer, require, tools::Tool};

use crate::support::{apply_as, definitions, provider_block};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

/// Folders that are no examples of pages, and have tests of their own.
const OTHERS: [&str; 3] = ["charts", "infra", "roles"];

/// Where the examples fetch charts from, which no test does.
const REPOSITORY: &str = "repository = \"https://fluxcd-community.github.io/helm-charts\"";

/// An example: the folder below `examples` and the text of its files.
struct Example {
    name: String,
    text: String,
}

impl Example {
    fn has(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    /// The configuration of a test: charts come from a server beside it, nothing is waited for, and a provider that is shown is asked for
    /// something.
    fn configuration(&self, charts: &ChartServer) -> String {
        let here = format!(
            "repository = {}\n  repository_ca_file = {}",
            json!(charts.url()),
            json!(charts.ca_file())
        );
        let mut text =
            self.text.replace(REPOSITORY, &here).replace("\n  spec = {", "\n  wait = false\n  spec = {");
        if self.has("provider \"fluxgate\"") {
            text += "data \"fluxgate_status\" \"here\" {}\n";
            text += "data \"fluxgate_status\" \"there\" {\n  cluster = \"staging\"\n}\n";
        }
        text
    }
}

/// All examples, whatever folders there are.
fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    let mut folders: Vec<PathBuf> = folders(Path::new(EXAMPLES));
    folders.retain(|folder| !OTHERS.iter().any(|other| folder.ends_with(other)));
    while let Some(folder) = folders.pop() {
        folders.extend(self::folders(&folder));
        let files = entries(&folder).into_iter().filter(|path| path.extension().is_some_and(|it| it == "tf"));
        let text: String = files.map(|path| fs::read_to_string(path).unwrap()).collect();
        if !text.is_empty() {
            let name = folder.strip_prefix(EXAMPLES).unwrap().to_string_lossy().into_owned();
            examples.push(Example { name, text });
        }
    }
    examples.sort_by(|one, other| one.name.cmp(&other.name));
    examples
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

#[test]
fn every_example_of_a_page_is_valid_planned_and_applied_where_nothing_outside_is_needed() {
    let plane = require!(ControlPlane::start(Size::Api));
    require!(definitions(&plane));
    let at = |name: &str| json!({"name": name, "namespace": "flux-system"});
    apply_as(
        &plane,
        "somebody",
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}}),
    );
    // What the data sources look at.
    apply_as(
        &plane,
        "somebody",
        &json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": at("apps"),
            "spec": {"interval": "1h", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "apps"}},
        }),
    );
    let charts = require!(ChartServer::flux2());
    let account = require!(DigitalOcean::start());
    let _dev = require!(account.cluster("dev", Size::Api));
    // The provider of the ephemeral example is only configured, never asked for an object.
    let stand_in = require!(Tool::KubectlProvider.path());
    let tofu = require!(require!(Tofu::new()).provider("hashicorp/kubernetes", "2.38.0", &stand_in));
    let home = tofu.folder().parent().unwrap().join("home");
    fs::create_dir_all(home.join(".kube")).unwrap();
    for (name, context) in [("config", "dev"), ("staging", "staging")] {
        let kubeconfig = plane.write_kubeconfig(&plane.kubeconfig().context(context));
        fs::copy(kubeconfig, home.join(".kube").join(name)).unwrap();
    }
    let tofu = tofu
        .file(
            "versions.tf",
            "terraform {\n  required_providers {\n    fluxgate = { source = \"fluxgate/fluxgate\" }\n    kubernetes = { source = \"hashicorp/kubernetes\" }\n  }\n}\n",
        )
        .env("HOME", &home)
        .env("TF_VAR_git_token", "a-token-of-git")
        .env("DIGITALOCEAN_TOKEN", account.token())
        .env("DIGITALOCEAN_API_URL", account.url())
        .env("SSL_CERT_FILE", account.ca_path());
    tofu.init().success();

    let examples = examples();
    assert!(examples.len() > 30, "the examples are found");
    for example in &examples {
        let name = &example.name;
        eprintln!("{name}");
        let shown = example.has("provider \"fluxgate\"");
        tofu.write("provider.tf", &if shown { String::new() } else { provider_block(&plane, "") });
        tofu.write("main.tf", &example.text);
        let validation: testutil::tofu::Validation = tofu.validate().json();
        assert!(validation.valid, "{name}: {validation:?}");

        tofu.write("main.tf", &example.configuration(&charts));
        tofu.plan().success();
        // An installation waits for controllers; tests of its own apply it.
        if !example.has("resource \"fluxgate_install\"") {
            tofu.apply().success();
            tofu.plan().no_changes();
            tofu.destroy().success();
            assert_eq!(tofu.show_state().addresses(), [""; 0], "{name}");
        }
    }
}
