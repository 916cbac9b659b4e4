//! `/me/agents/confirm`

use leptos::prelude::*;

use crate::{
    components::{hidden, sheet},
    page::{Page, PageError, PageRequest, PageResult},
    pages::consent::client_title,
    text,
};

/// Asks before all agents are disconnected.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let person = page.signed_in()?;
    let sessions = page.request.services().agent_sessions.list(&person).await?;
    if sessions.is_empty() {
        return Err(PageError::redirect(&page.request, "/me/agents"));
    }
    let mut hosts: Vec<String> = sessions.iter().map(|session| client_title(&session.client)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let count = text::count_of(sessions.len(), "session", "sessions");
    let hosts = hosts
        .into_iter()
        .take(8)
        .map(|host| view! { <li><code class="break"><bdi>{host}</bdi></code></li> })
        .collect_view();
    let content = view! {
        <form method="post" action="/_ui/agent_disconnect_all" class="form">
            {hidden("confirmed", "1")}
            <header><h1>"Disconnect all agents?"</h1></header>
            <p>"This ends "<b>{count}</b>" at once. Each agent has to sign in again to use Portal as you."</p>
            <ul class="plain">{hosts}</ul>
            <div class="pair-buttons">
                <a class="btn" href="/me/agents">"Keep them"</a>
                <button class="btn bad-solid" type="submit">"Disconnect all"</button>
            </div>
        </form>
    };
    Ok(Page { title: "Disconnect all agents".into(), body: sheet(content.into_any(), None) })
}
