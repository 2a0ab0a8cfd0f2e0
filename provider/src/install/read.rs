//! Reading: the release as its record tells it, and its objects as they are.

use std::collections::BTreeMap;

use release::{Record, Status, drift::Difference};
use tfplugin::{
    diagnostic::Diagnostics,
    provider::Call,
    resource::{ReadRequest, ReadResponse},
    value::Value,
};

use super::{
    InstallResource, Kept,
    objects::{self, Names, Objects},
    observe, on_a_thread,
    scrub::Scrub,
    words,
};
use crate::{
    context::{Reach, unseen},
    lifecycle::{is_same_cluster, reach},
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
        Reach::Unknown => return as_before(unseen().into(), private),
        Reach::Unnamed(diagnostic) => return as_before(diagnostic.into(), private),
    };
    match is_same_cluster(&context, &cluster, &private).await {
        Ok(true) => {}
        Ok(false) => return gone(private),
        Err(diagnostic) => return as_before(diagnostic.into(), private),
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
    let drifted = {
        let record = record.clone();
        on_a_thread(move || async move { release::drift(&cluster, &record).await }).await
    };
    let drifted = match drifted {
        Ok(Ok(drifted)) => drifted,
        Ok(Err(error)) => return as_before(words::failed(&error, &scrub).into(), private),
        Err(diagnostic) => return as_before(diagnostic.into(), private),
    };
    let mut fresh = state.clone();
    observe(&mut fresh, &record, &scrub);
    match recorded_objects(&record, state.get("objects"), &scrub) {
        Ok((names, mut digests)) => {
            for drift in &drifted {
                let name = names.of(&drift.object, &scrub);
                match &drift.difference {
                    Difference::Missing => {
                        digests.remove(&name);
                    }
                    difference => {
                        digests.insert(name, scrub.text(&in_words(difference)));
                    }
                }
            }
            fresh.set_at(&"objects".into(), objects::value(&digests));
        }
        Err(error) => return as_before(words::failed(&error, &scrub).into(), private),
    }
    kept.unkept =
        state.get("keep_crds_on_destroy").as_bool() == Some(true) && release::keep::is_missing(&record);
    kept.put(&mut private);
    ReadResponse { state: Some(fresh), private, diagnostics: Diagnostics::new() }
}

/// The digests of what the record says, under the names by which the state knows the objects.
fn recorded_objects<'a>(
    record: &'a Record,
    known: &'a Value,
    scrub: &Scrub,
) -> Result<(Names<'a>, BTreeMap<objects::Name, String>), release::Error> {
    let rendered = chart::output::Rendered { manifests: record.documents()?, ..Default::default() };
    let names = Names::planned(&rendered, record.namespace()).named_in(known);
    let digests = Objects::of(&rendered, &names, scrub).all();
    Ok((names, digests))
}

/// What stands in the place of a digest where an object differs from its release.
fn in_words(difference: &Difference) -> String {
    match difference {
        Difference::Missing => "missing".to_owned(),
        Difference::Going => "being deleted".to_owned(),
        Difference::Fields(fields) => {
            let fields: Vec<_> = fields.iter().map(ToString::to_string).collect();
            format!("changed outside: {}", fields.join(", "))
        }
        Difference::Fixed { why } => format!("changed outside for good: {why}"),
    }
}

/// A state for a release that nobody here has installed.
pub fn adopt(state: &mut Value, record: &Record) -> Result<(), release::Error> {
    let scrub = Scrub::default();
    observe(state, record, &scrub);
    let (_, digests) = recorded_objects(record, &Value::Null, &scrub)?;
    state.set_at(&"objects".into(), objects::value(&digests));
    Ok(())
}
