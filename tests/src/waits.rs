//! Waits that do not end well: tainted, or not, and never forgotten. No controller is at work in this cluster.

use serde_json::json;
use testutil::{
    faults::{Answer, Fault, FaultyProxy},
    require,
};

use crate::support::{api, apply_as, behind, live, repository, tofu, unfolded};

/// A GitRepository that is waited for, for two seconds.
fn waiting(namespace: &str, spec: &str) -> String {
    repository(namespace, spec)
        .replace("wait      = false", "timeouts  = { create = \"2s\", update = \"2s\", delete = \"5s\" }")
}

#[test]
fn a_create_that_is_not_ready_is_an_error_and_the_object_is_kept_as_tainted() {
    let plane = require!(api());
    let namespace = plane.namespace("tainted");
    let tofu = require!(tofu(&plane, &waiting(&namespace, "")));

    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(text.contains("is not Ready") && text.contains("GitRepository"), "{text}");
    assert!(live(&plane, "GitRepository", &namespace, "app").is_some());
    let state = tofu.show_state();
    assert!(state.resources[0].tainted);

    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").actions, ["delete", "create"]);
}

#[test]
fn an_adopted_object_is_never_tainted_and_the_next_plan_waits_again() {
    let plane = require!(api());
    let namespace = plane.namespace("adopted");
    apply_as(
        &plane,
        "the-other",
        &json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {"url": "https://example.com/app.git", "interval": "1m"},
        }),
    );
    let tofu = require!(tofu(&plane, &waiting(&namespace, "")));

    tofu.plan().changes();
    let text = tofu.apply().success().text();
    assert!(text.contains("Warning: The object is not Ready"), "{text}");
    assert!(!tofu.show_state().resources[0].tainted);

    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").actions, ["update"]);
    let text = tofu.apply().failure().text();
    assert!(text.contains("is not Ready"), "{text}");
    assert!(!tofu.show_state().resources[0].tainted);
}

#[test]
fn a_failed_update_is_waited_for_again_by_the_next_plan() {
    let plane = require!(api());
    let namespace = plane.namespace("update");
    let tofu = require!(tofu(&plane, &repository(&namespace, "")));
    tofu.plan().changes();
    tofu.apply().success();

    tofu.write("main.tf", &waiting(&namespace, "timeout = \"30s\""));
    tofu.plan().changes();
    tofu.apply().failure();
    assert_eq!(live(&plane, "GitRepository", &namespace, "app").unwrap()["spec"]["timeout"], "30s");

    // Nothing differs any more, and yet nothing is Ready.
    tofu.plan().changes();
    let plan = tofu.show_plan();
    let change = plan.change("fluxgate_git_repository.app");
    assert_eq!(change.actions, ["update"]);
    assert_eq!(change.after_unknown["generation"], true);
}

/// A repository whose writes may take two seconds.
fn hasty(namespace: &str, spec: &str) -> String {
    repository(namespace, spec)
        .replace("  wait ", "  timeouts = { create = \"2s\", update = \"2s\", delete = \"2s\" }\n  wait ")
}

#[test]
fn the_time_of_an_operation_bounds_its_requests_too() {
    let plane = require!(api());
    let namespace = plane.namespace("bounded");
    let proxy = require!(FaultyProxy::start(&plane));
    let tofu = require!(behind(&proxy, &plane, &hasty(&namespace, "")));
    // The cluster is busy, and asks for more patience than there is.
    let busy =
        |verb| proxy.spoil(verb, 1, Fault::Answer(Answer::new(429, "busy").header("retry-after", "20")));
    tofu.plan().changes();
    busy("PATCH ");
    let text = tofu.apply().failure().text();
    assert!(text.contains("429"), "{text}");
    assert_eq!(tofu.show_state().addresses(), [""; 0], "nothing was written");
    tofu.plan().changes();
    tofu.apply().success();

    tofu.write("main.tf", &hasty(&namespace, "timeout = \"30s\""));
    tofu.plan().changes();
    busy("PATCH ");
    assert!(tofu.apply().failure().text().contains("429"));
    assert_eq!(live(&plane, "GitRepository", &namespace, "app").unwrap()["spec"]["timeout"], "60s");
    busy("DELETE ");
    assert!(tofu.destroy().failure().text().contains("429"));
    assert_eq!(tofu.show_state().addresses(), ["fluxgate_git_repository.app"]);
    tofu.destroy().success();
}

#[test]
fn a_create_whose_answer_is_lost_is_kept_in_the_state() {
    let plane = require!(api());
    let namespace = plane.namespace("lost");
    let proxy = require!(FaultyProxy::start(&plane));
    let tofu = require!(behind(&proxy, &plane, &hasty(&namespace, "")));
    tofu.plan().changes();
    proxy.spoil("PATCH ", 1, Fault::Silence);
    let text = tofu.apply().success().text();
    assert!(text.contains("An answer of the cluster was lost"), "{text}");
    assert!(!text.contains("taken over"), "nobody else has written it: {text}");
    let state = tofu.show_state();
    assert_eq!(state.addresses(), ["fluxgate_git_repository.app"]);
    assert!(!state.resources[0].tainted);
    tofu.plan().no_changes();
    tofu.destroy().success();
    assert!(live(&plane, "GitRepository", &namespace, "app").is_none());

    // Where nobody answers the question what became of it, that is said, and the next apply takes it over.
    tofu.plan().changes();
    proxy.spoil("PATCH ", 1, Fault::Silence);
    let object = format!("GET /apis/source.toolkit.fluxcd.io/v1/namespaces/{namespace}/gitrepositories/app");
    proxy.spoil(&object, 1, Fault::Answer(Answer::kubernetes(403, "Forbidden", "no")));
    let text = unfolded(&tofu.apply().failure().text());
    assert!(text.contains("did not answer within 2s"), "{text}");
    assert!(text.contains("the next apply takes it over"), "{text}");
    assert_eq!(tofu.show_state().addresses(), [""; 0]);
    tofu.plan().changes();
    tofu.apply().success();
    tofu.destroy().success();
}

#[test]
fn an_update_whose_answer_is_lost_is_waited_for_by_the_next_apply() {
    let plane = require!(api());
    let namespace = plane.namespace("lost");
    let proxy = require!(FaultyProxy::start(&plane));
    let tofu = require!(behind(&proxy, &plane, &hasty(&namespace, "")));
    tofu.plan().changes();
    tofu.apply().success();

    let changed = hasty(&namespace, "").replace("\"1m\"", "\"2m\"").replace("wait      = false\n", "");
    tofu.write("main.tf", &changed);
    tofu.plan().changes();
    proxy.spoil("PATCH ", 1, Fault::Silence);
    let text = unfolded(&tofu.apply().failure().text());
    assert!(text.contains("did not answer within 2s"), "{text}");
    assert_eq!(live(&plane, "GitRepository", &namespace, "app").unwrap()["spec"]["interval"], "2m");
    // Nothing differs any more, but nobody has seen it Ready.
    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(text.contains("is not Ready"), "{text}");
}

#[test]
fn a_suspended_object_is_not_waited_for() {
    let plane = require!(api());
    let namespace = plane.namespace("suspended");
    let tofu = require!(tofu(&plane, &waiting(&namespace, "suspend = true")));
    tofu.plan().changes();
    tofu.apply().success();
}

#[test]
fn an_interrupted_wait_keeps_the_object_and_is_taken_up_again() {
    let plane = require!(api());
    let namespace = plane.namespace("interrupt");
    let tofu = require!(tofu(&plane, &waiting(&namespace, "").replace("\"2s\"", "\"120s\"")));
    tofu.plan().changes();
    let running = tofu.start_apply();
    running.wait_for("Creating...");
    testutil::wait::until("the object exists", std::time::Duration::from_secs(60), || {
        live(&plane, "GitRepository", &namespace, "app").map(drop).ok_or_else(|| "it does not".to_owned())
    })
    .unwrap();
    running.interrupt();
    let text = unfolded(&running.wait().failure().text());

    assert!(
        text.contains("Stopped while waiting") && text.contains("the next apply waits for it again"),
        "{text}"
    );
    let state = tofu.show_state();
    assert_eq!(state.addresses(), ["fluxgate_git_repository.app"]);
    assert!(!state.resources[0].tainted, "to wait no longer says nothing against the object");
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_git_repository.app").actions, ["update"]);
}
