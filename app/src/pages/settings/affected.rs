//! Whose sessions a change would touch.

use leptos::prelude::*;
use portal_core::oauth::Affected;

use crate::{pages::consent::client_title, text};

/// "42 agent sessions of 17 people"
pub(super) fn affected_words(affected: &Affected) -> String {
    let sessions = text::count(affected.count.sessions, "agent session", "agent sessions");
    format!("{sessions} of {}", text::count(affected.count.people, "person", "people"))
}

/// The clients with the most of them, as a list; nothing when there are none.
pub(super) fn clients_told(affected: &Affected) -> Option<AnyView> {
    if affected.clients.is_empty() {
        return None;
    }
    let told: i64 = affected.clients.iter().map(|(_, sessions)| sessions).sum();
    let others = affected.count.sessions - told;
    let others = (others > 0).then(|| {
        view! { <li class="muted">{format!("{} of other agents", text::count(others, "session", "sessions"))}</li> }
    });
    let rows = affected
        .clients
        .iter()
        .map(|(client, sessions)| {
            view! {
                <li>
                    <code class="break"><bdi>{client_title(client)}</bdi></code>
                    " "<span class="muted">{text::count(*sessions, "session", "sessions")}</span>
                </li>
            }
        })
        .collect_view();
    Some(view! { <ul class="plain">{rows}{others}</ul> }.into_any())
}
