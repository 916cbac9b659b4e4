//! Portal asking itself, and pictures that admins give.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod support;

use portal_core::ports::{
    FetchError, PictureMaker as _, SELF_PROBE_BYTES_MAX, SelfProbe as _, SelfProbeAnswer, SelfProbeRequest,
};
use portal_fetch::{SelfProbeClient, SmallPictures};
use support::{Names, Script, Server, options};

fn request(url: &str, body: Option<&str>) -> SelfProbeRequest {
    let headers = vec![("authorization", "Bearer portal-self-check".to_owned())];
    SelfProbeRequest { url: url.to_owned(), headers, body: body.map(str::to_owned) }
}

async fn told(script: Script, body: Option<&str>) -> (Result<SelfProbeAnswer, FetchError>, Vec<String>) {
    let server = Server::plain(script).await;
    let client = SelfProbeClient::new(&options(&Names::failing()), &server.url("")).unwrap();
    let answer = client.ask(&request(&server.url("/path"), body)).await;
    (answer, server.asked())
}

#[tokio::test]
async fn every_status_is_an_answer_with_its_headers() {
    let head = "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer scope=\"mcp:read\"\nContent-Length: 2";
    let (answer, asked) = told(Script::new(head, b"no"), None).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (401, &b"no"[..]));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer scope=\"mcp:read\""));
    let asked = asked.concat();
    assert!(asked.starts_with("get /path ") && asked.contains("bearer portal-self-check"), "{asked}");
    let (_, asked) = told(Script::new(head, b"no"), Some("{}")).await;
    assert!(asked.concat().starts_with("post /path "), "{asked:?}");
    // A redirect is told, not followed.
    let head = "HTTP/1.1 302 Found\nLocation: https://elsewhere.test/\nContent-Length: 0";
    let answer = told(Script::new(head, b""), None).await.0.unwrap();
    assert_eq!((answer.status, answer.header("location")), (302, Some("https://elsewhere.test/")));
}

#[tokio::test]
async fn only_the_public_url_is_asked() {
    let (server, other) = (Server::plain(Script::json("{}")).await, Server::plain(Script::json("{}")).await);
    let public_url = server.url("");
    let client = SelfProbeClient::new(&options(&Names::failing()), &public_url).unwrap();
    for url in [
        other.url("/path"),
        format!("{public_url}0/path"),
        format!("{public_url}@evil.test/"),
        public_url.clone(),
    ] {
        let refused = client.ask(&request(&url, None)).await;
        assert!(matches!(refused, Err(FetchError::Refused(_))), "{url}: {refused:?}");
    }
    assert!(other.asked().is_empty());
    assert_eq!(client.ask(&request(&format!("{public_url}/path"), None)).await.unwrap().status, 200);
}

#[tokio::test]
async fn an_answer_is_bounded() {
    let body = vec![b'x'; SELF_PROBE_BYTES_MAX + 1];
    let head = format!("HTTP/1.1 200 OK\nContent-Length: {}", body.len());
    let (answer, _) = told(Script::new(&head, &body), None).await;
    assert_eq!(answer, Err(FetchError::TooLarge(SELF_PROBE_BYTES_MAX)));
}

#[tokio::test]
async fn pictures_are_what_they_say() {
    let pictures = SmallPictures::default();
    for (kind, bytes) in [("image/svg+xml", &b"<svg/>"[..]), ("image/png", b"GIF89a"), ("text/html", b"x")] {
        assert_eq!(pictures.remake(kind, bytes.to_vec()).await, Err(FetchError::NotPicture), "{kind}");
    }
}
