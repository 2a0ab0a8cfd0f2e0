//! Dates, in UTC: this engine knows no other time zone. What reads the clock is marked as touched.

use std::rc::Rc;

use go::duration::Duration;
use gotemplate::function::CallError;
use gotemplate::value::{Object, Value};

use super::{Answer, Entry, Exactly, Invocation};
use crate::moment::Moment;

pub(super) const TABLE: &[Entry] = &[
    ("now", Exactly(0), |call| Ok(moment(call.context.now()?))),
    ("date", Exactly(2), |call| Ok(at(call, 1)?.format(call.text(0)?).into())),
    ("dateInZone", Exactly(3), in_zone),
    ("date_in_zone", Exactly(3), in_zone),
    ("htmlDate", Exactly(1), |call| Ok(at(call, 0)?.format(HTML).into())),
    ("htmlDateInZone", Exactly(2), |call| {
        zone(call, 1)?;
        Ok(at(call, 0)?.format(HTML).into())
    }),
    ("unixEpoch", Exactly(1), |call| Ok(at(call, 0)?.seconds.to_string().into())),
    ("dateModify", Exactly(2), modify),
    ("date_modify", Exactly(2), modify),
    ("mustDateModify", Exactly(2), modify),
    ("must_date_modify", Exactly(2), modify),
    ("ago", Exactly(1), ago),
    ("duration", Exactly(1), duration),
    ("durationRound", Exactly(1), round),
];

const HTML: &str = "2006-01-02";

fn moment(moment: Moment) -> Value {
    Value::Object(Rc::new(Time(moment)))
}

/// The moment that an argument stands for: a time, seconds since 1970; anything else is now.
fn at(call: &Invocation<'_>, at: usize) -> Result<Moment, CallError> {
    match call.any(at) {
        Value::Int(seconds) | Value::Int64(seconds) => Ok(Moment { seconds: *seconds, nanoseconds: 0 }),
        Value::Object(object) => match object.call("UnixNano", &[]) {
            Some(Ok(Value::Int64(nanoseconds))) => Ok(Moment::from_nanoseconds(nanoseconds)),
            _ => call.context.now(),
        },
        _ => call.context.now(),
    }
}

fn in_zone(call: &mut Invocation<'_>) -> Answer {
    zone(call, 2)?;
    Ok(at(call, 1)?.format(call.text(0)?).into())
}

fn zone(call: &Invocation<'_>, at: usize) -> Result<(), CallError> {
    match call.text(at)? {
        "" | "UTC" | "Local" | "Etc/UTC" | "GMT" | "Etc/GMT" => Ok(()),
        zone => Err(format!("the time zone {zone} is not supported, only UTC").into()),
    }
}

fn modify(call: &mut Invocation<'_>) -> Answer {
    let change = Duration::parse(call.text(0)?).map_or(0, Duration::nanoseconds);
    let Value::Object(object) = call.any(1) else { return Err(CallError::Argument(1, "time.Time")) };
    match object.call("UnixNano", &[]) {
        Some(Ok(Value::Int64(nanoseconds))) => {
            Ok(moment(Moment::from_nanoseconds(nanoseconds.saturating_add(change))))
        }
        _ => Err(CallError::Argument(1, "time.Time")),
    }
}

fn ago(call: &mut Invocation<'_>) -> Answer {
    let passed = call.context.now()?.seconds.saturating_sub(at(call, 0)?.seconds);
    Ok(seconds(passed).into())
}

fn seconds(seconds: i64) -> String {
    Duration::from_nanoseconds(seconds.saturating_mul(1_000_000_000)).to_string()
}

fn duration(call: &mut Invocation<'_>) -> Answer {
    Ok(seconds(match call.any(0) {
        Value::Str(text) => text.parse().unwrap_or(0),
        Value::Int64(seconds) => *seconds,
        _ => 0,
    })
    .into())
}

fn round(call: &mut Invocation<'_>) -> Answer {
    let nanoseconds = match call.any(0) {
        Value::Str(text) => Duration::parse(text).map_or(0, Duration::nanoseconds),
        Value::Int64(nanoseconds) => *nanoseconds,
        Value::Object(_) => {
            let passed = call.context.now()?.seconds.saturating_sub(at(call, 0)?.seconds);
            passed.saturating_mul(1_000_000_000)
        }
        _ => 0,
    };
    const UNITS: [(u64, &str); 6] =
        [(365 * 86_400, "y"), (30 * 86_400, "mo"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let size = nanoseconds.unsigned_abs();
    let unit = UNITS.iter().find(|(seconds, _)| size > seconds * 1_000_000_000);
    Ok(unit
        .map_or("0s".to_owned(), |(seconds, unit)| format!("{}{unit}", size / (seconds * 1_000_000_000)))
        .into())
}

/// `time.Time`.
struct Time(Moment);

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        let date = self.0.date();
        let int = |value: i64| Ok(Value::Int(value));
        Some(match (name, arguments) {
            ("Format", [Value::Str(layout)]) => Ok(self.0.format(layout).into()),
            ("String", []) => Ok(self.print().into()),
            ("Unix", []) => Ok(Value::Int64(self.0.seconds)),
            ("UnixNano", []) => Ok(Value::Int64(
                self.0.seconds.wrapping_mul(1_000_000_000).wrapping_add(self.0.nanoseconds.into()),
            )),
            ("UTC" | "Local", []) => Ok(moment(self.0)),
            ("Year", []) => int(date.year),
            ("Month", []) => int(date.month.into()),
            ("Day", []) => int(date.day.into()),
            ("Hour", []) => int(date.hour.into()),
            ("Minute", []) => int(date.minute.into()),
            ("Second", []) => int(date.second.into()),
            ("YearDay", []) => int(date.year_day.into()),
            _ => return None,
        })
    }

    fn print(&self) -> String {
        self.0.format("2006-01-02 15:04:05.999999999 -0700 MST")
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        Some(self.0.format("2006-01-02T15:04:05.999999999Z07:00").into())
    }
}
