//! A Portal without doors: services on a database of their own, with a clock moved by hand.

use std::sync::Arc;

use portal_core::{
    audit::{AuditEvent, AuditFilter, AuditOutcome},
    changes::ChangeTracker,
    identity::{
        Admin, Identity, IdentityError, IdentityService, InvitedUser, NewBrowserSession, NewUser,
        RequestOrigin, SignIn, SignInOutcome, SignedIn, User,
    },
    ids::AgentSessionId,
    oauth::records::{AgentSession, AgentSessionFilter, ClientSnapshot, DocumentOrigin},
    ports::{Clock as _, ReadTransaction, Store, WriteTransaction},
    secret::Secret,
    services::{Configuration, Dependencies},
    settings::SettingsService,
};
use portal_model::{ErrorCode, FieldError, ScopeSet};
use portal_store::{Durability, OpenOptions, SqlStore};
use portal_testkit::{
    MockClock, SeededRng,
    conformance::{Engine, TestDatabase},
    fakes::{BreakableStore, NoPictures, NoWay, ScriptedFetcher, ScriptedReader},
};

/// A password that nothing is wrong with.
pub const PASSWORD: &str = "tangerine bicycle 4";
/// Another one.
pub const OTHER_PASSWORD: &str = "a lighthouse of pears";

/// Services, what they stand on, and shorthands.
pub struct House {
    pub dependencies: Dependencies,
    pub clock: Arc<MockClock>,
    pub identity: Arc<IdentityService>,
    pub settings: Arc<SettingsService>,
    store: Arc<BreakableStore>,
    database: Arc<TestDatabase>,
}

impl House {
    pub async fn new() -> Self {
        Self::on(Engine::Sqlite).await
    }

    pub async fn on(engine: Engine) -> Self {
        let database = Arc::new(TestDatabase::create(engine).await);
        let inner = Arc::clone(database.sql_store());
        Self::furnished(database, inner, Arc::new(MockClock::default()), 1)
    }

    /// Another process on the same database and with the same clock.
    pub async fn neighbour(&self) -> Self {
        let options = OpenOptions { durability: Durability::Off, ..OpenOptions::default() };
        let inner = Arc::new(SqlStore::open(self.database.address(), &options).await.unwrap());
        Self::furnished(Arc::clone(&self.database), inner, Arc::clone(&self.clock), 2)
    }

    fn furnished(
        database: Arc<TestDatabase>,
        inner: Arc<SqlStore>,
        clock: Arc<MockClock>,
        seed: u64,
    ) -> Self {
        let store = Arc::new(BreakableStore::new(inner));
        let port: Arc<dyn Store> = store.clone();
        let dependencies = Dependencies {
            changes: Arc::new(ChangeTracker::new(Arc::clone(&port), clock.clone())),
            store: port,
            clock: clock.clone(),
            rng: Arc::new(SeededRng::new(seed)),
            fetcher: Arc::new(ScriptedFetcher::default()),
            self_probe: Arc::new(NoWay),
            pictures: Arc::new(NoPictures),
            reader: Arc::new(ScriptedReader::default()),
            directories: Arc::from([]),
            sign_in_providers: Arc::from([]),
            configuration: Arc::new(Configuration {
                public_url: "http://localhost:3000".to_owned(),
                public_url_is_loopback: true,
                access_token_lifetime_minutes: 60,
                pinned_clients: Vec::new(),
            }),
        };
        let settings = Arc::new(SettingsService::new(dependencies.clone()));
        let identity = Arc::new(IdentityService::new(dependencies.clone(), Arc::clone(&settings)));
        Self { dependencies, clock, identity, settings, store, database }
    }

    /// Makes every transaction fail to start, or no longer.
    pub fn break_store(&self, broken: bool) {
        self.store.set_broken(broken);
    }

    pub async fn read(&self) -> Box<dyn ReadTransaction> {
        self.dependencies.store.read().await.unwrap()
    }

    pub async fn write(&self) -> Box<dyn WriteTransaction> {
        self.dependencies.store.write().await.unwrap()
    }

    /// An active admin with [`PASSWORD`].
    pub async fn admin(&self, email: &str) -> User {
        self.identity.admin_create(&shell(), email, "", &Secret::new(PASSWORD)).await.unwrap()
    }

    pub async fn invited(&self, email: &str) -> InvitedUser {
        self.identity.user_invite(&shell(), new_user(email)).await.unwrap()
    }

    /// An active person with [`PASSWORD`], and the browser that accepted the invitation.
    pub async fn person(&self, email: &str) -> NewBrowserSession {
        let invited = self.invited(email).await;
        self.identity.link_accept(&invited.link, &Secret::new(PASSWORD), &from("192.0.2.200")).await.unwrap()
    }

    pub async fn try_sign_in(&self, email: &str, password: &str, address: &str) -> SignInOutcome {
        self.identity.sign_in(attempt(email, password), &from(address)).await.unwrap()
    }

    /// Signs in with [`PASSWORD`] from an unknown browser.
    pub async fn sign_in(&self, email: &str) -> NewBrowserSession {
        signed_in(self.try_sign_in(email, PASSWORD, "192.0.2.100").await)
    }

    pub async fn identify(&self, session: &NewBrowserSession) -> Identity {
        self.identity.identify(Some(&session.cookie), from("192.0.2.100")).await.unwrap()
    }

    pub async fn is_signed_in(&self, session: &NewBrowserSession) -> bool {
        self.identify(session).await.signed_in().is_ok()
    }

    pub async fn signed_in(&self, session: &NewBrowserSession) -> SignedIn {
        self.identify(session).await.signed_in().unwrap().clone()
    }

    /// Audit rows of an action, oldest first.
    pub async fn audit(&self, action: &str) -> Vec<AuditEvent> {
        let filter = AuditFilter { action_prefix: Some(action.to_owned()), ..AuditFilter::default() };
        let mut rows = self.read().await.audit_list(&filter, None, 1_000).await.unwrap();
        rows.reverse();
        rows
    }

    /// How many refusals of an action were written down with this code.
    pub async fn refusals(&self, action: &str, code: ErrorCode) -> usize {
        let rows = self.audit(action).await;
        rows.iter().filter(|row| row.outcome == AuditOutcome::from(code)).count()
    }

    /// Connects an agent to an account, as an authorization would.
    pub async fn agent(&self, user: &User) -> AgentSessionId {
        let session = AgentSession {
            id: AgentSessionId::generate(&*self.dependencies.rng),
            user_id: user.id.clone(),
            epoch: user.revocation_epoch,
            client: ClientSnapshot {
                client_id: "https://agents.example.com/client.json".to_owned(),
                host: "agents.example.com".to_owned(),
                name: "Agent".to_owned(),
                redirect_uris_hash: String::new(),
                lists_refresh_grant: false,
                origin: DocumentOrigin::Live,
                confidential: false,
                keys_hash: String::new(),
            },
            redirect_uri: "http://127.0.0.1/callback".to_owned(),
            scope: ScopeSet::DEFAULT,
            resource: "http://localhost:3000/api/mcp-actions/v1".to_owned(),
            refreshable: false,
            token_lifetime_days: 7,
            session_lifetime_days: 30,
            created_at: self.clock.now(),
            used_at: None,
            used_from: None,
            ended: None,
        };
        let mut tx = self.write().await;
        tx.agent_session_insert(&session).await.unwrap();
        tx.commit().await.unwrap();
        session.id
    }

    pub async fn open_agents(&self, user: &User) -> i64 {
        let open = AgentSessionFilter {
            user_id: Some(user.id.clone()),
            open_only: true,
            ..AgentSessionFilter::default()
        };
        self.read().await.agent_session_count(&open).await.unwrap().0
    }
}

/// The operator at the shell.
pub fn shell() -> Admin {
    Admin::command_line()
}

pub fn from(address: &str) -> RequestOrigin {
    RequestOrigin {
        address: Some(address.parse().unwrap()),
        user_agent: "Browser".to_owned(),
        request_id: None,
    }
}

pub fn attempt(email: &str, password: &str) -> SignIn {
    SignIn {
        email: email.to_owned(),
        password: Secret::new(password),
        known_browser: None,
        previous_session: None,
    }
}

pub fn new_user(email: &str) -> NewUser {
    NewUser { email: email.to_owned(), display_name: String::new(), entity_ref: String::new(), admin: false }
}

pub fn signed_in(outcome: SignInOutcome) -> NewBrowserSession {
    match outcome {
        SignInOutcome::SignedIn(session) => session,
        SignInOutcome::Refused(error) => panic!("refused: {error:?}"),
    }
}

/// The code of a refusal; `None` when someone was signed in.
pub fn refusal(outcome: &SignInOutcome) -> Option<ErrorCode> {
    match outcome {
        SignInOutcome::SignedIn(_) => None,
        SignInOutcome::Refused(error) => Some(error.code),
    }
}

/// What was refused, and on which field.
pub fn refused<T: std::fmt::Debug>(result: Result<T, IdentityError>) -> FieldError {
    match result {
        Err(IdentityError::Refused(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}
