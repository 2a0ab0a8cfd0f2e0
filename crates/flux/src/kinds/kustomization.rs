//! Kustomization: manifests from a source, built, applied and kept that way.

use super::shapes::{
    COMMON_METADATA, FINALIZER, HEALTH_CHECK_EXPR, IGNORE, IMAGE, KUBE_CONFIG, KUSTOMIZE, LOCAL, PATCH,
    SOURCE,
};
use super::{Column, Field, FieldType, Format, Kind, Readiness, Refers, Rule};

pub(super) static KUSTOMIZATION: Kind = Kind {
    name: "Kustomization",
    group: KUSTOMIZE,
    version: "v1",
    plural: "kustomizations",
    resource: "kustomization",
    description: "Manifests from a source, built by kustomize, applied to a cluster and kept that way.",
    spec: &[
        Field::duration("interval", "How often Flux builds and applies, also without a new revision.")
            .required(),
        Field::object("source_ref", SOURCE_REF, "The source that holds the manifests.").required(),
        Field::string("path", "The folder inside the source; without it, its root."),
        Field::boolean("prune", "Delete what was applied and is no longer among the manifests.").required(),
        Field::string("target_namespace", "The namespace for every resource, whatever its manifest says.")
            .length(1, 63)
            .format(Format::Namespace),
        Field::boolean("wait", "Be Ready only when all that was applied is; replaces `health_checks`."),
        Field::duration(
            "timeout",
            "How long build, apply and health checks may take; without it, `interval`.",
        ),
        Field::duration("retry_interval", "How soon to try again after a failure; without it, `interval`."),
        Field::list(
            "depends_on",
            &FieldType::Object(DEPENDENCY),
            "Kustomizations that must be Ready before this one is applied.",
        ),
        Field::list(
            "health_checks",
            &FieldType::Object(HEALTH_CHECK),
            "Resources that must be healthy before this Kustomization is Ready.",
        ),
        Field::list(
            "health_check_exprs",
            &FieldType::Object(HEALTH_CHECK_EXPR),
            "How `wait` and `health_checks` judge custom resources, as CEL expressions.",
        ),
        Field::object("post_build", POST_BUILD, "Substitution of variables after the build."),
        Field::list("patches", &FieldType::Object(PATCH), "Patches to apply to the built resources."),
        Field::list("images", &FieldType::Object(IMAGE), "Container images to replace."),
        Field::strings("components", "Folders of kustomize components, relative to `path`."),
        Field::boolean("ignore_missing_components", "Leave out components that the source does not have."),
        Field::object("decryption", DECRYPTION, "How to decrypt Secrets of the source."),
        Field::string(
            "deletion_policy",
            "What becomes of the applied resources when the Kustomization is deleted. `MirrorPrune`, \
             which is meant where nothing is set, deletes them if `prune` is true; `Orphan` leaves them \
             running.",
        )
        .allowed(&["MirrorPrune", "Delete", "WaitForTermination", "Orphan"]),
        Field::boolean("force", "Recreate resources whose immutable fields changed.").default("false"),
        Field::boolean("suspend", "Stop applying until this is false again."),
        Field::string("service_account_name", "The ServiceAccount that Flux impersonates while it applies.")
            .format(Format::ObjectName),
        Field::object("kube_config", KUBE_CONFIG, "Another cluster to apply to."),
        Field::object("common_metadata", COMMON_METADATA, "Labels and annotations for every resource."),
        Field::string("name_prefix", "A text to put before the name of every resource.").length(1, 200),
        Field::string("name_suffix", "A text to put after the name of every resource.").length(1, 200),
        Field::strings("build_metadata", "Where resources came from, as annotations that kustomize adds.")
            .allowed(&["originAnnotations", "transformerAnnotations"]),
        Field::list("ignore", &FieldType::Object(IGNORE), "Fields that Flux neither compares nor applies."),
    ],
    rules: &[
        Rule {
            at: "kubeConfig",
            cel: "has(self.configMapRef) || has(self.secretRef)",
            on: "",
            says: "{secretRef} or {configMapRef} must be set",
        },
        Rule {
            at: "kubeConfig",
            cel: "!has(self.configMapRef) || !has(self.secretRef)",
            on: "",
            says: "only one of {secretRef} and {configMapRef} may be set",
        },
    ],
    readiness: Readiness::Condition { condition: "Ready", status_generation: true },
    controller: "kustomize-controller",
    finalizer: FINALIZER,
    prunes: true,
    columns: &[
        Column::field("Revision", "status.lastAppliedRevision"),
        Column::SUSPENDED,
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[
        Refers::named("sourceRef", SOURCE),
        Refers::to("dependsOn[]", KUSTOMIZE, "Kustomization"),
        Refers::named("postBuild.substituteFrom[]", ""),
        Refers::secret("decryption.secretRef"),
        Refers::service_account("decryption.serviceAccountName"),
        Refers::secret("kubeConfig.secretRef"),
        Refers::to("kubeConfig.configMapRef", "", "ConfigMap"),
        // With kubeConfig, the account is one of the other cluster.
        Refers::service_account("serviceAccountName").unless("kubeConfig"),
    ],
    left_out: &[],
};

const SOURCE_REF: &[Field] = &[
    Field::string("kind", "The kind of the source.").required().allowed(&[
        "OCIRepository",
        "GitRepository",
        "Bucket",
        "ExternalArtifact",
    ]),
    Field::string("name", "The name of the source.").required().format(Format::ObjectName),
    Field::string("namespace", "The namespace of the source; without it, that of the Kustomization.")
        .format(Format::Namespace),
    Field::string("api_version", "The API version of the source, where several would fit."),
];

const DEPENDENCY: &[Field] = &[
    Field::string("name", "The name of the Kustomization.").required().format(Format::ObjectName),
    Field::string("namespace", "Its namespace; without it, the same one.").format(Format::Namespace),
    Field::string(
        "ready_expr",
        "A CEL expression over `self` and `dep` that decides instead of the condition Ready.",
    ),
];

const HEALTH_CHECK: &[Field] = &[
    Field::string("kind", "The kind of the resource.").required(),
    Field::string("name", "The name of the resource.").required(),
    Field::string("namespace", "Its namespace; without it, that of the Kustomization.")
        .format(Format::Namespace),
    Field::string("api_version", "Its API version; without it, the one that the cluster prefers."),
];

const POST_BUILD: &[Field] = &[
    Field::string_map("substitute", "Variables and their values, for `${name}` in the manifests."),
    Field::list(
        "substitute_from",
        &FieldType::Object(SUBSTITUTE_FROM),
        "ConfigMaps and Secrets whose keys are variables.",
    ),
    Field::string(
        "substitute_strategy",
        "Whether manifests are processed when no variable is defined. `WithVariables`, which is meant where \
         nothing is set, leaves them alone then.",
    )
    .allowed(&["WithVariables", "Always"]),
];

const SUBSTITUTE_FROM: &[Field] = &[
    Field::string("kind", "Where the variables are kept.").required().allowed(&["Secret", "ConfigMap"]),
    Field::string("name", "Its name, in the namespace of the Kustomization.")
        .required()
        .length(1, 253)
        .format(Format::ObjectName),
    Field::boolean("optional", "Go on without it where it does not exist.").default("false"),
];

const DECRYPTION: &[Field] = &[
    Field::string("provider", "What decrypts.").required().allowed(&["sops"]),
    Field::object("secret_ref", LOCAL, "The Secret with private keys or cloud credentials; these go first."),
    Field::string("service_account_name", "The ServiceAccount whose cloud identity may use the keys.")
        .format(Format::ObjectName),
];
