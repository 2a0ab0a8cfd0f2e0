//! What was changed outside is shown in the plan, exactly, and repaired by the apply.

use serde_json::json;
use testutil::require;

use crate::support::{api, apply_as, delete, live, patch, repository, tofu};

#[test]
fn a_patched_field_is_shown_and_repaired() {
    let plane = require!(api());
    let namespace = plane.namespace("drift");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    tofu.plan().changes();
    tofu.apply().success();

    patch(
        &plane,
        "GitRepository",
        &namespace,
        "app",
        &json!({"spec": {"interval": "7m", "ref": {"branch": "hacked"}}}),
    );
    tofu.plan().changes();
    let plan = tofu.show_plan();
    let change = plan.change("fluxgate_git_repository.app");
    assert_eq!(change.actions, ["update"]);
    assert_eq!(change.before["spec"]["interval"], "7m");
    assert_eq!(change.after["spec"]["interval"], "1m");
    assert_eq!(change.before["spec"]["ref"]["branch"], "hacked");

    // The patch took the fields from us: a polite apply would fail for ever.
    tofu.apply().success();
    let object = live(&plane, "GitRepository", &namespace, "app").unwrap();
    assert_eq!(object["spec"]["interval"], "1m");
    assert_eq!(object["spec"]["ref"]["branch"], "main");
    tofu.plan().no_changes();
}

#[test]
fn a_field_that_another_added_is_none_of_ours() {
    let plane = require!(api());
    let namespace = plane.namespace("added");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    tofu.plan().changes();
    tofu.apply().success();

    patch(
        &plane,
        "GitRepository",
        &namespace,
        "app",
        &json!({"spec": {"suspend": true}, "metadata": {"labels": {"theirs": "yes"}}}),
    );
    tofu.plan().no_changes();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app").unwrap()["spec"]["suspend"], true);
}

#[test]
fn a_deleted_object_is_planned_anew() {
    let plane = require!(api());
    let namespace = plane.namespace("deleted");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    tofu.plan().changes();
    tofu.apply().success();

    delete(&plane, "GitRepository", &namespace, "app");
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").actions, ["create"]);
    tofu.apply().success();
    tofu.plan().no_changes();
}

#[test]
fn an_object_that_was_made_again_elsewhere_shows_what_differs_and_no_more() {
    let plane = require!(api());
    let namespace = plane.namespace("again");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    tofu.plan().changes();
    tofu.apply().success();
    let again = |interval: &str| {
        delete(&plane, "GitRepository", &namespace, "app");
        apply_as(
            &plane,
            "somebody",
            &json!({
                "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
                "metadata": {"name": "app", "namespace": namespace},
                "spec": {"url": "https://example.com/app.git", "interval": interval, "ref": {"branch": "main"}},
            }),
        );
    };

    again("1m");
    tofu.plan().no_changes();
    again("9m");
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").before["spec"]["interval"], "9m");
    tofu.apply().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app").unwrap()["spec"]["interval"], "1m");
    tofu.plan().no_changes();
}

#[test]
fn a_field_that_was_ours_and_taken_can_still_be_removed() {
    let plane = require!(api());
    let namespace = plane.namespace("removed");
    let tofu = require!(tofu(&plane, &repository(&namespace, "suspend = true")));
    tofu.plan().changes();
    tofu.apply().success();

    patch(&plane, "GitRepository", &namespace, "app", &json!({"spec": {"suspend": false}}));
    tofu.write("main.tf", &repository(&namespace, ""));
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app").unwrap()["spec"].get("suspend"), None);
    tofu.plan().no_changes();
}
