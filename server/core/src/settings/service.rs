//! Reading and changing settings.

use std::sync::{Arc, PoisonError, RwLock};

use portal_model::{
    ErrorCode, FieldError,
    settings::{SOURCES, SettingChange, Settings},
};
use thiserror::Error;

use super::{
    keys::{Draft, ENTRIES, Entry, differences, load, source_key, source_of, switch_parse},
    provider_keys::{self, ProviderEntry},
    rules::{check, tidy},
};
use crate::{
    audit::AuditEvent,
    branding::Branding,
    changes::Topic,
    identity::{Admin, RequestOrigin, an_admin_can_sign_in},
    oauth::{
        SessionsOf, end_expired, end_open,
        records::{LogoId, SessionLimits},
        registered::RegisteredClientFilter,
    },
    org::{StandingContext, admins},
    ports::{StoreError, WriteTransaction},
    services::Dependencies,
};

/// Most settings changed by one call.
const CHANGES_MAX: usize = 100;

/// Why a setting was not changed.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The value was refused.
    #[error(transparent)]
    Refused(#[from] FieldError),
    /// There is no setting of this key.
    #[error("there is no setting {0}; `portal settings list` names them all")]
    UnknownKey(String),
    /// The text is not a value of this setting.
    #[error("{key}: {expected}")]
    InvalidValue {
        /// The key.
        key: String,
        /// What was expected.
        expected: String,
    },
}

/// The settings.
pub struct SettingsService {
    dependencies: Dependencies,
    known_sources: &'static [&'static str],
    /// What was read, and the change counter it was read at.
    cached: RwLock<Option<(i64, Known)>>,
}

/// What the store says, read together.
#[derive(Clone)]
struct Known {
    settings: Arc<Settings>,
    /// Whether an admin has registered a client.
    registered_clients: bool,
    /// The organization's own picture.
    logo: Option<LogoId>,
}

impl SettingsService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies) -> Self {
        Self { dependencies, known_sources: &SOURCES, cached: RwLock::new(None) }
    }

    /// The settings in force, from a cache keyed by the settings' change counter.
    ///
    /// # Errors
    /// The store failed, or holds a value that cannot be read.
    pub async fn current(&self) -> Result<Arc<Settings>, StoreError> {
        Ok(self.known().await?.settings)
    }

    /// Whether agents have any way to sign in through the browser: by a document, by registering, or as a client that an
    /// admin has registered. From the same cache.
    ///
    /// # Errors
    /// As [`Self::current`].
    pub async fn agents_can_sign_in(&self) -> Result<bool, StoreError> {
        let known = self.known().await?;
        Ok(known.registered_clients || known.settings.agents_can_introduce_themselves())
    }

    /// Whether an admin has registered a client. From the same cache; registering raises the settings' counter.
    ///
    /// # Errors
    /// As [`Self::current`].
    pub async fn has_registered_clients(&self) -> Result<bool, StoreError> {
        Ok(self.known().await?.registered_clients)
    }

    /// How Portal looks here, as it was last read; its own looks before that.
    #[must_use]
    pub fn branding_known(&self) -> Branding {
        let cached = self.cached.read().unwrap_or_else(PoisonError::into_inner);
        cached.as_ref().map_or_else(Branding::default, |(_, known)| Branding {
            name: known.settings.product_name.clone(),
            accent: known.settings.accent,
            logo: known.logo.clone(),
        })
    }

    async fn known(&self) -> Result<Known, StoreError> {
        // The counter first: what is read after it is at least as new.
        let counter = self.dependencies.changes.current().await?.settings;
        if let Some((at, known)) = &*self.cached.read().unwrap_or_else(PoisonError::into_inner)
            && *at == counter
        {
            return Ok(known.clone());
        }
        let mut store = self.dependencies.store.read().await?;
        let settings = Arc::new(stored(&store.setting_list().await?)?);
        let registered_clients = store.registered_client_count(&registered_by_admins()).await? > 0;
        let logo = store.branding_logo_id().await?;
        let known = Known { settings, registered_clients, logo };
        *self.cached.write().unwrap_or_else(PoisonError::into_inner) = Some((counter, known.clone()));
        Ok(known)
    }

    /// Changes settings together, in one transaction with their audit rows. What is already so changes nothing and
    /// writes no row. Announcing is refused while agents cannot sign in; once announced, it stays so while they cannot,
    /// unseen (see the rollout).
    ///
    /// # Errors
    /// [`SettingsError::Refused`] when the result would not be valid, such as announcing while agents cannot sign in.
    pub async fn change(
        &self,
        admin: &Admin,
        changes: &[SettingChange],
    ) -> Result<Arc<Settings>, SettingsError> {
        if changes.len() > CHANGES_MAX {
            return Err(FieldError::from(ErrorCode::Invalid).into());
        }
        let apply = |draft: &mut Draft| changes.iter().try_for_each(|change| self.apply(draft, change));
        Ok(self.replace(admin, None, apply).await?.0)
    }

    /// The same, and ends these sessions of agents in the same transaction. Returns how many there were.
    ///
    /// # Errors
    /// As [`Self::change`]; then nothing was ended either.
    pub async fn change_and_end(
        &self,
        admin: &Admin,
        changes: &[SettingChange],
        ended: &SessionsOf,
    ) -> Result<u64, SettingsError> {
        let apply = |draft: &mut Draft| changes.iter().try_for_each(|change| self.apply(draft, change));
        Ok(self.replace(admin, Some(ended), apply).await?.1)
    }

    /// Every key with its value as text, in a fixed order; sources by name, providers as the configuration names them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self) -> Result<Vec<(String, String)>, SettingsError> {
        let settings = self.current().await?;
        let draft = Draft::from(&*settings);
        let entries = ENTRIES.iter().map(|entry| (entry.key.to_owned(), entry.text(&draft)));
        let mut sources = self.known_sources.to_vec();
        sources.sort_unstable();
        let sources = sources
            .into_iter()
            .map(|source| (source_key(source), settings.source_enabled(source).to_string()));
        let providers = self
            .dependencies
            .directories
            .iter()
            .map(|directory| directory.options.id.as_str())
            .flat_map(|id| provider_keys::list(id, &settings.provider(id)));
        Ok(entries.chain(sources).chain(providers).collect())
    }

    /// Whether the configuration names a provider of this id.
    fn has_provider(&self, id: &str) -> bool {
        self.dependencies.directories.iter().any(|directory| directory.options.id.as_str() == id)
    }

    /// Changes settings by key and text, checked together, as `portal settings set` takes them. Switches take `true`,
    /// `on`, `false` and `off`; lists are separated by commas. One lifetime alone is checked with the other in force.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub async fn change_by_key(
        &self,
        admin: &Admin,
        pairs: &[(String, String)],
    ) -> Result<(), SettingsError> {
        if pairs.len() > CHANGES_MAX {
            return Err(FieldError::from(ErrorCode::Invalid).into());
        }
        let applied = |draft: &mut Draft| {
            pairs.iter().enumerate().try_for_each(|(position, (key, text))| {
                if pairs.iter().take(position).any(|(earlier, _)| earlier == key) {
                    return Err(invalid(key, "one value"));
                }
                self.apply_text(draft, key, text)
            })
        };
        self.replace(admin, None, applied).await?;
        Ok(())
    }

    async fn replace(
        &self,
        admin: &Admin,
        ended: Option<&SessionsOf>,
        apply: impl FnOnce(&mut Draft) -> Result<(), SettingsError> + Send,
    ) -> Result<(Arc<Settings>, u64), SettingsError> {
        let mut tx = self.dependencies.store.write().await?;
        if ended.is_some() {
            tx.change_record(Topic::Access).await?;
        }
        // The counter first: it makes whoever else changes settings wait, so that pairs are checked against what holds.
        tx.change_record(Topic::Settings).await?;
        let before = stored(&tx.setting_list().await?)?;
        let mut draft = Draft::from(&before);
        apply(&mut draft)?;
        let mut after = draft.settings()?;
        tidy(&mut after);
        let registered = tx.registered_client_count(&registered_by_admins()).await? > 0;
        check(&before, &after, registered)?;
        self.check_sign_in(tx.as_mut(), &before, &after).await?;
        let differences = differences(&before, &after);
        if differences.is_empty() && ended.is_none() {
            // Whoever changed the same a moment ago may not have committed yet.
            tx.commit().await?;
            self.dependencies.changes.expire();
            return Ok((Arc::new(before), 0));
        }
        if before.refresh_lifetimes != after.refresh_lifetimes {
            // What is over under the limits in force until now stays over under larger ones.
            let limits = SessionLimits::of(&before, &self.dependencies.configuration);
            end_expired(&self.dependencies, tx.as_mut(), &limits).await?;
        }
        self.write(tx.as_mut(), admin, differences).await?;
        let ended = match ended {
            Some(which) => end_open(&self.dependencies, tx.as_mut(), admin, which).await?,
            None => 0,
        };
        self.settle_admins(tx.as_mut(), &before, &after).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok((Arc::new(after), ended))
    }

    /// Turning local sign-in off is refused while no admin could sign in with a provider.
    async fn check_sign_in(
        &self,
        tx: &mut dyn WriteTransaction,
        before: &Settings,
        after: &Settings,
    ) -> Result<(), SettingsError> {
        if after.sign_in_local_enabled || !before.sign_in_local_enabled {
            return Ok(());
        }
        // Whoever takes an admin's role away at the same moment waits here, or sees that it is off.
        tx.change_record(Topic::Access).await?;
        if an_admin_can_sign_in(&self.dependencies, tx, false).await? {
            return Ok(());
        }
        Err(FieldError::from(ErrorCode::LocalSignInNeeded).into())
    }

    /// Groups that make admins count at once, and never so that no admin is left who can sign in.
    async fn settle_admins(
        &self,
        tx: &mut dyn WriteTransaction,
        before: &Settings,
        after: &Settings,
    ) -> Result<(), SettingsError> {
        let Dependencies { directories, clock, rng, .. } = &self.dependencies;
        let groups = |settings: &Settings, id: &str| settings.provider(id).admin_groups;
        let changed: Vec<_> = directories
            .iter()
            .filter(|one| {
                let id = one.options.id.as_str();
                groups(before, id) != groups(after, id)
            })
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        tx.change_record(Topic::Access).await?;
        let local = after.sign_in_local_enabled;
        let before_it = an_admin_can_sign_in(&self.dependencies, tx, local).await?;
        for directory in changed {
            let context = StandingContext {
                provider: &directory.options,
                directories,
                now: clock.now(),
                rng: &**rng,
                origin: &RequestOrigin::default(),
            };
            admins::settle(&context, tx, after).await?;
        }
        if before_it && !an_admin_can_sign_in(&self.dependencies, tx, local).await? {
            return Err(FieldError::from(ErrorCode::LastAdmin).into());
        }
        Ok(())
    }

    async fn write(
        &self,
        tx: &mut dyn WriteTransaction,
        admin: &Admin,
        differences: Vec<(String, serde_json::Value, serde_json::Value)>,
    ) -> Result<(), StoreError> {
        let Dependencies { rng, clock, .. } = &self.dependencies;
        for (key, from, to) in differences {
            tx.setting_put(&key, &to.to_string()).await?;
            let event =
                AuditEvent::done(&**rng, clock.now(), admin.actor(), "setting.changed", admin.origin());
            let details = serde_json::json!({ "from": from, "to": to });
            tx.audit_append(&event.target(key).details(details)).await?;
        }
        Ok(())
    }

    fn apply(&self, draft: &mut Draft, change: &SettingChange) -> Result<(), SettingsError> {
        match change.clone() {
            SettingChange::CimdEnabled(enabled) => draft.cimd_enabled = enabled,
            SettingChange::CimdPolicy(policy) => draft.cimd_policy = policy,
            SettingChange::CimdAllowed(patterns) => draft.cimd_allowed = patterns,
            SettingChange::RefreshEnabled(enabled) => draft.refresh_enabled = enabled,
            SettingChange::RefreshLifetimes(lifetimes) => {
                draft.token_lifetime = lifetimes.token();
                draft.session_lifetime = lifetimes.session();
            }
            SettingChange::SourceEnabled { source, enabled } => {
                if !self.known_sources.contains(&source.as_str()) {
                    return Err(FieldError::from(ErrorCode::Invalid).into());
                }
                draft.sources.insert(source, enabled);
            }
            SettingChange::RolloutAnnounce(announce) => draft.rollout_announce = announce,
            SettingChange::RolloutAudience(audience) => draft.rollout_audience = audience,
            SettingChange::RolloutMessage(message) => draft.rollout_message = message,
            SettingChange::RolloutPrompts(prompts) => draft.rollout_prompts = prompts,
            SettingChange::DcrEnabled(enabled) => draft.dcr_enabled = enabled,
            SettingChange::PersonalTokensEnabled(enabled) => draft.personal_tokens_enabled = enabled,
            SettingChange::SignInLocalEnabled(enabled) => draft.sign_in_local_enabled = enabled,
            SettingChange::ProductName(name) => draft.product_name = name,
            SettingChange::Accent(accent) => draft.accent = accent,
            SettingChange::Provider { id, settings } => {
                if !self.has_provider(&id) {
                    return Err(FieldError::from(ErrorCode::Invalid).into());
                }
                for (key, text) in provider_keys::list(&id, &settings) {
                    self.apply_text(draft, &key, &text)?;
                }
            }
        }
        Ok(())
    }

    fn apply_text(&self, draft: &mut Draft, key: &str, text: &str) -> Result<(), SettingsError> {
        if let Some(source) = source_of(key).filter(|source| self.known_sources.contains(source)) {
            let enabled = switch_parse(text).ok_or_else(|| invalid(key, "true or false"))?;
            draft.sources.insert(source.to_owned(), enabled);
            return Ok(());
        }
        if let Some((provider, entry)) = ProviderEntry::find(key).filter(|(id, _)| self.has_provider(id)) {
            let settings = draft.providers.entry(provider.to_owned()).or_default();
            return entry.parse(settings, text).ok_or_else(|| invalid(key, entry.expected));
        }
        let entry = Entry::find(key).ok_or_else(|| SettingsError::UnknownKey(key.to_owned()))?;
        entry.parse(draft, text).ok_or_else(|| invalid(key, entry.expected))
    }
}

fn registered_by_admins() -> RegisteredClientFilter {
    RegisteredClientFilter { dynamic: Some(false), ..RegisteredClientFilter::default() }
}

fn invalid(key: &str, expected: &str) -> SettingsError {
    SettingsError::InvalidValue { key: key.to_owned(), expected: format!("expected {expected}") }
}

/// The settings as this transaction sees them.
pub(crate) async fn stored_settings(tx: &mut dyn WriteTransaction) -> Result<Settings, StoreError> {
    stored(&tx.setting_list().await?)
}

fn stored(pairs: &[(String, String)]) -> Result<Settings, StoreError> {
    load(pairs).map_err(StoreError::Inconsistent)
}
