//! Who the provider is to a cluster: by files, variables, programs, in the roles that are enough, and when a credential dies.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use serde_json::{Value, json};
use testutil::{
    ControlPlane, DigitalOcean, Kubeconfig, Size, Tofu, User,
    chart_server::ChartServer,
    faults::FaultyProxy,
    forward_proxy::{ForwardProxy, Speaks},
    require, wait,
};

use crate::support::{api, apply_as, definitions, installation, live, repository, unconnected};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A folder with this provider block and one repository that nobody waits for.
fn tofu(namespace: &str, provider: &str) -> Result<Tofu, testutil::Error> {
    let tofu = unconnected(&repository(namespace, ""))?.file("provider.tf", provider);
    tofu.init().success();
    Ok(tofu)
}

/// Plans and applies, and finds the object in the cluster.
#[track_caller]
fn arrives(tofu: &Tofu, plane: &ControlPlane, namespace: &str) -> String {
    let text = tofu.plan().changes().text();
    tofu.apply().success();
    assert!(live(plane, "GitRepository", namespace, "app").is_some());
    text
}

#[test]
fn the_variables_of_the_other_providers_name_a_cluster() {
    let plane = require!(api());
    let namespace = plane.namespace("variables");
    let path = plane.kubeconfig_path().display().to_string();
    let elsewhere =
        Kubeconfig::new("https://127.0.0.1:1", None, User::Token("t".into())).context("elsewhere");
    let elsewhere = plane.write_kubeconfig(&elsewhere).display().to_string();
    let several = format!("{elsewhere}:{path}");
    let host = [
        ("KUBE_HOST", plane.server().to_owned()),
        ("KUBE_TOKEN", plane.token().to_owned()),
        ("KUBE_CLUSTER_CA_CERT_DATA", plane.ca_pem()),
    ];
    let cases: [&[(&str, String)]; 5] = [
        &[("KUBE_CONFIG_PATH", path.clone())],
        &[("KUBECONFIG", several.clone()), ("KUBE_CTX", "fluxgate-test".into())],
        &[
            ("KUBE_CONFIG_PATHS", several.clone()),
            ("KUBECONFIG", "nowhere".into()),
            ("KUBE_CTX", "fluxgate-test".into()),
        ],
        &[
            ("KUBE_CONFIG_PATHS", several),
            ("KUBE_CTX", "elsewhere".into()),
            ("KUBE_CTX_CLUSTER", "fluxgate-test".into()),
            ("KUBE_CTX_AUTH_INFO", "fluxgate-test".into()),
        ],
        &host,
    ];
    for variables in cases {
        let mut tofu = require!(tofu(&namespace, "provider \"fluxgate\" {}\n"));
        for (name, value) in variables {
            tofu.set_env(name, value);
        }
        arrives(&tofu, &plane, &namespace);
        tofu.destroy().success();
    }
    let mut both = require!(tofu(&namespace, "provider \"fluxgate\" {}\n"));
    both.set_env("KUBE_HOST", plane.server());
    both.set_env("KUBECONFIG", plane.kubeconfig_path());
    let text = both.plan().failure().text();
    assert!(text.contains("KUBE_HOST and a variable for kubeconfigs"), "{text}");
    // What is written goes before what the variables say.
    both.write(
        "provider.tf",
        &format!("provider \"fluxgate\" {{\n  kubernetes = {{ config_path = {} }}\n}}\n", json!(path)),
    );
    arrives(&both, &plane, &namespace);
}

#[test]
fn a_kubeconfig_that_others_can_read_is_used_with_a_warning() {
    let plane = require!(api());
    let namespace = plane.namespace("exposed");
    let tofu = require!(tofu(
        &namespace,
        "provider \"fluxgate\" {\n  kubernetes = { config_path = \"~/config\" }\n}\n"
    ));
    let path = tofu.folder().join("../home/config");
    fs::write(&path, plane.kubeconfig().to_string()).unwrap();
    for (mode, warned) in [(0o644, true), (0o640, true), (0o604, true), (0o600, false), (0o400, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let text = tofu.plan().changes().text();
        assert_eq!(text.contains("Others can read the kubeconfig"), warned, "{mode:o}: {text}");
    }
    arrives(&tofu, &plane, &namespace);
}

#[test]
fn ways_that_are_not_supported_are_refused_with_advice() {
    let plane = require!(api());
    let exec = |version: &str, mode: &str| json!({ "exec": { "apiVersion": version, "command": "true", "interactiveMode": mode } });
    let cases = [
        (json!({ "auth-provider": { "name": "gcp" } }), "the auth-provider gcp, which is not supported"),
        (
            exec("client.authentication.k8s.io/v1alpha1", "Never"),
            "is to speak client.authentication.k8s.io/v1alpha1",
        ),
        (exec("client.authentication.k8s.io/v1", "Always"), "needs a terminal"),
    ];
    for (user, expected) in cases {
        let mut kubeconfig = plane.kubeconfig().to_value();
        kubeconfig["users"][0]["user"] = user;
        let tofu = require!(tofu(
            "default",
            "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./config\" }\n}\n"
        ));
        tofu.write("config", &kubeconfig.to_string());
        let text = tofu.plan().failure().text();
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("exec plugin") || text.contains("Write the user entry anew"), "{text}");
    }
}

/// Fifty repositories that nobody waits for.
const FIFTY: &str = r#"
resource "fluxgate_git_repository" "app" {
  count     = 50
  name      = "app-${count.index}"
  namespace = "default"
  wait      = false
  spec      = { url = "https://example.com/app.git", interval = "1m", ref = { branch = "main" } }
}
"#;

#[test]
fn a_token_that_dies_in_a_file_or_of_a_program_costs_one_request_and_not_the_apply() {
    // Its account gives out tokens that the cluster takes.
    let account = require!(DigitalOcean::start());
    let dev = require!(account.cluster("dev", Size::Api));
    require!(definitions(&dev.plane));
    let token = || {
        let (_, issued) =
            account.look(&format!("/v2/kubernetes/clusters/{}/credentials?expiry_seconds=3600", dev.id));
        issued["token"].as_str().unwrap().to_owned()
    };
    for way in ["tokenFile", "exec"] {
        let proxy = require!(FaultyProxy::start(&dev.plane));
        let tofu = require!(unconnected(FIFTY)).file(
            "provider.tf",
            "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./config\" }\n}\n",
        );
        let file = tofu.folder().join("token");
        let mut kubeconfig = dev.plane.kubeconfig().server(&proxy.url()).to_value();
        let credential = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$(cat "$0")'"}}"#;
        kubeconfig["users"][0]["user"] = match way {
            "tokenFile" => json!({ "tokenFile": "token" }),
            _ => json!({ "exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
                "command": "sh", "args": ["-c", format!("echo '{credential}'"), file],
            }}),
        };
        tofu.write("config", &kubeconfig.to_string());
        let mut current = token();
        fs::write(&file, &current).unwrap();
        tofu.init().success();
        tofu.plan().changes();
        let applying = tofu.start_apply();
        for after in [12, 28] {
            wait::until("the apply is in the middle", Duration::from_secs(120), || {
                match proxy.requests().len() {
                    count if count >= after => Ok(()),
                    count => Err(format!("{count} requests")),
                }
            })
            .unwrap();
            // A new one is there by the time that the old one is refused.
            let next = token();
            fs::write(&file, &next).unwrap();
            proxy.refuse(&current);
            current = next;
            let refused = proxy.refused();
            wait::until("the old one was refused", Duration::from_secs(120), || match proxy.refused() {
                count if count > refused => Ok(()),
                count => Err(format!("{count}")),
            })
            .unwrap();
        }
        applying.wait().success();
        assert_eq!(tofu.show_state().addresses().len(), 50, "{way}");
        tofu.destroy().success();
    }
}

/// The objects of a YAML file of the examples.
fn objects(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(Path::new(ROOT).join("examples/roles").join(file)).unwrap();
    text.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

#[test]
fn the_roles_of_the_examples_are_enough_to_install_and_to_edit() {
    let plane = require!(ControlPlane::start(Size::Nodes));
    let charts = require!(ChartServer::flux2());
    for object in objects("installer.yaml") {
        apply_as(&plane, "test", &object);
    }
    let provider = |account: (&str, &str)| {
        let token = plane.issue_token(account.0, account.1).unwrap();
        format!(
            "provider \"fluxgate\" {{\n  kubernetes = {{ host = {}, token = {}, cluster_ca_certificate = {} }}\n}}\n",
            json!(plane.server()),
            json!(token),
            json!(plane.ca_pem())
        )
    };
    let install = installation(&charts, "2.18.3", "keep_crds_on_destroy = false");
    let installer =
        require!(unconnected(&install)).file("provider.tf", &provider(("kube-system", "fluxgate-installer")));
    installer.init().success();
    installer.plan().changes();
    installer.apply().success();
    installer.plan().no_changes();

    for object in objects("editor.yaml") {
        apply_as(&plane, "test", &object);
    }
    let editor = require!(tofu("flux-system", &provider(("flux-system", "fluxgate-editor"))));
    arrives(&editor, &plane, "flux-system");
    editor.plan().no_changes();
    editor.destroy().success();

    // It is no more than that.
    let other = require!(tofu("default", &provider(("flux-system", "fluxgate-editor"))));
    other.plan().changes();
    let text = other.apply().failure().text();
    assert!(text.contains("forbids to"), "{text}");

    installer.destroy().success();
    assert_eq!(live(&plane, "Deployment", "flux-system", "source-controller"), None);
    // The editor's role is in it, which is another one's.
    assert!(live(&plane, "Namespace", "", "flux-system").is_some());
}

/// The examples of the guide, each with the heading that it stands under.
fn guide() -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/guides/authentication.md")).unwrap();
    let mut examples = Vec::new();
    let mut heading = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            heading = title.to_owned();
        } else if line == "```hcl" {
            let example: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            examples.push((heading.clone(), example.join("\n") + "\n"));
        }
    }
    examples
}

#[test]
fn every_example_of_the_guide_to_authentication_connects() {
    let account = require!(DigitalOcean::start());
    let dev = require!(account.cluster("dev", Size::Api));
    require!(definitions(&dev.plane));
    let plane = &dev.plane;
    let identity = plane.pki().client_certificate("somebody", Some("system:masters")).unwrap();
    let proxy = require!(ForwardProxy::start(Speaks::Socks5, plane.pki(), None));
    let examples = guide();
    assert!(examples.len() >= 9, "{}", examples.len());
    let mut proxied = false;
    for (number, (heading, example)) in examples.iter().enumerate() {
        proxied |= example.contains("proxy_url");
        let namespace = plane.namespace("guide");
        let example = example
            .replace("bd5f5959-5e1e-4205-a714-a914373942af", &dev.id)
            .replace("https://kubernetes.example.com:6443", plane.server())
            .replace("socks5://127.0.0.1:1080", &proxy.url(""));
        let on = if example.contains("clusters = {") { "  cluster = \"staging\"\n" } else { "" };
        let resource = repository(&namespace, "").replace("  wait ", &format!("{on}  wait "));
        let resource = if example.contains("alias = \"dev\"") {
            resource.replace("  wait ", "  provider = fluxgate.dev\n  wait ")
        } else {
            resource
        };
        let tofu = require!(unconnected(&resource)).file("provider.tf", &example);
        let home = tofu.folder().join("../home");
        fs::create_dir(home.join(".kube")).unwrap();
        let kubeconfig = plane.kubeconfig().context("dev").to_string();
        for name in ["config", "staging"] {
            fs::write(home.join(".kube").join(name), &kubeconfig).unwrap();
            fs::set_permissions(home.join(".kube").join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let files = [
            ("ca.crt", plane.ca_pem()),
            ("client.crt", identity.certificate_pem.clone()),
            ("client.key", identity.key_pem.clone()),
        ];
        for (name, text) in files {
            tofu.write(name, &text);
        }
        tofu.write(
            "credential.sh",
            &format!(
                "echo '{}'\n",
                json!({
                    "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                    "status": { "token": plane.token() },
                })
            ),
        );
        let mut tofu = tofu
            .env("TF_VAR_token", plane.token())
            .env("DIGITALOCEAN_TOKEN", account.token())
            .env("DIGITALOCEAN_API_URL", account.url())
            .env("SSL_CERT_FILE", account.ca_path());
        if example.contains("provider \"fluxgate\" {}") && !example.contains("alias") {
            tofu.set_env("KUBE_CONFIG_PATH", plane.kubeconfig_path());
        }
        tofu.init().success();
        let run = tofu.plan();
        assert!(run.status == Some(2), "example {number} under {heading:?}: {run}");
        let run = tofu.apply();
        assert!(run.status == Some(0), "example {number} under {heading:?}: {run}");
        assert!(live(plane, "GitRepository", &namespace, "app").is_some(), "{heading}");
        // What a sensitive value says is not shown.
        let state = fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap();
        assert!(!state.contains(plane.token()) && !state.contains(account.token()), "{heading}");
        assert_eq!(proxy.asked().is_empty(), !proxied, "{heading}");
    }
    assert!(proxied);
}
