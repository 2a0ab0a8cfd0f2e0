//! From attributes to a chart, its values and how to install it.

use std::path::Path;

use chart::values::Values;
use release::{Conflicts, Settings};
use remote::{Credentials, Proxy, Request, Secret};
use serde_json::Value as Json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    value::Value,
};

use super::scrub::Scrub;
use crate::explain;

/// Which chart, and with which values.
#[derive(Debug)]
pub struct Inputs {
    /// The release.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Where the chart comes from.
    pub request: Request,
    /// What the user sets.
    pub values: Values,
    /// What must not be shown.
    pub scrub: Scrub,
}

/// The attributes that rendering depends on.
const NEEDED: [&str; 11] = [
    "name",
    "namespace",
    "repository",
    "chart",
    "version",
    "repository_username",
    "repository_ca_file",
    "values",
    "values_files",
    "set",
    "set_wo_revision",
];

/// Reads the attributes; `None` while something that rendering depends on is known only after apply.
///
/// Write-only attributes are read from `config`, all others from `planned`.
///
/// # Errors
/// Diagnostics on values that are no YAML mappings, files that cannot be read, and empty texts.
pub fn gather(planned: &Value, config: &Value) -> Result<Option<Inputs>, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    checks(planned, &mut diagnostics);
    let mut values = Values::new();
    let mut scrub = Scrub::default();
    for (index, text) in elements(planned, "values") {
        if let Some(text) = text.as_str()
            && let Err(error) = values.add_yaml(text)
        {
            diagnostics.push(
                unusable("The values are no YAML mapping", &error)
                    .at(AttributePath::root("values").index(index)),
            );
        }
    }
    for (index, path) in elements(planned, "values_files") {
        let Some(path) = path.as_str() else { continue };
        let at = AttributePath::root("values_files").index(index);
        match read_file(path) {
            Ok(text) => {
                if let Err(error) = values.add_yaml(&text) {
                    diagnostics
                        .push(unusable(&format!("The values file {path} is no YAML mapping"), &error).at(at));
                }
            }
            Err(diagnostic) => diagnostics.push(diagnostic.at(at)),
        }
    }
    for (index, entry) in elements(planned, "set") {
        if let Err(diagnostic) = set(&mut values, entry) {
            diagnostics.push(diagnostic.at(AttributePath::root("set").index(index)));
        }
    }
    for (index, entry) in elements(config, "set_wo") {
        let name = entry.get("name").as_str().unwrap_or_default();
        // Why it cannot be set is not told: that quotes parts of the value.
        let mut alone = Values::new();
        if set(&mut alone, entry).is_err() || set(&mut values, entry).is_err() {
            let told = Diagnostic::error(
                "A value cannot be set",
                format!("{name}: {SET}\n\nThe value is write-only, so this does not say where it is wrong."),
            );
            diagnostics.push(told.at(AttributePath::root("set_wo").index(index)));
        }
        scrub.add(name, entry.get("value").as_str().unwrap_or_default(), &alone.to_json());
    }
    scrub.add_values(&values.to_json());
    let known = NEEDED.iter().all(|name| planned.get(name).is_wholly_known())
        && config.get("set_wo").is_wholly_known()
        && config.get("repository_password_wo").is_known();
    let request = match request(planned, config) {
        Ok(request) => request,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Request::default()
        }
    };
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let text = |name: &str| planned.get(name).as_str().unwrap_or_default().to_owned();
    Ok(known.then(|| Inputs { name: text("name"), namespace: text("namespace"), request, values, scrub }))
}

fn elements<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    value.get(name).as_elements().into_iter().flatten().enumerate()
}

/// What is wrong with single attributes, whatever else is unknown.
fn checks(planned: &Value, diagnostics: &mut Diagnostics) {
    let mut refuse = |name: &str, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(AttributePath::root(name)));
    };
    if let Some(name) = planned.get("name").as_str()
        && !chart::release_name::is_valid(name)
    {
        refuse(
            "name",
            "Not the name of a release",
            format!(
                "{name:?} is no name for a release. Use lower case letters, digits, - and ., at most 53 characters."
            ),
        );
    }
    if let Some(namespace) = planned.get("namespace").as_str()
        && let Err(error) = flux::names::label(namespace)
    {
        refuse(
            "namespace",
            "Not the name of a namespace",
            format!("{namespace:?} is no name for a namespace: {error}."),
        );
    }
    if let Some(chart) = planned.get("chart").as_str()
        && chart.trim().is_empty()
    {
        refuse(
            "chart",
            "No chart",
            "The chart must not be blank. Write its name, such as flux2, or a path.".to_owned(),
        );
    }
    if planned.get("max_history").as_i64().is_some_and(|count| count < 0) {
        refuse("max_history", "Not a number of revisions", "max_history must be 0 (all) or more.".to_owned());
    }
    for (index, path) in elements(planned, "values_files") {
        if path.as_str().is_some_and(|path| path.trim().is_empty()) {
            diagnostics.push(
                Diagnostic::error(
                    "Blank path",
                    "A path of values_files must not be blank. Remove the entry, or name a file.",
                )
                .at(AttributePath::root("values_files").index(index)),
            );
        }
    }
}

fn read_file(path: &str) -> Result<String, Diagnostic> {
    std::fs::read_to_string(Path::new(path)).map_err(|error| {
        Diagnostic::error(
            "A file cannot be read",
            format!("{path}: {error}.\n\nPaths are taken from the folder in which OpenTofu runs; write ${{path.module}}/… for a file beside the configuration."),
        )
    })
}

fn unusable(summary: &str, error: &dyn std::error::Error) -> Diagnostic {
    Diagnostic::error(
        summary.to_owned(),
        format!("{}.\n\nValues are a YAML mapping, as in a values file of Helm.", explain::sentence(error)),
    )
}

/// How a value is written that can be set.
const SET: &str = "It is written as for `helm --set`: a comma within a value needs a backslash before it, or type = \"literal\".";

/// One entry of `set`.
fn set(values: &mut Values, entry: &Value) -> Result<(), Diagnostic> {
    let (Some(name), Some(value)) = (entry.get("name").as_str(), entry.get("value").as_str()) else {
        return Ok(());
    };
    let assignment = format!("{name}={value}");
    let outcome = match entry.get("type").as_str().unwrap_or("auto") {
        "string" => values.set_string(&assignment),
        "literal" => values.set_literal(&assignment),
        "json" => values.set_json(&assignment),
        _ => values.set(&assignment),
    };
    outcome.map_err(|error| {
        Diagnostic::error("A value cannot be set", format!("{name}: {}.\n\n{SET}", explain::sentence(&error)))
    })
}

fn request(planned: &Value, config: &Value) -> Result<Request, Diagnostic> {
    let text = |name: &str| planned.get(name).as_str().map(str::to_owned);
    let mut request = Request::new(text("chart").unwrap_or_default());
    request.repository = text("repository");
    request.version = text("version");
    request.client.proxy = Proxy::System;
    let password = config.get("repository_password_wo").as_str();
    match (text("repository_username"), password) {
        (Some(username), password) => {
            request.client.credentials =
                Some(Credentials { username, password: Secret::new(password.unwrap_or_default()) });
        }
        (None, Some(_)) => {
            return Err(Diagnostic::error("A password without a user", "Set repository_username as well.")
                .at(AttributePath::root("repository_password_wo")));
        }
        (None, None) => {}
    }
    if let Some(path) = text("repository_ca_file") {
        let pem = std::fs::read_to_string(&path).map_err(|error| {
            Diagnostic::error("A file cannot be read", format!("{path}: {error}."))
                .at(AttributePath::root("repository_ca_file"))
        })?;
        request.client.ca_pem = Some(pem);
    }
    Ok(request)
}

/// How to install, by the attributes.
pub fn settings(planned: &Value, timeout: std::time::Duration, update: bool) -> Settings {
    let flag = |name: &str| planned.get(name).as_bool().unwrap_or_default();
    Settings {
        wait: flag("wait"),
        wait_for_jobs: flag("wait_for_jobs"),
        atomic: flag("atomic"),
        cleanup_on_fail: flag("cleanup_on_fail"),
        max_history: planned
            .get("max_history")
            .as_i64()
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(3),
        skip_crds: flag("skip_crds"),
        disable_hooks: flag("disable_hooks"),
        take_ownership: flag("take_ownership"),
        conflicts: match (flag("force_conflicts"), update) {
            (true, _) => Conflicts::TakeAll,
            // What the last revision set is ours, whoever changed it since.
            (false, true) => Conflicts::TakeBack,
            (false, false) => Conflicts::Refuse,
        },
        description: planned.get("description").as_str().map(str::to_owned),
        keep_crds: flag("keep_crds_on_destroy"),
        timeout,
        ..Settings::default()
    }
}

/// The values as far as they are known: those of `values` that are YAML, for rules that read only some of them.
pub fn known_values(planned: &Value) -> Json {
    let mut values = Values::new();
    for (_, text) in elements(planned, "values") {
        if let Some(text) = text.as_str() {
            // What is no YAML has been refused already.
            let _ = values.add_yaml(text);
        }
    }
    Json::Object(values.to_json())
}
