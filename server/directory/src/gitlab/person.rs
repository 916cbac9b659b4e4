//! One person anew, and the test of the connection.

use portal_core::{
    org::{GroupId, Standing},
    ports::{ConnectionReport, DirectoryError, PermissionCheck, PersonKey, PersonNow},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Gitlab, GitlabScope,
    cursor::List,
    pages::ListNext,
    records::{Group, ReadAs, User},
    status,
};
use crate::api::ApiRequest;

/// Groups that are asked one by one for a person whom the top-level group does not have.
const GROUPS_ASKED_MAX: usize = 100;
/// Most pages of one person's memberships.
const MEMBERSHIP_PAGES_MAX: usize = 20;
/// Access of an owner.
const OWNER: u32 = 50;

#[derive(Deserialize)]
struct TokenUser {
    id: u64,
    username: String,
    #[serde(default)]
    is_admin: bool,
}

#[derive(Deserialize)]
struct UserId {
    id: u64,
}

#[derive(Deserialize)]
struct Access {
    access_level: u32,
}

#[derive(Deserialize)]
struct UserMembership {
    source_id: u64,
    source_type: String,
    access_level: u32,
}

impl Gitlab {
    pub(super) async fn person_now(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        let id = match key {
            PersonKey::Subject(subject) => subject.0.parse().ok(),
            PersonKey::Login(login) => self.id_of(login).await?,
        };
        // Nobody has such an id.
        let Some(id) = id else { return Ok(PersonNow::Gone) };
        match &self.options.scope {
            GitlabScope::Instance => self.user_now(id).await,
            GitlabScope::Group(path) => self.member_now(id, path).await,
        }
    }

    async fn id_of(&self, login: &str) -> Result<Option<u64>, DirectoryError> {
        let found: Vec<UserId> = self
            .one(ApiRequest::get("users", "a user by name").query("username", login))
            .await?
            .unwrap_or_default();
        Ok(found.first().map(|user| user.id))
    }

    async fn user_now(&self, id: u64) -> Result<PersonNow, DirectoryError> {
        self.demand_administrator().await?;
        let Some(user) = self.one::<User>(ApiRequest::get(&format!("users/{id}"), "a user")).await? else {
            return Ok(PersonNow::Gone);
        };
        let groups = self.groups_of(id).await?;
        let person = Box::new(self.person_of(user, ReadAs::InstanceUser));
        Ok(PersonNow::Known { person, groups })
    }

    /// The groups that a user is directly in; `None` beyond a bound.
    async fn groups_of(&self, id: u64) -> Result<Option<Vec<GroupId>>, DirectoryError> {
        let mut list = List::default();
        let mut groups = Vec::new();
        for _ in 0..MEMBERSHIP_PAGES_MAX {
            let first = ApiRequest::get(&format!("users/{id}/memberships"), "the groups of a user")
                .query("type", "Namespace");
            let page = self.list_page::<UserMembership>(&list, first).await?;
            let counted = page.entries.into_iter().filter(|found| found.access_level > 0);
            let counted = counted.filter(|found| found.source_type == "Namespace");
            groups.extend(counted.map(|found| GroupId(found.source_id.to_string())));
            match page.next {
                ListNext::End => return Ok(Some(groups)),
                ListNext::More(next) => list = next,
            }
        }
        Ok(None)
    }

    async fn member_now(&self, id: u64, path: &str) -> Result<PersonNow, DirectoryError> {
        let root = Self::group_path(path, &format!("/members/all/{id}"));
        if let Some(user) =
            self.one::<User>(ApiRequest::get(&root, "a member").query("show_seat_info", true)).await?
        {
            let now = self.api.clock().now();
            if user.is_member(now) || user.is_waiting() {
                return Ok(self.known(user));
            }
        }
        // The same answer as for nobody comes where the token may not see the group.
        let group = self.group(path).await?;
        self.member_below(id, &group).await
    }

    /// Someone who is only in groups below: those are asked one by one.
    async fn member_below(&self, id: u64, root: &Group) -> Result<PersonNow, DirectoryError> {
        // Whoever is not active anywhere need not be looked for.
        let user = self.one::<User>(ApiRequest::get(&format!("users/{id}"), "a user")).await?;
        let Some(user) = user else { return Ok(PersonNow::Gone) };
        let read = self.person_of(user, ReadAs::InstanceUser);
        if status_of(&read.standing) {
            return Ok(PersonNow::Known { person: Box::new(read), groups: None });
        }
        let below = ApiRequest::get(&format!("groups/{}/descendant_groups", root.id), "the groups below");
        let page = self.list_page::<Group>(&List::default(), below).await?;
        if matches!(page.next, ListNext::More(_)) || page.entries.len() > GROUPS_ASKED_MAX {
            return Err(DirectoryError::Unsupported(
                "there are too many groups to look for one person in; a full run tells".to_owned(),
            ));
        }
        let now = self.api.clock().now();
        for group in page.entries {
            let path = format!("groups/{}/members/{id}", group.id);
            let request = ApiRequest::get(&path, "a member").query("show_seat_info", true);
            if let Some(user) = self.one::<User>(request).await?.filter(|user| user.is_member(now)) {
                return Ok(self.known(user));
            }
        }
        Ok(PersonNow::Gone)
    }

    fn known(&self, user: User) -> PersonNow {
        PersonNow::Known { person: Box::new(self.person_of(user, ReadAs::GroupMember)), groups: None }
    }

    /// The answer; `None` for 404.
    async fn one<T: DeserializeOwned>(&self, request: ApiRequest) -> Result<Option<T>, DirectoryError> {
        let what = request.what().to_owned();
        let answer = self.api.answer(request.conditional()).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(self.refusal(&answer, &what));
        }
        answer.json().map(Some)
    }

    async fn token_user(&self) -> Result<TokenUser, DirectoryError> {
        self.api.send(ApiRequest::get("user", "the user of the token")).await?.json()
    }

    /// Others than administrators are not told about everybody, and not told it.
    pub(super) async fn demand_administrator(&self) -> Result<(), DirectoryError> {
        if self.options.scope != GitlabScope::Instance || self.token_user().await?.is_admin {
            return Ok(());
        }
        Err(DirectoryError::Forbidden(ADMINISTRATOR_WORDS.to_owned()))
    }

    pub(super) async fn connection_report(&self) -> Result<ConnectionReport, DirectoryError> {
        let user = self.token_user().await?;
        let connected_as = format!("{} on {}", user.username, self.host);
        let check = |permission: &str, granted: bool, remedy: &str| PermissionCheck {
            permission: permission.to_owned(),
            granted,
            remedy: if granted { String::new() } else { remedy.to_owned() },
        };
        let permissions = match &self.options.scope {
            GitlabScope::Instance => vec![check(
                "Administrator with read_api (all users and their states)",
                user.is_admin,
                ADMINISTRATOR_WORDS,
            )],
            GitlabScope::Group(path) => {
                let tried = self.group(path).await;
                let granted = match tried {
                    Ok(_) => true,
                    Err(DirectoryError::Forbidden(_) | DirectoryError::NotFound(_)) => false,
                    Err(error) => return Err(error),
                };
                let own = Self::group_path(path, &format!("/members/all/{}", user.id));
                let access = self.one::<Access>(ApiRequest::get(&own, "the token's own membership")).await?;
                let owner = access.is_some_and(|access| access.access_level >= OWNER);
                vec![
                    check(
                        "read_api and membership in the group (members and groups)",
                        granted,
                        "give the token read_api, and make its user a member of the group",
                    ),
                    check(
                        "Owner of the group (seats, e-mail addresses and SAML identities)",
                        owner,
                        "make the token's user an owner of the group; without it, members banned from the group cannot be told",
                    ),
                ]
            }
        };
        Ok(ConnectionReport { connected_as, permissions })
    }
}

const ADMINISTRATOR_WORDS: &str = "the token's user is not an administrator, and GitLab would not tell about everybody; use an administrator's token, or name a group";

/// Whether someone is left out whatever group they are in.
fn status_of(standing: &Standing) -> bool {
    match standing {
        Standing::Active => false,
        Standing::Excluded(exclusion) => {
            exclusion.reason.is_explicit()
                || status::of_user(Some(&exclusion.vendor_status)) != Standing::Active
        }
    }
}
