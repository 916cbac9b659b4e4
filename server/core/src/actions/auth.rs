//! The plugin source `auth`: whom the agent acts for.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::{Action, ActionAttributes, ActionDefinition, ActionError, ActionOutput, CallContext};
use crate::{
    catalog::{CatalogService, StoredEntity},
    oauth::{Credential, Subject},
};

/// `auth.who-am-i`.
pub(super) struct WhoAmI {
    definition: ActionDefinition,
    catalog: Arc<CatalogService>,
}

/// What goes in and comes out, for the schemas. The action writes its output by hand, because most of it is the entity
/// as it is stored.
#[expect(dead_code, reason = "the fields are read by the schema alone")]
mod shapes {
    use schemars::JsonSchema;
    use serde_json::{Map, Value};

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    pub(super) struct Input {}

    /// For whom the agent acts.
    #[derive(JsonSchema)]
    #[schemars(rename_all = "camelCase")]
    pub(super) struct Output {
        /// The User entity (of a service: the Group entity) as the catalog has it, with its relations.
        entity: Map<String, Value>,
        /// What kind of principal the token stands for: `user`, or `service` of a group.
        principal: String,
        /// The person, by reference; absent for a service, which no single person answers for.
        user_info: Option<UserInfo>,
        /// The service; absent for a person.
        service: Option<Service>,
        /// References of the groups the person or service belongs to, nearest first, with their parents.
        groups: Vec<String>,
        /// The agent, as it registered; absent for static tokens.
        client: Option<Client>,
        /// The static token; absent for agents that signed in.
        token: Option<Token>,
        /// Scopes of the token.
        scopes: Vec<String>,
        /// When the token expires, RFC 3339.
        expires_at: String,
    }

    #[derive(JsonSchema)]
    #[schemars(rename_all = "camelCase")]
    struct UserInfo {
        /// Reference of the person's User entity.
        user_entity_ref: String,
        /// References under which the person owns things: the own one and the groups'.
        ownership_entity_refs: Vec<String>,
    }

    #[derive(JsonSchema)]
    #[schemars(rename_all = "camelCase")]
    struct Service {
        /// Reference of the group whose service it is.
        group_entity_ref: String,
        /// References under which the group owns things: its own one and its parents'.
        ownership_entity_refs: Vec<String>,
    }

    #[derive(JsonSchema)]
    struct Client {
        /// The client id.
        id: String,
        /// The host of the client id: the part that is vouched for.
        host: String,
        /// The name the client gives itself.
        name: String,
    }

    #[derive(JsonSchema)]
    struct Token {
        /// Identifier of the token.
        id: String,
        /// What its owner calls it.
        name: String,
    }
}

impl WhoAmI {
    pub(super) fn new(catalog: Arc<CatalogService>) -> Self {
        let definition = ActionDefinition::of::<shapes::Input, shapes::Output>(
            "auth",
            "who-am-i",
            "Who am I",
            "Returns the person you act for: their User entity, the references under which they own things, their groups, \
             the agent you are registered as, and what your token may do. With the token of a service it returns the group \
             whose service you are instead. Call this first.",
            ActionAttributes { read_only: true, destructive: false, idempotent: true },
        );
        Self { definition, catalog }
    }
}

#[async_trait]
impl Action for WhoAmI {
    fn definition(&self) -> &ActionDefinition {
        &self.definition
    }

    async fn call(
        &self,
        CallContext { caller, .. }: CallContext<'_>,
        input: Map<String, Value>,
    ) -> Result<ActionOutput, ActionError> {
        if let Some(unknown) = input.keys().next() {
            return Err(ActionError::Input(format!("{unknown}: this tool takes no input")));
        }
        let user = caller.entity_ref();
        let Some(entity) = self.catalog.entity(user).await? else {
            return Err(ActionError::NotFound(format!(
                "the token is good and stands for {user}, but the catalog has no such entity. Ask an admin of Portal to \
                 tie the account to a User entity"
            )));
        };
        let owners = self.catalog.ownership_refs(user).await?;
        let texts: Vec<String> = owners.iter().map(ToString::to_string).collect();
        let groups: Vec<&String> = owners
            .iter()
            .zip(&texts)
            .filter(|(owner, _)| owner.kind() == "group")
            .map(|(_, text)| text)
            .collect();
        let (kind, credential) = match &caller.credential {
            Credential::Session(session) => {
                let client = &session.client;
                ("client", json!({ "id": client.client_id, "host": client.host, "name": client.name }))
            }
            Credential::Token(token) => ("token", json!({ "id": token.id.as_str(), "name": token.name })),
        };
        let (who, described) = match &caller.subject {
            Subject::Person { entity_ref, .. } => {
                ("userInfo", json!({ "userEntityRef": entity_ref, "ownershipEntityRefs": &texts }))
            }
            Subject::Service { group } => {
                ("service", json!({ "groupEntityRef": group, "ownershipEntityRefs": &texts }))
            }
        };
        Ok(json!({
            "entity": with_relations(&entity),
            who: described,
            "principal": caller.principal(),
            "groups": groups,
            kind: credential,
            "scopes": caller.scope.to_string().split(' ').collect::<Vec<_>>(),
            "expiresAt": caller.expires_at.rfc3339(),
        }))
    }
}

fn with_relations(entity: &StoredEntity) -> Value {
    let mut document = (*entity.document).clone();
    if let Some(members) = document.as_object_mut() {
        let relation = |relation: &crate::catalog::Relation| json!({ "type": relation.kind, "targetRef": relation.target.to_string() });
        members.insert("relations".to_owned(), entity.relations.iter().map(relation).collect());
    }
    document
}
