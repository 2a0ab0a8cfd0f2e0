//! Go's `fmt.Sprintf`: verbs, flags, width, precision, argument indexes, and what it prints instead of an error.

use std::fmt::Write as _;

use num_bigint::{BigInt, Sign};

use crate::number::{Shape, format_float};
use crate::quote::{Keep, can_backquote, is_print, quote_char, quote_keeping};

/// One argument, by the Go type that it stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg<'a> {
    /// An untyped `nil`.
    Nil,
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// An `int64`.
    Int64(i64),
    /// A `*big.Int`.
    BigInt(&'a BigInt),
    /// A `float64`.
    Float(f64),
    /// A `string`.
    Str(&'a str),
    /// A `[]interface {}`.
    List(Vec<Arg<'a>>),
    /// A `map[string]interface {}`, in the order of its keys.
    Map(Vec<(&'a str, Arg<'a>)>),
    /// A value of a type of its own: the type's name, and what `%v` and `%s` print.
    Other(&'a str, &'a str),
}

impl Arg<'_> {
    fn go_type(&self) -> &str {
        match self {
            Arg::Nil => "<nil>",
            Arg::Bool(_) => "bool",
            Arg::Int(_) => "int",
            Arg::Int64(_) => "int64",
            Arg::BigInt(_) => "*big.Int",
            Arg::Float(_) => "float64",
            Arg::Str(_) => "string",
            Arg::List(_) => "[]interface {}",
            Arg::Map(_) => "map[string]interface {}",
            Arg::Other(name, _) => name,
        }
    }
}

/// What was printed has become longer than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is longer than {limit} bytes")]
pub struct TooLong {
    /// How many bytes were allowed.
    pub limit: usize,
}

/// Prints arguments as a format asks. What does not fit together is printed too, as Go does.
///
/// ```
/// use go::format::{Arg, sprintf};
///
/// assert_eq!(sprintf("%-5s|%05.1f", &[Arg::Str("é"), Arg::Float(3.25)]), "é    |003.2");
/// assert_eq!(sprintf("%d", &[Arg::Str("x")]), "%!d(string=x)");
/// ```
pub fn sprintf(format: &str, args: &[Arg<'_>]) -> String {
    sprintf_within(usize::MAX, format, args).unwrap_or_default()
}

/// Prints arguments as a format asks, and stops when the text becomes longer than `limit` bytes.
///
/// A format of few characters can ask for a million spaces as often as it likes, so whoever prints what
/// strangers wrote sets a limit.
///
/// # Errors
///
/// The text is longer than `limit` bytes.
pub fn sprintf_within(limit: usize, format: &str, args: &[Arg<'_>]) -> Result<String, TooLong> {
    let mut printer = Printer { output: String::with_capacity(format.len()), spec: Spec::default(), limit };
    printer.print_all(format, args);
    if printer.output.len() > printer.limit { Err(TooLong { limit }) } else { Ok(printer.output) }
}

/// What stands between a percent sign and its verb.
#[derive(Clone, Copy, Default)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%#v` asks for Go syntax, which is something else than `#` with other verbs.
    go_syntax: bool,
    /// `%+v` asks for field names.
    field_names: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// A place in the format and among the arguments.
struct Cursor<'f, 'a> {
    rest: &'f str,
    args: &'a [Arg<'a>],
    next: usize,
    /// Some index was written: then arguments may be left over.
    reordered: bool,
    /// The index of the verb at hand names an argument.
    in_range: bool,
    /// The last thing read was an index.
    after_index: bool,
}

impl Cursor<'_, '_> {
    /// Reads flags, width, precision and indexes. What is wrong with them is told to `complain`.
    fn spec(&mut self, mut complain: impl FnMut(&str)) -> Spec {
        let mut spec = Spec::default();
        self.in_range = true;
        self.after_index = false;
        while let Some(flag) = self.rest.bytes().next() {
            match flag {
                b'#' => spec.sharp = true,
                b'0' => spec.zero = true,
                b'+' => spec.plus = true,
                b'-' => spec.minus = true,
                b' ' => spec.space = true,
                _ => break,
            }
            self.skip(1);
        }
        self.index();
        if self.rest.starts_with('*') {
            self.skip(1);
            let width = self.star();
            if width.is_none() {
                complain("%!(BADWIDTH)");
            }
            if width.is_some_and(|width| width < 0) {
                spec.minus = true;
                spec.zero = false;
            }
            spec.width = width.map(i64::unsigned_abs).and_then(|width| usize::try_from(width).ok());
            self.after_index = false;
        } else {
            spec.width = self.number();
            if self.after_index && spec.width.is_some() {
                self.in_range = false;
            }
        }
        if self.rest.starts_with('.') && self.rest.len() > 1 {
            self.skip(1);
            if self.after_index {
                self.in_range = false;
            }
            self.index();
            if self.rest.starts_with('*') {
                self.skip(1);
                spec.precision = self.star().and_then(|precision| usize::try_from(precision).ok());
                if spec.precision.is_none() {
                    complain("%!(BADPREC)");
                }
                self.after_index = false;
            } else {
                spec.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !self.after_index {
            self.index();
        }
        spec
    }

    fn verb(&mut self) -> Option<char> {
        let verb = self.rest.chars().next()?;
        self.skip(verb.len_utf8());
        Some(verb)
    }

    /// Reads an index such as `[2]`, where there is one.
    fn index(&mut self) {
        self.after_index = false;
        let Some(inside) = self.rest.strip_prefix('[') else {
            return;
        };
        self.reordered = true;
        let (number, length) = match inside.find(']') {
            Some(end) if self.rest.len() >= 3 => {
                let (number, after) = read_number(&inside[..end]);
                (number.filter(|_| after.is_empty()), end + 2)
            }
            _ => (None, 1),
        };
        self.skip(length);
        self.after_index = number.is_some();
        match number.and_then(|number| number.checked_sub(1)).filter(|index| *index < self.args.len()) {
            Some(index) => self.next = index,
            None => self.in_range = false,
        }
    }

    /// Takes an argument as width or precision.
    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        match arg {
            Arg::Int(number) | Arg::Int64(number) => Some(*number).filter(|n| n.unsigned_abs() <= LARGEST),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<usize> {
        let (number, after) = read_number(self.rest);
        self.rest = after;
        number
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

/// The largest width or precision that an argument may ask for.
const LARGEST: u64 = 1_000_000;

/// Reads digits. A number that is far too large swallows the rest of the format, as in Go.
fn read_number(text: &str) -> (Option<usize>, &str) {
    let mut number = None;
    for (position, byte) in text.bytes().enumerate() {
        if !byte.is_ascii_digit() {
            return (number, &text[position..]);
        }
        let before = number.unwrap_or(0);
        if before > 1_000_000 {
            return (None, "");
        }
        number = Some(before * 10 + usize::from(byte - b'0'));
    }
    (number, "")
}

struct Printer {
    output: String,
    spec: Spec,
    limit: usize,
}

impl Printer {
    fn print_all(&mut self, format: &str, args: &[Arg<'_>]) {
        let mut cursor =
            Cursor { rest: format, args, next: 0, reordered: false, in_range: true, after_index: false };
        while let Some((before, after)) = cursor.rest.split_once('%') {
            self.output.push_str(before);
            if self.output.len() > self.limit {
                return;
            }
            cursor.rest = after;
            self.spec = cursor.spec(|complaint| self.output.push_str(complaint));
            let Some(verb) = cursor.verb() else {
                self.output.push_str("%!(NOVERB)");
                break;
            };
            match args.get(cursor.next) {
                _ if verb == '%' => self.output.push('%'),
                _ if !cursor.in_range => self.put(format_args!("%!{verb}(BADINDEX)")),
                None => self.put(format_args!("%!{verb}(MISSING)")),
                Some(arg) => {
                    if matches!(verb, 'v' | 'w') {
                        self.spec.go_syntax = std::mem::take(&mut self.spec.sharp);
                        self.spec.field_names = std::mem::take(&mut self.spec.plus);
                    }
                    self.print(arg, verb);
                    cursor.next += 1;
                }
            }
        }
        self.output.push_str(cursor.rest);
        if !cursor.reordered {
            self.print_extra(args.get(cursor.next..).unwrap_or_default());
        }
    }

    fn print_extra(&mut self, args: &[Arg<'_>]) {
        if args.is_empty() {
            return;
        }
        self.spec = Spec::default();
        self.output.push_str("%!(EXTRA ");
        for (position, arg) in args.iter().enumerate() {
            if self.output.len() > self.limit {
                return;
            }
            if position > 0 {
                self.output.push_str(", ");
            }
            if *arg != Arg::Nil {
                self.put(format_args!("{}=", arg.go_type()));
            }
            self.print(arg, 'v');
        }
        self.output.push(')');
    }

    fn print(&mut self, arg: &Arg<'_>, verb: char) {
        match (arg, verb) {
            (Arg::Nil, 'T' | 'v') => self.pad("<nil>"),
            (Arg::Nil, _) => self.put(format_args!("%!{verb}(<nil>)")),
            (_, 'T') => self.string(arg.go_type()),
            // Go prints the address of a big number here.
            (_, 'p') => self.bad_verb(arg, verb),
            (Arg::Bool(value), 't' | 'v') => self.pad(if *value { "true" } else { "false" }),
            (Arg::Int(value) | Arg::Int64(value), _) => self.integer_verb(arg, *value, verb),
            (Arg::Float(value), _) => self.float_verb(arg, *value, verb),
            (Arg::Str(value), _) => self.string_verb(arg, value, verb),
            (Arg::BigInt(value), 'w') => self.big_integer_as_struct(value, verb),
            (Arg::BigInt(value), _) => self.big_integer(value, verb),
            (Arg::Bool(_), _) => self.bad_verb(arg, verb),
            (Arg::List(elements), _) => self.list(elements, verb),
            (Arg::Map(entries), _) => self.map(entries, verb),
            (Arg::Other(_, text), 'v' | 's') => self.pad(text),
            (Arg::Other(..), _) => self.bad_verb(arg, verb),
        }
    }

    /// Each element with the verb and the flags of the whole.
    fn list(&mut self, elements: &[Arg<'_>], verb: char) {
        let (open, between, close) =
            if self.spec.go_syntax { ("[]interface {}{", ", ", "}") } else { ("[", " ", "]") };
        self.output.push_str(open);
        for (position, element) in elements.iter().enumerate() {
            if self.output.len() > self.limit {
                return;
            }
            if position > 0 {
                self.output.push_str(between);
            }
            self.print(element, verb);
        }
        self.output.push_str(close);
    }

    fn map(&mut self, entries: &[(&str, Arg<'_>)], verb: char) {
        let (open, between, close) =
            if self.spec.go_syntax { ("map[string]interface {}{", ", ", "}") } else { ("map[", " ", "]") };
        self.output.push_str(open);
        for (position, (key, value)) in entries.iter().enumerate() {
            if self.output.len() > self.limit {
                return;
            }
            if position > 0 {
                self.output.push_str(between);
            }
            self.print(&Arg::Str(key), verb);
            self.output.push(':');
            self.print(value, verb);
        }
        self.output.push_str(close);
    }

    fn bad_verb(&mut self, arg: &Arg<'_>, verb: char) {
        self.put(format_args!("%!{verb}({}=", arg.go_type()));
        self.print(arg, 'v');
        self.output.push(')');
    }

    fn string_verb(&mut self, arg: &Arg<'_>, text: &str, verb: char) {
        match verb {
            'v' if self.spec.go_syntax => self.quoted(text),
            'v' | 's' => self.string(text),
            'x' => self.hexadecimal(text, false),
            'X' => self.hexadecimal(text, true),
            'q' => self.quoted(text),
            _ => self.bad_verb(arg, verb),
        }
    }

    fn integer_verb(&mut self, arg: &Arg<'_>, value: i64, verb: char) {
        match verb {
            'v' | 'd' => self.integer(value.unsigned_abs(), value < 0, Base::Decimal),
            'b' => self.integer(value.unsigned_abs(), value < 0, Base::Binary),
            'o' => self.integer(value.unsigned_abs(), value < 0, Base::Octal),
            'O' => self.integer(value.unsigned_abs(), value < 0, Base::OctalMarked),
            'x' => self.integer(value.unsigned_abs(), value < 0, Base::Hexadecimal),
            'X' => self.integer(value.unsigned_abs(), value < 0, Base::UpperHexadecimal),
            'c' => self.pad(character(value).encode_utf8(&mut [0; 4])),
            'q' => {
                let keep = if self.spec.plus { Keep::Ascii } else { Keep::Printable };
                self.pad(&quote_char(character(value), keep));
            }
            'U' => self.code_point(value),
            _ => self.bad_verb(arg, verb),
        }
    }

    fn float_verb(&mut self, arg: &Arg<'_>, value: f64, verb: char) {
        match verb {
            'v' | 'g' => self.float(value, Shape::General, None),
            'G' => self.float(value, Shape::UpperGeneral, None),
            'b' => self.float(value, Shape::Binary, None),
            'x' => self.float(value, Shape::Hexadecimal, None),
            'X' => self.float(value, Shape::UpperHexadecimal, None),
            'f' | 'F' => self.float(value, Shape::Decimal, Some(6)),
            'e' => self.float(value, Shape::Exponent, Some(6)),
            'E' => self.float(value, Shape::UpperExponent, Some(6)),
            _ => self.bad_verb(arg, verb),
        }
    }

    fn string(&mut self, text: &str) {
        let text = self.truncated(text);
        self.pad(text);
    }

    fn quoted(&mut self, text: &str) {
        let text = self.truncated(text);
        if self.spec.sharp && can_backquote(text) {
            self.pad(&format!("`{text}`"));
        } else {
            self.pad(&quote_keeping(text, if self.spec.plus { Keep::Ascii } else { Keep::Printable }));
        }
    }

    fn truncated<'t>(&self, text: &'t str) -> &'t str {
        let end = self.spec.precision.and_then(|count| text.char_indices().nth(count));
        end.map_or(text, |(end, _)| &text[..end])
    }

    /// A text as the hexadecimal digits of its bytes.
    fn hexadecimal(&mut self, text: &str, upper: bool) {
        let prefix = match (self.spec.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let bytes = text.as_bytes();
        let bytes = &bytes[..self.spec.precision.unwrap_or(bytes.len()).min(bytes.len())];
        if bytes.is_empty() {
            self.padding(self.spec.width.unwrap_or(0));
            return;
        }
        let mut digits = String::from(prefix);
        for (position, byte) in bytes.iter().enumerate() {
            if self.spec.space && position > 0 {
                digits.push(' ');
                digits.push_str(prefix);
            }
            let _ = if upper { write!(digits, "{byte:02X}") } else { write!(digits, "{byte:02x}") };
        }
        self.pad(&digits);
    }

    fn integer(&mut self, magnitude: u64, negative: bool, base: Base) {
        let spec = self.spec;
        if spec.precision == Some(0) && magnitude == 0 {
            self.without_zeros(|printer| printer.padding(spec.width.unwrap_or(0)));
            return;
        }
        let signed = negative || spec.plus || spec.space;
        let least = match (spec.precision, spec.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if spec.zero && !spec.minus => width.saturating_sub(usize::from(signed)),
            _ => 0,
        };
        let mut digits = match base {
            Base::Binary => format!("{magnitude:b}"),
            Base::Octal | Base::OctalMarked => format!("{magnitude:o}"),
            Base::Decimal => magnitude.to_string(),
            Base::Hexadecimal => format!("{magnitude:x}"),
            Base::UpperHexadecimal => format!("{magnitude:X}"),
        };
        if least.saturating_sub(digits.len()) > self.room() {
            self.overflow();
            return;
        }
        digits.insert_str(0, &"0".repeat(least.saturating_sub(digits.len())));
        let sharp = match base {
            Base::Binary => "0b",
            Base::Octal | Base::OctalMarked if !digits.starts_with('0') => "0",
            Base::Hexadecimal => "0x",
            Base::UpperHexadecimal => "0X",
            _ => "",
        };
        let sharp = if spec.sharp { sharp } else { "" };
        let marked = if base == Base::OctalMarked { "0o" } else { "" };
        let sign = match (negative, spec.plus, spec.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        self.without_zeros(|printer| printer.pad(&format!("{sign}{marked}{sharp}{digits}")));
    }

    fn code_point(&mut self, value: i64) {
        let least = self.spec.precision.unwrap_or(4).max(4);
        if least > self.room() {
            self.overflow();
            return;
        }
        let mut text = format!("{value:X}");
        text.insert_str(0, &"0".repeat(least.saturating_sub(text.len())));
        text.insert_str(0, "U+");
        let shown = u32::try_from(value).ok().and_then(char::from_u32).filter(|c| is_print(*c));
        if let (true, Some(character)) = (self.spec.sharp, shown) {
            let _ = write!(text, " '{character}'");
        }
        self.without_zeros(|printer| printer.pad(&text));
    }

    fn float(&mut self, value: f64, shape: Shape, precision: Option<usize>) {
        let spec = self.spec;
        let precision = spec.precision.or(precision);
        if precision.unwrap_or(0) > self.room() {
            self.overflow();
            return;
        }
        let mut number = format_float(value, shape, precision);
        let sign = match number.chars().next() {
            Some(sign @ ('-' | '+')) => {
                number.remove(0);
                sign
            }
            _ => '+',
        };
        let sign = if spec.space && sign == '+' && !spec.plus { ' ' } else { sign };
        if value.is_nan() && !spec.space && !spec.plus {
            self.without_zeros(|printer| printer.pad(&number));
        } else if !value.is_finite() {
            self.without_zeros(|printer| printer.pad(&format!("{sign}{number}")));
        } else {
            if spec.sharp && shape != Shape::Binary {
                number = with_point(&number, shape, precision);
            }
            match spec.width {
                _ if sign == '+' && !spec.plus => self.pad(&number),
                // The sign comes before the zeros.
                Some(width) if spec.zero && !spec.minus && width > number.len() + 1 => {
                    self.output.push(sign);
                    self.padding(width - number.len() - 1);
                    self.output.push_str(&number);
                }
                _ => self.pad(&format!("{sign}{number}")),
            }
        }
    }

    /// A `*big.Int` formats itself, a little differently from an `int`.
    fn big_integer(&mut self, value: &BigInt, verb: char) {
        let spec = self.spec;
        let radix = match verb {
            'b' => 2,
            'o' | 'O' => 8,
            'd' | 's' | 'v' => 10,
            'x' | 'X' => 16,
            _ => return self.put(format_args!("%!{verb}(big.Int={value})")),
        };
        let mut digits = value.magnitude().to_str_radix(radix);
        if verb == 'X' {
            digits.make_ascii_uppercase();
        }
        let sign = match value.sign() {
            Sign::Minus => "-",
            _ if spec.plus || spec.field_names => "+",
            _ if spec.space => " ",
            _ => "",
        };
        let prefix = match verb {
            'O' => "0o",
            _ if !(spec.sharp || spec.go_syntax) => "",
            'b' => "0b",
            'o' => "0",
            'x' => "0x",
            'X' => "0X",
            _ => "",
        };
        if digits == "0" && spec.precision == Some(0) {
            return;
        }
        let zeros = spec.precision.unwrap_or(0).saturating_sub(digits.len());
        let length = sign.len() + prefix.len() + zeros + digits.len();
        let fill = spec.width.unwrap_or(0).saturating_sub(length);
        let (left, zeros, right) = match () {
            () if spec.minus => (0, zeros, fill),
            () if spec.zero && spec.precision.is_none() => (0, zeros + fill, 0),
            () => (fill, zeros, 0),
        };
        self.fill(' ', left);
        self.output.push_str(sign);
        self.output.push_str(prefix);
        self.fill('0', zeros);
        self.output.push_str(&digits);
        self.fill(' ', right);
    }

    /// What Go shows of a `*big.Int` when it must not let it format itself: sign and machine words.
    fn big_integer_as_struct(&mut self, value: &BigInt, verb: char) {
        self.put(format_args!("%!{verb}(*big.Int=&{{"));
        self.pad(if value.sign() == Sign::Minus { "true" } else { "false" });
        self.output.push_str(" [");
        for (position, word) in value.iter_u64_digits().enumerate() {
            if position > 0 {
                self.output.push(' ');
            }
            self.integer(word, false, Base::Decimal);
        }
        self.output.push_str("]})");
    }

    /// Writes a text, with padding up to the width.
    fn pad(&mut self, text: &str) {
        let missing = self.spec.width.unwrap_or(0).saturating_sub(text.chars().count());
        if self.spec.minus {
            self.output.push_str(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.output.push_str(text);
        }
    }

    fn padding(&mut self, count: usize) {
        // Zeros stand only on the left.
        self.fill(if self.spec.zero && !self.spec.minus { '0' } else { ' ' }, count);
    }

    fn fill(&mut self, with: char, count: usize) {
        if count > self.room() {
            self.overflow();
        } else {
            self.output.extend(std::iter::repeat_n(with, count));
        }
    }

    fn without_zeros(&mut self, print: impl FnOnce(&mut Self)) {
        let zero = std::mem::take(&mut self.spec.zero);
        print(self);
        self.spec.zero = zero;
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a text does not fail.
        let _ = self.output.write_fmt(text);
    }

    /// How many bytes may still be written.
    fn room(&self) -> usize {
        self.limit.saturating_sub(self.output.len())
    }

    /// Marks the output as too long without making it so long.
    fn overflow(&mut self) {
        self.output.push_str(OVERFLOW);
        self.limit = 0;
    }
}

/// Never seen: an output that holds it is dropped.
const OVERFLOW: &str = "%!(TOOLONG)";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Binary,
    Octal,
    /// `%O`, with `0o` before the digits.
    OctalMarked,
    Decimal,
    Hexadecimal,
    UpperHexadecimal,
}

/// The character with that code point; the replacement character where there is none.
fn character(code: i64) -> char {
    u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A number as `#` wants it: always with a point, and with the zeros that `%g` would leave out.
fn with_point(number: &str, shape: Shape, precision: Option<usize>) -> String {
    let exponent = match shape {
        Shape::Hexadecimal | Shape::UpperHexadecimal => number.find(['p', 'P']),
        _ => number.find(['e', 'E']),
    };
    let (mantissa, exponent) = number.split_at(exponent.unwrap_or(number.len()));
    let wanted = match shape {
        Shape::General | Shape::UpperGeneral | Shape::Hexadecimal => precision.unwrap_or(6),
        _ => 0,
    };
    // Go counts every character from the first that is neither zero nor point on, also the x of 0x.
    let significant = mantissa.chars().filter(|c| *c != '.').skip_while(|c| *c == '0').count();
    let mut missing = wanted.saturating_sub(significant);
    let mut text = mantissa.to_owned();
    if !mantissa.contains('.') {
        if mantissa == "0" {
            missing = missing.saturating_sub(1);
        }
        text.push('.');
    }
    text.extend(std::iter::repeat_n('0', missing));
    text.push_str(exponent);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(format: &str, args: &[Arg<'_>]) -> String {
        sprintf(format, args)
    }

    #[test]
    fn texts_are_padded_cut_quoted_and_spelled_in_bytes() {
        let text = [Arg::Str("héllo")];
        for (format, expected) in [
            ("%s", "héllo"),
            ("%7s|", "  héllo|"),
            ("%-7s|", "héllo  |"),
            ("%07s|", "00héllo|"),
            ("%.2s", "hé"),
            ("%q", "\"héllo\""),
            ("%+q", r#""h\u00e9llo""#),
            ("%#q", "`héllo`"),
            ("%#v", "\"héllo\""),
            ("%x", "68c3a96c6c6f"),
            ("% X", "68 C3 A9 6C 6C 6F"),
            ("%# x", "0x68 0xc3 0xa9 0x6c 0x6c 0x6f"),
            ("%.2x", "68c3"),
            ("%T", "string"),
        ] {
            assert_eq!(printed(format, &text), expected, "{format}");
        }
    }

    #[test]
    fn integers_have_bases_signs_and_leading_zeros() {
        for (format, number, expected) in [
            ("%d", 42, "42"),
            ("%+d", 42, "+42"),
            ("% d", 42, " 42"),
            ("%05d", -42, "-0042"),
            ("%-5d|", 42, "42   |"),
            ("%-05d|", 42, "42   |"),
            ("%.4d", 42, "0042"),
            ("%8.4d", 42, "    0042"),
            ("%08.4d", 42, "    0042"),
            ("%3.0d|", 0, "   |"),
            ("%b", 5, "101"),
            ("%#b", 5, "0b101"),
            ("%o", 8, "10"),
            ("%#o", 8, "010"),
            ("%O", -8, "-0o10"),
            ("%#x", 255, "0xff"),
            ("%#08X", 255, "0X000000FF"),
            ("%x", i64::MIN, "-8000000000000000"),
            ("%c", 0x1f600, "😀"),
            ("%c", -1, "\u{fffd}"),
            ("%q", 39, r"'\''"),
            ("%+q", 233, r"'\u00e9'"),
            ("%U", 10, "U+000A"),
            ("%#U", 233, "U+00E9 'é'"),
            ("%U", -1, "U+FFFFFFFFFFFFFFFF"),
            ("%#v", 42, "42"),
        ] {
            assert_eq!(printed(format, &[Arg::Int64(number)]), expected, "{format} {number}");
        }
    }

    #[test]
    fn floats_have_the_shapes_of_their_verbs() {
        for (format, number, expected) in [
            ("%v", 1e6, "1e+06"),
            ("%g", 0.5, "0.5"),
            ("%f", 0.5, "0.500000"),
            ("%F", 0.5, "0.500000"),
            ("%.0f", 2.5, "2"),
            ("%#.0f", 2.5, "2."),
            ("%e", 12345.678, "1.234568e+04"),
            ("%E", 0.0, "0.000000E+00"),
            ("%+.2f", 1.0, "+1.00"),
            ("% .2f", 1.0, " 1.00"),
            ("%08.3f", -3.25159, "-003.252"),
            ("%-8.3f|", -3.25159, "-3.252  |"),
            ("%+08.3f", 3.25159, "+003.252"),
            ("%.3g", 1234.5, "1.23e+03"),
            ("%#g", 1.0, "1.00000"),
            ("%#.3g", 0.0, "0.00"),
            ("%#g", 1e10, "1.00000e+10"),
            ("%b", 1.0, "4503599627370496p-52"),
            ("%x", 1.5, "0x1.8p+00"),
            ("%X", 1.5, "0X1.8P+00"),
        ] {
            assert_eq!(printed(format, &[Arg::Float(number)]), expected, "{format} {number}");
        }
        assert_eq!(printed("%08f|%+f|%+v", &[f64::INFINITY, f64::NAN, f64::NAN].map(Arg::Float)), {
            "    +Inf|+NaN|NaN"
        });
    }

    #[test]
    fn big_numbers_format_themselves() {
        let big: BigInt = "123456789012345678901234567890".parse().unwrap();
        for (format, expected) in [
            ("%d", "123456789012345678901234567890"),
            ("%s", "123456789012345678901234567890"),
            ("%+v", "+123456789012345678901234567890"),
            ("%#x", "0x18ee90ff6c373e0ee4e3f0ad2"),
            ("%034d", "0000123456789012345678901234567890"),
            ("%-32d|", "123456789012345678901234567890  |"),
            ("%q", "%!q(big.Int=123456789012345678901234567890)"),
            ("%w", "%!w(*big.Int=&{false [14083847773837265618 6692605942]})"),
        ] {
            assert_eq!(printed(format, &[Arg::BigInt(&big)]), expected, "{format}");
        }
    }

    #[test]
    fn what_does_not_fit_is_printed_too() {
        for (format, args, expected) in [
            ("%d", vec![Arg::Str("x")], "%!d(string=x)"),
            ("%5d", vec![Arg::Str("x")], "%!d(string=    x)"),
            ("%s", vec![Arg::Int64(5)], "%!s(int64=5)"),
            ("%t", vec![Arg::Float(0.5)], "%!t(float64=0.5)"),
            ("%d", vec![Arg::Bool(true)], "%!d(bool=true)"),
            ("%s %v", vec![Arg::Nil, Arg::Nil], "%!s(<nil>) <nil>"),
            ("%d %d", vec![Arg::Int(1)], "1 %!d(MISSING)"),
            ("%d", vec![Arg::Int(1), Arg::Int(2), Arg::Nil], "1%!(EXTRA int=2, <nil>)"),
            ("%!", vec![], "%!!(MISSING)"),
            ("%z", vec![Arg::Int(1)], "%!z(int=1)"),
            ("100%", vec![], "100%!(NOVERB)"),
            ("100%%", vec![], "100%"),
            ("%5%|", vec![], "%|"),
            ("%[2]d %[1]d", vec![Arg::Int(1), Arg::Int(2)], "2 1"),
            ("%[3]d", vec![Arg::Int(1)], "%!d(BADINDEX)"),
            ("%[x]d", vec![Arg::Int(1)], "%!d(BADINDEX)"),
            ("%[1]2d", vec![Arg::Int(1)], "%!d(BADINDEX)"),
            ("%*d|", vec![Arg::Int(4), Arg::Int(1)], "   1|"),
            ("%*d|", vec![Arg::Int(-4), Arg::Int(1)], "1   |"),
            ("%*d", vec![Arg::Str("4"), Arg::Int(1)], "%!(BADWIDTH)1"),
            ("%.*f", vec![Arg::Int(-1), Arg::Float(1.0)], "%!(BADPREC)1.000000"),
            ("%99999999999d", vec![Arg::Int(1)], "%!(NOVERB)%!(EXTRA int=1)"),
            ("%é", vec![Arg::Int(1)], "%!é(int=1)"),
        ] {
            assert_eq!(printed(format, &args), expected, "{format} {args:?}");
        }
    }

    #[test]
    fn a_text_that_grows_too_long_is_refused_before_it_is_made() {
        for format in ["%1000000d", "%.1000000d", "%01000000d", "%.1000000U", "%.1000000f", "%1000000s"] {
            let arg = if format.ends_with('f') { Arg::Float(1.0) } else { Arg::Int(1) };
            assert_eq!(sprintf_within(1000, format, &[arg]), Err(TooLong { limit: 1000 }), "{format}");
        }
        assert_eq!(sprintf_within(3, "abc", &[]), Ok("abc".to_owned()));
        assert_eq!(sprintf_within(2, "abc", &[]), Err(TooLong { limit: 2 }));
    }

    proptest::proptest! {
        #[test]
        fn no_format_makes_it_panic(format: String, text: String, number: i64, float: f64, size in -50i64..50) {
            let args = [Arg::Str(&text), Arg::Int64(number), Arg::Float(float), Arg::Int(size), Arg::Nil];
            let _ = sprintf_within(1 << 16, &format, &args);
        }

        #[test]
        fn no_combination_of_verb_and_flags_makes_it_panic(
            format in "(%[-+# 0]{0,3}([0-9]{0,2}|\\*)(\\.([0-9]{0,2}|\\*))?(\\[[0-9]\\])?[a-zA-Z%]){1,4}",
            text: String, number: i64, float: f64, size in -50i64..50,
        ) {
            let args = [Arg::Int(size), Arg::Str(&text), Arg::Int64(number), Arg::Float(float)];
            let _ = sprintf_within(1 << 16, &format, &args);
        }
    }
}
