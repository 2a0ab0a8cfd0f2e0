//! Uninstalls.

use cluster::{Resource, Target};
use release::{Error, Progress, UninstallRequest, uninstall};
use serde_json::json;
use testutil::{ControlPlane, Helm, Size, require};
use tokio_util::sync::CancellationToken;

use crate::arrange::{Setup, TestChart, admin, get, namespace_stays, remove};

const GIT_REPOSITORY: (&str, &str, &str, &str) =
    ("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories");

fn git_repositories() -> Resource {
    let (group, version, kind, plural) = GIT_REPOSITORY;
    Resource::new(group, version, kind, plural, true)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_helm_installed_we_can_uninstall_and_finalizers_are_not_stranded() {
    let plane = require!(ControlPlane::start(Size::Nodes));
    let helm = require!(Helm::new(&plane));
    let chart = require!(TestChart::flux2("2.18.3"));
    let cluster = admin(&plane).await;
    helm.install("flux", &chart.path, "flux-system", &[]).unwrap();
    let namespace = plane.namespace("team");
    let repository = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": { "namespace": namespace, "name": "held", "finalizers": ["finalizers.fluxcd.io"] },
        "spec": { "interval": "1m", "url": "https://example.com/repository" },
    });
    cluster.create(&repository, "kubectl").await.unwrap();

    let mut request = UninstallRequest { keep_crds: false, ..UninstallRequest::new("flux", "flux-system") };
    let (cancel, progress) = (CancellationToken::new(), Progress::silent());
    let error = uninstall(&cluster, &request, &cancel, &progress).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "1 object with finalizers remain, which nobody would remove once the controllers are gone: GitRepository/{namespace}/held"
        )
    );
    assert!(matches!(error, Error::FinalizersRemain { .. }));
    assert!(get(&cluster, Resource::deployment(), "flux-system", "source-controller").await.is_some());

    // With definitions kept, the object stays, without what would hold it.
    request.keep_crds = true;
    request.clear_finalizers = true;
    let removed = uninstall(&cluster, &request, &cancel, &progress).await.unwrap();
    assert_eq!(removed.kept.len(), 14);
    assert!(!removed.namespace_removed, "helm made it");
    assert!(namespace_stays(&cluster, "flux-system").await);
    let left = cluster.get(&Target::new(git_repositories(), &namespace, "held")).await.unwrap().unwrap();
    assert!(left["metadata"]["finalizers"].is_null());
    assert!(get(&cluster, Resource::deployment(), "flux-system", "source-controller").await.is_none());

    // A reinstall adopts the definitions, and an uninstall without keeping takes all.
    let setup = Setup::new(&cluster, &chart, "flux", "flux-system");
    setup.install().await.unwrap();
    setup.uninstall().await.unwrap();
    let definition = "gitrepositories.source.toolkit.fluxcd.io";
    assert!(get(&cluster, Resource::custom_resource_definition(), "", definition).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstalling_what_is_gone_is_no_error() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let removed = remove(&cluster, "nobody", "default").await.unwrap();
    assert!(removed.record.is_none() && removed.kept.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_with_others_in_it_stays() {
    let plane = require!(ControlPlane::shared(Size::Nodes));
    let cluster = admin(&plane).await;
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\n";
    let chart = TestChart::of(&[("templates/config.yaml", config)]);
    let setup = Setup::new(&cluster, &chart, "demo", "shared-by-two");
    setup.install().await.unwrap();
    let theirs = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "namespace": "shared-by-two", "name": "theirs" } });
    cluster.create(&theirs, "kubectl").await.unwrap();
    // One object is gone already.
    let target = Target::new(Resource::config_map(), "shared-by-two", "demo");
    cluster.delete(&cluster::DeleteRequest::new(&target, std::time::Duration::from_secs(5))).await.unwrap();
    let removed = setup.uninstall().await.unwrap();
    assert!(!removed.namespace_removed);
    assert!(namespace_stays(&cluster, "shared-by-two").await);
}
