//! An org behind the port.

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::{
    org::{GroupId, Subject},
    ports::{
        Clock, ConnectionReport, DirectoryClient, DirectoryError, DirectoryEvent, DirectoryEventError,
        DirectoryEventRequest, DirectoryPage, DirectoryRead, PermissionCheck, PersonKey, PersonNow, Rng,
    },
};
use portal_fetch::ProviderTransport;

use super::{
    OktaCredential, OktaOptions, auth,
    cursor::Link,
    events, people,
    records::{OktaGroup, OktaUser},
};
use crate::api::{ApiClient, ApiOptions, ApiRequest, SetupError};

/// Most pages of one person's groups.
const GROUP_PAGES_MAX: usize = 20;

/// People and groups of an Okta org.
pub struct OktaDirectory {
    pub(super) options: OktaOptions,
    pub(super) api: ApiClient,
}

impl OktaDirectory {
    /// The directory.
    ///
    /// # Errors
    /// [`SetupError`] for a key, a token or an address that cannot be used.
    pub fn new(
        options: OktaOptions,
        transport: Arc<ProviderTransport>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, SetupError> {
        let credential = auth::credential(&options, Arc::clone(&transport), &clock, rng)?;
        let api = ApiClient::new(ApiOptions::new(options.url.clone()), Some(credential), transport, clock)?;
        Ok(Self { options, api })
    }

    /// A user by id or login; `None` for one who is not, or no longer, there.
    pub(super) async fn one_user(&self, key: &str) -> Result<Option<OktaUser>, DirectoryError> {
        let key: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
        let request = ApiRequest::get(&format!("api/v1/users/{}", key.replace('+', "%20")), "one person");
        match self.sent(request, "one person").await {
            Ok(answer) => answer.json().map(Some),
            Err(DirectoryError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn group_exists(&self, id: &str) -> Result<bool, DirectoryError> {
        match self.sent(ApiRequest::get(&format!("api/v1/groups/{id}"), "one group"), "one group").await {
            Ok(_) => Ok(true),
            Err(DirectoryError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn groups_of(&self, id: &str) -> Result<Option<Vec<GroupId>>, DirectoryError> {
        let what = "the groups of one person";
        let mut link = Link::First;
        let mut groups = Vec::new();
        for _ in 0..GROUP_PAGES_MAX {
            let first = ApiRequest::get(&format!("api/v1/users/{id}/groups"), what);
            let (found, next) = self.listed::<OktaGroup>(first, &link, what).await?;
            let taken = found.into_iter().filter_map(|group| people::group(group, &self.options));
            groups.extend(taken.map(|group| group.id));
            if next == Link::Over {
                return Ok(Some(groups));
            }
            link = next;
        }
        Ok(None)
    }

    async fn permission(
        &self,
        path: &str,
        name: &str,
        remedy: &str,
    ) -> Result<PermissionCheck, DirectoryError> {
        let granted = match self.sent(ApiRequest::get(path, name).query("limit", 1), name).await {
            Ok(_) => true,
            Err(DirectoryError::Forbidden(_)) => false,
            Err(error) => return Err(error),
        };
        let remedy = if granted { String::new() } else { remedy.to_owned() };
        Ok(PermissionCheck { permission: name.to_owned(), granted, remedy })
    }
}

#[async_trait]
impl DirectoryClient for OktaDirectory {
    fn has_delta(&self) -> bool {
        true
    }

    async fn read(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        self.page(read).await
    }

    async fn person(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        let (PersonKey::Subject(Subject(text)) | PersonKey::Login(text)) = key;
        // Okta takes it for whoever asks.
        if text == "me" {
            return Err(DirectoryError::Unsupported("nobody is called me".to_owned()));
        }
        let Some(user) = self.one_user(text).await? else { return Ok(PersonNow::Gone) };
        // By an id that is gone Okta may find someone whose login looks the same.
        if matches!(key, PersonKey::Subject(_)) && user.id != *text {
            return Ok(PersonNow::Gone);
        }
        let groups = self.groups_of(&user.id).await?;
        Ok(PersonNow::Known { person: Box::new(people::person(user, &self.options)), groups })
    }

    fn event(&self, request: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
        events::event(&request, &self.options)
    }

    async fn check(&self) -> Result<ConnectionReport, DirectoryError> {
        let grant =
            "grant the scope to the service app, or give the token's creator a role that may read this";
        let permissions = vec![
            self.permission("api/v1/users", "okta.users.read: to read people and their status", grant)
                .await?,
            self.permission("api/v1/groups", "okta.groups.read: to read groups and who is in them", grant)
                .await?,
            self.permission(
                "api/v1/logs",
                "okta.logs.read: to see deletions before the next full run",
                grant,
            )
            .await?,
        ];
        let who = match &self.options.credential {
            OktaCredential::PrivateKey { client_id, .. } => format!("service app {client_id}"),
            OktaCredential::Token(_) => match self.one_user("me").await? {
                Some(user) => {
                    format!("API token of {}", user.profile.login.unwrap_or(user.id))
                }
                None => "an API token".to_owned(),
            },
        };
        let org = self.options.url.host_str().unwrap_or_default();
        Ok(ConnectionReport { connected_as: format!("{who} at {org}"), permissions })
    }
}
