//! What each rule is about, in its own words, and what it reads.

use std::collections::BTreeMap;
use std::fmt;

use flux::duration::Duration;
use flux::manifest::Manifest;
use flux::path::{FieldPath, Step};
use serde_json::{Map, Value};

use crate::bundle::{Bundle, BundleError, Entrypoint};
use crate::{Severity, Unknown};

/// All rules of a bundle, in the order of their ids.
#[derive(Clone, Debug)]
pub struct Catalogue {
    rules: Vec<Rule>,
    params: BTreeMap<String, Param>,
}

/// One rule, as its METADATA describes it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name by which people call it: `url-scheme`.
    pub id: String,
    /// What ought to hold, in a few words.
    pub title: String,
    /// Why, in sentences.
    pub description: String,
    /// The kinds of objects that it speaks of; with none it speaks of all.
    pub kinds: Vec<KindRef>,
    /// How much a finding counts where settings do not say otherwise.
    pub severity: Severity,
    /// What to do about a finding.
    pub remedy: String,
    /// The names of the parameters that it reads, as it states them.
    pub params: Vec<String>,
    /// What it reads, as the compiler derived it.
    pub reads: Reads,
    /// The last part of the rule's package, by which the report calls it: `url_scheme`.
    pub(crate) package: String,
    /// The path of its own entrypoint.
    pub(crate) entrypoint: String,
}

/// A kind of objects, of one API group or of any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindRef {
    /// The API group, where the rule names one.
    pub group: Option<String>,
    /// The kind.
    pub kind: String,
}

/// A parameter of the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What values it takes.
    pub kind: ParamType,
    /// What it is for.
    pub description: String,
    /// The value that it has where settings do not say otherwise.
    pub default: Option<Value>,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// A text.
    String,
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// A Flux duration such as `1m30s`.
    Duration,
    /// A list of texts.
    Strings,
    /// Anything.
    Any,
}

/// What a rule reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Fields of the object; the root stands for the whole object.
    pub object: Vec<FieldPath>,
    /// Names of parameters.
    pub params: Vec<String>,
    /// The rule may read any parameter.
    pub all_params: bool,
}

impl Catalogue {
    /// The rules that come with this program.
    ///
    /// # Errors
    ///
    /// None, unless the program was built from a broken bundle.
    pub fn built_in() -> Result<Catalogue, BundleError> {
        Catalogue::of(&Bundle::built_in()?)
    }

    /// The rules of a bundle.
    ///
    /// # Errors
    ///
    /// A bundle that lists no rule, or METADATA that is wrong.
    pub fn of(bundle: &Bundle) -> Result<Catalogue, BundleError> {
        let defaults = bundle.data.get("params").and_then(Value::as_object);
        let mut rules: Vec<Rule> = Vec::new();
        let mut params = BTreeMap::new();
        for entrypoint in &bundle.entrypoints {
            let package = entrypoint.path.strip_prefix(Bundle::RULES);
            let Some(package) = package.and_then(|rest| rest.strip_suffix(Bundle::DENY)) else {
                continue;
            };
            let (rule, its_params) = describe(package, entrypoint, bundle.reads.get(&entrypoint.path))?;
            if let Some(twin) = rules.iter().find(|other| other.id == rule.id) {
                let problem = format!("its id {} is that of {}", rule.id, twin.package);
                return Err(BundleError::Metadata { rule: package.to_owned(), problem });
            }
            rules.push(rule);
            for param in its_params {
                let default = defaults.and_then(|defaults| defaults.get(&param.name)).cloned();
                params.insert(param.name.clone(), Param { default, ..param });
            }
        }
        if rules.is_empty() {
            return Err(BundleError::NoRules { prefix: Bundle::RULES });
        }
        // A default that no rule describes is a parameter too.
        for (name, default) in defaults.into_iter().flatten() {
            params.entry(name.clone()).or_insert_with(|| Param {
                name: name.clone(),
                kind: ParamType::Any,
                description: String::new(),
                default: Some(default.clone()),
            });
        }
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Catalogue { rules, params })
    }

    /// All rules, in the order of their ids.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of that id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// All parameters, in the order of their names.
    pub fn params(&self) -> impl Iterator<Item = &Param> {
        self.params.values()
    }

    /// The parameter of that name.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.get(name)
    }
}

/// Whether a rule speaks of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concern {
    Yes,
    No,
    /// The kind, or the group, is known only after apply.
    Maybe,
}

impl Rule {
    /// Whether the rule speaks of an object. Only the name of another group excuses an object of the kind:
    /// an `apiVersion` that is malformed or has no group does not.
    pub(crate) fn concerns(&self, manifest: &Manifest) -> Concern {
        if self.kinds.is_empty() {
            return Concern::Yes;
        }
        let unknown_group = manifest.is_unknown(&FieldPath::of(["apiVersion"]));
        let unknown_kind = manifest.is_unknown(&FieldPath::of(["kind"]));
        let in_another_group = |kind: &KindRef| {
            let group = manifest.api_version().split_once('/').map(|(group, _)| group);
            !unknown_group && kind.group.is_some() && group.is_some() && kind.group.as_deref() != group
        };
        let candidates: Vec<&KindRef> =
            self.kinds.iter().filter(|kind| unknown_kind || kind.kind == manifest.kind()).collect();
        if candidates.iter().all(|kind| in_another_group(kind)) {
            Concern::No
        } else if unknown_kind || (unknown_group && candidates.iter().all(|kind| kind.group.is_some())) {
            Concern::Maybe
        } else {
            Concern::Yes
        }
    }

    /// What the rule reads and nobody knows yet.
    pub(crate) fn unknowns(&self, manifest: &Manifest, unknown_params: &[String]) -> Vec<Unknown> {
        let fields = manifest.unknown().iter().filter(|unknown| self.reads.reads(unknown));
        let params = unknown_params.iter().filter(|name| self.reads.reads_param(name));
        let mut unknowns: Vec<Unknown> =
            fields.cloned().map(Unknown::Field).chain(params.cloned().map(Unknown::Param)).collect();
        unknowns.sort();
        unknowns.dedup();
        unknowns
    }
}

impl Reads {
    /// What a rule reads when nothing is known about it: everything.
    pub fn everything() -> Reads {
        Reads { object: vec![FieldPath::root()], params: Vec::new(), all_params: true }
    }

    /// Whether the rule reads the field, something in it or something around it.
    pub fn reads(&self, path: &FieldPath) -> bool {
        self.object.iter().any(|read| read.overlaps(path))
    }

    /// Whether the rule reads the parameter.
    pub fn reads_param(&self, name: &str) -> bool {
        self.all_params || self.params.iter().any(|param| param == name)
    }

    /// Sorts documents such as `input.object.spec.url` into fields and parameters. Other documents, such as
    /// how the host calls the object, are no matter of the object's fields.
    fn of(documents: &[String]) -> Result<Reads, flux::path::PathError> {
        let mut reads = Reads::default();
        for document in documents {
            let path: FieldPath = document.parse()?;
            let steps: Vec<String> = path.steps().iter().map(step_text).collect();
            let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
            match steps.as_slice() {
                ["input"] => reads.object.push(FieldPath::root()),
                ["input", "object", ..] => {
                    reads.object.push(path.steps().iter().skip(2).cloned().collect());
                }
                ["data"] | ["data", "params"] => reads.all_params = true,
                ["data", "params", name, ..] => reads.params.push((*name).to_owned()),
                _ => {}
            }
        }
        reads.params.dedup();
        Ok(reads)
    }
}

fn step_text(step: &Step) -> String {
    match step {
        Step::Key(key) => key.clone(),
        Step::Index(position) => position.to_string(),
    }
}

impl fmt::Display for KindRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.group {
            Some(group) => write!(f, "{group}/{}", self.kind),
            None => f.write_str(&self.kind),
        }
    }
}

impl ParamType {
    const NAMED: [(&'static str, ParamType); 6] = [
        ("string", ParamType::String),
        ("number", ParamType::Number),
        ("bool", ParamType::Bool),
        ("duration", ParamType::Duration),
        ("list(string)", ParamType::Strings),
        ("any", ParamType::Any),
    ];

    /// Whether a value is one that the parameter takes.
    pub fn takes(self, value: &Value) -> bool {
        match self {
            ParamType::String => value.is_string(),
            ParamType::Number => value.is_number(),
            ParamType::Bool => value.is_boolean(),
            ParamType::Duration => value.as_str().is_some_and(|text| Duration::parse(text).is_ok()),
            ParamType::Strings => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            ParamType::Any => true,
        }
    }
}

impl fmt::Display for ParamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParamType::String => "a text",
            ParamType::Number => "a number",
            ParamType::Bool => "true or false",
            ParamType::Duration => "a duration such as 1m30s",
            ParamType::Strings => "a list of texts",
            ParamType::Any => "any value",
        })
    }
}

fn describe(
    package: &str,
    entrypoint: &Entrypoint,
    reads: Option<&Vec<String>>,
) -> Result<(Rule, Vec<Param>), BundleError> {
    let wrong = |problem: String| BundleError::Metadata { rule: package.to_owned(), problem };
    let annotations = match entrypoint.annotations.as_slice() {
        [] => &crate::bundle::Annotations::default(),
        [annotations] => annotations,
        _ => return Err(wrong("it stands there more than once".to_owned())),
    };
    let custom = Custom { fields: &annotations.custom, package };
    let id = custom.text("id")?.unwrap_or_else(|| package.replace('_', "-"));
    let severity = match custom.text("severity")? {
        None => Severity::Deny,
        Some(word) => {
            word.parse().map_err(|error: crate::settings::UnknownSeverity| wrong(error.to_string()))?
        }
    };
    let kinds = custom
        .list("kinds")?
        .iter()
        .map(|kind| {
            match kind.as_str().map(|kind| kind.rsplit_once('/').map_or((None, kind), |(g, k)| (Some(g), k)))
            {
                Some((group, kind)) if !kind.is_empty() => {
                    Ok(KindRef { group: group.map(str::to_owned), kind: kind.to_owned() })
                }
                _ => Err(wrong("kinds is a list of texts such as group/Kind".to_owned())),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    let params = custom
        .list("params")?
        .iter()
        .map(|param| describe_param(param, package))
        .collect::<Result<Vec<_>, _>>()?;
    let reads = match reads {
        None => Reads::everything(),
        Some(documents) => Reads::of(documents).map_err(|error| wrong(format!("what it reads: {error}")))?,
    };
    let rule = Rule {
        title: if annotations.title.is_empty() { id.clone() } else { annotations.title.clone() },
        description: annotations.description.trim().to_owned(),
        kinds,
        severity,
        // Lines are broken where the source is wide enough, which is none of the reader's concern.
        remedy: custom.text("remedy")?.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
        params: params.iter().map(|param| param.name.clone()).collect(),
        reads,
        package: package.to_owned(),
        entrypoint: entrypoint.path.clone(),
        id,
    };
    Ok((rule, params))
}

fn describe_param(param: &Value, package: &str) -> Result<Param, BundleError> {
    let wrong = |problem: String| BundleError::Metadata { rule: package.to_owned(), problem };
    let fields =
        param.as_object().ok_or_else(|| wrong("params is a list of name, type, description".to_owned()))?;
    let custom = Custom { fields, package };
    let name = custom.text("name")?.ok_or_else(|| wrong("a parameter has no name".to_owned()))?;
    let kind = custom.text("type")?.unwrap_or_else(|| "any".to_owned());
    let Some((_, kind)) = ParamType::NAMED.into_iter().find(|(word, _)| *word == kind) else {
        let known: Vec<&str> = ParamType::NAMED.iter().map(|(word, _)| *word).collect();
        return Err(wrong(format!("the type of the parameter {name} is none of {}", known.join(", "))));
    };
    let description = custom.text("description")?.unwrap_or_default();
    Ok(Param { name, kind, description, default: None })
}

/// The `custom` part of METADATA.
struct Custom<'m> {
    fields: &'m Map<String, Value>,
    package: &'m str,
}

impl Custom<'_> {
    fn text(&self, field: &str) -> Result<Option<String>, BundleError> {
        match self.fields.get(field) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(format!("{field} is not a text"))),
        }
    }

    fn list(&self, field: &str) -> Result<&[Value], BundleError> {
        match self.fields.get(field) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(format!("{field} is not a list"))),
        }
    }

    fn wrong(&self, problem: String) -> BundleError {
        BundleError::Metadata { rule: self.package.to_owned(), problem }
    }
}
