//! Certificates and keys: PEM, or base64 of PEM, as kubeconfigs and the `*_data` attributes of clouds hold them.

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::ConfigError;
use crate::Secret;

const BEGIN: &str = "-----BEGIN ";

/// Takes PEM as it is, or decodes base64 that holds PEM. `field` is how the text is called where people wrote it.
pub(crate) fn pem_or_base64(field: &str, text: &str) -> Result<Secret, ConfigError> {
    if text.contains(BEGIN) { Ok(Secret::new(text)) } else { base64_of_pem(field, text) }
}

/// Decodes base64 that must hold PEM; blanks and line ends are skipped.
pub(crate) fn base64_of_pem(field: &str, text: &str) -> Result<Secret, ConfigError> {
    let packed: String = text.split_ascii_whitespace().collect();
    // The decoder's error holds the offending byte of what may be a key, so it is not passed on.
    let bytes = STANDARD.decode(packed).map_err(|_| ConfigError::NotBase64 { field: field.to_owned() })?;
    match String::from_utf8(bytes) {
        Ok(pem) if pem.contains(BEGIN) => Ok(Secret::new(pem)),
        _ => Err(ConfigError::NotPem { field: field.to_owned(), wanted: "PEM inside the base64" }),
    }
}

/// The certificates of a bundle; at least one.
pub(crate) fn certificates(field: &str, pem: &Secret) -> Result<Vec<Vec<u8>>, ConfigError> {
    let wrong = || ConfigError::NotPem { field: field.to_owned(), wanted: "a certificate" };
    let found = CertificateDer::pem_slice_iter(pem.reveal().as_bytes())
        .map(|certificate| certificate.map(|certificate| certificate.as_ref().to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| wrong())?;
    if found.is_empty() { Err(wrong()) } else { Ok(found) }
}

/// The certificates of authorities, each of which TLS would accept as a root.
pub(crate) fn authorities(field: &str, pem: &Secret) -> Result<Vec<Vec<u8>>, ConfigError> {
    let found = certificates(field, pem)?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in &found {
        roots
            .add(CertificateDer::from(certificate.as_slice()))
            .map_err(|_| ConfigError::NotPem { field: field.to_owned(), wanted: "a certificate" })?;
    }
    Ok(found)
}

/// Checks that a private key is one.
pub(crate) fn private_key(field: &str, pem: &Secret) -> Result<(), ConfigError> {
    PrivateKeyDer::from_pem_slice(pem.reveal().as_bytes())
        .map(|_| ())
        .map_err(|_| ConfigError::NotPem { field: field.to_owned(), wanted: "a private key" })
}
