//! The line in which a render went wrong, with a mark under the column.

use std::fmt;

use crate::{output, render::Error};

/// A line of a template, or of what it wrote where that is no YAML. Its text draws it:
///
/// ```text
///   3 |   name: {{ .Values.name | nope }}
///     |                           ^
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line's number, from 1.
    pub number: usize,
    /// The line as it stands.
    pub line: String,
    /// The column in characters, from 0; `None` where none is known.
    pub column: Option<usize>,
}

impl Excerpt {
    /// The excerpt of an error; `None` for one that is at no line.
    pub(crate) fn of(error: &Error) -> Option<Excerpt> {
        match error {
            Error::Template(error) => {
                let place = error.place()?;
                let line = place.source_line.clone()?;
                // Columns of Go count bytes.
                let column = place
                    .column
                    .map(|column| line.char_indices().take_while(|(position, _)| *position < column).count());
                Some(Excerpt { number: place.line, line, column })
            }
            Error::Output(output::Error::Yaml { content, source, .. }) => {
                let number = source.line.unwrap_or(1);
                let line = content.lines().nth(number.checked_sub(1)?)?.to_owned();
                Some(Excerpt { number, line, column: None })
            }
            _ => None,
        }
    }

    /// The same with another text in the line's place, such as one without secrets; the mark stays only where the line does.
    #[must_use]
    pub fn with(self, change: impl FnOnce(&str) -> String) -> Excerpt {
        let line = change(&self.line);
        let column = self.column.filter(|_| line == self.line);
        Excerpt { number: self.number, line, column }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {} | {}", self.number, self.line)?;
        if let Some(column) = self.column {
            // Tabs stay tabs, so that the mark stands where the eye expects it.
            let blank = |character| if character == '\t' { '\t' } else { ' ' };
            let before: String = self.line.chars().take(column).map(blank).collect();
            write!(f, "\n  {} | {before}^", " ".repeat(self.number.to_string().len()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_the_column() {
        let excerpt = Excerpt { number: 12, line: "\tä: {{ x }}".to_owned(), column: Some(4) };
        assert_eq!(excerpt.to_string(), "  12 | \tä: {{ x }}\n     | \t   ^");
        let scrubbed = excerpt.with(|line| line.replace('ä', "***"));
        assert_eq!(scrubbed.to_string(), "  12 | \t***: {{ x }}");
    }
}
