//! Arithmetic: whole numbers are `int64`, the functions that end in `f` reckon in `float64`.

use gotemplate::function::CallError;
use gotemplate::value::Value;

use super::cast::{to_f64, to_i64};
use super::{Answer, AtLeast, Entry, Exactly, Invocation, within_limit};

pub(super) const TABLE: &[Entry] = &[
    ("atoi", Exactly(1), atoi),
    ("int", Exactly(1), |call| Ok(Value::Int(to_i64(call.any(0))))),
    ("int64", Exactly(1), |call| Ok(Value::Int64(to_i64(call.any(0))))),
    ("float64", Exactly(1), |call| Ok(Value::Float(to_f64(call.any(0))))),
    ("add", AtLeast(0), |call| Ok(fold(call, 0, i64::wrapping_add))),
    ("add1", Exactly(1), |call| Ok(Value::Int64(to_i64(call.any(0)).wrapping_add(1)))),
    ("sub", Exactly(2), |call| Ok(Value::Int64(to_i64(call.any(0)).wrapping_sub(to_i64(call.any(1)))))),
    ("mul", AtLeast(1), |call| Ok(fold(call, 1, i64::wrapping_mul))),
    ("div", Exactly(2), |call| divide(call, i64::wrapping_div)),
    ("mod", Exactly(2), |call| divide(call, i64::wrapping_rem)),
    ("max", AtLeast(1), |call| Ok(fold(call, i64::MIN, i64::max))),
    ("biggest", AtLeast(1), |call| Ok(fold(call, i64::MIN, i64::max))),
    ("min", AtLeast(1), |call| Ok(fold(call, i64::MAX, i64::min))),
    ("add1f", Exactly(1), |call| Ok(Value::Float(to_f64(call.any(0)) + 1.0))),
    ("addf", AtLeast(0), |call| Ok(fold_float(call, |left, right| left + right))),
    ("subf", AtLeast(1), |call| Ok(fold_float(call, |left, right| left - right))),
    ("mulf", AtLeast(1), |call| Ok(fold_float(call, |left, right| left * right))),
    ("divf", AtLeast(1), divide_float),
    ("maxf", AtLeast(1), |call| Ok(fold_float(call, f64::max))),
    ("minf", AtLeast(1), |call| Ok(fold_float(call, f64::min))),
    ("floor", Exactly(1), |call| Ok(Value::Float(to_f64(call.any(0)).floor()))),
    ("ceil", Exactly(1), |call| Ok(Value::Float(to_f64(call.any(0)).ceil()))),
    ("round", AtLeast(2), round),
    ("until", Exactly(1), until),
    ("untilStep", Exactly(3), |call| Ok(ints(&steps(call.int(0)?, call.int(1)?, call.int(2)?)?))),
    ("seq", AtLeast(0), seq),
];

fn atoi(call: &mut Invocation<'_>) -> Answer {
    let text = call.text(0)?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    Ok(Value::Int(if plain { text.parse().unwrap_or(0) } else { 0 }))
}

fn fold(call: &Invocation<'_>, start: i64, operation: fn(i64, i64) -> i64) -> Value {
    Value::Int64(call.arguments.iter().map(to_i64).fold(start, operation))
}

fn divide(call: &Invocation<'_>, operation: fn(i64, i64) -> i64) -> Answer {
    match to_i64(call.any(1)) {
        0 => Err("runtime error: integer divide by zero".into()),
        divisor => Ok(Value::Int64(operation(to_i64(call.any(0)), divisor))),
    }
}

/// Sprig reckons in decimals here, so that 0.1 and 0.2 are 0.3: rounding to fifteen digits gives the same for all but the longest.
fn fold_float(call: &Invocation<'_>, operation: fn(f64, f64) -> f64) -> Value {
    let result = call.arguments.iter().map(to_f64).reduce(operation).unwrap_or(0.0);
    Value::Float(tidy(result))
}

fn divide_float(call: &mut Invocation<'_>) -> Answer {
    if call.rest(1).iter().any(|divisor| to_f64(divisor) == 0.0) {
        return Err("decimal division by 0".into());
    }
    let result = call.arguments.iter().map(to_f64).reduce(|left, right| left / right).unwrap_or(0.0);
    // Decimals are divided to sixteen places.
    Ok(Value::Float(format!("{result:.16}").parse().unwrap_or(result) + 0.0))
}

fn tidy(value: f64) -> f64 {
    // Decimals know no negative zero.
    format!("{value:.14e}").parse().unwrap_or(value) + 0.0
}

fn round(call: &mut Invocation<'_>) -> Answer {
    let places = i32::try_from(call.int(1)?).unwrap_or(i32::MAX);
    let half = match call.rest(2) {
        [] => 0.5,
        [Value::Float(half), ..] => *half,
        _ => return Err(CallError::Argument(2, "float64")),
    };
    let power = 10f64.powi(places);
    let moved = power * to_f64(call.any(0));
    let rounded = if moved.fract() >= half { moved.ceil() } else { moved.floor() };
    Ok(Value::Float(rounded / power))
}

fn until(call: &mut Invocation<'_>) -> Answer {
    let count = call.int(0)?;
    Ok(ints(&steps(0, count, if count < 0 { -1 } else { 1 })?))
}

fn ints(numbers: &[i64]) -> Value {
    Value::list(numbers.iter().copied().map(Value::Int))
}

/// The numbers from `start` to before `stop`.
fn steps(start: i64, stop: i64, step: i64) -> Result<Vec<i64>, CallError> {
    let (start, stop, step) = (i128::from(start), i128::from(stop), i128::from(step));
    if step == 0 || (stop < start) != (step < 0) {
        return Ok(Vec::new());
    }
    let count = (stop - start).unsigned_abs().div_ceil(step.unsigned_abs());
    within_limit(usize::try_from(count).ok().and_then(|count| count.checked_mul(16)))?;
    let mut numbers = Vec::new();
    let mut next = start;
    while (step > 0 && next < stop) || (step < 0 && next > stop) {
        numbers.extend(i64::try_from(next));
        next += step;
    }
    Ok(numbers)
}

fn seq(call: &mut Invocation<'_>) -> Answer {
    let numbers = (0..call.arguments.len()).map(|at| call.int(at)).collect::<Result<Vec<_>, _>>()?;
    let towards = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let numbers = match numbers.as_slice() {
        [end] => steps(1, end.saturating_add(towards(1, *end)), towards(1, *end))?,
        [start, end] => steps(*start, end.saturating_add(towards(*start, *end)), towards(*start, *end))?,
        [start, step, end] if *end < *start && *step > 0 => steps(*start, *start, 1)?,
        [start, step, end] => steps(*start, end.saturating_add(towards(*start, *end)), *step)?,
        _ => Vec::new(),
    };
    Ok(numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(" ").into())
}
