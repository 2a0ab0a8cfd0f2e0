//! GitRepository: a repository that Flux fetches.

use super::shapes::{FINALIZER, GIT_REF, LOCAL, SOURCE};
use super::{Column, Field, FieldType, Format, Kind, Readiness, Refers, Rule};

pub(super) static GIT_REPOSITORY: Kind = Kind {
    name: "GitRepository",
    group: SOURCE,
    version: "v1",
    plural: "gitrepositories",
    resource: "git_repository",
    description: "A Git repository that Flux fetches at an interval and offers to other objects as a source.",
    spec: &[
        Field::string("url", "The address of the repository: `https://…` or `ssh://…`.")
            .required()
            .pattern("^(http|https|ssh)://.*$")
            .format(Format::GitUrl),
        Field::duration("interval", "How often Flux asks the Git server for changes.").required(),
        Field::object("ref", GIT_REF, "What to check out; without it the branch `master`."),
        Field::object(
            "secret_ref",
            LOCAL,
            "The Secret to sign in with: `username` and `password`, or `bearerToken`, for HTTPS; `identity` \
             and `known_hosts` for SSH.",
        ),
        Field::string(
            "provider",
            "How Flux signs in; `generic` uses `secret_ref`, and is meant where nothing is set.",
        )
        .allowed(&["generic", "aws", "azure", "github"]),
        Field::string(
            "service_account_name",
            "The ServiceAccount whose cloud identity signs in; only with the providers `aws` and `azure`.",
        )
        .format(Format::ObjectName),
        Field::short_duration("timeout", "How long one Git operation may take; without hours: `90s`, `5m`.")
            .default("\"60s\""),
        Field::object("verify", VERIFY, "Checks of commit and tag signatures."),
        Field::object(
            "proxy_secret_ref",
            LOCAL,
            "The Secret with the `address` of a proxy, and its credentials.",
        ),
        Field::string("ignore", "What to leave out of the artifact, in the syntax of .gitignore."),
        Field::strings("sparse_checkout", "The only folders to check out and to offer."),
        Field::boolean("recurse_submodules", "Fetch submodules too, with the same credentials."),
        Field::list(
            "include",
            &FieldType::Object(INCLUDE),
            "Parts of other GitRepositories to copy into this one.",
        ),
        Field::boolean("suspend", "Stop fetching until this is false again."),
    ],
    rules: &[Rule {
        at: "",
        cel: "!has(self.serviceAccountName) || (has(self.provider) && (self.provider == 'azure' || \
              self.provider == 'aws'))",
        on: "serviceAccountName",
        says: "{serviceAccountName} is for {provider} `aws` or `azure`, which sign in with a ServiceAccount",
    }],
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
        Refers::secret("proxySecretRef"),
        Refers::secret("verify.secretRef"),
        Refers::service_account("serviceAccountName"),
        Refers::to("include[].repository", SOURCE, "GitRepository"),
    ],
    left_out: &[],
};

const VERIFY: &[Field] = &[
    Field::string(
        "mode",
        "What is verified: the commit of HEAD, the tag, or both. `head` is the old spelling of `HEAD`.",
    )
    .default("\"HEAD\"")
    .allowed(&["head", "HEAD", "Tag", "TagAndHEAD"]),
    Field::object(
        "secret_ref",
        LOCAL,
        "The Secret with the authors' public keys: PGP in keys that end in `.asc`, SSH in `.sshpub`.",
    )
    .required(),
];

const INCLUDE: &[Field] = &[
    Field::object("repository", LOCAL, "The GitRepository to copy from, in the same namespace.").required(),
    Field::string("from_path", "What to copy; without it, everything."),
    Field::string("to_path", "Where to put it; without it, a folder called like the GitRepository."),
];
