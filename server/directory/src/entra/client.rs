//! A tenant behind the port.

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::{
    org::{DirectoryPerson, GroupId, Subject},
    ports::{
        Clock, ConnectionReport, DirectoryClient, DirectoryError, DirectoryEvent, DirectoryEventError,
        DirectoryEventRequest, DirectoryPage, DirectoryRead, PermissionCheck, PersonKey, PersonNow, Rng,
    },
};
use portal_fetch::ProviderTransport;
use url::Url;

use super::{
    EntraOptions,
    auth::EntraTokens,
    events, people,
    records::{GraphGroup, GraphMember, GraphPage, GraphUser},
};
use crate::api::{ApiClient, ApiOptions, ApiRequest, SetupError, TokenCredential};

/// Most pages of one person's groups.
const GROUP_PAGES_MAX: usize = 20;

/// People and groups of an Entra ID tenant.
pub struct EntraDirectory {
    pub(super) options: EntraOptions,
    pub(super) api: ApiClient,
    pub(super) user_fields: String,
}

impl EntraDirectory {
    /// The directory.
    ///
    /// # Errors
    /// [`SetupError`] for a certificate, key or address that cannot be used.
    pub fn new(
        options: EntraOptions,
        transport: Arc<ProviderTransport>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, SetupError> {
        let tokens = EntraTokens::new(&options, Arc::clone(&transport), Arc::clone(&clock), rng)?;
        let credential = Arc::new(TokenCredential::new(tokens, Arc::clone(&clock)));
        let mut base = options.cloud.graph_url.clone();
        base.set_path("/v1.0/");
        let api = ApiClient::new(ApiOptions::new(base), Some(credential), transport, clock)?;
        let user_fields = people::user_fields(&options);
        Ok(Self { options, api, user_fields })
    }

    pub(super) fn person_of(&self, user: GraphUser, deleted: bool) -> DirectoryPerson {
        people::person(user, deleted, self.api.clock().now(), &self.options)
    }

    /// A user by id or user principal name; `None` for one who is not, or no longer, there.
    pub(super) async fn one_user(&self, id: &str) -> Result<Option<GraphUser>, DirectoryError> {
        let request = ApiRequest::get(&format!("users/{}", segment(id)), "one user")
            .query("$select", &self.user_fields);
        found(self.api.send(request).await)?.map(|answer| answer.json()).transpose()
    }

    pub(super) async fn one_group(&self, id: &str) -> Result<Option<GraphGroup>, DirectoryError> {
        let request = ApiRequest::get(&format!("groups/{}", segment(id)), "one group")
            .query("$select", people::GROUP_FIELDS);
        found(self.api.send(request).await)?.map(|answer| answer.json()).transpose()
    }

    async fn groups_of(&self, id: &str) -> Result<Option<Vec<GroupId>>, DirectoryError> {
        let what = "the groups of one user";
        let mut request = ApiRequest::get(&format!("users/{}/memberOf", segment(id)), what)
            .query("$select", "id")
            .query("$top", 999);
        let mut groups = Vec::new();
        for _ in 0..GROUP_PAGES_MAX {
            let page: GraphPage<GraphMember> = self.api.send(request).await?.json()?;
            let of_groups = page.value.into_iter().filter(|member| {
                member.kind.as_deref().is_some_and(|kind| kind.ends_with("microsoft.graph.group"))
            });
            groups.extend(of_groups.map(|member| GroupId(member.id)));
            let Some(next) = page.next else { return Ok(Some(groups)) };
            let next = Url::parse(&next).map_err(|_| {
                DirectoryError::Malformed("the link to the next page is no address".to_owned())
            })?;
            request = ApiRequest::get_address(next, what);
        }
        Ok(None)
    }

    async fn permission(
        &self,
        path: &str,
        name: &str,
        remedy: &str,
    ) -> Result<PermissionCheck, DirectoryError> {
        let request = ApiRequest::get(path, name).query("$top", 1).query("$select", "id");
        let granted = match self.api.send(request).await {
            Ok(_) => true,
            Err(DirectoryError::Forbidden(_)) => false,
            Err(error) => return Err(error),
        };
        let remedy = if granted { String::new() } else { remedy.to_owned() };
        Ok(PermissionCheck { permission: name.to_owned(), granted, remedy })
    }
}

/// A part of a path.
fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn found<T>(outcome: Result<T, DirectoryError>) -> Result<Option<T>, DirectoryError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(DirectoryError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl DirectoryClient for EntraDirectory {
    fn has_delta(&self) -> bool {
        true
    }

    async fn read(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        self.page(read).await
    }

    async fn person(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        let id = match key {
            PersonKey::Subject(Subject(id)) => id,
            PersonKey::Login(login) if login.contains('@') => login,
            PersonKey::Login(_) => {
                return Err(DirectoryError::Unsupported(
                    "Graph finds people by id or user principal name only".to_owned(),
                ));
            }
        };
        let Some(user) = self.one_user(id).await? else { return Ok(PersonNow::Gone) };
        if matches!(key, PersonKey::Subject(_)) && user.id != *id {
            return Ok(PersonNow::Gone);
        }
        let groups = self.groups_of(&user.id).await?;
        Ok(PersonNow::Known { person: Box::new(self.person_of(user, false)), groups })
    }

    fn event(&self, request: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
        events::event(&request, self.options.webhook_secret.as_ref())
    }

    async fn check(&self) -> Result<ConnectionReport, DirectoryError> {
        let consent = "grant it as an application permission, and have an administrator consent to it";
        let mut permissions = vec![
            self.permission("users", "User.Read.All: to read people and whether they are enabled", consent)
                .await?,
            self.permission("groups", "GroupMember.Read.All: to read groups and who is in them", consent)
                .await?,
        ];
        if self.options.notification_url.is_some() {
            let outcome = self.subscribe().await;
            permissions.push(PermissionCheck {
                permission: "change notifications: to hear within seconds".to_owned(),
                granted: outcome.is_ok(),
                remedy: outcome.err().map_or_else(String::new, |error| {
                    format!("{error}; server.public_url must be reachable for Microsoft while Portal runs")
                }),
            });
        }
        Ok(ConnectionReport {
            connected_as: format!(
                "application {} in tenant {}",
                self.options.client_id, self.options.tenant_id
            ),
            permissions,
        })
    }
}
