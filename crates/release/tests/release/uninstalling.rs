//! Uninstalls.

use cluster::{Cluster, Connection, Resource, Target, connect};
use release::{Error, Progress, UninstallRequest, uninstall};
use serde_json::json;
use testutil::{ControlPlane, Helm, Size, require};
use tokio_util::sync::CancellationToken;

use crate::arrange::{LIMITS, Setup, TestChart, admin, get, namespace_stays, remove};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\n";

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
    let (flux, backup) = ("finalizers.fluxcd.io", "backup.example/saved");
    for (name, finalizers) in [("held", vec![flux, backup]), ("backed-up", vec![backup])] {
        let repository = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": { "namespace": namespace, "name": name, "finalizers": finalizers },
            "spec": { "interval": "1m", "url": "https://example.com/repository" },
        });
        cluster.create(&repository, "kubectl").await.unwrap();
    }

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

    // With definitions kept, the object stays, without what would hold it; what others hold it with is theirs.
    request.keep_crds = true;
    request.clear_finalizers = true;
    let removed = uninstall(&cluster, &request, &cancel, &progress).await.unwrap();
    assert_eq!(removed.kept.len(), 14);
    assert!(!removed.namespace_removed, "helm made it");
    assert!(namespace_stays(&cluster, "flux-system").await);
    for name in ["held", "backed-up"] {
        let target = Target::new(git_repositories(), &namespace, name);
        let left = cluster.get(&target).await.unwrap().unwrap();
        assert_eq!(left["metadata"]["finalizers"], json!([backup]), "{name}");
        let freed = json!({ "metadata": { "finalizers": null } });
        cluster.merge(&target, &freed, "backup").await.unwrap();
    }
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
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG)]);
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

/// What is in a namespace that somebody put there.
async fn contents(cluster: &Cluster, namespace: &str) -> Vec<String> {
    cluster.contents(namespace).await.unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owned_from_outside_of_a_namespace_is_in_it_nevertheless() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("owned");
    let config = |name: &str, owner: serde_json::Value| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "namespace": namespace, "name": name, "ownerReferences": [owner] },
        })
    };
    let owner = |api_version: &str, kind: &str, name: &str, uid: &serde_json::Value| json!({ "apiVersion": api_version, "kind": kind, "name": name, "uid": uid });
    let authorization = "rbac.authorization.k8s.io";
    let roles = Resource::new(authorization, "v1", "ClusterRole", "clusterroles", false);
    let role = get(&cluster, roles, "", "cluster-admin").await.unwrap();
    let of_role =
        owner(&format!("{authorization}/v1"), "ClusterRole", "cluster-admin", &role["metadata"]["uid"]);
    let mine = cluster.create(&config("of-role", of_role), "kubectl").await.unwrap();
    let of_config = owner("v1", "ConfigMap", "of-role", &mine["metadata"]["uid"]);
    cluster.create(&config("of-config", of_config), "kubectl").await.unwrap();
    assert_eq!(contents(&cluster, &namespace).await, [format!("ConfigMap/{namespace}/of-role")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_the_preferred_version_of_its_group_lacks_is_looked_for_too() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let definition = include_str!("data/definition.yaml").replace("demo.example", "preferred.example");
    let older = definition
        .replace("things", "relics")
        .replace("thing", "relic")
        .replace("Thing", "Relic")
        .replace("name: v1", "name: v1beta1");
    let relic = "apiVersion: preferred.example/v1beta1\nkind: Relic\nmetadata:\n  name: first\n";
    let chart = TestChart::of(&[
        ("crds/things.yaml", &definition),
        ("crds/relics.yaml", &older),
        ("templates/relic.yaml", relic),
    ]);
    let namespace = plane.namespace("preferred");
    let setup = Setup::new(&cluster, &chart, "demo", &namespace);
    setup.install().await.unwrap();
    let there = contents(&cluster, &namespace).await;
    assert!(there.contains(&format!("Relic/{namespace}/first")), "{there:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_stays_while_it_cannot_be_told_what_is_in_it() {
    let plane = require!(ControlPlane::start(Size::Api));
    let cluster = admin(&plane).await;
    let chart = TestChart::of(&[("templates/config.yaml", CONFIG)]);
    // Who may manage a release and look at nothing else.
    let home = plane.namespace("limited");
    let (authorization, name) = ("rbac.authorization.k8s.io", "limited");
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "namespace": home, "name": name } });
    let role = json!({
        "apiVersion": format!("{authorization}/v1"), "kind": "ClusterRole", "metadata": { "name": name },
        "rules": [{ "apiGroups": [""], "resources": ["namespaces", "configmaps", "secrets"], "verbs": ["*"] }],
    });
    let binding = json!({
        "apiVersion": format!("{authorization}/v1"), "kind": "ClusterRoleBinding", "metadata": { "name": name },
        "roleRef": { "apiGroup": authorization, "kind": "ClusterRole", "name": name },
        "subjects": [{ "kind": "ServiceAccount", "namespace": home, "name": name }],
    });
    for object in [account, role, binding] {
        cluster.create(&object, "kubectl").await.unwrap();
    }
    let token = plane.issue_token(&home, name).unwrap();
    let kubeconfig = plane.kubeconfig().token(&token);
    let path = plane.write_kubeconfig(&kubeconfig);
    let limited = connect(&Connection::kubeconfig([path], None), LIMITS).await.unwrap();
    let setup = Setup::new(&limited, &chart, "demo", "not-to-be-listed");
    setup.install().await.unwrap();
    // Another try ends in the same way.
    for _ in 0..2 {
        let removed = setup.uninstall().await.unwrap();
        assert!(!removed.namespace_removed);
        let doubt = removed.namespace_doubt.unwrap();
        assert!(doubt.contains("forbids to list"), "{doubt}");
    }
    assert!(setup.history().await.is_empty());
    assert!(namespace_stays(&cluster, "not-to-be-listed").await);

    // A group whose own server is away.
    let service = json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": { "name": "v1.away.example" },
        "spec": {
            "group": "away.example", "version": "v1", "groupPriorityMinimum": 10, "versionPriority": 10,
            "insecureSkipTLSVerify": true, "service": { "namespace": home, "name": "nobody" },
        },
    });
    let setup = Setup::new(&cluster, &chart, "demo", "group-is-away");
    setup.install().await.unwrap();
    cluster.create(&service, "kubectl").await.unwrap();
    for _ in 0..100 {
        // What is served takes a moment to hear of it.
        if cluster.contents("group-is-away").await.is_err() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let removed = setup.uninstall().await.unwrap();
    let doubt = removed.namespace_doubt.unwrap();
    assert!(doubt.contains("away.example"), "{doubt}");
    assert!(namespace_stays(&cluster, "group-is-away").await);
}
