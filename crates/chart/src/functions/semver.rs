//! Versions and ranges.

use std::rc::Rc;

use gotemplate::value::{Object, Value};

use super::{Answer, Entry, Exactly, Invocation};
use crate::semver::{Constraint, Version};

pub(super) const TABLE: &[Entry] = &[("semver", Exactly(1), version), ("semverCompare", Exactly(2), compare)];

fn version(call: &mut Invocation<'_>) -> Answer {
    let version = Version::parse(call.text(0)?).map_err(|error| error.to_string())?;
    Ok(Value::Object(Rc::new(VersionObject { text: version.to_string(), version })))
}

fn compare(call: &mut Invocation<'_>) -> Answer {
    let (range, version) = (call.text(0)?, call.text(1)?);
    let range = Constraint::parse(range).map_err(|error| error.to_string())?;
    let version = Version::parse(version).map_err(|error| error.to_string())?;
    Ok(range.matches(&version).into())
}

/// `*semver.Version`.
struct VersionObject {
    version: Version,
    text: String,
}

impl Object for VersionObject {
    fn type_name(&self) -> &str {
        "*semver.Version"
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        let number = |number: u64| Value::Int64(i64::try_from(number).unwrap_or(i64::MAX));
        let other = || match arguments {
            [Value::Object(object)] => Version::parse(&object.print()).map_err(|error| error.to_string()),
            _ => Err(format!("{name} takes another version")),
        };
        let with =
            |answer: fn(std::cmp::Ordering) -> Value| other().map(|other| answer(self.version.cmp(&other)));
        Some(match name {
            "Major" => Ok(number(self.version.major)),
            "Minor" => Ok(number(self.version.minor)),
            "Patch" => Ok(number(self.version.patch)),
            "Prerelease" => Ok(self.version.pre.as_str().into()),
            "Metadata" => Ok(self.version.metadata.as_str().into()),
            "Original" => Ok(self.version.original().into()),
            "String" => Ok(self.text.as_str().into()),
            "Compare" => with(|order| Value::Int(order as i64)),
            "Equal" => with(|order| order.is_eq().into()),
            "GreaterThan" => with(|order| order.is_gt().into()),
            "GreaterThanEqual" => with(|order| order.is_ge().into()),
            "LessThan" => with(|order| order.is_lt().into()),
            "LessThanEqual" => with(|order| order.is_le().into()),
            _ => return None,
        })
    }

    fn print(&self) -> String {
        self.text.clone()
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        Some(self.text.as_str().into())
    }
}
