//! One attribute of a schema, and how to write it down.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::validators::Validator;
use crate::path::AttributePath;
use crate::value::{Type, Value};

/// Decides, from the prior and the planned value, whether a change needs a new object.
pub type ReplaceIf = Arc<dyn Fn(&Value, &Value) -> bool + Send + Sync>;

/// Decides whether two values, written differently, mean the same.
pub type SameValue = Arc<dyn Fn(&Value, &Value) -> bool + Send + Sync>;

/// One attribute: its type and how the framework treats it.
///
/// ```
/// use tfplugin::schema::{Attribute, OneOf};
///
/// let url = Attribute::string("url").required().describe("Where the repository is.");
/// let mode = Attribute::string("mode").default("head").check(OneOf::new(["head", "tag"]));
/// let spec = Attribute::nested("spec", vec![url, mode]).required();
/// ```
#[derive(Clone)]
pub struct Attribute {
    /// As it is written in configurations.
    pub name: String,
    /// What values it takes.
    pub kind: AttributeKind,
    /// For the documentation, in Markdown.
    pub description: String,
    /// Must be set.
    pub required: bool,
    /// May be set.
    pub optional: bool,
    /// May be filled in by the provider. Where it is also optional, only while the configuration leaves it out.
    pub computed: bool,
    /// Hidden in the host's output.
    pub sensitive: bool,
    /// Never in a plan or in the state; read from the configuration alone.
    pub write_only: bool,
    /// Why it should not be used any more, and what to use instead.
    pub deprecation: Option<String>,
    /// Planned where the configuration leaves it out. The attribute is then optional and computed to the host.
    pub default: Option<Value>,
    /// A change needs a new object.
    pub requires_replace: bool,
    /// A change needs a new object if this says so.
    pub requires_replace_if: Option<ReplaceIf>,
    /// Computed, and kept by updates: planned as it was instead of "known after apply".
    pub use_state_for_unknown: bool,
    /// A value that means the same as the prior one is planned as the prior one, so it is no change.
    pub same_value: Option<SameValue>,
    /// Looked at in turn over values that are known and set.
    pub validators: Vec<Arc<dyn Validator>>,
}

/// What values an attribute takes.
#[derive(Clone, Debug)]
pub enum AttributeKind {
    /// Values of a type.
    Value(Type),
    /// Objects with attributes of their own.
    Nested(Nested),
}

/// Objects with attributes of their own.
#[derive(Clone, Debug)]
pub struct Nested {
    /// One object or many.
    pub nesting: Nesting,
    /// The attributes of each.
    pub attributes: Vec<Attribute>,
}

/// How many nested objects there are and how they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One.
    Single,
    /// Any number, by position.
    List,
    /// Any number, by content.
    Set,
    /// Any number, by name.
    Map,
}

impl Attribute {
    /// An attribute of any kind.
    pub fn new(name: impl Into<String>, kind: AttributeKind) -> Self {
        Self {
            name: name.into(),
            kind,
            description: String::new(),
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecation: None,
            default: None,
            requires_replace: false,
            requires_replace_if: None,
            use_state_for_unknown: false,
            same_value: None,
            validators: Vec::new(),
        }
    }

    /// Values of a type.
    pub fn value(name: impl Into<String>, ty: Type) -> Self {
        Self::new(name, AttributeKind::Value(ty))
    }

    /// Text.
    pub fn string(name: impl Into<String>) -> Self {
        Self::value(name, Type::String)
    }

    /// True or false.
    pub fn bool(name: impl Into<String>) -> Self {
        Self::value(name, Type::Bool)
    }

    /// A number.
    pub fn number(name: impl Into<String>) -> Self {
        Self::value(name, Type::Number)
    }

    /// A list of a type.
    pub fn list(name: impl Into<String>, element: Type) -> Self {
        Self::value(name, Type::list(element))
    }

    /// A set of a type.
    pub fn set(name: impl Into<String>, element: Type) -> Self {
        Self::value(name, Type::set(element))
    }

    /// A map to a type.
    pub fn map(name: impl Into<String>, element: Type) -> Self {
        Self::value(name, Type::map(element))
    }

    /// Any value; it brings its type along.
    pub fn dynamic(name: impl Into<String>) -> Self {
        Self::value(name, Type::Dynamic)
    }

    /// One object with attributes of its own.
    pub fn nested(name: impl Into<String>, attributes: Vec<Attribute>) -> Self {
        Self::new(name, AttributeKind::Nested(Nested { nesting: Nesting::Single, attributes }))
    }

    /// Objects by position.
    pub fn nested_list(name: impl Into<String>, attributes: Vec<Attribute>) -> Self {
        Self::new(name, AttributeKind::Nested(Nested { nesting: Nesting::List, attributes }))
    }

    /// Objects by content.
    pub fn nested_set(name: impl Into<String>, attributes: Vec<Attribute>) -> Self {
        Self::new(name, AttributeKind::Nested(Nested { nesting: Nesting::Set, attributes }))
    }

    /// Objects by name.
    pub fn nested_map(name: impl Into<String>, attributes: Vec<Attribute>) -> Self {
        Self::new(name, AttributeKind::Nested(Nested { nesting: Nesting::Map, attributes }))
    }

    /// It must be set.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// It may be set.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The provider fills it in, or may do so if it is optional too.
    #[must_use]
    pub fn computed(mut self) -> Self {
        self.computed = true;
        self
    }

    /// Hides it in the host's output.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Keeps it out of plans and states.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Warns those who use it: why, and what to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecation = Some(message.into());
        self
    }

    /// Makes it optional, with this value where the configuration leaves it out.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self.optional = true;
        self.computed = true;
        self
    }

    /// A change needs a new object.
    #[must_use]
    pub fn requires_replace(mut self) -> Self {
        self.requires_replace = true;
        self
    }

    /// A change needs a new object if this, given the prior and the planned value, says so.
    #[must_use]
    pub fn requires_replace_if(
        mut self,
        decide: impl Fn(&Value, &Value) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.requires_replace_if = Some(Arc::new(decide));
        self
    }

    /// Updates keep its value, so it is not "known after apply" again.
    #[must_use]
    pub fn use_state_for_unknown(mut self) -> Self {
        self.use_state_for_unknown = true;
        self
    }

    /// Two values that this finds the same are no change: given are the prior value and the configured one, both known
    /// and set.
    #[must_use]
    pub fn same_value(mut self, same: impl Fn(&Value, &Value) -> bool + Send + Sync + 'static) -> Self {
        self.same_value = Some(Arc::new(same));
        self
    }

    /// Adds a validator.
    #[must_use]
    pub fn check(mut self, validator: impl Validator + 'static) -> Self {
        self.validators.push(Arc::new(validator));
        self
    }

    /// Describes it for the documentation, in Markdown.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// The type of its values.
    #[must_use]
    pub fn ty(&self) -> Type {
        match &self.kind {
            AttributeKind::Value(ty) => ty.clone(),
            AttributeKind::Nested(Nested { nesting, attributes }) => {
                let object = object_type(attributes);
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }

    /// Its nested objects, if it has some.
    #[must_use]
    pub fn nested_kind(&self) -> Option<&Nested> {
        match &self.kind {
            AttributeKind::Nested(nested) => Some(nested),
            AttributeKind::Value(_) => None,
        }
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags: Vec<&str> = [
            ("required", self.required),
            ("optional", self.optional),
            ("computed", self.computed),
            ("sensitive", self.sensitive),
            ("write_only", self.write_only),
            ("default", self.default.is_some()),
            ("requires_replace", self.requires_replace || self.requires_replace_if.is_some()),
            ("use_state_for_unknown", self.use_state_for_unknown),
        ]
        .into_iter()
        .filter_map(|(flag, set)| set.then_some(flag))
        .collect();
        f.debug_struct("Attribute")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("flags", &flags)
            .finish()
    }
}

pub(crate) fn object_type(attributes: &[Attribute]) -> Type {
    Type::Object(attributes.iter().map(|attribute| (attribute.name.clone(), attribute.ty())).collect())
}

/// Sees the attributes and the values of one object.
type ObjectVisitor<'a> = dyn FnMut(&[Attribute], &mut BTreeMap<String, Value>) + 'a;

/// Visits the objects nested in a value, those further in first, and the object itself last.
pub(crate) fn for_each_object(
    attributes: &[Attribute],
    members: &mut BTreeMap<String, Value>,
    visit: &mut ObjectVisitor<'_>,
) {
    for attribute in attributes {
        let Some(nested) = attribute.nested_kind() else { continue };
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        for object in nested_objects(nested.nesting, value) {
            for_each_object(&nested.attributes, object, visit);
        }
    }
    visit(attributes, members);
}

/// Visits every attribute's value at every depth.
pub(crate) fn for_each_value(
    attributes: &[Attribute],
    members: &mut BTreeMap<String, Value>,
    visit: &mut dyn FnMut(&Attribute, &mut Value),
) {
    for_each_object(attributes, members, &mut |attributes, members| {
        for attribute in attributes {
            if let Some(value) = members.get_mut(&attribute.name) {
                visit(attribute, value);
            }
        }
    });
}

/// The objects that a nested attribute's value holds; none while it is null or unknown.
pub(crate) fn nested_objects(nesting: Nesting, value: &mut Value) -> Vec<&mut BTreeMap<String, Value>> {
    fn object(value: &mut Value) -> Option<&mut BTreeMap<String, Value>> {
        match value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }
    match (nesting, value) {
        (Nesting::Single, value) => object(value).into_iter().collect(),
        (Nesting::List | Nesting::Set, Value::List(elements) | Value::Set(elements)) => {
            elements.iter_mut().filter_map(object).collect()
        }
        (Nesting::Map, Value::Map(elements)) => elements.values_mut().filter_map(object).collect(),
        _ => Vec::new(),
    }
}

/// Names that OpenTofu reads itself at the top of a block.
const RESERVED: &[&str] =
    &["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

pub(super) fn problems(attributes: &[Attribute], at: &AttributePath, problems: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for attribute in attributes {
        let path = at.attribute(&attribute.name);
        let mut problem = |what: &str| problems.push(format!("{path}: {what}"));
        if !(attribute.required || attribute.optional || attribute.computed) {
            problem("must be required, optional or computed");
        }
        if attribute.required && (attribute.optional || attribute.computed) {
            problem("cannot be required and also optional or computed");
        }
        if attribute.write_only && attribute.computed {
            problem("write-only cannot be computed or have a default");
        }
        if at.is_empty() && RESERVED.contains(&attribute.name.as_str()) {
            problem("the name is the host's own");
        }
        if !is_identifier(&attribute.name) {
            problem("names are lowercase letters, digits and underscores, and begin with a letter");
        }
        if !seen.insert(attribute.name.as_str()) {
            problem("defined more than once");
        }
        if let AttributeKind::Nested(nested) = &attribute.kind {
            if nested.nesting == Nesting::Set && has_dynamic(&attribute.ty()) {
                problem("a set cannot hold dynamic values");
            }
            if nested.nesting == Nesting::Set && has_write_only(&nested.attributes) {
                problem("a set cannot hold write-only values");
            }
            self::problems(&nested.attributes, &path, problems);
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn has_write_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.write_only
            || attribute.nested_kind().is_some_and(|nested| has_write_only(&nested.attributes))
    })
}

fn has_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::List(element) | Type::Set(element) | Type::Map(element) => has_dynamic(element),
        Type::Object(attributes) => attributes.values().any(has_dynamic),
        Type::Tuple(elements) => elements.iter().any(has_dynamic),
        Type::Bool | Type::Number | Type::String => false,
    }
}
