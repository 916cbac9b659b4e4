//! The announcement of MCP to users: who sees the banner and the menu entry, and how far it came.

mod record;

use std::sync::Arc;

use portal_model::{
    EntityRef, ErrorCode, Field, FieldError,
    settings::{Audience, SettingChange, Settings},
};
use thiserror::Error;

use crate::{
    catalog::{CatalogError, CatalogService, StoredEntity},
    identity::{Admin, SignedIn, User},
    oauth::records::AgentSessionFilter,
    ports::{ReadTransaction, StoreError},
    services::Dependencies,
    settings::{SettingsError, SettingsService},
    tokens::StaticTokenFilter,
};

pub use record::{RolloutNumbers, RolloutPerson, RolloutStep};

/// Most groups offered to be chosen from.
pub const GROUPS_OFFERED_MAX: u32 = 500;

/// Why the announcement cannot be told.
#[derive(Debug, Error)]
pub enum RolloutError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The settings were not changed.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// What was asked for cannot be.
    #[error(transparent)]
    Refused(#[from] FieldError),
}

/// The banner for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// The admin's own words; empty for Portal's.
    pub message: String,
    /// Whether it was shown to this person before.
    pub seen: bool,
}

/// What the shell and the home page show of MCP to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutView {
    /// The banner; `None` while not announced, not for this person, put away, or once an agent was connected.
    pub banner: Option<Banner>,
    /// Whether the profile menu has "Portal MCP": while announced to this person, and for whoever has an
    /// agent or a token.
    pub menu_entry: bool,
    /// The admin's example prompts, at most five lines; empty for those of Portal.
    pub prompts: Vec<String>,
}

/// The announcement.
pub struct RolloutService {
    dependencies: Dependencies,
    settings: Arc<SettingsService>,
    catalog: Arc<CatalogService>,
}

impl RolloutService {
    /// The service.
    #[must_use]
    pub fn new(
        dependencies: Dependencies,
        settings: Arc<SettingsService>,
        catalog: Arc<CatalogService>,
    ) -> Self {
        Self { dependencies, settings, catalog }
    }

    /// What one person sees.
    ///
    /// # Errors
    /// [`RolloutError`].
    pub async fn view(&self, signed_in: &SignedIn) -> Result<RolloutView, RolloutError> {
        let settings = self.settings.current().await?;
        let announced = self.announced_to(&settings, signed_in).await?;
        let mut store = self.dependencies.store.read().await?;
        let known = store.rollout_person(&signed_in.user().id).await?;
        let has_agent = self.has_agent(&mut *store, signed_in.user()).await?;
        drop(store);
        if has_agent && known.connected_at.is_none() {
            self.note(signed_in, RolloutStep::Connected).await;
        }
        let shown = announced && !has_agent && known.connected_at.is_none() && known.dismissed_at.is_none();
        let banner = shown
            .then(|| Banner { message: settings.rollout_message.clone(), seen: known.seen_at.is_some() });
        let prompts = settings.rollout_prompts.clone();
        Ok(RolloutView { banner, menu_entry: announced || has_agent, prompts })
    }

    /// Notes that this view's banner was shown to the person, the first time that it was.
    pub async fn shown(&self, signed_in: &SignedIn, view: &RolloutView) {
        if view.banner.as_ref().is_some_and(|banner| !banner.seen) {
            self.note(signed_in, RolloutStep::Seen).await;
        }
    }

    /// Notes that the person opened the guided setup, the first time that they do.
    pub async fn opened(&self, signed_in: &SignedIn) {
        let known = async {
            let mut store = self.dependencies.store.read().await?;
            store.rollout_person(&signed_in.user().id).await
        };
        match known.await {
            Ok(known) if known.opened_at.is_some() => {}
            Ok(_) => self.note(signed_in, RolloutStep::Opened).await,
            Err(error) => tracing::warn!(%error, "that somebody opened the setup was not noted"),
        }
    }

    /// Puts the banner away for this person, for good.
    ///
    /// # Errors
    /// The store failed; the banner stays.
    pub async fn dismiss(&self, signed_in: &SignedIn) -> Result<(), StoreError> {
        self.write_note(signed_in, RolloutStep::Dismissed).await
    }

    /// How far it came with the people it is for.
    ///
    /// # Errors
    /// The store failed.
    pub async fn numbers(&self, _admin: &Admin) -> Result<RolloutNumbers, StoreError> {
        let settings = self.settings.current().await?;
        let groups = match &settings.rollout_audience {
            Audience::Everyone => None,
            Audience::Groups(groups) => Some(groups.as_slice()),
        };
        self.dependencies.store.read().await?.rollout_numbers(groups).await
    }

    /// Notes who has connected, before the records that say so are taken out for their age. The server calls it every hour.
    ///
    /// # Errors
    /// The store failed.
    pub async fn note_connected(&self) -> Result<u64, StoreError> {
        let mut store = self.dependencies.store.write().await?;
        let noted = store.rollout_note_connected(self.dependencies.clock.now()).await?;
        store.commit().await?;
        Ok(noted)
    }

    /// The groups of the catalog, by name, of which an audience can be made; at most [`GROUPS_OFFERED_MAX`].
    ///
    /// # Errors
    /// The store failed.
    pub async fn groups(&self, _admin: &Admin) -> Result<Vec<StoredEntity>, CatalogError> {
        Ok(self.catalog.search("", Some("group"), 0, GROUPS_OFFERED_MAX).await?.items)
    }

    /// Announces it to one group more, named by its reference or its name; to that group alone where it was for everyone.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] when there is no such group, or several have the name.
    pub async fn audience_add(&self, admin: &Admin, group: &str) -> Result<(), RolloutError> {
        let group = self.group(group.trim()).await?;
        let mut groups = self.audience().await?;
        if !groups.contains(&group) {
            groups.push(group);
        }
        self.audience_set(admin, Audience::Groups(groups)).await
    }

    /// Announces it to one group less.
    ///
    /// # Errors
    /// [`RolloutError::Settings`] when it is the last one: whom it is for instead has to be said.
    pub async fn audience_remove(&self, admin: &Admin, group: &EntityRef) -> Result<(), RolloutError> {
        let mut groups = self.audience().await?;
        groups.retain(|kept| kept != group);
        self.audience_set(admin, Audience::Groups(groups)).await
    }

    /// Announces it to everyone.
    ///
    /// # Errors
    /// The store failed.
    pub async fn audience_everyone(&self, admin: &Admin) -> Result<(), RolloutError> {
        self.audience_set(admin, Audience::Everyone).await
    }

    async fn audience_set(&self, admin: &Admin, audience: Audience) -> Result<(), RolloutError> {
        self.settings.change(admin, &[SettingChange::RolloutAudience(audience)]).await?;
        Ok(())
    }

    async fn audience(&self) -> Result<Vec<EntityRef>, StoreError> {
        Ok(match &self.settings.current().await?.rollout_audience {
            Audience::Everyone => Vec::new(),
            Audience::Groups(groups) => groups.clone(),
        })
    }

    async fn group(&self, text: &str) -> Result<EntityRef, RolloutError> {
        let refuse = |code| FieldError::on(Field::Audience, code);
        if text.is_empty() {
            return Err(refuse(ErrorCode::Required).into());
        }
        let (namespace, name) = match text.strip_prefix("group:").unwrap_or(text).split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, text.strip_prefix("group:").unwrap_or(text)),
        };
        let found = self.catalog.entities_named(Some("group"), namespace, name, 2).await?;
        match found.as_slice() {
            [] => Err(refuse(ErrorCode::GroupUnknown).into()),
            [only] => Ok(only.entity_ref.clone()),
            _ => Err(refuse(ErrorCode::GroupAmbiguous).into()),
        }
    }

    /// Notes a step; a page goes on without it.
    async fn note(&self, signed_in: &SignedIn, step: RolloutStep) {
        if let Err(error) = self.write_note(signed_in, step).await {
            tracing::warn!(%error, ?step, "a step of the rollout was not noted");
        }
    }

    async fn write_note(&self, signed_in: &SignedIn, step: RolloutStep) -> Result<(), StoreError> {
        let mut store = self.dependencies.store.write().await?;
        store.rollout_note(&signed_in.user().id, step, self.dependencies.clock.now()).await?;
        store.commit().await
    }

    /// An announcement is silent while agents cannot sign in: it would lead nowhere.
    async fn announced_to(&self, settings: &Settings, signed_in: &SignedIn) -> Result<bool, RolloutError> {
        if !settings.rollout_announce || !self.settings.agents_can_sign_in().await? {
            return Ok(false);
        }
        match &settings.rollout_audience {
            Audience::Everyone => Ok(true),
            Audience::Groups(groups) => {
                let refs = self.catalog.ownership_refs(&signed_in.user().entity_ref).await?;
                Ok(refs.iter().any(|entity_ref| groups.contains(entity_ref)))
            }
        }
    }

    async fn has_agent(&self, store: &mut dyn ReadTransaction, user: &User) -> Result<bool, StoreError> {
        let open = AgentSessionFilter {
            user_id: Some(user.id.clone()),
            open_only: true,
            ..AgentSessionFilter::default()
        };
        let (sessions, _people) = store.agent_session_count(&open).await?;
        if sessions > 0 {
            return Ok(true);
        }
        let owned = StaticTokenFilter {
            owner: Some(user.entity_ref.clone()),
            open_at: Some(self.dependencies.clock.now()),
            ..StaticTokenFilter::default()
        };
        Ok(store.static_token_count(&owned).await? > 0)
    }
}
