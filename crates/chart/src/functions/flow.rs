//! Defaults and choices, failing on purpose, and running other templates: `default`, `required`, `include`, `tpl`, `lookup`.

use gotemplate::function::CallError;
use gotemplate::value::{Map, Value};

use super::{Answer, AtLeast, Entry, Exactly, Invocation};

pub(super) const TABLE: &[Entry] = &[
    ("default", AtLeast(1), |call| Ok(if is_empty(call.any(1)) { call.any(0) } else { call.any(1) }.clone())),
    ("empty", Exactly(1), |call| Ok(is_empty(call.any(0)).into())),
    ("coalesce", AtLeast(0), |call| {
        Ok(call.arguments.iter().find(|value| !is_empty(value)).cloned().unwrap_or_default())
    }),
    ("all", AtLeast(0), |call| Ok((!call.arguments.iter().any(is_empty)).into())),
    ("any", AtLeast(0), |call| Ok((!call.arguments.iter().all(is_empty)).into())),
    ("ternary", Exactly(3), |call| Ok(if call.bool(2)? { call.any(0) } else { call.any(1) }.clone())),
    ("fail", Exactly(1), |call| Err(by_author(call.text(0)?))),
    ("required", Exactly(2), required),
    ("include", Exactly(2), include),
    ("tpl", Exactly(2), tpl),
    ("lookup", Exactly(4), lookup),
    ("getHostByName", Exactly(1), |call| call.text(0).map(|_| "".into())),
    ("hello", Exactly(0), |_| Ok("Hello!".into())),
];

/// How many includes of one name may be nested.
const MAX_INCLUDES: usize = 1000;

/// Whether Sprig calls a value empty: nil, false, zero, no elements.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.truth()
}

fn required(call: &mut Invocation<'_>) -> Answer {
    let words = call.text(0)?;
    match call.any(1) {
        Value::Nil => Err(by_author(words)),
        Value::Str(text) if text.is_empty() => Err(by_author(words)),
        value => Ok(value.clone()),
    }
}

/// An error in words that the chart's author wrote for the user.
fn by_author(words: &str) -> CallError {
    CallError::ByAuthor(words.to_owned())
}

fn include(call: &mut Invocation<'_>) -> Answer {
    let name = call.text(0)?;
    if call.context.enter(name) > MAX_INCLUDES {
        let words = "unable to execute template";
        return Err(format!("rendering template has a nested reference name: {name}: {words}").into());
    }
    let text = call.running.execute(name, call.any(1));
    call.context.leave(name);
    Ok(text?.into())
}

fn tpl(call: &mut Invocation<'_>) -> Answer {
    let text = call.text(0)?;
    Ok(without_no_value(call.running.execute_text("gotpl", text, call.any(1))?).into())
}

/// Go prints a missing value so; Helm deletes it.
pub(crate) fn without_no_value(text: String) -> String {
    const NO_VALUE: &str = "<no value>";
    if text.contains(NO_VALUE) { text.replace(NO_VALUE, "") } else { text }
}

fn lookup(call: &mut Invocation<'_>) -> Answer {
    let (api_version, kind) = (call.text(0)?, call.text(1)?);
    let (namespace, name) = (call.text(2)?, call.text(3)?);
    call.context.touch();
    match call.context.lookup(api_version, kind, namespace, name)? {
        serde_json::Value::Null => Ok(Value::Map(Map::new())),
        found => Ok(Value::from_json(&found)),
    }
}
