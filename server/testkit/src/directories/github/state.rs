//! What the fake knows.

use std::collections::{BTreeMap, BTreeSet};

use portal_core::time::UnixMillis;

/// Which GitHub it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// github.com, or Enterprise Cloud.
    Cloud,
    /// Enterprise Server.
    Server,
}

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// The numeric id.
    pub id: u64,
    pub login: String,
    /// `User`, or `Bot`.
    pub kind: String,
    pub name: Option<String>,
    /// Of the profile; empty for none.
    pub email: String,
    /// In the organisation's verified domains.
    pub verified_emails: Vec<String>,
    /// Enterprise Server only.
    pub suspended: bool,
}

/// How someone belongs to the organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belonging {
    /// A member.
    Member,
    /// Invited, not yet accepted.
    Pending,
    /// Of a repository only.
    OutsideCollaborator,
}

/// A team.
#[derive(Debug, Clone)]
pub struct FakeTeam {
    pub id: u64,
    pub slug: String,
    pub name: String,
    pub parent: Option<u64>,
    pub members: BTreeSet<u64>,
}

/// A SCIM identity of an enterprise.
#[derive(Debug, Clone)]
pub struct FakeIdentity {
    pub guid: String,
    pub user: Option<u64>,
    pub active: bool,
}

/// How it refuses when there were too many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitStyle {
    /// 403, nothing remaining, `x-ratelimit-reset`.
    PrimaryForbidden,
    /// 429, nothing remaining, `x-ratelimit-reset`.
    PrimaryTooMany,
    /// 403 and `retry-after`.
    SecondaryRetryAfter,
    /// 403 and words alone.
    SecondaryWords,
}

/// Requests until the limit, and when it is renewed.
#[derive(Debug, Clone)]
pub struct Limit {
    pub remaining: u64,
    pub reset_at: UnixMillis,
    pub style: LimitStyle,
}

/// The state.
#[derive(Debug)]
pub struct State {
    pub mode: Mode,
    pub organization: String,
    pub accounts: BTreeMap<u64, Account>,
    pub belonging: BTreeMap<u64, Belonging>,
    pub teams: BTreeMap<u64, FakeTeam>,
    /// The slug of the enterprise.
    pub enterprise: Option<String>,
    pub identities: Vec<FakeIdentity>,
    /// Tokens that work for ever.
    pub tokens: BTreeSet<String>,
    /// Tokens of the app's installation, and when they run out.
    pub installation_tokens: BTreeMap<String, UnixMillis>,
    pub installation_suspended: bool,
    /// Whether the app may read members.
    pub members_readable: bool,
    pub limit: Option<Limit>,
    /// Most entries of a page, however many are asked for: small ones make many pages of few people.
    pub page_max: usize,
    pub next_id: u64,
}

impl State {
    pub(super) fn new(mode: Mode, organization: &str) -> Self {
        Self {
            mode,
            organization: organization.to_owned(),
            accounts: BTreeMap::new(),
            belonging: BTreeMap::new(),
            teams: BTreeMap::new(),
            enterprise: None,
            identities: Vec::new(),
            tokens: BTreeSet::from([super::TOKEN.to_owned()]),
            installation_tokens: BTreeMap::new(),
            installation_suspended: false,
            members_readable: true,
            limit: None,
            page_max: 100,
            next_id: 1_000,
        }
    }

    pub(super) fn id(&mut self) -> u64 {
        self.next_id += 7;
        self.next_id
    }

    /// Members, by id.
    pub(super) fn members(&self) -> impl Iterator<Item = &Account> {
        let member = |id: &u64| self.belonging.get(id) == Some(&Belonging::Member);
        self.accounts.values().filter(move |account| member(&account.id) && account.kind == "User")
    }

    pub(super) fn account(&self, login: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.login.eq_ignore_ascii_case(login))
    }

    /// Members of a team and of those below it.
    pub(super) fn members_with_children(&self, team: u64) -> BTreeSet<u64> {
        let mut all = self.teams.get(&team).map(|team| team.members.clone()).unwrap_or_default();
        for child in self.teams.values().filter(|child| child.parent == Some(team)) {
            all.extend(self.members_with_children(child.id));
        }
        all
    }

    /// Takes one from the limit; what is left.
    pub(super) fn spend(&mut self, now: UnixMillis) -> Option<Limit> {
        let limit = self.limit.as_mut()?;
        if now >= limit.reset_at {
            self.limit = None;
            return None;
        }
        let before = limit.clone();
        limit.remaining = limit.remaining.saturating_sub(1);
        Some(before)
    }
}

/// A node id in the form of today.
pub(super) fn node_id(kind: &str, id: u64) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    format!("{kind}_kgDO{}", URL_SAFE_NO_PAD.encode(id.to_be_bytes()))
}
