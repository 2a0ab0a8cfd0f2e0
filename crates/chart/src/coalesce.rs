//! Values of a user, a chart and its subcharts, made one (Helm's `chart/common/util/coalesce.go`).
//!
//! It works on the shared maps that templates see, because Helm's maps are shared too: what a subchart adds to a nested
//! table of `global` shows up in its parent.

use std::cell::RefCell;
use std::rc::Rc;

use gotemplate::value::{Map, Value};

use crate::dependencies::Node;

/// The key whose values reach every subchart.
const GLOBAL: &str = "global";

/// A subchart's name stands for something that is no map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("type mismatch on {0}")]
pub struct TypeMismatch(pub String);

/// What happens to keys whose value is null.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// They delete the key of a lower layer, and go.
    Delete,
    /// They stay, because values are made one again later.
    Keep,
}

/// Words about what was ignored, as Helm writes them to its log.
#[derive(Default)]
pub(crate) struct Notices(RefCell<Vec<String>>);

impl Notices {
    pub(crate) fn add(&self, notice: String) {
        let mut notices = self.0.borrow_mut();
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// Fills a copy of `values` from the chart and its subcharts; what `values` says wins.
pub(crate) fn coalesce(
    chart: &Node<'_>,
    values: &Map,
    nulls: Nulls,
    notices: &Notices,
) -> Result<Map, TypeMismatch> {
    let values = copy_map(values);
    coalesce_into(chart, &values, "", nulls, notices)?;
    Ok(values)
}

fn coalesce_into(
    chart: &Node<'_>,
    values: &Map,
    prefix: &str,
    nulls: Nulls,
    notices: &Notices,
) -> Result<(), TypeMismatch> {
    let prefix = join(prefix, chart.name());
    coalesce_values(chart, values, &prefix, nulls, notices);
    for subchart in &chart.dependencies {
        let table = match values.get(subchart.name()) {
            None => {
                let table = Map::new();
                values.insert(subchart.name(), Value::Map(table.clone()));
                table
            }
            Some(Value::Map(table)) => table,
            Some(_) => return Err(TypeMismatch(subchart.name().to_owned())),
        };
        coalesce_globals(&table, values, &prefix, notices);
        coalesce_into(subchart, &table, &prefix, nulls, notices)?;
    }
    Ok(())
}

/// Brings the parent's globals to a subchart; the parent's win.
fn coalesce_globals(into: &Map, from: &Map, prefix: &str, notices: &Notices) {
    let globals = |map: &Map, which: &str| match map.get(GLOBAL) {
        None => Some(Map::new()),
        Some(Value::Map(globals)) => Some(globals),
        Some(_) => {
            notices.add(format!("warning: skipping globals because {which} {GLOBAL} is not a table."));
            None
        }
    };
    let Some(own) = globals(into, "destination") else { return };
    let Some(given) = globals(from, "source") else { return };
    for (key, value) in given.entries() {
        match (&value, own.get(&key)) {
            (Value::Map(table), None) => own.insert(&key, Value::Map(table.entries().into_iter().collect())),
            (Value::Map(table), Some(Value::Map(existing))) => {
                let table: Map = table.entries().into_iter().collect();
                coalesce_tables(&table, &existing, &join(prefix, &key), Nulls::Keep, notices);
                own.insert(&key, Value::Map(table));
            }
            (Value::Map(_), Some(_)) => {
                notices.add(format!("Conflict: cannot merge map onto non-map for {key:?}. Skipping."));
            }
            (_, Some(Value::Map(_))) => notices.add(format!("key {key} is table. Skipping")),
            (_, _) => own.insert(&key, value),
        }
    }
    into.insert(GLOBAL, Value::Map(own));
}

fn coalesce_values(chart: &Node<'_>, values: &Map, prefix: &str, nulls: Nulls, notices: &Notices) {
    for (key, default) in copy_map(&chart.values).entries() {
        match values.get(&key) {
            Some(Value::Nil) if nulls == Nulls::Delete => {
                values.remove(&key);
            }
            Some(Value::Map(table)) => match default {
                Value::Map(defaults) => {
                    // The subchart's own turn comes later, and needs to see what its parent deletes.
                    let is_subchart = chart.dependencies.iter().any(|subchart| subchart.name() == &*key);
                    let nulls = if is_subchart { Nulls::Keep } else { nulls };
                    if nulls == Nulls::Delete {
                        drop_nulls(&defaults);
                    }
                    coalesce_tables(&table, &defaults, &join(prefix, &key), nulls, notices);
                }
                Value::Nil => {}
                _ => notices.add(format!("warning: skipped value for {prefix}.{key}: Not a table.")),
            },
            Some(_) => {}
            None => {
                if nulls == Nulls::Delete {
                    match &default {
                        Value::Nil => continue,
                        Value::Map(defaults) => drop_nulls(defaults),
                        _ => {}
                    }
                }
                values.insert(&key, default);
            }
        }
    }
}

/// Fills `into` from `from`; what `into` says wins.
pub(crate) fn coalesce_tables(into: &Map, from: &Map, prefix: &str, nulls: Nulls, notices: &Notices) {
    let defaults: Vec<Rc<str>> = from
        .entries()
        .into_iter()
        .filter(|(_, value)| !matches!(value, Value::Nil))
        .map(|(key, _)| key)
        .collect();
    for (key, value) in into.entries() {
        if matches!(value, Value::Nil) {
            from.insert(&key, Value::Nil);
        }
    }
    for (key, value) in from.entries() {
        match (into.get(&key), value) {
            // Null over a default deletes it; null where there is none stays null.
            (Some(Value::Nil), _) if nulls == Nulls::Delete && defaults.binary_search(&key).is_ok() => {
                into.remove(&key);
            }
            (None, value) => into.insert(&key, value),
            (Some(Value::Map(existing)), Value::Map(table)) => {
                coalesce_tables(&existing, &table, &join(prefix, &key), nulls, notices);
            }
            (Some(_), Value::Map(_)) => {
                let key = join(prefix, &key);
                notices.add(format!("warning: cannot overwrite table with non table for {key}"));
            }
            (Some(Value::Map(_)), value) if !matches!(value, Value::Nil) => {
                let key = join(prefix, &key);
                notices.add(format!("warning: destination for {key} is a table. Ignoring non-table value"));
            }
            (Some(_), _) => {}
        }
    }
}

fn drop_nulls(map: &Map) {
    for (key, value) in map.entries() {
        match value {
            Value::Nil => {
                map.remove(&key);
            }
            Value::Map(inner) => drop_nulls(&inner),
            _ => {}
        }
    }
}

/// A map that shares nothing with this one.
pub(crate) fn copy_map(map: &Map) -> Map {
    map.entries().into_iter().map(|(key, value)| (key, copy(&value))).collect()
}

fn copy(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(copy_map(map)),
        Value::List(list) => Value::list(list.iter().map(copy)),
        value => value.clone(),
    }
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}
