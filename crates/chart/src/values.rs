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
        self.0.iter().map(|(key, value)| (key.clone(), as_go_writes(value))).collect()
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

/// A value as Go writes it to JSON: a whole float without a point, in the fewest digits that tell it from its neighbours, so
/// 2^60 as 1152921504606847000. What is an integer already stays as it is. Beyond 64 bits a float stays one.
pub fn as_go_writes(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::Number(whole(number)),
        Value::Array(elements) => elements.iter().map(as_go_writes).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), as_go_writes(value))).collect())
        }
        value => value.clone(),
    }
}

fn whole(number: &Number) -> Number {
    let float = number.as_f64().filter(|float| float.fract() == 0.0);
    let digits = float.map(|float| float.to_string()).unwrap_or_default();
    let signed = digits.parse::<i64>().ok().map(Number::from);
    signed.or_else(|| digits.parse::<u64>().ok().map(Number::from)).unwrap_or_else(|| number.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_floats_are_written_with_the_digits_that_go_writes() {
        let floats = floats(&json!([
            1,
            1.5,
            -3.0,
            9_007_199_254_740_993_i64,
            12_345_678_901_234_567_i64,
            -12_345_678_901_234_567_i64,
            1_152_921_504_606_846_976_i64,
            i64::MAX,
            10_000_000_000_000_000_000_u64
        ]));
        assert_eq!(
            as_go_writes(&floats).to_string(),
            "[1,1.5,-3,9007199254740992,12345678901234568,-12345678901234568,1152921504606847000,9223372036854776000,10000000000000000000]"
        );
        assert_eq!(as_go_writes(&json!(1e21)).to_string(), "1e+21");
    }

    #[test]
    fn an_integer_that_was_set_keeps_all_its_digits() {
        let mut values = Values::new();
        values.set("id=12345678901234567").unwrap();
        assert_eq!(values.to_json()["id"], json!(12_345_678_901_234_567_i64));
    }
}
