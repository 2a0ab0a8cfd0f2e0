//! Making what other managers wrote count as ours, in `metadata.managedFields`.
//!
//! A client that wrote by create and patch, and later by server-side apply, would otherwise share every field with its
//! former self: leaving one out of an apply would not remove it, and changing one would be a conflict.

use serde_json::{Map, Value, json};

use crate::{Cluster, Error, Target, object::text};

/// How often the change is tried again because the object changed meanwhile.
const ATTEMPTS: u32 = 8;

/// The `managedFields` of an object in which all that the managers told by `theirs` wrote, in whatever way, is applied by
/// `ours` instead; `None` where that changes nothing. Subresources are left alone.
pub fn taken_over(object: &Value, theirs: impl Fn(&str) -> bool, ours: &str) -> Option<Value> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    let name = |entry: &Value| text(entry, "/manager").unwrap_or_default().to_owned();
    let whole = |entry: &Value| text(entry, "/subresource").unwrap_or_default().is_empty();
    let applied = |entry: &Value| text(entry, "/operation") == Some("Apply");
    let is_ours = |entry: &Value| name(entry) == ours && applied(entry) && whole(entry);
    let is_theirs =
        |entry: &Value| !is_ours(entry) && whole(entry) && (name(entry) == ours || theirs(&name(entry)));
    if !entries.iter().any(is_theirs) {
        return None;
    }
    // What we applied ourselves leads, since its version of the kind is the one that the next apply is in.
    let mut merged = entries.iter().filter(|it| is_ours(it)).chain(entries.iter().filter(|it| is_theirs(it)));
    let mut union = merged.next()?.clone();
    for entry in merged {
        if let (Some(into), Some(from)) = (union["fieldsV1"].as_object_mut(), entry["fieldsV1"].as_object()) {
            unite(into, from);
        }
    }
    union["manager"] = json!(ours);
    union["operation"] = json!("Apply");
    let others = entries.iter().filter(|entry| !is_ours(entry) && !is_theirs(entry)).cloned();
    Some(Value::Array(std::iter::once(union).chain(others).collect()))
}

fn unite(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, below) in from {
        match (into.get_mut(key), below) {
            (Some(Value::Object(known)), Value::Object(below)) => unite(known, below),
            (Some(_), _) => {}
            (None, _) => {
                into.insert(key.clone(), below.clone());
            }
        }
    }
}

impl Cluster {
    /// Lets all that the managers told by `theirs` wrote to an object count as applied by `ours`. Two requests, one where
    /// there is nothing to do. Says whether there was.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Contended`] when the object keeps changing, and those of every request.
    pub async fn take_over(
        &self,
        target: &Target,
        theirs: impl Fn(&str) -> bool,
        ours: &str,
    ) -> Result<bool, Error> {
        for _ in 0..ATTEMPTS {
            let Some(object) = self.get(target).await? else {
                return Err(Error::NotFound {
                    place: self.place().clone(),
                    object: Box::new(target.clone()),
                });
            };
            let Some(fields) = taken_over(&object, &theirs, ours) else { return Ok(false) };
            let metadata = &object["metadata"];
            let patch = json!({ "metadata": {
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
                "managedFields": fields,
            }});
            match self.merge(target, &patch, ours).await {
                Err(Error::Contended { .. }) => {}
                other => return other.map(|_| true),
            }
        }
        Err(Error::Contended {
            place: self.place().clone(),
            object: Box::new(target.clone()),
            attempts: ATTEMPTS,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({ "manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields })
    }

    #[test]
    fn former_selves_are_merged_and_others_stay() {
        let object = json!({ "metadata": { "managedFields": [
            entry("helm", "Update", json!({ "f:data": { "f:a": {} } })),
            entry("kubectl-patch", "Update", json!({ "f:data": { "f:c": {} } })),
            entry("helm", "Apply", json!({ "f:data": { "f:b": {} } })),
        ]}});
        let fields = taken_over(&object, |_| false, "helm").unwrap();
        assert_eq!(fields.as_array().unwrap().len(), 2);
        assert_eq!(fields[0]["fieldsV1"], json!({ "f:data": { "f:a": {}, "f:b": {} } }));
        assert_eq!(fields[0]["operation"], "Apply");
        assert_eq!(fields[1]["manager"], "kubectl-patch");
    }

    #[test]
    fn nothing_to_take_over_is_no_change() {
        let object = json!({ "metadata": { "managedFields": [
            entry("helm", "Apply", json!({ "f:data": {} })),
            entry("other", "Update", json!({ "f:data": {} })),
        ]}});
        assert_eq!(taken_over(&object, |_| false, "helm"), None);
        assert!(taken_over(&object, |name| name == "other", "helm").is_some());
    }
}
