//! From JSON to YAML, with go-yaml v2's emitter: blocks, lists at the indentation of their key, text folded at column 80.

use std::cmp::Ordering;

use go::number::{Shape, format_float};
use serde_json::{Map, Number, Value};

use crate::scalar::{Scalar, resolve};

const BEST_WIDTH: usize = 80;
const BEST_INDENT: usize = 2;
/// Keys longer than this are written after `? `.
const MAX_SIMPLE_KEY: usize = 128;

/// Writes a value as `sigs.k8s.io/yaml.Marshal` does, with a newline at its end.
///
/// ```
/// let value = serde_json::json!({"b": ["x", "yes"], "a10": 1, "a9": {}});
/// assert_eq!(yaml::write(&value), "a9: {}\na10: 1\nb:\n- x\n- \"yes\"\n");
/// ```
pub fn write(value: &Value) -> String {
    let mut emitter = Emitter::default();
    emitter.node(value, Place::Root);
    if emitter.column > 0 {
        emitter.line_break();
    }
    emitter.text
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Element,
    Key,
    /// The value of a key that stands on the same line.
    AfterKey,
    /// The value of a key that was too long for that.
    AfterLongKey,
}

#[derive(Default)]
struct Emitter {
    text: String,
    /// In characters.
    column: usize,
    /// The indentation of the open block; `None` outside of every block.
    indent: Option<usize>,
    /// Whether the last thing written was a space, an indicator or an indentation.
    whitespace: bool,
    /// Whether only indentation and indicators stand on this line.
    indention: bool,
}

impl Emitter {
    fn node(&mut self, value: &Value, place: Place) {
        if place == Place::Root {
            self.whitespace = true;
            self.indention = true;
        }
        match value {
            Value::Null => self.plain("null", true),
            Value::Bool(value) => self.plain(if *value { "true" } else { "false" }, true),
            Value::Number(value) => self.plain(&number(value), true),
            Value::String(text) => self.string(text, place),
            Value::Array(elements) if elements.is_empty() => self.indicator("[]", true, false, false),
            Value::Array(elements) => self.list(elements, place),
            Value::Object(fields) if fields.is_empty() => self.indicator("{}", true, false, false),
            Value::Object(fields) => self.map(fields),
        }
    }

    fn list(&mut self, elements: &[Value], place: Place) {
        let outer = self.indent;
        // A list under a key stands at the indentation of the key.
        self.indent = match (outer, place) {
            (None, _) => Some(0),
            (Some(indent), Place::AfterKey) if !self.indention => Some(indent),
            (Some(indent), _) => Some(indent + BEST_INDENT),
        };
        for element in elements {
            self.write_indent();
            self.indicator("-", true, false, true);
            self.node(element, Place::Element);
        }
        self.indent = outer;
    }

    fn map(&mut self, fields: &Map<String, Value>) {
        let outer = self.indent;
        self.indent = Some(outer.map_or(0, |indent| indent + BEST_INDENT));
        let mut sorted: Vec<_> = fields.iter().collect();
        sorted.sort_by(|(left, _), (right, _)| natural(left, right));
        for (key, value) in sorted {
            self.write_indent();
            if is_simple_key(key) {
                self.string(key, Place::Key);
                self.indicator(":", false, false, false);
                self.node(value, Place::AfterKey);
            } else {
                self.indicator("?", true, false, true);
                self.string(key, Place::AfterLongKey);
                self.write_indent();
                self.indicator(":", true, false, true);
                self.node(value, Place::AfterLongKey);
            }
        }
        self.indent = outer;
    }

    fn string(&mut self, text: &str, place: Place) {
        if text.contains('\u{85}') {
            return self.string(&without_next_line(text), place);
        }
        let simple_key = place == Place::Key;
        let analysis = Analysis::of(text);
        let resolves = resolve(text) != Scalar::Text || is_base_60(text);
        let wanted = if text.contains('\n') {
            Style::Literal
        } else if resolves {
            Style::DoubleQuoted
        } else {
            Style::Plain
        };
        let style = match wanted {
            Style::Plain if !analysis.plain || text.is_empty() && simple_key => Style::SingleQuoted,
            Style::Literal if !analysis.block || simple_key => Style::DoubleQuoted,
            style => style,
        };
        let style =
            if style == Style::SingleQuoted && !analysis.single_quoted { Style::DoubleQuoted } else { style };
        // Scalars fold at one more indentation than the block around them.
        let outer = self.indent;
        self.indent = Some(outer.map_or(BEST_INDENT, |indent| indent + BEST_INDENT));
        match style {
            Style::Plain => self.plain(text, !simple_key),
            Style::SingleQuoted => self.single_quoted(text, !simple_key),
            Style::DoubleQuoted => self.double_quoted(text, !simple_key),
            Style::Literal => self.literal(text),
        }
        self.indent = outer;
    }

    fn plain(&mut self, text: &str, may_fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        let mut spaces = false;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character == ' ' {
                if may_fold && !spaces && self.column > BEST_WIDTH && characters.peek() != Some(&' ') {
                    self.write_indent();
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(character);
                self.indention = false;
                spaces = false;
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, may_fold: bool) {
        self.indicator("'", true, false, false);
        let mut spaces = false;
        let mut breaks = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if character == ' ' {
                let inside = at > 0 && at + 1 < text.len();
                let single = characters.peek().is_none_or(|(_, next)| *next != ' ');
                if may_fold && !spaces && self.column > BEST_WIDTH && inside && single {
                    self.write_indent();
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else if is_break(character) {
                if !breaks && character == '\n' {
                    self.line_break();
                }
                self.write_break(character);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if character == '\'' {
                    self.put('\'');
                }
                self.put(character);
                self.indention = false;
                spaces = false;
                breaks = false;
            }
        }
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn double_quoted(&mut self, text: &str, may_fold: bool) {
        self.indicator("\"", true, false, false);
        // go-yaml looks for the byte order mark at the start of the text, whatever character it is about to write.
        let all = text.starts_with('\u{feff}');
        let mut spaces = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if all || !is_printable(character) || is_break(character) || character == '"' || character == '\\'
            {
                for escaped in escape(character).chars() {
                    self.put(escaped);
                }
                spaces = false;
            } else if character == ' ' {
                if may_fold && !spaces && self.column > BEST_WIDTH && at > 0 && at + 1 < text.len() {
                    self.write_indent();
                    if characters.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(character);
                spaces = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            self.indicator(&BEST_INDENT.to_string(), false, false, false);
        }
        let mut last = text.chars().rev();
        match (last.next().is_some_and(is_break), last.next()) {
            (false, _) => self.indicator("-", false, false, false),
            (true, None) => self.indicator("+", false, false, false),
            (true, Some(before)) if is_break(before) => self.indicator("+", false, false, false),
            (true, Some(_)) => {}
        }
        self.line_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for character in text.chars() {
            if is_break(character) {
                self.write_break(character);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.put(character);
                self.indention = false;
                breaks = false;
            }
        }
    }

    fn put(&mut self, character: char) {
        self.text.push(character);
        self.column += 1;
    }

    fn line_break(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    fn write_break(&mut self, character: char) {
        if character == '\n' {
            self.line_break();
        } else {
            self.text.push(character);
            self.column = 0;
        }
    }

    fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, indicator: &str, need_whitespace: bool, is_whitespace: bool, is_indention: bool) {
        if need_whitespace && !self.whitespace {
            self.put(' ');
        }
        for character in indicator.chars() {
            self.put(character);
        }
        self.whitespace = is_whitespace;
        self.indention = self.indention && is_indention;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// Which styles can hold a text in a block.
struct Analysis {
    plain: bool,
    single_quoted: bool,
    block: bool,
}

impl Analysis {
    fn of(text: &str) -> Analysis {
        if text.is_empty() {
            return Analysis { plain: true, single_quoted: true, block: false };
        }
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut breaks) = (false, false);
        let (mut space_break, mut break_space) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut after_blank = true;
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let before_blank = characters.peek().is_none_or(|(_, next)| *next == ' ' || *next == '\t');
            indicators |= if at == 0 {
                match character {
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                    | '@' | '`' => true,
                    '?' | ':' | '-' => before_blank,
                    _ => false,
                }
            } else {
                match character {
                    ':' => before_blank,
                    '#' => after_blank,
                    _ => false,
                }
            };
            special |= !is_printable(character);
            if character == ' ' {
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(character) {
                breaks = true;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            after_blank = character == ' ' || character == '\t' || is_break(character) || character == '\0';
        }
        let edge = |character: Option<char>| {
            character.is_some_and(|character| character == ' ' || is_break(character))
        };
        let edges = edge(text.chars().next()) || edge(text.chars().next_back());
        let broken = space_break || special;
        Analysis {
            plain: !(edges || break_space || broken || breaks || indicators),
            single_quoted: !(break_space || broken),
            block: !(text.ends_with(' ') || broken),
        }
    }
}

fn number(number: &Number) -> String {
    match number.as_f64() {
        // What Go's JSON writes without an exponent and fits 64 bits, go-yaml reads as an integer.
        Some(float) if number.is_f64() => {
            if float.fract() == 0.0 && float.abs() < 9_223_372_036_854_775_808.0 {
                if float == 0.0 && float.is_sign_negative() { "0".to_owned() } else { format!("{float:.0}") }
            } else if float.fract() == 0.0 && float > 0.0 && float < 18_446_744_073_709_551_616.0 {
                format!("{float:.0}")
            } else {
                format_float(float, Shape::General, None)
            }
        }
        _ => number.to_string(),
    }
}

fn escape(character: char) -> String {
    match character {
        '\0' => "\\0".to_owned(),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\u{1b}' => "\\e".to_owned(),
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{a0}' => "\\_".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        other => match u32::from(other) {
            code @ ..=0xff => format!("\\x{code:02X}"),
            code @ ..=0xffff => format!("\\u{code:04X}"),
            code => format!("\\U{code:08X}"),
        },
    }
}

/// Go writes YAML by way of JSON, whose texts it reads as YAML: there U+0085, which JSON leaves as it is, is a line break, and is folded.
fn without_next_line(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut breaks = 0;
    for (position, line) in text.split('\u{85}').enumerate() {
        let line = if position == 0 { line } else { line.trim_start_matches(' ') };
        if position > 0 {
            folded.truncate(folded.trim_end_matches(' ').len());
            breaks += 1;
        }
        if !line.is_empty() {
            push_breaks(&mut folded, std::mem::take(&mut breaks));
            folded.push_str(line);
        }
    }
    push_breaks(&mut folded, breaks);
    folded
}

fn push_breaks(text: &mut String, breaks: usize) {
    match breaks {
        0 => {}
        1 => text.push(' '),
        more => text.extend(std::iter::repeat_n('\n', more - 1)),
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml knows no printable characters beyond the basic plane.
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn is_simple_key(key: &str) -> bool {
    key.len() <= MAX_SIMPLE_KEY && !key.contains(is_break)
}

/// Numbers to the base of 60, which go-yaml does not read but quotes for those who do: `1:30`.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    if !first.starts_with(|first: char| first.is_ascii_digit())
        || !first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        return false;
    }
    let mut rest: Vec<_> = parts.collect();
    let Some(last) = rest.last_mut() else { return false };
    if let Some((whole, fraction)) = last.split_once('.') {
        if !fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
            return false;
        }
        *last = whole;
    }
    rest.iter().all(|part| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    })
}

/// go-yaml's order of keys: numbers within texts by their value, other characters before letters.
fn natural(left: &str, right: &str) -> Ordering {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let Some(at) = (0..left.len().min(right.len())).find(|&at| left[at] != right[at]) else {
        return left.len().cmp(&right.len());
    };
    let (one, other) = (left[at], right[at]);
    match (one.is_alphabetic(), other.is_alphabetic()) {
        (true, true) => return one.cmp(&other),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero that continues a number is no leading zero.
    let continues = (one == '0' || other == '0')
        && left[..at]
            .iter()
            .rev()
            .take_while(|character| character.is_numeric())
            .any(|character| *character != '0');
    let value = |text: &[char]| {
        let digits: Vec<_> =
            text[at..].iter().copied().take_while(|character| character.is_numeric()).collect();
        let value = digits.iter().fold(i64::from(continues), |value, digit| {
            value.wrapping_mul(10).wrapping_add(i64::from(u32::from(*digit)) - i64::from(u32::from('0')))
        });
        (value, digits.len())
    };
    let (left_value, left_digits) = value(&left);
    let (right_value, right_digits) = value(&right);
    left_value.cmp(&right_value).then(left_digits.cmp(&right_digits)).then(one.cmp(&other))
}
