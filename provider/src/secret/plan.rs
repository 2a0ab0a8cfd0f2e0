//! Planning: the type and the family come from the configuration, and what was changed outside makes a difference.

use tfplugin::{
    path::AttributePath,
    provider::Call,
    resource::{PlanRequest, PlanResponse},
    value::Value,
};

use super::{SecretResource, material};
use crate::lifecycle::{marks::Marks, reach, whereabouts::Whereabouts};

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
    let reached = reach(&context, &planned).until(call);
    let (whereabouts, said) =
        Whereabouts::of(&reached, prior.is_some(), &marks, "The Secret is applied").await;
    marks.unseen = whereabouts.is_unseen(prior.as_ref() != Some(&planned));
    if marks.unseen {
        planned.set_at(&"uid".into(), Value::Unknown);
    }
    marks.put(&mut private);
    PlanResponse { planned, requires_replace, private, diagnostics: said.into_iter().collect() }
}
