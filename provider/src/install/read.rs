//! Reading: the release as its record tells it, and its objects as they are.

use std::collections::BTreeMap;

use cluster::Error;
use release::{Record, Status};
use tfplugin::{
    diagnostic::Diagnostics,
    provider::Call,
    resource::{ReadRequest, ReadResponse},
    value::Value,
};

use super::{InstallResource, Kept, objects, observe, scrub::Scrub, words};
use crate::{
    context::Reach,
    explain,
    lifecycle::{marks::Marks, reach},
};

/// Brings a state up to date.
pub async fn read(resource: &InstallResource, call: &Call, request: ReadRequest) -> ReadResponse {
    let ReadRequest { state, mut private } = request;
    let as_before =
        |diagnostics: Diagnostics, private| ReadResponse { state: Some(state.clone()), private, diagnostics };
    let gone = |private| ReadResponse { state: None, private, diagnostics: Diagnostics::new() };
    let context = match resource.context() {
        Ok(context) => context,
        Err(diagnostic) => return as_before(diagnostic.into(), private),
    };
    let cluster = match reach(&context, &state) {
        Reach::Known(cluster) => cluster.until(&call.cancel),
        Reach::Unknown => return as_before(Diagnostics::new(), private),
        Reach::Unnamed(diagnostic) => return as_before(diagnostic.into(), private),
    };
    let marks = Marks::of(&private);
    if let Some(recorded) = &marks.cluster {
        match cluster.expect_identity(recorded).await {
            Ok(()) => {}
            Err(Error::WrongCluster { .. }) if context.allow_cluster_change => return gone(private),
            Err(error) => return as_before(explain::error(&error).into(), private),
        }
    }
    let mut kept = Kept::of(&private);
    let text = |name: &str| state.get(name).as_str().unwrap_or_default();
    let record = match release::last(&cluster, text("namespace"), text("name")).await {
        Ok(Some(record)) if record.status() != Status::Uninstalled => record,
        Ok(_) => return gone(private),
        Err(error) => return as_before(words::failed(&error, &Scrub::default()).into(), private),
    };
    let none = serde_json::Map::new();
    let scrub = Scrub::from_paths(&kept.secrets, record.config().unwrap_or(&none));
    let mut fresh = state.clone();
    observe(&mut fresh, &record, &scrub);
    match recorded_objects(&record, &scrub) {
        Ok(digests) => {
            fresh.set_at(&"objects".into(), objects::value(&digests));
        }
        Err(error) => return as_before(words::failed(&error, &scrub).into(), private),
    }
    kept.unkept =
        state.get("keep_crds_on_destroy").as_bool() == Some(true) && release::keep::is_missing(&record);
    kept.put(&mut private);
    ReadResponse { state: Some(fresh), private, diagnostics: Diagnostics::new() }
}

/// The digests of what the record says.
pub fn recorded_objects(
    record: &Record,
    scrub: &Scrub,
) -> Result<BTreeMap<objects::Name, Option<String>>, release::Error> {
    let rendered = chart::output::Rendered { manifests: record.documents()?, ..Default::default() };
    Ok(objects::digests(&rendered, record.namespace(), scrub))
}

fn same_object(name: &str, object: &serde_json::Value) -> bool {
    let part = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (part(&object["apiVersion"]), part(&object["kind"]));
    name.starts_with(&format!("{version}/{kind}/"))
        && name.rsplit('/').next() == object["metadata"]["name"].as_str()
}

/// A state for a release that nobody here has installed.
pub fn adopt(state: &mut Value, record: &Record) -> Result<(), release::Error> {
    let scrub = Scrub::default();
    observe(state, record, &scrub);
    state.set_at(&"objects".into(), objects::value(&recorded_objects(record, &scrub)?));
    Ok(())
}
