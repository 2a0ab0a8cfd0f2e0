//! The files of a chart.

use std::fmt;

/// One file.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its path within the chart, with `/`: `templates/_helpers.tpl`.
    pub name: String,
    /// What it holds.
    pub data: Vec<u8>,
}

/// Name and size only: files may hold secrets.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({}, {} bytes)", self.name, self.data.len())
    }
}

/// What all files of a chart may weigh unpacked, in bytes (Helm's `MaxDecompressedChartSize`).
pub const MAX_CHART_SIZE: u64 = 100 * 1024 * 1024;

/// What one file of a chart may weigh unpacked, in bytes (Helm's `MaxDecompressedFileSize`).
pub const MAX_FILE_SIZE: u64 = 5 * 1024 * 1024;
