//! The checks of texts: length, allowed values, pattern, durations, names, addresses.

use serde_json::Value;

use super::{Checker, matches, near};
use crate::duration::Duration;
use crate::git_url::{GitUrl, GitUrlError};
use crate::image::{self, ImageError};
use crate::kinds::{Field, Format};
use crate::names::{self, NameError};
use crate::path::FieldPath;

/// The most characters of a value that a message shows.
const SHOWN: usize = 60;

impl Checker<'_> {
    pub(super) fn text(&mut self, field: &Field, text: &str, path: &FieldPath) {
        let before = self.violations.len();
        self.length(field, text, path);
        if !field.allowed.is_empty() && !field.allowed.contains(&text) {
            let message =
                format!("{} is not allowed; allowed is {}", self.shown(text, path), any_of(field.allowed));
            let near =
                near::like(text, field.allowed.iter().copied()).map(|near| format!("write \"{near}\""));
            self.report(path, message, near.filter(|_| !self.is_secret(path)));
        }
        // What is already refused is refused once.
        if self.violations.len() > before {
            return;
        }
        match field.format {
            Some(Format::ObjectName) => self.name(path, text, names::subdomain),
            Some(Format::Namespace) => self.name(path, text, names::label),
            Some(Format::GitUrl) => self.git_url(text, path),
            Some(Format::OciUrl) => self.image(image::oci_url(text), "oci://", path),
            Some(Format::Image) => self.image(image::repository(text), "", path),
            None => {}
        }
        if self.violations.len() == before && field.pattern.is_some_and(|pattern| !matches(pattern, text)) {
            let pattern = field.pattern.unwrap_or_default();
            self.report(path, format!("{} does not match {pattern}", self.shown(text, path)), None);
        }
    }

    fn length(&mut self, field: &Field, text: &str, path: &FieldPath) {
        let length = text.chars().count() as u64;
        if let Some(least) = field.min_length.filter(|least| length < *least) {
            let message = if length == 0 {
                "must not be empty".to_owned()
            } else {
                format!("has {length} characters, and at least {least} are needed")
            };
            self.report(path, message, None);
        } else if let Some(most) = field.max_length.filter(|most| length > *most) {
            self.report(path, format!("has {length} characters, and at most {most} are allowed"), None);
        }
    }

    pub(super) fn duration(&mut self, field: &Field, text: &str, path: &FieldPath) {
        let secret = self.is_secret(path);
        match Duration::parse(text) {
            Err(_) if secret => self.report(path, "this is not a duration".to_owned(), None),
            Err(error) => {
                // Days become hours, which a field may not take either.
                let instead = error.instead().and_then(|text| Duration::parse(text).ok());
                let remedy = match instead {
                    Some(duration) if !field.takes_hours() => {
                        format!("write \"{}\"", duration.without_hours())
                    }
                    _ => error.remedy(),
                };
                self.report(path, error.to_string(), Some(remedy));
            }
            Ok(duration) if !field.takes_hours() && text.contains('h') => {
                let remedy = (!secret).then(|| format!("write \"{}\"", duration.without_hours()));
                self.report(path, "hours are not allowed here".to_owned(), remedy);
            }
            Ok(_) => {}
        }
    }

    pub(super) fn name(&mut self, path: &FieldPath, name: &str, check: fn(&str) -> Result<(), NameError>) {
        if self.manifest.is_unknown(path) {
            return;
        }
        let Err(error) = check(name) else { return };
        if self.is_secret(path) {
            return self.report(path, "this is not a name".to_owned(), None);
        }
        let remedy =
            names::suggestion(name).map_or_else(|| error.remedy(), |near| format!("write \"{near}\""));
        self.report(path, error.to_string(), Some(remedy));
    }

    fn git_url(&mut self, text: &str, path: &FieldPath) {
        let Err(error) = GitUrl::parse(text) else { return };
        if self.is_secret(path) {
            return self.report(path, "this is not an address that Flux accepts".to_owned(), None);
        }
        let remedy = match (&error, self.spelling) {
            (GitUrlError::Password, super::Spelling::Hcl) => {
                error.remedy().replace("secretRef", "secret_ref")
            }
            _ => error.remedy(),
        };
        self.report(path, error.to_string(), Some(remedy));
    }

    fn image(&mut self, checked: Result<(), ImageError>, before: &str, path: &FieldPath) {
        match checked {
            Ok(()) => {}
            Err(_) if self.is_secret(path) => {
                self.report(path, "this is not the repository of an image".to_owned(), None);
            }
            Err(error) => self.report(path, error.to_string(), error.remedy(before)),
        }
    }

    /// A value as a message shows it: in quotes, not too long, and not at all if it may be a secret.
    fn shown(&self, text: &str, path: &FieldPath) -> String {
        // An address with a user, or anything that may be one.
        if self.is_secret(path) || (text.contains(':') && text.contains('@')) {
            return "the value".to_owned();
        }
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Value::from(shown).to_string()
    }
}

/// The values as a sentence lists them: `"a", "b" or "c"`.
pub(super) fn any_of(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}
