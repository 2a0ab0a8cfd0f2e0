//! Applying: rendered once more for the real cluster, judged once more, then installed or upgraded.

use chart::{Chart, output::Rendered};
use cluster::Cluster;
use policy::Change;
use release::{InstallRequest, Record, Settings, UpgradeRequest};
use std::{collections::BTreeMap, sync::Arc};
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    private::Private,
    provider::Call,
    resource::{ApplyResponse, CreateRequest, UpdateRequest},
    timeouts::Timeouts,
    value::Value,
};
use tokio_util::sync::CancellationToken;

use super::{
    InstallResource, Kept,
    charts::{For, live, rendered},
    inputs::{self, Inputs},
    judge::judge,
    made_from,
    objects::{self, Names, Objects},
    observe, on_a_thread, progress,
    schema::TIMEOUTS,
    words,
};
use crate::{
    explain,
    lifecycle::{marks::Marks, reached},
};

/// Installs.
pub async fn create(resource: &InstallResource, call: &Call, request: CreateRequest) -> ApplyResponse {
    let CreateRequest { config, planned, private } = request;
    Action { resource, call, config, prior: None, planned }.run(private).await
}

/// Upgrades, or keeps what the actions to come need.
pub async fn update(resource: &InstallResource, call: &Call, request: UpdateRequest) -> ApplyResponse {
    let UpdateRequest { config, prior, planned, private } = request;
    Action { resource, call, config, prior: Some(prior), planned }.run(private).await
}

struct Action<'a> {
    resource: &'a InstallResource,
    call: &'a Call,
    config: Value,
    prior: Option<Value>,
    planned: Value,
}

impl Action<'_> {
    async fn run(&self, mut private: Private) -> ApplyResponse {
        let mut marks = Marks::of(&private);
        let mut kept = Kept::of(&private);
        match self.perform(&mut marks, &mut kept).await {
            // An install that failed leaves nothing in state: what is on record goes on with the next apply.
            Err(diagnostics) => ApplyResponse { state: None, private, diagnostics },
            Ok((state, diagnostics)) => {
                marks.unseen = false;
                kept.unkept = false;
                marks.put(&mut private);
                kept.put(&mut private);
                ApplyResponse { state: Some(state), private, diagnostics }
            }
        }
    }

    async fn perform(&self, marks: &mut Marks, kept: &mut Kept) -> Result<(Value, Diagnostics), Diagnostics> {
        let context = self.resource.context()?;
        let cluster = reached(&context, &self.planned, self.call)?;
        let timeouts = Timeouts::read(&self.planned, &TIMEOUTS)?;
        // Only what nothing in the cluster shows has changed.
        if let Some(prior) = &self.prior
            && self.planned.get("revision").is_known()
            && self.planned.get("revision") == prior.get("revision")
        {
            return Ok((self.planned.clone(), Diagnostics::new()));
        }
        let Some(inputs) = inputs::gather(&self.planned, &self.config)? else {
            return Err(Diagnostic::error(
                "The chart is still unknown",
                "It depends on a value that nothing has made known.",
            )
            .into());
        };
        kept.secrets = inputs.scrub.paths();
        let identity = match &marks.cluster {
            Some(recorded) if self.prior.is_some() && !marks.unseen => {
                cluster.expect_identity(recorded).await.map(|()| recorded.clone())
            }
            _ => cluster.identity().await.map(|identity| identity.uid().to_owned()),
        }
        .map_err(|error| explain::error(&error))?;
        let chart = self.resource.charts.fetch(&inputs.request, self.call).await?;
        let last = release::last(&cluster, &inputs.namespace, &inputs.name)
            .await
            .map_err(|error| words::failed(&error, &inputs.scrub))?;
        // A release that went away between plan and apply is installed anew.
        let upgrade = self.prior.is_some() && last.is_some();
        let what = match &last {
            Some(last) if upgrade => For::Upgrade(last.revision() + 1),
            _ => For::Install,
        };
        let live = live(&cluster).await.map_err(|error| explain::error(&error))?;
        let rendered = rendered(&chart, &inputs, what, Some(live)).await?;
        let diagnostics = self.judged(&inputs, &rendered, &context)?;

        let names = Names::planned(&rendered, &inputs.namespace);
        let objects = Objects::of(&rendered, &names, &inputs.scrub);
        let timeout = if self.prior.is_some() { timeouts.update } else { timeouts.create };
        let scrub = inputs.scrub.clone();
        let action = Work {
            cluster,
            config: inputs.values.to_json(),
            settings: inputs::settings(&self.planned, timeout, upgrade),
            name: inputs.name.clone(),
            namespace: inputs.namespace.clone(),
            create_namespace: self.planned.get("create_namespace").as_bool().unwrap_or(true),
            namespace_labels: self.namespace_labels(),
            chart,
            rendered,
            cancel: self.call.cancel.clone(),
        };
        let record = on_a_thread(move || action.perform(upgrade))
            .await?
            .map_err(|error| words::failed(&error, &scrub))?;

        marks.cluster = Some(identity);
        let mut state = self.planned.clone();
        observe(&mut state, &record, &inputs.scrub);
        state.set_at(&"objects".into(), objects::value(&objects.all()));
        kept.asked = objects.asked();
        kept.applied = Some(made_from(&objects, &inputs));
        Ok((state, diagnostics))
    }

    /// The gate's word on everything that is about to be written; only warnings may pass.
    fn judged(
        &self,
        inputs: &Inputs,
        rendered: &Rendered,
        context: &crate::context::Context,
    ) -> Result<Diagnostics, Diagnostics> {
        if context.gate().is_none() {
            return Err(Diagnostic::error(
                "The policy gate is shut",
                "The policy's settings depend on a value that nothing has made known. Nothing is applied without the gate.",
            )
            .into());
        }
        let change = if self.prior.is_none() { Change::Create } else { Change::Update };
        let config = serde_json::Value::Object(inputs.values.to_json());
        let diagnostics =
            judge(context.gate(), &self.planned, &config, Some(rendered), change, &inputs.scrub);
        if diagnostics.has_errors() { Err(diagnostics) } else { Ok(diagnostics) }
    }

    fn namespace_labels(&self) -> BTreeMap<String, String> {
        let labels = self.planned.get("namespace_labels").as_members().into_iter().flatten();
        labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    }
}

/// What an action needs, its own.
struct Work {
    cluster: Cluster,
    config: serde_json::Map<String, serde_json::Value>,
    settings: Settings,
    name: String,
    namespace: String,
    create_namespace: bool,
    namespace_labels: BTreeMap<String, String>,
    chart: Arc<Chart>,
    rendered: Rendered,
    cancel: CancellationToken,
}

impl Work {
    async fn perform(self, upgrade: bool) -> Result<Record, release::Error> {
        let progress = progress(&self.name);
        if upgrade {
            let request = UpgradeRequest {
                name: &self.name,
                namespace: &self.namespace,
                chart: &self.chart,
                config: &self.config,
                rendered: &self.rendered,
                settings: self.settings,
            };
            return Ok(release::upgrade(&self.cluster, &request, &self.cancel, &progress).await?.record);
        }
        let request = InstallRequest {
            name: &self.name,
            namespace: &self.namespace,
            create_namespace: self.create_namespace,
            namespace_labels: &self.namespace_labels,
            chart: &self.chart,
            config: &self.config,
            rendered: &self.rendered,
            settings: self.settings,
        };
        Ok(release::install(&self.cluster, &request, &self.cancel, &progress).await?.record)
    }
}
