//! The JSON of states: as values of a type, with numbers of any size.
//!
//! serde_json would read a number beyond 64 bits as the nearest float, hence the reader at the end of this file.

use std::collections::BTreeMap;

use super::{CodecError, MAX_DEPTH, Problem};
use crate::path::{AttributePath, Step};
use crate::value::{Type, TypeError, Value};

/// Reads JSON as a value of a type: attributes that the type does not have are dropped, missing ones are null. A dynamic
/// value is `{"type": ..., "value": ...}`.
///
/// # Errors
///
/// When the bytes are no JSON, are nested deeper than the limit, or do not fit the type; the error names the attribute.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, CodecError> {
    let json = parse(bytes).map_err(|problem| CodecError { path: AttributePath::new(), problem })?;
    Fitter { path: AttributePath::new() }.value(&json, ty)
}

struct Fitter {
    path: AttributePath,
}

impl Fitter {
    fn value(&mut self, json: &Json<'_>, ty: &Type) -> Result<Value, CodecError> {
        match (ty, json) {
            (_, Json::Null) => Ok(Value::Null),
            (Type::Bool, Json::Bool(bool)) => Ok(Value::Bool(*bool)),
            (Type::String, Json::String(text)) => Ok(Value::String(text.clone())),
            (Type::Number, Json::Number(number)) => self.number(number),
            (Type::Number, Json::String(number)) => self.number(number),
            (Type::List(element), Json::Array(elements)) => {
                Ok(Value::List(self.elements(elements, element)?))
            }
            (Type::Set(element), Json::Array(elements)) => Ok(Value::Set(self.elements(elements, element)?)),
            (Type::Tuple(types), Json::Array(elements)) => {
                if types.len() != elements.len() {
                    return self.fail(Problem::Length { expected: types.len(), found: elements.len() });
                }
                let mut values = Vec::with_capacity(elements.len());
                for (index, (ty, element)) in types.iter().zip(elements).enumerate() {
                    values.push(self.inside(index_step(index), element, ty)?);
                }
                Ok(Value::Tuple(values))
            }
            (Type::Map(element), Json::Object(members)) => {
                let mut values = BTreeMap::new();
                for (name, member) in members {
                    let value = self.inside(Step::KeyString(name.clone()), member, element)?;
                    values.insert(name.clone(), value);
                }
                Ok(Value::Map(values))
            }
            (Type::Object(attributes), Json::Object(members)) => {
                let mut values = BTreeMap::new();
                for (name, ty) in attributes {
                    let value = match json.member(members, name) {
                        Some(member) => self.inside(Step::Attribute(name.clone()), member, ty)?,
                        None => Value::Null,
                    };
                    values.insert(name.clone(), value);
                }
                Ok(Value::Object(values))
            }
            (Type::Dynamic, Json::Object(members)) => {
                let (Some(notation), Some(value)) =
                    (json.member(members, "type"), json.member(members, "value"))
                else {
                    return self.fail(Problem::Type(TypeError::Notation));
                };
                let notation = notation.plain().to_string();
                match Type::from_json_bytes(notation.as_bytes()) {
                    Ok(ty) => {
                        let value = self.value(value, &ty)?;
                        Ok(Value::Dynamic(Box::new(ty), Box::new(value)))
                    }
                    Err(error) => self.fail(Problem::Type(error)),
                }
            }
            (ty, json) => {
                self.fail(Problem::Kind { expected: ty.to_string(), found: json.kind().to_owned() })
            }
        }
    }

    fn number(&self, text: &str) -> Result<Value, CodecError> {
        text.parse().map(Value::Number).or_else(|_| self.fail(Problem::Number))
    }

    fn elements(&mut self, elements: &[Json<'_>], ty: &Type) -> Result<Vec<Value>, CodecError> {
        let mut values = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            values.push(self.inside(index_step(index), element, ty)?);
        }
        Ok(values)
    }

    fn inside(&mut self, step: Step, json: &Json<'_>, ty: &Type) -> Result<Value, CodecError> {
        self.path.push(step);
        let value = self.value(json, ty)?;
        self.path.pop();
        Ok(value)
    }

    fn fail<T>(&self, problem: Problem) -> Result<T, CodecError> {
        Err(CodecError { path: self.path.clone(), problem })
    }
}

fn index_step(index: usize) -> Step {
    Step::KeyInt(i64::try_from(index).unwrap_or(i64::MAX))
}

/// JSON with its numbers as they are written.
enum Json<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    String(String),
    Array(Vec<Json<'a>>),
    Object(Vec<(String, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// The last member of a name counts, as in Go.
    fn member<'j>(&self, members: &'j [(String, Json<'a>)], name: &str) -> Option<&'j Json<'a>> {
        members.iter().rev().find(|(member, _)| member == name).map(|(_, json)| json)
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The same for serde_json; only types are read in this way, and they hold no numbers.
    fn plain(&self) -> serde_json::Value {
        match self {
            Self::Null | Self::Number(_) => serde_json::Value::Null,
            Self::Bool(bool) => (*bool).into(),
            Self::String(text) => text.as_str().into(),
            Self::Array(elements) => elements.iter().map(Self::plain).collect(),
            Self::Object(members) => {
                members.iter().map(|(name, json)| (name.clone(), json.plain())).collect()
            }
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Json<'_>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::Utf8)?;
    let mut reader = Reader { text, at: 0 };
    // An object's members and a dynamic value's wrapping both cost a level.
    let json = reader.value(2 * MAX_DEPTH)?;
    reader.space();
    if reader.at == text.len() { Ok(json) } else { Err(Problem::Trailing) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Json<'a>, Problem> {
        let depth = depth.checked_sub(1).ok_or(Problem::TooDeep)?;
        self.space();
        match self.peek().ok_or(Problem::Damaged)? {
            b'"' => self.string().map(Json::String),
            b'[' => self.array(depth),
            b'{' => self.object(depth),
            b'n' => self.word("null", Json::Null),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, Problem> {
        self.at += 1;
        let mut elements = Vec::new();
        self.space();
        if self.eat(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            elements.push(self.value(depth)?);
            self.space();
            if self.eat(b']') {
                return Ok(Json::Array(elements));
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, Problem> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.eat(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            self.space();
            self.expect(b':')?;
            members.push((name, self.value(depth)?));
            self.space();
            if self.eat(b'}') {
                return Ok(Json::Object(members));
            }
            self.expect(b',')?;
        }
    }

    /// Finds the end of the string; its escapes are left to serde_json.
    fn string(&mut self) -> Result<String, Problem> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            match self.peek().ok_or(Problem::Damaged)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at).ok_or(Problem::Damaged)?;
        serde_json::from_str(quoted).map_err(|_| Problem::Damaged)
    }

    fn number(&mut self) -> Result<Json<'a>, Problem> {
        let start = self.at;
        while self.peek().is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let number = self.text.get(start..self.at).unwrap_or_default();
        // Only what serde_json takes for a number is one.
        serde_json::from_str::<serde::de::IgnoredAny>(number).map_err(|_| Problem::Damaged)?;
        Ok(Json::Number(number))
    }

    fn word(&mut self, word: &str, json: Json<'a>) -> Result<Json<'a>, Problem> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Problem::Damaged);
        }
        self.at += word.len();
        Ok(json)
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Problem> {
        if self.eat(byte) { Ok(()) } else { Err(Problem::Damaged) }
    }
}
