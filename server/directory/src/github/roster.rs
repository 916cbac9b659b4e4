//! Enterprises with managed users (EMU): who is active, by their SCIM identities.
//!
//! Deprovisioning there suspends and sends no event, and GraphQL does not tell it. What is read is kept in memory for
//! the rest of the run only: a node that goes on with another one's run reads it again, from the beginning.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use portal_core::{
    ports::DirectoryError,
    time::{HOUR_MS, UnixMillis},
};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    cursor::{Cursor, People},
    graphql,
    options::GithubEnterprise,
    queries,
    records::{Connection, Id},
    refusal,
};
use crate::api::{ApiClient, ApiRequest};

/// Identities of one page.
const PAGE: u64 = 100;
/// Most identities of an enterprise.
const IDENTITIES_MAX: usize = 1_000_000;
/// How long what was read may be used: longer than a run.
const KEPT_MS: i64 = 2 * HOUR_MS;
const WHAT: &str =
    "the SCIM identities of the enterprise (the token needs scim:enterprise and read:enterprise)";

#[derive(Default)]
struct Roster {
    /// Active or not, by identity.
    scim: HashMap<String, bool>,
    /// The next index to read.
    start: u64,
    scim_complete: bool,
    /// Active or not, by the user's numeric id.
    people: HashMap<u64, bool>,
    after: Option<String>,
    complete_at: Option<UnixMillis>,
}

/// The enterprise.
pub(super) struct Enterprise {
    api: ApiClient,
    graphql: Url,
    options: GithubEnterprise,
    roster: Mutex<Roster>,
}

#[derive(Deserialize)]
struct ScimPage {
    #[serde(rename = "totalResults")]
    total: u64,
    #[serde(rename = "Resources", default)]
    resources: Vec<ScimUser>,
}

#[derive(Deserialize)]
struct ScimUser {
    id: String,
    /// Missing is not active.
    #[serde(default)]
    active: bool,
}

#[derive(Deserialize)]
struct Answer {
    enterprise: Option<EnterpriseAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnterpriseAnswer {
    owner_info: Option<OwnerInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnerInfo {
    saml_identity_provider: Option<IdentityProvider>,
    oidc_provider: Option<IdentityProvider>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdentityProvider {
    external_identities: Connection<Identity>,
}

#[derive(Deserialize)]
struct Identity {
    guid: String,
    user: Option<Id>,
}

impl Enterprise {
    pub(super) fn new(api: ApiClient, graphql: Url, options: GithubEnterprise) -> Self {
        Self { api, graphql, options, roster: Mutex::default() }
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether everything was read lately.
    pub(super) fn is_ready(&self) -> bool {
        let now = self.api.clock().now();
        self.roster().complete_at.is_some_and(|at| now.since(at) < KEPT_MS)
    }

    /// Whether the identity of a user is active; `None` where they have none. Only after [`Enterprise::is_ready`].
    pub(super) fn is_active(&self, user: u64) -> Option<bool> {
        self.roster().people.get(&user).copied()
    }

    /// Reads one page of identities.
    pub(super) async fn read_scim(&self, start: u64, then: People) -> Result<Cursor, DirectoryError> {
        if start > 1 && self.roster().start != start {
            return Ok(Cursor::Scim { start: 1, then });
        }
        let path = format!("scim/v2/enterprises/{}/Users", self.options.slug);
        let request = ApiRequest::get(&path, WHAT).query("startIndex", start).query("count", PAGE);
        let answer = self.api.answer(request).await?;
        if !answer.is_success() {
            return Err(refusal::of(&self.api, &answer, WHAT));
        }
        let page: ScimPage = answer.json()?;
        let read = u64::try_from(page.resources.len()).unwrap_or(u64::MAX);
        let next = start.saturating_add(read);
        let complete = next > page.total;
        if read == 0 && !complete {
            return Err(DirectoryError::Malformed(format!(
                "{WHAT}: the list ends at {start} of {}",
                page.total
            )));
        }
        let mut roster = self.roster();
        if start <= 1 {
            *roster = Roster::default();
        }
        // Between a refusal and here another page may have been taken in; then this one is not the next.
        if start > 1 && roster.start != start {
            return Ok(Cursor::Scim { start: 1, then });
        }
        if roster.scim.len() + page.resources.len() > IDENTITIES_MAX {
            return Err(DirectoryError::Malformed(format!("{WHAT}: more than {IDENTITIES_MAX}")));
        }
        roster.scim.extend(page.resources.into_iter().map(|user| (user.id, user.active)));
        roster.start = next;
        roster.scim_complete = complete;
        Ok(if complete {
            Cursor::Identities { after: None, then }
        } else {
            Cursor::Scim { start: next, then }
        })
    }

    /// Reads one page of which identity is whose.
    pub(super) async fn read_identities(
        &self,
        after: Option<String>,
        then: People,
    ) -> Result<Cursor, DirectoryError> {
        let continues = {
            let roster = self.roster();
            roster.scim_complete && roster.after == after
        };
        if !continues {
            return Ok(Cursor::Scim { start: 1, then });
        }
        let Some(page) = self.identities(after.as_deref(), None, PAGE).await? else {
            return Err(DirectoryError::NotFound(format!(
                "{WHAT}: the enterprise has no identity provider, or the token is not an owner's"
            )));
        };
        let next = page.page_info.next()?;
        let mut roster = self.roster();
        if !roster.scim_complete || roster.after != after {
            return Ok(Cursor::Scim { start: 1, then });
        }
        for identity in page.nodes {
            let active = roster.scim.get(&identity.guid).copied();
            if let (Some(user), Some(active)) = (identity.user, active) {
                // Someone with two identities is active only if both are.
                roster.people.entry(user.database_id).and_modify(|kept| *kept &= active).or_insert(active);
            }
        }
        roster.after.clone_from(&next);
        if next.is_some() {
            return Ok(Cursor::Identities { after: next, then });
        }
        roster.complete_at = Some(self.api.clock().now());
        roster.scim = HashMap::new();
        Ok(Cursor::People(then))
    }

    /// Whether the identity of one user is active, asked for now; `None` where they have none.
    pub(super) async fn is_active_now(&self, login: &str, user: u64) -> Result<Option<bool>, DirectoryError> {
        let page = self.identities(None, Some(login), 10).await?;
        let mut active = None;
        for identity in page.map(|page| page.nodes).unwrap_or_default() {
            if identity.user.is_none_or(|found| found.database_id != user) {
                continue;
            }
            if !identity.guid.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
                return Err(DirectoryError::Malformed(format!("{WHAT}: an id that is none")));
            }
            let path = format!("scim/v2/enterprises/{}/Users/{}", self.options.slug, identity.guid);
            let answer = self.api.answer(ApiRequest::get(&path, WHAT).conditional()).await?;
            if answer.status == 404 {
                continue;
            }
            if !answer.is_success() {
                return Err(refusal::of(&self.api, &answer, WHAT));
            }
            let found = answer.json::<ScimUser>()?.active;
            active = Some(active.unwrap_or(true) && found);
        }
        Ok(active)
    }

    /// Tries both questions.
    pub(super) async fn check(&self) -> Result<(), DirectoryError> {
        let path = format!("scim/v2/enterprises/{}/Users", self.options.slug);
        let answer = self.api.answer(ApiRequest::get(&path, WHAT).query("count", 1)).await?;
        if !answer.is_success() {
            return Err(refusal::of(&self.api, &answer, WHAT));
        }
        let found = self.identities(None, None, 1).await?;
        found.map(|_| ()).ok_or_else(|| DirectoryError::Forbidden(WHAT.to_owned()))
    }

    async fn identities(
        &self,
        after: Option<&str>,
        login: Option<&str>,
        first: u64,
    ) -> Result<Option<Connection<Identity>>, DirectoryError> {
        let variables =
            json!({ "enterprise": self.options.slug, "first": first, "after": after, "login": login });
        let answer: Answer =
            graphql::ask(&self.api, &self.graphql, queries::IDENTITIES, variables, WHAT).await?;
        let owner = answer.enterprise.and_then(|enterprise| enterprise.owner_info);
        let provider = owner.and_then(|owner| owner.saml_identity_provider.or(owner.oidc_provider));
        Ok(provider.map(|provider| provider.external_identities))
    }
}
