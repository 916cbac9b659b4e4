//! Registered clients, for admins.

use leptos::prelude::*;
use portal_core::oauth::ClientRequest;
use portal_model::Field;

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    pages::settings::client_confirm::{ClientChange, confirm_path},
    web_request::WebRequest,
};

const PAGE: &str = "/settings/clients";

/// Registers a client; its secret, if it has one, is shown once. The subject afterwards is its id.
#[server(prefix = "/_ui", endpoint = "client_register")]
pub(crate) async fn client_register(
    name: Option<String>,
    redirect_uris: Option<String>,
    method: Option<String>,
    refresh: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let wanted = ClientRequest {
        name: name.unwrap_or_default(),
        redirect_uris: redirect_uris.unwrap_or_default(),
        method: method.unwrap_or_default(),
        refresh_grant: refresh.is_some(),
    };
    // The flash cookie takes one line.
    let lines = wanted.redirect_uris.split_whitespace().collect::<Vec<_>>().join(" ");
    let made = register(&request, &wanted).await;
    let page = if made.is_ok() { PAGE } else { "/settings/clients#register" };
    let form = Form::new(&request, FormId::Client, page)
        .keep(Field::ClientName, &wanted.name)
        .keep(Field::RedirectUris, &lines)
        .keep(Field::AuthenticationMethod, &wanted.method);
    match made {
        Ok((id, done)) => form.subject(&id).answer(async { Ok(done) }).await,
        Err(error) => form.answer(async { Err(error) }).await,
    }
}

async fn register(request: &WebRequest, wanted: &ClientRequest) -> Result<(String, Done), UiError> {
    let made = request.services().registry.create(&guard::admin(request)?, wanted).await?;
    Ok((made.client.client_id, made.secret.map_or(Done::Saved, Done::Link)))
}

/// A new secret for a client, shown once; asks first.
#[server(prefix = "/_ui", endpoint = "client_new_secret")]
pub(crate) async fn client_new_secret(
    client: Option<String>,
    confirmed: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let client = client.unwrap_or_default();
    let work = async {
        let admin = guard::admin(&request)?;
        if confirmed.is_none() {
            return Ok(Done::Go(confirm_path(&client, ClientChange::RotateSecret)));
        }
        Ok(Done::Link(request.services().registry.rotate_secret(&admin, &client).await?))
    };
    Form::new(&request, FormId::ClientSecret, PAGE).subject(&client).answer(work).await
}

/// Deletes a client and ends its sessions; asks first.
#[server(prefix = "/_ui", endpoint = "client_delete")]
pub(crate) async fn client_delete(client: Option<String>, confirmed: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let client = client.unwrap_or_default();
    let work = async {
        let admin = guard::admin(&request)?;
        if confirmed.is_none() {
            return Ok(Done::Go(confirm_path(&client, ClientChange::Delete)));
        }
        request.services().registry.delete(&admin, &client).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::ClientDelete, PAGE).subject(&client).answer(work).await
}
