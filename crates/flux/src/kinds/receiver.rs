//! Receiver: a webhook that makes Flux look at once.

use super::shapes::{EVENT_OBJECT_LABELS, EVENT_OBJECT_NAME, EVENT_OBJECT_NAMESPACE, EVENT_OBJECTS};
use super::shapes::{FINALIZER, LOCAL, NOTIFICATION, SOURCE};
use super::{Column, Field, FieldType, Kind, Readiness, Refers, Rule};

pub(super) static RECEIVER: Kind = Kind {
    name: "Receiver",
    group: NOTIFICATION,
    version: "v1",
    plural: "receivers",
    resource: "receiver",
    description: "A webhook for Git forges and registries: who calls it makes Flux look at chosen objects at \
                  once. The path of its address is in `status.webhookPath`.",
    spec: &[
        Field::string("type", "Who calls, which decides how a call is checked and read.").required().allowed(
            &[
                "generic",
                "generic-hmac",
                "generic-oidc",
                "github",
                "gitlab",
                "bitbucket",
                "harbor",
                "dockerhub",
                "quay",
                "gcr",
                "nexus",
                "acr",
                "cdevents",
            ],
        ),
        Field::list(
            "resources",
            &FieldType::Object(RESOURCE),
            "The objects that Flux looks at when the webhook is called.",
        )
        .required(),
        Field::object(
            "secret_ref",
            LOCAL,
            "The Secret with the `token` that callers prove to know; for `gcr` also `email` and `audience`. \
             Needed for every type but `generic-oidc`.",
        ),
        Field::strings("events", "The events that count, as the caller names them: `push`, `Push Hook`."),
        Field::duration("interval", "How often Flux reads the Secret again.").default("\"10m\""),
        Field::string(
            "resource_filter",
            "A CEL expression over `res`, an object's metadata, and `req`, the body of the call; false leaves the \
             object alone. `generic-oidc` has `claims` besides.",
        ),
        Field::list(
            "oidc_providers",
            &FieldType::Object(OIDC_PROVIDER),
            "Whose tokens are accepted; only for `generic-oidc`, which needs one at least.",
        )
        .keys(&["issuerURL"]),
        Field::boolean("suspend", "Ignore calls until this is false again."),
    ],
    rules: &[
        Rule {
            at: "",
            cel: "self.type != 'generic-oidc' || (has(self.oidcProviders) && size(self.oidcProviders) > 0)",
            on: "oidcProviders",
            says: "{oidcProviders} needs one element at least where {type} is generic-oidc",
        },
        Rule {
            at: "",
            cel: "self.type == 'generic-oidc' || !has(self.oidcProviders) || size(self.oidcProviders) == 0",
            on: "oidcProviders",
            says: "{oidcProviders} is allowed only where {type} is generic-oidc",
        },
        Rule {
            at: "",
            cel: "self.type != 'generic-oidc' || !has(self.secretRef)",
            on: "secretRef",
            says: "{secretRef} is not allowed where {type} is generic-oidc",
        },
        Rule {
            at: "",
            cel: "self.type == 'generic-oidc' || has(self.secretRef)",
            on: "secretRef",
            says: "{secretRef} is needed unless {type} is generic-oidc",
        },
    ],
    readiness: Readiness::Condition { condition: "Ready", status_generation: true },
    controller: "notification-controller",
    finalizer: FINALIZER,
    prunes: false,
    columns: &[
        Column::field("Type", "spec.type"),
        Column::field("Path", "status.webhookPath"),
        Column::SUSPENDED,
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[Refers::secret("secretRef"), Refers::named("resources[]", SOURCE)],
    left_out: &[],
};

const RESOURCE: &[Field] = &[
    Field::string("kind", "The kind of the objects.").required().allowed(EVENT_OBJECTS),
    EVENT_OBJECT_NAME,
    EVENT_OBJECT_NAMESPACE,
    EVENT_OBJECT_LABELS,
    Field::string(
        "filter",
        "A CEL expression like `resource_filter`, for these objects only; both must be true.",
    ),
    Field::string("api_version", "The API version of the objects."),
];

const OIDC_PROVIDER: &[Field] = &[
    Field::string("issuer_url", "The address of the issuer, as the claim `iss` of its tokens has it.")
        .wire_name("issuerURL")
        .required()
        .pattern("^https?://"),
    Field::string("audience", "What the claim `aud` must be; without it, `notification-controller`."),
    Field::list(
        "validations",
        &FieldType::Object(VALIDATION),
        "What must be true of the claims. A public issuer gives tokens to anybody, so say here who may call.",
    )
    .required()
    .min_items(1),
    Field::list(
        "variables",
        &FieldType::Object(VARIABLE),
        "Expressions with a name, for the validations and for each other in this order: `vars.name`.",
    ),
];

const VALIDATION: &[Field] = &[
    Field::string("expression", "A CEL expression over `claims` and `vars` that is true or false.")
        .required(),
    Field::string("message", "What a caller reads where it is false.").required(),
];

const VARIABLE: &[Field] = &[
    Field::string("name", "The name after `vars.`; an identifier of CEL.").required(),
    Field::string("expression", "A CEL expression over `claims` and the variables before it.").required(),
];
