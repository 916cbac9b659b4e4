//! What the person's agents did, a part of `/me/agents`.

use leptos::prelude::*;
use portal_core::{
    activity::{ActivityCursor, CallOutcome, OwnCall},
    identity::SignedIn,
    time::UnixMillis,
};

use crate::{
    components::{Tone, badge, empty, when},
    page::{PageError, PageRequest},
    pages::consent::client_label,
    text,
};

/// Calls of a page.
const ROWS: u32 = 25;

/// The latest calls, or those before the place that the address names.
pub(super) async fn section(page: &PageRequest, person: &SignedIn) -> Result<AnyView, PageError> {
    let asked = page.request.query("before").and_then(|text| ActivityCursor::parse(&text));
    let before = asked.unwrap_or(ActivityCursor::NEWEST);
    let length = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let mut calls = page.request.services().activity.list_own(person, before, ROWS + 1).await?;
    let more = calls.len() > length;
    calls.truncate(length);
    let older = calls.last().filter(|_| more).map(|call| {
        let href = format!("/me/agents?before={}#activity", call.cursor.text());
        view! { <a class="btn small" rel="next" href=href>"Older calls"</a> }
    });
    let newest = asked.map(|_| view! { <a class="btn small" href="/me/agents#activity">"Newest calls"</a> });
    let body = if calls.is_empty() {
        empty(
            "No calls yet",
            "What your agents ask Portal is listed here for 90 days: the tool, and how it ended.",
            None,
        )
    } else {
        let shown = text::count_of(calls.len(), "call", "calls");
        view! {
            {table(&calls, page.request.now())}
            <div class="pager"><span>{format!("{shown} on this page, times are UTC")}</span><span class="cluster tight">{newest}{older}</span></div>
        }
        .into_any()
    };
    let view = view! {
        <section class="panel" id="activity" aria-labelledby="activity-title">
            <header><h2 id="activity-title">"Recent activity"</h2></header>
            {body}
        </section>
    };
    Ok(view.into_any())
}

fn table(calls: &[OwnCall], now: UnixMillis) -> AnyView {
    let rows = calls.iter().map(|call| row(call, now)).collect_view();
    view! {
        <table class="table">
            <caption class="sr">"What your agents did, newest first"</caption>
            <thead><tr>
                <th scope="col">"Time"</th>
                <th scope="col" class="wide">"Agent"</th>
                <th scope="col">"Tool"</th>
                <th scope="col">"Outcome"</th>
                <th scope="col" class="wide num">"Took"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// The time; with the day when it was another one.
fn time_words(at: UnixMillis, now: UnixMillis) -> String {
    if text::date(at) == text::date(now) {
        text::clock_seconds(at)
    } else {
        format!("{}, {}", text::day_month(at), text::clock_seconds(at))
    }
}

fn agent_words(own: &OwnCall) -> String {
    match (&own.client, &own.token_name) {
        (Some(client), _) if client.name.is_empty() => client_label(client),
        (Some(client), _) => client.name.clone(),
        (None, Some(token)) => token.clone(),
        (None, None) if own.call.token_id.is_some() => "A token that is gone".to_owned(),
        (None, None) => "A session that is gone".to_owned(),
    }
}

fn row(own: &OwnCall, now: UnixMillis) -> AnyView {
    let call = &own.call;
    let agent = agent_words(own);
    let by =
        own.client.as_ref().map(client_label).or_else(|| own.token_name.as_ref().map(|_| "token".to_owned()));
    let outcome = match call.outcome {
        CallOutcome::Done => view! { <span class="muted">"Answered"</span> }.into_any(),
        CallOutcome::Failed => badge(Tone::Warning, "Failed"),
        CallOutcome::Refused => badge(Tone::Bad, "Refused"),
    };
    let took = match call.duration_us {
        us if us < 1_000 => "under 1 ms".to_owned(),
        us => format!("{} ms", text::thousands(us / 1_000)),
    };
    view! {
        <tr>
            <td class="nowrap">{when(call.at, time_words(call.at, now))}</td>
            <td class="wide"><bdi class="break">{agent.clone()}</bdi><span class="sub break"><bdi>{by}</bdi></span></td>
            <td><code class="break">{call.tool.clone()}</code><span class="sub only-s break"><bdi>{agent}</bdi></span></td>
            <td>{outcome}</td>
            <td class="wide num nowrap">{took}</td>
        </tr>
    }
    .into_any()
}
