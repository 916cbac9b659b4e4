//! `/settings/general`: General, with MCP

use std::sync::Arc;

use leptos::prelude::*;
use portal_core::{
    catalog::StoredEntity,
    oauth::{Affected, SessionCount},
    rollout::RolloutNumbers,
    services::MCP_PATH,
};
use portal_model::settings::Settings;

use super::{
    cimd,
    confirm::{Asking, dialog},
    refresh, rollout, self_check, sources,
};
use crate::{
    components::{Frame, SettingsSection, Tone, chip, note},
    page::{PageRequest, PageResult},
    text,
};

/// What the sections of the page show.
pub(super) struct State {
    pub(super) settings: Arc<Settings>,
    /// Whether agents have any way to sign in.
    pub(super) agents_can_sign_in: bool,
    /// Open sessions of agents.
    pub(super) open: SessionCount,
    /// Those of clients that are known by a document.
    pub(super) documents: Affected,
    /// Those that got refresh tokens.
    pub(super) refreshable: Affected,
    /// Lifetime of access tokens, in minutes.
    pub(super) access_token_minutes: u16,
    /// How far the announcement came.
    pub(super) rollout: RolloutNumbers,
    /// Groups that it can be for.
    pub(super) groups: Vec<StoredEntity>,
}

/// The settings of MCP.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let frame = Frame::load(&page).await?;
    let services = page.request.services();
    let state = State {
        settings: services.settings.current().await?,
        agents_can_sign_in: services.settings.agents_can_sign_in().await?,
        open: services.agent_sessions.count().await?,
        documents: services.agent_sessions.affected(&Asking::Cimd.sessions()).await?,
        refreshable: services.agent_sessions.affected(&Asking::Refresh.sessions()).await?,
        rollout: services.rollout.numbers(&admin).await?,
        groups: services.rollout.groups(&admin).await?,
        access_token_minutes: services.dependencies.configuration.access_token_lifetime_minutes,
    };
    let endpoint = format!("{}{MCP_PATH}", page.request.web.public_url);
    let registered = services.actions.sources();
    let auth_off =
        registered.iter().any(|source| source.id == "auth") && !state.settings.source_enabled("auth");
    let content = view! {
        <nav aria-label="Breadcrumb">
            <ol class="crumbs"><li>"App settings"</li><li>"General"</li><li aria-current="page">"MCP"</li></ol>
        </nav>
        <div class="head" id="mcp">
            <div><h1>"MCP"</h1><p class="lead">"Lets coding agents use Portal as the person who runs them."</p></div>
            {chip("Address", endpoint, "the MCP address")}
        </div>
        {auth_off.then(|| view! { <div class="mb-6">{note(Tone::Warning, auth_warning())}</div> })}
        {figures(&state, registered)}
        {cimd::section(&page, &state)}
        {refresh::section(&page, &state)}
        {sources::section(&page, &state.settings, registered)}
        {rollout::section(&page, &state)}
        {self_check_section()}
        {dialog(Asking::Cimd, &state.documents)}
        {dialog(Asking::Refresh, &state.refreshable)}
    };
    Ok(frame.settings("General settings", SettingsSection::General, content.into_any()))
}

fn self_check_section() -> AnyView {
    view! {
        <section class="sec" id="self-check" aria-labelledby="self-check-title">
            <div class="about">
                <h2 id="self-check-title">"Self-check"</h2>
                <p>"Portal connects to itself from its public URL, as an agent would, and names what is in the way: another address, missing https, a proxy that drops headers."</p>
            </div>
            <div class="stack-4"><div class="panel"><div class="row">
                <span>
                    <span class="what">"Can agents connect?"</span>
                    <span class="why">"It takes a few seconds and changes nothing."</span>
                </span>
                {self_check::button("Run self-check")}
            </div></div></div>
        </section>
    }
    .into_any()
}

fn auth_warning() -> AnyView {
    view! {
        <p><b>"Agents cannot tell whom they act for."</b>" The Auth source is off, so the tool "<code>"auth_who_am_i"</code>" is missing. "
        <a href="#sources">"Go to plugin sources"</a></p>
    }
    .into_any()
}

fn figures(state: &State, registered: &[portal_core::actions::SourceInfo]) -> AnyView {
    let on = registered.iter().filter(|source| state.settings.source_enabled(source.id));
    let tools: usize = on.clone().map(|source| source.tools.len()).sum();
    let sources = on.count();
    let people = (state.open.people > 0).then(|| {
        view! { <span>" for "{text::count(state.open.people, "person", "people")}</span> }
    });
    view! {
        <dl class="strip">
            <div><dt>"Open sessions"</dt><dd>{text::thousands(state.open.sessions)}{people}</dd></div>
            <div><dt>"Tools on"</dt><dd>{tools}<span>" of "{text::count_of(sources, "source", "sources")}</span></dd></div>
            <div><dt>"Sign-in for agents"</dt><dd>{if state.agents_can_sign_in { "Open" } else { "Closed" }}</dd></div>
        </dl>
    }
    .into_any()
}

/// "42 sessions of 17 people", or that there are none of their kind.
pub(super) fn session_words(count: SessionCount) -> String {
    if count.sessions == 0 {
        return "No such session is open right now.".to_owned();
    }
    let sessions = text::count(count.sessions, "session", "sessions");
    format!("{sessions} of {} open now.", text::count(count.people, "person", "people"))
}
