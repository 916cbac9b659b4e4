//! What GitHub tells, and what Portal makes of it.

use std::collections::BTreeMap;

use portal_core::{
    org::{DirectoryGroup, DirectoryPerson, ExclusionReason, GroupId, Standing, Subject},
    ports::DirectoryError,
};
use serde::Deserialize;

use crate::selection::{Selection, excluded};

/// A page of a connection.
#[derive(Debug, Deserialize)]
pub(super) struct Connection<T> {
    #[serde(rename = "totalCount", default)]
    pub(super) total_count: u64,
    #[serde(rename = "pageInfo")]
    pub(super) page_info: PageInfo,
    /// Entries that GitHub does not tell come as null: then the list is not complete, and the read fails.
    pub(super) nodes: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl PageInfo {
    /// The cursor of the next page, `None` on the last one.
    pub(super) fn next(self) -> Result<Option<String>, DirectoryError> {
        match (self.has_next_page, self.end_cursor) {
            (false, _) => Ok(None),
            (true, Some(cursor)) if !cursor.is_empty() => Ok(Some(cursor)),
            (true, _) => {
                Err(DirectoryError::Malformed("it says that there are more pages but not where".to_owned()))
            }
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Organization<T> {
    pub(super) organization: Option<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Members {
    pub(super) members_with_role: Connection<User>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Teams<T> {
    pub(super) teams: Connection<T>,
}

/// Just the id.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Id {
    pub(super) database_id: u64,
}

/// What tells whether a member is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatusSource {
    /// Nothing: on github.com members are not suspended, they leave.
    None,
    /// `suspendedAt` of an Enterprise Server.
    Server,
    /// `active` of the SCIM identity in an enterprise with managed users; `None` where the member has none.
    Scim(Option<bool>),
}

/// Since when someone is suspended: null is told too, and differs from silence.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Option<String>")]
enum Suspension {
    /// The field is missing.
    #[default]
    NotTold,
    /// The field, `None` for null.
    Told(Option<String>),
}

impl From<Option<String>> for Suspension {
    fn from(since: Option<String>) -> Self {
        Self::Told(since)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    database_id: u64,
    id: String,
    login: String,
    name: Option<String>,
    email: Option<String>,
    avatar_url: Option<String>,
    #[serde(default)]
    organization_verified_domain_emails: Vec<String>,
    #[serde(default)]
    suspended_at: Suspension,
}

impl User {
    /// The numeric id.
    pub(super) const fn number(&self) -> u64 {
        self.database_id
    }

    /// The login.
    pub(super) fn login(&self) -> &str {
        &self.login
    }

    /// Whether GitHub lets them in. Whoever is not told to be unsuspended, where that can be told, is not active.
    fn standing(&self, source: StatusSource) -> Standing {
        match (source, &self.suspended_at) {
            (StatusSource::None | StatusSource::Scim(Some(true)), _)
            | (StatusSource::Server, Suspension::Told(None)) => Standing::Active,
            (StatusSource::Server, Suspension::Told(Some(_))) => {
                excluded(ExclusionReason::Suspended, "suspended")
            }
            (StatusSource::Scim(Some(false)), _) => excluded(ExclusionReason::Suspended, "active: false"),
            (StatusSource::Server, Suspension::NotTold) => {
                excluded(ExclusionReason::UnknownStatus, "suspendedAt is not told")
            }
            (StatusSource::Scim(None), _) => excluded(ExclusionReason::UnknownStatus, "no SCIM identity"),
        }
    }

    /// The person.
    pub(super) fn person(self, source: StatusSource, selection: &Selection) -> DirectoryPerson {
        let standing = self.standing(source);
        // Addresses in the organisation's verified domains were verified by GitHub; the one of the profile is whatever
        // the person shows.
        let verified =
            self.organization_verified_domain_emails.into_iter().find(|email| !email.trim().is_empty());
        let email = match verified {
            Some(address) => selection.email(&address, true),
            None => self.email.and_then(|address| selection.email(&address, false)),
        };
        let annotations = BTreeMap::from([
            ("github.com/user-login".to_owned(), self.login.clone()),
            ("github.com/user-id".to_owned(), self.id),
            ("github.com/user-database-id".to_owned(), self.database_id.to_string()),
        ]);
        selection.applied(DirectoryPerson {
            subject: Subject(self.database_id.to_string()),
            login: self.login,
            email,
            display_name: self.name.filter(|name| !name.trim().is_empty()),
            picture: self.avatar_url.filter(|url| url.starts_with("https://")),
            standing,
            annotations,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Team {
    database_id: u64,
    pub(super) id: String,
    slug: String,
    combined_slug: String,
    name: String,
    description: Option<String>,
    avatar_url: Option<String>,
    #[serde(rename = "parentTeam")]
    parent: Option<Id>,
    pub(super) members: Connection<Id>,
}

impl Team {
    pub(super) fn group_id(&self) -> GroupId {
        GroupId(self.database_id.to_string())
    }

    pub(super) fn is_taken(&self, selection: &Selection) -> bool {
        selection.takes_group(&self.slug, &self.database_id.to_string())
    }

    pub(super) fn group(self) -> DirectoryGroup {
        let id = self.group_id();
        DirectoryGroup {
            id,
            display_name: Some(self.name).filter(|name| !name.trim().is_empty()),
            description: self.description.filter(|text| !text.trim().is_empty()),
            kind: "team".to_owned(),
            email: None,
            picture: self.avatar_url.filter(|url| url.starts_with("https://")),
            parent: self.parent.map(|team| GroupId(team.database_id.to_string())),
            annotations: BTreeMap::from([
                ("github.com/team-slug".to_owned(), self.combined_slug),
                ("github.com/team-id".to_owned(), self.id),
                ("github.com/team-database-id".to_owned(), self.database_id.to_string()),
            ]),
            name: self.slug,
        }
    }
}

/// A team of one person, with the people whose names are like theirs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PersonTeam {
    pub(super) database_id: u64,
    pub(super) slug: String,
    pub(super) members: Nodes<Id>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Nodes<T> {
    pub(super) nodes: Vec<T>,
}
