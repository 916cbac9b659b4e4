//! `/settings/general/confirm`, and the same questions as dialogs of the settings pages

use leptos::prelude::*;
use portal_core::oauth::{Affected, SessionsOf, records::ClientKind};
use portal_model::ErrorCode;

use super::affected::{affected_words, clients_told};
use crate::{
    components::{hidden, live, sheet},
    page::{FormOutcome, Page, PageRequest, PageResult},
    text,
};

/// A switch that asks before it goes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Client ID metadata documents.
    Cimd,
    /// Refresh tokens.
    Refresh,
    /// Dynamic client registration.
    Dcr,
}

impl Asking {
    const ALL: [Self; 3] = [Self::Cimd, Self::Refresh, Self::Dcr];

    const fn word(self) -> &'static str {
        match self {
            Self::Cimd => "cimd",
            Self::Refresh => "refresh",
            Self::Dcr => "dcr",
        }
    }

    /// The page that asks, for browsers without scripting.
    pub(crate) fn path(self) -> String {
        format!("/settings/general/confirm?change={}", self.word())
    }

    /// The sessions that cannot go on as they are while it is off.
    pub(crate) const fn sessions(self) -> SessionsOf {
        match self {
            Self::Cimd => SessionsOf::Kind(ClientKind::Document),
            Self::Refresh => SessionsOf::Refreshable,
            Self::Dcr => SessionsOf::Kind(ClientKind::Dynamic),
        }
    }
}

/// A question.
struct Question {
    id: &'static str,
    action: &'static str,
    heading: &'static str,
    consequence: String,
    keep: &'static str,
    go_on: &'static str,
    back: &'static str,
    affected: Affected,
}

fn question(asking: Asking, affected: Affected) -> Question {
    let none = affected.count.sessions == 0;
    let touched = affected_words(&affected);
    match asking {
        Asking::Cimd => Question {
            id: "cimd-question",
            action: "/_ui/settings_cimd",
            heading: "Turn off client ID metadata documents?",
            consequence: format!(
                "{} Agents that introduce themselves by a document can neither sign in nor renew their sign-in until it is on again. \
                 This affects every OAuth client of Portal, not only coding agents.",
                if none {
                    "No such agent is signed in right now.".to_owned()
                } else {
                    format!("This touches {touched}.")
                },
            ),
            keep: "Keep it on",
            go_on: "Turn off documents",
            back: "/settings/general#cimd",
            affected,
        },
        Asking::Refresh => Question {
            id: "refresh-question",
            action: "/_ui/settings_refresh",
            heading: "Turn off refresh tokens?",
            consequence: format!(
                "{} It affects every OAuth client of Portal, not only coding agents.",
                if none {
                    "No agent stays signed in right now.".to_owned()
                } else {
                    format!(
                        "This touches {touched}: each stops when its present access token ends, and can go on only once refresh tokens are on again."
                    )
                },
            ),
            keep: "Keep them on",
            go_on: "Turn off refresh tokens",
            back: "/settings/general#refresh",
            affected,
        },
        Asking::Dcr => Question {
            id: "dcr-question",
            action: "/_ui/settings_dcr",
            heading: "Turn off dynamic client registration?",
            consequence: format!(
                "{} Agents that registered themselves can neither sign in nor renew their sign-in until it is on again.",
                if none {
                    "No such agent is signed in right now.".to_owned()
                } else {
                    format!("This touches {touched}.")
                },
            ),
            keep: "Keep it on",
            go_on: "Turn off registration",
            back: "/settings/clients#dcr",
            affected,
        },
    }
}

/// The offer to end them now; `form` is the id of the form that it belongs to.
fn end_choice(affected: &Affected, form: &str) -> Option<AnyView> {
    (affected.count.sessions > 0).then(|| {
        let sessions = text::count(affected.count.sessions, "session", "sessions");
        view! {
            <label class="choice">
                <input class="check" type="checkbox" name="end" value="on" form=form.to_owned()/>
                <span>{format!("End {sessions} now")}</span>
            </label>
        }
        .into_any()
    })
}

/// The page that asks, for browsers without scripting.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    page.admin()?;
    let word = page.request.query("change").unwrap_or_default();
    let asking = Asking::ALL.into_iter().find(|asking| asking.word() == word).ok_or(ErrorCode::NotFound)?;
    let affected = page.request.services().agent_sessions.affected(&asking.sessions()).await?;
    let question = question(asking, affected);
    let content = view! {
        <form method="post" action=question.action class="form" id="answer">
            {hidden("confirmed", "1")}
            <header><h1>{question.heading}</h1></header>
            <p>{question.consequence}</p>
            {clients_told(&question.affected)}
            {end_choice(&question.affected, "answer")}
            <div class="pair-buttons">
                <a class="btn" href=question.back>{question.keep}</a>
                <button class="btn bad-solid" type="submit">{question.go_on}</button>
            </div>
        </form>
    };
    Ok(Page { title: "Confirm a change".into(), body: sheet(content.into_any(), None) })
}

/// A question as a dialog.
pub(super) fn dialog(asking: Asking, affected: &Affected) -> AnyView {
    let question = question(asking, affected.clone());
    let title = format!("{}-title", question.id);
    let (labelled, form) = (title.clone(), format!("{}-answer", question.id));
    let choice = end_choice(&question.affected, &form);
    let go_on = view! {
        <form method="post" action=question.action id=form>
            {hidden("confirmed", "1")}
            <button class="btn bad-solid" type="submit">{question.go_on}</button>
        </form>
    };
    view! {
        <dialog class="pop dialog" id=question.id aria-labelledby=labelled>
            <header><h2 id=title>{question.heading}</h2></header>
            <div class="body stack-3">
                <p>{question.consequence}</p>
                {clients_told(&question.affected)}
                {choice}
            </div>
            <footer>
                <form method="dialog"><button class="btn" type="submit">{question.keep}</button></form>
                {live(false, "", go_on.into_any())}
            </footer>
        </dialog>
    }
    .into_any()
}

/// How many sessions were ended with a switch, when its form says so.
pub(super) fn ended_words(outcome: &FormOutcome) -> Option<AnyView> {
    let ended: i64 = outcome.subject()?.parse().ok()?;
    let words = format!("{} ended.", text::count(ended, "session", "sessions"));
    Some(view! { <span class="muted small">{words}</span> }.into_any())
}
