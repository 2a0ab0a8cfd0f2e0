//! Addresses of Git repositories: what Flux's API accepts, and what is good to use.
//!
//! The API accepts `http://`, `https://` and `ssh://` with anything after it (the pattern of the CRD). That
//! lets through what cannot work, or should not be used: no host, a password in the address, plain http.
//! [`GitUrl::parse`] says what the API says; [`GitUrl::judge`] is the stricter verdict that input checks,
//! policies and plans share.

use std::fmt;

use url::Url;

/// The address of a Git repository. `Debug` and `Display` show no user and no password.
///
/// ```
/// use flux::git_url::{GitUrl, GitUrlError};
///
/// assert!(GitUrl::judge("https://github.com/acme/app").is_ok());
/// assert_eq!(
///     GitUrl::parse("git@github.com:acme/app.git").unwrap_err(),
///     GitUrlError::ScpForm { ssh: Some("ssh://git@github.com/acme/app.git".to_owned()) },
/// );
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GitUrl {
    text: String,
    scheme: Scheme,
}

/// How Flux reaches a Git server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http://`: neither secret nor safe from changes on the way.
    Http,
    /// `https://`.
    Https,
    /// `ssh://`.
    Ssh,
}

impl GitUrl {
    /// Takes what Flux's API accepts.
    ///
    /// # Errors
    ///
    /// Says why the API refuses the address.
    pub fn parse(text: &str) -> Result<GitUrl, GitUrlError> {
        match api_accepts(text) {
            Some(scheme) => Ok(GitUrl { text: text.to_owned(), scheme }),
            None => Err(refusal(text)),
        }
    }

    /// Takes what is good to use: https or ssh, with a host and without a password.
    ///
    /// # Errors
    ///
    /// Says why the address is refused; [`GitUrlError::refused_by_api`] says by whom.
    pub fn judge(text: &str) -> Result<GitUrl, GitUrlError> {
        let url = GitUrl::parse(text)?;
        match url.concern() {
            Some(error) => Err(error),
            None => Ok(url),
        }
    }

    /// What speaks against an address that the API accepts.
    pub fn concern(&self) -> Option<GitUrlError> {
        let text = self.text.as_str();
        if text.trim() != text {
            return Some(GitUrlError::Spaces);
        }
        let authority = Authority::of(after_scheme(text)?);
        if authority.has_password() {
            return Some(GitUrlError::Password);
        }
        if self.scheme == Scheme::Http {
            return Some(GitUrlError::Http);
        }
        if authority.host.is_empty() {
            return Some(GitUrlError::NoHost);
        }
        if !authority.port_is_number() {
            return Some(GitUrlError::Port { instead: authority.path_after_colon(self.scheme) });
        }
        match Url::parse(text) {
            Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => None,
            _ => Some(GitUrlError::Unreadable),
        }
    }

    /// How Flux reaches the server.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, without user and port; empty where there is none.
    pub fn host(&self) -> &str {
        after_scheme(&self.text).map_or("", |rest| Authority::of(rest).host)
    }

    /// The address as it was written, with a password if it has one.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Scheme {
    /// The scheme as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Ssh => "ssh",
        }
    }
}

impl fmt::Display for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = after_scheme(&self.text).unwrap_or_default();
        // What stands before the last `@` may be secret, wherever a stray slash put it; so may a query.
        let rest = rest.rsplit_once('@').map_or(rest, |(_, shown)| shown);
        let shown = rest.split(['?', '#']).next().unwrap_or_default();
        write!(f, "{}://{shown}", self.scheme.as_str())
    }
}

impl fmt::Debug for GitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitUrl({self})")
    }
}

/// Why an address is refused. Neither the text nor `Debug` ever holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GitUrlError {
    /// Nothing, or only spaces.
    #[error("the address of a Git repository cannot be blank")]
    Blank,
    /// Spaces before or after it.
    #[error("the address has spaces around it")]
    Spaces,
    /// `git@host:path`, which git understands and Flux's API does not.
    #[error("Flux does not accept the form user@host:path that git and scp use")]
    ScpForm {
        /// The same address as Flux accepts it, where it can be told.
        ssh: Option<String>,
    },
    /// `file://…`
    #[error("Flux runs in the cluster and cannot see local files")]
    File,
    /// `http://…`
    #[error("plain http is neither secret nor safe from changes on the way")]
    Http,
    /// `git://…`
    #[error("Flux does not speak the git:// protocol, which is not safe from changes on the way")]
    Git,
    /// `ftp://…`
    #[error("Flux does not fetch over ftp")]
    Ftp,
    /// A scheme that would do in lower case.
    #[error("the scheme must be written in lower case")]
    UpperCaseScheme {
        /// The scheme to write.
        scheme: &'static str,
    },
    /// Some other scheme.
    #[error("Flux does not fetch over {scheme:?}")]
    Scheme {
        /// The scheme as it was written.
        scheme: String,
    },
    /// No scheme at all.
    #[error("the address has no scheme")]
    NoScheme,
    /// `https://` and no host.
    #[error("the address names no host")]
    NoHost,
    /// A password in the address, where everyone who reads the object can read it.
    #[error("the address holds a password, which everyone who may read the object can read")]
    Password,
    /// Something else than a number after the host's colon, as in `ssh://git@host:path`.
    #[error("what follows the colon after the host is not a port")]
    Port {
        /// The address with a slash there, where that is what was meant.
        instead: Option<String>,
    },
    /// Anything else that no Git client could read.
    #[error("this is not an address")]
    Unreadable,
}

impl GitUrlError {
    /// What to write instead, in words.
    pub fn remedy(&self) -> String {
        match self {
            GitUrlError::Spaces => "remove the spaces".to_owned(),
            GitUrlError::ScpForm { ssh: Some(instead) } | GitUrlError::Port { instead: Some(instead) } => {
                format!("write \"{instead}\"")
            }
            GitUrlError::ScpForm { ssh: None } => "write ssh://user@host/path".to_owned(),
            GitUrlError::File => {
                "push the repository to a Git server, and write its https:// or ssh:// address".to_owned()
            }
            GitUrlError::Http => "write https:// instead of http://".to_owned(),
            GitUrlError::Git | GitUrlError::Ftp | GitUrlError::Scheme { .. } => {
                "write the repository's https:// or ssh:// address".to_owned()
            }
            GitUrlError::UpperCaseScheme { scheme } => format!("write {scheme}://"),
            GitUrlError::Password => {
                "remove it from the address, and name a Secret that holds it in secretRef".to_owned()
            }
            GitUrlError::Port { instead: None } => "write host/path, or host:port/path".to_owned(),
            GitUrlError::Blank | GitUrlError::NoScheme | GitUrlError::NoHost | GitUrlError::Unreadable => {
                "write an address such as \"https://github.com/acme/app\"".to_owned()
            }
        }
    }

    /// Whether the variant stands for addresses that Flux's API refuses, as [`GitUrl::parse`] returns them.
    ///
    /// The others are refused by [`GitUrl::judge`] alone. `Spaces` may be either: the API refuses spaces
    /// before the address and takes those after it.
    pub fn refused_by_api(&self) -> bool {
        !matches!(
            self,
            GitUrlError::Http | GitUrlError::NoHost | GitUrlError::Password | GitUrlError::Port { .. }
        )
    }
}

/// The CRD's pattern, `^(http|https|ssh)://.*$`, in which the dot stands for anything but a new line.
fn api_accepts(text: &str) -> Option<Scheme> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        "ssh" => Scheme::Ssh,
        _ => return None,
    };
    (!rest.contains('\n')).then_some(scheme)
}

/// Why the API refuses a text, given that it does.
fn refusal(text: &str) -> GitUrlError {
    if text.trim().is_empty() {
        return GitUrlError::Blank;
    }
    if text.trim() != text {
        return GitUrlError::Spaces;
    }
    match text.split_once("://") {
        Some((scheme, _)) => refused_scheme(scheme),
        None if text.starts_with("file:") => GitUrlError::File,
        None => without_scheme(text),
    }
}

fn refused_scheme(scheme: &str) -> GitUrlError {
    let lower = scheme.to_ascii_lowercase();
    match lower.as_str() {
        // In lower case it is fine, so something inside the address is not.
        "http" | "https" | "ssh" if lower == scheme => GitUrlError::Unreadable,
        "http" | "https" => GitUrlError::UpperCaseScheme { scheme: "https" },
        "ssh" => GitUrlError::UpperCaseScheme { scheme: "ssh" },
        "file" => GitUrlError::File,
        "git" => GitUrlError::Git,
        "ftp" | "ftps" => GitUrlError::Ftp,
        // Only what is surely a scheme is shown; anything else may hold a secret.
        _ if is_scheme(scheme) => GitUrlError::Scheme { scheme: scheme.to_owned() },
        _ => GitUrlError::NoScheme,
    }
}

fn is_scheme(text: &str) -> bool {
    text.len() <= 16
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ['+', '-', '.'].contains(&c))
}

/// Tells the scp form, a password before an `@`, and anything else without `://` apart.
fn without_scheme(text: &str) -> GitUrlError {
    let before_path = text.split('/').next().unwrap_or_default();
    if let Some((user, _)) = before_path.rsplit_once('@')
        && user.contains(':')
    {
        return GitUrlError::Password;
    }
    let Some((place, path)) = text.split_once(':') else { return GitUrlError::NoScheme };
    let (user, host) = place.rsplit_once('@').unwrap_or(("", place));
    let is_host =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ['-', '.'].contains(&c));
    // Without a user, `host:path` is taken for the scp form only where the host looks like one.
    if !is_host || (user.is_empty() && !host.contains('.')) {
        return GitUrlError::NoScheme;
    }
    let user = if user.is_empty() { "git" } else { user };
    let path = path.trim_start_matches('/');
    let can_be_told = is_plain(user) && is_plain(path) && !path.is_empty();
    GitUrlError::ScpForm { ssh: can_be_told.then(|| format!("ssh://{user}@{host}/{path}")) }
}

/// Whether a text can be shown and copied: nothing in it that needs escaping or may be a secret.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || ['-', '.', '_', '/', '~', '+'].contains(&c))
}

fn after_scheme(text: &str) -> Option<&str> {
    text.split_once("://").map(|(_, rest)| rest)
}

/// What stands between `://` and the path.
struct Authority<'t> {
    user: Option<&'t str>,
    host: &'t str,
    port: Option<&'t str>,
    path: &'t str,
}

impl<'t> Authority<'t> {
    fn of(after_scheme: &'t str) -> Authority<'t> {
        let end = after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len());
        let (authority, path) = after_scheme.split_at(end);
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        // An IPv6 host has colons of its own, inside brackets.
        let host_end = place.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match place[host_end..].split_once(':') {
            Some((rest, port)) => (&place[..host_end + rest.len()], Some(port)),
            None => (place, None),
        };
        Authority { user, host, port, path }
    }

    /// A password, also one whose own slash ended what looks like the host: `https://user:pa/ss@host/`.
    fn has_password(&self) -> bool {
        self.user.is_some_and(|user| user.contains(':'))
            || (!self.port_is_number() && self.path.contains('@'))
    }

    fn port_is_number(&self) -> bool {
        self.port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok())
    }

    /// `ssh://git@host:acme/app` was meant to be `ssh://git@host/acme/app`.
    fn path_after_colon(&self, scheme: Scheme) -> Option<String> {
        let (user, port) = (self.user.unwrap_or_default(), self.port?);
        let can_be_told =
            scheme == Scheme::Ssh && [user, self.host, port, self.path].into_iter().all(is_plain);
        let user = if user.is_empty() { "git" } else { user };
        can_be_told.then(|| format!("ssh://{user}@{}/{port}{}", self.host, self.path))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepts_https_and_ssh_with_a_host() {
        for text in [
            "https://github.com/acme/app",
            "https://github.com/acme/app.git",
            "https://git.example.com:8443/app",
            "https://user@git.example.com/app",
            "https://[::1]:8443/app",
            "ssh://git@github.com/acme/app.git",
            "ssh://git@git.example.com:2222/app",
            "ssh://x",
            "https://x/y",
        ] {
            assert_eq!(GitUrl::judge(text).map(|url| url.as_str().to_owned()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn the_api_accepts_more_than_is_good() {
        for (text, concern) in [
            ("http://x/y", GitUrlError::Http),
            ("https://", GitUrlError::NoHost),
            ("https:///app", GitUrlError::NoHost),
            ("ssh://git@", GitUrlError::NoHost),
            ("https://user:hunter2@x/y", GitUrlError::Password),
            ("https://x/y ", GitUrlError::Spaces),
            ("ssh://git@x:acme/app", GitUrlError::Port { instead: Some("ssh://git@x/acme/app".to_owned()) }),
            ("https://x y/z", GitUrlError::Unreadable),
        ] {
            assert!(GitUrl::parse(text).is_ok(), "{text}");
            assert_eq!(GitUrl::judge(text), Err(concern), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_and_what_to_write() {
        let mut lines = String::new();
        for text in [
            "",
            "  ",
            " https://x/y",
            "https://x/y\n",
            "https://x/\ny",
            "git@github.com:acme/app.git",
            "git@h:x/y.git",
            "github.com:acme/app",
            "git@host:/srv/app.git",
            "git@host:a?token=s3cret",
            "git@",
            "git@host/acme/app",
            "github.com/acme/app",
            "/srv/git/app",
            "C:\\git\\app",
            "file:///srv/git/app",
            "file:/srv/git/app",
            "http://x/y",
            "git://x/y",
            "ftp://x/y",
            "HTTPS://x/y",
            "Ssh://git@x/y",
            "HTTP://x/y",
            "svn+ssh://x/y",
            "://x/y",
            "https:/x/y",
            "https://",
            "https://user:hunter2@x/y",
            "http://user:hunter2@x/y",
            "https://user:hun/ter2@x/y",
            "ssh://git:hunter2@x/y",
            "user:hunter2@host:acme/app",
            "ssh://git@github.com:acme/app.git",
            "https://x:app",
            "https://x y/z",
            "https://exa%mple/z",
        ] {
            let error = GitUrl::judge(text).unwrap_err();
            let api = if GitUrl::parse(text).is_err() { "API" } else { "good practice" };
            lines.push_str(&format!("{text:?} ({api}): {error}; {}\n", error.remedy()));
        }
        insta::assert_snapshot!("git_urls_refused", lines);
    }

    #[test]
    fn never_shows_a_password() {
        for text in [
            "https://user:hunter2@x/y",
            "https://hunter2@x/y",
            "https://user:hun/hunter2@x/y",
            "https://x/y?token=hunter2",
            "ftp://user:hunter2@x",
            "user:hunter2@x:y",
            "git@host:y?hunter2",
            "hunter2://x",
        ] {
            let shown = match GitUrl::parse(text) {
                Ok(url) => format!("{url} {url:?} {:?}", url.concern()),
                Err(GitUrlError::Scheme { .. }) => continue,
                Err(error) => format!("{error} {error:?} {}", error.remedy()),
            };
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn knows_the_host() {
        for (text, host) in [
            ("https://git.example.com:8443/app", "git.example.com"),
            ("ssh://git@[::1]:22/app", "[::1]"),
            ("https://", ""),
        ] {
            assert_eq!(GitUrl::parse(text).unwrap().host(), host);
        }
    }

    proptest! {
        #[test]
        fn accepts_exactly_what_the_crd_accepts(text in "(https?|ssh|HTTPS|file|git| )?(://|:)?[a-z@:/ \\n]{0,8}") {
            let pattern = regex::Regex::new("^(http|https|ssh)://.*$").unwrap();
            prop_assert_eq!(GitUrl::parse(&text).is_ok(), pattern.is_match(&text));
        }

        #[test]
        fn suggests_what_it_accepts(text in "(ssh://)?([a-z]{1,3}@)?[a-z.]{1,5}:[a-z/.]{0,5}") {
            if let Err(GitUrlError::ScpForm { ssh: Some(instead) } | GitUrlError::Port { instead: Some(instead) }) =
                GitUrl::judge(&text)
            {
                prop_assert!(GitUrl::judge(&instead).is_ok(), "{} -> {}", text, instead);
            }
        }

        #[test]
        fn survives_any_text(text in any::<String>(), rest in any::<String>()) {
            for text in [text, format!("https://{rest}"), format!("ssh://{rest}")] {
                let _ = GitUrl::judge(&text).map_err(|error| error.remedy());
            }
        }
    }
}
