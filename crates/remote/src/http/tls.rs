//! Whom the client trusts and who it is.
//!
//! The cryptography is that of aws-lc-rs, the one backend of the whole house: reqwest takes the process's default provider, which nobody
//! sets, or else the only one that is linked.

use std::{error::Error as StdError, io};

use reqwest::{Certificate, ClientBuilder, Identity};

use super::ClientConfig;
use crate::Error;

/// Sets authorities and client certificate.
pub(crate) fn configure(builder: ClientBuilder, config: &ClientConfig) -> Result<ClientBuilder, Error> {
    let mut builder = builder.tls_danger_accept_invalid_certs(config.insecure);
    if let Some(pem) = &config.ca_pem {
        let authorities = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| Error::Authorities)?;
        if authorities.is_empty() {
            return Err(Error::Authorities);
        }
        builder = builder.tls_certs_only(authorities);
    }
    if let Some(pem) = &config.identity_pem {
        // The cause may quote what it could not read, which is a key.
        builder = builder.identity(Identity::from_pem(pem.reveal().as_bytes()).map_err(|_| Error::Identity)?);
    }
    Ok(builder)
}

/// What TLS said, where it is among the causes.
pub(crate) fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // An io::Error does not give what it wraps as its source.
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = find(inner)
        {
            return Some(found);
        }
        current = error.source();
    }
    None
}
