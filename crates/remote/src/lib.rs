//! What comes from outside: charts from folders, archives and chart repositories, and credentials of DigitalOcean's clusters.
//!
//! [`fetch`] is the door: it finds out where a chart is meant to come from and brings its files, or an error that says what is wrong and,
//! by [`Error::remedy`], what to do. The library reads no environment variable, no home folder and no terminal; products pass in what they
//! found there. The one exception must be asked for: [`Proxy::System`].
//!
//! ```no_run
//! use remote::{Request, fetch};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut request = Request::new("flux2");
//! request.repository = Some("https://fluxcd-community.github.io/helm-charts".to_owned());
//! request.version = Some("~2.18.0".to_owned());
//! let fetched = fetch(&request).await?;
//! println!("from {}", fetched.origin);
//! let chart = fetched.load()?;
//! println!("{} {}", chart.metadata.name, chart.metadata.version);
//! # Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`chart_repository`] | the index of a repository, the choice of a version, the archive |
//! | [`digitalocean`] | the clusters of DigitalOcean and credentials for them |
//! | [`folder`] | chart folders and .helmignore |
//! | [`http`] | one client: authorities, proxies, credentials, repetition, limits |

mod address;
pub mod chart_repository;
pub mod digitalocean;
mod error;
pub mod folder;
pub mod http;
mod local;
mod secret;

use std::path::Path;

use chart::file::File;

pub use self::address::Address;
pub use self::chart_repository::{ChartRepository, Entry, Index, IndexError};
pub use self::error::{Error, Names, Piece, Unreached};
pub use self::folder::FolderError;
pub use self::http::{Client, ClientConfig, Credentials, Limits, OnProgress, Progress, Proxy};
pub use self::secret::Secret;

/// Which chart, and how to get it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// With a repository: the chart's name, or the https:// address of its archive. Without: the path of a folder or of an archive (.tgz),
    /// or the https:// address of an archive.
    pub chart: String,
    /// The https:// address of a chart repository: the folder that holds index.yaml.
    pub repository: Option<String>,
    /// A version, or a range such as `~2.18.0`; empty or `None` is the newest stable one. Counts with a repository only.
    pub version: Option<String>,
    /// How to speak with servers. Counts for https:// addresses only.
    pub client: ClientConfig,
}

impl Request {
    /// Asks for a chart by name, path or address.
    pub fn new(chart: impl Into<String>) -> Self {
        Self { chart: chart.into(), ..Self::default() }
    }
}

/// A chart as it was found.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Its files.
    pub content: Content,
    /// The version that the repository's index gives it; `None` where no repository was asked: Chart.yaml knows.
    pub version: Option<String>,
    /// Where it came from, for people: a path, or an address without secrets.
    pub origin: String,
    /// The SHA-256 digest of the archive, in lower-case hexadecimal digits; `None` for a folder.
    pub digest: Option<String>,
}

impl Fetched {
    /// Reads the files as a chart.
    ///
    /// # Errors
    ///
    /// They are none, or the archive is damaged or larger unpacked than a chart may be.
    pub fn load(self) -> Result<chart::Chart, chart::load::Error> {
        match self.content {
            Content::Archive(archive) => chart::load::load_archive(&archive),
            Content::Folder(files) => chart::load::load(files),
        }
    }
}

/// The files of a chart, packed or not.
#[derive(Clone)]
pub enum Content {
    /// An archive (.tgz) for `chart::load::load_archive`.
    Archive(Vec<u8>),
    /// The files of a folder for `chart::load::load`, without what .helmignore names.
    Folder(Vec<File>),
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Archive(bytes) => write!(f, "Archive({} bytes)", bytes.len()),
            Self::Folder(files) => write!(f, "Folder({} files)", files.len()),
        }
    }
}

/// Brings a chart. Must be called in a tokio runtime; dropping the future stops it, and so does [`ClientConfig::cancel`].
///
/// # Errors
///
/// The address is not supported ([`Error::Oci`], [`Error::PlainHttp`]), the chart is not there, its server cannot be reached or refuses,
/// or what came is not what the index promises.
pub async fn fetch(request: &Request) -> Result<Fetched, Error> {
    let chart = request.chart.trim();
    for address in [Some(chart), request.repository.as_deref()].into_iter().flatten() {
        address::refuse_oci(address)?;
    }
    let repository = request.repository.as_deref().map(address::parse).transpose()?;
    if address::is_address(chart) {
        let url = address::parse(chart)?;
        let client = Client::new(&request.client)?;
        return chart_repository::download(&client, &url, repository.as_ref().unwrap_or(&url), None).await;
    }
    let Some(repository) = repository else {
        return local::read(chart, &request.client.limits);
    };
    if chart.is_empty() {
        return Err(Error::NoChart);
    }
    let repository = ChartRepository::new(Client::new(&request.client)?, repository);
    let index = repository.index().await?;
    let entry = index.choose(chart, request.version.as_deref().unwrap_or_default(), repository.address())?;
    repository.download(entry).await
}

/// Reads a chart from this machine: a folder or an archive. For callers without a runtime.
///
/// # Errors
///
/// There is nothing at the path, or no chart.
pub fn read_local(path: &Path) -> Result<Fetched, Error> {
    local::read(&path.to_string_lossy(), &Limits::default())
}
