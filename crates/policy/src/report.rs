//! What the gate answers: one verdict for each pair of a rule and an object.

use std::fmt;

use flux::path::FieldPath;
use serde::Serialize;

use crate::Severity;

/// The verdicts of all enabled rules on all objects, in the order of the objects, then of rule ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// One for each pair of an enabled rule and an object, but for the pairs among the errors.
    pub verdicts: Vec<Verdict>,
    /// Pairs for which the rule could not be run to its end.
    pub errors: Vec<RuleFailure>,
}

/// What one rule says of one object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The rule's id.
    pub rule: String,
    /// The object, as its position among the subjects that were given.
    pub subject: usize,
    /// Pass, fail, cannot tell, or not the rule's business.
    pub outcome: Outcome,
}

/// How a rule decided, if it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule has nothing against the object.
    Pass,
    /// The rule found something; never empty.
    Fail(Vec<Finding>),
    /// Something that the rule reads is known only after apply.
    CannotTell {
        /// What is not known yet, of what the rule reads.
        because: Vec<Unknown>,
        /// Findings on fields that are known; they will most likely stand.
        likely: Vec<Finding>,
    },
    /// The rule does not speak of such an object, or not of an object that is deleted.
    NotApplicable,
}

/// Something that is known only after apply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// A field of the object.
    Field(#[serde(serialize_with = "as_text")] FieldPath),
    /// A parameter of the rules.
    Param(String),
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown::Field(path) if path.is_root() => f.write_str("the whole object"),
            Unknown::Field(path) => path.fmt(f),
            Unknown::Param(name) => write!(f, "the parameter {name}"),
        }
    }
}

/// One thing that a rule found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// The rule's title: what ought to hold.
    pub title: String,
    /// How much it counts here: never `Off`, and `Warn` for an object that does not change.
    pub severity: Severity,
    /// What is wrong, with the object's kind and name. Never shows a sensitive value.
    pub message: String,
    /// The field it is about.
    #[serde(serialize_with = "as_optional_text")]
    pub path: Option<FieldPath>,
    /// What to do, as the rule advises.
    pub remedy: String,
}

/// A rule that could not be run to its end for an object. It counts as a refusal, whatever the severity of the
/// rule; only for an object that does not change it is a warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleFailure {
    /// The rule's id.
    pub rule: String,
    /// The object, as its position among the subjects that were given.
    pub subject: usize,
    /// `Deny`, or `Warn` for an object that does not change.
    pub severity: Severity,
    /// What happened: a limit, a conflict inside the rule, a builtin that failed.
    pub message: String,
}

/// How many pairs of a rule and an object ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The rule had nothing against the object.
    pub passed: usize,
    /// The rule found something that stops the change.
    pub failed: usize,
    /// The rule found something that is only shown.
    pub warned: usize,
    /// Something that the rule reads is known only after apply.
    pub cannot_tell: usize,
    /// The rule does not speak of such an object.
    pub not_applicable: usize,
    /// The rule could not be run to its end.
    pub errors: usize,
}

impl Report {
    /// Counts pairs of a rule and an object.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { errors: self.errors.len(), ..Counts::default() };
        for verdict in &self.verdicts {
            let count = match &verdict.outcome {
                Outcome::Pass => &mut counts.passed,
                Outcome::Fail(findings) if denies(findings) => &mut counts.failed,
                Outcome::Fail(_) => &mut counts.warned,
                Outcome::CannotTell { .. } => &mut counts.cannot_tell,
                Outcome::NotApplicable => &mut counts.not_applicable,
            };
            *count += 1;
        }
        counts
    }

    /// Whether something stops the change: a finding that denies, or a rule that could not be run to its end.
    pub fn denied(&self) -> bool {
        self.counts().failed > 0 || self.errors.iter().any(|failure| failure.severity == Severity::Deny)
    }

    /// Everything that was found and is certain, with the object's position.
    pub fn findings(&self) -> impl Iterator<Item = (usize, &Finding)> {
        self.verdicts.iter().flat_map(|verdict| {
            let findings = match &verdict.outcome {
                Outcome::Fail(findings) => findings.as_slice(),
                _ => &[],
            };
            findings.iter().map(|finding| (verdict.subject, finding))
        })
    }

    /// What the rules say of one object.
    pub fn of(&self, subject: usize) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(move |verdict| verdict.subject == subject)
    }
}

fn denies(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Deny)
}

fn as_text<S: serde::Serializer>(path: &FieldPath, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path)
}

#[expect(clippy::ref_option, reason = "serde hands the field by reference")]
fn as_optional_text<S: serde::Serializer>(
    path: &Option<FieldPath>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => serializer.collect_str(path),
        None => serializer.serialize_none(),
    }
}
