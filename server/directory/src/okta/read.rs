//! Reading pages.

use std::collections::BTreeSet;

use portal_core::{
    org::{GroupId, Member, Membership, Subject},
    ports::{DirectoryError, DirectoryPage, DirectoryRead},
    time::{SECOND_MS, UnixMillis},
};
use serde::de::DeserializeOwned;
use url::Url;

use super::{
    OktaDirectory,
    cursor::{Cursor, Deleted, Link, Pending, Stage},
    people,
    records::{OktaGroup, OktaLogEvent, OktaMember, OktaUser},
};
use crate::api::{ApiAnswer, ApiRequest, next_link, throttle};

/// Users, groups and members of a page, as Okta advises.
const LIMIT: usize = 200;
/// Entries of a page of the log.
const LOG_LIMIT: usize = 1_000;
/// Requests of one call where each brings little: members of a group, one user.
const REQUESTS_MAX: usize = 20;
/// Wait where too many requests are under way at once: that refusal names a limit of 0 and a reset that means nothing.
const CONCURRENCY_WAIT_SECONDS: u64 = 5;
/// Entries of the log by which someone is gone.
const DELETIONS: &str =
    "eventType eq \"user.lifecycle.delete.completed\" or eventType eq \"group.lifecycle.delete\"";

impl OktaDirectory {
    pub(super) async fn page(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        let now = self.api.clock().now();
        let mut cursor = match &read {
            DirectoryRead::Full => Cursor::full(now),
            DirectoryRead::Delta(cursor) => Cursor::delta(cursor, now)?,
            DirectoryRead::Page(cursor) => Cursor::page(cursor)?,
        };
        let mut page = DirectoryPage::default();
        if !cursor.members.is_empty() {
            self.members(&mut cursor, &mut page).await?;
        } else if !cursor.deleted.is_empty() {
            self.deleted(&mut cursor, &mut page).await?;
        } else {
            self.list(&mut cursor, &mut page).await?;
        }
        page.next = cursor.into_next()?;
        Ok(page)
    }

    async fn list(&self, cursor: &mut Cursor, page: &mut DirectoryPage) -> Result<(), DirectoryError> {
        let since = cursor.since.map(written).unwrap_or_default();
        match cursor.stage {
            // Everyone but the deprovisioned, whatever words for a status there are; those come next. Both lists are
            // read from what is true now: `search` would lag behind.
            Stage::Users => self.users(None, cursor, page).await,
            Stage::DeprovisionedUsers => {
                self.users(Some("status eq \"DEPROVISIONED\"".to_owned()), cursor, page).await
            }
            Stage::ChangedUsers => {
                self.users(Some(format!("lastUpdated gt \"{since}\"")), cursor, page).await
            }
            Stage::Groups => {
                let filter = people::type_filter(&self.options.group_types);
                let groups = self.groups(filter, cursor).await?;
                page.groups =
                    groups.into_iter().filter_map(|group| people::group(group, &self.options)).collect();
                cursor.members = page.groups.iter().map(|group| pending(&group.id)).collect();
                Ok(())
            }
            Stage::ChangedGroups => {
                let types = people::type_filter(&self.options.group_types);
                let changed = format!(
                    "({types}) and (lastUpdated gt \"{since}\" or lastMembershipUpdated gt \"{since}\")"
                );
                for group in self.groups(changed, cursor).await? {
                    let id = GroupId(group.id.clone());
                    match people::group(group, &self.options) {
                        Some(group) => {
                            page.memberships_replaced.push(id.clone());
                            cursor.members.push(pending(&id));
                            page.groups.push(group);
                        }
                        // It may have been taken until now, by another name.
                        None => page.groups_removed.push(id),
                    }
                }
                Ok(())
            }
            Stage::Deletions => self.deletions(cursor, since).await,
        }
    }

    async fn users(
        &self,
        filter: Option<String>,
        cursor: &mut Cursor,
        page: &mut DirectoryPage,
    ) -> Result<(), DirectoryError> {
        let mut first = ApiRequest::get("api/v1/users", "people").query("limit", LIMIT);
        if let Some(filter) = filter {
            first = first.query("filter", filter);
        }
        let (users, next) = self.listed::<OktaUser>(first, &cursor.link, "people").await?;
        page.people = users.into_iter().map(|user| people::person(user, &self.options)).collect();
        cursor.link = next;
        Ok(())
    }

    async fn groups(&self, filter: String, cursor: &mut Cursor) -> Result<Vec<OktaGroup>, DirectoryError> {
        let first = ApiRequest::get("api/v1/groups", "groups").query("limit", LIMIT).query("filter", filter);
        let (groups, next) = self.listed(first, &cursor.link, "groups").await?;
        cursor.link = next;
        Ok(groups)
    }

    async fn members(&self, cursor: &mut Cursor, page: &mut DirectoryPage) -> Result<(), DirectoryError> {
        for made in 0..REQUESTS_MAX {
            let Some(pending) = cursor.members.last().cloned() else { break };
            let what = "the members of a group";
            let first = ApiRequest::get(&format!("api/v1/groups/{}/users", pending.group), what)
                .query("limit", LIMIT);
            let link = pending.link.clone().map_or(Link::First, Link::Next);
            match self.listed::<OktaMember>(first, &link, what).await {
                Ok((found, next)) => {
                    let group = GroupId(pending.group.clone());
                    page.memberships.extend(found.into_iter().map(|member| Membership {
                        group: group.clone(),
                        member: Member::Person(Subject(member.id)),
                    }));
                    cursor.members.pop();
                    if let Link::Next(link) = next {
                        cursor.members.push(Pending { group: pending.group, link: Some(link) });
                    }
                }
                // Deleted since the list was read.
                Err(DirectoryError::NotFound(_)) => {
                    cursor.members.pop();
                }
                // What was read is worth keeping; the rest is asked for again.
                Err(error) if made > 0 && error.is_transient() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Who was deleted since, by the System Log. Where it may not be read, the next full run finds out.
    async fn deletions(&self, cursor: &mut Cursor, since: String) -> Result<(), DirectoryError> {
        let first = ApiRequest::get("api/v1/logs", "the System Log")
            .query("since", since)
            .query("until", written(cursor.began_at))
            .query("filter", DELETIONS)
            .query("sortOrder", "ASCENDING")
            .query("limit", LOG_LIMIT);
        let (events, next) = match self.listed::<OktaLogEvent>(first, &cursor.link, "the System Log").await {
            Ok(found) => found,
            Err(DirectoryError::Forbidden(_)) => (Vec::new(), Link::Over),
            Err(error) => return Err(error),
        };
        // The log may offer a next page for ever: an empty one is its end.
        cursor.link = if events.is_empty() { Link::Over } else { next };
        let mut seen = BTreeSet::new();
        for target in events.into_iter().filter_map(|event| event.target).flatten() {
            let Some(id) = target.id.filter(|id| is_id(id) && seen.insert(id.clone())) else { continue };
            match target.kind.as_deref() {
                Some("User") => cursor.deleted.push(Deleted::User(id)),
                Some("UserGroup") => cursor.deleted.push(Deleted::Group(id)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Asks about those whom the log calls deleted: it is only a hint.
    async fn deleted(&self, cursor: &mut Cursor, page: &mut DirectoryPage) -> Result<(), DirectoryError> {
        for made in 0..REQUESTS_MAX {
            let Some(deleted) = cursor.deleted.last().cloned() else { break };
            let outcome = match &deleted {
                Deleted::User(id) => self.one_user(id).await.map(|user| match user {
                    Some(user) => page.people.push(people::person(user, &self.options)),
                    None => page.people_removed.push(Subject(id.clone())),
                }),
                Deleted::Group(id) => self.group_exists(id).await.map(|exists| {
                    if !exists {
                        page.groups_removed.push(GroupId(id.clone()));
                    }
                }),
            };
            match outcome {
                Ok(()) => {
                    cursor.deleted.pop();
                }
                Err(error) if made > 0 && error.is_transient() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A page of a list, and where the next one is.
    pub(super) async fn listed<T: DeserializeOwned>(
        &self,
        first: ApiRequest,
        link: &Link,
        what: &str,
    ) -> Result<(Vec<T>, Link), DirectoryError> {
        let request = match link {
            Link::Next(link) => {
                let address = Url::parse(link).map_err(|_| {
                    DirectoryError::Malformed("the link to the next page is no address".to_owned())
                })?;
                ApiRequest::get_address(address, what)
            }
            Link::First | Link::Over => first,
        };
        let answer = self.sent(request, what).await?;
        let next = next_link(&answer.headers, self.api.base_url())?;
        Ok((answer.json()?, next.map_or(Link::Over, |next| Link::Next(next.into()))))
    }

    /// The answer, if its status is 2xx.
    pub(super) async fn sent(&self, request: ApiRequest, what: &str) -> Result<ApiAnswer, DirectoryError> {
        let answer = self.api.answer(request).await?;
        if answer.is_success() {
            return Ok(answer);
        }
        let is_concurrency = answer.status == 429 && answer.header("x-rate-limit-limit") == Some("0");
        Err(if is_concurrency {
            throttle::after(CONCURRENCY_WAIT_SECONDS)
        } else {
            self.api.refusal(&answer, what)
        })
    }
}

/// A time as Okta writes them: always with three digits of a second.
fn written(at: UnixMillis) -> String {
    let text = at.rfc3339();
    let whole = text.split(['.', 'Z']).next().unwrap_or_default();
    format!("{whole}.{:03}Z", at.0.rem_euclid(SECOND_MS))
}

fn pending(id: &GroupId) -> Pending {
    Pending { group: id.0.clone(), link: None }
}

/// Whether a text can be one of Okta's ids, which go into paths.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
