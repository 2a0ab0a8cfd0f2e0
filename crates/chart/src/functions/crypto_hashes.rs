//! Checksums, in hexadecimal.

use sha2::{Digest, Sha256, Sha512};

use super::{Entry, Exactly};

pub(super) const TABLE: &[Entry] = &[
    ("sha1sum", Exactly(1), |call| Ok(hexadecimal(&sha1(call.text(0)?.as_bytes())).into())),
    ("sha256sum", Exactly(1), |call| Ok(hexadecimal(&Sha256::digest(call.text(0)?)).into())),
    ("sha512sum", Exactly(1), |call| Ok(hexadecimal(&Sha512::digest(call.text(0)?)).into())),
    ("adler32sum", Exactly(1), |call| Ok(adler32(call.text(0)?.as_bytes()).to_string().into())),
];

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-1 (FIPS 180-4): broken for signatures, but charts name things by it.
fn sha1(message: &[u8]) -> [u8; 20] {
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - message.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let length = (message.len() as u64).wrapping_mul(8).to_be_bytes();
    let end = padded.len();
    padded.splice(end - 8.., length);
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded.chunks_exact(64) {
        let mut words: Vec<u32> = block
            .chunks_exact(4)
            .map(|bytes| bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
            .collect();
        for at in 16..80 {
            words.push((words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (round, word) in words.into_iter().enumerate() {
            let (mixed, constant) = match round / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6u32),
            };
            let next = a
                .rotate_left(5)
                .wrapping_add(mixed)
                .wrapping_add(e)
                .wrapping_add(constant)
                .wrapping_add(word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (sum, word) in state.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(word);
        }
    }
    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        let sum = |text: &str| hexadecimal(&sha1(text.as_bytes()));
        assert_eq!(sum(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(sum("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(sum(&"a".repeat(56)), "c2db330f6083854c99d4b5bfb6e8f29f201be699");
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
