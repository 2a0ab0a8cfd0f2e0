//! ResourceSetInputProvider of the Flux Operator: inputs for ResourceSets, looked up outside.

use super::shapes::{LABEL_REQUIREMENT, LOCAL, OPERATOR, OPERATOR_FINALIZER, OPERATOR_READINESS};
use super::{Column, Field, FieldType, Format, Kind, Refers, Rule};

pub(super) static RESOURCE_SET_INPUT_PROVIDER: Kind = Kind {
    name: "ResourceSetInputProvider",
    group: OPERATOR,
    version: "v1",
    plural: "resourcesetinputproviders",
    resource: "resource_set_input_provider",
    description: "Inputs for ResourceSets that the Flux Operator looks up: pull requests, branches and tags of Git \
                  forges, tags of registries, artifacts of the cluster, or whatever a service answers.",
    spec: &[
        Field::string("type", "What is looked up, and where.").required().allowed(&[
            "Static",
            "GitHubBranch",
            "GitHubTag",
            "GitHubPullRequest",
            "GitLabBranch",
            "GitLabTag",
            "GitLabMergeRequest",
            "GitLabEnvironment",
            "GiteaBranch",
            "GiteaTag",
            "GiteaPullRequest",
            "AzureDevOpsBranch",
            "AzureDevOpsTag",
            "AzureDevOpsPullRequest",
            "AWSCodeCommitBranch",
            "AWSCodeCommitTag",
            "AWSCodeCommitPullRequest",
            "OCIArtifactTag",
            "ACRArtifactTag",
            "ECRArtifactTag",
            "GARArtifactTag",
            "ExternalService",
            "ExternalArtifact",
        ]),
        Field::string(
            "url",
            "The address of the Git repository, of the service, or of the artifact: `oci://registry/path`.",
        ),
        Field::new(
            "default_values",
            FieldType::Map(&FieldType::Json),
            "Inputs that every set gets where it has none of that name.",
        ),
        Field::object("filter", FILTER, "Which of what was found becomes a set of inputs."),
        Field::object("skip", SKIP, "Of what was found, what keeps the inputs that it had."),
        Field::list(
            "schedule",
            &FieldType::Object(SCHEDULE),
            "When the operator may look; without it, always, as often as the annotation \
             `fluxcd.controlplane.io/reconcileEvery` says.",
        ),
        Field::list(
            "selectors",
            &FieldType::Object(SELECTOR),
            "Which ExternalArtifacts are meant; it is enough that one fits. Only for `ExternalArtifact`, which \
             needs one.",
        ),
        Field::object(
            "secret_ref",
            LOCAL,
            "The Secret to sign in with: `username` and `password`, for a service also `token`; for a registry a \
             pull secret.",
        ),
        Field::object(
            "cert_secret_ref",
            LOCAL,
            "The Secret for TLS: `ca.crt` to know the server by, `tls.crt` and `tls.key` to be known by.",
        ),
        Field::string("service_account_name", "The ServiceAccount whose cloud identity signs in.")
            .format(Format::ObjectName),
        Field::boolean("insecure", "Go on over plain HTTP; only for `ExternalService` and `OCIArtifactTag`."),
    ],
    rules: &[
        Rule {
            at: "",
            cel: "self.type in ['Static', 'ExternalArtifact'] || has(self.url)",
            on: "url",
            says: "{url} is needed unless {type} is Static or ExternalArtifact",
        },
        Rule {
            at: "",
            cel: "!(self.type in ['Static', 'ExternalArtifact']) || !has(self.url)",
            on: "url",
            says: "{url} is not allowed where {type} is Static or ExternalArtifact",
        },
        Rule {
            at: "",
            cel: "!self.type.endsWith('ArtifactTag') || !has(self.url) || self.url.matches('^oci://[^/]+/.+$')",
            on: "url",
            says: "{url} must be oci:// with a registry and a path where {type} is about tags of artifacts",
        },
        Rule {
            at: "",
            cel: "self.type == 'ExternalService' || self.type.endsWith('ArtifactTag') || !has(self.url) || \
                  self.url.startsWith('https://') || self.url.startsWith('http://')",
            on: "url",
            says: "{url} must begin with https:// or http:// where {type} is about a Git forge",
        },
        Rule {
            at: "",
            cel: "self.type != 'ExternalService' || !has(self.url) || self.url.startsWith('https://') || \
                  (has(self.insecure) && self.insecure && self.url.startsWith('http://'))",
            on: "url",
            says: "{url} of an ExternalService must begin with https://, or with http:// where {insecure} is true",
        },
        Rule {
            at: "",
            cel: "!has(self.insecure) || !self.insecure || self.type in ['ExternalService', 'OCIArtifactTag']",
            on: "insecure",
            says: "{insecure} is allowed only where {type} is ExternalService or OCIArtifactTag",
        },
        Rule {
            at: "",
            cel: "self.type != 'ExternalArtifact' || (has(self.selectors) && size(self.selectors) > 0)",
            on: "selectors",
            says: "{selectors} needs one element at least where {type} is ExternalArtifact",
        },
        Rule {
            at: "",
            cel: "self.type == 'ExternalArtifact' || !has(self.selectors)",
            on: "selectors",
            says: "{selectors} is allowed only where {type} is ExternalArtifact",
        },
        Rule {
            at: "selectors[]",
            cel: "!has(self.name) || !(has(self.matchLabels) || has(self.matchExpressions))",
            on: "name",
            says: "{name} is not allowed beside {matchLabels} and {matchExpressions}",
        },
    ],
    readiness: OPERATOR_READINESS,
    controller: "flux-operator",
    finalizer: OPERATOR_FINALIZER,
    prunes: false,
    columns: &[
        Column::field("Type", "spec.type"),
        Column::field("URL", "spec.url"),
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[
        Refers::secret("secretRef"),
        Refers::secret("certSecretRef"),
        Refers::service_account("serviceAccountName"),
    ],
    left_out: &[],
};

const FILTER: &[Field] = &[
    Field::strings("labels", "Labels that pull requests must have."),
    Field::string("include_branch", "A regular expression for the names of branches."),
    Field::string("exclude_branch", "A regular expression for the names of branches to leave out."),
    Field::string("include_tag", "A regular expression for tags."),
    Field::string("exclude_tag", "A regular expression for tags to leave out."),
    Field::string("include_environment", "A regular expression for the names of environments."),
    Field::string("exclude_environment", "A regular expression for the names of environments to leave out."),
    Field::string("semver", "A range of versions for tags, newest first: `>=1.0.0 <2.0.0`."),
    Field::integer("limit", "The most sets of inputs; without it, 100."),
];

const SKIP: &[Field] =
    &[Field::strings("labels", "Labels of pull requests to pass over; `!label` for all that lack it.")];

const SCHEDULE: &[Field] = &[
    Field::string("cron", "When, as cron writes it: `0 8 * * 1-5`.").required(),
    Field::string("time_zone", "The time zone of `cron`: `Europe/Berlin`.").default("\"UTC\""),
    Field::duration("window", "How long after that the operator may look, as often as it does otherwise.")
        .default("\"0s\""),
];

const SELECTOR: &[Field] = &[
    Field::string("name", "The name of one ExternalArtifact.").format(Format::ObjectName),
    Field::string("namespace", "Where to look: a namespace, `*` for all; without it, the same one."),
    Field::string_map("match_labels", "Labels that ExternalArtifacts must have."),
    Field::list(
        "match_expressions",
        &FieldType::Object(LABEL_REQUIREMENT),
        "Requirements on labels, all of which must hold.",
    ),
];
