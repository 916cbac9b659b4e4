//! Signing in and out, and the theme.

use leptos::prelude::*;
use portal_core::{
    identity::{SignIn as Attempt, SignInOutcome},
    secret::Secret,
};
use portal_model::Field;

use super::PasswordInput;
use crate::{
    cookies,
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    return_to::ReturnTo,
    web_request::{WebRequest, theme as parse_theme},
};

/// Signs in with e-mail and password, and goes on to `return_to`.
#[server(prefix = "/_ui", endpoint = "sign_in")]
pub(crate) async fn sign_in(
    email: Option<String>,
    password: Option<PasswordInput>,
    return_to: Option<String>,
    again: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let (email, return_to) = (email.unwrap_or_default(), return_to.as_deref().and_then(ReturnTo::parse));
    let form = Form::new(&request, FormId::SignIn, sign_in_page(return_to.as_ref(), again.is_some()));
    form.keep(Field::Email, &email).answer(attempt(&request, email, password, return_to)).await
}

async fn attempt(
    request: &WebRequest,
    email: String,
    password: Option<PasswordInput>,
    return_to: Option<ReturnTo>,
) -> Result<Done, UiError> {
    let attempt = Attempt {
        email,
        password: password.map_or_else(|| Secret::new(""), PasswordInput::secret),
        known_browser: request.secret_cookie(cookies::BROWSER),
        previous_session: request.secret_cookie(cookies::SESSION),
    };
    match request.services().identity.sign_in(attempt, request.identity.origin()).await? {
        SignInOutcome::SignedIn(session) => {
            request.sign_in(&session);
            Ok(Done::Go(return_to.map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned())))
        }
        SignInOutcome::Refused(error) => Err(error.into()),
    }
}

fn sign_in_page(return_to: Option<&ReturnTo>, again: bool) -> String {
    let path = return_to.map_or_else(|| "/sign-in".to_owned(), ReturnTo::sign_in_path);
    match (again, path.contains('?')) {
        (false, _) => path,
        (true, true) => format!("{path}&again=1"),
        (true, false) => format!("{path}?again=1"),
    }
}

/// Ends this browser's session.
#[server(prefix = "/_ui", endpoint = "sign_out")]
pub(crate) async fn sign_out() -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        if let Ok(signed_in) = guard::signed_in(&request) {
            request.services().identity.sign_out(signed_in).await?;
        }
        request.clear_cookie(cookies::SESSION);
        Ok(Done::Go("/sign-in".to_owned()))
    };
    Form::new(&request, FormId::SignIn, "/").answer(work).await
}

/// Ends every browser and agent session of the person.
#[server(prefix = "/_ui", endpoint = "sign_out_everywhere")]
pub(crate) async fn sign_out_everywhere() -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        request.services().identity.sign_out_everywhere(guard::signed_in(&request)?).await?;
        request.clear_cookie(cookies::SESSION);
        Ok(Done::Go("/sign-in".to_owned()))
    };
    Form::new(&request, FormId::SignIn, "/").answer(work).await
}

/// Keeps the theme in this browser: `light`, `dark`, or anything else to follow the system.
#[server(prefix = "/_ui", endpoint = "theme")]
pub(crate) async fn theme(theme: Option<String>, return_to: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    match parse_theme(theme.as_deref()) {
        Some(theme) => request.set_cookie(cookies::THEME, theme, cookies::BROWSER_SECONDS),
        None => request.clear_cookie(cookies::THEME),
    }
    let back = return_to.as_deref().and_then(ReturnTo::parse);
    let to = back.map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned());
    Form::new(&request, FormId::SignIn, "/").answer(async { Ok(Done::Go(to)) }).await
}
