//! What can go wrong on the way to a chart, as values that a caller can act on, and what people can do about each.
//!
//! Texts are lower case and say where; the cause is in `source()` and is not repeated in the text. No text holds a credential.

use std::{error::Error as StdError, fmt, io, path::PathBuf, time::Duration};

use crate::{Address, FolderError, IndexError, address};

/// Everything that fetching a chart can end in, besides success.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is one of an OCI registry.
    #[error("{address} is the address of an OCI registry, which is not supported yet")]
    Oci {
        /// The address.
        address: String,
    },
    /// The address is plain HTTP, where anybody on the way can change the chart. Loopback is no exception.
    #[error("{url} is not encrypted{}", named_by(.from.as_ref()))]
    PlainHttp {
        /// The address.
        url: Address,
        /// The address that led there, by a redirect or in its index; `None` for one that was configured.
        from: Option<Address>,
    },
    /// An address is not one.
    #[error("this is not the address of a chart repository or an archive: {why}")]
    Address {
        /// What is wrong with it.
        why: &'static str,
    },
    /// No chart is named.
    #[error("no chart is named")]
    NoChart,
    /// The chart looks like a name, and no repository is given.
    #[error("there is no folder or archive {chart}, and no repository is given")]
    NoRepository {
        /// What was asked for.
        chart: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {path}", path = .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A chart folder cannot be read.
    #[error("cannot read the chart folder {path}", path = .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong in it.
        source: FolderError,
    },
    /// What should be an archive is something else.
    #[error("{from} is not an archive of a chart: {what}")]
    NotAnArchive {
        /// The path or address.
        from: String,
        /// What it looks like.
        what: &'static str,
    },
    /// More bytes than a chart or an index may have.
    #[error("{from} is larger than {}", mebibytes(*.limit))]
    TooLarge {
        /// The path or address.
        from: String,
        /// The limit, bytes.
        limit: u64,
    },

    /// The certificates of authorities are not PEM, or hold none.
    #[error("the certificates of authorities are not certificates in PEM")]
    Authorities,
    /// The client certificate and its key are not PEM, or do not belong together.
    #[error("the client certificate cannot be used")]
    Identity,
    /// The proxy's address is not one.
    #[error("the address of the proxy cannot be used")]
    Proxy,
    /// No HTTP client can be made of the configuration.
    #[error("the HTTP client cannot be set up")]
    Client {
        /// What the library said.
        source: Box<dyn StdError + Send + Sync>,
    },

    /// No connection came about, or it broke, also when tried again.
    #[error("cannot reach {url}: {reason}{}", times(*.tries))]
    Unreachable {
        /// What was asked for.
        url: Address,
        /// Where it failed.
        reason: Unreached,
        /// How often it was tried.
        tries: u32,
        /// What the network said.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The server's certificate is signed by an authority that is not trusted here.
    #[error("the certificate of {url} is signed by an authority that is not trusted here")]
    UnknownAuthority {
        /// What was asked for.
        url: Address,
        /// Whether authorities were given, which are then the only ones that are trusted.
        given: bool,
    },
    /// The server's certificate is not accepted for another reason.
    #[error("the certificate of {url} is not accepted")]
    Certificate {
        /// What was asked for.
        url: Address,
        /// What TLS said.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// 401 or 403.
    #[error("{url} refuses access ({status}) {}", if *.with_credentials { "with these credentials" } else { "without credentials" })]
    Refused {
        /// What was asked for.
        url: Address,
        /// The HTTP status.
        status: u16,
        /// Whether credentials were sent.
        with_credentials: bool,
        /// Whether credentials are configured that were not sent, because the server is not the repository's.
        kept_back: bool,
    },
    /// 404 or 410.
    #[error("{url} does not exist ({status})")]
    NotFound {
        /// What was asked for.
        url: Address,
        /// The HTTP status.
        status: u16,
        /// What it would have been.
        piece: Piece,
    },
    /// Any other answer that is not a success.
    #[error("{url} answered {status}{}{}", reason(*.status), times(*.tries))]
    Status {
        /// What was asked for.
        url: Address,
        /// The HTTP status.
        status: u16,
        /// How often it was asked.
        tries: u32,
    },
    /// Redirects without end, or to nowhere.
    #[error("{url} redirects {}", if *.times == 0 { "without saying where to".to_owned() } else { format!("more than {} times", .times) })]
    Redirects {
        /// What was asked for.
        url: Address,
        /// How many redirects were followed; 0 where the first led nowhere.
        times: u32,
    },
    /// It did not come in the time that there was.
    #[error("{url} did not come within {}", seconds(*.after))]
    TimedOut {
        /// What was asked for.
        url: Address,
        /// How long it was waited for, with all repetitions.
        after: Duration,
    },
    /// It was told to stop.
    #[error("stopped on request: {url}")]
    Cancelled {
        /// What was asked for.
        url: Address,
    },

    /// What the repository gives as its index is none.
    #[error("{url} is not the index of a chart repository")]
    Index {
        /// The index.
        url: Address,
        /// What is wrong with it.
        source: IndexError,
    },
    /// The repository does not have the chart.
    #[error("{repository} has no chart {chart}{}", instead("; it has", .known, *.count))]
    NoSuchChart {
        /// The repository.
        repository: Address,
        /// The chart.
        chart: String,
        /// Charts that it has, similar names first; at most five.
        known: Vec<String>,
        /// How many charts it has.
        count: usize,
    },
    /// The repository has the chart, not in this version.
    #[error("{repository} has no {}{}", version_of(.chart, .version), instead("; it has", .known, *.count))]
    NoSuchVersion {
        /// The repository.
        repository: Address,
        /// The chart.
        chart: String,
        /// The version or range; empty for the newest stable one.
        version: String,
        /// Versions that it has, the nearest ones, newest first; at most five.
        known: Vec<String>,
        /// How many versions it has.
        count: usize,
    },
    /// The version is neither a version nor a range.
    #[error("{version} is neither a version nor a range of versions")]
    BadVersion {
        /// What was asked for.
        version: String,
        /// What is wrong with it.
        source: chart::semver::Error,
    },
    /// The index does not say where the archive is.
    #[error("the index of {repository} does not say where {chart} {version} is")]
    NoLocation {
        /// The repository.
        repository: Address,
        /// The chart.
        chart: String,
        /// The version.
        version: String,
    },
    /// The archive is not the one that the index means.
    #[error("{url} has the digest {found}, and its repository's index says {expected}")]
    Digest {
        /// The archive.
        url: Address,
        /// What the index says, SHA-256.
        expected: String,
        /// What came, SHA-256.
        found: String,
    },
}

/// What a repository gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Its index.
    Index,
    /// A chart.
    Archive,
}

/// Where a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreached {
    /// Nothing listens at the address.
    Refused,
    /// The name of the host has no address.
    Name,
    /// No connection came about in time.
    ConnectTimeout,
    /// The server does not speak TLS as it should.
    Tls,
    /// The proxy does not let the connection through.
    Proxy,
    /// The connection was closed while it was in use.
    Closed,
    /// Nothing came for too long.
    Idle,
    /// There is no way to the address.
    Route,
    /// Anything else; the cause says what.
    Other,
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "the connection was refused",
            Self::Name => "the name of the host was not found",
            Self::ConnectTimeout => "no connection came about in time",
            Self::Tls => "the TLS handshake failed",
            Self::Proxy => "the proxy does not let the connection through",
            Self::Closed => "the connection was closed",
            Self::Idle => "nothing came for too long",
            Self::Route => "there is no route to the host",
            Self::Other => "the connection failed",
        })
    }
}

/// What the product calls the settings, for [`Error::remedy`]. The default is how `fluxgate_install` calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// The setting for [`Request::chart`](crate::Request::chart).
    pub chart: &'static str,
    /// The setting for [`Request::repository`](crate::Request::repository).
    pub repository: &'static str,
    /// The setting for [`Request::version`](crate::Request::version).
    pub version: &'static str,
    /// The setting for the user's name.
    pub username: &'static str,
    /// The setting for the password.
    pub password: &'static str,
    /// The setting for the file with certificates of authorities.
    pub ca_file: &'static str,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            chart: "chart",
            repository: "repository",
            version: "version",
            username: "repository_username",
            password: "repository_password_wo",
            ca_file: "repository_ca_file",
        }
    }
}

impl Error {
    /// What to do about it, in one or two sentences; empty where there is nothing to advise.
    pub fn remedy(&self, names: &Names) -> String {
        let Names { chart, repository, version, username, password, ca_file } = names;
        match self {
            Self::Oci { .. } => format!(
                "Set {repository} to the https:// address of a chart repository, or {chart} to a folder or an archive (.tgz), for example one \
                 that `helm pull` has brought."
            ),
            Self::PlainHttp { from: None, .. } => format!(
                "Use an https:// address; for a server with a certificate of its own set {ca_file}. Or set {chart} to a folder or an \
                 archive (.tgz)."
            ),
            Self::PlainHttp { from: Some(_), .. } => {
                format!("Ask who keeps the repository, or set {chart} to a folder or an archive (.tgz).")
            }
            Self::Address { .. } => format!(
                "Write {repository} as https://host/path, the folder that holds index.yaml. Credentials belong into {username} and {password}."
            ),
            Self::NoChart => format!("Set {chart} to the chart's name."),
            Self::NoRepository { .. } => format!(
                "Set {repository} to the address of a chart repository, or {chart} to the path of a folder or an archive (.tgz)."
            ),
            Self::NotAnArchive { from, .. } if address::is_address(from) => {
                "Open the address in a browser: it may ask to sign in, or the archive was taken away."
                    .to_owned()
            }
            Self::Read { .. } | Self::NotAnArchive { .. } => {
                format!(
                    "Check {chart}: it names a folder with Chart.yaml or an archive (.tgz) that `helm package` makes."
                )
            }
            Self::Folder { source, .. } => source.remedy().to_owned(),
            Self::TooLarge { .. } => {
                "Nothing that a chart needs is as large: check where the address leads.".to_owned()
            }
            Self::Authorities => format!("{ca_file} names a file with one or more blocks BEGIN CERTIFICATE."),
            Self::Identity => {
                "Give the certificate and its private key in PEM, one after the other.".to_owned()
            }
            Self::Proxy => {
                "Write it as http://host:port, https://host:port or socks5://host:port.".to_owned()
            }
            Self::Unreachable { reason: Unreached::Name, .. } => {
                format!("Check the host in {repository}, and whether this machine needs a proxy to reach it.")
            }
            Self::Unreachable { reason: Unreached::Proxy, .. } => {
                "Check the address of the proxy and what it lets through.".to_owned()
            }
            Self::Unreachable { .. } | Self::TimedOut { .. } => {
                format!(
                    "Check the address in {repository} and the way there, then try again; whether a proxy is needed, too."
                )
            }
            Self::UnknownAuthority { given: true, .. } => {
                format!(
                    "Only the authorities in {ca_file} are trusted: add the one that signed this certificate."
                )
            }
            Self::UnknownAuthority { given: false, .. } => {
                format!("Set {ca_file} to a file with the certificate (PEM) of the authority that signed it.")
            }
            Self::Certificate { .. } => {
                "The server's certificate must be renewed or hold the name that it is asked by.".to_owned()
            }
            Self::Refused { kept_back: true, .. } => {
                "Credentials are sent to the server of the repository only, and the archive lies on another."
                    .to_owned()
            }
            Self::Refused { with_credentials: true, .. } => {
                format!("Check {username} and {password}, and what this user may read.")
            }
            Self::Refused { .. } => format!("Set {username} and {password}."),
            Self::NotFound { piece: Piece::Index, .. } | Self::Index { .. } => {
                format!("Set {repository} to the folder that holds index.yaml, not to a page about it.")
            }
            Self::NotFound { piece: Piece::Archive, .. } => {
                format!(
                    "The archive was taken away, or its repository's index is old: choose another {version}."
                )
            }
            Self::Status { .. } => "Try again later, or ask who keeps the server.".to_owned(),
            Self::Redirects { .. } => "Ask who keeps the server.".to_owned(),
            Self::NoSuchChart { .. } => format!("Check {chart} and {repository}."),
            Self::NoSuchVersion { version: wanted, .. } if wanted.is_empty() => format!(
                "There are pre-releases only. Set {version} to one of them, or to a range that takes them, such as >=0.0.0-0."
            ),
            Self::NoSuchVersion { .. } => format!("Set {version} to one that is there."),
            Self::BadVersion { .. } => {
                format!("Write {version} as 2.18.3, or as a range such as ~2.18.0 or >=2.16 <3.")
            }
            Self::NoLocation { .. } => "Ask who keeps the repository.".to_owned(),
            Self::Digest { .. } => format!(
                "The archive was changed after the index was made, or on the way. Ask who keeps the repository; to use it as it is, \
                 bring it here and set {chart} to its path."
            ),
            Self::Client { .. } | Self::Cancelled { .. } => String::new(),
        }
    }
}

fn named_by(from: Option<&Address>) -> String {
    from.map(|from| format!(", and {from} leads there")).unwrap_or_default()
}

fn times(tries: u32) -> String {
    if tries > 1 { format!(", {tries} times in a row") } else { String::new() }
}

fn reason(status: u16) -> String {
    let status = ::http::StatusCode::from_u16(status).ok();
    let words = status.and_then(|status| status.canonical_reason());
    words.map(|words| format!(" ({words})")).unwrap_or_default()
}

fn version_of(chart: &str, version: &str) -> String {
    match version {
        "" => format!("stable version of {chart}"),
        version => format!("{chart} {version}"),
    }
}

fn instead(words: &str, known: &[String], count: usize) -> String {
    match known.len() {
        0 => String::new(),
        shown if shown < count => format!("{words} {} and {} more", known.join(", "), count - shown),
        _ => format!("{words} {}", known.join(", ")),
    }
}

fn mebibytes(bytes: u64) -> String {
    match (bytes >> 20, bytes % (1 << 20)) {
        (whole, 0) => format!("{whole} MiB"),
        _ => format!("{bytes} bytes"),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
