//! The offboarding drill: what a person's leaving would touch, and, when an admin says so, doing it.
//!
//! A plan reads only. Carrying it out disables every account of the person (also those that a provider's sign-in would
//! make), which no directory takes back, ends what was issued, and tells what was ended and when.

mod carry_out;

use portal_model::{EntityRef, ErrorCode};
use serde::Serialize;
use thiserror::Error;

use super::{IdentityKey, Person, people::account_identity};
use crate::{
    audit::AuditFilter,
    catalog::{EntityQuery, Predicate},
    identity::{Admin, BrowserSession, User, UserStatus},
    ids::{AgentSessionId, StaticTokenId, UserId},
    oauth::records::{AgentSession, AgentSessionFilter},
    ports::{ReadTransaction, StoreError},
    services::Dependencies,
    time::UnixMillis,
    tokens::{StaticToken, StaticTokenFilter},
};

/// The action in the audit log.
const CARRIED_OUT: &str = "offboarding.carried-out";
/// Most items of one kind that a plan or report names; the totals count all.
pub const DRILL_LIST_MAX: u32 = 500;

/// Why a plan was not made or not carried out.
#[derive(Debug, Error)]
pub enum DrillError {
    /// The store failed; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `not-found` for a reference that neither an account nor a directory knows; `last-admin`; `conflict` when an account
    /// changed meanwhile. Nothing was changed.
    #[error("{0}")]
    Refused(ErrorCode),
}

/// A browser session that would end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrillBrowserSession {
    /// When the person signed in.
    pub created_at: UnixMillis,
    /// When it was last used.
    pub seen_at: UnixMillis,
    /// From where it was made.
    pub address: Option<String>,
    /// The browser's name for itself.
    pub user_agent: String,
}

/// An agent's session that would end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrillAgentSession {
    /// Identifier.
    pub id: AgentSessionId,
    /// The client.
    pub client_id: String,
    /// The name that the client gives itself: remote text.
    pub client_name: String,
    /// When the person allowed it.
    pub created_at: UnixMillis,
    /// When it was last used.
    pub used_at: Option<UnixMillis>,
}

/// A static token that would end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrillStaticToken {
    /// Identifier.
    pub id: StaticTokenId,
    /// What people call it.
    pub name: String,
    /// Its last four characters.
    pub ending: String,
    /// When it would stop working by itself.
    pub expires_at: UnixMillis,
    /// When it was last used.
    pub used_at: Option<UnixMillis>,
}

/// An account of the person, and what was issued to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrillAccount {
    /// Identifier; `None` for one that a provider's sign-in would make.
    pub id: Option<UserId>,
    /// The provider, or `local`.
    pub provider: String,
    /// The provider's stable id.
    pub subject: String,
    /// What the account may do before; `None` for one that is not there.
    pub status: Option<UserStatus>,
    /// Whether it is an admin's.
    pub admin: bool,
    /// How many browser sessions.
    pub browser_session_count: i64,
    /// Browser sessions, newest first.
    pub browser_sessions: Vec<DrillBrowserSession>,
    /// How many agents' sessions.
    pub agent_session_count: i64,
    /// Agents' sessions, newest first.
    pub agent_sessions: Vec<DrillAgentSession>,
}

/// What a person's leaving would touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OffboardingPlan {
    /// The person.
    pub entity_ref: EntityRef,
    /// When this was read.
    pub at: UnixMillis,
    /// What directories say: provider, stable id and standing.
    pub directories: Vec<DrillDirectory>,
    /// Accounts.
    pub accounts: Vec<DrillAccount>,
    /// How many static tokens.
    pub static_token_count: i64,
    /// Static tokens, newest first.
    pub static_tokens: Vec<DrillStaticToken>,
    /// How many entities the person owns themselves.
    pub owned_count: i64,
    /// Entities that the person owns themselves, by name: nobody owns them afterwards.
    pub owned: Vec<EntityRef>,
}

/// What one directory says of the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrillDirectory {
    /// Provider and stable id.
    #[serde(flatten)]
    pub identity: IdentityKey,
    /// `active`, `gone`, or why they are left out.
    pub standing: &'static str,
}

/// What was ended, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OffboardingReport {
    /// What there was, read in the transaction that ended it.
    pub plan: OffboardingPlan,
    /// When it was ended: from this moment on every call, refresh and page is refused.
    pub ended_at: UnixMillis,
    /// Accounts that were disabled now.
    pub accounts_disabled: u64,
    /// Browser sessions that ended.
    pub browser_sessions_ended: u64,
    /// Agents' sessions that ended.
    pub agent_sessions_ended: u64,
    /// Static tokens that ended.
    pub static_tokens_ended: u64,
}

impl OffboardingReport {
    /// The report as JSON, times in RFC 3339.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let mut report = serde_json::to_value(self).unwrap_or_default();
        rfc3339_times(&mut report);
        report
    }
}

impl OffboardingPlan {
    /// The plan as JSON, times in RFC 3339.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let mut plan = serde_json::to_value(self).unwrap_or_default();
        rfc3339_times(&mut plan);
        plan
    }
}

/// Turns the numbers of members that are points in time into texts.
fn rfc3339_times(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                let is_time = name == "at" || name.ends_with("_at");
                match member.as_i64().filter(|_| is_time) {
                    Some(at) => *member = UnixMillis(at).rfc3339().into(),
                    None => rfc3339_times(member),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(rfc3339_times),
        _ => {}
    }
}

/// What the audit log keeps of the last time that somebody was cut off.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptReport {
    /// When.
    pub at: UnixMillis,
    /// The report, as [`OffboardingReport::json`] writes it.
    pub report: serde_json::Value,
}

/// Plans and carries out somebody's leaving.
pub struct OffboardingService {
    dependencies: Dependencies,
}

impl OffboardingService {
    /// The service.
    #[must_use]
    pub const fn new(dependencies: Dependencies) -> Self {
        Self { dependencies }
    }

    /// What the leaving of the person with this reference would touch. Changes nothing.
    ///
    /// # Errors
    /// [`DrillError`]
    pub async fn plan(&self, _admin: &Admin, person: &EntityRef) -> Result<OffboardingPlan, DrillError> {
        let mut store = self.dependencies.store.read().await?;
        Ok(self.read(store.as_mut(), person).await?.plan)
    }

    /// The report of the last time that this person was cut off; `None` when that never happened, or is longer ago than
    /// the audit log is kept.
    ///
    /// # Errors
    /// The store failed.
    pub async fn last_report(
        &self,
        _admin: &Admin,
        person: &EntityRef,
    ) -> Result<Option<KeptReport>, DrillError> {
        let filter = AuditFilter {
            action_prefix: Some(CARRIED_OUT.to_owned()),
            target: Some(person.to_string()),
            ..AuditFilter::default()
        };
        let found = self.dependencies.store.read().await?.audit_list(&filter, None, 1).await?;
        Ok(found.into_iter().next().map(|mut event| KeptReport {
            at: event.at,
            report: event.details.get_mut("report").map(serde_json::Value::take).unwrap_or_default(),
        }))
    }

    async fn read(
        &self,
        store: &mut dyn ReadTransaction,
        entity_ref: &EntityRef,
    ) -> Result<Found, DrillError> {
        let now = self.dependencies.clock.now();
        let (people, users) = self.who(store, entity_ref).await?;
        if people.is_empty() && users.is_empty() {
            return Err(DrillError::Refused(ErrorCode::NotFound));
        }
        let mut accounts = Vec::with_capacity(users.len());
        for user in &users {
            accounts.push(account(store, user, now).await?);
        }
        let missing: Vec<IdentityKey> = people
            .iter()
            .filter(|(key, _)| !users.iter().any(|user| is_of(user, key)))
            .map(|(key, _)| key.clone())
            .collect();
        accounts.extend(missing.iter().map(|key| DrillAccount {
            id: None,
            provider: key.provider.to_string(),
            subject: key.subject.to_string(),
            status: None,
            admin: false,
            browser_session_count: 0,
            browser_sessions: Vec::new(),
            agent_session_count: 0,
            agent_sessions: Vec::new(),
        }));
        let filter = StaticTokenFilter {
            owner: Some(entity_ref.clone()),
            open_at: Some(now),
            ..StaticTokenFilter::default()
        };
        let tokens = store.static_token_list(&filter, None, DRILL_LIST_MAX).await?;
        let (owned_count, owned) = owned(store, entity_ref).await?;
        let directories =
            people.into_iter().map(|(identity, standing)| DrillDirectory { identity, standing });
        let plan = OffboardingPlan {
            entity_ref: entity_ref.clone(),
            at: now,
            directories: directories.collect(),
            accounts,
            static_token_count: store.static_token_count(&filter).await?,
            static_tokens: tokens.iter().map(static_token).collect(),
            owned_count,
            owned,
        };
        Ok(Found { plan, users, missing, tokens: filter })
    }

    /// Everything by which the person is known: identities with their standing, and accounts.
    async fn who(
        &self,
        store: &mut dyn ReadTransaction,
        entity_ref: &EntityRef,
    ) -> Result<(Vec<(IdentityKey, &'static str)>, Vec<User>), StoreError> {
        let mut users = store.user_list_by_entity_ref(entity_ref).await?;
        let mut keys: Vec<IdentityKey> = store
            .identity_list_by_refs(std::slice::from_ref(entity_ref))
            .await?
            .into_iter()
            .filter(|identity| identity.standing.is_active())
            .map(|identity| identity.key)
            .collect();
        for user in &users {
            keys.extend(account_identity(store, user).await?);
        }
        let found = Person::find_all(store, &self.dependencies.directories, &keys).await?;
        let mut people = Vec::new();
        for identity in found.values().flat_map(|person| person.identities()) {
            let known = (identity.key.clone(), identity.standing.as_str());
            if !people.contains(&known) {
                people.push(known);
            }
        }
        people.sort();
        for (key, _) in &people {
            let subject = std::slice::from_ref(&key.subject);
            for (user, _) in store.account_list_of_people(&key.provider, subject).await? {
                if !users.iter().any(|known| known.id == user.id) {
                    users.push(user);
                }
            }
        }
        Ok((people, users))
    }
}

/// A plan, and what carrying it out needs beside it.
struct Found {
    plan: OffboardingPlan,
    users: Vec<User>,
    /// Identities that have no account yet.
    missing: Vec<IdentityKey>,
    tokens: StaticTokenFilter,
}

fn is_of(user: &User, key: &IdentityKey) -> bool {
    user.provider == key.provider.as_str() && user.subject == key.subject.as_str()
}

fn open_agents(user: &UserId) -> AgentSessionFilter {
    AgentSessionFilter { user_id: Some(user.clone()), open_only: true, ..AgentSessionFilter::default() }
}

async fn account(
    store: &mut dyn ReadTransaction,
    user: &User,
    now: UnixMillis,
) -> Result<DrillAccount, StoreError> {
    let browsers = store.browser_session_list(&user.id, now, DRILL_LIST_MAX).await?;
    let agents = store.agent_session_list(&open_agents(&user.id), None, DRILL_LIST_MAX).await?;
    Ok(DrillAccount {
        id: Some(user.id.clone()),
        provider: user.provider.clone(),
        subject: user.subject.clone(),
        status: Some(user.status),
        admin: user.admin,
        browser_session_count: store.browser_session_count(&user.id, now).await?,
        browser_sessions: browsers.iter().map(browser_session).collect(),
        agent_session_count: store.agent_session_count(&open_agents(&user.id)).await?.0,
        agent_sessions: agents.iter().map(agent_session).collect(),
    })
}

fn browser_session(session: &BrowserSession) -> DrillBrowserSession {
    DrillBrowserSession {
        created_at: session.created_at,
        seen_at: session.seen_at,
        address: session.address.map(|address| address.to_string()),
        user_agent: session.user_agent.clone(),
    }
}

fn agent_session(session: &AgentSession) -> DrillAgentSession {
    DrillAgentSession {
        id: session.id.clone(),
        client_id: session.client.client_id.clone(),
        client_name: session.client.name.clone(),
        created_at: session.created_at,
        used_at: session.used_at,
    }
}

fn static_token(token: &StaticToken) -> DrillStaticToken {
    DrillStaticToken {
        id: token.id.clone(),
        name: token.name.clone(),
        ending: token.ending.clone(),
        expires_at: token.expires_at,
        used_at: token.used_at,
    }
}

/// How many entities the person owns themselves, and the first of them.
async fn owned(
    store: &mut dyn ReadTransaction,
    entity_ref: &EntityRef,
) -> Result<(i64, Vec<EntityRef>), StoreError> {
    let query = EntityQuery {
        predicate: Some(Predicate::In("relations.ownedby".to_owned(), vec![entity_ref.to_string()])),
        ..EntityQuery::all(DRILL_LIST_MAX)
    };
    let page = store.entity_query(&query).await?;
    Ok((page.total, page.items.into_iter().map(|entity| entity.entity_ref).collect()))
}
