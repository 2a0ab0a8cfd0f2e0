//! Clusters of DigitalOcean: named early or late, replaced, with credentials that are issued once and die when they like.

use std::time::Duration;

use serde_json::{Value, json};
use testutil::{
    DigitalOcean, DoksCluster, Error, Size, Tofu,
    chart_server::ChartServer,
    faults::{Answer, Fault, FaultyProxy, nobody},
    require, wait,
};

use crate::support::{api, definitions, git, installation, live, unconnected};

/// An account with one cluster that serves Flux's kinds, and nobody who reconciles them.
fn account() -> Result<(DigitalOcean, DoksCluster), Error> {
    let account = DigitalOcean::start()?;
    let dev = account.cluster("dev", Size::Api)?;
    definitions(&dev.plane)?;
    Ok((account, dev))
}

/// A folder whose provider has this connection, in an environment that leads to the account.
fn tofu(account: &DigitalOcean, connection: &str, configuration: &str) -> Result<Tofu, Error> {
    let tofu = unconnected(configuration)?
        .file("provider.tf", &format!("provider \"fluxgate\" {{\n  {connection}\n}}\n"))
        .env("DIGITALOCEAN_TOKEN", account.token())
        .env("DIGITALOCEAN_API_URL", account.url())
        .env("SSL_CERT_FILE", account.ca_path());
    tofu.init().success();
    Ok(tofu)
}

fn by_id(id: &str) -> String {
    format!("doks = {{ cluster_id = {} }}", json!(id))
}

/// So many repositories that nobody waits for.
fn repositories(count: usize) -> String {
    format!(
        r#"
resource "fluxgate_git_repository" "app" {{
  count     = {count}
  name      = "app-${{count.index}}"
  namespace = "default"
  wait      = false
  spec      = {{ url = "https://example.com/app.git", interval = "1m", ref = {{ branch = "main" }} }}
}}
"#
    )
}

fn issued(account: &DigitalOcean) -> usize {
    account.requests().iter().filter(|line| line.contains("/credentials?expiry_seconds=3600")).count()
}

#[test]
fn two_hundred_resources_share_one_credential() {
    let (account, dev) = require!(account());
    let tofu = require!(tofu(&account, "doks = { cluster_name = \"dev\" }", &repositories(200)));
    tofu.plan().changes();
    assert_eq!(account.requests(), [""; 0], "nothing connects for what is new");
    tofu.apply().success();
    // One call for each process that needs one: the name is looked up, and the credential issued.
    assert_eq!((issued(&account), account.requests().len()), (1, 2));
    tofu.plan().no_changes();
    assert_eq!((issued(&account), account.requests().len()), (2, 4));

    let secrets = [account.issued(&dev.id), vec![account.token().to_owned()]].concat();
    let state = std::fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap();
    let plan = tofu.show_plan().raw.to_string();
    for secret in secrets {
        assert!(!state.contains(&secret) && !plan.contains(&secret), "a token is written down");
    }
}

#[test]
fn a_token_that_dies_costs_one_request_and_not_the_apply() {
    let (account, dev) = require!(account());
    let proxy = require!(FaultyProxy::start(&dev.plane));
    account.set_endpoint(&dev.id, &proxy.url());
    let tofu = require!(tofu(&account, &by_id(&dev.id), &repositories(50)));
    tofu.plan().changes();
    let applying = tofu.start_apply();
    // Twice, in the middle of it, every token that was issued so far is revoked.
    for (round, after) in [15, 32].into_iter().enumerate() {
        wait::until("the apply is in the middle", Duration::from_secs(120), || {
            match proxy.requests().len() {
                count if count >= after => Ok(()),
                count => Err(format!("{count} requests")),
            }
        })
        .unwrap();
        for token in account.issued(&dev.id) {
            proxy.refuse(&token);
        }
        wait::until("a new token is issued", Duration::from_secs(120), || {
            match account.issued(&dev.id).len() {
                count if count > round + 1 => Ok(()),
                count => Err(format!("{count} tokens")),
            }
        })
        .unwrap();
    }
    applying.wait().success();
    assert!(proxy.refused() >= 2, "no token has died");
    // Those who meet the same dead token share the new one.
    assert_eq!(account.issued(&dev.id).len(), 3);
    assert_eq!(tofu.show_state().addresses().len(), 50);
}

#[test]
fn a_cluster_that_becomes_known_in_an_apply_has_flux_installed_in_it() {
    let account = require!(DigitalOcean::start());
    let dev = require!(account.cluster("dev", Size::Flux));
    let charts = require!(ChartServer::flux2());
    let namespace = dev.plane.namespace("apps");
    let (_server, repository) = require!(git(&dev.plane, &namespace));
    account.set_provisioning(&dev.id, 1);
    let configuration = format!(
        r#"
resource "terraform_data" "cluster" {{
  input = "{id}"
}}
{install}
resource "fluxgate_git_repository" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_install.flux.namespace
  spec      = {{ url = "{url}", interval = "1m", ref = {{ branch = "main" }} }}
}}
resource "fluxgate_kustomization" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_install.flux.namespace
  spec = {{
    interval   = "1m"
    path       = "./deploy"
    prune      = true
    source_ref = {{ kind = "GitRepository", name = fluxgate_git_repository.fleet.name }}
  }}
}}
"#,
        id = dev.id,
        install = installation(&charts, "2.18.3", ""),
        url = repository.url(),
    );
    let late = "doks = { cluster_id = terraform_data.cluster.output }";
    let tofu = require!(tofu(&account, late, &configuration));
    tofu.plan().changes();
    // All that needs no cluster is known, and nothing was asked.
    assert_eq!(
        tofu.show_plan().change("fluxgate_install.flux").after["objects"].as_object().unwrap().len(),
        37
    );
    assert_eq!(account.requests(), [""; 0]);
    tofu.apply().success();
    assert_eq!(
        live(&dev.plane, "ConfigMap", &namespace, "from-git").expect("Flux brought it from Git")["data"]["greeting"],
        "hello"
    );
    tofu.plan().no_changes();
    tofu.destroy().success();
    assert_eq!(live(&dev.plane, "Namespace", "", "flux-system"), None);
}

#[test]
fn a_cluster_that_is_replaced_in_an_apply_gets_its_objects_again() {
    let (account, blue) = require!(account());
    let green = require!(account.cluster("green", Size::Api));
    require!(definitions(&green.plane));
    let configuration = |id: &str| {
        format!("resource \"terraform_data\" \"cluster\" {{\n  input = \"{id}\"\n}}\n{}", repositories(2))
    };
    let late = "doks = { cluster_id = terraform_data.cluster.output }";
    let tofu = require!(tofu(&account, late, &configuration(&blue.id)));
    tofu.plan().changes();
    tofu.apply().success();
    let before = live(&blue.plane, "GitRepository", "default", "app-0").unwrap();

    // The old one is gone by the time that the plan is made.
    account.remove(&blue.id);
    tofu.write("main.tf", &configuration(&green.id));
    let text = tofu.plan().changes().text();
    assert!(text.contains("Not compared with the cluster"), "{text}");
    tofu.apply().success();
    let after = live(&green.plane, "GitRepository", "default", "app-0").unwrap();
    assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"]);
    let state = tofu.show_state();
    assert_eq!(state.values("fluxgate_git_repository.app[0]")["uid"], after["metadata"]["uid"]);
    tofu.plan().no_changes();
}

#[test]
fn a_cluster_out_of_reach_is_told_and_no_other_one_is_taken() {
    let (account, dev) = require!(account());
    let other = require!(api());
    let mut tofu = require!(tofu(&account, &by_id(&dev.id), &repositories(1)));
    // All that would lead to the other cluster is set.
    tofu.set_env("KUBECONFIG", other.kubeconfig_path());
    tofu.set_env("KUBE_CONFIG_PATH", other.kubeconfig_path());
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(live(&other, "GitRepository", "default", "app-0"), None);

    account.set_endpoint(&dev.id, &nobody().unwrap());
    let text = tofu.plan().failure().text();
    assert!(text.contains("The cluster cannot be reached") && text.contains(&dev.id), "{text}");

    account.remove(&dev.id);
    let text = tofu.plan().failure().text();
    assert!(text.contains("No credential for the cluster"), "{text}");
    assert!(text.contains(&format!("no DOKS cluster with the id {} (404)", dev.id)), "{text}");
    assert_eq!(live(&other, "GitRepository", "default", "app-0"), None);

    // With a connection that is known later only, nothing is asked of any cluster either.
    tofu.write(
        "provider.tf",
        "resource \"terraform_data\" \"id\" {\n  input = \"x\"\n}\nprovider \"fluxgate\" {\n  doks = { cluster_id = terraform_data.id.output }\n}\n",
    );
    tofu.plan().changes();
    assert_eq!(live(&other, "GitRepository", "default", "app-0"), None);
}

#[test]
fn what_digitalocean_refuses_is_told_with_what_to_do() {
    let (account, dev) = require!(account());
    let twin = account.listed("dev", "https://example.com");
    let says = |connection: &str, parts: &[&str]| {
        let tofu = require!(tofu(&account, connection, &repositories(1)));
        tofu.plan().changes();
        let text = tofu.apply().failure().text();
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
        assert!(!text.contains(account.token()), "{text}");
    };
    says(
        "doks = { cluster_name = \"dev\" }",
        &["2 DOKS clusters are called dev", &dev.id, &twin, "Set cluster_id"],
    );
    says(
        "doks = { cluster_name = \"de\" }",
        &["no DOKS cluster is called de", "dev (nyc1", "Correct cluster_id"],
    );
    let blind = account.token_with(&["kubernetes:read"]);
    says(
        &format!("doks = {{ cluster_id = \"{}\", token = \"{blind}\" }}", dev.id),
        &["403", "needs the scope kubernetes:access_cluster"],
    );
    says(
        &format!("doks = {{ cluster_id = \"{}\", token = \"dop_v1_old\" }}", dev.id),
        &["401", "Unable to authenticate you", "Set doks.token, or the variable DIGITALOCEAN_TOKEN"],
    );
    account.set_authority(&dev.id, "bm90IHBlbQ==");
    says(&by_id(&dev.id), &["is not a certificate"]);
}

#[test]
fn what_contradicts_itself_is_refused_before_anything_is_asked() {
    let account = require!(DigitalOcean::start());
    let id = account.listed("dev", "https://example.com");
    let cases = [
        (json!({ "doks": { "cluster_id": id, "cluster_name": "dev" } }), "Keep one of them"),
        (json!({ "doks": {} }), "Set cluster_id to the id of a DOKS cluster"),
        (json!({ "doks": { "cluster_id": "dev" } }), "For the cluster's name, use cluster_name"),
        (json!({ "doks": { "cluster_name": " " } }), "The name is blank"),
        (json!({ "doks": { "cluster_id": id, "expiry": "8d" } }), "write \"192h\""),
        (json!({ "doks": { "cluster_id": id, "expiry": "169h" } }), "between one second and a week"),
        (json!({ "doks": { "cluster_id": id, "expiry": "0s" } }), "between one second and a week"),
        (
            json!({ "doks": { "cluster_id": id, "api_url": "http://example.com" } }),
            "does not begin with https://",
        ),
        (
            json!({ "doks": { "cluster_id": id }, "kubernetes": { "config_path": "x" } }),
            "kubernetes and doks are both set",
        ),
        (json!({ "clusters": { "a": {} } }), "Set kubernetes or doks in it"),
    ];
    for (block, expected) in cases {
        let tofu = require!(unconnected(&repositories(1)))
            .file("provider.tf.json", &json!({ "provider": { "fluxgate": block } }).to_string())
            .env("DIGITALOCEAN_TOKEN", account.token())
            .env("DIGITALOCEAN_API_URL", account.url());
        tofu.init().success();
        let text = tofu.plan().failure().text();
        assert!(text.contains(expected), "{block}: {text}");
    }
    let tofu = require!(unconnected(&repositories(1)))
        .file("provider.tf", &format!("provider \"fluxgate\" {{\n  {}\n}}\n", by_id(&id)));
    tofu.init().success();
    let text = tofu.plan().failure().text();
    assert!(text.contains("No DigitalOcean token") && text.contains("kubernetes:access_cluster"), "{text}");
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn each_cluster_has_its_own_troubles() {
    let (account, dev) = require!(account());
    let other = require!(api());
    let down = nobody().unwrap();
    let gone = account.listed("gone", &down);
    let busy = require!(FaultyProxy::start(&dev.plane));
    account.set_endpoint(&dev.id, &busy.url());
    busy.spoil(
        "PATCH",
        2,
        Fault::Answer(Answer::kubernetes(429, "TooManyRequests", "slow down").header("retry-after", "1")),
    );
    busy.spoil(
        "PATCH",
        2,
        Fault::Answer(Answer::kubernetes(503, "ServiceUnavailable", "etcd elects a leader")),
    );
    busy.spoil("PATCH", 1, Fault::Cut);
    let namespace = other.namespace("many");
    let connection = format!(
        r#"clusters = {{
    dev   = {{ doks = {{ cluster_name = "dev" }} }}
    twin  = {{ doks = {{ cluster_name = "dev" }} }}
    gone  = {{ doks = {{ cluster_id = "{gone}" }} }}
    other = {{ kubernetes = {{ config_path = {} }} }}
    down  = {{ kubernetes = {{ host = "{down}", token = "t" }} }}
  }}"#,
        json!(other.kubeconfig_path())
    );
    let on = |cluster: &str, namespace: &str| {
        format!(
            r#"
resource "fluxgate_git_repository" "{cluster}" {{
  cluster   = "{cluster}"
  name      = "on-{cluster}"
  namespace = "{namespace}"
  wait      = false
  spec      = {{ url = "https://example.com/app.git", interval = "1m", ref = {{ branch = "main" }} }}
}}
"#
        )
    };
    let configuration: String = ["dev", "twin", "gone", "down"]
        .iter()
        .map(|cluster| on(cluster, "default"))
        .chain([on("other", &namespace)])
        .collect();
    let tofu = require!(tofu(&account, &connection, &configuration));
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(text.contains(&format!("{down} (the DOKS cluster {gone})")), "{text}");
    assert!(text.matches("The cluster cannot be reached").count() == 2, "{text}");
    for name in ["on-dev", "on-twin"] {
        assert!(live(&dev.plane, "GitRepository", "default", name).is_some(), "{text}");
    }
    assert!(live(&other, "GitRepository", &namespace, "on-other").is_some());
    assert_eq!(tofu.show_state().addresses().len(), 3);
    // One cluster under two names has one credential.
    assert_eq!(account.issued(&dev.id).len(), 1);
}

#[test]
fn an_ephemeral_credential_serves_another_provider_and_is_kept_nowhere() {
    let (account, dev) = require!(account());
    let configuration = r#"
provider "fluxgate" {}
ephemeral "fluxgate_doks_credentials" "dev" {
  cluster_name = "dev"
  expiry       = "10m"
}
provider "fluxgate" {
  alias = "dev"
  kubernetes = {
    host                   = ephemeral.fluxgate_doks_credentials.dev.host
    token                  = ephemeral.fluxgate_doks_credentials.dev.token
    cluster_ca_certificate = ephemeral.fluxgate_doks_credentials.dev.cluster_ca_certificate
  }
}
"#;
    let configuration = format!(
        "{configuration}{}",
        repositories(1).replace("count     = 1", "provider = fluxgate.dev\n  count = 1")
    );
    let tofu = require!(tofu(&account, "alias = \"unused\"", &configuration));
    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&dev.plane, "GitRepository", "default", "app-0").is_some());
    assert!(account.requests().iter().any(|line| line.contains("expiry_seconds=600")));
    let state = std::fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap();
    let plan: Value = tofu.show_plan().raw;
    for token in account.issued(&dev.id) {
        assert!(!state.contains(&token) && !plan.to_string().contains(&token));
    }
}

#[test]
fn a_cluster_being_made_is_waited_for_beyond_the_patience_of_a_request() {
    let (account, dev) = require!(account());
    account.set_provisioning(&dev.id, 2);
    let tofu = require!(tofu(&account, &by_id(&dev.id), &repositories(3)));
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(account.issued(&dev.id).len(), 1);
}

/// Asks the account that `DIGITALOCEAN_TOKEN` opens for the cluster that `FLUXGATE_DOKS_CLUSTER` names, and the cluster what it is; nothing is
/// changed in either. Only when `FLUXCD_ACCEPT_APPLY` is set too: whoever did not ask for it gets nothing applied.
#[test]
fn a_real_account_is_asked_if_one_is_offered() {
    let set = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
    let names = ["DIGITALOCEAN_TOKEN", "FLUXCD_ACCEPT_APPLY", "FLUXGATE_DOKS_CLUSTER"];
    let [Some(token), Some(_), Some(cluster)] = names.map(set) else {
        println!("not requested: {} are not all set", names.join(", "));
        return;
    };
    let configuration = r#"
data "fluxgate_preflight" "here" {}
output "kubernetes" { value = data.fluxgate_preflight.here.kubernetes_version }
"#;
    let provider =
        format!("provider \"fluxgate\" {{\n  doks = {{ cluster_name = {} }}\n}}\n", json!(cluster));
    let mut tofu = require!(unconnected(configuration)).file("provider.tf", &provider);
    tofu.set_env(names[0], &token);
    for variable in ["DIGITALOCEAN_API_URL", "SSL_CERT_FILE"] {
        if let Some(value) = set(variable) {
            tofu.set_env(variable, value);
        }
    }
    tofu.init().success();
    tofu.plan().changes();
    let applied = tofu.apply().success().text();
    assert!(applied.contains("kubernetes = \"v1."), "{applied}");
    let state = std::fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap();
    assert!(!state.contains(&token), "the token is written down");
}

/// The same test, asked for, with the stand-in: in a process that alone has the variables.
#[test]
fn the_offered_account_may_be_the_stand_in() {
    let (account, _dev) = require!(account());
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "doks::a_real_account_is_asked_if_one_is_offered", "--nocapture"])
        .env("DIGITALOCEAN_TOKEN", account.token())
        .env("DIGITALOCEAN_API_URL", account.url())
        .env("SSL_CERT_FILE", account.ca_path())
        .env("FLUXGATE_DOKS_CLUSTER", "dev")
        .env("FLUXCD_ACCEPT_APPLY", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
    assert!(run.status.success() && !text.contains("not requested"), "{text}");
    assert!(text.contains("1 passed"), "{text}");
    assert!(account.requests().iter().any(|line| line.contains("/credentials?")), "nobody asked");
}
