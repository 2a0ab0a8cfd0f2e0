//! No credential is shown or kept: for each way of having one, everything that OpenTofu and the provider write while they plan, apply,
//! refresh and fail is searched, logs at TRACE and JSON included.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

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

use crate::support::{api, definitions, live, repository, unconnected};

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
