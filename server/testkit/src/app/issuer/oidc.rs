//! An OpenID Connect issuer.

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
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_core::{
    identity::{SignInBy, SignInProvider},
    org::ProviderKind,
    ports::Clock,
    time::SECOND_MS,
};
use serde_json::{Value, json};

use super::{
    Forgery, Granted, SIGN_IN_CLIENT_ID, SIGN_IN_CLIENT_SECRET, Vouched,
    keys::{SigningKey, unsigned},
    parameters, provider, serve, verifies,
};
use crate::MockClock;

/// What the issuer holds.
struct Inner {
    url: String,
    clock: Arc<MockClock>,
    keys: Vec<SigningKey>,
    codes: HashMap<String, Granted>,
    access_tokens: HashMap<String, Vouched>,
    next: u32,
    forgery: Forgery,
    /// Whether claims of the scope `email` are in the ID token, rather than at the userinfo endpoint only.
    email_in_id_token: bool,
    asked: Vec<&'static str>,
}

/// An issuer at `http://127.0.0.1:PORT`.
#[derive(Clone)]
pub struct FakeIssuer {
    inner: Arc<Mutex<Inner>>,
    url: String,
}

impl FakeIssuer {
    /// Starts an issuer with one RSA key.
    pub async fn start(clock: &Arc<MockClock>) -> Self {
        let inner = Arc::new(Mutex::new(Inner {
            url: String::new(),
            clock: Arc::clone(clock),
            keys: vec![SigningKey::rsa("first")],
            codes: HashMap::new(),
            access_tokens: HashMap::new(),
            next: 0,
            forgery: Forgery::None,
            email_in_id_token: true,
            asked: Vec::new(),
        }));
        let url = serve(|url| {
            url.clone_into(&mut lock(&inner).url);
            Router::new()
                .route("/.well-known/openid-configuration", get(discovery))
                .route("/jwks", get(jwks))
                .route("/token", post(token))
                .route("/me", get(userinfo))
                .with_state(Arc::clone(&inner))
        })
        .await;
        Self { inner, url }
    }

    /// The issuer, byte for byte.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The provider of this id that signs in with this issuer.
    #[must_use]
    pub fn provider(&self, id: &str, kind: ProviderKind, by: SignInBy) -> SignInProvider {
        let clock: Arc<dyn Clock> = lock(&self.inner).clock.clone();
        provider((id, kind, "Acme"), &self.url, by, clock)
    }

    /// Lies from now on.
    pub fn forge(&self, forgery: Forgery) {
        lock(&self.inner).forgery = forgery;
    }

    /// Tells e-mail addresses at the userinfo endpoint only.
    pub fn keep_email_out_of_id_tokens(&self) {
        lock(&self.inner).email_in_id_token = false;
    }

    /// Signs with a new key from now on, and publishes no other.
    pub fn rotate_keys(&self) {
        lock(&self.inner).keys = vec![SigningKey::p256("second")];
    }

    /// What Portal has asked for so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<&'static str> {
        lock(&self.inner).asked.clone()
    }

    /// Signs someone in at the address that Portal sent the browser to, and says where the browser is sent back to.
    #[must_use]
    pub fn answer(&self, location: &str, person: &Vouched) -> String {
        let mut inner = lock(&self.inner);
        assert!(location.starts_with(&format!("{}/authorize?", self.url)), "{location}");
        let asked = parameters(location);
        let asked = |name: &str| asked.get(name).cloned();
        assert_eq!(asked("response_type").as_deref(), Some("code"));
        assert_eq!(asked("client_id").as_deref(), Some(SIGN_IN_CLIENT_ID));
        assert_eq!(asked("code_challenge_method").as_deref(), Some("S256"));
        let scope = asked("scope").unwrap_or_default();
        assert!(scope.split(' ').any(|one| one == "openid"), "{scope}");
        let redirect_uri = asked("redirect_uri").expect("a redirect_uri");
        let granted = Granted {
            person: person.clone(),
            redirect_uri: redirect_uri.clone(),
            challenge: asked("code_challenge").expect("a code_challenge"),
            nonce: asked("nonce"),
            scope,
        };
        inner.next += 1;
        let code = format!("code-{}", inner.next);
        inner.codes.insert(code.clone(), granted);
        let issuer = match inner.forgery {
            Forgery::ResponseIssuer => Some("https://other.example.com".to_owned()),
            Forgery::ResponseIssuerMissing => None,
            _ => Some(self.url.clone()),
        };
        let mut back = url::Url::parse(&redirect_uri).expect("an address");
        back.query_pairs_mut().append_pair("code", &code);
        if let Some(state) = asked("state") {
            back.query_pairs_mut().append_pair("state", &state);
        }
        if let Some(issuer) = issuer {
            back.query_pairs_mut().append_pair("iss", &issuer);
        }
        back.into()
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn discovery(State(inner): State<Arc<Mutex<Inner>>>) -> Json<Value> {
    let mut inner = lock(&inner);
    inner.asked.push("discovery");
    let url = &inner.url;
    let issuer = if inner.forgery == Forgery::DiscoveryIssuer { "https://other.example.com" } else { url };
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/me"),
        "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(inner): State<Arc<Mutex<Inner>>>) -> Json<Value> {
    let mut inner = lock(&inner);
    inner.asked.push("jwks");
    let keys: Vec<Value> = inner.keys.iter().map(SigningKey::jwk).collect();
    Json(json!({ "keys": keys }))
}

fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

/// Whether the client says who it is as RFC 6749 section 2.3.1 wants it: form-encoded, then Basic.
fn is_our_client(headers: &HeaderMap) -> bool {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(SIGN_IN_CLIENT_ID), encode(SIGN_IN_CLIENT_SECRET));
    let expected = format!("Basic {}", STANDARD.encode(pair));
    headers.get("authorization").is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

async fn token(
    State(inner): State<Arc<Mutex<Inner>>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut inner = lock(&inner);
    inner.asked.push("token");
    if inner.forgery == Forgery::Outage {
        return (StatusCode::SERVICE_UNAVAILABLE, "busy").into_response();
    }
    if inner.forgery == Forgery::ClientUnknown || !is_our_client(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let sent = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if sent("grant_type") != "authorization_code" {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    // A code is gone with its first use, whatever else is wrong.
    let Some(granted) = inner.codes.remove(sent("code")) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    if granted.redirect_uri != sent("redirect_uri") || !verifies(&granted.challenge, sent("code_verifier")) {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    inner.next += 1;
    let access_token = format!("access-{}", inner.next);
    let mut answer = json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": 300, "scope": granted.scope,
    });
    if inner.forgery != Forgery::NoIdToken {
        answer["id_token"] = Value::from(id_token(&inner, &granted));
    }
    inner.access_tokens.insert(access_token, granted.person);
    ([("cache-control", "no-store")], Json(answer)).into_response()
}

fn id_token(inner: &Inner, granted: &Granted) -> String {
    let now = inner.clock.now().0 / SECOND_MS;
    let mut claims = json!({
        "iss": inner.url, "aud": SIGN_IN_CLIENT_ID, "sub": granted.person.subject, "oid": granted.person.object_id,
        "iat": now, "exp": now + 300,
    });
    if let Some(nonce) = &granted.nonce {
        claims["nonce"] = json!(nonce);
    }
    let wants_email = granted.scope.split(' ').any(|one| one == "email");
    if let Some(email) = granted.person.email.as_ref().filter(|_| wants_email && inner.email_in_id_token) {
        claims["email"] = json!(email);
        claims["email_verified"] = json!(granted.person.email_verified);
    }
    match inner.forgery {
        Forgery::Nonce => claims["nonce"] = json!("of-another-sign-in"),
        Forgery::NonceMissing => {
            claims.as_object_mut().expect("an object").remove("nonce");
        }
        Forgery::Audience => claims["aud"] = json!("another-client"),
        Forgery::AuthorizedParty => {
            claims["aud"] = json!([SIGN_IN_CLIENT_ID, "another-client"]);
            claims["azp"] = json!("another-client");
        }
        Forgery::Issuer => claims["iss"] = json!("https://other.example.com"),
        Forgery::Expired => claims["exp"] = json!(now - 120),
        Forgery::NotYet => claims["nbf"] = json!(now + 120),
        _ => {}
    }
    let key = inner.keys.first().expect("a key");
    match inner.forgery {
        Forgery::Unsigned => format!("{}.", unsigned(&json!({ "alg": "none", "typ": "JWT" }), &claims)),
        Forgery::PublicKeyAsSecret => key.public_key_as_secret(&claims),
        Forgery::ForeignKey => SigningKey::p256("foreign").sign(&claims, key.id(), "JWT"),
        Forgery::AccessToken => key.sign(&claims, key.id(), "at+jwt"),
        _ => key.sign(&claims, key.id(), "JWT"),
    }
}

async fn userinfo(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap) -> Response {
    let mut inner = lock(&inner);
    inner.asked.push("userinfo");
    let token = headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let Some(person) = inner.access_tokens.get(token) else {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    };
    let subject =
        if inner.forgery == Forgery::UserInfoSubject { "someone-else" } else { person.subject.as_str() };
    Json(json!({ "sub": subject, "email": person.email, "email_verified": person.email_verified }))
        .into_response()
}
