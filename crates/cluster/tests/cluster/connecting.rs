//! Each way of saying which cluster and who: it reaches the real one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use cluster::{Cluster, Connection, Direct, Error, Exec, Limits, Secret, connect};
use serde_json::{Value, json};
use testutil::{
    ControlPlane, Kubeconfig, Size, User, faults,
    forward_proxy::{ForwardProxy, Speaks},
    pki::Identity,
    require,
};
use tokio_util::sync::CancellationToken;

use crate::{
    arrange::{LIMITS, SHORT, admin, program, story},
    proxy::{Fate, Proxy},
};

async fn opened(connection: &Connection) -> Cluster {
    connect(connection, LIMITS).await.unwrap()
}

/// The cluster answers to who we are there.
async fn answers(connection: &Connection) -> bool {
    opened(connection).await.identity().await.is_ok()
}

fn by_token(plane: &ControlPlane) -> Direct {
    Direct {
        host: plane.server().to_owned(),
        token: Some(plane.token().into()),
        cluster_ca_certificate: Some(plane.ca_pem()),
        ..Direct::default()
    }
}

fn certificate(plane: &ControlPlane) -> Identity {
    plane.pki().client_certificate("somebody", Some("system:masters")).unwrap()
}

#[tokio::test]
async fn a_kubeconfig_connects_by_its_current_context() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = opened(&Connection::kubeconfig([plane.kubeconfig_path()], None)).await;
    assert!(!cluster.identity().await.unwrap().uid().is_empty());
    assert_eq!((cluster.server(), cluster.context()), (plane.server(), Some("fluxgate-test")));
}

#[tokio::test]
async fn a_context_is_chosen_by_its_name() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let elsewhere = Kubeconfig::new("https://10.255.255.1", None, User::Anonymous).context("elsewhere");
    let mut kubeconfig = elsewhere.to_value();
    let here = plane.kubeconfig().context("here").namespace("apps").to_value();
    for list in ["clusters", "users", "contexts"] {
        let entries = here[list].as_array().unwrap().clone();
        kubeconfig[list].as_array_mut().unwrap().extend(entries);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "config", &kubeconfig);

    let cluster = opened(&Connection::kubeconfig([path], Some("here"))).await;
    assert!(cluster.identity().await.is_ok());
    assert_eq!(cluster.default_namespace(), Some("apps"));
}

#[tokio::test]
async fn entries_of_several_files_make_one_kubeconfig_and_the_first_wins() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let whole = plane.kubeconfig().context("dev").to_value();
    let wrong = Kubeconfig::new("https://10.255.255.1", None, User::Anonymous).context("dev").to_value();
    let folder = tempfile::tempdir().unwrap();
    let paths = [
        folder.path().join("does-not-exist"),
        written(
            folder.path(),
            "contexts",
            &json!({ "contexts": whole["contexts"], "current-context": "dev" }),
        ),
        written(folder.path(), "entries", &json!({ "clusters": whole["clusters"], "users": whole["users"] })),
        written(folder.path(), "wrong", &wrong),
    ];
    assert!(answers(&Connection::kubeconfig(paths, None)).await);
}

#[tokio::test]
async fn cluster_and_user_can_be_others_than_the_context_names() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let mut kubeconfig = plane.kubeconfig().context("dev").to_value();
    kubeconfig["contexts"] = json!([{ "name": "dev", "context": { "cluster": "gone", "user": "gone" } }]);
    let folder = tempfile::tempdir().unwrap();
    let choice = cluster::Kubeconfig {
        paths: vec![written(folder.path(), "config", &kubeconfig)],
        cluster: Some("dev".to_owned()),
        user: Some("dev".to_owned()),
        ..cluster::Kubeconfig::default()
    };
    assert!(answers(&Connection::Kubeconfig(choice)).await);
}

#[tokio::test]
async fn files_that_a_kubeconfig_names_are_found_beside_it() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let folder = tempfile::tempdir().unwrap();
    let identity = certificate(&plane);
    for (name, text) in
        [("ca.crt", &plane.ca_pem()), ("a.crt", &identity.certificate_pem), ("a.key", &identity.key_pem)]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::write(folder.path().join("token"), plane.token()).unwrap();
    for user in
        [json!({ "client-certificate": "a.crt", "client-key": "a.key" }), json!({ "tokenFile": "token" })]
    {
        let mut kubeconfig = plane.kubeconfig().to_value();
        kubeconfig["clusters"][0]["cluster"] =
            json!({ "server": plane.server(), "certificate-authority": "ca.crt" });
        kubeconfig["users"][0]["user"] = user;
        let path = written(folder.path(), "config", &kubeconfig);
        assert!(answers(&Connection::kubeconfig([path], None)).await);
    }
}

#[tokio::test]
async fn a_client_certificate_in_a_kubeconfig_connects() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let kubeconfig = plane.kubeconfig().user(User::Certificate(certificate(&plane)));
    assert!(answers(&Connection::kubeconfig([plane.write_kubeconfig(&kubeconfig)], None)).await);
}

#[tokio::test]
async fn a_host_with_a_token_connects() {
    let plane = require!(ControlPlane::shared(Size::Api));
    assert!(answers(&Connection::direct(by_token(&plane))).await);
}

#[tokio::test]
async fn certificates_are_taken_as_pem_and_as_base64_of_it() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let identity = certificate(&plane);
    let as_is: fn(&str) -> String = str::to_owned;
    let packed: fn(&str) -> String = |text| STANDARD.encode(text);
    for form in [as_is, packed] {
        let direct = Direct {
            host: plane.server().to_owned(),
            cluster_ca_certificate: Some(form(&plane.ca_pem())),
            client_certificate: Some(form(&identity.certificate_pem)),
            client_key: Some(form(&identity.key_pem).into()),
            ..Direct::default()
        };
        assert!(answers(&Connection::direct(direct)).await);
    }
}

#[tokio::test]
async fn the_name_in_the_certificate_can_be_given() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let named = |name: &str| Direct { tls_server_name: Some(name.to_owned()), ..by_token(&plane) };
    assert!(answers(&Connection::direct(named("localhost"))).await);
    let error =
        opened(&Connection::direct(named("kubernetes.example.com"))).await.identity().await.unwrap_err();
    insta::assert_snapshot!("another_name", story(&error, &[(plane.server(), "SERVER")]));
}

#[tokio::test]
async fn an_insecure_connection_takes_any_certificate() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let direct = Direct { insecure: true, cluster_ca_certificate: None, ..by_token(&plane) };
    assert!(answers(&Connection::direct(direct)).await);
}

#[tokio::test]
async fn connecting_makes_no_request() {
    let host = faults::nobody().unwrap();
    let exec = Exec {
        api_version: "client.authentication.k8s.io/v1".to_owned(),
        command: "no-such-program".to_owned(),
        ..Exec::default()
    };
    let direct = Direct { host, exec: Some(exec), ..Direct::default() };
    assert_eq!(opened(&Connection::direct(direct)).await.requests(), 0);
}

#[tokio::test]
async fn two_control_planes_have_two_identities_and_one_is_not_taken_for_the_other() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let other = require!(ControlPlane::start(Size::Api));
    let (cluster, other) = (admin(&plane).await, admin(&other).await);
    let recorded = cluster.identity().await.unwrap().uid().to_owned();
    cluster.expect_identity(&recorded).await.unwrap();
    let error = other.expect_identity(&recorded).await.unwrap_err();
    let found = other.identity().await.unwrap().uid();
    insta::assert_snapshot!(
        "wrong_cluster",
        story(&error, &[(other.server(), "SERVER"), (&recorded, "RECORDED"), (found, "FOUND")])
    );
}

#[tokio::test]
async fn the_identity_is_asked_for_once() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    for _ in 0..3 {
        cluster.clone().identity().await.unwrap();
    }
    assert_eq!(cluster.requests(), 1);
}

#[tokio::test]
async fn neither_a_connection_nor_a_cluster_shows_a_credential() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let connection = Connection::direct(Direct {
        client_key: Some("-----BEGIN PRIVATE KEY-----".into()),
        exec: Some(Exec { env: [("PASSWORD".to_owned(), Secret::new("hunter2"))].into(), ..Exec::default() }),
        ..by_token(&plane)
    });
    let shown = format!("{connection:?} {:?}", admin(&plane).await);
    assert!(!shown.contains(plane.token()) && !shown.contains("PRIVATE KEY") && !shown.contains("hunter2"));
}

/// A credential plugin: a shell script that also notes each of its runs.
struct Plugin {
    folder: tempfile::TempDir,
}

impl Plugin {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugin");
        let runs = folder.path().join("runs");
        program(&path, &format!("#!/bin/sh\necho run >> {}\n{script}\n", runs.display()));
        Self { folder }
    }

    /// A plugin that prints a credential.
    fn printing(status: &Value) -> Self {
        let credential = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": status,
        });
        Self::new(&format!("cat <<'END'\n{credential}\nEND"))
    }

    fn exec(&self) -> Exec {
        Exec {
            api_version: "client.authentication.k8s.io/v1".to_owned(),
            command: self.folder.path().join("plugin").to_string_lossy().into_owned(),
            ..Exec::default()
        }
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.folder.path().join("runs")).unwrap_or_default().lines().count()
    }

    fn on(&self, plane: &ControlPlane) -> Direct {
        Direct { token: None, exec: Some(self.exec()), ..by_token(plane) }
    }

    async fn refused(&self, plane: &ControlPlane, limits: Limits) -> String {
        let error =
            connect(&Connection::direct(self.on(plane)), limits).await.unwrap().identity().await.unwrap_err();
        assert!(matches!(error, Error::Credential { .. }));
        story(&error, &[(plane.server(), "SERVER"), (&self.folder.path().to_string_lossy(), "FOLDER")])
    }
}

#[tokio::test]
async fn a_plugin_in_a_kubeconfig_gives_the_token() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let user = User::Exec {
        command: "sh".to_owned(),
        args: vec![
            "-c".to_owned(),
            r#"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$TOKEN'"}}'"#
                .to_owned(),
        ],
        env: vec![("TOKEN".to_owned(), plane.token().to_owned())],
    };
    let path = plane.write_kubeconfig(&plane.kubeconfig().user(user));
    assert!(answers(&Connection::kubeconfig([path], None)).await);
}

#[tokio::test]
async fn a_plugin_gives_a_client_certificate() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let identity = certificate(&plane);
    let plugin = Plugin::printing(
        &json!({ "clientCertificateData": identity.certificate_pem, "clientKeyData": identity.key_pem }),
    );
    assert!(answers(&Connection::direct(plugin.on(&plane))).await);
}

#[tokio::test]
async fn a_plugin_runs_once_while_its_credential_lasts() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let lasting =
        Plugin::printing(&json!({ "token": plane.token(), "expirationTimestamp": "2999-01-01T00:00:00Z" }));
    let cluster = opened(&Connection::direct(lasting.on(&plane))).await;
    assert_eq!(lasting.runs(), 0);
    for name in ["default", "kube-system", "kube-public"] {
        cluster.get(&cluster::Target::namespace(name)).await.unwrap();
    }
    assert_eq!(lasting.runs(), 1);
}

#[tokio::test]
async fn an_expired_credential_is_renewed_before_it_is_used() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let expired =
        Plugin::printing(&json!({ "token": plane.token(), "expirationTimestamp": "2020-01-01T00:00:00Z" }));
    let cluster = opened(&Connection::direct(expired.on(&plane))).await;
    for name in ["default", "kube-system"] {
        cluster.get(&cluster::Target::namespace(name)).await.unwrap();
    }
    assert_eq!(expired.runs(), 2);
}

#[tokio::test]
async fn a_refused_credential_of_a_plugin_is_renewed_once() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let refused = Plugin::printing(&json!({ "token": "revoked" }));
    let cluster = opened(&Connection::direct(refused.on(&plane))).await;
    assert!(matches!(cluster.identity().await.unwrap_err(), Error::Unauthorized { .. }));
    assert_eq!((refused.runs(), cluster.requests()), (2, 2));
}

#[tokio::test]
async fn a_plugin_is_told_about_the_cluster_when_it_asks() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let plugin = Plugin::new(r#"printf %s "$KUBERNETES_EXEC_INFO" > "$(dirname "$0")/info"; exit 1"#);
    let mut direct = plugin.on(&plane);
    direct.exec.as_mut().unwrap().provide_cluster_info = true;
    opened(&Connection::direct(direct)).await.identity().await.unwrap_err();
    let info = fs::read_to_string(plugin.folder.path().join("info")).unwrap();
    let mut info: Value = serde_json::from_str(&info).unwrap();
    assert_eq!(info["spec"]["cluster"]["server"].take(), plane.server());
    assert_ne!(info["spec"]["cluster"]["certificate-authority-data"].take(), Value::Null);
    assert_eq!(info["spec"]["interactive"], false);
}

#[tokio::test]
async fn a_plugin_that_gives_no_credential_is_told_with_its_own_words() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let mut told = vec![
        Plugin::new("echo 'you are not logged in' >&2; exit 3").refused(&plane, LIMITS).await,
        Plugin::new("echo secret-token").refused(&plane, LIMITS).await,
        Plugin::printing(&json!({})).refused(&plane, LIMITS).await,
    ];
    let missing = Plugin::new("");
    fs::remove_file(missing.folder.path().join("plugin")).unwrap();
    told.push(missing.refused(&plane, LIMITS).await);
    let hanging = Plugin::new("exec sleep 600");
    told.push(hanging.refused(&plane, Limits { request: SHORT, ..LIMITS }).await);
    let told = told.join("\n");
    assert!(!told.contains("secret-token"));
    insta::assert_snapshot!("plugins", told);
}

#[tokio::test]
async fn a_request_to_stop_ends_a_plugin_that_hangs() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let hanging = Plugin::new("exec sleep 600");
    let cluster = opened(&Connection::direct(hanging.on(&plane))).await;
    let stop = CancellationToken::new();
    let stopping = cluster.until(&stop);
    let (answered, ()) = tokio::join!(stopping.identity(), async {
        tokio::time::sleep(SHORT).await;
        stop.cancel();
    });
    assert!(matches!(answered.unwrap_err(), Error::Cancelled { .. }));
}

#[tokio::test]
async fn requests_go_through_a_proxy_that_is_given() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let proxy = require!(ForwardProxy::start(Speaks::Http, plane.pki(), None));
    let url = || Some(proxy.url("").into());
    assert!(answers(&Connection::direct(Direct { proxy_url: url(), ..by_token(&plane) })).await);
    let choice = cluster::Kubeconfig {
        paths: vec![plane.kubeconfig_path().to_owned()],
        proxy_url: url(),
        ..cluster::Kubeconfig::default()
    };
    assert!(answers(&Connection::Kubeconfig(choice)).await);
    let server = plane.server()["https://".len()..].to_owned();
    assert_eq!(proxy.asked(), [server.clone(), server]);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_as_it_says() {
    let plane = require!(ControlPlane::shared(Size::Api));
    for code in [429, 500, 502, 503, 504] {
        let proxy = Proxy::start(&plane, move |number, _| match number {
            1 | 2 => Fate::Answer(code, vec![("retry-after", "0".to_owned())], "busy".to_owned()),
            _ => Fate::Pass,
        })
        .await;
        let cluster = proxy.cluster().await;
        cluster.identity().await.unwrap();
        assert_eq!((cluster.requests(), proxy.asked().len()), (3, 3));
    }
}

#[tokio::test]
async fn a_read_whose_answer_is_lost_is_sent_again() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let proxy =
        Proxy::start(&plane, |number, _| if number == 1 { Fate::LoseAnswer } else { Fate::Pass }).await;
    proxy.cluster().await.identity().await.unwrap();
    assert_eq!(proxy.asked().len(), 2);
}

fn written(folder: &Path, name: &str, text: &Value) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text.to_string()).unwrap();
    path
}
