//! Helm's `--set` and its kin (`strvals`): assignments as text, written into values.

use std::str::FromStr;

use serde_json::{Map, Value};

/// Why an assignment is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// Nothing follows a key.
    #[error("key {0:?} has no value")]
    NoValue(String),
    /// A key is followed by a comma.
    #[error("key {0:?} has no value (cannot end with ,)")]
    EndsWithComma(String),
    /// A key with a dot names nothing below it.
    #[error("key map {0:?} has no value")]
    NoValueInMap(String),
    /// What stands between brackets is no index.
    #[error("error parsing index: {0:?} is not a number")]
    Index(String),
    /// An index is negative.
    #[error("negative {0} index not allowed")]
    NegativeIndex(i64),
    /// An index is larger than [`MAX_INDEX`].
    #[error("index of {0} is greater than maximum supported index of {MAX_INDEX}")]
    IndexTooLarge(i64),
    /// Something stands between `]` and what may follow it.
    #[error("unexpected data at end of array index: {0:?}")]
    AfterIndex(String),
    /// A list has no end.
    #[error("list must terminate with '}}'")]
    OpenList,
    /// A key of a map or an index of a list is wanted where another value stands.
    #[error("{key:?} is a {found}, not a {wanted}")]
    OtherType {
        /// The key, or the index.
        key: String,
        /// What stands there.
        found: &'static str,
        /// What the assignment takes it for.
        wanted: &'static str,
    },
    /// Keys are nested deeper than [`MAX_NESTING`].
    #[error("value name nested level is greater than maximum supported nested level of {MAX_NESTING}")]
    TooDeep,
    /// What should be JSON is not.
    #[error("not JSON: {0}")]
    Json(String),
    /// The file that a value names cannot be read.
    #[error("{0}")]
    File(String),
}

/// The largest index of a list.
pub const MAX_INDEX: i64 = 65_536;

/// How many dots a key may have.
pub const MAX_NESTING: usize = 30;

/// How many lists may lie in lists.
const MAX_LISTS: usize = 100;

/// Makes a value of a text.
type Convert<'a> = dyn FnMut(&str) -> Result<Value, String> + 'a;

/// Writes comma-separated assignments into `values`.
pub(crate) fn parse(
    text: &str,
    values: &mut Map<String, Value>,
    convert: &mut Convert<'_>,
) -> Result<(), SetError> {
    Parser { rest: text, form: Form::Text(convert) }.all(values)
}

/// Writes comma-separated assignments of JSON into `values`.
pub(crate) fn parse_json(text: &str, values: &mut Map<String, Value>) -> Result<(), SetError> {
    Parser { rest: text, form: Form::Json }.all(values)
}

/// Writes one assignment, whose value is taken as it stands.
pub(crate) fn parse_literal(text: &str, values: &mut Map<String, Value>) -> Result<(), SetError> {
    Parser { rest: text, form: Form::Literal }.all(values)
}

/// The value of a text for `--set`.
pub(crate) fn typed(text: &str) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return true.into();
    }
    if text.eq_ignore_ascii_case("false") {
        return false.into();
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    // A leading zero makes it text: it may be a telephone number.
    if (text == "0" || !text.starts_with('0'))
        && let Ok(number) = i64::from_str(text)
    {
        return number.into();
    }
    text.into()
}

/// What stands after `=`.
enum Form<'a, 'b> {
    Text(&'a mut Convert<'b>),
    Json,
    Literal,
}

struct Parser<'a, 'b> {
    rest: &'a str,
    form: Form<'a, 'b>,
}

impl Parser<'_, '_> {
    fn all(&mut self, values: &mut Map<String, Value>) -> Result<(), SetError> {
        while !self.rest.is_empty() {
            self.key(values, 0)?;
        }
        Ok(())
    }

    fn key(&mut self, values: &mut Map<String, Value>, depth: usize) -> Result<(), SetError> {
        let stops: &[char] =
            if matches!(self.form, Form::Literal) { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (key, stop) = self.until(stops);
        match stop {
            None if key.is_empty() => Ok(()),
            None => Err(SetError::NoValue(key)),
            Some('=') => {
                if let Some(value) = self.value()? {
                    set(values, key, value);
                }
                Ok(())
            }
            Some('[') => {
                let index = self.index()?;
                let mut list = match values.get_mut(&key).map(Value::take) {
                    None => Vec::new(),
                    Some(Value::Array(list)) => list,
                    Some(other) => return Err(other_type(key, &other, "list")),
                };
                let result = self.item(&mut list, index, depth, 0);
                set(values, key, Value::Array(list));
                result
            }
            Some('.') => {
                if depth >= MAX_NESTING {
                    return Err(SetError::TooDeep);
                }
                let mut inner = match values.get_mut(&key).map(Value::take) {
                    None => Map::new(),
                    Some(Value::Object(inner)) => inner,
                    Some(other) => return Err(other_type(key, &other, "map")),
                };
                let result = self.key(&mut inner, depth + 1);
                if inner.is_empty() {
                    return result.and(Err(SetError::NoValueInMap(key)));
                }
                set(values, key, Value::Object(inner));
                result
            }
            Some(_) => {
                set(values, key.clone(), "".into());
                Err(SetError::EndsWithComma(key))
            }
        }
    }

    fn item(
        &mut self,
        list: &mut Vec<Value>,
        index: usize,
        depth: usize,
        lists: usize,
    ) -> Result<(), SetError> {
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(SetError::AfterIndex(text));
        }
        match stop {
            None => Ok(()),
            Some('=') => {
                if let Some(value) = self.value()? {
                    place(list, index, value);
                }
                Ok(())
            }
            Some('[') => {
                if lists >= MAX_LISTS {
                    return Err(SetError::TooDeep);
                }
                let next = self.index()?;
                let mut inner = match list.get_mut(index).map(Value::take) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::Array(inner)) => inner,
                    Some(other) => return Err(other_type(index.to_string(), &other, "list")),
                };
                self.item(&mut inner, next, depth, lists + 1)?;
                place(list, index, Value::Array(inner));
                Ok(())
            }
            Some(_) => {
                if depth >= MAX_NESTING {
                    return Err(SetError::TooDeep);
                }
                let mut inner = match list.get_mut(index).map(Value::take) {
                    Some(Value::Object(inner)) => inner,
                    _ => Map::new(),
                };
                let result = self.key(&mut inner, depth + 1);
                place(list, index, Value::Object(inner));
                result
            }
        }
    }

    fn index(&mut self) -> Result<usize, SetError> {
        let (text, stop) = self.until(&[']']);
        let index = text.parse::<i64>().ok().filter(|_| stop.is_some()).ok_or(SetError::Index(text))?;
        if index > MAX_INDEX {
            return Err(SetError::IndexTooLarge(index));
        }
        usize::try_from(index).map_err(|_| SetError::NegativeIndex(index))
    }

    /// What follows `=`, up to the comma after it; `None` at the end of a text, where nothing is set.
    fn value(&mut self) -> Result<Option<Value>, SetError> {
        match self.form {
            Form::Literal => Ok(Some(std::mem::take(&mut self.rest).into())),
            Form::Json => self.json().map(Some),
            Form::Text(_) if self.rest.is_empty() => Ok(Some("".into())),
            Form::Text(_) => match self.rest.strip_prefix('{') {
                Some(rest) => {
                    self.rest = rest;
                    self.list().map(Some)
                }
                None => {
                    let (text, _) = self.until(&[',']);
                    self.convert(&text).map(Some)
                }
            },
        }
    }

    fn list(&mut self) -> Result<Value, SetError> {
        let mut list = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            let stop = stop.ok_or(SetError::OpenList)?;
            list.push(self.convert(&text)?);
            if stop == '}' {
                self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                return Ok(Value::Array(list));
            }
        }
    }

    fn json(&mut self) -> Result<Value, SetError> {
        if self.nothing_follows() {
            return Ok(Value::Null);
        }
        let mut stream = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = match stream.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(SetError::Json(error.to_string())),
            None => return Err(SetError::Json("no value".to_owned())),
        };
        let end = stream.byte_offset();
        self.rest = self.rest.get(end..).unwrap_or_default();
        self.nothing_follows();
        Ok(crate::values::floats(&value))
    }

    /// Skips white space and one comma; whether there was a comma or the end.
    fn nothing_follows(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(',') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => self.rest.is_empty(),
        }
    }

    fn convert(&mut self, text: &str) -> Result<Value, SetError> {
        match &mut self.form {
            Form::Text(convert) => convert(text).map_err(SetError::File),
            Form::Json | Form::Literal => Ok(text.into()),
        }
    }

    /// The text up to one of the stops, which is skipped; a backslash takes the next character as it stands.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let escapes = !matches!(self.form, Form::Literal);
        let mut text = String::new();
        let mut characters = self.rest.chars();
        let stop = loop {
            match characters.next() {
                None => break None,
                Some(stop) if stops.contains(&stop) => break Some(stop),
                Some('\\') if escapes => text.extend(characters.next()),
                Some(other) => text.push(other),
            }
        };
        self.rest = characters.as_str();
        (text, stop)
    }
}

/// An empty key is not set.
fn set(values: &mut Map<String, Value>, key: String, value: Value) {
    if !key.is_empty() {
        values.insert(key, value);
    }
}

/// Makes the list longer where that is needed; an index is at most [`MAX_INDEX`].
fn place(list: &mut Vec<Value>, index: usize, value: Value) {
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    if let Some(place) = list.get_mut(index) {
        *place = value;
    }
}

fn other_type(key: String, found: &Value, wanted: &'static str) -> SetError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    };
    SetError::OtherType { key, found, wanted }
}
