//! Reading and changing settings.

use std::sync::Arc;

use portal_model::{
    FieldError,
    settings::{SettingChange, Settings},
};
use thiserror::Error;

use crate::{identity::Admin, ports::StoreError};

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
    dependencies: crate::services::Dependencies,
}

#[expect(clippy::unused_async, reason = "bodies follow")]
impl SettingsService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: crate::services::Dependencies) -> Self {
        Self { dependencies }
    }

    /// The settings in force, from a cache keyed by the settings' change counter.
    ///
    /// # Errors
    /// The store failed, or holds a value that cannot be read.
    pub async fn current(&self) -> Result<Arc<Settings>, StoreError> {
        let _ = &self.dependencies;
        Ok(Arc::new(Settings::default()))
    }

    /// Changes settings together, in one transaction with their audit rows. What is already so changes nothing and
    /// writes no row.
    ///
    /// # Errors
    /// [`SettingsError::Refused`] when the result would not be valid, such as announcing while agents cannot sign in.
    pub async fn change(&self, admin: &Admin, changes: &[SettingChange]) -> Result<Arc<Settings>, SettingsError> {
        let _ = (admin, changes);
        self.current().await.map_err(SettingsError::from)
    }

    /// Every key with its value as text, in a fixed order; sources by name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self) -> Result<Vec<(String, String)>, SettingsError> {
        Ok(Vec::new())
    }

    /// Changes settings by key and text, checked together, as `portal settings set` takes them.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub async fn change_by_key(&self, admin: &Admin, pairs: &[(String, String)]) -> Result<(), SettingsError> {
        let _ = (admin, pairs);
        Ok(())
    }
}
