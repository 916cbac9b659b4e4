//! Accounts, for admins.

use leptos::prelude::*;
use portal_core::{
    identity::{NewUser, UserChange as Change},
    ids::UserId,
};
use portal_model::{ErrorCode, Field, settings::SettingChange};

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    pages::settings::user_confirm::confirm_path,
    web_request::WebRequest,
};

const PAGE: &str = "/settings/users";

/// Makes an account without a password; its link is shown once.
#[server(prefix = "/_ui", endpoint = "user_invite")]
pub(crate) async fn user_invite(
    email: Option<String>,
    name: Option<String>,
    entity_ref: Option<String>,
    admin: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let (email, name, entity) =
        (email.unwrap_or_default(), name.unwrap_or_default(), entity_ref.unwrap_or_default());
    let form = Form::new(&request, FormId::Invite, PAGE).refused_at("/settings/users#invite").subject(&email);
    let form =
        form.keep(Field::Email, &email).keep(Field::DisplayName, &name).keep(Field::EntityRef, &entity);
    let new = NewUser { email, display_name: name, entity_ref: entity, admin: admin.is_some() };
    let work = async {
        let invited = request.services().identity.user_invite(&guard::admin(&request)?, new).await?;
        Ok(Done::Link(invited.link))
    };
    form.answer(work).await
}

/// Changes what an account may do: `disable`, `enable`, `grant-admin` or `revoke-admin`. What takes something away asks
/// first.
#[server(prefix = "/_ui", endpoint = "user_change")]
pub(crate) async fn user_change(
    user: Option<String>,
    change: Option<String>,
    confirmed: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let user = UserId(user.unwrap_or_default());
    let form = Form::new(&request, FormId::User, PAGE).subject(user.as_str());
    let work = async {
        let admin = guard::admin(&request)?;
        let change = change.as_deref().and_then(parse_change).ok_or(ErrorCode::Invalid)?;
        if confirmed.is_none() && change != Change::Enable {
            return Ok(Done::Go(confirm_path(&user, change)));
        }
        request.services().identity.user_change(&admin, &user, change).await?;
        Ok(Done::Saved)
    };
    form.answer(work).await
}

/// Makes a new password link for an account; it is shown once.
#[server(prefix = "/_ui", endpoint = "user_reset_password")]
pub(crate) async fn user_reset_password(user: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let user = UserId(user.unwrap_or_default());
    let form = Form::new(&request, FormId::Reset, PAGE).subject(user.as_str());
    let work = async {
        let admin = guard::admin(&request)?;
        Ok(Done::Link(request.services().identity.user_reset_password(&admin, &user).await?.link))
    };
    form.answer(work).await
}

/// The change that a form names.
pub(crate) fn parse_change(word: &str) -> Option<Change> {
    [Change::Disable, Change::Enable, Change::GrantAdmin, Change::RevokeAdmin]
        .into_iter()
        .find(|change| change_word(*change) == word)
}

/// The name of a change in forms.
pub(crate) const fn change_word(change: Change) -> &'static str {
    match change {
        Change::Disable => "disable",
        Change::Enable => "enable",
        Change::GrantAdmin => "grant-admin",
        Change::RevokeAdmin => "revoke-admin",
    }
}

/// `sign_in.local.enabled`
#[server(prefix = "/_ui", endpoint = "settings_local_sign_in")]
pub(crate) async fn settings_local_sign_in(enabled: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        let admin = guard::admin(&request)?;
        let change = SettingChange::SignInLocalEnabled(enabled.is_some());
        request.services().settings.change(&admin, &[change]).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::LocalSignIn, "/settings/users#local-sign-in").answer(work).await
}
