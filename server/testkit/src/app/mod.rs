//! The application in process: the real router, services and store; only time, randomness and the network are made up.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a fault here ends the test, as it should"
)]

mod agent;
mod answer;
mod browser;
mod database;
mod directory;
mod issuer;
mod left;
mod people;
mod signer;
mod way;

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{Request, header::HOST};
use portal_core::{
    audit::{AuditEvent, AuditFilter},
    changes::ChangeTracker,
    identity::{Admin, NewUser, RequestOrigin, SignInProvider},
    org::DirectoryRun,
    ports::{Clock, Store},
    secret::Secret,
    services::{Configuration, Dependencies, Directory, Services},
    time::UnixMillis,
};
use portal_server::{AppState, config::PublicUrl, router};
use portal_store::OpenOptions;
use tower::ServiceExt as _;

pub use agent::{Agent, TestClient, challenge_of};
pub use answer::{Answer, query};
pub use browser::Browser;
pub use directory::{EVENT_SECRET, ScriptedDirectory, excluded, group, person};
pub use issuer::{FakeGithub, FakeIssuer, Forgery, SIGN_IN_CLIENT_ID, SIGN_IN_CLIENT_SECRET, Vouched};
pub use left::{AgentTokens, LeftDatabase};
pub use people::{DirectoryEntry, test_directory};
pub use signer::{ASSERTION_TYPE, Signer};
use way::BorrowedWay;
pub use way::{WayFault, WayToPortal};

use self::database::TestDatabase;
pub use crate::fakes::{ScriptedFetcher, ScriptedReader};
use crate::{MockClock, SeededRng, fakes::BreakableStore};

/// Where the application is, unless a test says otherwise.
pub const PUBLIC_URL: &str = "https://portal.example.com";
/// The address that requests come from.
pub const CLIENT_ADDRESS: &str = "203.0.113.7:50000";
/// A password that every rule allows.
pub const PASSWORD: &str = "seven quiet herons at noon";

/// The organisation outside, as the configuration names it.
#[derive(Clone, Default)]
pub struct Outside {
    /// Its directories.
    pub directories: Vec<Directory>,
    /// The providers that people sign in with.
    pub sign_in_providers: Vec<SignInProvider>,
}

/// A Portal that belongs to one test.
pub struct TestApp {
    /// Its time.
    pub clock: Arc<MockClock>,
    /// The internet's client documents.
    pub fetcher: Arc<ScriptedFetcher>,
    /// The files of its locations.
    pub reader: Arc<ScriptedReader>,
    /// What its doors are given.
    pub services: Services,
    /// What stands between Portal and its public URL.
    pub way: Arc<WayToPortal>,
    router: Router,
    store: Arc<BreakableStore>,
    database: TestDatabase,
    public_url: PublicUrl,
    outside: Outside,
}

impl TestApp {
    /// A Portal with an empty database at [`PUBLIC_URL`].
    pub async fn start() -> Self {
        Self::start_at(PUBLIC_URL).await
    }

    /// A Portal with an empty database at another address.
    pub async fn start_at(public_url: &str) -> Self {
        Self::start_with(public_url, Arc::new(MockClock::default()), Outside::default()).await
    }

    /// A Portal with an empty database in an organisation with these providers, which share its clock.
    pub async fn start_with(public_url: &str, clock: Arc<MockClock>, outside: Outside) -> Self {
        Self::begin(TestDatabase::create().await, public_url, clock, outside).await
    }

    async fn start_in(database: TestDatabase, public_url: &str) -> Self {
        Self::begin(database, public_url, Arc::new(MockClock::default()), Outside::default()).await
    }

    async fn begin(
        database: TestDatabase,
        public_url: &str,
        clock: Arc<MockClock>,
        outside: Outside,
    ) -> Self {
        Self::assemble(
            database,
            PublicUrl::parse(public_url).expect("a public url"),
            clock,
            (Arc::new(ScriptedFetcher::default()), Arc::new(ScriptedReader::default())),
            outside,
        )
        .await
    }

    /// A Portal whose configuration names these directories.
    pub async fn start_with_directories(directories: Vec<Directory>) -> Self {
        let outside = Outside { directories, ..Outside::default() };
        let app = Self::start_with(PUBLIC_URL, Arc::new(MockClock::default()), outside).await;
        app.services.org.configure().await.expect("providers that the store knows");
        app
    }

    /// Lets every directory do what is due: reading people again, and runs. Returns the runs that ended.
    pub async fn tick_directories(&self) -> Vec<DirectoryRun> {
        let org = &self.services.org;
        let mut ended = Vec::new();
        for provider in org.provider_ids() {
            org.read_again(&provider).await.expect("people read again");
            ended.extend(org.tick(&provider).await.expect("a tick"));
            org.read_again(&provider).await.expect("people read again");
        }
        ended
    }

    /// The same Portal after a restart, with these directories in its configuration instead.
    pub async fn restart_with_directories(mut self, directories: Vec<Directory>) -> Self {
        self.outside.directories = directories;
        let app = self.restart().await;
        app.services.org.configure().await.expect("providers that the store knows");
        app
    }

    /// The time.
    #[must_use]
    pub fn clock_now(&self) -> UnixMillis {
        Clock::now(&*self.clock)
    }

    /// The rows of the audit log for an action, newest first.
    pub async fn audit(&self, action: &str) -> Vec<AuditEvent> {
        let filter = AuditFilter { action_prefix: Some(action.to_owned()), ..AuditFilter::default() };
        let admin = Admin::command_line();
        self.services.audit.list(&admin, &filter, None, 100).await.expect("the audit log")
    }

    /// Asks every directory for a full run, and lets it run as far as it goes without waiting.
    pub async fn run_directories(&self) -> Vec<DirectoryRun> {
        for provider in self.services.org.provider_ids() {
            self.services.org.run_now(&Admin::command_line(), &provider).await.expect("a request");
        }
        self.tick_directories().await
    }

    /// The same Portal after a restart: the same database, time and network, nothing remembered.
    pub async fn restart(self) -> Self {
        self.services.activity.flush().await.expect("the activity log");
        self.services.attempts.flush().await.expect("the attempts");
        self.store.inner.close().await;
        let network = (self.fetcher, self.reader);
        Self::assemble(self.database, self.public_url, self.clock, network, self.outside).await
    }

    /// A Portal on a database that another process has left, opened in this way, at the real time.
    pub async fn start_over(address: &str, public_url: &str, options: OpenOptions, now: UnixMillis) -> Self {
        let database = TestDatabase::with_options(address.to_owned(), options, now.0.unsigned_abs());
        let app = Self::start_in(database, public_url).await;
        app.clock.set(now);
        app
    }

    /// Its router, to be served on a socket.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The end of this Portal; its database is for another process.
    pub async fn leave(self) -> LeftDatabase {
        self.services.activity.flush().await.expect("the activity log");
        self.store.inner.close().await;
        LeftDatabase(self.database)
    }

    /// Another process on the same database, at the same time and with the same network.
    pub async fn neighbour(&self) -> Self {
        Self::assemble(
            self.database.clone(),
            self.public_url.clone(),
            Arc::clone(&self.clock),
            (Arc::clone(&self.fetcher), Arc::clone(&self.reader)),
            self.outside.clone(),
        )
        .await
    }

    async fn assemble(
        database: TestDatabase,
        public_url: PublicUrl,
        clock: Arc<MockClock>,
        (fetcher, reader): (Arc<ScriptedFetcher>, Arc<ScriptedReader>),
        outside: Outside,
    ) -> Self {
        let (inner, seed) = database.open().await;
        let inner = Arc::new(inner);
        let store = Arc::new(BreakableStore::new(inner));
        let port = Arc::clone(&store) as Arc<dyn Store>;
        let configuration = Configuration {
            public_url: public_url.as_str().to_owned(),
            public_url_is_loopback: public_url.is_loopback(),
            access_token_lifetime_minutes: 60,
            pinned_clients: Vec::new(),
        };
        let way = Arc::new(WayToPortal::default());
        let services = Services::new(Dependencies {
            self_probe: Arc::new(BorrowedWay(Arc::downgrade(&way))),
            pictures: Arc::new(portal_fetch::SmallPictures::default()),
            store: Arc::clone(&port),
            clock: Arc::clone(&clock) as _,
            rng: Arc::new(SeededRng::new(seed)),
            fetcher: Arc::clone(&fetcher) as _,
            reader: Arc::clone(&reader) as _,
            directories: outside.directories.clone().into(),
            sign_in_providers: outside.sign_in_providers.clone().into(),
            changes: Arc::new(ChangeTracker::new(port, Arc::clone(&clock) as _)),
            configuration: Arc::new(configuration),
        });
        let state = AppState::new(services.clone(), public_url.clone(), Vec::new(), Vec::new());
        let router = router(state);
        way.lead_to(router.clone());
        Self { clock, fetcher, reader, services, way, router, store, database, public_url, outside }
    }

    /// The same Portal behind proxies in these ranges.
    #[must_use]
    pub fn behind_proxies(mut self, ranges: &[&str]) -> Self {
        let trusted = ranges.iter().map(|range| range.parse().expect("a range")).collect();
        let state = AppState::new(self.services.clone(), self.public_url.clone(), trusted, Vec::new());
        self.router = router(state);
        self
    }

    /// The address of this Portal.
    #[must_use]
    pub fn url(&self) -> &str {
        self.public_url.as_str()
    }

    /// Sends a request as it is, with `Host` and the client's address filled in where it has none.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        let authority = self.url().split_once("://").expect("a scheme").1;
        request.headers_mut().entry(HOST).or_insert(authority.parse().expect("a host"));
        let client: SocketAddr = CLIENT_ADDRESS.parse().expect("an address");
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(ConnectInfo(client));
        }
        let response = self.router.clone().oneshot(request).await.expect("the router does not fail");
        Answer::read(response).await
    }

    /// `GET` without cookies.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// `POST` of a form without cookies.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form(fields);
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// A browser in which nobody is signed in.
    #[must_use]
    pub fn as_nobody(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// A browser in which a new admin is signed in.
    pub async fn as_admin(&self, email: &str) -> Browser<'_> {
        self.signed_in(email, true).await
    }

    /// A browser in which a new user is signed in.
    pub async fn as_user(&self, email: &str) -> Browser<'_> {
        self.signed_in(email, false).await
    }

    async fn signed_in(&self, email: &str, admin: bool) -> Browser<'_> {
        let new = NewUser {
            email: email.to_owned(),
            display_name: String::new(),
            entity_ref: String::new(),
            admin,
        };
        let identity = &self.services.identity;
        let invited = identity.user_invite(&Admin::command_line(), new).await.expect("an invitation");
        let session = identity
            .link_accept(&invited.link, &Secret::new(PASSWORD), &RequestOrigin::default())
            .await
            .expect("a session");
        let mut browser = Browser::new(self);
        browser.put_cookie("portal_session", session.cookie.expose());
        browser.put_cookie("portal_browser", session.known_browser.expose());
        browser
    }

    /// Changes settings as `portal settings set` does.
    pub async fn set(&self, pairs: &[(&str, &str)]) {
        let pairs: Vec<_> =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.services.settings.change_by_key(&Admin::command_line(), &pairs).await.expect("valid settings");
    }

    /// Lets agents sign in with every https client document.
    pub async fn let_agents_sign_in(&self) {
        self.set(&[("mcp.cimd.enabled", "true"), ("mcp.cimd.policy", "any")]).await;
    }

    /// Takes the store away, or gives it back.
    pub fn break_store(&self, broken: bool) {
        self.store.set_broken(broken);
        // What is known of the counters may still be fresh.
        self.services.dependencies.changes.expire();
    }

    /// Changes the database behind Portal's back.
    pub async fn tamper(&self, sql: &'static str) {
        self.database.execute(sql).await;
    }

    /// Everything that its database holds, as text.
    pub async fn dump(&self) -> String {
        self.database.dump().await
    }

    /// Lets time pass, in milliseconds.
    pub fn pass(&self, span_ms: i64) {
        self.clock.advance(span_ms);
    }
}

/// Fields as `application/x-www-form-urlencoded`.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
