//! Randomness, from the source that the render was given. What draws from it is marked as touched.

use gotemplate::function::CallError;
use gotemplate::value::Value;

use super::{Answer, Entry, Exactly, Invocation, within_limit};

pub(super) const TABLE: &[Entry] = &[
    ("randAlphaNum", Exactly(1), |call| letters(call, |c| c.is_ascii_alphanumeric())),
    ("randAlpha", Exactly(1), |call| letters(call, |c| c.is_ascii_alphabetic())),
    ("randNumeric", Exactly(1), |call| letters(call, |c| c.is_ascii_digit())),
    ("randAscii", Exactly(1), |call| letters(call, |c| c.is_ascii_graphic() || c == ' ')),
    ("randBytes", Exactly(1), bytes),
    ("randInt", Exactly(2), int),
    ("shuffle", Exactly(1), shuffle),
    ("uuidv4", Exactly(0), uuid),
];

fn draw(call: &Invocation<'_>, count: usize) -> Result<Vec<u8>, CallError> {
    within_limit(Some(count))?;
    call.context.touch();
    let mut bytes = vec![0; count];
    call.context.fill(&mut bytes)?;
    Ok(bytes)
}

fn count(call: &Invocation<'_>) -> Result<usize, CallError> {
    Ok(usize::try_from(call.int(0)?).unwrap_or(0))
}

fn letters(call: &Invocation<'_>, allowed: fn(char) -> bool) -> Answer {
    let letters: Vec<char> = (0u8..128).map(char::from).filter(|c| allowed(*c)).collect();
    let count = count(call)?;
    let mut text = String::with_capacity(count);
    // Bytes beyond the last whole multiple would favour the first letters.
    let fair = 256 / letters.len() * letters.len();
    while text.len() < count {
        let drawn = draw(call, count - text.len())?.into_iter().map(usize::from).filter(|byte| *byte < fair);
        text.extend(drawn.filter_map(|byte| letters.get(byte % letters.len())));
    }
    Ok(text.into())
}

fn bytes(call: &mut Invocation<'_>) -> Answer {
    use base64::Engine;
    let count = count(call)?;
    Ok(base64::engine::general_purpose::STANDARD.encode(draw(call, count)?).into())
}

fn number(call: &Invocation<'_>) -> Result<u64, CallError> {
    Ok(draw(call, 8)?.into_iter().fold(0, |number, byte| number << 8 | u64::from(byte)))
}

fn int(call: &mut Invocation<'_>) -> Answer {
    let (min, max) = (call.int(0)?, call.int(1)?);
    let span = max.checked_sub(min).and_then(|span| u64::try_from(span).ok()).filter(|span| *span > 0);
    let span = span.ok_or("invalid argument to Intn")?;
    let offset = i64::try_from(number(call)? % span).unwrap_or_default();
    Ok(Value::Int(min.saturating_add(offset)))
}

fn shuffle(call: &mut Invocation<'_>) -> Answer {
    let mut characters: Vec<char> = call.text(0)?.chars().collect();
    for last in (1..characters.len()).rev() {
        let other = number(call)? % (last as u64 + 1);
        characters.swap(last, usize::try_from(other).unwrap_or_default());
    }
    Ok(characters.into_iter().collect::<String>().into())
}

fn uuid(call: &mut Invocation<'_>) -> Answer {
    let mut bytes = draw(call, 16)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hexadecimal.get(from..to).unwrap_or_default();
    Ok([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-").into())
}
