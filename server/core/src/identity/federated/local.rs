//! Local sign-in, which can be turned off while admins can sign in with a provider.

use portal_model::ErrorCode;

use crate::{
    identity::{IdentityError, IdentityService, LOCAL_PROVIDER},
    ports::{StoreError, WriteTransaction},
    services::Dependencies,
    settings::stored_settings,
};

/// Whether an active admin could sign in: locally while that is on, or with a provider that is set up for it.
pub(crate) async fn an_admin_can_sign_in(
    dependencies: &Dependencies,
    tx: &mut dyn WriteTransaction,
    local_enabled: bool,
) -> Result<bool, StoreError> {
    let providers = tx.active_admin_providers().await?;
    let configured = |id: &String| dependencies.sign_in_providers.iter().any(|one| one.id.as_str() == id);
    Ok(providers.iter().any(|id| if id == LOCAL_PROVIDER { local_enabled } else { configured(id) }))
}

impl IdentityService {
    /// Whether people sign in here with e-mail and password.
    ///
    /// # Errors
    /// The store failed.
    pub async fn local_sign_in_enabled(&self) -> Result<bool, IdentityError> {
        Ok(self.settings.current().await?.sign_in_local_enabled)
    }

    /// That an admin could still sign in, after what this transaction did. The caller has raised the access counter, and
    /// turning local sign-in off does the same.
    ///
    /// # Errors
    /// [`ErrorCode::LastAdmin`]
    pub(in crate::identity) async fn last_admin_check(
        &self,
        tx: &mut dyn WriteTransaction,
    ) -> Result<(), IdentityError> {
        let local_enabled = stored_settings(tx).await?.sign_in_local_enabled;
        if an_admin_can_sign_in(&self.dependencies, tx, local_enabled).await? {
            return Ok(());
        }
        Err(ErrorCode::LastAdmin.into())
    }
}
