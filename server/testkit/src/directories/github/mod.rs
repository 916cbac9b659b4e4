//! A fake of GitHub: github.com, an enterprise with managed users, Enterprise Server.
//!
//! GraphQL runs on GitHub's own schema (an extract): queries that it does not allow are refused, and answers have its
//! types. REST answers are held against GitHub's descriptions by [`demand_valid`].

mod graphql;
mod rest;
mod state;
mod webhooks;

use std::sync::{Arc, Mutex, MutexGuard};

use portal_core::{ports::Clock, time::HOUR_MS};
use ring::signature::{self, KeyPair as _, UnparsedPublicKey};
use serde_json::{Value, json};
use url::Url;

use super::server::{FakeAnswer, FakeApi, FakeRequest, FakeServer};
use crate::MockClock;

pub use rest::demand_valid;
pub use state::{Account, Belonging, FakeIdentity, FakeTeam, Limit, LimitStyle, Mode, State};
pub use webhooks::{WEBHOOK_SECRET, recorded_webhooks, signed_webhook};

/// A token that works.
pub const TOKEN: &str = "github_pat_fake";
/// The private key of the app, for tests only.
pub const APP_KEY: &str = include_str!("app-key.pem");
/// The app's id.
pub const APP_ID: &str = "4711";
/// The app's installation.
pub const INSTALLATION: u64 = 99;
/// The version that an Enterprise Server names.
pub const SERVER_VERSION: &str = "3.19.1";

/// The fake. All clones share one state.
#[derive(Clone)]
pub struct GithubFake {
    state: Arc<Mutex<State>>,
    clock: Arc<MockClock>,
}

impl GithubFake {
    /// An organisation without anybody.
    pub fn new(mode: Mode, organization: &str, clock: Arc<MockClock>) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(mode, organization))), clock }
    }

    /// Puts it on the network.
    pub async fn start(&self) -> FakeServer {
        FakeServer::start(Arc::new(self.clone())).await
    }

    /// The state, to look at and to change.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A new member with this login; their id.
    pub fn member(&self, login: &str) -> u64 {
        self.person(login, Belonging::Member)
    }

    /// A new account that belongs to the organisation in this way; its id.
    pub fn person(&self, login: &str, belonging: Belonging) -> u64 {
        let mut state = self.state();
        let id = state.id();
        let account = Account {
            id,
            login: login.to_owned(),
            kind: "User".to_owned(),
            name: Some(format!("Person {login}")),
            email: String::new(),
            verified_emails: vec![format!("{login}@acme.example")],
            suspended: false,
        };
        state.accounts.insert(id, account);
        state.belonging.insert(id, belonging);
        id
    }

    /// Many members; their ids.
    pub fn people(&self, count: usize) -> Vec<u64> {
        (0..count).map(|number| self.member(&format!("p{number}"))).collect()
    }

    /// A new team with these direct members; its id.
    pub fn team(&self, slug: &str, parent: Option<u64>, members: &[u64]) -> u64 {
        let mut state = self.state();
        let id = state.id();
        let team = FakeTeam {
            id,
            slug: slug.to_owned(),
            name: format!("Team {slug}"),
            parent,
            members: members.iter().copied().collect(),
        };
        state.teams.insert(id, team);
        id
    }

    /// Takes someone out of the organisation and all its teams.
    pub fn leave(&self, id: u64) {
        let mut state = self.state();
        state.belonging.remove(&id);
        for team in state.teams.values_mut() {
            team.members.remove(&id);
        }
    }

    /// Makes it an enterprise whose members all have active SCIM identities.
    pub fn manage_users(&self, slug: &str) {
        let mut state = self.state();
        state.enterprise = Some(slug.to_owned());
        state.identities = state
            .members()
            .map(|account| FakeIdentity {
                guid: format!("7fce0092-d52e-4f76-b727-{:012x}", account.id),
                user: Some(account.id),
                active: true,
            })
            .collect();
    }

    /// Suspends a managed user, as an identity provider does.
    pub fn deprovision(&self, id: u64) {
        let mut state = self.state();
        let identity = state.identities.iter_mut().find(|identity| identity.user == Some(id));
        identity.expect("a managed user").active = false;
    }

    /// Whether a bearer token works now.
    fn authorize(&self, request: &FakeRequest) -> Result<(), FakeAnswer> {
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let state = self.state();
        let refused = || Err(rest::message(401, "Bad credentials"));
        let Some(token) = token else { return refused() };
        if state.tokens.contains(token) {
            return Ok(());
        }
        match state.installation_tokens.get(token) {
            Some(_) if state.installation_suspended => {
                Err(rest::message(403, "This installation has been suspended"))
            }
            Some(expires_at) if self.clock.now() < *expires_at => Ok(()),
            _ => refused(),
        }
    }

    /// Whether the request carries a JWT of the app that is valid now.
    fn authorize_app(&self, request: &FakeRequest) -> Result<(), FakeAnswer> {
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let claims = token.and_then(app_claims);
        let now = self.clock.now().0 / 1_000;
        let Some(claims) = claims else {
            return Err(rest::message(401, "A JSON web token could not be decoded"));
        };
        let number = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
        let (issued, expires) = (number("iat"), number("exp"));
        if issued > now {
            return Err(rest::message(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ));
        }
        if expires <= now || expires - issued > 600 {
            return Err(rest::message(401, "'Expiration time' claim ('exp') is too far in the future"));
        }
        if claims.get("iss") != Some(&json!(APP_ID)) {
            return Err(rest::message(404, "Integration not found"));
        }
        Ok(())
    }

    fn route(&self, request: &FakeRequest, base: &Url) -> FakeAnswer {
        let path = request.path.trim_start_matches('/');
        let path = path.strip_prefix("api/v3/").or_else(|| path.strip_prefix("api/")).unwrap_or(path);
        if path == "app" || path.starts_with("app/") || path.ends_with("/installation") {
            let state = &mut self.state();
            return match self.authorize_app(request) {
                Err(refused) => refused,
                Ok(()) => rest::app(state, path, request, self.clock.now().plus(HOUR_MS), base),
            };
        }
        if path == "meta" {
            return FakeAnswer::json(200, &json!({ "verifiable_password_authentication": false }));
        }
        if let Err(refused) = self.authorize(request) {
            return refused;
        }
        let limit = self.state().spend(self.clock.now());
        if let Some(limit) = limit.filter(|limit| limit.remaining == 0) {
            return rest::limited(&limit, path == "graphql");
        }
        let state = self.state();
        if path == "graphql" {
            graphql::answer(&state, request)
        } else {
            rest::answer(&state, path, request, base)
        }
    }
}

impl FakeApi for GithubFake {
    fn answer(&self, request: &FakeRequest, base: &Url) -> FakeAnswer {
        let answer = self.route(request, base).with("x-github-request-id", "FAKE:1");
        let answer = if self.state().mode == Mode::Server {
            answer.with("x-github-enterprise-version", SERVER_VERSION)
        } else {
            answer
        };
        if answer.headers.iter().any(|(name, _)| name.starts_with("x-ratelimit"))
            || self.state().mode == Mode::Server
        {
            return answer;
        }
        let (remaining, reset) = match &self.state().limit {
            Some(limit) => (limit.remaining, limit.reset_at.0 / 1_000),
            None => (4_999, self.clock.now().0 / 1_000 + 3_600),
        };
        answer
            .with("x-ratelimit-limit", 5_000)
            .with("x-ratelimit-remaining", remaining)
            .with("x-ratelimit-reset", reset)
    }
}

/// The claims of a JWT that the app's key signed.
fn app_claims(token: &str) -> Option<Value> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let (text, signature) = token.rsplit_once('.')?;
    let der: Vec<u8> = {
        use base64::engine::general_purpose::STANDARD;
        let body: String = APP_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
        STANDARD.decode(body).ok()?
    };
    let key = ring::rsa::KeyPair::from_der(&der).ok()?;
    let public =
        UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref().to_vec());
    public.verify(text.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    let (header, claims) = text.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    (header.get("alg") == Some(&json!("RS256"))).then_some(())?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
