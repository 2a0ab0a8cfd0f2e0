//! What rendering a chart gives.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Map, Value};

use crate::coalesce::Notices;
use crate::file::File;
use crate::kind_order;
use crate::metadata::{Metadata, mismatch, text_of};
use crate::render::Text;

/// What the templates wrote is no object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A document is not YAML.
    #[error("YAML parse error on {path}")]
    Yaml {
        /// The template that wrote it.
        path: String,
        /// The document.
        content: String,
        /// What is wrong with it; its line is that within the document.
        #[source]
        source: yaml::Error,
    },
    /// A document is YAML of another shape than an object of Kubernetes.
    #[error("YAML parse error on {path}: {words}")]
    Shape {
        /// The template that wrote it.
        path: String,
        /// The document.
        content: String,
        /// What is wrong with it, in the words of Go's decoder.
        words: String,
    },
}

/// A chart, rendered.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The objects that Helm keeps as the release, in the order in which it creates them.
    pub manifests: Vec<Document>,
    /// The hooks, in the order in which Helm prints and stores them: that of kinds, not of weights.
    pub hooks: Vec<Hook>,
    /// NOTES.txt, rendered; empty where the chart has none.
    pub notes: String,
    /// The CustomResourceDefinitions under crds/ of the chart and its subcharts, which are no templates.
    pub crds: Vec<Document>,
    /// The files that hold them, as they stand.
    pub crd_files: Vec<File>,
    /// The values that the templates of the chart saw: those of the user, of the chart and of its subcharts, made one.
    pub values: Map<String, Value>,
    /// The values of the user, as Helm stores them with a release.
    pub config: Map<String, Value>,
    /// Chart.yaml as Helm stores it with a release: without the dependencies that are off.
    pub metadata: Metadata,
    /// The chart's default values as Helm stores them with a release: those of its subcharts among them, where it names any.
    pub defaults: Map<String, Value>,
    /// What was ignored: values of the wrong type, hooks of unknown events.
    pub notices: Vec<String>,
    /// Whether a template, also one that wrote nothing, asked for what the next render may answer otherwise: then there may be other
    /// objects, not only objects that differ.
    pub touched: bool,
}

/// One document of the output.
#[derive(Clone)]
pub struct Document {
    /// The template that wrote it: `flux2/templates/source-controller.yaml`.
    pub path: String,
    /// Its text, without the separator and the comment that names its template.
    pub content: String,
    /// The object that the text holds, numbers as the API server reads them; null where it holds only comments.
    pub object: Value,
    /// Whether its template read the cluster, the clock or randomness, so that the next render may give another text.
    pub touched: bool,
}

/// A document with the annotation `helm.sh/hook`.
#[derive(Clone)]
pub struct Hook {
    /// metadata.name.
    pub name: String,
    /// The kind.
    pub kind: String,
    /// The template that wrote it.
    pub path: String,
    /// Its text.
    pub manifest: String,
    /// The object that the text holds.
    pub object: Value,
    /// Whether its template read the cluster, the clock or randomness, so that the next render may give another text.
    pub touched: bool,
    /// The events at which it runs.
    pub events: Vec<HookEvent>,
    /// `helm.sh/hook-weight`; lower ones run first.
    pub weight: i64,
    /// `helm.sh/hook-delete-policy`, as written; empty means `before-hook-creation` when it runs.
    pub delete_policies: Vec<DeletePolicy>,
    /// `helm.sh/hook-output-log-policy`, as written.
    pub output_log_policies: Vec<String>,
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Helm's word for it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }

            /// Reads Helm's word, letter by letter.
            pub fn parse(word: &str) -> Option<$name> {
                match word {
                    $($word => Some($name::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// When a hook runs (Helm's `release.HookEvent`).
    HookEvent {
        /// Before the objects of an install.
        PreInstall = "pre-install",
        /// After the objects of an install.
        PostInstall = "post-install",
        /// Before the objects of an uninstall go.
        PreDelete = "pre-delete",
        /// After the objects of an uninstall are gone.
        PostDelete = "post-delete",
        /// Before the objects of an upgrade.
        PreUpgrade = "pre-upgrade",
        /// After the objects of an upgrade.
        PostUpgrade = "post-upgrade",
        /// Before the objects of a rollback.
        PreRollback = "pre-rollback",
        /// After the objects of a rollback.
        PostRollback = "post-rollback",
        /// When somebody tests the release.
        Test = "test",
    }
}

words! {
    /// When a hook's object is deleted (Helm's `release.HookDeletePolicy`).
    DeletePolicy {
        /// Once all hooks of the event have succeeded.
        Succeeded = "hook-succeeded",
        /// When it has failed.
        Failed = "hook-failed",
        /// Before it is created anew.
        BeforeCreation = "before-hook-creation",
    }
}

impl Rendered {
    /// The manifests as Helm stores them with a release.
    pub fn manifest(&self) -> String {
        let size =
            self.manifests.iter().map(|document| document.path.len() + document.content.len() + 16).sum();
        let mut text = String::with_capacity(size);
        for document in &self.manifests {
            write_document(&mut text, &document.path, &document.content);
        }
        text
    }

    /// What `helm template` prints.
    pub fn print(&self, print: &Print) -> String {
        let mut text = String::new();
        if print.crds {
            for file in &self.crd_files {
                write_document(&mut text, &file.name, &String::from_utf8_lossy(&file.data));
            }
        }
        text.push_str(&self.manifest());
        let mut text = match text.trim() {
            trimmed if trimmed.len() + 1 == text.len() && text.ends_with('\n') => text,
            trimmed => format!("{trimmed}\n"),
        };
        for hook in self.hooks.iter().filter(|_| print.hooks) {
            if print.tests || !hook.events.contains(&HookEvent::Test) {
                write_document(&mut text, &hook.path, &hook.manifest);
            }
        }
        text
    }
}

/// What [`Rendered::print`] prints besides the manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// The files under crds/ (`--include-crds`).
    pub crds: bool,
    /// Hooks (without `--no-hooks`).
    pub hooks: bool,
    /// Hooks that are tests (without `--skip-tests`).
    pub tests: bool,
}

/// As `helm template` does without flags.
impl Default for Print {
    fn default() -> Print {
        Print { crds: false, hooks: true, tests: true }
    }
}

fn write_document(text: &mut String, path: &str, content: &str) {
    text.push_str("---\n# Source: ");
    text.push_str(path);
    text.push('\n');
    text.push_str(content);
    text.push('\n');
}

impl Document {
    /// The document as it stands in a stored manifest: separator, comment with the template, text.
    pub fn stored(&self) -> String {
        let mut text = String::new();
        write_document(&mut text, &self.path, &self.content);
        text
    }
}

/// Path and size only: documents hold secrets.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({}, {} bytes)", self.path, self.content.len())
    }
}

/// Kind and name only: hooks hold secrets.
impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hook({} {})", self.kind, self.name)
    }
}

/// Splits text into documents as Helm does: at lines that begin with `---`. Blank ones are left out, and white space before a document.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text.trim_start());
    std::iter::from_fn(move || {
        let current = rest?;
        let (document, after) = match separator(current) {
            Some((start, end)) => (current.get(..start).unwrap_or_default(), current.get(end..)),
            None => (current, None),
        };
        rest = after;
        Some(document.trim_start())
    })
    .filter(|document| !document.is_empty())
}

/// Where the first separator begins and ends.
fn separator(text: &str) -> Option<(usize, usize)> {
    let start = if text.starts_with("---") { 0 } else { text.find("\n---")? + 1 };
    let after = text.get(start + 3..)?;
    let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
    Some((start, start + 3 + blanks))
}

const NOTES: &str = "NOTES.txt";
const HOOK: &str = "helm.sh/hook";
const HOOK_WEIGHT: &str = "helm.sh/hook-weight";
const HOOK_DELETE_POLICY: &str = "helm.sh/hook-delete-policy";
const HOOK_OUTPUT_LOG_POLICY: &str = "helm.sh/hook-output-log-policy";

/// Makes manifests, hooks and notes of what the templates wrote.
pub(crate) fn collect(
    texts: BTreeMap<String, Text>,
    chart: &str,
    subchart_notes: bool,
    notices: &Notices,
) -> Result<Rendered, Error> {
    let mut rendered = Rendered::default();
    let mut unread = Vec::new();
    let own_notes = format!("{chart}/templates/{NOTES}");
    for (path, Text { text, touched }) in texts {
        if path.ends_with(NOTES) {
            if subchart_notes || path == own_notes {
                if !rendered.notes.is_empty() {
                    rendered.notes.push('\n');
                }
                rendered.notes.push_str(&text);
            }
            continue;
        }
        rendered.touched |= touched;
        for content in split(&text) {
            unread.push(Unread { path: path.clone(), content: content.to_owned(), touched });
        }
    }
    let objects = read_all(&unread);
    for (Unread { path, content, touched }, object) in unread.into_iter().zip(objects) {
        let (object, head) = object?;
        let document = Document { path, content, object, touched };
        match head.hook(document, notices) {
            Sorted::Manifest(document) => rendered.manifests.push(document),
            Sorted::Hook(hook) => rendered.hooks.push(hook),
            Sorted::Dropped => {}
        }
    }
    rendered.manifests.sort_by(|left, right| kind_order::install(kind(&left.object), kind(&right.object)));
    rendered.hooks.sort_by(|left, right| kind_order::install(&left.kind, &right.kind));
    Ok(rendered)
}

/// A document whose YAML was not read yet.
struct Unread {
    path: String,
    content: String,
    touched: bool,
}

/// From how many bytes on it pays to read documents in several threads.
const MANY: usize = 64 * 1024;

/// More threads than this gain nothing: one document of flux2 is a ninth of all.
const MAX_READERS: usize = 4;

/// The stack of a thread that reads: YAML nests up to `yaml::read::MAX_DEPTH` deep.
const READER_STACK: usize = 16 * 1024 * 1024;

/// Reads the YAML of all documents, in their order. It takes longer than the templates took, so several threads share it.
fn read_all(documents: &[Unread]) -> Vec<Result<(Value, Head), Error>> {
    let size: usize = documents.iter().map(|document| document.content.len()).sum();
    let readers =
        thread::available_parallelism().map_or(1, NonZero::get).min(MAX_READERS).min(documents.len());
    let read_one = |document: &Unread| read(&document.path, &document.content);
    if size < MANY || readers < 2 {
        return documents.iter().map(read_one).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            match documents.get(at) {
                Some(document) => done.push((at, read_one(document))),
                None => return done,
            }
        }
    };
    let mut done = thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().stack_size(READER_STACK).spawn_scoped(scope, take).ok();
        let others: Vec<_> = (1..readers).filter_map(spawn).collect();
        let mut done = take();
        done.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        done
    });
    // A thread that died took its documents with it: none may be lost.
    if done.len() != documents.len() {
        return documents.iter().map(read_one).collect();
    }
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, read)| read).collect()
}

/// The objects in files under crds/.
pub(crate) fn crds(files: &[File]) -> Result<Vec<Document>, Error> {
    let mut documents = Vec::new();
    for file in files {
        for content in split(&String::from_utf8_lossy(&file.data)) {
            let (object, _) = read(&file.name, content)?;
            documents.push(Document {
                path: file.name.clone(),
                content: content.to_owned(),
                object,
                touched: false,
            });
        }
    }
    Ok(documents)
}

fn kind(object: &Value) -> &str {
    object.get("kind").and_then(Value::as_str).unwrap_or_default()
}

/// What Helm reads of every document.
struct Head {
    kind: String,
    name: String,
    annotations: BTreeMap<String, String>,
}

/// Go's name for the type of `metadata` in what Helm reads.
const METADATA: &str =
    r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#;

/// Where a document belongs.
enum Sorted {
    Manifest(Document),
    Hook(Hook),
    Dropped,
}

fn read(path: &str, content: &str) -> Result<(Value, Head), Error> {
    let object = yaml::read(content).map_err(|source| Error::Yaml {
        path: path.to_owned(),
        content: content.to_owned(),
        source,
    })?;
    match Head::of(&object) {
        Ok(head) => Ok((object, head)),
        Err(words) => Err(Error::Shape { path: path.to_owned(), content: content.to_owned(), words }),
    }
}

impl Head {
    fn of(object: &Value) -> Result<Head, String> {
        let mut head = Head { kind: String::new(), name: String::new(), annotations: BTreeMap::new() };
        let fields = match object {
            Value::Null => return Ok(head),
            Value::Object(fields) => fields,
            other => return Err(mismatch(other, "value of type util.SimpleHead")),
        };
        let text = |fields: &Map<String, Value>, key: &str, field: &str| match fields.get(key) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(value) => {
                text_of(value).ok_or_else(|| mismatch(value, &format!("struct field {field} of type string")))
            }
        };
        text(fields, "apiVersion", "SimpleHead.apiVersion")?;
        head.kind = text(fields, "kind", "SimpleHead.kind")?;
        let metadata = match fields.get("metadata") {
            None | Some(Value::Null) => return Ok(head),
            Some(Value::Object(metadata)) => metadata,
            Some(other) => {
                return Err(mismatch(other, &format!("struct field SimpleHead.metadata of type {METADATA}")));
            }
        };
        head.name = text(metadata, "name", ".metadata.name")?;
        match metadata.get("annotations") {
            None | Some(Value::Null) => {}
            Some(Value::Object(annotations)) => {
                for key in annotations.keys() {
                    head.annotations.insert(key.clone(), text(annotations, key, ".metadata.annotations")?);
                }
            }
            Some(other) => {
                return Err(mismatch(other, "struct field .metadata.annotations of type map[string]string"));
            }
        }
        Ok(head)
    }

    /// Makes a hook of a document that says that it is one; one with an unknown event is dropped.
    fn hook(self, document: Document, notices: &Notices) -> Sorted {
        let Some(events) = self.annotations.get(HOOK) else { return Sorted::Manifest(document) };
        let known: Option<Vec<HookEvent>> = words(events)
            .map(|word| match word.as_str() {
                "test-success" => Some(HookEvent::Test),
                word => HookEvent::parse(word),
            })
            .collect();
        let Some(known) = known else {
            notices.add(format!("skipping unknown hooks: {events} in {}", document.path));
            return Sorted::Dropped;
        };
        let list = |key: &str| {
            self.annotations.get(key).map(|list| words(list).collect::<Vec<_>>()).unwrap_or_default()
        };
        let weight = self.annotations.get(HOOK_WEIGHT).and_then(|weight| weight.parse().ok()).unwrap_or(0);
        Sorted::Hook(Hook {
            delete_policies: list(HOOK_DELETE_POLICY)
                .iter()
                .filter_map(|word| DeletePolicy::parse(word))
                .collect(),
            output_log_policies: list(HOOK_OUTPUT_LOG_POLICY),
            name: self.name,
            kind: self.kind,
            path: document.path,
            manifest: document.content,
            object: document.object,
            touched: document.touched,
            events: known,
            weight,
        })
    }
}

/// The words of a comma-separated list, in lower case.
fn words(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(|word| word.trim().to_lowercase())
}
