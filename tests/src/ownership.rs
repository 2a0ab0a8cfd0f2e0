//! Who may write which field, which objects are taken over, and which cluster a state speaks of.

use serde_json::json;
use testutil::{ControlPlane, Size, require};

use crate::support::{api, apply_as, live, provider_block, repository, tofu};

fn by_another(namespace: &str, interval: &str) -> serde_json::Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "app", "namespace": namespace},
        "spec": {"url": "https://example.com/app.git", "interval": interval},
    })
}

#[test]
fn a_field_of_another_manager_is_a_conflict_that_names_both_and_force_takes_it() {
    let plane = require!(api());
    let namespace = plane.namespace("conflict");
    apply_as(&plane, "the-other", &by_another(&namespace, "5m"));
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));

    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(text.contains(".spec.interval") && text.contains("the-other"), "{text}");
    assert!(text.contains("force_conflicts = true"), "{text}");
    assert_eq!(live(&plane, "GitRepository", &namespace, "app").unwrap()["spec"]["interval"], "5m");

    tofu.write(
        "main.tf",
        &repository(&namespace, "")
            .replace("wait      = false", "wait      = false\n  force_conflicts = true"),
    );
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app").unwrap()["spec"]["interval"], "1m");
}

#[test]
fn an_object_that_exists_is_taken_over_with_a_word() {
    let plane = require!(api());
    let namespace = plane.namespace("adopt");
    apply_as(&plane, "the-other", &by_another(&namespace, "1m"));
    let uid = live(&plane, "GitRepository", &namespace, "app").unwrap()["metadata"]["uid"].clone();
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));

    tofu.plan().changes();
    let text = tofu.apply().success().text();
    assert!(text.contains("was taken over"), "{text}");
    assert_eq!(live(&plane, "GitRepository", &namespace, "app").unwrap()["metadata"]["uid"], uid);
    tofu.plan().no_changes();
}

#[test]
fn an_object_that_kustomize_controller_applies_too_has_two_writers() {
    let plane = require!(api());
    let namespace = plane.namespace("writers");
    apply_as(&plane, "kustomize-controller", &by_another(&namespace, "1m"));
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));

    tofu.plan().changes();
    let text = tofu.apply().success().text();
    assert!(text.contains("two writers") && text.contains("kustomize-controller"), "{text}");
}

#[test]
fn another_cluster_is_an_error_that_names_both_and_not_a_plan_to_make_everything_anew() {
    let plane = require!(api());
    let namespace = plane.namespace("identity");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    tofu.plan().changes();
    tofu.apply().success();

    let other = require!(ControlPlane::start(Size::Api));
    tofu.write("provider.tf", &provider_block(&other, ""));
    let text = tofu.plan().failure().text();
    assert!(text.contains("another cluster than before") && text.contains("allow_cluster_change"), "{text}");
    assert!(text.contains(other.server()), "{text}");
    assert_eq!(tofu.show_state().addresses(), ["fluxgate_git_repository.app"]);

    tofu.write("provider.tf", &provider_block(&other, "  allow_cluster_change = true"));
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").actions, ["create"]);
}
