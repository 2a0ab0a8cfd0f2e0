//! CustomResourceDefinitions that outlive their release, and with them everybody's custom resources.
//!
//! Helm spares an object whose stored manifest, or at an upgrade whose live form, has the annotation
//! `helm.sh/resource-policy: keep`. It is put into both here, never through the values of the chart's user.

use chart::output::{Document, Rendered};
use flux::list::flattened;
use serde_json::{Value, json};

use crate::{Record, manifest, objects::is_definition};

/// The annotation by which Helm spares an object.
pub const POLICY: &str = "helm.sh/resource-policy";

/// Whether an object says that it is to be spared.
pub fn is_kept(object: &Value) -> bool {
    let policy = object["metadata"]["annotations"][POLICY].as_str().unwrap_or_default();
    policy.trim().eq_ignore_ascii_case("keep")
}

/// Whether a record has definitions without the annotation: an uninstall would delete them, and every object of theirs.
pub fn is_missing(record: &Record) -> bool {
    record.documents().is_ok_and(|documents| documents.iter().any(|it| has_unkept(&it.object)))
}

/// Puts the annotation into all definitions of what a chart gave. Nothing else changes.
pub fn keep_definitions(rendered: &mut Rendered) {
    keep_in(&mut rendered.manifests);
}

/// Puts the annotation into the definitions among documents; says whether it was missing anywhere.
fn keep_in(documents: &mut [Document]) -> bool {
    let mut changed = false;
    for document in documents {
        if has_unkept(&document.object) {
            annotate(document);
            changed = true;
        }
    }
    changed
}

/// Whether a document is, or holds in a list, a definition without the annotation.
fn has_unkept(object: &Value) -> bool {
    flattened(object).iter().any(|it| is_definition(it) && !is_kept(it))
}

/// Puts the annotation into one document, object and text. The text keeps its lines where that is possible.
fn annotate(document: &mut Document) {
    if !is_definition(&document.object) {
        let mut items = flattened(&document.object).into_owned();
        items.iter_mut().filter(|it| is_definition(it)).for_each(put);
        document.object = json!({ "apiVersion": "v1", "kind": "List", "items": items });
        document.content = format!("{:#}", document.object);
        return;
    }
    put(&mut document.object);
    let edited = insert(&document.content)
        .filter(|text| manifest::parse(&document.path, text).is_ok_and(|read| read == document.object));
    // Written in a way that is not met in charts: JSON is YAML too.
    document.content = edited.unwrap_or_else(|| format!("{:#}", document.object));
}

fn put(object: &mut Value) {
    if !object["metadata"]["annotations"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    object["metadata"]["annotations"][POLICY] = json!("keep");
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
    fn definitions_in_lists_are_kept_too() {
        let definition =
            "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}}";
        let content = format!(
            "apiVersion: v1\nkind: List\nitems:\n- {definition}\n- {{apiVersion: v1, kind: Secret}}\n"
        );
        let object = manifest::parse("a", &content).unwrap();
        let mut documents = [Document { path: "a".to_owned(), content, object, touched: false }];
        assert!(keep_in(&mut documents));
        let read = manifest::parse("a", &documents[0].content).unwrap();
        let kept: Vec<bool> = flattened(&read).iter().map(is_kept).collect();
        assert_eq!(kept, [true, false]);
        assert!(!keep_in(&mut documents));
    }

    #[test]
    fn another_policy_is_replaced() {
        let text = format!(
            "{HEAD}metadata:\n  annotations:\n    a: b\n    helm.sh/resource-policy: delete\n  name: x\n"
        );
        assert_eq!(kept(&text), text.replace("delete", "keep"));
    }
}
