//! What a client document's server may answer.

mod support;

use portal_core::ports::{
    CLIENT_DOCUMENT_BYTES_MAX, CLIENT_KEYS_BYTES_MAX, DocumentFetcher as _, FetchError,
};
use portal_fetch::{FetchOptions, HardenedFetcher};
use support::{Script, Server, Then, impatient_fetcher, loopback_fetcher};

async fn fetch(script: Script) -> Result<Vec<u8>, FetchError> {
    let server = Server::plain(script).await;
    loopback_fetcher().fetch(&server.url("/client.json")).await.map(|document| document.body)
}

#[tokio::test]
async fn a_document_comes_with_the_time_it_may_be_kept() {
    let head = "HTTP/1.1 200 OK\nContent-Type: application/json; charset=utf-8\nCache-Control: max-age=300\nContent-Length: 2";
    let server = Server::plain(Script::new(head, b"{}")).await;
    let document = loopback_fetcher().fetch(&server.url("/client.json")).await.unwrap();
    assert_eq!((document.body.as_slice(), document.fresh_for_seconds), (b"{}".as_slice(), Some(300)));
    let asked = server.asked();
    assert!(asked[0].starts_with("get /client.json http/1.1\r\n"));
    for header in ["accept-encoding", "cookie", "authorization", "referer"] {
        assert!(!asked[0].contains(header), "{header} was sent");
    }
}

/// Rule: CIMD draft-02 section 5: only 200 is an answer
/// Rule: CIMD draft-02 section 5: redirects are not followed
/// Attack: 1.4: redirects and every other status, 18 tries
#[tokio::test]
async fn only_200_is_an_answer_and_nothing_is_followed() {
    let fetcher = loopback_fetcher();
    let elsewhere = Server::plain(Script::json("{}")).await;
    for status in [201, 203, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 410, 429, 500, 503] {
        let head = format!(
            "HTTP/1.1 {status} Word\nLocation: {}\nContent-Type: application/json\nContent-Length: 0",
            elsewhere.url("/x")
        );
        let server = Server::plain(Script::new(&head, b"")).await;
        let result = fetcher.fetch(&server.url("/client.json")).await;
        assert_eq!(result.map(|_| ()), Err(FetchError::Status(status)));
        assert_eq!(server.asked().len(), 1, "{status} was asked again");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_challenge_page_is_an_outage_and_a_missing_document_is_not() {
    let head = "HTTP/1.1 403 Forbidden\nContent-Type: text/html\nContent-Length: 6";
    assert!(fetch(Script::new(head, b"<html>")).await.unwrap_err().is_outage());
    let head = "HTTP/1.1 404 Not Found\nContent-Length: 0";
    assert!(!fetch(Script::new(head, b"")).await.unwrap_err().is_outage());
}

/// Attack: 1.4: 5 kB and a byte, endless, slow, packed, garbled, of another type, 7 tries
#[tokio::test]
async fn only_json_is_a_document() {
    for (line, fits) in [
        ("Content-Type: application/json", true),
        ("Content-Type: Application/JSON;charset=UTF-8", true),
        ("Content-Type: application/client-metadata+json", true),
        ("Content-Type: text/html", false),
        ("Content-Type: text/json", false),
        ("Content-Type: application/jsonp", false),
        ("Content-Type: application/+json", false),
        ("Content-Type: application/json\nContent-Type: text/html", false),
        ("Content-Type: application/octet-stream", false),
        ("X-None: 1", false),
    ] {
        let head = format!("HTTP/1.1 200 OK\n{line}\nContent-Length: 2");
        let result = fetch(Script::new(&head, b"{}")).await.map(|_| ());
        assert_eq!(result, if fits { Ok(()) } else { Err(FetchError::NotJson) }, "{line}");
    }
}

/// Attack: 1.4: 5 kB and a byte, endless, slow, packed, garbled, of another type
#[tokio::test]
async fn packed_answers_are_not_unpacked() {
    let head = "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip\nContent-Length: 3";
    assert_eq!(fetch(Script::new(head, b"\x1f\x8b\x08")).await, Err(FetchError::NotJson));
}

/// Rule: CIMD draft-02 section 8.7: reading stops at 5 kB
/// Attack: 1.4: 5 kB and a byte, endless, slow, packed, garbled, of another type, 2 tries
#[tokio::test]
async fn the_read_limit_is_exact() {
    let limit = CLIENT_DOCUMENT_BYTES_MAX;
    let said = "HTTP/1.1 200 OK\nContent-Type: application/json";
    assert_eq!(fetch(Script::json(&" ".repeat(limit))).await.unwrap().len(), limit);
    assert_eq!(fetch(Script::json(&" ".repeat(limit + 1))).await, Err(FetchError::TooLarge(limit)));
    assert_eq!(fetch(Script::new(said, &b" ".repeat(limit))).await.unwrap().len(), limit, "without a length");
    assert_eq!(fetch(Script::new(said, &b" ".repeat(limit + 1))).await, Err(FetchError::TooLarge(limit)));
    let endless = Script::new(said, b"{").then(Then::Repeat(b' '));
    assert_eq!(fetch(endless).await, Err(FetchError::TooLarge(limit)));
    let chunked = format!("{said}\nTransfer-Encoding: chunked");
    let chunks = [
        b"1000\r\n".as_slice(),
        &b" ".repeat(0x1000),
        b"\r\n1000\r\n",
        &b" ".repeat(0x1000),
        b"\r\n0\r\n\r\n",
    ];
    assert_eq!(fetch(Script::new(&chunked, &chunks.concat())).await, Err(FetchError::TooLarge(limit)));
}

/// Attack: 1.4: 5 kB and a byte, endless, slow, packed, garbled, of another type, 2 tries
#[tokio::test]
async fn slow_answers_are_given_up() {
    let said = "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 100";
    let silent = Script { bytes: Vec::new(), then: Then::Stall };
    for script in [silent, Script::new(said, b"{").then(Then::Stall)] {
        let server = Server::plain(script).await;
        let result = impatient_fetcher().fetch(&server.url("/client.json")).await.map(|_| ());
        assert_eq!(result, Err(FetchError::Timeout));
    }
}

/// Attack: 1.4: 5 kB and a byte, endless, slow, packed, garbled, of another type, 4 tries
#[tokio::test]
async fn broken_answers_are_failures() {
    let said = "HTTP/1.1 200 OK\nContent-Type: application/json";
    let cut = Script::new(&format!("{said}\nContent-Length: 100"), b"{");
    let garbage = Script::new(&format!("{said}\nTransfer-Encoding: chunked"), b"zz\r\n{}\r\n0\r\n\r\n");
    let endless_head = Script { bytes: b"HTTP/1.1 200 OK\r\nX-Long: ".to_vec(), then: Then::Repeat(b'a') };
    let noise = Script { bytes: b"\x00\x01\x02 not http\r\n\r\n".to_vec(), then: Then::Close };
    for script in [cut, garbage, endless_head, noise] {
        assert_eq!(fetch(script).await, Err(FetchError::Connect));
    }
}

#[tokio::test]
async fn a_closed_port_is_a_failure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/client.json", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(loopback_fetcher().fetch(&url).await.map(|_| ()), Err(FetchError::Connect));
}

#[tokio::test]
async fn the_same_document_is_not_fetched_twice_at_once() {
    let server = Server::plain(Script::json("{}")).await;
    let fetcher = loopback_fetcher();
    assert!(fetcher.fetch(&server.url("/a")).await.is_ok());
    assert_eq!(fetcher.fetch(&server.url("/a")).await.map(|_| ()), Err(FetchError::Overloaded));
    assert!(fetcher.fetch(&server.url("/b")).await.is_ok());
}

/// Rule: CIMD draft-02 section 8.6: no special-use address is reached, neither for documents nor for what they name
#[tokio::test]
async fn keys_have_a_limit_of_their_own_and_the_same_guard() {
    let body = |length: usize| format!("{{\"keys\":[]}}{}", " ".repeat(length - 11));
    let server = Server::plain(Script::json(&body(CLIENT_KEYS_BYTES_MAX))).await;
    let keys = loopback_fetcher().fetch_keys(&server.url("/jwks?v=1")).await.unwrap();
    assert_eq!(keys.body.len(), CLIENT_KEYS_BYTES_MAX);
    let server = Server::plain(Script::json(&body(CLIENT_KEYS_BYTES_MAX + 1))).await;
    let result = loopback_fetcher().fetch_keys(&server.url("/jwks")).await.map(|_| ());
    assert_eq!(result, Err(FetchError::TooLarge(CLIENT_KEYS_BYTES_MAX)));
    let server = Server::plain(Script::json("{}")).await;
    let public = HardenedFetcher::new(&FetchOptions::default()).unwrap();
    for address in [
        server.url("/jwks"),
        "https://127.0.0.1/jwks".to_owned(),
        "https://[::1]/".to_owned(),
        "jwks".to_owned(),
    ] {
        let result = public.fetch_keys(&address).await.map(|_| ());
        assert!(matches!(result, Err(FetchError::Refused(_))), "{address}: {result:?}");
    }
    assert!(server.asked().is_empty());
}
