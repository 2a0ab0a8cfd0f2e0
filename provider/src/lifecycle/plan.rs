//! Planning: everything that can be checked without the cluster is checked here. For a new object the cluster is asked for the
//! definition of its kind, once, and not needed.

use flux::schema::{Spelling, Violation, check_spelled};
use policy::Change;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    provider::Call,
    resource::{PlanDestroyRequest, PlanDestroyResponse, PlanRequest, PlanResponse},
    value::Value,
};

use super::{
    FluxResource, chart_values, live_schema, marks::Marks, object_differs, prune, reach,
    whereabouts::Whereabouts,
};
use crate::{convert, gate};

/// Plans a create, an update or one half of a replacement.
pub async fn plan(resource: &FluxResource, call: &Call, request: PlanRequest) -> PlanResponse {
    let PlanRequest { prior, proposed: mut planned, requires_replace, mut private, .. } = request;
    let mut diagnostics = Diagnostics::new();
    let context = match resource.context() {
        Ok(context) => context,
        Err(diagnostic) => {
            return PlanResponse { planned, requires_replace, private, diagnostics: diagnostic.into() };
        }
    };
    let (attributes, unknown) = convert::json(&planned);
    let change = match &prior {
        None => Change::Create,
        Some(prior) if object_differs(prior, &planned) => Change::Update,
        Some(_) => Change::Unchanged,
    };

    if prior.is_none()
        && let (Some(namespace), Some(name)) =
            (planned.get("namespace").as_str(), planned.get("name").as_str())
    {
        let id = Value::from(format!("{namespace}/{name}"));
        planned.set_at(&"id".into(), id);
    }
    let reached = reach(&context, &planned).until(call);
    match resource.manifest(&attributes, &unknown) {
        Ok(manifest) => {
            let violations = check_spelled(resource.kind, &manifest, Spelling::Hcl);
            diagnostics.0.extend(violations.iter().map(|violation| refused(resource, violation, change)));
            let states = (prior.as_ref(), &planned);
            // The gate judges while the cluster is being asked.
            let (live, policy) = tokio::join!(
                biased;
                live_schema::check(resource, &reached, states, &manifest, &violations, change),
                async { gate::check(context.gate(), resource.kind, manifest.clone(), change) },
            );
            diagnostics.0.extend(live);
            diagnostics.0.extend(chart_values::check(resource, &planned, &manifest, change));
            // A field that the API refuses is not worth a second finding by a rule.
            let said: Vec<_> = diagnostics.iter().filter_map(|d| d.attribute.clone()).collect();
            diagnostics.0.extend(
                policy.0.into_iter().filter(|d| d.attribute.as_ref().is_none_or(|at| !said.contains(at))),
            );
        }
        Err(diagnostic) => diagnostics.push(diagnostic),
    }

    let mut marks = Marks::of(&private);
    let (whereabouts, said) =
        Whereabouts::of(&reached, prior.is_some(), &marks, "The object is applied").await;
    diagnostics.0.extend(said);
    marks.unseen = whereabouts.is_unseen(marks.unready || prior.as_ref() != Some(&planned));
    if marks.unseen {
        // Only what changes is applied, and a cluster that is being replaced needs its objects again.
        planned.set_at(&"uid".into(), Value::Unknown);
        planned.set_at(&"generation".into(), Value::Unknown);
    }
    if let Some(prior) = &prior {
        if marks.unready {
            planned.set_at(&"generation".into(), Value::Unknown);
        }
        if !requires_replace.is_empty() {
            diagnostics.0.extend(prune::announce(resource, call, &context, prior).await);
        }
    }
    marks.put(&mut private);
    PlanResponse { planned, requires_replace, private, diagnostics }
}

/// Plans a delete: says what it takes with it.
pub async fn plan_destroy(
    resource: &FluxResource,
    call: &Call,
    request: PlanDestroyRequest,
) -> PlanDestroyResponse {
    let diagnostics = match resource.context() {
        Ok(context) => {
            prune::announce(resource, call, &context, &request.prior).await.into_iter().collect::<Vec<_>>()
        }
        Err(diagnostic) => vec![diagnostic],
    };
    PlanDestroyResponse { private: request.private, diagnostics: Diagnostics(diagnostics) }
}

/// What the definition of the kind has against a field. Where nothing changes it is a warning, since a destroy plans first.
pub(super) fn refused(resource: &FluxResource, violation: &Violation, change: Change) -> Diagnostic {
    let at: AttributePath = convert::attribute_path(resource.kind, &violation.path);
    let mut detail =
        if at.is_empty() { violation.message.clone() } else { format!("{at}: {}", violation.message) };
    if let Some(remedy) = &violation.remedy {
        detail.push_str("; ");
        detail.push_str(remedy);
    }
    detail.push('.');
    let summary = format!("Invalid {}", resource.kind.name);
    match change {
        Change::Unchanged => Diagnostic::warning(summary, detail),
        _ => Diagnostic::error(summary, detail),
    }
    .at(at)
}
