use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node, Pod};
use kube::Api;
use kube::api::{DeleteParams, ListParams, PostParams};
use serde_json::json;
use testutil::wait::{block_on, until_async};
use testutil::{ControlPlane, Kubeconfig, Pki, Size, User, require};

const LIMIT: Duration = Duration::from_secs(120);

/// Lists the namespaces and returns the HTTP status: 200 when that is allowed.
async fn status_of(kubeconfig: &Kubeconfig) -> u16 {
    let namespaces: Api<Namespace> = Api::all(kubeconfig.client().unwrap());
    match namespaces.list(&ListParams::default()).await {
        Ok(_) => 200,
        Err(kube::Error::Api(status)) => status.code,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn the_api_takes_objects() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let maps: Api<ConfigMap> = Api::namespaced(plane.client(), &plane.namespace("objects"));
    let map = json!({ "metadata": { "name": "words" }, "data": { "one": "two" } });
    maps.create(&PostParams::default(), &serde_json::from_value(map).unwrap()).await.unwrap();
    let found = maps.get("words").await.unwrap();
    assert_eq!(found.data, Some(BTreeMap::from([("one".into(), "two".into())])));
}

#[tokio::test]
async fn the_pinned_version_is_the_one_that_answers() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let version = plane.client().apiserver_version().await.unwrap();
    assert_eq!(version.git_version, format!("v{}", testutil::tools::Tool::ControlPlane.version()));
}

#[tokio::test]
async fn only_listed_clients_get_in() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let kubeconfig = plane.kubeconfig();
    assert_eq!(status_of(&kubeconfig).await, 200);
    assert_eq!(status_of(&kubeconfig.clone().token("unlisted")).await, 401);
    assert_eq!(status_of(&kubeconfig.clone().token(plane.unprivileged_token())).await, 403);
    assert_eq!(status_of(&kubeconfig.user(User::Anonymous)).await, 403);
}

#[tokio::test]
async fn client_certificates_count_when_our_authority_signed_them() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let certificate = |pki: &Pki, group| {
        let identity = pki.client_certificate("somebody", group).unwrap();
        plane.kubeconfig().user(User::Certificate(identity))
    };
    assert_eq!(status_of(&certificate(plane.pki(), Some("system:masters"))).await, 200);
    assert_eq!(status_of(&certificate(plane.pki(), None)).await, 403);
    assert_eq!(status_of(&certificate(&Pki::new().unwrap(), Some("system:masters"))).await, 401);
}

#[tokio::test]
async fn a_program_can_give_the_token() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": { "token": plane.token() },
    });
    let args = vec!["-c".into(), r#"printf %s "$CREDENTIAL""#.into()];
    let env = vec![("CREDENTIAL".into(), credential.to_string())];
    let user = User::Exec { command: "/bin/sh".into(), args, env };
    assert_eq!(status_of(&plane.kubeconfig().user(user)).await, 200);
}

#[tokio::test]
async fn a_client_trusts_our_authority_only() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let kubeconfig = plane.kubeconfig().ca_pem(&Pki::new().unwrap().ca_pem());
    let answer = kubeconfig.client().unwrap().apiserver_version().await;
    let story = format!("{:?}", answer.unwrap_err());
    assert!(story.contains("InvalidCertificate"), "{story}");
}

#[test]
fn a_written_kubeconfig_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let plane = require!(ControlPlane::shared(Size::Api));
    let path = plane.write_kubeconfig(&plane.kubeconfig().context("other").namespace("apps"));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let read = kube::config::Kubeconfig::read_from(&path).unwrap();
    assert_eq!(read.current_context.as_deref(), Some("other"));
}

#[tokio::test]
async fn a_service_account_has_a_token_and_no_rights() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let namespace = plane.namespace("account");
    let token = plane.issue_token(&namespace, "default").unwrap();
    assert_eq!(status_of(&plane.kubeconfig().token(&token)).await, 403);
    let error = plane.issue_token(&namespace, "missing").unwrap_err();
    assert!(format!("{error:?}").contains("not found"), "{error:?}");
}

#[tokio::test]
async fn a_deployment_becomes_available() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let namespace = plane.namespace("deployment");
    let deployment = json!({
        "metadata": { "name": "web" },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "registry.invalid/web:1" }] },
            },
        },
    });
    let deployments: Api<Deployment> = Api::namespaced(plane.client(), &namespace);
    deployments.create(&PostParams::default(), &serde_json::from_value(deployment).unwrap()).await.unwrap();
    until_async("two available Pods", LIMIT, async || {
        let status = deployments.get("web").await.map_err(|error| error.to_string())?.status;
        match status.as_ref().and_then(|status| status.available_replicas) {
            Some(2) => Ok(()),
            _ => Err(format!("{status:?}")),
        }
    })
    .await
    .unwrap();
    let pods: Api<Pod> = Api::namespaced(plane.client(), &namespace);
    let pods = pods.list(&ListParams::default()).await.unwrap();
    let nodes: Vec<_> = pods.items.into_iter().filter_map(|pod| pod.spec?.node_name).collect();
    assert_eq!(nodes, ["node-1", "node-1"]);
}

#[tokio::test]
async fn a_deleted_namespace_goes_away_with_its_objects() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let name = plane.namespace("goes");
    let maps: Api<ConfigMap> = Api::namespaced(plane.client(), &name);
    let map = json!({ "metadata": { "name": "held" } });
    maps.create(&PostParams::default(), &serde_json::from_value(map).unwrap()).await.unwrap();
    let namespaces: Api<Namespace> = Api::all(plane.client());
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    until_async("the end of the namespace", LIMIT, async || match namespaces.get_opt(&name).await {
        Ok(None) => Ok(()),
        found => Err(format!("{found:?}")),
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn namespaces_are_the_callers_own() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let names = [plane.namespace("own"), plane.namespace("own")];
    assert_ne!(names[0], names[1]);
    assert!(names.iter().all(|name| name.starts_with("own-")), "{names:?}");
}

#[test]
fn two_control_planes_run_at_once() {
    let starts = [(); 2].map(|()| std::thread::spawn(|| ControlPlane::start(Size::Api)));
    let planes = starts.map(|start| start.join().unwrap());
    let [Ok(one), Ok(two)] = planes else {
        let [one, two] = planes;
        require!(one.and(two));
        return;
    };
    assert_ne!(one.server(), two.server());
    let has = |plane: &ControlPlane, name: &str| {
        block_on(async || Api::<Namespace>::all(plane.client()).get_opt(name).await).unwrap().is_some()
    };
    let name = one.namespace("only-in-one");
    assert!(has(&one, &name) && !has(&two, &name));
    drop(one);
    assert!(has(&two, "default"));
}

#[tokio::test]
async fn the_node_takes_pods() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let nodes = Api::<Node>::all(plane.client()).list(&ListParams::default()).await.unwrap();
    let names: Vec<_> = nodes.items.into_iter().filter_map(|node| node.metadata.name).collect();
    assert_eq!(names, ["node-1"]);
}
