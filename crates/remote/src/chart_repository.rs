//! Classic chart repositories: an index.yaml, and archives that it names (Helm's `pkg/repo/v1`).
//!
//! Three things differ from Helm, each towards safety. The repository and its archives must be HTTPS. The index's digest of an archive is
//! compared with what came, and a difference is an error (Helm 4.2 takes it for a name in its cache only). And the index may hold fields
//! that nobody knows, though no key twice.

mod index;

use sha2::{Digest, Sha256};
use url::Url;

pub use self::index::{Entry, Index, IndexError};
use crate::{Address, Client, Content, Error, Fetched, Piece, address, http::Get, local};

/// A chart repository.
#[derive(Clone, Debug)]
pub struct ChartRepository {
    client: Client,
    url: Url,
}

impl ChartRepository {
    /// Names a repository by the folder that holds its index. Nothing is sent yet.
    pub fn new(client: Client, url: Url) -> Self {
        Self { client, url }
    }

    /// Its address, for people.
    pub fn address(&self) -> Address {
        Address::of(&self.url)
    }

    /// Gets its index.
    ///
    /// # Errors
    ///
    /// The repository cannot be reached or refuses, or what it gives is no index.
    pub async fn index(&self) -> Result<Index, Error> {
        let url = resolve(&self.url, "index.yaml").ok_or(Error::Address { why: "it has no path" })?;
        let text = self.client.get(&Get { url: &url, home: &self.url, piece: Piece::Index }).await?;
        let index = Index::parse(&text).map_err(|source| Error::Index { url: Address::of(&url), source })?;
        for (chart, version, why) in &index.skipped {
            tracing::debug!(repository = %self.address(), chart, version, why, "skipping an entry of an index");
        }
        Ok(index)
    }

    /// Gets the archive of a chart.
    ///
    /// # Errors
    ///
    /// The archive cannot be reached, its server refuses, or it is not the one that the index means.
    pub async fn download(&self, entry: &Entry) -> Result<Fetched, Error> {
        let no_location = || Error::NoLocation {
            repository: self.address(),
            chart: entry.name.clone(),
            version: entry.version.clone(),
        };
        let location = entry.urls.first().ok_or_else(no_location)?;
        let url = resolve(&self.url, location).ok_or_else(no_location)?;
        address::require_https(&url, Some(&self.url))?;
        download(&self.client, &url, &self.url, Some(entry)).await
    }
}

/// Gets an archive; `home` is the server whose credentials are configured.
pub(crate) async fn download(
    client: &Client,
    url: &Url,
    home: &Url,
    entry: Option<&Entry>,
) -> Result<Fetched, Error> {
    let archive = client.get(&Get { url, home, piece: Piece::Archive }).await?;
    let shown = Address::of(url);
    let digest = digest_of(&archive);
    // First what it is, since a web page has another digest, too.
    local::must_be_archive(&archive, &shown.to_string())?;
    if let Some(expected) = entry.and_then(|entry| entry.digest.as_ref())
        && *expected != digest
    {
        return Err(Error::Digest { url: shown, expected: expected.clone(), found: digest });
    }
    Ok(Fetched {
        content: Content::Archive(archive),
        version: entry.map(|entry| entry.version.clone()),
        origin: shown.to_string(),
        digest: Some(digest),
    })
}

/// The SHA-256 digest in hexadecimal digits.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The address that an index means: absolute as it is, relative under the repository, which keeps its query then, as with Helm. A query may
/// hold a token, so another host (`//host/…`) does not get it.
fn resolve(repository: &Url, location: &str) -> Option<Url> {
    match Url::parse(location) {
        Ok(url) => return Some(url),
        Err(url::ParseError::RelativeUrlWithoutBase) => {}
        Err(_) => return None,
    }
    let mut folder = repository.clone();
    if !folder.path().ends_with('/') {
        folder.set_path(&format!("{}/", folder.path()));
    }
    let mut url = folder.join(location).ok()?;
    if address::same_server(&url, repository) {
        url.set_query(repository.query());
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_resolved_as_in_helm() {
        for (repository, location, expected) in [
            ("https://a.example/charts", "x-1.tgz", "https://a.example/charts/x-1.tgz"),
            ("https://a.example/charts/", "sub/x-1.tgz", "https://a.example/charts/sub/x-1.tgz"),
            ("https://a.example/charts", "/x-1.tgz", "https://a.example/x-1.tgz"),
            ("https://a.example/charts", "../x-1.tgz", "https://a.example/x-1.tgz"),
            ("https://a.example/charts?token=1", "x-1.tgz", "https://a.example/charts/x-1.tgz?token=1"),
            ("https://a.example/charts?token=1", "https://b.example/x-1.tgz", "https://b.example/x-1.tgz"),
            ("https://a.example/charts?token=1", "//b.example/x-1.tgz", "https://b.example/x-1.tgz"),
            ("https://a.example", "index.yaml", "https://a.example/index.yaml"),
            ("https://a.example/a%2Fb", "x-1.tgz", "https://a.example/a%2Fb/x-1.tgz"),
        ] {
            let url = resolve(&repository.parse().unwrap(), location).unwrap();
            assert_eq!(url.as_str(), expected, "{repository} {location}");
        }
        assert!(resolve(&"https://a.example".parse().unwrap(), "https://").is_none());
    }
}
