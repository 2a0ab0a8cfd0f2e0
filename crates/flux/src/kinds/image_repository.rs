//! ImageRepository: a container image whose tags Flux lists.

use super::shapes::{ACCESS_FROM, FINALIZER, IMAGES, LOCAL};
use super::{Column, Field, Format, Kind, Readiness, Refers};

pub(super) static IMAGE_REPOSITORY: Kind = Kind {
    name: "ImageRepository",
    group: IMAGES,
    version: "v1",
    plural: "imagerepositories",
    resource: "image_repository",
    description: "A container image whose tags Flux lists at an interval, for ImagePolicies to choose from.",
    spec: &[
        Field::string("image", "The image, without scheme and tag: `ghcr.io/acme/web`.")
            .required()
            .format(Format::Image),
        Field::duration("interval", "How often Flux lists the tags.").required(),
        Field::strings(
            "exclusion_list",
            "Regular expressions; tags that match one of them are left out. A list of your own replaces the \
             default, which leaves out signatures.",
        )
        .default(r#"["^.*\\.sig$"]"#)
        .max_items(25),
        Field::object(
            "secret_ref",
            LOCAL,
            "The Secret to sign in with, of the type `kubernetes.io/dockerconfigjson`.",
        ),
        Field::string(
            "provider",
            "How Flux signs in: `generic` with Secrets that are named here, the others with a cloud identity.",
        )
        .default("\"generic\"")
        .allowed(&["generic", "aws", "azure", "gcp"]),
        Field::string(
            "service_account_name",
            "The ServiceAccount whose image pull secrets, or with a cloud provider whose cloud identity, sign \
             in.",
        )
        .max_length(253)
        .format(Format::ObjectName),
        Field::object(
            "cert_secret_ref",
            LOCAL,
            "The Secret for TLS with the registry: `tls.crt` and `tls.key` of a client, `ca.crt` of an \
             authority, or both.",
        ),
        Field::object(
            "proxy_secret_ref",
            LOCAL,
            "The Secret with the `address` of a proxy, and its credentials.",
        ),
        Field::object(
            "access_from",
            ACCESS_FROM,
            "Namespaces whose ImagePolicies may refer to this object; without it, only its own.",
        ),
        Field::boolean("insecure", "Talk to the registry over HTTP, without TLS."),
        Field::short_duration(
            "timeout",
            "How long listing may take; without it, `interval`. No hours: `90s`, `5m`.",
        ),
        Field::boolean("suspend", "Stop listing until this is false again."),
    ],
    rules: &[],
    readiness: Readiness::Condition { condition: "Ready", status_generation: true },
    controller: "image-reflector-controller",
    finalizer: FINALIZER,
    prunes: false,
    columns: &[
        Column::field("Image", "spec.image"),
        Column::field("Tags", "status.lastScanResult.tagCount"),
        Column::field("Last scan", "status.lastScanResult.scanTime"),
        Column::SUSPENDED,
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[
        Refers::secret("secretRef"),
        Refers::service_account("serviceAccountName"),
        Refers::secret("certSecretRef"),
        Refers::secret("proxySecretRef"),
    ],
    left_out: &[],
};
