//! values.schema.json: whether values are what a chart's author allows, in the words of the checker that Helm uses.
//!
//! It knows the assertions of JSON Schema from draft 4 to 2020-12 and references within the schema. What it does not know (`format`, remote
//! references, `$dynamicRef`, `unevaluated…`) counts as fulfilled, and a notice says so.
//!
//! Values may also be checked before they meet those of the chart: [`check_given`].

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::{Map, Value};

use crate::functions::{go_regex, percent_decoded};

/// How many schemas may be looked at for one chart: references and choices can multiply them.
const MAX_STEPS: usize = 1_000_000;

/// How deep schemas may lie within each other.
const MAX_DEPTH: usize = 500;

/// Checks values against a schema.
///
/// `Err` holds what is wrong, one line for each fault; `Ok` notices about what was not checked.
pub(crate) fn check(schema: &[u8], values: &Value) -> Result<Vec<String>, String> {
    let root: Value = serde_json::from_slice(schema).map_err(|error| error.to_string())?;
    let checker = Checker::new(&root, false);
    let failure = checker.check(&root, values, &mut Vec::new(), &[]);
    if checker.steps.get() > MAX_STEPS {
        return Err("checking the schema takes too many steps".to_owned());
    }
    let Some(failure) = failure else { return Ok(checker.unknown.into_inner().into_iter().collect()) };
    let mut text = String::new();
    match failure.kind {
        Kind::Group => failure.causes.iter().for_each(|cause| cause.write(&mut text, 0)),
        _ => failure.write(&mut text, 0),
    }
    Err(text)
}

/// What a schema has against one of the values that someone gives a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The value's path as a JSON pointer; empty for the values as a whole.
    pub path: String,
    /// What is wrong, without the value itself; lower case, no full stop.
    pub words: String,
}

/// Checks values that are to be merged into those of a chart, which are not at hand.
///
/// A member that is not set may come from the chart or from elsewhere, so whatever depends on which members a mapping has
/// (`required`, `anyOf`, `if` and the like) is not decided, while elements of lists, which Helm never merges, are checked
/// in full. A member that is null takes a value away, and is not checked.
///
/// # Errors
///
/// The schema is no JSON.
pub fn check_given(schema: &[u8], values: &Value) -> Result<Vec<Fault>, serde_json::Error> {
    let root: Value = serde_json::from_slice(schema)?;
    let checker = Checker::new(&root, true);
    let mut faults = Vec::new();
    if let Some(failure) = checker.check(&root, &without_nulls(values), &mut Vec::new(), &[])
        && checker.steps.get() <= MAX_STEPS
    {
        failure.flatten(&mut faults);
    }
    Ok(faults)
}

/// Values without the members that take others away.
fn without_nulls(values: &Value) -> Value {
    let Value::Object(members) = values else { return values.clone() };
    let kept = members.iter().filter(|(_, value)| !value.is_null());
    Value::Object(kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
}

/// Something that a value is not.
struct Failure {
    /// The value's path as a JSON pointer.
    path: String,
    words: String,
    kind: Kind,
    causes: Vec<Failure>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Several faults of one value.
    Group,
    /// Faults that lie behind a reference.
    Reference,
}

impl Failure {
    fn write(&self, text: &mut String, indent: usize) {
        // A reference with one fault is not worth a line.
        let silent = self.kind == Kind::Reference && self.causes.len() == 1;
        if !silent {
            if !text.is_empty() {
                text.push('\n');
            }
            text.extend(std::iter::repeat_n("  ", indent));
            text.push_str(&format!("- at {}: {}", quote(&self.path), self.words));
        }
        self.causes.iter().for_each(|cause| cause.write(text, indent + usize::from(!silent)));
    }

    /// Takes the faults out of the groups in which they lie.
    fn flatten(self, faults: &mut Vec<Fault>) {
        match self.kind {
            Kind::Plain => faults.push(Fault { path: self.path, words: self.words }),
            Kind::Group | Kind::Reference => {
                self.causes.into_iter().for_each(|cause| cause.flatten(faults));
            }
        }
    }
}

struct Checker<'s> {
    root: &'s Value,
    /// Below 2019 a `$ref` hides what stands beside it; below 2020 `items` may be a list.
    draft: u32,
    /// Whether mappings are still to be merged into others.
    given: bool,
    /// How many lists lie around the value that is being checked.
    lists: Cell<usize>,
    steps: Cell<usize>,
    unknown: RefCell<BTreeSet<String>>,
    regexes: RefCell<BTreeMap<&'s str, Option<Regex>>>,
}

/// Schemas that are being applied to one value, as addresses: a reference back to one of them has no end.
type Open<'o> = &'o [*const Value];

impl<'s> Checker<'s> {
    fn new(root: &'s Value, given: bool) -> Checker<'s> {
        let named = root.get("$schema").and_then(Value::as_str).unwrap_or_default();
        let drafts =
            [("draft-04", 4), ("draft-06", 6), ("draft-07", 7), ("2019-09", 2019), ("2020-12", 2020)];
        let draft =
            drafts.into_iter().find(|(name, _)| named.contains(name)).map_or(2020, |(_, draft)| draft);
        Checker {
            root,
            draft,
            given,
            lists: Cell::new(0),
            steps: Cell::new(0),
            unknown: RefCell::default(),
            regexes: RefCell::default(),
        }
    }

    /// Whether a value may get more members before the chart sees it.
    fn may_grow(&self, value: &Value) -> bool {
        self.given && self.lists.get() == 0 && value.is_object()
    }

    fn unknown(&self, what: &str) {
        self.unknown.borrow_mut().insert(format!("values.schema.json: {what} is not checked"));
    }

    fn check(
        &self,
        schema: &'s Value,
        value: &Value,
        path: &mut Vec<String>,
        open: Open<'_>,
    ) -> Option<Failure> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS {
            return None;
        }
        let keywords = match schema {
            Value::Bool(true) => return None,
            Value::Bool(false) => return Some(fault(path, "false schema")),
            Value::Object(keywords) => keywords,
            _ => return None,
        };
        let here: *const Value = schema;
        if open.contains(&here) || open.len() + path.len() > MAX_DEPTH {
            return Some(fault(path, "the schema refers to itself without end"));
        }
        let open = [open, &[here]].concat();
        let reference = keywords.get("$ref").and_then(Value::as_str);
        if let Some(reference) = reference.filter(|_| self.draft < 2019) {
            return self.reference(reference, value, path, &open);
        }
        if let Some(failure) = self.decisive(keywords, value, path) {
            return Some(failure);
        }
        let mut failures = Vec::new();
        failures.extend(reference.and_then(|reference| self.reference(reference, value, path, &open)));
        match value {
            Value::Object(fields) => self.object(keywords, fields, value, path, &open, &mut failures),
            Value::Array(elements) => self.array(keywords, elements, path, &mut failures),
            Value::String(text) => self.text(keywords, text, path, &mut failures),
            Value::Number(number) => {
                self.number(keywords, number.as_f64().unwrap_or_default(), path, &mut failures);
            }
            Value::Null | Value::Bool(_) => {}
        }
        self.choices(keywords, value, path, &open, &mut failures);
        for keyword in ["$dynamicRef", "$recursiveRef", "unevaluatedProperties", "unevaluatedItems", "format"]
        {
            if keywords.contains_key(keyword) {
                self.unknown(keyword);
            }
        }
        match failures.len() {
            0 | 1 => failures.pop(),
            _ => Some(group(path, Kind::Group, failures)),
        }
    }

    /// What makes all other keywords idle when it fails: `type`, `const`, `enum`.
    fn decisive(&self, keywords: &Map<String, Value>, value: &Value, path: &[String]) -> Option<Failure> {
        let wanted: Vec<&str> = match keywords.get("type") {
            Some(Value::String(wanted)) => vec![wanted],
            Some(Value::Array(wanted)) => wanted.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !wanted.is_empty() && !wanted.iter().any(|wanted| is_of_type(value, wanted)) {
            let mut wanted = wanted;
            wanted.sort_by_key(|wanted| TYPES.iter().position(|known| known == wanted));
            wanted.dedup();
            return Some(fault(path, format!("got {}, want {}", type_name(value), wanted.join(" or "))));
        }
        if self.may_grow(value) {
            return None;
        }
        if let Some(wanted) = keywords.get("const").filter(|wanted| !equal(value, wanted)) {
            let words = match wanted {
                Value::Array(_) | Value::Object(_) => "'const' failed".to_owned(),
                wanted => format!("value must be {}", display(wanted)),
            };
            return Some(fault(path, words));
        }
        if let Some(Value::Array(wanted)) = keywords.get("enum")
            && !wanted.iter().any(|wanted| equal(value, wanted))
        {
            let words = match wanted.as_slice() {
                wanted if wanted.iter().any(|wanted| wanted.is_array() || wanted.is_object()) => {
                    "'enum' failed".to_owned()
                }
                [wanted] => format!("value must be {}", display(wanted)),
                wanted => {
                    let wanted: Vec<String> = wanted.iter().map(display).collect();
                    format!("value must be one of {}", wanted.join(", "))
                }
            };
            return Some(fault(path, words));
        }
        None
    }

    fn reference(
        &self,
        reference: &str,
        value: &Value,
        path: &mut Vec<String>,
        open: Open<'_>,
    ) -> Option<Failure> {
        let Some(target) = self.resolve(reference) else {
            self.unknown(&format!("$ref to {reference}"));
            return None;
        };
        let failure = self.check(target, value, path, open)?;
        let causes = if failure.kind == Kind::Group { failure.causes } else { vec![failure] };
        Some(group(path, Kind::Reference, causes))
    }

    /// The schema that a reference within this one means.
    fn resolve(&self, reference: &str) -> Option<&'s Value> {
        let fragment = reference.strip_prefix('#').or_else(|| {
            let id = self.root.get("$id").or_else(|| self.root.get("id")).and_then(Value::as_str)?;
            let rest = reference.strip_prefix(id.trim_end_matches('#'))?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix('#') }
        })?;
        match fragment {
            "" => Some(self.root),
            pointer if pointer.starts_with('/') => {
                let plain = percent_decoded(pointer);
                self.root.pointer(&plain).or_else(|| self.root.pointer(pointer))
            }
            anchor => find_anchor(self.root, anchor, 0),
        }
    }

    fn object(
        &self,
        keywords: &'s Map<String, Value>,
        fields: &Map<String, Value>,
        value: &Value,
        path: &mut Vec<String>,
        open: Open<'_>,
        failures: &mut Vec<Failure>,
    ) {
        let grows = self.may_grow(value);
        let least = if grows { "" } else { "minProperties" };
        self.count(keywords, [least, "maxProperties"], fields.len(), path, failures);
        let missing = |names: &Value| -> Vec<String> {
            let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
            names.filter(|name| !fields.contains_key(*name)).map(quote).collect()
        };
        if let Some(required) = keywords.get("required").filter(|_| !grows) {
            let missing = missing(required);
            match missing.as_slice() {
                [] => {}
                [one] => failures.push(fault(path, format!("missing property {one}"))),
                more => failures.push(fault(path, format!("missing properties {}", more.join(", ")))),
            }
        }
        for keyword in ["dependencies", "dependentSchemas", "dependentRequired"] {
            let Some(Value::Object(dependencies)) = keywords.get(keyword) else { continue };
            for (name, dependency) in dependencies.iter().filter(|(name, _)| fields.contains_key(*name)) {
                if dependency.is_array() {
                    let missing = missing(dependency);
                    if !missing.is_empty() && !grows {
                        let words =
                            format!("properties {} required, if {} exists", missing.join(", "), quote(name));
                        failures.push(fault(path, words));
                    }
                } else {
                    failures.extend(self.check(dependency, value, path, open));
                }
            }
        }
        self.properties(keywords, fields, path, failures);
        if let Some(names) = keywords.get("propertyNames") {
            for name in fields.keys() {
                if let Some(failure) = self.check(names, &name.as_str().into(), &mut Vec::new(), &[]) {
                    let causes = if failure.kind == Kind::Group { failure.causes } else { vec![failure] };
                    let words = format!("invalid propertyName {}", quote(name));
                    failures.push(Failure { causes, ..fault(path, words) });
                }
            }
        }
    }

    fn properties(
        &self,
        keywords: &'s Map<String, Value>,
        fields: &Map<String, Value>,
        path: &mut Vec<String>,
        failures: &mut Vec<Failure>,
    ) {
        let properties = keywords.get("properties").and_then(Value::as_object);
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        let additional = keywords.get("additionalProperties");
        let mut refused = Vec::new();
        for (name, field) in fields {
            let mut known = false;
            path.push(name.clone());
            if let Some(schema) = properties.and_then(|properties| properties.get(name)) {
                known = true;
                failures.extend(self.check(schema, field, path, &[]));
            }
            for (pattern, schema) in patterns.into_iter().flatten() {
                if self.matches(pattern, name) {
                    known = true;
                    failures.extend(self.check(schema, field, path, &[]));
                }
            }
            match additional {
                Some(Value::Bool(false)) if !known && self.given => {
                    failures.push(fault(path, "there is no such value"));
                }
                Some(Value::Bool(false)) if !known => refused.push(quote(name)),
                Some(schema) if !known => failures.extend(self.check(schema, field, path, &[])),
                _ => {}
            }
            path.pop();
        }
        if !refused.is_empty() {
            failures.push(fault(path, format!("additional properties {} not allowed", refused.join(", "))));
        }
    }

    fn array(
        &self,
        keywords: &'s Map<String, Value>,
        elements: &[Value],
        path: &mut Vec<String>,
        failures: &mut Vec<Failure>,
    ) {
        self.count(keywords, ["minItems", "maxItems"], elements.len(), path, failures);
        self.lists.set(self.lists.get() + 1);
        self.elements(keywords, elements, path, failures);
        self.lists.set(self.lists.get() - 1);
    }

    fn elements(
        &self,
        keywords: &'s Map<String, Value>,
        elements: &[Value],
        path: &mut Vec<String>,
        failures: &mut Vec<Failure>,
    ) {
        if keywords.get("uniqueItems") == Some(&Value::Bool(true)) {
            let pairs = (1..elements.len()).flat_map(|later| (0..later).map(move |earlier| (earlier, later)));
            let mut twice = pairs.filter(|(earlier, later)| equal(&elements[*earlier], &elements[*later]));
            if let Some((earlier, later)) = twice.next() {
                failures.push(fault(path, format!("items at {earlier} and {later} are equal")));
            }
        }
        let mut each = |schema: &'s Value, from: usize, to: usize, path: &mut Vec<String>| {
            for (at, element) in elements.iter().enumerate().take(to).skip(from) {
                path.push(at.to_string());
                failures.extend(self.check(schema, element, path, &[]));
                path.pop();
            }
        };
        let first = keywords.get("prefixItems").or_else(|| keywords.get("items")).and_then(Value::as_array);
        let first = first.map(Vec::as_slice).unwrap_or_default();
        for (at, schema) in first.iter().enumerate() {
            each(schema, at, at + 1, path);
        }
        let others = keywords.get("items").filter(|items| !items.is_array());
        if let Some(schema) = others {
            each(schema, first.len(), elements.len(), path);
        }
        match keywords.get("additionalItems").filter(|_| self.draft < 2020 && others.is_none()) {
            Some(Value::Bool(false)) if elements.len() > first.len() => {
                let count = elements.len() - first.len();
                failures.push(fault(path, format!("last {count} additionalItem(s) not allowed")));
            }
            Some(schema) => each(schema, first.len(), elements.len(), path),
            None => {}
        }
        if let Some(schema) = keywords.get("contains") {
            self.contains(keywords, schema, elements, path, failures);
        }
    }

    fn contains(
        &self,
        keywords: &Map<String, Value>,
        schema: &'s Value,
        elements: &[Value],
        path: &mut Vec<String>,
        failures: &mut Vec<Failure>,
    ) {
        let (mut matched, mut causes) = (Vec::new(), Vec::new());
        for (at, element) in elements.iter().enumerate() {
            path.push(at.to_string());
            match self.check(schema, element, path, &[]) {
                Some(failure) => causes.push(failure),
                None => matched.push(at.to_string()),
            }
            path.pop();
        }
        let bound = |keyword: &str| keywords.get(keyword).and_then(Value::as_u64);
        let places = format!("matched {} items at {}", matched.len(), matched.join(" "));
        let count = matched.len() as u64;
        match bound("minContains") {
            Some(least) if count < least => {
                let found = if matched.is_empty() { "none matched".to_owned() } else { places.clone() };
                let words = format!("min {least} items required to match contains schema, but {found}");
                failures.push(Failure { causes, ..fault(path, words) });
            }
            None if matched.is_empty() => {
                failures.push(Failure { causes, ..fault(path, "no items match contains schema") });
            }
            _ => {}
        }
        if let Some(most) = bound("maxContains").filter(|most| count > *most) {
            let words = format!("max {most} items required to match contains schema, but {places}");
            failures.push(fault(path, words));
        }
    }

    fn text(
        &self,
        keywords: &'s Map<String, Value>,
        text: &str,
        path: &[String],
        failures: &mut Vec<Failure>,
    ) {
        self.count(keywords, ["minLength", "maxLength"], text.chars().count(), path, failures);
        if let Some(Value::String(pattern)) = keywords.get("pattern")
            && !self.matches(pattern, text)
        {
            let what = if self.given { "it".to_owned() } else { quote(text) };
            failures.push(fault(path, format!("{what} does not match pattern {}", quote(pattern))));
        }
    }

    /// Whether a pattern is found in a text; one that is no pattern is left unchecked.
    fn matches(&self, pattern: &'s str, text: &str) -> bool {
        let mut regexes = self.regexes.borrow_mut();
        let regex = regexes.entry(pattern).or_insert_with(|| go_regex(pattern).ok());
        if regex.is_none() {
            self.unknown(&format!("pattern {pattern}"));
        }
        regex.as_ref().is_none_or(|regex| regex.is_match(text))
    }

    fn number(
        &self,
        keywords: &Map<String, Value>,
        value: f64,
        path: &[String],
        failures: &mut Vec<Failure>,
    ) {
        let bound = |keyword: &str| keywords.get(keyword).and_then(Value::as_f64);
        let excludes = |keyword: &str| keywords.get(keyword) == Some(&Value::Bool(true));
        let mut refuse = |keyword: &str, wanted: f64| {
            let got = if self.given { String::new() } else { format!("got {}, ", grouped(value)) };
            failures.push(fault(path, format!("{keyword}: {got}want {}", grouped(wanted))));
        };
        let lower = if excludes("exclusiveMinimum") { "exclusiveMinimum" } else { "minimum" };
        let upper = if excludes("exclusiveMaximum") { "exclusiveMaximum" } else { "maximum" };
        if let Some(minimum) = bound("minimum")
            && (value < minimum || (lower != "minimum" && value <= minimum))
        {
            refuse(lower, minimum);
        }
        if let Some(maximum) = bound("maximum")
            && (value > maximum || (upper != "maximum" && value >= maximum))
        {
            refuse(upper, maximum);
        }
        if let Some(minimum) = bound("exclusiveMinimum").filter(|minimum| value <= *minimum) {
            refuse("exclusiveMinimum", minimum);
        }
        if let Some(maximum) = bound("exclusiveMaximum").filter(|maximum| value >= *maximum) {
            refuse("exclusiveMaximum", maximum);
        }
        if let Some(step) = bound("multipleOf").filter(|step| *step != 0.0) {
            // 0.3 is three times 0.1, though not in binary.
            let times = value / step;
            if (times - times.round()).abs() > 1e-9 * times.abs().max(1.0) {
                refuse("multipleOf", step);
            }
        }
    }

    fn count(
        &self,
        keywords: &Map<String, Value>,
        [least, most]: [&str; 2],
        count: usize,
        path: &[String],
        failures: &mut Vec<Failure>,
    ) {
        let bound = |keyword: &str| keywords.get(keyword).and_then(Value::as_f64);
        #[expect(clippy::cast_precision_loss, reason = "no list is that long")]
        let got = count as f64;
        for (keyword, wanted) in [
            (least, bound(least).filter(|wanted| got < *wanted)),
            (most, bound(most).filter(|wanted| got > *wanted)),
        ] {
            if let Some(wanted) = wanted {
                let words = format!("{keyword}: got {}, want {}", grouped(got), grouped(wanted));
                failures.push(fault(path, words));
            }
        }
    }

    fn choices(
        &self,
        keywords: &'s Map<String, Value>,
        value: &Value,
        path: &mut Vec<String>,
        open: Open<'_>,
        failures: &mut Vec<Failure>,
    ) {
        let list =
            |keyword: &str| keywords.get(keyword).and_then(Value::as_array).filter(|list| !list.is_empty());
        let all = list("allOf").into_iter().flatten();
        if self.may_grow(value) {
            return failures.extend(all.filter_map(|schema| self.check(schema, value, path, open)));
        }
        if let Some(schema) = keywords.get("not")
            && self.check(schema, value, path, open).is_none()
        {
            failures.push(fault(path, "'not' failed"));
        }
        if let Some(schemas) = list("allOf") {
            let causes: Vec<Failure> =
                schemas.iter().filter_map(|schema| self.check(schema, value, path, open)).collect();
            if !causes.is_empty() {
                failures.push(Failure { causes, ..fault(path, "'allOf' failed") });
            }
        }
        for keyword in ["anyOf", "oneOf"] {
            let Some(schemas) = list(keyword) else { continue };
            let (mut matched, mut causes) = (Vec::new(), Vec::new());
            for (at, schema) in schemas.iter().enumerate() {
                match self.check(schema, value, path, open) {
                    Some(failure) => causes.push(failure),
                    None => matched.push(at),
                }
                if matched.len() == 2 || (keyword == "anyOf" && matched.len() == 1) {
                    break;
                }
            }
            match (keyword, matched.as_slice()) {
                ("anyOf", []) => failures.push(Failure { causes, ..fault(path, "'anyOf' failed") }),
                ("oneOf", []) => {
                    failures.push(Failure { causes, ..fault(path, "'oneOf' failed, none matched") });
                }
                ("oneOf", [first, second]) => {
                    failures
                        .push(fault(path, format!("'oneOf' failed, subschemas {first}, {second} matched")));
                }
                _ => {}
            }
        }
        if let Some(condition) = keywords.get("if") {
            let branch = if self.check(condition, value, path, open).is_none() { "then" } else { "else" };
            if let Some(schema) = keywords.get(branch) {
                failures.extend(self.check(schema, value, path, open));
            }
        }
    }
}

fn fault(path: &[String], words: impl Into<String>) -> Failure {
    let path = path.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect();
    Failure { path, words: words.into(), kind: Kind::Plain, causes: Vec::new() }
}

fn group(path: &[String], kind: Kind, causes: Vec<Failure>) -> Failure {
    Failure { kind, causes, ..fault(path, "validation failed") }
}

/// JSON Schema's types, in the order in which errors name them.
const TYPES: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_of_type(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Number(number) if wanted == "integer" => {
            number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        value => type_name(value) == wanted,
    }
}

/// Whether two values are the same, numbers by what they mean.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| equal(left, right)))
        }
        (left, right) => left == right,
    }
}

fn quote(text: &str) -> String {
    let quoted = go::quote::quote(text).replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{}'", quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default())
}

fn display(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => quote(text),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        value => value.to_string(),
    }
}

/// A number with commas between its thousands, as Go's English printer writes it.
fn grouped(number: f64) -> String {
    let text = go::number::format_float(number, go::number::Shape::Decimal, None);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, String::new()), |(whole, fraction)| (whole, format!(".{fraction}")));
    let mut grouped = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + &fraction
}

/// The schema that calls itself by that name.
fn find_anchor<'s>(schema: &'s Value, anchor: &str, depth: usize) -> Option<&'s Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    match schema {
        Value::Object(keywords) => {
            let named = keywords.get("$anchor").and_then(Value::as_str) == Some(anchor);
            let id = keywords.get("$id").or_else(|| keywords.get("id")).and_then(Value::as_str);
            if named || id.and_then(|id| id.strip_prefix('#')) == Some(anchor) {
                return Some(schema);
            }
            keywords.values().find_map(|inner| find_anchor(inner, anchor, depth + 1))
        }
        Value::Array(elements) => elements.iter().find_map(|inner| find_anchor(inner, anchor, depth + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(values: &Value) -> Vec<String> {
        let schema = json!({
            "required": ["image"],
            "minProperties": 3,
            "additionalProperties": false,
            "allOf": [{"properties": {"name": {"maxLength": 3}}}],
            "anyOf": [{"required": ["name"]}],
            "if": {"required": ["name"]}, "then": false,
            "properties": {
                "name": {"type": "string", "pattern": "^a"},
                "image": {"$ref": "#/$defs/image"},
                "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "ports": {"type": "array", "items": {"required": ["port"], "anyOf": [{"required": ["name"]}]}},
            },
            "$defs": {"image": {"type": "object", "required": ["tag"], "properties": {"tag": {"type": "string"}}}},
        });
        let found = check_given(schema.to_string().as_bytes(), values).unwrap();
        found.into_iter().map(|fault| format!("{}: {}", fault.path, fault.words)).collect()
    }

    #[test]
    fn given_values_are_not_asked_for_what_the_chart_may_have() {
        for values in
            [json!({}), json!({"name": "a"}), json!({"name": null, "other": null}), json!({"image": {}})]
        {
            assert_eq!(faults(&values), [""; 0], "{values}");
        }
    }

    #[test]
    fn given_values_are_refused_for_what_no_chart_can_mend_and_are_not_quoted() {
        for (values, said) in [
            (json!({"nam": 1}), &["/nam: there is no such value"] as &[_]),
            (
                json!({"name": "secret"}),
                &["/name: it does not match pattern '^a'", "/name: maxLength: got 6, want 3"],
            ),
            (json!({"image": {"tag": 1}}), &["/image/tag: got number, want string"]),
            (json!({"image": "a"}), &["/image: got string, want object"]),
            (json!({"size": "a"}), &["/size: 'anyOf' failed"]),
            (json!({"ports": [{}]}), &["/ports/0: missing property 'port'", "/ports/0: 'anyOf' failed"]),
        ] {
            assert_eq!(faults(&values), said, "{values}");
        }
    }
}
