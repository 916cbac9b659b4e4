//! `/me/password`

use leptos::prelude::*;
use portal_core::identity::LOCAL_PROVIDER;
use portal_model::Field;

use super::PASSWORD_HINT;
use crate::{
    components::{Frame, Section, Tone, form_error, note, password_field, saved},
    flash::FormId,
    page::{PageRequest, PageResult},
};

/// Changing one's own password.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let outcome = page.outcome(FormId::Password);
    let local = frame.signed_in.user().provider == LOCAL_PROVIDER;
    let form = view! {
        <form method="post" action="/_ui/password_change" class="panel" novalidate>
            <div class="pad stack-4 max-w-96">
                {form_error(&outcome)}
                {password_field(
                    ("current", "current", "Current password"), "current-password", "", outcome.error_of(Field::CurrentPassword),
                )}
                {password_field(
                    ("password", "password", "New password"), "new-password", PASSWORD_HINT, outcome.error_of(Field::Password),
                )}
            </div>
            <footer>
                <span>{saved(outcome.done_at()).unwrap_or_else(|| {
                    view! { <span>"Every other browser that you are signed in with is signed out."</span> }.into_any()
                })}</span>
                <button class="btn solid" type="submit">"Change password"</button>
            </footer>
        </form>
    };
    let elsewhere = || {
        note(
            Tone::Plain,
            view! { <p>"Your account is kept by your organization’s provider. Change the password there."</p> },
        )
    };
    let content = view! {
        <div class="head"><div><h1>"Password"</h1></div></div>
        {if local { form.into_any() } else { elsewhere() }}
    };
    Ok(frame.page("Change password", Section::Mine, content.into_any()))
}
