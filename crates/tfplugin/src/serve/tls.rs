//! Mutual TLS in which the host must show exactly the certificate that it announced when it started the provider.
//!
//! The host's certificate is self-signed, marked as an authority, and signs with P-521 and SHA-512. The usual check of
//! client certificates refuses an authority as a client, and would accept whatever the certificate has signed besides;
//! here the bytes of the certificate are compared, and the handshake proves that the client has its key.

use std::io;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ServerConfig};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, SignatureScheme};
use tokio_rustls::TlsAcceptor;

/// The provider's side of mutual TLS: made anew at every start, never stored.
pub(super) struct Identity {
    /// The provider's certificate, in DER, for the handshake line.
    pub certificate: Vec<u8>,
    pub acceptor: TlsAcceptor,
}

/// An identity that talks only to the host whose certificate (in PEM) this is.
pub(super) fn identity(host_certificate: &str) -> io::Result<Identity> {
    let host = CertificateDer::from_pem_slice(host_certificate.as_bytes())
        .map_err(|_| io::Error::other("PLUGIN_CLIENT_CERT is not a certificate in PEM"))?;

    let key = rcgen::KeyPair::generate().map_err(io::Error::other)?;
    // The host asks for this name, whatever the address.
    let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).map_err(io::Error::other)?;
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = parameters.self_signed(&key).map_err(io::Error::other)?.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));

    let crypto = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(OnlyTheHost { certificate: host, algorithms: algorithms(&crypto) });
    let mut config = ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.clone()], key)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    // Every connection proves itself anew.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Identity { certificate: certificate.to_vec(), acceptor: TlsAcceptor::from(Arc::new(config)) })
}

fn algorithms(crypto: &CryptoProvider) -> WebPkiSupportedAlgorithms {
    crypto.signature_verification_algorithms
}

/// Accepts one certificate, byte by byte.
#[derive(Debug)]
struct OnlyTheHost {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for OnlyTheHost {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
