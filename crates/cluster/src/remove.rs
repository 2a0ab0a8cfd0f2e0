//! Removing fields that others have taken over meanwhile.
//!
//! A server-side apply that leaves a field out removes it only where nobody else manages it. A field that was ours and that another writer changed is
//! theirs, so leaving it out would keep it for ever.

use flux::path::{FieldPath, Step};
use http::Method;
use serde_json::{Value, json};

use crate::{
    Cluster, Error, Target, managers_of,
    request::{About, Call},
};

/// Of these fields, those that an object has because another manager manages them.
pub fn managed_by_others(object: &Value, paths: &[FieldPath], manager: &str) -> Vec<FieldPath> {
    let others: Vec<FieldPath> = managers_of(object)
        .iter()
        .filter(|entry| entry.manager != manager && entry.subresource.is_none())
        .flat_map(|entry| entry.paths.iter().filter_map(|path| path.locate(object)).collect::<Vec<_>>())
        .collect();
    paths
        .iter()
        .filter(|path| path.get(object).is_some() && others.iter().any(|other| other.starts_with(path)))
        .cloned()
        .collect()
}

impl Cluster {
    /// Removes fields from one object, whoever manages them. One request.
    ///
    /// # Errors
    ///
    /// [`Error::Replaced`] when the object is not the one with this uid, and those of every request.
    pub async fn remove(
        &self,
        target: &Target,
        uid: &str,
        paths: &[FieldPath],
        manager: &str,
    ) -> Result<Value, Error> {
        let mut patch = json!({ "metadata": { "uid": uid } });
        for path in paths {
            let mut at = &mut patch;
            for step in path.steps() {
                // A merge patch has no way into lists; fields in lists are never given up one by one.
                let Step::Key(key) = step else { break };
                at = &mut at[key.as_str()];
            }
            *at = Value::Null;
        }
        self.fetch(&Call {
            verb: "patch",
            method: Method::PATCH,
            about: About::Object(target),
            query: vec![("fieldManager", manager.to_owned())],
            content_type: "application/merge-patch+json",
            body: patch.to_string().into_bytes(),
            repeatable: true,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_another_manages_has_to_be_removed_by_hand() {
        let object = json!({
            "metadata": {"managedFields": [
                {"manager": "fluxgate", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:url": {}}}},
                {"manager": "kubectl-patch", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:suspend": {}}}},
            ]},
            "spec": {"url": "https://example.com", "suspend": true, "timeout": "60s"},
        });
        let paths = ["spec.url", "spec.suspend", "spec.timeout", "spec.ignore"].map(|path| path.parse().unwrap());
        let found = managed_by_others(&object, &paths, "fluxgate");
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["spec.suspend"]);
    }
}
