//! The same chart and the same arguments through `helm template` and through this crate.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use chart::Chart;
use chart::capabilities::KubeVersion;
use chart::file::File;
use chart::moment::Moment;
use chart::output::Print;
use chart::render::{Options, render};
use chart::values::Values;
use testutil::tools::Tool;

/// One call of `helm template`.
pub struct Case {
    /// The folder or archive.
    pub path: PathBuf,
    /// The chart, loaded; or why it could not be.
    pub chart: Result<Chart, String>,
    /// Arguments as helm takes them; paths are relative to this folder.
    pub arguments: Vec<String>,
}

/// Why something failed, with all its causes, as helm prints errors.
pub fn words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        next = cause.source();
    }
    words
}

/// A release with a clock that stands still and randomness that counts.
pub fn options() -> Options {
    let drawn = AtomicU8::new(0);
    Options {
        clock: Some(Moment { seconds: 1_700_000_000, nanoseconds: 0 }),
        random: Some(Arc::new(move |bytes: &mut [u8]| {
            bytes.iter_mut().for_each(|byte| *byte = drawn.fetch_add(1, Ordering::Relaxed));
            Ok(())
        })),
        ..Options::new("demo", "here")
    }
}

/// The folder of these tests.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chart")
}

/// Reads a folder as a chart.
pub fn load_folder(path: &Path) -> Result<Chart, String> {
    let mut files = Vec::new();
    collect(path, path, &mut files);
    chart::load::load(files).map_err(|error| words(&error))
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push(File { name, data: fs::read(&path).unwrap() });
        }
    }
}

impl Case {
    /// The arguments; of a generated file, what it holds.
    fn described(&self) -> String {
        let show = |argument: &String| match argument.ends_with(".json") {
            true => fs::read_to_string(argument).unwrap_or_default(),
            false => argument.clone(),
        };
        self.arguments.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    /// What helm prints on standard output, or its error.
    pub fn helm(&self) -> Result<String, String> {
        let home = tempfile::tempdir().unwrap();
        let output = Command::new(Tool::Helm.path().unwrap())
            .args(["template", "demo"])
            .arg(&self.path)
            .args(["--namespace", "here"])
            .args(&self.arguments)
            .current_dir(folder())
            .env("HOME", home.path())
            .env("KUBECONFIG", home.path().join("none"))
            .output()
            .unwrap();
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout).unwrap());
        }
        let error = String::from_utf8(output.stderr).unwrap();
        let start = error.find("Error: ").map_or(0, |at| at + "Error: ".len());
        let error = error[start..].split("\n\nUse --debug flag").next().unwrap();
        Err(error.trim_end().to_owned())
    }

    /// What we print, or our error.
    pub fn ours(&self) -> Result<String, String> {
        let chart = self.chart.as_ref().map_err(Clone::clone)?;
        let mut options = options();
        let mut print = Print::default();
        let mut values = Values::new();
        let mut arguments = self.arguments.iter();
        // Helm's order of precedence is that of the kinds of arguments, not that in which they stand.
        let mut sets: Vec<(usize, &str)> = Vec::new();
        let kinds = ["-f", "--set-json", "--set", "--set-string", "--set-file", "--set-literal"];
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--include-crds" => print.crds = true,
                "--no-hooks" => print.hooks = false,
                "--skip-tests" => print.tests = false,
                "--is-upgrade" => options.release.is_upgrade = true,
                "--render-subchart-notes" => options.subchart_notes = true,
                "--kube-version" => {
                    let version = arguments.next().unwrap();
                    options.capabilities.kube_version = KubeVersion::parse(version).unwrap();
                }
                "-a" => options.capabilities.api_versions.push(arguments.next().unwrap().clone()),
                kind => {
                    let rank = kinds.iter().position(|known| *known == kind);
                    sets.push((
                        rank.unwrap_or_else(|| panic!("{kind} is unknown")),
                        arguments.next().unwrap(),
                    ));
                }
            }
        }
        sets.sort_by_key(|(rank, _)| *rank);
        for (rank, text) in sets {
            let read =
                |path: &str| fs::read_to_string(folder().join(path)).map_err(|error| error.to_string());
            let done = match kinds[rank] {
                "-f" => values
                    .add_yaml(&read(text).unwrap())
                    .map_err(|error| format!("failed to parse {text}: {error}")),
                "--set-json" => values.set_json(text).map_err(|error| error.to_string()),
                "--set" => values.set(text).map_err(|error| error.to_string()),
                "--set-string" => values.set_string(text).map_err(|error| error.to_string()),
                "--set-file" => values.set_file(text, read).map_err(|error| error.to_string()),
                _ => values.set_literal(text).map_err(|error| error.to_string()),
            };
            done?;
        }
        let rendered =
            render(chart, &values, &options).map_err(|error| words(&error).trim_end().to_owned())?;
        Ok(rendered.print(&print))
    }
}

/// Runs all cases, several at once, and answers with what differs.
pub fn differences(cases: Vec<Case>, errors_too: bool) -> Vec<String> {
    let next = Mutex::new(cases.into_iter());
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(case) = next.lock().unwrap().next() else { return };
                    let (helm, ours) = (case.helm(), case.ours());
                    let same = match (&helm, &ours) {
                        (Ok(helm), Ok(ours)) => helm == ours,
                        (Err(helm), Err(ours)) => !errors_too || helm == ours,
                        _ => false,
                    };
                    if !same {
                        let name = case.path.file_name().unwrap().to_string_lossy().into_owned();
                        let difference = first_difference(&helm, &ours);
                        let arguments = case.described();
                        found.lock().unwrap().push(format!("{name} {arguments}\n{difference}"));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    found
}

fn first_difference(helm: &Result<String, String>, ours: &Result<String, String>) -> String {
    let (Ok(left), Ok(right)) = (helm, ours) else {
        let short = |result: &Result<String, String>| match result {
            Ok(text) => format!("{} lines", text.lines().count()),
            Err(error) => format!("error: {error}"),
        };
        return format!("  helm: {}\n  ours: {}\n", short(helm), short(ours));
    };
    let (left, right): (Vec<&str>, Vec<&str>) = (left.split('\n').collect(), right.split('\n').collect());
    let at = left
        .iter()
        .zip(&right)
        .position(|(left, right)| left != right)
        .unwrap_or(left.len().min(right.len()));
    let around = |lines: &[&str]| lines[at.saturating_sub(3)..lines.len().min(at + 3)].join("\n    ");
    format!("  line {}\n  helm:\n    {}\n  ours:\n    {}\n", at + 1, around(&left), around(&right))
}

/// Splits a line into words; quotes keep spaces.
pub fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut open) = (String::new(), false, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                open = true;
            }
            ' ' if !quoted => {
                if open {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            c => {
                word.push(c);
                open = true;
            }
        }
    }
    if open {
        words.push(word);
    }
    words
}
