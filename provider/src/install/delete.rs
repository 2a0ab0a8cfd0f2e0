//! Deleting: the release goes in Helm's order, refused while Flux objects would be left without their controllers.

use release::UninstallRequest;
use tfplugin::{
    diagnostic::Diagnostics,
    provider::Call,
    resource::{DeleteRequest, DeleteResponse},
    timeouts::Timeouts,
};

use super::{InstallResource, Kept, on_a_thread, progress, schema::TIMEOUTS, scrub::Scrub, words};
use crate::lifecycle::{is_same_cluster, reached};

/// Uninstalls the release of a state.
pub async fn delete(resource: &InstallResource, call: &Call, request: DeleteRequest) -> DeleteResponse {
    let diagnostics = deleted(resource, call, &request).await.unwrap_or_else(|failed| failed);
    DeleteResponse { state: None, diagnostics }
}

async fn deleted(
    resource: &InstallResource,
    call: &Call,
    request: &DeleteRequest,
) -> Result<Diagnostics, Diagnostics> {
    let context = resource.context()?;
    let cluster = reached(&context, &request.prior, call)?;
    if !is_same_cluster(&context, &cluster, &request.private).await? {
        return Ok(Diagnostics::default());
    }
    let timeouts = Timeouts::read(&request.prior, &TIMEOUTS)?;
    let text = |name: &str| request.prior.get(name).as_str().unwrap_or_default();
    let flag = |name: &str| request.prior.get(name).as_bool().unwrap_or_default();
    let mut uninstall = UninstallRequest::new(text("name"), text("namespace"));
    uninstall.keep_crds = flag("keep_crds_on_destroy");
    uninstall.clear_finalizers = flag("clear_finalizers_on_destroy");
    uninstall.disable_hooks = flag("disable_hooks");
    uninstall.timeout = timeouts.delete;
    let kept = Kept::of(&request.private);
    // What a hook says is told, so what it must not say has to be known before.
    let scrub = if kept.secrets.0.is_empty() {
        Scrub::default()
    } else {
        let last = release::last(&cluster, text("namespace"), text("name")).await;
        let last = last.map_err(|error| words::failed(&error, &Scrub::default()))?;
        let config = last.as_ref().and_then(release::Record::config).cloned().unwrap_or_default();
        Scrub::from_paths(&kept.secrets, &config)
    };
    let cancel = call.cancel.clone();
    let uninstalled = on_a_thread(move || async move {
        let progress = progress(&uninstall.name);
        release::uninstall(&cluster, &uninstall, &cancel, &progress).await
    })
    .await?
    .map_err(|error| words::failed(&error, &scrub))?;
    let doubt = uninstalled.namespace_doubt.map(|why| words::namespace_stays(text("namespace"), &why));
    Ok(doubt.map(Diagnostics::from).unwrap_or_default())
}
