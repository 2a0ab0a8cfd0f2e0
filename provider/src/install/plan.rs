//! Planning: the chart is fetched and rendered and every object judged, all without a cluster.

use cluster::Error;
use policy::Change;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics, Severity},
    provider::Call,
    resource::{PlanDestroyRequest, PlanDestroyResponse, PlanRequest, PlanResponse},
    value::Value,
};

use super::objects::Digests;
use super::{
    InstallResource, Kept, NAME,
    charts::{For, rendered},
    inputs,
    judge::judge,
    objects, words,
};
use crate::{
    context::{Context, Reach},
    explain,
    lifecycle::{marks::Marks, reach},
};

/// What a change of makes a new revision; a change of any other attribute is kept for the actions to come.
const RELEASE: [&str; 5] = ["chart_version", "app_version", "values_digest", "objects", "status"];

/// Plans a create, an update or one half of a replacement.
pub async fn plan(resource: &InstallResource, call: &Call, request: PlanRequest) -> PlanResponse {
    let PlanRequest { config, prior, proposed: mut planned, requires_replace, mut private } = request;
    let mut diagnostics = Diagnostics::new();
    let context = match resource.context() {
        Ok(context) => context,
        Err(diagnostic) => {
            return PlanResponse { planned, requires_replace, private, diagnostics: diagnostic.into() };
        }
    };
    let mut marks = Marks::of(&private);
    marks.unseen = false;
    let mut kept = Kept::of(&private);
    if prior.is_none()
        && let (Some(namespace), Some(name)) =
            (planned.get("namespace").as_str(), planned.get("name").as_str())
    {
        let id = Value::from(format!("{namespace}/{name}"));
        planned.set_at(&"id".into(), id);
    }

    let outcome = wanted(resource, call, &config, &mut planned, prior.as_ref(), &context, &mut kept).await;
    let broken = outcome.has_errors();
    diagnostics.0.extend(outcome.0);

    match (reach(&context, &planned), &prior) {
        (Reach::Unknown, Some(_)) => marks.unseen = true,
        (Reach::Known(cluster), Some(prior)) => {
            if let Some(recorded) = &marks.cluster
                && let Err(error @ Error::WrongCluster { .. }) = cluster.expect_identity(recorded).await
            {
                let mut diagnostic = explain::error(&error);
                diagnostic.severity = Severity::Warning;
                diagnostic.detail =
                    format!("{}.\n\nThe release is installed there anew.", explain::sentence(&error));
                diagnostics.push(diagnostic);
                marks.unseen = true;
            } else if !broken {
                diagnostics.0.extend(lost(&cluster, prior, &planned).await);
            }
        }
        (Reach::Unnamed(mut diagnostic), _) => {
            diagnostic.severity = Severity::Warning;
            diagnostics.push(diagnostic);
        }
        _ => {}
    }
    if prior.is_some() && (marks.unseen || kept.unkept) {
        planned.set_at(&"revision".into(), Value::Unknown);
    }
    marks.put(&mut private);
    kept.put(&mut private);
    // What could not be worked out is no reason to show everything as changed: the errors say enough.
    PlanResponse { planned, requires_replace, private, diagnostics }
}

/// Works out what the release is to be, and puts it into the plan.
async fn wanted(
    resource: &InstallResource,
    call: &Call,
    config: &Value,
    planned: &mut Value,
    prior: Option<&Value>,
    context: &Context,
    kept: &mut Kept,
) -> Diagnostics {
    let inputs = match inputs::gather(planned, config) {
        Ok(Some(inputs)) => inputs,
        Ok(None) => {
            unknown(planned);
            let values = inputs::known_values(planned);
            return judge(
                context.gate(),
                planned,
                &values,
                None,
                change(prior, planned),
                &Default::default(),
            );
        }
        // A destroy plans first, and must not be stopped by a file that is gone meanwhile.
        Err(diagnostics) => return softened(diagnostics, prior, planned),
    };
    kept.secrets = inputs.scrub.paths();
    let chart = match resource.charts.fetch(&inputs.request, call).await {
        Ok(chart) => chart,
        // What the rules say of the choice may be the reason.
        Err(diagnostic) => {
            let values = serde_json::Value::Object(inputs::config(&inputs.values));
            let change = change(prior, planned);
            let mut diagnostics = judge(context.gate(), planned, &values, None, change, &inputs.scrub);
            diagnostics.push(diagnostic);
            return softened(diagnostics, prior, planned);
        }
    };
    let what = match prior {
        None => For::Install,
        Some(prior) => For::Upgrade(
            prior.get("revision").as_i64().and_then(|revision| u64::try_from(revision).ok()).unwrap_or(0) + 1,
        ),
    };
    let rendered = match rendered(&chart, &inputs, what, None).await {
        Ok(rendered) => rendered,
        Err(diagnostics) => return softened(diagnostics, prior, planned),
    };
    let values = inputs::config(&inputs.values);
    let digests = objects::digests(&rendered, &inputs.namespace, &inputs.scrub);
    let mut put = |name: &str, value: Value| {
        planned.set_at(&name.into(), value);
    };
    put("chart_version", Value::from(chart.metadata.version.as_str()));
    put("app_version", Value::from(chart.metadata.app_version.as_str()));
    put("values_digest", Value::from(objects::values_digest(&values, &inputs.scrub)));
    put("objects", objects::value(&as_answered(&digests, prior)));
    put("status", Value::from("deployed"));
    let revises = prior.is_none_or(|prior| {
        RELEASE.iter().any(|name| planned.get(name) != prior.get(name))
            || ["keep_crds_on_destroy", "set_wo_revision", "description"]
                .iter()
                .any(|name| planned.get(name) != prior.get(name))
    });
    if revises {
        // Whatever the reason is, templates that ask are answered anew.
        planned.set_at(&"objects".into(), objects::value(&digests));
        for name in ["revision", "notes"] {
            planned.set_at(&name.into(), Value::Unknown);
        }
    } else if let Some(prior) = prior {
        for name in ["revision", "notes"] {
            planned.set_at(&name.into(), prior.get(name).clone());
        }
    }
    judge(
        context.gate(),
        planned,
        &serde_json::Value::Object(values),
        Some(&rendered),
        change(prior, planned),
        &inputs.scrub,
    )
}

/// The digests, with those of the state for objects that only an apply can tell: what was answered once is no reason to ask again.
fn as_answered(digests: &Digests, prior: Option<&Value>) -> Digests {
    let mut digests = digests.clone();
    for (name, digest) in &mut digests {
        if digest.is_none() {
            let answered = prior.and_then(|prior| prior.get("objects").as_members()?.get(name)?.as_str());
            // An object that somebody has changed is put right, whatever it asks.
            *digest = answered.filter(|text| objects::is_digest(text)).map(str::to_owned);
        }
    }
    digests
}

/// Everything that depends on what is known only after apply.
fn unknown(planned: &mut Value) {
    for name in ["chart_version", "app_version", "values_digest", "objects", "revision", "notes"] {
        planned.set_at(&name.into(), Value::Unknown);
    }
    planned.set_at(&"status".into(), Value::from("deployed"));
}

/// What is about to happen. A destroy begins with a plan, and what does not change must not trap it.
fn change(prior: Option<&Value>, planned: &Value) -> Change {
    match prior {
        None => Change::Create,
        Some(prior) if prior == planned => Change::Unchanged,
        Some(prior) => {
            let configured = |value: &Value| {
                let mut value = value.clone();
                for name in [
                    "revision",
                    "notes",
                    "status",
                    "objects",
                    "values_digest",
                    "chart_version",
                    "app_version",
                ] {
                    value.set_at(&name.into(), Value::Null);
                }
                value
            };
            if configured(prior) == configured(planned) { Change::Unchanged } else { Change::Update }
        }
    }
}

/// Errors as warnings where the configuration is what the state says: nothing is asked for then but to be left in peace, or destroyed.
fn softened(mut diagnostics: Diagnostics, prior: Option<&Value>, planned: &mut Value) -> Diagnostics {
    let Some(prior) = prior else {
        unknown(planned);
        return diagnostics;
    };
    for name in ["chart_version", "app_version", "values_digest", "objects", "revision", "notes", "status"] {
        planned.set_at(&name.into(), prior.get(name).clone());
    }
    if change(Some(prior), planned) == Change::Unchanged {
        for diagnostic in &mut diagnostics.0 {
            diagnostic.severity = Severity::Warning;
        }
    }
    diagnostics
}

/// Definitions that the plan drops while they still have objects: with them the objects would go.
async fn lost(cluster: &cluster::Cluster, prior: &Value, planned: &Value) -> Option<Diagnostic> {
    let names = |value: &Value| -> Vec<String> {
        let members = value.get("objects").as_members().into_iter().flatten();
        members
            .filter_map(|(name, _)| Some(name.split_once("/CustomResourceDefinition/")?.1.to_owned()))
            .collect()
    };
    if planned.get("objects").is_unknown() {
        return None;
    }
    let remain = names(planned);
    let dropped: Vec<_> = names(prior).into_iter().filter(|name| !remain.contains(name)).collect();
    if dropped.is_empty() {
        return None;
    }
    match release::custom_resources::in_use(cluster, &dropped).await {
        Ok(in_use) if in_use.is_empty() => None,
        Ok(kinds) => Some(words::failed(&release::Error::DefinitionsInUse { kinds }, &Default::default())),
        // The apply asks again before it writes.
        Err(_) => None,
    }
}

/// Plans a delete: says what it takes with it.
pub fn plan_destroy(request: PlanDestroyRequest) -> PlanDestroyResponse {
    let mut diagnostics = Diagnostics::new();
    let definitions = request
        .prior
        .get("objects")
        .as_members()
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.contains("/CustomResourceDefinition/"))
        .count();
    if request.prior.get("keep_crds_on_destroy").as_bool() == Some(false) && definitions > 0 {
        diagnostics.warning(
            "Every Flux object of the cluster goes with this",
            format!(
                "{NAME} {} deletes its {definitions} CustomResourceDefinitions, and the cluster deletes every object of theirs with them, also those that nobody here tracks. To keep them, set keep_crds_on_destroy = true and apply that first.",
                request.prior.get("name").as_str().unwrap_or_default()
            ),
        );
    }
    PlanDestroyResponse { private: request.private, diagnostics }
}
