//! What the fake knows.

use std::collections::BTreeMap;

use portal_core::time::UnixMillis;

/// A user.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is told, or not, by itself")]
pub struct FakeUser {
    pub id: u64,
    pub username: String,
    pub name: String,
    /// GitLab's word, such as `active`.
    pub state: String,
    pub email: String,
    pub confirmed: bool,
    pub external: bool,
    pub bot: bool,
    /// Of the enterprise of the group: then owners see the e-mail address.
    pub enterprise: bool,
    /// Banned from the top-level group, which `state` does not show.
    pub banned_from_group: bool,
    pub saml_uid: Option<String>,
    pub scim_active: Option<bool>,
}

/// How someone is in a group.
#[derive(Debug, Clone)]
pub struct FakeMember {
    pub access_level: u32,
    /// `active`, `awaiting`, or another word.
    pub membership_state: String,
    pub expires_at: Option<String>,
}

/// A group.
#[derive(Debug, Clone)]
pub struct FakeGroup {
    pub id: u64,
    pub name: String,
    pub full_path: String,
    pub parent_id: Option<u64>,
    pub members: BTreeMap<u64, FakeMember>,
    /// Groups invited into it.
    pub shared_with: Vec<u64>,
    pub marked_for_deletion: bool,
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FakeToken {
    pub user: u64,
    pub administrator: bool,
}

/// How it refuses when there were too many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitStyle {
    /// `RateLimit-*` and `Retry-After`.
    Headers,
    /// `RateLimit-Reset` alone.
    ResetOnly,
    /// The words "Retry later", and nothing else.
    Bare,
}

/// Requests until the limit, and when it is renewed.
#[derive(Debug, Clone)]
pub struct Limit {
    pub remaining: u64,
    pub reset_at: UnixMillis,
    pub style: LimitStyle,
}

/// The state.
#[derive(Debug, Default)]
pub struct State {
    pub users: BTreeMap<u64, FakeUser>,
    pub groups: BTreeMap<u64, FakeGroup>,
    pub tokens: BTreeMap<String, FakeToken>,
    pub limit: Option<Limit>,
    /// Most entries of a page, however many are asked for.
    pub page_max: usize,
    /// Whether lists tell their total (GitLab leaves it out above 10,000 entries).
    pub tells_total: bool,
    /// Whether it knows seats: not on self-managed free ones.
    pub tells_seats: bool,
    pub next_id: u64,
}

impl State {
    pub(super) fn id(&mut self) -> u64 {
        self.next_id += 3;
        self.next_id
    }

    /// The group and those above it.
    pub(super) fn with_ancestors(&self, group: u64) -> Vec<&FakeGroup> {
        let mut found = Vec::new();
        let mut next = Some(group);
        while let Some(group) = next.and_then(|id| self.groups.get(&id)) {
            found.push(group);
            next = group.parent_id;
        }
        found
    }

    /// Members of a group with inherited and invited ones; the highest access wins.
    pub(super) fn all_members(&self, group: u64) -> BTreeMap<u64, FakeMember> {
        let mut all: BTreeMap<u64, FakeMember> = BTreeMap::new();
        let mut take = |members: &BTreeMap<u64, FakeMember>| {
            for (id, member) in members {
                let known = all.get(id);
                if known.is_none_or(|known| known.access_level < member.access_level) {
                    all.insert(*id, member.clone());
                }
            }
        };
        for group in self.with_ancestors(group) {
            take(&group.members);
            for invited in group.shared_with.iter().filter_map(|id| self.groups.get(id)) {
                take(&invited.members);
            }
        }
        all
    }

    /// The groups below a group.
    pub(super) fn descendants(&self, group: u64) -> Vec<&FakeGroup> {
        let below = |other: &&FakeGroup| {
            other.id != group && self.with_ancestors(other.id).iter().any(|above| above.id == group)
        };
        self.groups.values().filter(below).collect()
    }

    /// Whether anybody is an owner of a group, by inheritance too.
    pub(super) fn is_owner(&self, user: u64, group: u64) -> bool {
        self.all_members(group).get(&user).is_some_and(|member| member.access_level >= 50)
    }
}
