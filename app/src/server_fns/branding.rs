//! The organization's own looks, for admins.

use leptos::prelude::*;
use portal_model::{
    ErrorCode, Field, FieldError,
    branding::{Accent, ProductName},
    settings::SettingChange,
};

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    web_request::WebRequest,
};

/// `ui.product_name` and `ui.accent`
#[server(prefix = "/_ui", endpoint = "settings_branding")]
pub(crate) async fn settings_branding(name: Option<String>, accent: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let name = name.unwrap_or_default();
    let form = Form::new(&request, FormId::Branding, "/settings/branding").keep(Field::ProductName, &name);
    let work = async {
        let admin = guard::admin(&request)?;
        let refused = |code| FieldError::on(Field::ProductName, code);
        let name = ProductName::try_from(name.clone()).map_err(refused)?;
        let accent = accent.as_deref().and_then(Accent::parse).ok_or(ErrorCode::Invalid)?;
        let changes = [SettingChange::ProductName(name), SettingChange::Accent(accent)];
        request.services().settings.change(&admin, &changes).await?;
        Ok(Done::Saved)
    };
    form.answer(work).await
}

/// Goes back to Portal's own mark.
#[server(prefix = "/_ui", endpoint = "settings_logo_remove")]
pub(crate) async fn settings_logo_remove() -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        request.services().branding.logo_remove(&guard::admin(&request)?).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::Logo, "/settings/branding#logo").answer(work).await
}
