//! What values have to look like. A complaint is the end of a sentence that begins with the attribute, and never quotes the value.

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer, pem::PemObject},
    sign::CertifiedKey,
};
use serde_json::Value as Json;

type Checked = Result<(), &'static str>;

fn held(holds: bool, complaint: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(complaint) }
}

/// Nothing is wrong with it.
pub fn anything(_text: &str) -> Checked {
    Ok(())
}

/// It is not blank.
pub fn not_blank(text: &str) -> Checked {
    held(!text.trim().is_empty(), "is blank")
}

/// It is not blank, and has no line ends around it, which files and commands leave behind.
pub fn not_empty(text: &str) -> Checked {
    not_blank(text)?;
    held(
        !text.ends_with(['\n', '\r']),
        "ends with a line end, which servers take as part of it: use trimspace()",
    )
}

/// Certificates in PEM, at least one.
pub fn certificates(pem: &str) -> Checked {
    parsed_certificates(pem).map(|_| ())
}

fn parsed_certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    const NONE: &str = "holds no certificate in PEM (BEGIN CERTIFICATE)";
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| "is not whole PEM")?;
    if found.is_empty() { Err(NONE) } else { Ok(found) }
}

/// A private key in PEM, without a passphrase.
pub fn private_key(pem: &str) -> Checked {
    parsed_key(pem).map(|_| ())
}

fn parsed_key(pem: &str) -> Result<PrivateKeyDer<'static>, &'static str> {
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(
            "is encrypted with a passphrase, which nothing can give to Flux: store the key without one",
        );
    }
    PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "holds no private key in PEM (BEGIN PRIVATE KEY)")
}

/// The key belongs to the first certificate.
pub fn pair(certificate: &str, key: &str) -> Checked {
    let (Ok(chain), Ok(key)) = (parsed_certificates(certificate), parsed_key(key)) else { return Ok(()) };
    let Ok(key) = any_supported_type(&key) else { return Err("is of a sort of key that TLS does not know") };
    match CertifiedKey::new(chain, key).keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(()),
        Err(_) => Err("is not the key of the certificate"),
    }
}

/// A public key in PEM.
pub fn public_key(pem: &str) -> Checked {
    let found = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
    held(found.is_ok(), "holds no public key in PEM (BEGIN PUBLIC KEY)")
}

const SSH_KEYS: [&str; 6] = [
    "OPENSSH PRIVATE KEY",
    "PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
];

/// A private key for SSH, in PEM.
pub fn ssh_identity(pem: &str) -> Checked {
    held(ssh_body(pem).is_some(), "holds no private key in PEM (BEGIN OPENSSH PRIVATE KEY)")
}

/// The label of the first private key, and what is between its lines.
fn ssh_body(pem: &str) -> Option<(&'static str, String)> {
    SSH_KEYS.into_iter().find_map(|label| {
        let after = pem.split_once(&format!("-----BEGIN {label}-----"))?.1;
        let body = after.split_once(&format!("-----END {label}-----"))?.0;
        (!body.trim().is_empty()).then(|| (label, body.to_owned()))
    })
}

/// Whether a private key for SSH needs a passphrase.
pub fn is_encrypted(pem: &str) -> bool {
    match ssh_body(pem) {
        Some(("ENCRYPTED PRIVATE KEY", _)) => true,
        Some(("OPENSSH PRIVATE KEY", body)) => {
            // After the magic text comes the name of the cipher, with its length before it.
            let packed: String = body.split_ascii_whitespace().collect();
            let Ok(bytes) = STANDARD.decode(packed) else { return false };
            bytes.strip_prefix(b"openssh-key-v1\0").is_some_and(|rest| !rest.starts_with(b"\0\0\0\x04none"))
        }
        Some((_, body)) => body.contains("Proc-Type: 4,ENCRYPTED"),
        None => false,
    }
}

/// Lines as `ssh-keyscan` prints them: hosts, sort of key, key.
pub fn known_hosts(text: &str) -> Checked {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    held(lines.peek().is_some(), "names no host: take the output of `ssh-keyscan HOST`")?;
    for line in lines {
        let mut words = line.split_ascii_whitespace().skip(usize::from(line.starts_with('@')));
        let (_hosts, sort, key) = (words.next(), words.next(), words.next());
        let known =
            sort.is_some_and(|sort| ["ssh-", "ecdsa-", "sk-"].iter().any(|start| sort.starts_with(start)));
        let key = key.and_then(|key| STANDARD.decode(key).ok());
        // A key begins with its own sort, with its length before it.
        let agrees =
            key.zip(sort).is_some_and(|(key, sort)| key.get(4..4 + sort.len()) == Some(sort.as_bytes()));
        held(
            known && agrees,
            "has a line that is not of the form `host sort key`: take the output of `ssh-keyscan HOST`",
        )?;
    }
    Ok(())
}

/// A whole number.
pub fn number(text: &str) -> Checked {
    held(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()), "is no number")
}

/// An address of a server over HTTPS.
pub fn https(text: &str) -> Checked {
    held(text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()), "is no https:// address")
}

/// The host of a registry.
pub fn registry(text: &str) -> Checked {
    not_empty(text)?;
    held(
        !text.contains("://") && !text.contains(char::is_whitespace),
        "is no host of a registry: write it without scheme, such as ghcr.io",
    )
}

/// The address of a proxy, without a user in it.
pub fn proxy(text: &str) -> Checked {
    let rest = ["http://", "https://", "socks5://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let rest = rest.ok_or("does not begin with http://, https:// or socks5://")?;
    held(!rest.contains('@'), "holds a user: set username and password instead")?;
    held(!rest.is_empty() && !rest.starts_with([':', '/']), "names no host")
}

/// Private keys of age, with comments.
pub fn age(text: &str) -> Checked {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    held(lines.peek().is_some(), "holds no key")?;
    held(
        lines.all(|line| line.starts_with("AGE-SECRET-KEY-1") || line.starts_with("AGE-SECRET-KEY-PQ-1")),
        "has a line that is no private key of age (AGE-SECRET-KEY-1...)",
    )
}

/// A private key of OpenPGP, armored.
pub fn pgp(text: &str) -> Checked {
    held(
        text.contains("-----BEGIN PGP PRIVATE KEY BLOCK-----")
            && text.contains("-----END PGP PRIVATE KEY BLOCK-----"),
        "is no armored private key of OpenPGP: take the output of `gpg --export-secret-keys --armor`",
    )
}

/// A trust policy of Notation.
pub fn trust_policy(text: &str) -> Checked {
    let policy: Json = serde_json::from_str(text).map_err(|_| "is not JSON")?;
    held(
        policy["version"].is_string()
            && policy["trustPolicies"].as_array().is_some_and(|policies| !policies.is_empty()),
        "is no trust policy: it needs version and trustPolicies",
    )
}

/// Bytes in base64.
pub fn base64(text: &str) -> Checked {
    held(
        STANDARD.decode(text).is_ok(),
        "is not base64 with padding, as base64encode() and filebase64() give it",
    )
}

/// What a key of a Secret may be called.
pub fn key_name(name: &str) -> Checked {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    held(
        !name.is_empty() && name.len() <= 253 && name != "." && name != ".." && name.bytes().all(allowed),
        "is no name for a key: use letters, digits, '-', '_' and '.'",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn known_hosts_are_lines_of_ssh_keyscan() {
        let line = format!("example.com ssh-ed25519 {ED25519}");
        for good in [
            line.clone(),
            format!("# a comment\n\n{line} and a remark\n"),
            format!("@cert-authority *.{line}"),
            format!("|1|c2FsdA==|aGFzaA== ssh-ed25519 {ED25519}\n"),
        ] {
            assert_eq!(known_hosts(&good), Ok(()), "{good}");
        }
        for bad in [
            String::new(),
            "# only a comment".to_owned(),
            format!("ssh-ed25519 {ED25519}"),
            format!("example.com ssh-rsa {ED25519}"),
            "example.com ssh-ed25519 !!!".to_owned(),
            format!("{line}\nhalf a line"),
        ] {
            assert!(known_hosts(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_for_ssh_tells_whether_it_is_encrypted() {
        let openssh = |cipher: &str| {
            let mut bytes = b"openssh-key-v1\0".to_vec();
            bytes.extend_from_slice(&u32::try_from(cipher.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(cipher.as_bytes());
            let body = STANDARD.encode(bytes);
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n")
        };
        for (cipher, encrypted) in [("none", false), ("aes256-ctr", true)] {
            assert_eq!(ssh_identity(&openssh(cipher)), Ok(()));
            assert_eq!(is_encrypted(&openssh(cipher)), encrypted);
        }
        assert_eq!(ssh_identity(openssh("none").trim()), Ok(()));
        assert!(ssh_identity("ssh-ed25519 AAAA").is_err());
    }

    #[test]
    fn a_certificate_and_the_key_of_another_are_no_pair() {
        let made = || {
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate =
                rcgen::CertificateParams::new(["a".to_owned()]).unwrap().self_signed(&key).unwrap();
            (certificate.pem(), key.serialize_pem(), key.public_key_pem())
        };
        let ((certificate, key, public), (_, other, _)) = (made(), made());
        assert_eq!(
            (certificates(&certificate), private_key(&key), public_key(&public)),
            (Ok(()), Ok(()), Ok(()))
        );
        assert_eq!(pair(&certificate, &key), Ok(()));
        assert_eq!(pair(&certificate, &other), Err("is not the key of the certificate"));
        assert!(
            certificates(&key).is_err() && private_key(&certificate).is_err() && public_key(&key).is_err()
        );
    }

    #[test]
    fn other_values_have_their_shapes() {
        let policy = r#"{"version": "1.0", "trustPolicies": [{"name": "a"}]}"#;
        type Check = fn(&str) -> Checked;
        let cases: [(&str, Check, &str, &str); 9] = [
            ("not_empty", not_empty, "x", "x\n"),
            ("number", number, "123", "12a"),
            ("https", https, "https://ghe.example.com/api/v3", "http://x"),
            ("registry", registry, "ghcr.io", "https://ghcr.io"),
            ("proxy", proxy, "socks5://127.0.0.1:1080", "http://me:secret@proxy:3128"),
            ("age", age, "# created\nAGE-SECRET-KEY-1QQ", "age1public"),
            ("trust_policy", trust_policy, policy, "{}"),
            ("base64", base64, "aGk=", "aGk"),
            ("key_name", key_name, "tls.key_2", "a/b"),
        ];
        for (name, check, good, bad) in cases {
            assert_eq!(check(good), Ok(()), "{name}");
            assert!(check(bad).is_err(), "{name}");
        }
    }
}
