//! A stored manifest as objects.

use chart::output::{self, Document};
use flux::list::flattened;
use serde_json::{Number, Value};

use crate::Error;

/// One object of a manifest, and the template that wrote it.
#[derive(Clone)]
pub(crate) struct Sourced {
    pub path: String,
    pub object: Value,
}

/// The objects of documents, lists taken apart; documents of comments alone give none.
pub(crate) fn objects_of(documents: &[Document]) -> Vec<Sourced> {
    let mut objects = Vec::new();
    for document in documents {
        let found = flattened(&document.object).into_owned();
        objects.extend(found.into_iter().map(|object| Sourced { path: document.path.clone(), object }));
    }
    objects
}

/// The documents of a stored manifest, in its order.
pub(crate) fn read(manifest: &str) -> Result<Vec<Document>, Error> {
    let mut documents = Vec::new();
    for text in output::split(manifest) {
        let (path, content) = source(text);
        let object = parse(path, content)?;
        documents.push(Document {
            path: path.to_owned(),
            content: content.to_owned(),
            object,
            touched: false,
        });
    }
    Ok(documents)
}

/// Reads one document.
pub(crate) fn parse(path: &str, content: &str) -> Result<Value, Error> {
    // What the reader says may quote the text, and with it a Secret.
    let value = yaml::read(content)
        .map_err(|_| Error::Manifest { path: path.to_owned(), why: "it is no YAML".to_owned() })?;
    Ok(whole_numbers(value))
}

/// The template that a stored document names, and the document without that line.
fn source(text: &str) -> (&str, &str) {
    let named = text.strip_prefix("# Source: ").and_then(|rest| rest.split_once('\n'));
    let (path, content) = named.map_or(("", text), |(path, content)| (path.trim(), content));
    // What follows the document's own end belongs to the separator.
    (path, content.strip_suffix('\n').unwrap_or(content))
}

/// Whole floats as integers: a server that expects an integer takes 1 and refuses 1.0.
fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "checked to be whole and within 53 bits"
                )]
                return Value::Number(Number::from(float as i64));
            }
            Value::Number(number)
        }
        Value::Array(items) => items.into_iter().map(whole_numbers).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, whole_numbers(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str = "---\n# Source: c/templates/a.yaml\nkind: A\n---\n# Source: c/templates/b.yaml\n# nothing\n---\n# Source: c/templates/l.yaml\nkind: BList\nitems:\n- kind: B\n- kind: B\n";

    #[test]
    fn a_stored_manifest_is_read_back_document_by_document() {
        let documents = read(STORED).unwrap();
        let paths: Vec<&str> = documents.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["c/templates/a.yaml", "c/templates/b.yaml", "c/templates/l.yaml"]);
        assert_eq!(documents.iter().map(Document::stored).collect::<String>(), STORED);
        let kinds: Vec<String> =
            objects_of(&documents).iter().map(|it| it.object["kind"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds, ["A", "B", "B"]);
    }
}
