//! HelmRepository: where charts come from, by HTTP or from a container registry.

use super::shapes::{ACCESS_FROM, FINALIZER, LOCAL, SOURCE};
use super::{Column, Field, Kind, Readiness, Refers, Rule};

pub(super) static HELM_REPOSITORY: Kind = Kind {
    name: "HelmRepository",
    group: SOURCE,
    version: "v1",
    plural: "helmrepositories",
    resource: "helm_repository",
    description: "A place that Helm charts come from: the index of a chart repository, which Flux fetches at an \
                  interval, or an address in a container registry, of which Flux takes note only when a chart is \
                  fetched.",
    spec: &[
        Field::string("url", "The address of the repository: `https://…`, or `oci://…` if `type` is `oci`.")
            .required()
            .pattern("^(http|https|oci)://.*$"),
        Field::string(
            "type",
            "`oci` for a container registry; `default`, which is meant where nothing is set, for a chart \
             repository with an index.",
        )
        .allowed(&["default", "oci"]),
        Field::duration(
            "interval",
            "How often Flux fetches the index; without it, every minute. For `oci` it is not used.",
        ),
        Field::object("secret_ref", LOCAL, "The Secret to sign in with: `username` and `password`."),
        Field::string(
            "provider",
            "How Flux signs in to a container registry: `generic` with `secret_ref`, the others with a cloud \
             identity. Used only if `type` is `oci`.",
        )
        .default("\"generic\"")
        .allowed(&["generic", "aws", "azure", "gcp"]),
        Field::object(
            "cert_secret_ref",
            LOCAL,
            "The Secret for TLS with the server: `tls.crt` and `tls.key` of a client, `ca.crt` of an authority, \
             or both; goes before what `secret_ref` holds.",
        ),
        Field::boolean(
            "pass_credentials",
            "Send the credentials to the hosts that the index names for its charts too, and not to the host of \
             `url` alone. Whoever writes the index then decides who gets them.",
        ),
        Field::boolean(
            "insecure",
            "Talk to the registry over HTTP, without TLS. Used only if `type` is `oci`.",
        ),
        Field::short_duration(
            "timeout",
            "How long fetching the index, or a chart from a registry, may take; without it, a minute. No \
             hours: `90s`, `5m`.",
        ),
        Field::object(
            "access_from",
            ACCESS_FROM,
            "Namespaces whose objects may refer to this one. Flux does not act on it yet.",
        ),
        Field::boolean("suspend", "Stop fetching until this is false again."),
    ],
    rules: &[Rule {
        at: "",
        cel: "(has(self.type) && self.type == 'oci') == self.url.startsWith('oci://')",
        on: "url",
        says: "an address that begins with oci:// goes with {type} `oci`, and no other address does",
    }],
    // source-controller takes no notice of a repository in a registry: no condition ever comes.
    readiness: Readiness::Where {
        path: "spec.type",
        is: "oci",
        then: &Readiness::Existence,
        otherwise: &Readiness::Condition { condition: "Ready", status_generation: true },
    },
    controller: "source-controller",
    finalizer: FINALIZER,
    prunes: false,
    columns: &[
        Column::field("URL", "spec.url"),
        Column::field("Type", "spec.type"),
        Column::field("Revision", "status.artifact.revision"),
        Column::SUSPENDED,
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[Refers::secret("secretRef"), Refers::secret("certSecretRef")],
    left_out: &[],
};
