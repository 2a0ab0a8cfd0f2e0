//! Conditions as values: what a wait waits for.

use std::{fmt, sync::Arc};

use flux::{
    kinds::Kind,
    readiness::{State, assess},
};
use serde_json::Value;

use crate::{apply::finalizers, object::text};

/// How far an object is on the way to a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The condition holds.
    Done,
    /// Not yet, and why.
    Pending(String),
    /// It will not come to hold by itself, and why.
    Failed(String),
}

type Question = dyn Fn(Option<&Value>) -> Progress + Send + Sync;

/// Something to wait for: a question to an object, or to its absence. Conditions compose by [`and`](Condition::and) and
/// [`or`](Condition::or).
///
/// ```
/// use cluster::{Condition, Progress};
/// use serde_json::json;
///
/// let labelled = Condition::new("labelled", |object| match object.and_then(|o| o.pointer("/metadata/labels/a")) {
///     Some(_) => Progress::Done,
///     None => Progress::Pending("has no label a".to_owned()),
/// });
/// let wanted = Condition::exists().and(labelled);
/// assert_eq!(wanted.check(Some(&json!({ "metadata": { "labels": { "a": "b" } } }))), Progress::Done);
/// assert_eq!(wanted.check(None), Progress::Pending("does not exist".to_owned()));
/// ```
#[derive(Clone)]
pub struct Condition {
    name: String,
    check: Arc<Question>,
    /// Whether an absent or another object may be what is waited for.
    absence: bool,
}

impl Condition {
    /// A condition of one's own. The question gets `None` while the object does not exist.
    pub fn new(
        name: impl Into<String>,
        check: impl Fn(Option<&Value>) -> Progress + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), check: Arc::new(check), absence: false }
    }

    /// The object is ready, by the rule of its kind. A suspended one counts as ready, since nobody works on it.
    pub fn ready(kind: &'static Kind) -> Self {
        Self::new("ready", move |object| {
            let Some(object) = object else { return absent() };
            let status = assess(kind, object);
            match status.state {
                State::Ready | State::Suspended => Progress::Done,
                State::Failed { terminal: true } => Progress::Failed(status.message),
                State::Terminating => Progress::Failed("is being deleted".to_owned()),
                State::Failed { terminal: false } | State::Progressing | State::Unknown => {
                    Progress::Pending(status.message)
                }
            }
        })
    }

    /// The object exists.
    pub fn exists() -> Self {
        Self::new("existing", |object| if object.is_some() { Progress::Done } else { absent() })
    }

    /// The object is gone; where a uid is given, another one may have taken its name.
    pub fn deleted(uid: Option<&str>) -> Self {
        let uid = uid.map(str::to_owned);
        let mut condition = Self::new("deleted", move |object| {
            let Some(object) = object else { return Progress::Done };
            if uid.is_some() && text(object, "/metadata/uid") != uid.as_deref() {
                return Progress::Done;
            }
            Progress::Pending(match finalizers(object) {
                held if held.is_empty() => "still exists".to_owned(),
                held => format!("is held by {}", held.join(", ")),
            })
        });
        condition.absence = true;
        condition
    }

    /// Both hold. Failed when either is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (left, right) = (self.check, other.check);
        let check = move |object: Option<&Value>| match (left(object), right(object)) {
            (failed @ Progress::Failed(_), _) | (_, failed @ Progress::Failed(_)) => failed,
            (pending @ Progress::Pending(_), _) | (_, pending @ Progress::Pending(_)) => pending,
            (Progress::Done, Progress::Done) => Progress::Done,
        };
        let absence = self.absence && other.absence;
        Self { name: format!("{} and {}", self.name, other.name), check: Arc::new(check), absence }
    }

    /// Either holds. Failed when both are.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (left, right) = (self.check, other.check);
        let check = move |object: Option<&Value>| match (left(object), right(object)) {
            (Progress::Done, _) | (_, Progress::Done) => Progress::Done,
            (pending @ Progress::Pending(_), _) | (_, pending @ Progress::Pending(_)) => pending,
            (failed @ Progress::Failed(_), Progress::Failed(_)) => failed,
        };
        let absence = self.absence || other.absence;
        Self { name: format!("{} or {}", self.name, other.name), check: Arc::new(check), absence }
    }

    /// Asks the question.
    pub fn check(&self, object: Option<&Value>) -> Progress {
        (self.check)(object)
    }

    /// What is waited for, in a word or two: `ready`, `deleted`.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_of_absence(&self) -> bool {
        self.absence
    }
}

fn absent() -> Progress {
    Progress::Pending("does not exist".to_owned())
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn always(progress: &Progress) -> Condition {
        let progress = progress.clone();
        Condition::new("always", move |_| progress.clone())
    }

    #[test]
    fn and_takes_the_worst_and_or_the_best() {
        let [done, pending, failed] =
            [Progress::Done, Progress::Pending("p".to_owned()), Progress::Failed("f".to_owned())];
        for (left, right, both, either) in [
            (&done, &done, &done, &done),
            (&done, &pending, &pending, &done),
            (&done, &failed, &failed, &done),
            (&pending, &failed, &failed, &pending),
            (&failed, &failed, &failed, &failed),
        ] {
            assert_eq!(always(left).and(always(right)).check(None), *both);
            assert_eq!(always(right).and(always(left)).check(None), *both);
            assert_eq!(always(left).or(always(right)).check(None), *either);
            assert_eq!(always(right).or(always(left)).check(None), *either);
        }
    }

    #[test]
    fn another_object_of_the_name_counts_as_deleted_when_the_uid_is_known() {
        let other = json!({ "metadata": { "uid": "b", "finalizers": ["x.io/y"] } });
        assert_eq!(Condition::deleted(Some("a")).check(Some(&other)), Progress::Done);
        let held = Progress::Pending("is held by x.io/y".to_owned());
        assert_eq!(Condition::deleted(None).check(Some(&other)), held);
    }
}
