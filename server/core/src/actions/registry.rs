//! The registry of actions.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use portal_model::{Scope, settings::Settings};

use super::{Action, ActionDefinition, auth};
use crate::{attempts::AttemptKind, catalog::CatalogService, ingestion::IngestionService, oauth::Caller};

/// Longest tool name that every known client takes, in bytes.
pub const TOOL_NAME_BYTES_MAX: usize = 64;

/// Why a call is refused before the action runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such tool, its source is off, or the token may not use it: all look alike.
    Unknown,
    /// The token's scope is too small.
    InsufficientScope {
        /// The scope that the call needs.
        needed: Scope,
        /// The plugin source of the tool.
        source: &'static str,
        /// The tool's own name.
        tool: String,
    },
}

/// A plugin source as the settings page shows it.
#[derive(Debug, Clone)]
pub struct SourceInfo {
    /// Id, such as `catalog`.
    pub id: &'static str,
    /// Name in words, such as "Catalog".
    pub title: &'static str,
    /// What it lets agents do, one sentence.
    pub description: &'static str,
    /// Its tools.
    pub tools: Vec<ActionDefinition>,
}

/// Id, title and description of the plugin sources, in the order shown.
const SOURCES: [(&str, &str, &str); 2] = [
    (
        "auth",
        "Auth",
        "Lets agents ask for whom they act: the person's entity, groups and what the token may do.",
    ),
    ("catalog", "Catalog", "Lets agents look up people, teams and software, and register what is missing."),
];

/// All actions of all plugin sources.
pub struct ActionRegistry {
    actions: Vec<Arc<dyn Action>>,
    by_name: HashMap<Cow<'static, str>, usize>,
    sources: Vec<SourceInfo>,
}

impl ActionRegistry {
    /// The registry with the plugin sources that Portal brings.
    #[must_use]
    pub fn built_in(catalog: Arc<CatalogService>, ingestion: Arc<IngestionService>) -> Self {
        let who_am_i: Arc<dyn Action> = Arc::new(auth::WhoAmI::new(Arc::clone(&catalog)));
        let mut actions = vec![who_am_i];
        actions.extend(super::catalog::actions(catalog, ingestion));
        Self::new(actions)
    }

    /// A registry of these actions. Of two with the same name the first stays.
    #[must_use]
    pub fn new(mut actions: Vec<Arc<dyn Action>>) -> Self {
        let place = |source: &str| SOURCES.iter().position(|(id, ..)| *id == source).unwrap_or(SOURCES.len());
        actions.sort_by_key(|action| place(action.definition().source));
        let mut by_name = HashMap::new();
        for (index, action) in actions.iter().enumerate() {
            let definition = action.definition();
            by_name.entry(Cow::Owned(definition.tool_name.clone())).or_insert(index);
            for alias in definition.aliases() {
                by_name.entry(alias).or_insert(index);
            }
        }
        let tools = |id: &str| {
            let definitions = actions.iter().map(|action| action.definition());
            definitions.filter(|definition| definition.source == id).cloned().collect()
        };
        let sources = SOURCES
            .iter()
            .map(|(id, title, description)| SourceInfo { id, title, description, tools: tools(id) })
            .collect();
        Self { actions, by_name, sources }
    }

    /// The plugin sources, in the order shown.
    #[must_use]
    pub fn sources(&self) -> &[SourceInfo] {
        &self.sources
    }

    /// The actions whose sources are on, in a stable order. A tool beyond the caller's scope is listed, so that the client
    /// can ask for more; of a source that a static token may not use ([`Caller::source_allowed`]) it shall not be.
    pub fn list<'registry>(
        &'registry self,
        settings: &'registry Settings,
    ) -> impl Iterator<Item = &'registry Arc<dyn Action>> {
        self.actions.iter().filter(move |action| settings.source_enabled(action.definition().source))
    }

    /// Why a tool that there is is closed to this caller: its source is off, or the token may not use it; with the tool's
    /// own name. `None` for a tool that is open or that there is not.
    #[must_use]
    pub fn closed(
        &self,
        settings: &Settings,
        caller: &Caller,
        tool_name: &str,
    ) -> Option<(AttemptKind, &str)> {
        let definition = self.by_name.get(tool_name).and_then(|index| self.actions.get(*index))?.definition();
        let kind = if !settings.source_enabled(definition.source) {
            AttemptKind::SourceOff
        } else if !caller.source_allowed(definition.source) {
            AttemptKind::SourceNotAllowed
        } else {
            return None;
        };
        Some((kind, &definition.tool_name))
    }

    /// The action that a tool name means, if this caller may call it. Also takes the names of the reference system,
    /// `auth.who-am-i` and `auth_who-am-i`.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn authorize(
        &self,
        settings: &Settings,
        caller: &Caller,
        tool_name: &str,
    ) -> Result<&Arc<dyn Action>, Refusal> {
        let action = self
            .by_name
            .get(tool_name)
            .and_then(|index| self.actions.get(*index))
            .filter(|action| {
                let source = action.definition().source;
                settings.source_enabled(source) && caller.source_allowed(source)
            })
            .ok_or(Refusal::Unknown)?;
        let definition = action.definition();
        let needed = definition.attributes.scope();
        if caller.scope.level < needed {
            return Err(Refusal::InsufficientScope {
                needed,
                source: definition.source,
                tool: definition.tool_name.clone(),
            });
        }
        Ok(action)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use schemars::JsonSchema;
    use serde_json::{Map, Value};

    use super::*;
    use crate::{
        actions::{ActionAttributes, ActionError, ActionOutput, CallContext},
        identity::{User, UserStatus},
        ids::{AgentSessionId, UserId},
        oauth::{
            Credential, Subject,
            records::{AgentSession, ClientSnapshot, DocumentOrigin},
        },
        time::UnixMillis,
    };

    #[derive(JsonSchema)]
    struct Nothing {}

    struct Fake(ActionDefinition);

    #[async_trait]
    impl Action for Fake {
        fn definition(&self) -> &ActionDefinition {
            &self.0
        }

        async fn call(&self, _: CallContext<'_>, _: Map<String, Value>) -> Result<ActionOutput, ActionError> {
            Ok(Value::Null)
        }
    }

    fn registry() -> ActionRegistry {
        let fake = |source, name, read_only, destructive| {
            let attributes = ActionAttributes { read_only, destructive, idempotent: true };
            let definition =
                ActionDefinition::of::<Nothing, Nothing>(source, name, "Title", "Words.", attributes);
            Arc::new(Fake(definition)) as Arc<dyn Action>
        };
        ActionRegistry::new(vec![
            fake("catalog", "unregister-entity", false, true),
            fake("catalog", "register-entity", false, false),
            fake("auth", "who-am-i", true, false),
        ])
    }

    fn caller(scope: &str) -> Caller {
        let scope = portal_model::ScopeSet::parse(scope);
        let client = ClientSnapshot {
            client_id: "https://agent.example/client".to_owned(),
            host: "agent.example".to_owned(),
            name: "Agent".to_owned(),
            redirect_uris_hash: String::new(),
            lists_refresh_grant: false,
            origin: DocumentOrigin::Live,
            confidential: false,
            keys_hash: String::new(),
        };
        let user = User {
            id: UserId("u".to_owned()),
            provider: "local".to_owned(),
            subject: "u".to_owned(),
            entity_ref: "user:default/ada".parse().unwrap(),
            email: None,
            display_name: "Ada".to_owned(),
            status: UserStatus::Active,
            admin: false,
            password_hash: None,
            revocation_epoch: 0,
            created_at: UnixMillis(0),
            last_sign_in_at: None,
        };
        let session = AgentSession {
            id: AgentSessionId("s".to_owned()),
            user_id: user.id.clone(),
            epoch: 0,
            client,
            redirect_uri: String::new(),
            scope,
            resource: String::new(),
            refreshable: false,
            token_lifetime_days: 7,
            session_lifetime_days: 30,
            created_at: UnixMillis(0),
            used_at: None,
            used_from: None,
            ended: None,
        };
        let subject = Subject::Person { entity_ref: user.entity_ref.clone(), account: Some(Arc::new(user)) };
        Caller {
            subject,
            credential: Credential::Session(Arc::new(session)),
            scope,
            expires_at: UnixMillis(0),
        }
    }

    fn authorize(settings: &Settings, scope: &str, tool: &str) -> Result<String, Refusal> {
        let registry = registry();
        let action = registry.authorize(settings, &caller(scope), tool)?;
        Ok(action.definition().tool_name.clone())
    }

    #[test]
    fn a_tool_is_found_by_its_names_and_only_by_them() {
        let settings = Settings::default();
        for name in ["auth_who_am_i", "auth.who-am-i", "auth_who-am-i"] {
            assert_eq!(authorize(&settings, "mcp:read", name).as_deref(), Ok("auth_who_am_i"));
        }
        for name in ["", "who-am-i", "auth.who_am_i", "AUTH_WHO_AM_I", "auth_who_am_i "] {
            assert_eq!(authorize(&settings, "mcp:destructive", name), Err(Refusal::Unknown), "{name}");
        }
    }

    #[test]
    fn a_call_needs_the_scope_of_what_it_does() {
        let settings = Settings::default();
        let needed = |scope, tool| match authorize(&settings, scope, tool) {
            Err(Refusal::InsufficientScope { needed, .. }) => Some(needed),
            Ok(_) => None,
            Err(Refusal::Unknown) => panic!("{tool} is unknown"),
        };
        assert_eq!(needed("mcp:read", "catalog_register_entity"), Some(Scope::Write));
        assert_eq!(needed("mcp:write", "catalog_unregister_entity"), Some(Scope::Destructive));
        assert_eq!(needed("mcp:write", "catalog_register_entity"), None);
        assert_eq!(needed("mcp:destructive", "catalog_unregister_entity"), None);
    }

    #[test]
    fn a_source_that_is_off_is_neither_listed_nor_known() {
        let mut settings = Settings::default();
        settings.sources.insert("catalog".to_owned(), false);
        assert_eq!(authorize(&settings, "mcp:destructive", "catalog_register_entity"), Err(Refusal::Unknown));
        let registry = registry();
        let listed: Vec<_> =
            registry.list(&settings).map(|action| action.definition().tool_name.as_str()).collect();
        assert_eq!(listed, ["auth_who_am_i"]);
    }

    #[test]
    fn names_are_short_enough_and_schemas_are_objects() {
        let registry = registry();
        for action in registry.list(&Settings::default()) {
            let definition = action.definition();
            assert!(definition.tool_name.len() <= TOOL_NAME_BYTES_MAX);
            assert!(definition.tool_name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            assert_eq!(definition.input_schema.get("type"), Some(&Value::from("object")));
        }
    }
}
