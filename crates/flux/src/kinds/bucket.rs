//! Bucket: files in an object storage that Flux fetches.

use super::shapes::{FINALIZER, LOCAL, SOURCE};
use super::{Column, Field, Format, Kind, Readiness, Refers, Rule};

pub(super) static BUCKET: Kind = Kind {
    name: "Bucket",
    group: SOURCE,
    version: "v1",
    plural: "buckets",
    resource: "bucket",
    description: "The files of a bucket in an object storage that Flux fetches at an interval and offers to \
                  other objects as a source.",
    spec: &[
        Field::string("bucket_name", "The name of the bucket.").required(),
        Field::string(
            "endpoint",
            "The address of the storage: a host, with a port where needed (`s3.amazonaws.com`), or for `azure` \
             `https://…`.",
        )
        .required(),
        Field::duration("interval", "How often Flux looks for changes.").required(),
        Field::string(
            "provider",
            "Whose storage it is; `generic` is any that speaks the protocol of S3, with credentials of its own.",
        )
        .default("\"generic\"")
        .allowed(&["generic", "aws", "gcp", "azure"]),
        Field::string("region", "The region of the bucket."),
        Field::string("prefix", "Only files whose names begin with this; the storage filters."),
        Field::object(
            "secret_ref",
            LOCAL,
            "The Secret with credentials for the storage: `accesskey` and `secretkey`, or what the provider \
             calls for.",
        ),
        Field::string(
            "service_account_name",
            "The ServiceAccount whose cloud identity signs in; not with `generic`, and not together with \
             `secret_ref`.",
        )
        .format(Format::ObjectName),
        Field::object(
            "sts",
            STS,
            "A token service that gives temporary credentials; with the providers `aws` and `generic`.",
        ),
        Field::object(
            "cert_secret_ref",
            LOCAL,
            "The Secret for TLS with the storage: `tls.crt` and `tls.key` of a client, `ca.crt` of an authority, \
             or both; with the provider `generic`.",
        ),
        Field::object(
            "proxy_secret_ref",
            LOCAL,
            "The Secret with the `address` of a proxy, and its credentials.",
        ),
        Field::string("ignore", "What to leave out of the artifact, in the syntax of .gitignore."),
        Field::boolean("insecure", "Talk to the storage over HTTP, without TLS."),
        Field::short_duration("timeout", "How long fetching may take; without hours: `90s`, `5m`.")
            .default("\"60s\""),
        Field::boolean("suspend", "Stop fetching until this is false again."),
    ],
    rules: &[
        Rule {
            at: "",
            cel: "self.provider == 'aws' || self.provider == 'generic' || !has(self.sts)",
            on: "sts",
            says: "{sts} is for {provider} `aws` or `generic`; other providers have no token service",
        },
        Rule {
            at: "",
            cel: "self.provider != 'aws' || !has(self.sts) || self.sts.provider == 'aws'",
            on: "sts.provider",
            says: "a bucket of {provider} `aws` takes tokens of the service `aws` alone",
        },
        Rule {
            at: "",
            cel: "self.provider != 'generic' || !has(self.sts) || self.sts.provider == 'ldap'",
            on: "sts.provider",
            says: "a bucket of {provider} `generic` takes tokens of the service `ldap` alone",
        },
        Rule {
            at: "",
            cel: "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.secretRef)",
            on: "sts.secretRef",
            says: "the token service `aws` takes no {sts.secretRef}; only `ldap` does",
        },
        Rule {
            at: "",
            cel: "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.certSecretRef)",
            on: "sts.certSecretRef",
            says: "the token service `aws` takes no {sts.certSecretRef}; only `ldap` does",
        },
        Rule {
            at: "",
            cel: "self.provider != 'generic' || !has(self.serviceAccountName)",
            on: "serviceAccountName",
            says: "{serviceAccountName} is a cloud identity, which {provider} `generic` cannot use",
        },
        Rule {
            at: "",
            cel: "!has(self.secretRef) || !has(self.serviceAccountName)",
            on: "serviceAccountName",
            says: "{secretRef} and {serviceAccountName} are two ways to sign in, and only one may be set",
        },
    ],
    readiness: Readiness::Condition { condition: "Ready", status_generation: true },
    controller: "source-controller",
    finalizer: FINALIZER,
    prunes: false,
    columns: &[
        Column::field("Endpoint", "spec.endpoint"),
        Column::field("Bucket", "spec.bucketName"),
        Column::field("Revision", "status.artifact.revision"),
        Column::SUSPENDED,
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[
        Refers::secret("secretRef"),
        Refers::service_account("serviceAccountName"),
        Refers::secret("sts.secretRef"),
        Refers::secret("sts.certSecretRef"),
        Refers::secret("certSecretRef"),
        Refers::secret("proxySecretRef"),
    ],
    left_out: &[],
};

const STS: &[Field] = &[
    Field::string("provider", "Which service it is: `aws` for buckets of `aws`, `ldap` for `generic` ones.")
        .required()
        .allowed(&["aws", "ldap"]),
    Field::string("endpoint", "The address of the service: `https://…`.")
        .required()
        .pattern("^(http|https)://.*$"),
    Field::object(
        "secret_ref",
        LOCAL,
        "The Secret with `username` and `password` for the service; with `ldap`.",
    ),
    Field::object(
        "cert_secret_ref",
        LOCAL,
        "The Secret for TLS with the service: `tls.crt` and `tls.key` of a client, `ca.crt` of an authority, or \
         both; with `ldap`.",
    ),
];
