//! The certificate with which the proxy ends the browser's TLS: made for one browser, known to no
//! other program, kept in memory alone. The browser is told the hash of its key and takes it for
//! every name; the names themselves are verified where the real connection is made.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

/// A certificate of our own and its key.
#[derive(Clone)]
pub(crate) struct Disguise {
    config: Arc<ServerConfig>,
    key_hash: String,
}

impl Disguise {
    /// A fresh one.
    pub(crate) fn new() -> Result<Self, String> {
        let key = KeyPair::generate().map_err(|error| error.to_string())?;
        // The name is never compared with anything.
        let params = CertificateParams::new(vec!["jarvix.invalid".to_owned()]);
        let certificate = params.and_then(|params| params.self_signed(&key));
        let certificate = certificate.map_err(|error| error.to_string())?;
        let key_hash = STANDARD.encode(Sha256::digest(key.subject_public_key_info()));
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let chain = vec![certificate.der().clone()];
                builder.with_no_client_auth().with_single_cert(chain, private)
            })
            .map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), key_hash })
    }

    /// What ends TLS with it.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// The SHA-256 of the public key, as Chromium wants it.
    pub(crate) fn key_hash(&self) -> &str {
        &self.key_hash
    }
}
