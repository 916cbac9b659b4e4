//! The organization's name, picture and accent, on every page. Without scripts.

use axum::body::Body;
use http::{Request, StatusCode};
use portal_testkit::app::{Answer, Browser, TestApp};

const PAGE: &str = "/settings/branding";

/// A PNG of one red pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0,
    0, 1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 0x0c, b'I', b'D', b'A', b'T', 0x08, 0xd7, 0x63,
    0xf8, 0xcf, 0xc0, 0, 0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae,
    0x42, 0x60, 0x82,
];

/// Sends the form with a file, as a browser does.
async fn upload(browser: &mut Browser<'_>, kind: &str, bytes: &[u8]) -> Answer {
    let mut body = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"logo\"; filename=\"x\"\r\ncontent-type: {kind}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = Request::post("/settings/branding/logo")
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=edge")
        .header("sec-fetch-site", "same-origin");
    browser.send(request.body(Body::from(body)).expect("a request")).await
}

/// Uploads, and returns the page that follows.
async fn uploaded(admin: &mut Browser<'_>, kind: &str, bytes: &[u8]) -> String {
    let answer = upload(admin, kind, bytes).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/settings/branding#logo"));
    admin.get(PAGE).await.text()
}

/// Where the organization's picture is served.
fn picture_of(page: &str) -> Option<String> {
    let rest = page.split("src=\"/branding/logo/").nth(1)?;
    Some(format!("/branding/logo/{}", rest.split('"').next()?))
}

#[tokio::test]
async fn name_and_accent_are_on_every_page() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    let before = app.get("/sign-in").await.text();
    assert!(before.contains("data-accent=\"verdigris\"") && before.contains("· Portal</title>"), "{before}");
    let fields = [("name", " Acme  Hub "), ("accent", "plum")];
    let answer = admin.post("/_ui/settings_branding", &fields).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, PAGE));
    assert!(admin.get(PAGE).await.text().contains("Saved at"));
    let (home, sign_in) = (admin.get("/").await.text(), app.get("/sign-in").await.text());
    let missing = admin.get("/nothing/here").await.text();
    for page in [home, sign_in, missing] {
        assert!(page.contains("data-accent=\"plum\""), "{page}");
        assert!(page.contains("· Acme Hub</title>") && page.contains(">Acme Hub</span>"), "{page}");
    }
    let audited = app.audit("setting.changed").await;
    let keys: Vec<_> = audited.iter().filter_map(|event| event.target.as_deref()).collect();
    assert!(keys.contains(&"ui.product_name") && keys.contains(&"ui.accent"), "{keys:?}");
}

#[tokio::test]
async fn a_name_that_could_be_markup_is_refused() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    for name in ["</title><script>alert(1)</script>", "A&B", "\u{202e}latroP", "", &"x".repeat(41)] {
        admin.post("/_ui/settings_branding", &[("name", name), ("accent", "fern")]).await;
        let page = admin.get(PAGE).await.text();
        assert!(page.contains("· Portal</title>") && !page.contains("<script>alert"), "{name}: {page}");
        assert!(page.contains("product-name-error"), "{name}");
    }
    admin.post("/_ui/settings_branding", &[("name", "Hub"), ("accent", "red")]).await;
    let settings = app.services.settings.current().await.expect("settings");
    assert_eq!(settings.product_name.as_str(), "Portal");
}

#[tokio::test]
async fn a_picture_is_made_anew_and_served_to_everybody() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    assert_eq!(picture_of(&admin.get("/").await.text()), None);
    let mut hidden = PIXEL.to_vec();
    hidden.extend_from_slice(b"<script>alert(1)</script>");
    let page = uploaded(&mut admin, "image/png", &hidden).await;
    assert!(page.contains("Saved at"), "{page}");
    let path = picture_of(&app.get("/sign-in").await.text()).expect("a picture");
    let served = app.get(&path).await;
    assert_eq!((served.status, served.header("content-type")), (StatusCode::OK, "image/png"));
    assert!(served.header("cache-control").contains("immutable"));
    assert!(!served.body.windows(8).any(|window| window == b"<script>"), "only pixels are kept");
    assert!(
        admin.get("/").await.text().contains(&format!("rel=\"icon\" type=\"image/png\" href=\"{path}\""))
    );
    assert_eq!(app.audit("branding.logo-changed").await.len(), 1);

    admin.post("/_ui/settings_logo_remove", &[]).await;
    assert_eq!(picture_of(&admin.get("/").await.text()), None);
    assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.audit("branding.logo-removed").await.len(), 1);
}

#[tokio::test]
async fn what_is_no_small_picture_is_refused_with_words() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    let large = vec![0_u8; 262_145];
    for (kind, bytes, words) in [
        ("image/svg+xml", &b"<svg/>"[..], "Vector pictures (SVG) are not taken"),
        ("image/png", b"no picture", "cannot be read as a picture"),
        ("text/html", PIXEL, "cannot be read as a picture"),
        ("image/png", b"", "Fill in this field"),
        ("image/png", &large, "larger than 256 kB"),
    ] {
        let page = uploaded(&mut admin, kind, bytes).await;
        assert!(page.contains(words), "{kind} {words}: {page}");
        assert_eq!(picture_of(&page), None);
    }
    let announced = Request::post("/settings/branding/logo")
        .header("content-type", "multipart/form-data; boundary=edge")
        .header("content-length", "9000000")
        .header("sec-fetch-site", "same-origin");
    let far_too_large = admin.send(announced.body(Body::empty()).expect("a request")).await;
    assert_eq!(far_too_large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn only_admins_give_a_picture_and_only_from_our_page() {
    let app = TestApp::start().await;
    assert_eq!(upload(&mut app.as_nobody(), "image/png", PIXEL).await.status, StatusCode::UNAUTHORIZED);
    let mut user = app.as_user("ada@example.com").await;
    assert_eq!(upload(&mut user, "image/png", PIXEL).await.status, StatusCode::FORBIDDEN);
    let mut admin = app.as_admin("root@example.com").await;
    let request = Request::post("/settings/branding/logo")
        .header("content-type", "multipart/form-data; boundary=edge")
        .header("sec-fetch-site", "cross-site");
    let answer = admin.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(app.services.branding.known().logo, None);
}
