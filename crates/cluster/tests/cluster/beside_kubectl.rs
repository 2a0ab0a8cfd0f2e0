//! Kubeconfigs as kubectl reads them: for each of a few dozen, which cluster it means, and what is sent where.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use cluster::{Connection, connect};
use serde_json::{Value, json};
use testutil::{ControlPlane, Pki, Size, faults::FaultyProxy, pki::Identity, require, requirements::skip};

use crate::arrange::{LIMITS, program};

const CASES: usize = 68;

/// The servers that kubeconfigs lead to: two doors to one cluster, told apart by who hears a request.
struct Servers {
    plane: testutil::Shared,
    doors: [FaultyProxy; 2],
    stranger: Pki,
    identity: Identity,
}

/// What was seen of one request.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// Which door heard it, and with which headers about who asks.
    heard: Option<(usize, Vec<String>)>,
    answered: bool,
}

/// A kubeconfig in some files, and the context that is asked for.
struct Case {
    files: Vec<PathBuf>,
    context: Option<&'static str>,
}

impl Servers {
    fn start() -> Result<Self, testutil::Error> {
        let plane = ControlPlane::shared(Size::Api)?;
        let doors = [FaultyProxy::start(&plane)?, FaultyProxy::start(&plane)?];
        let identity = plane.pki().client_certificate("somebody", Some("system:masters"))?;
        Ok(Self { plane, doors, stranger: Pki::new()?, identity })
    }

    /// One way to write a cluster entry. Files are beside the kubeconfig.
    fn cluster(&self, number: usize) -> Value {
        let [a, b] = [self.doors[0].url(), self.doors[1].url()];
        let authority = STANDARD.encode(self.plane.ca_pem());
        match number % 8 {
            0 => json!({ "server": a, "certificate-authority-data": authority }),
            1 => json!({ "server": b, "certificate-authority": "ca.crt" }),
            2 => json!({ "server": a, "insecure-skip-tls-verify": true }),
            3 => {
                json!({ "server": b, "certificate-authority-data": STANDARD.encode(self.stranger.ca_pem()) })
            }
            4 => {
                json!({ "server": format!("{a}/"), "certificate-authority-data": authority, "tls-server-name": "localhost" })
            }
            5 => {
                json!({ "server": b, "certificate-authority-data": authority, "tls-server-name": "kubernetes.example.com" })
            }
            6 => json!({ "server": a, "certificate-authority-data": authority, "disable-compression": true }),
            _ => {
                json!({ "server": a, "certificate-authority": "ca.crt", "certificate-authority-data": authority })
            }
        }
    }

    /// One way to write a user entry.
    fn user(&self, number: usize) -> Value {
        let token = self.plane.token();
        let exec = |version: &str| {
            json!({
                "apiVersion": format!("client.authentication.k8s.io/{version}"),
                "command": "./plugin",
                "args": [version],
                "interactiveMode": "IfAvailable",
            })
        };
        match number % 17 {
            0 => json!({ "token": token }),
            1 => json!({ "tokenFile": "token" }),
            2 => json!({ "token": "stale", "tokenFile": "token" }),
            3 => json!({ "token": token, "tokenFile": "nowhere" }),
            4 => json!({ "username": "ada", "password": "pass:word" }),
            5 => json!({ "exec": exec("v1") }),
            6 => json!({ "exec": exec("v1beta1") }),
            7 => json!({ "token": token, "exec": exec("v1") }),
            8 => json!({}),
            9 => {
                json!({ "client-certificate": "client.crt", "client-key-data": STANDARD.encode(&self.identity.key_pem) })
            }
            10 => {
                json!({ "client-certificate": "client.crt", "client-certificate-data": STANDARD.encode(&self.identity.certificate_pem), "client-key": "client.key" })
            }
            11 => {
                json!({ "client-certificate": "client.crt", "client-key": "client.key", "client-key-data": STANDARD.encode(&self.identity.key_pem) })
            }
            12 => json!({ "token": token, "username": "ada" }),
            13 => json!({ "token": token, "username": "", "password": "pass:word" }),
            14 => json!({ "token": token, "as-groups": ["system:masters"] }),
            15 => json!({ "token": token, "username": "", "as": "", "as-groups": [], "as-user-extra": {} }),
            _ => json!({
                "token": token,
                "as": "somebody",
                "as-uid": "7",
                "as-groups": ["developers", "system:masters"],
                "as-user-extra": { "reason": ["testing"] },
            }),
        }
    }

    fn case(&self, number: usize, folder: &Path) -> Case {
        let folder = folder.join(format!("{number}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("ca.crt"), self.plane.ca_pem()).unwrap();
        fs::write(folder.join("token"), format!("{}\n", self.plane.token())).unwrap();
        fs::write(folder.join("client.crt"), &self.identity.certificate_pem).unwrap();
        fs::write(folder.join("client.key"), &self.identity.key_pem).unwrap();
        let credential = json!({
            "apiVersion": "client.authentication.k8s.io/VERSION",
            "kind": "ExecCredential",
            "status": { "token": self.plane.token() },
        });
        let script = format!("#!/bin/sh\nsed \"s/VERSION/$1/\" <<'END'\n{credential}\nEND\n");
        program(&folder.join("plugin"), &script);

        let context = |name: &str, entry: &str| json!({ "name": name, "context": { "cluster": entry, "user": entry, "namespace": format!("of-{name}") } });
        let clusters = json!([
            { "name": "one", "cluster": self.cluster(number) },
            { "name": "two", "cluster": self.cluster(number + 3) },
        ]);
        let users = json!([
            { "name": "one", "user": self.user(number) },
            { "name": "two", "user": self.user(number + 7) },
        ]);
        let contexts = json!([context("first", "one"), context("second", "two")]);
        let whole = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "first",
            "clusters": clusters, "users": users, "contexts": contexts,
        });
        let other = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "second",
            "clusters": [{ "name": "one", "cluster": { "server": "https://127.0.0.1:1" } }],
            "users": [{ "name": "one", "user": { "token": "of-the-second-file" } }],
            "contexts": [context("first", "two")],
        });
        let write = |name: &str, value: &Value| {
            let path = folder.join(name);
            fs::write(&path, value.to_string()).unwrap();
            path
        };
        let files = match number % 5 {
            0 => vec![write("config", &whole)],
            // The first file that has an entry wins, and the first current context.
            1 => vec![write("config", &whole), write("other", &other)],
            2 => vec![write("other", &other), write("config", &whole)],
            3 => {
                let contexts = json!({ "apiVersion": "v1", "kind": "Config", "contexts": contexts, "current-context": "second" });
                let entries = json!({ "clusters": clusters, "users": users });
                vec![folder.join("missing"), write("contexts", &contexts), write("entries", &entries)]
            }
            // No context is current.
            _ => {
                let mut none = whole.clone();
                none["current-context"] = json!("");
                vec![write("config", &none), write("other", &other)]
            }
        };
        let context = [None, Some("first"), Some("second"), Some("third")][number % 4];
        Case { files, context }
    }

    /// What came since the doors were looked at last.
    fn seen(&self, before: [usize; 2], answered: bool) -> Seen {
        let mut heard = None;
        for (door, before) in before.into_iter().enumerate() {
            let headers = self.doors[door].headers();
            // Who is refused may ask once more.
            if let Some(headers) = headers.get(before..).and_then(<[_]>::last) {
                let mut told: Vec<String> = headers
                    .iter()
                    .filter(|(name, _)| *name == "authorization" || name.as_str().starts_with("impersonate"))
                    .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                    .collect();
                told.sort();
                heard = Some((door, told));
            }
        }
        Seen { heard, answered }
    }

    fn counts(&self) -> [usize; 2] {
        [self.doors[0].requests().len(), self.doors[1].requests().len()]
    }
}

impl Case {
    fn kubectl(&self, home: &Path, arguments: &[&str]) -> std::process::Output {
        let files = std::env::join_paths(&self.files).unwrap();
        let mut command = Command::new("kubectl");
        command.env_clear().env("HOME", home).env("KUBECONFIG", files);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        if let Some(context) = self.context {
            command.arg(format!("--context={context}"));
        }
        command.args(["--request-timeout=20s"]).args(arguments).output().unwrap()
    }

    fn connection(&self) -> Connection {
        Connection::kubeconfig(self.files.clone(), self.context)
    }
}

#[tokio::test]
async fn kubeconfigs_mean_what_they_mean_to_kubectl() {
    let servers = require!(Servers::start());
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        skip(module_path!(), "there is no kubectl");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let mut answered = 0;
    for number in 0..CASES {
        let case = servers.case(number, folder.path());

        let before = servers.counts();
        let output = case.kubectl(folder.path(), &["get", "--raw", "/api/v1/namespaces/kube-system"]);
        let theirs = servers.seen(before, output.status.success());
        let before = servers.counts();
        let cluster = connect(&case.connection(), LIMITS).await;
        let answer = match &cluster {
            Ok(cluster) => cluster.identity().await.is_ok(),
            Err(_) => false,
        };
        let ours = servers.seen(before, answer);
        answered += usize::from(answer);

        // What is meant, where both can say it.
        let view = case.kubectl(folder.path(), &["config", "view", "--raw", "--minify", "-o", "json"]);
        let view: Value = serde_json::from_slice(&view.stdout).unwrap_or_default();
        let text = |pointer: &str| {
            view.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim_end_matches('/').to_owned()
        };
        let meant = [
            text("/clusters/0/cluster/server"),
            text("/current-context"),
            text("/contexts/0/context/namespace"),
        ];
        let same = match &cluster {
            Ok(cluster) => {
                let ours = [
                    cluster.server(),
                    cluster.context().unwrap_or_default(),
                    cluster.default_namespace().unwrap_or_default(),
                ];
                meant == ours.map(str::to_owned)
            }
            Err(_) => true,
        };
        if ours != theirs || !same {
            wrong.push(format!(
                "{number}: kubectl {theirs:?} {meant:?}\n  we {ours:?} {:?}\n  kubectl says {}",
                cluster.as_ref().map(|cluster| cluster.place().to_string()),
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Cases that all fail would compare nothing.
    assert!(answered >= CASES / 5, "{answered} of {CASES} were answered");
}
