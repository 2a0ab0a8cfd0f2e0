//! Clusters behind proxies: which one is asked, for what and by whom, is what kubectl does with the same kubeconfig and environment.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use cluster::{Connection, Error, Limits, Proxies, Unreached, connect_among};
use serde_json::{Value, json};
use testutil::{
    ControlPlane, Size,
    forward_proxy::{ForwardProxy, Speaks},
    require,
    requirements::skip,
};

use crate::arrange::{LIMITS, program, story};

/// Somebody whose name and password have what an address cannot.
const USER: &str = "a%40da:p%3Aa%2Fss";

/// One kubeconfig and environment. `HTTP`, `HTTPS` and `SOCKS` stand for the addresses of the proxies, `PORT` for that of the server.
struct Case {
    host: &'static str,
    proxy_url: &'static str,
    environment: &'static [(&'static str, &'static str)],
}

const NAME: &str = "kubernetes.example.test";

const fn case(
    host: &'static str,
    proxy_url: &'static str,
    environment: &'static [(&'static str, &'static str)],
) -> Case {
    Case { host, proxy_url, environment }
}

const CASES: &[Case] = &[
    case(NAME, "HTTP", &[]),
    case(NAME, "HTTPS", &[]),
    case(NAME, "SOCKS", &[]),
    case(NAME, "http://USER@HTTP_AT", &[]),
    case(NAME, "https://USER@HTTPS_AT", &[]),
    case(NAME, "socks5://USER@SOCKS_AT", &[]),
    case(NAME, "http://ada@HTTP_AT", &[]),
    case("127.0.0.1", "HTTP", &[]),
    case("localhost", "SOCKS", &[("NO_PROXY", "*")]),
    case(NAME, "SOCKS", &[("HTTPS_PROXY", "HTTP")]),
    case(NAME, "socks5h://SOCKS_AT", &[]),
    case(NAME, "ftp://HTTP_AT", &[]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTP")]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTPS")]),
    case(NAME, "", &[("HTTPS_PROXY", "SOCKS")]),
    case(NAME, "", &[("HTTPS_PROXY", "socks5h://SOCKS_AT")]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTP_AT")]),
    case(NAME, "", &[("HTTPS_PROXY", "USER@HTTP_AT")]),
    case(NAME, "", &[("https_proxy", "HTTP")]),
    case(NAME, "", &[("https_proxy", "HTTP"), ("HTTPS_PROXY", "SOCKS")]),
    case(NAME, "", &[("https_proxy", "HTTP"), ("HTTPS_PROXY", "")]),
    case(NAME, "", &[("HTTP_PROXY", "HTTP")]),
    case("127.0.0.1", "", &[("HTTPS_PROXY", "HTTP")]),
    case("localhost", "", &[("HTTPS_PROXY", "HTTP")]),
    // Of all addresses that are not loopback this is the one that leads to this machine everywhere.
    case("0.0.0.0", "", &[("HTTPS_PROXY", "HTTP")]),
    case("0.0.0.0", "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "0.0.0.0")]),
    case("0.0.0.0", "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "10.0.0.0/8,0.0.0.0/8")]),
    case("0.0.0.0", "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "0.0.0.0/33")]),
    case("0.0.0.0", "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "0.0.0.0:PORT")]),
    case("0.0.0.0", "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "0.0.0.0:1")]),
    case("0.0.0.0", "", &[("HTTPS_PROXY", "HTTP"), ("no_proxy", " * ")]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "Example.Test")]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "ample.test")]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", ".example.test")]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "*.example.test:PORT")]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", ".kubernetes.example.test")]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "kubernetes.example.test:443")]),
    case(NAME, "", &[("HTTPS_PROXY", "HTTP"), ("NO_PROXY", "0.0.0.0/0")]),
];

struct Scene {
    plane: testutil::Shared,
    proxies: [ForwardProxy; 3],
}

/// What each proxy was asked for, and whether the server answered.
type Seen = ([BTreeSet<String>; 3], bool);

impl Scene {
    fn start(only: Option<&str>) -> Result<Self, testutil::Error> {
        let plane = ControlPlane::shared(Size::Api)?;
        let start = |speaks| ForwardProxy::start(speaks, plane.pki(), only);
        let proxies = [start(Speaks::Http)?, start(Speaks::Https)?, start(Speaks::Socks5)?];
        Ok(Self { plane, proxies })
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.replace("PORT", self.port()).replace("USER", USER);
        for (proxy, name) in self.proxies.iter().zip(["HTTP", "HTTPS", "SOCKS"]) {
            let url = proxy.url("");
            let at = url.split_once("://").unwrap().1;
            text = text.replace(&format!("{name}_AT"), at);
            if text == name {
                text = url;
            }
        }
        text
    }

    fn port(&self) -> &str {
        self.plane.server().rsplit(':').next().unwrap()
    }

    fn kubeconfig(&self, case: &Case, folder: &Path) -> Connection {
        let cluster = json!({
            "server": format!("https://{}:{}", case.host, self.port()),
            // The proxy over HTTPS is held to the same name, with kubectl as with us.
            "tls-server-name": "localhost",
            "certificate-authority-data": STANDARD.encode(self.plane.ca_pem()),
            "proxy-url": self.filled(case.proxy_url),
        });
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "dev",
            "clusters": [{ "name": "dev", "cluster": cluster }],
            "users": [{ "name": "dev", "user": { "token": self.plane.token() } }],
            "contexts": [{ "name": "dev", "context": { "cluster": "dev", "user": "dev" } }],
        });
        fs::write(folder.join("config"), kubeconfig.to_string()).unwrap();
        Connection::kubeconfig([folder.join("config")], None)
    }

    fn environment(&self, case: &Case) -> Vec<(&'static str, String)> {
        case.environment.iter().map(|(name, value)| (*name, self.filled(value))).collect()
    }

    fn kubectl(&self, case: &Case, folder: &Path) -> (bool, String) {
        let output = Command::new("kubectl")
            .env_clear()
            .env("HOME", folder)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KUBECONFIG", folder.join("config"))
            .envs(self.environment(case))
            .args(["get", "--raw", "/api/v1/namespaces/kube-system", "--request-timeout=20s"])
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    async fn ours(&self, case: &Case, connection: &Connection) -> Result<(), Error> {
        let environment = self.environment(case);
        let proxies = Proxies::of(|name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        });
        let limits = Limits { attempts: 1, ..LIMITS };
        connect_among(connection, limits, &proxies).await?.identity().await.map(|_| ())
    }

    /// What came since the proxies were looked at last.
    fn since(&self, before: [usize; 3], answered: bool) -> Seen {
        let mut numbers = [0, 1, 2].into_iter();
        let seen = before.map(|before| {
            let proxy = &self.proxies[numbers.next().unwrap()];
            proxy.asked().into_iter().skip(before).collect()
        });
        (seen, answered)
    }

    fn counts(&self) -> [usize; 3] {
        [0, 1, 2].map(|number: usize| self.proxies[number].asked().len())
    }
}

#[tokio::test]
async fn proxies_are_chosen_and_asked_as_kubectl_does() {
    let scene = require!(Scene::start(None));
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        skip(module_path!(), "there is no kubectl");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut wrong, mut through, mut past) = (Vec::new(), BTreeSet::new(), 0);
    for (number, case) in CASES.iter().enumerate() {
        let connection = scene.kubeconfig(case, folder.path());
        let before = scene.counts();
        let (answered, said) = scene.kubectl(case, folder.path());
        let theirs = scene.since(before, answered);
        let before = scene.counts();
        let result = scene.ours(case, &connection).await;
        let ours = scene.since(before, result.is_ok());
        for (number, asked) in ours.0.iter().enumerate() {
            through.extend(asked.iter().map(|asked| (number, asked.contains(' '))));
        }
        past += usize::from(ours.1 && ours.0.iter().all(BTreeSet::is_empty));
        if ours != theirs {
            let words = result.err().map(|error| story(&error, &[])).unwrap_or_default();
            wrong.push(format!(
                "{number} {} {:?} {:?}: kubectl {theirs:?}\n  we {ours:?}\n  kubectl says {said}\n  we say {words}",
                case.host, case.proxy_url, case.environment
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Each proxy was asked with and without a user, and some servers were reached without one; else nothing was compared.
    assert_eq!((through.len(), past >= 5), (6, true), "{through:?} {past}");
}

#[tokio::test]
async fn a_proxy_that_makes_no_connection_is_named_without_who_we_are_there() {
    let scene = require!(Scene::start(Some("ada:hunter2")));
    let folder = tempfile::tempdir().unwrap();
    let gone = ForwardProxy::start(Speaks::Http, scene.plane.pki(), None).unwrap().url("ada:hunter3");
    let mut told = Vec::new();
    let mut hidden = vec![(scene.port().to_owned(), "PORT")];
    for (proxy, name) in scene.proxies.iter().zip(["HTTP", "HTTPS", "SOCKS"]) {
        hidden.push((proxy.url("").split_once("://").unwrap().1.to_owned(), name));
    }
    hidden.push((gone.rsplit('@').next().unwrap().to_owned(), "GONE"));
    let right = scene.proxies.iter().map(|proxy| (proxy.url("ada:hunter2"), true));
    let wrong = scene.proxies.iter().map(|proxy| (proxy.url("ada:hunter3"), false));
    let nobody = scene.proxies.iter().map(|proxy| (proxy.url(""), false));
    for (url, admitted) in right.chain(wrong).chain(nobody).chain([(gone, false)]) {
        let connection = scene.kubeconfig(&case(NAME, "", &[]), folder.path());
        let proxies = Proxies::of(|name| (name == "HTTPS_PROXY").then(|| url.clone()));
        let limits = Limits { attempts: 1, ..LIMITS };
        let cluster = connect_among(&connection, limits, &proxies).await.unwrap();
        let result = cluster.identity().await;
        assert_eq!(result.is_ok(), admitted, "{url}");
        if let Err(error) = result {
            assert!(matches!(error, Error::Unreachable { reason: Unreached::Proxy, .. }), "{error:?}");
            let hidden: Vec<_> = hidden.iter().map(|(text, name)| (text.as_str(), *name)).collect();
            told.push(story(&error, &hidden));
        }
    }
    let told = told.join("\n");
    assert!(!told.contains("hunter"), "{told}");
    insta::assert_snapshot!("proxies", told);
}

/// A scheme that is none of a proxy's is an error, also in the environment, where kubectl takes it for HTTP.
#[tokio::test]
async fn an_address_of_a_proxy_that_is_none_is_told_without_being_shown() {
    let scene = require!(Scene::start(None));
    let folder = tempfile::tempdir().unwrap();
    let connection = scene.kubeconfig(&case(NAME, "", &[]), folder.path());
    let mut told = Vec::new();
    for address in
        ["ftp://ada:hunter2@proxy", "ada:hunter2@", "http://ada:hunter 2@proxy", "http://ada:hunter2@:3128"]
    {
        let proxies = Proxies::of(|name| (name == "HTTPS_PROXY").then(|| address.to_owned()));
        told.push(story(&connect_among(&connection, LIMITS, &proxies).await.unwrap_err(), &[]));
    }
    let told = told.join("\n");
    assert!(!told.contains("hunter"), "{told}");
    insta::assert_snapshot!("addresses_of_proxies", told);
}

/// What a plugin that asks for it is told about the cluster, by kubectl and by us.
#[tokio::test]
async fn a_plugin_is_told_what_kubectl_tells_it() {
    let scene = require!(Scene::start(None));
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        skip(module_path!(), "there is no kubectl");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = format!("https://localhost:{}", scene.port());
    fs::write(folder.path().join("ca.crt"), format!("The authority:\n{}", scene.plane.ca_pem())).unwrap();
    let script = "#!/bin/sh\nprintf %s \"$KUBERNETES_EXEC_INFO\" > \"$1\"\necho \"$2\"\n";
    program(&folder.path().join("plugin"), script);
    let extension = |value: Value| {
        json!([
            { "name": "example.com/other", "extension": { "is": "not for plugins" } },
            { "name": "client.authentication.k8s.io/exec", "extension": value },
        ])
    };
    let cases = [
        (true, json!({ "server": server, "certificate-authority": "ca.crt" })),
        (true, json!({ "server": format!("{server}/"), "insecure-skip-tls-verify": true })),
        (
            true,
            json!({ "server": server, "certificate-authority": "ca.crt",
            "extensions": extension(json!({ "audience": "a", "deep": [1, 1.5, { "b": null }] })) }),
        ),
        (
            true,
            json!({ "server": server, "certificate-authority-data": STANDARD.encode(scene.plane.ca_pem()),
            "tls-server-name": "localhost", "disable-compression": true,
            "proxy-url": scene.proxies[0].url("ada:password"), "extensions": extension(json!("text")) }),
        ),
        (
            false,
            json!({ "server": server, "certificate-authority": "ca.crt", "extensions": extension(json!({ "a": "b" })) }),
        ),
    ];
    let mut configured = 0;
    for (asks, cluster) in cases {
        for version in ["v1", "v1beta1"] {
            let version = format!("client.authentication.k8s.io/{version}");
            let credential = json!({ "apiVersion": version, "kind": "ExecCredential", "status": { "token": scene.plane.token() } });
            let info = |whose: &str| {
                let exec = json!({ "apiVersion": version, "command": "./plugin", "args": [folder.path().join(whose), credential.to_string()],
                    "interactiveMode": "Never", "provideClusterInfo": asks });
                let kubeconfig = json!({
                    "apiVersion": "v1", "kind": "Config", "current-context": "dev",
                    "clusters": [{ "name": "dev", "cluster": cluster }],
                    "users": [{ "name": "dev", "user": { "exec": exec } }],
                    "contexts": [{ "name": "dev", "context": { "cluster": "dev", "user": "dev" } }],
                });
                fs::write(folder.path().join("config"), kubeconfig.to_string()).unwrap();
                folder.path().join(whose)
            };
            let read = |path: &Path| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
            let theirs = info("theirs");
            let (answered, said) = scene.kubectl(&case("localhost", "", &[]), folder.path());
            assert!(answered, "{said}");
            let ours = info("ours");
            let connection = Connection::kubeconfig([folder.path().join("config")], None);
            scene.ours(&case("localhost", "", &[]), &connection).await.unwrap();
            assert_eq!(read(&ours), read(&theirs));
            configured += usize::from(!read(&ours)["spec"]["cluster"]["config"].is_null());
        }
    }
    assert_eq!(configured, 4, "each extension was seen in each version");
}
