use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, PostParams};
use serde_json::{Value, json};
use testutil::wait::{until, until_async};
use testutil::{ControlPlane, GitServer, Helm, Size, require, test_data};

const LIMIT: Duration = Duration::from_secs(120);

/// The Flux objects of one kind in a namespace.
fn objects(client: kube::Client, namespace: &str, group: &str, kind: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk(&format!("{group}.toolkit.fluxcd.io"), "v1", kind);
    Api::namespaced_with(client, namespace, &ApiResource::from_gvk(&kind))
}

async fn create(api: &Api<DynamicObject>, name: &str, kind: (&str, &str), spec: Value) {
    let (group, kind) = kind;
    let object = json!({
        "apiVersion": format!("{group}.toolkit.fluxcd.io/v1"),
        "kind": kind,
        "metadata": { "name": name },
        "spec": spec,
    });
    api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
}

async fn wait_until_ready(api: &Api<DynamicObject>, name: &str) {
    until_async(&format!("{name} to be Ready"), LIMIT, async || {
        let object = api.get(name).await.map_err(|error| error.to_string())?;
        let conditions = object.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
        match conditions.iter().any(|it| it["type"] == "Ready" && it["status"] == "True") {
            true => Ok(()),
            false => Err(json!(conditions).to_string()),
        }
    })
    .await
    .unwrap();
}

async fn delete(api: &Api<DynamicObject>, name: &str) {
    api.delete(name, &DeleteParams::default()).await.unwrap();
    until_async(&format!("the end of {name}"), LIMIT, async || match api.get_opt(name).await {
        Ok(None) => Ok(()),
        found => Err(format!("{found:?}")),
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn real_flux_follows_its_chart_and_brings_what_is_in_git() {
    let chart = require!(test_data()).join("charts/flux2-2.18.3.tgz");
    let plane = require!(ControlPlane::start(Size::Flux));
    let helm = require!(Helm::new(&plane));
    let flux = plane.flux().unwrap();
    assert_eq!(flux.running(), [], "nothing runs before the chart is installed");

    helm.install("flux", &chart, "flux-system", &[]).unwrap();
    let controllers = || {
        let names: Vec<_> = flux.running().into_iter().map(|(name, _)| name).collect();
        match names[..] {
            ["kustomize-controller", "source-controller"] => Ok(()),
            _ => Err(format!("{names:?}")),
        }
    };
    until("both controllers", LIMIT, controllers).unwrap();

    let server = GitServer::start(plane.pki()).unwrap();
    let app = server.repository("app");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-git\ndata:\n  word: hello\n";
    app.commit(&[("deploy/map.yaml", map)], "a ConfigMap");

    let namespace = plane.namespace("road");
    let repositories = objects(plane.client(), &namespace, "source", "GitRepository");
    let kustomizations = objects(plane.client(), &namespace, "kustomize", "Kustomization");
    let git = json!({ "url": app.url(), "interval": "1m", "ref": { "branch": "main" } });
    create(&repositories, "app", ("source", "GitRepository"), git).await;
    wait_until_ready(&repositories, "app").await;
    let source = json!({ "kind": "GitRepository", "name": "app" });
    let kustomization = json!({
        "sourceRef": source,
        "interval": "1m",
        "path": "./deploy",
        "prune": true,
        "targetNamespace": namespace,
    });
    create(&kustomizations, "app", ("kustomize", "Kustomization"), kustomization).await;
    wait_until_ready(&kustomizations, "app").await;

    let maps: Api<ConfigMap> = Api::namespaced(plane.client(), &namespace);
    let found = maps.get("from-git").await.unwrap();
    assert_eq!(found.data.unwrap_or_default().get("word").map(String::as_str), Some("hello"));
    assert!(!flux.logs().contains("forbidden"), "{}", flux.logs());

    delete(&kustomizations, "app").await;
    assert!(maps.get_opt("from-git").await.unwrap().is_none(), "what Git brought is pruned");
    delete(&repositories, "app").await;

    helm.uninstall("flux", "flux-system").unwrap();
    let ended = || match flux.running() {
        running if running.is_empty() => Ok(()),
        running => Err(format!("{running:?}")),
    };
    until("the end of the controllers", LIMIT, ended).unwrap();
}
