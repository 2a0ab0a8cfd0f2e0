//! What the cluster said about an object lately, and that together with its status: the explanation of a wait that did
//! not end well.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde_json::Value;

use crate::{Cluster, Error, Part, Resource, Target, object::text};

/// How many events an explanation holds.
const EXPLAINING: usize = 5;
/// How long an explanation may take; it comes after a wait that was long enough.
pub(crate) const EXPLAINING_TIME: Duration = Duration::from_secs(5);

/// Something that happened to an object, as a controller reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whether it is a warning rather than mere news.
    pub warning: bool,
    /// The reason in CamelCase, such as `GitOperationFailed`.
    pub reason: String,
    /// What happened.
    pub message: String,
    /// Who reported it, such as `source-controller`.
    pub reporter: String,
    /// How often it happened.
    pub count: u64,
    /// When it happened last.
    pub last_seen: Option<Timestamp>,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message.trim())
    }
}

/// A condition from an object's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCondition {
    /// Its type, such as `Ready`.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// The reason in CamelCase.
    pub reason: String,
    /// The message for people.
    pub message: String,
}

impl fmt::Display for StatusCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {} ({}): {}", self.kind, self.status, self.reason, self.message.trim())
    }
}

/// Why an object is not where it was expected to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The object.
    pub object: Target,
    /// What was missing, in one sentence.
    pub why: String,
    /// The condition that says most: `Ready`, or the first one.
    pub condition: Option<StatusCondition>,
    /// The last events, newest first.
    pub events: Vec<Event>,
    /// What it has applied and is missing, failed or not ready, the worst first.
    pub parts: Vec<Part>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        // A sentence made from the condition need not be said twice.
        if let Some(condition) =
            self.condition.as_ref().filter(|condition| !self.why.contains(&condition.message))
        {
            write!(f, "; {condition}")?;
        }
        Ok(())
    }
}

impl Cluster {
    /// The last events of an object, newest first, at most `limit`. One request.
    ///
    /// Where the uid is known, only events of that very object are given, not of one that had its name before.
    ///
    /// # Errors
    ///
    /// As every request.
    pub async fn events(
        &self,
        target: &Target,
        uid: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Event>, Error> {
        let selector = match uid {
            Some(uid) => format!("involvedObject.uid={uid}"),
            None => {
                format!("involvedObject.name={},involvedObject.kind={}", target.name, target.resource.kind)
            }
        };
        // Events of objects without a namespace are kept in this one.
        let namespace = target.namespace.as_deref().unwrap_or("default");
        let found =
            self.list_by(&Resource::event(), Some(namespace), &[("fieldSelector", &selector)]).await?;
        let mut events: Vec<Event> = found.iter().map(event).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.last_seen));
        events.truncate(limit);
        Ok(events)
    }

    /// Puts together what is known about an object: its condition, and its events and what is wrong with the objects of its inventory, as far
    /// as they can be had quickly.
    pub async fn explain(
        &self,
        target: &Target,
        object: Option<&Value>,
        why: impl Into<String>,
    ) -> Explanation {
        let uid = object.and_then(|object| text(object, "/metadata/uid"));
        let events = tokio::time::timeout(EXPLAINING_TIME, self.events(target, uid, EXPLAINING)).await;
        let parts = match object {
            Some(object) => self.unhealthy_parts(object).await,
            None => Vec::new(),
        };
        Explanation {
            object: target.clone(),
            parts,
            why: why.into(),
            condition: object.and_then(telling_condition),
            events: events.ok().and_then(Result::ok).unwrap_or_default(),
        }
    }
}

/// The conditions in an object's status.
pub fn conditions_of(object: &Value) -> Vec<StatusCondition> {
    let listed = object.pointer("/status/conditions").and_then(Value::as_array);
    let part = |condition: &Value, field: &str| text(condition, field).unwrap_or_default().to_owned();
    listed
        .into_iter()
        .flatten()
        .map(|condition| StatusCondition {
            kind: part(condition, "/type"),
            status: part(condition, "/status"),
            reason: part(condition, "/reason"),
            message: part(condition, "/message"),
        })
        .collect()
}

pub(crate) fn telling_condition(object: &Value) -> Option<StatusCondition> {
    let mut conditions = conditions_of(object);
    let telling = conditions.iter().position(|condition| condition.kind == "Ready").unwrap_or(0);
    (telling < conditions.len()).then(|| conditions.swap_remove(telling))
}

fn event(event: &Value) -> Event {
    let part = |pointers: &[&str]| {
        let found = pointers.iter().filter_map(|pointer| text(event, pointer)).find(|text| !text.is_empty());
        found.unwrap_or_default().to_owned()
    };
    let count = event.pointer("/series/count").or(event.get("count")).and_then(Value::as_u64);
    let last_seen =
        part(&["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"]);
    Event {
        warning: text(event, "/type") == Some("Warning"),
        reason: part(&["/reason"]),
        message: part(&["/message"]),
        reporter: part(&["/reportingComponent", "/source/component"]),
        count: count.unwrap_or(1),
        last_seen: last_seen.parse().ok(),
    }
}
