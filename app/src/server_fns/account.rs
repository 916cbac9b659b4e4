//! Making the first admin, accepting links, changing one's password.

use leptos::prelude::*;
use portal_core::secret::Secret;
use portal_model::{ErrorCode, Field};

use super::PasswordInput;
use crate::{
    cookies,
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    web_request::WebRequest,
};

fn secret(password: Option<PasswordInput>) -> Secret {
    password.map_or_else(|| Secret::new(""), PasswordInput::secret)
}

fn token(request: &WebRequest, cookie: &str) -> Result<Secret, UiError> {
    request.secret_cookie(cookie).ok_or_else(|| ErrorCode::LinkInvalid.into())
}

/// Makes the first admin by the token in this browser's cookie, and signs them in.
#[server(prefix = "/_ui", endpoint = "first_admin")]
pub(crate) async fn first_admin(
    email: Option<String>,
    name: Option<String>,
    password: Option<PasswordInput>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let (email, name) = (email.unwrap_or_default(), name.unwrap_or_default());
    let form = Form::new(&request, FormId::FirstAdmin, "/first-admin");
    let form = form.keep(Field::Email, &email).keep(Field::DisplayName, &name);
    let work = async {
        let token = token(&request, cookies::FIRST_ADMIN)?;
        let (identity, origin) = (&request.services().identity, request.identity.origin());
        let session = identity.first_admin_create(&token, &email, &name, &secret(password), origin).await?;
        request.sign_in(&session);
        request.clear_cookie(cookies::FIRST_ADMIN);
        Ok(Done::Go("/".to_owned()))
    };
    form.answer(work).await
}

/// Sets a password by the token in this browser's cookie, and signs the person in.
#[server(prefix = "/_ui", endpoint = "link_accept")]
pub(crate) async fn link_accept(password: Option<PasswordInput>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        let token = token(&request, cookies::LINK)?;
        let (identity, origin) = (&request.services().identity, request.identity.origin());
        let session = identity.link_accept(&token, &secret(password), origin).await?;
        request.sign_in(&session);
        request.clear_cookie(cookies::LINK);
        Ok(Done::Go("/".to_owned()))
    };
    Form::new(&request, FormId::Link, "/sign-in/link").answer(work).await
}

/// Changes the password of the person signed in.
#[server(prefix = "/_ui", endpoint = "password_change")]
pub(crate) async fn password_change(
    current: Option<PasswordInput>,
    password: Option<PasswordInput>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        let (identity, person) = (&request.services().identity, guard::signed_in(&request)?);
        let session = identity.password_change(person, &secret(current), &secret(password)).await?;
        request.sign_in(&session);
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::Password, "/me/password").answer(work).await
}
