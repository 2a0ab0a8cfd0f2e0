//! Planning: the type and the family come from the configuration, and what was changed outside makes a difference.

use cluster::Error;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics, Severity},
    path::AttributePath,
    provider::Call,
    resource::{PlanRequest, PlanResponse},
    value::Value,
};

use super::{SecretResource, material};
use crate::{
    context::Reach,
    explain,
    lifecycle::{marks::Marks, reach},
};

/// Plans a create, an update or one half of a replacement.
pub async fn plan(resource: &SecretResource, call: &Call, request: PlanRequest) -> PlanResponse {
    let PlanRequest { config, prior, proposed: mut planned, mut requires_replace, mut private } = request;
    let context = match resource.shared.get() {
        Ok(context) => context,
        Err(diagnostic) => {
            return PlanResponse { planned, requires_replace, private, diagnostics: diagnostic.into() };
        }
    };
    let secret_type = material::secret_type(&config).map_or(Value::Unknown, Value::from);
    if let Some(prior) = &prior
        && !prior.get("type").is_null()
        && secret_type.is_known()
        && *prior.get("type") != secret_type
    {
        requires_replace.push(AttributePath::root("type"));
    }
    if config.get("type").is_null() {
        planned.set_at(&"type".into(), secret_type);
    }
    let family = material::family(&config).map_or(Value::Unknown, |family| Value::from(family.name));
    planned.set_at(&"family".into(), family);
    planned.set_at(&"intact".into(), Value::from(true));
    if prior.is_none()
        && let (Some(namespace), Some(name)) =
            (planned.get("namespace").as_str(), planned.get("name").as_str())
    {
        let id = Value::from(format!("{namespace}/{name}"));
        planned.set_at(&"id".into(), id);
    }

    let mut marks = Marks::of(&private);
    let (unseen, diagnostics) = seen(reach(&context, &planned).until(call), prior.as_ref(), &marks).await;
    marks.unseen = unseen;
    if unseen {
        planned.set_at(&"uid".into(), Value::Unknown);
    }
    marks.put(&mut private);
    PlanResponse { planned, requires_replace, private, diagnostics }
}

/// Whether the Secret of a state may live in another cluster by the time of the apply, and is then written anew; and what is to be said.
async fn seen(reached: Reach, prior: Option<&Value>, marks: &Marks) -> (bool, Diagnostics) {
    match (reached, prior) {
        (Reach::Unknown, Some(_)) => (true, Diagnostics::new()),
        (Reach::Known(cluster), Some(_)) => {
            let Some(recorded) = &marks.cluster else { return (false, Diagnostics::new()) };
            match cluster.expect_identity(recorded).await {
                Err(error @ Error::WrongCluster { .. }) => {
                    let words =
                        format!("{}.\n\nThe Secret is applied there anew.", explain::sentence(&error));
                    let summary = explain::error(&error).summary;
                    (true, Diagnostic::warning(summary, words).into())
                }
                _ => (false, Diagnostics::new()),
            }
        }
        (Reach::Unnamed(mut diagnostic), _) => {
            // A plan is worth reading without a cluster; only the apply needs one.
            diagnostic.severity = Severity::Warning;
            (false, diagnostic.into())
        }
        _ => (false, Diagnostics::new()),
    }
}
