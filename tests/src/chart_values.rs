//! The values of a HelmRelease against the schema of its chart, at plan.

use serde_json::json;
use testutil::{Tofu, require};

use crate::support::{api, live, tofu};

/// What a chart's author allows.
fn schema() -> String {
    json!({
        "type": "object",
        "required": ["image"],
        "additionalProperties": false,
        "properties": {
            "replicas": {"type": "integer", "minimum": 1},
            "image": {
                "type": "object", "required": ["repository"], "additionalProperties": false,
                "properties": {"repository": {"type": "string"}, "tag": {"type": "string", "pattern": "^v"}},
            },
            "ports": {"type": "array", "items": {"type": "object", "required": ["port"]}},
        },
    })
    .to_string()
}

/// A HelmRelease with these values, whose schema comes out of the chart in the folder beside it.
fn release(namespace: &str, values: &str) -> String {
    format!(
        r#"
data "fluxgate_chart" "web" {{
  name      = "web"
  namespace = "{namespace}"
  chart     = "${{path.module}}/web"
  values    = ["image: {{repository: a}}"]
}}
resource "terraform_data" "later" {{
  input = "a"
}}
resource "fluxgate_helm_release" "web" {{
  name          = "web"
  namespace     = "{namespace}"
  wait          = false
  values_schema = data.fluxgate_chart.web.values_schema
  spec = {{
    interval  = "10m"
    chart_ref = {{ kind = "OCIRepository", name = "web" }}
    values    = {values}
  }}
}}
"#
    )
}

fn folder(tofu: &Tofu, schema: &str) {
    tofu.write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    tofu.write("web/values.schema.json", schema);
}

#[test]
fn values_that_the_schema_of_the_chart_refuses_are_said_on_their_attribute() {
    let plane = require!(api());
    let namespace = plane.namespace("chart-values");
    let wrong =
        r#"{ replicas = "two", replica = 1, image = { tag = "secret-1" }, ports = [{}, { port = 1 }] }"#;
    let tofu = require!(tofu(&plane, &release(&namespace, wrong)));
    folder(&tofu, &schema());
    let refused = tofu.plan().failure().text().replace('│', " ");
    let refused = refused.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "spec.values.replicas: the schema of the chart refuses it: got string, want integer.",
        "spec.values.replica: the schema of the chart refuses it: there is no such value.",
        "spec.values.image.tag: the schema of the chart refuses it: it does not match pattern '^v'.",
        "spec.values.ports[0]: the schema of the chart refuses it: missing property 'port'.",
    ] {
        assert!(refused.contains(said), "{said}\n{refused}");
    }
    assert_eq!(refused.matches("Error: Invalid HelmRelease").count(), 4, "{refused}");

    // What is missing may come from the chart, what is null is taken away, what is unknown is not judged.
    let right = r#"{ replicas = 2, replica = null, image = { tag = terraform_data.later.id }, ports = [{ port = 1 }] }"#;
    tofu.write("main.tf", &release(&namespace, right));
    tofu.plan().changes();
    tofu.write("main.tf", &release(&namespace, r#"{ replicas = 2, image = { tag = "v1" } }"#));
    tofu.plan().changes();
    tofu.apply().success();
    let applied = live(&plane, "HelmRelease", &namespace, "web").unwrap();
    assert!(applied["spec"].get("valuesSchema").is_none());
    tofu.plan().no_changes();

    // Where nothing of the object changes it is a warning, so that a destroy is never trapped.
    folder(&tofu, &schema().replace("\"^v\"", "\"^w\""));
    let planned = tofu.plan().text();
    assert!(planned.contains("Warning: Invalid HelmRelease"), "{planned}");
    tofu.destroy().success();

    let broken = release(&namespace, "{}").replace("data.fluxgate_chart.web.values_schema", "\"{\"");
    tofu.write("main.tf", &broken);
    let refused = tofu.plan().failure().text();
    assert!(refused.contains("Error: Not the schema of a chart"), "{refused}");
}
