//! Lists. None is changed: every function answers with a new one.

use gotemplate::value::Value;

use super::arguments::elements;
use super::cast::to_i64;
use super::flow::is_empty;
use super::strings::texts;
use super::{Answer, AtLeast, Entry, Exactly, Invocation, deep_equal, within_limit};
use gotemplate::print::print;

pub(super) const TABLE: &[Entry] = &[
    ("list", AtLeast(0), |call| Ok(Value::list(call.arguments.iter().cloned()))),
    ("tuple", AtLeast(0), |call| Ok(Value::list(call.arguments.iter().cloned()))),
    ("append", Exactly(2), append),
    ("mustAppend", Exactly(2), append),
    ("push", Exactly(2), append),
    ("mustPush", Exactly(2), append),
    ("prepend", Exactly(2), prepend),
    ("mustPrepend", Exactly(2), prepend),
    ("first", Exactly(1), first),
    ("mustFirst", Exactly(1), first),
    ("last", Exactly(1), last),
    ("mustLast", Exactly(1), last),
    ("rest", Exactly(1), rest),
    ("mustRest", Exactly(1), rest),
    ("initial", Exactly(1), initial),
    ("mustInitial", Exactly(1), initial),
    ("reverse", Exactly(1), reverse),
    ("mustReverse", Exactly(1), reverse),
    ("uniq", Exactly(1), uniq),
    ("mustUniq", Exactly(1), uniq),
    ("without", AtLeast(1), without),
    ("mustWithout", AtLeast(1), without),
    ("has", Exactly(2), has),
    ("mustHas", Exactly(2), has),
    ("compact", Exactly(1), compact),
    ("mustCompact", Exactly(1), compact),
    ("slice", AtLeast(1), slice),
    ("mustSlice", AtLeast(1), slice),
    ("chunk", Exactly(2), chunk),
    ("mustChunk", Exactly(2), chunk),
    ("concat", AtLeast(0), concat),
    ("sortAlpha", Exactly(1), sort_alpha),
];

fn append(call: &mut Invocation<'_>) -> Answer {
    let mut list = call.list(0, "Cannot push on type")?;
    list.push(call.any(1).clone());
    Ok(Value::list(list))
}

fn prepend(call: &mut Invocation<'_>) -> Answer {
    let list = call.list(0, "Cannot prepend on type")?;
    Ok(Value::list([call.any(1).clone()].into_iter().chain(list)))
}

fn first(call: &mut Invocation<'_>) -> Answer {
    Ok(call.list(0, "Cannot find first on type")?.into_iter().next().unwrap_or_default())
}

fn last(call: &mut Invocation<'_>) -> Answer {
    Ok(call.list(0, "Cannot find last on type")?.pop().unwrap_or_default())
}

fn rest(call: &mut Invocation<'_>) -> Answer {
    Ok(Value::list(call.list(0, "Cannot find rest on type")?.into_iter().skip(1)))
}

fn initial(call: &mut Invocation<'_>) -> Answer {
    let mut list = call.list(0, "Cannot find initial on type")?;
    list.pop();
    Ok(Value::list(list))
}

fn reverse(call: &mut Invocation<'_>) -> Answer {
    Ok(Value::list(call.list(0, "Cannot find reverse on type")?.into_iter().rev()))
}

fn uniq(call: &mut Invocation<'_>) -> Answer {
    let mut kept: Vec<Value> = Vec::new();
    for value in call.list(0, "Cannot find uniq on type")? {
        if !kept.iter().any(|other| deep_equal(other, &value)) {
            kept.push(value);
        }
    }
    Ok(Value::list(kept))
}

fn without(call: &mut Invocation<'_>) -> Answer {
    let list = call.list(0, "Cannot find without on type")?;
    Ok(Value::list(
        list.into_iter().filter(|value| !call.rest(1).iter().any(|other| deep_equal(other, value))),
    ))
}

fn has(call: &mut Invocation<'_>) -> Answer {
    if matches!(call.any(1), Value::Nil) {
        return Ok(false.into());
    }
    let list = call.list(1, "Cannot find has on type")?;
    Ok(list.iter().any(|value| deep_equal(value, call.any(0))).into())
}

fn compact(call: &mut Invocation<'_>) -> Answer {
    Ok(Value::list(call.list(0, "Cannot compact on type")?.into_iter().filter(|value| !is_empty(value))))
}

fn slice(call: &mut Invocation<'_>) -> Answer {
    let list = call.list(0, "list should be type of slice or array but")?;
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let index = |at: usize, default: usize| match call.arguments.get(at) {
        None => Ok(default),
        Some(value) => usize::try_from(to_i64(value)),
    };
    let range = index(1, 0).ok().zip(index(2, list.len()).ok());
    let part = range.and_then(|(start, end)| list.get(start..end));
    part.map(|part| Value::list(part.to_vec()))
        .ok_or_else(|| "reflect.Value.Slice: slice index out of bounds".into())
}

fn chunk(call: &mut Invocation<'_>) -> Answer {
    let size = usize::try_from(call.int(0)?)
        .ok()
        .filter(|size| *size > 0)
        .ok_or("runtime error: makeslice: len out of range")?;
    let list = call.list(1, "Cannot chunk type")?;
    Ok(Value::list(list.chunks(size).map(|chunk| Value::list(chunk.to_vec()))))
}

fn concat(call: &mut Invocation<'_>) -> Answer {
    let mut joined = Vec::new();
    for list in call.arguments {
        match list {
            Value::Nil => return Err(super::arguments::NIL_POINTER.into()),
            list => {
                let list =
                    elements(list).ok_or_else(|| format!("Cannot concat type {} as list", list.kind()))?;
                joined.extend(list);
            }
        }
        within_limit(joined.len().checked_mul(16))?;
    }
    Ok(Value::list(joined))
}

fn sort_alpha(call: &mut Invocation<'_>) -> Answer {
    let mut list = match elements(call.any(0)) {
        Some(_) => texts(call.any(0)),
        None => vec![print(call.any(0))],
    };
    list.sort_unstable();
    Ok(Value::list(list.into_iter().map(Value::from)))
}
