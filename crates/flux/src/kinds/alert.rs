//! Alert: which events go to a provider.

use super::shapes::{EVENT_OBJECT_LABELS, EVENT_OBJECT_NAME, EVENT_OBJECT_NAMESPACE, EVENT_OBJECTS, LOCAL};
use super::shapes::{NOTIFICATION, SOURCE};
use super::{Column, Field, FieldType, Kind, Readiness, Refers};

pub(super) static ALERT: Kind = Kind {
    name: "Alert",
    group: NOTIFICATION,
    version: "v1beta3",
    plural: "alerts",
    resource: "alert",
    description: "Events of chosen objects that Flux sends to a provider.",
    spec: &[
        Field::object("provider_ref", LOCAL, "The Provider to send to, in the same namespace.").required(),
        Field::list("event_sources", &FieldType::Object(EVENT_SOURCE), "The objects whose events are sent.")
            .required(),
        Field::string("event_severity", "`error` sends failures only, `info` everything.")
            .default("\"info\"")
            .allowed(&["info", "error"]),
        Field::strings(
            "inclusion_list",
            "Regular expressions, of which the message of an event must match one.",
        ),
        Field::strings(
            "exclusion_list",
            "Regular expressions; an event whose message matches one is not sent.",
        ),
        Field::string_map(
            "event_metadata",
            "What to add to every event, such as the name of the cluster; what an event says itself stays.",
        ),
        Field::string("summary", "A sentence to add to every event; `event_metadata` has taken its place.")
            .max_length(255),
        Field::boolean("suspend", "Send nothing until this is false again."),
    ],
    rules: &[],
    readiness: Readiness::Existence,
    controller: "notification-controller",
    finalizer: None,
    prunes: false,
    columns: &[
        Column::field("Provider", "spec.providerRef.name"),
        Column::field("Severity", "spec.eventSeverity"),
        Column::SUSPENDED,
        Column::AGE,
    ],
    references: &[
        Refers::to("providerRef", NOTIFICATION, "Provider"),
        Refers::named("eventSources[]", SOURCE),
    ],
    left_out: &[],
};

const EVENT_SOURCE: &[Field] = &[
    Field::string("kind", "The kind of the objects.").required().allowed(EVENT_OBJECTS),
    EVENT_OBJECT_NAME,
    EVENT_OBJECT_NAMESPACE,
    EVENT_OBJECT_LABELS,
    Field::string("api_version", "The API version of the objects."),
];
