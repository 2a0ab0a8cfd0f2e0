//! Which chart a HelmRelease installs, and with which values.

use super::super::shapes::{LOCAL, SOURCE_NAME, SOURCE_NAMESPACE};
use super::super::{Field, Format};

pub(super) const TEMPLATE: &[Field] = &[
    Field::object("spec", SPEC, "What the HelmChart says.").required(),
    Field::object("metadata", METADATA, "Labels and annotations of the HelmChart."),
];

const METADATA: &[Field] = &[
    Field::string_map("labels", "Labels of the HelmChart."),
    Field::string_map("annotations", "Annotations of the HelmChart."),
];

const SPEC: &[Field] = &[
    Field::string("chart", "The chart's name in a HelmRepository, its folder in any other source.")
        .required()
        .length(1, 2048),
    Field::object("source_ref", SOURCE_REF, "The source that holds the chart.").required(),
    Field::string(
        "version",
        "A version or a range of versions: `6.5.x`, `>=4.0.0 <5.0.0`; of no effect for a GitRepository or a \
         Bucket.",
    )
    .default("\"*\""),
    Field::duration("interval", "How often Flux looks for a newer chart; without it, that of the release."),
    Field::string(
        "reconcile_strategy",
        "What counts as a new chart: another version in its `Chart.yaml`, or every revision of the source.",
    )
    .default("\"ChartVersion\"")
    .allowed(&["ChartVersion", "Revision"]),
    Field::strings(
        "values_files",
        "Files of the source to take default values from, later ones before earlier ones; `values.yaml` is then \
         used only if it is named too.",
    ),
    Field::boolean(
        "ignore_missing_values_files",
        "Go on without values files that the source does not have.",
    ),
    Field::object("verify", VERIFY, "How the signature of a chart from an OCI registry is checked."),
];

const SOURCE_REF: &[Field] = &[
    Field::string("kind", "The kind of the source.").required().allowed(&[
        "HelmRepository",
        "GitRepository",
        "Bucket",
    ]),
    SOURCE_NAME,
    SOURCE_NAMESPACE,
    Field::string("api_version", "The API version of the source, where several would fit."),
];

const VERIFY: &[Field] = &[
    Field::string("provider", "What made the signature.")
        .default("\"cosign\"")
        .allowed(&["cosign", "notation"]),
    Field::object("secret_ref", LOCAL, "The Secret with the public keys that are trusted."),
];

pub(super) const REF: &[Field] = &[
    Field::string("kind", "The kind of the source.").required().allowed(&[
        "OCIRepository",
        "HelmChart",
        "ExternalArtifact",
    ]),
    SOURCE_NAME,
    SOURCE_NAMESPACE,
    Field::string("api_version", "The API version of the source, where several would fit."),
];

pub(super) const VALUES_FROM: &[Field] = &[
    Field::string("kind", "Where the values are kept.").required().allowed(&["Secret", "ConfigMap"]),
    Field::string("name", "Its name, in the namespace of the HelmRelease.")
        .required()
        .length(1, 253)
        .format(Format::ObjectName),
    Field::string("values_key", "The key that holds the values; without it, `values.yaml`.")
        .max_length(253)
        .pattern(r"^[\-._a-zA-Z0-9]+$"),
    Field::string(
        "target_path",
        "Where among the values to put what the key holds, which is then a single value: `image.tag`. Without \
         it, the key holds a YAML mapping that is merged as a whole.",
    )
    .max_length(250)
    .pattern(r"^([a-zA-Z0-9_\-.\\\/]|\[[0-9]{1,5}\])+$"),
    Field::boolean(
        "literal",
        "Put the value at `target_path` letter by letter, as `helm --set-literal` does, whatever commas and \
         brackets it holds.",
    ),
    Field::boolean("optional", "Go on without it where it does not exist; a missing key still fails."),
];
