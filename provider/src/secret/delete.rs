//! Deleting: until the Secret is gone, or the reason why it is not.

use cluster::DeleteRequest as Delete;
use tfplugin::{
    diagnostic::Diagnostics,
    provider::Call,
    resource::{DeleteRequest, DeleteResponse},
    timeouts::Timeouts,
};

use super::{SecretResource, TIMEOUTS, target};
use crate::{
    explain,
    lifecycle::{is_same_cluster, reached},
};

/// Deletes the Secret of a state.
pub async fn delete(resource: &SecretResource, call: &Call, request: DeleteRequest) -> DeleteResponse {
    let diagnostics = deleted(resource, call, &request).await.unwrap_or_else(|failed| failed);
    DeleteResponse { state: None, diagnostics }
}

/// The warnings of a delete that is done.
async fn deleted(
    resource: &SecretResource,
    call: &Call,
    request: &DeleteRequest,
) -> Result<Diagnostics, Diagnostics> {
    let context = resource.shared.get()?;
    let cluster = reached(&context, &request.prior, call)?;
    if !is_same_cluster(&context, &cluster, &request.private).await? {
        return Ok(Diagnostics::new());
    }
    let timeouts = Timeouts::read(&request.prior, &TIMEOUTS)?;
    let target = target(&request.prior);
    if let Some(stays) = context.taken_over(&target, &request.prior) {
        return Ok(stays.into());
    }
    let mut delete = Delete::new(&target, timeouts.delete);
    // Another Secret of the same name is not ours to delete.
    delete.uid = request.prior.get("uid").as_str().map(str::to_owned);
    cluster.delete(&delete).await.map_err(|error| explain::error(&error))?;
    Ok(Diagnostics::new())
}
