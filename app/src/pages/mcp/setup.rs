//! `/mcp/setup`

use leptos::prelude::*;
use portal_core::{
    identity::SignedIn,
    setup::{Agent, Guide, Introduction, Way},
    tokens::EXPIRY_DAYS_DEFAULT,
};
use portal_model::Scope;

use super::{
    attempt::{client_of, live_state},
    setup_steps::steps,
    try_it,
};
use crate::{
    components::{Frame, Icon, Section, Tone, avatar, chip, form_error, hidden, icon, note},
    flash::FormId,
    page::{PageError, PageRequest, PageResult},
    pages::settings::token_form,
};

/// The guided setup: choose an agent, tell it of Portal, sign in, try it.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let services = page.request.services();
    services.rollout.opened(&frame.signed_in).await;
    let guides = services.setup.guides().await?;
    let chosen = page.request.query("agent").and_then(|slug| Agent::parse(&slug));
    let guide = guides.iter().find(|guide| Some(guide.agent) == chosen);
    let content = match guide {
        Some(guide) => guided(&page, &frame, &guides, guide).await?,
        None => unguided(&page, &frame.signed_in, &guides).await?,
    };
    Ok(frame.page("Set up MCP", Section::Mine, content))
}

/// Before an agent is chosen.
async fn unguided(page: &PageRequest, person: &SignedIn, guides: &[Guide]) -> Result<AnyView, PageError> {
    let connected = page.request.services().setup.progress(person, None).await?.connected;
    let connected = connected.map(|agent| {
        let (name, ..) = client_of(&agent.credential);
        let words = view! {
            <p><b><bdi>{name}</bdi>" is connected."</b>" Choose below to add another, or see "<a href="/me/agents">"Portal MCP"</a>"."</p>
        };
        view! { <div class="mb-6">{note(Tone::Good, words)}</div> }
    });
    let view = view! {
        {head(page)}
        {connected}
        <div class="guide">{progress(Place::Choosing)}<div>{choice(guides, None)}</div></div>
    };
    Ok(view.into_any())
}

/// The whole guide for one agent; once that is connected, what came of it first.
async fn guided(
    page: &PageRequest,
    frame: &Frame,
    guides: &[Guide],
    guide: &Guide,
) -> Result<AnyView, PageError> {
    let person = &frame.signed_in;
    let setup = &page.request.services().setup;
    setup.open(person, guide.agent).await?;
    let found = setup.progress(person, Some(guide.agent)).await?;
    let is_connected = found.connected.is_some();
    let state = attempt(guide, live_state(guide, &found, page.request.query("again").is_some()));
    let try_it = try_it::section(page, person, &frame.rollout.prompts, guide.agent.within_sentence()).await?;
    let steps = view! { {choice(guides, Some(guide.agent))}{connect(page, guide)} };
    if !is_connected {
        let view = view! {
            {head(page)}
            <div class="guide">{progress(Place::Connecting)}<div>{steps}{state}{try_it}</div></div>
        };
        return Ok(view.into_any());
    }
    let outcome = page.outcome(FormId::OwnToken);
    let opened = outcome.link().is_some() || !outcome.errors().is_empty();
    let view = view! {
        {head_connected(guide)}
        <div class="guide">
            {progress(Place::Connected)}
            <div>
                {state}{try_it}
                <details class="panel help" id="again" open=opened>
                    <summary>{icon(Icon::Next)}"How to connect it on another machine, or another agent"</summary>
                    <div class="pad">{steps}</div>
                </details>
            </div>
        </div>
    };
    Ok(view.into_any())
}

fn head(page: &PageRequest) -> AnyView {
    let endpoint = page.request.services().dependencies.configuration.mcp_resource();
    view! {
        <div class="head">
            <div>
                <h1>"Connect your coding agent"</h1>
                <p class="lead">"About a minute. Your agent will see what you may see in Portal, and nothing else."</p>
            </div>
            {chip("Address", endpoint, "the MCP address")}
        </div>
    }
    .into_any()
}

fn head_connected(guide: &Guide) -> AnyView {
    let title = if guide.agent == Agent::Other { "Your agent" } else { guide.agent.title() };
    view! {
        <div class="head">
            <div>
                <h1>{format!("{title} is connected")}</h1>
                <p class="lead">"It acts as you, with what you allowed. End it at any time under Portal MCP."</p>
            </div>
            <span class="cluster">
                <a class="btn" href="/me/agents">"Manage agents"</a>
                <a class="btn" href="/mcp/setup">{icon(Icon::Add)}"Add another"</a>
            </span>
        </div>
    }
    .into_any()
}

/// Where one is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Choosing,
    Connecting,
    Connected,
}

/// Where one is, for wide windows.
fn progress(place: Place) -> AnyView {
    let (chosen, connected) = (place >= Place::Connecting, place == Place::Connected);
    let step = |number: &'static str, href: &'static str, words: &'static str, done: bool, now: bool| {
        let class = if done {
            "n done"
        } else if now {
            "n now"
        } else {
            "n"
        };
        let mark = if done { icon(Icon::Check) } else { number.into_any() };
        // The later steps are not there before an agent is chosen.
        let href = if chosen { href } else { "#choose" };
        view! {
            <li><a href=href aria-current=now.then_some("step")>
                <span class=class>{mark}</span>{words}{done.then(|| view! { <span class="sr">" (done)"</span> })}
            </a></li>
        }
    };
    view! {
        <nav class="steps-nav" aria-label="Steps">
            <ol>
                {step("1", "#choose", "Choose your agent", chosen, !chosen)}
                {step("2", "#connect", "Add Portal", connected, place == Place::Connecting)}
                {step("3", "#attempt", "Sign in", connected, false)}
                {step("4", "#try", "Try it", false, connected)}
            </ol>
            <p class="tiny faint">"You can leave and come back. The address of this page keeps your choice."</p>
        </nav>
    }
    .into_any()
}

/// The agents as links: the address keeps the choice, and no scripting is needed.
fn choice(guides: &[Guide], chosen: Option<Agent>) -> AnyView {
    let options = guides.iter().map(|guide| option(guide, chosen == Some(guide.agent))).collect_view();
    view! {
        <section class="step" id="choose" aria-labelledby="choose-title">
            <span class="n" aria-hidden="true">"1"</span>
            <h2 id="choose-title">"Choose your agent"</h2>
            <p class="say">"Agents that sign in open your browser. The others use a token."</p>
            <ul class="pick">{options}</ul>
        </section>
    }
    .into_any()
}

fn option(guide: &Guide, chosen: bool) -> AnyView {
    let href = format!("/mcp/setup?agent={}#connect", guide.agent.slug());
    view! {
        <li><a href=href aria-current=chosen.then_some("true")>
            {avatar("av agent", guide.agent.plate())}
            <span>{guide.agent.title()}<span class="sub">{how(guide)}</span></span>
        </a></li>
    }
    .into_any()
}

/// How an agent gets in, in two words.
fn how(guide: &Guide) -> &'static str {
    if !guide.is_open() {
        return "Ask an admin";
    }
    match guide.ways.first() {
        Some(Way::SignIn { by: Introduction::RegisteredClient, .. }) => "Client id or token",
        Some(Way::SignIn { .. }) => "Signs in",
        Some(Way::Token { .. }) | None => "Token",
    }
}

fn connect(page: &PageRequest, guide: &Guide) -> AnyView {
    let title = guide.agent.within_sentence();
    let obstacles = guide.obstacles.iter().map(|obstacle| {
        let tone = if guide.is_open() { Tone::Plain } else { Tone::Warning };
        view! { <li>{note(tone, view! { <p>{obstacle.words()}</p> })}</li> }
    });
    let obstacles = obstacles.collect_view();
    let several = guide.ways.len() > 1;
    let ways =
        guide.ways.iter().enumerate().map(|(place, found)| way(page, guide, found, several && place > 0));
    let ways = ways.collect_view();
    view! {
        <section class="step" id="connect" aria-labelledby="connect-title">
            <span class="n" aria-hidden="true">"2"</span>
            <h2 id="connect-title">{format!("Add Portal to {title}")}</h2>
            {(!guide.obstacles.is_empty()).then(|| view! { <ul class="stack-3 plain mb-4">{obstacles}</ul> })}
            <div class="stack-4">{ways}</div>
        </section>
    }
    .into_any()
}

/// One way in. Those after the first are folded away.
fn way(page: &PageRequest, guide: &Guide, way: &Way, folded: bool) -> AnyView {
    let (say, body) = match way {
        Way::SignIn { by, steps: found } => (sign_in_words(*by), steps(found)),
        Way::Token { own, steps: found } => {
            (token_words(*own), view! { {token(page, guide, *own)}{steps(found)} }.into_any())
        }
    };
    let summary = match way {
        Way::SignIn { .. } => "Or sign in",
        Way::Token { .. } => "Or use a token",
    };
    let content = view! { <p class="say">{say}</p><div class="stack-3">{body}</div> };
    if folded {
        let opened = page.outcome(FormId::OwnToken).link().is_some()
            || !page.outcome(FormId::OwnToken).errors().is_empty();
        return view! {
            <details class="panel help" id="token-way" open=opened>
                <summary>{icon(Icon::Next)}{summary}</summary>
                <div class="pad stack-3">{content}</div>
            </details>
        }
        .into_any();
    }
    view! { <div>{content}</div> }.into_any()
}

fn sign_in_words(by: Introduction) -> String {
    match by {
        Introduction::Document { since: Some(since) } => {
            format!("It needs no token: your browser opens and asks for your consent. This works since {since}.")
        }
        Introduction::Document { since: None } => {
            "It needs no token: your browser opens and asks for your consent.".to_owned()
        }
        Introduction::Registration => {
            "It needs no token: the agent registers itself with Portal, then your browser opens and asks for your consent."
                .to_owned()
        }
        Introduction::RegisteredClient => {
            "It needs no token, but a client id that an admin registered for this agent.".to_owned()
        }
    }
}

fn token_words(own: bool) -> String {
    let from = if own { "Create a token" } else { "Ask an admin for a token" };
    format!("{from} and keep it in the environment variable PORTAL_TOKEN. Whoever has it acts as you.")
}

/// The form for a token, or the token that was just made.
fn token(page: &PageRequest, guide: &Guide, own: bool) -> Option<AnyView> {
    if !own {
        return None;
    }
    let outcome = page.outcome(FormId::OwnToken);
    if let Some(made) = token_form::made(&[(outcome.clone(), outcome.subject().map(str::to_owned))]) {
        return Some(made);
    }
    let name = format!("{} on my machine", guide.agent.title());
    let view = view! {
        {form_error(&outcome)}
        <form method="post" action="/_ui/own_token_create">
            {hidden("agent", guide.agent.slug())}
            {hidden("name", &name)}
            {hidden("scope", Scope::Read.as_str())}
            {hidden("expires_days", EXPIRY_DAYS_DEFAULT.to_string())}
            <button class="btn" type="submit">{icon(Icon::Key)}"Create a token for 90 days"</button>
        </form>
    };
    Some(view.into_any())
}

fn attempt(guide: &Guide, state: AnyView) -> AnyView {
    let title = guide.agent.within_sentence();
    view! {
        <section class="step" id="attempt" aria-labelledby="attempt-title">
            <span class="n" aria-hidden="true">"3"</span>
            <h2 id="attempt-title">{format!("Sign in from {title}")}</h2>
            <p class="say">"Start the agent and ask: “Who am I in Portal?” Connected agents are listed under "<a href="/me/agents">"Portal MCP"</a>"."</p>
            {state}
        </section>
    }
    .into_any()
}
