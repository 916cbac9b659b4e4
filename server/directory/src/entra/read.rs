//! Reading pages.

use portal_core::{
    org::{GroupId, Subject},
    ports::{DirectoryError, DirectoryPage, DirectoryRead},
};
use serde::de::DeserializeOwned;
use url::Url;

use super::{
    EntraDirectory,
    cursor::{Changes, Cursor, Link, Pending, Stage},
    people,
    records::{GraphGroup, GraphMember, GraphPage, GraphRefusal, GraphUser},
};
use crate::api::{ApiAnswer, ApiRequest};

/// Users of a page.
const USERS_TOP: usize = 999;
/// Groups of a page; their ids stand in the cursor while their members are read.
const GROUPS_TOP: usize = 100;
/// Members of a page.
const MEMBERS_TOP: usize = 999;
/// Requests of one call where each brings little: members of a group, one user.
const REQUESTS_MAX: usize = 20;
/// Codes by which Graph says that a delta cannot go on, beside status 410.
const EXPIRED_CODES: [&str; 3] = ["syncstate", "resync", "deltatoken"];

impl EntraDirectory {
    pub(super) async fn page(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        let mut cursor = match &read {
            // What changes while everything is read is told by the delta from before.
            DirectoryRead::Full => Cursor::full(self.latest().await?),
            DirectoryRead::Delta(cursor) => Cursor::delta(cursor)?,
            DirectoryRead::Page(cursor) => Cursor::page(cursor)?,
        };
        let mut page = DirectoryPage::default();
        if !cursor.partial.is_empty() {
            self.partial(&mut cursor, &mut page).await?;
        } else if !cursor.members.is_empty() {
            self.members(&mut cursor, &mut page).await?;
        } else {
            self.list(&mut cursor, &mut page).await?;
        }
        page.next = cursor.into_next()?;
        if matches!(page.next, portal_core::ports::DirectoryNext::End(_)) {
            self.subscribe_or_warn().await;
        }
        Ok(page)
    }

    async fn list(&self, cursor: &mut Cursor, page: &mut DirectoryPage) -> Result<(), DirectoryError> {
        match cursor.stage {
            Stage::Users => {
                let found: GraphPage<GraphUser> =
                    self.listed("users", USERS_TOP, &self.user_fields, &cursor.link).await?;
                page.people = found.value.into_iter().map(|user| self.person_of(user, false)).collect();
                cursor.link = Link::next(found.next);
            }
            Stage::DeletedUsers => self.deleted_users(cursor, page).await?,
            Stage::Groups => {
                let found: GraphPage<GraphGroup> =
                    self.listed("groups", GROUPS_TOP, people::GROUP_FIELDS, &cursor.link).await?;
                page.groups =
                    found.value.into_iter().filter_map(|group| people::group(group, &self.options)).collect();
                cursor.members = page.groups.iter().map(|group| pending(&group.id)).collect();
                cursor.link = Link::next(found.next);
            }
            Stage::ChangedUsers => self.changed_users(cursor, page).await?,
            Stage::ChangedGroups => self.changed_groups(cursor, page).await?,
        }
        Ok(())
    }

    /// Users deleted within 30 days: the tenant says outright that they are. Where they may not be read, their absence
    /// says it.
    async fn deleted_users(
        &self,
        cursor: &mut Cursor,
        page: &mut DirectoryPage,
    ) -> Result<(), DirectoryError> {
        let path = "directory/deletedItems/microsoft.graph.user";
        match self.listed::<GraphUser>(path, USERS_TOP, &self.user_fields, &cursor.link).await {
            Ok(found) => {
                page.people = found.value.into_iter().map(|user| self.person_of(user, true)).collect();
                cursor.link = Link::next(found.next);
                Ok(())
            }
            Err(DirectoryError::Forbidden(_) | DirectoryError::NotFound(_)) => {
                cursor.link = Link::Over;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn changed_users(
        &self,
        cursor: &mut Cursor,
        page: &mut DirectoryPage,
    ) -> Result<(), DirectoryError> {
        let found: GraphPage<GraphUser> = self.changes("users", &cursor.link).await?;
        for user in found.value {
            // The same user may come several times; what comes last holds.
            page.people.retain(|person| person.subject.0 != user.id);
            page.people_removed.retain(|subject| subject.0 != user.id);
            cursor.partial.retain(|id| *id != user.id);
            if user.removed.is_some() {
                page.people_removed.push(Subject(user.id));
            } else if user.account_enabled.is_none() || user.user_principal_name.is_none() {
                cursor.partial.push(user.id);
            } else {
                page.people.push(self.person_of(user, false));
            }
        }
        if let (Some(delta), Some(changes)) = (&found.delta, &mut cursor.changes) {
            changes.users.clone_from(delta);
        }
        cursor.link = ended(found.next, found.delta.is_some())?;
        Ok(())
    }

    async fn changed_groups(
        &self,
        cursor: &mut Cursor,
        page: &mut DirectoryPage,
    ) -> Result<(), DirectoryError> {
        let found: GraphPage<GraphGroup> = self.changes("groups", &cursor.link).await?;
        for mut group in found.value {
            let id = GroupId(group.id.clone());
            page.groups.retain(|earlier| earlier.id != id);
            page.groups_removed.retain(|earlier| *earlier != id);
            if group.removed.is_some() {
                page.groups_removed.push(id);
                continue;
            }
            for member in std::mem::take(&mut group.members) {
                let gone = member.removed.is_some();
                if let Some(membership) = people::membership(&id, member)? {
                    page.memberships.retain(|earlier| *earlier != membership);
                    page.memberships_removed.retain(|earlier| *earlier != membership);
                    if gone { &mut page.memberships_removed } else { &mut page.memberships }.push(membership);
                }
            }
            if group.display_name.is_some() {
                self.changed_group(group, cursor, page);
            } else if !page_has_memberships_of(page, &id) {
                cursor.partial.push(id.0);
            }
        }
        if let (Some(delta), Some(changes)) = (&found.delta, &mut cursor.changes) {
            changes.groups.clone_from(delta);
        }
        cursor.link = ended(found.next, found.delta.is_some())?;
        Ok(())
    }

    /// A group whose new name may take it in or leave it out by the configuration.
    fn changed_group(&self, group: GraphGroup, cursor: &mut Cursor, page: &mut DirectoryPage) {
        let id = GroupId(group.id.clone());
        match people::group(group, &self.options) {
            None => page.groups_removed.push(id),
            Some(group) => {
                // It may have been left out until now, and its members with it.
                if !self.options.selection.groups.is_empty() {
                    page.memberships.retain(|membership| membership.group != id);
                    page.memberships_removed.retain(|membership| membership.group != id);
                    page.memberships_replaced.push(id.clone());
                    cursor.members.push(pending(&id));
                }
                page.groups.push(group);
            }
        }
    }

    /// Reads one by one what a change named without telling all of it.
    async fn partial(&self, cursor: &mut Cursor, page: &mut DirectoryPage) -> Result<(), DirectoryError> {
        for made in 0..REQUESTS_MAX {
            let Some(id) = cursor.partial.last().cloned() else { break };
            let outcome = match cursor.stage {
                Stage::ChangedGroups => self.one_group(&id).await.map(|group| match group {
                    Some(group) => self.changed_group(group, cursor, page),
                    None => page.groups_removed.push(GroupId(id.clone())),
                }),
                _ => self.one_user(&id).await.map(|user| match user {
                    Some(user) => page.people.push(self.person_of(user, false)),
                    None => page.people_removed.push(Subject(id.clone())),
                }),
            };
            match outcome {
                Ok(()) => cursor.partial.retain(|other| *other != id),
                // What was read is worth keeping; the rest is asked for again.
                Err(error) if made > 0 && error.is_transient() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn members(&self, cursor: &mut Cursor, page: &mut DirectoryPage) -> Result<(), DirectoryError> {
        for made in 0..REQUESTS_MAX {
            let Some(pending) = cursor.members.last().cloned() else { break };
            match self.members_page(&pending).await {
                Ok(found) => {
                    let group = GroupId(pending.group.clone());
                    for member in found.value {
                        page.memberships.extend(people::membership(&group, member)?);
                    }
                    cursor.members.pop();
                    if let Some(link) = found.next {
                        cursor.members.push(Pending { group: pending.group, link: Some(link) });
                    }
                }
                // Deleted since the list was read.
                Err(DirectoryError::NotFound(_)) => {
                    cursor.members.pop();
                }
                Err(error) if made > 0 && error.is_transient() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn members_page(&self, pending: &Pending) -> Result<GraphPage<GraphMember>, DirectoryError> {
        let what = format!("the members of the group {}", pending.group);
        let request = match &pending.link {
            Some(link) => ApiRequest::get_address(address(link)?, what),
            None => ApiRequest::get(&format!("groups/{}/members", pending.group), what)
                .query("$select", "id")
                .query("$top", MEMBERS_TOP),
        };
        self.api.send(request).await?.json()
    }

    async fn listed<T: DeserializeOwned>(
        &self,
        path: &str,
        top: usize,
        fields: &str,
        link: &Link,
    ) -> Result<GraphPage<T>, DirectoryError> {
        let what = format!("the list {path}");
        let request = match link {
            Link::Next(link) => ApiRequest::get_address(address(link)?, what),
            Link::First | Link::Over => {
                ApiRequest::get(path, what).query("$select", fields).query("$top", top)
            }
        };
        self.api.send(request).await?.json()
    }

    async fn changes<T: DeserializeOwned>(
        &self,
        of: &str,
        link: &Link,
    ) -> Result<GraphPage<T>, DirectoryError> {
        let Link::Next(link) = link else { return Err(DirectoryError::DeltaExpired) };
        let what = format!("changes of {of}");
        let answer = self.api.answer(ApiRequest::get_address(address(link)?, what.clone())).await?;
        if answer.is_success() {
            return answer.json();
        }
        Err(if has_expired(&answer) {
            DirectoryError::DeltaExpired
        } else {
            self.api.refusal(&answer, &what)
        })
    }

    /// From where changes can be read from now on; `None` where the tenant does not tell any.
    async fn latest(&self) -> Result<Option<Changes>, DirectoryError> {
        let groups = format!("{},members", people::GROUP_FIELDS);
        let users = self.latest_of("users", &self.user_fields).await?;
        let groups = self.latest_of("groups", &groups).await?;
        Ok(users.zip(groups).map(|(users, groups)| Changes { users, groups }))
    }

    async fn latest_of(&self, of: &str, fields: &str) -> Result<Option<String>, DirectoryError> {
        let what = format!("changes of {of}");
        let mut request = ApiRequest::get(&format!("{of}/delta"), what.clone())
            .query("$deltatoken", "latest")
            .query("$select", fields);
        for _ in 0..REQUESTS_MAX {
            let answer = self.api.answer(request).await?;
            // Tenants of customers (External ID, B2C) have no delta.
            if matches!(answer.status, 400 | 404 | 405 | 501) {
                return Ok(None);
            }
            if !answer.is_success() {
                return Err(self.api.refusal(&answer, &what));
            }
            let found: GraphPage<serde_json::Value> = answer.json()?;
            match (found.delta, found.next) {
                (Some(delta), _) => return Ok(Some(delta)),
                (None, Some(next)) => request = ApiRequest::get_address(address(&next)?, what.clone()),
                (None, None) => break,
            }
        }
        Err(DirectoryError::Malformed(format!("{what}: there is no link from which they can be read")))
    }
}

fn pending(id: &GroupId) -> Pending {
    Pending { group: id.0.clone(), link: None }
}

fn page_has_memberships_of(page: &DirectoryPage, id: &GroupId) -> bool {
    page.memberships.iter().chain(&page.memberships_removed).any(|membership| membership.group == *id)
}

/// Where changes go on. A page that says neither was cut off.
fn ended(next: Option<String>, has_delta: bool) -> Result<Link, DirectoryError> {
    match next {
        Some(next) => Ok(Link::Next(next)),
        None if has_delta => Ok(Link::Over),
        None => Err(DirectoryError::Malformed(
            "a page of changes says neither where the next one is nor that it is the last".to_owned(),
        )),
    }
}

fn has_expired(answer: &ApiAnswer) -> bool {
    let refusal: GraphRefusal = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = refusal.error.code.to_ascii_lowercase();
    answer.status == 410 || (answer.status == 400 && EXPIRED_CODES.iter().any(|word| code.contains(word)))
}

/// A link that Graph gave.
fn address(link: &str) -> Result<Url, DirectoryError> {
    Url::parse(link)
        .map_err(|_| DirectoryError::Malformed("the link to the next page is no address".to_owned()))
}
