//! The identity of an object: the few values by which it is found again, which a host keeps beside the state and takes for an import.

use crate::value::{Type, Value};

/// What an identity consists of. Each value is that of the attribute of the same name in the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySchema {
    /// Raised when identities written before can no longer be read as they are. An object that was moved here keeps the identity
    /// of the resource that it was, and is asked about only when its version is lower than this one.
    pub version: i64,
    /// The values, in any order.
    pub attributes: Vec<IdentityAttribute>,
}

/// One value of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityAttribute {
    /// The name, which the resource's schema has too.
    pub name: String,
    /// A primitive type, or a list of one.
    pub ty: Type,
    /// Whether an import has to give it.
    pub required: bool,
    /// For the documentation.
    pub description: String,
}

impl IdentityAttribute {
    /// A text that an import has to give.
    pub fn required(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), ty: Type::String, required: true, description: description.into() }
    }

    /// A text that an import may leave out.
    pub fn optional(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { required: false, ..Self::required(name, description) }
    }
}

impl IdentitySchema {
    /// The type of the identities.
    #[must_use]
    pub fn ty(&self) -> Type {
        Type::object(
            self.attributes
                .iter()
                .map(|attribute| (attribute.name.as_str(), attribute.ty.clone()))
                .collect::<Vec<_>>(),
        )
    }

    /// The identity of an object; none while a part of it is unknown, or one that an import needs is missing.
    #[must_use]
    pub fn of(&self, object: &Value) -> Option<Value> {
        let mut parts = Vec::new();
        for attribute in &self.attributes {
            let part = object.get(&attribute.name);
            if !part.is_wholly_known() || (attribute.required && part.is_null()) {
                return None;
            }
            parts.push((attribute.name.as_str(), part.clone()));
        }
        Some(Value::object(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> IdentitySchema {
        IdentitySchema {
            version: 1,
            attributes: vec![
                IdentityAttribute::required("name", ""),
                IdentityAttribute::optional("cluster", ""),
            ],
        }
    }

    #[test]
    fn an_identity_is_taken_from_the_attributes_of_its_names() {
        let object = Value::object([("name", "app".into()), ("cluster", Value::Null), ("more", 1.into())]);
        let identity = Value::object([("name", "app".into()), ("cluster", Value::Null)]);
        assert_eq!(schema().of(&object), Some(identity));
    }

    #[test]
    fn what_is_unknown_or_missing_is_no_identity() {
        assert_eq!(schema().of(&Value::object([("name", Value::Unknown), ("cluster", Value::Null)])), None);
        assert_eq!(schema().of(&Value::object([("name", "app".into()), ("cluster", Value::Unknown)])), None);
        assert_eq!(schema().of(&Value::object([("cluster", "a".into())])), None);
        assert_eq!(schema().of(&Value::Null), None);
    }
}
