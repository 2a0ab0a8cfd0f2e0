//! Many objects at once: how many requests they cost the API server.

use std::collections::BTreeMap;

use testutil::{ControlPlane, Size, Tofu, faults::FaultyProxy, require};

use crate::support::{definitions, provider_block, repository, unconnected};

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

#[test]
fn an_object_costs_at_most_two_requests_whatever_is_done_with_it() {
    let plane = require!(ControlPlane::start(Size::Api));
    require!(definitions(&plane));
    let namespace = plane.namespace("many");
    let proxy = require!(FaultyProxy::start(&plane));
    let kubeconfig = plane.write_kubeconfig(&plane.kubeconfig().server(&proxy.url()));
    let tofu: Tofu = require!(unconnected(&forty(&namespace)));
    let block = provider_block(&plane, "");
    tofu.write(
        "provider.tf",
        &block.replace(&*plane.kubeconfig_path().to_string_lossy(), &kubeconfig.to_string_lossy()),
    );
    tofu.init().success();

    // Besides the objects: who the cluster is, what it knows of the kind, once for each process.
    const BESIDES: usize = 6;
    let planned = asked(&proxy, || drop(tofu.plan().changes()));
    assert!(planned.values().sum::<usize>() <= BESIDES, "nothing is there yet: {planned:?}");
    let created = asked(&proxy, || drop(tofu.apply().success()));
    assert!(created.values().sum::<usize>() <= 2 * COUNT + BESIDES, "{created:?}");
    assert_eq!(created["PATCH"], COUNT, "{created:?}");
    let refreshed = asked(&proxy, || drop(tofu.plan().no_changes()));
    // A few by themselves, the others from one list.
    const READ: usize = 4;
    assert!(refreshed.values().sum::<usize>() <= READ + BESIDES, "{refreshed:?}");
    let destroyed = asked(&proxy, || drop(tofu.destroy().success()));
    // A destroy refreshes first; then each object is deleted, which says that it is gone.
    assert!(destroyed.values().sum::<usize>() <= COUNT + READ + 2 * BESIDES, "{destroyed:?}");
}
