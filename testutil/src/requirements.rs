//! What a test needs from the machine, and the one line that says why a test did not run.
//!
//! A test whose program (no Go) or test data are missing is skipped, named and counted; where
//! `CI=true` it fails instead.

use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Error;

/// Takes the value of a `Result`; skips the test when it says that a requirement is missing, and fails it
/// at any other error.
///
/// For tests that return `()`.
///
/// ```no_run
/// use testutil::{ControlPlane, Size, require};
///
/// fn a_cluster_answers() {
///     let cluster = require!(ControlPlane::shared(Size::Api));
///     assert!(cluster.server().starts_with("https://"));
/// }
/// ```
#[macro_export]
macro_rules! require {
    ($result:expr) => {{
        fn here() {}
        match $crate::requirements::met($crate::requirements::test_name(&here), $result) {
            ::core::option::Option::Some(value) => value,
            ::core::option::Option::None => return,
        }
    }};
}

/// An error that can say that it means "this machine lacks something that the tests need".
pub trait Missing: std::fmt::Debug {
    /// Returns what is missing, in one line; `None` for an error that is a failure.
    fn missing(&self) -> Option<String>;
}

impl Missing for Error {
    fn missing(&self) -> Option<String> {
        match self {
            Self::Tool(error) => error.missing(),
            Self::TestData(_) | Self::NotOnPath(_) => Some(self.to_string()),
            _ => None,
        }
    }
}

impl Missing for crate::tools::Error {
    fn missing(&self) -> Option<String> {
        matches!(self, Self::NoGo { .. } | Self::GoTooOld { .. }).then(|| self.to_string())
    }
}

/// Returns the folder with the charts and definitions that tests read: the one that FLUXGATE_TEST_DATA
/// names, else `../shared` beside the checkout.
///
/// # Errors
/// [`Error::TestData`] when it is not there.
pub fn test_data() -> Result<PathBuf, Error> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("FLUXGATE_TEST_DATA").map_or(beside, PathBuf::from);
    match folder.canonicalize() {
        Ok(folder) if folder.is_dir() => Ok(folder),
        _ => Err(Error::TestData(folder)),
    }
}

/// Returns the value, or `None` after saying that the test is skipped. [`require!`](crate::require) is this
/// with `return`.
///
/// # Panics
/// At an error that is a failure, and at any error where `CI=true`.
#[track_caller]
pub fn met<T, E: Missing>(test: &str, result: Result<T, E>) -> Option<T> {
    let error = match result {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    match error.missing() {
        Some(reason) => skip(test, reason),
        None => panic!("{error:?}"),
    }
    None
}

/// Says that a test is skipped, on the real standard error and in the file that FLUXGATE_SKIPS names.
///
/// # Panics
/// Where `CI=true`: nothing is skipped there.
#[track_caller]
pub fn skip(test: &str, reason: impl Display) {
    let line = format!("SKIPPED {test}: {reason}\n");
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{line}");
    // Not eprint!, which the test harness captures.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = std::env::var_os("FLUXGATE_SKIPS") {
        let file = File::options().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        assert!(written.is_ok(), "{} cannot be written: {written:?}", Path::new(&path).display());
    }
}

/// Returns the path of the function in which `_marker` was declared.
#[doc(hidden)]
#[must_use]
pub fn test_name<F>(_marker: &F) -> &'static str {
    let name = std::any::type_name::<F>();
    let name = name.strip_suffix("::here").unwrap_or(name);
    name.trim_end_matches("::{{closure}}")
}
