//! `/settings/clients/confirm`

use leptos::prelude::*;
use portal_core::oauth::SessionsOf;
use portal_model::ErrorCode;

use crate::{
    components::{avatar, hidden, sheet},
    page::{Page, PageRequest, PageResult},
    text,
};

/// A change to a client that takes something away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientChange {
    /// A new secret.
    RotateSecret,
    /// The client goes.
    Delete,
}

impl ClientChange {
    const fn as_str(self) -> &'static str {
        match self {
            Self::RotateSecret => "new-secret",
            Self::Delete => "delete",
        }
    }
}

/// The page that asks before a change to a client.
pub(crate) fn confirm_path(client_id: &str, change: ClientChange) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("client", client_id).append_pair("change", change.as_str());
    format!("/settings/clients/confirm?{}", query.finish())
}

/// Asks, naming the client and what follows.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let id = page.request.query("client").unwrap_or_default();
    let services = page.request.services();
    let client = services.registry.find(&admin, &id).await?.ok_or(ErrorCode::NotFound)?;
    let count = services.agent_sessions.affected(&SessionsOf::Client(id)).await?.count;
    let sessions = text::count(count.sessions, "open session", "open sessions");
    let sessions = format!("{sessions} of {}", text::count(count.people, "person", "people"));
    let (action, heading, consequence, go_on) = match page.request.query("change").as_deref() {
        Some("new-secret") => (
            "/_ui/client_new_secret",
            "Make a new secret?",
            format!(
                "The present one stops working at once. The client has {sessions}, which go on once it has the new secret."
            ),
            "Make new secret",
        ),
        Some("delete") => (
            "/_ui/client_delete",
            "Delete this client?",
            format!(
                "It has {sessions}, which end at once. Nobody can sign in with it any more. This cannot be undone."
            ),
            "Delete client",
        ),
        _ => return Err(ErrorCode::NotFound.into()),
    };
    let content = view! {
        <form method="post" action=action class="form">
            {hidden("client", client.client_id.clone())}{hidden("confirmed", "1")}
            <header><h1>{heading}</h1></header>
            <p class="who">
                {avatar("av agent lg", &client.name)}
                <span><b class="break"><bdi>{client.name.clone()}</bdi></b><code class="sub break">{client.client_id.clone()}</code></span>
            </p>
            <p>{consequence}</p>
            <div class="pair-buttons">
                <a class="btn" href="/settings/clients">"Cancel"</a>
                <button class="btn bad-solid" type="submit">{go_on}</button>
            </div>
        </form>
    };
    Ok(Page { title: "Confirm a change to a client".into(), body: sheet(content.into_any(), None) })
}
