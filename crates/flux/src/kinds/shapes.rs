//! Objects that several kinds hold: references by name, selectors, metadata.

use super::{Field, FieldType, Format, Readiness};

/// The API group of sources.
pub(super) const SOURCE: &str = "source.toolkit.fluxcd.io";

/// The API group of what makes sources out of sources.
pub(super) const EXTENSIONS: &str = "source.extensions.fluxcd.io";

/// The API group of images and their updates.
pub(super) const IMAGES: &str = "image.toolkit.fluxcd.io";

/// The API group of Kustomizations.
pub(super) const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io";

/// The API group of Helm releases.
pub(super) const HELM: &str = "helm.toolkit.fluxcd.io";

/// The API group of providers, alerts and receivers.
pub(super) const NOTIFICATION: &str = "notification.toolkit.fluxcd.io";

/// The API group of the Flux Operator.
pub(super) const OPERATOR: &str = "fluxcd.controlplane.io";

/// The finalizer that the Flux Operator uses.
pub(super) const OPERATOR_FINALIZER: Option<&str> = Some("fluxcd.controlplane.io/finalizer");

/// The finalizer that every Flux controller uses.
pub(super) const FINALIZER: Option<&str> = Some("finalizers.fluxcd.io");

/// What being ready means for the Flux Operator's kinds, which have an annotation where Flux has `suspend`.
pub(super) const OPERATOR_READINESS: Readiness = Readiness::Where {
    path: r#"metadata.annotations["fluxcd.controlplane.io/reconcile"]"#,
    is: "disabled",
    then: &Readiness::Suspended,
    otherwise: &Readiness::Condition { condition: "Ready", status_generation: false },
};

/// The name of an object in the same namespace.
pub(super) const LOCAL: &[Field] =
    &[Field::string("name", "The object's name.").required().format(Format::ObjectName)];

/// Which of the built resources are meant; what is not set matches everything.
pub(super) const SELECTOR: &[Field] = &[
    Field::string("group", "Only resources of this API group."),
    Field::string("version", "Only resources of this API version."),
    Field::string("kind", "Only resources of this kind."),
    Field::string("name", "Only resources whose name matches; a regular expression."),
    Field::string("namespace", "Only resources whose namespace matches; a regular expression."),
    Field::string("label_selector", "Only resources whose labels match: `app=web,tier!=db`."),
    Field::string(
        "annotation_selector",
        "Only resources whose annotations match, written like a label selector.",
    ),
];

/// Labels and annotations for everything that is applied.
pub(super) const COMMON_METADATA: &[Field] = &[
    Field::string_map("labels", "Labels to set on every resource."),
    Field::string_map("annotations", "Annotations to set on every resource."),
];

/// What to check out of a Git repository.
pub(super) const GIT_REF: &[Field] = &[
    Field::string("branch", "A branch."),
    Field::string("tag", "A tag; goes before `branch`."),
    Field::string(
        "semver",
        "A range of versions, of which the newest tag is taken: `>=1.0.0 <2.0.0`; goes before `tag`.",
    ),
    Field::string("name", "A full reference: `refs/pull/420/head`; goes before all but `commit`."),
    Field::string(
        "commit",
        "A commit's SHA; goes before all others. With `branch`, only that branch is fetched.",
    ),
];

/// Who may have signed without a key: an identity that a signing service vouched for.
pub(super) const OIDC_IDENTITY: &[Field] = &[
    Field::string("issuer", "Who vouched for the identity; a regular expression.").required(),
    Field::string("subject", "Whose identity it is; a regular expression.").required(),
];

/// The namespaces whose objects may refer to an object.
pub(super) const ACCESS_FROM: &[Field] = &[Field::list(
    "namespace_selectors",
    &FieldType::Object(NAMESPACE_SELECTOR),
    "Which namespaces; one match is enough.",
)
.required()];

const NAMESPACE_SELECTOR: &[Field] = &[Field::string_map(
    "match_labels",
    "Labels that the namespace has; without any, every namespace matches.",
)];

/// Objects by their labels, in the form that the API of Kubernetes has for it; its owner is one, as a whole.
pub(super) const LABEL_SELECTOR: &[Field] = &[
    Field::string_map("match_labels", "Labels that the object has, with their values."),
    Field::list(
        "match_expressions",
        &FieldType::Object(LABEL_REQUIREMENT),
        "Further conditions; all of them must hold.",
    ),
];

/// How custom resources of a kind are judged, as CEL expressions over the resource.
pub(super) const HEALTH_CHECK_EXPR: &[Field] = &[
    Field::string("api_version", "The API version of the custom resources.").required(),
    Field::string("kind", "The kind of the custom resources."),
    Field::string("current", "True when the resource is as it should be.").required(),
    Field::string("in_progress", "True while the resource is on its way."),
    Field::string("failed", "True when the resource has failed."),
];

/// A patch of built resources.
pub(super) const PATCH: &[Field] = &[
    Field::string("patch", "A strategic merge patch or a list of JSON 6902 operations, as YAML.").required(),
    Field::object(
        "target",
        SELECTOR,
        "The resources to patch; a merge patch without it finds its own by name.",
    ),
];

/// A container image to replace.
pub(super) const IMAGE: &[Field] = &[
    Field::string("name", "The image as the manifests name it, without a tag.").required(),
    Field::string("new_name", "The name to use instead."),
    Field::string("new_tag", "The tag to use instead."),
    Field::string("digest", "The digest to use instead; goes before `new_tag`."),
];

/// Another cluster; a rule of the kind sees to it that one of the two is set.
pub(super) const KUBE_CONFIG: &[Field] = &[
    Field::object(
        "secret_ref",
        KUBE_CONFIG_SECRET,
        "The Secret with a kubeconfig that needs no programs or files.",
    ),
    Field::object(
        "config_map_ref",
        LOCAL,
        "The ConfigMap that says how to reach the cluster with a cloud identity.",
    ),
];

const KUBE_CONFIG_SECRET: &[Field] = &[
    Field::string("name", "The name of the Secret.").required().format(Format::ObjectName),
    Field::string("key", "The key that holds the kubeconfig; without it, `value`."),
];

/// Fields that are left to others.
pub(super) const IGNORE: &[Field] = &[
    Field::strings("paths", "JSON pointers of the fields to leave alone.").required(),
    Field::object("target", SELECTOR, "The resources that this concerns; without it, all."),
];

/// The name of a source that is meant.
pub(super) const SOURCE_NAME: Field =
    Field::string("name", "The name of the source.").required().length(1, 253).format(Format::ObjectName);

/// The namespace of a source that is meant.
pub(super) const SOURCE_NAMESPACE: Field =
    Field::string("namespace", "The namespace of the source; without it, that of the object.")
        .length(1, 63)
        .format(Format::Namespace);

/// The kinds whose events Flux can send, and which a webhook can wake.
pub(super) const EVENT_OBJECTS: &[&str] = &[
    "Bucket",
    "GitRepository",
    "Kustomization",
    "HelmRelease",
    "HelmChart",
    "HelmRepository",
    "ImageRepository",
    "ImagePolicy",
    "ImageUpdateAutomation",
    "OCIRepository",
    "ArtifactGenerator",
    "ExternalArtifact",
];

/// The name of objects in an alert or a receiver.
pub(super) const EVENT_OBJECT_NAME: Field =
    Field::string("name", "The name of the object, or `*` for all of the kind.").required().length(1, 253);

/// The namespace of objects in an alert or a receiver.
pub(super) const EVENT_OBJECT_NAMESPACE: Field =
    Field::string("namespace", "The namespace of the objects; without it, the same one.")
        .length(1, 253)
        .format(Format::Namespace);

/// The labels of objects in an alert or a receiver.
pub(super) const EVENT_OBJECT_LABELS: Field =
    Field::string_map("match_labels", "Labels that the objects must have; only where `name` is `*`.");

/// A requirement on the labels of objects.
pub(super) const LABEL_REQUIREMENT: &[Field] = &[
    Field::string("key", "The key of the label.").required(),
    Field::string("operator", "What must be true: `In`, `NotIn`, `Exists`, `DoesNotExist`.").required(),
    Field::strings("values", "The values for `In` and `NotIn`."),
];
