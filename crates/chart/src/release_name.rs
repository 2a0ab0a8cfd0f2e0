//! Names of releases.

/// How long the name of a release may be, in bytes.
pub const MAX_LENGTH: usize = 53;

/// Whether Helm takes a name for a release: lower-case words with hyphens, joined by dots, at most [`MAX_LENGTH`] bytes.
pub fn is_valid(name: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !word.starts_with('-')
            && !word.ends_with('-')
    };
    name.len() <= MAX_LENGTH && name.split('.').all(word)
}
