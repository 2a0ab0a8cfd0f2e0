//! The framework's part of a plan: defaults, what is computed, what needs replacing, and the host's rules.
//!
//! The order matters. From what the host proposes (the configuration, with computed values as they were):
//!
//! 1. write-only values become null, defaults fill what the configuration leaves out, and values that mean the same as
//!    before become what they were;
//! 2. what now differs from the prior object, and needs a new one for it, is noted;
//! 3. if anything differs, what the provider computes becomes unknown, unless it is kept by updates;
//! 4. the resource has its say;
//! 5. the result is held against the rules that the host enforces, so that a mistake is told with its path.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::path::{AttributePath, Step};
use crate::schema::{Attribute, Nesting};
use crate::value::Value;

/// Steps 1 to 3 of a plan.
pub(crate) struct Proposal {
    pub planned: Value,
    pub requires_replace: Vec<AttributePath>,
}

/// Works out a plan for an object that is to exist. `normalize` puts values that the schema's author wrote into the
/// form in which they come from the host, so that they can be compared.
pub(crate) fn propose<E>(
    attributes: &[Attribute],
    config: &Value,
    prior: Option<&Value>,
    proposed: Value,
    normalize: impl Fn(Value) -> Result<Value, E>,
) -> Result<Proposal, E> {
    let nothing = Value::Null;
    let before = prior.unwrap_or(&nothing);
    let mut planned = proposed;
    walk(attributes, config, before, &mut planned, &mut |seen| {
        let Seen { attribute, config, prior, planned, .. } = seen;
        if attribute.write_only {
            **planned = Value::Null;
        } else if let (true, Some(default)) = (config.is_null(), &attribute.default) {
            **planned = default.clone();
        }
        if let Some(same) = &attribute.same_value
            && is_set(prior)
            && is_set(planned)
            && same(prior, planned)
        {
            **planned = (*prior).clone();
        }
        true
    });
    let mut planned = normalize(planned)?;

    let mut requires_replace = Vec::new();
    if prior.is_some() {
        walk(attributes, config, before, &mut planned, &mut |seen| {
            let Seen { attribute, prior, planned, path, .. } = seen;
            let asked = || {
                attribute.requires_replace
                    || attribute.requires_replace_if.as_ref().is_some_and(|decide| decide(prior, planned))
            };
            if **planned != **prior && asked() {
                requires_replace.push(path.clone());
            }
            true
        });
    }

    if prior != Some(&planned) {
        mark_computed(attributes, config, before, &mut planned);
    }
    Ok(Proposal { planned, requires_replace: sorted(requires_replace) })
}

/// Makes unknown what the provider computes and the configuration leaves out.
pub(crate) fn mark_computed(attributes: &[Attribute], config: &Value, prior: &Value, planned: &mut Value) {
    walk(attributes, config, prior, planned, &mut |seen| {
        let Seen { attribute, config, prior, planned, .. } = seen;
        if !config.is_null() || attribute.write_only {
            return !attribute.write_only;
        }
        if attribute.default.is_some() {
            return false;
        }
        if attribute.computed {
            let kept = attribute.use_state_for_unknown && is_set(prior);
            **planned = if kept { (*prior).clone() } else { Value::Unknown };
            return false;
        }
        true
    });
}

/// Puts defaults where the configuration of a data source or an ephemeral resource leaves them out.
pub(crate) fn fill_defaults(attributes: &[Attribute], config: &mut Value) {
    let written = config.clone();
    walk(attributes, &written, &Value::Null, config, &mut |seen| {
        if let (true, Some(default)) = (seen.config.is_null(), &seen.attribute.default) {
            *seen.planned = default.clone();
        }
        true
    });
}

/// Puts defaults where a stored state, as JSON, has not even the attribute: it was written before there was one.
pub(crate) fn fill_missing(attributes: &[Attribute], json: &serde_json::Value, state: &mut Value) {
    let Some(json) = json.as_object() else { return };
    let Value::Object(members) = state else { return };
    for attribute in attributes {
        let Some(member) = members.get_mut(&attribute.name) else { continue };
        match (json.get(&attribute.name), &attribute.default, attribute.nested_kind()) {
            (None, Some(default), _) => *member = default.clone(),
            (Some(json), _, Some(nested)) if nested.nesting == Nesting::Single => {
                fill_missing(&nested.attributes, json, member);
            }
            _ => {}
        }
    }
}

/// Paths in order, each once.
pub(crate) fn sorted(mut paths: Vec<AttributePath>) -> Vec<AttributePath> {
    paths.sort();
    paths.dedup();
    paths
}

fn is_set(value: &Value) -> bool {
    !value.is_null() && value.is_wholly_known()
}

/// One attribute, seen in the configuration, the prior object and the plan at once.
struct Seen<'a> {
    attribute: &'a Attribute,
    config: &'a Value,
    prior: &'a Value,
    planned: &'a mut Value,
    path: &'a AttributePath,
}

/// Visits every attribute of a planned object, the outer ones first, beside what it is in the configuration and was in
/// the prior object. The visitor answers whether to look inside.
fn walk(
    attributes: &[Attribute],
    config: &Value,
    prior: &Value,
    planned: &mut Value,
    visit: &mut dyn FnMut(&mut Seen<'_>) -> bool,
) {
    if let Value::Object(members) = planned {
        walk_object(attributes, config, prior, members, &mut AttributePath::new(), visit);
    }
}

fn walk_object(
    attributes: &[Attribute],
    config: &Value,
    prior: &Value,
    planned: &mut BTreeMap<String, Value>,
    path: &mut AttributePath,
    visit: &mut dyn FnMut(&mut Seen<'_>) -> bool,
) {
    for attribute in attributes {
        let config = config.get(&attribute.name);
        let prior = prior.get(&attribute.name);
        let planned = planned.entry(attribute.name.clone()).or_default();
        path.push(Step::Attribute(attribute.name.clone()));
        let inside = visit(&mut Seen { attribute, config, prior, planned: &mut *planned, path });
        if let (true, Some(nested)) = (inside, attribute.nested_kind()) {
            let attributes = nested.attributes.as_slice();
            match (nested.nesting, planned) {
                (Nesting::Single, Value::Object(object)) => {
                    walk_object(attributes, config, prior, object, path, visit);
                }
                (Nesting::List, Value::List(elements)) => {
                    for (index, element) in elements.iter_mut().enumerate() {
                        let Value::Object(object) = element else { continue };
                        path.push(Step::KeyInt(i64::try_from(index).unwrap_or(i64::MAX)));
                        walk_object(
                            attributes,
                            config.get_index(index),
                            prior.get_index(index),
                            object,
                            path,
                            visit,
                        );
                        path.pop();
                    }
                }
                (Nesting::Map, Value::Map(elements)) => {
                    for (key, element) in elements {
                        let Value::Object(object) = element else { continue };
                        path.push(Step::KeyString(key.clone()));
                        walk_object(attributes, config.get(key), prior.get(key), object, path, visit);
                        path.pop();
                    }
                }
                (Nesting::Set, Value::Set(elements)) => {
                    // An element of a set has no address: its path is that of the set.
                    for (index, element) in elements.iter_mut().enumerate() {
                        let config = counterpart(attributes, config, element)
                            .unwrap_or_else(|| config.get_index(index));
                        let nothing = Value::Null;
                        let prior = counterpart_of_config(attributes, config, prior).unwrap_or(&nothing);
                        let Value::Object(object) = element else { continue };
                        walk_object(attributes, config, prior, object, path, visit);
                    }
                }
                _ => {}
            }
        }
        path.pop();
    }
}

/// The element of a configured set that a planned element comes from.
fn counterpart<'a>(attributes: &[Attribute], config: &'a Value, planned: &Value) -> Option<&'a Value> {
    config.as_elements()?.iter().find(|element| agrees(attributes, element, planned))
}

/// The element of the prior set that a configured element became.
fn counterpart_of_config<'a>(
    attributes: &[Attribute],
    config: &Value,
    prior: &'a Value,
) -> Option<&'a Value> {
    prior.as_elements()?.iter().find(|element| agrees(attributes, config, element))
}

/// Whether an object has all that the configuration sets.
fn agrees(attributes: &[Attribute], config: &Value, object: &Value) -> bool {
    attributes.iter().all(|attribute| {
        let configured = config.get(&attribute.name);
        let there = object.get(&attribute.name);
        match attribute.nested_kind() {
            _ if configured.is_null() || attribute.write_only => true,
            Some(nested) if nested.nesting == Nesting::Single && !there.is_null() => {
                agrees(&nested.attributes, configured, there)
            }
            _ => configured == there,
        }
    })
}

/// Holds a plan against the rules that the host enforces: what the configuration sets is kept (or stays as it was),
/// and only what is computed may be filled in. What breaks them is a mistake in the provider, and told as such.
pub(crate) fn check(
    attributes: &[Attribute],
    config: &Value,
    prior: Option<&Value>,
    planned: &Value,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if planned.is_null() || planned.is_unknown() {
        invalid(&AttributePath::new(), "The whole object is missing from the plan.", &mut diagnostics);
        return diagnostics;
    }
    let prior = prior.unwrap_or(&Value::Null);
    check_object(attributes, config, prior, planned, &mut AttributePath::new(), &mut diagnostics);
    diagnostics
}

fn check_object(
    attributes: &[Attribute],
    config: &Value,
    prior: &Value,
    planned: &Value,
    path: &mut AttributePath,
    diagnostics: &mut Diagnostics,
) {
    for attribute in attributes {
        path.push(Step::Attribute(attribute.name.clone()));
        let name = &attribute.name;
        check_value(attribute, config.get(name), prior.get(name), planned.get(name), path, diagnostics);
        path.pop();
    }
}

fn check_value(
    attribute: &Attribute,
    config: &Value,
    prior: &Value,
    planned: &Value,
    path: &mut AttributePath,
    diagnostics: &mut Diagnostics,
) {
    let unchanged = planned == prior && !prior.is_null() && !config.is_null();
    let computed_only = attribute.computed && !attribute.optional;
    let filled_in = attribute.computed && config.is_null();
    let left_out = attribute.write_only && planned.is_null();
    if planned == config || unchanged || computed_only || filled_in || left_out {
        return;
    }
    if config.is_null() {
        let what =
            "The plan has a value where the configuration has none, and the attribute is not computed.";
        return invalid(path, what, diagnostics);
    }
    let Some(nested) = attribute.nested_kind() else {
        return invalid(path, "The plan has another value than the configuration.", diagnostics);
    };
    if planned.is_null() || planned.is_unknown() || config.is_unknown() {
        return invalid(
            path,
            "The plan has nothing, or nothing known, where the configuration has a value.",
            diagnostics,
        );
    }
    let attributes = nested.attributes.as_slice();
    match (nested.nesting, config, planned) {
        (Nesting::Single, ..) => check_object(attributes, config, prior, planned, path, diagnostics),
        (Nesting::List, Value::List(configured), Value::List(elements))
            if configured.len() == elements.len() =>
        {
            for (index, (config, planned)) in configured.iter().zip(elements).enumerate() {
                path.push(Step::KeyInt(i64::try_from(index).unwrap_or(i64::MAX)));
                check_object(attributes, config, prior.get_index(index), planned, path, diagnostics);
                path.pop();
            }
        }
        (Nesting::Map, Value::Map(configured), Value::Map(elements))
            if configured.keys().eq(elements.keys()) =>
        {
            for (key, planned) in elements {
                path.push(Step::KeyString(key.clone()));
                check_object(attributes, config.get(key), prior.get(key), planned, path, diagnostics);
                path.pop();
            }
        }
        // Elements of sets cannot be told apart, so the host looks at their number only.
        (Nesting::Set, Value::Set(configured), Value::Set(elements))
            if configured.len() == elements.len() => {}
        _ => invalid(path, "The plan has other elements than the configuration.", diagnostics),
    }
}

fn invalid(path: &AttributePath, what: &str, diagnostics: &mut Diagnostics) {
    let place = if path.is_empty() { "the object".to_owned() } else { path.to_string() };
    let detail = format!("At {place}: {what} This is a bug in the provider; please report it.");
    if path.is_empty() {
        diagnostics.error("Invalid plan by the provider", detail);
    } else {
        diagnostics.error_at(path.clone(), "Invalid plan by the provider", detail);
    }
}

#[cfg(test)]
mod tests;
