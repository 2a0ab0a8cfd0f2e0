//! The programs that tests and the demo run against, at pinned versions.
//!
//! Each has a small Go module under `testutil/tools/<name>` whose `go.mod` and `go.sum` pin it and everything
//! in it. It is built on first use, one at a time across all processes, into a cache outside the checkout:
//! `FLUXGATE_TOOLS_CACHE`, else `fluxgate/tools` in `XDG_CACHE_HOME`, else in `~/.cache`. An entry is keyed
//! by the hash of what it is built from, so a changed pin is a new entry and an old checkout keeps its own.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

mod recipe;

/// A program that tests and the demo run against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// OpenTofu, the host of the provider.
    Tofu,
    /// etcd, kube-apiserver, kube-controller-manager and kube-scheduler, chosen by the first argument.
    ControlPlane,
    /// Simulated nodes and pods: Deployments become available and Jobs complete.
    Kwok,
    /// Helm, against which templates and releases are compared.
    Helm,
    /// Open Policy Agent, which compiles Rego to wasm and against which verdicts are compared.
    Opa,
    /// Flux's source-controller.
    SourceController,
    /// Flux's kustomize-controller.
    KustomizeController,
    /// Flux's helm-controller, on plain Helm instead of Flux's fork of it.
    HelmController,
    /// Flux's notification-controller.
    NotificationController,
    /// A provider written in Go, to measure against.
    KubectlProvider,
}

impl Tool {
    /// All tools, in the order in which `tools build` makes them.
    pub const ALL: [Self; 10] = [
        Self::Opa,
        Self::ControlPlane,
        Self::Kwok,
        Self::Tofu,
        Self::SourceController,
        Self::KustomizeController,
        Self::HelmController,
        Self::NotificationController,
        Self::Helm,
        Self::KubectlProvider,
    ];

    /// Returns the name by which people call the tool, which is also that of its folder.
    pub fn name(self) -> &'static str {
        self.recipe().name
    }

    /// Returns the pinned version, without a leading `v`.
    pub fn version(self) -> &'static str {
        self.recipe().version
    }

    /// Returns roughly how long a first build takes on two cores, as words.
    pub fn build_time(self) -> &'static str {
        self.recipe().build_time
    }

    /// Returns the path of the program, after building it if it is nowhere yet.
    ///
    /// The answer, also a failure, holds for the life of the process.
    ///
    /// # Errors
    ///
    /// [`Error::NoGo`] where there is nothing to build with, so that a test may count itself as skipped; any
    /// other error is a fault of the pins, of the network or of the cache folder.
    pub fn path(self) -> Result<PathBuf, Error> {
        static FOUND: [OnceLock<Result<PathBuf, Error>>; Tool::ALL.len()] =
            [const { OnceLock::new() }; Tool::ALL.len()];
        FOUND[self as usize]
            .get_or_init(|| match self.find()? {
                Some(path) => Ok(path),
                None => self.build(),
            })
            .clone()
    }

    /// Looks for the program in the cache, then on `PATH`, and builds nothing.
    ///
    /// A program on `PATH` counts only when it reports exactly the pinned version. The control plane and the
    /// Go provider have no version to report, nor have the Flux controllers; kwok needs the Stage files that
    /// come with its module.
    ///
    /// # Errors
    ///
    /// When the cache folder is not known or the tool's module cannot be read.
    pub fn find(self) -> Result<Option<PathBuf>, Error> {
        let cached = self.entry()?.join(self.recipe().binary);
        if cached.is_file() {
            return Ok(Some(cached));
        }
        Ok(self.on_path())
    }

    /// Returns the first program of this name on `PATH`, whatever its version.
    #[must_use]
    pub fn of_any_version(self) -> Option<PathBuf> {
        self.among_where(&env::var_os("PATH")?, |_| true)
    }

    fn on_path(self) -> Option<PathBuf> {
        self.among(&env::var_os("PATH")?)
    }

    /// The first program of these folders that is this very version.
    fn among(self, folders: &OsStr) -> Option<PathBuf> {
        let (arguments, expected) = self.recipe().reports?;
        self.among_where(folders, |program| first_line(program, arguments).as_deref() == Some(expected))
    }

    fn among_where(self, folders: &OsStr, fits: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        env::split_paths(folders).filter(|folder| folder.is_absolute()).find_map(|folder| {
            let program = folder.join(self.recipe().binary);
            (is_executable(&program) && fits(&program)).then_some(program)
        })
    }

    fn build(self) -> Result<PathBuf, Error> {
        let recipe = self.recipe();
        let entry = self.entry()?;
        let program = entry.join(recipe.binary);
        let shelf = entry.parent().unwrap_or(&entry).to_owned();
        fs::create_dir_all(&shelf).map_err(Error::io("create", &shelf))?;

        let _turn = take_turn(self)?;
        if program.is_file() {
            return Ok(program);
        }
        self.check_go()?;
        eprintln!(
            "building {} {} from its Go module (about {}, once) ...",
            recipe.name, recipe.version, recipe.build_time
        );
        let start = Instant::now();

        // Whoever holds the turn may sweep: an unfinished folder is one that an interrupted build left.
        sweep(&shelf);
        let making = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(&shelf)
            .map_err(Error::io("create a folder in", &shelf))?;
        let mut arguments = recipe.arguments();
        let target = making.path().join(recipe.binary);
        let output = ["-o".to_owned(), target.to_string_lossy().into_owned()];
        arguments.splice(1..1, output);
        self.go(&arguments)?;
        if self == Self::Kwok {
            self.copy_stages(&making.path().join(STAGES_FOLDER))?;
        }
        let made = making.keep();
        fs::set_permissions(&made, fs::Permissions::from_mode(0o755)).map_err(Error::io("open up", &made))?;
        fs::rename(&made, &entry).map_err(Error::io("move the finished build to", &entry))?;
        eprintln!("built {} {} in {} s", recipe.name, recipe.version, start.elapsed().as_secs());
        Ok(program)
    }

    /// The folder of the tool in the cache: one for each state of its module and of the build's flags.
    fn entry(self) -> Result<PathBuf, Error> {
        let recipe = self.recipe();
        let module = self.module();
        let mut sources = BTreeMap::new();
        for file in fs::read_dir(&module).map_err(Error::io("read", &module))? {
            let path = file.map_err(Error::io("read", &module))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if matches!(name.as_str(), "go.mod" | "go.sum") || name.ends_with(".go") {
                sources.insert(name, fs::read(&path).map_err(Error::io("read", &path))?);
            }
        }
        let mut arguments = recipe.arguments();
        if self == Self::Kwok {
            arguments.extend(STAGES.map(str::to_owned));
        }
        Ok(cache()?.join(recipe.name).join(digest(&sources, &arguments)))
    }

    fn module(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tools").join(self.recipe().name)
    }

    fn check_go(self) -> Result<(), Error> {
        let path = self.module().join("go.mod");
        let module = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let needed = module.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or_default().trim();
        let found = self.go(&["env".to_owned(), "GOVERSION".to_owned()]).map_err(|error| match error {
            Error::NoGo { tool, .. } => Error::NoGo { tool, needed: needed.to_owned() },
            other => other,
        })?;
        let found = found.trim().trim_start_matches("go");
        if numbers(found) < numbers(needed) {
            return Err(Error::GoTooOld { tool: self, needed: needed.to_owned(), found: found.to_owned() });
        }
        Ok(())
    }

    /// Runs `go` in the tool's module and returns what it wrote to stdout.
    fn go(self, arguments: &[String]) -> Result<String, Error> {
        let module = self.module();
        let output = Command::new("go")
            .args(arguments)
            .current_dir(&module)
            .env("CGO_ENABLED", "0")
            // The pinned versions were tried with the installed toolchain: never fetch another one.
            .env("GOTOOLCHAIN", "local")
            .env("GOWORK", "off")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Error::NoGo { tool: self, needed: String::new() },
                _ => Error::io("run go in", &module)(error),
            })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Error::Build {
            tool: self,
            module,
            status: output.status,
            output: last_lines(&String::from_utf8_lossy(&output.stderr), 20),
        })
    }

    /// Copies kwok's Stage files out of its module, with an index that makes the folder a `--config` for kwok.
    fn copy_stages(self, folder: &Path) -> Result<(), Error> {
        let arguments = ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"];
        let module = self.go(&arguments.map(str::to_owned))?;
        let stages = Path::new(module.trim()).join("kustomize/stage");
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        // Without an extension, so that whoever lists *.yaml finds Stages only.
        let mut index =
            String::from("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n");
        for stage in STAGES {
            let from = stages.join(stage);
            let name = stage.rsplit('/').next().unwrap_or(stage);
            let to = folder.join(name);
            let text = fs::read(&from).map_err(Error::io("read", &from))?;
            fs::write(&to, text).map_err(Error::io("write", &to))?;
            index.push_str(&format!("- {name}\n"));
        }
        let path = folder.join("Kustomization");
        fs::write(&path, index).map_err(Error::io("write", &path))
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Tool {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|tool| tool.name() == name)
            .ok_or_else(|| Error::Unknown { name: name.to_owned() })
    }
}

/// Returns the folder with kwok's Stage files: nodes and pods that become ready at once, heartbeats with
/// leases, and Jobs that succeed. `kwok --config` takes the folder as it is.
///
/// # Errors
///
/// As [`Tool::path`].
pub fn kwok_stages() -> Result<PathBuf, Error> {
    Ok(Tool::Kwok.path()?.with_file_name(STAGES_FOLDER))
}

/// Why a tool is not to be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// There is no Go on this machine: what needs a tool may be skipped, and counted.
    #[error(
        "{tool} {} is built from its Go module, and there is no go on PATH: install Go {needed} or newer",
        tool.version()
    )]
    NoGo {
        /// The tool that was asked for.
        tool: Tool,
        /// The oldest version of Go that its module accepts.
        needed: String,
    },
    /// The installed Go is older than the tool's module asks for.
    #[error(
        "{tool} {} needs Go {needed} or newer, and the go on PATH is {found}: install a newer one",
        tool.version()
    )]
    GoTooOld {
        /// The tool that was asked for.
        tool: Tool,
        /// The oldest version of Go that its module accepts.
        needed: String,
        /// The version of Go that was found.
        found: String,
    },
    /// Go ran and failed.
    #[error(
        "go could not build {tool} {} in {} ({status}); run `tools build {tool}` to try again; its last words:\n{output}",
        tool.version(),
        module.display()
    )]
    Build {
        /// The tool that was asked for.
        tool: Tool,
        /// The folder of its module.
        module: PathBuf,
        /// How Go ended.
        status: ExitStatus,
        /// The last lines that Go wrote.
        output: String,
    },
    /// Nothing says where the cache is.
    #[error("no place for built tools: set FLUXGATE_TOOLS_CACHE to a folder, or HOME")]
    NoCache,
    /// A file or folder of a module or of the cache could not be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// There is no tool of this name.
    #[error("no tool is called {name}: there are {}", Tool::ALL.map(Tool::name).join(", "))]
    Unknown {
        /// The name that was given.
        name: String,
    },
}

impl Error {
    /// Tells whether Go is missing, which is no fault of the project: a test may count itself as skipped.
    #[must_use]
    pub fn is_missing_go(&self) -> bool {
        matches!(self, Self::NoGo { .. })
    }

    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source: Arc::new(source) }
    }
}

const STAGES_FOLDER: &str = "stages";
const STAGES: [&str; 5] = [
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
];
const UNFINISHED: &str = ".unfinished-";

fn cache() -> Result<PathBuf, Error> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("FLUXGATE_TOOLS_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("fluxgate/tools")))
        .or_else(|| Some(set("HOME")?.join(".cache/fluxgate/tools")))
        .ok_or(Error::NoCache)?;
    absolute(&folder).map_err(Error::io("find", &folder))
}

/// What tells builds apart: the files of their modules, and how they are built.
fn digest(sources: &BTreeMap<String, Vec<u8>>, arguments: &[String]) -> String {
    let mut hash = Sha256::new();
    for (name, text) in sources {
        hash.update(format!("{name}\0{}\0", text.len()));
        hash.update(text);
    }
    for argument in arguments {
        hash.update(format!("{argument}\0"));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Waits until no other process, and no other thread of this one, builds a tool. The turn ends with the file.
fn take_turn(tool: Tool) -> Result<File, Error> {
    let path = cache()?.join("build.lock");
    let file = File::options().create(true).append(true).open(&path).map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {
            eprintln!("{tool}: waiting for the build of another tool to end ...");
        }
        Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
    }
    file.lock().map_err(Error::io("lock", &path))?;
    Ok(file)
}

fn sweep(shelf: &Path) {
    for folder in fs::read_dir(shelf).into_iter().flatten().flatten() {
        if folder.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // What cannot be removed only takes space.
            let _ = fs::remove_dir_all(folder.path());
        }
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Runs a program for at most ten seconds and returns the first line that it prints, if it ends well.
fn first_line(program: &Path, arguments: &[&str]) -> Option<String> {
    // A file, not a pipe: reading never waits for a grandchild that holds the other end.
    let mut output = tempfile::tempfile().ok()?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output.try_clone().ok()?)
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let end = Instant::now() + Duration::from_secs(10);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(5)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    let mut text = String::new();
    output.rewind().ok()?;
    output.read_to_string(&mut text).ok()?;
    status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// The numbers of a Go version, for comparison: `1.26.8` or `1.27rc1`.
fn numbers(version: &str) -> Vec<u32> {
    let release =
        version.split(|next: char| !next.is_ascii_digit() && next != '.').next().unwrap_or_default();
    release.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("go: downloading ")).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_found_by_its_name() {
        for tool in Tool::ALL {
            assert_eq!(tool.name().parse::<Tool>().unwrap(), tool);
        }
        let error = "terraform".parse::<Tool>().unwrap_err().to_string();
        assert!(error.contains("terraform") && error.contains("tofu"), "{error}");
    }

    #[test]
    fn every_module_pins_the_version_that_the_tool_states() {
        for tool in Tool::ALL {
            let module = fs::read_to_string(tool.module().join("go.mod")).unwrap();
            let pin = format!(" v{}", tool.version());
            assert!(
                module.lines().any(|line| line.trim_end_matches(" // indirect").ends_with(&pin)),
                "{tool}"
            );
            assert!(tool.module().join("go.sum").is_file(), "{tool}");
        }
    }

    #[test]
    fn an_entry_depends_on_the_tool_and_is_stable() {
        let entries: Vec<PathBuf> = Tool::ALL.map(|tool| tool.entry().unwrap()).into();
        for (index, entry) in entries.iter().enumerate() {
            assert_eq!(entry.file_name().unwrap().len(), 16);
            assert_eq!(*entry, Tool::ALL[index].entry().unwrap());
            assert!(!entries[..index].contains(entry));
        }
    }

    #[test]
    fn another_byte_of_a_module_or_another_flag_is_another_build() {
        let sources = |module: &str, sums: &str| {
            [("go.mod", module), ("go.sum", sums)]
                .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
                .into()
        };
        let flags = |flags: &str| flags.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let builds = [
            digest(&sources("module a", "one"), &flags("build -trimpath")),
            digest(&sources("module b", "one"), &flags("build -trimpath")),
            digest(&sources("module a", "two"), &flags("build -trimpath")),
            digest(&sources("module ao", "ne"), &flags("build -trimpath")),
            digest(&sources("module a", "one"), &flags("build -race")),
        ];
        let different: std::collections::BTreeSet<_> = builds.iter().collect();
        assert_eq!(different.len(), builds.len());
        assert_eq!(builds[0], digest(&sources("module a", "one"), &flags("build -trimpath")));
    }

    #[test]
    fn a_program_of_another_version_is_passed_over() {
        let folders =
            [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let (_, version) = Tool::Helm.recipe().reports.unwrap();
        // One of another version, one that fails, and the one that is meant.
        for (folder, script) in folders.iter().zip(["echo v4.0.0", "exit 1", &format!("echo {version}")]) {
            let program = folder.path().join("helm");
            fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path =
            |count: usize| env::join_paths(folders[..count].iter().map(tempfile::TempDir::path)).unwrap();
        assert_eq!(Tool::Helm.among(&path(2)), None);
        assert_eq!(Tool::Helm.among(&path(3)), Some(folders[2].path().join("helm")));
    }

    #[test]
    fn go_versions_compare_by_number() {
        assert!(numbers("1.26.8") >= numbers("1.26.0"));
        assert!(numbers("1.9.9") < numbers("1.26.0"));
        assert!(numbers("1.27rc1") > numbers("1.26.6"));
        assert_eq!(numbers("1.26.8-X:nodwarf5"), [1, 26, 8]);
    }

    #[test]
    fn only_a_program_that_ends_well_and_in_time_reports_a_version() {
        let shell = Path::new("/bin/sh");
        assert_eq!(first_line(shell, &["-c", "echo v1.2.3; echo more"]).as_deref(), Some("v1.2.3"));
        assert_eq!(first_line(shell, &["-c", "echo v1.2.3; exit 1"]), None);
        assert_eq!(first_line(Path::new("/nowhere/helm"), &[]), None);
    }

    #[test]
    fn the_last_words_of_a_build_leave_out_downloads() {
        let text = "go: downloading a v1\none\ngo: downloading b v1\ntwo\nthree\n";
        assert_eq!(last_lines(text, 2), "two\nthree");
    }
}
