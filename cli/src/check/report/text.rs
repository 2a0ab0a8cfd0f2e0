//! The report for people: what is wrong, where, what to do, and how much was checked.

use std::io::{self, Write};

use owo_colors::OwoColorize;
use policy::{Outcome, Report, Severity, Subject};

/// Writes the report as text; colours go where the writer lets them through.
pub fn text(out: &mut impl Write, subjects: &[Subject], report: &Report) -> io::Result<()> {
    for (subject, finding) in report.findings() {
        let origin = subjects[subject].manifest.origin();
        let path = finding.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
        match finding.severity {
            Severity::Deny => write!(out, "{}", "FAIL".red().bold())?,
            Severity::Warn | Severity::Off => write!(out, "{}", "WARN".yellow().bold())?,
        }
        writeln!(out, " {} {origin}{path}", finding.rule.bold())?;
        writeln!(out, "     {}", finding.message)?;
        if !finding.remedy.is_empty() {
            writeln!(out, "     {}", finding.remedy.dimmed())?;
        }
    }
    for verdict in &report.verdicts {
        if let Outcome::CannotTell { because, .. } = &verdict.outcome {
            let origin = subjects[verdict.subject].manifest.origin();
            let because: Vec<_> = because.iter().map(ToString::to_string).collect();
            writeln!(out, "{} {} {origin}", "LATER".cyan().bold(), verdict.rule.bold())?;
            writeln!(out, "     decided at apply: {} is known only then", because.join(", "))?;
        }
    }
    for failure in &report.errors {
        let origin = subjects[failure.subject].manifest.origin();
        writeln!(out, "{} {} {origin}", "ERROR".red().bold(), failure.rule.bold())?;
        writeln!(out, "     {}", failure.message)?;
    }
    let counts = report.counts();
    let mut parts = vec![format!("{} passed", counts.passed), format!("{} failed", counts.failed)];
    for (count, word) in [
        (counts.warned, "warned"),
        (counts.cannot_tell, "decided at apply"),
        (counts.not_applicable, "not applicable"),
        (counts.errors, "with errors"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let objects = match subjects.len() {
        1 => "1 object".to_owned(),
        count => format!("{count} objects"),
    };
    writeln!(out, "{objects} checked: {}", parts.join(", "))
}
