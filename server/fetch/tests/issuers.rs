//! Requests to identity providers.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod support;

use http::{Request, Response};
use portal_core::ports::FetchError;
use portal_fetch::{HostTrust, ISSUER_ANSWER_BYTES_MAX, IssuerClient};
use support::{Names, Script, Server, Then, options};

async fn ask(names: &[&str], url: &str, trust: HostTrust) -> Result<Response<Vec<u8>>, FetchError> {
    let client = IssuerClient::new(&options(&Names::always(names))).unwrap();
    let request = Request::post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "Basic abc")
        .body(b"grant_type=authorization_code".to_vec());
    client.send(request.unwrap(), trust).await
}

async fn told(script: Script) -> Result<Response<Vec<u8>>, FetchError> {
    let server = Server::plain(script).await;
    ask(&["127.0.0.1"], &server.url("/token"), HostTrust::NamedByAdmin).await
}

#[tokio::test]
async fn whatever_the_status_the_whole_answer_is_read() {
    let body = r#"{"error":"invalid_grant"}"#;
    let head =
        format!("HTTP/1.1 400 Bad Request\nContent-Type: application/json\nContent-Length: {}", body.len());
    let server = Server::plain(Script::new(&head, body.as_bytes())).await;
    let answer = ask(&["127.0.0.1"], &server.url("/token"), HostTrust::NamedByAdmin).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (400, body.as_bytes()));
    assert_eq!(answer.headers()["content-type"], "application/json");
    let asked = server.asked().concat();
    assert!(asked.starts_with("post /token ") && asked.contains("authorization: basic abc"), "{asked}");
}

#[tokio::test]
async fn only_hosts_that_an_admin_named_may_be_inside() {
    let server = Server::plain(Script::json("{}")).await;
    let inside = server.url("/token").replace("127.0.0.1", "login.inside.test");
    assert!(ask(&["127.0.0.1"], &inside, HostTrust::NamedByAdmin).await.is_ok());
    for (names, url) in [
        (["10.1.2.3"], "https://login.inside.test/token"),
        (["127.0.0.1"], "https://login.inside.test/token"),
        (["93.184.216.34"], "http://login.outside.test/token"),
    ] {
        let refused = ask(&names, url, HostTrust::Public).await;
        assert!(matches!(refused, Err(FetchError::Refused(_))), "{url}: {refused:?}");
    }
    // A secret goes over it: without TLS only where nobody can listen.
    let plain = ask(&["10.1.2.3"], "http://login.inside.test/token", HostTrust::NamedByAdmin).await;
    assert!(matches!(plain, Err(FetchError::Refused(_))), "{plain:?}");
    for special in ["169.254.169.254", "fe80::1", "224.0.0.1"] {
        let refused = ask(&[special], "https://login.inside.test/token", HostTrust::NamedByAdmin).await;
        assert!(matches!(refused, Err(FetchError::Refused(_))), "{special}: {refused:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let elsewhere = Server::plain(Script::json("{}")).await;
    let head = format!("HTTP/1.1 302 Found\nLocation: {}\nContent-Length: 0", elsewhere.url("/"));
    assert_eq!(told(Script::new(&head, b"")).await.unwrap().status().as_u16(), 302);
    assert!(elsewhere.asked().is_empty(), "credentials stay where they were sent");
}

#[tokio::test]
async fn answers_are_bounded_and_not_unpacked() {
    let said = format!("HTTP/1.1 200 OK\nContent-Length: {}", ISSUER_ANSWER_BYTES_MAX + 1);
    let refused = told(Script::new(&said, b"")).await;
    assert!(matches!(refused, Err(FetchError::TooLarge(ISSUER_ANSWER_BYTES_MAX))), "{refused:?}");
    let endless =
        Script::new("HTTP/1.1 200 OK\nContent-Type: application/json", b"").then(Then::Repeat(b' '));
    let refused = told(endless).await;
    assert!(matches!(refused, Err(FetchError::TooLarge(ISSUER_ANSWER_BYTES_MAX))), "{refused:?}");
    let packed = told(Script::new("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 2", b"{}")).await;
    assert!(packed.is_err());
}
