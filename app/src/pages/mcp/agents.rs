//! `/me/agents`: Portal MCP

use std::collections::HashMap;

use leptos::prelude::*;
use portal_core::{
    oauth::{
        AgentSessionService,
        records::{AgentSession, LogoId},
    },
    time::UnixMillis,
};

use super::{activity, personal_tokens};
use crate::{
    components::{
        Frame, Icon, Section, Tone, client_mark, empty, form_error, hidden, icon, note, when, when_ago,
    },
    flash::FormId,
    page::{FormOutcome, PageRequest, PageResult},
    pages::consent::{client_label, scope_label},
    text,
};

/// The agents that act as the person.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let service = &page.request.services().agent_sessions;
    let sessions = service.list(&frame.signed_in).await?;
    let now = page.request.now();
    let client_ids = sessions.iter().map(|session| session.client.client_id.as_str());
    let logos = page.request.services().clients.logos(client_ids).await?;
    let tokens = personal_tokens::section(&page, &frame.signed_in).await?;
    let activity = activity::section(&page, &frame.signed_in).await?;
    let content = view! {
        <div class="head">
            <div>
                <h1>"Portal MCP"</h1>
                <p class="lead">"The agents that act as you in Portal. Each row is one sign-in on one machine."</p>
            </div>
            <a class="btn solid" href="/mcp/setup">{icon(Icon::Add)}"Connect an agent"</a>
        </div>
        {outcome(&page.outcome(FormId::Agents))}
        <section class="panel" aria-label="Connected agents">{table(service, now, &sessions, &logos)}</section>
        {activity}
        {tokens}
    };
    Ok(frame.page("Portal MCP", Section::Mine, content.into_any()))
}

fn outcome(outcome: &FormOutcome) -> AnyView {
    let done = outcome.done_at().map(|at| {
        let what = if outcome.subject() == Some("all") {
            "All agents are disconnected."
        } else {
            "The agent is disconnected."
        };
        let words = view! { <p><b>{what}</b>" Its tokens stopped working at "{text::clock_time(at)}"."</p> };
        view! { <div class="mb-6" role="status">{note(Tone::Good, words)}</div> }
    });
    view! { {done} {form_error(outcome).map(|error| view! { <div class="mb-6">{error}</div> })} }.into_any()
}

fn table(
    service: &AgentSessionService,
    now: UnixMillis,
    sessions: &[AgentSession],
    logos: &HashMap<String, LogoId>,
) -> AnyView {
    if sessions.is_empty() {
        let action = view! { <a class="btn" href="/mcp/setup">"Set up MCP"</a> };
        return empty(
            "No agent is connected",
            "Once an agent signs in as you, it is listed here and can be disconnected here.",
            Some(action.into_any()),
        );
    }
    let rows = sessions
        .iter()
        .map(|session| row(service.ends_at(session), now, session, logos.get(&session.client.client_id)))
        .collect_view();
    view! {
        <table class="table">
            <caption class="sr">"Connected agents"</caption>
            <thead><tr>
                <th scope="col">"Agent"</th>
                <th scope="col" class="wide">"Returns to"</th>
                <th scope="col" class="wide">"Allowed"</th>
                <th scope="col" class="wide">"Signed in"</th>
                <th scope="col" class="wide">"Last used"</th>
                <th scope="col" class="wide">"Ends"</th>
                <th scope="col"><span class="sr">"Action"</span></th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        <div class="pager">
            <span>{text::count_of(sessions.len(), "session", "sessions")}</span>
            <form method="post" action="/_ui/agent_disconnect_all">
                <button class="btn small bad" type="submit">"Disconnect all"</button>
            </form>
        </div>
    }
    .into_any()
}

/// Host and port of an address, as text.
pub(crate) fn return_host(address: &str) -> String {
    let parsed = url::Url::parse(address).ok();
    parsed
        .and_then(|url| Some(url.host_str()?.to_owned()))
        .unwrap_or_else(|| address.chars().take(60).collect())
}

fn row(ends: UnixMillis, now: UnixMillis, session: &AgentSession, logo: Option<&LogoId>) -> AnyView {
    let client = &session.client;
    let used = session
        .used_at
        .map_or_else(|| view! { <span class="faint">"Not yet"</span> }.into_any(), |at| when_ago(now, at));
    let used_words = session
        .used_at
        .map_or_else(|| "not used yet".to_owned(), |at| format!("used {}", text::ago(now, at)));
    let idle = session
        .refreshable
        .then(|| format!("or {} unused", text::count(i64::from(session.token_lifetime_days), "day", "days")));
    let host = client_label(client);
    let label = format!("Disconnect {host} ({})", client.name);
    view! {
        <tr>
            <td><span class="who">
                {client_mark(&client.name, logo)}
                <span>
                    <span class="host break"><bdi>{host}</bdi></span>
                    <span class="sub break">"says “"<bdi>{client.name.clone()}</bdi>"”"</span>
                    <span class="sub only-s">{scope_label(session.scope)}", "{used_words}</span>
                </span>
            </span></td>
            <td class="wide returns"><code class="muted break">{return_host(&session.redirect_uri)}</code></td>
            <td class="wide">{scope_label(session.scope)}</td>
            <td class="wide nowrap">{when_ago(now, session.created_at)}</td>
            <td class="wide">{used}<span class="sub">{session.used_from.clone()}</span></td>
            <td class="wide nowrap">{when(ends, text::day_month(ends))}<span class="sub">{idle}</span></td>
            <td class="num">
                <form method="post" action="/_ui/agent_disconnect">
                    {hidden("session", session.id.as_str())}
                    <button class="btn small" type="submit" aria-label=label>"Disconnect"</button>
                </form>
            </td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use portal_core::{
        ids::{AgentSessionId, UserId},
        oauth::records::{ClientSnapshot, DocumentOrigin},
    };
    use portal_model::ScopeSet;

    use super::*;
    use crate::hostile::{HOSTILE, assert_harmless, html};

    #[test]
    fn what_a_client_says_of_itself_stays_text() {
        let now = UnixMillis(1_795_000_000_000);
        let session = AgentSession {
            id: AgentSessionId("a1".to_owned()),
            user_id: UserId("u1".to_owned()),
            epoch: 0,
            client: ClientSnapshot {
                client_id: HOSTILE.to_owned(),
                host: HOSTILE.to_owned(),
                name: HOSTILE.to_owned(),
                redirect_uris_hash: String::new(),
                lists_refresh_grant: false,
                confidential: false,
                keys_hash: String::new(),
                origin: DocumentOrigin::Live,
            },
            redirect_uri: HOSTILE.to_owned(),
            scope: ScopeSet::DEFAULT,
            resource: String::new(),
            refreshable: true,
            token_lifetime_days: 7,
            session_lifetime_days: 30,
            created_at: now,
            used_at: None,
            used_from: Some(HOSTILE.to_owned()),
            ended: None,
        };
        assert_harmless(&html(|| row(now, now, &session, None)));
    }

    #[test]
    fn the_host_of_a_return_address_is_shown_without_its_port() {
        assert_eq!(return_host("http://127.0.0.1:5173/callback?x=1"), "127.0.0.1");
        assert_eq!(return_host("com.example.app:/callback"), "com.example.app:/callback");
    }
}
