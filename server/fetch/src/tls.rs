//! Whom the outbound client trusts.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::options::FetchSetupError;

/// TLS 1.2 and 1.3 with ring, said outright so that no process-wide default matters; the system's certificate
/// authorities, those of Mozilla where the system has none, and the extra ones.
pub(crate) fn client_config(extra_ca_file: Option<&Path>) -> Result<ClientConfig, FetchSetupError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    }
    if let Some(path) = extra_ca_file {
        let failed = |reason: String| FetchSetupError::ExtraCaFile { path: path.to_owned(), reason };
        let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let certificates = certificates.map_err(|error| failed(format!("not PEM: {error}")))?;
        if certificates.is_empty() {
            return Err(failed("no certificate in it (expected PEM)".to_owned()));
        }
        for certificate in certificates {
            roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
