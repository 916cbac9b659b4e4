//! Whose certificates are believed.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod support;

use std::path::Path;

use portal_core::ports::{DocumentFetcher as _, FetchError};
use portal_fetch::{FetchOptions, FetchSetupError, HardenedFetcher};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CertifiedKey, IsCa, KeyPair, date_time_ymd,
};
use support::{Names, Script, Server, options};

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn signed(
    authority: &CertifiedIssuer<'static, KeyPair>,
    params: &CertificateParams,
) -> CertifiedKey<KeyPair> {
    let signing_key = KeyPair::generate().unwrap();
    CertifiedKey { cert: params.signed_by(&signing_key, authority).unwrap(), signing_key }
}

fn named(host: &str) -> CertificateParams {
    CertificateParams::new(vec![host.to_owned()]).unwrap()
}

fn fetcher(ca_file: Option<&Path>) -> HardenedFetcher {
    let names = Names::always(&["127.0.0.1"]);
    let extra_ca_file = ca_file.map(Path::to_owned);
    HardenedFetcher::new(&FetchOptions { extra_ca_file, allow_loopback: true, ..options(&names) }).unwrap()
}

async fn fetch(certificate: CertifiedKey<KeyPair>, ca_file: Option<&Path>) -> Result<(), FetchError> {
    let server = Server::tls(Script::json("{}"), certificate).await;
    let url = format!("https://agent.test:{}/client.json", server.address.port());
    fetcher(ca_file).fetch(&url).await.map(|_| ())
}

/// Attack: 1.4: silent or empty name servers, certificates of others, expired ones, 3 tries
#[tokio::test]
async fn certificates_must_be_trusted_current_and_of_the_host() {
    let authority = authority();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, authority.pem()).unwrap();

    assert_eq!(fetch(signed(&authority, &named("agent.test")), Some(&ca_file)).await, Ok(()));
    let wrong_name = signed(&authority, &named("other.test"));
    assert_eq!(fetch(wrong_name, Some(&ca_file)).await, Err(FetchError::Tls));
    let mut expired = named("agent.test");
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    assert_eq!(fetch(signed(&authority, &expired), Some(&ca_file)).await, Err(FetchError::Tls));
    assert_eq!(fetch(signed(&authority, &named("agent.test")), None).await, Err(FetchError::Tls));
}

#[test]
fn a_ca_file_that_cannot_be_used_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate\n").unwrap();
    for path in [empty, folder.path().join("missing.pem")] {
        let options = FetchOptions { extra_ca_file: Some(path.clone()), ..options(&Names::failing()) };
        let Err(FetchSetupError::ExtraCaFile { path: named, .. }) = HardenedFetcher::new(&options) else {
            panic!("{} was taken", path.display());
        };
        assert_eq!(named, path);
    }
}
