//! How a HelmRelease is upgraded, and rolled back.

use super::super::Field;
use super::install::{CRDS, IGNORE_TEST_FAILURES, RETRIES, STRATEGY};

pub(super) const UPGRADE: &[Field] = &[
    Field::string(
        "crds",
        "What to do with the folder `crds` of the chart: nothing, create what is missing, or replace what is \
         there too. `Skip` is meant where nothing is set.",
    )
    .allowed(CRDS),
    Field::duration("timeout", "How long Helm waits for one operation; without it, the release's `timeout`."),
    Field::object("strategy", STRATEGY, "What follows a failed upgrade."),
    Field::object("remediation", REMEDIATION, "How a failed upgrade is made good; without it, not at all."),
    Field::string(
        "chart_name_change_strategy",
        "What to do when the chart has another name than before: uninstall first, or upgrade all the same. \
         `Reinstall` is meant where nothing is set.",
    )
    .allowed(&["InPlaceUpdate", "Reinstall"]),
    Field::boolean("cleanup_on_fail", "Delete what a failed upgrade had created."),
    Field::boolean(
        "force",
        "Replace objects instead of patching them; of no effect where Flux applies on the server's side.",
    ),
    Field::boolean(
        "preserve_values",
        "Merge the values into those of the last revision, so that what is no longer written stays.",
    ),
    Field::boolean("disable_wait", "Do not wait until what was upgraded is ready."),
    Field::boolean("disable_wait_for_jobs", "Do not wait until Jobs have ended."),
    Field::boolean("disable_hooks", "Run no hooks."),
    Field::boolean("disable_open_api_validation", "Do not check the objects against the cluster's API.")
        .wire_name("disableOpenAPIValidation"),
    Field::boolean("disable_schema_validation", "Do not check the values against the chart's schema."),
    Field::boolean(
        "disable_take_ownership",
        "Fail on objects that exist already, instead of taking them over.",
    ),
    SERVER_SIDE_APPLY,
];

pub(super) const ROLLBACK: &[Field] = &[
    Field::duration("timeout", "How long Helm waits for one operation; without it, the release's `timeout`."),
    Field::boolean("cleanup_on_fail", "Delete what a failed rollback had created."),
    Field::boolean(
        "force",
        "Replace objects instead of patching them; of no effect where Flux applies on the server's side.",
    ),
    Field::boolean("disable_wait", "Do not wait until what was rolled back is ready."),
    Field::boolean("disable_wait_for_jobs", "Do not wait until Jobs have ended."),
    Field::boolean("disable_hooks", "Run no hooks."),
    SERVER_SIDE_APPLY,
    Field::boolean("recreate", "Of no effect any more: Helm 4 does not restart Pods."),
];

const SERVER_SIDE_APPLY: Field = Field::string(
    "server_side_apply",
    "Whether to apply on the server's side; `auto`, which is meant where nothing is set, does what the release \
     did before.",
)
.allowed(&["enabled", "disabled", "auto"]);

const REMEDIATION: &[Field] = &[
    RETRIES,
    Field::string("strategy", "How an upgrade is made good; `rollback` is meant where nothing is set.")
        .allowed(&["rollback", "uninstall"]),
    Field::boolean(
        "remediate_last_failure",
        "Make good also when no try is left; without it, true where `retries` is above 0.",
    ),
    IGNORE_TEST_FAILURES,
];
