//! `data "fluxgate_chart"`: a chart rendered, without a cluster.

use async_trait::async_trait;
use flux::list::flattened;
use release::names::Stated;
use tfplugin::{
    data_source::{DataResponse, DataSource},
    diagnostic::{Diagnostic, Diagnostics},
    provider::Call,
    schema::{Attribute, Schema},
    value::{Type, Value},
};

use crate::{
    environment::{Environment, REPOSITORY_PASSWORD},
    install::{
        charts::{Charts, For, rendered},
        inputs,
        objects::Names,
        schema::chart_attributes,
        scrub::Scrub,
    },
};

/// The data source.
#[derive(Debug)]
pub struct ChartData {
    charts: Charts,
    environment: Environment,
}

impl ChartData {
    /// The data source, with the charts that the process has fetched, and the environment that a password may stand in.
    pub fn new(charts: Charts, environment: Environment) -> Self {
        Self { charts, environment }
    }

    /// The password for the repository: what is written, else what the environment has for a user that is written.
    fn password(&self, config: &Value) -> Value {
        let written = config.get("repository_password");
        match self.environment.get(REPOSITORY_PASSWORD) {
            Some(password) if written.is_null() && config.get("repository_username").as_str().is_some() => {
                Value::from(password)
            }
            _ => written.clone(),
        }
    }
}

#[async_trait]
impl DataSource for ChartData {
    fn name(&self) -> &str {
        "fluxgate_chart"
    }

    fn schema(&self) -> Schema {
        let mut attributes = vec![
            Attribute::string("name").required().describe("Name of the release for which it is rendered."),
            Attribute::string("namespace")
                .required()
                .describe("Namespace of the release for which it is rendered."),
        ];
        // Data sources cannot have write-only arguments, and OpenTofu keeps all of theirs in the state.
        attributes.extend(chart_attributes().into_iter().filter(|attribute| !attribute.name.contains("_wo")).map(|mut attribute| {
            if attribute.name == "version" {
                attribute = attribute.describe("The chart's version: an exact one, or a range such as `~2.18.0`. Without it the newest stable one.");
            }
            attribute
        }));
        attributes.push(
            Attribute::string("repository_password")
                .optional()
                .sensitive()
                .describe("Password for the repository. OpenTofu keeps whatever a data source is given in the state and only hides it in its output, so leave this out and put the password into the variable FLUXGATE_REPOSITORY_PASSWORD of the environment, which stands for it where `repository_username` is set."),
        );
        attributes.extend(vec![
            Attribute::string("chart_version").computed().describe("The chart's version as it was found."),
            Attribute::string("app_version").computed().describe("The version of what the chart installs."),
            Attribute::string("manifest")
                .computed()
                .describe("All objects but hooks, as one YAML text, as Helm stores it with a release."),
            Attribute::map("manifests", Type::String)
                .computed()
                .describe("The objects, `apiVersion/Kind/namespace/name`, each as a YAML text."),
            Attribute::list("hooks", Type::String).computed().describe("The hooks, each as a YAML text."),
            Attribute::string("notes").computed().describe("The chart's notes, rendered."),
            Attribute::string("values_schema")
                .computed()
                .describe("The chart's `values.schema.json`, where it has one, for `values_schema` of `fluxgate_helm_release`."),
        ]);
        Schema::new(attributes).describe("Renders a chart as `helm template` does, without a cluster: what `fluxgate_install` would apply, in full.")
    }

    async fn read(&self, call: &Call, config: Value) -> DataResponse {
        match self.rendered(call, config).await {
            Ok(state) => DataResponse { state: Some(state), diagnostics: Diagnostics::new() },
            Err(diagnostics) => DataResponse { state: None, diagnostics },
        }
    }
}

impl ChartData {
    async fn rendered(&self, call: &Call, mut config: Value) -> Result<Value, Diagnostics> {
        // The attributes of the resource, under which the inputs are read.
        let mut given = config.clone();
        given.set_at(&"repository_password_wo".into(), self.password(&config));
        let Some(inputs) = inputs::gather(&given, &given)? else {
            return Err(Diagnostic::error(
                "The chart is still unknown",
                "It depends on a value that nothing has made known.",
            )
            .into());
        };
        let chart = self.charts.fetch(&inputs.request, call).await?;
        let rendered = rendered(&chart, &inputs, For::Install, None).await?;
        let names = Names::planned(&rendered, &inputs.namespace);
        let objects = rendered.manifests.iter().flat_map(|document| flattened(&document.object).into_owned());
        let manifests = objects.filter(serde_json::Value::is_object).map(|object| {
            (names.of(&Stated::of(&object), &Scrub::default()), Value::from(yaml::write(&object)))
        });
        let mut put = |name: &str, value: Value| {
            config.set_at(&name.into(), value);
        };
        put("chart_version", Value::from(chart.metadata.version.as_str()));
        put("app_version", Value::from(chart.metadata.app_version.as_str()));
        put("manifest", Value::from(rendered.manifest()));
        put("manifests", Value::map(manifests));
        put("hooks", Value::list(rendered.hooks.iter().map(|hook| Value::from(hook.manifest.as_str()))));
        put("notes", Value::from(rendered.notes.as_str()));
        let schema = chart.schema.as_deref().and_then(|schema| std::str::from_utf8(schema).ok());
        put("values_schema", schema.map_or(Value::Null, Value::from));
        Ok(config)
    }
}
