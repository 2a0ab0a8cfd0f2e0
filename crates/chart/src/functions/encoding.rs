//! Base 64 and base 32.

use base64::Engine;
use base64::alphabet::STANDARD as STANDARD_ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::{Answer, Entry, Exactly, Invocation, text_of_bytes};

pub(super) const TABLE: &[Entry] = &[
    ("b64enc", Exactly(1), |call| Ok(STANDARD.encode(call.text(0)?).into())),
    ("b64dec", Exactly(1), base64_decode),
    ("b32enc", Exactly(1), |call| Ok(base32_encode(call.text(0)?.as_bytes()).into())),
    ("b32dec", Exactly(1), base32_decode),
];

/// Go does not mind bits that are set after the last byte.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD_ALPHABET,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// What cannot be read is answered with the words of the error, as Sprig does.
fn base64_decode(call: &mut Invocation<'_>) -> Answer {
    let text: String = call.text(0)?.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    Ok(match LENIENT.decode(&text) {
        Ok(bytes) => text_of_bytes(&bytes),
        Err(error) => {
            let at = match error {
                base64::DecodeError::InvalidByte(at, _) => at,
                _ => text.len() / 4 * 4,
            };
            format!("illegal base64 data at input byte {at}").into()
        }
    })
}

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let bits =
            chunk.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte)) << (8 * (5 - chunk.len()));
        let letters = (chunk.len() * 8).div_ceil(5);
        for place in 0..8 {
            let index = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or_default();
            text.push(if place < letters { char::from(LETTERS[index]) } else { '=' });
        }
    }
    text
}

fn base32_decode(call: &mut Invocation<'_>) -> Answer {
    let text: String = call.text(0)?.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let letters = text.trim_end_matches('=');
    let (mut bits, mut held) = (0u32, 0u32);
    let mut bytes = Vec::new();
    for (at, letter) in letters.bytes().enumerate() {
        let Some(value) = LETTERS.iter().position(|known| *known == letter) else {
            return Ok(format!("illegal base32 data at input byte {at}").into());
        };
        bits = bits << 5 | u32::try_from(value).unwrap_or_default();
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
            bits &= (1 << held) - 1;
        }
    }
    if !text.len().is_multiple_of(8) {
        return Ok(format!("illegal base32 data at input byte {}", text.len()).into());
    }
    Ok(text_of_bytes(&bytes))
}
