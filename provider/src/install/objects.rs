//! The objects of a release as plan and state show them: a name and a digest each.

use std::collections::BTreeMap;

use chart::output::Rendered;
use flux::list::flattened;
use release::names::{ClusterWide, Stated};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use tfplugin::value::Value;

use super::scrub::Scrub;

/// How an object of the release is called: `apiVersion/Kind/namespace/name`, without a namespace for kinds that have none.
pub type Name = String;

/// The objects of a release with the digest of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// Those that every render gives.
    certain: BTreeMap<Name, String>,
    /// Those whose templates asked the cluster, the clock or chance.
    asked: BTreeMap<Name, String>,
    /// Whether there may be others besides: some template asked.
    asks: bool,
}

impl Objects {
    /// The objects that a chart gave.
    pub fn of(rendered: &Rendered, names: &Names<'_>, scrub: &Scrub) -> Objects {
        let mut objects = Objects { asks: rendered.touched, ..Objects::default() };
        for document in &rendered.manifests {
            let digests = if document.touched { &mut objects.asked } else { &mut objects.certain };
            for object in flattened(&document.object).iter().filter(|object| object.is_object()) {
                digests.insert(names.of(&Stated::of(object), scrub), digest(object, scrub));
            }
        }
        objects
    }

    /// All of them, when the answers are those of the cluster.
    pub fn all(&self) -> BTreeMap<Name, String> {
        self.certain.iter().chain(&self.asked).map(|(name, digest)| (name.clone(), digest.clone())).collect()
    }

    /// The names of those whose templates asked.
    pub fn asked(&self) -> Vec<Name> {
        self.asked.keys().cloned().collect()
    }

    /// As a plan shows them that will render anew: not at all where a template may give others then.
    pub fn planned(&self) -> Value {
        if self.asks { Value::Unknown } else { value(&self.certain) }
    }

    /// As a plan shows them that changes nothing: what was answered once, for objects of these names, is no reason to ask again, unless
    /// somebody has changed or deleted such an object.
    pub fn answered(&self, names: &[Name], state: &Value) -> Value {
        let known = state.as_members();
        let answer = |name: &Name| {
            let digest = known.and_then(|known| known.get(name)?.as_str()).filter(|text| is_digest(text));
            (name.clone(), digest.map_or(Value::Unknown, Value::from))
        };
        let certain = self.certain.iter().map(|(name, digest)| (name.clone(), Value::from(digest.as_str())));
        Value::map(certain.chain(names.iter().map(answer)))
    }

    /// A digest of those that every render gives.
    pub fn fingerprint(&self) -> String {
        let lines: Vec<_> = self.certain.iter().map(|(name, digest)| format!("{name}={digest}")).collect();
        short(&lines.join("\n"))
    }
}

/// Which names the objects of a release have.
#[derive(Clone, Debug, Default)]
pub struct Names<'a> {
    namespace: &'a str,
    wide: ClusterWide,
    /// What was called how before. A record does not tell which kinds have a namespace, so what once had a name keeps it.
    before: Option<&'a Value>,
}

impl<'a> Names<'a> {
    /// The names that a plan gives to what a chart gave.
    pub fn planned(rendered: &Rendered, namespace: &'a str) -> Names<'a> {
        let documents = rendered.manifests.iter().chain(&rendered.crds);
        let wide = ClusterWide::with_definitions(documents.map(|document| &document.object));
        Names { namespace, wide, before: None }
    }

    /// The same names, unless `objects` of a state knows an object by the other one that it may have.
    #[must_use]
    pub fn named_in(self, state: &'a Value) -> Names<'a> {
        Names { before: Some(state), ..self }
    }

    /// How an object is called.
    pub fn of(&self, stated: &Stated, scrub: &Scrub) -> Name {
        // What kind an object is of is no secret, and two of different kinds must not get one name.
        let shown = Stated {
            name: scrub.text(&stated.name),
            namespace: stated.namespace.as_deref().map(|namespace| scrub.text(namespace)),
            ..stated.clone()
        };
        let (wide, within) = (shown.wide(), shown.within(self.namespace));
        let (usual, other) = if self.wide.has(stated) { (wide, within) } else { (within, wide) };
        let known = |name: &Name| {
            self.before.and_then(Value::as_members).is_some_and(|before| before.contains_key(name))
        };
        if !known(&usual) && known(&other) { other } else { usual }
    }
}

/// A digest of what the chart wants an object to be: 16 hexadecimal digits of SHA-256 over its JSON, secrets scrubbed and the annotation
/// by which definitions outlive the release left out.
pub fn digest(object: &Json, scrub: &Scrub) -> String {
    let mut object = scrub.json(object);
    if object["kind"] == "CustomResourceDefinition"
        && let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Json::as_object_mut)
    {
        annotations.remove(release::keep::POLICY);
        if annotations.is_empty()
            && let Some(metadata) = object["metadata"].as_object_mut()
        {
            metadata.remove("annotations");
        }
    }
    short(&object.to_string())
}

/// Whether a text is a digest, and not words about an object that differs.
fn is_digest(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A digest of values, secrets scrubbed.
pub fn values_digest(config: &serde_json::Map<String, Json>, scrub: &Scrub) -> String {
    short(&scrub.config(config).to_string())
}

fn short(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The attribute `objects`.
pub fn value(digests: &BTreeMap<Name, String>) -> Value {
    Value::map(digests.iter().map(|(name, digest)| (name.clone(), Value::from(digest.as_str()))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_keep_annotation_makes_no_difference() {
        let definition = |annotations: Json| json!({"kind": "CustomResourceDefinition", "metadata": {"name": "a", "annotations": annotations}});
        let bare = json!({"kind": "CustomResourceDefinition", "metadata": {"name": "a"}});
        let scrub = Scrub::default();
        assert_eq!(
            digest(&definition(json!({"helm.sh/resource-policy": "keep"})), &scrub),
            digest(&bare, &scrub)
        );
        assert_ne!(digest(&definition(json!({"a": "b"})), &scrub), digest(&bare, &scrub));
    }

    #[test]
    fn what_once_had_a_name_keeps_it() {
        let tenant =
            Stated::of(&json!({"apiVersion": "example.com/v1", "kind": "Tenant", "metadata": {"name": "n"}}));
        let scrub = Scrub::default();
        let names = Names { namespace: "flux-system", ..Names::default() };
        assert_eq!(names.of(&tenant, &scrub), "example.com/v1/Tenant/flux-system/n");
        let before = value(&BTreeMap::from([("example.com/v1/Tenant/n".to_owned(), String::new())]));
        assert_eq!(names.clone().named_in(&before).of(&tenant, &scrub), "example.com/v1/Tenant/n");
        let before = value(&BTreeMap::new());
        assert_eq!(names.named_in(&before).of(&tenant, &scrub), "example.com/v1/Tenant/flux-system/n");
    }
}
