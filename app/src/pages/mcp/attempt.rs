//! How far the person is with connecting an agent: the part of `/mcp/setup` that renews itself.
//!
//! There is no island in it, and it says when things were, not how long ago: it is renewed only when it changes.

use leptos::prelude::*;
use portal_core::{
    attempts::AttemptKind,
    oauth::Credential,
    setup::{Agent, ConnectedAgent, Guide, SetupFailure, SetupProgress, SetupState, Way},
    time::UnixMillis,
};
use portal_model::ScopeSet;

use super::who_am_i;
use crate::{
    components::{Door, Icon, Tone, badge, glyph, icon, note, when},
    islands::LivePart,
    pages::consent::{client_label, scope_label},
    text,
};

/// Id of the part.
const PART: &str = "attempt-state";
/// Steps of an agent that signs in.
const SIGN_IN: [AttemptKind; 4] = [
    AttemptKind::AuthorizationBegun,
    AttemptKind::ConsentGiven,
    AttemptKind::CodeExchanged,
    AttemptKind::FirstCall,
];

/// The part, renewed by itself where there is scripting. `here`: see [`waiting`].
pub(super) fn live_state(guide: &Guide, progress: &SetupProgress, here: bool) -> AnyView {
    let version = progress.version();
    let source = format!("/_live/setup?agent={}", guide.agent.slug());
    let part = state(guide, progress, here);
    view! { <LivePart source=source part=PART.to_owned() version=version>{part}</LivePart> }.into_any()
}

fn state(guide: &Guide, progress: &SetupProgress, here: bool) -> AnyView {
    let failure = progress.failure.as_ref().map(failure);
    let content = match &progress.connected {
        Some(agent) => connected(guide.agent, agent, progress),
        None => waiting(guide, progress, here),
    };
    view! { <div class="attempt" id=PART>{failure}{content}</div> }.into_any()
}

/// Why the latest try failed.
fn failure(failure: &SetupFailure) -> AnyView {
    let SetupFailure { at, words, client, .. } = failure;
    let client = (!client.is_empty()).then(|| view! { ", "<bdi class="break">{client.clone()}</bdi> });
    let content = view! {
        <p><b>{words.heading}</b>" "<span class="faint">{when(*at, text::clock_time(*at))}{client}</span></p>
        <p class="break"><bdi>{words.what.clone()}</bdi></p>
        <p>{words.ask}</p>
    };
    view! { <div role="alert">{note(Tone::Bad, content)}</div> }.into_any()
}

/// `here` says that the page was opened by its own link: browsers take a link to the address they are at, with a place on
/// the page, for a jump, and do not load it again. So the link alternates between two addresses.
fn waiting(guide: &Guide, progress: &SetupProgress, here: bool) -> AnyView {
    let title = guide.agent.within_sentence();
    let (heading, says) = match progress.state {
        SetupState::SigningIn => ("Signing in…", "Answer the question in the window that your agent opened."),
        SetupState::Allowed => ("You allowed it", "Waiting for your agent to fetch its token…"),
        SetupState::Ready => ("Your agent has its token", "Waiting for its first call…"),
        SetupState::Waiting | SetupState::Connected => {
            ("Waiting for your agent…", "Ask it something, such as “Who am I in Portal?”")
        }
    };
    let other = if here { "" } else { "&again=1" };
    let again = format!("/mcp/setup?agent={}{other}#attempt", guide.agent.slug());
    let by_token = matches!(guide.ways.first(), Some(Way::Token { .. }));
    let expected: &[AttemptKind] =
        if by_token && progress.steps.is_empty() { &[AttemptKind::TokenUsed] } else { &SIGN_IN };
    view! {
        <section class="panel" aria-labelledby="attempt-heading">
            <div class="live">
                {glyph(Door::Waiting)}
                <div>
                    <h3 id="attempt-heading">{heading}</h3>
                    <p>{says}<span class="needs-js">" This page changes by itself."</span></p>
                </div>
                <a class="btn" href=again>{icon(Icon::Refresh)}"Refresh"</a>
            </div>
            {log(expected, &progress.steps)}
            {nothing_happens(title)}
        </section>
    }
    .into_any()
}

fn log(expected: &[AttemptKind], steps: &[(AttemptKind, UnixMillis)]) -> AnyView {
    let items = expected.iter().map(|kind| {
        let words = kind.words("");
        let done = steps.iter().find(|(step, _)| step == kind).map(|(_, at)| *at);
        let class = if done.is_some() { "" } else { "todo" };
        let mark = icon(if done.is_some() { Icon::Check } else { Icon::Pending });
        let state = if done.is_some() { " (done)" } else { " (not yet)" };
        let at = done.map(|at| when(at, text::clock_seconds(at)));
        let said = done.map(|_| view! { <span class="d said">{words.what.clone()}</span> });
        view! {
            <li class=class>{mark}<span>{words.heading}<span class="sr">{state}</span>{said}</span><span class="r">{at}</span></li>
        }
    });
    view! { <ul class="log">{items.collect_view()}</ul> }.into_any()
}

fn nothing_happens(title: &'static str) -> AnyView {
    view! {
        <details class="help" id="nothing-happens">
            <summary>{icon(Icon::Next)}"Nothing happens?"</summary>
            <ul>
                <li>{format!("See whether {title} lists Portal among its MCP servers. If it does not, do step 2 again.")}</li>
                <li>"Restart the agent: many read their servers only when they start."</li>
                <li>"What arrives without your browser or token is shown to admins alone. They find it under App settings, Connected agents."</li>
            </ul>
        </details>
    }
    .into_any()
}

/// Which client it is, in words, and what it may do.
pub(super) fn client_of(credential: &Credential) -> (String, String, ScopeSet) {
    match credential {
        Credential::Session(session) => {
            (session.client.name.clone(), client_label(&session.client), session.scope)
        }
        Credential::Token(token) => {
            let scope = ScopeSet { level: token.scope, offline_access: false };
            (token.name.clone(), "by a token".to_owned(), scope)
        }
    }
}

fn connected(agent: Agent, connected: &ConnectedAgent, progress: &SetupProgress) -> AnyView {
    let (name, host, scope) = client_of(&connected.credential);
    let kinds: Vec<AttemptKind> = progress.steps.iter().map(|(kind, _)| *kind).collect();
    let steps = (!kinds.is_empty()).then(|| log(&kinds, &progress.steps));
    let told = if agent == Agent::Other { "Your agent" } else { agent.title() };
    view! {
        <section class="panel" aria-labelledby="attempt-heading">
            <div class="live">
                {glyph(Door::Open)}
                <div>
                    <h3 id="attempt-heading">"Connected at "{when(connected.at, text::clock_time(connected.at))}</h3>
                    <p class="break"><bdi>{name}</bdi>", "<bdi>{host}</bdi></p>
                    <span class="sr"><span class="saved">{format!("{told} is connected.")}</span></span>
                </div>
                {badge(Tone::Good, scope_label(scope))}
            </div>
            {steps}
        </section>
        {who_am_i::panel(progress.who_am_i.as_ref(), connected.ends_at)}
    }
    .into_any()
}
