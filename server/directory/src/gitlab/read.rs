//! The pages of a full read.

use std::collections::BTreeSet;

use portal_core::{
    org::{ExclusionReason, Standing},
    ports::{DirectoryError, DirectoryNext, DirectoryPage},
};

use super::{
    Gitlab, GitlabScope,
    cursor::{Cursor, List, Place},
    pages::{ListNext, ListPage},
    records::{Group, NO_SEAT, ReadAs, User},
};
use crate::{api::ApiRequest, selection::excluded};

/// Most members without a seat that are remembered: they travel in the cursor.
const UNSEATED_MAX: usize = 2_000;

impl Gitlab {
    pub(super) async fn page(&self, place: impl Into<Place>) -> Result<DirectoryPage, DirectoryError> {
        let Place { at, mut unseated } = place.into();
        let mut page = self.page_at(at).await?;
        keep_unseated(&mut page, &mut unseated);
        if let DirectoryNext::More(next) = &page.next
            && !unseated.is_empty()
        {
            page.next = Place { unseated, ..Cursor::parse(next)? }.next()?;
        }
        Ok(page)
    }

    async fn page_at(&self, cursor: Cursor) -> Result<DirectoryPage, DirectoryError> {
        match (cursor, &self.options.scope) {
            (Cursor::People(list), GitlabScope::Instance) => self.instance_people(list).await,
            (Cursor::People(list), GitlabScope::Group(path)) => self.group_people(list, path).await,
            (Cursor::Root, GitlabScope::Group(path)) => self.root(path).await,
            (Cursor::Root, GitlabScope::Instance) => self.groups_page(List::default()).await,
            (Cursor::Groups(list), _) => self.groups_page(list).await,
            (Cursor::Members { open, list, then }, _) => self.members_page(open, list, then).await,
        }
    }

    /// All users, in the order of their ids: pages by key, which nobody is skipped on.
    async fn instance_people(&self, list: List) -> Result<DirectoryPage, DirectoryError> {
        let first = ApiRequest::get("users", "the users")
            .query("pagination", "keyset")
            .query("order_by", "id")
            .query("sort", "asc")
            .query("exclude_internal", true);
        let ListPage { entries, next } = self.list_page::<User>(&list, first).await?;
        let next = match next {
            ListNext::More(list) => Cursor::People(list),
            ListNext::End => Cursor::Groups(List::default()),
        };
        let people = entries.into_iter().map(|user| self.person_of(user, ReadAs::InstanceUser)).collect();
        Ok(DirectoryPage { people, next: next.next()?, ..DirectoryPage::default() })
    }

    /// The members of the group with inherited and invited ones.
    async fn group_people(&self, list: List, path: &str) -> Result<DirectoryPage, DirectoryError> {
        let first = ApiRequest::get(
            &Self::group_path(path, "/members/all"),
            format!("the members of the group {path}"),
        )
        .query("show_seat_info", true);
        let ListPage { entries, next } = self.list_page::<User>(&list, first).await?;
        let next = match next {
            ListNext::More(list) => Cursor::People(list),
            ListNext::End => Cursor::Root,
        };
        // Those whose access is gone are left out of the list, like people who left; those waiting are shown.
        let now = self.api.clock().now();
        let people = entries.into_iter().filter(|user| user.is_member(now) || user.is_waiting());
        let people = people.map(|user| self.person_of(user, ReadAs::GroupMember)).collect();
        Ok(DirectoryPage { people, next: next.next()?, ..DirectoryPage::default() })
    }

    async fn root(&self, path: &str) -> Result<DirectoryPage, DirectoryError> {
        let group = self.group(path).await?;
        let mut page = DirectoryPage::default();
        let open = self.take_groups(&mut page, vec![group]);
        page.next = groups_next(open, Some(List::default()))?;
        Ok(page)
    }

    /// The configured group itself.
    pub(super) async fn group(&self, path: &str) -> Result<Group, DirectoryError> {
        let what = format!("the group {path}");
        let request =
            ApiRequest::get(&Self::group_path(path, ""), what.clone()).query("with_projects", false);
        let answer = self.api.answer(request).await?;
        if answer.is_success() { answer.json() } else { Err(self.refusal(&answer, &what)) }
    }

    async fn groups_page(&self, list: List) -> Result<DirectoryPage, DirectoryError> {
        let first = match &self.options.scope {
            GitlabScope::Group(path) => ApiRequest::get(
                &Self::group_path(path, "/descendant_groups"),
                format!("the groups below {path}"),
            ),
            GitlabScope::Instance => ApiRequest::get("groups", "the groups").query("all_available", true),
        };
        let first = first.query("order_by", "id").query("sort", "asc");
        let ListPage { entries, next } = self.list_page::<Group>(&list, first).await?;
        let then = match next {
            ListNext::More(list) => Some(list),
            ListNext::End => None,
        };
        let mut page = DirectoryPage::default();
        let open = self.take_groups(&mut page, entries);
        page.next = groups_next(open, then)?;
        Ok(page)
    }

    /// Takes the groups that the rules take; those whose members are to be read.
    fn take_groups(&self, page: &mut DirectoryPage, groups: Vec<Group>) -> Vec<u64> {
        let root = match &self.options.scope {
            GitlabScope::Group(path) => Some(path.as_str()),
            GitlabScope::Instance => None,
        };
        let mut open = Vec::new();
        for group in groups.into_iter().filter(|group| !group.is_going()) {
            let taken = self.options.selection.takes_group(&group.full_path, &group.id.to_string());
            // People who are only in a group below are read there, whether the group is taken or not.
            if taken || root.is_some() {
                open.push(group.id);
            }
            if taken {
                page.groups.push(group.group(root, &self.host));
            }
        }
        // They are taken from the end.
        open.reverse();
        open
    }

    async fn members_page(
        &self,
        mut open: Vec<u64>,
        list: List,
        then: Option<List>,
    ) -> Result<DirectoryPage, DirectoryError> {
        let mut page = DirectoryPage::default();
        let Some(group) = open.last().copied() else {
            page.next = groups_next(open, then)?;
            return Ok(page);
        };
        let first =
            ApiRequest::get(&format!("groups/{group}/members"), format!("the members of the group {group}"))
                .query("show_seat_info", true);
        let ListPage { entries, next } = match self.list_page::<User>(&list, first).await {
            // Deleted since the list of groups was read.
            Err(DirectoryError::NotFound(_)) => ListPage { entries: Vec::new(), next: ListNext::End },
            other => other?,
        };
        let now = self.api.clock().now();
        for user in entries.into_iter().filter(|user| user.is_member(now)) {
            page.memberships.push(user.membership(group));
            if matches!(self.options.scope, GitlabScope::Group(_)) {
                page.people.push(self.person_of(user, ReadAs::GroupMember));
            }
        }
        page.next = match next {
            ListNext::More(list) => Cursor::Members { open, list, then }.next()?,
            ListNext::End => {
                open.pop();
                groups_next(open, then)?
            }
        };
        Ok(page)
    }

    pub(super) fn person_of(&self, user: User, read_as: ReadAs) -> portal_core::org::DirectoryPerson {
        user.person(read_as, &self.host, &self.options)
    }
}

/// Remembers who has no seat, and leaves them out wherever they come again with less access.
fn keep_unseated(page: &mut DirectoryPage, unseated: &mut BTreeSet<u64>) {
    for person in &mut page.people {
        let Ok(id) = person.subject.0.parse::<u64>() else { continue };
        match &person.standing {
            Standing::Active if unseated.contains(&id) => {
                person.standing = excluded(ExclusionReason::UnknownStatus, NO_SEAT);
            }
            Standing::Excluded(exclusion)
                if exclusion.vendor_status == NO_SEAT && unseated.len() < UNSEATED_MAX =>
            {
                unseated.insert(id);
            }
            _ => {}
        }
    }
}

fn groups_next(open: Vec<u64>, then: Option<List>) -> Result<DirectoryNext, DirectoryError> {
    match (open.is_empty(), then) {
        (false, then) => Cursor::Members { open, list: List::default(), then }.next(),
        (true, Some(list)) => Cursor::Groups(list).next(),
        (true, None) => Ok(DirectoryNext::End(None)),
    }
}
