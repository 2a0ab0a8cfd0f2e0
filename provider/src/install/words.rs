//! What goes wrong with charts and releases, in words for people.

use chart::Chart;
use release::{CleanUp, Error};
use tfplugin::{diagnostic::Diagnostic, path::AttributePath};

use super::scrub::Scrub;
use crate::explain;

/// A chart that could not be had.
pub fn not_fetched(error: &remote::Error) -> Diagnostic {
    let attribute = match error {
        remote::Error::NoChart => "chart",
        _ => "repository",
    };
    Diagnostic::error(
        "The chart cannot be fetched",
        format!(
            "{}.\n\n{}",
            explain::sentence(error).trim_end_matches('.'),
            error.remedy(&remote::Names::default())
        ),
    )
    .at(AttributePath::root(attribute))
}

/// Files that are no chart.
pub fn no_chart(origin: &str, error: &chart::load::Error) -> Diagnostic {
    Diagnostic::error(
        "This is not a usable chart",
        format!(
            "{origin}: {}.\n\nHelm would refuse it as well. Take another version, or correct the chart.",
            explain::sentence(error).trim_end_matches('.')
        ),
    )
    .at(AttributePath::root("chart"))
}

/// A chart that could not be rendered.
pub fn not_rendered(chart: &Chart, error: &chart::render::Error, scrub: &Scrub) -> Diagnostic {
    let detail = format!(
        "Chart {} {}: {}.\n\nThe values do not fit the chart, or the chart has a mistake. `fluxgate template` renders it in the same way.",
        chart.metadata.name,
        chart.metadata.version,
        scrub.text(explain::sentence(error).trim_end_matches('.'))
    );
    Diagnostic::error("The chart cannot be rendered", detail)
}

/// An action that failed.
pub fn failed(error: &Error, scrub: &Scrub) -> Diagnostic {
    if let Error::Cluster(error) = error {
        return explain::error(error);
    }
    let (summary, remedy) = summary(error);
    let mut detail = explain::sentence(error).trim_end_matches('.').to_owned();
    detail.push('.');
    if let Some(remedy) = remedy {
        detail.push_str("\n\n");
        detail.push_str(remedy);
    }
    Diagnostic::error(summary, scrub.text(&detail))
}

fn summary(error: &Error) -> (&'static str, Option<&'static str>) {
    match error {
        Error::Name { .. } => ("Not the name of a release", None),
        Error::NameInUse { .. } => (
            "The release exists already",
            Some("Import it with `tofu import`, by `namespace/name`, or choose another name."),
        ),
        Error::Pending { .. } => (
            "Another action on the release is under way",
            Some(
                "Wait until it is done and apply again. If its author died, the next apply takes the release over: two minutes after the last sign of life of an apply, half an hour after that of helm; `helm rollback` or `helm uninstall` ends it earlier.",
            ),
        ),
        Error::NotFound { .. } => {
            ("There is no such release", Some("Apply again: the plan will then install it."))
        }
        Error::NothingDeployed { .. } => (
            "No revision of the release was ever deployed",
            Some("Uninstall it (`tofu destroy` with -target, or `helm uninstall`), then apply again."),
        ),
        Error::NoNamespace { .. } => {
            ("The namespace does not exist", Some("Create it, or set create_namespace = true."))
        }
        Error::Manifest { .. } => (
            "The chart gives an object that cannot be used",
            Some(
                "The values do not fit the chart, or the chart has a mistake. `fluxgate template` shows what it gives.",
            ),
        ),
        Error::Record { .. } => (
            "The release's record cannot be read",
            Some(
                "`helm history` shows which revisions can be. Delete the Secret of the broken one if it is not the last.",
            ),
        ),
        Error::Foreign { .. } => (
            "Objects belong to somebody else",
            Some(
                "Remove them, or set take_ownership = true to take them over. A release of another name that was kept or uninstalled in part may have left them.",
            ),
        ),
        Error::DryRun { .. } => (
            "The cluster would refuse objects",
            Some("Nothing was written. Correct the values, or the rule of the cluster that refuses."),
        ),
        Error::Apply { .. } => ("The cluster refuses objects", None),
        Error::Delete { .. } => ("Objects could not be deleted", Some("Apply again to go on.")),
        Error::NotReady { .. } => (
            "Objects are not ready",
            Some("The text above says which and why. If they only need longer, raise timeouts."),
        ),
        Error::Hook(_) => (
            "A hook of the chart failed",
            Some("Correct what it complains about and apply again; disable_hooks = true leaves hooks out."),
        ),
        Error::DefinitionsInUse { .. } => (
            "Custom resources would be lost",
            Some("Keep installCRDs on, or delete these objects first. Nothing was changed."),
        ),
        Error::FinalizersRemain { .. } => (
            "Flux objects still have finalizers",
            Some(
                "Only Flux can let them go, so it must not be removed before them: delete them first (what is in this state is destroyed before, when it takes its namespace from here). To leave what they manage as it is, set clear_finalizers_on_destroy = true and apply that first.",
            ),
        ),
        Error::TimedOut { source, .. } => {
            (summary(source).0, Some("If it only needs longer, raise timeouts."))
        }
        Error::Cancelled { .. } => ("Stopped on request", Some("Run again to go on from here.")),
        Error::Undone { source, clean_up } => (
            summary(source).0,
            Some(match clean_up {
                CleanUp::Uninstalled | CleanUp::RolledBack { .. } => {
                    "What was done is taken back. Correct the cause and apply again; atomic = false leaves everything in place to look at."
                }
                CleanUp::Failed(_) => {
                    "Taking it back failed as well; the release's record says failed. Apply again to go on."
                }
            }),
        ),
        _ => ("The release failed", None),
    }
}
