//! The schema of `fluxgate_install`, with the names of the Helm provider where they mean the same.

use std::time::Duration;

use tfplugin::{
    schema::{Attribute, OneOf, Schema},
    timeouts::Timeouts,
    value::Type,
};

/// How long each operation may take where `timeouts` does not say.
pub const TIMEOUTS: Timeouts = Timeouts {
    create: Duration::from_secs(600),
    update: Duration::from_secs(600),
    delete: Duration::from_secs(600),
};

/// How a value of `set` is read.
pub const SET_TYPES: [&str; 4] = ["auto", "string", "literal", "json"];

/// The attributes that say which chart is meant and with which values: for the resource and for the data source of charts.
pub fn chart_attributes() -> Vec<Attribute> {
    vec![
        Attribute::string("repository").optional().describe(
            "Address of the chart repository, `https://…`. Without it `chart` is a path or the address of an archive.",
        ),
        Attribute::string("chart").required().describe("The chart: its name in the repository, or the path of a folder or archive."),
        Attribute::string("version")
            .optional()
            .describe("The chart's version: an exact one, or a range such as `~2.18.0`. Without it the newest stable one, which a rule refuses."),
        Attribute::string("repository_username").optional().describe("User for the repository. Sent to its own host only."),
        Attribute::string("repository_password_wo")
            .optional()
            .sensitive()
            .write_only()
            .describe("Password for the repository, kept out of plan and state."),
        Attribute::string("repository_ca_file").optional().describe("Path of the authority, in PEM, that signed the repository's certificate."),
        Attribute::list("values", Type::String).optional().describe("Values as YAML texts; later ones win."),
        Attribute::list("values_files", Type::String)
            .optional()
            .describe("Paths of values files, which win over `values`; later ones win."),
        Attribute::nested_list("set", set(false)).optional().describe("Single values, which win over files."),
        Attribute::nested_list("set_wo", set(true)).optional().write_only().describe(
            "Single values that are kept out of plan and state, and out of every output. A change of theirs is applied when `set_wo_revision` changes.",
        ),
        Attribute::number("set_wo_revision").optional().describe("Change it to apply changed values of `set_wo`."),
    ]
}

fn set(write_only: bool) -> Vec<Attribute> {
    let attribute = |attribute: Attribute| if write_only { attribute.write_only() } else { attribute };
    vec![
        attribute(
            Attribute::string("name").required().describe("Path of the value: `sourceController.replicas`."),
        ),
        attribute(Attribute::string("value").required().describe("The value, written as for `helm --set`.")),
        attribute(Attribute::string("type").optional().check(OneOf::new(SET_TYPES)).describe(
            "How the value is read: `auto` (as `--set` does, the default), `string`, `literal` or `json`.",
        )),
    ]
}

/// The schema of the resource.
pub fn schema() -> Schema {
    let mut attributes = vec![
        Attribute::string("name").required().requires_replace().describe("Name of the release."),
        Attribute::string("namespace")
            .required()
            .requires_replace()
            .describe("Namespace of the release. What follows takes it from here (`fluxgate_install.….namespace`), so that destroy goes in order."),
        Attribute::bool("create_namespace")
            .default(true)
            .describe("Make the namespace where it is missing. One that was made goes on destroy, when nothing of others is left in it; one that existed is never changed nor deleted."),
        Attribute::map("namespace_labels", Type::String).optional().describe("Labels of the namespace, where it is made."),
    ];
    attributes.extend(chart_attributes());
    attributes.extend(vec![
        Attribute::bool("wait").default(true).describe("Wait until all objects are ready."),
        Attribute::bool("wait_for_jobs").default(true).describe("Wait until Jobs have completed, too."),
        Attribute::bool("atomic").default(true).describe("Take a failed install back, and a failed upgrade back to the revision before."),
        Attribute::bool("cleanup_on_fail").default(true).describe("Delete what a failed upgrade has made."),
        Attribute::number("max_history").default(3).describe("How many revisions are kept; 0 for all."),
        Attribute::bool("skip_crds").default(false).describe("Leave out the chart's folder `crds/`. The flux2 chart has its definitions among its templates."),
        Attribute::bool("disable_hooks").default(false).describe("Run no hooks."),
        Attribute::bool("take_ownership").default(false).describe("Take objects over that exist and belong to no release or to another one."),
        Attribute::bool("force_conflicts").default(false).describe("Take over fields that others manage, instead of stopping with their names."),
        Attribute::string("description").optional().describe("What the release's history says of this revision."),
        Attribute::bool("keep_crds_on_destroy")
            .default(true)
            .describe("Let the CustomResourceDefinitions, and with them every object of theirs, outlive a destroy."),
        Attribute::bool("clear_finalizers_on_destroy")
            .default(false)
            .describe("Remove Flux's own finalizers from its objects on destroy once the controllers are gone; those of others stay. Without it a destroy stops and names them."),
        Timeouts::attribute(&TIMEOUTS),
        Attribute::string("cluster")
            .optional()
            .requires_replace()
            .describe("The cluster, by its name in the provider's `clusters`; without it the provider's `kubernetes`."),
        Attribute::string("id").computed().use_state_for_unknown().describe("`namespace/name`."),
        Attribute::string("chart_version").computed().describe("The chart's version as it was found."),
        Attribute::string("app_version").computed().describe("The version of what the chart installs."),
        Attribute::number("revision").computed().describe("Counts installs and upgrades."),
        Attribute::string("status").computed().describe("How the release stands: `deployed`, or what went wrong."),
        Attribute::string("notes").computed().describe("The chart's notes, rendered."),
        Attribute::string("values_digest").computed().describe("Digest of the values that were given; it shows when somebody else has upgraded the release with other ones."),
        Attribute::map("objects", Type::String)
            .computed()
            .describe("The objects, `apiVersion/Kind/namespace/name`, each with a digest of what the chart wants it to be. An object that differs in the cluster or is missing shows here, and the next apply repairs it."),
    ]);
    Schema::new(attributes).describe(
        "Installs Flux from the flux2 chart or a fork of it, as Helm would, and keeps it as configured; `helm list`, `get`, `history`, `upgrade` and `uninstall` go on working.",
    )
}
