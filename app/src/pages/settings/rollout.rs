//! End-user rollout: the announcement, whom it is for, its words, how it looks, and how far it came.

use leptos::prelude::*;
use portal_core::rollout::{Banner, RolloutNumbers};
use portal_model::{
    Field,
    settings::{ROLLOUT_MESSAGE_LENGTH_MAX, ROLLOUT_PROMPT_LENGTH_MAX, ROLLOUT_PROMPTS_MAX},
};

use super::{audience, general::State};
use crate::{
    components::{Icon, Switch, banner, form_error, icon, live, saved, switch},
    flash::FormId,
    page::{FormOutcome, PageRequest},
    server_fns::settings::LINE_KEPT,
    text,
};

/// The section.
pub(super) fn section(page: &PageRequest, state: &State) -> AnyView {
    let settings = &*state.settings;
    let preview = Banner { message: settings.rollout_message.clone(), seen: true };
    view! {
        <section class="sec" id="rollout" aria-labelledby="rollout-title">
            <div class="about">
                <h2 id="rollout-title">"End-user rollout"</h2>
                <p>"Tells people that they can connect an agent: a banner on their home page and "<b>"Portal MCP"</b>" in their profile menu."</p>
                <p>"The banner goes away once a person has connected an agent, or puts it away. The setup page and the menu entry of people with an agent or a token stay, announced or not."</p>
            </div>
            <div class="stack-4">
                <div class="panel">
                    {announce(&page.outcome(FormId::Announce), state)}
                    {numbers(&state.rollout)}
                </div>
                {audience::panel(&page.outcome(FormId::Audience), settings, &state.groups)}
                <div class="panel">
                    <header><h3>"What people see"</h3></header>
                    <div class="pad stack-3" inert>{banner(&preview)}{prompts_preview(&settings.rollout_prompts)}</div>
                    {words(&page.outcome(FormId::Message), &settings.rollout_message, &settings.rollout_prompts)}
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn announce(outcome: &FormOutcome, state: &State) -> AnyView {
    let settings = &*state.settings;
    let why = match (state.agents_can_sign_in, settings.rollout_announce) {
        (true, _) => "Off: the banner disappears at once. Connected agents keep working.",
        (false, true) => {
            "Nobody sees it right now, because agents cannot sign in. It is there again once they can."
        }
        (false, false) => {
            "Agents cannot sign in yet, so there is nothing to announce. Enable client ID metadata documents first."
        }
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

/// How far it came, in people and as shares of the audience.
fn numbers(numbers: &RolloutNumbers) -> AnyView {
    let figure = |word: &'static str, number: i64| {
        let share = numbers.percent(number).map(|share| view! { <span>{format!("{share} %")}</span> });
        view! { <div><dt>{word}</dt><dd>{text::thousands(number)}" "{share}</dd></div> }
    };
    let of = text::count(numbers.audience, "person with an account", "people with an account");
    view! {
        <div class="pad stack-3">
            <dl class="strip inner" aria-label="How far the announcement came">
                <div><dt>"Audience"</dt><dd>{text::thousands(numbers.audience)}</dd></div>
                {figure("Seen", numbers.seen)}
                {figure("Opened", numbers.opened)}
                {figure("Connected", numbers.connected)}
            </dl>
            <p class="small muted">{format!(
                "Of {of} whom it is for. Seen: the banner was on their home page. Opened: they opened the setup page. Connected: they have had an agent, or a token in use."
            )}</p>
        </div>
    }
    .into_any()
}

fn prompts_preview(prompts: &[String]) -> Option<AnyView> {
    (!prompts.is_empty()).then(|| {
        let lines = prompts.iter().map(|prompt| view! { <li><bdi>{prompt.clone()}</bdi></li> }).collect_view();
        view! { <div class="small"><p class="muted">"At the end of the setup, they are invited to ask:"</p><ul class="plain">{lines}</ul></div> }
            .into_any()
    })
}

fn words(outcome: &FormOutcome, message: &str, prompts: &[String]) -> AnyView {
    let form = view! {
        <form method="post" action="/_ui/settings_message">
            <div class="pad stack-4">
                {form_error(outcome)}
                {message_field(outcome, message)}
                {prompts_field(outcome, prompts)}
            </div>
            <footer class="foot-bar">{saved(outcome.done_at())}<button class="btn" type="submit">"Save words"</button></footer>
        </form>
    };
    live(false, "", form.into_any())
}

fn message_field(outcome: &FormOutcome, current: &str) -> AnyView {
    let error = outcome.error_of(Field::Message);
    let invalid = error.map(|_| "true");
    let value = outcome.value(Field::Message).unwrap_or_else(|| current.to_owned());
    let hint = format!(
        "One or two sentences, {ROLLOUT_MESSAGE_LENGTH_MAX} characters at most. Empty for Portal’s own words."
    );
    view! {
        <div class="field">
            <label for="message">"Your own words"</label>
            <input class="input" id="message" name="message" type="text" autocomplete="off"
                maxlength=ROLLOUT_MESSAGE_LENGTH_MAX.to_string() value=value
                aria-invalid=invalid aria-describedby="message-hint"/>
            {error.map(|code| view! { <p class="err">{icon(Icon::Fault)}<span>{code.message()}</span></p> })}
            <p class="hint" id="message-hint">{hint}</p>
        </div>
    }
    .into_any()
}

fn prompts_field(outcome: &FormOutcome, current: &[String]) -> AnyView {
    let error = outcome.error_of(Field::Prompts);
    let invalid = error.map(|_| "true");
    let value = match outcome.value(Field::Prompts) {
        Some(kept) => kept.replace(LINE_KEPT, "\n"),
        None => current.join("\n"),
    };
    let hint = format!(
        "What people can ask their agent first, one a line: at most {ROLLOUT_PROMPTS_MAX}, each of {ROLLOUT_PROMPT_LENGTH_MAX} characters at most. Empty for Portal’s own, which name what a person owns."
    );
    view! {
        <div class="field">
            <label for="prompts">"Example prompts"</label>
            <textarea class="input" id="prompts" name="prompts" rows="5" autocomplete="off"
                aria-invalid=invalid aria-describedby="prompts-hint">{value}</textarea>
            {error.map(|code| view! { <p class="err">{icon(Icon::Fault)}<span>{code.message()}</span></p> })}
            <p class="hint" id="prompts-hint">{hint}</p>
        </div>
    }
    .into_any()
}
