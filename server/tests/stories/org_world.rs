//! An organisation whose directories say things about people: each word is published as a run publishes it, in one
//! transaction with its consequences.

use std::{collections::BTreeMap, sync::Arc};

use http::StatusCode;
use portal_core::{
    changes::Topic,
    identity::{Admin, BrowserSession, RequestOrigin, SignInBy, SignInProvider, User, UserStatus},
    ids::UserId,
    ingestion::{Location, LocationOrigin, Provenance, Target, stage_document},
    org::{
        DirectoryEmail, DirectoryPerson, Exclusion, ExclusionReason, IdentityKey, PersonChange, PersonState,
        ProviderId, ProviderKind, Standing, StandingContext, StandingOutcome, Subject,
        run::{ProviderState, RunNumber},
        standing,
    },
    ports::{
        Clock as _, SignInClient, SignInError, SignInQuestion, SignInReply, VouchedPerson, WriteTransaction,
    },
    secret::Secret,
    services::Directory,
    time::{DAY_MS, UnixMillis},
    tokens::{MadeStaticToken, StaticTokenRequest},
};
use portal_model::EntityRef;
use portal_testkit::{
    MockClock,
    app::{Agent, Browser, Outside, PUBLIC_URL, TestApp, TestClient, test_directory},
};
use serde_json::json;

/// The provider of most stories.
pub const ACME: &str = "acme";

/// Someone as a directory tells them.
#[derive(Clone)]
pub struct Someone {
    pub subject: String,
    pub login: String,
    pub email: Option<String>,
    pub standing: Standing,
    pub annotations: BTreeMap<String, String>,
}

impl Someone {
    pub fn new(subject: &str, login: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            login: login.to_owned(),
            email: Some(format!("{login}@example.com")),
            standing: Standing::Active,
            annotations: BTreeMap::new(),
        }
    }

    pub fn with_email(mut self, email: &str) -> Self {
        self.email = Some(email.to_owned());
        self
    }

    pub fn left_out(mut self, reason: ExclusionReason) -> Self {
        let vendor_status = reason.as_str().to_uppercase();
        self.standing = Standing::Excluded(Exclusion { reason, vendor_status });
        self
    }

    pub fn suspended(self) -> Self {
        self.left_out(ExclusionReason::Suspended)
    }

    pub fn entity_ref(&self) -> EntityRef {
        EntityRef::new("user", "default", &self.login).expect("a name")
    }

    fn person(&self) -> DirectoryPerson {
        DirectoryPerson {
            subject: Subject(self.subject.clone()),
            login: self.login.clone(),
            email: self.email.clone().map(|address| DirectoryEmail { address, verified: true }),
            display_name: None,
            picture: None,
            standing: self.standing.clone(),
            annotations: self.annotations.clone(),
        }
    }

    fn state(&self) -> PersonState {
        PersonState { entity_ref: self.entity_ref(), standing: self.standing.clone() }
    }
}

/// Nobody answers here; what counts is that the configuration says people can sign in with the provider.
struct NoAnswer;

#[async_trait::async_trait]
impl SignInClient for NoAnswer {
    async fn question(&self, _question: SignInQuestion<'_>) -> Result<String, SignInError> {
        Err(SignInError::Unreachable("nobody answers".to_owned()))
    }

    async fn person(&self, _reply: SignInReply<'_>) -> Result<VouchedPerson, SignInError> {
        Err(SignInError::Unreachable("nobody answers".to_owned()))
    }
}

/// A Portal with these directories, whose people can sign in.
pub async fn start(directories: Vec<Directory>) -> TestApp {
    let provider = |directory: &Directory| SignInProvider {
        id: directory.options.id.clone(),
        label: directory.options.title.clone(),
        by: SignInBy::Subject,
        client: Arc::new(NoAnswer),
    };
    let outside = Outside { sign_in_providers: directories.iter().map(provider).collect(), directories };
    let app = TestApp::start_with(PUBLIC_URL, Arc::new(MockClock::default()), outside).await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    app
}

/// A Portal with one directory.
pub async fn start_with_acme() -> TestApp {
    start(vec![test_directory(ACME, ProviderKind::Custom)]).await
}

pub fn key(provider: &str, subject: &str) -> IdentityKey {
    let provider = ProviderId::parse(provider).expect("an id");
    IdentityKey { provider, subject: Subject(subject.to_owned()) }
}

/// What a directory says now, published in one batch: people as they are, and subjects that it does not know any more.
pub async fn publish(app: &TestApp, provider: &str, people: &[Someone], gone: &[&str]) -> StandingOutcome {
    let words: Vec<Vec<PersonChange>> = vec![changes(app, provider, people, gone).await];
    publish_batches(app, provider, &words).await
}

/// The changes that a run would find.
pub async fn changes(app: &TestApp, provider: &str, people: &[Someone], gone: &[&str]) -> Vec<PersonChange> {
    let id = ProviderId::parse(provider).expect("an id");
    let subjects: Vec<Subject> = people
        .iter()
        .map(|person| person.subject.as_str())
        .chain(gone.iter().copied())
        .map(|subject| Subject(subject.to_owned()))
        .collect();
    let mut store = app.services.dependencies.store.read().await.expect("a transaction");
    let known = store.identity_list(&id, &subjects).await.expect("identities");
    subjects
        .into_iter()
        .map(|subject| {
            let before = known.iter().find(|identity| identity.key.subject == subject);
            let after = people.iter().find(|person| person.subject == subject.as_str());
            PersonChange {
                before: before.map(|identity| PersonState {
                    entity_ref: identity.entity_ref.clone(),
                    standing: Standing::Active,
                }),
                after: after.map(Someone::state),
                person: after.map(Someone::person),
                subject,
            }
        })
        .collect()
}

/// Publishes changes in batches of one transaction, with entities and watermark, as a run does.
pub async fn publish_batches(
    app: &TestApp,
    provider: &str,
    batches: &[Vec<PersonChange>],
) -> StandingOutcome {
    let dependencies = &app.services.dependencies;
    let id = ProviderId::parse(provider).expect("an id");
    let options = dependencies.directories.iter().map(|directory| &directory.options);
    let options = options.into_iter().find(|options| options.id == id).expect("a directory");
    let context = StandingContext {
        provider: options,
        directories: &dependencies.directories,
        now: app.clock.now(),
        rng: &*dependencies.rng,
        origin: &RequestOrigin::default(),
    };
    let mut tx = dependencies.store.write().await.expect("a transaction");
    tx.change_record(Topic::Access).await.expect("a counter");
    tx.change_record(Topic::Catalog).await.expect("a counter");
    location(tx.as_mut(), provider, app.clock.now()).await;
    for change in batches.iter().flatten() {
        entity_leaves(tx.as_mut(), provider, change).await;
    }
    for change in batches.iter().flatten() {
        entity_comes(tx.as_mut(), provider, change).await;
    }
    let mut outcome = StandingOutcome::default();
    for batch in batches {
        outcome.add(standing::apply(&context, tx.as_mut(), batch).await.expect("consequences"));
    }
    let settings = app.services.settings.current().await.expect("settings");
    portal_core::org::admins::settle(&context, tx.as_mut(), &settings).await.expect("admins");
    watermark(tx.as_mut(), &id, app.clock.now()).await;
    tx.commit().await.expect("a commit");
    dependencies.changes.expire();
    outcome
}

async fn location(tx: &mut dyn WriteTransaction, provider: &str, now: UnixMillis) {
    let target = Target::Provider(provider.to_owned());
    if tx.location_by_id(&target.location_id()).await.expect("a location").is_none() {
        let new = Location {
            id: target.location_id(),
            target,
            allow: Some(vec!["user".to_owned(), "group".to_owned()]),
            origin: LocationOrigin::Provider,
            created_at: now,
            published_run: None,
            last_outcome: None,
            last_failure: None,
        };
        assert!(tx.location_put(&new).await.expect("a location"));
    }
}

async fn entity_leaves(tx: &mut dyn WriteTransaction, provider: &str, change: &PersonChange) {
    let location = Target::Provider(provider.to_owned()).location_id();
    let after = change.after.as_ref().filter(|state| state.standing == Standing::Active);
    if let Some(before) = &change.before
        && after.is_none_or(|after| after.entity_ref != before.entity_ref)
        && tx.entity_location(&before.entity_ref).await.expect("a location") == Some(location.clone())
    {
        tx.entity_delete(&location, &before.entity_ref).await.expect("no entity");
    }
}

async fn entity_comes(tx: &mut dyn WriteTransaction, provider: &str, change: &PersonChange) {
    let location = Target::Provider(provider.to_owned()).location_id();
    let after = change.after.as_ref().filter(|state| state.standing == Standing::Active);
    let Some(after) = after else { return };
    let document = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "User",
        "metadata": { "name": after.entity_ref.name(), "annotations": { "acme.example/id": change.subject.as_str() } },
        "spec": { "memberOf": [] },
    });
    let place = format!("provider:{provider}");
    let staged = stage_document(&document, Provenance { managed_by: &place, origin: &place });
    tx.entity_put(&location, &staged.expect("a valid entity")).await.expect("an entity");
}

async fn watermark(tx: &mut dyn WriteTransaction, id: &ProviderId, now: UnixMillis) {
    let mut state = ProviderState {
        id: id.clone(),
        published_run: Some(RunNumber(1)),
        active_run: None,
        held_run: None,
        watermark: Some(now),
        delta_cursor: None,
        full_due_at: now,
        delta_due_at: None,
        request: None,
        failures: 0,
    };
    if let Some(known) = tx.directory_provider_lock(id).await.expect("a provider") {
        state.published_run = known.published_run.or(state.published_run);
    } else {
        assert!(tx.directory_provider_insert(&state).await.expect("a provider"));
    }
    tx.directory_provider_update(&state).await.expect("a provider");
}

/// Gives someone of a directory an account and a browser in which they are signed in, as a sign-in with the provider does.
pub async fn sign_in<'app>(app: &'app TestApp, provider: &str, someone: &Someone) -> Browser<'app> {
    let dependencies = &app.services.dependencies;
    let now = app.clock.now();
    let mut tx = dependencies.store.write().await.expect("a transaction");
    let known = tx.user_by_subject(provider, &someone.subject).await.expect("a look");
    let user = if let Some(user) = known {
        user
    } else {
        let user = User {
            id: UserId::generate(&*dependencies.rng),
            provider: provider.to_owned(),
            subject: someone.subject.clone(),
            entity_ref: someone.entity_ref(),
            email: someone.email.clone(),
            display_name: someone.login.clone(),
            status: UserStatus::Active,
            admin: false,
            password_hash: None,
            revocation_epoch: 0,
            created_at: now,
            last_sign_in_at: Some(now),
        };
        assert!(tx.user_insert(&user).await.expect("an account"));
        user
    };
    let cookie = Secret::generate(&*dependencies.rng);
    let session = BrowserSession {
        hash: cookie.hash(),
        user_id: user.id,
        epoch: user.revocation_epoch,
        created_at: now,
        seen_at: now,
        expires_at: now.plus(7 * DAY_MS),
        address: None,
        user_agent: "a test".to_owned(),
    };
    tx.browser_session_insert(&session).await.expect("a session");
    tx.commit().await.expect("a commit");
    let mut browser = app.as_nobody();
    browser.put_cookie("portal_session", cookie.expose());
    browser
}

/// The account of someone.
pub async fn account(app: &TestApp, provider: &str, subject: &str) -> Option<User> {
    let mut store = app.services.dependencies.store.read().await.expect("a transaction");
    store.user_by_subject(provider, subject).await.expect("a look")
}

/// An agent that may refresh.
pub async fn agent<'app>(app: &'app TestApp, browser: &mut Browser<'app>) -> Agent<'app> {
    app.agent(browser, "mcp:read offline_access").await
}

/// The next call of an agent.
pub async fn call_status(app: &TestApp, token: &str) -> StatusCode {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "auth_who_am_i", "arguments": {}}});
    app.mcp(Some(token), &call).await.status
}

/// The next refresh of an agent.
pub async fn refresh(app: &TestApp, token: &str) -> portal_testkit::app::Answer {
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &TestClient::default().id)];
    app.post_form("/oauth/token", &fields).await
}

/// Whether someone is signed in here, as a page sees it.
pub async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/me/agents").await.status == StatusCode::OK
}

/// A static token of this owner.
pub async fn static_token(app: &TestApp, owner: &str) -> MadeStaticToken {
    let request = StaticTokenRequest {
        name: "CI".to_owned(),
        owner: owner.to_owned(),
        scope: "mcp:read".to_owned(),
        ..StaticTokenRequest::default()
    };
    app.services.static_tokens.create(&Admin::command_line(), &request).await.expect("a token")
}

/// The details of the newest audit row of an action.
pub async fn audited(app: &TestApp, action: &str) -> Option<serde_json::Value> {
    let filter = portal_core::audit::AuditFilter {
        action_prefix: Some(action.to_owned()),
        ..portal_core::audit::AuditFilter::default()
    };
    let rows = app.services.audit.list(&Admin::command_line(), &filter, None, 1).await.expect("rows");
    rows.into_iter().next().map(|row| row.details)
}
