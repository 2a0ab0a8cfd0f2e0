//! Names as Kubernetes accepts them (RFC 1123, as `k8s.io/apimachinery` checks them).

/// The most characters of a label, which is what a namespace is called by.
pub const LABEL_LENGTH: usize = 63;

/// The most characters of a subdomain, which is what most objects are called by.
pub const SUBDOMAIN_LENGTH: usize = 253;

/// Checks a DNS-1123 label: lower-case letters, digits and `-`, a letter or digit at both ends, at most 63.
///
/// # Errors
///
/// Says what is wrong with the name.
pub fn label(name: &str) -> Result<(), NameError> {
    plain(name, LABEL_LENGTH)?;
    part(name, true)
}

/// Checks a DNS-1123 subdomain: labels with dots between them, at most 253 characters.
///
/// # Errors
///
/// Says what is wrong with the name.
pub fn subdomain(name: &str) -> Result<(), NameError> {
    plain(name, SUBDOMAIN_LENGTH)?;
    if name.split('.').any(str::is_empty) {
        return Err(NameError::EmptyPart);
    }
    name.split('.').try_for_each(|label| part(label, false))
}

/// Checks the key of a label or an annotation: a name of at most 63 characters, or `subdomain/name`.
///
/// # Errors
///
/// Says what is wrong with the key.
pub fn metadata_key(key: &str) -> Result<(), NameError> {
    let name = match key.split_once('/') {
        None => key,
        Some((prefix, name)) => {
            subdomain(prefix)?;
            name
        }
    };
    plain(name, LABEL_LENGTH)?;
    word(name)
}

/// Checks the value of a label: empty, or letters, digits, `-`, `_` and `.`, at most 63.
///
/// # Errors
///
/// Says what is wrong with the value.
pub fn label_value(value: &str) -> Result<(), NameError> {
    if value.is_empty() {
        return Ok(());
    }
    plain(value, LABEL_LENGTH)?;
    word(value)
}

/// What is wrong with a name; the whole name is never in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or only spaces.
    #[error("a name cannot be blank")]
    Blank,
    /// Spaces before or after the name.
    #[error("the name has spaces around it")]
    SpacesAround,
    /// More characters than allowed.
    #[error("the name has {length} characters, and at most {most} are allowed")]
    TooLong {
        /// How many it has.
        length: usize,
        /// How many it may have.
        most: usize,
    },
    /// A character that is not allowed.
    #[error("the character {character:?} is not allowed in this name")]
    Character {
        /// The first such character.
        character: char,
        /// Whether dots are not allowed either.
        label: bool,
    },
    /// A character that is not allowed in a metadata key or a label's value.
    #[error("the character {character:?} is not allowed here")]
    Word {
        /// The first such character.
        character: char,
    },
    /// A sign at the beginning or the end.
    #[error("a name begins and ends with a letter or a digit")]
    Edge,
    /// Two dots in a row, or a dot at an end.
    #[error("a name has something before, between and after its dots")]
    EmptyPart,
}

impl NameError {
    /// What to write instead, in words.
    pub fn remedy(&self) -> String {
        match self {
            NameError::Blank => "write a name, such as \"flux-system\"".to_owned(),
            NameError::SpacesAround => "remove the spaces".to_owned(),
            NameError::TooLong { most, .. } => format!("write at most {most} characters"),
            NameError::Character { label: true, .. } => "use lower-case letters, digits and -".to_owned(),
            NameError::Character { label: false, .. } => "use lower-case letters, digits, - and .".to_owned(),
            NameError::Word { .. } => "use letters, digits, -, _ and .".to_owned(),
            NameError::Edge => "remove the sign at the beginning or the end".to_owned(),
            NameError::EmptyPart => "remove the dot that has nothing beside it".to_owned(),
        }
    }
}

/// What the name was probably meant to be: `Bad_Name` is `bad-name`.
///
/// None where nothing near is a DNS-1123 label.
pub fn suggestion(name: &str) -> Option<String> {
    let near: String = name
        .trim()
        .chars()
        .map(|c| if c == '_' || c.is_whitespace() { '-' } else { c.to_ascii_lowercase() })
        .collect();
    let near = near.trim_matches('-').to_owned();
    (near != name && label(&near).is_ok()).then_some(near)
}

/// What is asked of every name, before its characters are looked at.
fn plain(name: &str, most: usize) -> Result<(), NameError> {
    if name.trim().is_empty() {
        return Err(NameError::Blank);
    }
    if name.trim() != name {
        return Err(NameError::SpacesAround);
    }
    let length = name.chars().count();
    if length > most { Err(NameError::TooLong { length, most }) } else { Ok(()) }
}

/// Checks the characters of one label.
fn part(text: &str, label: bool) -> Result<(), NameError> {
    let allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-';
    match text.chars().find(|c| !allowed(c)) {
        Some(character) => Err(NameError::Character { character, label }),
        None if text.starts_with('-') || text.ends_with('-') => Err(NameError::Edge),
        None => Ok(()),
    }
}

/// Checks the characters of a metadata key's name or a label's value.
fn word(text: &str) -> Result<(), NameError> {
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(c))) {
        Some(character) => Err(NameError::Word { character }),
        None if text.starts_with(['-', '_', '.']) || text.ends_with(['-', '_', '.']) => Err(NameError::Edge),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_names_of_namespaces() {
        for name in ["flux-system", "a", "1", "a-1", &"a".repeat(63)] {
            assert_eq!(label(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn accepts_names_of_objects() {
        for name in ["app", "a.b", "1.2.3", &["a"; 127].join(".")] {
            assert_eq!(subdomain(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn accepts_labels_and_annotations() {
        for key in ["app", "app.kubernetes.io/name", "a_B.c", "kustomize.toolkit.fluxcd.io/prune"] {
            assert_eq!(metadata_key(key), Ok(()), "{key}");
        }
        for value in ["", "v1.2.3", "A_b-c"] {
            assert_eq!(label_value(value), Ok(()), "{value}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_name() {
        let mut lines = String::new();
        let long = "a".repeat(64);
        for name in [
            "",
            " ",
            " flux",
            "flux ",
            "Flux",
            "flux_system",
            "-a",
            "a-",
            "a.b",
            &long,
            "größe",
            "a b",
            "a\nb",
        ] {
            let error = label(name).unwrap_err();
            let instead = suggestion(name).map(|name| format!(" ({name:?})")).unwrap_or_default();
            lines.push_str(&format!("label {name:?}: {error}; {}{instead}\n", error.remedy()));
        }
        for name in ["", "a..b", ".a", "a.", "a.-b", "Bad_Name", "a/b"] {
            let error = subdomain(name).unwrap_err();
            lines.push_str(&format!("subdomain {name:?}: {error}; {}\n", error.remedy()));
        }
        for key in ["", "/a", "a/", "a/b/c", "A.b/c", "a b", &long] {
            let error = metadata_key(key).unwrap_err();
            lines.push_str(&format!("key {key:?}: {error}; {}\n", error.remedy()));
        }
        for value in ["-a", "a:b", " ", &long] {
            let error = label_value(value).unwrap_err();
            lines.push_str(&format!("value {value:?}: {error}; {}\n", error.remedy()));
        }
        insta::assert_snapshot!("names_refused", lines);
    }
}
