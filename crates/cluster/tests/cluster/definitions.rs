//! The definitions of Flux's kinds as a cluster serves them.

use cluster::{Connection, Direct, connect};
use testutil::{ControlPlane, Size, require};

use crate::arrange::{LIMITS, admin, flux, git_repository_kind};

#[tokio::test]
async fn a_definition_is_asked_for_once_also_by_many_at_a_time() {
    let (_plane, cluster) = require!(flux().await);
    let kind = git_repository_kind();
    let asked = futures::future::join_all((0..20).map(|_| cluster.definition(kind))).await;
    assert!(asked.iter().all(Option::is_some));
    assert!(cluster.definition(kind).await.is_some());
    assert_eq!(cluster.requests(), 1);
}

#[tokio::test]
async fn a_definition_that_is_not_there_is_no_error_and_not_asked_for_again() {
    let plane = require!(ControlPlane::start(Size::Api));
    let cluster = admin(&plane).await;
    for _ in 0..2 {
        assert!(cluster.definition(git_repository_kind()).await.is_none());
    }
    assert_eq!(cluster.requests(), 1);
}

#[tokio::test]
async fn a_cluster_that_is_down_is_asked_once_for_all_kinds() {
    let connection =
        Connection::direct(Direct { host: "https://127.0.0.1:1".to_owned(), ..Direct::default() });
    let cluster = connect(&connection, LIMITS).await.unwrap();
    for kind in flux::kinds::all() {
        assert!(cluster.definition(kind).await.is_none());
    }
    assert_eq!(cluster.requests(), 1);
}

#[tokio::test]
async fn definitions_that_are_about_to_change_are_of_no_account() {
    let (_plane, cluster) = require!(flux().await);
    assert!(cluster.definition(git_repository_kind()).await.is_some());
    cluster.definitions_change();
    for kind in flux::kinds::all() {
        assert!(cluster.definition(kind).await.is_none());
    }
    assert_eq!(cluster.requests(), 1);
}
