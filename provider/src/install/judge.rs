//! The gate's word on an installation: on the chart's choice and values, and on every object that the chart gives.

use chart::output::Rendered;
use flux::{Manifest, Origin, list::flattened};
use policy::{Change, Finding, Gate, Outcome, Subject};
use serde_json::Value as Json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::{AttributePath, Step},
    value::Value,
};

use super::{NAME, scrub::Scrub};
use crate::{
    convert, explain,
    gate::{in_words, shut},
};

/// Asks the gate. `rendered` is `None` while the chart's objects are known only after apply.
///
/// `gate` is `None` while the policy's settings are known only after apply; then nothing is decided yet, and the apply decides.
pub fn judge(
    gate: Option<&Gate>,
    planned: &Value,
    config: &Json,
    rendered: Option<&Rendered>,
    change: Change,
    scrub: &Scrub,
) -> Diagnostics {
    let mut diagnostics =
        gate.map_or_else(Diagnostics::new, |gate| judged(gate, planned, config, rendered, change));
    // What is judged is the object as it will be; secrets are kept out of what is said of it.
    for diagnostic in &mut diagnostics.0 {
        diagnostic.detail = scrub.words(&diagnostic.detail);
    }
    diagnostics
}

fn judged(
    gate: &Gate,
    planned: &Value,
    config: &Json,
    rendered: Option<&Rendered>,
    change: Change,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let (attributes, unknown) = convert::json(planned);
    let mut subjects = Vec::new();
    match policy::install::manifest(&attributes, config.clone(), &unknown, Origin::resource(NAME)) {
        Ok(manifest) => subjects.push(Subject { manifest, change }),
        Err(error) => diagnostics.push(Diagnostic::error("This is no installation", format!("{error}."))),
    }
    let objects = rendered.map(|rendered| {
        let hooks = rendered.hooks.iter().map(|hook| (&hook.path, &hook.object));
        rendered
            .manifests
            .iter()
            .chain(&rendered.crds)
            .map(|document| (&document.path, &document.object))
            .chain(hooks)
    });
    for (path, object) in objects.into_iter().flatten() {
        for object in flattened(object).iter() {
            // Without kind or name it is no object; the dry run says so in the cluster's own words.
            if let Ok(manifest) = Manifest::new(object.clone(), Origin::file(path, 0)) {
                subjects.push(Subject { manifest, change });
            }
        }
    }
    let report = match gate.check(&subjects) {
        Ok(report) => report,
        Err(error) => {
            diagnostics.push(shut(change, format!("{}.", explain::sentence(&error))));
            return diagnostics;
        }
    };
    for failure in &report.errors {
        let reference =
            subjects.get(failure.subject).map(|subject| subject.manifest.reference()).unwrap_or_default();
        diagnostics.push(shut(
            change,
            format!("The rule {:?} could not judge {reference}: {}.", failure.rule, failure.message),
        ));
    }
    for verdict in &report.verdicts {
        let likely = match &verdict.outcome {
            Outcome::Fail(findings) => {
                diagnostics.0.extend(findings.iter().map(|finding| found(finding, verdict.subject)));
                continue;
            }
            Outcome::CannotTell { likely, .. } => likely,
            Outcome::Pass | Outcome::NotApplicable => continue,
        };
        for finding in likely {
            let mut diagnostic = found(finding, verdict.subject);
            diagnostic.severity = tfplugin::diagnostic::Severity::Warning;
            diagnostic.summary.push_str(" (likely)");
            diagnostic.detail.push_str(
                "\n\nThis is decided at apply, since something that the rule reads is known only then.",
            );
            diagnostics.push(diagnostic);
        }
    }
    diagnostics
}

fn found(finding: &Finding, subject: usize) -> Diagnostic {
    let diagnostic = in_words(finding);
    // The first subject is the installation itself; a finding on an object of the chart belongs to no attribute.
    match finding.path.as_ref().filter(|_| subject == 0) {
        Some(path) => diagnostic.at(attribute_path(&policy::install::attribute_path(path))),
        None => diagnostic,
    }
}

fn attribute_path(path: &flux::FieldPath) -> AttributePath {
    path.steps().iter().fold(AttributePath::new(), |at, step| {
        at.step(match step {
            flux::path::Step::Key(key) => Step::Attribute(key.clone()),
            flux::path::Step::Index(index) => Step::KeyInt(i64::try_from(*index).unwrap_or_default()),
        })
    })
}
