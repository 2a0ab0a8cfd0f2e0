//! The types of the protocol and their JSON notation.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value as Json, json};
use thiserror::Error;

/// The type of a value, as a schema states it or as a dynamic value brings it along.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// True or false.
    Bool,
    /// A number of any size.
    Number,
    /// Text.
    String,
    /// Any number of values of one type, in order.
    List(Box<Type>),
    /// Any number of different values of one type.
    Set(Box<Type>),
    /// Any number of values of one type, by name.
    Map(Box<Type>),
    /// A fixed set of names, each with its type.
    Object(BTreeMap<String, Type>),
    /// A fixed sequence of types.
    Tuple(Vec<Type>),
    /// Decided by each value.
    Dynamic,
}

/// Why a type's notation cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TypeError {
    /// Not JSON, or not the notation of a type.
    #[error("not the notation of a type")]
    Notation,
    /// Nested deeper than [`crate::codec::MAX_DEPTH`].
    #[error("a type nested deeper than {} levels", crate::codec::MAX_DEPTH)]
    TooDeep,
}

impl Type {
    /// A list of a type.
    #[must_use]
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of a type.
    #[must_use]
    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map to a type.
    #[must_use]
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// An object with these attributes.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Type)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// The type in the protocol's notation: `"string"`, `["list","string"]`, `["object",{"a":"bool"}]`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool => json!("bool"),
            Self::Number => json!("number"),
            Self::String => json!("string"),
            Self::Dynamic => json!("dynamic"),
            Self::List(element) => json!(["list", element.to_json()]),
            Self::Set(element) => json!(["set", element.to_json()]),
            Self::Map(element) => json!(["map", element.to_json()]),
            Self::Tuple(elements) => json!(["tuple", elements.iter().map(Self::to_json).collect::<Vec<_>>()]),
            Self::Object(attributes) => {
                let attributes: serde_json::Map<_, _> =
                    attributes.iter().map(|(name, ty)| (name.clone(), ty.to_json())).collect();
                json!(["object", attributes])
            }
        }
    }

    /// The bytes of [`Type::to_json`].
    #[must_use]
    pub fn to_json_bytes(&self) -> Vec<u8> {
        self.to_json().to_string().into_bytes()
    }

    /// Reads the protocol's notation. The list of optional attributes, which an object's notation may carry, says
    /// nothing about values and is dropped.
    ///
    /// # Errors
    ///
    /// When the bytes are not a type's notation, or the type is nested too deeply.
    pub fn from_json_bytes(bytes: &[u8]) -> Result<Self, TypeError> {
        // serde_json itself refuses JSON nested deeper than 128, which it tells only in words.
        let json: Json = serde_json::from_slice(bytes).map_err(|error| match error.to_string() {
            text if text.contains("recursion limit") => TypeError::TooDeep,
            _ => TypeError::Notation,
        })?;
        Self::from_json(&json, crate::codec::MAX_DEPTH)
    }

    fn from_json(json: &Json, depth: usize) -> Result<Self, TypeError> {
        let Some(depth) = depth.checked_sub(1) else { return Err(TypeError::TooDeep) };
        if let Some(name) = json.as_str() {
            return match name {
                "bool" => Ok(Self::Bool),
                "number" => Ok(Self::Number),
                "string" => Ok(Self::String),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(TypeError::Notation),
            };
        }
        let parts = json.as_array().map(Vec::as_slice).ok_or(TypeError::Notation)?;
        let boxed = |element: &Json| Self::from_json(element, depth).map(Box::new);
        match parts {
            [Json::String(kind), element] if kind == "list" => Ok(Self::List(boxed(element)?)),
            [Json::String(kind), element] if kind == "set" => Ok(Self::Set(boxed(element)?)),
            [Json::String(kind), element] if kind == "map" => Ok(Self::Map(boxed(element)?)),
            [Json::String(kind), Json::Array(elements)] if kind == "tuple" => Ok(Self::Tuple(
                elements.iter().map(|element| Self::from_json(element, depth)).collect::<Result<_, _>>()?,
            )),
            [Json::String(kind), Json::Object(attributes)]
            | [Json::String(kind), Json::Object(attributes), Json::Array(_)]
                if kind == "object" =>
            {
                let attributes =
                    attributes.iter().map(|(name, ty)| Ok((name.clone(), Self::from_json(ty, depth)?)));
                Ok(Self::Object(attributes.collect::<Result<_, TypeError>>()?))
            }
            _ => Err(TypeError::Notation),
        }
    }
}

impl fmt::Display for Type {
    /// What an error message calls a value of this type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Number => f.write_str("a number"),
            Self::String => f.write_str("a string"),
            Self::List(_) => f.write_str("a list"),
            Self::Set(_) => f.write_str("a set"),
            Self::Map(_) => f.write_str("a map"),
            Self::Object(_) => f.write_str("an object"),
            Self::Tuple(elements) => write!(f, "a list of exactly {} values", elements.len()),
            Self::Dynamic => f.write_str("a value with its type"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_is_read_back() {
        for notation in [
            r#""bool""#,
            r#""number""#,
            r#""string""#,
            r#""dynamic""#,
            r#"["list","string"]"#,
            r#"["set",["map","number"]]"#,
            r#"["tuple",["bool",["list","dynamic"]]]"#,
            r#"["tuple",[]]"#,
            r#"["object",{"a":"bool","b":["object",{}]}]"#,
        ] {
            let ty = Type::from_json_bytes(notation.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(ty.to_json_bytes()).unwrap(), notation);
        }
    }

    #[test]
    fn optional_attributes_are_dropped() {
        let ty = Type::from_json_bytes(br#"["object",{"a":"bool"},["a"]]"#).unwrap();
        assert_eq!(ty, Type::object([("a", Type::Bool)]));
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for notation in
            ["", "null", "1", r#""text""#, "[]", r#"["list"]"#, r#"["list","string",1]"#, r#"["object",[]]"#]
        {
            assert_eq!(Type::from_json_bytes(notation.as_bytes()), Err(TypeError::Notation), "{notation}");
        }
        let deep = format!("{}\"string\"{}", r#"["list","#.repeat(100), "]".repeat(100));
        assert!(Type::from_json_bytes(deep.as_bytes()).is_err());
    }
}
