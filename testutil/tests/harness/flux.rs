use std::time::{Duration, SystemTime};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use testutil::flux_controllers::FluxControllers;
use testutil::wait::{until, until_async};
use testutil::{ControlPlane, GitServer, Helm, Size, require, test_data};

const LIMIT: Duration = Duration::from_secs(120);

/// The controllers that run here, by name.
const ALL: [&str; 4] =
    ["helm-controller", "kustomize-controller", "notification-controller", "source-controller"];

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

/// Waits until the condition Ready has this status and words.
async fn wait_until_ready(api: &Api<DynamicObject>, name: &str, status: &str, words: &str) {
    until_async(&format!("{name} with Ready={status} and {words:?}"), LIMIT, async || {
        let object = api.get(name).await.map_err(|error| error.to_string())?;
        let conditions = object.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
        match ready.filter(|it| it["status"] == status).and_then(|it| it["message"].as_str()) {
            Some(message) if message.contains(words) => Ok(()),
            _ => Err(json!(conditions).to_string()),
        }
    })
    .await
    .unwrap();
}

/// Asks Flux to look now, as `flux reconcile` does.
async fn reconcile(api: &Api<DynamicObject>, name: &str) {
    let now = format!("{:?}", SystemTime::now());
    let annotations = json!({ "reconcile.fluxcd.io/requestedAt": now });
    let patch = Patch::Merge(json!({ "metadata": { "annotations": annotations } }));
    api.patch(name, &PatchParams::default(), &patch).await.unwrap();
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

fn names(flux: &FluxControllers) -> Vec<&'static str> {
    flux.running().into_iter().map(|(name, _)| name).collect()
}

fn wait_for_controllers(flux: &FluxControllers, wanted: &[&str]) {
    let check = || match names(flux) {
        names if names == wanted => Ok(()),
        names => Err(format!("{names:?}, {}", flux.logs())),
    };
    until(&format!("the controllers {wanted:?}"), LIMIT, check).unwrap();
}

async fn scale(client: kube::Client, deployment: &str, replicas: u8) {
    let deployments: Api<Deployment> = Api::namespaced(client, "flux-system");
    let patch = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
    deployments.patch_scale(deployment, &PatchParams::default(), &patch).await.unwrap();
}

#[tokio::test]
async fn real_flux_follows_its_chart_and_brings_what_is_in_git() {
    let chart = require!(test_data()).join("charts/flux2-2.18.3.tgz");
    let plane = require!(ControlPlane::start(Size::Flux));
    let helm = require!(Helm::new(&plane));
    let flux = plane.flux().unwrap();
    assert_eq!(names(flux), [""; 0], "nothing runs before the chart is installed");

    helm.install("flux", &chart, "flux-system", &[]).unwrap();
    wait_for_controllers(flux, &ALL);

    let server = GitServer::start(plane.pki()).unwrap();
    let app = server.repository("app");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-git\ndata:\n  word: hello\n";
    app.commit(&[("deploy/map.yaml", map)], "a ConfigMap");

    let namespace = plane.namespace("road");
    let repositories = objects(plane.client(), &namespace, "source", "GitRepository");
    let kustomizations = objects(plane.client(), &namespace, "kustomize", "Kustomization");
    let git = json!({ "url": app.url(), "interval": "1m", "ref": { "branch": "main" } });
    create(&repositories, "app", ("source", "GitRepository"), git).await;
    wait_until_ready(&repositories, "app", "True", "stored artifact").await;
    let source = json!({ "kind": "GitRepository", "name": "app" });
    let kustomization = json!({
        "sourceRef": source,
        "interval": "1m",
        "path": "./deploy",
        "prune": true,
        "targetNamespace": namespace,
    });
    create(&kustomizations, "app", ("kustomize", "Kustomization"), kustomization).await;
    wait_until_ready(&kustomizations, "app", "True", "Applied revision").await;

    let maps: Api<ConfigMap> = Api::namespaced(plane.client(), &namespace);
    let found = maps.get("from-git").await.unwrap();
    assert_eq!(found.data.unwrap_or_default().get("word").map(String::as_str), Some("hello"));
    assert!(!flux.logs().contains("forbidden"), "{}", flux.logs());

    // A controller runs as long as its Deployment has Pods.
    scale(plane.client(), "source-controller", 0).await;
    wait_for_controllers(flux, &ALL[..3]);
    scale(plane.client(), "source-controller", 1).await;
    wait_for_controllers(flux, &ALL);

    // It may do what the chart's ServiceAccount may do, and no more.
    let bindings: Api<ClusterRoleBinding> = Api::all(plane.client());
    let binding = bindings.get("cluster-reconciler").await.unwrap();
    bindings.delete("cluster-reconciler", &DeleteParams::default()).await.unwrap();
    let role =
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: from-git\nrules: []\n";
    let changed = app.commit(&[("deploy/role.yaml", role)], "a Role");
    reconcile(&repositories, "app").await;
    wait_until_ready(&repositories, "app", "True", &changed).await;
    wait_until_ready(&kustomizations, "app", "False", "forbidden").await;
    let binding = ClusterRoleBinding {
        metadata: ObjectMeta { name: binding.metadata.name, ..Default::default() },
        ..binding
    };
    bindings.create(&PostParams::default(), &binding).await.unwrap();
    reconcile(&kustomizations, "app").await;
    wait_until_ready(&kustomizations, "app", "True", &changed).await;

    delete(&kustomizations, "app").await;
    assert!(maps.get_opt("from-git").await.unwrap().is_none(), "what Git brought is pruned");
    delete(&repositories, "app").await;
    helm.uninstall("flux", "flux-system").unwrap();
    wait_for_controllers(flux, &[]);
}
