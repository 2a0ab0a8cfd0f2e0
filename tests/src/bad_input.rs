//! Bad input ends, within the timeout, in an error that says what, where and what to do; nothing created is lost from state.

use serde_json::json;
use testutil::{
    ControlPlane, Kubeconfig, Size, Tofu, User,
    faults::{Answer, AnsweringServer, SilentServer, nobody},
    require,
};

use crate::support::{api, live, repository, unconnected, unfolded};

fn connected_to(kubeconfig: &str) -> Result<Tofu, testutil::Error> {
    let tofu = unconnected(&repository("apps", ""))?;
    tofu.write("kubeconfig", kubeconfig);
    tofu.write(
        "provider.tf",
        "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./kubeconfig\" }\n}\n",
    );
    tofu.init().success();
    Ok(tofu)
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(unfolded(text).to_lowercase().contains(&part.to_lowercase()), "{part:?} is not in: {text}");
    }
}

#[test]
fn a_kubeconfig_that_is_not_there() {
    let tofu = require!(connected_to(""));
    tofu.write("provider.tf", "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./nowhere\" }\n}\n");
    let text = tofu.plan().failure().text();
    says(&text, &["cannot read the kubeconfig ./nowhere", "No such file", "Set kubernetes.config_path"]);
}

#[test]
fn a_kubeconfig_that_is_none() {
    for content in
        ["", "just words", "[1, 2]", "apiVersion: v1\nkind: Config\nclusters: 7\n", "\u{1}\u{2}\t- x: ]["]
    {
        let tofu = require!(connected_to(content));
        let text = tofu.plan().failure().text();
        let remedy = if content.is_empty() { "Add a context to the file" } else { "kubectl config view" };
        says(&text, &["./kubeconfig", "Error: The connection to the cluster is not usable", remedy]);
    }
}

#[test]
fn a_kubeconfig_with_several_contexts_and_none_current() {
    let context = |name: &str| json!({"name": name, "context": {"cluster": "c", "user": "u"}});
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [context("dev"), context("prod")],
    });
    let tofu = require!(connected_to(&kubeconfig.to_string()));
    let text = tofu.plan().failure().text();
    says(&text, &["no current context", "dev, prod", "config_context"]);

    tofu.write("provider.tf", "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./kubeconfig\", config_context = \"stage\" }\n}\n");
    let text = tofu.plan().failure().text();
    says(&text, &["no context stage", "dev, prod"]);
}

#[test]
fn a_connection_that_contradicts_itself() {
    let cases = [
        (json!({"host": "https://127.0.0.1:1", "config_path": "x"}), "Keep one of them"),
        (json!({"token": "secret-token"}), "Set host"),
        (json!({"insecure": true}), "names no cluster"),
        (json!({"config_path": " "}), "config_path is blank"),
        (
            json!({"host": "https://127.0.0.1:1", "cluster_ca_certificate": "rubbish"}),
            "neither PEM nor base64",
        ),
        (json!({"host": "https://127.0.0.1:1", "client_certificate": "rubbish"}), "client"),
        (
            json!({"host": "https://127.0.0.1:1", "config_context": "prod"}),
            "Set config_path beside config_context",
        ),
        (json!({"config_path": "x", "insecure": true}), "insecure-skip-tls-verify"),
        (json!({"config_path": "x", "tls_server_name": "y"}), "tls-server-name"),
    ];
    for (kubernetes, expected) in cases {
        let tofu = require!(unconnected(&repository("apps", "")));
        tofu.write(
            "provider.tf.json",
            &json!({"provider": {"fluxgate": {"kubernetes": kubernetes}}}).to_string(),
        );
        tofu.init().success();
        let text = tofu.plan().failure().text();
        says(&text, &[expected]);
    }
}

/// What is written goes before the variables: a context is not given up for another cluster.
#[test]
fn a_context_beside_the_host_of_a_variable() {
    let tofu = require!(unconnected(&repository("apps", ""))).env("KUBE_HOST", "https://127.0.0.1:1");
    tofu.write("provider.tf", "provider \"fluxgate\" {\n  kubernetes = { config_context = \"prod\" }\n}\n");
    tofu.init().success();
    says(&tofu.plan().failure().text(), &["KUBE_HOST", "config_context", "Set config_path"]);
}

#[test]
fn a_cluster_that_does_not_know_us() {
    let plane = require!(api());
    let tofu = require!(connected_to(&plane.kubeconfig().token("wrong-token").to_string()));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    says(&text, &["does not accept the credential (401)", plane.server(), "Fetch a new one"]);
    assert!(!text.contains("wrong-token"), "{text}");
}

#[test]
fn a_cluster_that_forbids() {
    let plane = require!(api());
    let tofu = require!(connected_to(&plane.kubeconfig().token(plane.unprivileged_token()).to_string()));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    says(&text, &["(403)", plane.server(), "Grant it by a Role"]);
}

#[test]
fn a_cluster_where_nobody_listens() {
    let server = nobody().unwrap();
    let kubeconfig = Kubeconfig::new(&server, None, User::Token("t".to_owned()));
    let tofu = require!(connected_to(&kubeconfig.to_string()));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    says(&text, &["cannot be reached", &server, "Nothing listens"]);
    assert!(tofu.show_state().addresses().is_empty());
}

#[test]
fn a_cluster_that_never_answers() {
    let server = SilentServer::start().unwrap();
    let kubeconfig = Kubeconfig::new(&server.url(), None, User::Token("t".to_owned()));
    let tofu = require!(connected_to(&kubeconfig.to_string()));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    says(&text, &["cannot be reached", &server.url(), "VPN or firewall"]);
    assert!(tofu.show_state().addresses().is_empty());
}

#[test]
fn many_objects_of_a_cluster_that_never_answers() {
    let server = SilentServer::start().unwrap();
    let kubeconfig = Kubeconfig::new(&server.url(), None, User::Token("t".to_owned()));
    let tofu = require!(connected_to(&kubeconfig.to_string()));
    let many = repository("apps", "")
        .replace("  name      = \"app\"", "  count     = 40\n  name      = \"app-${count.index}\"");
    tofu.write("main.tf", &many);
    tofu.plan().changes();
    // Asked one after the other they would take longer than the driver waits for anything.
    let text = tofu.apply().failure().text();
    assert_eq!(text.matches("Error: The cluster cannot be reached").count(), 40, "{text}");
}

#[test]
fn a_cluster_that_is_broken() {
    let plane = require!(api());
    let server =
        AnsweringServer::start(plane.pki(), Answer::kubernetes(500, "InternalError", "etcd is on fire"))
            .unwrap();
    let kubeconfig = plane.kubeconfig().server(&server.url());
    let tofu = require!(connected_to(&kubeconfig.to_string()));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    says(&text, &["500", "etcd is on fire"]);
}

#[test]
fn a_cluster_without_flux() {
    // The shared cluster has the definitions; one of its own has not.
    let plane = require!(ControlPlane::start(Size::Api));
    let tofu = require!(connected_to(&plane.kubeconfig().to_string()));
    tofu.write("main.tf", &repository("default", ""));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    says(&text, &["gitrepositories.source.toolkit.fluxcd.io is not installed", "Install Flux first"]);
}

#[test]
fn a_namespace_that_is_not_there() {
    let plane = require!(api());
    let tofu = require!(connected_to(&plane.kubeconfig().to_string()));
    tofu.write("main.tf", &repository("no-such-namespace", ""));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    says(&text, &["namespace no-such-namespace does not exist", "Create the namespace first"]);
}

#[test]
fn a_value_that_the_api_would_refuse_is_refused_at_plan() {
    let cases = [
        ("interval = \"1d\"", "24h"),
        ("timeout = \"1h\"", "spec.timeout: hours are not allowed"),
        ("verify = { mode = \"nothing\", secret_ref = { name = \"keys\" } }", "TagAndHEAD"),
        ("service_account_name = \"x\"", "provider"),
        ("secret_ref = { name = \"Not_A_Name\" }", "Not_A_Name"),
    ];
    for (spec, expected) in cases {
        let configuration = format!(
            "resource \"fluxgate_git_repository\" \"app\" {{\n  name = \"app\"\n  namespace = \"apps\"\n  spec = merge({{ url = \"https://example.com/app.git\", interval = \"1m\", ref = {{ branch = \"main\" }} }}, {{ {spec} }})\n}}\n"
        );
        let tofu = require!(unconnected(&configuration));
        tofu.init().success();
        let text = tofu.plan().failure().text();
        says(&text, &[expected]);
    }
}

#[test]
fn what_was_created_before_an_error_stays_in_state() {
    let plane = require!(api());
    let namespace = plane.namespace("kept");
    let tofu = require!(connected_to(&plane.kubeconfig().to_string()));
    let second = repository("no-such-namespace", "")
        .replace("\"fluxgate_git_repository\" \"app\"", "\"fluxgate_git_repository\" \"other\"");
    tofu.write("main.tf", &(repository(&namespace, "") + &second));
    tofu.plan().changes();
    tofu.apply().failure();
    assert_eq!(tofu.show_state().addresses(), ["fluxgate_git_repository.app"]);
    assert!(live(&plane, "GitRepository", &namespace, "app").is_some());
}
