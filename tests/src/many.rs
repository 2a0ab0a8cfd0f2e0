//! Many objects at once: how many requests they cost the API server.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;
use testutil::{ControlPlane, Size, faults::FaultyProxy, require, wait};

use crate::support::{behind, definitions, objects, repository};

const COUNT: usize = 40;

/// Forty GitRepositories that nobody waits for.
fn forty(namespace: &str) -> String {
    repository(namespace, "").replace(
        "name      = \"app\"",
        &format!("count     = {COUNT}\n  name      = \"app-${{count.index}}\""),
    )
}

/// What a command asked of the API server, by method.
fn asked(proxy: &FaultyProxy, command: impl FnOnce()) -> BTreeMap<String, usize> {
    let before = proxy.requests().len();
    command();
    let mut methods = BTreeMap::new();
    for line in &proxy.requests()[before..] {
        *methods.entry(line.split(' ').next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    methods
}

/// Besides the objects: who the cluster is, what it knows of the kind, once for each process.
const BESIDES: usize = 6;

/// Many objects are read so: a few by themselves, the others from one list.
const READ: usize = 4;

#[test]
fn an_object_costs_at_most_two_requests_whatever_is_done_with_it() {
    let plane = require!(ControlPlane::start(Size::Api));
    require!(definitions(&plane));
    let namespace = plane.namespace("many");
    let proxy = require!(FaultyProxy::start(&plane));
    let tofu = require!(behind(&proxy, &plane, &forty(&namespace)));

    let planned = asked(&proxy, || drop(tofu.plan().changes()));
    assert!(planned.values().sum::<usize>() <= BESIDES, "nothing is there yet: {planned:?}");
    let created = asked(&proxy, || drop(tofu.apply().success()));
    assert!(created.values().sum::<usize>() <= COUNT + BESIDES, "{created:?}");
    assert_eq!(created["PATCH"], COUNT, "{created:?}");
    let refreshed = asked(&proxy, || drop(tofu.plan().no_changes()));
    assert!(refreshed.values().sum::<usize>() <= READ + BESIDES, "{refreshed:?}");
    let destroyed = asked(&proxy, || drop(tofu.destroy().success()));
    // A destroy refreshes first; then each object is deleted, which says that it is gone.
    assert!(destroyed.values().sum::<usize>() <= COUNT + READ + 2 * BESIDES, "{destroyed:?}");
}

/// Says that it is over, also where a test fails.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn to_wait_for_an_object_costs_one_request_more() {
    let plane = require!(ControlPlane::start(Size::Api));
    require!(definitions(&plane));
    let namespace = plane.namespace("awaited");
    let proxy = require!(FaultyProxy::start(&plane));
    let tofu =
        require!(behind(&proxy, &plane, &forty(&namespace).replace("wait      = false", "wait = true")));
    tofu.plan().changes();
    let done = AtomicBool::new(false);
    let created = thread::scope(|scope| {
        // The part of the controller.
        scope.spawn(|| {
            let ready = json!({"status": {"observedGeneration": 1, "conditions": [{
                "type": "Ready", "status": "True", "reason": "Succeeded", "message": "stored",
                "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1,
            }]}});
            while !done.load(Ordering::Relaxed) {
                wait::block_on(async || {
                    let api = objects(&plane, "GitRepository", &namespace);
                    for object in api.list(&ListParams::default()).await.unwrap() {
                        let name = object.metadata.name.unwrap();
                        if object.data["status"]["conditions"].is_null() {
                            let params = PatchParams::default();
                            api.patch_status(&name, &params, &Patch::Merge(&ready)).await.unwrap();
                        }
                    }
                });
                thread::sleep(Duration::from_millis(50));
            }
        });
        let _ending = Ending(&done);
        asked(&proxy, || drop(tofu.apply().success()))
    });
    assert!(created.values().sum::<usize>() <= 2 * COUNT + BESIDES, "{created:?}");
    tofu.plan().no_changes();
    tofu.destroy().success();
}

#[test]
fn what_many_deletes_prune_is_read_from_a_list() {
    let plane = require!(ControlPlane::start(Size::Api));
    require!(definitions(&plane));
    let namespace = plane.namespace("pruning");
    let proxy = require!(FaultyProxy::start(&plane));
    let configuration = format!(
        r#"
resource "fluxgate_kustomization" "app" {{
  count     = {COUNT}
  name      = "app-${{count.index}}"
  namespace = "{namespace}"
  wait      = false
  spec      = {{ interval = "1m", prune = true, source_ref = {{ kind = "GitRepository", name = "app" }} }}
}}
"#
    );
    let tofu = require!(behind(&proxy, &plane, &configuration));
    tofu.plan().changes();
    tofu.apply().success();
    // A refresh, and then what each delete takes along.
    let planned = asked(&proxy, || drop(tofu.plan_with(&["-destroy"]).changes()));
    assert!(planned.values().sum::<usize>() <= 2 * (READ + BESIDES), "{planned:?}");
    tofu.destroy().success();
}
