//! `/settings/clients`: clients that are registered here

use leptos::prelude::*;
use portal_core::{
    oauth::registered::{ClientAuthentication, ClientRegistrar, RegisteredClient, RegisteredClientFilter},
    time::UnixMillis,
};

use super::{
    client_confirm::{ClientChange, confirm_path},
    client_forms::{registration_form, registration_switch},
    confirm::Asking,
    listing::{Listing, ROWS_READ, crumbs, pager},
};
use crate::{
    components::{
        Frame, Icon, SettingsSection, Tone, avatar, badge, copy_line_of, dismissable, empty, form_error,
        icon, note, when_ago,
    },
    flash::FormId,
    page::{FormOutcome, PageRequest, PageResult},
    text,
};

/// The clients, a form that registers one, and the switch for those that register themselves.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let frame = Frame::load(&page).await?;
    let services = page.request.services();
    let listing = Listing::of(&page, "/settings/clients");
    let filter =
        RegisteredClientFilter { search: listing.search.clone(), ..RegisteredClientFilter::default() };
    let after = listing.after.as_deref();
    let mut clients = services.registry.list(&admin, &filter, after, ROWS_READ).await?;
    let next = listing.cut(&mut clients, &[], |client| &client.client_id);
    let affected = services.agent_sessions.affected(&Asking::Dcr.sessions()).await?;
    let dcr = services.settings.current().await?.dcr_enabled;
    let now = page.request.now();
    let content = view! {
        {crumbs("Clients")}
        <div class="head">
            <div><h1>"Clients"</h1><p class="lead">"Agents that have no document of their own, registered here by hand."</p></div>
            <a class="btn" href="#register">{icon(Icon::Add)}"Register a client"</a>
        </div>
        {once(&page.outcome(FormId::Client))}
        {once(&page.outcome(FormId::ClientSecret))}
        {outcome(&page.outcome(FormId::ClientDelete))}
        {form_error(&page.outcome(FormId::ClientSecret)).map(|error| view! { <div class="mb-6">{error}</div> })}
        {listing.search_form("Find a client", "Name or id", None)}
        <section class="panel" aria-label="Registered clients">{table(&clients, now, next)}</section>
        {registration_form(&page.outcome(FormId::Client))}
        {registration_switch(&page.outcome(FormId::Dcr), dcr, &affected)}
    };
    Ok(frame.settings("Clients", SettingsSection::Clients, content.into_any()))
}

/// Id and secret of a client that was just registered or got a new secret, once.
fn once(outcome: &FormOutcome) -> Option<AnyView> {
    outcome.done_at()?;
    let id = outcome.subject()?.to_owned();
    let secret = outcome.link().map(|secret| {
        copy_line_of("client-secret", "Client secret", "the secret", secret.expose().to_owned())
    });
    let words = if secret.is_some() {
        "Copy the secret now: Portal keeps only its hash and does not show it again."
    } else {
        "It is public: it has no secret, and proves itself by PKCE."
    };
    let view = view! {
        <section class="panel once" aria-label="Client id and secret" role="status">
            <div class="pad stack-3">
                {note(Tone::Good, view! { <p><b>"The client is ready."</b>" "{words}</p> })}
                {copy_line_of("client-id", "Client ID", "the id", id)}
                {secret}
            </div>
        </section>
    };
    Some(view.into_any())
}

fn outcome(outcome: &FormOutcome) -> AnyView {
    let done = outcome.done_at().map(|at| {
        let words = view! {
            <p><b>"The client is deleted."</b>" Its sessions ended at "{text::clock_time(at)}"."</p>
        };
        view! { <div class="mb-6" role="status">{note(Tone::Good, words)}</div> }
    });
    view! { {done} {form_error(outcome).map(|error| view! { <div class="mb-6">{error}</div> })} }.into_any()
}

fn table(clients: &[RegisteredClient], now: UnixMillis, next: Option<String>) -> AnyView {
    if clients.is_empty() {
        let words = "Agents with a client ID metadata document need no registration.";
        return empty("No client is registered", words, None);
    }
    let rows = clients.iter().map(|client| row(client, now)).collect_view();
    view! {
        <table class="table">
            <caption class="sr">"Registered clients"</caption>
            <thead><tr>
                <th scope="col">"Client"</th>
                <th scope="col" class="wide">"Registered by"</th>
                <th scope="col" class="wide">"Authenticates"</th>
                <th scope="col" class="wide">"Last sign-in"</th>
                <th scope="col"><span class="sr">"Actions"</span></th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        {pager(text::count_of(clients.len(), "client", "clients"), next)}
    }
    .into_any()
}

fn row(client: &RegisteredClient, now: UnixMillis) -> AnyView {
    let dynamic = matches!(client.registrar, ClientRegistrar::Dynamic { .. });
    let by = match &client.registrar {
        ClientRegistrar::Admin(by) => by.clone(),
        ClientRegistrar::Dynamic { address, .. } => {
            address.as_ref().map_or_else(|| "Itself".to_owned(), |address| format!("Itself, from {address}"))
        }
    };
    let used = client
        .used_at
        .map_or_else(|| view! { <span class="faint">"Never"</span> }.into_any(), |at| when_ago(now, at));
    view! {
        <tr>
            <td><span class="who">
                {avatar("av agent", &client.name)}
                <span>
                    <span class="cluster tight">
                        <b class="break"><bdi>{client.name.clone()}</bdi></b>
                        {dynamic.then(|| badge(Tone::Warning, "Legacy"))}
                    </span>
                    <code class="sub break">{client.client_id.clone()}</code>
                </span>
            </span></td>
            <td class="wide break"><bdi>{by}</bdi><span class="sub">{when_ago(now, client.created_at)}</span></td>
            <td class="wide">{method_words(&client.authentication)}</td>
            <td class="wide nowrap">{used}</td>
            <td class="num">{actions(client)}</td>
        </tr>
    }
    .into_any()
}

const fn method_words(authentication: &ClientAuthentication) -> &'static str {
    match authentication {
        ClientAuthentication::None => "Public",
        ClientAuthentication::SecretBasic(_) => "Secret in the header",
        ClientAuthentication::SecretPost(_) => "Secret in the form",
    }
}

/// What can be done to a client, in a menu that needs no scripting.
fn actions(client: &RegisteredClient) -> AnyView {
    let item = |change: ClientChange, words: &'static str| {
        view! { <li><a href=confirm_path(&client.client_id, change)>{words}</a></li> }
    };
    let confidential = client.authentication.secret().is_some();
    let name = client.name.clone();
    let menu = view! {
        <details class="row-menu">
            <summary class="btn small">"Change"<span class="sr">" "<bdi>{name}</bdi></span>{icon(Icon::Down)}</summary>
            <div class="pop menu"><ul>
                {confidential.then(|| item(ClientChange::RotateSecret, "New secret…"))}
                {item(ClientChange::Delete, "Delete client…")}
            </ul></div>
        </details>
    };
    dismissable(menu.into_any())
}
