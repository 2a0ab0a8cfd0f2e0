//! Objects that several kinds hold: references by name, selectors, metadata.

use super::{Field, Format};

/// The API group of sources.
pub(super) const SOURCE: &str = "source.toolkit.fluxcd.io";

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
