//! Which subcharts take part, under which names, and which of their values the parent takes over (Helm's
//! `chart/v2/util/dependencies.go`).

use gotemplate::value::{Map, Value};
use serde_json::Value as Json;

use crate::Chart;
use crate::coalesce::{Notices, Nulls, TypeMismatch, coalesce, coalesce_tables, copy_map};
use crate::metadata::Metadata;
use crate::semver::compatible;

/// A chart as it takes part in one render: renamed by its alias, its values filled from its subcharts, those that are off left out.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub(crate) chart: &'a Chart,
    pub(crate) metadata: Metadata,
    pub(crate) values: Map,
    pub(crate) dependencies: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    /// The chart and all its subcharts, untouched.
    pub(crate) fn new(chart: &'a Chart) -> Node<'a> {
        let values =
            chart.values.iter().map(|(key, value)| (key.as_str(), Value::from_json(value))).collect();
        let dependencies = chart.dependencies.iter().map(Node::new).collect();
        Node { chart, metadata: chart.metadata.clone(), values, dependencies }
    }

    pub(crate) fn name(&self) -> &str {
        &self.metadata.name
    }
}

/// The subcharts that a Chart.yaml names and charts/ lacks; a chart cannot be installed without them.
pub(crate) fn missing(chart: &Chart) -> Vec<String> {
    let has = |name: &str| chart.dependencies.iter().any(|subchart| subchart.metadata.name == name);
    let names = chart.metadata.dependencies.iter().map(|dependency| &dependency.name);
    names.filter(|name| !has(name)).cloned().collect()
}

/// Drops what conditions and tags switch off, applies aliases, and imports values into parents.
pub(crate) fn process(chart: &mut Node<'_>, values: &Map, notices: &Notices) -> Result<(), TypeMismatch> {
    switch(chart, values, "", notices)?;
    import_all(chart, notices)
}

fn switch(chart: &mut Node<'_>, values: &Map, path: &str, notices: &Notices) -> Result<(), TypeMismatch> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    chart.dependencies = take_part(chart);
    for dependency in &mut chart.metadata.dependencies {
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
        dependency.enabled = true;
    }
    let values = coalesce(chart, values, Nulls::Delete, notices)?;
    by_tags(chart, &values, notices);
    by_conditions(chart, &values, path, notices);
    let off: Vec<String> = {
        let off = chart.metadata.dependencies.iter().filter(|dependency| !dependency.enabled);
        off.map(|dependency| dependency.name.clone()).collect()
    };
    chart.metadata.dependencies.retain(|dependency| !off.contains(&dependency.name));
    chart.dependencies.retain(|subchart| !off.iter().any(|name| name == subchart.name()));
    for subchart in &mut chart.dependencies {
        let path = format!("{path}{}.", subchart.name());
        switch(subchart, &values, &path, notices)?;
    }
    Ok(())
}

/// The charts that Chart.yaml does not name, and a copy for each entry that it does.
fn take_part<'a>(chart: &Node<'a>) -> Vec<Node<'a>> {
    let fits = |subchart: &Node<'_>, name: &str, range: &str| {
        subchart.name() == name && compatible(range, &subchart.metadata.version)
    };
    let wanted = &chart.metadata.dependencies;
    let mut charts: Vec<Node<'a>> = Vec::new();
    for subchart in &chart.dependencies {
        if !wanted.iter().any(|dependency| fits(subchart, &dependency.name, &dependency.version)) {
            charts.push(subchart.clone());
        }
    }
    for dependency in wanted {
        let found =
            chart.dependencies.iter().find(|subchart| fits(subchart, &dependency.name, &dependency.version));
        if let Some(subchart) = found {
            let mut subchart = subchart.clone();
            if !dependency.alias.is_empty() {
                subchart.metadata.name.clone_from(&dependency.alias);
            }
            charts.push(subchart);
        }
    }
    charts
}

/// One true tag is enough; with none true and one false the chart is off.
fn by_tags(chart: &mut Node<'_>, values: &Map, notices: &Notices) {
    let Some(Value::Map(tags)) = values.get("tags") else { return };
    for dependency in &mut chart.metadata.dependencies {
        let (mut on, mut off) = (false, false);
        for tag in &dependency.tags {
            match tags.get(tag) {
                None => {}
                Some(Value::Bool(true)) => on = true,
                Some(Value::Bool(false)) => off = true,
                Some(_) => {
                    notices.add(format!("returned non-bool value: tag {tag} of chart {}", dependency.name));
                }
            }
        }
        dependency.enabled = on || !off;
    }
}

/// The first condition that holds a boolean decides.
fn by_conditions(chart: &mut Node<'_>, values: &Map, path: &str, notices: &Notices) {
    for dependency in &mut chart.metadata.dependencies {
        for condition in dependency.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
            match scalar_at(values, &format!("{path}{condition}")) {
                None => {}
                Some(Value::Bool(enabled)) => {
                    dependency.enabled = enabled;
                    break;
                }
                Some(_) => {
                    notices.add(format!(
                        "returned non-bool value: path {condition} of chart {}",
                        dependency.name
                    ));
                }
            }
        }
    }
}

/// The value at a path with dots; `None` where there is none or a map.
fn scalar_at(values: &Map, path: &str) -> Option<Value> {
    let (tables, key) = path.rsplit_once('.').map_or((None, path), |(tables, key)| (Some(tables), key));
    let table = match tables {
        None => values.clone(),
        Some(tables) => table_at(values, tables)?,
    };
    table.get(key).filter(|value| !matches!(value, Value::Map(_)))
}

/// The map at a path with dots.
pub(crate) fn table_at(values: &Map, path: &str) -> Option<Map> {
    let mut table = values.clone();
    for key in path.split('.') {
        match table.get(key)? {
            Value::Map(inner) => table = inner,
            _ => return None,
        }
    }
    Some(table)
}

fn import_all(chart: &mut Node<'_>, notices: &Notices) -> Result<(), TypeMismatch> {
    for subchart in &mut chart.dependencies {
        import_all(subchart, notices)?;
    }
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let values = coalesce(chart, &Map::new(), Nulls::Keep, notices)?;
    let imported = Map::new();
    for dependency in &mut chart.metadata.dependencies {
        let mut pairs = Vec::new();
        for entry in &dependency.import_values {
            let (child, parent) = match entry {
                Json::String(name) => (format!("exports.{name}"), ".".to_owned()),
                Json::Object(pair) => (text(pair.get("child")), text(pair.get("parent"))),
                _ => continue,
            };
            pairs.push(serde_json::json!({ "child": &child, "parent": &parent }));
            match table_at(&values, &format!("{}.{child}", dependency.name)) {
                None => {
                    notices
                        .add(format!("ImportValues missing table from chart {}: {child}", dependency.name));
                }
                Some(table) => coalesce_tables(&imported, &under(&parent, table), "", Nulls::Keep, notices),
            }
        }
        dependency.import_values = pairs;
    }
    // What the parent says itself wins over what it imports.
    let values = copy_map(&values);
    coalesce_tables(&values, &imported, "", Nulls::Keep, notices);
    chart.values = values;
    Ok(())
}

/// The table, at a path with dots; `.` is the root.
fn under(path: &str, table: Map) -> Map {
    if path == "." {
        return table;
    }
    path.rsplit('.').fold(table, |inner, key| [(key, Value::Map(inner))].into_iter().collect())
}

fn text(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => "<nil>".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
