//! `/sign-in/link`

use leptos::prelude::*;
use portal_core::identity::UserStatus;
use portal_model::{ErrorCode, Field};

use super::{PASSWORD_HINT, one_time_token};
use crate::{
    components::{address, avatar, form_error, password_field, sheet},
    cookies,
    flash::FormId,
    page::{Page, PageRequest, PageResult},
};

/// The page behind an invitation or a password reset.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let request = &page.request;
    let Some(token) = one_time_token(request, cookies::LINK, "/sign-in/link")? else {
        return Err(ErrorCode::LinkInvalid.into());
    };
    let Some(user) = request.services().identity.link_user(&token).await? else {
        request.clear_cookie(cookies::LINK);
        return Err(ErrorCode::LinkInvalid.into());
    };
    let outcome = page.outcome(FormId::Link);
    let heading = if user.status == UserStatus::Invited { "Welcome to Portal" } else { "Set a new password" };
    let email = user.email.clone().unwrap_or_default();
    let content = view! {
        <form method="post" action="/_ui/link_accept" class="form" novalidate>
            <header><h1>{heading}</h1><p class="muted">"Choose the password for this account. You are signed in with it at once."</p></header>
            <p class="who">
                {avatar("av person lg", &user.display_name)}
                <span><b><bdi>{user.display_name.clone()}</bdi></b><span class="sub">{address(&email)}</span></span>
            </p>
            {form_error(&outcome)}
            <input class="sr" type="email" name="username" autocomplete="username" value=email readonly tabindex="-1" aria-hidden="true"/>
            {password_field(
                ("password", "password", "Password"), "new-password", PASSWORD_HINT, outcome.error_of(Field::Password),
            )}
            <button class="btn solid tall" type="submit">"Set password"</button>
        </form>
    };
    Ok(Page { title: "Set your password".into(), body: sheet(content.into_any(), None) })
}
