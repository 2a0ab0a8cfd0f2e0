//! Chart archives: a gzipped tar with one folder in which the chart lies.
//!
//! What is refused is what Helm refuses (its `loader/archive`): names that lead out of the chart, and archives that unpack to more than
//! [`MAX_CHART_SIZE`] or hold a file of more than [`MAX_FILE_SIZE`].

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::file::{File, MAX_CHART_SIZE, MAX_FILE_SIZE};
use crate::path;

/// Why an archive is no chart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not gzipped.
    #[error("not a gzipped archive")]
    NotGzip,
    /// The bytes are damaged.
    #[error("the archive cannot be read")]
    Damaged(#[source] io::Error),
    /// There is no file in it.
    #[error("no files in chart archive")]
    Empty,
    /// A file lies at an absolute path.
    #[error("chart illegally contains absolute paths: {0:?}")]
    Absolute(String),
    /// A file lies beside the chart's folder.
    #[error("chart illegally contains content outside the base directory: {0:?}")]
    OutsideBase(String),
    /// A file lies above the chart's folder.
    #[error("chart illegally references parent directory: {0:?}")]
    Parent(String),
    /// A file's name begins with a drive letter.
    #[error("chart contains illegally named files: {0:?}")]
    Drive(String),
    /// Chart.yaml lies at the top, not in a folder.
    #[error("chart yaml not in base directory")]
    NoBase,
    /// All files together are larger than [`MAX_CHART_SIZE`].
    #[error("decompressed chart is larger than the maximum size {MAX_CHART_SIZE}")]
    ChartTooLarge,
    /// One file is larger than [`MAX_FILE_SIZE`].
    #[error("decompressed chart file {0:?} is larger than the maximum file size {MAX_FILE_SIZE}")]
    FileTooLarge(String),
}

/// Unpacks an archive: the files in its order, named relative to the chart's folder, without byte order marks.
///
/// # Errors
///
/// The archive is damaged, too large, or holds names that lead out of the chart.
pub fn unpack(archive: &[u8]) -> Result<Vec<File>, Error> {
    if !archive.starts_with(&[0x1f, 0x8b]) {
        return Err(Error::NotGzip);
    }
    // Headers are not counted, so an archive of many empty files ends here.
    let stream = MultiGzDecoder::new(archive).take(2 * MAX_CHART_SIZE);
    let mut archive = Archive::new(stream);
    let mut files = Vec::new();
    let mut remaining = MAX_CHART_SIZE;
    for entry in archive.entries().map_err(Error::Damaged)? {
        let mut entry = entry.map_err(Error::Damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind == EntryType::Directory || name.ends_with('/') || kind == EntryType::XGlobalHeader {
            continue;
        }
        let inner = name_within(&name)?;
        if entry.size() > remaining {
            return Err(Error::ChartTooLarge);
        }
        if entry.size() > MAX_FILE_SIZE {
            return Err(Error::FileTooLarge(name));
        }
        let mut data = Vec::with_capacity(usize::try_from(entry.size()).unwrap_or_default());
        let read = entry.read_to_end(&mut data).map_err(Error::Damaged)?;
        remaining = remaining.saturating_sub(read as u64);
        if remaining == 0 {
            return Err(Error::ChartTooLarge);
        }
        if data.starts_with(&BYTE_ORDER_MARK) {
            data.drain(..BYTE_ORDER_MARK.len());
        }
        files.push(File { name: inner, data });
    }
    if files.is_empty() { Err(Error::Empty) } else { Ok(files) }
}

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// The name without the chart's folder, with `/` also where the archive was packed on Windows.
fn name_within(name: &str) -> Result<String, Error> {
    let delimiter = if name.contains('\\') { '\\' } else { '/' };
    let (base, inner) = name.split_once(delimiter).unwrap_or((name, ""));
    let inner = inner.replace(delimiter, "/");
    if inner.starts_with('/') {
        return Err(Error::Absolute(name.to_owned()));
    }
    let inner = path::clean(&inner);
    if inner == "." {
        return Err(if base == "Chart.yaml" { Error::NoBase } else { Error::OutsideBase(name.to_owned()) });
    }
    if inner.starts_with("..") {
        return Err(Error::Parent(name.to_owned()));
    }
    let mut characters = inner.chars();
    if characters.next().is_some_and(|c| c.is_ascii_alphabetic()) && characters.as_str().starts_with(":/") {
        return Err(Error::Drive(name.to_owned()));
    }
    if base == "Chart.yaml" {
        return Err(Error::NoBase);
    }
    Ok(inner)
}
