//! What a cluster serves, and what is said when it does not.

use cluster::{ApplyRequest, Error, Missing, Resource, Served, Target};
use serde_json::json;
use testutil::{ControlPlane, Size, require};

use crate::arrange::{
    LONG, US, admin, applied, flux, git_repository, git_repository_kind, git_repository_target, install_crd,
    story,
};

#[tokio::test]
async fn a_kind_that_is_served_is_found_with_its_names_and_remembered() {
    let (_plane, cluster) = require!(flux().await);
    let expected = Resource::new("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories", true);
    for _ in 0..2 {
        let served = cluster.served("source.toolkit.fluxcd.io", "v1", "GitRepository").await.unwrap();
        assert_eq!(served, Served::Yes(expected.clone()));
    }
    assert_eq!(cluster.requests(), 1);
}

#[tokio::test]
async fn core_and_cluster_wide_kinds_are_found() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let role = cluster.resource("rbac.authorization.k8s.io/v1", "ClusterRole").await.unwrap();
    assert_eq!((role.plural.as_str(), role.namespaced), ("clusterroles", false));
    let service = cluster.resource("v1", "Service").await.unwrap();
    assert_eq!((service.plural.as_str(), service.namespaced), ("services", true));
}

#[tokio::test]
async fn a_version_that_is_not_served_is_told_with_those_that_are() {
    let (plane, cluster) = require!(flux().await);
    let served = cluster.served("source.toolkit.fluxcd.io", "v1beta9", "GitRepository").await.unwrap();
    assert_eq!(served, Served::OtherVersions(vec!["v1".to_owned()]));

    let old = Resource::new("source.toolkit.fluxcd.io", "v1beta9", "GitRepository", "gitrepositories", true);
    let error = cluster.get(&Target::new(old, "flux-system", "podinfo")).await.unwrap_err();
    assert!(matches!(&error, Error::NotServed { missing: Missing::Version { .. }, .. }));
    insta::assert_snapshot!("version_not_served", story(&error, &[(plane.server(), "SERVER")]));
}

#[tokio::test]
async fn a_definition_that_is_not_installed_is_named() {
    let plane = require!(ControlPlane::start(Size::Api));
    let cluster = admin(&plane).await;
    let namespace = plane.namespace("crds");
    let apply =
        cluster.apply(&ApplyRequest::new(git_repository(&namespace, "podinfo"), US)).await.unwrap_err();
    let get = cluster.get(&git_repository_target(&namespace, "podinfo")).await.unwrap_err();
    let list = cluster.list(&git_repository_kind().into(), None, "").await.unwrap_err();
    for error in [&apply, &get, &list] {
        assert!(matches!(error, Error::NotServed { missing: Missing::Kind { .. }, .. }), "{error:?}");
    }
    insta::assert_snapshot!("not_served", story(&apply, &[(plane.server(), "SERVER")]));
    assert_eq!(story(&get, &[]), story(&apply, &[]));
}

#[tokio::test]
async fn a_definition_that_comes_later_is_seen() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let served = async || cluster.served("later.example.com", "v1", "Late").await.unwrap();
    assert_eq!(served().await, Served::Missing);
    crate::arrange::install_crd(
        &cluster,
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": "lates.later.example.com" },
            "spec": {
                "group": "later.example.com",
                "scope": "Cluster",
                "names": { "kind": "Late", "plural": "lates" },
                "versions": [{ "name": "v1", "served": true, "storage": true,
                    "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } }],
            },
        }),
    )
    .await;
    let late = Resource::new("later.example.com", "v1", "Late", "lates", false);
    testutil::wait::until_async("a served kind", LONG, async || match served().await {
        Served::Yes(resource) if resource == late => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn kinds_are_asked_for_once_and_again_after_a_write_or_where_one_is_missing() {
    let plane = require!(ControlPlane::start(Size::Api));
    let folder = require!(testutil::test_data()).join("crds");
    let cluster = admin(&plane).await;
    let other = admin(&plane).await;
    let of_flux = |group: &str| group.ends_with("toolkit.fluxcd.io");
    let names = |kinds: Vec<Resource>| kinds.into_iter().map(|kind| kind.kind).collect::<Vec<_>>();
    let read = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        serde_saphyr::from_str::<serde_json::Value>(&text).unwrap()
    };
    assert!(cluster.kinds_of(of_flux, &[]).await.unwrap().is_empty());

    // Another process brings a kind: nothing was found before, so it is asked again.
    install_crd(&other, read("source.toolkit.fluxcd.io_gitrepositories.yaml")).await;
    while cluster.kinds_of(of_flux, &[]).await.unwrap().is_empty() {}
    let before = cluster.requests();
    for _ in 0..3 {
        assert_eq!(names(cluster.kinds_of(of_flux, &["GitRepository"]).await.unwrap()), ["GitRepository"]);
    }
    assert_eq!(cluster.requests(), before, "it is remembered");

    // One that is sought and not remembered is asked for.
    install_crd(&other, read("source.toolkit.fluxcd.io_buckets.yaml")).await;
    while names(admin(&plane).await.kinds_of(of_flux, &[]).await.unwrap()).len() < 2 {}
    assert_eq!(names(cluster.kinds_of(of_flux, &[]).await.unwrap()), ["GitRepository"]);
    assert_eq!(names(cluster.kinds_of(of_flux, &["Bucket"]).await.unwrap()), ["Bucket", "GitRepository"]);

    // What this process writes may bring some.
    let before = cluster.requests();
    let namespace = plane.namespace("kinds");
    applied(&cluster, &git_repository(&namespace, "podinfo")).await;
    let written = cluster.requests();
    assert_eq!(cluster.kinds_of(of_flux, &["Bucket"]).await.unwrap().len(), 2);
    assert!(written > before);
    assert_eq!(cluster.requests() - written, 1);
}
