//! `/settings/audit`: the audit log

use leptos::prelude::*;
use portal_core::{
    audit::{Actor, AuditEvent, AuditFilterRequest, AuditOutcome},
    ids::AuditId,
};

use super::listing::{crumbs, pager};
use crate::{
    components::{Frame, SettingsSection, Tone, badge, empty, when},
    page::{PageRequest, PageResult},
    text,
};

/// Rows of a page.
const ROWS: u32 = 50;

/// Who decided what, when, from where.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let frame = Frame::load(&page).await?;
    let asked = AuditFilterRequest::read(|name| page.request.query(name));
    let after = page.request.query("after").map(AuditId);
    let audit = &page.request.services().audit;
    let mut events = audit.list(&admin, &asked.filter(), after.as_ref(), ROWS + 1).await?;
    let more = events.len() > usize::try_from(ROWS).unwrap_or(usize::MAX);
    events.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let next = if more { events.last().map(|event| path("", &asked, Some(&event.id))) } else { None };
    let export = path("/export", &asked, None);
    let content = view! {
        {crumbs("Audit log")}
        <div class="head">
            <div><h1>"Audit log"</h1><p class="lead">"Every decision: who, what, when, from where, with which outcome."</p></div>
            <a class="btn" href=export rel="external" download="portal-audit.jsonl">"Export as JSON lines"</a>
        </div>
        {filter_form(&asked)}
        <section class="panel" aria-label="Audit log">{table(&events, next)}</section>
    };
    Ok(frame.settings("Audit log", SettingsSection::Audit, content.into_any()))
}

fn path(below: &str, asked: &AuditFilterRequest, after: Option<&AuditId>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.pairs());
    if let Some(after) = after {
        query.append_pair("after", after.as_str());
    }
    let query = query.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/settings/audit{below}{mark}{query}")
}

fn filter_form(asked: &AuditFilterRequest) -> AnyView {
    let field = |name: &'static str,
                 label: &'static str,
                 kind: &'static str,
                 value: &str,
                 hint: &'static str| {
        view! {
            <div class="field">
                <label for=format!("audit-{name}")>{label}</label>
                <input class="input" id=format!("audit-{name}") name=name type=kind value=value.to_owned() placeholder=hint autocomplete="off"/>
            </div>
        }
    };
    view! {
        <form class="panel" action="/settings/audit" method="get" role="search" aria-label="Filter the audit log">
            <div class="pad pair">
                {field("action", "Action starts with", "text", &asked.action, "user.")}
                {field("actor", "Actor contains", "text", &asked.actor, "user:default/ada")}
                {field("target", "Target", "text", &asked.target, "mcp.cimd.enabled")}
                {field("from", "From (UTC)", "date", &asked.from, "2026-11-22")}
                {field("until", "Until (UTC)", "date", &asked.until, "2026-11-22")}
                {outcome_field(&asked.outcome)}
            </div>
            <footer class="foot-bar"><a href="/settings/audit">"Clear"</a><button class="btn" type="submit">"Filter"</button></footer>
        </form>
    }
    .into_any()
}

fn outcome_field(chosen: &str) -> AnyView {
    let option = |value: &'static str, words: &'static str| {
        view! { <option value=value selected=value == chosen>{words}</option> }
    };
    view! {
        <div class="field">
            <label for="audit-outcome">"Outcome"</label>
            <select class="input" id="audit-outcome" name="outcome">
                {option("", "All")}
                {option("done", "Done")}
                {option("refused", "Refused")}
            </select>
        </div>
    }
    .into_any()
}

fn table(events: &[AuditEvent], next: Option<String>) -> AnyView {
    if events.is_empty() {
        return empty("Nothing fits", "No decision fits these filters.", None);
    }
    let rows = events.iter().map(row).collect_view();
    view! {
        <table class="table stacked">
            <caption class="sr">"Audit log, newest first"</caption>
            <thead><tr>
                <th scope="col">"Time"</th>
                <th scope="col">"Who"</th>
                <th scope="col">"What"</th>
                <th scope="col" class="wide">"Target"</th>
                <th scope="col" class="wide">"From"</th>
                <th scope="col">"Outcome"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        {pager(format!("{} on this page", text::count_of(events.len(), "row", "rows")), next)}
    }
    .into_any()
}

/// Who, and by what.
fn actor_words(actor: &Actor) -> (String, Option<String>) {
    match actor {
        Actor::User { name, .. } => (name.clone(), None),
        Actor::Agent { name, client_id, .. } => (name.clone(), Some(format!("by {client_id}"))),
        Actor::StaticToken { name, token_id } => (name.clone(), Some(format!("by static token {token_id}"))),
        Actor::CommandLine => ("Command line".to_owned(), None),
        Actor::System => ("Portal".to_owned(), None),
        Actor::Anonymous => ("Nobody signed in".to_owned(), None),
    }
}

fn row(event: &AuditEvent) -> AnyView {
    let (who, by) = actor_words(&event.actor);
    let outcome = match &event.outcome {
        AuditOutcome::Done => view! { <span class="muted">"Done"</span> }.into_any(),
        AuditOutcome::Refused { reason } => {
            view! { {badge(Tone::Bad, "Refused")}<span class="sub break">{reason.clone()}</span> }.into_any()
        }
    };
    let details = (!event.details.is_null()).then(|| {
        view! { <details class="tools"><summary>"Details"</summary><code class="break">{event.details.to_string()}</code></details> }
    });
    view! {
        <tr>
            <td class="nowrap">{when(event.at, text::full(event.at))}</td>
            <td><bdi class="break">{who}</bdi><span class="sub break"><bdi>{by}</bdi></span></td>
            <td><code class="break">{event.action.clone()}</code>{details}</td>
            <td class="wide"><bdi class="break">{event.target.clone()}</bdi></td>
            <td class="wide nowrap">{event.address.clone()}</td>
            <td>{outcome}</td>
        </tr>
    }
    .into_any()
}
