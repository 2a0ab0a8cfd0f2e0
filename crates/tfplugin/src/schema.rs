//! Schemas: what a resource, a data source or the provider takes and gives, attribute by attribute.

mod attribute;
mod validators;

pub use attribute::{Attribute, AttributeKind, Nested, Nesting, ReplaceIf, SameValue};
pub use validators::{
    Check, LengthBetween, NotEmpty, NumberBetween, OneOf, Pattern, PatternError, Validator, validate_config,
};

use crate::path::AttributePath;
use crate::value::{Type, Value};

/// What a resource, a data source, an ephemeral resource or the provider takes and gives.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Raised when states written before can no longer be read as they are.
    pub version: i64,
    /// For the documentation, in Markdown.
    pub description: String,
    /// In any order; the host sorts them by name.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// A schema of version 0 with these attributes.
    #[must_use]
    pub fn new(attributes: Vec<Attribute>) -> Self {
        Self { attributes, ..Self::default() }
    }

    /// The same schema with a description.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// The same schema with a version.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// The type of the objects that the schema describes.
    #[must_use]
    pub fn ty(&self) -> Type {
        attribute::object_type(&self.attributes)
    }

    /// The attribute that a path leads to; elements of lists and maps lead to the attribute that holds them.
    #[must_use]
    pub fn attribute(&self, path: &AttributePath) -> Option<&Attribute> {
        use crate::path::Step;
        let mut attributes = self.attributes.as_slice();
        let mut found = None;
        for step in path.steps() {
            if let Step::Attribute(name) = step {
                let attribute = attributes.iter().find(|attribute| attribute.name == *name)?;
                attributes = attribute.nested_kind().map_or(&[], |nested| nested.attributes.as_slice());
                found = Some(attribute);
            }
        }
        found
    }

    /// The value with every sensitive and write-only attribute that is set replaced by the text `***`.
    #[must_use]
    pub fn redact(&self, mut value: Value) -> Value {
        if let Value::Object(members) = &mut value {
            attribute::for_each_value(&self.attributes, members, &mut |attribute, value| {
                if (attribute.sensitive || attribute.write_only) && !value.is_null() && value.is_known() {
                    *value = Value::from("***");
                }
            });
        }
        value
    }

    /// Sets every write-only attribute to null, as plans and states must have it.
    pub fn null_write_only(&self, value: &mut Value) {
        if let Value::Object(members) = value {
            attribute::for_each_value(&self.attributes, members, &mut |attribute, value| {
                if attribute.write_only {
                    *value = Value::Null;
                }
            });
        }
    }

    /// Makes unknown what the provider computes and updates do not keep. The framework does this where it finds a
    /// difference; this is for a resource that finds one by itself.
    pub fn mark_computed(&self, config: &Value, prior: Option<&Value>, planned: &mut Value) {
        crate::plan::mark_computed(&self.attributes, config, prior.unwrap_or(&Value::Null), planned);
    }

    /// Puts defaults where an object has nothing, at any depth. The framework does this for plans; this is for a resource that makes a state
    /// from something else.
    pub fn fill_defaults(&self, object: &mut Value) {
        crate::plan::fill_defaults(&self.attributes, object);
    }

    /// An object of the schema with every attribute null.
    #[must_use]
    pub fn null_object(&self) -> Value {
        Value::Object(self.attributes.iter().map(|attribute| (attribute.name.clone(), Value::Null)).collect())
    }

    /// What the host would refuse in this schema, in words for the author.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        attribute::problems(&self.attributes, &AttributePath::new(), &mut problems);
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::new(vec![
            Attribute::string("name").required(),
            Attribute::string("token").optional().write_only(),
            Attribute::nested_list(
                "items",
                vec![Attribute::string("key").required(), Attribute::string("secret").optional().sensitive()],
            )
            .optional(),
        ])
    }

    #[test]
    fn a_path_finds_its_attribute() {
        let path = AttributePath::root("items").index(0).attribute("secret");
        assert!(schema().attribute(&path).is_some_and(|attribute| attribute.sensitive));
        assert!(schema().attribute(&"items.nothing".into()).is_none());
    }

    #[test]
    fn redaction_reaches_every_depth_and_leaves_the_rest() {
        let value = Value::object([
            ("name", "app".into()),
            ("token", "t".into()),
            ("items", Value::list([Value::object([("key", "k".into()), ("secret", "s".into())])])),
        ]);
        let redacted = schema().redact(value.clone());
        assert_eq!(redacted.get("name").as_str(), Some("app"));
        assert_eq!(redacted.get("token").as_str(), Some("***"));
        assert_eq!(redacted.get("items").get_index(0).get("secret").as_str(), Some("***"));

        let mut stored = value;
        schema().null_write_only(&mut stored);
        assert!(stored.get("token").is_null());
        assert_eq!(stored.get("items").get_index(0).get("secret").as_str(), Some("s"));
    }

    #[test]
    fn the_type_has_the_shape_of_the_attributes() {
        assert_eq!(
            schema().ty(),
            Type::object([
                ("name", Type::String),
                ("token", Type::String),
                ("items", Type::list(Type::object([("key", Type::String), ("secret", Type::String)]))),
            ])
        );
    }

    #[test]
    fn what_the_host_would_refuse_is_told() {
        assert_eq!(schema().problems(), Vec::<String>::new());
        let wrong = Schema::new(vec![
            Attribute::string("neither"),
            Attribute::string("both").required().optional(),
            Attribute::string("count").optional(),
            Attribute::string("twice").optional(),
            Attribute::string("twice").optional(),
            Attribute::string("kept").write_only().computed(),
            Attribute::nested_set("set", vec![Attribute::dynamic("any").optional()]).optional(),
        ]);
        assert_eq!(
            wrong.problems(),
            [
                "neither: must be required, optional or computed",
                "both: cannot be required and also optional or computed",
                "count: the name is the host's own",
                "twice: defined more than once",
                "kept: write-only cannot be computed or have a default",
                "set: a set cannot hold dynamic values",
            ]
        );
    }
}
