//! Errors of templates, with the lines in which they happened.

use std::fmt;

use gotemplate::error::{Error, Stage};

use crate::file::File;

/// Why a template does not parse, or why it failed. Its text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The places from the outside in: the file that was rendered, then what it included, last where it happened.
    pub places: Vec<Place>,
    /// What happened there.
    pub message: String,
    /// Whether the message comes from `fail` or `required`: words of the chart's author for the user.
    pub by_author: bool,
    /// The error as the engine gave it.
    pub error: Error,
}

/// A place in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, by its full path: `flux2/templates/source-controller.yaml`; `gotpl` for a text that `tpl` ran.
    pub template: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 0; `None` for parse errors.
    pub column: Option<usize>,
    /// The line as it stands in the file; `None` for a text that `tpl` ran.
    pub source_line: Option<String>,
}

impl TemplateError {
    pub(crate) fn new<'f>(error: Error, file: impl Fn(&str) -> Option<&'f File>) -> TemplateError {
        let mut places = Vec::new();
        let mut next = Some(&error);
        while let Some(current) = next {
            if !current.template.is_empty() {
                let source_line = file(&current.template).and_then(|file| {
                    let line = file.data.split(|byte| *byte == b'\n').nth(current.line.checked_sub(1)?)?;
                    Some(String::from_utf8_lossy(line).trim_end_matches('\r').to_owned())
                });
                places.push(Place {
                    template: current.template.clone(),
                    line: current.line,
                    column: current.column,
                    source_line,
                });
            }
            next = current.cause.as_deref();
        }
        let root = error.root();
        TemplateError { places, message: root.message.clone(), by_author: root.by_author, error }
    }

    /// Where it happened: the innermost place.
    pub fn place(&self) -> Option<&Place> {
        self.places.last()
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outermost = self.places.first().map(ToString::to_string).unwrap_or_default();
        if self.error.stage == Stage::Parse && self.error.cause.is_none() {
            return write!(f, "parse error at ({outermost}): {}", self.message);
        }
        if self.by_author {
            let words = self.message.strip_prefix("error calling required: ");
            let words = words.or_else(|| self.message.strip_prefix("error calling fail: "));
            return write!(f, "execution error at ({outermost}): {}", words.unwrap_or(&self.message));
        }
        if !told_in_lines(&self.error) {
            return write!(f, "{}", self.error);
        }
        let mut text = String::new();
        let mut next = Some(&self.error);
        while let Some(current) = next {
            if current.template.is_empty() {
                text.push_str(&format!("{}\n", current.message));
            } else {
                let place = Place::of(current);
                let executing = go::quote::quote(&current.executing);
                let message = match current.cause {
                    Some(_) => format!("{}:", current.message),
                    None => current.message.clone(),
                };
                text.push_str(&format!(
                    "{place}\n  executing {executing} at <{}>:\n    {message}\n",
                    current.context
                ));
            }
            next = current.cause.as_deref();
        }
        f.write_str(text.trim())
    }
}

impl std::error::Error for TemplateError {}

/// Whether Helm tells a chain of errors line by line: not where a function was at fault, nor where `tpl` is part of it.
fn told_in_lines(error: &Error) -> bool {
    let lines = match (&error.cause, error.template.is_empty()) {
        (_, true) => error.message.starts_with("template: no template "),
        (None, false) => !error.message.starts_with("error calling "),
        (Some(_), false) => true,
    };
    lines && error.cause.as_deref().is_none_or(told_in_lines)
}

impl Place {
    fn of(error: &Error) -> Place {
        Place { template: error.template.clone(), line: error.line, column: error.column, source_line: None }
    }
}

/// `file:line:column`, as Go writes it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.template, self.line)?;
        match self.column {
            Some(column) => write!(f, ":{column}"),
            None => Ok(()),
        }
    }
}
