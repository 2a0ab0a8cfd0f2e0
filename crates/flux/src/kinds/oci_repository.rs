//! OCIRepository: an artifact in a container registry that Flux fetches.

use super::shapes::{FINALIZER, LOCAL, OIDC_IDENTITY, SOURCE};
use super::{Column, Field, FieldType, Format, Kind, Readiness, Refers};

pub(super) static OCI_REPOSITORY: Kind = Kind {
    name: "OCIRepository",
    group: SOURCE,
    version: "v1",
    plural: "ocirepositories",
    resource: "oci_repository",
    description: "An artifact in a container registry that Flux fetches at an interval and offers to other \
                  objects as a source.",
    spec: &[
        Field::string(
            "url",
            "The address of the repository, `oci://host/path`; tag and digest belong in `ref`.",
        )
        .required()
        .pattern("^oci://.*$")
        .format(Format::OciUrl),
        Field::duration("interval", "How often Flux asks the registry for changes.").required(),
        Field::object("ref", REF, "What to fetch; without it the tag `latest`."),
        Field::object("layer_selector", LAYER, "Which layer to take; without it, the first, unpacked."),
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
        Field::object("verify", VERIFY, "Checks of the artifact's signature."),
        Field::string("ignore", "What to leave out of the artifact, in the syntax of .gitignore."),
        Field::boolean("insecure", "Talk to the registry over HTTP, without TLS."),
        Field::short_duration(
            "timeout",
            "How long one operation on the registry may take; without hours: `90s`, `5m`.",
        )
        .default("\"60s\""),
        Field::boolean("suspend", "Stop fetching until this is false again."),
    ],
    rules: &[],
    readiness: Readiness::Condition { condition: "Ready", status_generation: true },
    controller: "source-controller",
    finalizer: FINALIZER,
    prunes: false,
    columns: &[
        Column::field("URL", "spec.url"),
        Column::field("Revision", "status.artifact.revision"),
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
        Refers::secret("verify.secretRef"),
        Refers::secret("verify.trustedRootSecretRef"),
    ],
    left_out: &[],
};

const REF: &[Field] = &[
    Field::string("tag", "A tag; `latest` where nothing is set."),
    Field::string(
        "semver",
        "A range of versions, of which the newest tag is taken: `>=1.0.0 <2.0.0`; goes before `tag`.",
    ),
    Field::string("semver_filter", "A regular expression; only tags that match it count for `semver`."),
    Field::string("digest", "A digest, as `sha256:…`; goes before all others."),
];

const LAYER: &[Field] = &[
    Field::string("media_type", "The media type; the first layer that has it is taken."),
    Field::string(
        "operation",
        "What is done with the layer: `extract`, which is meant where nothing is set, unpacks it, `copy` \
         keeps it packed.",
    )
    .allowed(&["extract", "copy"]),
];

const VERIFY: &[Field] = &[
    Field::string("provider", "What the artifact was signed with.")
        .default("\"cosign\"")
        .allowed(&["cosign", "notation"]),
    Field::object(
        "secret_ref",
        LOCAL,
        "The Secret with public keys in keys that end in `.pub`, or for `notation` with certificates and a \
         `trustpolicy.json`.",
    ),
    Field::list(
        "match_oidc_identity",
        &FieldType::Object(OIDC_IDENTITY),
        "Who may have signed without a key; one match is enough.",
    )
    .wire_name("matchOIDCIdentity"),
    Field::object(
        "trusted_root_secret_ref",
        LOCAL,
        "The Secret with a `trusted_root.json`, for a Sigstore of your own.",
    ),
];
