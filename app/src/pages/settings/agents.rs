//! `/settings/agents`: everyone's agents

use std::collections::HashMap;

use leptos::prelude::*;
use portal_core::{
    ids::AgentSessionId,
    oauth::{AdminSession, SessionCount, SessionsOf, records::LogoId},
    time::UnixMillis,
};

use super::{
    agents_confirm::confirm_path,
    attempts,
    listing::{Listing, ROWS_READ, crumbs},
};
use crate::{
    components::{
        Frame, Icon, SettingsSection, Tone, badge, client_mark, dismissable, empty, entity_link, form_error,
        hidden, icon, note, when_ago,
    },
    flash::FormId,
    page::{FormOutcome, PageRequest, PageResult},
    pages::{
        consent::{client_label, client_title, scope_label},
        mcp::agents::return_host,
    },
    text,
};

/// The sessions of everyone's agents, to be found and ended.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let frame = Frame::load(&page).await?;
    let service = &page.request.services().agent_sessions;
    let listing = Listing::of(&page, "/settings/agents");
    let after = listing.after.clone().map(AgentSessionId);
    let mut sessions = service.list_all(&admin, &listing.search, after.as_ref(), ROWS_READ).await?;
    let next = listing.cut(&mut sessions, &[], |found| found.session.id.as_str());
    let total = service.count_all(&admin, &listing.search).await?;
    let client_ids = sessions.iter().map(|found| found.session.client.client_id.as_str());
    let logos = page.request.services().clients.logos(client_ids).await?;
    let now = page.request.now();
    let attempts = attempts::section(&page, &admin).await?;
    let content = view! {
        {crumbs("Connected agents")}
        <div class="head">
            <div><h1>"Connected agents"</h1><p class="lead">"Every agent that acts for someone. Each row is one sign-in on one machine."</p></div>
        </div>
        {outcome(&page.outcome(FormId::EveryAgent))}
        {attempts}
        {listing.search_form("Find an agent", "Person or client", None)}
        <section class="panel" aria-label="Connected agents">{table((&sessions, &logos), now, total, (&listing.search, next))}</section>
    };
    Ok(frame.settings("Connected agents", SettingsSection::Agents, content.into_any()))
}

fn outcome(outcome: &FormOutcome) -> AnyView {
    let done = outcome.done_at().map(|at| {
        let what = if outcome.subject() == Some("one") {
            "The session has ended."
        } else {
            "The sessions have ended."
        };
        let words =
            view! { <p><b>{what}</b>" Their tokens stopped working at "{text::clock_time(at)}"."</p> };
        view! { <div class="mb-6" role="status">{note(Tone::Good, words)}</div> }
    });
    view! { {done} {form_error(outcome).map(|error| view! { <div class="mb-6">{error}</div> })} }.into_any()
}

fn table(
    (sessions, logos): (&[AdminSession], &HashMap<String, LogoId>),
    now: UnixMillis,
    total: SessionCount,
    (search, next): (&str, Option<String>),
) -> AnyView {
    if sessions.is_empty() {
        return empty(
            "No agent is connected",
            "Sessions appear here once an agent signs in as someone.",
            None,
        );
    }
    let rows = sessions
        .iter()
        .map(|found| row(found, now, logos.get(&found.session.client.client_id)))
        .collect_view();
    let end_all = confirm_path(&SessionsOf::Search(search.to_owned()));
    let end_words = if search.is_empty() { "End all…" } else { "End all found…" };
    let sessions = text::count(total.sessions, "session", "sessions");
    let people = text::count(total.people, "person", "people");
    view! {
        <table class="table stacked">
            <caption class="sr">"Connected agents"</caption>
            <thead><tr>
                <th scope="col">"Agent"</th>
                <th scope="col">"Acts for"</th>
                <th scope="col" class="wide">"Returns to"</th>
                <th scope="col" class="wide">"Allowed"</th>
                <th scope="col" class="wide">"Signed in"</th>
                <th scope="col" class="wide">"Last used"</th>
                <th scope="col"><span class="sr">"Actions"</span></th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        <div class="pager">
            <span>{format!("{sessions} of {people}")}</span>
            <a class="btn small bad" href=end_all>{end_words}</a>
            {next.map(|next| view! { <a class="btn small" rel="next" href=next>"Next page"</a> })}
        </div>
    }
    .into_any()
}

fn row(found: &AdminSession, now: UnixMillis, logo: Option<&LogoId>) -> AnyView {
    let AdminSession { session, user, usable } = found;
    let client = &session.client;
    let used = session
        .used_at
        .map_or_else(|| view! { <span class="faint">"Not yet"</span> }.into_any(), |at| when_ago(now, at));
    view! {
        <tr>
            <td><span class="who">
                {client_mark(&client.name, logo)}
                <span>
                    <span class="cluster tight"><span class="host break"><bdi>{client_label(client)}</bdi></span>
                        {(!usable).then(|| badge(Tone::Plain, "Run out"))}</span>
                    <span class="sub break">"says “"<bdi>{client.name.clone()}</bdi>"”"</span>
                </span>
            </span></td>
            <td><b class="break"><bdi>{user.display_name.clone()}</bdi></b>
                <span class="sub">{entity_link(&user.entity_ref, Some(user.entity_ref.to_string()))}</span></td>
            <td class="wide returns"><code class="muted break">{return_host(&session.redirect_uri)}</code></td>
            <td class="wide">{scope_label(session.scope)}</td>
            <td class="wide">{when_ago(now, session.created_at)}</td>
            <td class="wide">{used}<span class="sub">{session.used_from.clone()}</span></td>
            <td class="num">{actions(found)}</td>
        </tr>
    }
    .into_any()
}

fn actions(found: &AdminSession) -> AnyView {
    let AdminSession { session, user, .. } = found;
    let (client, person) = (client_title(&session.client), user.display_name.clone());
    let by_person = confirm_path(&SessionsOf::Person(user.id.clone()));
    let by_client = confirm_path(&SessionsOf::Client(session.client.client_id.clone()));
    let menu = view! {
        <details class="row-menu">
            <summary class="btn small">"End"<span class="sr">" "<bdi>{client}</bdi>" for "<bdi>{person}</bdi></span>{icon(Icon::Down)}</summary>
            <div class="pop menu"><ul>
                <li><form method="post" action="/_ui/session_end">
                    {hidden("session", session.id.as_str())}<button type="submit">"End this session"</button>
                </form></li>
                <li><a href=by_person>"End all of this person…"</a></li>
                <li><a href=by_client>"End all of this client…"</a></li>
            </ul></div>
        </details>
    };
    dismissable(menu.into_any())
}
