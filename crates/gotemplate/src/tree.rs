//! A template, parsed. How a node prints is how Go's errors show it.

use std::fmt;
use std::rc::Rc;

/// One template: a file, or a `define` in one.
#[derive(Debug)]
pub(crate) struct Template {
    pub name: Rc<str>,
    /// The text in which it stands, which may hold other templates as well.
    pub source: Rc<Source>,
    pub body: Vec<Node>,
}

/// A text that was parsed.
pub(crate) struct Source {
    /// The name under which it was parsed.
    pub name: Rc<str>,
    pub text: Box<str>,
}

/// Name and size only.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {} bytes)", self.name, self.text.len())
    }
}

#[derive(Debug)]
pub(crate) enum Node {
    /// From and to, in bytes of the source.
    Text(usize, usize),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template {
        at: usize,
        name: Rc<str>,
        pipe: Option<Pipe>,
    },
    Break,
    Continue,
}

#[derive(Debug)]
pub(crate) struct Branch {
    pub pipe: Pipe,
    pub body: Vec<Node>,
    pub otherwise: Option<Vec<Node>>,
}

#[derive(Debug)]
pub(crate) struct Pipe {
    pub at: usize,
    /// The variables that take its value, with their `$`.
    pub variables: Vec<Rc<str>>,
    /// Whether they are set, not declared.
    pub assigns: bool,
    pub commands: Vec<Command>,
}

#[derive(Debug)]
pub(crate) struct Command {
    pub at: usize,
    /// At least one.
    pub arguments: Vec<Operand>,
}

#[derive(Debug)]
pub(crate) struct Operand {
    pub at: usize,
    pub term: Term,
}

#[derive(Debug)]
pub(crate) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Number(Rc<str>, Number),
    /// As it is written, and what it says.
    Text(Rc<str>, Rc<str>),
    Field(Vec<Rc<str>>),
    Variable(Rc<str>, Vec<Rc<str>>),
    Identifier(Rc<str>),
    Pipe(Box<Pipe>),
    Chain(Box<Operand>, Vec<Rc<str>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
    /// An integer that no `int` holds.
    TooLarge,
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, variable) in self.variables.iter().enumerate() {
            f.write_str(if position > 0 { ", " } else { "" })?;
            f.write_str(variable)?;
        }
        if !self.variables.is_empty() {
            f.write_str(if self.assigns { " = " } else { " := " })?;
        }
        for (position, command) in self.commands.iter().enumerate() {
            f.write_str(if position > 0 { " | " } else { "" })?;
            command.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, argument) in self.arguments.iter().enumerate() {
            f.write_str(if position > 0 { " " } else { "" })?;
            match &argument.term {
                Term::Pipe(pipe) => write!(f, "({pipe})")?,
                _ => argument.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = |f: &mut fmt::Formatter<'_>, fields: &[Rc<str>]| {
            fields.iter().try_for_each(|field| write!(f, ".{field}"))
        };
        match &self.term {
            Term::Dot => f.write_str("."),
            Term::Nil => f.write_str("nil"),
            Term::Bool(value) => value.fmt(f),
            Term::Number(text, _) | Term::Text(text, _) | Term::Identifier(text) => f.write_str(text),
            Term::Field(names) => fields(f, names),
            Term::Variable(name, names) => {
                f.write_str(name)?;
                fields(f, names)
            }
            Term::Pipe(pipe) => pipe.fmt(f),
            Term::Chain(inner, names) => {
                match &inner.term {
                    Term::Pipe(pipe) => write!(f, "({pipe})")?,
                    _ => inner.fmt(f)?,
                }
                fields(f, names)
            }
        }
    }
}

/// Whether a body holds nothing but space: a `define` like that never replaces another.
pub(crate) fn is_blank(body: &[Node], source: &Source) -> bool {
    body.iter().all(|node| match node {
        Node::Text(from, to) => source.text[*from..*to].trim().is_empty(),
        _ => false,
    })
}
