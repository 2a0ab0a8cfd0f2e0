//! Where the cluster differs from the record.
//!
//! The server itself is asked: a forced dry run of what the record states gives the object as it should be, with all that
//! the server makes of quantities, durations and defaults, and that is compared with the object as it is.

use cluster::{ApplyRequest, Cluster, Force};
use flux::path::{FieldPath, Step};
use futures::{StreamExt, stream};
use serde_json::Value;

use crate::{
    Error, MANAGER,
    manifest::{self, objects_of},
    names::Stated,
    objects::{AT_ONCE, Planned, locate_each, mark},
    record::Record,
};

/// An object that differs from what its release states.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The object, as the release states it.
    pub object: Stated,
    /// The template that wrote it.
    pub path: String,
    /// How it differs.
    pub difference: Difference,
}

/// How an object differs.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// It is gone, or its kind is: nobody serves that any more.
    Missing,
    /// It is being deleted.
    Going,
    /// These fields are others than the release states. Values are not told: they may be secret.
    Fields(Vec<FieldPath>),
    /// It cannot become what the release states without being made anew.
    Fixed {
        /// What the server says about it.
        why: String,
    },
}

/// The objects of a release that differ from its record, in the order of the manifest; hooks are none of them. Nothing is
/// written. Two requests for each object.
///
/// # Errors
///
/// [`Error::Manifest`] when the record's manifest cannot be read, and those of every request.
pub async fn drift(cluster: &Cluster, record: &Record) -> Result<Vec<Drift>, Error> {
    let objects = objects_of(&manifest::read(record.manifest())?);
    let stated: Vec<Stated> = objects.iter().map(|it| Stated::of(&it.object)).collect();
    let paths: Vec<String> = objects.iter().map(|it| it.path.clone()).collect();
    let located = locate_each(cluster, record.namespace(), objects, &[]).await?;
    let looked: Vec<Result<Option<Difference>, Error>> = stream::iter(&located)
        .map(|located| async move {
            match located {
                Ok(planned) => look(cluster, record, planned).await,
                Err(_) => Ok(Some(Difference::Missing)),
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut drift = Vec::new();
    for ((object, path), difference) in stated.into_iter().zip(paths).zip(looked) {
        if let Some(difference) = difference? {
            drift.push(Drift { object, path, difference });
        }
    }
    Ok(drift)
}

async fn look(cluster: &Cluster, record: &Record, planned: &Planned) -> Result<Option<Difference>, Error> {
    let mut object = planned.object.clone();
    mark(&mut object, record.name(), record.namespace());
    let request = ApplyRequest::new(object, MANAGER).force(Force::All).dry_run();
    let (live, wanted) = futures::join!(cluster.get(&planned.target), cluster.apply(&request));
    let live = match live {
        Ok(Some(live)) => live,
        Ok(None) | Err(cluster::Error::NotServed { .. }) => return Ok(Some(Difference::Missing)),
        Err(error) => return Err(error.into()),
    };
    match wanted {
        Ok(wanted) => {
            let mut fields = Vec::new();
            compare(&live, &wanted.object, &mut Vec::new(), &mut fields);
            Ok((!fields.is_empty()).then_some(Difference::Fields(fields)))
        }
        Err(cluster::Error::BeingDeleted { .. }) => Ok(Some(Difference::Going)),
        Err(cluster::Error::NotServed { .. }) => Ok(Some(Difference::Missing)),
        Err(error @ cluster::Error::Invalid { .. }) => Ok(Some(Difference::Fixed { why: error.to_string() })),
        Err(error) => Err(error.into()),
    }
}

/// Collects the places at which two states of an object differ, leaving out what the server keeps for itself.
fn compare(live: &Value, wanted: &Value, here: &mut Vec<Step>, fields: &mut Vec<FieldPath>) {
    const OWN: [&str; 3] = ["managedFields", "resourceVersion", "generation"];
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            let keys: std::collections::BTreeSet<&String> = live.keys().chain(wanted.keys()).collect();
            for key in keys {
                let in_metadata = matches!(here.as_slice(), [Step::Key(step)] if step == "metadata");
                if (here.is_empty() && key == "status") || (in_metadata && OWN.contains(&key.as_str())) {
                    continue;
                }
                here.push(Step::Key(key.clone()));
                compare(
                    live.get(key).unwrap_or(&Value::Null),
                    wanted.get(key).unwrap_or(&Value::Null),
                    here,
                    fields,
                );
                here.pop();
            }
        }
        (Value::Array(live), Value::Array(wanted)) if live.len() == wanted.len() => {
            for (position, (live, wanted)) in live.iter().zip(wanted).enumerate() {
                here.push(Step::Index(position));
                compare(live, wanted, here, fields);
                here.pop();
            }
        }
        (live, wanted) if live == wanted => {}
        _ => fields.push(FieldPath(here.clone())),
    }
}
