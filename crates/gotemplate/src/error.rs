//! What went wrong in a template, and where.

use std::fmt;

/// Why a template could not be parsed or run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// When it happened.
    pub stage: Stage,
    /// The text in which it happened, as it was named when it was parsed: a file. Empty where the error only introduces its cause.
    pub template: String,
    /// The template that was running: the file, or a `define` in it. Empty for parse errors.
    pub executing: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 0 as Go counts; `None` for parse errors, where Go does not say.
    pub column: Option<usize>,
    /// The piece of the template that was being worked on, as Go prints it between `<` and `>`; empty for parse errors.
    pub context: String,
    /// Go's words for it.
    pub message: String,
    /// Whether the message comes from `fail` or `required`: words of the chart's author for the user.
    pub by_author: bool,
    /// The error of the template that this one ran (`include`, `tpl`, `template`), innermost last.
    pub cause: Option<Box<Error>>,
}

/// When an error happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before anything ran.
    Parse,
    /// While running.
    Execute,
}

impl Error {
    /// The error from which the others follow: the one of the innermost template.
    pub fn root(&self) -> &Error {
        self.cause.as_deref().map_or(self, Error::root)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.template.is_empty() {
            write!(f, "template: {}:{}", self.template, self.line)?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
            f.write_str(": ")?;
            if self.stage == Stage::Execute {
                write!(f, "executing {} at <{}>: ", go::quote::quote(&self.executing), self.context)?;
            }
        }
        f.write_str(&self.message)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// There is no template of that name in the set.
pub(crate) fn missing(name: &str) -> Error {
    Error {
        stage: Stage::Execute,
        template: String::new(),
        executing: String::new(),
        line: 0,
        column: None,
        context: String::new(),
        message: format!(
            "template: no template {} associated with template \"gotpl\"",
            go::quote::quote(name)
        ),
        by_author: false,
        cause: None,
    }
}
