//! Applying: one server-side apply of the whole Secret, with a checksum under a new key.

use std::time::Duration;

use cluster::{Applied, ApplyRequest, Cluster, Error, Force};
use flux::FieldPath;
use serde_json::{Map, Value as Json, json};
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    private::Private,
    provider::Call,
    resource::{ApplyResponse, CreateRequest, UpdateRequest},
    timeouts::{self, Timeouts},
    value::Value,
};
use tokio::time::Instant;

use super::{SecretResource, TIMEOUTS, checksum, material, observe, target};
use crate::{
    convert, explain,
    lifecycle::{FIELD_MANAGER, READING_BACK, marks::Marks, reached, writers},
};

/// Creates a Secret, or takes over one that exists.
pub async fn create(resource: &SecretResource, call: &Call, request: CreateRequest) -> ApplyResponse {
    let CreateRequest { config, planned, private } = request;
    Write { resource, call, prior: None, config, planned }.run(private).await
}

/// Writes a Secret again, whole.
pub async fn update(resource: &SecretResource, call: &Call, request: UpdateRequest) -> ApplyResponse {
    let UpdateRequest { config, prior, planned, private } = request;
    Write { resource, call, prior: Some(prior), config, planned }.run(private).await
}

/// What the cluster has against a Secret. Its own words may quote the values and are not shown, so what is likely is said instead.
fn refused(error: &Error, secret_type: &str) -> Diagnostic {
    let mut diagnostic = explain::error(error);
    if matches!(error, Error::Invalid { .. }) {
        diagnostic.detail.push_str(&format!(
            " What is likely: a Secret of this name exists and is immutable or not of the type {secret_type}, which nobody can change: delete it first. Or the values are larger than 1 MiB together."
        ));
    }
    diagnostic
}

/// One write of one Secret.
struct Write<'a> {
    resource: &'a SecretResource,
    call: &'a Call,
    prior: Option<Value>,
    config: Value,
    planned: Value,
}

impl Write<'_> {
    async fn run(&self, mut private: Private) -> ApplyResponse {
        match self.applied(&mut private).await {
            Ok((state, diagnostics)) => ApplyResponse { state: Some(state), private, diagnostics },
            // Nothing was written: a create leaves nothing behind, an update the prior state.
            Err(diagnostics) => ApplyResponse { state: None, private, diagnostics },
        }
    }

    async fn applied(&self, private: &mut Private) -> Result<(Value, Diagnostics), Diagnostics> {
        let material = material::of(&self.config)?;
        let context = self.resource.shared.get()?;
        let cluster = reached(&context, &self.planned, self.call)?;
        let timeouts = Timeouts::read(&self.planned, &TIMEOUTS)?;
        let mut marks = Marks::of(private);
        let identity = match &marks.cluster {
            Some(recorded) if self.prior.is_some() && !marks.unseen => {
                cluster.expect_identity(recorded).await.map(|()| recorded.clone())
            }
            _ => cluster.identity().await.map(|identity| identity.uid().to_owned()),
        }
        .map_err(|error| explain::error(&error))?;

        let key = checksum::new_key().ok_or_else(|| {
            Diagnostic::error(
                "No random bytes",
                "The system gives no random bytes, which the checksum of the Secret needs.",
            )
        })?;
        let data: Vec<_> = material.data.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let checksum = checksum::of(&key, &material.secret_type, &data);
        let object = self.object(&material, &checksum);
        // What the state says of another cluster's Secret gives no right to fields of this one's.
        let same = marks.cluster.as_ref().is_none_or(|recorded| *recorded == identity);
        let before = self.prior.as_ref().filter(|_| same);
        let mut request = ApplyRequest::new(object.clone(), FIELD_MANAGER).force(self.force(before, &object));
        if let Some(prior) = self.prior.as_ref().filter(|_| !marks.unseen) {
            request.uid = prior.get("uid").as_str().map(str::to_owned);
        }
        // From here on, since a cluster that is still being made may be waited for before.
        let (operation, limit) = match self.prior {
            None => ("create", timeouts.create),
            Some(_) => ("update", timeouts.update),
        };
        let mut diagnostics = Diagnostics::new();
        let target = target(&self.planned);
        let applied = match cluster.by(Instant::now() + limit).apply(&request).await {
            Ok(applied) => applied,
            Err(error) => match self.read_back(&cluster, &error, &checksum).await {
                Some(applied) => {
                    diagnostics.warning(
                        "An answer of the cluster was lost",
                        format!(
                            "{}. {target} was written all the same: it was read back.",
                            explain::sentence(&error)
                        ),
                    );
                    applied
                }
                None if matches!(error, Error::TimedOut { .. }) => {
                    return Err(self.late(&cluster, operation, limit).into());
                }
                None => return Err(refused(&error, &material.secret_type).into()),
            },
        };

        diagnostics.0.extend(writers::others(&target, &self.planned, &applied.object));
        if before.is_none() && !applied.created {
            context.adopt(&applied.object);
            diagnostics.warning(
                "An object that existed was taken over",
                format!("{target} existed already in {}. It is managed here from now on, and a destroy deletes it.", cluster.place()),
            );
        }
        marks.cluster = Some(identity);
        marks.unseen = false;
        marks.put(private);
        private.set(checksum::KEY, key);
        let mut state = self.planned.clone();
        observe(&mut state, &applied.object);
        let family = material::family(&self.config).map(|family| family.name);
        state.set_at(&"family".into(), family.into());
        Ok((state, diagnostics))
    }

    /// A create that got no answer may have been carried out all the same, and a credential must not be left behind: the Secret that has
    /// the checksum of this very write, if it is there. Its key is nowhere else.
    async fn read_back(&self, cluster: &Cluster, error: &Error, checksum: &str) -> Option<Applied> {
        if self.prior.is_some() || !error.leaves_open() {
            return None;
        }
        let object = cluster.by(Instant::now() + READING_BACK).get(&target(&self.planned)).await.ok()??;
        let written = object["metadata"]["annotations"][checksum::ANNOTATION] == checksum;
        let data = [FieldPath::of(["data"]), FieldPath::of(["type"])];
        let created = cluster::managed_by_others(&object, &data, FIELD_MANAGER).is_empty();
        written.then_some(Applied { object, created })
    }

    fn late(&self, cluster: &Cluster, operation: &str, limit: Duration) -> Diagnostic {
        Diagnostic::error(
            "The Secret was not written in time",
            format!(
                "{} gave no answer about {} within {limit}, so it may be written or not. The next apply writes it again. If the cluster only needs longer, raise timeouts.{operation}.",
                cluster.place(),
                target(&self.planned),
                limit = timeouts::print(limit),
            ),
        )
        .at(AttributePath::root("timeouts"))
    }

    fn object(&self, material: &material::Material, checksum: &str) -> Json {
        let (attributes, _) = convert::json(&self.planned);
        let map = |name: &str| attributes[name].as_object().cloned().unwrap_or_default();
        let mut annotations: Map<String, Json> = map("annotations");
        annotations.insert(checksum::ANNOTATION.to_owned(), json!(checksum));
        let mut metadata = json!({
            "name": attributes["name"], "namespace": attributes["namespace"], "annotations": annotations,
        });
        let labels = map("labels");
        if !labels.is_empty() {
            metadata["labels"] = Json::Object(labels);
        }
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata,
            "type": material.secret_type, "data": material.data,
        })
    }

    /// What was ours is taken back, also from who changed it meanwhile; on a create only when the user says so.
    fn force(&self, before: Option<&Value>, object: &Json) -> Force {
        if self.planned.get("force_conflicts").as_bool() == Some(true) {
            return Force::All;
        }
        let Some(prior) = before else { return Force::No };
        let mut owned = vec![
            FieldPath::of(["type"]),
            FieldPath::of(["data"]),
            FieldPath::of(["metadata", "annotations", checksum::ANNOTATION]),
        ];
        for name in ["labels", "annotations"] {
            let written = object["metadata"][name].as_object().into_iter().flat_map(Map::keys);
            let before = prior.get(name).as_members();
            owned.extend(
                written
                    .filter(|key| before.is_some_and(|before| before.contains_key(*key)))
                    .map(|key| FieldPath::of(["metadata", name, key])),
            );
        }
        Force::Owned(owned)
    }
}
