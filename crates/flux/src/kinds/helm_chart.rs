//! HelmChart: a chart that Flux fetches and packages.

use super::shapes::{FINALIZER, LOCAL, OIDC_IDENTITY, SOURCE};
use super::{Column, Field, FieldType, Format, Kind, Readiness, Refers, Rule};

pub(super) static HELM_CHART: Kind = Kind {
    name: "HelmChart",
    group: SOURCE,
    version: "v1",
    plural: "helmcharts",
    resource: "helm_chart",
    description: "A Helm chart that Flux takes from a source and keeps packaged for HelmReleases. A HelmRelease \
                  that names its chart itself makes its own HelmChart.",
    spec: &[
        Field::string(
            "chart",
            "The name of the chart in its repository, or its folder in another kind of source: \
             `./charts/web`.",
        )
        .required(),
        Field::object("source_ref", SOURCE_REF, "The source that holds the chart.").required(),
        Field::duration("interval", "How often Flux looks for a new version.").required(),
        Field::string(
            "version",
            "A version or a range of versions, of which the newest is taken: `4.0.x`. Used for HelmRepositories \
             alone; other sources hold one version.",
        )
        .default("\"*\""),
        Field::string(
            "reconcile_strategy",
            "When the chart is packaged anew: when its version changes, or at each revision of the source.",
        )
        .default("\"ChartVersion\"")
        .allowed(&["ChartVersion", "Revision"]),
        Field::strings(
            "values_files",
            "The files that become the chart's values in place of its own values.yaml, as paths inside the \
             source; later ones override earlier ones.",
        ),
        Field::boolean("ignore_missing_values_files", "Leave out values files that are not there."),
        Field::object("verify", VERIFY, "Checks of the chart's signature; for HelmRepositories of type `oci`."),
        Field::boolean("suspend", "Stop fetching until this is false again."),
    ],
    rules: &[Rule {
        at: "",
        cel: "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'",
        on: "verify",
        says: "{verify} is for charts of a HelmRepository; other sources check signatures themselves",
    }],
    readiness: Readiness::Condition { condition: "Ready", status_generation: true },
    controller: "source-controller",
    finalizer: FINALIZER,
    prunes: false,
    columns: &[
        Column::field("Chart", "spec.chart"),
        Column::field("Version", "spec.version"),
        Column::field("Source kind", "spec.sourceRef.kind"),
        Column::field("Source name", "spec.sourceRef.name"),
        Column::field("Revision", "status.artifact.revision"),
        Column::SUSPENDED,
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[Refers::named("sourceRef", SOURCE), Refers::secret("verify.secretRef")],
    left_out: &[],
};

const SOURCE_REF: &[Field] = &[
    Field::string("kind", "The kind of the source.").required().allowed(&[
        "HelmRepository",
        "GitRepository",
        "Bucket",
    ]),
    Field::string("name", "The name of the source, in the namespace of the HelmChart.")
        .required()
        .format(Format::ObjectName),
    Field::string("api_version", "The API version of the source, where several would fit."),
];

const VERIFY: &[Field] = &[
    Field::string("provider", "What the chart was signed with.")
        .default("\"cosign\"")
        .allowed(&["cosign", "notation"]),
    Field::object(
        "secret_ref",
        LOCAL,
        "The Secret with public keys in keys that end in `.pub`, or for `notation` with certificates and a \
         `trustpolicy.json`.",
    ),
    Field::list(
        "match_oidc_identity",
        &FieldType::Object(OIDC_IDENTITY),
        "Who may have signed without a key; one match is enough.",
    )
    .wire_name("matchOIDCIdentity"),
];
