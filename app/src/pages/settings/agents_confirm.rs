//! `/settings/agents/confirm`

use leptos::prelude::*;
use portal_core::oauth::SessionsOf;
use portal_model::ErrorCode;

use crate::{
    components::{hidden, sheet},
    page::{Page, PageError, PageRequest, PageResult},
    pages::settings::affected::clients_told,
    server_fns::admin_agents::which,
    text,
};

/// The page that asks before several sessions are ended.
pub(crate) fn confirm_path(which: &SessionsOf) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields(which) {
        query.append_pair(name, &value);
    }
    format!("/settings/agents/confirm?{}", query.finish())
}

/// What names the sessions, in the address and in the form.
fn fields(which: &SessionsOf) -> Vec<(&'static str, String)> {
    match which {
        SessionsOf::Person(user) => vec![("person", user.as_str().to_owned())],
        SessionsOf::Client(client) => vec![("client", client.clone())],
        SessionsOf::Search(search) => vec![("found", "1".to_owned()), ("search", search.clone())],
        // These are ended with the switch that keeps them alive.
        SessionsOf::Kind(_) | SessionsOf::Refreshable => Vec::new(),
    }
}

/// Asks, with the number of sessions and people, and whose they are.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let services = page.request.services();
    let query = |name| page.request.query(name);
    let found = query("found").and_then(|_| query("search").or_else(|| Some(String::new())));
    let which = which(query("person"), query("client"), found).ok_or(ErrorCode::NotFound)?;
    let affected = services.agent_sessions.affected(&which).await?;
    if affected.count.sessions == 0 {
        return Err(PageError::redirect(&page.request, "/settings/agents"));
    }
    let subject = match &which {
        SessionsOf::Person(user) => {
            let found =
                services.identity.user_find(&admin, user.as_str()).await?.ok_or(ErrorCode::NotFound)?;
            found.display_name
        }
        SessionsOf::Client(client) => client.clone(),
        SessionsOf::Search(search) if !search.is_empty() => format!("those that “{search}” finds"),
        _ => "everyone".to_owned(),
    };
    let sessions = text::count(affected.count.sessions, "session", "sessions");
    let people = text::count(affected.count.people, "person", "people");
    let content = view! {
        <form method="post" action="/_ui/sessions_end" class="form">
            {fields(&which).into_iter().map(|(name, value)| hidden(name, value)).collect_view()}
            {hidden("confirmed", "1")}
            <header><h1>"End these sessions?"</h1></header>
            <p>"All of "<b class="break"><bdi>{subject}</bdi></b>"."</p>
            <p>"This ends "<b>{format!("{sessions} of {people}")}</b>" at once. The agents have to sign in again, and people are asked again."</p>
            {clients_told(&affected)}
            <div class="pair-buttons">
                <a class="btn" href="/settings/agents">"Keep them"</a>
                <button class="btn bad-solid" type="submit">{format!("End {sessions}")}</button>
            </div>
        </form>
    };
    Ok(Page { title: "End sessions".into(), body: sheet(content.into_any(), None) })
}
