//! `/settings/agents/confirm`

use leptos::prelude::*;
use portal_core::oauth::SessionsOf;
use portal_model::ErrorCode;

use crate::{
    components::{hidden, sheet},
    page::{Page, PageError, PageRequest, PageResult},
    server_fns::admin_agents::which,
    text,
};

/// The page that asks before several sessions are ended.
pub(crate) fn confirm_path(which: &SessionsOf) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    match which {
        SessionsOf::Person(user) => query.append_pair("person", user.as_str()),
        SessionsOf::Client(client) => query.append_pair("client", client),
    };
    format!("/settings/agents/confirm?{}", query.finish())
}

/// Asks, with the number of sessions and people.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let services = page.request.services();
    let which =
        which(page.request.query("person"), page.request.query("client")).ok_or(ErrorCode::NotFound)?;
    let count = services.agent_sessions.count_together(&admin, &which).await?;
    if count.sessions == 0 {
        return Err(PageError::redirect(&page.request, "/settings/agents"));
    }
    let (name, value, subject) = match &which {
        SessionsOf::Person(user) => {
            let found =
                services.identity.user_find(&admin, user.as_str()).await?.ok_or(ErrorCode::NotFound)?;
            ("person", user.as_str().to_owned(), found.display_name)
        }
        SessionsOf::Client(client) => ("client", client.clone(), client.clone()),
    };
    let sessions = text::count(count.sessions, "session", "sessions");
    let people = text::count(count.people, "person", "people");
    let content = view! {
        <form method="post" action="/_ui/sessions_end" class="form">
            {hidden(name, value)}{hidden("confirmed", "1")}
            <header><h1>"End these sessions?"</h1></header>
            <p>"All of "<b class="break"><bdi>{subject}</bdi></b>"."</p>
            <p>"This ends "<b>{format!("{sessions} of {people}")}</b>" at once. The agents have to sign in again."</p>
            <div class="pair-buttons">
                <a class="btn" href="/settings/agents">"Keep them"</a>
                <button class="btn bad-solid" type="submit">{format!("End {sessions}")}</button>
            </div>
        </form>
    };
    Ok(Page { title: "End sessions".into(), body: sheet(content.into_any(), None) })
}
