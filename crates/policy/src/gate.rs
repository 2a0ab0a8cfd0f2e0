//! The gate: objects in, a report out. The one door for the provider and the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use flux::manifest::Manifest;
use flux::path::{FieldPath, Step};
use serde_json::{Map, Value, json};
use tracing::debug;

use crate::bundle::Bundle;
use crate::catalogue::{Catalogue, Concern, Param, Rule};
use crate::error::value_in_words;
use crate::input::{Input, subject};
use crate::report::{Finding, Outcome, Report, RuleFailure, Unknown, Verdict};
use crate::wasm::{EngineError, Machine, Program};
use crate::{Error, Settings, Severity};

/// One object before the gate, and what is about to happen to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The object as it will be; for [`Change::Delete`], as it is.
    pub manifest: Manifest,
    /// What is about to happen to it.
    pub change: Change,
}

/// What is about to happen to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It will be made, also as one half of a replacement.
    Create,
    /// It will be changed.
    Update,
    /// It stays as it is: findings only warn, so that nobody is trapped by a rule that was tightened.
    Unchanged,
    /// It will be removed: rules, which speak of the wanted object, do not apply.
    Delete,
}

/// Rules with their settings, ready to judge objects. May be shared between threads.
#[derive(Debug)]
pub struct Gate {
    catalogue: Catalogue,
    severities: BTreeMap<String, Severity>,
    unknown_params: Vec<String>,
    program: Program,
    /// Machines that are at rest. Each evaluation takes one, or makes one.
    machines: Mutex<Vec<Machine>>,
}

impl Gate {
    /// Makes the built-in rules ready.
    ///
    /// # Errors
    ///
    /// Settings that name what does not exist or have a wrong type, no rule left enabled, or an engine that
    /// does not start.
    pub fn new(settings: Settings) -> Result<Gate, Error> {
        Gate::with_bundle(&Bundle::built_in()?, settings)
    }

    /// Makes the rules of a bundle ready.
    ///
    /// # Errors
    ///
    /// As [`Gate::new`], and rules that do not run here.
    pub fn with_bundle(bundle: &Bundle, settings: Settings) -> Result<Gate, Error> {
        let catalogue = Catalogue::of(bundle)?;
        let severities = severities(&catalogue, &settings.rules)?;
        let data = with_params(&catalogue, bundle.data.clone(), &settings)?;
        let program = Program::load(&bundle.program, &Value::Object(data), settings.limits)?;
        let machine = program.start()?;
        let paths = catalogue.rules().iter().map(|rule| rule.entrypoint.as_str()).chain([Bundle::REPORT]);
        if let Some(path) = { paths }.find(|path| !machine.answers(path)) {
            return Err(EngineError::Entrypoint { path: path.to_owned() }.into());
        }
        Ok(Gate {
            catalogue,
            severities,
            unknown_params: settings.unknown_params,
            program,
            machines: Mutex::new(vec![machine]),
        })
    }

    /// The rules, their descriptions and their parameters.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// How much a rule counts, as the settings have it. `Off` for a rule that does not exist.
    pub fn severity(&self, rule: &str) -> Severity {
        self.severities.get(rule).copied().unwrap_or(Severity::Off)
    }

    /// Judges objects, one after the other. No objects, no verdicts.
    ///
    /// # Errors
    ///
    /// The engine failed, or answered with other rules than the bundle lists. A single rule that fails is no
    /// error here: it is among [`Report::errors`], and the other rules still report.
    pub fn check(&self, subjects: &[Subject]) -> Result<Report, Error> {
        let mut report = Report::default();
        for (position, subject) in subjects.iter().enumerate() {
            self.judge(position, subject, &mut report)?;
        }
        Ok(report)
    }

    /// Judges objects where having none means that something is wrong: a check that checked nothing.
    ///
    /// # Errors
    ///
    /// As [`Gate::check`], and [`Error::NoObjects`] for an empty list.
    pub fn check_all(&self, subjects: &[Subject]) -> Result<Report, Error> {
        if subjects.is_empty() {
            return Err(Error::NoObjects);
        }
        self.check(subjects)
    }

    /// The rules that are not off, in the order of their ids.
    fn enabled(&self) -> impl Iterator<Item = (&Rule, Severity)> {
        let rules = self.catalogue.rules().iter().map(|rule| (rule, self.severity(&rule.id)));
        rules.filter(|(_, severity)| *severity != Severity::Off)
    }

    fn judge(&self, position: usize, judged: &Subject, report: &mut Report) -> Result<(), Error> {
        let mut verdict = |rule: &Rule, outcome| {
            report.verdicts.push(Verdict { rule: rule.id.clone(), subject: position, outcome });
        };
        if judged.change == Change::Delete {
            self.enabled().for_each(|(rule, _)| verdict(rule, Outcome::NotApplicable));
            return Ok(());
        }
        let input = Input::of(&judged.manifest, judged.change).to_json();
        let mut answers = self.ask_all(&input)?;
        for (rule, severity) in self.enabled() {
            let (severity, failure_severity) = match judged.change {
                Change::Unchanged => (Severity::Warn, Severity::Warn),
                _ => (severity, Severity::Deny),
            };
            let found = match answers.remove(&rule.package) {
                Some(answer) => answer.and_then(|answer| findings(answer, rule, severity, &judged.manifest)),
                None => Err(Failure::Silent),
            };
            match found {
                Ok(found) => verdict(rule, self.decide(rule, found, &judged.manifest)),
                Err(failure) => report.errors.push(RuleFailure {
                    rule: rule.id.clone(),
                    subject: position,
                    severity: failure_severity,
                    message: failure.message(&judged.manifest),
                }),
            }
        }
        Ok(())
    }

    /// Three outcomes out of findings, never two.
    fn decide(&self, rule: &Rule, found: Vec<Finding>, manifest: &Manifest) -> Outcome {
        let concern = rule.concerns(manifest);
        let mut because = rule.unknowns(manifest, &self.unknown_params);
        if concern == Concern::Maybe && because.is_empty() {
            let fields = ["kind", "apiVersion"].map(|field| FieldPath::of([field]));
            because =
                fields.into_iter().filter(|path| manifest.is_unknown(path)).map(Unknown::Field).collect();
        }
        match (found.is_empty(), because.is_empty()) {
            // What a rule finds stands, even where its own METADATA leaves the kind out.
            _ if concern == Concern::No && found.is_empty() => Outcome::NotApplicable,
            (_, false) => {
                let known = |finding: &Finding| match &finding.path {
                    Some(path) => !manifest.touches_unknown(path),
                    None => false,
                };
                Outcome::CannotTell { because, likely: found.into_iter().filter(known).collect() }
            }
            (true, true) => Outcome::Pass,
            (false, true) => Outcome::Fail(found),
        }
    }

    /// What each rule answers, by its package. One question for all of them; where that fails, one for each,
    /// so that the rule that fails is known by name and the others are heard.
    fn ask_all(&self, input: &str) -> Result<BTreeMap<String, Result<Value, Failure>>, Error> {
        let answer = self.ask(Bundle::REPORT, input);
        let Ok(answer) = answer.inspect_err(|error| debug!(%error, "asking each rule by itself")) else {
            let mut answers = BTreeMap::new();
            for (rule, _) in self.enabled() {
                let answer = match self.ask(&rule.entrypoint, input) {
                    Ok(answer) => answer.ok_or(Failure::Silent),
                    Err(error) => Err(Failure::Engine(error)),
                };
                answers.insert(rule.package.clone(), answer);
            }
            return Ok(answers);
        };
        let Some(Value::Object(answers)) = answer else {
            return Err(Error::NotAReport);
        };
        let listed: BTreeSet<&str> =
            self.catalogue.rules().iter().map(|rule| rule.package.as_str()).collect();
        let reported: BTreeSet<&str> = answers.keys().map(String::as_str).collect();
        if listed != reported {
            let only = |these: &BTreeSet<&str>, those| {
                these.difference(those).map(|&name| name.to_owned()).collect()
            };
            return Err(Error::OtherRules {
                missing: only(&listed, &reported),
                extra: only(&reported, &listed),
            });
        }
        Ok(answers.into_iter().map(|(package, answer)| (package, Ok(answer))).collect())
    }

    fn ask(&self, entrypoint: &str, input: &str) -> Result<Option<Value>, EngineError> {
        // A list that another thread left behind in a panic is as good as any.
        let machines = || self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        let resting = machines().pop();
        let mut machine = match resting {
            Some(machine) => machine,
            None => self.program.start()?,
        };
        let answer = self.program.ask(&mut machine, entrypoint, input)?;
        // Only a machine that came to a good end is used again, and one that did not grow out of all measure.
        if machine.size() <= LARGEST_AT_REST {
            machines().push(machine);
        }
        Ok(answer)
    }
}

/// The most bytes of memory that a machine may keep between evaluations: it never gives any back.
const LARGEST_AT_REST: usize = 32 << 20;

/// Why there is no verdict of one rule.
enum Failure {
    /// The engine ended it.
    Engine(EngineError),
    /// It has no answer at all, not even an empty one.
    Silent,
    /// Its answer holds something else than findings.
    Malformed,
}

impl Failure {
    fn message(&self, manifest: &Manifest) -> String {
        match self {
            Failure::Silent => "the rule gave no answer".to_owned(),
            Failure::Malformed => {
                "the rule answered with something else than objects with a msg and perhaps a path".to_owned()
            }
            // What a builtin complains of may repeat a value.
            Failure::Engine(EngineError::Builtin { source, .. } | EngineError::Start { source })
                if manifest.sensitive().is_empty() =>
            {
                format!("{}: {source}", self.engine_message())
            }
            Failure::Engine(_) => self.engine_message(),
        }
    }

    fn engine_message(&self) -> String {
        match self {
            Failure::Engine(error) => error.to_string(),
            _ => String::new(),
        }
    }
}

fn severities(
    catalogue: &Catalogue,
    settings: &BTreeMap<String, Severity>,
) -> Result<BTreeMap<String, Severity>, Error> {
    let mut severities: BTreeMap<String, Severity> =
        catalogue.rules().iter().map(|rule| (rule.id.clone(), rule.severity)).collect();
    for (id, severity) in settings {
        match severities.get_mut(id) {
            Some(place) => *place = *severity,
            None => {
                let known = severities.into_keys().collect();
                return Err(Error::UnknownRule { id: id.clone(), known });
            }
        }
    }
    if severities.values().all(|severity| *severity == Severity::Off) {
        return Err(Error::NoRules);
    }
    Ok(severities)
}

/// The data that the rules see: the bundle's own, with parameters as the settings have them.
fn with_params(
    catalogue: &Catalogue,
    mut data: Map<String, Value>,
    settings: &Settings,
) -> Result<Map<String, Value>, Error> {
    let known = |name: &str| -> Result<&Param, Error> {
        catalogue.param(name).ok_or_else(|| Error::UnknownParam {
            name: name.to_owned(),
            known: catalogue.params().map(|param| param.name.clone()).collect(),
        })
    };
    for name in &settings.unknown_params {
        known(name)?;
    }
    let params = data.entry("params").or_insert_with(|| json!({}));
    for (name, value) in &settings.params {
        let param = known(name)?;
        if !param.kind.takes(value) {
            let found = value_in_words(value);
            return Err(Error::ParamType { name: name.clone(), wanted: param.kind, found });
        }
        if let Some(params) = params.as_object_mut() {
            params.insert(name.clone(), value.clone());
        }
    }
    Ok(data)
}

/// The findings in the answer of one rule, in a fixed order.
fn findings(
    answer: Value,
    rule: &Rule,
    severity: Severity,
    manifest: &Manifest,
) -> Result<Vec<Finding>, Failure> {
    let Value::Array(items) = answer else {
        return Err(Failure::Malformed);
    };
    let hidden = manifest.sensitive().iter().any(|secret| rule.reads.reads(secret));
    let mut found = items
        .iter()
        .map(|item| {
            let (message, path) = read_finding(item)?;
            let path = if hidden { path.and_then(|path| harmless(path, rule, manifest)) } else { path };
            let message = match (hidden, &path) {
                (false, _) => message.to_owned(),
                // Whatever a rule makes of a secret may still be one, so its own words are not shown at all.
                (true, Some(path)) => format!("{}: {path}: {}", subject(manifest), rule.title),
                (true, None) => format!("{}: {}", subject(manifest), rule.title),
            };
            let (title, remedy) = (rule.title.clone(), rule.remedy.clone());
            Ok(Finding { rule: rule.id.clone(), title, severity, message, path, remedy })
        })
        .collect::<Result<Vec<Finding>, Failure>>()?;
    found.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
    found.dedup();
    Ok(found)
}

/// As much of a path as says nothing about a secret: up to the sensitive field, and only where the object has
/// such a field or the rule reads it by that name.
fn harmless(path: FieldPath, rule: &Rule, manifest: &Manifest) -> Option<FieldPath> {
    let secret = manifest.sensitive().iter().find(|secret| path.starts_with(secret));
    let path = secret.cloned().unwrap_or(path);
    (manifest.get(&path).is_some() || rule.reads.object.contains(&path)).then_some(path)
}

/// A finding is a text, or an object with a text `msg` and perhaps a list `path`.
fn read_finding(item: &Value) -> Result<(&str, Option<FieldPath>), Failure> {
    if let Value::String(message) = item {
        return Ok((message, None));
    }
    let message = item.get("msg").and_then(Value::as_str).ok_or(Failure::Malformed)?;
    let path = match item.get("path") {
        None | Some(Value::Null) => None,
        Some(Value::Array(steps)) => Some(steps.iter().map(read_step).collect::<Result<_, _>>()?),
        Some(_) => return Err(Failure::Malformed),
    };
    Ok((message, path))
}

fn read_step(step: &Value) -> Result<Step, Failure> {
    if let Some(key) = step.as_str() {
        return Ok(Step::from(key));
    }
    let position = step.as_u64().and_then(|position| usize::try_from(position).ok());
    position.map(Step::from).ok_or(Failure::Malformed)
}
