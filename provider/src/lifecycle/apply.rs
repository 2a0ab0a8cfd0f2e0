//! Applying: the gate once more on the final object, one server-side apply, and the wait until Flux says Ready.

use cluster::{Applied, ApplyRequest, Cluster, Condition, Error, Force, Wait, WaitError};
use flux::{FieldPath, hcl, kinds::Readiness};
use policy::Change;
use serde_json::Value as Json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    private::Private,
    provider::Call,
    resource::{ApplyResponse, CreateRequest, UpdateRequest},
    timeouts::Timeouts,
    value::Value,
};
use tokio::time::Instant;

use super::{
    FIELD_MANAGER, FluxResource, OBJECT, READING_BACK, TIMEOUTS, attributes_of, marks::Marks, object_differs,
    observe, reached, writers,
};
use crate::{context::Context, convert, explain, gate};

/// Creates an object, or takes over one that exists.
pub async fn create(resource: &FluxResource, call: &Call, request: CreateRequest) -> ApplyResponse {
    let write = Write { resource, call, prior: None, planned: request.planned };
    write.run(request.private).await
}

/// Changes an object, or waits for it again.
pub async fn update(resource: &FluxResource, call: &Call, request: UpdateRequest) -> ApplyResponse {
    let write = Write { resource, call, prior: Some(request.prior), planned: request.planned };
    write.run(request.private).await
}

/// One write of one object.
struct Write<'a> {
    resource: &'a FluxResource,
    call: &'a Call,
    prior: Option<Value>,
    planned: Value,
}

impl Write<'_> {
    async fn run(&self, mut private: Private) -> ApplyResponse {
        let mut marks = Marks::of(&private);
        match self.applied(&marks).await {
            // Nothing was written: a create leaves nothing behind, an update the prior state.
            Err(unwritten) => {
                if unwritten.open && self.prior.is_some() {
                    // The update may have been carried out, and nobody has waited for it.
                    marks.unready = true;
                    marks.put(&mut private);
                }
                ApplyResponse { state: None, private, diagnostics: unwritten.diagnostics }
            }
            Ok(written) => self.settled(written, marks, private).await,
        }
    }

    /// Everything up to and with the write.
    async fn applied(&self, marks: &Marks) -> Result<Written, Unwritten> {
        let context = self.resource.context()?;
        let cluster = reached(&context, &self.planned, self.call)?;
        let timeouts = Timeouts::read(&self.planned, &TIMEOUTS)?;
        let attributes = attributes_of(&self.planned);
        let mut diagnostics = self.judged(&context, &attributes)?;

        let identity = match &marks.cluster {
            Some(recorded) if self.prior.is_some() && !marks.unseen => {
                cluster.expect_identity(recorded).await.map(|()| recorded.clone())
            }
            _ => cluster.identity().await.map(|identity| identity.uid().to_owned()),
        }
        .map_err(|error| explain::error(&error))?;

        // What the state says of another cluster's object gives no right to fields of this one's.
        let same = marks.cluster.as_ref().is_none_or(|recorded| *recorded == identity);
        let before = self.prior.as_ref().filter(|_| same);

        let manifest = self.resource.manifest(&attributes, &[])?;
        let mut request = ApplyRequest::new(manifest.into_object(), FIELD_MANAGER).force(self.force(before));
        if let Some(prior) = self.prior.as_ref().filter(|_| !marks.unseen) {
            request.uid = prior.get("uid").as_str().map(str::to_owned);
        }
        // From here on, since a cluster that is still being made may be waited for before.
        let timeout = if self.prior.is_none() { timeouts.create } else { timeouts.update };
        let deadline = Instant::now() + timeout;
        let in_time = cluster.by(deadline);
        let mut applied = match in_time.apply(&request).await {
            Err(error) if self.prior.is_none() && error.leaves_open() => {
                let (applied, lost) = self.read_back(&cluster, &attributes, &error).await?;
                diagnostics.push(lost);
                applied
            }
            applied => applied.map_err(|error| Unwritten {
                open: error.leaves_open(),
                diagnostics: self.refused(&error),
            })?,
        };
        if let Some(before) = before
            && let Some(object) = self.given_up(&in_time, before, &applied.object).await?
        {
            applied.object = object;
        }
        let adopted = before.is_none() && !applied.created;
        if adopted {
            context.adopt(&applied.object);
        }
        diagnostics.0.extend(writers::others(
            &self.resource.target(&attributes_of(&self.planned)),
            &self.planned,
            &applied.object,
        ));
        Ok(Written {
            cluster,
            identity,
            object: applied.object,
            adopted: before.is_none().then_some(adopted),
            deadline,
            diagnostics,
        })
    }

    /// A create that got no answer may have been carried out all the same, and what is made must not be lost. So the object is looked
    /// at: where it is as we want it, and ours, the write was carried out, and only a warning is left to say.
    async fn read_back(
        &self,
        cluster: &Cluster,
        attributes: &Json,
        error: &Error,
    ) -> Result<(Applied, Diagnostic), Diagnostics> {
        let target = self.resource.target(attributes);
        let mut diagnostic = explain::error(error);
        match cluster.by(Instant::now() + READING_BACK).get(&target).await {
            Ok(Some(object)) if self.is_ours(attributes, &object) => {
                let spec = FieldPath::of(["spec"]);
                let created = cluster::managed_by_others(&object, &[spec], FIELD_MANAGER).is_empty();
                let lost = Diagnostic::warning(
                    "An answer of the cluster was lost",
                    format!(
                        "{}. {target} was written all the same: it was read back.",
                        explain::sentence(error)
                    ),
                );
                Ok((Applied { object, created }, lost))
            }
            Ok(None) => Err(diagnostic.into()),
            Ok(Some(_)) => {
                diagnostic.detail.push_str(&format!(
                    "\n\n{target} exists there and is not as it was to be written. The next apply takes it over."
                ));
                Err(diagnostic.into())
            }
            Err(_) => {
                diagnostic.detail.push_str(&format!(
                    "\n\nWhether {target} was written cannot be found out now. If it was, the next apply takes it over, and a destroy before that leaves it behind."
                ));
                Err(diagnostic.into())
            }
        }
    }

    /// Whether an object is as it is wanted, and by our hand.
    fn is_ours(&self, attributes: &Json, object: &Json) -> bool {
        let found = hcl::refreshed(self.resource.kind, attributes, object);
        cluster::managed_by(object, FIELD_MANAGER)
            && OBJECT.iter().all(|name| found[name] == attributes[name])
    }

    /// The gate's word on the final object; only warnings may pass.
    fn judged(&self, context: &Context, attributes: &Json) -> Result<Diagnostics, Diagnostics> {
        let change = match &self.prior {
            None => Change::Create,
            Some(prior) if object_differs(prior, &self.planned) => Change::Update,
            Some(_) => Change::Unchanged,
        };
        let manifest = self.resource.manifest(attributes, &[])?;
        if context.gate().is_none() {
            return Err(Diagnostic::error(
                "The policy gate is shut",
                "The policy's settings depend on a value that nothing has made known. Nothing is applied without the gate.",
            )
            .into());
        }
        let diagnostics = gate::check(context.gate(), self.resource.kind, manifest, change);
        if diagnostics.has_errors() { Err(diagnostics) } else { Ok(diagnostics) }
    }

    /// Fields that the prior state set are ours and are taken back; others only when the user says so.
    fn force(&self, before: Option<&Value>) -> Force {
        match before {
            _ if self.planned.get("force_conflicts").as_bool() == Some(true) => Force::All,
            Some(prior) => Force::Owned(hcl::owned_paths(self.resource.kind, &attributes_of(prior))),
            None => Force::No,
        }
    }

    /// Fields that the prior state set and the plan leaves out go also where another manager has taken them meanwhile.
    async fn given_up(
        &self,
        cluster: &Cluster,
        before: &Value,
        object: &Json,
    ) -> Result<Option<Json>, Diagnostics> {
        let owned = |state| hcl::owned_paths(self.resource.kind, &attributes_of(state));
        let planned = owned(&self.planned);
        let left_out: Vec<_> = owned(before)
            .into_iter()
            .filter(|path| !planned.iter().any(|kept| kept.overlaps(path)))
            .collect();
        let taken = cluster::managed_by_others(object, &left_out, FIELD_MANAGER);
        if taken.is_empty() {
            return Ok(None);
        }
        let target = self.resource.target(&attributes_of(&self.planned));
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        let object = cluster
            .remove(&target, uid, &taken, FIELD_MANAGER)
            .await
            .map_err(|error| explain::error(&error))?;
        Ok(Some(object))
    }

    /// What the API has against the object, on the attributes that it names.
    fn refused(&self, error: &Error) -> Diagnostics {
        if let Error::Invalid { causes, place, object } = error {
            let located: Vec<_> = causes
                .iter()
                .filter_map(|cause| {
                    let path: FieldPath = cause.field.parse().ok()?;
                    Some(
                        Diagnostic::error(
                            "The cluster refuses the object",
                            format!("{place} refuses {object}: {cause}."),
                        )
                        .at(convert::attribute_path(self.resource.kind, &path)),
                    )
                })
                .collect();
            if located.len() == causes.len() {
                return Diagnostics(located);
            }
        }
        explain::error(error).into()
    }

    /// The wait, and the state that comes of it.
    async fn settled(&self, written: Written, mut marks: Marks, mut private: Private) -> ApplyResponse {
        let Written { cluster, identity, object, adopted, deadline, mut diagnostics } = written;
        marks.cluster = Some(identity);
        marks.unseen = false;
        marks.unready = false;
        let target = self.resource.target(&attributes_of(&self.planned));
        marks.adopted = adopted.unwrap_or(marks.adopted);
        if adopted == Some(true) {
            diagnostics.warning(
                "An object that existed was taken over",
                format!("{target} existed already in {}. It is managed here from now on, and a destroy deletes it.", cluster.place()),
            );
        }
        let mut state = self.planned.clone();
        observe(&mut state, &object);
        if self.waits(&object) {
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = Wait::new(&target, Condition::ready(self.resource.kind), left).from(object);
            match cluster.wait(&wait).await {
                Ok(Some(object)) => observe(&mut state, &object),
                Ok(None) => {}
                Err(error) => {
                    marks.unready = true;
                    diagnostics.push(self.not_ready(&error, marks.adopted));
                    if let Some(object) = error.last() {
                        observe(&mut state, object);
                    }
                }
            }
        }
        marks.put(&mut private);
        ApplyResponse { state: Some(state), private, diagnostics }
    }

    fn waits(&self, object: &Json) -> bool {
        self.planned.get("wait").as_bool() != Some(false)
            && matches!(self.resource.kind.readiness.of(object), Readiness::Condition { .. })
    }

    /// A wait that did not end well. An error taints what a create made, so an object that existed before gets a warning:
    /// to replace a Kustomization prunes what runs. An interrupted wait says nothing against the object either.
    fn not_ready(&self, error: &WaitError, adopted: bool) -> Diagnostic {
        let mut diagnostic = explain::wait(error);
        let creates = self.prior.is_none();
        if creates && (adopted || matches!(error, WaitError::Cancelled { .. })) {
            diagnostic.severity = tfplugin::diagnostic::Severity::Warning;
            diagnostic
                .detail
                .push_str("\n\nThe object is kept as it is, and the next apply waits for it again.");
        }
        diagnostic
    }
}

/// What a write led to.
struct Written {
    cluster: Cluster,
    identity: String,
    object: Json,
    /// Whether an object that existed was taken over; `None` where it was in the state, of this cluster, before.
    adopted: Option<bool>,
    /// When the time of the whole operation is up.
    deadline: Instant,
    diagnostics: Diagnostics,
}

/// Why nothing is known to have been written.
struct Unwritten {
    diagnostics: Diagnostics,
    /// Whether the write may have been carried out all the same.
    open: bool,
}

impl<D: Into<Diagnostics>> From<D> for Unwritten {
    fn from(diagnostics: D) -> Self {
        Self { diagnostics: diagnostics.into(), open: false }
    }
}
