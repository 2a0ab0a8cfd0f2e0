//! `manifest_encode`: manifests as YAML.

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin::{
    function::{Function, FunctionError, Parameter, Signature},
    provider::Call,
    value::{Type, Value},
};

/// `provider::fluxgate::manifest_encode(manifests)`.
#[derive(Debug)]
pub struct ManifestEncode;

#[async_trait]
impl Function for ManifestEncode {
    fn name(&self) -> &str {
        "manifest_encode"
    }

    fn signature(&self) -> Signature {
        let manifests = Parameter::new("manifests", Type::Dynamic, "One object, or a list of objects.");
        Signature::new(vec![manifests], Type::String).describe(
            "Manifests as YAML",
            "Writes an object, or a list of objects, as YAML documents, in the way of Go's tools for Kubernetes: keys sorted, texts quoted only where they would be read as something else. Each object needs `apiVersion` and `kind`.",
        )
    }

    async fn call(&self, _call: &Call, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let refused = |words: String| FunctionError::argument(0, words);
        let value = arguments.first().unwrap_or(&Value::Null);
        let json = value.to_json().map_err(|error| refused(format!("This has no YAML: {error}.")))?;
        encoded(&json).map(Value::from).map_err(refused)
    }
}

fn encoded(manifests: &Json) -> Result<String, String> {
    let Json::Array(manifests) = manifests else { return document(manifests, "The manifest") };
    let documents: Vec<_> = manifests
        .iter()
        .enumerate()
        .map(|(position, manifest)| document(manifest, &format!("The manifest at [{position}]")))
        .collect::<Result<_, _>>()?;
    Ok(documents.join("---\n"))
}

fn document(manifest: &Json, subject: &str) -> Result<String, String> {
    if !manifest.is_object() {
        return Err(format!("{subject} is no object."));
    }
    for field in ["apiVersion", "kind"] {
        if manifest[field].as_str().is_none_or(str::is_empty) {
            return Err(format!("{subject} has no {field}, which every object of Kubernetes has."));
        }
    }
    Ok(yaml::write(manifest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_object_is_one_document_and_a_list_is_one_for_each() {
        let map = json!({"kind": "ConfigMap", "apiVersion": "v1", "data": {"port": "80", "on": "yes"}});
        let text = "apiVersion: v1\ndata:\n  \"on\": \"yes\"\n  port: \"80\"\nkind: ConfigMap\n";
        assert_eq!(encoded(&map), Ok(text.to_owned()));
        assert_eq!(encoded(&json!([map, map])), Ok(format!("{text}---\n{text}")));
        assert_eq!(encoded(&json!([])), Ok(String::new()));
    }

    #[test]
    fn what_is_no_manifest_is_told_by_its_place() {
        for (given, wanted) in [
            (json!("text"), "The manifest is no object."),
            (json!([{"apiVersion": "v1", "kind": "Secret"}, 3]), "The manifest at [1] is no object."),
            (
                json!({"kind": "Secret"}),
                "The manifest has no apiVersion, which every object of Kubernetes has.",
            ),
        ] {
            assert_eq!(encoded(&given), Err(wanted.to_owned()));
        }
    }
}
