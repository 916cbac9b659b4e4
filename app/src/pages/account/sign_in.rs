//! `/sign-in`

use leptos::prelude::*;
use portal_model::Field;

use crate::{
    components::{form_error, hidden, password_field, sheet, text_field},
    flash::FormId,
    page::{Page, PageError, PageRequest, PageResult},
    return_to::ReturnTo,
};

/// The sign-in page. `return_to` names the path to go on to; `again` shows the form although someone is signed in.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let return_to = page.request.query("return_to").as_deref().and_then(ReturnTo::parse);
    let again = page.request.query("again").is_some();
    if page.signed_in().is_ok() && !again {
        return Err(PageError::redirect(&page.request, return_to.as_ref().map_or("/", ReturnTo::as_str)));
    }
    let outcome = page.outcome(FormId::SignIn);
    let connects = return_to.as_ref().is_some_and(|path| path.as_str().starts_with("/oauth/consent"));
    let lead =
        if connects { "Sign in to decide what your agent may do." } else { "Sign in with your account." };
    let content = view! {
        <form method="post" action="/_ui/sign_in" class="form" novalidate>
            <header><h1>"Sign in to Portal"</h1><p class="muted">{lead}</p></header>
            {form_error(&outcome)}
            {return_to.map(|path| hidden("return_to", path.as_str()))}
            {again.then(|| hidden("again", "1"))}
            {text_field(
                ("email", "email", "E-mail"),
                ("email", "username"),
                outcome.value(Field::Email).unwrap_or_default(),
                "",
                outcome.error_of(Field::Email),
            )}
            {password_field(("password", "password", "Password"), "current-password", "", outcome.error_of(Field::Password))}
            <button class="btn solid tall" type="submit">"Sign in"</button>
        </form>
    };
    let below = view! { <p>"No account, or password forgotten? An admin of Portal can send you a link."</p> };
    Ok(Page { title: "Sign in".into(), body: sheet(content.into_any(), Some(below.into_any())) })
}
