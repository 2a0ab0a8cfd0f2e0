//! ImagePolicy: which tag of an image is the one to run.

use super::shapes::{FINALIZER, IMAGES};
use super::{Column, Field, Format, Kind, Readiness, Refers, Rule};

pub(super) static IMAGE_POLICY: Kind = Kind {
    name: "ImagePolicy",
    group: IMAGES,
    version: "v1",
    plural: "imagepolicies",
    resource: "image_policy",
    description: "A rule that chooses one of the tags that an ImageRepository lists. Ready once there is one.",
    spec: &[
        Field::object("image_repository_ref", REPOSITORY, "The ImageRepository whose tags are meant.")
            .required(),
        Field::object(
            "policy",
            POLICY,
            "How tags are put in order, of which the last is chosen; exactly one.",
        )
        .required(),
        Field::object("filter_tags", FILTER, "Which tags count, and what of them; without it, all of them."),
        Field::string(
            "digest_reflection_policy",
            "Whether the digest of the chosen tag is looked up: each time, only when the choice changes, or \
             never.",
        )
        .default("\"Never\"")
        .allowed(&["Always", "IfNotPresent", "Never"]),
        Field::duration(
            "interval",
            "How often the digest is looked up; needed if `digest_reflection_policy` is `Always`, and refused \
             otherwise.",
        ),
        Field::boolean("suspend", "Stop choosing until this is false again."),
    ],
    rules: &[
        Rule {
            at: "",
            cel: "!has(self.interval) || (has(self.digestReflectionPolicy) && self.digestReflectionPolicy == \
                  'Always')",
            on: "interval",
            says: "{interval} goes with {digestReflectionPolicy} `Always` alone; nothing else is looked up again",
        },
        Rule {
            at: "",
            cel: "has(self.interval) || !has(self.digestReflectionPolicy) || self.digestReflectionPolicy != \
                  'Always'",
            on: "interval",
            says: "with {digestReflectionPolicy} `Always`, {interval} must say how often",
        },
        Rule {
            at: "policy",
            cel: "has(self.semver) || has(self.alphabetical) || has(self.numerical)",
            on: "",
            says: "{semver}, {alphabetical} or {numerical} must be set, or nothing is chosen",
        },
    ],
    readiness: Readiness::Condition { condition: "Ready", status_generation: true },
    controller: "image-reflector-controller",
    finalizer: FINALIZER,
    prunes: false,
    columns: &[
        Column::field("Image", "status.latestRef.name"),
        Column::field("Tag", "status.latestRef.tag"),
        Column::SUSPENDED,
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[Refers::to("imageRepositoryRef", IMAGES, "ImageRepository")],
    left_out: &[],
};

const REPOSITORY: &[Field] = &[
    Field::string("name", "The name of the ImageRepository.").required().format(Format::ObjectName),
    Field::string(
        "namespace",
        "Its namespace; without it, that of the ImagePolicy. Another one must be let in by `access_from` there.",
    )
    .format(Format::Namespace),
];

const POLICY: &[Field] = &[
    Field::object("semver", SEMVER, "By version."),
    Field::object("alphabetical", ORDER, "By letters."),
    Field::object("numerical", ORDER, "By number."),
];

const SEMVER: &[Field] =
    &[Field::string("range", "The range of versions; the newest tag inside it is chosen: `1.x`.").required()];

const ORDER: &[Field] =
    &[Field::string("order", "The order; the last is chosen, so `asc` chooses the greatest.")
        .default("\"asc\"")
        .allowed(&["asc", "desc"])];

const FILTER: &[Field] = &[
    Field::string("pattern", "A regular expression; only tags that match count."),
    Field::string("extract", "What to compare instead of the whole tag: a group of `pattern`, as `$name`."),
];
