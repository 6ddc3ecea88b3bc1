//! TLS as a client: rustls with its default provider (post-quantum key exchange included), the
//! machine's certificate authorities, session resumption, HTTP/2 before HTTP/1.1.
//!
//! Certificates are always verified; there is no switch for that. Further authorities, for a
//! company's own network or a test, come from a file.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

/// Sessions that are kept for resumption; one is a few KiB.
const SESSIONS_MAX: usize = 1024;

/// TLS settings that are put together when the first `https` address comes up: reading the
/// machine's authorities takes some tens of milliseconds that a run without them need not spend.
pub(crate) struct Tls {
    extra: Vec<CertificateDer<'static>>,
    config: OnceCell<Result<Arc<ClientConfig>, String>>,
}

/// The file of further authorities is of no use.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CaFileError(String);

impl Tls {
    /// With the authorities of `pem` besides the machine's.
    pub(crate) fn new(pem: Option<&[u8]>) -> Result<Self, CaFileError> {
        let mut extra = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem.unwrap_or_default()) {
            extra.push(certificate.map_err(|error| CaFileError(error.to_string()))?);
        }
        if pem.is_some() && extra.is_empty() {
            return Err(CaFileError("there is no certificate in it".to_owned()));
        }
        Ok(Self { extra, config: OnceCell::new() })
    }

    /// The settings, or why there are none.
    pub(crate) async fn config(&self) -> Result<Arc<ClientConfig>, String> {
        let made = self.config.get_or_init(|| async {
            let extra = self.extra.clone();
            let made = tokio::task::spawn_blocking(move || build(extra)).await;
            made.map_err(|error| error.to_string())?
        });
        made.await.clone()
    }
}

fn build(extra: Vec<CertificateDer<'static>>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    // What cannot be read is left out; what is missing then is Mozilla's list.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots.add_parsable_certificates(extra);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(SESSIONS_MAX);
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        assert!(Tls::new(None).is_ok());
        assert!(Tls::new(Some(b"no certificate")).is_err());
    }

    #[tokio::test]
    async fn settings_offer_http2_first_and_post_quantum_key_exchange() {
        let config = Tls::new(None).expect("no file").config().await.expect("settings");
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        let groups = &config.crypto_provider().kx_groups;
        assert!(groups.iter().any(|g| g.name() == rustls::NamedGroup::X25519MLKEM768));
    }
}
