//! The policy gate in words for people: one diagnostic for each finding, on the attribute that it is about.

use flux::{Kind, Manifest};
use policy::{Change, Finding, Gate, Outcome, Severity, Subject};
use tfplugin::diagnostic::{Diagnostic, Diagnostics};

use crate::{convert, explain};

/// Asks the gate about one object that is about to be changed.
///
/// `gate` is `None` while the policy's settings are known only after apply; then nothing is decided yet, and the apply decides.
pub fn check(gate: Option<&Gate>, kind: &Kind, manifest: Manifest, change: Change) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let Some(gate) = gate else { return diagnostics };
    let reference = manifest.reference();
    let report = match gate.check(&[Subject { manifest, change }]) {
        Ok(report) => report,
        Err(error) => {
            diagnostics.push(shut(change, format!("{}.", explain::sentence(&error))));
            return diagnostics;
        }
    };
    for failure in &report.errors {
        diagnostics.push(shut(
            change,
            format!("The rule {:?} could not judge {reference}: {}.", failure.rule, failure.message),
        ));
    }
    for verdict in &report.verdicts {
        match &verdict.outcome {
            Outcome::Fail(findings) => {
                diagnostics.0.extend(findings.iter().map(|finding| found(kind, finding)));
            }
            Outcome::CannotTell { because, likely } => {
                for finding in likely {
                    let waits: Vec<_> = because.iter().map(ToString::to_string).collect();
                    let mut diagnostic = found(kind, finding);
                    diagnostic.severity = tfplugin::diagnostic::Severity::Warning;
                    diagnostic.summary.push_str(" (likely)");
                    diagnostic.detail.push_str(&format!(
                        "\n\nThis is decided at apply, since {} is known only then.",
                        waits.join(", ")
                    ));
                    diagnostics.push(diagnostic);
                }
            }
            Outcome::Pass | Outcome::NotApplicable => {}
        }
    }
    diagnostics
}

/// The gate could not judge: an error, unless nothing changes, so that nobody is trapped on the way to a destroy.
pub(crate) fn shut(change: Change, why: String) -> Diagnostic {
    let detail = format!(
        "{why}\n\nNothing is applied without the gate. Correct the policy's settings or turn the rule off by name."
    );
    match change {
        Change::Unchanged | Change::Delete => Diagnostic::warning("The policy gate is shut", detail),
        Change::Create | Change::Update => Diagnostic::error("The policy gate is shut", detail),
    }
}

fn found(kind: &Kind, finding: &Finding) -> Diagnostic {
    let diagnostic = in_words(finding);
    match &finding.path {
        Some(path) => diagnostic.at(convert::attribute_path(kind, path)),
        None => diagnostic,
    }
}

/// A finding, on no attribute.
pub(crate) fn in_words(finding: &Finding) -> Diagnostic {
    let detail = format!(
        "{}\n\n{}\n\nRule {:?}: {}.",
        finding.message,
        finding.remedy,
        finding.rule,
        finding.title.trim_end_matches('.')
    );
    let summary = format!("Policy: {}", finding.rule);
    match finding.severity {
        Severity::Deny => Diagnostic::error(summary, detail),
        Severity::Warn | Severity::Off => Diagnostic::warning(summary, detail),
    }
}
