//! What can go wrong while the real parts are started or driven.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::tools;

/// A failure of the harness.
///
/// Its `Debug` form is the whole story in lines (message, causes, last lines of the logs), because tests
/// show it through `unwrap`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program that the harness needs could not be had.
    #[error("a program for the tests could not be had")]
    Tool(#[from] tools::Error),
    /// A program that nobody builds here is not on `PATH`.
    #[error("{0} is not on PATH")]
    NotOnPath(&'static str),
    /// The folder with charts and definitions that tests read is not there.
    #[error(
        "the test data are not in {}: set FLUXGATE_TEST_DATA to the folder that holds charts/ and crds/", .0.display()
    )]
    TestData(PathBuf),
    /// A file, a folder, a port or a process could not be used.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A certificate or a key could not be made or used.
    #[error("{what}")]
    Certificate {
        /// What was tried.
        what: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something did not come in time, or ended before it came.
    #[error("{what} did not come within {waited:?}: {last}\n{logs}")]
    NotReady {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// What was seen last.
        last: String,
        /// The ends of the logs.
        logs: String,
    },
    /// The API server refused or could not be reached.
    #[error("{what}")]
    Api {
        /// What was tried.
        what: String,
        /// The cause.
        #[source]
        source: Box<kube::Error>,
    },
    /// A kubeconfig that the harness made could not be used.
    #[error("the kubeconfig cannot be used")]
    Kubeconfig(#[source] Box<kube::config::KubeconfigError>),
    /// Something was asked for that cannot be had like this.
    #[error("{0}")]
    Usage(String),
    /// A program ended with a failure.
    #[error("{command} ended with {status}\n{output}")]
    Command {
        /// The command line.
        command: String,
        /// Its exit status, in words.
        status: String,
        /// What it wrote, standard error last.
        output: String,
    },
}

impl Error {
    /// Says how the harness is to be used.
    #[must_use]
    pub fn usage(words: impl Into<String>) -> Self {
        Self::Usage(words.into())
    }

    /// Whether a program could not be built, for want of a Go that is new enough.
    #[must_use]
    pub fn is_missing_go(&self) -> bool {
        matches!(self, Self::Tool(tools::Error::NoGo { .. } | tools::Error::GoTooOld { .. }))
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn api(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |source| Self::Api { what, source: Box::new(source) }
    }

    pub(crate) fn certificate<E>(what: impl Into<String>) -> impl FnOnce(E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let what = what.into();
        move |source| Self::Certificate { what, source: Box::new(source) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")?;
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            write!(formatter, "\n  caused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
