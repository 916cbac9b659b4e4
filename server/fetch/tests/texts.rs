//! Text files from hosts that an admin named.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod support;

use portal_core::ports::FetchError;
use portal_fetch::{HostTrust, TextFetcher};
use support::{Names, Script, Server, options};
use url::Url;

const LIMIT: usize = 100;

async fn get(server: &Server, trust: HostTrust) -> Result<String, FetchError> {
    let fetcher = TextFetcher::new(&options(&Names::always(&["127.0.0.1"]))).unwrap();
    fetcher.get(&Url::parse(&server.url("/catalog.yaml")).unwrap(), LIMIT, trust).await
}

#[tokio::test]
async fn hosts_that_an_admin_named_may_be_inside() {
    let server = Server::plain(Script::new(
        "HTTP/1.1 200 OK\nContent-Type: text/yaml\nContent-Length: 8",
        b"kind: A\n",
    ))
    .await;
    assert_eq!(get(&server, HostTrust::NamedByAdmin).await.as_deref(), Ok("kind: A\n"));
    assert!(matches!(get(&server, HostTrust::Public).await, Err(FetchError::Refused(_))));
}

#[tokio::test]
async fn link_local_addresses_stay_refused() {
    let fetcher = TextFetcher::new(&options(&Names::always(&["169.254.169.254"]))).unwrap();
    for url in ["http://169.254.169.254/latest", "https://inside.test/x", "file:///etc/passwd"] {
        let result = fetcher.get(&Url::parse(url).unwrap(), LIMIT, HostTrust::NamedByAdmin).await;
        assert!(matches!(result, Err(FetchError::Refused(_))), "{url}");
    }
}

#[tokio::test]
async fn bounds_hold_here_too() {
    let said = "HTTP/1.1 200 OK";
    let large = Server::plain(Script::new(said, &[b'a'; LIMIT + 1])).await;
    assert_eq!(get(&large, HostTrust::NamedByAdmin).await, Err(FetchError::TooLarge(LIMIT)));
    let bytes = Server::plain(Script::new(said, b"\xff\xfe")).await;
    assert_eq!(get(&bytes, HostTrust::NamedByAdmin).await, Err(FetchError::NotText));
    let moved = Server::plain(Script::new("HTTP/1.1 302 Found\nLocation: /b\nContent-Length: 0", b"")).await;
    assert_eq!(get(&moved, HostTrust::NamedByAdmin).await, Err(FetchError::Status(302)));
}
