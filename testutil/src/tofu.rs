//! Drives the real OpenTofu against the built provider, in a temporary folder, with typed results.
//!
//! Every command is a process of its own, plan and apply too, so the provider starts anew each time and
//! speaks over mutual TLS, as it does for people. OpenTofu sees nothing of the machine: providers come from
//! a filesystem mirror in the temporary folder only, and of the environment there is `PATH` and what a test
//! sets.
//!
//! Commands panic with the full output when they cannot run or take too long, because a test has no other
//! use for that; how a command ended is in its [`Run`].

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;
use crate::processes::{Process, Program, Scope};
use crate::tools::Tool;

pub use answers::{Change, Diagnostic, Plan, ResourceChange, State, StateResource, Validation};

mod answers;
#[cfg(test)]
mod tests;

/// A folder with configuration, and OpenTofu to run in it. The folder and what runs in it end with it.
#[derive(Debug)]
pub struct Tofu {
    program: PathBuf,
    registry: &'static str,
    scope: Scope,
    variables: BTreeMap<OsString, OsString>,
    limit: Duration,
}

impl Tofu {
    /// Makes a folder where the built provider is to be had as `fluxgate/fluxgate`, version 0.1.0.
    ///
    /// The provider is the one that FLUXGATE_PROVIDER names, else `terraform-provider-fluxgate` in the folder
    /// of the running program or the nearest one above it: for a test, the profile's folder in `target`.
    ///
    /// # Errors
    /// When OpenTofu or the provider is not to be had.
    pub fn new() -> Result<Self, Error> {
        Self::without_providers()?.provider("fluxgate/fluxgate", "0.1.0", &built_provider()?)
    }

    /// The same with whatever OpenTofu there is on `PATH`, of any version.
    ///
    /// # Errors
    /// When there is none, or the provider is not to be had.
    pub fn on_path() -> Result<Self, Error> {
        let program =
            Tool::Tofu.of_any_version().ok_or_else(|| Error::usage("there is no `tofu` on PATH"))?;
        Self::on(program)?.provider("fluxgate/fluxgate", "0.1.0", &built_provider()?)
    }

    /// Makes the same folder for the Terraform on `PATH`, whatever its version: nobody builds it here.
    ///
    /// # Errors
    /// When it is not on `PATH`, or the provider is not to be had.
    pub fn on_terraform() -> Result<Self, Error> {
        let folders = env::var_os("PATH").unwrap_or_default();
        let programs = env::split_paths(&folders).map(|folder| folder.join("terraform"));
        let program =
            programs.into_iter().find(|path| path.is_file()).ok_or(Error::NotOnPath("terraform"))?;
        Self::on(program)?.provider("fluxgate/fluxgate", "0.1.0", &built_provider()?)
    }

    /// Makes a folder where no provider is to be had but those built into OpenTofu. `FLUXGATE_TEST_TOFU` names another program than the
    /// pinned one, to run the tests with an older OpenTofu or with Terraform; Terraform's program is called `terraform`.
    ///
    /// # Errors
    /// When OpenTofu is not to be had.
    pub fn without_providers() -> Result<Self, Error> {
        let program = match env::var_os("FLUXGATE_TEST_TOFU") {
            Some(program) => program.into(),
            None => Tool::Tofu.path()?,
        };
        Self::on(program)
    }

    fn on(program: PathBuf) -> Result<Self, Error> {
        // Where each of the two looks for a provider whose address names no host.
        let is_terraform = program.file_stem().is_some_and(|name| name == "terraform");
        let registry = if is_terraform { "registry.terraform.io" } else { "registry.opentofu.org" };
        let scope = Scope::new("tofu")?;
        for folder in ["work", "home", "tmp", "mirror"] {
            scope.subfolder(folder)?;
        }
        let mirror = scope.folder().join("mirror");
        // Naming only this one method of installation rules the registry out.
        let settings = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path    = {}\n    include = [\"*/*/*\"]\n  }}\n}}\n",
            Value::from(mirror.to_string_lossy())
        );
        let settings = scope.write("tofu.rc", settings)?;
        let variables = [
            ("HOME", scope.folder().join("home").into_os_string()),
            ("TMPDIR", scope.folder().join("tmp").into_os_string()),
            ("TF_IN_AUTOMATION", "1".into()),
            ("CHECKPOINT_DISABLE", "1".into()),
            ("TF_CLI_CONFIG_FILE", settings.into_os_string()),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value)).into();
        Ok(Self { program, registry, scope, variables, limit: Duration::from_secs(300) })
    }

    /// Puts another provider into the mirror, under its `namespace/name` and a version.
    ///
    /// # Errors
    /// When the program is not there.
    pub fn provider(self, address: &str, version: &str, program: &Path) -> Result<Self, Error> {
        let name = address.rsplit('/').next().unwrap_or(address);
        let folder = format!("mirror/{}/{version}/{}", self.address(address), platform());
        let place = self.scope.subfolder(&folder)?.join(format!("terraform-provider-{name}"));
        // A link spares the copy of a large file, where both are on one disk.
        fs::hard_link(program, &place)
            .or_else(|_| fs::copy(program, &place).map(|_| ()))
            .map_err(Error::io(format!("{} cannot be put into the mirror", program.display())))?;
        Ok(self)
    }

    /// Writes a file of the configuration.
    #[must_use]
    #[track_caller]
    pub fn file(self, name: &str, text: &str) -> Self {
        self.write(name, text);
        self
    }

    /// Sets a variable of the environment that OpenTofu and the provider see.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Sets how long one command may take before it is killed; five minutes unless told.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Writes a file of the configuration, in place of one that is there.
    #[track_caller]
    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(&path, text).unwrap_or_else(|error| panic!("{name} cannot be written: {error}"));
    }

    /// Writes a state as OpenTofu stores it, with the providers' addresses as this program writes them: Terraform has a registry of its own.
    #[track_caller]
    pub fn write_state(&self, state: &str) {
        self.write("terraform.tfstate", &state.replace("registry.opentofu.org", self.registry));
    }

    /// Returns the whole address of a provider, from its `namespace/name`.
    #[must_use]
    pub fn address(&self, provider: &str) -> String {
        format!("{}/{provider}", self.registry)
    }

    /// Sets or changes a variable of the environment between commands.
    pub fn set_env(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.variables.insert(name.into(), value.into());
    }

    /// Returns the folder with the configuration and the state.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.scope.folder().join("work")
    }

    /// Runs `tofu init`.
    #[must_use]
    #[track_caller]
    pub fn init(&self) -> Run {
        self.run(&["init", "-no-color", "-input=false"])
    }

    /// Runs `tofu validate -json`; [`Run::json`] reads the answer as a [`Validation`].
    #[must_use]
    #[track_caller]
    pub fn validate(&self) -> Run {
        self.run(&["validate", "-no-color", "-json"])
    }

    /// Plans and saves the plan.
    #[must_use]
    #[track_caller]
    pub fn plan(&self) -> Run {
        self.plan_with(&[])
    }

    /// Plans with further arguments, such as `-destroy`, and saves the plan.
    #[must_use]
    #[track_caller]
    pub fn plan_with(&self, arguments: &[&str]) -> Run {
        // A failed plan must not leave the one before it to be applied.
        let _ = fs::remove_file(self.plan_file());
        let mut command = self.words(&["plan", "-no-color", "-input=false", "-detailed-exitcode"]);
        command.push(option("-out=", self.plan_file()));
        command.extend(arguments.iter().map(OsString::from));
        self.finish(&command)
    }

    /// Reads the saved plan.
    #[track_caller]
    pub fn show_plan(&self) -> Plan {
        let mut command = self.words(&["show", "-no-color", "-json"]);
        command.push(self.plan_file().into());
        let run = self.finish(&command).success();
        Plan { raw: run.json(), ..run.json() }
    }

    /// Applies the saved plan.
    #[must_use]
    #[track_caller]
    pub fn apply(&self) -> Run {
        self.start_apply().wait()
    }

    /// Starts to apply the saved plan.
    #[track_caller]
    pub fn start_apply(&self) -> Running {
        let mut command = self.words(&["apply", "-no-color", "-input=false"]);
        command.push(self.plan_file().into());
        self.start(&command)
    }

    /// Destroys everything in the state.
    #[must_use]
    #[track_caller]
    pub fn destroy(&self) -> Run {
        self.run(&["destroy", "-no-color", "-input=false", "-auto-approve"])
    }

    /// Brings what exists under an id into the state at an address.
    #[must_use]
    #[track_caller]
    pub fn import(&self, address: &str, id: &str) -> Run {
        self.run(&["import", "-no-color", "-input=false", address, id])
    }

    /// Brings the state up to date and changes nothing else.
    #[must_use]
    #[track_caller]
    pub fn refresh(&self) -> Run {
        self.run(&["apply", "-no-color", "-input=false", "-refresh-only", "-auto-approve"])
    }

    /// Reads the state.
    #[track_caller]
    pub fn show_state(&self) -> State {
        State::from(self.run(&["show", "-no-color", "-json"]).success().json::<Value>())
    }

    /// Returns the values of the outputs.
    #[track_caller]
    pub fn output(&self) -> BTreeMap<String, Value> {
        let outputs: BTreeMap<String, Value> = self.run(&["output", "-no-color", "-json"]).success().json();
        outputs.into_iter().map(|(name, mut output)| (name, output["value"].take())).collect()
    }

    /// Runs any command.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        self.finish(&self.words(arguments))
    }

    /// Starts any command.
    #[track_caller]
    pub fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Running {
        let output = self.scope.fresh_path("stdout");
        // The shell parts stdout from stderr, which the log gets.
        let mut program = Program::new("tofu", "/bin/sh")
            .args(["-c", r#"output=$1; shift; exec "$@" >"$output""#, "sh"])
            .arg(&output)
            .arg(&self.program)
            .args(arguments)
            .folder(self.folder());
        for (name, value) in &self.variables {
            program = program.env(name, value);
        }
        let words = arguments.iter().map(|word| word.as_ref().to_string_lossy());
        let command = std::iter::once("tofu".into()).chain(words).collect::<Vec<_>>().join(" ");
        let process = self.scope.spawn(&program).unwrap_or_else(|error| panic!("{command}: {error:?}"));
        Running { command, process, output, started: Instant::now(), limit: self.limit }
    }

    #[track_caller]
    fn finish(&self, command: &[OsString]) -> Run {
        self.start(command).wait()
    }

    fn words<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Vec<OsString> {
        arguments.iter().map(|word| word.as_ref().to_owned()).collect()
    }

    fn plan_file(&self) -> PathBuf {
        self.scope.folder().join("plan")
    }
}

/// A command that has been started. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    command: String,
    process: Process,
    output: PathBuf,
    started: Instant,
    limit: Duration,
}

impl Running {
    /// Interrupts the command as Ctrl-C in a terminal does: the signal goes to OpenTofu and to the providers
    /// that it started.
    ///
    /// A second call makes OpenTofu give up at once, as for people.
    pub fn interrupt(&self) {
        let group = i32::try_from(self.process.pid()).unwrap();
        // Whoever has ended already needs no signal.
        let _ = killpg(Pid::from_raw(group), Signal::SIGINT);
    }

    /// Returns what the command has written so far, as [`Run::text`] does.
    #[must_use]
    pub fn text(&self) -> String {
        plain(&(read(&self.output) + &read(self.process.log())))
    }

    /// Waits until the command has written a text.
    ///
    /// # Panics
    /// When it ends first, or does not come within the time limit.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        loop {
            // Asked before reading, so that the last words of a command that ends are seen.
            let exited = self.process.exited();
            let written = self.text();
            if written.contains(text) {
                return;
            }
            assert!(exited.is_none(), "{} ended without writing {text:?}:\n{written}", self.command);
            assert!(
                self.started.elapsed() < self.limit,
                "{} did not write {text:?} within {:?}:\n{written}",
                self.command,
                self.limit
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it does not come within the time limit; then the command is killed.
    #[must_use]
    #[track_caller]
    pub fn wait(self) -> Run {
        let status = loop {
            if let Some(status) = self.process.exited() {
                break status;
            }
            if self.started.elapsed() > self.limit {
                self.process.kill();
                panic!(
                    "{} took longer than {:?} and was killed; it wrote:\n{}",
                    self.command,
                    self.limit,
                    self.story()
                );
            }
            thread::sleep(Duration::from_millis(2));
        };
        let run = Run {
            command: self.command.clone(),
            status: status.code(),
            stdout: read(&self.output),
            stderr: read(self.process.log()),
            elapsed: self.started.elapsed(),
        };
        for path in [&self.output, self.process.log()] {
            let _ = fs::remove_file(path);
        }
        run
    }

    fn story(&self) -> String {
        read(&self.output) + &read(self.process.log())
    }
}

/// How a command ended and what it wrote.
#[derive(Debug, Clone)]
pub struct Run {
    command: String,
    /// The exit status; `None` when a signal ended the command.
    pub status: Option<i32>,
    /// The standard output.
    pub stdout: String,
    /// The standard error.
    pub stderr: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Run {
    /// Expects that the command ended well. For a plan, changes are as good as none.
    ///
    /// # Panics
    /// With the full output, when it did not.
    #[track_caller]
    pub fn success(self) -> Self {
        assert!(self.status == Some(0) || self.has_changes(), "{self}");
        self
    }

    /// Expects that the command failed by itself.
    ///
    /// # Panics
    /// With the full output, when it ended well or by a signal.
    #[track_caller]
    pub fn failure(self) -> Self {
        assert!(self.status.is_some_and(|status| status != 0) && !self.has_changes(), "{self}");
        self
    }

    /// Expects a plan that has something to change.
    ///
    /// # Panics
    /// With the full output, when there is nothing or the plan failed.
    #[track_caller]
    pub fn changes(self) -> Self {
        assert!(self.has_changes(), "{self}");
        self
    }

    /// Expects a plan that has nothing to change.
    ///
    /// # Panics
    /// With the full output, when there is something or the plan failed.
    #[track_caller]
    pub fn no_changes(self) -> Self {
        assert!(self.is_plan() && self.status == Some(0), "{self}");
        self
    }

    /// Returns all that the command wrote, for matching messages: without colours and frames, each run of
    /// white space as one space.
    #[must_use]
    pub fn text(&self) -> String {
        plain(&format!("{}\n{}", self.stdout, self.stderr))
    }

    /// Reads the standard output as JSON.
    ///
    /// # Panics
    /// With the full output, when it is not what is expected.
    #[track_caller]
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not the expected JSON: {error}\n{self}"))
    }

    fn is_plan(&self) -> bool {
        self.command.starts_with("tofu plan ")
    }

    fn has_changes(&self) -> bool {
        self.is_plan() && self.status == Some(2)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = self.status.map_or("a signal".into(), |status| format!("status {status}"));
        writeln!(formatter, "{} ended with {ending} after {:?}", self.command, self.elapsed)?;
        writeln!(formatter, "--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }
}

const PROVIDER: &str = "terraform-provider-fluxgate";

/// Returns the path of the built provider, as [`Tofu::new`] finds it.
///
/// # Errors
/// When it is not built.
pub fn built_provider() -> Result<PathBuf, Error> {
    let missing = |what: String| Error::io(what)(io::ErrorKind::NotFound.into());
    if let Some(path) = env::var_os("FLUXGATE_PROVIDER").map(PathBuf::from) {
        let shown = path.display();
        return if path.is_file() {
            Ok(path)
        } else {
            Err(missing(format!("FLUXGATE_PROVIDER names {shown}, which is no file")))
        };
    }
    let program = env::current_exe().map_err(Error::io("the running program cannot be found"))?;
    let folders = program.ancestors().skip(1);
    folders.map(|folder| folder.join(PROVIDER)).find(|path| path.is_file()).ok_or_else(|| {
        missing(format!(
            "{PROVIDER} is not built: there is none in a folder above {}; run `cargo build --workspace \
             --release` first, or name another one by FLUXGATE_PROVIDER",
            program.display()
        ))
    })
}

/// The name of this machine's kind in a mirror, as Go spells it.
fn platform() -> String {
    let system = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}_{processor}")
}

fn option(name: &str, value: impl AsRef<OsStr>) -> OsString {
    let mut option = OsString::from(name);
    option.push(value);
    option
}

fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Takes out colours and the frames that OpenTofu draws around messages, and makes each run of white space one
/// space: how lines are broken is no promise.
fn plain(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            // An escape sequence ends with its first letter.
            '\x1b' => while rest.next().is_some_and(|part| !part.is_ascii_alphabetic()) {},
            '╷' | '│' | '╵' => clean.push(' '),
            _ => clean.push(next),
        }
    }
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}
