//! From tokens to trees.

use std::collections::VecDeque;
use std::rc::Rc;

use go::quote::quote;
use go::unquote::unquote;

use crate::error::{Error, Stage};
use crate::lex::{Kind, Lexer, Token};
use crate::tree::{Branch, Command, Node, Number, Operand, Pipe, Source, Template, Term};

/// How deep parentheses and blocks may nest.
const MAX_DEPTH: usize = 500;

/// Parses a text: its templates, those that it defines first, the text itself last.
pub(crate) fn parse(
    name: &str,
    text: &str,
    is_function: &dyn Fn(&str) -> bool,
) -> Result<Vec<Template>, Box<Error>> {
    let source = Rc::new(Source { name: name.into(), text: text.into() });
    let mut parser = Parser {
        name,
        lexer: Lexer::new(text),
        ahead: VecDeque::new(),
        line: 1,
        action_line: None,
        variables: vec!["$".into()],
        depth: 0,
        ranges: 0,
        is_function,
        source: &source,
        templates: Vec::new(),
    };
    let body = parser.file()?;
    let mut templates = parser.templates;
    templates.push(Template { name: name.into(), source: Rc::clone(&source), body });
    Ok(templates)
}

type Result<T, E = Box<Error>> = std::result::Result<T, E>;

/// What ended a list of nodes.
#[derive(Clone, Copy, PartialEq)]
enum Ended {
    End,
    Else,
}

struct Parser<'p> {
    name: &'p str,
    lexer: Lexer<'p>,
    /// Tokens that were read and put back, the next one first.
    ahead: VecDeque<Token<'p>>,
    /// The line of the token that was read last.
    line: usize,
    /// The line on which the action at hand began.
    action_line: Option<usize>,
    /// The variables in scope, with their `$`.
    variables: Vec<Rc<str>>,
    depth: usize,
    /// How many ranges are open.
    ranges: usize,
    is_function: &'p dyn Fn(&str) -> bool,
    source: &'p Rc<Source>,
    /// What was defined so far.
    templates: Vec<Template>,
}

impl<'p> Parser<'p> {
    fn next(&mut self) -> Token<'p> {
        let token = self.ahead.pop_front().unwrap_or_else(|| self.lexer.next());
        self.line = token.line;
        token
    }

    fn back(&mut self, token: Token<'p>) {
        self.ahead.push_front(token);
    }

    fn peek(&mut self) -> &Token<'p> {
        let token = self.next();
        self.back(token);
        &self.ahead[0]
    }

    fn next_not_space(&mut self) -> Token<'p> {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_not_space(&mut self) -> &Token<'p> {
        let token = self.next_not_space();
        self.back(token);
        &self.ahead[0]
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(Box::new(Error {
            stage: Stage::Parse,
            template: self.name.to_owned(),
            executing: String::new(),
            line: self.line,
            column: None,
            context: String::new(),
            message: message.into(),
            by_author: false,
            cause: None,
        }))
    }

    fn unexpected<T>(&self, token: &Token<'_>, context: &str) -> Result<T> {
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {token} in {context}"));
        }
        let started = match self.action_line.filter(|line| *line != token.line) {
            Some(line) if token.text.ends_with(" action") => format!(" started at {}:{line}", self.name),
            Some(line) => format!(" in action started at {}:{line}", self.name),
            None => String::new(),
        };
        self.error(format!("{token}{started}"))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token<'p>> {
        let token = self.next_not_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return self.error("max expression depth exceeded");
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn file(&mut self) -> Result<Vec<Node>> {
        let mut body = Vec::new();
        loop {
            match self.peek().kind {
                Kind::Eof => return Ok(body),
                Kind::LeftDelim => {
                    let delim = self.next();
                    let token = self.next_not_space();
                    if token.kind == Kind::Define {
                        self.define()?;
                        continue;
                    }
                    self.back(token);
                    self.back(delim);
                }
                _ => {}
            }
            match self.text_or_action()? {
                Ok(node) => body.push(node),
                Err(Ended::End) => return self.error("unexpected {{end}}"),
                Err(Ended::Else) => return self.error("unexpected {{else}}"),
            }
        }
    }

    fn define(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_not_space();
        let name = self.template_name(&token, CONTEXT)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        let body = self.scope_of_its_own(CONTEXT)?;
        self.add(name, body)
    }

    /// The body of a `define` or `block`: no variable from outside is known in it.
    fn scope_of_its_own(&mut self, context: &str) -> Result<Vec<Node>> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let ranges = std::mem::take(&mut self.ranges);
        let (body, ended) = self.deeper(Parser::list)?;
        self.variables = variables;
        self.ranges = ranges;
        match ended {
            Ended::End => Ok(body),
            Ended::Else => self.error(format!("unexpected {{{{else}}}} in {context}")),
        }
    }

    fn add(&mut self, name: Rc<str>, body: Vec<Node>) -> Result<()> {
        let blank = crate::tree::is_blank(&body, self.source);
        if let Some(at) = self.templates.iter().position(|template| template.name == name) {
            if blank {
                return Ok(());
            }
            if !crate::tree::is_blank(&self.templates[at].body, self.source) {
                return self.error(format!("template: multiple definition of template {}", quote(&name)));
            }
            self.templates.remove(at);
        }
        self.templates.push(Template { name, source: Rc::clone(self.source), body });
        Ok(())
    }

    /// Nodes up to an end or an else.
    fn list(&mut self) -> Result<(Vec<Node>, Ended)> {
        let mut nodes = Vec::new();
        while self.peek_not_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Ok(node) => nodes.push(node),
                Err(ended) => return Ok((nodes, ended)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Result<Node, Ended>> {
        let token = self.next_not_space();
        match token.kind {
            Kind::Text => Ok(Ok(Node::Text(token.at, token.at + token.text.len()))),
            Kind::LeftDelim => {
                self.action_line = Some(token.line);
                let node = self.action();
                if node.is_ok() {
                    self.action_line = None;
                }
                node
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Result<Result<Node, Ended>> {
        let token = self.next_not_space();
        let node = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break => self.jump("{{break}}", Node::Break)?,
            Kind::Continue => self.jump("{{continue}}", Node::Continue)?,
            Kind::Else => {
                // "else if" and "else with" are read as an else and then an if of its own.
                if !matches!(self.peek_not_space().kind, Kind::If | Kind::With) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Err(Ended::Else));
            }
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Err(Ended::End));
            }
            Kind::If => Node::If(self.branch("if")?),
            Kind::Range => Node::Range(self.branch("range")?),
            Kind::With => Node::With(self.branch("with")?),
            Kind::Template => self.template()?,
            _ => {
                self.back(token);
                Node::Action(self.pipeline("command", Kind::RightDelim)?)
            }
        };
        Ok(Ok(node))
    }

    fn jump(&mut self, name: &str, node: Node) -> Result<Node> {
        let token = self.next_not_space();
        if token.kind != Kind::RightDelim {
            return self.unexpected(&token, name);
        }
        if self.ranges == 0 {
            return self.error(format!("{name} outside {{{{range}}}}"));
        }
        Ok(node)
    }

    fn branch(&mut self, context: &str) -> Result<Branch> {
        self.deeper(|parser| {
            let scope = parser.variables.len();
            let pipe = parser.pipeline(context, Kind::RightDelim)?;
            let in_range = usize::from(context == "range");
            parser.ranges += in_range;
            let (body, ended) = parser.list()?;
            parser.ranges -= in_range;
            let otherwise = match ended {
                Ended::End => None,
                Ended::Else => Some(parser.otherwise(context)?),
            };
            parser.variables.truncate(scope);
            Ok(Branch { pipe, body, otherwise })
        })
    }

    fn otherwise(&mut self, context: &str) -> Result<Vec<Node>> {
        let next = self.peek().kind;
        if context == "if" && next == Kind::If {
            self.next();
            return Ok(vec![Node::If(self.branch("if")?)]);
        }
        if context == "with" && next == Kind::With {
            self.next();
            return Ok(vec![Node::With(self.branch("with")?)]);
        }
        match self.list()? {
            (nodes, Ended::End) => Ok(nodes),
            (_, Ended::Else) => self.error("expected end; found {{else}}"),
        }
    }

    fn block(&mut self) -> Result<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_not_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let body = self.scope_of_its_own(CONTEXT)?;
        self.add(Rc::clone(&name), body)?;
        Ok(Node::Template { at: token.at, name, pipe: Some(pipe) })
    }

    fn template(&mut self) -> Result<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_not_space();
        let name = self.template_name(&token, CONTEXT)?;
        let next = self.next_not_space();
        let pipe = if next.kind == Kind::RightDelim {
            None
        } else {
            self.back(next);
            Some(self.pipeline(CONTEXT, Kind::RightDelim)?)
        };
        Ok(Node::Template { at: token.at, name, pipe })
    }

    fn template_name(&self, token: &Token<'_>, context: &str) -> Result<Rc<str>> {
        match token.kind {
            Kind::String | Kind::RawString => self.literal(&token.text),
            _ => self.unexpected(token, context),
        }
    }

    fn literal(&self, text: &str) -> Result<Rc<str>> {
        match unquote(text) {
            Some(text) => Ok(text.into()),
            None => self.error("invalid syntax"),
        }
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe> {
        let at = self.peek_not_space().at;
        let mut pipe = Pipe { at, variables: Vec::new(), assigns: false, commands: Vec::new() };
        while self.peek_not_space().kind == Kind::Variable {
            let variable = self.next_not_space();
            let after = self.next();
            let next = if after.kind == Kind::Space { self.next_not_space() } else { after.clone() };
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    pipe.assigns = next.kind == Kind::Assign;
                    self.declare(&mut pipe, &variable);
                    break;
                }
                Kind::Char if next.text == "," => {
                    self.declare(&mut pipe, &variable);
                    if context != "range" || pipe.variables.len() >= 2 {
                        return self.error(format!("too many declarations in {context}"));
                    }
                    if !matches!(
                        self.peek_not_space().kind,
                        Kind::Variable | Kind::RightDelim | Kind::RightParen
                    ) {
                        return self.error("range can only initialize variables");
                    }
                }
                _ => {
                    self.back(next);
                    if after.kind == Kind::Space {
                        self.back(after);
                    }
                    self.back(variable);
                    break;
                }
            }
        }
        loop {
            let token = self.next_not_space();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.back(token);
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        self.check(&pipe, context)?;
        Ok(pipe)
    }

    fn declare(&mut self, pipe: &mut Pipe, variable: &Token<'_>) {
        let name: Rc<str> = (&*variable.text).into();
        self.variables.push(Rc::clone(&name));
        pipe.variables.push(name);
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Result<()> {
        if pipe.commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (position, command) in pipe.commands.iter().enumerate().skip(1) {
            if matches!(
                command.arguments[0].term,
                Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(..) | Term::Text(..)
            ) {
                return self.error(format!("non executable command in pipeline stage {}", position + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command> {
        let at = self.peek_not_space().at;
        let mut arguments = Vec::new();
        loop {
            self.peek_not_space();
            arguments.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.back(token),
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if arguments.is_empty() {
            return self.error("empty command");
        }
        Ok(Command { at, arguments })
    }

    /// A term with the fields that follow it.
    fn operand(&mut self) -> Result<Option<Operand>> {
        let Some(mut operand) = self.term()? else { return Ok(None) };
        if self.peek().kind != Kind::Field {
            return Ok(Some(operand));
        }
        let at = self.peek().at;
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            fields.push(Rc::from(&self.next().text[1..]));
        }
        match &mut operand.term {
            Term::Field(names) | Term::Variable(_, names) => {
                names.extend(fields);
                operand.at = at;
            }
            Term::Bool(_) | Term::Text(..) | Term::Number(..) | Term::Nil | Term::Dot => {
                return self.error(format!("unexpected . after term {}", quote(&operand.to_string())));
            }
            _ => operand = Operand { at, term: Term::Chain(Box::new(operand), fields) },
        }
        Ok(Some(operand))
    }

    fn term(&mut self) -> Result<Option<Operand>> {
        let token = self.next_not_space();
        let term = match token.kind {
            Kind::Identifier if (self.is_function)(&token.text) => Term::Identifier((&*token.text).into()),
            Kind::Identifier => return self.error(format!("function {} not defined", quote(&token.text))),
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Variable if self.variables.iter().any(|name| **name == *token.text) => {
                Term::Variable((&*token.text).into(), Vec::new())
            }
            Kind::Variable => return self.error(format!("undefined variable {}", quote(&token.text))),
            Kind::Field => Term::Field(vec![Rc::from(&token.text[1..])]),
            Kind::Bool => Term::Bool(token.text == "true"),
            Kind::CharConstant => match unquote(&token.text).and_then(|text| text.chars().next()) {
                Some(character) => {
                    Term::Number((&*token.text).into(), Number::Int(u32::from(character).into()))
                }
                None => return self.error(format!("malformed character constant: {}", token.text)),
            },
            Kind::Complex | Kind::Number => match number(&token.text) {
                Ok(number) => Term::Number((&*token.text).into(), number),
                Err(problem) => return self.error(format!("{problem}: {}", quote(&token.text))),
            },
            Kind::String | Kind::RawString => Term::Text((&*token.text).into(), self.literal(&token.text)?),
            Kind::LeftParen => {
                let pipe =
                    self.deeper(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?;
                let at = pipe.at;
                return Ok(Some(Operand { at, term: Term::Pipe(Box::new(pipe)) }));
            }
            _ => {
                self.back(token);
                return Ok(None);
            }
        };
        Ok(Some(Operand { at: token.at, term }))
    }
}

/// A number as Go's parser reads it. Complex numbers are not read.
fn number(text: &str) -> std::result::Result<Number, &'static str> {
    const ILLEGAL: &str = "illegal number syntax";
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = unsigned.to_ascii_lowercase();
    let is_hexadecimal = lower.starts_with("0x");
    let looks_like_float =
        lower.contains('.') || (!is_hexadecimal && lower.contains('e')) || lower.contains('p');
    if looks_like_float {
        let value = if is_hexadecimal {
            hexadecimal_float(&lower[2..])
        } else {
            lower.replace('_', "").parse::<f64>().ok()
        };
        let value = value.filter(|value| value.is_finite()).ok_or(ILLEGAL)?;
        return Ok(Number::Float(if negative { -value } else { value }));
    }
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        // Go reads it as a float at last, and then wonders why it has no point.
        return Err(if lower.bytes().all(|byte| byte.is_ascii_digit()) && !lower.is_empty() {
            "integer overflow"
        } else {
            ILLEGAL
        });
    }
    let magnitude = i128::from_str_radix(&digits, radix).unwrap_or(i128::MAX);
    if magnitude > i128::from(u64::MAX) || (negative && magnitude > 1 << 63) {
        return Err("integer overflow");
    }
    let value = if negative { -magnitude } else { magnitude };
    Ok(i64::try_from(value).map_or(Number::TooLarge, Number::Int))
}

/// `1.8p3` after its `0x`.
fn hexadecimal_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().filter(|digit| *digit != '_') {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let mut place = 1.0 / 16.0;
    for digit in fraction.chars() {
        value += place * f64::from(digit.to_digit(16)?);
        place /= 16.0;
    }
    Some(value * f64::from(exponent).exp2())
}
