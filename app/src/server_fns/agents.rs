//! Disconnecting one's own agents.

use leptos::prelude::*;
use portal_core::ids::AgentSessionId;
use portal_model::ErrorCode;

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    web_request::WebRequest,
};

/// Ends one session of the person; its subject afterwards is the client's host.
#[server(prefix = "/_ui", endpoint = "agent_disconnect")]
pub(crate) async fn agent_disconnect(session: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        let person = guard::signed_in(&request)?;
        let id = AgentSessionId(session.unwrap_or_default());
        let ended = request.services().agent_sessions.end(person, &id).await?;
        ended.map(|_| Done::Saved).ok_or_else(|| ErrorCode::NotFound.into())
    };
    Form::new(&request, FormId::Agents, "/me/agents").subject("one").answer(work).await
}

/// Ends all sessions of the person, once confirmed.
#[server(prefix = "/_ui", endpoint = "agent_disconnect_all")]
pub(crate) async fn agent_disconnect_all(confirmed: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        let person = guard::signed_in(&request)?;
        if confirmed.is_none() {
            return Ok(Done::Go("/me/agents/confirm".to_owned()));
        }
        request.services().agent_sessions.end_all(person).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::Agents, "/me/agents").subject("all").answer(work).await
}
