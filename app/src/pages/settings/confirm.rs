//! `/settings/general/confirm`, and the same questions as dialogs of the settings page

use leptos::prelude::*;
use portal_core::oauth::SessionCount;
use portal_model::ErrorCode;

use super::general::State;
use crate::{
    components::{hidden, live, sheet},
    page::{Page, PageRequest, PageResult},
    text,
};

/// Asks before client ID metadata documents go off.
pub(crate) const CIMD_PATH: &str = "/settings/general/confirm?change=cimd";
/// Asks before refresh tokens go off.
pub(crate) const REFRESH_PATH: &str = "/settings/general/confirm?change=refresh";

/// A question.
struct Question {
    id: &'static str,
    action: &'static str,
    heading: &'static str,
    consequence: String,
    keep: &'static str,
    go_on: &'static str,
    back: &'static str,
}

fn cimd(open: SessionCount) -> Question {
    let ends = match open.sessions {
        0 => "No agent is signed in right now.".to_owned(),
        _ => format!("{} is open right now.", affected(open)),
    };
    Question {
        id: "cimd-question",
        action: "/_ui/settings_cimd",
        heading: "Turn off client ID metadata documents?",
        consequence: format!(
            "{ends} Agents that introduce themselves by a document can neither sign in nor renew their sign-in until it is on again. \
             This affects every OAuth client of Portal, not only coding agents."
        ),
        keep: "Keep it on",
        go_on: "Turn off documents",
        back: "/settings/general#cimd",
    }
}

fn refresh(refreshable: SessionCount) -> Question {
    let ends = match refreshable.sessions {
        0 => "No agent stays signed in right now.".to_owned(),
        _ => format!("This signs out {}: each ends with its present access token.", affected(refreshable)),
    };
    Question {
        id: "refresh-question",
        action: "/_ui/settings_refresh",
        heading: "Turn off refresh tokens?",
        consequence: format!("{ends} It affects every OAuth client of Portal, not only coding agents."),
        keep: "Keep them on",
        go_on: "Turn off refresh tokens",
        back: "/settings/general#refresh",
    }
}

fn affected(count: SessionCount) -> String {
    let sessions = text::count(count.sessions, "agent session", "agent sessions");
    format!("{sessions} of {}", text::count(count.people, "person", "people"))
}

/// The page that asks, for browsers without scripting.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    page.admin()?;
    let sessions = &page.request.services().agent_sessions;
    let question = match page.request.query("change").as_deref() {
        Some("cimd") => cimd(sessions.count(false).await?),
        Some("refresh") => refresh(sessions.count(true).await?),
        _ => return Err(ErrorCode::NotFound.into()),
    };
    let content = view! {
        <form method="post" action=question.action class="form">
            {hidden("confirmed", "1")}
            <header><h1>{question.heading}</h1></header>
            <p>{question.consequence}</p>
            <div class="pair-buttons">
                <a class="btn" href=question.back>{question.keep}</a>
                <button class="btn bad-solid" type="submit">{question.go_on}</button>
            </div>
        </form>
    };
    Ok(Page { title: "Confirm a change".into(), body: sheet(content.into_any(), None) })
}

/// The questions as dialogs.
pub(super) fn dialogs(state: &State) -> AnyView {
    [cimd(state.open), refresh(state.refreshable)].map(dialog).collect_view().into_any()
}

fn dialog(question: Question) -> AnyView {
    let title = format!("{}-title", question.id);
    let labelled = title.clone();
    let go_on = view! {
        <form method="post" action=question.action>
            {hidden("confirmed", "1")}
            <button class="btn bad-solid" type="submit">{question.go_on}</button>
        </form>
    };
    view! {
        <dialog class="pop dialog" id=question.id aria-labelledby=labelled>
            <header><h2 id=title>{question.heading}</h2></header>
            <p class="body">{question.consequence}</p>
            <footer>
                <form method="dialog"><button class="btn" type="submit">{question.keep}</button></form>
                {live(false, "", go_on.into_any())}
            </footer>
        </dialog>
    }
    .into_any()
}
