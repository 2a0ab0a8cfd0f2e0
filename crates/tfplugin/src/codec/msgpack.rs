//! MessagePack as the host writes and reads it, directed by the schema's types.
//!
//! - A number is an integer, a float or, where neither is exact, text.
//! - What is unknown is extension 0, or extension 12 with hints about the value, which are not used here.
//! - A dynamic value is an array of two: its type in JSON, as bytes, and the value.
//! - A set has no order; it is written in a stable one.

use std::collections::BTreeMap;

use rmp::Marker;
use rmp::encode::{self, ByteBuf};

use super::{CodecError, MAX_DEPTH, Problem};
use crate::path::{AttributePath, Step};
use crate::value::{Number, Type, Value, canonical_set};

/// Reads a value of a type.
///
/// # Errors
///
/// When the bytes are damaged, do not fit the type, are nested deeper than [`MAX_DEPTH`], or go on after the value.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, CodecError> {
    let mut decoder = Decoder { rest: bytes, path: AttributePath::new() };
    let value = decoder.value(ty, MAX_DEPTH)?;
    if decoder.rest.is_empty() { Ok(value) } else { decoder.fail(Problem::Trailing) }
}

/// Writes a value as one of a type. Attributes that an object leaves out are written as null; a value without a type
/// is written with its own type where the type is dynamic; lists, sets and tuples stand in for each other where the
/// elements fit, and so do maps and objects.
///
/// # Errors
///
/// When the value does not fit the type; the error names the attribute.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, CodecError> {
    let mut encoder = Encoder { buffer: ByteBuf::new(), path: AttributePath::new() };
    encoder.value(value, ty, MAX_DEPTH)?;
    Ok(encoder.buffer.into_vec())
}

struct Decoder<'a> {
    rest: &'a [u8],
    path: AttributePath,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, ty: &Type, depth: usize) -> Result<Value, CodecError> {
        let Some(depth) = depth.checked_sub(1) else { return self.fail(Problem::TooDeep) };
        let marker = self.marker()?;
        if self.extension(marker)? {
            return Ok(Value::Unknown);
        }
        if marker == Marker::Null {
            return Ok(Value::Null);
        }
        match ty {
            Type::Bool => match marker {
                Marker::True => Ok(Value::Bool(true)),
                Marker::False => Ok(Value::Bool(false)),
                _ => self.unfit(ty, marker),
            },
            Type::String => match self.text_length(marker)? {
                Some(length) => Ok(Value::String(self.text(length)?.to_owned())),
                None => self.unfit(ty, marker),
            },
            Type::Number => self.number(marker),
            Type::List(element) => Ok(Value::List(self.elements(marker, ty, element, depth)?)),
            Type::Set(element) => Ok(Value::Set(self.elements(marker, ty, element, depth)?)),
            Type::Tuple(types) => self.tuple(marker, ty, types, depth),
            Type::Map(element) => self.map(marker, ty, element, depth),
            Type::Object(attributes) => self.object(marker, ty, attributes, depth),
            Type::Dynamic => self.dynamic(marker, depth),
        }
    }

    fn number(&mut self, marker: Marker) -> Result<Value, CodecError> {
        let number = match marker {
            Marker::FixPos(int) => i64::from(int).into(),
            Marker::FixNeg(int) => i64::from(int).into(),
            Marker::U8 => i64::from(u8::from_be_bytes(self.array()?)).into(),
            Marker::U16 => i64::from(u16::from_be_bytes(self.array()?)).into(),
            Marker::U32 => i64::from(u32::from_be_bytes(self.array()?)).into(),
            Marker::U64 => u64::from_be_bytes(self.array()?).into(),
            Marker::I8 => i64::from(i8::from_be_bytes(self.array()?)).into(),
            Marker::I16 => i64::from(i16::from_be_bytes(self.array()?)).into(),
            Marker::I32 => i64::from(i32::from_be_bytes(self.array()?)).into(),
            Marker::I64 => i64::from_be_bytes(self.array()?).into(),
            Marker::F32 => {
                let float = f32::from_be_bytes(self.array()?);
                return self.exact_number(Number::from_exact_f64(f64::from(float)));
            }
            Marker::F64 => {
                let float = f64::from_be_bytes(self.array()?);
                return self.exact_number(Number::from_exact_f64(float));
            }
            _ => match self.text_length(marker)? {
                Some(length) => {
                    let number = self.text(length)?.parse().ok();
                    return self.exact_number(number);
                }
                None => return self.unfit(&Type::Number, marker),
            },
        };
        Ok(Value::Number(number))
    }

    fn exact_number(&self, number: Option<Number>) -> Result<Value, CodecError> {
        number.map_or_else(|| self.fail(Problem::Number), |number| Ok(Value::Number(number)))
    }

    fn elements(
        &mut self,
        marker: Marker,
        ty: &Type,
        element: &Type,
        depth: usize,
    ) -> Result<Vec<Value>, CodecError> {
        let Some(count) = self.array_length(marker)? else { return self.unfit(ty, marker) };
        let mut elements = Vec::with_capacity(count.min(1024));
        for index in 0..count {
            elements.push(self.inside(index_step(index), element, depth)?);
        }
        Ok(elements)
    }

    fn tuple(
        &mut self,
        marker: Marker,
        ty: &Type,
        types: &[Type],
        depth: usize,
    ) -> Result<Value, CodecError> {
        let Some(found) = self.array_length(marker)? else { return self.unfit(ty, marker) };
        if found != types.len() {
            return self.fail(Problem::Length { expected: types.len(), found });
        }
        let mut elements = Vec::with_capacity(found);
        for (index, ty) in types.iter().enumerate() {
            elements.push(self.inside(index_step(index), ty, depth)?);
        }
        Ok(Value::Tuple(elements))
    }

    fn map(&mut self, marker: Marker, ty: &Type, element: &Type, depth: usize) -> Result<Value, CodecError> {
        let Some(count) = self.map_length(marker)? else { return self.unfit(ty, marker) };
        let mut members = BTreeMap::new();
        for _ in 0..count {
            let key = self.name()?;
            let value = self.inside(Step::KeyString(key.to_owned()), element, depth)?;
            if members.insert(key.to_owned(), value).is_some() {
                return self.fail_at(Step::KeyString(key.to_owned()), Problem::Repeated);
            }
        }
        Ok(Value::Map(members))
    }

    fn object(
        &mut self,
        marker: Marker,
        ty: &Type,
        attributes: &BTreeMap<String, Type>,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let Some(count) = self.map_length(marker)? else { return self.unfit(ty, marker) };
        let mut members = BTreeMap::new();
        for _ in 0..count {
            let name = self.name()?;
            let step = Step::Attribute(name.to_owned());
            let Some(ty) = attributes.get(name) else { return self.fail_at(step, Problem::Unexpected) };
            let value = self.inside(step, ty, depth)?;
            if members.insert(name.to_owned(), value).is_some() {
                return self.fail_at(Step::Attribute(name.to_owned()), Problem::Repeated);
            }
        }
        match attributes.keys().find(|name| !members.contains_key(*name)) {
            Some(missing) => self.fail_at(Step::Attribute(missing.clone()), Problem::Missing),
            None => Ok(Value::Object(members)),
        }
    }

    fn dynamic(&mut self, marker: Marker, depth: usize) -> Result<Value, CodecError> {
        let Some(found) = self.array_length(marker)? else { return self.unfit(&Type::Dynamic, marker) };
        if found != 2 {
            return self.fail(Problem::Length { expected: 2, found });
        }
        let marker = self.marker()?;
        let length = match self.bytes_length(marker)? {
            Some(length) => length,
            None => match self.text_length(marker)? {
                Some(length) => length,
                None => return self.unfit(&Type::Dynamic, marker),
            },
        };
        let notation = self.take(length)?;
        match Type::from_json_bytes(notation) {
            Ok(ty) => {
                let value = self.value(&ty, depth)?;
                Ok(Value::Dynamic(Box::new(ty), Box::new(value)))
            }
            Err(error) => self.fail(Problem::Type(error)),
        }
    }

    fn inside(&mut self, step: Step, ty: &Type, depth: usize) -> Result<Value, CodecError> {
        self.path.push(step);
        let value = self.value(ty, depth)?;
        self.path.pop();
        Ok(value)
    }

    fn name(&mut self) -> Result<&'a str, CodecError> {
        let marker = self.marker()?;
        match self.text_length(marker)? {
            Some(length) => self.text(length),
            None => self.unfit(&Type::String, marker),
        }
    }

    fn marker(&mut self) -> Result<Marker, CodecError> {
        Ok(Marker::from_u8(self.array::<1>()?[0]))
    }

    /// Skips an extension, if the marker begins one. The host treats every extension as an unknown value.
    fn extension(&mut self, marker: Marker) -> Result<bool, CodecError> {
        let length = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.length8()?,
            Marker::Ext16 => self.length16()?,
            Marker::Ext32 => self.length32()?,
            _ => return Ok(false),
        };
        self.array::<1>()?;
        self.take(length)?;
        Ok(true)
    }

    fn text_length(&mut self, marker: Marker) -> Result<Option<usize>, CodecError> {
        Ok(Some(match marker {
            Marker::FixStr(length) => length.into(),
            Marker::Str8 => self.length8()?,
            Marker::Str16 => self.length16()?,
            Marker::Str32 => self.length32()?,
            _ => return Ok(None),
        }))
    }

    fn bytes_length(&mut self, marker: Marker) -> Result<Option<usize>, CodecError> {
        Ok(Some(match marker {
            Marker::Bin8 => self.length8()?,
            Marker::Bin16 => self.length16()?,
            Marker::Bin32 => self.length32()?,
            _ => return Ok(None),
        }))
    }

    /// The number of elements, which cannot be more than the bytes that are left.
    fn array_length(&mut self, marker: Marker) -> Result<Option<usize>, CodecError> {
        let count = match marker {
            Marker::FixArray(count) => count.into(),
            Marker::Array16 => self.length16()?,
            Marker::Array32 => self.length32()?,
            _ => return Ok(None),
        };
        if count > self.rest.len() { self.fail(Problem::Damaged) } else { Ok(Some(count)) }
    }

    /// The number of pairs, each of which takes at least two bytes.
    fn map_length(&mut self, marker: Marker) -> Result<Option<usize>, CodecError> {
        let count = match marker {
            Marker::FixMap(count) => count.into(),
            Marker::Map16 => self.length16()?,
            Marker::Map32 => self.length32()?,
            _ => return Ok(None),
        };
        if count > self.rest.len() / 2 { self.fail(Problem::Damaged) } else { Ok(Some(count)) }
    }

    fn length8(&mut self) -> Result<usize, CodecError> {
        Ok(u8::from_be_bytes(self.array()?).into())
    }

    fn length16(&mut self) -> Result<usize, CodecError> {
        Ok(u16::from_be_bytes(self.array()?).into())
    }

    fn length32(&mut self) -> Result<usize, CodecError> {
        let length = u32::from_be_bytes(self.array()?);
        usize::try_from(length).or_else(|_| self.fail(Problem::Damaged))
    }

    fn text(&mut self, length: usize) -> Result<&'a str, CodecError> {
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).or_else(|_| self.fail(Problem::Utf8))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        match self.rest.split_first_chunk::<N>() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => self.fail(Problem::Damaged),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => self.fail(Problem::Damaged),
        }
    }

    fn unfit<T>(&self, ty: &Type, found: Marker) -> Result<T, CodecError> {
        self.fail(Problem::Kind { expected: ty.to_string(), found: kind(found).to_owned() })
    }

    fn fail<T>(&self, problem: Problem) -> Result<T, CodecError> {
        Err(CodecError { path: self.path.clone(), problem })
    }

    fn fail_at<T>(&self, step: Step, problem: Problem) -> Result<T, CodecError> {
        Err(CodecError { path: self.path.step(step), problem })
    }
}

struct Encoder {
    buffer: ByteBuf,
    path: AttributePath,
}

/// Writing into memory cannot fail, whatever the signatures say.
macro_rules! infallible {
    ($call:expr) => {{
        let _ = $call;
    }};
}

impl Encoder {
    fn value(&mut self, value: &Value, ty: &Type, depth: usize) -> Result<(), CodecError> {
        let Some(depth) = depth.checked_sub(1) else { return self.fail(Problem::TooDeep) };
        match (ty, value) {
            (_, Value::Unknown) => {
                infallible!(encode::write_ext_meta(&mut self.buffer, 1, 0));
                self.buffer.as_mut_vec().push(0);
            }
            (_, Value::Null) => infallible!(encode::write_nil(&mut self.buffer)),
            (Type::Dynamic, Value::Dynamic(ty, inner)) => self.dynamic(ty, inner, depth)?,
            (Type::Dynamic, bare) => self.dynamic(&bare.own_type(), bare, depth)?,
            (ty, Value::Dynamic(_, inner)) => self.value(inner, ty, depth)?,
            (Type::Bool, Value::Bool(bool)) => infallible!(encode::write_bool(&mut self.buffer, *bool)),
            (Type::String, Value::String(text)) => infallible!(encode::write_str(&mut self.buffer, text)),
            (Type::Number, Value::Number(number)) => self.number(number),
            (Type::List(element), Value::List(elements) | Value::Tuple(elements) | Value::Set(elements)) => {
                self.elements(elements.iter(), element, depth)?;
            }
            (Type::Set(element), Value::List(elements) | Value::Tuple(elements) | Value::Set(elements)) => {
                self.elements(canonical_set(elements).into_iter(), element, depth)?;
            }
            (Type::Tuple(types), Value::List(elements) | Value::Tuple(elements)) => {
                if types.len() != elements.len() {
                    return self.fail(Problem::Length { expected: types.len(), found: elements.len() });
                }
                infallible!(encode::write_array_len(&mut self.buffer, length(types.len())));
                for (index, (ty, element)) in types.iter().zip(elements).enumerate() {
                    self.inside(index_step(index), element, ty, depth)?;
                }
            }
            (Type::Map(element), Value::Map(members) | Value::Object(members)) => {
                infallible!(encode::write_map_len(&mut self.buffer, length(members.len())));
                for (name, member) in members {
                    infallible!(encode::write_str(&mut self.buffer, name));
                    self.inside(Step::KeyString(name.clone()), member, element, depth)?;
                }
            }
            (Type::Object(attributes), Value::Map(members) | Value::Object(members)) => {
                if let Some(extra) = members.keys().find(|name| !attributes.contains_key(*name)) {
                    return self.fail_at(Step::Attribute(extra.clone()), Problem::Unexpected);
                }
                infallible!(encode::write_map_len(&mut self.buffer, length(attributes.len())));
                for (name, ty) in attributes {
                    infallible!(encode::write_str(&mut self.buffer, name));
                    let member = members.get(name).unwrap_or(&Value::Null);
                    self.inside(Step::Attribute(name.clone()), member, ty, depth)?;
                }
            }
            (ty, value) => {
                return self
                    .fail(Problem::Kind { expected: ty.to_string(), found: value.shape().to_string() });
            }
        }
        Ok(())
    }

    fn number(&mut self, number: &Number) {
        match number.wire() {
            crate::value::Wire::Int(int) => infallible!(encode::write_sint(&mut self.buffer, int)),
            crate::value::Wire::Float(float) => infallible!(encode::write_f64(&mut self.buffer, float)),
            crate::value::Wire::Text(text) => infallible!(encode::write_str(&mut self.buffer, &text)),
        }
    }

    fn elements<'a>(
        &mut self,
        elements: impl ExactSizeIterator<Item = &'a Value>,
        ty: &Type,
        depth: usize,
    ) -> Result<(), CodecError> {
        infallible!(encode::write_array_len(&mut self.buffer, length(elements.len())));
        for (index, element) in elements.enumerate() {
            self.inside(index_step(index), element, ty, depth)?;
        }
        Ok(())
    }

    fn dynamic(&mut self, ty: &Type, value: &Value, depth: usize) -> Result<(), CodecError> {
        infallible!(encode::write_array_len(&mut self.buffer, 2));
        infallible!(encode::write_bin(&mut self.buffer, &ty.to_json_bytes()));
        self.value(value, ty, depth)
    }

    fn inside(&mut self, step: Step, value: &Value, ty: &Type, depth: usize) -> Result<(), CodecError> {
        self.path.push(step);
        self.value(value, ty, depth)?;
        self.path.pop();
        Ok(())
    }

    fn fail<T>(&self, problem: Problem) -> Result<T, CodecError> {
        Err(CodecError { path: self.path.clone(), problem })
    }

    fn fail_at<T>(&self, step: Step, problem: Problem) -> Result<T, CodecError> {
        Err(CodecError { path: self.path.step(step), problem })
    }
}

fn index_step(index: usize) -> Step {
    Step::KeyInt(i64::try_from(index).unwrap_or(i64::MAX))
}

/// Messages end at 256 MiB, so a count always fits.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn kind(marker: Marker) -> &'static str {
    match marker {
        Marker::Null => "null",
        Marker::True | Marker::False => "true or false",
        Marker::FixPos(_)
        | Marker::FixNeg(_)
        | Marker::U8
        | Marker::U16
        | Marker::U32
        | Marker::U64
        | Marker::I8
        | Marker::I16
        | Marker::I32
        | Marker::I64
        | Marker::F32
        | Marker::F64 => "a number",
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => "a string",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "bytes",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "a list",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "a map",
        Marker::FixExt1
        | Marker::FixExt2
        | Marker::FixExt4
        | Marker::FixExt8
        | Marker::FixExt16
        | Marker::Ext8
        | Marker::Ext16
        | Marker::Ext32 => "an unknown value",
        Marker::Reserved => "a damaged byte",
    }
}
