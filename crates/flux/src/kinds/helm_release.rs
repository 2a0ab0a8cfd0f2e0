//! HelmRelease: a chart and its values, installed, upgraded and kept that way.

mod chart;
mod install;
mod upgrade;

use super::shapes::{
    COMMON_METADATA, FINALIZER, HEALTH_CHECK_EXPR, HELM, IGNORE, IMAGE, KUBE_CONFIG, PATCH, SOURCE,
};
use super::{Column, Field, FieldType, Format, Kind, Readiness, Refers, Rule};

pub(super) static HELM_RELEASE: Kind = Kind {
    name: "HelmRelease",
    group: HELM,
    version: "v2",
    plural: "helmreleases",
    resource: "helm_release",
    description: "A Helm chart with its values, which Flux installs, upgrades, tests and, when something \
                  fails, repairs.",
    spec: &[
        Field::duration("interval", "How often Flux compares the release with what is wanted.").required(),
        Field::object("chart", chart::TEMPLATE, "The HelmChart that Flux makes for this release."),
        Field::object("chart_ref", chart::REF, "A source that already holds the chart; instead of `chart`."),
        Field::json(
            "values",
            "Values for the chart, named as the chart names them; they go before all from `values_from`.",
        ),
        Field::list(
            "values_from",
            &FieldType::Object(chart::VALUES_FROM),
            "ConfigMaps and Secrets with values; later ones go before earlier ones.",
        ),
        Field::string(
            "release_name",
            "The name of the release in Helm; without it the object's name, after `target_namespace` and a \
             dash where that is set.",
        )
        .length(1, 53),
        Field::string("target_namespace", "The namespace to install into; without it, that of the object.")
            .length(1, 63)
            .format(Format::Namespace),
        Field::string(
            "storage_namespace",
            "The namespace in which Helm keeps its records; without it, that of the object.",
        )
        .length(1, 63)
        .format(Format::Namespace),
        Field::list(
            "depends_on",
            &FieldType::Object(DEPENDENCY),
            "HelmReleases that must be Ready before Flux begins with this one.",
        ),
        Field::duration(
            "timeout",
            "How long Helm waits for one operation, such as a Job of a hook; without it, 5m.",
        ),
        Field::integer(
            "max_history",
            "How many revisions Helm keeps, 0 for all of them; without it, 5.",
        ),
        Field::object("install", install::INSTALL, "How the first revision is installed."),
        Field::object("upgrade", upgrade::UPGRADE, "How later revisions are put in place."),
        Field::object("rollback", upgrade::ROLLBACK, "How Flux goes back to an earlier revision."),
        Field::object("uninstall", UNINSTALL, "How the release is removed."),
        Field::object("test", TEST, "Whether and how Flux runs the tests of the chart."),
        Field::object(
            "drift_detection",
            DRIFT_DETECTION,
            "What to do when objects of the release were changed by others.",
        ),
        Field::object("wait_strategy", WAIT_STRATEGY, "How Flux finds out that what it applied is ready."),
        Field::list(
            "health_check_exprs",
            &FieldType::Object(HEALTH_CHECK_EXPR),
            "How custom resources of the chart are judged, as CEL expressions; only while Flux waits, and only \
             with the wait strategy `poller`.",
        ),
        Field::list(
            "post_renderers",
            &FieldType::Object(POST_RENDERER),
            "Changes to the rendered objects, in this order, before they are applied.",
        ),
        Field::string(
            "post_render_strategy",
            "What becomes of hooks in `post_renderers`: `nohooks` leaves them out, `combined` sends them along, \
             `separate` sends them on their own. Without it `combined`, unless the controller keeps to Helm 3.",
        )
        .allowed(&["nohooks", "combined", "separate"]),
        Field::object("common_metadata", COMMON_METADATA, "Labels and annotations for every resource."),
        Field::string("service_account_name", "The ServiceAccount that Flux impersonates while it applies.")
            .length(1, 253)
            .format(Format::ObjectName),
        Field::object("kube_config", KUBE_CONFIG, "Another cluster to install into."),
        Field::boolean(
            "persistent_client",
            "Use one client for a whole reconciliation; false helps where a chart brings CRDs by other ways than \
             its folder `crds`. Without it, true.",
        ),
        Field::boolean("suspend", "Leave the release alone until this is false again."),
    ],
    rules: &[
        Rule {
            at: "",
            cel: "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))",
            on: "chart",
            says: "exactly one of {chart} and {chartRef} must be set",
        },
        Rule {
            at: "install.strategy",
            cel: "!has(self.retryInterval) || self.name != 'RemediateOnFailure'",
            on: "retryInterval",
            says: "{retryInterval} is not allowed where {name} is RemediateOnFailure",
        },
        Rule {
            at: "upgrade.strategy",
            cel: "!has(self.retryInterval) || self.name == 'RetryOnFailure'",
            on: "retryInterval",
            says: "{retryInterval} is allowed only where {name} is RetryOnFailure",
        },
        Rule {
            at: "kubeConfig",
            cel: "has(self.configMapRef) || has(self.secretRef)",
            on: "",
            says: "one of {secretRef} and {configMapRef} must be set",
        },
        Rule {
            at: "kubeConfig",
            cel: "!has(self.configMapRef) || !has(self.secretRef)",
            on: "configMapRef",
            says: "only one of {secretRef} and {configMapRef} may be set",
        },
    ],
    readiness: Readiness::Condition { condition: "Ready", status_generation: true },
    controller: "helm-controller",
    finalizer: FINALIZER,
    prunes: true,
    columns: &[
        Column::field("Revision", "status.lastAttemptedRevision"),
        Column::SUSPENDED,
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[
        Refers::named("chart.spec.sourceRef", SOURCE),
        Refers::secret("chart.spec.verify.secretRef"),
        Refers::named("chartRef", SOURCE),
        Refers::named("valuesFrom[]", ""),
        Refers::to("dependsOn[]", HELM, "HelmRelease"),
        Refers::secret("kubeConfig.secretRef"),
        Refers::to("kubeConfig.configMapRef", "", "ConfigMap"),
        // With kubeConfig, the account is one of the other cluster.
        Refers::service_account("serviceAccountName").unless("kubeConfig"),
    ],
    left_out: &[],
};

const DEPENDENCY: &[Field] = &[
    Field::string("name", "The name of the HelmRelease.").required().format(Format::ObjectName),
    Field::string("namespace", "Its namespace; without it, the same one.").format(Format::Namespace),
    Field::string(
        "ready_expr",
        "A CEL expression over `self` and `dep` that decides instead of the condition Ready.",
    ),
];

const UNINSTALL: &[Field] = &[
    Field::duration("timeout", "How long Helm waits for one operation; without it, the release's `timeout`."),
    Field::boolean("disable_hooks", "Run no hooks."),
    Field::boolean("disable_wait", "Do not wait until all objects are gone."),
    Field::boolean("keep_history", "Remove the objects, and keep the records of the revisions."),
    Field::string(
        "deletion_propagation",
        "How the cluster deletes what an object owns: after it, before it, or not at all.",
    )
    .default("\"background\"")
    .allowed(&["background", "foreground", "orphan"]),
];

const TEST: &[Field] = &[
    Field::boolean("enable", "Run the tests after each install and upgrade."),
    Field::duration("timeout", "How long Helm waits for one operation; without it, the release's `timeout`."),
    Field::boolean(
        "ignore_failures",
        "A failed test is no reason for remediation; `install` and `upgrade` may say otherwise.",
    ),
    Field::list("filters", &FieldType::Object(TEST_FILTER), "Which tests to run; without it, all."),
];

const TEST_FILTER: &[Field] = &[
    Field::string("name", "The name of the test.").required().length(1, 253),
    Field::boolean("exclude", "Leave this test out, instead of running it."),
];

const DRIFT_DETECTION: &[Field] = &[
    Field::string(
        "mode",
        "`enabled` puts back what was changed, `warn` only tells; `disabled`, which is meant where nothing is \
         set, does not look.",
    )
    .allowed(&["enabled", "warn", "disabled"]),
    Field::list("ignore", &FieldType::Object(IGNORE), "Changes that do not count."),
];

const WAIT_STRATEGY: &[Field] = &[Field::string(
    "name",
    "`poller` asks for the status of every object, as `health_check_exprs` need it; `legacy` waits as Helm 3 \
         did.",
)
.required()
.allowed(&["poller", "legacy"])];

const POST_RENDERER: &[Field] =
    &[Field::object("kustomize", POST_KUSTOMIZE, "Changes by the means of kustomize.")];

const POST_KUSTOMIZE: &[Field] = &[
    Field::list("patches", &FieldType::Object(PATCH), "Patches to apply to the rendered objects."),
    Field::list("images", &FieldType::Object(IMAGE), "Container images to replace."),
];
