//! One person anew, and the test of the connection.

use portal_core::{
    org::{ExclusionReason, GroupId},
    ports::{ConnectionReport, DirectoryError, PermissionCheck, PersonKey, PersonNow},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Github, graphql, queries,
    records::{Organization, PersonTeam, StatusSource, Teams, User},
    refusal,
};
use crate::{api::ApiRequest, selection::excluded};

/// Most pages of one person's teams.
const TEAM_PAGES_MAX: usize = 20;

#[derive(Deserialize)]
struct Account {
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct OrganizationMembership {
    state: String,
}

#[derive(Deserialize)]
struct OneUser {
    user: Option<User>,
}

#[derive(Deserialize)]
struct Viewer {
    viewer: ViewerLogin,
}

#[derive(Deserialize)]
struct ViewerLogin {
    login: String,
}

impl Github {
    pub(super) async fn person_now(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        let Some(login) = self.login_of(key).await? else { return self.gone().await };
        let Some(state) = self.membership_state(&login).await? else { return self.gone().await };
        // Someone invited is no member yet, as in a full read.
        if state == "pending" {
            return Ok(PersonNow::Gone);
        }
        let what = format!("the account {login}");
        let query = queries::one_person(self.endpoints.is_server);
        let variables = json!({ "organization": self.options.organization, "login": login });
        let answer: Result<OneUser, _> =
            graphql::ask(&self.api, &self.endpoints.graphql, &query, variables, &what).await;
        let user = match answer {
            Ok(answer) => answer.user,
            Err(DirectoryError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        let Some(user) = user else { return self.gone().await };
        // The login may have gone to someone else between the questions.
        if matches!(key, PersonKey::Subject(subject) if subject.0 != user.number().to_string()) {
            return Ok(PersonNow::Gone);
        }
        let source = match &self.enterprise {
            Some(enterprise) => {
                StatusSource::Scim(enterprise.is_active_now(user.login(), user.number()).await?)
            }
            None if self.endpoints.is_server => StatusSource::Server,
            None => StatusSource::None,
        };
        let groups = self.teams_of(user.login(), user.number()).await?;
        let mut person = user.person(source, &self.options.selection);
        if state != "active" {
            person.standing = excluded(ExclusionReason::UnknownStatus, &state);
        }
        Ok(PersonNow::Known { person: Box::new(person), groups })
    }

    /// Nobody found. GitHub also answers so to credentials that may see nothing, which says nothing of the person.
    async fn gone(&self) -> Result<PersonNow, DirectoryError> {
        self.try_organization().await?;
        Ok(PersonNow::Gone)
    }

    /// Whether members and teams may be read.
    async fn try_organization(&self) -> Result<(), DirectoryError> {
        let what = self.members_words();
        let variables = json!({ "organization": self.options.organization });
        let answer: Organization<Value> =
            graphql::ask(&self.api, &self.endpoints.graphql, queries::CHECK, variables, &what).await?;
        answer.organization.map(|_| ()).ok_or(DirectoryError::NotFound(what))
    }

    /// The login of today; `None` for an account that is gone or no person's.
    async fn login_of(&self, key: &PersonKey) -> Result<Option<String>, DirectoryError> {
        let what = "the account of a person";
        let request = match key {
            PersonKey::Subject(subject) if is_number(&subject.0) => {
                ApiRequest::get(&format!("user/{}", subject.0), what)
            }
            PersonKey::Login(login) if is_login(login) => ApiRequest::get(&format!("users/{login}"), what),
            _ => return Ok(None),
        };
        let answer = self.api.answer(request.conditional()).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(refusal::of(&self.api, &answer, what));
        }
        let account: Account = answer.json()?;
        Ok(Some(account.login).filter(|login| account.kind == "User" && is_login(login)))
    }

    /// The state of the membership, in GitHub's word; `None` for no member.
    async fn membership_state(&self, login: &str) -> Result<Option<String>, DirectoryError> {
        let what = self.members_words();
        let path = format!("orgs/{}/memberships/{login}", self.options.organization);
        let answer = self.api.answer(ApiRequest::get(&path, what.clone())).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(refusal::of(&self.api, &answer, &what));
        }
        Ok(Some(answer.json::<OrganizationMembership>()?.state))
    }

    /// The teams that someone is directly in; `None` beyond a bound.
    async fn teams_of(&self, login: &str, number: u64) -> Result<Option<Vec<GroupId>>, DirectoryError> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..TEAM_PAGES_MAX {
            let variables = json!({
                "organization": self.options.organization,
                "login": login,
                "first": queries::TEAMS_PER_PAGE,
                "after": after,
            });
            let what = self.teams_words();
            let answer: Organization<Teams<PersonTeam>> =
                graphql::ask(&self.api, &self.endpoints.graphql, queries::PERSON_TEAMS, variables, &what)
                    .await?;
            let teams = answer.organization.ok_or(DirectoryError::NotFound(what))?.teams;
            for team in teams.nodes {
                let id = team.database_id.to_string();
                let direct = team.members.nodes.iter().any(|member| member.database_id == number);
                if direct && self.options.selection.takes_group(&team.slug, &id) {
                    found.push(GroupId(id));
                }
            }
            after = teams.page_info.next()?;
            if after.is_none() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub(super) async fn connection_report(&self) -> Result<ConnectionReport, DirectoryError> {
        let connected_as = if let Some(app) = &self.app {
            format!("GitHub App {}, installed on {}", app.name().await?, self.options.organization)
        } else {
            let what = "the account of the token";
            let answer: Viewer =
                graphql::ask(&self.api, &self.endpoints.graphql, queries::VIEWER, json!({}), what).await?;
            format!("{} by token", answer.viewer.login)
        };
        let needed = if self.app.is_some() {
            "Organization permission Members: read (members and teams)"
        } else {
            "read:org, read:user, user:email, or Members: read (members, teams and their addresses)"
        };
        let mut permissions = vec![permission(needed, self.try_organization().await)?];
        if let Some(enterprise) = &self.enterprise {
            let needed = "scim:enterprise and read:enterprise of an owner (who is suspended)";
            permissions.push(permission(needed, enterprise.check().await)?);
        }
        Ok(ConnectionReport { connected_as, permissions })
    }
}

/// What a try of a permission says; failures that say nothing about it stay failures.
fn permission(needed: &str, tried: Result<(), DirectoryError>) -> Result<PermissionCheck, DirectoryError> {
    let remedy = match tried {
        Ok(()) => String::new(),
        Err(
            error @ (DirectoryError::Unauthorized(_)
            | DirectoryError::Forbidden(_)
            | DirectoryError::NotFound(_)),
        ) => error.to_string(),
        Err(error) => return Err(error),
    };
    Ok(PermissionCheck { permission: needed.to_owned(), granted: remedy.is_empty(), remedy })
}

fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Logins become parts of paths.
fn is_login(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=100).contains(&text.len()) && text.bytes().all(fits)
}
