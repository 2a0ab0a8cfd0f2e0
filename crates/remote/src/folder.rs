//! Chart folders, read as Helm reads them (`pkg/chart/v2/loader/directory.go`, `internal/sympath`).
//!
//! Files come in the order of their names, folder by folder. What .helmignore names is left out; a folder that it names is not entered.
//! Symbolic links are followed, also out of the folder, because charts share files that way; a link that leads back to a folder it lies
//! in is an error here, where Helm walks until the system stops it. Each file may have [`MAX_FILE_SIZE`] bytes as with Helm, and all
//! together [`MAX_CHART_SIZE`], which Helm asks of archives only.

pub mod ignore;

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
};

use chart::file::{File, MAX_CHART_SIZE, MAX_FILE_SIZE};

use self::ignore::{Rules, RulesError};

/// The file with the rules.
const HELMIGNORE: &str = ".helmignore";

/// What is wrong in a chart folder. Paths are relative to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which one; empty for the chart folder itself.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// .helmignore has a rule that is none.
    #[error(".helmignore cannot be used")]
    Ignore(#[from] RulesError),
    /// A link leads to nothing.
    #[error("{path} is a link to nothing")]
    BrokenLink {
        /// The link.
        path: String,
    },
    /// A link leads to a folder that it lies in.
    #[error("{path} is a link to a folder that it lies in")]
    Loop {
        /// The link.
        path: String,
    },
    /// A socket, a device or a pipe.
    #[error("{path} is not a file")]
    Irregular {
        /// Which one.
        path: String,
    },
    /// A name that is not UTF-8, which no chart can hold.
    #[error("{path} has a name that is not UTF-8")]
    Name {
        /// The name, with a mark for what is not text.
        path: String,
    },
    /// One file is too large.
    #[error("{path} is larger than {} MiB", MAX_FILE_SIZE >> 20)]
    FileTooLarge {
        /// Which one.
        path: String,
    },
    /// All files together are too large.
    #[error("its files are larger than {} MiB together", MAX_CHART_SIZE >> 20)]
    TooLarge,
}

impl FolderError {
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Read { .. } => "Check the rights of the file.",
            Self::Ignore(_) => "Correct the line in .helmignore; `**` is not supported there.",
            Self::BrokenLink { .. } | Self::Loop { .. } => "Remove the link, or name it in .helmignore.",
            Self::Irregular { .. } | Self::Name { .. } => "Remove it, or name it in .helmignore.",
            Self::FileTooLarge { .. } | Self::TooLarge => "Name what the chart does not need in .helmignore.",
        }
    }
}

/// Reads the files of a chart folder, without what its .helmignore names.
///
/// # Errors
///
/// A file cannot be read, is none, or is too large; .helmignore has a rule that is none.
pub fn read(folder: &Path) -> Result<Vec<File>, FolderError> {
    let rules = match fs::read(folder.join(HELMIGNORE)) {
        Ok(text) => Rules::parse(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Rules::default(),
        Err(source) => return Err(FolderError::Read { path: HELMIGNORE.to_owned(), source }),
    };
    let mut walk = Walk { rules, files: Vec::new(), left: MAX_CHART_SIZE, inside: Vec::new() };
    walk.folder(folder, "")?;
    Ok(walk.files)
}

struct Walk {
    rules: Rules,
    files: Vec<File>,
    /// How many bytes the other files may have.
    left: u64,
    /// The folders that are being walked, without links.
    inside: Vec<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, name: &str) -> Result<(), FolderError> {
        let failed = |source| FolderError::Read { path: name.to_owned(), source };
        let real = folder.canonicalize().map_err(failed)?;
        if self.inside.contains(&real) {
            return Err(FolderError::Loop { path: name.to_owned() });
        }
        self.inside.push(real);
        let mut names = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>())
            .map_err(failed)?;
        names.sort();
        for entry in names {
            let path = folder.join(&entry);
            let join =
                |entry: &str| if name.is_empty() { entry.to_owned() } else { format!("{name}/{entry}") };
            match entry.to_str() {
                Some(entry) => self.entry(&path, &join(entry))?,
                None => return Err(FolderError::Name { path: join(&entry.to_string_lossy()) }),
            }
        }
        self.inside.pop();
        Ok(())
    }

    fn entry(&mut self, path: &Path, name: &str) -> Result<(), FolderError> {
        let metadata = fs::metadata(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => FolderError::BrokenLink { path: name.to_owned() },
            _ => FolderError::Read { path: name.to_owned(), source },
        });
        let metadata = match metadata {
            // Unlike Helm, which asks where a link leads before it asks the rules.
            Err(FolderError::BrokenLink { .. }) if self.rules.ignores(name, false) => return Ok(()),
            metadata => metadata?,
        };
        if self.rules.ignores(name, metadata.is_dir()) {
            return Ok(());
        }
        if metadata.is_dir() {
            return self.folder(path, name);
        }
        if !metadata.is_file() {
            return Err(FolderError::Irregular { path: name.to_owned() });
        }
        let data = self.file(path, name)?;
        self.files.push(File { name: name.to_owned(), data });
        Ok(())
    }

    fn file(&mut self, path: &Path, name: &str) -> Result<Vec<u8>, FolderError> {
        let mut data = Vec::new();
        fs::File::open(path)
            // The file may grow while it is read.
            .and_then(|file| file.take(MAX_FILE_SIZE + 1).read_to_end(&mut data))
            .map_err(|source| FolderError::Read { path: name.to_owned(), source })?;
        let size = data.len() as u64;
        if size > MAX_FILE_SIZE {
            return Err(FolderError::FileTooLarge { path: name.to_owned() });
        }
        self.left = self.left.checked_sub(size).ok_or(FolderError::TooLarge)?;
        if data.starts_with(b"\xef\xbb\xbf") {
            data.drain(..3);
        }
        Ok(data)
    }
}
