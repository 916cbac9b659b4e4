//! Requests to configured providers: directly, and through an egress proxy.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/mod.rs"]
mod support;

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Method, header};
use portal_core::ports::{DocumentFetcher as _, FetchError};
use portal_fetch::{
    FetchOptions, HardenedFetcher, ProviderAnswer, ProviderProxy, ProviderRequest, ProviderTransport,
};
use proxy::Proxy;
use support::{Names, Script, Server, Then, options};

fn transport(options: &FetchOptions) -> ProviderTransport {
    ProviderTransport::new(options).unwrap()
}

async fn get(transport: &ProviderTransport, url: &str) -> Result<ProviderAnswer, FetchError> {
    transport.send(ProviderRequest::new(Method::GET, url.parse().unwrap())).await
}

#[tokio::test]
async fn every_status_is_an_answer_with_its_headers() {
    let names = Names::always(&["127.0.0.1"]);
    for status in [200, 204, 304, 401, 403, 404, 429, 500, 503] {
        let head = format!("HTTP/1.1 {status} X\nRetry-After: 7\nContent-Length: 0\nConnection: close");
        let server = Server::plain(Script::new(&head, b"")).await;
        let answer = get(&transport(&options(&names)), &server.url("/api")).await.unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["retry-after"], "7");
    }
}

#[tokio::test]
async fn configured_hosts_may_be_private_but_never_special() {
    for address in ["169.254.169.254", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254"] {
        let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        // By number, and by a name of which one address is such.
        for url in [format!("http://{host}:1/"), "http://provider.example:1/".to_owned()] {
            let names = Names::always(&["127.0.0.1", address]);
            let result = get(&transport(&options(&names)), &url).await;
            assert!(matches!(result, Err(FetchError::Refused(_))), "{url} {address}");
        }
    }
    let server = Server::plain(Script::json("{}")).await;
    let url = format!("http://provider.example:{}/", server.address.port());
    let names = Names::always(&["127.0.0.1"]);
    assert_eq!(get(&transport(&options(&names)), &url).await.unwrap().status, 200);
    for url in ["ftp://provider.example/", "http://user@provider.example/", "http://provider.example:0/"] {
        let error = get(&transport(&options(&Names::always(&["127.0.0.1"]))), url).await.unwrap_err();
        assert!(matches!(error, FetchError::Refused(_)), "{url}");
    }
}

#[tokio::test]
async fn redirects_stay_within_their_origin() {
    let names = Names::always(&["127.0.0.1"]);
    let other = Server::plain(Script::json("{}")).await;
    let away =
        format!("HTTP/1.1 302 X\nLocation: {}\nContent-Length: 0\nConnection: close", other.url("/stolen"));
    let server = Server::plain(Script::new(&away, b"")).await;
    let mut request = ProviderRequest::new(Method::GET, server.url("/").parse().unwrap());
    request.headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer secret"));
    let answer = transport(&options(&names)).send(request).await.unwrap();
    assert_eq!(answer.status, 302);
    assert!(other.asked().is_empty());
    // Round and round within the origin ends too.
    let server = Server::plain(Script::new(
        "HTTP/1.1 302 X\nLocation: /again\nContent-Length: 0\nConnection: close",
        b"",
    ))
    .await;
    let answer = get(&transport(&options(&names)), &server.url("/")).await.unwrap();
    assert_eq!(answer.status, 302);
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn answers_are_bounded_in_size_and_time() {
    let names = Names::always(&["127.0.0.1"]);
    let endless = Script::new("HTTP/1.1 200 OK\nConnection: close", b"").then(Then::Repeat(b'x'));
    let server = Server::plain(endless).await;
    let mut request = ProviderRequest::new(Method::GET, server.url("/").parse().unwrap());
    request.bytes_max = 100_000;
    let error = transport(&options(&names)).send(request).await.unwrap_err();
    assert_eq!(error, FetchError::TooLarge(100_000));
    let server =
        Server::plain(Script::new("HTTP/1.1 200 OK\nContent-Length: 5", b"x").then(Then::Stall)).await;
    let mut request = ProviderRequest::new(Method::GET, server.url("/").parse().unwrap());
    request.total_timeout = Duration::from_millis(100);
    assert_eq!(transport(&options(&names)).send(request).await.unwrap_err(), FetchError::Timeout);
    let server =
        Server::plain(Script::new("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 1", b"x")).await;
    assert_eq!(get(&transport(&options(&names)), &server.url("/")).await.unwrap_err(), FetchError::NotText);
}

#[tokio::test]
async fn providers_are_reached_through_the_proxy_by_name() {
    let server = Server::plain(Script::json("{\"a\":1}")).await;
    let proxy = Proxy::start(&[("provider.example", server.address)]).await;
    let url = format!("http://ada:s%20cret@127.0.0.1:{}", proxy.address.port());
    // Names are the proxy's to resolve: nobody is asked here.
    let names = Names::failing();
    let options = FetchOptions { proxy: Some(ProviderProxy::parse(&url).unwrap()), ..options(&names) };
    let transport = transport(&options);
    let answer = get(&transport, "http://provider.example/api").await.unwrap();
    assert_eq!(answer.body, b"{\"a\":1}");
    let asked = proxy.asked();
    assert!(asked[0].starts_with("get http://provider.example/api "), "{asked:?}");
    assert!(asked[0].contains("proxy-authorization: basic"), "{asked:?}");
    assert!(!server.asked()[0].contains("proxy-authorization"));
    // Within TLS the proxy sees no more than where to.
    assert!(get(&transport, "https://provider.example/secret").await.is_err(), "the server speaks no TLS");
    let asked = proxy.asked();
    assert!(asked[1].starts_with("connect provider.example:443 "), "{asked:?}");
    assert!(asked.iter().all(|asked| !asked.contains("/secret")));
    assert_eq!(names.asked(), 0);
    // This machine is not reached through another one.
    get(&transport, &server.url("/direct")).await.unwrap();
    assert_eq!(proxy.asked().len(), 2);
}

#[tokio::test]
async fn special_addresses_are_refused_with_a_proxy_too() {
    let proxy = Proxy::start(&[]).await;
    let url = format!("http://127.0.0.1:{}", proxy.address.port());
    let options =
        FetchOptions { proxy: Some(ProviderProxy::parse(&url).unwrap()), ..options(&Names::failing()) };
    let error = get(&transport(&options), "http://169.254.169.254/latest/meta-data").await.unwrap_err();
    assert!(matches!(error, FetchError::Refused(_)));
    assert!(proxy.asked().is_empty());
}

/// A fetcher of client documents that uses this proxy, and trusts a certificate for `agent.example`.
fn document_fetcher(
    proxy: &Proxy,
    ca: &std::path::Path,
    addresses: &[&str],
) -> (HardenedFetcher, Arc<Names>) {
    let names = Names::always(addresses);
    let url = format!("http://ada:cret@127.0.0.1:{}", proxy.address.port());
    let options = FetchOptions {
        proxy: Some(ProviderProxy::parse(&url).unwrap()),
        proxy_client_documents: true,
        extra_ca_file: Some(ca.to_owned()),
        ..options(&names)
    };
    (HardenedFetcher::new(&options).unwrap(), names)
}

#[tokio::test]
async fn client_documents_go_through_the_proxy_by_their_vetted_address() {
    let certificate = rcgen::generate_simple_self_signed(["agent.example".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, certificate.cert.pem()).unwrap();
    let server = Server::tls(Script::json("{\"client_id\":1}"), certificate).await;
    // The address is public; behind the proxy stands our server.
    let proxy = Proxy::start(&[("93.184.216.34", server.address)]).await;
    let (fetcher, _) = document_fetcher(&proxy, &ca, &["93.184.216.34"]);
    let document = fetcher.fetch("https://agent.example/client").await.unwrap();
    assert_eq!(document.body, b"{\"client_id\":1}");
    let asked = proxy.asked();
    assert!(asked[0].starts_with("connect 93.184.216.34:443 "), "{asked:?}");
    assert!(asked[0].contains("proxy-authorization: basic ywrhomnyzxq="), "{asked:?}");
    assert!(server.asked()[0].contains("host: agent.example\r\n"), "{:?}", server.asked());
    // The certificate is held against the name.
    let error = fetcher.fetch("https://other.example/client").await.unwrap_err();
    assert_eq!(error, FetchError::Tls);
}

#[tokio::test]
async fn names_that_lead_inside_are_refused_before_the_proxy_is_asked() {
    let certificate = rcgen::generate_simple_self_signed(["agent.example".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, certificate.cert.pem()).unwrap();
    let proxy = Proxy::start(&[]).await;
    for address in ["10.0.0.1", "169.254.169.254", "127.0.0.1"] {
        let (fetcher, names) = document_fetcher(&proxy, &ca, &["93.184.216.34", address]);
        let error = fetcher.fetch("https://agent.example/client").await.unwrap_err();
        assert!(matches!(error, FetchError::Refused(_)), "{address}: {error}");
        assert_eq!(names.asked(), 1);
    }
    assert!(proxy.asked().is_empty());
    let (fetcher, _) = document_fetcher(&proxy, &ca, &["93.184.216.34"]);
    let error = fetcher.fetch("https://agent.example/client").await.unwrap_err();
    assert_eq!(error, FetchError::Connect, "the proxy knows no such address");
}

#[test]
fn a_proxy_is_an_address_and_never_shown() {
    for good in ["http://proxy.example:3128", "https://user:pass@proxy.example/", " http://10.0.0.1:8080 "] {
        let proxy = ProviderProxy::parse(good).unwrap();
        assert_eq!(format!("{proxy:?}"), "ProviderProxy(..)");
    }
    for bad in [
        "",
        "proxy.example:3128",
        "socks5://proxy.example",
        "http://proxy.example/path",
        "http://proxy.example?x",
    ] {
        let words = ProviderProxy::parse(bad).unwrap_err();
        assert!(words.contains("http://proxy.example:3128"), "{bad}");
    }
}
