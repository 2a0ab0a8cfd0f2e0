//! The report for programs.

use std::io::{self, Write};

use policy::{Counts, Finding, Outcome, Report, Subject};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    /// How many objects were judged.
    objects: usize,
    counts: Counts,
    findings: Vec<Located<&'a Finding>>,
    cannot_tell: Vec<Located<Later<'a>>>,
    errors: Vec<Located<Failed<'a>>>,
}

#[derive(Serialize)]
struct Located<T> {
    object: String,
    origin: String,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct Later<'a> {
    rule: &'a str,
    because: Vec<String>,
}

#[derive(Serialize)]
struct Failed<'a> {
    rule: &'a str,
    message: &'a str,
}

/// Writes the report as one JSON object.
pub fn json(out: &mut impl Write, subjects: &[Subject], report: &Report) -> io::Result<()> {
    let document = Document {
        objects: subjects.len(),
        counts: report.counts(),
        findings: report.findings().map(|(subject, finding)| located(subjects, subject, finding)).collect(),
        cannot_tell: report
            .verdicts
            .iter()
            .filter_map(|verdict| match &verdict.outcome {
                Outcome::CannotTell { because, .. } => {
                    let because = because.iter().map(ToString::to_string).collect();
                    Some(located(subjects, verdict.subject, Later { rule: &verdict.rule, because }))
                }
                _ => None,
            })
            .collect(),
        errors: report
            .errors
            .iter()
            .map(|failure| {
                located(subjects, failure.subject, Failed { rule: &failure.rule, message: &failure.message })
            })
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn located<T>(subjects: &[Subject], subject: usize, what: T) -> Located<T> {
    let manifest = &subjects[subject].manifest;
    Located { object: manifest.reference(), origin: manifest.origin().to_string(), what }
}
