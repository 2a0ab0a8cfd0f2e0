//! A certificate authority of the harness's own, so that every client in the tests verifies TLS.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::Error;

/// A certificate authority; clones are the same one.
#[derive(Clone, Debug)]
pub struct Pki {
    issuer: Arc<CertifiedIssuer<'static, KeyPair>>,
}

/// A certificate and its private key.
#[derive(Clone)]
pub struct Identity {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// Its private key, PKCS #8 in PEM.
    pub key_pem: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

/// A key pair that signs tokens.
pub struct SigningKey {
    /// The private key, PKCS #8 in PEM.
    pub private_pem: String,
    /// The public key in PEM.
    pub public_pem: String,
}

impl Pki {
    /// Makes a new authority.
    ///
    /// # Errors
    /// When the keys or certificates cannot be made.
    pub fn new() -> Result<Self, Error> {
        let failed = "the test's certificate authority cannot be made";
        let key = KeyPair::generate().map_err(Error::certificate(failed))?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Fluxgate test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(Error::certificate(failed))?;
        Ok(Self { issuer: Arc::new(issuer) })
    }

    /// Returns the authority's certificate, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.issuer.pem()
    }

    /// Returns the TLS configuration of a client that trusts this authority only.
    ///
    /// # Errors
    /// When the authority's certificate does not serve.
    pub fn client_config(&self) -> Result<rustls::ClientConfig, Error> {
        let failed = "the client's TLS cannot be set up";
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.issuer.der().clone()).map_err(Error::certificate(failed))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::certificate(failed))?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }

    /// Makes a certificate for a server on 127.0.0.1 and localhost.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn serving_certificate(&self) -> Result<Identity, Error> {
        self.serving_certificate_for(&["127.0.0.1", "localhost"])
    }

    /// Makes a certificate for a server of these names and addresses.
    ///
    /// # Errors
    /// When it cannot be made, for example because a name is not one.
    pub fn serving_certificate_for(&self, names: &[&str]) -> Result<Identity, Error> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params =
            CertificateParams::new(names).map_err(Error::certificate("the server's names are not names"))?;
        params.distinguished_name.push(DnType::CommonName, "Fluxgate test server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.identity(params)
    }

    /// Makes a client certificate; Kubernetes takes its common name as the user, its organization as the group.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn client_certificate(&self, user: &str, group: Option<&str>) -> Result<Identity, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, user);
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.identity(params)
    }

    /// Makes the key that signs the tokens of ServiceAccounts.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn service_account_key() -> Result<SigningKey, Error> {
        let key = KeyPair::generate().map_err(Error::certificate("the ServiceAccount key cannot be made"))?;
        Ok(SigningKey { private_pem: key.serialize_pem(), public_pem: key.public_key_pem() })
    }

    fn identity(&self, mut params: CertificateParams) -> Result<Identity, Error> {
        let failed = "a certificate cannot be made";
        let key = KeyPair::generate().map_err(Error::certificate(failed))?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).map_err(Error::certificate(failed))?;
        Ok(Identity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        })
    }
}

impl Pki {
    /// Returns the TLS configuration of a server on this machine that lets in whoever has a client certificate of this authority.
    ///
    /// # Errors
    /// When the authority's certificate does not serve.
    pub fn server_config_for_members(&self) -> Result<rustls::ServerConfig, Error> {
        let failed = "the server's TLS cannot be set up";
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.issuer.der().clone()).map_err(Error::certificate(failed))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let members = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&provider),
        )
        .build()
        .map_err(Error::certificate(failed))?;
        let identity = self.serving_certificate()?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.clone()));
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::certificate(failed))?
            .with_client_cert_verifier(members)
            .with_single_cert(vec![identity.certificate], key)
            .map_err(Error::certificate(failed))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl Identity {
    /// Returns the TLS configuration of a server that shows this certificate and speaks HTTP/1.1.
    ///
    /// # Errors
    /// When the certificate and its key do not serve.
    pub fn server_config(&self) -> Result<rustls::ServerConfig, Error> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let failed = "the server's TLS cannot be set up";
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::certificate(failed))?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)
            .map_err(Error::certificate(failed))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Identity").field("key", &"***").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SigningKey").field("private", &"***").finish_non_exhaustive()
    }
}
