//! Every server function and every page, called by nobody, by a user and by an admin. What is not on a list below is for
//! admins only; the lists may only shrink.

use axum::body::Body;
use http::{Request, StatusCode};
use portal_app::shell::document;
use portal_testkit::app::{Answer, Browser, TestApp};

/// Server functions that anybody may call; each checks what it is given.
const PUBLIC_FUNCTIONS: [&str; 5] =
    ["/_ui/first_admin", "/_ui/link_accept", "/_ui/sign_in", "/_ui/sign_out", "/_ui/theme"];
/// Server functions for everyone who is signed in.
const SIGNED_IN_FUNCTIONS: [&str; 9] = [
    "/_ui/agent_disconnect",
    "/_ui/agent_disconnect_all",
    "/_ui/consent",
    "/_ui/own_token_create",
    "/_ui/own_token_revoke",
    "/_ui/password_change",
    "/_ui/rollout_dismiss",
    "/_ui/sign_out_everywhere",
    "/_ui/star",
];
/// Pages that anybody may open.
const PUBLIC_PAGES: [&str; 4] = ["/first-admin", "/oauth/consent", "/sign-in", "/sign-in/link"];
/// Pages for everyone who is signed in.
const SIGNED_IN_PAGES: [&str; 7] = [
    "/",
    "/catalog",
    "/catalog/{namespace}/{kind}/{name}",
    "/mcp/setup",
    "/me/agents",
    "/me/agents/confirm",
    "/me/password",
];

fn functions() -> Vec<&'static str> {
    let mut paths: Vec<_> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    paths.sort_unstable();
    paths
}

fn pages() -> Vec<String> {
    let mut paths: Vec<_> =
        leptos_axum::generate_route_list(document).iter().map(|route| route.path().to_owned()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// Calls a server function with an empty form, as a script of a page of Portal does.
async fn call(browser: &mut Browser<'_>, path: &str) -> Answer {
    let request = Request::post(path)
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    browser.send(request.body(Body::empty()).expect("a request")).await
}

/// Those of `all` for which the answer is not this refusal.
fn allowed<'path>(all: &[(&'path str, StatusCode)], refusal: StatusCode) -> Vec<&'path str> {
    all.iter().filter(|(_, status)| *status != refusal).map(|(path, _)| *path).collect()
}

/// Attack: 1.7: every server function and page as nobody and as a user
#[tokio::test]
async fn server_functions_are_for_admins_unless_listed() {
    let app = TestApp::start().await;
    let functions = functions();
    assert!(functions.len() > 10, "they are registered: {functions:?}");
    let (mut as_nobody, mut as_user) = (Vec::new(), Vec::new());
    for (number, path) in functions.iter().copied().enumerate() {
        assert!(path.starts_with("/_ui/"), "{path}");
        as_nobody.push((path, call(&mut app.as_nobody(), path).await.status));
        // Someone new each time: some functions end sessions.
        let mut user = app.as_user(&format!("user{number}@example.com")).await;
        as_user.push((path, call(&mut user, path).await.status));
        let mut admin = app.as_admin(&format!("admin{number}@example.com")).await;
        let answer = call(&mut admin, path).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.text());
        if !PUBLIC_FUNCTIONS.contains(&path) {
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    let open = allowed(&as_nobody, StatusCode::UNAUTHORIZED);
    let unlisted: Vec<_> = open.iter().filter(|path| !PUBLIC_FUNCTIONS.contains(path)).collect();
    assert!(unlisted.is_empty(), "open to everybody: {unlisted:?}");
    let mut for_users = allowed(&as_user, StatusCode::FORBIDDEN);
    for_users.retain(|path| !PUBLIC_FUNCTIONS.contains(path));
    assert_eq!(for_users, SIGNED_IN_FUNCTIONS);
    for path in PUBLIC_FUNCTIONS {
        assert!(functions.contains(&path), "{path} is gone: take it off the list");
    }
}

/// Rule: RFC 6749 section 10.12: consent cannot be given by another site
/// Attack: 1.7: forms from other sites, with every server function, 180 tries
#[tokio::test]
async fn no_server_function_answers_another_site() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    for path in functions() {
        for (header, value) in [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.test"),
            ("origin", "null"),
            ("x-nothing", ""),
        ] {
            let request = Request::post(path)
                .header("accept", "application/json")
                .header("content-type", "application/x-www-form-urlencoded")
                .header(header, value);
            let answer = admin.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {header} {value}");
            assert_eq!(answer.json()["code"], "cross-site", "{path}");
        }
        let get = admin.get(path).await;
        assert!(get.status.is_client_error(), "{path} by GET: {}", get.status);
    }
}

/// A path of the table with something for each parameter.
fn filled(path: &str) -> String {
    let part = |part: &str| if part.starts_with([':', '{']) { "x".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Attack: 1.7: every server function and page as nobody and as a user
#[tokio::test]
async fn pages_are_for_admins_unless_listed() {
    let app = TestApp::start().await;
    let pages = pages();
    assert!(pages.len() > 10, "{pages:?}");
    let mut user = app.as_user("ada@example.com").await;
    let mut admin = app.as_admin("root@example.com").await;
    let (mut open, mut for_users) = (Vec::new(), Vec::new());
    for page in &pages {
        let address = filled(page);
        let nobody = app.as_nobody().get(&address).await;
        let sent_to_sign_in = nobody.status.is_redirection() && nobody.location().starts_with("/sign-in");
        if !sent_to_sign_in {
            open.push(page.as_str());
        } else if user.get(&address).await.status != StatusCode::FORBIDDEN {
            for_users.push(page.as_str());
        }
        let answer = admin.get(&address).await;
        assert_ne!(answer.status, StatusCode::FORBIDDEN, "{page}");
        assert!(!answer.status.is_server_error(), "{page}: {}", answer.text());
    }
    assert_eq!(open, PUBLIC_PAGES);
    assert_eq!(for_users, SIGNED_IN_PAGES);
}

#[tokio::test]
async fn a_store_that_is_away_takes_nobody_for_somebody() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    app.break_store(true);
    for page in ["/", "/settings/users"] {
        assert_eq!(admin.get(page).await.status, StatusCode::SERVICE_UNAVAILABLE, "{page}");
    }
    assert_eq!(call(&mut admin, "/_ui/settings_cimd").await.status, StatusCode::SERVICE_UNAVAILABLE);
    app.break_store(false);
    assert_eq!(admin.get("/settings/users").await.status, StatusCode::OK);
}
