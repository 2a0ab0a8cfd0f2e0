//! Values as the host sends them: known, null or unknown at every depth.

mod number;
mod types;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

pub(crate) use number::Wire;
pub use number::{Number, ParseNumberError};
pub use types::{Type, TypeError};

use crate::path::{AttributePath, Step};

/// A value of a resource, a data source, a function or the provider's configuration.
///
/// ```
/// use tfplugin::value::Value;
///
/// let config = Value::object([("name", "app".into()), ("spec", Value::object([("url", Value::Unknown)]))]);
/// assert_eq!(config.get("name").as_str(), Some("app"));
/// assert!(config.get("spec").get("url").is_unknown());
/// assert!(config.get("no_such_thing").is_null());
/// assert_eq!(config.unknown_paths()[0].to_string(), "spec.url");
/// ```
///
/// Debug shows everything, secrets too: for logs and messages use [`Value::shape`], or redact first with
/// [`crate::schema::Schema::redact`].
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Known only after apply.
    Unknown,
    /// Not set.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number of any size.
    Number(Number),
    /// Text.
    String(String),
    /// Values of one type, in order.
    List(Vec<Value>),
    /// Different values of one type; compared without regard to order and repetition.
    Set(Vec<Value>),
    /// Values of different types, in order.
    Tuple(Vec<Value>),
    /// Values of one type, by name.
    Map(BTreeMap<String, Value>),
    /// Attributes.
    Object(BTreeMap<String, Value>),
    /// A value where the schema says "dynamic", with its type. A dynamic attribute that is wholly null or unknown,
    /// type included, is [`Value::Null`] or [`Value::Unknown`].
    Dynamic(Box<Type>, Box<Value>),
}

static NULL: Value = Value::Null;
static UNKNOWN: Value = Value::Unknown;

impl Value {
    /// An object with these attributes.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Value)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// A map with these elements.
    pub fn map<N: Into<String>>(elements: impl IntoIterator<Item = (N, Value)>) -> Self {
        Self::Map(elements.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// A list of these elements.
    pub fn list<V: Into<Value>>(elements: impl IntoIterator<Item = V>) -> Self {
        Self::List(elements.into_iter().map(Into::into).collect())
    }

    /// A set of these elements.
    pub fn set<V: Into<Value>>(elements: impl IntoIterator<Item = V>) -> Self {
        Self::Set(elements.into_iter().map(Into::into).collect())
    }

    /// A value for a dynamic attribute, with the type that it shows.
    #[must_use]
    pub fn dynamic(value: Value) -> Self {
        match value {
            Self::Unknown | Self::Null | Self::Dynamic(..) => value,
            value => Self::Dynamic(Box::new(value.own_type()), Box::new(value)),
        }
    }

    /// Any JSON as a value for a dynamic attribute: arrays become tuples, objects objects, since their elements may
    /// differ in type.
    #[must_use]
    pub fn dynamic_from_json(json: &serde_json::Value) -> Self {
        fn plain(json: &serde_json::Value) -> Value {
            match json {
                serde_json::Value::Null => Value::Null,
                serde_json::Value::Bool(bool) => Value::Bool(*bool),
                serde_json::Value::Number(number) => Value::Number(number.into()),
                serde_json::Value::String(text) => Value::String(text.clone()),
                serde_json::Value::Array(elements) => Value::Tuple(elements.iter().map(plain).collect()),
                serde_json::Value::Object(members) => Value::Object(
                    members.iter().map(|(name, member)| (name.clone(), plain(member))).collect(),
                ),
            }
        }
        Self::dynamic(plain(json))
    }

    /// The value as JSON; the types that dynamic values bring along are left out.
    ///
    /// # Errors
    ///
    /// The path of the first value that is unknown, or of the first whole number that 64 bits cannot hold.
    pub fn to_json(&self) -> Result<serde_json::Value, ToJsonError> {
        fn convert(value: &Value, path: &mut AttributePath) -> Result<serde_json::Value, ToJsonError> {
            Ok(match value {
                Value::Unknown => return Err(ToJsonError::Unknown(path.clone())),
                Value::Null => serde_json::Value::Null,
                Value::Bool(bool) => (*bool).into(),
                Value::Number(number) => serde_json::Value::Number(
                    number.to_json().ok_or_else(|| ToJsonError::Number(path.clone()))?,
                ),
                Value::String(text) => text.as_str().into(),
                Value::Dynamic(_, inner) => convert(inner, path)?,
                Value::List(elements) | Value::Set(elements) | Value::Tuple(elements) => {
                    let mut array = Vec::with_capacity(elements.len());
                    for (index, element) in elements.iter().enumerate() {
                        path.push(Step::KeyInt(i64::try_from(index).unwrap_or(i64::MAX)));
                        array.push(convert(element, path)?);
                        path.pop();
                    }
                    array.into()
                }
                Value::Map(members) | Value::Object(members) => {
                    let mut object = serde_json::Map::new();
                    for (name, member) in members {
                        path.push(value.member_step(name));
                        object.insert(name.clone(), convert(member, path)?);
                        path.pop();
                    }
                    object.into()
                }
            })
        }
        convert(self, &mut AttributePath::new())
    }

    /// The same of any value: what is unknown becomes null, and a number that has no JSON the nearest one that has.
    #[must_use]
    pub fn to_rounded_json(&self) -> serde_json::Value {
        match self {
            Self::Unknown | Self::Null => serde_json::Value::Null,
            Self::Bool(bool) => (*bool).into(),
            Self::Number(number) => number.to_rounded_json().into(),
            Self::String(text) => text.as_str().into(),
            Self::Dynamic(_, inner) => inner.to_rounded_json(),
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => {
                elements.iter().map(Self::to_rounded_json).collect()
            }
            Self::Map(members) | Self::Object(members) => {
                members.iter().map(|(name, member)| (name.clone(), member.to_rounded_json())).collect()
            }
        }
    }

    /// Whether the other value is what JSON makes of this one: lists, sets and tuples become the same there, and so do maps and objects, and
    /// fractions the nearest binary ones.
    #[must_use]
    pub fn rounds_to(&self, other: &Self) -> bool {
        if let (Some(one), Some(other)) = (self.as_elements(), other.as_elements()) {
            return one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| one.rounds_to(other));
        }
        if let (Some(one), Some(other)) = (self.as_members(), other.as_members()) {
            return one.keys().eq(other.keys())
                && one.values().zip(other.values()).all(|(one, other)| one.rounds_to(other));
        }
        match (self.peeled(), other.peeled()) {
            (Self::Number(one), Self::Number(other)) => one.rounds_to(other),
            (one, other) => one == other,
        }
    }

    /// An attribute or a map's element. What lies below an unknown is unknown; what is absent, or lies below a null or
    /// below a value that has no names, is null.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        match self {
            Self::Unknown => &UNKNOWN,
            Self::Map(members) | Self::Object(members) => members.get(name).unwrap_or(&NULL),
            Self::Dynamic(_, inner) => inner.get(name),
            _ => &NULL,
        }
    }

    /// An element of a list, set or tuple, with the same rules as [`Value::get`].
    #[must_use]
    pub fn get_index(&self, index: usize) -> &Value {
        match self {
            Self::Unknown => &UNKNOWN,
            Self::Dynamic(_, inner) => inner.get_index(index),
            _ => self.as_elements().and_then(|elements| elements.get(index)).unwrap_or(&NULL),
        }
    }

    /// The value at a path, with the same rules as [`Value::get`].
    #[must_use]
    pub fn at(&self, path: &AttributePath) -> &Value {
        path.steps().iter().fold(self, |value, step| match step {
            Step::Attribute(name) | Step::KeyString(name) => value.get(name),
            Step::KeyInt(index) => usize::try_from(*index).map_or(&NULL, |index| value.get_index(index)),
        })
    }

    /// This value with another one at a path. Missing or null objects on the way are made; a path that does not fit
    /// the value (through a string, beyond the end of a list) changes nothing.
    #[must_use]
    pub fn with(mut self, path: impl Into<AttributePath>, value: impl Into<Value>) -> Self {
        self.set_at(&path.into(), value.into());
        self
    }

    /// Puts a value at a path, with the same rules as [`Value::with`]; tells whether it fitted.
    pub fn set_at(&mut self, path: &AttributePath, value: Value) -> bool {
        let mut place = self;
        for step in path.steps() {
            while let Self::Dynamic(_, inner) = place {
                place = inner;
            }
            if place.is_null() && matches!(step, Step::Attribute(_)) {
                *place = Self::Object(BTreeMap::new());
            }
            place = match (place, step) {
                (
                    Self::Object(members) | Self::Map(members),
                    Step::Attribute(name) | Step::KeyString(name),
                ) => members.entry(name.clone()).or_default(),
                (Self::List(elements) | Self::Set(elements) | Self::Tuple(elements), Step::KeyInt(index)) => {
                    match usize::try_from(*index).ok().and_then(|index| elements.get_mut(index)) {
                        Some(element) => element,
                        None => return false,
                    }
                }
                _ => return false,
            };
        }
        *place = value;
        true
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self.peeled() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// True or false, if it is known and either.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.peeled() {
            Self::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        match self.peeled() {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The number as an integer, if it is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::as_i64)
    }

    /// The nearest binary fraction to the number, if it is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().map(Number::as_f64)
    }

    /// The elements of a list, set or tuple.
    #[must_use]
    pub fn as_elements(&self) -> Option<&[Value]> {
        match self.peeled() {
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The attributes of an object or the elements of a map.
    #[must_use]
    pub fn as_members(&self) -> Option<&BTreeMap<String, Value>> {
        match self.peeled() {
            Self::Map(members) | Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The value without the type that a dynamic one brings along.
    #[must_use]
    pub fn peeled(&self) -> &Value {
        let mut value = self;
        while let Self::Dynamic(_, inner) = value {
            value = inner;
        }
        value
    }

    /// Whether it is not set.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.peeled(), Self::Null)
    }

    /// Whether it is known only after apply, as a whole.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.peeled(), Self::Unknown)
    }

    /// Whether it is known, though parts of it may be not. Null is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.is_unknown()
    }

    /// Whether it and all that it holds is known.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        let mut known = true;
        self.walk(&mut |_, value| {
            known &= !matches!(value, Self::Unknown);
            known
        });
        known
    }

    /// Where it is unknown: the paths of the topmost unknown values.
    #[must_use]
    pub fn unknown_paths(&self) -> Vec<AttributePath> {
        let mut paths = Vec::new();
        self.walk(&mut |path, value| {
            if matches!(value, Self::Unknown) {
                paths.push(path.clone());
            }
            true
        });
        paths
    }

    /// Visits this value and all that it holds, from the root down. The visitor answers whether to look inside.
    pub fn walk(&self, visit: &mut dyn FnMut(&AttributePath, &Value) -> bool) {
        fn go(
            value: &Value,
            path: &mut AttributePath,
            visit: &mut dyn FnMut(&AttributePath, &Value) -> bool,
        ) {
            if !visit(path, value) {
                return;
            }
            match value {
                Value::Dynamic(_, inner) => go(inner, path, visit),
                Value::List(elements) | Value::Set(elements) | Value::Tuple(elements) => {
                    for (index, element) in elements.iter().enumerate() {
                        path.push(Step::KeyInt(i64::try_from(index).unwrap_or(i64::MAX)));
                        go(element, path, visit);
                        path.pop();
                    }
                }
                Value::Map(members) | Value::Object(members) => {
                    for (name, member) in members {
                        path.push(value.member_step(name));
                        go(member, path, visit);
                        path.pop();
                    }
                }
                _ => {}
            }
        }
        go(self, &mut AttributePath::new(), visit);
    }

    /// The value with every unknown in it replaced by null.
    #[must_use]
    pub fn unknown_as_null(self) -> Self {
        match self {
            Self::Unknown => Self::Null,
            Self::List(elements) => Self::List(elements.into_iter().map(Self::unknown_as_null).collect()),
            Self::Set(elements) => Self::Set(elements.into_iter().map(Self::unknown_as_null).collect()),
            Self::Tuple(elements) => Self::Tuple(elements.into_iter().map(Self::unknown_as_null).collect()),
            Self::Map(members) => Self::Map(
                members.into_iter().map(|(name, member)| (name, member.unknown_as_null())).collect(),
            ),
            Self::Object(members) => Self::Object(
                members.into_iter().map(|(name, member)| (name, member.unknown_as_null())).collect(),
            ),
            Self::Dynamic(ty, inner) => Self::Dynamic(ty, Box::new(inner.unknown_as_null())),
            known => known,
        }
    }

    /// What the value looks like without what it says: fit for logs and for messages of internal errors.
    #[must_use]
    pub fn shape(&self) -> Shape<'_> {
        Shape(self)
    }

    /// The type that the value itself shows. What is null or unknown shows none and is dynamic; so is the element of
    /// a list, set or map whose elements differ.
    #[must_use]
    pub fn own_type(&self) -> Type {
        fn common<'a>(values: impl Iterator<Item = &'a Value>) -> Type {
            let mut types = values.map(Value::own_type).filter(|ty| *ty != Type::Dynamic);
            match types.next() {
                Some(first) if types.all(|ty| ty == first) => first,
                _ => Type::Dynamic,
            }
        }
        match self {
            Self::Unknown | Self::Null | Self::Dynamic(..) => Type::Dynamic,
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::String(_) => Type::String,
            Self::List(elements) => Type::list(common(elements.iter())),
            Self::Set(elements) => Type::set(common(elements.iter())),
            Self::Map(members) => Type::map(common(members.values())),
            Self::Tuple(elements) => Type::Tuple(elements.iter().map(Self::own_type).collect()),
            Self::Object(members) => {
                Type::Object(members.iter().map(|(name, member)| (name.clone(), member.own_type())).collect())
            }
        }
    }

    pub(crate) fn member_step(&self, name: &str) -> Step {
        match self {
            Self::Map(_) => Step::KeyString(name.to_owned()),
            _ => Step::Attribute(name.to_owned()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Null => 1,
            Self::Bool(_) => 2,
            Self::Number(_) => 3,
            Self::String(_) => 4,
            Self::List(_) => 5,
            Self::Set(_) => 6,
            Self::Tuple(_) => 7,
            Self::Map(_) => 8,
            Self::Object(_) => 9,
            Self::Dynamic(..) => 10,
        }
    }

    /// An order without meaning that puts the elements of sets into a stable sequence.
    pub(crate) fn canonical_cmp(&self, other: &Self) -> Ordering {
        fn sequence<'a>(
            a: impl Iterator<Item = &'a Value>,
            mut b: impl Iterator<Item = &'a Value>,
        ) -> Ordering {
            for left in a {
                let Some(right) = b.next() else { return Ordering::Greater };
                let order = left.canonical_cmp(right);
                if order.is_ne() {
                    return order;
                }
            }
            if b.next().is_some() { Ordering::Less } else { Ordering::Equal }
        }
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.canonical_cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => sequence(a.iter(), b.iter()),
            (Self::Set(a), Self::Set(b)) => {
                sequence(canonical_set(a).into_iter(), canonical_set(b).into_iter())
            }
            (Self::Map(a), Self::Map(b)) | (Self::Object(a), Self::Object(b)) => {
                a.keys().cmp(b.keys()).then_with(|| sequence(a.values(), b.values()))
            }
            (Self::Dynamic(a, left), Self::Dynamic(b, right)) => {
                a.cmp(b).then_with(|| left.canonical_cmp(right))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// The elements of a set in a stable order and without repetition. Elements that hold unknowns are never the same as
/// another, whatever they look like.
pub(crate) fn canonical_set(elements: &[Value]) -> Vec<&Value> {
    let mut sorted: Vec<&Value> = elements.iter().collect();
    sorted.sort_by(|a, b| a.canonical_cmp(b));
    sorted.dedup_by(|a, b| a == b && a.is_wholly_known());
    sorted
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, Self::Unknown) | (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::Set(a), Self::Set(b)) => canonical_set(a) == canonical_set(b),
            (Self::Map(a), Self::Map(b)) | (Self::Object(a), Self::Object(b)) => a == b,
            (Self::Dynamic(a, left), Self::Dynamic(b, right)) => a == b && left == right,
            _ => false,
        }
    }
}

impl Eq for Value {}

/// Why a value has no JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToJsonError {
    /// It is known only after apply.
    #[error("{0} is known only after apply")]
    Unknown(AttributePath),
    /// The number would be altered.
    #[error("{0} is a number that 64 bits cannot hold")]
    Number(AttributePath),
}

/// A value's form without its content; see [`Value::shape`].
pub struct Shape<'a>(&'a Value);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |f: &mut fmt::Formatter<'_>, what: &str, count: usize| write!(f, "{what} of {count}");
        match self.0 {
            Value::Unknown => f.write_str("a value known only after apply"),
            Value::Null => f.write_str("null"),
            Value::Bool(_) => f.write_str("true or false"),
            Value::Number(_) => f.write_str("a number"),
            Value::String(_) => f.write_str("a string"),
            Value::List(elements) => counted(f, "a list", elements.len()),
            Value::Set(elements) => counted(f, "a set", elements.len()),
            Value::Tuple(elements) => counted(f, "a tuple", elements.len()),
            Value::Map(members) => counted(f, "a map", members.len()),
            Value::Object(members) => counted(f, "an object", members.len()),
            Value::Dynamic(_, inner) => inner.shape().fmt(f),
        }
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::String(text.clone())
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Number(int.into())
    }
}

impl From<i32> for Value {
    fn from(int: i32) -> Self {
        Self::Number(int.into())
    }
}

impl From<u64> for Value {
    fn from(int: u64) -> Self {
        Self::Number(int.into())
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        Self::Number(float.into())
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        Value::object([
            ("name", "app".into()),
            ("labels", Value::map([("a", "b".into())])),
            ("spec", Value::object([("url", Value::Unknown), ("patches", Value::list(["one", "two"]))])),
            ("values", Value::dynamic_from_json(&json!({"replicas": 3, "list": [1, "x"]}))),
        ])
    }

    #[test]
    fn what_is_absent_is_null_and_what_is_below_an_unknown_is_unknown() {
        let value = sample();
        assert!(value.get("nothing").get("below").is_null());
        assert!(value.get("spec").get("url").get("host").is_unknown());
        assert!(value.get("name").get("x").is_null());
        assert_eq!(value.get("values").get("replicas").as_i64(), Some(3));
        assert_eq!(value.at(&AttributePath::from("values.list").index(1)).as_str(), Some("x"));
        assert!(value.at(&AttributePath::from("spec.patches").index(9)).is_null());
    }

    #[test]
    fn with_changes_only_what_the_path_names() {
        let value = sample().with("spec.url", "https://x").with("status.ready", true);
        assert_eq!(value.get("spec").get("url").as_str(), Some("https://x"));
        assert_eq!(value.get("spec").get("patches").get_index(1).as_str(), Some("two"));
        assert_eq!(value.get("status").get("ready").as_bool(), Some(true));
        assert_eq!(sample().with("name.x", 1), sample());
    }

    #[test]
    fn unknown_paths_name_the_topmost() {
        let paths: Vec<String> = sample().unknown_paths().iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["spec.url"]);
        assert!(!sample().is_wholly_known());
        assert!(sample().unknown_as_null().is_wholly_known());
    }

    #[test]
    fn sets_have_neither_order_nor_repetition() {
        assert_eq!(Value::set(["a", "b"]), Value::set(["b", "a", "b"]));
        assert_ne!(Value::set(["a"]), Value::set(["a", "b"]));
        assert_ne!(Value::Set(vec![Value::Unknown]), Value::Set(vec![Value::Unknown, Value::Unknown]));
        assert_ne!(Value::list(["a", "b"]), Value::list(["b", "a"]));
    }

    #[test]
    fn json_is_exact_or_an_error_with_its_path() {
        let json = json!({"a": [1, 2.5, "x", null, true], "b": {}});
        assert_eq!(Value::dynamic_from_json(&json).to_json(), Ok(json));
        assert_eq!(sample().to_json(), Err(ToJsonError::Unknown("spec.url".into())));
        let big = Value::object([("n", Value::Number("1e40".parse().unwrap()))]);
        assert_eq!(big.to_json(), Err(ToJsonError::Number("n".into())));
    }

    #[test]
    fn a_shape_says_nothing_of_the_content() {
        assert_eq!(Value::from("secret").shape().to_string(), "a string");
        assert_eq!(sample().shape().to_string(), "an object of 4");
    }
}
