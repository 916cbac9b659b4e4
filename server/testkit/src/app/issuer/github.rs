//! A GitHub Enterprise Server as far as sign-in goes: OAuth, `GET /user`, `GET /user/emails`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use portal_core::{
    identity::{SignInBy, SignInProvider},
    org::ProviderKind,
    ports::Clock,
};
use serde_json::{Value, json};

use super::{
    Granted, SIGN_IN_CLIENT_ID, SIGN_IN_CLIENT_SECRET, Vouched, parameters, provider, serve, verifies,
};
use crate::MockClock;

#[derive(Default)]
struct Inner {
    codes: HashMap<String, Granted>,
    tokens: HashMap<String, Granted>,
    next: u32,
    /// `type` of the account that signs in.
    kind: String,
}

/// A GitHub at `http://127.0.0.1:PORT`, with its API under `/api/v3`.
#[derive(Clone)]
pub struct FakeGithub {
    inner: Arc<Mutex<Inner>>,
    clock: Arc<MockClock>,
    url: String,
}

impl FakeGithub {
    /// Starts one.
    pub async fn start(clock: &Arc<MockClock>) -> Self {
        let inner = Arc::new(Mutex::new(Inner { kind: "User".to_owned(), ..Inner::default() }));
        let url = serve(|_| {
            Router::new()
                .route("/login/oauth/access_token", post(token))
                .route("/api/v3/user", get(user))
                .route("/api/v3/user/emails", get(emails))
                .with_state(Arc::clone(&inner))
        })
        .await;
        Self { inner, clock: Arc::clone(clock), url }
    }

    /// The provider of this id that signs in with this GitHub.
    #[must_use]
    pub fn provider(&self, id: &str, by: SignInBy) -> SignInProvider {
        let clock: Arc<dyn Clock> = self.clock.clone();
        provider((id, ProviderKind::Github, "GitHub"), &self.url, by, clock)
    }

    /// Makes everybody an organisation or a bot from now on.
    pub fn set_kind(&self, kind: &str) {
        kind.clone_into(&mut lock(&self.inner).kind);
    }

    /// Signs someone in at the address that Portal sent the browser to, and says where the browser is sent back to.
    #[must_use]
    pub fn answer(&self, location: &str, person: &Vouched) -> String {
        assert!(location.starts_with(&format!("{}/login/oauth/authorize?", self.url)), "{location}");
        let asked = parameters(location);
        let asked = |name: &str| asked.get(name).cloned();
        assert_eq!(asked("client_id").as_deref(), Some(SIGN_IN_CLIENT_ID));
        assert_eq!(asked("code_challenge_method").as_deref(), Some("S256"));
        assert_eq!(asked("nonce"), None, "a nonce is for ID tokens");
        let redirect_uri = asked("redirect_uri").expect("a redirect_uri");
        let mut inner = lock(&self.inner);
        inner.next += 1;
        let code = format!("{:020x}", inner.next);
        let granted = Granted {
            person: person.clone(),
            redirect_uri: redirect_uri.clone(),
            challenge: asked("code_challenge").expect("a code_challenge"),
            nonce: None,
            scope: asked("scope").unwrap_or_default(),
        };
        inner.codes.insert(code.clone(), granted);
        let mut back = url::Url::parse(&redirect_uri).expect("an address");
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &asked("state").expect("a state"));
        back.into()
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

/// GitHub says what is wrong with status 200.
fn wrong(error: &str) -> Response {
    let address = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/";
    Json(json!({ "error": error, "error_description": "…", "error_uri": address })).into_response()
}

async fn token(
    State(inner): State<Arc<Mutex<Inner>>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut inner = lock(&inner);
    let sent = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    // Without this header the answer would be a form.
    if headers.get("accept").is_none_or(|accept| accept != "application/json") {
        return "error=not_json".into_response();
    }
    if sent("client_id") != SIGN_IN_CLIENT_ID || sent("client_secret") != SIGN_IN_CLIENT_SECRET {
        return wrong("incorrect_client_credentials");
    }
    let Some(granted) = inner.codes.remove(sent("code")) else { return wrong("bad_verification_code") };
    if granted.redirect_uri != sent("redirect_uri") {
        return wrong("redirect_uri_mismatch");
    }
    if !verifies(&granted.challenge, sent("code_verifier")) {
        return wrong("bad_verification_code");
    }
    inner.next += 1;
    let access_token = format!("gho_{:036}", inner.next);
    let answer = json!({ "access_token": access_token, "token_type": "bearer", "scope": granted.scope });
    inner.tokens.insert(access_token, granted);
    Json(answer).into_response()
}

fn granted(inner: &Inner, headers: &HeaderMap) -> Option<Granted> {
    let header = headers.get("authorization")?.to_str().ok()?;
    // Requests without a name for themselves are refused there.
    headers.get("user-agent")?;
    inner.tokens.get(header.strip_prefix("Bearer ")?).cloned()
}

fn bad_credentials() -> Response {
    let body = json!({ "message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401" });
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

async fn user(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap) -> Response {
    let inner = lock(&inner);
    let Some(granted) = granted(&inner, &headers) else { return bad_credentials() };
    let id: u64 = granted.person.subject.parse().expect("GitHub's ids are numbers");
    Json(json!({
        "login": "somebody", "id": id, "node_id": format!("U_{id}"), "type": inner.kind,
        "site_admin": false, "name": null, "email": null,
    }))
    .into_response()
}

async fn emails(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap) -> Response {
    let inner = lock(&inner);
    let Some(granted) = granted(&inner, &headers) else { return bad_credentials() };
    if !granted.scope.split([' ', ',']).any(|scope| scope == "user:email") {
        let body = json!({ "message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404" });
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    }
    let person = &granted.person;
    let mut emails = vec![json!({
        "email": "1+somebody@users.noreply.github.com", "primary": false, "verified": true, "visibility": null,
    })];
    if let Some(email) = &person.email {
        emails.insert(
            0,
            json!({
                "email": email, "primary": true, "verified": person.email_verified, "visibility": "private",
            }),
        );
    }
    Json(Value::from(emails)).into_response()
}
