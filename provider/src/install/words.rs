//! What goes wrong with charts and releases, in words for people.

use chart::Chart;
use release::{CleanUp, Error};
use tfplugin::{diagnostic::Diagnostic, path::AttributePath};

use super::scrub::Scrub;
use crate::explain;

/// A chart that could not be had.
pub fn not_fetched(error: &remote::Error) -> Diagnostic {
    let attribute = match error {
        remote::Error::NoChart | remote::Error::Read { .. } | remote::Error::Folder { .. } => "chart",
        remote::Error::NotAnArchive { from, .. } if !from.contains("://") => "chart",
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
    let sentence = scrub.words(explain::sentence(error).trim_end_matches('.'));
    let excerpt = error.excerpt().map(|excerpt| format!("\n\n{}", excerpt.with(|line| scrub.words(line))));
    let detail = format!(
        "Chart {} {}: {sentence}.{}\n\nThe values do not fit the chart, or the chart has a mistake. `fluxgate template` renders it in the same way.",
        chart.metadata.name,
        chart.metadata.version,
        excerpt.unwrap_or_default()
    );
    Diagnostic::error("The chart cannot be rendered", detail)
}

/// An action that failed.
pub fn failed(error: &Error, scrub: &Scrub) -> Diagnostic {
    if let Error::Cluster(error) = error {
        let mut diagnostic = explain::error(error);
        diagnostic.detail = scrub.words(&diagnostic.detail);
        return diagnostic;
    }
    let (summary, remedy) = summary(error);
    let mut detail = explain::sentence(error).trim_end_matches('.').to_owned();
    detail.push('.');
    if let Some(remedy) = remedy {
        detail.push_str("\n\n");
        detail.push_str(remedy);
    }
    Diagnostic::error(summary, scrub.words(&detail))
}

/// A namespace that was made for a release and left when that went, and why.
pub fn namespace_stays(namespace: &str, why: &str) -> Diagnostic {
    Diagnostic::warning(
        "The namespace was left",
        format!(
            "The release is gone. Whether namespace {namespace}, which was made for it, may go too could not be told: {}.\n\nIf nobody needs it, delete it yourself.",
            why.trim_end_matches('.')
        ),
    )
}

fn summary(error: &Error) -> (&'static str, Option<&'static str>) {
    match error {
        Error::Name { .. } => ("Not the name of a release", Some("Choose another name.")),
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
        Error::Apply { .. } => (
            "The cluster refuses objects",
            Some("Correct the values, or the rule of the cluster that refuses, and apply again."),
        ),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests end in a panic with the full story")]

    use std::time::Duration;

    use super::*;

    fn hook() -> Error {
        let namespace = cluster::Target::namespace("n");
        let source = cluster::WaitError::Cluster(cluster::Error::Config(cluster::ConfigError::NoContexts {
            paths: Vec::new(),
        }));
        Error::Hook(Box::new(release::HookFailure {
            event: "pre-install".to_owned(),
            object: namespace,
            path: "demo/templates/hook.yaml".to_owned(),
            source,
            logs: vec!["main: the answer is s3cr3t-word".to_owned()],
        }))
    }

    fn undone(source: Error, clean_up: CleanUp) -> Error {
        Error::Undone { source: Box::new(source), clean_up }
    }

    #[test]
    fn every_error_says_what_to_do() {
        let text = |text: &str| text.to_owned();
        let table = [
            (Error::Name { name: text("A") }, "Not the name of a release", "Choose another name"),
            (
                Error::NameInUse {
                    name: text("r"),
                    namespace: text("n"),
                    revision: 1,
                    status: text("deployed"),
                },
                "The release exists already",
                "Import it with `tofu import`",
            ),
            (
                Error::Pending {
                    name: text("r"),
                    namespace: text("n"),
                    revision: 2,
                    status: text("pending-upgrade"),
                    since: None,
                },
                "Another action on the release is under way",
                "Wait until it is done and apply again",
            ),
            (
                Error::NotFound { name: text("r"), namespace: text("n") },
                "There is no such release",
                "the plan will then install it",
            ),
            (
                Error::NothingDeployed { name: text("r"), namespace: text("n") },
                "No revision of the release was ever deployed",
                "Uninstall it",
            ),
            (
                Error::NoNamespace { namespace: text("n") },
                "The namespace does not exist",
                "set create_namespace = true",
            ),
            (
                Error::Manifest { path: text("p"), why: text("w") },
                "The chart gives an object that cannot be used",
                "`fluxgate template` shows what it gives",
            ),
            (
                Error::Record { secret: text("s"), why: text("w") },
                "The release's record cannot be read",
                "`helm history`",
            ),
            (
                Error::Foreign { release: text("r"), objects: Vec::new() },
                "Objects belong to somebody else",
                "take_ownership = true",
            ),
            (
                Error::DryRun { refusals: Vec::new() },
                "The cluster would refuse objects",
                "Nothing was written",
            ),
            (Error::Apply { refusals: Vec::new() }, "The cluster refuses objects", "and apply again"),
            (Error::Delete { refusals: Vec::new() }, "Objects could not be deleted", "Apply again to go on"),
            (Error::NotReady { waits: Vec::new() }, "Objects are not ready", "raise timeouts"),
            (hook(), "A hook of the chart failed", "disable_hooks = true"),
            (
                Error::DefinitionsInUse { kinds: Vec::new() },
                "Custom resources would be lost",
                "Keep installCRDs on",
            ),
            (
                Error::FinalizersRemain { objects: Vec::new() },
                "Flux objects still have finalizers",
                "clear_finalizers_on_destroy = true",
            ),
            (
                Error::TimedOut { name: text("r"), after: Duration::from_secs(1), source: Box::new(hook()) },
                "A hook of the chart failed",
                "raise timeouts",
            ),
            (
                Error::Cancelled { name: text("r"), source: Box::new(hook()) },
                "Stopped on request",
                "Run again to go on from here",
            ),
            (
                undone(hook(), CleanUp::Uninstalled),
                "A hook of the chart failed",
                "What was done is taken back. Correct the cause and apply again",
            ),
            (undone(hook(), CleanUp::RolledBack { to: 1 }), "A hook of the chart failed", "atomic = false"),
            (
                undone(hook(), CleanUp::Failed(Box::new(hook()))),
                "A hook of the chart failed",
                "Taking it back failed as well",
            ),
        ];
        for (error, summary, remedy) in table {
            let told = failed(&error, &Scrub::default());
            assert_eq!(told.summary, summary, "{error}");
            assert!(told.detail.contains(remedy), "{summary}: {}", told.detail);
        }
    }

    #[test]
    fn what_a_hook_says_is_told_without_secrets() {
        let mut scrub = Scrub::default();
        let set = serde_json::json!({"a": "s3cr3t-word"});
        scrub.add("a", "s3cr3t-word", set.as_object().unwrap());
        scrub.add_values(set.as_object().unwrap());
        let told = failed(&hook(), &scrub);
        assert!(told.detail.contains("the answer is ***"), "{}", told.detail);
    }
}
