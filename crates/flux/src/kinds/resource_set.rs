//! ResourceSet of the Flux Operator: objects made from templates, once for each set of inputs.

use super::shapes::{COMMON_METADATA, LABEL_REQUIREMENT, OPERATOR, OPERATOR_FINALIZER, OPERATOR_READINESS};
use super::{Column, Field, FieldType, Format, Kind, Refers, Rule};

pub(super) static RESOURCE_SET: Kind = Kind {
    name: "ResourceSet",
    group: OPERATOR,
    version: "v1",
    plural: "resourcesets",
    resource: "resource_set",
    description: "Objects that the Flux Operator makes from templates, once for each set of inputs, and applies as \
                  one unit.",
    spec: &[
        Field::list(
            "inputs",
            &FieldType::Map(&FieldType::Json),
            "Sets of inputs, each a mapping; templates read them as `<< inputs.name >>`.",
        ),
        Field::list(
            "inputs_from",
            &FieldType::Object(INPUTS_FROM),
            "ResourceSetInputProviders that give more sets of inputs.",
        ),
        Field::object("input_strategy", INPUT_STRATEGY, "How inputs from several places are put together."),
        Field::list(
            "resources",
            &FieldType::Json,
            "The objects, as manifests with templates in them; what a manifest is called stays in camelCase.",
        ),
        Field::string(
            "resources_template",
            "The objects as one text of YAML documents, where templates need loops and conditions.",
        ),
        Field::list(
            "steps",
            &FieldType::Json,
            "Objects in stages, each a mapping with `name`, `resources` or `resourcesTemplate`, and `timeout`; a \
             stage begins when the one before it is healthy.",
        )
        .max_items(20),
        Field::list(
            "depends_on",
            &FieldType::Object(DEPENDENCY),
            "Objects of any kind that must be there before anything is applied.",
        ),
        Field::boolean("wait", "Be Ready only when all that was applied is."),
        Field::string("service_account_name", "The ServiceAccount that the operator impersonates.")
            .format(Format::ObjectName),
        Field::object("common_metadata", COMMON_METADATA, "Labels and annotations for every resource."),
    ],
    rules: &[
        Rule {
            at: "",
            cel: "!has(self.steps) || !(has(self.resources) || has(self.resourcesTemplate))",
            on: "steps",
            says: "{steps} takes the place of {resources} and {resourcesTemplate}, and is not allowed beside them",
        },
        Rule {
            at: "inputsFrom[]",
            cel: "has(self.name) != has(self.selector)",
            on: "",
            says: "exactly one of {name} and {selector} must be set",
        },
    ],
    readiness: OPERATOR_READINESS,
    controller: "flux-operator",
    finalizer: OPERATOR_FINALIZER,
    prunes: true,
    columns: &[
        Column::field("Revision", "status.lastAppliedRevision"),
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[
        Refers::to("inputsFrom[]", OPERATOR, "ResourceSetInputProvider"),
        Refers::named("dependsOn[]", OPERATOR),
        Refers::service_account("serviceAccountName"),
    ],
    left_out: &[("steps[]", "manifests of any shape in a list, which HCL has no type for but a free one")],
};

const INPUTS_FROM: &[Field] = &[
    Field::string("kind", "The kind of the provider.").allowed(&["ResourceSetInputProvider"]),
    Field::string("name", "The name of one provider, in the same namespace.").format(Format::ObjectName),
    Field::object("selector", SELECTOR, "All providers whose labels match; instead of `name`."),
    Field::string("api_version", "The API version of the provider.").allowed(&["fluxcd.controlplane.io/v1"]),
];

const SELECTOR: &[Field] = &[
    Field::string_map("match_labels", "Labels that providers must have."),
    Field::list(
        "match_expressions",
        &FieldType::Object(LABEL_REQUIREMENT),
        "Requirements on labels, all of which must hold.",
    ),
];

const INPUT_STRATEGY: &[Field] = &[
    Field::string(
        "name",
        "`Flatten` puts all sets into one list; `Permute` combines each set of one place with each of the others.",
    )
    .required()
    .allowed(&["Flatten", "Permute"]),
    Field::boolean(
        "include_empty_providers",
        "With `Permute`: a provider without inputs leaves nothing to combine, instead of being passed over.",
    ),
];

const DEPENDENCY: &[Field] = &[
    Field::string("api_version", "The API version of the object.").required(),
    Field::string("kind", "The kind of the object.").required(),
    Field::string("name", "The name of the object.").required(),
    Field::string("namespace", "The namespace of the object.").format(Format::Namespace),
    Field::boolean("ready", "The object must be Ready, not only there."),
    Field::string(
        "ready_expr",
        "A CEL expression over the object that decides instead of the condition Ready.",
    ),
];
