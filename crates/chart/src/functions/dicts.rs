//! Maps. `set`, `unset` and the merges change their first argument, for everyone who holds it.

use gotemplate::function::CallError;
use gotemplate::value::{MAX_DEPTH, Map, Value};

use super::flow::is_empty;
use super::{Answer, AtLeast, Entry, Exactly, Invocation};
use gotemplate::print::print;

pub(super) const TABLE: &[Entry] = &[
    ("dict", AtLeast(0), dict),
    ("get", Exactly(2), |call| Ok(call.map(0)?.get(call.text(1)?).unwrap_or_else(|| "".into()))),
    ("set", Exactly(3), set),
    ("unset", Exactly(2), unset),
    ("hasKey", Exactly(2), |call| Ok(call.map(0)?.contains(call.text(1)?).into())),
    ("pluck", AtLeast(1), pluck),
    ("keys", AtLeast(0), keys),
    ("values", Exactly(1), |call| {
        Ok(Value::list(call.map(0)?.entries().into_iter().map(|(_, value)| value)))
    }),
    ("pick", AtLeast(1), |call| select(call, true)),
    ("omit", AtLeast(1), |call| select(call, false)),
    ("dig", AtLeast(0), dig),
    ("merge", AtLeast(1), |call| merge(call, false)),
    ("mustMerge", AtLeast(1), |call| merge(call, false)),
    ("mergeOverwrite", AtLeast(1), |call| merge(call, true)),
    ("mustMergeOverwrite", AtLeast(1), |call| merge(call, true)),
    ("deepCopy", Exactly(1), |call| copy_at(call.any(0), 0)),
    ("mustDeepCopy", Exactly(1), |call| copy_at(call.any(0), 0)),
];

fn dict(call: &mut Invocation<'_>) -> Answer {
    let map = Map::new();
    for pair in call.arguments.chunks(2) {
        if let [key, rest @ ..] = pair {
            let value = rest.first().cloned().unwrap_or_else(|| "".into());
            match key {
                Value::Str(key) => map.insert(key, value),
                key => map.insert(&print(key), value),
            }
        }
    }
    Ok(map.into())
}

fn set(call: &mut Invocation<'_>) -> Answer {
    let Value::Map(map) = call.any(0) else { return no_map(call) };
    map.insert(call.text(1)?, call.any(2).clone());
    call.context.spread();
    Ok(call.any(0).clone())
}

fn unset(call: &mut Invocation<'_>) -> Answer {
    let Value::Map(map) = call.any(0) else { return no_map(call) };
    map.remove(call.text(1)?);
    call.context.spread();
    Ok(call.any(0).clone())
}

/// A map that does not exist cannot be changed.
fn no_map(call: &Invocation<'_>) -> Answer {
    call.map(0)?;
    Err("assignment to entry in nil map".into())
}

fn pluck(call: &mut Invocation<'_>) -> Answer {
    let key = call.text(0)?;
    let mut found = Vec::new();
    for at in 1..call.arguments.len() {
        found.extend(call.map(at)?.get(key));
    }
    Ok(Value::list(found))
}

/// Helm's order is random; ours is that of the keys.
fn keys(call: &mut Invocation<'_>) -> Answer {
    let mut keys = Vec::new();
    for at in 0..call.arguments.len() {
        keys.extend(call.map(at)?.entries().into_iter().map(|(key, _)| Value::Str(key)));
    }
    Ok(Value::list(keys))
}

fn select(call: &Invocation<'_>, keep: bool) -> Answer {
    let map = call.map(0)?;
    let mut named = Vec::new();
    for at in 1..call.arguments.len() {
        named.push(call.text(at)?);
    }
    let chosen = map.entries().into_iter().filter(|(key, _)| named.contains(&&**key) == keep);
    Ok(Value::map(chosen))
}

fn dig(call: &mut Invocation<'_>) -> Answer {
    let [keys @ .., default, map] = call.arguments else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut found = map.clone();
    for key in keys {
        let Value::Map(map) = &found else { return Err(not_a("map[string]interface {}", &found)) };
        let key = key.as_str().ok_or_else(|| not_a("string", key))?;
        match map.get(key) {
            None => return Ok(default.clone()),
            Some(value) => found = value,
        }
    }
    Ok(found)
}

fn not_a(wanted: &str, found: &Value) -> CallError {
    let found = match found {
        Value::Nil => "nil",
        found => found.type_name(),
    };
    format!("interface conversion: interface {{}} is {found}, not {wanted}").into()
}

fn merge(call: &Invocation<'_>, overwrite: bool) -> Answer {
    let into = call.map(0)?;
    for at in 1..call.arguments.len() {
        merge_at(&into, &call.map(at)?, overwrite, 0)?;
    }
    call.context.spread();
    Ok(into.into())
}

/// Merges as `mergo` does: what is empty in `into` is filled, and `overwrite` replaces the rest too; maps are merged in each other.
fn merge_at(into: &Map, from: &Map, overwrite: bool, depth: usize) -> Result<(), CallError> {
    if depth > MAX_DEPTH {
        return Err("the maps to merge hold themselves".into());
    }
    for (key, value) in from.entries() {
        let existing = into.get(&key);
        match (&existing, &value) {
            (_, Value::Nil) => {
                if overwrite {
                    into.insert(&key, Value::Nil);
                }
                continue;
            }
            (Some(Value::Map(existing)), Value::Map(map)) => {
                if !existing.is(map) {
                    merge_at(existing, map, overwrite, depth + 1)?;
                }
                if !existing.is_empty() {
                    continue;
                }
            }
            _ => {}
        }
        if overwrite || existing.as_ref().is_none_or(is_empty) {
            into.insert(&key, value);
        }
    }
    Ok(())
}

/// A value that shares nothing with this one.
fn copy_at(value: &Value, depth: usize) -> Answer {
    if depth > MAX_DEPTH {
        return Err("the value holds itself".into());
    }
    Ok(match value {
        Value::Map(map) => {
            let copy = Map::new();
            for (key, value) in map.entries() {
                copy.insert(&key, copy_at(&value, depth + 1)?);
            }
            copy.into()
        }
        Value::List(list) => {
            Value::list(list.iter().map(|value| copy_at(value, depth + 1)).collect::<Result<Vec<_>, _>>()?)
        }
        value => value.clone(),
    })
}
