//! What went wrong lately with agents that connect, a part of `/settings/agents`.

use leptos::prelude::*;
use portal_core::{
    attempts::{AdminAttempt, AttemptKind, AttemptSource},
    identity::Admin,
    time::UnixMillis,
};

use crate::{
    components::{empty, entity_link, when},
    page::{PageError, PageRequest},
    text,
};

/// Attempts shown at first.
const ROWS: u32 = 5;
/// Attempts shown when all are asked for.
const ROWS_ALL: u32 = 100;

/// The failures, newest first: of everybody, and of nobody known.
pub(super) async fn section(page: &PageRequest, admin: &Admin) -> Result<AnyView, PageError> {
    let all = page.request.query("attempts").is_some();
    let limit = if all { ROWS_ALL } else { ROWS };
    let service = &page.request.services().attempts;
    let mut attempts = service.failures(admin, limit + 1).await?;
    let length = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = attempts.len() > length;
    attempts.truncate(length);
    let body = if attempts.is_empty() {
        empty(
            "Nothing went wrong",
            "When an agent cannot connect, the reason is kept here for seven days.",
            None,
        )
    } else {
        let link = match (all, more) {
            (false, true) => Some(
                view! { <a class="btn small" href="/settings/agents?attempts=all#attempts">"Show more"</a> },
            ),
            (true, _) => {
                Some(view! { <a class="btn small" href="/settings/agents#attempts">"Show fewer"</a> })
            }
            (false, false) => None,
        };
        view! {
            {table(&attempts, page.request.now())}
            <div class="pager"><span>"Kept for seven days"</span>{link}</div>
        }
        .into_any()
    };
    let view = view! {
        <section class="panel mb-6" id="attempts" aria-labelledby="attempts-title">
            <header><h2 id="attempts-title">"Recent attempts that failed"</h2></header>
            {body}
        </section>
    };
    Ok(view.into_any())
}

fn table(attempts: &[AdminAttempt], now: UnixMillis) -> AnyView {
    let rows = attempts.iter().map(|found| row(found, now)).collect_view();
    view! {
        <table class="table stacked">
            <caption class="sr">"Attempts to connect that failed, newest first"</caption>
            <thead><tr>
                <th scope="col">"What happened"</th>
                <th scope="col">"Client"</th>
                <th scope="col">"Person"</th>
                <th scope="col" class="wide">"From"</th>
                <th scope="col" class="wide">"When"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(found: &AdminAttempt, now: UnixMillis) -> AnyView {
    let AdminAttempt { attempt, user } = found;
    let words = attempt.kind.words(&attempt.detail);
    let client = match (attempt.client_id.is_empty(), attempt.client_name.is_empty()) {
        (true, true) => view! { <span class="faint">"Not known"</span> }.into_any(),
        (true, false) => view! { <bdi class="break">{attempt.client_name.clone()}</bdi> }.into_any(),
        (false, _) => view! {
            <code class="break"><bdi>{attempt.client_id.clone()}</bdi></code>
            <span class="sub break"><bdi>{attempt.client_name.clone()}</bdi></span>
        }
        .into_any(),
    };
    let person = match user {
        Some(user) => view! {
            <b class="break"><bdi>{user.display_name.clone()}</bdi></b>
            <span class="sub">{entity_link(&user.entity_ref, Some(user.entity_ref.to_string()))}</span>
        }
        .into_any(),
        None => view! { <span class="faint">{nobody(attempt.source, attempt.kind)}</span> }.into_any(),
    };
    view! {
        <tr>
            <td><b>{words.heading}</b><span class="sub break"><bdi>{words.what}</bdi></span></td>
            <td>{client}</td>
            <td>{person}</td>
            <td class="wide nowrap">{attempt.address.clone()}</td>
            <td class="wide nowrap">{when(attempt.at, text::ago(now, attempt.at))}</td>
        </tr>
    }
    .into_any()
}

const fn nobody(source: AttemptSource, kind: AttemptKind) -> &'static str {
    match (source, kind) {
        (AttemptSource::Token, _) => "A service",
        (_, AttemptKind::OriginRefused) => "A web page",
        _ => "Nobody signed in",
    }
}
