//! From YAML to JSON, as `sigs.k8s.io/yaml` does it on top of go-yaml v2.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine;
use go::number::{Shape, format_float};
use libyaml_safer::{EventData, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

use crate::scalar::{Scalar, resolve};

/// Why a text is not YAML, or is YAML that has no JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct Error {
    /// The line, from 1, where that is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside the parser, whose panics are caught and told as [`Error`]s: a panic hook has nothing to add then.
pub fn catches_panics() -> bool {
    CATCHING.get()
}

/// How deep collections may nest; what is deeper is an error.
pub const MAX_DEPTH: usize = 1000;

/// How many values aliases may copy in one document; what copies more is an error, as "a billion laughs" would.
pub const MAX_ALIASED: usize = 400_000;

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The line, from 1, on which its content begins.
    pub line: usize,
    /// What it holds; null where it is empty.
    pub value: Value,
}

/// Reads the first document; null where there is none.
///
/// Whole numbers of 64 bits are integers, also when they were written as floats (`1.0`), as JSON's readers in Go see them. A key that is
/// there twice has its last value.
///
/// # Errors
///
/// The text is not YAML; or it has no JSON: a key that is null or a collection, `.nan`, `.inf`.
///
/// ```
/// let value = yaml::read("name: n\nport: 0x50\n").unwrap();
/// assert_eq!(value, serde_json::json!({"name": false, "port": 80}));
/// ```
pub fn read(text: &str) -> Result<Value, Error> {
    Ok(Reader::new(text, false).next_document()?.map_or(Value::Null, |document| document.value))
}

/// Reads the first document; a key that is there twice is an error, which names it.
///
/// # Errors
///
/// As [`read`], and for keys that are there twice.
pub fn read_strict(text: &str) -> Result<Value, Error> {
    Ok(Reader::new(text, true).next_document()?.map_or(Value::Null, |document| document.value))
}

/// Reads all documents, empty ones too.
///
/// # Errors
///
/// As [`read`].
pub fn documents(text: &str) -> Result<Vec<Document>, Error> {
    let mut reader = Reader::new(text, false);
    let mut documents = Vec::new();
    while let Some(document) = reader.next_document()? {
        documents.push(document);
    }
    Ok(documents)
}

/// An event with the line, from 0, on which it begins.
struct Event {
    data: EventData,
    line: usize,
}

struct Reader<'a> {
    parser: Parser<&'a [u8]>,
    /// The line, from 0, on which the last event begins.
    line: usize,
    strict: bool,
    anchors: HashMap<String, (Value, usize)>,
    open_anchors: HashSet<String>,
    aliased: usize,
    size: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, strict: bool) -> Reader<'a> {
        let mut parser = Parser::new();
        parser.set_input(text.as_bytes());
        let anchors = HashMap::new();
        Reader { parser, line: 0, strict, anchors, open_anchors: HashSet::new(), aliased: 0, size: 0 }
    }

    fn event(&mut self) -> Result<Event, Error> {
        // libyaml-safer 0.3.0 panics at a tag right before a comma, at an escape that the end cuts off, and at some line breaks of a
        // carriage return alone. What comes from outside must not end the process; a reader that has failed is not asked again.
        CATCHING.set(true);
        let parsed = catch_unwind(AssertUnwindSafe(|| self.parser.parse()));
        CATCHING.set(false);
        let Ok(parsed) = parsed else {
            return Err(at(self.line, "what begins or follows here cannot be read".to_owned()));
        };
        match parsed {
            Ok(event) => {
                self.line = line_of(event.start_mark);
                Ok(Event { data: event.data, line: self.line })
            }
            Err(error) => {
                let message = match error.context() {
                    Some(context) => format!("{context}: {}", error.problem()),
                    None => error.problem().to_owned(),
                };
                Err(Error { line: error.problem_mark().map(|mark| line_of(mark) + 1), message })
            }
        }
    }

    fn next_document(&mut self) -> Result<Option<Document>, Error> {
        loop {
            match self.event()?.data {
                EventData::StreamEnd => return Ok(None),
                EventData::DocumentStart { .. } => break,
                _ => {}
            }
        }
        self.anchors.clear();
        self.aliased = 0;
        let event = self.event()?;
        let line = event.line + 1;
        let value = self.value(event, 0)?;
        Ok(Some(Document { line, value }))
    }

    fn value(&mut self, event: Event, depth: usize) -> Result<Value, Error> {
        if depth > MAX_DEPTH {
            return Err(at(event.line, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let before = self.size;
        self.size += 1;
        let (anchor, value) = match event.data {
            EventData::Alias { anchor } => return self.alias(&anchor, event.line),
            EventData::Scalar { anchor, tag, value, plain_implicit, style, .. } => {
                let plain = plain_implicit && (style == ScalarStyle::Plain || tag.is_none());
                (anchor, scalar(tag.as_deref(), value, plain, event.line)?)
            }
            EventData::SequenceStart { anchor, .. } => {
                self.open(anchor.as_ref());
                let mut elements = Vec::new();
                loop {
                    let event = self.event()?;
                    if matches!(event.data, EventData::SequenceEnd) {
                        break;
                    }
                    elements.push(self.value(event, depth + 1)?);
                }
                (anchor, Value::Array(elements))
            }
            EventData::MappingStart { anchor, .. } => {
                self.open(anchor.as_ref());
                (anchor, Value::Object(self.mapping(depth)?))
            }
            _ => return Err(at(event.line, "did not find expected node content".to_owned())),
        };
        if let Some(anchor) = anchor {
            self.open_anchors.remove(&anchor);
            self.anchors.insert(anchor, (value.clone(), self.size - before));
        }
        Ok(value)
    }

    fn open(&mut self, anchor: Option<&String>) {
        if let Some(anchor) = anchor {
            self.open_anchors.insert(anchor.clone());
        }
    }

    fn alias(&mut self, anchor: &str, line: usize) -> Result<Value, Error> {
        if self.open_anchors.contains(anchor) {
            return Err(at(line, format!("anchor '{anchor}' value contains itself")));
        }
        let Some((value, size)) = self.anchors.get(anchor) else {
            return Err(at(line, format!("unknown anchor '{anchor}' referenced")));
        };
        self.aliased = self.aliased.saturating_add(*size);
        self.size = self.size.saturating_add(*size);
        if self.aliased > MAX_ALIASED {
            return Err(at(line, "document contains excessive aliasing".to_owned()));
        }
        Ok(value.clone())
    }

    fn mapping(&mut self, depth: usize) -> Result<Map<String, Value>, Error> {
        let mut fields = Map::new();
        loop {
            let event = self.event()?;
            let line = event.line;
            let key = match event.data {
                EventData::MappingEnd => return Ok(fields),
                EventData::Scalar { ref tag, ref value, plain_implicit, .. }
                    if value == "<<" && (plain_implicit || tag.as_deref() == Some(MERGE_TAG)) =>
                {
                    let event = self.event()?;
                    let line = event.line;
                    let merged = self.value(event, depth + 1)?;
                    merge(&mut fields, merged, line)?;
                    continue;
                }
                EventData::Scalar { anchor, tag, value, plain_implicit, .. } => {
                    let key = key(tag.as_deref(), &value, plain_implicit, line)?;
                    if let Some(anchor) = anchor {
                        self.anchors.insert(anchor, (Value::String(key.clone()), 1));
                    }
                    key
                }
                EventData::Alias { anchor } => match self.alias(&anchor, line)? {
                    Value::String(text) => text,
                    Value::Number(number) => number.to_string(),
                    Value::Bool(value) => value.to_string(),
                    _ => return Err(at(line, "a key must be a scalar, not null or a collection".to_owned())),
                },
                _ => return Err(at(line, "a key must be a scalar, not a collection".to_owned())),
            };
            let event = self.event()?;
            let value = self.value(event, depth + 1)?;
            if self.strict && fields.contains_key(&key) {
                return Err(at(line, format!("key {key:?} already set in map")));
            }
            fields.insert(key, value);
        }
    }
}

fn line_of(mark: libyaml_safer::Mark) -> usize {
    usize::try_from(mark.line).unwrap_or(usize::MAX - 1)
}

fn at(line: usize, message: String) -> Error {
    Error { line: Some(line + 1), message }
}

const MERGE_TAG: &str = "tag:yaml.org,2002:merge";

/// What is merged stands where `<<` stands: later keys of the mapping override it, earlier ones are overridden.
fn merge(fields: &mut Map<String, Value>, merged: Value, line: usize) -> Result<(), Error> {
    match merged {
        Value::Object(merged) => fields.extend(merged),
        Value::Array(all) if all.iter().all(Value::is_object) => {
            // Earlier ones take precedence.
            for merged in all.into_iter().rev() {
                merge(fields, merged, line)?;
            }
        }
        _ => return Err(at(line, "map merge requires map or sequence of maps as the value".to_owned())),
    }
    Ok(())
}

/// A scalar of a tag that go-yaml knows, resolved; text where the tag is another one.
fn resolved(tag: Option<&str>, text: &str, plain: bool, line: usize) -> Result<Scalar, Error> {
    let Some(tag) = tag else {
        return Ok(if plain { resolve(text) } else { Scalar::Text });
    };
    let Some(short) = tag.strip_prefix("tag:yaml.org,2002:") else { return Ok(Scalar::Text) };
    let scalar = match short {
        "bool" | "int" | "float" | "null" | "timestamp" => resolve(text),
        _ => return Ok(Scalar::Text),
    };
    match (short, &scalar) {
        ("bool", Scalar::Bool(_))
        | ("int", Scalar::Int(_) | Scalar::Uint(_))
        | ("float", Scalar::Float(_))
        | ("null", Scalar::Null)
        | ("timestamp", Scalar::Timestamp) => Ok(scalar),
        #[expect(clippy::cast_precision_loss, reason = "the tag asks for a float")]
        ("float", Scalar::Int(value)) => Ok(Scalar::Float(*value as f64)),
        _ => Err(at(line, format!("cannot decode `{text}` as a !!{short}"))),
    }
}

fn scalar(tag: Option<&str>, text: String, plain: bool, line: usize) -> Result<Value, Error> {
    if tag == Some("tag:yaml.org,2002:binary") {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(text.replace(['\n', '\r'], ""))
            .map_err(|_| at(line, "!!binary value contains invalid base64 data".to_owned()))?;
        return Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(match resolved(tag, &text, plain, line)? {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(value) => value.into(),
        Scalar::Uint(value) => value.into(),
        Scalar::Float(value) => {
            float(value).ok_or_else(|| at(line, format!("`{text}` has no value in JSON")))?
        }
        Scalar::Timestamp | Scalar::Text => Value::String(text),
    })
}

/// A float as JSON's readers in Go see it: whole numbers below 1e21 are written without a point, so they are integers where they fit.
fn float(value: f64) -> Option<Value> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range")]
    if value.fract() == 0.0 && value == 0.0 && value.is_sign_negative() {
        return Number::from_f64(value).map(Value::Number);
    } else if value.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&value) {
        return Some((value as i64).into());
    } else if value.fract() == 0.0 && (0.0..TWO_TO_64).contains(&value) {
        return Some((value as u64).into());
    }
    Number::from_f64(value).map(Value::Number)
}

fn key(tag: Option<&str>, text: &str, plain: bool, line: usize) -> Result<String, Error> {
    Ok(match resolved(tag, text, plain, line)? {
        Scalar::Null => return Err(at(line, "a key must not be null".to_owned())),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Uint(_) => return Err(at(line, format!("the key {text} is too large"))),
        // Go writes keys with the digits that a float of 32 bits needs.
        #[expect(clippy::cast_possible_truncation, reason = "as Go does")]
        Scalar::Float(value) => match format_float_32(value as f32).as_str() {
            "+Inf" => ".inf".to_owned(),
            "-Inf" => "-.inf".to_owned(),
            "NaN" => ".nan".to_owned(),
            text => text.to_owned(),
        },
        Scalar::Timestamp | Scalar::Text => text.to_owned(),
    })
}

fn format_float_32(value: f32) -> String {
    // The shortest decimal digits of the 32-bit float, read as 64 bits, print the same digits again.
    value
        .to_string()
        .parse()
        .map_or_else(|_| value.to_string(), |wide: f64| format_float(wide, Shape::General, None))
}
