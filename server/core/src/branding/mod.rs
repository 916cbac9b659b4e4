//! The organization's own picture, beside the name and the accent that are settings.

use std::sync::Arc;

use portal_model::ErrorCode;
use thiserror::Error;

use crate::{
    audit::AuditEvent,
    changes::Topic,
    identity::Admin,
    oauth::records::LogoId,
    ports::{FetchError, PICTURE_BYTES_MAX, StoreError},
    services::Dependencies,
    settings::SettingsService,
};

pub use portal_model::branding::{Accent, ProductName};

/// What pages show of the organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branding {
    /// What Portal is called here.
    pub name: ProductName,
    /// The accent.
    pub accent: Accent,
    /// The picture beside the name; `None` for Portal's own mark.
    pub logo: Option<LogoId>,
}

/// Why the picture was not changed.
#[derive(Debug, Error)]
pub enum BrandingError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The picture was refused.
    #[error("{0}")]
    Refused(ErrorCode),
}

/// The organization's picture.
pub struct BrandingService {
    dependencies: Dependencies,
    settings: Arc<SettingsService>,
}

impl BrandingService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, settings: Arc<SettingsService>) -> Self {
        Self { dependencies, settings }
    }

    /// Reads what pages show, so that [`Self::known`] is right for the request at hand.
    ///
    /// # Errors
    /// The store failed; what was known stays known.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        self.settings.current().await.map(drop)
    }

    /// What pages show, as it was last read; Portal's own looks before that.
    #[must_use]
    pub fn known(&self) -> Branding {
        self.settings.branding_known()
    }

    /// Makes a picture anew, at most 128 pixels on a side, and keeps it.
    ///
    /// # Errors
    /// [`BrandingError::Refused`] for what is too large or no picture of a kind that is taken.
    pub async fn logo_set(
        &self,
        admin: &Admin,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<LogoId, BrandingError> {
        if bytes.is_empty() {
            return Err(BrandingError::Refused(ErrorCode::Required));
        }
        if content_type.contains("svg") {
            return Err(BrandingError::Refused(ErrorCode::LogoVector));
        }
        if bytes.len() > PICTURE_BYTES_MAX {
            return Err(BrandingError::Refused(ErrorCode::LogoTooLarge));
        }
        let png = self.dependencies.pictures.remake(content_type, bytes).await.map_err(|error| {
            BrandingError::Refused(match error {
                FetchError::Overloaded => ErrorCode::Unavailable,
                _ => ErrorCode::LogoInvalid,
            })
        })?;
        let id = LogoId::of(&png);
        let now = self.dependencies.clock.now();
        let mut store = self.dependencies.store.write().await?;
        store.change_record(Topic::Settings).await?;
        store.branding_logo_put(&id, &png, now).await?;
        let event = AuditEvent::done(
            &*self.dependencies.rng,
            now,
            admin.actor(),
            "branding.logo-changed",
            admin.origin(),
        );
        store.audit_append(&event.target(id.as_str())).await?;
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(id)
    }

    /// Goes back to Portal's own mark.
    ///
    /// # Errors
    /// The store failed.
    pub async fn logo_remove(&self, admin: &Admin) -> Result<(), StoreError> {
        let now = self.dependencies.clock.now();
        let mut store = self.dependencies.store.write().await?;
        store.change_record(Topic::Settings).await?;
        if store.branding_logo_delete().await? {
            let event = AuditEvent::done(
                &*self.dependencies.rng,
                now,
                admin.actor(),
                "branding.logo-removed",
                admin.origin(),
            );
            store.audit_append(&event).await?;
        }
        store.commit().await?;
        self.dependencies.changes.expire();
        Ok(())
    }

    /// The bytes of the picture of this name; `None` when there is none, or another by now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn picture(&self, id: &LogoId) -> Result<Option<Vec<u8>>, StoreError> {
        self.dependencies.store.read().await?.branding_logo_picture(id).await
    }
}
