//! Addresses: which ones are taken, and how they are shown.

use std::fmt;

use url::Url;

use crate::Error;

/// An address as people may see it: without user, password and fragment, its query hidden.
///
/// Archives often lie behind signed addresses, whose query is a credential.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Hides what must not be shown of a URL.
    ///
    /// ```
    /// let url = "https://ada:secret@example.com/app-1.0.0.tgz?sig=abc".parse().unwrap();
    /// assert_eq!(remote::Address::of(&url).to_string(), "https://example.com/app-1.0.0.tgz?***");
    /// ```
    pub fn of(url: &Url) -> Self {
        let mut shown = url.clone();
        // These fail for addresses without a host only, which have neither.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.set_fragment(None);
        if shown.query().is_some() {
            shown.set_query(Some("***"));
        }
        Self(shown.into())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is meant as an address, not as a name or a path.
pub(crate) fn is_address(text: &str) -> bool {
    text.contains("://")
}

/// Reads an address that somebody configured.
pub(crate) fn parse(text: &str) -> Result<Url, Error> {
    refuse_oci(text)?;
    // What cannot be parsed is not quoted: a password may be in it.
    let wrong = |why| Error::Address { why };
    let url = Url::parse(text.trim()).map_err(|_| wrong("it is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it holds a user or a password"));
    }
    require_https(&url, None)?;
    match url.host_str() {
        Some(host) if !host.is_empty() => Ok(url),
        _ => Err(wrong("it has no host")),
    }
}

/// Refuses what is not HTTPS; `from` named the address.
pub(crate) fn require_https(url: &Url, from: Option<&Url>) -> Result<(), Error> {
    match url.scheme() {
        "https" => Ok(()),
        "http" => Err(Error::PlainHttp { url: Address::of(url), from: from.map(Address::of) }),
        "oci" => Err(Error::Oci { address: Address::of(url).to_string() }),
        _ => Err(Error::Address { why: "it does not begin with https://" }),
    }
}

pub(crate) fn refuse_oci(text: &str) -> Result<(), Error> {
    let text = text.trim();
    match text.get(..6) {
        Some(scheme) if scheme.eq_ignore_ascii_case("oci://") => {
            let address = Url::parse(text).map_or_else(|_| "oci://".to_owned(), |url| Address::of(&url).0);
            Err(Error::Oci { address })
        }
        _ => Ok(()),
    }
}

/// Whether two addresses are served by the same server: scheme, host and port.
pub(crate) fn same_server(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}
