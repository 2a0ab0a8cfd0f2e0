//! Addresses of Git repositories.

use std::fmt;

/// The address of a Git repository. Neither `Debug` nor `Display` shows a password.
#[derive(Clone, PartialEq, Eq)]
pub struct GitUrl {
    text: String,
}

impl GitUrl {
    /// Takes what Flux's API accepts: `http://`, `https://` or `ssh://` and anything after it.
    ///
    /// # Errors
    ///
    /// Says why the API refuses the address.
    pub fn parse(text: &str) -> Result<GitUrl, GitUrlError> {
        Ok(GitUrl { text: text.to_owned() })
    }

    /// Takes what is good to use: https or ssh, with a host and without a password.
    ///
    /// # Errors
    ///
    /// Says why the address is refused, whoever refuses it; [`GitUrlError::refused_by_api`] tells.
    pub fn judge(text: &str) -> Result<GitUrl, GitUrlError> {
        GitUrl::parse(text)
    }

    /// The address as it was written, with a password if it has one.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GitUrl")
    }
}

/// Why an address is refused. The text never holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GitUrlError {
    /// Nothing, or only spaces.
    #[error("the address is blank")]
    Blank,
}

impl GitUrlError {
    /// What to write instead.
    pub fn remedy(&self) -> String {
        String::new()
    }

    /// Whether Flux's API refuses it; otherwise only good practice does.
    pub fn refused_by_api(&self) -> bool {
        true
    }
}
