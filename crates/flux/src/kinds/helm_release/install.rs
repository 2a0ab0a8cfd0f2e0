//! How a HelmRelease is installed.

use super::super::Field;

pub(super) const INSTALL: &[Field] = &[
    Field::string(
        "crds",
        "What to do with the folder `crds` of the chart: nothing, create what is missing, or replace what is \
         there too. `Create` is meant where nothing is set.",
    )
    .allowed(CRDS),
    Field::boolean("create_namespace", "Create `target_namespace` where it is missing; it is never deleted."),
    Field::duration("timeout", "How long Helm waits for one operation; without it, the release's `timeout`."),
    Field::object("strategy", STRATEGY, "What follows a failed install."),
    Field::object("remediation", REMEDIATION, "How a failed install is made good; without it, not at all."),
    Field::boolean("disable_wait", "Do not wait until what was installed is ready."),
    Field::boolean("disable_wait_for_jobs", "Do not wait until Jobs have ended."),
    Field::boolean("disable_hooks", "Run no hooks."),
    Field::boolean("disable_open_api_validation", "Do not check the objects against the cluster's API.")
        .wire_name("disableOpenAPIValidation"),
    Field::boolean("disable_schema_validation", "Do not check the values against the chart's schema."),
    Field::boolean(
        "disable_take_ownership",
        "Fail on objects that exist already, instead of taking them over.",
    ),
    Field::boolean("replace", "Take a release name again whose records say that it was uninstalled."),
    Field::boolean(
        "server_side_apply",
        "Apply on the server's side. Without it true, unless the controller keeps to Helm 3.",
    ),
    Field::boolean("skip_crds", "The old way to say `crds = \"Skip\"`.").wire_name("skipCRDs"),
];

/// What may be done with the CRDs of a chart.
pub(super) const CRDS: &[&str] = &["Skip", "Create", "CreateReplace"];

/// What follows a failed install or upgrade.
pub(super) const STRATEGY: &[Field] = &[
    Field::string(
        "name",
        "`RemediateOnFailure` does what `remediation` says; `RetryOnFailure` leaves everything in place and tries \
         again.",
    )
    .required()
    .allowed(&["RemediateOnFailure", "RetryOnFailure"]),
    Field::duration(
        "retry_interval",
        "How soon to try again; without it, 5m. Only with `RetryOnFailure`.",
    ),
];

const REMEDIATION: &[Field] = &[
    RETRIES,
    Field::boolean("remediate_last_failure", "Uninstall also when no try is left; without it, false."),
    IGNORE_TEST_FAILURES,
];

/// How often a failed action is tried again.
pub(super) const RETRIES: Field = Field::integer(
    "retries",
    "How often to try again, each time after making good; negative for ever. Without it, 0.",
);

/// Whether failed tests count.
pub(super) const IGNORE_TEST_FAILURES: Field = Field::boolean(
    "ignore_test_failures",
    "A failed test is no reason for remediation; without it, what `test` says.",
);
