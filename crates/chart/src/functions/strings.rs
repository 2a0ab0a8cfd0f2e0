//! Text. Where Go counts bytes, so do these; a character that is cut in half becomes `U+FFFD`.

use gotemplate::function::CallError;
use gotemplate::print::print;
use gotemplate::value::{Object, Value};

use super::arguments::elements;
use super::{Answer, AtLeast, Entry, Exactly, Invocation, text_of_bytes, within_limit};
use crate::words;

pub(super) const TABLE: &[Entry] = &[
    ("abbrev", Exactly(2), |call| Ok(abbreviate(call.text(1)?, 0, call.int(0)?))),
    ("abbrevboth", Exactly(3), |call| Ok(abbreviate(call.text(2)?, call.int(0)?, call.int(1)?))),
    ("camelcase", Exactly(1), |call| Ok(words::pascal_case(call.text(0)?).into())),
    ("cat", AtLeast(0), cat),
    ("contains", Exactly(2), |call| Ok(call.text(1)?.contains(call.text(0)?).into())),
    ("hasPrefix", Exactly(2), |call| Ok(call.text(1)?.starts_with(call.text(0)?).into())),
    ("hasSuffix", Exactly(2), |call| Ok(call.text(1)?.ends_with(call.text(0)?).into())),
    ("indent", Exactly(2), |call| indent(call, "")),
    ("initials", Exactly(1), |call| {
        Ok(call.text(0)?.split_whitespace().filter_map(|word| word.chars().next()).collect::<String>().into())
    }),
    ("join", Exactly(2), join),
    ("kebabcase", Exactly(1), |call| Ok(words::separated(call.text(0)?, '-').into())),
    ("lower", Exactly(1), |call| Ok(call.text(0)?.chars().map(words::lower).collect::<String>().into())),
    ("nindent", Exactly(2), |call| indent(call, "\n")),
    ("nospace", Exactly(1), |call| Ok(call.text(0)?.split_whitespace().collect::<String>().into())),
    ("plural", Exactly(3), |call| Ok(if call.int(2)? == 1 { call.text(0)? } else { call.text(1)? }.into())),
    ("quote", AtLeast(0), |call| Ok(quoted(call, go::quote::quote))),
    ("repeat", Exactly(2), repeat),
    ("replace", Exactly(3), replace),
    ("snakecase", Exactly(1), |call| Ok(words::separated(call.text(0)?, '_').into())),
    ("split", Exactly(2), |call| Ok(numbered(split(call.text(1)?, call.text(0)?, None)))),
    ("splitList", Exactly(2), |call| {
        Ok(Value::list(split(call.text(1)?, call.text(0)?, None).into_iter().map(Value::from)))
    }),
    ("splitn", Exactly(3), |call| Ok(numbered(split(call.text(2)?, call.text(0)?, Some(call.int(1)?))))),
    ("squote", AtLeast(0), |call| Ok(quoted(call, |text| format!("'{text}'")))),
    ("substr", Exactly(3), substr),
    ("swapcase", Exactly(1), |call| Ok(words::swap_case(call.text(0)?).into())),
    ("title", Exactly(1), |call| Ok(words::title(call.text(0)?).into())),
    ("toString", Exactly(1), |call| Ok(text(call.any(0)))),
    ("toStrings", Exactly(1), |call| Ok(Value::list(texts(call.any(0)).into_iter().map(Value::from)))),
    ("trim", Exactly(1), |call| Ok(call.text(0)?.trim().into())),
    ("trimAll", Exactly(2), |call| trim_all(call)),
    ("trimall", Exactly(2), |call| trim_all(call)),
    ("trimPrefix", Exactly(2), |call| {
        let text = call.text(1)?;
        Ok(text.strip_prefix(call.text(0)?).unwrap_or(text).into())
    }),
    ("trimSuffix", Exactly(2), |call| {
        let text = call.text(1)?;
        Ok(text.strip_suffix(call.text(0)?).unwrap_or(text).into())
    }),
    ("trunc", Exactly(2), trunc),
    ("untitle", Exactly(1), |call| Ok(words::untitle(call.text(0)?).into())),
    ("upper", Exactly(1), |call| Ok(call.text(0)?.chars().map(words::upper).collect::<String>().into())),
    ("wrap", Exactly(2), |call| wrap(call.text(1)?, call.int(0)?, "\n", false)),
    ("wrapWith", Exactly(3), |call| {
        let separator = call.text(1)?;
        wrap(call.text(2)?, call.int(0)?, if separator.is_empty() { "\n" } else { separator }, true)
    }),
];

/// The text of a value; a text is not copied.
fn text(value: &Value) -> Value {
    match value {
        Value::Str(_) => value.clone(),
        value => print(value).into(),
    }
}

/// The texts of a list's elements, nil left out; of anything else its own text.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Nil => Vec::new(),
        value => match elements(value) {
            Some(list) => list.iter().filter(|value| !matches!(value, Value::Nil)).map(print).collect(),
            None => vec![print(value)],
        },
    }
}

fn cat(call: &mut Invocation<'_>) -> Answer {
    let words: Vec<String> =
        call.arguments.iter().filter(|value| !matches!(value, Value::Nil)).map(print).collect();
    Ok(words.join(" ").into())
}

fn quoted(call: &Invocation<'_>, quote: fn(&str) -> String) -> Value {
    let mut all = String::new();
    for value in call.arguments.iter().filter(|value| !matches!(value, Value::Nil)) {
        if !all.is_empty() {
            all.push(' ');
        }
        match value {
            Value::Str(text) => all.push_str(&quote(text)),
            value => all.push_str(&quote(&print(value))),
        }
    }
    all.into()
}

fn indent(call: &Invocation<'_>, start: &str) -> Answer {
    let spaces =
        usize::try_from(call.int(0)?).map_err(|_| CallError::from("strings: negative Repeat count"))?;
    let text = call.text(1)?;
    let lines = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
    let size = spaces.checked_mul(lines).and_then(|size| size.checked_add(text.len() + start.len()));
    within_limit(size)?;
    let mut indented = String::with_capacity(size.unwrap_or_default());
    indented.push_str(start);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            indented.push('\n');
        }
        indented.extend(std::iter::repeat_n(' ', spaces));
        indented.push_str(line);
    }
    Ok(indented.into())
}

fn join(call: &mut Invocation<'_>) -> Answer {
    let (separator, texts) = (call.text(0)?, texts(call.any(1)));
    let size = texts.iter().map(String::len).sum::<usize>();
    within_limit(separator.len().checked_mul(texts.len()).and_then(|joints| joints.checked_add(size)))?;
    Ok(texts.join(separator).into())
}

fn repeat(call: &mut Invocation<'_>) -> Answer {
    let count =
        usize::try_from(call.int(0)?).map_err(|_| CallError::from("strings: negative Repeat count"))?;
    let text = call.text(1)?;
    within_limit(text.len().checked_mul(count))?;
    Ok(text.repeat(count).into())
}

fn replace(call: &mut Invocation<'_>) -> Answer {
    let (old, new, text) = (call.text(0)?, call.text(1)?, call.text(2)?);
    if !text.contains(old) {
        return Ok(call.any(2).clone());
    }
    let places = text.len() / old.len().max(1) + 1;
    within_limit(new.len().checked_mul(places).and_then(|size| size.checked_add(text.len())))?;
    Ok(text.replace(old, new).into())
}

/// Splits as Go does: an empty separator splits into characters, and at most `limit` parts come out.
fn split<'t>(text: &'t str, separator: &str, limit: Option<i64>) -> Vec<&'t str> {
    let limit = match limit.map(usize::try_from) {
        None | Some(Err(_)) => usize::MAX,
        Some(Ok(limit)) => limit,
    };
    if limit == 0 {
        return Vec::new();
    }
    if !separator.is_empty() {
        return text.splitn(limit, separator).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if parts.len() + 1 == limit {
            parts.push(rest);
            break;
        }
        let (part, after) = rest.split_at(first.len_utf8());
        parts.push(part);
        rest = after;
    }
    parts
}

/// Parts by their number: `_0`, `_1`.
fn numbered(parts: Vec<&str>) -> Value {
    let parts = parts.into_iter().enumerate().map(|(number, part)| (format!("_{number}"), part.to_owned()));
    Value::Object(std::rc::Rc::new(TextMap(parts.collect())))
}

/// `map[string]string`: a missing key is an empty text.
pub(crate) struct TextMap(pub(crate) std::collections::BTreeMap<String, String>);

impl Object for TextMap {
    fn type_name(&self) -> &str {
        "map[string]string"
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(self.0.get(name).map_or("", String::as_str).into())
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        Some(self.0.iter().map(|(key, text)| (key.as_str().into(), text.as_str().into())).collect())
    }

    fn kind(&self) -> &'static str {
        "map"
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn print(&self) -> String {
        let entries: Vec<String> = self.0.iter().map(|(key, text)| format!("{key}:{text}")).collect();
        format!("map[{}]", entries.join(" "))
    }

    /// A map without keys is nil, since none of ours was made empty.
    fn to_json(&self) -> Option<serde_json::Value> {
        if self.0.is_empty() {
            return Some(serde_json::Value::Null);
        }
        let fields: serde_json::Map<_, _> =
            self.0.iter().map(|(key, text)| (key.clone(), text.as_str().into())).collect();
        Some(fields.into())
    }
}

fn substr(call: &mut Invocation<'_>) -> Answer {
    let (start, end, text) = (call.int(0)?, call.int(1)?, call.text(2)?);
    let bytes = text.as_bytes();
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let (start, end) = match (start < 0, end < 0 || end > length) {
        (true, _) => (None, end),
        (false, true) => (Some(start), length),
        (false, false) => (Some(start), end),
    };
    let range = usize::try_from(start.unwrap_or(0)).ok().zip(usize::try_from(end).ok());
    let part = range.and_then(|(start, end)| bytes.get(start..end));
    part.map(text_of_bytes).ok_or_else(|| {
        let start = start.map(|start| start.to_string()).unwrap_or_default();
        let length = if end > length { format!(" with length {length}") } else { String::new() };
        format!("runtime error: slice bounds out of range [{start}:{end}]{length}").into()
    })
}

fn trunc(call: &mut Invocation<'_>) -> Answer {
    let (count, text) = (call.int(0)?, call.text(1)?);
    let bytes = text.as_bytes();
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if size >= bytes.len() {
        return Ok(call.any(1).clone());
    }
    let (start, end) = if count < 0 { (bytes.len() - size, bytes.len()) } else { (0, size) };
    Ok(text_of_bytes(bytes.get(start..end).unwrap_or_default()))
}

fn trim_all(call: &Invocation<'_>) -> Answer {
    let cut = call.text(0)?;
    Ok(call.text(1)?.trim_matches(|c| cut.contains(c)).into())
}

/// Shortens a text to `width` bytes with dots, first at its start when `offset` lies behind it.
fn abbreviate(text: &str, offset: i64, width: i64) -> Value {
    if width < 4 || (offset > 0 && width < 7) {
        return text.into();
    }
    let bytes = text.as_bytes();
    let (Ok(offset), Ok(width)) = (usize::try_from(offset.max(0)), usize::try_from(width)) else {
        return text.into();
    };
    if bytes.len() <= width {
        return text.into();
    }
    let kept = width - 3;
    let offset = offset.min(bytes.len() - kept);
    let part = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
    let shortened = if offset <= 4 {
        [part(0, kept), b"..."].concat()
    } else if offset + kept < bytes.len() {
        [b"...", part(offset, offset + kept - 3), b"..."].concat()
    } else {
        [b"...", part(bytes.len() - kept, bytes.len())].concat()
    };
    text_of_bytes(&shortened)
}

/// Breaks lines at spaces so that none is longer than `width` bytes, and words too where that is wished.
fn wrap(text: &str, width: i64, separator: &str, break_words: bool) -> Answer {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    within_limit(separator.len().checked_mul(text.len() / width + 1))?;
    let bytes = text.as_bytes();
    let part = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
    let mut wrapped = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while bytes.len() - at > width {
        if bytes.get(at) == Some(&b' ') {
            at += 1;
            continue;
        }
        let line = part(at, at + width + 1);
        let (end, next) = if let Some(space) = line.iter().rposition(|byte| *byte == b' ') {
            (at + space, at + space + 1)
        } else if break_words {
            (at + width, at + width)
        } else {
            let from = at + width;
            match part(from, bytes.len()).iter().position(|byte| *byte == b' ') {
                Some(space) => (from + space, from + space + 1),
                None => {
                    wrapped.extend_from_slice(part(at, bytes.len()));
                    at = bytes.len();
                    break;
                }
            }
        };
        wrapped.extend_from_slice(part(at, end));
        wrapped.extend_from_slice(separator.as_bytes());
        at = next;
    }
    wrapped.extend_from_slice(part(at, bytes.len()));
    Ok(text_of_bytes(&wrapped))
}
