//! A value of Rego, as it passes between a compiled policy and the builtins of the host.

use std::cmp::Ordering;
use std::fmt;

use go::quote::quote;

/// A value of Rego. Objects may have keys of any type; the elements of sets and the keys of objects are in
/// Rego's order and stand there once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// A number as it is written: Rego keeps all digits, and `1.0` apart from `1`.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(Value, Value)>),
    Set(Vec<Value>),
}

/// How deep values may be nested.
const DEEPEST: usize = 500;

impl Value {
    /// Reads the text that OPA's `opa_value_dump` writes: JSON, and besides it sets and keys of any type.
    pub(crate) fn parse(text: &str) -> Option<Value> {
        let mut reader = Reader { rest: text };
        let value = reader.value(0)?;
        reader.skip_space();
        reader.rest.is_empty().then_some(value)
    }

    /// The text that OPA's `opa_value_parse` reads.
    pub(crate) fn dump(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, &mut |string, text| {
            // A serde_json string always becomes text.
            text.push_str(&serde_json::to_string(string).unwrap_or_default());
        });
        text
    }

    /// What the value is, in the words of OPA's errors.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
            Value::Set(_) => "set",
        }
    }

    fn write(&self, text: &mut String, string: &mut impl FnMut(&str, &mut String)) {
        let list = |text: &mut String, string: &mut _, ends: [char; 2], items: &[Value]| {
            text.push(ends[0]);
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push_str(", ");
                }
                item.write(text, string);
            }
            text.push(ends[1]);
        };
        match self {
            Value::Null => text.push_str("null"),
            Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Value::Number(digits) => text.push_str(digits),
            Value::String(value) => string(value, text),
            Value::Array(items) => list(text, string, ['[', ']'], items),
            Value::Set(items) if items.is_empty() => text.push_str("set()"),
            Value::Set(items) => list(text, string, ['{', '}'], items),
            Value::Object(members) => {
                text.push('{');
                for (position, (key, value)) in members.iter().enumerate() {
                    if position > 0 {
                        text.push_str(", ");
                    }
                    key.write(text, string);
                    text.push_str(": ");
                    value.write(text, string);
                }
                text.push('}');
            }
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Number(_) => 2,
            Value::String(_) => 3,
            Value::Array(_) => 4,
            Value::Object(_) => 5,
            Value::Set(_) => 6,
        }
    }
}

impl fmt::Display for Value {
    /// Writes the value as OPA prints it in messages: `{"a": [1, "x"]}`, `{1, 2}`, `set()`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text, &mut |string, text| text.push_str(&quote(string)));
        f.write_str(&text)
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    /// Rego's order: by type, then by value.
    fn cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) => compare_numbers(a, b),
            (Value::String(a), Value::String(b)) => a.cmp(b),
            (Value::Array(a), Value::Array(b)) | (Value::Set(a), Value::Set(b)) => a.cmp(b),
            (Value::Object(a), Value::Object(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

fn compare_numbers(a: &str, b: &str) -> Ordering {
    if let (Ok(a), Ok(b)) = (a.parse::<i64>(), b.parse::<i64>()) {
        return a.cmp(&b);
    }
    let by_size = match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.partial_cmp(&b),
        _ => None,
    };
    // Numbers that floats do not tell apart, or spellings of one number: any order that stays the same.
    by_size.unwrap_or(Ordering::Equal).then_with(|| a.cmp(b))
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        self.skip_space();
        match self.rest.bytes().next()? {
            b'n' => self.word("null", Value::Null),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b's' => self.word("set()", Value::Set(Vec::new())),
            b'"' => self.string().map(Value::String),
            b'[' => self.array(depth),
            b'{' => self.object_or_set(depth),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        self.symbol('[')?;
        let mut items = Vec::new();
        if self.symbol(']').is_some() {
            return Some(Value::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.symbol(',').is_none() {
                self.symbol(']')?;
                return Some(Value::Array(items));
            }
        }
    }

    fn object_or_set(&mut self, depth: usize) -> Option<Value> {
        self.symbol('{')?;
        if self.symbol('}').is_some() {
            return Some(Value::Object(Vec::new()));
        }
        let first = self.value(depth + 1)?;
        if self.symbol(':').is_none() {
            let mut items = vec![first];
            while self.symbol(',').is_some() {
                items.push(self.value(depth + 1)?);
            }
            self.symbol('}')?;
            items.sort();
            items.dedup();
            return Some(Value::Set(items));
        }
        let mut members = vec![(first, self.value(depth + 1)?)];
        while self.symbol(',').is_some() {
            let key = self.value(depth + 1)?;
            self.symbol(':')?;
            members.push((key, self.value(depth + 1)?));
        }
        self.symbol('}')?;
        members.sort();
        members.dedup_by(|later, earlier| later.0 == earlier.0);
        Some(Value::Object(members))
    }

    fn string(&mut self) -> Option<String> {
        let mut strings = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let string = strings.next()?.ok()?;
        let read = strings.byte_offset();
        self.rest = self.rest.get(read..)?;
        Some(string)
    }

    fn number(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        digits.parse::<f64>().ok()?;
        self.rest = rest;
        Some(Value::Number(digits.to_owned()))
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(value)
    }

    fn symbol(&mut self, symbol: char) -> Option<()> {
        self.skip_space();
        self.rest = self.rest.strip_prefix(symbol)?;
        Some(())
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Value::parse(text).unwrap().to_string()
    }

    #[test]
    fn values_are_shown_as_opa_shows_them() {
        for (dumped, expected) in [
            ("null", "null"),
            ("[1,1.0,1e5,-2]", "[1, 1.0, 1e5, -2]"),
            (r#"{"b":2,"a":{"x":[]}}"#, r#"{"a": {"x": []}, "b": 2}"#),
            ("{}", "{}"),
            ("set()", "set()"),
            (r#"{"x",3,null,{1},[2],{"k":1},true,10}"#, r#"{null, true, 3, 10, "x", [2], {"k": 1}, {1}}"#),
            (r#"{1:"a",[2]:"b"}"#, r#"{1: "a", [2]: "b"}"#),
            (r#""é\u0000\"""#, r#""é\x00\"""#),
        ] {
            assert_eq!(shown(dumped), expected);
        }
    }

    #[test]
    fn what_is_dumped_is_read_back() {
        for text in [r#"{"a": [1, {2, 3}, set(), {}, null, true]}"#, r#""\u0000\"é""#, "{[1]: {1: 2}}"] {
            let value = Value::parse(text).unwrap();
            assert_eq!(Value::parse(&value.dump()), Some(value));
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for text in ["", "[1", "{1:2,3}", "{1,2:3}", "nul", "1 2", "[,]", "\"", "set(", "-", "[1,]"] {
            assert_eq!(Value::parse(text), None, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(Value::parse(&deep), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"[\[\]{},:"a0-9 .e+-]{0,40}|.*"#) {
            let _ = Value::parse(&text);
        }
    }
}
