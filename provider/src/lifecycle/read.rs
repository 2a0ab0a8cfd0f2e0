//! Reading: the object as it is, as far as the state knows it.

use cluster::{Error, Missing};
use flux::hcl;
use tfplugin::{
    diagnostic::Diagnostics,
    provider::Call,
    resource::{ReadRequest, ReadResponse},
};

use super::{
    FluxResource, attributes_of, is_same_cluster, marks::Marks, observe, reach, state_like, writers,
};
use crate::{
    context::{Reach, unseen},
    explain,
};

/// Brings a state up to date.
pub async fn read(resource: &FluxResource, call: &Call, request: ReadRequest) -> ReadResponse {
    let ReadRequest { state, mut private } = request;
    let kept =
        |diagnostics: Diagnostics, private| ReadResponse { state: Some(state.clone()), private, diagnostics };
    let context = match resource.context() {
        Ok(context) => context,
        Err(diagnostic) => return kept(diagnostic.into(), private),
    };
    let cluster = match reach(&context, &state) {
        Reach::Known(cluster) => cluster.until(&call.cancel),
        Reach::Unknown => return kept(unseen().into(), private),
        Reach::Unnamed(diagnostic) => return kept(diagnostic.into(), private),
    };
    let mut marks = Marks::of(&private);
    let attributes = attributes_of(&state);
    let target = resource.target(&attributes);
    // A distant cluster is asked for all at once, also for the definition that the plan after this checks the object against.
    let (ahead, kind) = (cluster.clone(), resource.kind);
    tokio::spawn(async move { ahead.definition(kind).await });
    let (is_same, found) =
        tokio::join!(is_same_cluster(&context, &cluster, &private), cluster.get_among(&target));
    match is_same {
        Ok(true) => {}
        Ok(false) => return ReadResponse { state: None, private, diagnostics: Diagnostics::new() },
        Err(diagnostic) => return kept(diagnostic.into(), private),
    }
    let object = match found {
        Ok(Some(object)) => object,
        // A cluster without the kind has no object of it either; where it serves another version of it, it may.
        Ok(None) | Err(Error::NotServed { missing: Missing::Kind { .. }, .. }) => {
            return ReadResponse { state: None, private, diagnostics: Diagnostics::new() };
        }
        Err(error) => return kept(explain::error(&error).into(), private),
    };
    let refreshed = hcl::refreshed(resource.kind, &attributes, &object);
    let mut fresh = match state_like(&state, resource, &refreshed) {
        Ok(fresh) => fresh,
        Err(diagnostics) => return kept(diagnostics, private),
    };
    observe(&mut fresh, &object);

    let mut diagnostics = Diagnostics::new();
    diagnostics.0.extend(writers::others(&target, &state, &object));
    diagnostics.0.extend(writers::being_deleted(&target, &object));
    if marks.unready && flux::readiness::assess(resource.kind, &object).is_ready() {
        marks.unready = false;
    }
    // A state that came by a move does not know its cluster yet.
    if marks.cluster.is_none()
        && let Ok(identity) = cluster.identity().await
    {
        marks.cluster = Some(identity.uid().to_owned());
    }
    marks.put(&mut private);
    ReadResponse { state: Some(fresh), private, diagnostics }
}
