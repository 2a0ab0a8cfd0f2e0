//! What templates work on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// A value of Go, as far as templates can tell values apart.
///
/// Maps are shared: a clone of [`Value::Map`] is the same map, and what a function changes in it is seen everywhere. Lists are not:
/// functions answer with new ones.
#[derive(Clone, Default)]
pub enum Value {
    /// Go's nil, a missing key of a map, no value at all.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`: literals, lengths, indices.
    Int(i64),
    /// `int64`: what Sprig's integer arithmetic answers.
    Int64(i64),
    /// `float64`: every number that came from YAML or JSON.
    Float(f64),
    /// `string`.
    Str(Rc<str>),
    /// `[]interface{}`.
    List(Rc<Vec<Value>>),
    /// `map[string]interface{}`.
    Map(Map),
    /// A value of a Go type of its own: fields and methods, no keys.
    Object(Rc<dyn Object>),
}

/// A value with fields and methods, like Helm's `.Capabilities` and `.Files`.
pub trait Object {
    /// Go's name of the type, as `%T` prints it (`chartutil.VersionSet`).
    fn type_name(&self) -> &str;

    /// The field of that name; `None` where the type has none.
    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    /// Calls the method of that name; `None` where the type has none.
    fn call(&self, _name: &str, _arguments: &[Value]) -> Option<Result<Value, String>> {
        None
    }

    /// What `range` walks over, keys and values in order; `None` where the type cannot be walked.
    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        None
    }

    /// Go's kind of the value: `struct`, `map`, `slice`, `ptr`.
    fn kind(&self) -> &'static str {
        "struct"
    }

    /// Whether the value counts as true: a struct always, a map or a list when it is not empty.
    fn truth(&self) -> bool {
        true
    }

    /// How `%v` prints it.
    fn print(&self) -> String {
        "{}".to_owned()
    }

    /// The value as JSON, for `toYaml` and `toJson`; `None` where it has no fields that count.
    fn to_json(&self) -> Option<serde_json::Value> {
        None
    }
}

/// `map[string]interface{}`, shared by reference, its keys in order.
#[derive(Clone, Default)]
pub struct Map(Rc<RefCell<BTreeMap<Rc<str>, Value>>>);

impl Map {
    /// An empty map.
    pub fn new() -> Map {
        Map::default()
    }

    /// The value of a key, `None` where it is missing.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.0.borrow().get(key).cloned()
    }

    /// Sets a key, for everyone who holds this map.
    pub fn insert(&self, key: &str, value: Value) {
        self.0.borrow_mut().insert(key.into(), value);
    }

    /// Removes a key, for everyone who holds this map.
    pub fn remove(&self, key: &str) -> Option<Value> {
        self.0.borrow_mut().remove(key)
    }

    /// Whether the key is there, be its value nil or not.
    pub fn contains(&self, key: &str) -> bool {
        self.0.borrow().contains_key(key)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Keys and values as they stand now, in the order of the keys.
    pub fn entries(&self) -> Vec<(Rc<str>, Value)> {
        self.0.borrow().iter().map(|(key, value)| (Rc::clone(key), value.clone())).collect()
    }

    /// Whether both are the same map, not merely equal.
    pub fn is(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<K: Into<Rc<str>>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Map {
        Map(Rc::new(RefCell::new(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())))
    }
}

/// How deep values may nest when they are printed, compared or turned into JSON: a map can hold itself.
pub const MAX_DEPTH: usize = 1000;

impl Value {
    /// A string.
    pub fn str(text: impl AsRef<str>) -> Value {
        Value::Str(text.as_ref().into())
    }

    /// A list.
    pub fn list(elements: impl IntoIterator<Item = Value>) -> Value {
        Value::List(Rc::new(elements.into_iter().collect()))
    }

    /// A map.
    pub fn map<K: Into<Rc<str>>>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Map(entries.into_iter().collect())
    }

    /// Go's kind, as `kindOf` names it; nil is `invalid`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Nil => "invalid",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Int64(_) => "int64",
            Value::Float(_) => "float64",
            Value::Str(_) => "string",
            Value::List(_) => "slice",
            Value::Map(_) => "map",
            Value::Object(object) => object.kind(),
        }
    }

    /// Go's name of the type, as `%T` prints it.
    pub fn type_name(&self) -> &str {
        match self {
            Value::Nil => "<nil>",
            Value::List(_) => "[]interface {}",
            Value::Map(_) => "map[string]interface {}",
            Value::Object(object) => object.type_name(),
            scalar => scalar.kind(),
        }
    }

    /// Whether the value counts as true: not nil, false, zero or empty.
    pub fn truth(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(value) => *value,
            Value::Int(value) | Value::Int64(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(list) => !list.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Object(object) => object.truth(),
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The value as templates read it from JSON: numbers are `float64`.
    pub fn from_json(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Nil,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or_default()),
            serde_json::Value::String(text) => Value::str(text),
            serde_json::Value::Array(elements) => Value::list(elements.iter().map(Value::from_json)),
            serde_json::Value::Object(fields) => {
                Value::map(fields.iter().map(|(key, value)| (key.as_str(), Value::from_json(value))))
            }
        }
    }

    /// The value as Go's `json.Marshal` writes it: a whole `float64` below 1e21 is written as an integer.
    ///
    /// # Errors
    ///
    /// In Go's words for NaN, infinities, values that are no data, and values that hold themselves.
    pub fn to_json(&self) -> Result<serde_json::Value, String> {
        self.json_at(0)
    }

    fn json_at(&self, depth: usize) -> Result<serde_json::Value, String> {
        if depth > MAX_DEPTH {
            return Err("json: unsupported value: encountered a cycle".to_owned());
        }
        Ok(match self {
            Value::Nil => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) | Value::Int64(value) => (*value).into(),
            Value::Float(value) => json_number(*value)?,
            Value::Str(text) => (&**text).into(),
            Value::List(list) => {
                list.iter().map(|element| element.json_at(depth + 1)).collect::<Result<Vec<_>, _>>()?.into()
            }
            Value::Map(map) => {
                let fields = map.0.borrow();
                fields
                    .iter()
                    .map(|(key, value)| Ok((key.to_string(), value.json_at(depth + 1)?)))
                    .collect::<Result<serde_json::Map<_, _>, String>>()?
                    .into()
            }
            Value::Object(object) => {
                object.to_json().ok_or_else(|| format!("json: unsupported type: {}", object.type_name()))?
            }
        })
    }
}

fn json_number(value: f64) -> Result<serde_json::Value, String> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if value.fract() == 0.0 && value.abs() < TWO_TO_63 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 64 bits")]
        return Ok((value as i64).into());
    }
    serde_json::Number::from_f64(value).map(Into::into).ok_or_else(|| {
        let text = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        format!("json: unsupported value: {text}")
    })
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::str(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Str(text.into())
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Map(map)
    }
}

/// Kind and size only: values hold secrets.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.type_name())
    }
}
