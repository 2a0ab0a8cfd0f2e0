//! The pinned helm, aimed at a control plane.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;
use crate::control_plane::ControlPlane;
use crate::processes::{Program, Scope};
use crate::tools::Tool;

/// How long one helm command may take.
const LIMIT: Duration = Duration::from_secs(300);

/// A helm whose configuration, caches and cluster are the test's own.
#[derive(Debug)]
pub struct Helm {
    program: PathBuf,
    kubeconfig: PathBuf,
    scope: Scope,
}

impl Helm {
    /// Aims helm at a control plane.
    ///
    /// # Errors
    /// When helm cannot be had.
    pub fn new(plane: &ControlPlane) -> Result<Self, Error> {
        let program = Tool::Helm.path()?;
        let kubeconfig = plane.kubeconfig_path().to_owned();
        Ok(Self { program, kubeconfig, scope: Scope::new("helm")? })
    }

    /// Installs a chart as a release, in a namespace that is made if it is not there, and waits for its
    /// objects and hooks. Returns what helm says.
    ///
    /// # Errors
    /// [`Error::Command`] with helm's words.
    pub fn install(
        &self,
        release: &str,
        chart: &Path,
        namespace: &str,
        args: &[&str],
    ) -> Result<String, Error> {
        let fixed = ["install", release, "--namespace", namespace, "--create-namespace", "--wait"];
        let words = fixed.iter().chain(args).map(OsString::from);
        self.run(words.chain([chart.as_os_str().to_owned()]))
    }

    /// Uninstalls a release. Returns what helm says. It does not wait for the end of the objects: helm 4.2.4 may miss that they are gone
    /// already and then takes its whole five minutes.
    ///
    /// # Errors
    /// [`Error::Command`] with helm's words.
    pub fn uninstall(&self, release: &str, namespace: &str) -> Result<String, Error> {
        self.run(["uninstall", release, "--namespace", namespace])
    }

    /// Runs helm with these arguments and returns its standard output.
    ///
    /// # Errors
    /// [`Error::Command`] with helm's words when it fails, [`Error::NotReady`] after five minutes.
    pub fn run<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Result<String, Error> {
        let home = self.scope.folder();
        let program = Program::new("helm", &self.program)
            .args(args)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", home)
            .env("HELM_CACHE_HOME", home.join("cache"))
            .env("HELM_CONFIG_HOME", home.join("config"))
            .env("HELM_DATA_HOME", home.join("data"));
        let finished = self.scope.run(&program, LIMIT)?;
        match finished.status.success() {
            true => Ok(finished.stdout),
            false => Err(Error::Command {
                command: program.command_line(),
                status: finished.status.to_string(),
                output: finished.stdout + &finished.stderr,
            }),
        }
    }
}
