//! ImageUpdateAutomation: commits that bring chosen images into a Git repository.

use super::shapes::{FINALIZER, GIT_REF, IMAGES, LABEL_SELECTOR, LOCAL, SOURCE};
use super::{Column, Field, Format, Kind, Readiness, Refers};

pub(super) static IMAGE_UPDATE_AUTOMATION: Kind = Kind {
    name: "ImageUpdateAutomation",
    group: IMAGES,
    version: "v1",
    plural: "imageupdateautomations",
    resource: "image_update_automation",
    description: "Commits to a Git repository that write the images that ImagePolicies chose where markers ask \
                  for them.",
    spec: &[
        Field::duration("interval", "How often Flux looks whether there is something to write.").required(),
        Field::object(
            "source_ref",
            SOURCE_REF,
            "The GitRepository to write to; its credentials must allow it.",
        )
        .required(),
        Field::object("git", GIT, "What to check out, how to commit, where to push; needed in practice."),
        Field::object("update", UPDATE, "Which files are written, and how.")
            .default(r#"{"strategy": "Setters"}"#),
        Field::object(
            "policy_selector",
            LABEL_SELECTOR,
            "The ImagePolicies that count; without it, all in the namespace.",
        )
        .atomic(),
        Field::boolean("suspend", "Stop committing until this is false again."),
    ],
    rules: &[],
    readiness: Readiness::Condition { condition: "Ready", status_generation: true },
    controller: "image-automation-controller",
    finalizer: FINALIZER,
    prunes: false,
    columns: &[
        Column::field("Source", "spec.sourceRef.name"),
        Column::field("Last run", "status.lastAutomationRunTime"),
        Column::SUSPENDED,
        Column::READY,
        Column::MESSAGE,
        Column::AGE,
    ],
    references: &[
        Refers::to("sourceRef", SOURCE, "GitRepository"),
        Refers::secret("git.commit.signingKey.secretRef"),
    ],
    left_out: &[],
};

const SOURCE_REF: &[Field] = &[
    Field::string("kind", "The kind of the source.").default("\"GitRepository\"").allowed(&["GitRepository"]),
    Field::string("name", "The name of the GitRepository.").required().format(Format::ObjectName),
    Field::string("namespace", "Its namespace; without it, that of the ImageUpdateAutomation.")
        .format(Format::Namespace),
    Field::string("api_version", "The API version of the source, where several would fit."),
];

const GIT: &[Field] = &[
    Field::object("commit", COMMIT, "How to commit.").required(),
    Field::object("checkout", CHECKOUT, "What to begin with; without it, what the GitRepository checks out."),
    Field::object("push", PUSH, "Where to push; without it, to the branch that was checked out."),
];

const COMMIT: &[Field] = &[
    Field::object("author", AUTHOR, "Who the commits are by.").required(),
    Field::string(
        "message_template",
        "The message, as a Go template over what changed: `{{ .AutomationObject }}`, `{{ .Changed }}`, \
         `{{ .Values }}`.",
    ),
    Field::string_map("message_template_values", "Values for `{{ .Values }}` in the template."),
    Field::object(
        "signing_key",
        SIGNING_KEY,
        "The key that signs the commits; without it, they are not signed.",
    ),
];

const AUTHOR: &[Field] =
    &[Field::string("email", "The e-mail address.").required(), Field::string("name", "The name.")];

const SIGNING_KEY: &[Field] = &[
    Field::object(
        "secret_ref",
        LOCAL,
        "The Secret with the key: `git.asc` and where needed `passphrase` for `gpg`; `identity` and where needed \
         `password` for `ssh`.",
    )
    .required(),
    Field::string("type", "What kind of key it is; `gpg` is meant where nothing is set.")
        .allowed(&["gpg", "ssh"]),
];

const CHECKOUT: &[Field] =
    &[Field::object("ref", GIT_REF, "The branch, tag or commit; a branch, unless `push` names one.")
        .required()];

const PUSH: &[Field] = &[
    Field::string("branch", "The branch to push to; it is made where it does not exist."),
    Field::string(
        "refspec",
        "A refspec to push by: `refs/heads/main:refs/for/main`; with `branch`, by both.",
    ),
    Field::string_map("options", "Push options for the Git server."),
];

const UPDATE: &[Field] = &[
    Field::string("path", "The folder whose files are written; without it, the whole repository."),
    Field::string("strategy", "How they are written: `Setters` goes by markers in comments.")
        .default("\"Setters\"")
        .allowed(&["Setters"]),
];
