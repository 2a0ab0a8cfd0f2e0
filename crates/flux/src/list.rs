//! Lists of objects, taken apart: whoever judges objects and whoever writes them must see the same ones.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// The objects of a document: itself, or what it holds where it is a list, at whatever depth. Null gives none.
///
/// A list is what names its kind so (`List`, `ConfigMapList`) and has `items`. Items of a list of one kind may leave out their own
/// `apiVersion` and `kind`, which the list's tell then, as kubectl has it. What is no object is given as it is, for whoever says
/// what is wrong with it.
pub fn flattened(document: &Value) -> Cow<'_, [Value]> {
    match document {
        Value::Null => Cow::Borrowed(&[]),
        Value::Object(fields) if items(fields).is_some() => {
            let mut objects = Vec::new();
            take_apart(document.clone(), &mut objects);
            Cow::Owned(objects)
        }
        _ => Cow::Borrowed(std::slice::from_ref(document)),
    }
}

fn take_apart(value: Value, into: &mut Vec<Value>) {
    match value {
        Value::Null => {}
        Value::Object(list) => match items(&list) {
            Some(items) => items.iter().for_each(|item| take_apart(typed(item, &list), into)),
            None => into.push(Value::Object(list)),
        },
        other => into.push(other),
    }
}

/// The items of a list; `None` for everything else.
fn items(fields: &Map<String, Value>) -> Option<&Vec<Value>> {
    fields.get("items")?.as_array().filter(|_| kind(fields).ends_with("List"))
}

fn kind(fields: &Map<String, Value>) -> &str {
    fields.get("kind").and_then(Value::as_str).unwrap_or_default()
}

/// An item with what it leaves to its list.
fn typed(item: &Value, list: &Map<String, Value>) -> Value {
    let mut item = item.clone();
    let of_items = kind(list).strip_suffix("List").filter(|kind| !kind.is_empty());
    if let (Some(of_items), Value::Object(fields)) = (of_items, &mut item) {
        fields.entry("kind").or_insert_with(|| Value::from(of_items));
        if let Some(api_version) = list.get("apiVersion") {
            fields.entry("apiVersion").or_insert_with(|| api_version.clone());
        }
    }
    item
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn objects(document: Value) -> Vec<Value> {
        flattened(&document).into_owned()
    }

    #[test]
    fn lists_are_taken_apart_at_whatever_depth() {
        let object =
            |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        assert_eq!(objects(object("a")), [object("a")]);
        let inner = json!({"apiVersion": "v1", "kind": "ConfigMapList", "items": [object("b"), null]});
        let outer = json!({"apiVersion": "v1", "kind": "List", "items": [object("a"), inner]});
        assert_eq!(objects(outer), [object("a"), object("b")]);
    }

    #[test]
    fn items_take_from_their_list_what_they_leave_out() {
        let list = json!({"apiVersion": "g/v1", "kind": "ThingList", "items": [
            {"metadata": {"name": "a"}},
            {"apiVersion": "g/v2", "kind": "Thing", "metadata": {"name": "b"}},
        ]});
        let expected = [
            json!({"apiVersion": "g/v1", "kind": "Thing", "metadata": {"name": "a"}}),
            json!({"apiVersion": "g/v2", "kind": "Thing", "metadata": {"name": "b"}}),
        ];
        assert_eq!(objects(list), expected);
        // A list of anything tells nothing.
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [{"metadata": {"name": "a"}}]});
        assert_eq!(objects(list), [json!({"metadata": {"name": "a"}})]);
        // A list that is an item says so itself or not at all.
        let list = json!({"apiVersion": "g/v1", "kind": "ThingListList", "items": [{"items": [{"x": 1}]}]});
        assert_eq!(objects(list), [json!({"apiVersion": "g/v1", "kind": "Thing", "x": 1})]);
    }

    #[test]
    fn what_is_no_list_stays_as_it_is() {
        for document in [
            json!({"apiVersion": "v1", "kind": "List", "items": "none"}),
            json!({"apiVersion": "g/v1", "kind": "Menu", "items": [{"name": "soup"}]}),
            json!({"apiVersion": "g/v1", "kind": "AllowList", "spec": {}}),
            json!("words"),
        ] {
            assert_eq!(objects(document.clone()), [document]);
        }
        assert!(objects(Value::Null).is_empty());
    }
}
