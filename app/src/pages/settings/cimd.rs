//! Client ID metadata documents: the switch, and who may connect.

use leptos::prelude::*;
use portal_model::{
    Field,
    settings::{CimdPolicy, Settings},
};

use super::{
    confirm::ended_words,
    general::{State, session_words},
};
use crate::{
    components::{Icon, Switch, Tone, beta, form_error, hidden, icon, live, saved, status, switch},
    flash::FormId,
    page::{FormOutcome, PageRequest},
};

/// The section.
pub(super) fn section(page: &PageRequest, state: &State) -> AnyView {
    view! {
        <section class="sec" id="cimd" aria-labelledby="cimd-title">
            <div class="about">
                <h2 id="cimd-title">"Client ID metadata documents"{beta()}</h2>
                <p>"An agent’s maker publishes a page with the agent’s name and return addresses. Portal reads it when someone signs in, so nobody registers agents by hand."</p>
                <p>"Beta means that defaults may change in a later release."</p>
            </div>
            <div class="stack-4">
                <div class="panel">{enable(&page.outcome(FormId::Cimd), state)}</div>
                <div class="panel">
                    <header><h3>"Who may connect"</h3>{saved(page.outcome(FormId::Policy).done_at())}</header>
                    {policy(&page.outcome(FormId::Policy), state.settings.cimd_policy)}
                    {patterns(&page.outcome(FormId::Patterns), &state.settings)}
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn enable(outcome: &FormOutcome, state: &State) -> AnyView {
    let on = state.settings.cimd_enabled;
    let words = view! {
        <span>
            <span class="what">"Enable client ID metadata documents"</span>
            <span class="why" id="cimd-why">"Agents that support it send people to the sign-in page and get a token of their own. Off: such agents are refused, with a page that says why."</span>
        </span>
    };
    let tone = if on && state.documents.count.sessions > 0 { Tone::Good } else { Tone::Plain };
    let line = view! {
        <span class="state cluster">{status(tone, session_words(state.documents.count))}{saved(outcome.done_at())}{ended_words(outcome)}{form_error(outcome)}</span>
    };
    let control = Switch {
        id: "cimd-enabled".to_owned(),
        action: "/_ui/settings_cimd",
        label: "Enable client ID metadata documents".to_owned(),
        described_by: Some("cimd-why".to_owned()),
        on,
        confirm: Some("cimd-question"),
        sends: Vec::new(),
    };
    switch(control, "row", words.into_any(), Some(line.into_any()))
}

fn policy(outcome: &FormOutcome, current: CimdPolicy) -> AnyView {
    let choice = move |policy: CimdPolicy, value: &'static str, title: &'static str, why: &'static str| {
        let why_id = format!("policy-{value}");
        view! {
            <label>
                <input class="radio" type="radio" name="policy" value=value checked=policy == current
                    aria-label=title aria-describedby=why_id.clone()/>
                <span><span class="t">{title}</span><span class="d" id=why_id>{why}</span></span>
            </label>
        }
    };
    let form = view! {
        <form method="post" action="/_ui/settings_policy" class="pad">
            <fieldset>
                <legend class="sr">"Which agents may connect"</legend>
                <div class="scopes">
                    {choice(
                        CimdPolicy::WellKnown, "well-known", "Well-known agents and the list below",
                        "The agents whose documents come with Portal, and the addresses that you add.",
                    )}
                    {choice(
                        CimdPolicy::Any, "any", "Any agent with a document",
                        "Whoever can publish a page can ask your people for consent. The consent page names the host.",
                    )}
                </div>
            </fieldset>
            {form_error(outcome)}
            <button class="btn small apply" type="submit">"Apply"</button>
        </form>
    };
    live(true, "", form.into_any())
}

fn patterns(outcome: &FormOutcome, settings: &Settings) -> AnyView {
    let rows = settings
        .cimd_allowed
        .iter()
        .map(|pattern| pattern_row(&String::from(pattern.clone())))
        .collect_view();
    let error = outcome.error_of(Field::ClientPatterns);
    let invalid = error.map(|_| "true");
    let form = view! {
            <form method="post" action="/_ui/settings_pattern_add" class="pad add">
                <div class="field">
                    <label for="pattern">"Allow an address"</label>
                    <div class="cluster nowrap-row">
                        <input class="input mono" id="pattern" name="pattern" type="text" autocomplete="off" spellcheck="false"
                            value=outcome.value(Field::ClientPatterns).unwrap_or_default()
                            aria-invalid=invalid aria-describedby="pattern-hint"/>
                        <button class="btn" type="submit">"Add address"</button>
                    </div>
                    {error.map(|code| view! { <p class="err">{icon(Icon::Fault)}<span>{code.message()}</span></p> })}
                    <p class="hint" id="pattern-hint">"A host with an optional path, such as "<code>"agents.example.com/oauth/"</code>
                        ". Everything below that path is meant."</p>
                    {saved(outcome.done_at())}
                </div>
            </form>
    };
    let form = live(false, "", form.into_any());
    view! { <ul class="list patterns" aria-label="Allowed addresses">{rows}</ul>{form} }.into_any()
}

fn pattern_row(pattern: &str) -> AnyView {
    let label = format!("Remove {pattern}");
    let remove = view! {
        <form method="post" action="/_ui/settings_pattern_remove">
            {hidden("pattern", pattern)}
            <button class="btn small" type="submit" aria-label=label>"Remove"</button>
        </form>
    };
    let remove = live(false, "", remove.into_any());
    view! { <li>{icon(Icon::Link)}<code class="break">{pattern.to_owned()}</code>{remove}</li> }.into_any()
}
