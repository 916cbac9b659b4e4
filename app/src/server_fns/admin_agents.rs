//! Ending everyone's agents, for admins.

use leptos::prelude::*;
use portal_core::{
    ids::{AgentSessionId, UserId},
    oauth::SessionsOf,
};
use portal_model::ErrorCode;

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    pages::settings::agents_confirm::confirm_path,
    web_request::WebRequest,
};

const PAGE: &str = "/settings/agents";

/// Ends one session of anyone.
#[server(prefix = "/_ui", endpoint = "session_end")]
pub(crate) async fn session_end(session: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let id = AgentSessionId(session.unwrap_or_default());
    let work = async {
        let admin = guard::admin(&request)?;
        let ended = request.services().agent_sessions.end_one(&admin, &id).await?;
        ended.map(|_| Done::Saved).ok_or_else(|| ErrorCode::NotFound.into())
    };
    Form::new(&request, FormId::EveryAgent, PAGE).subject("one").answer(work).await
}

/// Ends all sessions of a person, of a client, or that a search finds, once confirmed.
#[server(prefix = "/_ui", endpoint = "sessions_end")]
pub(crate) async fn sessions_end(
    person: Option<String>,
    client: Option<String>,
    found: Option<String>,
    search: Option<String>,
    confirmed: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        let admin = guard::admin(&request)?;
        let which =
            which(person, client, found.map(|_| search.unwrap_or_default())).ok_or(ErrorCode::Invalid)?;
        if confirmed.is_none() {
            return Ok(Done::Go(confirm_path(&which)));
        }
        match request.services().agent_sessions.end_together(&admin, &which).await? {
            0 => Err(ErrorCode::NotFound.into()),
            _ => Ok(Done::Saved),
        }
    };
    Form::new(&request, FormId::EveryAgent, PAGE).subject("many").answer(work).await
}

/// The sessions that a form or an address names: those of a person, of a client, or that a search finds; exactly one of them.
/// A search for nothing finds all.
pub(crate) fn which(
    person: Option<String>,
    client: Option<String>,
    search: Option<String>,
) -> Option<SessionsOf> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    match (given(person), given(client), search) {
        (Some(person), None, None) => Some(SessionsOf::Person(UserId(person))),
        (None, Some(client), None) => Some(SessionsOf::Client(client)),
        (None, None, Some(search)) => Some(SessionsOf::Search(search.trim().chars().take(200).collect())),
        _ => None,
    }
}
