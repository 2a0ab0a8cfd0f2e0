//! ExternalArtifact: a source that a controller outside Flux fills.

use super::shapes::SOURCE;
use super::{Column, Field, Format, Kind, Readiness};

pub(super) static EXTERNAL_ARTIFACT: Kind = Kind {
    name: "ExternalArtifact",
    group: SOURCE,
    version: "v1",
    plural: "externalartifacts",
    resource: "external_artifact",
    description: "A source that another controller fills: it stores an artifact and writes into the status where \
                  it is. ArtifactGenerators make such objects themselves. Where no controller knows the object, \
                  set `wait = false`.",
    spec: &[Field::object("source_ref", SOURCE_REF, "The custom resource that the artifact is made from.")],
    rules: &[],
    // Whoever writes the status keeps the generation in the condition, if at all.
    readiness: Readiness::Condition { condition: "Ready", status_generation: false },
    controller: "the controller that makes the artifact",
    finalizer: None,
    prunes: false,
    columns: &[
        Column::field("Source", "spec.sourceRef.name"),
        Column::field("Revision", "status.artifact.revision"),
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    // What the artifact was made from is for people and its controller to know: the object stands without it.
    references: &[],
    left_out: &[],
};

const SOURCE_REF: &[Field] = &[
    Field::string("kind", "The kind of the resource.").required(),
    Field::string("name", "The name of the resource.").required().format(Format::ObjectName),
    Field::string("namespace", "Its namespace; without it, that of the ExternalArtifact.")
        .format(Format::Namespace),
    Field::string("api_version", "Its API version; without it, the one that the cluster prefers."),
];
