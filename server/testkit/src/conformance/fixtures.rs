//! Records for cases: each number gives a record that differs from the others in every field.

use std::sync::Arc;

use portal_core::{
    catalog::StagedEntity,
    identity::{BrowserSession, PasswordHash, User, UserStatus},
    ids::{AgentSessionId, LocationId, RunId, UserId},
    ingestion::{Location, LocationOrigin, RunOutcome, Target},
    oauth::records::{AccessToken, AgentSession, ClientSnapshot, DocumentOrigin, RefreshState, RefreshToken},
    ports::{ReadTransaction, Store, WriteTransaction},
    secret::SecretHash,
    time::UnixMillis,
};
use portal_model::{EntityRef, ScopeSet};

pub use crate::clock::START;

pub async fn read(store: &Arc<dyn Store>) -> Box<dyn ReadTransaction> {
    store.read().await.unwrap()
}

pub async fn write(store: &Arc<dyn Store>) -> Box<dyn WriteTransaction> {
    store.write().await.unwrap()
}

/// A point in time, so many milliseconds after [`START`].
pub fn at(ms: i64) -> UnixMillis {
    START.plus(ms)
}

pub fn hash(text: &str) -> SecretHash {
    SecretHash::of(text)
}

pub fn entity_ref(text: &str) -> EntityRef {
    text.parse().unwrap()
}

pub fn user_id(number: u32) -> UserId {
    UserId(format!("user-{number}"))
}

pub fn user(number: u32) -> User {
    User {
        id: user_id(number),
        provider: "local".to_owned(),
        subject: format!("subject-{number}"),
        entity_ref: entity_ref(&format!("user:default/person-{number}")),
        email: Some(format!("Person-{number}@Example.org")),
        display_name: format!("Person {number}"),
        status: UserStatus::Active,
        admin: false,
        password_hash: Some(PasswordHash(format!("$argon2id${number}"))),
        revocation_epoch: 0,
        created_at: at(i64::from(number)),
        last_sign_in_at: Some(at(1_000 + i64::from(number))),
    }
}

/// Adds users 1 to `count`.
pub async fn add_users(store: &Arc<dyn Store>, count: u32) {
    let mut tx = write(store).await;
    for number in 1..=count {
        assert!(tx.user_insert(&user(number)).await.unwrap());
    }
    tx.commit().await.unwrap();
}

pub fn browser_session(name: &str, user: u32) -> BrowserSession {
    BrowserSession {
        hash: hash(name),
        user_id: user_id(user),
        epoch: 0,
        created_at: at(1),
        seen_at: at(2),
        expires_at: at(10_000),
        address: Some("2001:db8::1".parse().unwrap()),
        user_agent: format!("Browser {name}"),
    }
}

pub fn client(name: &str) -> ClientSnapshot {
    ClientSnapshot {
        client_id: format!("https://{name}.example.org/client.json"),
        host: format!("{name}.example.org"),
        name: format!("Agent \"{name}\" ✓"),
        redirect_uris_hash: format!("hash-of-{name}"),
        lists_refresh_grant: true,
        origin: DocumentOrigin::Pinned { as_of: "2026-01-02".to_owned() },
        confidential: false,
        keys_hash: String::new(),
    }
}

pub fn session_id(name: &str) -> AgentSessionId {
    AgentSessionId(format!("session-{name}"))
}

pub fn agent_session(name: &str, user: u32, created_ms: i64) -> AgentSession {
    AgentSession {
        id: session_id(name),
        user_id: user_id(user),
        epoch: 3,
        client: client("agent"),
        redirect_uri: format!("http://127.0.0.1/{name}"),
        scope: ScopeSet::parse("mcp:write offline_access"),
        resource: "https://portal.example.org/api/mcp-actions/v1".to_owned(),
        refreshable: true,
        token_lifetime_days: 30,
        session_lifetime_days: 365,
        created_at: at(created_ms),
        used_at: None,
        used_from: None,
        ended: None,
    }
}

/// Adds user 1 and a session of that user with this name.
pub async fn add_session(store: &Arc<dyn Store>, name: &str) {
    add_users(store, 1).await;
    let mut tx = write(store).await;
    tx.agent_session_insert(&agent_session(name, 1, 0)).await.unwrap();
    tx.commit().await.unwrap();
}

pub fn access_token(name: &str, session: &str) -> AccessToken {
    AccessToken {
        hash: hash(name),
        session_id: session_id(session),
        scope: ScopeSet::parse("mcp:read"),
        created_at: at(10),
        expires_at: at(20_000),
        refresh_hash: Some(hash("refresh")),
    }
}

pub fn refresh_token(name: &str, session: &str) -> RefreshToken {
    RefreshToken {
        hash: hash(name),
        session_id: session_id(session),
        created_at: at(10),
        confirmed_at: None,
        state: RefreshState::Current,
    }
}

pub fn location_id(name: &str) -> LocationId {
    LocationId(format!("location-{name}"))
}

pub fn location(name: &str, created_ms: i64) -> Location {
    Location {
        id: location_id(name),
        target: Target::File(format!("/org/{name}.yaml")),
        allow: Some(vec!["user".to_owned(), "group".to_owned()]),
        origin: LocationOrigin::Registered("user:default/ann".to_owned()),
        created_at: at(created_ms),
        published_run: None,
        last_outcome: None,
        last_failure: None,
    }
}

pub fn run_id(name: &str) -> RunId {
    RunId(format!("run-{name}"))
}

pub fn outcome(entities: i64) -> RunOutcome {
    RunOutcome { at: at(500), entities, with_errors: 1, rejected: 2, duration_ms: 30 }
}

/// An entity with its name, kind and these search keys.
pub fn entity(text: &str, search: &[(&str, &str)]) -> StagedEntity {
    let entity_ref = entity_ref(text);
    let mut pairs = vec![
        ("kind".to_owned(), entity_ref.kind().to_owned()),
        ("metadata.name".to_owned(), entity_ref.name().to_owned()),
    ];
    pairs.extend(search.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    StagedEntity {
        document: serde_json::json!({"ref": text, "title": "A \"title\" of 100 % \u{0}"}).to_string(),
        entity_ref,
        search: pairs,
        relations: Vec::new(),
    }
}

/// The entity with relations of this type to these targets, and the counterparts of another type.
pub fn related(mut entity: StagedEntity, kind: &str, counterpart: &str, targets: &[&str]) -> StagedEntity {
    for target in targets {
        let target = entity_ref(target);
        entity.relations.push((entity.entity_ref.clone(), kind.to_owned(), target.clone()));
        entity.relations.push((target, counterpart.to_owned(), entity.entity_ref.clone()));
    }
    entity
}

/// Adds the location of this name where it is missing, and publishes these entities there as the run of this name.
pub async fn publish(store: &Arc<dyn Store>, name: &str, run: &str, entities: &[StagedEntity]) {
    let mut tx = write(store).await;
    if tx.location_by_id(&location_id(name)).await.unwrap().is_none() {
        let created_ms = i64::try_from(tx.location_list().await.unwrap().len()).unwrap();
        assert!(tx.location_put(&location(name, created_ms)).await.unwrap());
    }
    tx.run_stage(&location_id(name), &run_id(run), entities).await.unwrap();
    assert!(tx.run_publish(&location_id(name), &run_id(run), &outcome(1)).await.unwrap());
    tx.commit().await.unwrap();
}
