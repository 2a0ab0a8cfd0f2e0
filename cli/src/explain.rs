//! Errors in words for people, on standard error.

use std::{error::Error, io::Write};

use owo_colors::OwoColorize;

/// Says what went wrong, with its causes, and what to do. Where standard error is closed, there is nobody to tell.
pub fn tell(error: &dyn Error, remedy: &str) {
    let text = sentence(error);
    let mut stderr = anstream::stderr();
    let _ = writeln!(stderr, "{} {text}", "error:".red().bold());
    if !remedy.is_empty() {
        let _ = writeln!(stderr, "  {remedy}");
    }
}

/// Says what is worth knowing though it stops nothing.
pub fn warn(text: &str) {
    let _ = writeln!(anstream::stderr(), "{} {text}", "warning:".yellow().bold());
}

/// An error with its causes; a cause that the text before it ends with is not said twice.
pub fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}
