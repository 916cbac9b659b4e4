//! How far a person is with connecting an agent.
//!
//! An agent counts as connected by a session or token of the person that is open and has called. Which agent it is, its
//! client says ([`Agent::of_client`]); what does not say so is taken for the agent whose guide the person had opened
//! before it came. The guide keeps that moment on the server for a week, so that the page can be left and opened again.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::{Agent, SetupService};
use crate::{
    attempts::{ATTEMPT_RETENTION_MS, Attempt, AttemptFilter, AttemptKind, AttemptWords},
    identity::SignedIn,
    oauth::{Caller, Credential, PENDING_LIFETIME_MS, Subject, records::AgentSession},
    ports::StoreError,
    time::{DAY_MS, MINUTE_MS, UnixMillis},
    tokens::StaticToken,
};

/// Attempts that are looked at.
const ATTEMPTS_READ: u32 = 200;
/// Tokens that are looked at.
const TOKENS_READ: u32 = 50;
/// After this time without an exchange the agent is taken not to come back, in milliseconds.
const EXCHANGE_PATIENCE_MS: i64 = 2 * MINUTE_MS;
/// After this time without a call the agent is waited for as if nothing had happened, in milliseconds.
const CALL_PATIENCE_MS: i64 = 10 * MINUTE_MS;

/// Where an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupState {
    /// Nothing has been seen yet.
    Waiting,
    /// The person is being asked, in another window.
    SigningIn,
    /// The person said yes; the agent has not fetched its token yet.
    Allowed,
    /// The agent has its token and has not called yet.
    Ready,
    /// The agent has called.
    Connected,
}

/// Why the latest try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupFailure {
    /// When.
    pub at: UnixMillis,
    /// The cause.
    pub kind: AttemptKind,
    /// What is told.
    pub words: AttemptWords,
    /// The client id or token name, where one is known: remote text.
    pub client: String,
}

/// An agent that is connected.
#[derive(Debug, Clone)]
pub struct ConnectedAgent {
    /// By what.
    pub credential: Credential,
    /// When it first called, as far as is known.
    pub at: UnixMillis,
    /// When it ends at the latest.
    pub ends_at: UnixMillis,
}

/// How far a person is.
#[derive(Debug, Clone)]
pub struct SetupProgress {
    /// Where the attempt is.
    pub state: SetupState,
    /// Steps of this attempt, in their order: kind and time.
    pub steps: Vec<(AttemptKind, UnixMillis)>,
    /// Why the latest try failed; `None` when it did not.
    pub failure: Option<SetupFailure>,
    /// The agent, once it is connected.
    pub connected: Option<ConnectedAgent>,
    /// What `auth_who_am_i` answers the agent; `None` when it is not connected, or the tool is off.
    pub who_am_i: Option<serde_json::Value>,
}

/// What is read to know how far a person is.
struct Seen {
    /// Of this agent, newest first.
    attempts: Vec<Attempt>,
    connected: Option<ConnectedAgent>,
}

impl SetupService {
    /// Notes that the person has opened the guide for an agent, unless they did so within the last week.
    ///
    /// # Errors
    /// The store failed.
    pub async fn open(&self, signed_in: &SignedIn, agent: Agent) -> Result<(), StoreError> {
        let (now, user) = (self.dependencies.clock.now(), &signed_in.user().id);
        let stale = now.plus(-ATTEMPT_RETENTION_MS);
        let opened = self.dependencies.store.read().await?.setup_guide_opened_at(user, agent.slug()).await?;
        if opened.is_some_and(|opened| opened >= stale) {
            return Ok(());
        }
        let mut store = self.dependencies.store.write().await?;
        store.setup_guide_open(user, agent.slug(), now, stale).await?;
        store.commit().await
    }

    /// How far the person is with connecting this agent, or any.
    ///
    /// # Errors
    /// The store failed.
    pub async fn progress(
        &self,
        signed_in: &SignedIn,
        agent: Option<Agent>,
    ) -> Result<SetupProgress, StoreError> {
        let now = self.dependencies.clock.now();
        let Seen { attempts, connected } = self.see(signed_in, agent).await?;
        let (state, failure) = judge(&attempts, connected.as_ref(), now);
        let who_am_i = match &connected {
            Some(connected) => self.who_am_i(signed_in, connected).await?,
            None => None,
        };
        Ok(SetupProgress {
            state,
            steps: steps(&attempts, connected.as_ref(), now),
            failure,
            connected,
            who_am_i,
        })
    }

    /// A word that changes whenever what the guide shows of this person's attempt changes. It means nothing else.
    ///
    /// # Errors
    /// The store failed.
    pub async fn progress_version(
        &self,
        signed_in: &SignedIn,
        agent: Option<Agent>,
    ) -> Result<String, StoreError> {
        Ok(self.progress(signed_in, agent).await?.version())
    }

    async fn see(&self, signed_in: &SignedIn, agent: Option<Agent>) -> Result<Seen, StoreError> {
        self.attempts.flush().await?;
        let now = self.dependencies.clock.now();
        let user = &signed_in.user().id;
        let filter = AttemptFilter {
            user_id: Some(user.clone()),
            since: now.plus(-ATTEMPT_RETENTION_MS),
            failures_only: false,
        };
        let mut store = self.dependencies.store.read().await?;
        let opened_at = match agent {
            Some(agent) => store.setup_guide_opened_at(user, agent.slug()).await?.unwrap_or(now),
            None => UnixMillis(i64::MIN),
        };
        let mut attempts = store.connection_attempt_list(&filter, ATTEMPTS_READ).await?;
        drop(store);
        let first_calls: Vec<Attempt> =
            attempts.iter().filter(|attempt| attempt.kind.is_connected()).cloned().collect();
        attempts.retain(|attempt| {
            is_of(agent, &attempt.client_id, &attempt.client_name, attempt.at >= opened_at)
        });
        let sessions = self.agent_sessions.list(signed_in).await?;
        let tokens = self.static_tokens.list_own(signed_in, TOKENS_READ).await?;
        let sessions = sessions.into_iter().filter(|session| {
            let client = &session.client;
            is_of(agent, &client.client_id, &client.name, session.created_at >= opened_at)
        });
        let sessions = sessions.filter_map(|session| self.connected_by_session(session, &first_calls));
        let tokens =
            tokens.into_iter().filter(|token| is_of(agent, "", &token.name, token.created_at >= opened_at));
        let tokens = tokens.filter_map(|token| connected_by_token(token, &first_calls));
        let connected = sessions.chain(tokens).max_by_key(|connected| connected.at);
        Ok(Seen { attempts, connected })
    }

    fn connected_by_session(&self, session: AgentSession, calls: &[Attempt]) -> Option<ConnectedAgent> {
        let called = calls.iter().find(|call| call.session_id.as_ref() == Some(&session.id));
        let at = called.map(|call| call.at).or_else(|| session.used_at.map(|_| session.created_at))?;
        let ends_at = self.agent_sessions.ends_at(&session);
        Some(ConnectedAgent { credential: Credential::Session(session.into()), at, ends_at })
    }

    /// What the agent is answered when it asks who it is.
    async fn who_am_i(
        &self,
        signed_in: &SignedIn,
        connected: &ConnectedAgent,
    ) -> Result<Option<serde_json::Value>, StoreError> {
        let user = signed_in.user();
        let scope = match &connected.credential {
            Credential::Session(session) => session.scope,
            Credential::Token(token) => portal_model::ScopeSet { level: token.scope, offline_access: false },
        };
        let caller = Caller {
            subject: Subject::Person {
                entity_ref: user.entity_ref.clone(),
                account: Some(user.clone().into()),
            },
            credential: connected.credential.clone(),
            scope,
            expires_at: connected.ends_at,
        };
        let settings = self.settings.current().await?;
        let Ok(action) = self.actions.authorize(&settings, &caller, "auth_who_am_i") else { return Ok(None) };
        let context = crate::actions::CallContext { caller: &caller, origin: signed_in.origin() };
        Ok(action.call(context, serde_json::Map::new()).await.ok())
    }
}

impl SetupProgress {
    /// A word that changes whenever any of this does.
    #[must_use]
    pub fn version(&self) -> String {
        let Self { state, steps, failure, connected, who_am_i } = self;
        let connected = connected.as_ref().map(|connected| {
            let id = match &connected.credential {
                Credential::Session(session) => session.id.as_str(),
                Credential::Token(token) => token.id.as_str(),
            };
            (id, connected.at, connected.ends_at)
        });
        let who = who_am_i.as_ref().map(ToString::to_string);
        let text = format!("{state:?} {steps:?} {failure:?} {connected:?} {who:?}");
        let mut version = URL_SAFE_NO_PAD.encode(Sha256::digest(text));
        version.truncate(22);
        version
    }
}

fn connected_by_token(token: StaticToken, calls: &[Attempt]) -> Option<ConnectedAgent> {
    let called = calls.iter().find(|call| call.token_id.as_ref() == Some(&token.id));
    let at = called.map(|call| call.at).or_else(|| token.used_at.map(|_| token.created_at))?;
    let ends_at = token.ends_at();
    Some(ConnectedAgent { credential: Credential::Token(token.into()), at, ends_at })
}

/// Whether a client is the agent of the guide: it says so, or it says nothing and came after the guide was opened.
fn is_of(agent: Option<Agent>, client_id: &str, name: &str, since_opened: bool) -> bool {
    let Some(agent) = agent else { return true };
    match Agent::of_client(client_id, name) {
        Some(found) => found == agent,
        None => since_opened || agent == Agent::Other,
    }
}

/// Where the attempt is, and why the latest try failed.
fn judge(
    attempts: &[Attempt],
    connected: Option<&ConnectedAgent>,
    now: UnixMillis,
) -> (SetupState, Option<SetupFailure>) {
    let settled = connected.map(|_| SetupState::Connected);
    let Some(latest) = attempts.first() else { return (settled.unwrap_or(SetupState::Waiting), None) };
    let age_ms = now.since(latest.at);
    let going_on = match latest.kind {
        AttemptKind::AuthorizationBegun if age_ms < PENDING_LIFETIME_MS => Some(SetupState::SigningIn),
        AttemptKind::ConsentGiven if age_ms < EXCHANGE_PATIENCE_MS => Some(SetupState::Allowed),
        AttemptKind::CodeExchanged if age_ms < CALL_PATIENCE_MS => Some(SetupState::Ready),
        _ => None,
    };
    let kind = match latest.kind {
        _ if age_ms >= DAY_MS => None,
        AttemptKind::ConsentGiven if going_on.is_none() => Some(AttemptKind::CodeNotExchanged),
        kind if kind.is_failure() => Some(kind),
        _ => None,
    };
    let failure = kind.map(|kind| SetupFailure {
        at: latest.at,
        kind,
        words: kind.words(&latest.detail),
        client: if latest.client_id.is_empty() { &latest.client_name } else { &latest.client_id }.clone(),
    });
    (settled.or(going_on).unwrap_or(SetupState::Waiting), failure)
}

/// The steps of the attempt that is shown: of the connected session, or of the try that goes on.
fn steps(
    attempts: &[Attempt],
    connected: Option<&ConnectedAgent>,
    now: UnixMillis,
) -> Vec<(AttemptKind, UnixMillis)> {
    let own = |call: &&Attempt| match connected.map(|connected| &connected.credential) {
        Some(Credential::Session(session)) => call.session_id.as_ref() == Some(&session.id),
        Some(Credential::Token(token)) => call.token_id.as_ref() == Some(&token.id),
        None => false,
    };
    let called = attempts.iter().position(|attempt| attempt.kind.is_connected() && own(&attempt));
    let (start, until) = match (connected, called) {
        (Some(_), None) => return Vec::new(),
        (Some(_), Some(place)) => (place, attempts.get(place).map_or(now, |call| call.at)),
        (None, _) => (0, now),
    };
    let mut steps: Vec<(AttemptKind, UnixMillis)> = Vec::new();
    for attempt in attempts.iter().skip(start) {
        let other = attempt.is_failure() || (attempt.kind.is_connected() && !own(&attempt));
        let repeated = steps.iter().any(|(kind, _)| *kind == attempt.kind);
        if other || repeated || until.since(attempt.at) >= PENDING_LIFETIME_MS {
            break;
        }
        steps.push((attempt.kind, attempt.at));
    }
    steps.reverse();
    steps
}
