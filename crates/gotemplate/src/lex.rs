//! From text to tokens.

use std::fmt;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    LeftDelim,
    RightDelim,
    Space,
    /// `=`.
    Assign,
    /// `:=`.
    Declare,
    Pipe,
    LeftParen,
    RightParen,
    /// Another printable ASCII character, the comma among them.
    Char,
    Bool,
    Number,
    CharConstant,
    Complex,
    String,
    RawString,
    Variable,
    /// `.name`.
    Field,
    Dot,
    Identifier,
    Nil,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
    Eof,
    /// The text is the message.
    Error,
}

impl Kind {
    fn is_keyword(self) -> bool {
        matches!(
            self,
            Kind::Block
                | Kind::Break
                | Kind::Continue
                | Kind::Define
                | Kind::Else
                | Kind::End
                | Kind::If
                | Kind::Range
                | Kind::Template
                | Kind::With
        )
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub at: usize,
    /// The line on which it begins, from 1.
    pub line: usize,
    pub text: std::borrow::Cow<'t, str>,
}

/// As Go's parser names a token in its errors.
impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Eof => f.write_str("EOF"),
            Kind::Error => f.write_str(&self.text),
            kind if kind.is_keyword() || matches!(kind, Kind::Nil | Kind::Dot) => {
                write!(f, "<{}>", self.text)
            }
            _ if self.text.chars().count() > 10 => {
                let first: String = self.text.chars().take(10).collect();
                write!(f, "{}...", go::quote::quote(&first))
            }
            _ => f.write_str(&go::quote::quote(&self.text)),
        }
    }
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

/// Cuts a template into tokens, one at a time.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    /// Where the next token begins.
    at: usize,
    line: usize,
    inside: bool,
    parens: usize,
    ended: bool,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Lexer<'t> {
        Lexer { text, at: 0, line: 1, inside: false, parens: 0, ended: false }
    }

    /// The next token; after the end or an error, the end again and again.
    pub(crate) fn next(&mut self) -> Token<'t> {
        if self.ended {
            return Token { kind: Kind::Eof, at: self.text.len(), line: self.line, text: "".into() };
        }
        if self.inside { self.action() } else { self.outside() }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Text up to the next action, or the action's left delimiter.
    fn outside(&mut self) -> Token<'t> {
        loop {
            let rest = self.rest();
            let Some(length) = rest.find(LEFT) else {
                self.ended = rest.is_empty();
                if rest.is_empty() {
                    return Token { kind: Kind::Eof, at: self.at, line: self.line, text: "".into() };
                }
                return self.take(Kind::Text, rest.len());
            };
            let after = &rest[length + LEFT.len()..];
            let trim = is_left_trim(after);
            if length > 0 {
                let kept = if trim { rest[..length].trim_end_matches(is_space).len() } else { length };
                let token = self.take(Kind::Text, kept);
                self.skip(length - kept);
                if kept > 0 {
                    return token;
                }
                continue;
            }
            let marker = if trim { 2 } else { 0 };
            if after[marker..].starts_with("/*") {
                if let Some(error) = self.comment(LEFT.len() + marker) {
                    return error;
                }
                continue;
            }
            let token = self.take(Kind::LeftDelim, LEFT.len());
            self.skip(marker);
            self.inside = true;
            self.parens = 0;
            return token;
        }
    }

    /// Passes over a comment, which begins after `before` bytes.
    fn comment(&mut self, before: usize) -> Option<Token<'t>> {
        let rest = self.rest();
        let Some(length) = rest[before + 2..].find("*/") else {
            self.skip(before);
            return Some(self.error("unclosed comment".to_owned()));
        };
        let mut end = before + 2 + length + 2;
        let after = &rest[end..];
        let trim = is_right_trim(after);
        if trim {
            end += 2;
        }
        if !rest[end..].starts_with(RIGHT) {
            self.skip(end);
            return Some(self.error("comment ends before closing delimiter".to_owned()));
        }
        end += RIGHT.len();
        self.skip(end);
        if trim {
            self.skip_spaces();
        }
        None
    }

    fn right_delim(&mut self, trim: bool) -> Token<'t> {
        if trim {
            self.skip(2);
        }
        let token = self.take(Kind::RightDelim, RIGHT.len());
        if trim {
            self.skip_spaces();
        }
        self.inside = false;
        token
    }

    fn action(&mut self) -> Token<'t> {
        let rest = self.rest();
        if rest.starts_with(RIGHT) || is_right_trim(rest) {
            if self.parens > 0 {
                return self.error("unclosed left paren".to_owned());
            }
            return self.right_delim(!rest.starts_with(RIGHT));
        }
        let Some(first) = rest.chars().next() else { return self.error("unclosed action".to_owned()) };
        match first {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.take(Kind::Assign, 1),
            ':' if rest.starts_with(":=") => self.take(Kind::Declare, 2),
            ':' => self.error("expected :=".to_owned()),
            '|' => self.take(Kind::Pipe, 1),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => match rest[1..].find('`') {
                Some(length) => self.take(Kind::RawString, length + 2),
                None => self.error("unterminated raw quoted string".to_owned()),
            },
            '$' => self.name(Kind::Variable, Kind::Variable),
            '.' if !rest[1..].starts_with(|next: char| next.is_ascii_digit()) => {
                self.name(Kind::Field, Kind::Dot)
            }
            '.' | '+' | '-' | '0'..='9' => self.number(),
            '(' => {
                self.parens += 1;
                self.take(Kind::LeftParen, 1)
            }
            ')' if self.parens == 0 => self.error("unexpected right paren".to_owned()),
            ')' => {
                self.parens -= 1;
                self.take(Kind::RightParen, 1)
            }
            _ if is_alphanumeric(first) => self.word(),
            ' '..='~' => self.take(Kind::Char, 1),
            _ => self.error(format!("unrecognized character in action: {}", code_point(first))),
        }
    }

    fn space(&mut self) -> Token<'t> {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(is_space).len();
        // The last of the spaces may belong to a trim marker: " -}}".
        if is_right_trim(&rest[length - 1..]) {
            return if length == 1 { self.right_delim(true) } else { self.take(Kind::Space, length - 1) };
        }
        self.take(Kind::Space, length)
    }

    fn quoted(&mut self, mark: char, kind: Kind, unterminated: &str) -> Token<'t> {
        let mut escaped = false;
        for (at, character) in self.rest().char_indices().skip(1) {
            match character {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if character == mark => return self.take(kind, at + 1),
                _ => {}
            }
        }
        self.error(unterminated.to_owned())
    }

    /// `.name` and `$name`, or the mark alone.
    fn name(&mut self, named: Kind, alone: Kind) -> Token<'t> {
        let rest = self.rest();
        let length = 1 + word_length(&rest[1..]);
        if let Some(bad) = not_a_terminator(&rest[length..]) {
            return self.error(format!("bad character {}", code_point(bad)));
        }
        self.take(if length == 1 { alone } else { named }, length)
    }

    fn word(&mut self) -> Token<'t> {
        let rest = self.rest();
        let length = word_length(rest);
        if let Some(bad) = not_a_terminator(&rest[length..]) {
            return self.error(format!("bad character {}", code_point(bad)));
        }
        let kind = match &rest[..length] {
            "block" => Kind::Block,
            "break" => Kind::Break,
            "continue" => Kind::Continue,
            "define" => Kind::Define,
            "else" => Kind::Else,
            "end" => Kind::End,
            "if" => Kind::If,
            "range" => Kind::Range,
            "nil" => Kind::Nil,
            "template" => Kind::Template,
            "with" => Kind::With,
            "true" | "false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.take(kind, length)
    }

    fn number(&mut self) -> Token<'t> {
        let rest = self.rest();
        let (length, whole) = scan_number(rest);
        if !whole {
            let bad = format!("bad number syntax: {}", go::quote::quote(&rest[..length]));
            return self.error(bad);
        }
        if rest[length..].starts_with(['+', '-']) {
            let (more, whole) = scan_number(&rest[length..]);
            let both = &rest[..length + more];
            if !whole || !both.ends_with('i') {
                let bad = format!("bad number syntax: {}", go::quote::quote(both));
                return self.error(bad);
            }
            return self.take(Kind::Complex, length + more);
        }
        self.take(Kind::Number, length)
    }

    fn take(&mut self, kind: Kind, length: usize) -> Token<'t> {
        let token = Token { kind, at: self.at, line: self.line, text: self.rest()[..length].into() };
        self.skip(length);
        token
    }

    fn skip(&mut self, length: usize) {
        let passed = &self.rest()[..length];
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count();
        self.at += length;
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.skip(rest.len() - rest.trim_start_matches(is_space).len());
    }

    fn error(&mut self, message: String) -> Token<'t> {
        self.ended = true;
        Token { kind: Kind::Error, at: self.at, line: self.line, text: message.into() }
    }
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(character: char) -> bool {
    character == '_' || character.is_alphabetic() || character.is_numeric()
}

/// `- `, after a left delimiter.
fn is_left_trim(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| rest.starts_with(is_space))
}

/// ` -}}`.
fn is_right_trim(text: &str) -> bool {
    text.strip_prefix(is_space)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|rest| rest.starts_with(RIGHT))
}

fn word_length(text: &str) -> usize {
    text.find(|character| !is_alphanumeric(character)).unwrap_or(text.len())
}

/// The character that follows a word though it may not.
fn not_a_terminator(rest: &str) -> Option<char> {
    let next = rest.chars().next()?;
    let terminates =
        is_space(next) || matches!(next, '.' | ',' | '|' | ':' | ')' | '(') || rest.starts_with(RIGHT);
    (!terminates).then_some(next)
}

/// How long the number at the start is, and whether it ends where a number may.
fn scan_number(text: &str) -> (usize, bool) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let accept = |at: &mut usize, set: &[u8]| {
        let hit = bytes.get(*at).is_some_and(|byte| set.contains(byte));
        *at += usize::from(hit);
        hit
    };
    let run = |at: &mut usize, set: &[u8]| {
        while bytes.get(*at).is_some_and(|byte| set.contains(byte)) {
            *at += 1;
        }
    };
    const DECIMAL: &[u8] = b"0123456789_";
    accept(&mut at, b"+-");
    let mut digits = DECIMAL;
    if accept(&mut at, b"0") {
        if accept(&mut at, b"xX") {
            digits = b"0123456789abcdefABCDEF_";
        } else if accept(&mut at, b"oO") {
            digits = b"01234567_";
        } else if accept(&mut at, b"bB") {
            digits = b"01_";
        }
    }
    run(&mut at, digits);
    if accept(&mut at, b".") {
        run(&mut at, digits);
    }
    let exponent: &[u8] = match digits.len() {
        11 => b"eE",
        23 => b"pP",
        _ => b"",
    };
    if accept(&mut at, exponent) {
        accept(&mut at, b"+-");
        run(&mut at, DECIMAL);
    }
    accept(&mut at, b"i");
    match text[at..].chars().next() {
        Some(next) if is_alphanumeric(next) => (at + next.len_utf8(), false),
        _ => (at, true),
    }
}

/// `U+0041 'A'`, as `%#U` prints a character.
fn code_point(character: char) -> String {
    let code = format!("U+{:04X}", u32::from(character));
    if go::quote::is_print(character) { format!("{code} '{character}'") } else { code }
}
