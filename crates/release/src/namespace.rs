//! The namespace of a release: made only where it is missing and may be made, marked as ours, and taken away again only
//! then, and only when nothing of others is in it.

use std::{collections::BTreeMap, time::Duration};

use cluster::{Cluster, DeleteRequest, Target};
use serde_json::{Value, json};

use crate::{Error, Event, MANAGER, run::Run};

/// The annotation of a namespace that was made for a release; its value is the release's name.
pub const MADE_FOR: &str = "fluxgate/created-for-release";

/// How long the removal of a namespace is waited for.
const GOING: Duration = Duration::from_secs(60);

/// Makes sure that the namespace is there and stays. Says whether it was made just now. One request, two where it is
/// made.
///
/// A namespace that exists is left as it is, labels too. (Helm would put its label `name` on it.)
pub(crate) async fn ensure(run: &Run, make: bool, labels: &BTreeMap<String, String>) -> Result<bool, Error> {
    let target = Target::namespace(&run.namespace);
    if let Some(live) = run.cluster.get(&target).await? {
        going(run, &target, &live)?;
        return Ok(false);
    }
    if !make {
        return Err(Error::NoNamespace { namespace: run.namespace.clone() });
    }
    let mut all = BTreeMap::from([("name".to_owned(), run.namespace.clone())]);
    all.extend(labels.clone());
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": run.namespace,
            "labels": all,
            "annotations": { MADE_FOR: run.name },
        },
    });
    match run.cluster.create(&namespace, MANAGER).await {
        Ok(_) => {
            run.tell(Event::NamespaceCreated { namespace: run.namespace.clone() });
            Ok(true)
        }
        // Somebody else was quicker, or the answer to our own request was lost.
        Err(error) => match run.cluster.get(&target).await? {
            Some(live) => {
                going(run, &target, &live)?;
                Ok(false)
            }
            None => Err(error.into()),
        },
    }
}

fn going(run: &Run, target: &Target, live: &Value) -> Result<(), Error> {
    if live.pointer("/metadata/deletionTimestamp").is_none() {
        return Ok(());
    }
    Err(Error::Cluster(cluster::Error::BeingDeleted {
        place: run.cluster.place().clone(),
        object: Box::new(target.clone()),
        finalizers: Vec::new(),
    }))
}

/// What became of the namespace of a release that is gone.
pub(crate) enum Outcome {
    /// It is gone or going.
    Removed,
    /// It stays: it is not there, was not made for the release, or holds what others put there.
    Stays,
    /// It stays since it could not be told whether it may go, or must not be deleted, for this reason.
    Doubtful(String),
}

/// Takes the namespace away where it was made for this release and nothing of others is in it. Who may not look, or not
/// everywhere, leaves it: what the release had is gone by then, and would not be there for another try.
pub(crate) async fn remove(cluster: &Cluster, run: &Run) -> Result<Outcome, Error> {
    match remove_if_empty(cluster, run).await {
        Ok(true) => Ok(Outcome::Removed),
        Ok(false) => Ok(Outcome::Stays),
        Err(Error::Cluster(
            error @ (cluster::Error::Forbidden { .. }
            | cluster::Error::Api { .. }
            | cluster::Error::TimedOut { .. }
            | cluster::Error::Unintelligible { .. }),
        )) => {
            let (namespace, why) = (run.namespace.clone(), error.to_string());
            run.tell(Event::NamespaceKept { namespace, why: why.clone() });
            Ok(Outcome::Doubtful(why))
        }
        Err(error) => Err(error),
    }
}

/// Says whether it is gone or going.
async fn remove_if_empty(cluster: &Cluster, run: &Run) -> Result<bool, Error> {
    let target = Target::namespace(&run.namespace);
    let Some(live) = cluster.get(&target).await? else { return Ok(false) };
    if live["metadata"]["annotations"][MADE_FOR] != run.name {
        return Ok(false);
    }
    let Some(uid) = live.pointer("/metadata/uid").and_then(Value::as_str) else { return Ok(false) };
    if live.pointer("/metadata/deletionTimestamp").is_none() {
        let contents = cluster.contents(&run.namespace).await?;
        if !contents.is_empty() {
            run.tell(Event::Kept { object: target });
            return Ok(false);
        }
    }
    let request = DeleteRequest::new(&target, GOING).uid(uid);
    match cluster.delete(&request).await {
        Ok(_) => run.tell(Event::Deleted { object: target }),
        Err(error @ cluster::Error::Held { .. }) => {
            run.tell(Event::StillThere { object: target, why: error.to_string() });
        }
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}
