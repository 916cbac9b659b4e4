//! The person's answer to an agent.

use leptos::prelude::*;
use portal_core::{
    oauth::{ConsentDecision, ConsentError},
    secret::Secret,
};
use portal_model::{ErrorCode, Scope};

use crate::{
    cookies,
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    pages::consent::{consent_path, sign_in_again_path},
    web_request::WebRequest,
};

/// Answers a pending authorization: `decision` is `allow` or `cancel`, `scope` a scope's name. Goes to the client.
#[server(prefix = "/_ui", endpoint = "consent")]
pub(crate) async fn consent(
    request: Option<String>,
    decision: Option<String>,
    scope: Option<String>,
) -> Result<(), UiError> {
    let web = WebRequest::current()?;
    let pending = request.unwrap_or_default();
    web.set_header(http::header::REFERRER_POLICY, "no-referrer");
    let form = Form::new(&web, FormId::Consent, consent_path(&pending));
    form.answer(decide(&web, &pending, decision.as_deref(), scope.as_deref())).await
}

async fn decide(
    web: &WebRequest,
    pending: &str,
    decision: Option<&str>,
    scope: Option<&str>,
) -> Result<Done, UiError> {
    let person = guard::signed_in(web)?;
    let decision = match (decision, scope.and_then(Scope::parse)) {
        (Some("cancel"), _) => ConsentDecision::Cancel,
        (Some("allow"), Some(scope)) => ConsentDecision::Allow(scope),
        _ => return Err(ErrorCode::Invalid.into()),
    };
    let browser = web.secret_cookie(cookies::AUTHORIZE);
    let (services, pending_id) = (web.services(), Secret::new(pending));
    let answer = services.authorization.decide(&pending_id, browser.as_ref(), person, decision).await;
    services.attempts.consent_answered(&pending_id, person, decision, &answer);
    match answer {
        Ok(location) => Ok(Done::Go(location)),
        Err(ConsentError::SignInAgain) => Ok(Done::Go(sign_in_again_path(pending))),
        Err(error) => Err(error.into()),
    }
}
