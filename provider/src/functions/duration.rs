//! `duration`: a duration of Flux in seconds.

use async_trait::async_trait;
use flux::duration::Duration;
use tfplugin::{
    function::{Function, FunctionError, Parameter, Signature},
    provider::Call,
    value::{Number, Type, Value},
};

use super::text;
use crate::explain;

/// `provider::fluxgate::duration(text)`.
#[derive(Debug)]
pub struct DurationFunction;

#[async_trait]
impl Function for DurationFunction {
    fn name(&self) -> &str {
        "duration"
    }

    fn signature(&self) -> Signature {
        let text =
            Parameter::new("duration", Type::String, "Numbers with the units `ms`, `s`, `m`, `h`: `1h30m`.");
        Signature::new(vec![text], Type::Number).describe(
            "The seconds of a duration of Flux",
            "Reads a duration as Flux's API does, and returns its length in seconds, with a fraction where there is one. What the API would refuse, such as `1d`, is an error that says what to write.",
        )
    }

    async fn call(&self, _call: &Call, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        seconds(text(&arguments, 0)?).map(Value::Number)
    }
}

/// The seconds as a decimal number: a binary fraction could not hold a tenth.
fn seconds(text: &str) -> Result<Number, FunctionError> {
    let refused = |words: String| FunctionError::argument(0, words);
    let duration = Duration::parse(text)
        .map_err(|error| refused(format!("{}: {}.", explain::sentence(&error), error.remedy())))?;
    let nanoseconds = duration.nanoseconds();
    let decimal = format!("{}.{:09}", nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    decimal.parse().map_err(|_| refused("The duration is no number of seconds.".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_to_the_last_digit() {
        for (text, wanted) in
            [("1h30m", "5400"), ("0s", "0"), ("300ms", "0.3"), ("1.5h", "5400"), ("1m1ms", "60.001")]
        {
            assert_eq!(seconds(text).unwrap().to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn what_flux_refuses_is_refused_with_what_to_write() {
        let error = seconds("1d").unwrap_err();
        assert_eq!(error.argument, Some(0));
        assert!(error.text.contains("24h"), "{}", error.text);
        assert!(seconds("").is_err() && seconds("5").is_err());
    }
}
