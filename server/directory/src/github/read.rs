//! The pages of a full read.

use std::cmp;

use portal_core::{
    org::{GroupId, Member, Membership, Subject},
    ports::{DirectoryError, DirectoryNext, DirectoryPage},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Github,
    cursor::{Cursor, OpenTeam, People},
    graphql, queries,
    records::{Connection, Id, Members, Organization, StatusSource, Team, Teams},
};

/// A list may be this much shorter than GitHub said, for people who left meanwhile: so many, or one in ten.
const MISSING_MAX: u64 = 5;

#[derive(Deserialize)]
struct TeamNode {
    node: Option<TeamMembers>,
}

#[derive(Deserialize)]
struct TeamMembers {
    members: Option<Connection<Id>>,
}

impl Github {
    pub(super) async fn page(&self, cursor: Cursor) -> Result<DirectoryPage, DirectoryError> {
        match (cursor, &self.enterprise) {
            (Cursor::Scim { start, then }, Some(enterprise)) => {
                turn(&enterprise.read_scim(start, then).await?)
            }
            (Cursor::Identities { after, then }, Some(enterprise)) => {
                turn(&enterprise.read_identities(after, then).await?)
            }
            (Cursor::People(then), Some(enterprise)) if !enterprise.is_ready() => {
                turn(&Cursor::Scim { start: 1, then })
            }
            // The enterprise was taken out of the configuration in the middle of a run.
            (Cursor::Scim { then, .. } | Cursor::Identities { then, .. }, None) => {
                turn(&Cursor::People(then))
            }
            (Cursor::People(place), _) => self.people_page(place).await,
            (Cursor::Teams { after }, _) => self.teams_page(after).await,
            (Cursor::TeamMembers { open, then }, _) => self.team_members_page(open, then).await,
        }
    }

    /// What tells whether this member is suspended, in a full read.
    fn status_source(&self, user: u64) -> StatusSource {
        match &self.enterprise {
            Some(enterprise) => StatusSource::Scim(enterprise.is_active(user)),
            None if self.endpoints.is_server => StatusSource::Server,
            None => StatusSource::None,
        }
    }

    async fn people_page(&self, place: People) -> Result<DirectoryPage, DirectoryError> {
        let what = self.members_words();
        let query = queries::members(self.endpoints.is_server);
        let variables = json!({
            "organization": self.options.organization,
            "first": queries::PEOPLE_PER_PAGE,
            "after": place.after,
        });
        let answer: Organization<Members> =
            graphql::ask(&self.api, &self.endpoints.graphql, &query, variables, &what).await?;
        let members =
            answer.organization.ok_or_else(|| DirectoryError::NotFound(what.clone()))?.members_with_role;
        let seen = place.seen.saturating_add(u64::try_from(members.nodes.len()).unwrap_or(u64::MAX));
        let next = if let Some(after) = members.page_info.next()? {
            Cursor::People(People { after: Some(after), seen })
        } else {
            let missing = members.total_count.saturating_sub(seen);
            if missing > cmp::max(MISSING_MAX, members.total_count / 10) {
                return Err(DirectoryError::Malformed(format!(
                    "{what}: the list ends after {seen} of {}",
                    members.total_count
                )));
            }
            Cursor::Teams { after: None }
        };
        let people = members.nodes.into_iter().map(|user| {
            let source = self.status_source(user.number());
            user.person(source, &self.options.selection)
        });
        Ok(DirectoryPage { people: people.collect(), next: next.next()?, ..DirectoryPage::default() })
    }

    async fn teams_page(&self, after: Option<String>) -> Result<DirectoryPage, DirectoryError> {
        let what = self.teams_words();
        let variables = json!({
            "organization": self.options.organization,
            "first": queries::TEAMS_PER_PAGE,
            "after": after,
            "members": queries::TEAM_MEMBERS_PER_PAGE,
        });
        let answer: Organization<Teams<Team>> =
            graphql::ask(&self.api, &self.endpoints.graphql, &queries::teams(), variables, &what).await?;
        let teams = answer.organization.ok_or_else(|| DirectoryError::NotFound(what.clone()))?.teams;
        let then = teams.page_info.next()?;
        let mut page = DirectoryPage::default();
        let mut open = Vec::new();
        for mut team in teams.nodes {
            if !team.is_taken(&self.options.selection) {
                continue;
            }
            let id = team.group_id();
            page.memberships.extend(memberships(&id, &team.members.nodes));
            if let Some(after) = std::mem::take(&mut team.members.page_info).next()? {
                open.push(OpenTeam { node: team.id.clone(), group: id.0, after });
            }
            page.groups.push(team.group());
        }
        page.next = teams_next(open, then)?;
        Ok(page)
    }

    async fn team_members_page(
        &self,
        mut open: Vec<OpenTeam>,
        then: Option<String>,
    ) -> Result<DirectoryPage, DirectoryError> {
        let Some(team) = open.pop() else {
            return Ok(DirectoryPage { next: teams_next(open, then)?, ..DirectoryPage::default() });
        };
        let variables = json!({
            "team": team.node,
            "first": queries::TEAM_MEMBERS_PER_PAGE,
            "after": team.after,
        });
        let what = self.teams_words();
        let answer: Result<TeamNode, _> =
            graphql::ask(&self.api, &self.endpoints.graphql, queries::TEAM_MEMBERS, variables, &what).await;
        let members = match answer {
            Ok(answer) => answer.node.and_then(|node| node.members),
            // Deleted since its first page was read.
            Err(DirectoryError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        let mut page = DirectoryPage::default();
        if let Some(members) = members {
            page.memberships = memberships(&GroupId(team.group.clone()), &members.nodes).collect();
            if let Some(after) = members.page_info.next()? {
                open.push(OpenTeam { after, ..team });
            }
        }
        page.next = teams_next(open, then)?;
        Ok(page)
    }
}

/// A page without content, on the way to another.
fn turn(next: &Cursor) -> Result<DirectoryPage, DirectoryError> {
    Ok(DirectoryPage { next: next.next()?, ..DirectoryPage::default() })
}

fn teams_next(open: Vec<OpenTeam>, then: Option<String>) -> Result<DirectoryNext, DirectoryError> {
    match (open.is_empty(), then) {
        (false, then) => Cursor::TeamMembers { open, then }.next(),
        (true, Some(after)) => Cursor::Teams { after: Some(after) }.next(),
        (true, None) => Ok(DirectoryNext::End(None)),
    }
}

fn memberships<'a>(group: &'a GroupId, members: &'a [Id]) -> impl Iterator<Item = Membership> + use<'a> {
    members.iter().map(|member| Membership {
        group: group.clone(),
        member: Member::Person(Subject(member.database_id.to_string())),
    })
}
