//! `fluxgate_policy_report`: what the provider's gate says of any objects.

use async_trait::async_trait;
use flux::{Manifest, Origin};
use policy::{Change, Gate, Outcome, Report, Subject};
use serde_json::Value as Json;
use tfplugin::{
    data_source::{DataResponse, DataSource},
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    provider::Call,
    schema::{Attribute, Schema},
    value::Value,
};

use super::{flag, number, response, text};
use crate::{context::Shared, explain};

/// The data source `fluxgate_policy_report`.
#[derive(Debug)]
pub struct PolicyReportData {
    shared: Shared,
}

impl PolicyReportData {
    /// The data source, with the gate that `shared` will hold.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

#[async_trait]
impl DataSource for PolicyReportData {
    fn name(&self) -> &str {
        "fluxgate_policy_report"
    }

    fn schema(&self) -> Schema {
        let finding = vec![
            text("rule", "Id of the rule."),
            text("title", "What ought to hold."),
            text("severity", "`deny` or `warn`."),
            text("object", "The object: kind, namespace and name."),
            text("path", "The field, such as `spec.interval`."),
            text("message", "What is wrong."),
            text("remedy", "What to do."),
        ];
        Schema::new(vec![
            Attribute::dynamic("manifests").required().describe(
                "The objects: one, or a list of them, each an object or a YAML text, which may hold several documents.",
            ),
            Attribute::nested_list("findings", finding).computed().describe("What was found, in the order of the objects, then of the rules."),
            number("objects", "How many objects were judged."),
            number("passed", "How many pairs of a rule and an object passed."),
            number("failed", "How many failed by a rule that denies."),
            number("warned", "How many failed by a rule that warns."),
            number("cannot_tell", "How many could not be decided."),
            number("not_applicable", "How many rules had nothing to do with the object."),
            flag("denied", "Whether the gate would refuse one of the objects."),
        ])
        .describe("What the provider's policy gate says of objects, by the same rules and settings as for resources; a finding is no error here. For rules and their parameters see the guide to the rules.")
    }

    async fn read(&self, _call: &Call, config: Value) -> DataResponse {
        let computed = self.judged(&config);
        response(config, computed)
    }
}

impl PolicyReportData {
    fn judged(&self, config: &Value) -> Result<Vec<(&'static str, Value)>, Diagnostics> {
        let context = self.shared.get()?;
        let gate = context.gate().ok_or_else(|| {
            Diagnostic::error(
                "The policy gate is shut",
                "The policy's settings are known only after apply, and data sources are read at plan. Let this one wait for what they come from, by depends_on.",
            )
        })?;
        let subjects = subjects(config.get("manifests"))?;
        let report = judge(gate, &subjects)?;
        let counts = report.counts();
        let count = |count: usize| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
        Ok(vec![
            ("findings", Value::list(findings(&report, &subjects))),
            ("objects", count(subjects.len())),
            ("passed", count(counts.passed)),
            ("failed", count(counts.failed)),
            ("warned", count(counts.warned)),
            ("cannot_tell", count(counts.cannot_tell)),
            ("not_applicable", count(counts.not_applicable)),
            ("denied", Value::from(report.denied())),
        ])
    }
}

fn judge(gate: &Gate, subjects: &[Subject]) -> Result<Report, Diagnostic> {
    let shut = |why: String| Diagnostic::error("The policy gate is shut", format!("{why}."));
    let report = gate.check_all(subjects).map_err(|error| shut(explain::sentence(&error)))?;
    match report.errors.first() {
        Some(failure) => {
            let object =
                subjects.get(failure.subject).map(|subject| subject.manifest.reference()).unwrap_or_default();
            Err(shut(format!("The rule {:?} could not judge {object}: {}", failure.rule, failure.message)))
        }
        None => Ok(report),
    }
}

fn findings(report: &Report, subjects: &[Subject]) -> Vec<Value> {
    let certain = report.verdicts.iter().flat_map(|verdict| {
        let found = match &verdict.outcome {
            Outcome::Fail(found) => found.as_slice(),
            Outcome::Pass | Outcome::CannotTell { .. } | Outcome::NotApplicable => &[],
        };
        found.iter().map(move |finding| (verdict.subject, finding))
    });
    certain
        .map(|(subject, finding)| {
            let object = subjects.get(subject).map(|subject| subject.manifest.reference());
            Value::object([
                ("rule", Value::from(finding.rule.as_str())),
                ("title", Value::from(finding.title.as_str())),
                ("severity", Value::from(finding.severity.to_string())),
                ("object", object.into()),
                ("path", finding.path.as_ref().map(ToString::to_string).into()),
                ("message", Value::from(finding.message.as_str())),
                ("remedy", Value::from(finding.remedy.as_str())),
            ])
        })
        .collect()
}

/// The objects that a configuration lists, in whatever form.
fn subjects(manifests: &Value) -> Result<Vec<Subject>, Diagnostic> {
    let at = AttributePath::root("manifests");
    let json = manifests.to_json().map_err(|error| refused(&at, &format!("this is no manifest: {error}")))?;
    let mut subjects = Vec::new();
    match json {
        Json::Array(items) => {
            for (position, item) in items.into_iter().enumerate() {
                add(item, &at.index(position), &mut subjects)?;
            }
        }
        item => add(item, &at, &mut subjects)?,
    }
    Ok(subjects)
}

fn add(item: Json, at: &AttributePath, subjects: &mut Vec<Subject>) -> Result<(), Diagnostic> {
    let objects = match item {
        Json::String(text) => yaml::documents(&text)
            .map_err(|error| refused(at, &format!("this is no YAML: {}", explain::sentence(&error))))?
            .into_iter()
            .map(|document| document.value)
            .filter(|object| !object.is_null())
            .collect(),
        object => vec![object],
    };
    for object in objects {
        let manifest = Manifest::new(object, Origin::resource(at.to_string()))
            .map_err(|error| refused(at, &format!("this is no manifest: {}", explain::sentence(&error))))?;
        subjects.push(Subject { manifest, change: Change::Create });
    }
    Ok(())
}

fn refused(at: &AttributePath, words: &str) -> Diagnostic {
    Diagnostic::error("This is no manifest", format!("{at}: {words}.")).at(at.clone())
}
