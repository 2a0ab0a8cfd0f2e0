//! From what the command line names to texts: files, what is in folders, standard input.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{Failure, note, shown};

/// A text to judge.
pub struct Input {
    /// The file as people named it, or its path from the folder that they named; `-` is standard input.
    pub file: String,
    /// What it holds.
    pub text: Vec<u8>,
    /// Whether it was found in a folder, where files that hold no objects are nobody's mistake.
    pub found: bool,
}

/// Reads files, folders and standard input, in the order in which they are named.
///
/// # Errors
/// One of them cannot be read, or is a chart.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    for path in paths {
        if !is_stdin(path) && path.is_dir() {
            if is_chart(path) {
                return Err(Failure::Chart { folder: path.display().to_string() });
            }
            let before = inputs.len();
            folder(path, &mut inputs)?;
            if inputs.len() == before {
                note(&format!("{} holds no file *.yaml, *.yml or *.json", path.display()));
            }
        } else {
            inputs.push(input(path, false)?);
        }
    }
    Ok(inputs)
}

/// The bytes of a file, or of standard input.
pub fn text(path: &Path) -> io::Result<Vec<u8>> {
    if is_stdin(path) {
        let mut text = Vec::new();
        io::stdin().read_to_end(&mut text)?;
        Ok(text)
    } else {
        fs::read(path)
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn is_chart(folder: &Path) -> bool {
    folder.join("Chart.yaml").is_file()
}

fn input(path: &Path, found: bool) -> Result<Input, Failure> {
    let file = path.display().to_string();
    let text = text(path).map_err(|source| Failure::Read { file: shown(&file), source })?;
    Ok(Input { file, text, found })
}

/// Walks a folder in the order of names. Links to files are followed, links to folders are not, so there is no way round.
fn folder(folder: &Path, inputs: &mut Vec<Input>) -> Result<(), Failure> {
    let failed = |source| Failure::Read { file: folder.display().to_string(), source };
    let mut entries =
        fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            if is_chart(&path) {
                note(&format!("{} is a chart, which is not checked here", path.display()));
            } else {
                self::folder(&path, inputs)?;
            }
        } else if is_manifest(&path) && path.is_file() {
            inputs.push(input(&path, true)?);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    matches!(path.extension().and_then(OsStr::to_str), Some("yaml" | "yml" | "json"))
}
