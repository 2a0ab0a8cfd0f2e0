//! The schema of `fluxgate_secret`, its families from their table.

use tfplugin::{
    schema::{Attribute, Schema},
    timeouts::Timeouts,
    value::Type,
};

use super::{
    TIMEOUTS,
    families::{FAMILIES, Family, Key, Wire},
};

/// The schema of the resource.
pub fn schema() -> Schema {
    let mut attributes = vec![
        Attribute::string("name").required().requires_replace().describe("Name of the Secret."),
        Attribute::string("namespace").required().requires_replace().describe("Namespace of the Secret."),
        Attribute::map("labels", Type::String)
            .optional()
            .describe("Labels; those that others add are left alone. With `reconcile.fluxcd.io/watch = \"Enabled\"` Flux acts at once when the Secret changes."),
        Attribute::map("annotations", Type::String)
            .optional()
            .describe("Annotations; those that others add are left alone."),
        Attribute::number("version")
            .default(1)
            .describe("Raise it to write changed values: what is write-only is compared with nothing. Defaults to `1`."),
        Attribute::string("type")
            .optional()
            .computed()
            .describe("Type of the Secret. It comes from the family; only `generic` takes one. A change replaces the Secret."),
        Timeouts::attribute(&TIMEOUTS),
        Attribute::bool("force_conflicts")
            .default(false)
            .describe("Take over fields that others manage, instead of stopping with their names."),
        Attribute::string("cluster").optional().requires_replace().describe(
            "The cluster, by its name in the provider's `clusters`; without it the provider's `kubernetes`.",
        ),
        Attribute::string("id").computed().use_state_for_unknown().describe("`namespace/name`."),
        Attribute::string("uid").computed().use_state_for_unknown().describe("The uid that the cluster gave the Secret."),
        Attribute::string("family").computed().describe("The family that is set."),
        Attribute::bool("intact")
            .computed()
            .describe("Whether the values in the cluster are those that were written last; `false` after a change outside or an import, and the next apply writes them again."),
    ];
    attributes.extend(FAMILIES.iter().map(family));
    Schema::new(attributes).describe(DESCRIPTION)
}

const DESCRIPTION: &str = "\
What Flux needs to authenticate, to verify and to decrypt: one Secret of one family, with the keys that Flux reads, checked before it is written.

The values are write-only: they are in no plan and no state, and OpenTofu takes them from ephemeral variables and ephemeral resources. Since nothing is kept that they \
could be compared with, a changed value is written when `version` changes, or when anything else of the Secret does. An annotation of the Secret holds a \
checksum under a random key, which is kept beside the state; together they show that the values were changed outside, alone neither says anything. The next apply writes the values again.

What OpenTofu itself writes is not the provider's to keep out: a literal in the configuration stands in the plan file and in `tofu show -json`, in the configuration's own part; so does the value of a variable \
that is `sensitive` and not `ephemeral`. Use `ephemeral = true` (OpenTofu 1.11).";

fn family(family: &Family) -> Attribute {
    Attribute::nested(family.name, family.keys.iter().map(key).collect())
        .optional()
        .write_only()
        .describe(family.description)
}

fn key(key: &Key) -> Attribute {
    let attribute = match key.wire {
        Wire::Key(_) | Wire::Docker => Attribute::string(key.name),
        Wire::Keys(_) | Wire::Base64 => Attribute::map(key.name, Type::String),
    };
    let attribute = if key.required { attribute.required() } else { attribute.optional() };
    attribute.write_only().describe(key.description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_takes_the_schema_and_keeps_no_value() {
        assert_eq!(schema().problems(), Vec::<String>::new());
        for family in FAMILIES {
            for key in family.keys {
                let path = format!("{}.{}", family.name, key.name);
                let attribute = schema().attribute(&path.as_str().into()).cloned().unwrap();
                assert!(attribute.write_only, "{path}");
            }
        }
    }
}
