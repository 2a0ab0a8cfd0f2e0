//! The Secrets that keep the records. Making the Secret of a revision is the lock: it can be made only once.

use std::time::Duration;

use cluster::{Cluster, DeleteRequest, Resource, Target};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Error, MANAGER, Record, Status,
    record::{HEARTBEAT, is_system_label, secret_name},
    run::Run,
};

/// How often an author gives a sign of life.
pub(crate) const BEAT: Duration = Duration::from_secs(30);

/// The type of the Secrets.
const TYPE: &str = "helm.sh/release.v1";

/// The revisions of a release that are on record, oldest first; empty where there is no such release. One request.
///
/// # Errors
///
/// [`Error::Record`] when one cannot be read, and those of every request.
pub async fn history(cluster: &Cluster, namespace: &str, name: &str) -> Result<Vec<Record>, Error> {
    let labels = format!("owner=helm,name={name}");
    let secrets = cluster.list(&Resource::secret(), Some(namespace), &labels).await?;
    let mut records = secrets
        .iter()
        .filter(|secret| secret.get("type").and_then(Value::as_str) == Some(TYPE))
        .map(Record::from_secret)
        .collect::<Result<Vec<Record>, Error>>()?;
    records.sort_by_key(Record::revision);
    Ok(records)
}

/// The last revision of a release; `None` where there is no such release. One request.
///
/// # Errors
///
/// As [`history`].
pub async fn last(cluster: &Cluster, namespace: &str, name: &str) -> Result<Option<Record>, Error> {
    Ok(history(cluster, namespace, name).await?.pop())
}

/// The last deployed revision among these.
pub fn deployed(records: &[Record]) -> Option<&Record> {
    records.iter().rev().find(|record| record.status() == Status::Deployed)
}

/// How many heartbeats may be missed before an author counts as dead.
const MISSED: u32 = 4;

/// Refuses to go on while somebody else is at work on the release, unless he has given no sign of life for long.
pub(crate) fn not_busy(records: &[Record], dead_after: Duration) -> Result<(), Error> {
    let busy = |last: &&Record| last.status().is_pending() || last.status() == Status::Uninstalling;
    let Some(last) = records.last().filter(busy) else { return Ok(()) };
    let since = last.last_sign_of_life();
    let silent: Option<Duration> =
        since.and_then(|since| Timestamp::now().duration_since(since).try_into().ok());
    let dead_after = last.heartbeat().map_or(dead_after, |beat| dead_after.min(beat.saturating_mul(MISSED)));
    if silent.is_some_and(|silent| silent > dead_after) {
        tracing::warn!(record = ?last, "its author seems to be dead");
        return Ok(());
    }
    Err(Error::Pending {
        name: last.name().to_owned(),
        namespace: last.namespace().to_owned(),
        revision: last.revision(),
        status: last.status().to_string(),
        since: since.map(|since| since.to_string()),
    })
}

/// Makes the Secret of a record that is encoded already. [`Error::Pending`] when somebody else was quicker.
pub(crate) async fn create(run: &Run, record: &Record, encoded: &str) -> Result<(), Error> {
    let labels = labels(record, "createdAt");
    let data = base64(encoded);
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "namespace": run.namespace,
            "name": record.secret_name(),
            "labels": labels,
            "annotations": { HEARTBEAT: beats(record) },
        },
        "type": TYPE,
        "data": { "release": data },
    });
    let Err(error) = run.cluster.create(&secret, MANAGER).await else { return Ok(()) };
    let may_be_there = matches!(
        error,
        cluster::Error::Unreachable { .. }
            | cluster::Error::TimedOut { .. }
            | cluster::Error::Unintelligible { .. }
    ) || matches!(error, cluster::Error::Api { code, .. } if code >= 429);
    match error {
        cluster::Error::Exists { .. } => {}
        // The answer may be lost, and the Secret there nevertheless.
        _ if may_be_there => match run.cluster.get(&target(run, record.revision())).await? {
            Some(found) if found.pointer("/data/release").and_then(Value::as_str) == Some(&data) => {
                return Ok(());
            }
            Some(_) => {}
            None => return run.cluster.create(&secret, MANAGER).await.map(|_| ()).map_err(Error::from),
        },
        other => return Err(other.into()),
    }
    Err(Error::Pending {
        name: run.name.clone(),
        namespace: run.namespace.clone(),
        revision: record.revision(),
        status: record.status().to_string(),
        since: None,
    })
}

/// Writes a record again, leaving alone what others added to its Secret.
pub(crate) async fn update(cluster: &Cluster, namespace: &str, record: &Record) -> Result<(), Error> {
    let copy = record.clone();
    let encoded = encode(copy).await?;
    let patch = json!({
        "metadata": { "labels": labels(record, "modifiedAt"), "annotations": { HEARTBEAT: beats(record) } },
        "data": { "release": base64(&encoded) },
    });
    let target = Target::new(Resource::secret(), namespace, &record.secret_name());
    cluster.merge(&target, &patch, MANAGER).await?;
    Ok(())
}

/// How often the author of a record gives a sign of life; nothing, which takes the annotation away, when he is done.
fn beats(record: &Record) -> Value {
    match record.status() {
        status if status.is_pending() || status == Status::Uninstalling => json!(BEAT.as_secs().to_string()),
        _ => Value::Null,
    }
}

/// Gives a sign of life.
pub(crate) async fn beat(cluster: &Cluster, namespace: &str, secret: &str) -> Result<(), Error> {
    let now = Timestamp::now().as_second().to_string();
    let patch = json!({ "metadata": { "labels": { "modifiedAt": now } } });
    cluster.merge(&Target::new(Resource::secret(), namespace, secret), &patch, MANAGER).await?;
    Ok(())
}

/// Encodes a record on a thread that may be busy.
pub(crate) async fn encode(record: Record) -> Result<String, Error> {
    let name = record.secret_name();
    let broken = |why: String| Error::Record { secret: name.clone(), why };
    match tokio::task::spawn_blocking(move || record.encode()).await {
        Ok(encoded) => encoded.map_err(|error| broken(error.to_string())),
        Err(error) => Err(broken(error.to_string())),
    }
}

/// Deletes the oldest records, so that with the one to come there are at most `max_history`; never the last deployed one.
pub(crate) async fn prune(run: &Run, records: &[Record], max_history: usize) -> Result<(), Error> {
    if max_history == 0 {
        return Ok(());
    }
    let spared = deployed(records).map(Record::revision);
    let surplus = (records.len() + 1).saturating_sub(max_history);
    let old = records.iter().map(Record::revision).filter(|revision| Some(*revision) != spared);
    purge(run, &run.cluster, old.take(surplus).collect()).await
}

/// Deletes the records of these revisions.
pub(crate) async fn purge(run: &Run, cluster: &Cluster, revisions: Vec<u64>) -> Result<(), Error> {
    let deletions = revisions.into_iter().map(|revision| async move {
        let request = DeleteRequest::new(&target(run, revision), run.limits().request);
        cluster.delete(&request).await
    });
    futures::future::try_join_all(deletions).await?;
    Ok(())
}

fn target(run: &Run, revision: u64) -> Target {
    Target::new(Resource::secret(), &run.namespace, &secret_name(&run.name, revision))
}

fn labels(record: &Record, time: &str) -> Value {
    let mut labels: serde_json::Map<String, Value> = record
        .labels()
        .iter()
        .filter(|(label, _)| !is_system_label(label))
        .map(|(label, value)| (label.clone(), json!(value)))
        .collect();
    let mut set = |label: &str, value: String| labels.insert(label.to_owned(), json!(value));
    set("name", record.name().to_owned());
    set("owner", "helm".to_owned());
    set("status", record.status().to_string());
    set("version", record.revision().to_string());
    set(time, Timestamp::now().as_second().to_string());
    Value::Object(labels)
}

fn base64(text: &str) -> String {
    use ::base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}
