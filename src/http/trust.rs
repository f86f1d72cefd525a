//! Whom to trust over TLS: the system's certificate authorities, and those of a file.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::document::record::visible;

use super::failure::HttpError;

/// A word of 48 hexadecimal digits that nobody can guess; none where the system has no chance to give.
pub fn unguessable() -> Option<String> {
    let mut bytes = [0; 24];
    ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What every connection is made with. The provider of the cryptography is ring, named here and installed nowhere.
pub(super) fn config(ca: Option<&Path>) -> Result<ClientConfig, HttpError> {
    let provider = Arc::new(ring::default_provider());
    let extra = ca.map(authorities).transpose()?.unwrap_or_default();
    let broken = |error: rustls::Error| {
        let why = visible(&error.to_string());
        HttpError::new(
            format!("no certificate can be checked: {why}"),
            "install the system's certificate authorities (`ca-certificates`), or name a file of them with `ca`",
        )
    };
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone()).map_err(broken)?;
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(broken)?;
    // The verifier is that of the operating system; what is dangerous about the call is to hand in one's own.
    let mut config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Where nothing is asked over TLS: nobody is trusted. To load the system's authorities takes a while, and a container
/// may have none.
pub(super) fn nobody() -> Result<ClientConfig, HttpError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| {
        HttpError::new(format!("no TLS can be spoken: {}", visible(&error.to_string())), "report this as a bug")
    })?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// The certificates of a PEM file.
fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let shown = visible(&path.display().to_string());
    let hint = "`ca` names a PEM file with one or more parts that begin with -----BEGIN CERTIFICATE-----";
    let text = std::fs::read(path)
        .map_err(|error| HttpError::new(format!("the file `{shown}` cannot be read: {error}"), hint))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|error| {
        let why = visible(&error.to_string());
        HttpError::new(format!("the file `{shown}` is no sound PEM file: {why}"), hint)
    })?;
    if found.is_empty() {
        return Err(HttpError::new(format!("the file `{shown}` holds no certificate"), hint));
    }
    for (index, certificate) in found.iter().enumerate() {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).map_err(|error| {
            let (number, why) = (index + 1, visible(&error.to_string()));
            HttpError::new(format!("certificate {number} of the file `{shown}` cannot be used: {why}"), hint)
        })?;
    }
    Ok(found)
}
