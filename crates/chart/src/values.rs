//! The values that a user gives to a chart: values files and `--set`, in Helm's order of precedence.

use serde_json::{Map, Number, Value};

use crate::load::FileError;
use crate::metadata::mismatch;
use crate::set::{self, SetError};

/// What a user sets, merged from several layers; later ones win.
///
/// Numbers keep the type that templates can see: those of files are `float64`, as Go reads YAML and JSON, and those of
/// `--set` are `int64`.
///
/// ```
/// use chart::values::Values;
///
/// let mut values = Values::new();
/// values.add_yaml("image: {tag: a}\nreplicas: 2").unwrap();
/// values.set("image.tag=b").unwrap();
/// assert_eq!(serde_json::to_string(&values.to_json()).unwrap(), r#"{"image":{"tag":"b"},"replicas":2}"#);
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Values(Map<String, Value>);

impl Values {
    /// No values.
    pub fn new() -> Values {
        Values::default()
    }

    /// The values of a JSON object, as a release's record holds them: its numbers are `float64`.
    pub fn from_json(fields: &Map<String, Value>) -> Values {
        Values(fields.iter().map(|(key, value)| (key.clone(), floats(value))).collect())
    }

    /// The values as Go writes them to JSON: whole numbers without a point.
    pub fn to_json(&self) -> Map<String, Value> {
        self.0.iter().map(|(key, value)| (key.clone(), whole(value))).collect()
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the text of a values file (`-f`), which may hold several documents. Maps are merged, everything else is replaced.
    ///
    /// # Errors
    ///
    /// The text is not YAML, or not a map.
    pub fn add_yaml(&mut self, text: &str) -> Result<(), FileError> {
        self.add(&documents(text)?);
        Ok(())
    }

    /// Adds a JSON object as if it were a values file.
    pub fn add(&mut self, fields: &Map<String, Value>) {
        merge(&mut self.0, Values::from_json(fields).0);
    }

    /// Adds `--set`: `a.b=1,c[0]=x,d={x,y}`; numbers, booleans and `null` are recognized.
    ///
    /// # Errors
    ///
    /// The text is not of that form.
    pub fn set(&mut self, assignments: &str) -> Result<(), SetError> {
        set::parse(assignments, &mut self.0, &mut |text| Ok(set::typed(text)))
    }

    /// Adds `--set-string`: every value is text.
    ///
    /// # Errors
    ///
    /// The text is not of that form.
    pub fn set_string(&mut self, assignments: &str) -> Result<(), SetError> {
        set::parse(assignments, &mut self.0, &mut |text| Ok(text.into()))
    }

    /// Adds `--set-file`: every value names a file, which `read` reads.
    ///
    /// # Errors
    ///
    /// The text is not of that form, or `read` failed; then with its words.
    pub fn set_file(
        &mut self,
        assignments: &str,
        mut read: impl FnMut(&str) -> Result<String, String>,
    ) -> Result<(), SetError> {
        set::parse(assignments, &mut self.0, &mut |text| read(text).map(Value::String))
    }

    /// Adds `--set-json`: a JSON object, or `a.b=[1, 2],c="x"` with values in JSON.
    ///
    /// # Errors
    ///
    /// The text is not of either form.
    pub fn set_json(&mut self, assignments: &str) -> Result<(), SetError> {
        if assignments.trim_start().starts_with('{') {
            let fields = serde_json::from_str::<Map<String, Value>>(assignments.trim())
                .map_err(|error| SetError::Json(error.to_string()))?;
            self.add(&fields);
            return Ok(());
        }
        set::parse_json(assignments, &mut self.0)
    }

    /// Adds `--set-literal`: one assignment, whose value is the rest of the text as it stands.
    ///
    /// # Errors
    ///
    /// The text is not of that form.
    pub fn set_literal(&mut self, assignment: &str) -> Result<(), SetError> {
        set::parse_literal(assignment, &mut self.0)
    }

    /// The values with the types that templates see.
    pub(crate) fn typed(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// Number of keys only: values hold secrets.
impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Values({} keys)", self.0.len())
    }
}

/// The maps that a YAML text holds, merged.
pub(crate) fn documents(text: &str) -> Result<Map<String, Value>, FileError> {
    let mut values = Map::new();
    for document in yaml::documents(text).map_err(FileError::Yaml)? {
        match document.value {
            Value::Null => {}
            Value::Object(fields) => merge(&mut values, fields),
            other => {
                let words = mismatch(&other, "value of type map[string]interface {}");
                return Err(FileError::Shape(format!("cannot unmarshal yaml document: {words}")));
            }
        }
    }
    Ok(values)
}

/// Helm's `MergeMaps`: maps are merged, everything else is replaced, by null too.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(existing)), Value::Object(fields)) => merge(existing, fields),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Numbers as Go's decoder reads them without being told a type.
pub(crate) fn floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => float(number),
        Value::Array(elements) => elements.iter().map(floats).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), floats(value))).collect())
        }
        value => value.clone(),
    }
}

fn float(number: &Number) -> Value {
    number.as_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

fn whole(value: &Value) -> Value {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    match value {
        Value::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "whole and within 64 bits")]
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < LIMIT => {
                (float as i64).into()
            }
            _ => value.clone(),
        },
        Value::Array(elements) => elements.iter().map(whole).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), whole(value))).collect())
        }
        value => value.clone(),
    }
}
