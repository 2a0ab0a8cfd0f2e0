//! The record of one revision of a release: the JSON that Helm 4.2.4 keeps in a Secret.
//!
//! What is not known here is kept as it was read, so that a record which a newer Helm wrote loses nothing.

use std::{
    collections::BTreeMap,
    fmt,
    io::{Read, Write},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chart::{
    Chart,
    file::File,
    output::{DeletePolicy, Hook, HookEvent, Rendered},
    values::{Values, as_go_writes},
};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The time that Go writes where there is none.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// What a record may weigh unpacked, in bytes; a Secret holds at most 1 MiB, and JSON shrinks to a tenth.
const LARGEST: u64 = 256 << 20;

/// The annotation of a Secret in which the author of a record says how often he gives a sign of life, in seconds. The sign
/// is Helm's own label `modifiedAt`.
pub(crate) const HEARTBEAT: &str = "fluxgate/heartbeat-seconds";

/// How a revision stands (Helm's `release/common.Status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nobody knows.
    Unknown,
    /// It is what the cluster should hold.
    Deployed,
    /// It is gone, its record was kept.
    Uninstalled,
    /// A later one took its place.
    Superseded,
    /// It did not come about.
    Failed,
    /// It is being removed.
    Uninstalling,
    /// It is being installed.
    PendingInstall,
    /// It is being upgraded to.
    PendingUpgrade,
    /// It is being rolled back to.
    PendingRollback,
}

impl Status {
    const WORDS: [(Status, &'static str); 9] = [
        (Status::Unknown, "unknown"),
        (Status::Deployed, "deployed"),
        (Status::Uninstalled, "uninstalled"),
        (Status::Superseded, "superseded"),
        (Status::Failed, "failed"),
        (Status::Uninstalling, "uninstalling"),
        (Status::PendingInstall, "pending-install"),
        (Status::PendingUpgrade, "pending-upgrade"),
        (Status::PendingRollback, "pending-rollback"),
    ];

    /// Helm's word for it.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(status, _)| *status == self).map_or("unknown", |(_, word)| word)
    }

    /// Reads Helm's word; anything else is unknown.
    pub fn parse(word: &str) -> Status {
        Self::WORDS.iter().find(|(_, known)| *known == word).map_or(Status::Unknown, |(status, _)| *status)
    }

    /// Whether somebody is making it.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a hook has come (Helm's `HookPhase`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It was started.
    Running,
    /// It has succeeded.
    Succeeded,
    /// It has failed.
    Failed,
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// The record of one revision.
#[derive(Clone, PartialEq)]
pub struct Record {
    json: Map<String, Value>,
    labels: BTreeMap<String, String>,
    /// How often its author gives a sign of life, where he said so.
    heartbeat: Option<Duration>,
}

/// What a new record is made of.
pub(crate) struct Draft<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
    pub revision: u64,
    pub chart: &'a Chart,
    pub config: &'a Map<String, Value>,
    pub rendered: &'a Rendered,
    pub status: Status,
    pub description: &'a str,
    /// When the first revision was deployed; now where this is the first.
    pub first_deployed: Option<String>,
}

impl Record {
    pub(crate) fn new(draft: &Draft<'_>) -> Self {
        let now = now();
        let first_deployed = draft.first_deployed.clone().unwrap_or_else(|| now.clone());
        let mut info = json!({
            "first_deployed": first_deployed,
            "last_deployed": now,
            "description": draft.description,
            "status": draft.status.as_str(),
        });
        if !draft.rendered.notes.is_empty() {
            info["notes"] = json!(draft.rendered.notes);
        }
        let mut json = Map::new();
        let mut set = |key: &str, value: Value| json.insert(key.to_owned(), value);
        set("name", json!(draft.name));
        set("info", info);
        set("chart", chart_json(draft.chart, draft.rendered));
        if !draft.config.is_empty() {
            set("config", as_go_writes(&Value::Object(draft.config.clone())));
        }
        let manifest = draft.rendered.manifest();
        if !manifest.is_empty() {
            set("manifest", json!(manifest));
        }
        if !draft.rendered.hooks.is_empty() {
            set("hooks", draft.rendered.hooks.iter().map(hook_json).collect());
        }
        set("version", json!(draft.revision));
        set("namespace", json!(draft.namespace));
        set("apply_method", json!("ssa"));
        Self { json, labels: BTreeMap::new(), heartbeat: None }
    }

    /// A further revision with chart, values, manifest and hooks of this one (Helm's rollback).
    pub(crate) fn again(&self, revision: u64, first_deployed: Option<&str>, description: &str) -> Self {
        let mut record = self.clone();
        record.json.insert("version".to_owned(), json!(revision));
        record.json.insert("apply_method".to_owned(), json!("ssa"));
        let mut info = json!({
            "last_deployed": now(),
            "status": Status::PendingRollback.as_str(),
            "description": description,
        });
        if let Some(first) = first_deployed {
            info["first_deployed"] = json!(first);
        }
        if let Some(notes) = self.info("notes") {
            info["notes"] = json!(notes);
        }
        record.json.insert("info".to_owned(), info);
        record.labels.retain(|label, _| !is_system_label(label));
        record
    }

    /// The name of the release.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// The namespace of the release.
    pub fn namespace(&self) -> &str {
        self.text("namespace")
    }

    /// The revision, from 1.
    pub fn revision(&self) -> u64 {
        self.json.get("version").and_then(Value::as_u64).unwrap_or_default()
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        Status::parse(self.info("status").unwrap_or_default())
    }

    /// What happened last, in Helm's words.
    pub fn description(&self) -> &str {
        self.info("description").unwrap_or_default()
    }

    /// NOTES.txt, rendered.
    pub fn notes(&self) -> &str {
        self.info("notes").unwrap_or_default()
    }

    /// When the first revision was deployed, in RFC 3339.
    pub fn first_deployed(&self) -> Option<&str> {
        self.info("first_deployed").filter(|time| !time.is_empty())
    }

    /// When this revision was begun, in RFC 3339.
    pub fn last_deployed(&self) -> Option<&str> {
        self.info("last_deployed").filter(|time| !time.is_empty())
    }

    /// The chart's name.
    pub fn chart_name(&self) -> &str {
        self.metadata("name")
    }

    /// The chart's version.
    pub fn chart_version(&self) -> &str {
        self.metadata("version")
    }

    /// The version of what the chart installs.
    pub fn app_version(&self) -> &str {
        self.metadata("appVersion")
    }

    /// The values that were given, without the chart's own.
    pub fn config(&self) -> Option<&Map<String, Value>> {
        self.json.get("config").and_then(Value::as_object)
    }

    /// The objects of the release as one YAML text, without hooks and without Helm's marks.
    pub fn manifest(&self) -> &str {
        self.text("manifest")
    }

    /// The documents of the manifest, in its order.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Manifest`] when it cannot be read.
    pub fn documents(&self) -> Result<Vec<chart::output::Document>, crate::Error> {
        crate::manifest::read(self.manifest())
    }

    /// Whether the objects were written by server-side apply; with Helm 3 they never were.
    pub fn is_server_side(&self) -> bool {
        self.text("apply_method") == "ssa"
    }

    /// The labels of its Secret, also Helm's own.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The record as JSON, as it is stored.
    pub fn json(&self) -> &Map<String, Value> {
        &self.json
    }

    /// The hooks, in the order in which they are stored. One whose manifest cannot be read is an error.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Manifest`].
    pub fn hooks(&self) -> Result<Vec<Hook>, crate::Error> {
        let stored = self.json.get("hooks").and_then(Value::as_array);
        stored.into_iter().flatten().map(hook_of).collect()
    }

    /// When this record was last written, by the labels of its Secret; else when the revision was begun.
    pub fn last_sign_of_life(&self) -> Option<Timestamp> {
        let label = |name: &str| self.labels.get(name).and_then(|seconds| seconds.parse::<i64>().ok());
        let labelled = [label("modifiedAt"), label("createdAt")].into_iter().flatten().max();
        match labelled.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
            Some(time) => Some(time),
            None => self.last_deployed().and_then(|time| time.parse().ok()),
        }
    }

    /// How often its author gives a sign of life, where he said so: Helm does not.
    pub fn heartbeat(&self) -> Option<Duration> {
        self.heartbeat
    }

    /// The name of its Secret.
    pub fn secret_name(&self) -> String {
        secret_name(self.name(), self.revision())
    }

    pub(crate) fn set_status(&mut self, status: Status, description: &str) {
        self.set_info("status", json!(status.as_str()));
        self.set_info("description", json!(description));
    }

    /// Marks it as one that a later revision took the place of; what was said of it stays.
    pub(crate) fn supersede(&mut self) {
        self.set_info("status", json!(Status::Superseded.as_str()));
    }

    /// Takes over the labels that somebody put on the Secret of another revision.
    pub(crate) fn take_labels(&mut self, other: &Record) {
        let labels = other.labels.iter().filter(|(label, _)| !is_system_label(label));
        self.labels.extend(labels.map(|(label, value)| (label.clone(), value.clone())));
    }

    pub(crate) fn set_deleted(&mut self) {
        self.set_info("deleted", json!(now()));
    }

    /// Notes how a hook went, by its place among the stored ones.
    pub(crate) fn set_hook(&mut self, position: usize, phase: Phase) {
        let Some(hook) = self.json.get_mut("hooks").and_then(|hooks| hooks.get_mut(position)) else { return };
        let Some(hook) = hook.as_object_mut() else { return };
        // From its first run on, a hook without policies has the one that it is run by.
        if hook.get("delete_policies").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            hook.insert("delete_policies".to_owned(), json!([DeletePolicy::BeforeCreation.as_str()]));
        }
        let run = match phase {
            Phase::Running => json!({ "started_at": now(), "phase": phase.as_str() }),
            Phase::Succeeded | Phase::Failed => {
                let mut run = hook.get("last_run").cloned().unwrap_or_else(|| json!({}));
                run["completed_at"] = json!(now());
                run["phase"] = json!(phase.as_str());
                run
            }
        };
        hook.insert("last_run".to_owned(), run);
    }

    /// Whether a hook was ever run, by its place among the stored ones.
    pub(crate) fn has_run(&self, position: usize) -> bool {
        let phase = self.json.get("hooks").and_then(|hooks| hooks.get(position)?.pointer("/last_run/phase"));
        phase.and_then(Value::as_str).is_some_and(|phase| !phase.is_empty())
    }

    /// The text that the Secret holds: base64 of gzip of JSON. It takes some ten milliseconds for each megabyte.
    pub(crate) fn encode(&self) -> std::io::Result<String> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        serde_json::to_writer(&mut gzip, &self.json)?;
        gzip.flush()?;
        Ok(STANDARD.encode(gzip.finish()?))
    }

    /// Reads a Secret as it came from the cluster. Records of Helm 3 are read too, and such as are not compressed.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Record`].
    pub fn from_secret(secret: &Value) -> Result<Self, crate::Error> {
        let name = secret.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let broken =
            |why: &dyn fmt::Display| crate::Error::Record { secret: name.to_owned(), why: why.to_string() };
        let data = secret.pointer("/data/release").and_then(Value::as_str);
        let data = data.ok_or_else(|| broken(&"it has no key release"))?;
        let data = STANDARD.decode(data).map_err(|error| broken(&error))?;
        let packed = STANDARD.decode(data.trim_ascii()).map_err(|error| broken(&error))?;
        let unpacked = if packed.starts_with(&[0x1f, 0x8b, 0x08]) {
            let mut unpacked = Vec::new();
            let mut gzip = MultiGzDecoder::new(packed.as_slice()).take(LARGEST);
            gzip.read_to_end(&mut unpacked).map_err(|error| broken(&error))?;
            unpacked
        } else {
            packed
        };
        // The decoder's words may quote the record, and with it values; its place is enough.
        let json: Map<String, Value> = serde_json::from_slice(&unpacked).map_err(|error| {
            broken(&format!("no JSON at line {}, column {}", error.line(), error.column()))
        })?;
        let labels = secret.pointer("/metadata/labels").and_then(Value::as_object);
        let labels = labels.into_iter().flatten();
        let labels = labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let heartbeat = secret["metadata"]["annotations"][HEARTBEAT].as_str();
        let heartbeat = heartbeat.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        Ok(Self { json, labels: labels.collect(), heartbeat })
    }

    fn text(&self, key: &str) -> &str {
        self.json.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn info(&self, key: &str) -> Option<&str> {
        self.json.get("info")?.get(key)?.as_str()
    }

    fn set_info(&mut self, key: &str, value: Value) {
        let info = self.json.entry("info").or_insert_with(|| json!({}));
        if !info.is_object() {
            *info = json!({});
        }
        info[key] = value;
    }

    fn metadata(&self, key: &str) -> &str {
        let metadata = self.json.get("chart").and_then(|chart| chart.get("metadata")?.get(key));
        metadata.and_then(Value::as_str).unwrap_or_default()
    }
}

/// Name, revision and status only: a record holds values.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}/{} v{}, {})", self.namespace(), self.name(), self.revision(), self.status())
    }
}

/// The name of the Secret of a revision.
pub(crate) fn secret_name(release: &str, revision: u64) -> String {
    format!("sh.helm.release.v1.{release}.v{revision}")
}

/// The labels that Helm sets itself.
pub(crate) fn is_system_label(label: &str) -> bool {
    ["name", "owner", "status", "version", "createdAt", "modifiedAt"].contains(&label)
}

fn now() -> String {
    Timestamp::now().to_string()
}

/// The chart as Helm stores it: Chart.yaml and values as rendering left them, everything else as it was loaded.
fn chart_json(chart: &Chart, rendered: &Rendered) -> Value {
    let was_rendered = !rendered.metadata.name.is_empty();
    let (metadata, values) = match was_rendered {
        true => (&rendered.metadata, &rendered.defaults),
        false => (&chart.metadata, &chart.values),
    };
    let files = |files: &[File]| match files {
        [] => Value::Null,
        files => files
            .iter()
            .map(|file| json!({ "name": file.name, "data": STANDARD.encode(&file.data), "modtime": NO_TIME }))
            .collect(),
    };
    json!({
        "metadata": metadata,
        "lock": chart.lock,
        "templates": files(&chart.templates),
        // Helm reads every number of a chart as a float.
        "values": Values::from_json(values).to_json(),
        "schema": chart.schema.as_ref().map(|schema| STANDARD.encode(schema)),
        "schemamodtime": NO_TIME,
        "files": files(&chart.files),
        "modtime": NO_TIME,
    })
}

fn hook_json(hook: &Hook) -> Value {
    let mut json = json!({
        "name": hook.name,
        "kind": hook.kind,
        "path": hook.path,
        "manifest": hook.manifest,
        "last_run": { "phase": "" },
    });
    let mut set = |key: &str, value: Value| json[key] = value;
    if !hook.events.is_empty() {
        set("events", hook.events.iter().map(|event| event.as_str()).collect());
    }
    if hook.weight != 0 {
        set("weight", hook.weight.into());
    }
    if !hook.delete_policies.is_empty() {
        set("delete_policies", hook.delete_policies.iter().map(|policy| policy.as_str()).collect());
    }
    if !hook.output_log_policies.is_empty() {
        set("output_log_policies", hook.output_log_policies.iter().map(String::as_str).collect());
    }
    json
}

fn hook_of(stored: &Value) -> Result<Hook, crate::Error> {
    let text = |key: &str| stored.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let words = |key: &str| {
        let words = stored.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        words.into_iter().filter_map(|word| word.as_str().map(str::to_owned)).collect::<Vec<String>>()
    };
    let (path, manifest) = (text("path"), text("manifest"));
    let object = crate::manifest::parse(&path, &manifest)?;
    Ok(Hook {
        name: text("name"),
        kind: text("kind"),
        path,
        object,
        manifest,
        events: words("events").iter().filter_map(|word| HookEvent::parse(word)).collect(),
        weight: stored.get("weight").and_then(Value::as_i64).unwrap_or_default(),
        delete_policies: words("delete_policies")
            .iter()
            .filter_map(|word| DeletePolicy::parse(word))
            .collect(),
        output_log_policies: words("output_log_policies"),
        touched: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let json = json!({
            "name": "a", "namespace": "b", "version": 3, "info": { "status": "deployed", "description": "Install complete" },
            "config": { "password": "hunter2" }, "unheard_of": { "x": 1 },
        });
        Record { json: json.as_object().unwrap().clone(), labels: BTreeMap::new(), heartbeat: None }
    }

    fn secret(data: &str) -> Value {
        json!({ "metadata": { "name": "s", "labels": { "createdAt": "1700000000" } }, "data": { "release": data } })
    }

    #[test]
    fn a_record_comes_back_as_it_was_written_with_what_is_not_known_here() {
        let mut record = record();
        record.set_status(Status::Failed, "why");
        let read = Record::from_secret(&secret(&STANDARD.encode(record.encode().unwrap()))).unwrap();
        assert_eq!(read.json(), record.json());
        assert_eq!(read.json()["unheard_of"], json!({ "x": 1 }));
        assert_eq!((read.status(), read.description(), read.revision()), (Status::Failed, "why", 3));
        assert_eq!(read.last_sign_of_life().unwrap().as_second(), 1_700_000_000);
    }

    #[test]
    fn a_record_without_gzip_is_read_too() {
        let plain = STANDARD.encode(STANDARD.encode(r#"{"name":"a"}"#));
        assert_eq!(Record::from_secret(&secret(&plain)).unwrap().name(), "a");
    }

    #[test]
    fn a_broken_record_is_named_and_not_quoted() {
        let plain = STANDARD.encode(STANDARD.encode(r#"{"name":"hunter2"#));
        let error = Record::from_secret(&secret(&plain)).unwrap_err().to_string();
        assert!(error.contains("the record s") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn neither_the_record_nor_its_debug_form_show_values() {
        assert_eq!(format!("{:?}", record()), "Record(b/a v3, deployed)");
    }
}
