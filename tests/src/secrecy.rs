//! No credential is shown or kept: for each way of having one, everything that OpenTofu and the provider write while they plan, apply,
//! refresh and fail is searched, logs at TRACE and JSON included.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use testutil::{
    ControlPlane, DigitalOcean, Kubeconfig, PackagedChart, Pki, Size, Tofu, User,
    chart_server::{ChartServer, ChartServerOptions},
    faults::nobody,
    forward_proxy::{ForwardProxy, Speaks},
    require,
};

use crate::support::{api, definitions, live, repository, tofu, unconnected};

/// A secret and how it may be spelled.
struct Mark {
    what: String,
    spellings: Vec<String>,
}

impl Mark {
    fn new(what: &str, secret: &str) -> Self {
        assert!(secret.len() >= 12, "{what} is too short to be told from other texts");
        let mut spellings =
            vec![secret.to_owned(), secret.replace('\n', "\\n"), URL_SAFE_NO_PAD.encode(secret)];
        // Within a longer text base64 begins at any of three places; what it shares with its neighbours is left out.
        for before in ["", "x", "xy"] {
            let encoded = STANDARD.encode(format!("{before}{secret}"));
            let whole = (before.len() + secret.len()) / 3 * 4;
            let begin = if before.is_empty() { 0 } else { 4 };
            spellings.push(encoded[begin..whole].to_owned());
        }
        Self { what: what.to_owned(), spellings }
    }

    /// The parts of a PEM that say what is secret: each of its lines, and base64 of the whole.
    fn of_pem(what: &str, pem: &str) -> Vec<Self> {
        let lines = pem.lines().filter(|line| !line.starts_with("-----") && line.len() >= 40);
        lines.chain([pem]).map(|line| Self::new(what, line)).collect()
    }

    fn found_in<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.spellings.iter().find_map(|spelling| {
            let at = text.find(spelling.as_str())?;
            let start = text[..at].char_indices().rev().nth(160).map_or(0, |(start, _)| start);
            Some(&text[start..at + spelling.len()])
        })
    }
}

/// A folder of OpenTofu, and all that was said in it.
struct Watched {
    tofu: Tofu,
    said: String,
}

impl Watched {
    fn new(tofu: Tofu) -> Self {
        let tofu = tofu.env("TF_LOG", "TRACE").env("TF_LOG_PATH", "trace.log");
        tofu.init().success();
        Self { tofu, said: String::new() }
    }

    fn hear(&mut self, run: testutil::tofu::Run) {
        self.said += &format!("{run}");
    }

    /// Plans, applies, refreshes, plans again, and reads plan and state as JSON.
    #[track_caller]
    fn live_through(&mut self) {
        self.hear(self.tofu.plan().changes());
        self.said += &self.tofu.show_plan().raw.to_string();
        self.hear(self.tofu.apply().success());
        self.hear(self.tofu.refresh().success());
        self.hear(self.tofu.plan().no_changes());
        self.said += &self.tofu.show_state().raw.to_string();
    }

    #[track_caller]
    fn fail(&mut self, because: &str) {
        let run = self.tofu.plan();
        let run = if run.status == Some(2) { self.tofu.apply() } else { run };
        assert!(run.text().contains(because), "{run}");
        self.hear(run.failure());
    }

    /// What was said and what lies in the folder, each by its name.
    fn texts(&self) -> Vec<(String, String)> {
        let mut texts = vec![("what was said".to_owned(), self.said.clone())];
        for entry in fs::read_dir(self.tofu.folder()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // The configuration is the user's own.
            if path.is_file() && !name.ends_with(".tf") {
                texts.push((name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
            }
        }
        texts
    }

    /// Where one of these is written.
    fn found(&self, marks: &[Mark]) -> Vec<String> {
        let texts = self.texts();
        let pairs = texts.iter().flat_map(|text| marks.iter().map(move |mark| (text, mark)));
        pairs
            .filter_map(|((name, text), mark)| {
                mark.found_in(text).map(|place| format!("{} in {name}: …{place}…", mark.what))
            })
            .collect()
    }

    #[track_caller]
    fn is_clean(&self, way: &str, marks: &[Mark]) {
        let texts = self.texts();
        let log = texts.iter().find(|(name, _)| name == "trace.log");
        let log = log.map(|(_, text)| text.as_str()).unwrap_or_default();
        assert!(
            log.contains("ApplyResourceChange") && log.contains("ConfigureProvider"),
            "{way}: there is a log"
        );
        assert!(
            log.contains("@module=fluxgate") || log.contains("provider.terraform-provider-fluxgate"),
            "{way}: the provider's own is in it"
        );
        assert!(texts.iter().any(|(name, _)| name == "terraform.tfstate"), "{way}: there is a state");
        let found = self.found(marks);
        assert!(found.is_empty(), "{way}: {found:#?}");
    }
}

/// A way of being somebody to a cluster.
struct Way {
    name: &'static str,
    provider: String,
    variables: Vec<(&'static str, String)>,
    marks: Vec<Mark>,
}

fn by_file(path: &Path) -> String {
    format!("provider \"fluxgate\" {{\n  kubernetes = {{ config_path = {} }}\n}}\n", json!(path))
}

/// The ways that need no other server than `server`, which answers as the control plane does, or not at all. `folder` takes their files.
fn ways(plane: &ControlPlane, server: &str, token: &str, folder: &Path) -> Vec<Way> {
    let identity = plane.pki().client_certificate("somebody", Some("system:masters")).unwrap();
    let authority = plane.ca_pem();
    let kubeconfig = |user: User| Kubeconfig::new(server, Some(&authority), user);
    let file = |name: &str, text: &str, mode: u32| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let config = |name: &str, user: Value| {
        let mut kubeconfig = kubeconfig(User::Anonymous).to_value();
        kubeconfig["users"][0]["user"] = user;
        by_file(&file(name, &kubeconfig.to_string(), 0o600))
    };
    let token_mark = || vec![Mark::new("the token", token)];
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": { "token": token },
    });
    let plugin = file("plugin", &format!("#!/bin/sh\necho '{credential}'\n"), 0o700);
    let host = |more: Vec<(&'static str, String)>| {
        let mut variables =
            vec![("KUBE_HOST", server.to_owned()), ("KUBE_CLUSTER_CA_CERT_DATA", authority.clone())];
        variables.extend(more);
        variables
    };
    let plain = || "provider \"fluxgate\" {}\n".to_owned();
    let ephemeral = format!(
        "variable \"token\" {{\n  type = string\n  ephemeral = true\n}}\nprovider \"fluxgate\" {{\n  kubernetes = {{ host = {}, token = var.token, cluster_ca_certificate = {} }}\n}}\n",
        json!(server),
        json!(authority)
    );
    vec![
        Way {
            name: "a token of an ephemeral variable",
            provider: ephemeral,
            variables: vec![("TF_VAR_token", token.to_owned())],
            marks: token_mark(),
        },
        Way {
            name: "a token in the environment",
            provider: plain(),
            variables: host(vec![("KUBE_TOKEN", token.to_owned())]),
            marks: token_mark(),
        },
        Way {
            name: "a client certificate in the environment",
            provider: plain(),
            variables: host(vec![
                ("KUBE_CLIENT_CERT_DATA", identity.certificate_pem.clone()),
                ("KUBE_CLIENT_KEY_DATA", identity.key_pem.clone()),
            ]),
            marks: Mark::of_pem("the key", &identity.key_pem),
        },
        Way {
            name: "a token file",
            provider: config("by-file", json!({ "tokenFile": file("token", &format!("{token}\n"), 0o600) })),
            variables: vec![],
            marks: token_mark(),
        },
        Way {
            name: "a token in a kubeconfig",
            provider: config("by-token", json!({ "token": token })),
            variables: vec![],
            marks: token_mark(),
        },
        Way {
            name: "a client certificate in a kubeconfig",
            provider: by_file(&file(
                "by-certificate",
                &kubeconfig(User::Certificate(identity.clone())).to_string(),
                0o600,
            )),
            variables: vec![],
            marks: Mark::of_pem("the key", &identity.key_pem),
        },
        Way {
            name: "a program",
            provider: config(
                "by-program",
                json!({ "exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "command": plugin, "interactiveMode": "Never",
                "env": [{ "name": "SESSION", "value": "mArKeD-session-of-the-program" }],
            } }),
            ),
            variables: vec![],
            marks: vec![
                Mark::new("the token", token),
                Mark::new("its variable", "mArKeD-session-of-the-program"),
            ],
        },
    ]
}

#[test]
fn the_search_finds_what_is_planted() {
    const SECRET: &str = "mArKeD-planted-secret";
    let mark = [Mark::new("the secret", SECRET)];
    for text in [
        SECRET.to_owned(),
        STANDARD.encode(SECRET),
        STANDARD.encode(format!("a{SECRET}b")),
        STANDARD.encode(format!("ab{SECRET}")),
        STANDARD.encode(format!("user:{SECRET}")),
        URL_SAFE_NO_PAD.encode(SECRET),
    ] {
        assert!(mark[0].found_in(&format!("something {text} else")).is_some(), "{text}");
    }
    let pem = Pki::new().unwrap().client_certificate("a", None).unwrap().key_pem;
    let key = Mark::of_pem("the key", &pem);
    for text in
        [pem.clone(), STANDARD.encode(&pem), json!(pem).to_string(), pem.lines().nth(1).unwrap().to_owned()]
    {
        assert!(key.iter().any(|mark| mark.found_in(&text).is_some()), "{text}");
    }

    // In what OpenTofu writes: a literal stands in the plan, a label in plan, state and the object.
    let plane = require!(api());
    let namespace = plane.namespace("planted");
    let labelled = repository(&namespace, "")
        .replace("  wait ", &format!("  labels = {{ planted = \"{SECRET}\" }}\n  wait "));
    let tofu = require!(unconnected(&labelled)).file("provider.tf", &by_file(plane.kubeconfig_path()));
    let mut watched = Watched::new(tofu);
    watched.live_through();
    let found = watched.found(&mark);
    for place in ["what was said", "terraform.tfstate"] {
        assert!(found.iter().any(|found| found.contains(&format!("in {place}:"))), "{place}: {found:?}");
    }
    // And in the log, where somebody logs it.
    let log = watched.tofu.folder().join("trace.log");
    let mut text = fs::read_to_string(&log).unwrap();
    text += &format!("\n{{\"authorization\":\"Basic {}\"}}\n", STANDARD.encode(format!("u:{SECRET}")));
    fs::write(&log, text).unwrap();
    assert!(watched.found(&mark).iter().any(|found| found.contains("in trace.log:")));
}

#[test]
fn a_credential_of_a_cluster_is_shown_and_kept_nowhere() {
    let plane = require!(api());
    let folder = tempfile::tempdir().unwrap();
    let away = require!(nobody());
    let good = ways(&plane, plane.server(), plane.token(), folder.path());
    for (number, way) in good.into_iter().enumerate() {
        let namespace = plane.namespace("unseen");
        let mut tofu = require!(unconnected(&repository(&namespace, ""))).file("provider.tf", &way.provider);
        for (name, value) in &way.variables {
            tofu.set_env(name, value);
        }
        let mut watched = Watched::new(tofu);
        watched.live_through();
        assert!(live(&plane, "GitRepository", &namespace, "app").is_some(), "{}", way.name);

        // The server is away; then it refuses who is there.
        for (server, token, because) in [
            (away.as_str(), plane.token(), "cannot be reached"),
            (plane.server(), "mArKeD-token-that-nobody-knows", "does not accept the credential"),
        ] {
            let again = tempfile::tempdir().unwrap();
            let same = ways(&plane, server, token, again.path()).swap_remove(number);
            if server == plane.server() && !same.marks.iter().any(|mark| mark.what == "the token") {
                continue;
            }
            watched.tofu.write("provider.tf", &same.provider);
            for (name, value) in &same.variables {
                watched.tofu.set_env(name, value);
            }
            watched.fail(because);
            watched.is_clean(way.name, &same.marks);
        }
        watched.is_clean(way.name, &way.marks);
    }
}

#[test]
fn a_credential_of_digitalocean_is_shown_and_kept_nowhere() {
    let account = require!(DigitalOcean::start());
    let dev = require!(account.cluster("dev", Size::Api));
    require!(definitions(&dev.plane));
    let namespace = dev.plane.namespace("unseen");
    let tofu = require!(unconnected(&repository(&namespace, "")))
        .file("provider.tf", "provider \"fluxgate\" {\n  doks = { cluster_name = \"dev\" }\n}\n")
        .env("DIGITALOCEAN_TOKEN", account.token())
        .env("DIGITALOCEAN_API_URL", account.url())
        .env("SSL_CERT_FILE", account.ca_path());
    let mut watched = Watched::new(tofu);
    watched.live_through();
    account.set_endpoint(&dev.id, &require!(nobody()));
    watched.fail("cannot be reached");
    watched.tofu.set_env("DIGITALOCEAN_TOKEN", "mArKeD-token-that-nobody-knows");
    watched.fail("401");
    let mut marks = vec![
        Mark::new("the account's token", account.token()),
        Mark::new("a wrong token", "mArKeD-token-that-nobody-knows"),
    ];
    let issued = account.issued(&dev.id);
    assert!(!issued.is_empty());
    marks.extend(issued.iter().map(|token| Mark::new("a token of the cluster", token)));
    watched.is_clean("DigitalOcean", &marks);
}

#[test]
fn who_we_are_to_a_chart_repository_and_to_a_proxy_is_shown_and_kept_nowhere() {
    const USER: &str = "mArKeD-user-of-charts";
    const PASSWORD: &str = "mArKeD-password-of-charts";
    const AT_PROXY: &str = "mArKeD-password-of-proxy";
    let plane = require!(api());
    let namespace = plane.namespace("unseen");
    let options = ChartServerOptions {
        credentials: Some((USER.to_owned(), PASSWORD.to_owned())),
        ..ChartServerOptions::default()
    };
    let charts = require!(ChartServer::start(
        &Pki::new().unwrap(),
        [PackagedChart::small("flux2", "2.18.3")],
        options
    ));
    let proxy = require!(ForwardProxy::start(Speaks::Http, plane.pki(), Some(&format!("ada:{AT_PROXY}"))));
    let port = plane.server().rsplit(':').next().unwrap();
    let kubeconfig = plane.kubeconfig().server(&format!("https://kubernetes.example.test:{port}"));
    let mut kubeconfig = kubeconfig.to_value();
    kubeconfig["clusters"][0]["cluster"]["tls-server-name"] = json!("localhost");
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("config");
    fs::write(&path, kubeconfig.to_string()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let variables = "variable \"user\" {\n  type = string\n}\nvariable \"password\" {\n  type = string\n  ephemeral = true\n}\n";
    let install = format!(
        "{variables}resource \"fluxgate_install\" \"flux\" {{\n  name = \"flux\"\n  namespace = \"{namespace}\"\n  chart = \"flux2\"\n  version = \"2.18.3\"\n  repository = {}\n  repository_ca_file = {}\n  repository_username = var.user\n  repository_password_wo = var.password\n}}\n",
        json!(charts.url()),
        json!(charts.ca_file())
    );
    let tofu = require!(unconnected(&install))
        .file("provider.tf", &by_file(&path))
        .env("TF_VAR_user", USER)
        .env("TF_VAR_password", PASSWORD)
        .env("HTTPS_PROXY", proxy.url(&format!("ada:{AT_PROXY}")))
        // The charts are beside us.
        .env("NO_PROXY", "127.0.0.1,localhost");
    let marks =
        [Mark::new("the password for charts", PASSWORD), Mark::new("the password at the proxy", AT_PROXY)];
    let mut watched = Watched::new(tofu);
    watched.live_through();
    assert!(live(&plane, "ConfigMap", &namespace, "flux").is_some());
    assert!(
        proxy.asked().iter().all(|asked| asked.ends_with(&format!(" ada:{AT_PROXY}")))
            && !proxy.asked().is_empty()
    );
    assert!(charts.requests().iter().any(|request| request.authorization));

    watched.tofu.set_env("HTTPS_PROXY", proxy.url("ada:mArKeD-wrong-password"));
    watched.fail("the proxy made no connection");
    watched.tofu.set_env("HTTPS_PROXY", proxy.url(&format!("ada:{AT_PROXY}")));
    watched.tofu.set_env("TF_VAR_password", "mArKeD-wrong-password");
    // Only what changes needs the chart again.
    watched.tofu.write("main.tf", &install.replace("  chart = ", "  description = \"again\"\n  chart = "));
    watched.fail("401");
    watched.is_clean("a chart repository behind a proxy", &marks);
    watched.is_clean("wrong passwords", &[Mark::new("a wrong password", "mArKeD-wrong-password")]);
    watched.hear(watched.tofu.destroy());
}

#[test]
fn the_password_for_charts_of_a_data_source_is_kept_out_of_the_state_by_the_environment_alone() {
    const PASSWORD: &str = "mArKeD-password-of-charts";
    let options = ChartServerOptions {
        credentials: Some(("ada".to_owned(), PASSWORD.to_owned())),
        ..ChartServerOptions::default()
    };
    let charts = require!(ChartServer::start(
        &Pki::new().unwrap(),
        [PackagedChart::small("flux2", "2.18.3")],
        options
    ));
    let chart = |more: &str| {
        format!(
            "data \"fluxgate_chart\" \"flux\" {{\n  name = \"flux\"\n  namespace = \"flux-system\"\n  chart = \"flux2\"\n  version = \"2.18.3\"\n  repository = {}\n  repository_ca_file = {}\n  {more}\n}}\noutput \"version\" {{\n  value = data.fluxgate_chart.flux.chart_version\n}}\n",
            json!(charts.url()),
            json!(charts.ca_file())
        )
    };
    let user = "repository_username = \"ada\"";
    let tofu = require!(unconnected(&chart(user))).file("provider.tf", "provider \"fluxgate\" {}\n");
    let mut watched = Watched::new(tofu.env("FLUXGATE_REPOSITORY_PASSWORD", PASSWORD));
    watched.hear(watched.tofu.plan().changes());
    watched.said += &watched.tofu.show_plan().raw.to_string();
    watched.hear(watched.tofu.apply().success());
    assert_eq!(watched.tofu.output()["version"], "2.18.3");
    let mark = [Mark::new("the password for charts", PASSWORD)];
    assert_eq!(watched.found(&mark), Vec::<String>::new());

    // Nobody is told it who is not named, and what is written goes before it.
    watched.tofu.write("main.tf", &chart(""));
    let asked = charts.requests().len();
    watched.fail("401");
    assert!(charts.requests()[asked..].iter().all(|request| !request.authorization));
    watched.tofu.write("main.tf", &chart(&format!("{user}\n  repository_password = \"wrong\"")));
    watched.fail("401");

    // The page says where it stands when it is written: in the state.
    watched.tofu.set_env("FLUXGATE_REPOSITORY_PASSWORD", "");
    watched.tofu.write("main.tf", &chart(&format!("{user}\n  repository_password = \"{PASSWORD}\"")));
    let _ = watched.tofu.plan().success();
    watched.tofu.apply().success();
    let found = watched.found(&mark);
    assert!(found.iter().any(|found| found.contains("in terraform.tfstate:")), "{found:?}");
}

/// The values of each family of `fluxgate_secret`, some twice, since not everything goes together: the keys, and what each holds.
fn families(pki: &Pki) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let pair = pki.client_certificate("mArKeD-client", None).unwrap();
    let (certificate, key) = (pair.certificate_pem, pair.key_pem);
    let authority = pki.ca_pem();
    let marked = |what: &str| format!("mArKeD-{what}-9f3c71");
    let body = STANDARD.encode("mArKeD-key-of-some-length-that-says-nothing-else-9f3c71-9f3c72-9f3c73");
    let armored = |what: &str| format!("-----BEGIN {what}-----\n{body}\n-----END {what}-----\n");
    let policy = json!({"version": "1.0", "trustPolicies": [{"name": marked("policy")}]}).to_string();
    let public_key = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQSBwdWJsaWMga2V5IGZvciBhIHRl\nc3QsIHdoaWNoIGJlbG9uZ3MgdG8gbm9ib2R5IGF0IGFsbCwgNjQgYnl0Lg==\n-----END PUBLIC KEY-----\n";
    let login = || vec![("username", marked("user")), ("password", marked("password"))];
    let client = || {
        vec![
            ("ca_certificate", authority.clone()),
            ("client_certificate", certificate.clone()),
            ("client_key", key.clone()),
        ]
    };
    let host =
        "mArKeD-host-9f3c71 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    vec![
        ("git_https", [login(), client()].concat()),
        ("git_https", vec![("bearer_token", marked("bearer"))]),
        (
            "git_ssh",
            vec![
                ("identity", armored("PRIVATE KEY")),
                ("identity_pub", marked("public")),
                ("known_hosts", host.to_owned()),
                ("passphrase", marked("passphrase")),
            ],
        ),
        (
            "github_app",
            vec![
                ("app_id", "918273645546372".to_owned()),
                ("installation_id", "819283746455637".to_owned()),
                ("private_key", key.clone()),
                ("base_url", "https://marked-9f3c71.example.com/api/v3".to_owned()),
                ("ca_certificate", authority.clone()),
            ],
        ),
        (
            "github_app",
            vec![
                ("app_id", "918273645546372".to_owned()),
                ("installation_owner", marked("owner")),
                ("private_key", key.clone()),
            ],
        ),
        ("helm", [login(), client()].concat()),
        ("oci", [vec![("registry", "marked-9f3c71.example.com".to_owned())], login()].concat()),
        (
            "tls",
            vec![
                ("ca_certificate", authority.clone()),
                ("certificate", certificate.clone()),
                ("key", key.clone()),
            ],
        ),
        ("proxy", [vec![("address", "http://marked-9f3c71.example.com:3128".to_owned())], login()].concat()),
        ("receiver", vec![("token", marked("token"))]),
        ("cosign", vec![("public_keys", public_key.to_owned())]),
        ("notation", vec![("trust_policy", policy), ("certificates", authority.clone())]),
        (
            "sops",
            vec![
                ("age_keys", "AGE-SECRET-KEY-1MARKED9F3C71".to_owned()),
                ("pgp_keys", armored("PGP PRIVATE KEY BLOCK")),
            ],
        ),
        ("generic", vec![("data", marked("data")), ("data_base64", STANDARD.encode(marked("bytes")))]),
    ]
}

/// The keys of families that are maps of texts.
const MAPS: [&str; 5] = ["public_keys", "certificates", "age_keys", "pgp_keys", "data"];

#[test]
fn a_value_of_any_family_of_secrets_is_shown_and_kept_nowhere() {
    let plane = require!(api());
    let namespace = plane.namespace("unseen");
    let pki = Pki::new().unwrap();
    let families = families(&pki);
    let (mut configuration, mut values, mut marks) = (String::new(), serde_json::Map::new(), Vec::new());
    for (number, (family, keys)) in families.iter().enumerate() {
        let mut lines = String::new();
        for (key, value) in keys {
            let name = format!("{number}.{key}");
            let taken = format!("var.values[\"{name}\"]");
            let taken = match *key {
                "data_base64" => format!("{{ two = {taken} }}"),
                key if MAPS.contains(&key) => format!("{{ one = {taken} }}"),
                _ => taken,
            };
            lines += &format!("    {key} = {taken}\n");
            values.insert(name, json!(value));
            let what = format!("{family}.{key}");
            match value.contains("-----BEGIN") {
                true => marks.extend(Mark::of_pem(&what, value)),
                false => marks.push(Mark::new(&what, value)),
            }
        }
        configuration += &format!(
            "resource \"fluxgate_secret\" \"s{number}\" {{\n  name = \"s{number}\"\n  namespace = \"{namespace}\"\n  {family} = {{\n{lines}  }}\n}}\n"
        );
    }
    let variables = "variable \"values\" {\n  type = map(string)\n  ephemeral = true\n}\n";
    let tofu = require!(unconnected(&(variables.to_owned() + &configuration)))
        .file("provider.tf", &by_file(plane.kubeconfig_path()))
        .env("TF_VAR_values", Value::Object(values).to_string());
    let mut watched = Watched::new(tofu);
    watched.live_through();
    watched.is_clean("success", &marks);
    for (number, (family, keys)) in families.iter().enumerate() {
        let object = live(&plane, "Secret", &namespace, &format!("s{number}")).unwrap();
        let held = object["data"].as_object().unwrap().len();
        assert_eq!(
            held,
            if *family == "oci" { 1 } else { keys.len() },
            "{family}: what is searched for was there"
        );
    }

    watched.tofu.write(
        "main.tf",
        &(variables.to_owned() + &configuration.replace("  name = ", "  version = 2\n  name = ")),
    );
    watched.tofu.write(
        "provider.tf",
        &by_file(&plane.write_kubeconfig(&plane.kubeconfig().server(&require!(nobody())))),
    );
    watched.fail("cannot be reached");
    watched.is_clean("an unreachable cluster", &marks);
}

#[test]
fn what_is_secret_in_the_providers_own_block_is_shown_and_kept_nowhere() {
    let plane = require!(api());
    let identity = plane.pki().client_certificate("mArKeD-somebody", Some("system:masters")).unwrap();
    let proxy = require!(ForwardProxy::start(Speaks::Http, plane.pki(), Some("ada:mArKeD-at-proxy-9f3c71")));
    let folder = tempfile::tempdir().unwrap();
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": { "token": plane.token() },
    });
    let plugin = folder.path().join("plugin");
    fs::write(&plugin, format!("#!/bin/sh\ntest \"$SESSION\" || exit 1\necho '{credential}'\n")).unwrap();
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o700)).unwrap();
    let port = plane.server().rsplit(':').next().unwrap();
    let (server, authority) = (json!(plane.server()), json!(plane.ca_pem()));
    let through = json!(format!("https://kubernetes.example.test:{port}"));
    let ways = [
        (
            "client_key",
            format!(
                "host = {server}, cluster_ca_certificate = {authority}, client_certificate = {}, client_key = var.mark",
                json!(identity.certificate_pem)
            ),
            identity.key_pem.clone(),
            Mark::of_pem("client_key", &identity.key_pem),
        ),
        (
            "proxy_url",
            format!(
                "host = {through}, tls_server_name = \"localhost\", cluster_ca_certificate = {authority}, token = {}, proxy_url = var.mark",
                json!(plane.token())
            ),
            proxy.url("ada:mArKeD-at-proxy-9f3c71"),
            vec![Mark::new("the password at the proxy", "mArKeD-at-proxy-9f3c71")],
        ),
        (
            "exec.env",
            format!(
                "host = {server}, cluster_ca_certificate = {authority}, exec = {{ api_version = \"client.authentication.k8s.io/v1\", command = {}, env = {{ SESSION = var.mark }} }}",
                json!(plugin)
            ),
            "mArKeD-session-9f3c71".to_owned(),
            vec![Mark::new("the variable", "mArKeD-session-9f3c71"), Mark::new("the token", plane.token())],
        ),
    ];
    for (way, attributes, value, marks) in ways {
        // As the provider's own connection, and as that of a further cluster.
        for further in [false, true] {
            let namespace = plane.namespace("unseen");
            let variable = "variable \"mark\" {\n  type = string\n  ephemeral = true\n}\n";
            let (block, cluster) = match further {
                false => (format!("kubernetes = {{ {attributes} }}"), ""),
                true => (
                    format!("clusters = {{ far = {{ kubernetes = {{ {attributes} }} }} }}"),
                    "  cluster = \"far\"\n",
                ),
            };
            let object = repository(&namespace, "").replace("  wait ", &format!("{cluster}  wait "));
            // The token of the proxy's way is a literal, which OpenTofu itself writes.
            let tofu = require!(unconnected(&object))
                .file("provider.tf", &format!("{variable}provider \"fluxgate\" {{\n  {block}\n}}\n"))
                .env("TF_VAR_mark", &value);
            let mut watched = Watched::new(tofu);
            watched.live_through();
            assert!(live(&plane, "GitRepository", &namespace, "app").is_some(), "{way}");
            watched.is_clean(way, &marks);
            // A connection that cannot be had: what is marked is wrong, and part of no message.
            watched.tofu.set_env("TF_VAR_mark", format!("::{value}"));
            let run = watched.tofu.plan();
            if way != "exec.env" {
                watched.hear(run.failure());
            }
            watched.is_clean(way, &marks);
        }
    }
}

#[test]
fn a_token_of_digitalocean_in_the_providers_block_is_shown_and_kept_nowhere() {
    let account = require!(DigitalOcean::start());
    let dev = require!(account.cluster("dev", Size::Api));
    require!(definitions(&dev.plane));
    let namespace = dev.plane.namespace("unseen");
    let variable = "variable \"mark\" {\n  type = string\n  ephemeral = true\n}\n";
    let doks = "doks = { cluster_name = \"dev\", token = var.mark }";
    let ticket = "ephemeral \"fluxgate_doks_credentials\" \"dev\" {\n  cluster_name = \"dev\"\n  api_token = var.mark\n}\nresource \"fluxgate_secret\" \"from\" {\n  name = \"from\"\n  namespace = \"NAMESPACE\"\n  generic = { data = { token = ephemeral.fluxgate_doks_credentials.dev.token } }\n}\n";
    let tofu =
        require!(unconnected(&(repository(&namespace, "") + &ticket.replace("NAMESPACE", &namespace))))
            .file("provider.tf", &format!("{variable}provider \"fluxgate\" {{\n  {doks}\n}}\n"))
            .env("TF_VAR_mark", account.token())
            .env("DIGITALOCEAN_API_URL", account.url())
            .env("SSL_CERT_FILE", account.ca_path());
    let mut watched = Watched::new(tofu);
    watched.live_through();
    watched.tofu.set_env("TF_VAR_mark", "mArKeD-token-that-nobody-knows");
    watched.fail("401");
    let mut marks = vec![
        Mark::new("the account's token", account.token()),
        Mark::new("a wrong token", "mArKeD-token-that-nobody-knows"),
    ];
    marks.extend(account.issued(&dev.id).iter().map(|token| Mark::new("a token of the cluster", token)));
    watched.is_clean("doks.token", &marks);
}

/// What the schema hides, with the test that feeds a marked value into it, besides the families of `fluxgate_secret`.
const CASES: [(&str, &str); 14] = [
    ("provider kubernetes.token", "a_credential_of_a_cluster_is_shown_and_kept_nowhere"),
    ("provider kubernetes.client_key", "what_is_secret_in_the_providers_own_block_is_shown_and_kept_nowhere"),
    ("provider kubernetes.proxy_url", "what_is_secret_in_the_providers_own_block_is_shown_and_kept_nowhere"),
    ("provider kubernetes.exec.env", "what_is_secret_in_the_providers_own_block_is_shown_and_kept_nowhere"),
    ("provider doks.token", "a_token_of_digitalocean_in_the_providers_block_is_shown_and_kept_nowhere"),
    (
        "resource fluxgate_install.repository_password_wo",
        "who_we_are_to_a_chart_repository_and_to_a_proxy_is_shown_and_kept_nowhere",
    ),
    ("resource fluxgate_install.set_wo.name", "values_of_ephemeral_variables_are_shown_nowhere"),
    ("resource fluxgate_install.set_wo.type", "values_of_ephemeral_variables_are_shown_nowhere"),
    ("resource fluxgate_install.set_wo.value", "values_of_ephemeral_variables_are_shown_nowhere"),
    (
        "data fluxgate_chart.repository_password",
        "the_password_for_charts_of_a_data_source_is_kept_out_of_the_state_by_the_environment_alone",
    ),
    (
        "ephemeral fluxgate_doks_credentials.api_token",
        "a_token_of_digitalocean_in_the_providers_block_is_shown_and_kept_nowhere",
    ),
    (
        "ephemeral fluxgate_doks_credentials.token",
        "a_token_of_digitalocean_in_the_providers_block_is_shown_and_kept_nowhere",
    ),
    // Old clusters have it instead of a token; it goes the same way.
    (
        "ephemeral fluxgate_doks_credentials.client_key",
        "a_token_of_digitalocean_in_the_providers_block_is_shown_and_kept_nowhere",
    ),
    ("provider clusters.*", "what_is_secret_in_the_providers_own_block_is_shown_and_kept_nowhere"),
];

/// The attributes without attributes of their own that are hidden, or lie in something that is.
fn hidden(attributes: &Value, at: &str, outer: bool, found: &mut BTreeSet<String>) {
    for (name, attribute) in attributes.as_object().into_iter().flatten() {
        let path = if at.ends_with(' ') { format!("{at}{name}") } else { format!("{at}.{name}") };
        let is = |flag: &str| attribute[flag] == true;
        let hides = outer || is("sensitive") || is("write_only");
        match attribute["nested_type"]["attributes"].as_object() {
            Some(_) => hidden(&attribute["nested_type"]["attributes"], &path, hides, found),
            None if hides => {
                found.insert(path);
            }
            None => {}
        }
    }
}

#[test]
fn nothing_that_a_schema_hides_is_without_a_test_that_searches_for_it() {
    let plane = require!(api());
    let tofu = require!(tofu(&plane, ""));
    let schemas: Value = tofu.run(&["providers", "schema", "-json"]).success().json();
    let ours = &schemas["provider_schemas"][tofu.address("fluxgate/fluxgate")];
    let mut found = BTreeSet::new();
    hidden(&ours["provider"]["block"]["attributes"], "provider ", false, &mut found);
    for (kind, list) in [
        ("resource", "resource_schemas"),
        ("data", "data_source_schemas"),
        ("ephemeral", "ephemeral_resource_schemas"),
    ] {
        for (name, schema) in ours[list].as_object().into_iter().flatten() {
            hidden(&schema["block"]["attributes"], &format!("{kind} {name}"), false, &mut found);
        }
    }
    let mut cases: BTreeSet<String> = CASES.iter().map(|(path, _)| (*path).to_owned()).collect();
    for (family, keys) in families(&Pki::new().unwrap()) {
        cases.extend(keys.iter().map(|(key, _)| format!("resource fluxgate_secret.{family}.{key}")));
    }
    // What a further cluster has is what the provider's own connection has.
    let further = found.iter().filter_map(|path| path.strip_prefix("provider clusters."));
    let further: BTreeSet<String> = further.map(|path| format!("provider {path}")).collect();
    assert!(!further.is_empty() && further.is_subset(&found), "{further:?}");
    found.retain(|path| !path.starts_with("provider clusters."));
    found.insert("provider clusters.*".to_owned());
    let without: Vec<_> = found.difference(&cases).collect();
    assert!(without.is_empty(), "without a test: {without:?}");
    let gone: Vec<_> = cases.difference(&found).collect();
    assert!(gone.is_empty(), "no longer hidden: {gone:?}");
}
