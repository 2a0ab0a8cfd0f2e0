//! FluxInstance of the Flux Operator: Flux itself, installed and upgraded.

use super::shapes::{COMMON_METADATA, OPERATOR, OPERATOR_FINALIZER, OPERATOR_READINESS, PATCH};
use super::{Column, Field, FieldType, Format, Kind, Refers, Rule};

/// What the one instance of a cluster is called.
pub(super) const NAME: &str = "flux";

pub(super) static FLUX_INSTANCE: Kind = Kind {
    name: "FluxInstance",
    group: OPERATOR,
    version: "v1",
    plural: "fluxinstances",
    resource: "flux_instance",
    description: "Flux itself, as the Flux Operator installs and upgrades it. A cluster has one, in the namespace of \
                  the operator, and its name is `flux`; deleting it uninstalls Flux and leaves running what Flux \
                  applied.",
    spec: &[
        Field::object("distribution", DISTRIBUTION, "Which Flux, and where it comes from.").required(),
        Field::strings("components", "The controllers; without it the first four of these.").allowed(&[
            "source-controller",
            "kustomize-controller",
            "helm-controller",
            "notification-controller",
            "image-reflector-controller",
            "image-automation-controller",
            "source-watcher",
        ]),
        Field::object("cluster", CLUSTER, "What the operator should know about the cluster."),
        Field::object("sync", SYNC, "A source and a Kustomization that the operator makes besides."),
        Field::object("storage", STORAGE, "A volume for the artifacts of source-controller."),
        Field::object("sharding", SHARDING, "More sets of controllers, each for a part of the objects."),
        Field::object("kustomize", KUSTOMIZE, "Changes to the manifests of Flux."),
        Field::object("common_metadata", COMMON_METADATA, "Labels and annotations for every resource."),
        Field::boolean("wait", "Be Ready only when all that was applied is.").default("true"),
        Field::boolean(
            "migrate_resources",
            "After an upgrade, store Flux's objects in their newest API version.",
        )
        .default("true"),
    ],
    rules: &[
        Rule {
            at: "",
            cel: "has(self.storage) || !has(self.sharding) || !has(self.sharding.storage) || self.sharding.storage \
                  != 'persistent'",
            on: "storage",
            says: "{storage} is needed where {sharding.storage} is persistent",
        },
        Rule {
            at: "sync",
            cel: "!has(self.provider) || self.provider != 'gcp' || self.kind != 'GitRepository'",
            on: "provider",
            says: "{provider} cannot be gcp where {kind} is GitRepository",
        },
        Rule {
            at: "sync",
            cel: "!has(self.provider) || self.provider != 'github' || self.kind == 'GitRepository'",
            on: "provider",
            says: "{provider} can be github only where {kind} is GitRepository",
        },
        Rule {
            at: "cluster",
            cel: "!has(self.multitenantWorkloadIdentity) || !self.multitenantWorkloadIdentity || \
                  (has(self.objectLevelWorkloadIdentity) && self.objectLevelWorkloadIdentity)",
            on: "multitenantWorkloadIdentity",
            says: "{multitenantWorkloadIdentity} needs {objectLevelWorkloadIdentity} = true",
        },
    ],
    readiness: OPERATOR_READINESS,
    controller: "flux-operator",
    finalizer: OPERATOR_FINALIZER,
    prunes: true,
    columns: &[
        Column::field("Version", "spec.distribution.version"),
        Column::field("Revision", "status.lastAppliedRevision"),
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[
        Refers::secret("distribution.artifactPullSecret"),
        Refers::secret("distribution.imagePullSecret"),
        Refers::secret("sync.pullSecret"),
    ],
    left_out: &[],
};

const DISTRIBUTION: &[Field] = &[
    Field::string("version", "A version or a range of versions: `2.9.x`; within it Flux is upgraded.").required(),
    Field::string("registry", "Where the images of the controllers are: `ghcr.io/fluxcd`.").required(),
    Field::string(
        "artifact",
        "An OCI artifact with Flux's manifests, so that new versions need no new operator; without it, what the \
         operator brings along.",
    )
    .pattern("^oci://.*$"),
    Field::string("artifact_pull_secret", "The pull secret for `artifact`.").format(Format::ObjectName),
    Field::string("image_pull_secret", "The pull secret for the images.").format(Format::ObjectName),
    Field::string("variant", "Which build of the images a mirror of the registry holds.").allowed(&[
        "upstream-alpine",
        "enterprise-alpine",
        "enterprise-distroless",
        "enterprise-distroless-fips",
    ]),
];

const CLUSTER: &[Field] =
    &[
        Field::string("type", "Whose Kubernetes it is; `kubernetes` is meant where nothing is set.")
            .allowed(&["kubernetes", "openshift", "aws", "azure", "gcp"]),
        Field::string("size", "How much the controllers may use, and how much they do at once.")
            .allowed(&["small", "medium", "large"]),
        Field::string("domain", "The domain of the cluster; without it, `cluster.local`."),
        Field::boolean(
            "multitenant",
            "Keep tenants apart: no references into other namespaces, no default rights.",
        ),
        Field::string(
            "tenant_default_service_account",
            "The ServiceAccount for what tenants apply where they name none; without it, `default`.",
        )
        .format(Format::ObjectName),
        Field::boolean(
            "object_level_workload_identity",
            "Let Flux's objects name ServiceAccounts with a cloud identity.",
        ),
        Field::boolean(
            "multitenant_workload_identity",
            "Keep the cloud identities of tenants apart too; needs `object_level_workload_identity`.",
        ),
        Field::string(
            "tenant_default_decryption_service_account",
            "The ServiceAccount for decryption where tenants name none; without it, `default`.",
        )
        .format(Format::ObjectName),
        Field::string(
            "tenant_default_kube_config_service_account",
            "The ServiceAccount for other clusters where tenants name none; without it, `default`.",
        )
        .format(Format::ObjectName),
        Field::boolean("network_policy", "Let nobody from other namespaces reach the controllers.")
            .default("true"),
    ];

const SYNC: &[Field] = &[
    Field::string("kind", "The kind of the source.").required().allowed(&[
        "OCIRepository",
        "GitRepository",
        "Bucket",
    ]),
    Field::string("url", "The address of the repository, or the endpoint of the bucket.").required(),
    Field::string("ref", "The Git reference, as `refs/heads/main`, the OCI tag, or the bucket's name.")
        .required(),
    Field::string("path", "The folder inside the source.").required(),
    Field::duration("interval", "How often Flux looks for changes.").default("\"1m\""),
    Field::string("name", "The name of source and Kustomization; without it, that of the namespace.")
        .format(Format::ObjectName)
        .immutable(),
    Field::string("pull_secret", "The Secret to sign in with.").format(Format::ObjectName),
    Field::string(
        "provider",
        "How Flux signs in without a Secret; `github` is for GitRepositories, `gcp` for the others.",
    )
    .allowed(&["generic", "aws", "azure", "gcp", "github"]),
];

const STORAGE: &[Field] = &[
    Field::string("class", "The storage class.").required(),
    Field::string("size", "The size: `10Gi`.").required(),
];

const SHARDING: &[Field] = &[
    Field::strings("shards", "The values of the label, each with controllers of its own.")
        .required()
        .min_items(1),
    Field::string("key", "The label that says which; without it, `sharding.fluxcd.io/key`."),
    Field::string("storage", "Whether each shard gets a volume as `storage` describes it.")
        .allowed(&["ephemeral", "persistent"]),
];

const KUSTOMIZE: &[Field] =
    &[Field::list("patches", &FieldType::Object(PATCH), "Patches to apply to Flux's manifests.")];
