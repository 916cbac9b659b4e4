//! End-user rollout: the announcement, its words, and how it looks.

use leptos::prelude::*;
use portal_core::rollout::Banner;
use portal_model::{Field, settings::ROLLOUT_MESSAGE_LENGTH_MAX};

use super::general::State;
use crate::{
    components::{Icon, Switch, banner, form_error, icon, live, saved, switch},
    flash::FormId,
    page::{FormOutcome, PageRequest},
};

/// The section.
pub(super) fn section(page: &PageRequest, state: &State) -> AnyView {
    let settings = &*state.settings;
    let preview = Banner { message: settings.rollout_message.clone() };
    view! {
        <section class="sec" id="rollout" aria-labelledby="rollout-title">
            <div class="about">
                <h2 id="rollout-title">"End-user rollout"</h2>
                <p>"Tells people that they can connect an agent: a banner on their home page and "<b>"Portal MCP"</b>" in their profile menu."</p>
                <p>"The banner goes away once a person has connected an agent."</p>
            </div>
            <div class="stack-4">
                <div class="panel">{announce(&page.outcome(FormId::Announce), state)}</div>
                <div class="panel">
                    <header><h3>"What people see"</h3></header>
                    <div class="pad" inert>{banner(&preview)}</div>
                    {message(&page.outcome(FormId::Message), &settings.rollout_message)}
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn announce(outcome: &FormOutcome, state: &State) -> AnyView {
    let settings = &*state.settings;
    let why = if state.agents_can_sign_in || settings.rollout_announce {
        "Off: the banner disappears at once. Connected agents keep working."
    } else {
        "Agents cannot sign in yet, so there is nothing to announce. Enable client ID metadata documents first."
    };
    let words = view! {
        <span><span class="what">"Announce MCP to users"</span><span class="why" id="announce-why">{why}</span></span>
    };
    let line = view! { <span class="state">{saved(outcome.done_at())}{form_error(outcome)}</span> };
    let control = Switch {
        id: "rollout-announce".to_owned(),
        action: "/_ui/settings_announce",
        label: "Announce MCP to users".to_owned(),
        described_by: Some("announce-why".to_owned()),
        on: settings.rollout_announce,
        confirm: None,
        sends: Vec::new(),
    };
    switch(control, "row", words.into_any(), Some(line.into_any()))
}

fn message(outcome: &FormOutcome, current: &str) -> AnyView {
    let error = outcome.error_of(Field::Message);
    let invalid = error.map(|_| "true");
    let value = outcome.value(Field::Message).unwrap_or_else(|| current.to_owned());
    let hint = format!(
        "One or two sentences, {ROLLOUT_MESSAGE_LENGTH_MAX} characters at most. Empty for Portal’s own words."
    );
    let form = view! {
        <form method="post" action="/_ui/settings_message">
            <div class="pad">
                <div class="field">
                    <label for="message">"Your own words"</label>
                    <input class="input" id="message" name="message" type="text" autocomplete="off"
                        maxlength=ROLLOUT_MESSAGE_LENGTH_MAX.to_string() value=value
                        aria-invalid=invalid aria-describedby="message-hint"/>
                    {error.map(|code| view! { <p class="err">{icon(Icon::Fault)}<span>{code.message()}</span></p> })}
                    <p class="hint" id="message-hint">{hint}</p>
                </div>
            </div>
            <footer class="foot-bar">{saved(outcome.done_at())}<button class="btn" type="submit">"Save words"</button></footer>
        </form>
    };
    live(false, "", form.into_any())
}
