//! Objects that several kinds hold: references by name, selectors, metadata.

use super::{Field, FieldType, Format};

/// The API group of sources.
pub(super) const SOURCE: &str = "source.toolkit.fluxcd.io";

/// The API group of what makes sources out of sources.
pub(super) const EXTENSIONS: &str = "source.extensions.fluxcd.io";

/// The API group of images and their updates.
pub(super) const IMAGES: &str = "image.toolkit.fluxcd.io";

/// The API group of Kustomizations.
pub(super) const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io";

/// The finalizer that every Flux controller uses.
pub(super) const FINALIZER: Option<&str> = Some("finalizers.fluxcd.io");

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
        &FieldType::Object(LABEL_EXPRESSION),
        "Further conditions; all of them must hold.",
    ),
];

const LABEL_EXPRESSION: &[Field] = &[
    Field::string("key", "The label.").required(),
    Field::string("operator", "How it is judged: `In`, `NotIn`, `Exists` or `DoesNotExist`.").required(),
    Field::strings("values", "The values for `In` and `NotIn`; none for the others."),
];
