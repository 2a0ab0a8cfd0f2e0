//! Charts on this machine.

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
};

use crate::{Content, Error, Fetched, Limits, chart_repository::digest_of, folder};

/// Reads a folder or an archive; a text that is no path of either is a name without a repository.
pub(crate) fn read(chart: &str, limits: &Limits) -> Result<Fetched, Error> {
    if chart.is_empty() {
        return Err(Error::NoChart);
    }
    let path = Path::new(chart);
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let kind = match fs::metadata(path) {
        Ok(metadata) => metadata.file_type(),
        // A name that nobody would write for a path.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_path(chart) => {
            return Err(Error::NoRepository { chart: chart.to_owned() });
        }
        Err(error) => return Err(failed(error)),
    };
    let origin = path.display().to_string();
    if kind.is_dir() {
        let files =
            folder::read(path).map_err(|source| Error::Folder { path: PathBuf::from(path), source })?;
        return Ok(Fetched { content: Content::Folder(files), version: None, origin, digest: None });
    }
    let mut archive = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(limits.archive + 1).read_to_end(&mut archive).map_err(failed)?;
    if archive.len() as u64 > limits.archive {
        return Err(Error::TooLarge { from: origin, limit: limits.archive });
    }
    must_be_archive(&archive, &origin)?;
    let digest = Some(digest_of(&archive));
    Ok(Fetched { content: Content::Archive(archive), version: None, origin, digest })
}

fn is_path(chart: &str) -> bool {
    chart.starts_with('.')
        || chart.contains(['/', '\\'])
        || chart.ends_with(".tgz")
        || chart.ends_with(".tar.gz")
}

/// Says early what a file is that is no archive, since people give values files and web pages for charts.
pub(crate) fn must_be_archive(bytes: &[u8], from: &str) -> Result<(), Error> {
    let text = bytes.trim_ascii_start();
    let what = if bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(());
    } else if text.is_empty() {
        "it is empty"
    } else if text.starts_with(b"<") {
        "it is a web page"
    } else if from.ends_with(".yaml") || from.ends_with(".yml") {
        "it is YAML"
    } else {
        "it is not compressed by gzip"
    };
    Err(Error::NotAnArchive { from: from.to_owned(), what })
}
