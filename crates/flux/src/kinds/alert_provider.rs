//! Provider: where alerts go, and how the state of a commit is reported.

use super::shapes::{FINALIZER, LOCAL, NOTIFICATION};
use super::{Column, Field, Format, Kind, Readiness, Refers, Rule};

pub(super) static ALERT_PROVIDER: Kind = Kind {
    name: "Provider",
    group: NOTIFICATION,
    version: "v1beta3",
    plural: "providers",
    resource: "alert_provider",
    description: "A service that Flux sends events to: a chat, a Git forge, a pager, or anything that takes \
                  webhooks.",
    spec: &[
        Field::string("type", "The service.").required().allowed(&[
            "slack",
            "discord",
            "msteams",
            "rocket",
            "generic",
            "generic-hmac",
            "github",
            "gitlab",
            "gitea",
            "giteapullrequestcomment",
            "bitbucketserver",
            "bitbucket",
            "azuredevops",
            "googlechat",
            "googlepubsub",
            "webex",
            "sentry",
            "azureeventhub",
            "telegram",
            "lark",
            "matrix",
            "opsgenie",
            "alertmanager",
            "grafana",
            "githubdispatch",
            "githubpullrequestcomment",
            "gitlabmergerequestcomment",
            "pagerduty",
            "datadog",
            "nats",
            "zulip",
            "otel",
        ]),
        Field::string(
            "address",
            "Where the service is: for most types a URL, for some a project or a namespace. An address that is a \
             secret itself, as Slack's, belongs into the key `address` of the Secret.",
        )
        .max_length(2048),
        Field::string("channel", "The channel, room or topic to post to.").max_length(2048),
        Field::string("username", "The name to post under.").max_length(2048),
        Field::object(
            "secret_ref",
            LOCAL,
            "The Secret with the credentials: as a rule `token`, and `address` where that is secret too.",
        ),
        Field::object(
            "cert_secret_ref",
            LOCAL,
            "The Secret for TLS: `ca.crt` to know the service by, `tls.crt` and `tls.key` to be known by.",
        ),
        Field::object(
            "proxy_secret_ref",
            LOCAL,
            "The Secret with the `address` of a proxy, and its credentials.",
        ),
        Field::string(
            "service_account_name",
            "The ServiceAccount whose cloud identity signs in, instead of a Secret; for `azureeventhub`, \
             `azuredevops` and `googlepubsub`.",
        )
        .format(Format::ObjectName),
        Field::string(
            "commit_status_expr",
            "A CEL expression over `event`, `provider` and `alert` that gives the name of the commit status; only \
             for Git forges.",
        ),
        Field::short_duration("timeout", "How long sending one event may take; without hours: `15s`."),
        Field::boolean("suspend", "Send nothing until this is false again."),
        Field::string("proxy", "The address of a proxy; `proxy_secret_ref` has taken its place.")
            .max_length(2048)
            .pattern("^(http|https)://.*$"),
        Field::duration("interval", "Of no effect any more."),
    ],
    rules: &[Rule {
        at: "",
        cel: "self.type == 'github' || self.type == 'gitlab' || self.type == 'gitea' || self.type == \
              'bitbucketserver' || self.type == 'bitbucket' || self.type == 'azuredevops' || \
              !has(self.commitStatusExpr)",
        on: "commitStatusExpr",
        says: "{commitStatusExpr} is allowed only where {type} is github, gitlab, gitea, bitbucketserver, \
               bitbucket or azuredevops",
    }],
    readiness: Readiness::Existence,
    controller: "notification-controller",
    finalizer: FINALIZER,
    prunes: false,
    columns: &[
        Column::field("Type", "spec.type"),
        Column::field("Address", "spec.address"),
        Column::SUSPENDED,
        Column::AGE,
    ],
    references: &[
        Refers::secret("secretRef"),
        Refers::secret("certSecretRef"),
        Refers::secret("proxySecretRef"),
        Refers::service_account("serviceAccountName"),
    ],
    left_out: &[],
};
