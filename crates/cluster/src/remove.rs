//! Removing fields that others have taken over meanwhile.
//!
//! A server-side apply that leaves a field out removes it only where nobody else manages it. A field that was ours and
//! that another writer changed is theirs, so leaving it out would keep it for ever.

use flux::path::{FieldPath, Step};
use http::Method;
use serde_json::{Value, json};

use crate::{
    Cluster, Error, Target, managers_of,
    request::{About, Call},
};

/// Of these fields, those that an object has because another manager manages them. Fields inside lists are left out: no
/// merge patch leads there, and Flux's lists are managed as a whole.
pub fn managed_by_others(object: &Value, paths: &[FieldPath], manager: &str) -> Vec<FieldPath> {
    let others: Vec<FieldPath> = managers_of(object)
        .iter()
        .filter(|entry| entry.manager != manager && entry.subresource.is_none())
        .flat_map(|entry| entry.paths.iter().filter_map(|path| path.locate(object)).collect::<Vec<_>>())
        .collect();
    paths
        .iter()
        .filter(|path| path.steps().iter().all(|step| matches!(step, Step::Key(_))))
        .filter(|path| path.get(object).is_some() && others.iter().any(|other| other.starts_with(path)))
        .cloned()
        .collect()
}

impl Cluster {
    /// Removes fields from one object, whoever manages them; paths into lists are not followed. One request.
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
            set_null(&mut patch, path.steps());
        }
        self.fetch(&Call {
            verb: "patch",
            method: Method::PATCH,
            about: About::Object(target),
            query: vec![("fieldManager", manager.to_owned())],
            accept: "application/json",
            content_type: "application/merge-patch+json",
            body: patch.to_string().into_bytes(),
            repeatable: true,
        })
        .await
    }
}

/// Puts a null at a place, which is how a merge patch says that nothing is to be there.
fn set_null(at: &mut Value, steps: &[Step]) {
    match steps.split_first() {
        None => *at = Value::Null,
        Some((Step::Key(key), rest)) if rest.iter().all(|step| matches!(step, Step::Key(_))) => {
            set_null(&mut at[key.as_str()], rest);
        }
        Some(_) => {}
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
        let paths = ["spec.url", "spec.suspend", "spec.timeout", "spec.ignore", "spec.suspend[0]"]
            .map(|path| path.parse().unwrap());
        let found = managed_by_others(&object, &paths, "fluxgate");
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["spec.suspend"]);
    }
    #[test]
    fn a_path_into_a_list_removes_nothing() {
        let mut patch = json!({});
        for path in ["spec.a.b", "spec.list[0].name"] {
            set_null(&mut patch, path.parse::<FieldPath>().unwrap().steps());
        }
        assert_eq!(patch, json!({ "spec": { "a": { "b": null } } }));
    }
}
