//! What objects are called before a cluster is asked agrees with what a cluster says.

use release::names::{ClusterWide, Stated};
use serde_json::json;
use testutil::{ControlPlane, Size, require};

use crate::arrange::admin;

#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_kubernetes_that_no_namespace_holds_are_known() {
    let plane = require!(ControlPlane::shared(Size::Api));
    let cluster = admin(&plane).await;
    let known = ClusterWide::default();
    let (mut wide, mut wrong) = (0, Vec::new());
    for served in cluster.api_versions().await.unwrap() {
        // Versions stand beside kinds: `apps/v1`, `apps/v1/Deployment`.
        let Some((api_version, kind)) = served.rsplit_once('/') else { continue };
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let is_kubernetes = api_version == "v1" || group == "apps" || group.ends_with(".k8s.io");
        let is_asked_only = kind.ends_with("Review");
        if !kind.starts_with(char::is_uppercase) || !is_kubernetes || is_asked_only {
            continue;
        }
        let Ok(resource) = cluster.resource(api_version, kind).await else { continue };
        let stated = Stated::of(&json!({ "apiVersion": api_version, "kind": kind }));
        wide += usize::from(!resource.namespaced);
        if known.has(&stated) == resource.namespaced {
            wrong.push(served);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(wide > 20, "{wide} kinds without a namespace were seen");
}
