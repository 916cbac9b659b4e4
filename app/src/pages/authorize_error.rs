//! The page for authorization requests that cannot be answered by a redirect.

use leptos::prelude::*;
use portal_core::{
    oauth::{AuthorizeError, ClientError},
    ports::StoreError,
};
use portal_model::ErrorCode;

use super::errors::quote;
use crate::{
    components::{Door, branding, glyph, sheet},
    context::WebContext,
    shell, web_request,
};

/// A whole HTML document that says why an agent cannot be connected, without any script.
///
/// `theme` is the value of the theme cookie, `request_id` the id to quote. Text of the error is escaped; nothing of it
/// becomes a link.
#[must_use]
pub fn authorize_error_page(
    web: &WebContext,
    theme: Option<&str>,
    error: &AuthorizeError,
    request_id: Option<String>,
) -> String {
    let theme = web_request::theme(theme);
    let body = || match error {
        AuthorizeError::Client(error) => client_refused(error, request_id),
        AuthorizeError::Page(what) => refused(
            "The agent’s request is not complete",
            &format!("What is wrong: {what}."),
            "This is a fault of the agent. Update it, start again, and if it stays so, tell its maker.",
            "request-invalid",
            request_id,
        ),
        error @ AuthorizeError::RedirectMismatch => refused(
            "The agent’s request is not complete",
            &format!("What is wrong: {error}."),
            "This is a fault of the agent. Update it, start again, and if it stays so, tell its maker.",
            "request-invalid",
            request_id,
        ),
        AuthorizeError::TooMany => refused(
            "Too many requests",
            "Too many requests to connect an agent came from your address.",
            "Wait a minute, then start again in the agent.",
            "too-many-requests",
            request_id,
        ),
        AuthorizeError::Redirect(told) => refused(
            "The agent’s request was refused",
            "The agent has been told why.",
            "Go back to the agent and start again.",
            told.error,
            request_id,
        ),
        AuthorizeError::Store(StoreError::Unavailable(_)) => fault(ErrorCode::Unavailable, request_id),
        AuthorizeError::Store(StoreError::Inconsistent(_)) => fault(ErrorCode::Internal, request_id),
    };
    let owner = Owner::new();
    owner.with(|| {
        provide_context(web.clone());
        let branding = branding();
        let title = format!("Agent refused · {}", branding.name.as_str());
        let document = view! {
            <!DOCTYPE html>
            <html lang="en" data-theme=theme data-accent=branding.accent.as_str()>
                <head>{shell::head(web.assets, &branding)}<title>{title}</title></head>
                <body>{body()}</body>
            </html>
        };
        document.to_html()
    })
}

/// The page for a client that is not taken, in plain words.
pub(crate) fn client_refused(error: &ClientError, request_id: Option<String>) -> AnyView {
    let (heading, what, ask, code) = client_words(error);
    refused(heading, &what, ask, code, request_id)
}

fn client_words(error: &ClientError) -> (&'static str, String, &'static str, &'static str) {
    match error {
        ClientError::Disabled => (
            "Agents cannot sign in here yet",
            "The admins of this Portal have not turned on client ID metadata documents, the way in which this agent introduces itself.".to_owned(),
            "Ask an admin to turn on “Enable client ID metadata documents” under App settings, General, MCP.",
            "cimd-disabled",
        ),
        ClientError::RegistrationDisabled => (
            "Agents that register themselves cannot sign in",
            "This agent has registered itself here, and the admins of this Portal have turned that off.".to_owned(),
            "Ask an admin to turn on “Allow dynamic client registration” under App settings, Clients.",
            "dcr-disabled",
        ),
        ClientError::Unknown => (
            "This agent is not known here",
            "The agent names itself by an id that is not registered in this Portal, or not any more.".to_owned(),
            "Connect the agent anew, so that it introduces itself again. If it was registered by an admin, ask them.",
            "client-unknown",
        ),
        ClientError::NotAllowed => (
            "This agent is not on the list",
            "The admins of this Portal let only certain agents connect, and this one is not among them.".to_owned(),
            "Ask an admin to add its address under App settings, General, MCP, “Who may connect”.",
            "client-not-allowed",
        ),
        ClientError::IdInvalid(why) => (
            "The agent’s address cannot be used",
            format!("An agent names itself by an https address. The one it sent cannot be used: {why}."),
            "This is a fault of the agent. Tell its maker, or whoever configured it.",
            "client-id-invalid",
        ),
        ClientError::Fetch(why) => (
            "The agent’s document cannot be read",
            format!("Portal tried to read the page where the agent’s maker states its name and return addresses: {why}."),
            if why.is_outage() {
                "Try again in a few minutes. If it stays so, tell an admin of Portal: it may need a way to that host, or a pinned copy."
            } else {
                "This is a fault of the agent or of its maker. Update the agent; if it stays so, tell its maker the sentence above."
            },
            "client-document-unavailable",
        ),
        ClientError::DocumentInvalid(why) => (
            "The agent’s document breaks a rule",
            format!("The page where the agent’s maker states its name and return addresses cannot be used: {why}."),
            "This is a fault of the agent’s maker. Tell them the sentence above.",
            "client-document-invalid",
        ),
        ClientError::Unavailable => (
            "Portal cannot answer right now",
            ErrorCode::Unavailable.message().to_owned(),
            "Start again in the agent in a moment.",
            "unavailable",
        ),
    }
}

fn fault(code: ErrorCode, request_id: Option<String>) -> AnyView {
    refused("That did not work", code.message(), "Start again in the agent.", code.as_str(), request_id)
}

fn refused(
    heading: &'static str,
    what: &str,
    ask: &'static str,
    code: &'static str,
    request_id: Option<String>,
) -> AnyView {
    let content = view! {
        <div class="refusal">
            {glyph(Door::Shut)}
            <h1>{heading}</h1>
            <p class="break"><bdi>{what.to_owned()}</bdi></p>
            <p class="ask">{ask}</p>
            {quote(code, request_id)}
        </div>
    };
    sheet(content.into_any(), None)
}

#[cfg(test)]
mod tests {
    use portal_core::ports::FetchError;

    use super::*;
    use crate::hostile::{HOSTILE, assert_harmless, html};

    #[test]
    fn what_a_document_says_stays_text() {
        for error in [
            ClientError::IdInvalid(HOSTILE.to_owned()),
            ClientError::DocumentInvalid(HOSTILE.to_owned()),
            ClientError::Fetch(FetchError::Refused(HOSTILE.to_owned())),
        ] {
            assert_harmless(&html(|| client_refused(&error, Some("abc-1".to_owned()))));
        }
    }

    #[test]
    fn only_an_outage_is_worth_another_try() {
        let again = |error: FetchError| client_words(&ClientError::Fetch(error)).2.starts_with("Try again");
        for status in [404, 410, 301] {
            assert!(!again(FetchError::Status(status)), "{status}");
        }
        assert!(again(FetchError::Status(503)) && again(FetchError::Dns));
    }

    #[test]
    fn every_refusal_says_whom_to_ask_and_has_its_own_code() {
        let errors = [
            ClientError::Disabled,
            ClientError::NotAllowed,
            ClientError::IdInvalid(String::new()),
            ClientError::Fetch(FetchError::Dns),
            ClientError::DocumentInvalid(String::new()),
            ClientError::Unavailable,
        ];
        let mut codes: Vec<&str> = errors.iter().map(|error| client_words(error).3).collect();
        codes.dedup();
        assert_eq!(codes.len(), errors.len());
        let page = html(|| client_refused(&ClientError::Disabled, None));
        assert!(page.contains("Ask an admin to turn on") && page.contains("cimd-disabled"));
    }
}
