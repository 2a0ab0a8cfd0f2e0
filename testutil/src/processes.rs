//! Child processes that always end, and the temporary folder they write to.
//!
//! Every [`Scope`] starts one reaper: a shell in a process group of its own that reads its standard input.
//! It is told each process group and each folder; at end-of-file, that is when this process is gone
//! however it ended (a normal end, a panic, Ctrl-C, SIGKILL), it ends what is left and removes the folder.
//! Children wait for a line before they become the program, so none runs that the reaper was not told of.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::Error;

/// Lines of each log that a failure shows.
const TAIL: usize = 40;

const REAPER: &str = r#"
trap '' HUP INT QUIT TERM
groups=' '
folder=
while read -r word value; do
  case $word in
    group) groups="$groups$value " ;;
    gone) groups="${groups%% $value *} ${groups#* $value }" ;;
    folder) folder=$value ;;
  esac
done
for group in $groups; do kill -s TERM -- "-$group"; done
for tenth in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  left=
  for group in $groups; do kill -s 0 -- "-$group" && left=$group; done
  [ -z "$left" ] && break
  sleep 0.1
done
for group in $groups; do kill -s KILL -- "-$group"; done
[ -n "$folder" ] && rm -rf -- "$folder"
"#;

/// A temporary folder and the processes that work in it; all of it ends with the last holder.
#[derive(Clone, Debug)]
pub struct Scope {
    reaper: Arc<Reaper>,
}

impl Scope {
    /// Makes the folder (readable by its owner only) and starts the reaper.
    ///
    /// # Errors
    /// When the folder or the reaper cannot be had.
    pub fn new(name: &str) -> Result<Self, Error> {
        let folder = tempfile::Builder::new()
            .prefix(&format!("fluxgate-{name}-"))
            .tempdir()
            .map_err(Error::io("a temporary folder cannot be made"))?;
        let mut shell = Command::new("/bin/sh")
            .args(["-c", REAPER])
            .process_group(0)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::io("the reaper of child processes cannot be started"))?;
        let input = shell.stdin.take();
        let reaper = Reaper {
            state: Mutex::new(ReaperState { shell, input }),
            folder: folder.path().to_owned(),
            names: AtomicU32::new(0),
        };
        reaper.tell("folder", &reaper.folder.to_string_lossy())?;
        // From here on the reaper is the one that removes it.
        let _ = folder.keep();
        Ok(Self { reaper: Arc::new(reaper) })
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.reaper.folder
    }

    /// Makes a folder inside the scope's folder, if it is not there yet, for its owner only.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn subfolder(&self, name: &str) -> Result<PathBuf, Error> {
        use std::os::unix::fs::DirBuilderExt;
        let path = self.folder().join(name);
        let mut builder = fs::DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(Error::io(format!("the folder {name} cannot be made")))?;
        Ok(path)
    }

    /// Writes a file that only its owner reads into the scope's folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf, Error> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.folder().join(name);
        File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(content.as_ref()))
            .map_err(Error::io(format!("the file {name} cannot be written")))?;
        Ok(path)
    }

    /// Returns a path in the scope's folder that nobody was given before.
    #[must_use]
    pub fn fresh_path(&self, name: &str) -> PathBuf {
        let number = self.reaper.names.fetch_add(1, Ordering::Relaxed);
        self.folder().join(format!("{number}-{name}"))
    }

    /// Starts a program in a process group of its own; both its outputs go to one log file.
    ///
    /// # Errors
    /// When the program is not there or no process can be started.
    pub fn spawn(&self, program: &Program) -> Result<Process, Error> {
        let log = self.fresh_path(&format!("{}.log", program.name));
        let file = File::create(&log).map_err(Error::io("a log file cannot be made"))?;
        let errors = file.try_clone().map_err(Error::io("a log file cannot be made"))?;
        self.spawn_to(program, log, file, errors)
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    /// When it is not there, or runs longer than `limit`. A failure of the program itself is in
    /// [`Finished::status`].
    pub fn run(&self, program: &Program, limit: Duration) -> Result<Finished, Error> {
        let output = self.fresh_path(&format!("{}.out", program.name));
        let log = self.fresh_path(&format!("{}.log", program.name));
        let make = |path: &Path| File::create(path).map_err(Error::io("an output file cannot be made"));
        let process = self.spawn_to(program, log.clone(), make(&output)?, make(&log)?)?;
        let started = Instant::now();
        let status = loop {
            if let Some(status) = process.exited() {
                break status;
            }
            if started.elapsed() > limit {
                return Err(Error::NotReady {
                    what: format!("the end of {}", program.command_line()),
                    waited: limit,
                    last: "it is still running".into(),
                    logs: process.log_end(),
                });
            }
            thread::sleep(Duration::from_millis(10));
        };
        let read = |path: &Path| fs::read(path).map_err(Error::io("an output file cannot be read"));
        let finished = Finished { status, stdout: lossy(&read(&output)?), stderr: lossy(&read(&log)?) };
        for path in [output, log] {
            let _ = fs::remove_file(path);
        }
        Ok(finished)
    }

    fn spawn_to(
        &self,
        program: &Program,
        log: PathBuf,
        output: File,
        errors: File,
    ) -> Result<Process, Error> {
        let failed = format!("{} cannot be started", program.path.display());
        fs::metadata(&program.path).map_err(Error::io(failed.clone()))?;
        let mut child = Command::new("/bin/sh")
            .args(["-c", r#"read -r go && exec "$@" </dev/null"#, "sh"])
            .arg(&program.path)
            .args(&program.args)
            .env_clear()
            .envs(&program.env)
            .current_dir(program.folder.as_deref().unwrap_or(self.folder()))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(Error::io(failed.clone()))?;
        let pid = child.id();
        let mut input = child.stdin.take();
        self.reaper.tell("group", &pid.to_string())?;
        if let Some(input) = &mut input {
            input.write_all(b"go\n").map_err(Error::io(failed))?;
        }
        Ok(Process {
            name: program.name.clone(),
            pid,
            log,
            state: Mutex::new(ProcessState { child, status: None }),
            scope: self.clone(),
        })
    }
}

#[derive(Debug)]
struct Reaper {
    state: Mutex<ReaperState>,
    folder: PathBuf,
    names: AtomicU32,
}

#[derive(Debug)]
struct ReaperState {
    shell: Child,
    input: Option<ChildStdin>,
}

impl Reaper {
    fn tell(&self, word: &str, value: &str) -> Result<(), Error> {
        let mut state = lock(&self.state);
        let input = state.input.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe));
        input
            .and_then(|input| input.write_all(format!("{word} {value}\n").as_bytes()))
            .map_err(Error::io("the reaper of child processes is gone"))
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.input = None;
        let _ = state.shell.wait();
    }
}

/// A program to start: its path, arguments, and the only environment it will see.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    path: PathBuf,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    folder: Option<PathBuf>,
}

impl Program {
    /// Names a program; the name is used for its log. Of this process's environment it gets PATH only.
    #[must_use]
    pub fn new(name: &str, path: impl Into<PathBuf>) -> Self {
        let env = std::env::var_os("PATH").map(|path| ("PATH".into(), path)).into_iter().collect();
        Self { name: name.into(), path: path.into(), args: Vec::new(), env, folder: None }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds a flag with a value, as one argument `--name=value`.
    #[must_use]
    pub fn flag(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let mut flag = OsString::from(format!("--{name}="));
        flag.push(value);
        self.arg(flag)
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the program's environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Sets the folder the program starts in, else the scope's folder.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    pub(crate) fn command_line(&self) -> String {
        let words = self.args.iter().map(|arg| arg.to_string_lossy());
        std::iter::once(self.name.as_str().into()).chain(words).collect::<Vec<_>>().join(" ")
    }
}

/// What a program left that ran to its end.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// A running child process; dropping it ends it and everything in its process group.
#[derive(Debug)]
pub struct Process {
    name: String,
    pid: u32,
    log: PathBuf,
    state: Mutex<ProcessState>,
    scope: Scope,
}

#[derive(Debug)]
struct ProcessState {
    child: Child,
    status: Option<ExitStatus>,
}

impl Process {
    /// Returns the name it was started under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its process id, which is the id of its process group too.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns its log file.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Returns how it ended, if it did.
    pub fn exited(&self) -> Option<ExitStatus> {
        let mut state = lock(&self.state);
        if state.status.is_none()
            && let Ok(Some(status)) = state.child.try_wait()
        {
            self.ended(&mut state, status);
        }
        state.status
    }

    /// Asks it to end, and kills it when it has not ended after `grace`.
    pub fn stop(&self, grace: Duration) {
        let started = Instant::now();
        if self.exited().is_none() {
            self.signal(Signal::SIGTERM);
        }
        while self.exited().is_none() {
            if started.elapsed() >= grace {
                return self.kill();
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it and everything in its process group.
    pub fn kill(&self) {
        if self.exited().is_some() {
            return;
        }
        self.signal(Signal::SIGKILL);
        let mut state = lock(&self.state);
        if let Ok(status) = state.child.wait() {
            self.ended(&mut state, status);
        }
    }

    /// Returns the last lines of its log under a heading that names it.
    #[must_use]
    pub fn log_end(&self) -> String {
        let text = fs::read(&self.log).map(|bytes| lossy(&bytes)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines[lines.len().saturating_sub(TAIL)..].join("\n");
        let ending = self.exited().map(|status| format!(" ({status})")).unwrap_or_default();
        format!("--- the last lines of {}{ending}\n{end}\n", self.name)
    }

    fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.pid) {
            let _ = killpg(Pid::from_raw(pid), signal);
        }
    }

    fn ended(&self, state: &mut ProcessState, status: ExitStatus) {
        state.status = Some(status);
        // What the program started itself and left behind.
        self.signal(Signal::SIGKILL);
        let _ = self.scope.reaper.tell("gone", &self.pid.to_string());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
