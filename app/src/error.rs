//! What a server function answers when it does not do it: a code, and the field it belongs to.

use portal_core::{
    catalog::CatalogError,
    form_error::FormError,
    identity::IdentityError,
    ingestion::IngestionError,
    oauth::ConsentError,
    org::{OrgError, drill::DrillError},
    personal::PersonalError,
    ports::StoreError,
    rollout::RolloutError,
    settings::SettingsError,
};
use portal_model::{ErrorCode, Field, FieldError};
use serde::{Deserialize, Serialize};
use server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

use crate::web_request::WebRequest;

/// A refusal or fault. As JSON `{"code": "…", "field": "…" or null}`, with `more` when several fields are wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{first}")]
pub struct UiError {
    /// What is wrong first.
    #[serde(flatten)]
    pub first: FieldError,
    /// What else is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<FieldError>,
}

impl UiError {
    /// The error of several fields; `None` when there is none.
    #[must_use]
    pub fn of(errors: Vec<FieldError>) -> Option<Self> {
        let mut errors = errors.into_iter();
        errors.next().map(|first| Self { first, more: errors.collect() })
    }

    /// Everything that is wrong.
    pub fn errors(&self) -> impl Iterator<Item = FieldError> + '_ {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }

    /// The status for callers that read one.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.first.code.status()
    }
}

impl From<FieldError> for UiError {
    fn from(first: FieldError) -> Self {
        Self { first, more: Vec::new() }
    }
}

impl From<ErrorCode> for UiError {
    fn from(code: ErrorCode) -> Self {
        FieldError::from(code).into()
    }
}

impl From<StoreError> for UiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a page could not use the store");
        match error {
            StoreError::Unavailable(_) => ErrorCode::Unavailable.into(),
            StoreError::Inconsistent(_) => ErrorCode::Internal.into(),
        }
    }
}

impl From<IdentityError> for UiError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Store(error) => error.into(),
            IdentityError::Refused(error) => error.into(),
            IdentityError::Internal(cause) => internal(&cause),
        }
    }
}

impl From<SettingsError> for UiError {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Store(error) => error.into(),
            SettingsError::Refused(error) => error.into(),
            SettingsError::UnknownKey(_) => ErrorCode::NotFound.into(),
            SettingsError::InvalidValue { key, .. } => match provider_field(&key) {
                Some(field) => FieldError::on(field, ErrorCode::Invalid).into(),
                None => ErrorCode::Invalid.into(),
            },
        }
    }
}

/// The field of a directory's rules that a key belongs to.
fn provider_field(key: &str) -> Option<Field> {
    match key.strip_prefix("org.")?.rsplit('.').next()? {
        "freshness_hours" => Some(Field::FreshnessHours),
        "when_stale" => Some(Field::WhenStale),
        "removal_limit_percent" => Some(Field::RemovalLimitPercent),
        "admin_groups" => Some(Field::AdminGroups),
        _ => None,
    }
}

impl From<PersonalError> for UiError {
    fn from(error: PersonalError) -> Self {
        match error {
            PersonalError::Store(error) => error.into(),
            PersonalError::Catalog(error) => error.into(),
            PersonalError::Refused(code) => code.into(),
        }
    }
}

impl From<OrgError> for UiError {
    fn from(error: OrgError) -> Self {
        match error {
            OrgError::Store(error) => error.into(),
            OrgError::UnknownProvider => ErrorCode::NotFound.into(),
            OrgError::NotHeld => ErrorCode::Conflict.into(),
            OrgError::Directory(_) => ErrorCode::ProviderFailed.into(),
        }
    }
}

impl From<DrillError> for UiError {
    fn from(error: DrillError) -> Self {
        match error {
            DrillError::Store(error) => error.into(),
            DrillError::Refused(code) => code.into(),
        }
    }
}

impl From<FormError> for UiError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Store(error) => error.into(),
            FormError::Refused(errors) => Self::of(errors).unwrap_or_else(|| ErrorCode::Invalid.into()),
        }
    }
}

impl From<CatalogError> for UiError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Store(error) => error.into(),
        }
    }
}

impl From<RolloutError> for UiError {
    fn from(error: RolloutError) -> Self {
        match error {
            RolloutError::Store(error) => error.into(),
            RolloutError::Catalog(error) => error.into(),
            RolloutError::Settings(error) => error.into(),
            RolloutError::Refused(error) => error.into(),
        }
    }
}

impl From<IngestionError> for UiError {
    fn from(error: IngestionError) -> Self {
        match error {
            IngestionError::Store(error) => error.into(),
            // The location remembers why, and its page says it.
            IngestionError::Read(_) => ErrorCode::LocationInvalid.into(),
            IngestionError::Overtaken => ErrorCode::Conflict.into(),
            IngestionError::NotFound => ErrorCode::NotFound.into(),
        }
    }
}

impl From<ConsentError> for UiError {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Expired => ErrorCode::AuthorizationExpired.into(),
            ConsentError::SignInAgain => ErrorCode::SignInRequired.into(),
            ConsentError::Foreign => ErrorCode::AuthorizationForeign.into(),
            // The consent page, asked again, says what is wrong with the client.
            ConsentError::Client(_) => ErrorCode::Conflict.into(),
            ConsentError::Store(error) => error.into(),
        }
    }
}

fn internal(cause: &impl std::fmt::Display) -> UiError {
    tracing::error!(%cause, "a page failed");
    ErrorCode::Internal.into()
}

impl FromServerFnError for UiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let error = match error {
            // A form that does not fit its function: the sender is no page of ours.
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::MissingArg(_) => ErrorCode::Invalid.into(),
            other => internal(&other),
        };
        // The function itself did not run, so nothing else has set the status.
        if let Ok(request) = WebRequest::current()
            && !request.accepts_html()
        {
            request.set_status(error.status());
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use portal_model::Field;

    use super::*;

    #[test]
    fn the_json_names_code_and_field() {
        let one = UiError::from(FieldError::on(Field::Email, ErrorCode::EmailInvalid));
        assert_eq!(serde_json::to_string(&one).unwrap(), r#"{"code":"email-invalid","field":"email"}"#);
        let none = UiError::from(ErrorCode::AdminRequired);
        assert_eq!(serde_json::to_string(&none).unwrap(), r#"{"code":"admin-required","field":null}"#);
        assert_eq!(none.status(), 403);
    }
}
