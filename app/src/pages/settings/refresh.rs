//! Refresh tokens: the switch, and both lifetimes.

use leptos::prelude::*;
use portal_model::{
    Field,
    lifetimes::{RefreshLifetimes, SessionLifetimeDays, TokenLifetimeDays},
};

use super::{
    confirm::ended_words,
    general::{State, session_words},
    life::life,
};
use crate::{
    components::{
        Switch, Tone, UnitField, beta, error_summary, form_error, live, saved, status, switch, unit_field,
    },
    flash::FormId,
    page::{FormOutcome, PageRequest},
};

/// The section.
pub(super) fn section(page: &PageRequest, state: &State) -> AnyView {
    view! {
        <section class="sec" id="refresh" aria-labelledby="refresh-title">
            <div class="about">
                <h2 id="refresh-title">"Refresh tokens"{beta()}</h2>
                <p>"Keep an agent signed in between runs. Each refresh token works once and is replaced by the next."</p>
                <p>"They apply to "<b>"every OAuth client"</b>" of Portal, not only to coding agents."</p>
            </div>
            <div class="stack-4">
                <div class="panel">{enable(&page.outcome(FormId::Refresh), state)}</div>
                {lifetimes(&page.outcome(FormId::Lifetimes), state.settings.refresh_lifetimes, state.settings.refresh_enabled)}
            </div>
        </section>
    }
    .into_any()
}

fn enable(outcome: &FormOutcome, state: &State) -> AnyView {
    let on = state.settings.refresh_enabled;
    let why = format!(
        "Off: people sign in again each time the {}-minute access token ends.",
        state.access_token_minutes
    );
    let words = view! {
        <span><span class="what">"Enable refresh tokens"</span><span class="why" id="refresh-why">{why}</span></span>
    };
    let tone = if on && state.refreshable.count.sessions > 0 { Tone::Good } else { Tone::Plain };
    let state_words =
        if on { session_words(state.refreshable.count) } else { "No new ones are issued.".to_owned() };
    let line = view! {
        <span class="state cluster">{status(tone, state_words)}{saved(outcome.done_at())}{ended_words(outcome)}{form_error(outcome)}</span>
    };
    let control = Switch {
        id: "refresh-enabled".to_owned(),
        action: "/_ui/settings_refresh",
        label: "Enable refresh tokens".to_owned(),
        described_by: Some("refresh-why".to_owned()),
        on,
        confirm: Some("refresh-question"),
        sends: Vec::new(),
    };
    switch(control, "row", words.into_any(), Some(line.into_any()))
}

fn lifetimes(outcome: &FormOutcome, current: RefreshLifetimes, on: bool) -> AnyView {
    let id_of = |field| match field {
        Field::TokenLifetimeDays => Some("token-lifetime"),
        Field::SessionLifetimeDays => Some("session-lifetime"),
        _ => None,
    };
    let typed = |field, days: u16| outcome.value(field).unwrap_or_else(|| days.to_string());
    let token = UnitField {
        id: "token-lifetime",
        name: "token",
        label: "Token lifetime (days)",
        unit: "days",
        limits: (TokenLifetimeDays::MIN, TokenLifetimeDays::MAX),
        value: typed(Field::TokenLifetimeDays, current.token().days()),
        hint: limit_words(
            "How long an agent may stay unused.",
            TokenLifetimeDays::DEFAULT.days(),
            TokenLifetimeDays::MAX,
        ),
        error: outcome.error_of(Field::TokenLifetimeDays),
    };
    let session = UnitField {
        id: "session-lifetime",
        name: "session",
        label: "Maximum session lifetime (days)",
        unit: "days",
        limits: (SessionLifetimeDays::MIN, SessionLifetimeDays::MAX),
        value: typed(Field::SessionLifetimeDays, current.session().days()),
        hint: limit_words(
            "Then people sign in again, used or not.",
            SessionLifetimeDays::DEFAULT.days(),
            SessionLifetimeDays::MAX,
        ),
        error: outcome.error_of(Field::SessionLifetimeDays),
    };
    let unused = (!on).then(|| view! { <span>" They count once refresh tokens are on."</span> });
    let form = view! {
        <form method="post" action="/_ui/settings_lifetimes" class="panel" novalidate aria-label="Lifetimes">
            <div class="pad stack-4">
                {error_summary(outcome, id_of)}
                <div class="pair">{unit_field(token)}{unit_field(session)}</div>
            </div>
            {life(current)}
            <footer>
                <span>"A lower value shortens sessions that are open now. A higher one lengthens none."{unused}</span>
                <span class="cluster">{saved(outcome.done_at())}<button class="btn solid" type="submit">"Save"</button></span>
            </footer>
        </form>
    };
    live(false, "", form.into_any())
}

fn limit_words(what: &str, default: u16, most: u16) -> String {
    format!("{what} {default} days by default, {most} at most.")
}
