//! What the tests share: a cluster with Flux's definitions, a folder with a provider block, a look at live objects.

use std::sync::OnceLock;

use kube::{
    Api,
    api::{DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams},
    discovery::ApiResource,
};
use serde_json::{Value, json};
use testutil::{
    ControlPlane, Error, GitServer, Helm, Repository, Shared, Size, Tofu, chart_server::ChartServer,
    faults::FaultyProxy, test_data, wait,
};

/// An API server with the definitions of Flux's kinds, and nobody who reconciles them.
pub fn api() -> Result<Shared, Error> {
    static READY: OnceLock<()> = OnceLock::new();
    let plane = ControlPlane::shared(Size::Api)?;
    test_data()?;
    READY.get_or_init(|| definitions(&plane).unwrap());
    Ok(plane)
}

/// Definitions of the Flux Operator's kinds, written for these tests.
const OPERATOR_CRDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testutil/data/operator-crds");

/// Makes a cluster serve Flux's kinds and those of its operator.
pub fn definitions(plane: &ControlPlane) -> Result<(), Error> {
    let data = test_data()?;
    for kind in flux::kinds::all() {
        let folder = match kind.controller {
            "flux-operator" => OPERATOR_CRDS.into(),
            _ => data.join("crds"),
        };
        let file = folder.join(format!("{}_{}.yaml", kind.group, kind.plural));
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        apply_as(plane, "test-setup", &serde_saphyr::from_str(&text).unwrap());
    }
    wait::until("Flux's definitions are served", std::time::Duration::from_secs(60), || {
        for kind in flux::kinds::all() {
            let listed = wait::block_on(async || {
                objects(plane, kind.name, "default").list(&ListParams::default()).await
            });
            listed.map_err(|error| format!("{}: {error}", kind.name))?;
        }
        Ok(())
    })
}

/// A cluster in which the real helm has installed the real flux2 chart, with the real controllers.
pub fn flux() -> Result<Shared, Error> {
    static READY: OnceLock<()> = OnceLock::new();
    let chart = test_data()?.join("charts/flux2-2.18.3.tgz");
    let plane = ControlPlane::shared(Size::Flux)?;
    let helm = Helm::new(&plane)?;
    READY.get_or_init(|| {
        helm.install("flux", &chart, "flux-system", &[]).unwrap();
    });
    Ok(plane)
}

/// A Git server that Flux in `plane` trusts, with one repository that holds a ConfigMap called `from-git`.
pub fn git(plane: &ControlPlane, namespace: &str) -> Result<(GitServer, Repository), Error> {
    let server = GitServer::start(plane.pki())?;
    let repository = server.repository("fleet");
    let config_map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-git\n  namespace: {namespace}\ndata:\n  greeting: hello\n"
    );
    repository.commit(&[("deploy/config-map.yaml", &config_map)], "the first greeting");
    Ok((server, repository))
}

/// A folder whose provider is connected to `plane`, with this configuration besides.
pub fn tofu(plane: &ControlPlane, configuration: &str) -> Result<Tofu, Error> {
    let tofu = unconnected(configuration)?.file("provider.tf", &provider_block(plane, ""));
    tofu.init().success();
    Ok(tofu)
}

/// A folder without a provider block.
pub fn unconnected(configuration: &str) -> Result<Tofu, Error> {
    Ok(Tofu::new()?
        .file(
            "versions.tf",
            "terraform {\n  required_providers {\n    fluxgate = { source = \"fluxgate/fluxgate\" }\n  }\n}\n",
        )
        .file("main.tf", configuration))
}

/// OpenTofu with a configuration and the provider connected through a proxy that counts and can do harm.
pub fn behind(proxy: &FaultyProxy, plane: &ControlPlane, configuration: &str) -> Result<Tofu, Error> {
    let kubeconfig = plane.kubeconfig().server(&proxy.url());
    let tofu = unconnected(configuration)?
        .file("provider.tf", "provider \"fluxgate\" {\n  kubernetes = { config_path = \"./config\" }\n}\n");
    tofu.write("config", &kubeconfig.to_string());
    tofu.init().success();
    Ok(tofu)
}

/// A provider block that is connected to `plane`, and holds `more` besides.
pub fn provider_block(plane: &ControlPlane, more: &str) -> String {
    format!(
        "provider \"fluxgate\" {{\n  kubernetes = {{ config_path = {} }}\n{more}\n}}\n",
        json!(plane.kubeconfig_path())
    )
}

/// A GitRepository called `app` that nobody waits for.
pub fn repository(namespace: &str, spec: &str) -> String {
    format!(
        r#"
resource "fluxgate_git_repository" "app" {{
  name      = "app"
  namespace = "{namespace}"
  wait      = false
  spec = {{
    url      = "https://example.com/app.git"
    interval = "1m"
    ref      = {{ branch = "main" }}
    {spec}
  }}
}}
"#
    )
}

/// A text as it would stand on one line, without the frame that tofu draws.
pub fn unfolded(text: &str) -> String {
    text.replace(['│', '╷', '╵'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An installation of flux2 as people write it, with `more` besides.
pub fn installation(charts: &ChartServer, version: &str, more: &str) -> String {
    format!(
        r#"
resource "fluxgate_install" "flux" {{
  name               = "flux"
  namespace          = "flux-system"
  repository         = "{}"
  repository_ca_file = {}
  chart              = "flux2"
  version            = "{version}"
  {more}
}}
"#,
        charts.url(),
        json!(charts.ca_file())
    )
}

fn resource(kind: &str) -> ApiResource {
    let (group, version, plural) = match kind {
        "ConfigMap" => ("", "v1", "configmaps"),
        "Namespace" => ("", "v1", "namespaces"),
        "Secret" => ("", "v1", "secrets"),
        "ServiceAccount" => ("", "v1", "serviceaccounts"),
        "Event" => ("", "v1", "events"),
        "Deployment" => ("apps", "v1", "deployments"),
        "ClusterRole" => ("rbac.authorization.k8s.io", "v1", "clusterroles"),
        "ClusterRoleBinding" => ("rbac.authorization.k8s.io", "v1", "clusterrolebindings"),
        "Role" => ("rbac.authorization.k8s.io", "v1", "roles"),
        "RoleBinding" => ("rbac.authorization.k8s.io", "v1", "rolebindings"),
        "CustomResourceDefinition" => ("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
        _ => match flux::kinds::all().iter().find(|known| known.name == kind) {
            Some(known) => (known.group, known.version, known.plural),
            None => panic!("the tests know no {kind}"),
        },
    };
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
}

/// The objects of a kind in a namespace.
pub fn objects(plane: &ControlPlane, kind: &str, namespace: &str) -> Api<DynamicObject> {
    match kind {
        "CustomResourceDefinition" | "Namespace" | "ClusterRole" | "ClusterRoleBinding" => {
            Api::all_with(plane.client(), &resource(kind))
        }
        _ => Api::namespaced_with(plane.client(), namespace, &resource(kind)),
    }
}

/// An object as it is in the cluster, `None` when it is not there.
pub fn live(plane: &ControlPlane, kind: &str, namespace: &str, name: &str) -> Option<Value> {
    wait::block_on(async || objects(plane, kind, namespace).get_opt(name).await.unwrap())
        .map(|object| serde_json::to_value(object).unwrap())
}

/// Applies an object as another field manager, by force.
pub fn apply_as(plane: &ControlPlane, manager: &str, object: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, namespace, name) =
        (text(&object["kind"]), text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
    wait::block_on(async || {
        objects(plane, &kind, &namespace)
            .patch(&name, &PatchParams::apply(manager).force(), &Patch::Apply(object))
            .await
            .unwrap();
    });
}

/// Merges a patch into an object as `kubectl patch` does.
pub fn patch(plane: &ControlPlane, kind: &str, namespace: &str, name: &str, patch: &Value) {
    let params = PatchParams { field_manager: Some("kubectl-patch".to_owned()), ..PatchParams::default() };
    wait::block_on(async || {
        objects(plane, kind, namespace).patch(name, &params, &Patch::Merge(patch)).await.unwrap();
    });
}

/// Deletes an object as `kubectl delete` does, without waiting.
pub fn delete(plane: &ControlPlane, kind: &str, namespace: &str, name: &str) {
    wait::block_on(async || {
        objects(plane, kind, namespace).delete(name, &Default::default()).await.unwrap();
    });
}
