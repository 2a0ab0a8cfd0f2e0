//! What the tests begin with: a cluster with Flux's CustomResourceDefinitions, objects, and the part of a controller.

use std::{
    error::Error as StdError, fmt::Write, fs, os::unix::fs::PermissionsExt, path::Path, process::Command,
    time::Duration,
};

use cluster::{
    ApplyRequest, Cluster, Condition, Connection, Limits, Progress, Resource, Target, Wait, connect,
};
use flux::kinds::{Kind, by_kind};
use http::Request;
use serde_json::{Value, json};
use testutil::{ControlPlane, Shared, Size, test_data};
use tokio::sync::OnceCell;

/// The field manager of the products.
pub const US: &str = "fluxgate";

/// Long enough for anything that is to happen.
pub const LONG: Duration = Duration::from_secs(60);

/// Long enough to see that something does not happen.
pub const SHORT: Duration = Duration::from_millis(800);

pub const LIMITS: Limits =
    Limits { connect: Duration::from_secs(5), request: Duration::from_secs(20), attempts: 6, in_flight: 50 };

/// The shared control plane with the CustomResourceDefinitions of the test data, and a connection to it.
pub async fn flux() -> Result<(Shared, Cluster), testutil::Error> {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    let plane = ControlPlane::shared(Size::Api)?;
    let folder = test_data()?.join("crds");
    let cluster = admin(&plane).await;
    INSTALLED.get_or_init(|| install_crds(&cluster, &folder)).await;
    // What the installing used is no part of the measurement.
    let cluster = admin(&plane).await;
    Ok((plane, cluster))
}

async fn install_crds(cluster: &Cluster, folder: &std::path::Path) {
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        install_crd(cluster, serde_saphyr::from_str(&text).unwrap()).await;
    }
}

/// Installs a CustomResourceDefinition and waits until its kind is served.
pub async fn install_crd(cluster: &Cluster, crd: Value) {
    let applied = cluster.apply(&ApplyRequest::new(crd, "test")).await.unwrap();
    let name = applied.object["metadata"]["name"].as_str().unwrap();
    let target = Target::new(Resource::custom_resource_definition(), "", name);
    let established = Condition::new("established", |object| {
        let conditions = object.map(cluster::conditions_of).unwrap_or_default();
        match conditions.iter().any(|it| it.kind == "Established" && it.status == "True") {
            true => Progress::Done,
            false => Progress::Pending("is not served".to_owned()),
        }
    });
    cluster.wait(&Wait::new(&target, established, LONG).from(applied.object)).await.unwrap();
}

/// A connection with the administrator's kubeconfig.
pub async fn admin(plane: &ControlPlane) -> Cluster {
    connect(&Connection::kubeconfig([plane.kubeconfig_path()], None), LIMITS).await.unwrap()
}

pub fn git_repository_kind() -> &'static Kind {
    by_kind("source.toolkit.fluxcd.io", "GitRepository").unwrap()
}

/// A GitRepository as the provider would state it.
pub fn git_repository(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": { "namespace": namespace, "name": name },
        "spec": { "interval": "1m", "url": "https://example.com/repository" },
    })
}

pub fn git_repository_target(namespace: &str, name: &str) -> Target {
    Target::new(git_repository_kind(), namespace, name)
}

/// Applies an object as the products do.
pub async fn applied(cluster: &Cluster, object: &Value) -> Value {
    cluster.apply(&ApplyRequest::new(object.clone(), US)).await.unwrap().object
}

/// Somebody else: changes objects the way controllers and kubectl do.
pub struct Other {
    client: kube::Client,
    manager: &'static str,
}

impl Other {
    pub fn named(plane: &ControlPlane, manager: &'static str) -> Self {
        Self { client: plane.client(), manager }
    }

    /// Changes an object by a merge patch, as `kubectl patch` does.
    pub async fn patch(&self, target: &Target, patch: Value) -> Value {
        self.send("PATCH", &path(target), "application/merge-patch+json", patch).await
    }

    /// Writes a status, as the object's controller does.
    pub async fn status(&self, target: &Target, status: Value) -> Value {
        let patch = json!({ "status": status });
        self.send("PATCH", &format!("{}/status", path(target)), "application/merge-patch+json", patch).await
    }

    /// Applies an object by server-side apply.
    pub async fn apply(&self, target: &Target, object: Value) -> Value {
        self.send("PATCH", &path(target), "application/apply-patch+yaml", object).await
    }

    pub async fn create(&self, resource: &Resource, namespace: &str, object: Value) -> Value {
        let target = Target::new(resource.clone(), namespace, "");
        self.send("POST", path(&target).trim_end_matches('/'), "application/json", object).await
    }

    pub async fn delete(&self, target: &Target) {
        self.send("DELETE", &path(target), "application/json", json!({})).await;
    }

    /// Takes an object's finalizers away, as its controller does in the end.
    pub async fn release(&self, target: &Target) {
        self.patch(target, json!({ "metadata": { "finalizers": null } })).await;
    }

    async fn send(&self, method: &str, path: &str, content_type: &str, body: Value) -> Value {
        let manager = match method {
            "DELETE" => String::new(),
            _ => format!("?fieldManager={}", self.manager),
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}{manager}"))
            .header("content-type", content_type)
            .body(body.to_string().into_bytes())
            .unwrap();
        self.client.request(request).await.unwrap()
    }
}

fn path(target: &Target) -> String {
    let Target { resource, namespace, name } = target;
    let root = if resource.group.is_empty() { "/api" } else { "/apis" };
    let namespace = namespace.as_ref().map(|it| format!("/namespaces/{it}")).unwrap_or_default();
    format!("{root}/{}{namespace}/{}/{name}", resource.api_version(), resource.plural)
}

/// The status of an object whose condition Ready has this value for its generation.
pub fn ready_status(object: &Value, status: &str, reason: &str, message: &str) -> Value {
    let generation = object["metadata"]["generation"].as_i64().unwrap();
    json!({
        "observedGeneration": generation,
        "conditions": [{
            "type": "Ready",
            "status": status,
            "reason": reason,
            "message": message,
            "observedGeneration": generation,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }],
    })
}

/// An error with all its causes, one a line, and the texts that differ from run to run replaced.
pub fn story(error: &dyn StdError, hidden: &[(&str, &str)]) -> String {
    let mut story = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        write!(story, "\n  because: {error}").unwrap();
        source = error.source();
    }
    for (text, name) in hidden {
        story = story.replace(text, name);
    }
    story
}

/// Writes a program. Another one does the writing: a child that a test starts at that moment would have the file open for writing
/// as well, and such a file cannot be run.
pub fn program(path: &Path, text: &str) {
    let draft = path.with_extension("draft");
    fs::write(&draft, text).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(Command::new("cp").args([&draft, path]).status().unwrap().success());
}
