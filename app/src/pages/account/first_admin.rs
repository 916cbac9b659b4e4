//! `/first-admin`

use leptos::prelude::*;
use portal_model::{ErrorCode, Field};

use super::{PASSWORD_HINT, one_time_token};
use crate::{
    components::{form_error, password_field, sheet, text_field},
    cookies,
    flash::FormId,
    page::{Page, PageRequest, PageResult},
};

/// The page behind the link that `portal serve` prints while no admin exists.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let request = &page.request;
    let Some(token) = one_time_token(request, cookies::FIRST_ADMIN, "/first-admin")? else {
        return Err(ErrorCode::LinkInvalid.into());
    };
    if !request.services().identity.first_admin_link_valid(&token).await? {
        request.clear_cookie(cookies::FIRST_ADMIN);
        return Err(ErrorCode::LinkInvalid.into());
    }
    let outcome = page.outcome(FormId::FirstAdmin);
    let was = |field| outcome.value(field).unwrap_or_default();
    let content = view! {
        <form method="post" action="/_ui/first_admin" class="form" novalidate>
            <header>
                <h1>"Make the first admin"</h1>
                <p class="muted">"This account may change everything in Portal. The link that brought you here works once."</p>
            </header>
            {form_error(&outcome)}
            {text_field(("email", "email", "E-mail"), ("email", "username"), was(Field::Email), "", outcome.error_of(Field::Email))}
            {text_field(("name", "name", "Name"), ("text", "name"), was(Field::DisplayName), "", outcome.error_of(Field::DisplayName))}
            {password_field(
                ("password", "password", "Password"), "new-password", PASSWORD_HINT, outcome.error_of(Field::Password),
            )}
            <button class="btn solid tall" type="submit">"Create admin account"</button>
        </form>
    };
    Ok(Page { title: "Make the first admin".into(), body: sheet(content.into_any(), None) })
}
