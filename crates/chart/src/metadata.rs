//! Chart.yaml.

use std::collections::{BTreeMap, BTreeSet};

use go::number::{Shape, format_float};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::path;
use crate::semver::Version;

/// What Chart.yaml says, with Helm's own names in JSON and its order of fields, so that a stored release holds it as Helm stores it:
/// what is empty is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The chart's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its home page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub home: String,
    /// Where its sources are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Its version, SemVer 2.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// One sentence about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Who keeps it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintainers: Vec<Maintainer>,
    /// The address of its icon.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// `v1` or `v2`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// A condition for the chart as a whole (charts of apiVersion v1).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags for the chart as a whole (charts of apiVersion v1).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tags: String,
    /// The version of what it installs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// Whether it should no longer be used.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// Free annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Which versions of Kubernetes it works with, a range.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kube_version: String,
    /// The charts that it needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// `application` or `library`; empty means `application`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
}

/// Who keeps a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Maintainer {
    /// A name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// A mail address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// A page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// A chart that a chart needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Which versions, a range.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Where from.
    pub repository: String,
    /// Paths of values that switch it on, comma separated.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags that switch it on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether it is on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub enabled: bool,
    /// Which of its values the parent takes over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub import_values: Vec<serde_json::Value>,
    /// The name under which the parent knows it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alias: String,
}

/// Takes over what a YAML document says, as Go's decoder fills Helm's `chart.Metadata`: numbers and booleans become text where text is
/// asked for, nulls change nothing, and unknown keys are ignored.
pub(crate) fn merge(metadata: &mut Metadata, document: &Value) -> Result<(), String> {
    let fields = match document {
        Value::Null => return Ok(()),
        Value::Object(fields) => fields,
        other => return Err(mismatch(other, "value of type chart.Metadata")),
    };
    let texts = [
        ("name", &mut metadata.name),
        ("home", &mut metadata.home),
        ("version", &mut metadata.version),
        ("description", &mut metadata.description),
        ("icon", &mut metadata.icon),
        ("apiVersion", &mut metadata.api_version),
        ("condition", &mut metadata.condition),
        ("tags", &mut metadata.tags),
        ("appVersion", &mut metadata.app_version),
        ("kubeVersion", &mut metadata.kube_version),
        ("type", &mut metadata.kind),
    ];
    for (key, target) in texts {
        read_text(fields, "Metadata", key, target)?;
    }
    read_list(fields, "Metadata", "sources", &mut metadata.sources, text_of)?;
    read_list(fields, "Metadata", "keywords", &mut metadata.keywords, text_of)?;
    read_list(fields, "Metadata", "maintainers", &mut metadata.maintainers, |value| {
        let fields = fields_of(value)?;
        let mut maintainer = Maintainer::default();
        read_text(fields, "Maintainer", "name", &mut maintainer.name).ok()?;
        read_text(fields, "Maintainer", "email", &mut maintainer.email).ok()?;
        read_text(fields, "Maintainer", "url", &mut maintainer.url).ok()?;
        Some(maintainer)
    })?;
    match fields.get("deprecated") {
        None | Some(Value::Null) => {}
        Some(Value::Bool(deprecated)) => metadata.deprecated = *deprecated,
        Some(other) => return Err(mismatch(other, "struct field Metadata.deprecated of type bool")),
    }
    match fields.get("annotations") {
        None | Some(Value::Null) => {}
        Some(Value::Object(annotations)) => {
            for (key, value) in annotations {
                let text = match value {
                    Value::Null => String::new(),
                    value => text_of(value)
                        .ok_or_else(|| mismatch(value, "struct field Metadata.annotations of type string"))?,
                };
                metadata.annotations.insert(key.clone(), text);
            }
        }
        Some(other) => {
            return Err(mismatch(other, "struct field Metadata.annotations of type map[string]string"));
        }
    }
    read_list(fields, "Metadata", "dependencies", &mut metadata.dependencies, dependency)
}

fn dependency(value: &Value) -> Option<Dependency> {
    let fields = fields_of(value)?;
    let mut dependency = Dependency::default();
    let texts = [
        ("name", &mut dependency.name),
        ("version", &mut dependency.version),
        ("repository", &mut dependency.repository),
        ("condition", &mut dependency.condition),
        ("alias", &mut dependency.alias),
    ];
    for (key, target) in texts {
        read_text(fields, "Dependency", key, target).ok()?;
    }
    read_list(fields, "Dependency", "tags", &mut dependency.tags, text_of).ok()?;
    read_list(fields, "Dependency", "import-values", &mut dependency.import_values, |value| {
        Some(value.clone())
    })
    .ok()?;
    dependency.enabled = fields.get("enabled").and_then(Value::as_bool).unwrap_or_default();
    Some(dependency)
}

/// Checks what Helm checks of a Chart.yaml, and cleans its texts as Helm does.
pub(crate) fn validate(metadata: &mut Metadata) -> Result<(), String> {
    let texts = [
        &mut metadata.name,
        &mut metadata.description,
        &mut metadata.home,
        &mut metadata.icon,
        &mut metadata.condition,
        &mut metadata.tags,
        &mut metadata.app_version,
        &mut metadata.kube_version,
    ];
    texts.into_iter().chain(&mut metadata.sources).chain(&mut metadata.keywords).for_each(sanitize);
    for maintainer in &mut metadata.maintainers {
        [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url].into_iter().for_each(sanitize);
    }
    let name = metadata.name.as_str();
    if name.is_empty() {
        return Err("chart.metadata.name is required".to_owned());
    }
    if name == "." || name == ".." {
        return Err(format!("chart.metadata.name {name:?} is not allowed"));
    }
    if name != path::base(name) {
        return Err(format!("chart.metadata.name {name:?} is invalid"));
    }
    if metadata.version.is_empty() {
        return Err("chart.metadata.version is required".to_owned());
    }
    if Version::parse(&metadata.version).is_err() {
        return Err(format!("chart.metadata.version {:?} is invalid", metadata.version));
    }
    if !matches!(metadata.kind.as_str(), "" | "application" | "library") {
        return Err("chart.metadata.type must be application or library".to_owned());
    }
    let mut seen = BTreeSet::new();
    for dependency in &mut metadata.dependencies {
        let Dependency { name, version, repository, condition, tags, .. } = &mut *dependency;
        [name, version, repository, condition].into_iter().chain(tags).for_each(sanitize);
        let alias = dependency.alias.as_str();
        if !alias.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
            return Err(format!("dependency {:?} has disallowed characters in the alias", dependency.name));
        }
        let key = if alias.is_empty() { &dependency.name } else { &dependency.alias };
        if !seen.insert(key.clone()) {
            return Err(format!("more than one dependency with name or alias {key:?}"));
        }
    }
    Ok(())
}

/// All white space becomes a space, and what cannot be printed goes.
fn sanitize(text: &mut String) {
    if text.chars().any(|c| (c.is_whitespace() && c != ' ') || !go::quote::is_print(c)) {
        *text = text
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .filter(|c| go::quote::is_print(*c))
            .collect();
    }
}

fn fields_of(value: &Value) -> Option<&serde_json::Map<String, Value>> {
    static NONE: std::sync::LazyLock<serde_json::Map<String, Value>> =
        std::sync::LazyLock::new(Default::default);
    if value.is_null() { Some(&NONE) } else { value.as_object() }
}

fn read_text(
    fields: &serde_json::Map<String, Value>,
    owner: &str,
    key: &str,
    target: &mut String,
) -> Result<(), String> {
    if let Some(value) = fields.get(key).filter(|value| !value.is_null()) {
        *target = text_of(value)
            .ok_or_else(|| mismatch(value, &format!("struct field {owner}.{key} of type string")))?;
    }
    Ok(())
}

fn read_list<T>(
    fields: &serde_json::Map<String, Value>,
    owner: &str,
    key: &str,
    target: &mut Vec<T>,
    element: impl Fn(&Value) -> Option<T>,
) -> Result<(), String> {
    let wrong = |value: &Value| mismatch(value, &format!("struct field {owner}.{key}"));
    match fields.get(key) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(elements)) => {
            *target = elements
                .iter()
                .map(|value| element(value).ok_or_else(|| wrong(value)))
                .collect::<Result<_, _>>()?;
            Ok(())
        }
        Some(other) => Err(wrong(other)),
    }
}

/// The text of a scalar, as Helm's YAML decoder gives it where text is asked for.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(float) if number.is_f64() => format_float(float, Shape::General, None),
            _ => number.to_string(),
        }),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The words of Helm's YAML reader for a value of the wrong type.
pub(crate) fn mismatch(value: &Value, target: &str) -> String {
    format!("error unmarshaling JSON: while decoding JSON: {}", wrong_shape(value, target))
}

/// Go's words for a value of the wrong type.
pub(crate) fn wrong_shape(value: &Value, target: &str) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!("json: cannot unmarshal {found} into Go {target}")
}
