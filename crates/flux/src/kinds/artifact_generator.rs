//! ArtifactGenerator: new sources out of parts of others.

use super::shapes::{COMMON_METADATA, EXTENSIONS, SOURCE};
use super::{Column, Field, FieldType, Format, Kind, Readiness, Refers, Rule};

pub(super) static ARTIFACT_GENERATOR: Kind = Kind {
    name: "ArtifactGenerator",
    group: EXTENSIONS,
    version: "v1beta1",
    plural: "artifactgenerators",
    resource: "artifact_generator",
    description: "New sources out of parts of others: files are copied from sources into artifacts, each of which \
                  becomes an ExternalArtifact. Needs source-watcher, which Flux does not install unless asked.",
    spec: &[
        Field::list("sources", &FieldType::Object(SOURCES), "The sources to copy from.")
            .required()
            .items(1, 1000),
        Field::list("artifacts", &FieldType::Object(ARTIFACT), "The artifacts to make.")
            .required()
            .items(1, 1000),
        Field::string(
            "path_pattern",
            "Make the artifacts once for each folder that matches: with `@app/deploy/{env}`, `{env}` stands for \
             the folder's name in the fields of the artifacts.",
        )
        .max_length(1024)
        .pattern(SOURCE_PATH),
        Field::object("common_metadata", COMMON_METADATA, "Labels and annotations for every ExternalArtifact."),
    ],
    rules: &[
        Rule {
            at: "",
            cel: "has(self.pathPattern) && size(self.pathPattern) > 0 || self.artifacts.all(a, \
                  a.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'))",
            on: "artifacts",
            says: "without {pathPattern} the name of each artifact must be one that an object can have: \
                   lower-case letters, digits, dashes and dots",
        },
        Rule {
            at: "",
            cel: "self.sources.all(s, self.sources.exists_one(t, t.alias == s.alias))",
            on: "sources",
            says: "each source needs an alias of its own",
        },
        Rule {
            at: "",
            cel: "self.artifacts.all(a, self.artifacts.exists_one(b, b.name == a.name))",
            on: "artifacts",
            says: "each artifact needs a name of its own",
        },
        Rule {
            at: "",
            cel: "self.artifacts.all(a, !has(a.revision) || self.sources.exists(s, a.revision == '@' + s.alias))",
            on: "artifacts",
            says: "an artifact takes its revision from one of the {sources}, by @alias",
        },
        Rule {
            at: "",
            cel: "self.artifacts.all(a, a.copy.all(c, self.sources.exists(s, c.from.startsWith('@' + s.alias + \
                  '/'))))",
            on: "artifacts",
            says: "an artifact copies from one of the {sources}, by @alias/path",
        },
        Rule {
            at: "",
            cel: "!has(self.pathPattern) || self.sources.exists(s, self.pathPattern.startsWith('@' + s.alias + \
                  '/'))",
            on: "pathPattern",
            says: "{pathPattern} looks into one of the {sources}, by @alias/path",
        },
    ],
    readiness: Readiness::Where {
        path: r#"metadata.annotations["source.extensions.fluxcd.io/reconcile"]"#,
        is: "disabled",
        then: &Readiness::Suspended,
        otherwise: &Readiness::Condition { condition: "Ready", status_generation: false },
    },
    controller: "source-watcher",
    finalizer: Some("source.extensions.fluxcd.io/finalizer"),
    prunes: false,
    columns: &[Column::READY, Column::MESSAGE, Column::AGE],
    references: &[Refers::named("sources[]", SOURCE)],
    left_out: &[],
};

/// A path inside a source: `@alias/path`.
const SOURCE_PATH: &str = "^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)/(.*)$";

/// A source by its alias: `@alias`.
const SOURCE_ALIAS: &str = "^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)$";

const SOURCES: &[Field] = &[
    Field::string("alias", "What the artifacts call the source: lower-case letters, digits, _ and -.")
        .required()
        .max_length(63)
        .pattern("^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$"),
    Field::string("kind", "The kind of the source.").required().allowed(&[
        "Bucket",
        "GitRepository",
        "OCIRepository",
        "HelmChart",
        "ExternalArtifact",
    ]),
    Field::string("name", "The name of the source, without dots.")
        .required()
        .max_length(253)
        .pattern("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
        .format(Format::ObjectName),
    Field::string("namespace", "Its namespace; without it, that of the ArtifactGenerator.")
        .length(1, 63)
        .pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
        .format(Format::Namespace),
];

const ARTIFACT: &[Field] = &[
    Field::string("name", "The name of the ExternalArtifact; may hold placeholders of `path_pattern`.")
        .required()
        .length(1, 253),
    Field::list(
        "copy",
        &FieldType::Object(COPY),
        "What to copy, in order; later files replace earlier ones.",
    )
    .required()
    .min_items(1),
    Field::string(
        "revision",
        "The source whose revision the artifact has, as `@alias`; without it, the digest of its content.",
    )
    .max_length(64)
    .pattern(SOURCE_ALIAS),
    Field::string(
        "origin_revision",
        "The source whose origin, such as a Git commit, the artifact's metadata name, as `@alias`.",
    )
    .max_length(64)
    .pattern(SOURCE_ALIAS),
];

const COPY: &[Field] = &[
    Field::string("from", "What to copy, with wildcards: `@app/deploy/**`.")
        .required()
        .length(1, 1024)
        .pattern(SOURCE_PATH),
    Field::string("to", "Where to put it: `@artifact/deploy/`.")
        .required()
        .length(1, 1024)
        .pattern("^@(artifact)/(.*)$"),
    Field::strings("exclude", "What to leave out of it, with wildcards: `*.md`.").max_items(100),
    Field::string(
        "strategy",
        "How to copy: `Overwrite`, which is meant where nothing is set, replaces what is there; `Merge` merges \
         YAML files as Helm merges values; `Extract` unpacks archives.",
    )
    .allowed(&["Overwrite", "Merge", "Extract"]),
];
