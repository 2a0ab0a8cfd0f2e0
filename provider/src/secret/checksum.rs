//! The checksum that shows that a Secret was changed outside.
//!
//! It is an HMAC (RFC 2104) over the data, with a random key that is made anew for each write. The checksum stands in an annotation in
//! the cluster, the key in the private data beside the state: who sees only one of them learns nothing, however short the secret is.

use sha2::{Digest, Sha256};

/// The annotation that holds the checksum.
pub const ANNOTATION: &str = "fluxgate/checksum";

/// Where the private data keeps the key, in hexadecimal.
pub const KEY: &str = "checksum_key";

/// A new key; `None` where the system gives no random bytes.
pub fn new_key() -> Option<String> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).ok()?;
    Some(hexadecimal(&key))
}

/// The checksum of data as the cluster holds it: keys in order, values in base64.
pub fn of(key: &str, secret_type: &str, data: &[(String, String)]) -> String {
    let mut message = Vec::new();
    let mut add = |text: &str| {
        // With its length before it, no text can pass for the end of one and the beginning of another.
        message.extend_from_slice(&text.len().to_be_bytes());
        message.extend_from_slice(text.as_bytes());
    };
    add(secret_type);
    for (name, value) in data {
        add(name);
        add(value);
    }
    format!("hmac-sha256:{}", hexadecimal(&hmac(key.as_bytes(), &message)))
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hmac_is_that_of_rfc_4231() {
        assert_eq!(
            hexadecimal(&hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hexadecimal(&hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn every_part_counts_and_two_writes_of_one_value_have_nothing_in_common() {
        let data = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let key = new_key().unwrap();
        let one = of(&key, "Opaque", &data("a", "bc"));
        assert_eq!(one, of(&key, "Opaque", &data("a", "bc")));
        for other in [
            of(&key, "Opaque", &data("ab", "c")),
            of(&key, "Opaque", &data("a", "bd")),
            of(&key, "kubernetes.io/tls", &data("a", "bc")),
            of(&key, "Opaque", &[]),
            of(&new_key().unwrap(), "Opaque", &data("a", "bc")),
        ] {
            assert_ne!(one, other);
        }
    }
}
