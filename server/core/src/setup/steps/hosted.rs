//! Agents in their makers' clouds, and agents that Portal does not know.

use serde_json::json;

use super::{Credential, Step, bearer_from_environment, file, headers, servers, with};

pub(super) fn chatgpt(endpoint: &str, credential: Credential) -> Vec<Step> {
    let words = "In ChatGPT open Settings, Security and login, and turn on Developer mode. Then add a server with this address and choose OAuth.";
    signed_in_there(words, endpoint, credential)
}

pub(super) fn claude(endpoint: &str, credential: Credential) -> Vec<Step> {
    let words = "In Claude open Customize, Connectors, and choose Add custom connector. On team plans an owner adds it once; everyone connects for themselves.";
    signed_in_there(words, endpoint, credential)
}

/// They cannot send a token: nothing can be done then.
fn signed_in_there(words: &'static str, endpoint: &str, credential: Credential) -> Vec<Step> {
    if credential == Credential::Token {
        return Vec::new();
    }
    let id = (credential == Credential::ClientId)
        .then_some(Step::Words("Put the client id under Advanced settings."));
    [Step::Words(words), Step::Address(endpoint.to_owned())].into_iter().chain(id).collect()
}

pub(super) fn other(endpoint: &str, credential: Credential) -> Vec<Step> {
    let server = json!({"type": "http", "url": endpoint});
    let server = with(server, "headers", headers(credential, &bearer_from_environment()));
    let file = file(".mcp.json, where your agent reads one", &servers(&server));
    if credential == Credential::Token {
        return vec![file];
    }
    vec![
        Step::Words(
            "Any MCP client that speaks Streamable HTTP and OAuth finds out by itself where to sign in. Give it this address.",
        ),
        Step::Address(endpoint.to_owned()),
        file,
    ]
}
