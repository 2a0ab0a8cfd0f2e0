//! CustomResourceDefinitions that outlive their release, and with them everybody's custom resources.
//!
//! Helm spares an object whose stored manifest, or at an upgrade whose live form, has the annotation
//! `helm.sh/resource-policy: keep`. It is put into both here, never through the values of the chart's user.

use chart::output::{Document, Rendered};
use cluster::{ApplyRequest, Cluster, Resource, Target};
use serde_json::{Value, json};

use crate::{
    Error, MANAGER, Record, manifest,
    objects::{is_definition, mark},
    storage,
};

/// The annotation by which Helm spares an object.
pub const POLICY: &str = "helm.sh/resource-policy";

/// Whether an object says that it is to be spared.
pub fn is_kept(object: &Value) -> bool {
    let policy = object["metadata"]["annotations"][POLICY].as_str().unwrap_or_default();
    policy.trim().eq_ignore_ascii_case("keep")
}

/// Whether a record has definitions without the annotation: an uninstall would delete them, and every object of theirs.
pub fn is_missing(record: &Record) -> bool {
    record
        .documents()
        .is_ok_and(|documents| documents.iter().any(|it| is_definition(&it.object) && !is_kept(&it.object)))
}

/// Puts the annotation into all definitions of what a chart gave. Nothing else changes.
pub fn keep_definitions(rendered: &mut Rendered) {
    keep_in(&mut rendered.manifests);
}

/// Puts the annotation into the definitions among documents; says whether it was missing anywhere.
pub(crate) fn keep_in(documents: &mut [Document]) -> bool {
    let mut changed = false;
    for document in documents {
        if is_definition(&document.object) && !is_kept(&document.object) {
            annotate(document);
            changed = true;
        }
    }
    changed
}

/// Puts the annotation back where a foreign upgrade took it away: into the record of the last revision and onto the live
/// definitions. Says which definitions it was missing from. One request where all is well, besides one for each
/// definition.
///
/// # Errors
///
/// [`Error::NotFound`] when there is no such release, and those of every request.
pub async fn ensure_keep(cluster: &Cluster, namespace: &str, name: &str) -> Result<Vec<String>, Error> {
    let Some(mut record) = storage::last(cluster, namespace, name).await? else {
        return Err(Error::NotFound { name: name.to_owned(), namespace: namespace.to_owned() });
    };
    let mut documents = manifest::read(record.manifest())?;
    if keep_in(&mut documents) {
        record.set_manifest(documents.iter().map(Document::stored).collect());
        storage::update(cluster, namespace, &record).await?;
    }
    let definitions: Vec<&Value> =
        documents.iter().map(|it| &it.object).filter(|it| is_definition(it)).collect();
    let put = definitions.into_iter().map(|definition| put_back(cluster, definition, name, namespace));
    let put = futures::future::try_join_all(put).await?;
    Ok(put.into_iter().flatten().collect())
}

/// Puts the annotation onto a live definition that lacks it; gives its name then.
async fn put_back(
    cluster: &Cluster,
    definition: &Value,
    release: &str,
    namespace: &str,
) -> Result<Option<String>, Error> {
    let name = definition.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let target = Target::new(Resource::custom_resource_definition(), "", name);
    let Some(live) = cluster.get(&target).await? else { return Ok(None) };
    if is_kept(&live) {
        return Ok(None);
    }
    let mut object = definition.clone();
    mark(&mut object, release, namespace);
    match cluster.apply(&ApplyRequest::new(object, MANAGER)).await {
        Ok(_) => {}
        // Others changed the definition meanwhile; that is for the next upgrade, the annotation is for now.
        Err(cluster::Error::Conflict { .. } | cluster::Error::Invalid { .. }) => {
            let patch = json!({ "metadata": { "annotations": { POLICY: "keep" } } });
            cluster.merge(&target, &patch, MANAGER).await?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Some(name.to_owned()))
}

/// Puts the annotation into one document, object and text. The text keeps its lines where that is possible.
fn annotate(document: &mut Document) {
    let object = &mut document.object;
    if !object["metadata"]["annotations"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    object["metadata"]["annotations"][POLICY] = json!("keep");
    let edited = insert(&document.content)
        .filter(|text| manifest::parse(&document.path, text).is_ok_and(|read| read == document.object));
    // Written in a way that is not met in charts: JSON is YAML too.
    document.content = edited.unwrap_or_else(|| format!("{:#}", document.object));
}

/// Inserts the annotation as a line of its own below `metadata`; `None` where the text is not in block style.
fn insert(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_content = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let metadata = lines.iter().position(|line| line.trim_end() == "metadata:")?;
    let below = &lines[metadata + 1..];
    let first = below.iter().find(is_content)?;
    let depth = indent(first);
    if depth == 0 {
        return None;
    }
    let block = below.iter().take_while(|line| !is_content(line) || indent(line) >= depth).count();
    let here = " ".repeat(depth);
    let annotations = below[..block]
        .iter()
        .position(|line| indent(line) == depth && line.trim_end() == format!("{here}annotations:"));
    let mut out: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    match annotations {
        None => {
            let after = metadata + 1;
            out.insert(after, format!("{here}  {POLICY}: keep"));
            out.insert(after, format!("{here}annotations:"));
        }
        Some(position) => {
            let after = metadata + 1 + position + 1;
            let inner = lines[after..].iter().find(is_content).map_or(0, |line| indent(line));
            let inner = if inner > depth { inner } else { depth + 2 };
            let stated = out[after..].iter().position(|line| {
                indent(line) == inner && line.trim_start().starts_with(&format!("{POLICY}:"))
            });
            let line = format!("{}{POLICY}: keep", " ".repeat(inner));
            match stated {
                Some(stated) => out[after + stated] = line,
                None => out.insert(after, line),
            }
        }
    }
    let mut edited = out.join("\n");
    if text.ends_with('\n') {
        edited.push('\n');
    }
    Some(edited)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(content: &str) -> String {
        let object = manifest::parse("a", content).unwrap();
        let mut documents =
            [Document { path: "a".to_owned(), content: content.to_owned(), object, touched: false }];
        assert!(keep_in(&mut documents));
        assert!(is_kept(&manifest::parse("a", &documents[0].content).unwrap()));
        assert!(!keep_in(&mut documents));
        documents[0].content.clone()
    }

    const HEAD: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n";

    #[test]
    fn the_annotation_is_one_line_more() {
        let text =
            format!("{HEAD}metadata:\n  annotations:\n    a: b\n  name: x\nspec:\n  metadata:\n    a: 1\n");
        let expected = text.replace("    a: b\n", "    helm.sh/resource-policy: keep\n    a: b\n");
        assert_eq!(kept(&text), expected);
    }

    #[test]
    fn it_is_put_in_where_there_are_no_annotations() {
        for metadata in [
            "  name: x",
            "  name: x\n  annotations:",
            "  name: x\n  annotations: {}",
            "  name: x\n  annotations: {a: b}",
        ] {
            kept(&format!("{HEAD}metadata:\n{metadata}\nspec:\n  x: 1"));
        }
        kept("{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}}");
    }

    #[test]
    fn another_policy_is_replaced() {
        let text = format!(
            "{HEAD}metadata:\n  annotations:\n    a: b\n    helm.sh/resource-policy: delete\n  name: x\n"
        );
        assert_eq!(kept(&text), text.replace("delete", "keep"));
    }
}
