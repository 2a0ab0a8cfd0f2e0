//! Planning: the chart is fetched and rendered and every object judged, all without a cluster.

use std::sync::Arc;

use chart::{Chart, output::Rendered};
use policy::Change;
use serde_json::Value as Json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics, Severity},
    provider::Call,
    resource::{PlanDestroyRequest, PlanDestroyResponse, PlanRequest, PlanResponse},
    value::Value,
};

use super::{
    InstallResource, Kept, NAME,
    charts::{For, rendered},
    inputs::{self, Inputs},
    judge::judge,
    made_from,
    objects::{self, Names, Objects},
    scrub::Scrub,
    words,
};
use crate::{
    context::{Context, Reach},
    lifecycle::{marks::Marks, reach, whereabouts::Whereabouts},
};

/// What is found out, not configured.
const FOUND: [&str; 7] =
    ["chart_version", "app_version", "values_digest", "objects", "status", "revision", "notes"];

/// What a change of makes a new revision; a change of any other attribute is kept for the actions to come.
const RELEASE: [&str; 8] = [
    "chart_version",
    "app_version",
    "values_digest",
    "objects",
    "status",
    "keep_crds_on_destroy",
    "set_wo_revision",
    "description",
];

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
    let mut kept = Kept::of(&private);
    if prior.is_none()
        && let (Some(namespace), Some(name)) =
            (planned.get("namespace").as_str(), planned.get("name").as_str())
    {
        let id = Value::from(format!("{namespace}/{name}"));
        planned.set_at(&"id".into(), id);
    }

    let reached = reach(&context, &planned).until(call);
    let (whereabouts, said) =
        Whereabouts::of(&reached, prior.is_some(), &marks, "The release is installed").await;
    diagnostics.0.extend(said);
    marks.unseen = whereabouts == Whereabouts::Elsewhere;
    let work = Work {
        resource,
        call,
        context: &context,
        config: &config,
        prior: prior.as_ref(),
        anew: marks.unseen || kept.unkept,
    };
    diagnostics.0.extend(work.plan(&mut planned, &mut kept).await.0);
    let changes = prior.as_ref() != Some(&planned);
    if whereabouts == Whereabouts::Open && !changes {
        marks.unseen = true;
        planned.set_at(&"revision".into(), Value::Unknown);
        planned.set_at(&"notes".into(), Value::Unknown);
    }
    if let Reach::Known(cluster) = &reached {
        if changes {
            cluster.definitions_change();
        }
        if let Some(prior) = &prior
            && whereabouts == Whereabouts::Here
            && !diagnostics.has_errors()
        {
            diagnostics.0.extend(lost(cluster, prior, &planned).await);
        }
    }
    marks.put(&mut private);
    kept.put(&mut private);
    PlanResponse { planned, requires_replace, private, diagnostics }
}

/// One plan of one release.
struct Work<'a> {
    resource: &'a InstallResource,
    call: &'a Call,
    context: &'a Context,
    config: &'a Value,
    prior: Option<&'a Value>,
    /// Whether it is applied anew although nothing of it changes.
    anew: bool,
}

impl Work<'_> {
    /// Works out what the release is to be, and puts it into the plan.
    async fn plan(&self, planned: &mut Value, kept: &mut Kept) -> Diagnostics {
        let gate = self.context.gate();
        let inputs = match inputs::gather(planned, self.config) {
            Ok(Some(inputs)) => inputs,
            Ok(None) => {
                unknown(planned);
                let values = inputs::known_values(planned);
                return judge(gate, planned, &values, None, self.configured(planned), &Scrub::default());
            }
            Err(diagnostics) => return self.without_chart(planned, diagnostics),
        };
        kept.secrets = inputs.scrub.paths();
        let values = Json::Object(inputs.values.to_json());
        let (chart, rendered) = match self.rendered(&inputs).await {
            Ok(found) => found,
            Err(mut diagnostics) => {
                // What the rules say of the choice may be the reason.
                let said = judge(gate, planned, &values, None, self.configured(planned), &inputs.scrub);
                diagnostics.0.splice(0..0, said.0);
                return self.without_chart(planned, diagnostics);
            }
        };
        let names = Names::planned(&rendered, &inputs.namespace);
        let objects = Objects::of(&rendered, &names, &inputs.scrub);
        let mut put = |name: &str, value: Value| {
            planned.set_at(&name.into(), value);
        };
        put("chart_version", Value::from(chart.metadata.version.as_str()));
        put("app_version", Value::from(chart.metadata.app_version.as_str()));
        put("values_digest", Value::from(objects::values_digest(&inputs.values.to_json(), &inputs.scrub)));
        put("status", Value::from("deployed"));
        put("objects", objects.answered(&kept.asked, self.prior.unwrap_or(&Value::Null).get("objects")));
        match self
            .prior
            .filter(|prior| !self.anew && RELEASE.iter().all(|name| planned.get(name) == prior.get(name)))
        {
            Some(prior) => take(planned, prior, &["revision", "notes"]),
            None => {
                planned.set_at(&"objects".into(), objects.planned());
                for name in ["revision", "notes"] {
                    planned.set_at(&name.into(), Value::Unknown);
                }
            }
        }
        // What our own inputs make of the release is a change, also where the attributes are the same: a values file, a newer version in
        // a range. What somebody else made of it is none, so that a destroy, which plans first, is not trapped.
        let change = match &kept.applied {
            Some(applied) if *applied != made_from(&objects, &inputs) => {
                self.prior.map_or(Change::Create, |_| Change::Update)
            }
            _ => self.configured(planned),
        };
        judge(gate, planned, &values, Some(&rendered), change, &inputs.scrub)
    }

    async fn rendered(&self, inputs: &Inputs) -> Result<(Arc<Chart>, Rendered), Diagnostics> {
        let chart = self.resource.charts.fetch(&inputs.request, self.call).await?;
        let revision =
            |prior: &Value| prior.get("revision").as_i64().and_then(|revision| u64::try_from(revision).ok());
        let what = self.prior.map_or(For::Install, |prior| For::Upgrade(revision(prior).unwrap_or(0) + 1));
        let rendered = rendered(&chart, inputs, what, None).await?;
        Ok((chart, rendered))
    }

    /// What the configuration asks for.
    fn configured(&self, planned: &Value) -> Change {
        let Some(prior) = self.prior else { return Change::Create };
        let mut planned = planned.clone();
        take(&mut planned, prior, &FOUND);
        if planned == *prior { Change::Unchanged } else { Change::Update }
    }

    /// The plan where the chart cannot be had or rendered: all stays as it is. Errors are warnings then, unless the configuration asks for
    /// a change: a destroy plans first, and must not be stopped by a file that is gone or a repository that is away.
    fn without_chart(&self, planned: &mut Value, mut diagnostics: Diagnostics) -> Diagnostics {
        let Some(prior) = self.prior else {
            unknown(planned);
            return diagnostics;
        };
        take(planned, prior, &FOUND);
        if self.configured(planned) == Change::Unchanged {
            for diagnostic in &mut diagnostics.0 {
                diagnostic.severity = Severity::Warning;
            }
        }
        if self.anew {
            planned.set_at(&"revision".into(), Value::Unknown);
        }
        diagnostics
    }
}

/// Takes attributes over from another state.
fn take(planned: &mut Value, from: &Value, names: &[&str]) {
    for name in names {
        planned.set_at(&(*name).into(), from.get(name).clone());
    }
}

/// Everything that depends on what is known only after apply.
fn unknown(planned: &mut Value) {
    for name in FOUND {
        planned.set_at(&name.into(), Value::Unknown);
    }
    planned.set_at(&"status".into(), Value::from("deployed"));
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
        Ok(kinds) => Some(words::failed(&release::Error::DefinitionsInUse { kinds }, &Scrub::default())),
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
