//! Agents of editors.

use serde_json::{Value, json};
use url::Url;

use super::{
    Credential, SERVER_NAME, Step, TOKEN_VARIABLE, bearer_from_environment, browser_opens, file, headers,
    servers, with,
};

pub(super) fn vscode(endpoint: &str, credential: Credential) -> Vec<Step> {
    let path = ".vscode/mcp.json";
    let server = json!({"type": "http", "url": endpoint});
    if credential == Credential::Token {
        // The editor asks for the token and keeps it.
        let server = with(server, "headers", headers(credential, "Bearer ${input:portal-token}"));
        let input = json!({"type": "promptString", "id": "portal-token", "description": "Portal token", "password": true});
        return vec![file(path, &json!({"inputs": [input], "servers": {SERVER_NAME: server}}))];
    }
    let link = (credential == Credential::SignIn).then(|| {
        let install = with(server.clone(), "name", Some(json!(SERVER_NAME)));
        Step::Link { label: "Add to VS Code", href: with_query("vscode:mcp/install", &install) }
    });
    let oauth = credential.client_id().map(|id| json!({"clientId": id}));
    let server = with(server, "oauth", oauth);
    let rest = [
        file(path, &json!({"servers": {SERVER_NAME: server}})),
        Step::Words("Open the chat in agent mode and start the server portal. Your browser opens."),
    ];
    link.into_iter().chain(rest).collect()
}

pub(super) fn cursor(endpoint: &str, credential: Credential) -> Vec<Step> {
    let server = json!({"url": endpoint});
    let link = (credential == Credential::SignIn).then(|| cursor_link(&server)).flatten();
    let auth = credential.client_id().map(|id| json!({"CLIENT_ID": id}));
    let bearer = format!("Bearer ${{env:{TOKEN_VARIABLE}}}");
    let server = with(with(server, "auth", auth), "headers", headers(credential, &bearer));
    let opens = (credential != Credential::Token).then(browser_opens);
    let step = file("~/.cursor/mcp.json, or .cursor/mcp.json", &servers(&server));
    link.into_iter().chain([step]).chain(opens).collect()
}

pub(super) fn windsurf(endpoint: &str, credential: Credential) -> Vec<Step> {
    if credential == Credential::Token {
        return vec![Step::Terminal(format!(
            "devin mcp add -s user -H \"Authorization: Bearer ${TOKEN_VARIABLE}\" {SERVER_NAME} {endpoint}"
        ))];
    }
    vec![
        Step::Terminal(format!("devin mcp add -s user {SERVER_NAME} {endpoint}")),
        Step::Words(
            "In a Windsurf from before June 2026, put the same address as serverUrl into ~/.codeium/windsurf/mcp_config.json.",
        ),
        browser_opens(),
    ]
}

pub(super) fn zed(endpoint: &str, credential: Credential) -> Vec<Step> {
    let server = json!({"url": endpoint});
    let server = with(server, "headers", headers(credential, "Bearer YOUR_TOKEN"));
    let words = if credential == Credential::Token {
        "Put the token in place of YOUR_TOKEN. Zed keeps it in this file, so do not share the file."
    } else {
        "Open the agent panel’s settings and choose Authenticate beside portal. Your browser opens."
    };
    vec![
        file("settings.json (zed: open settings)", &json!({"context_servers": {SERVER_NAME: server}})),
        Step::Words(words),
    ]
}

pub(super) fn kiro(endpoint: &str, credential: Credential) -> Vec<Step> {
    let oauth = credential.client_id().map(|id| json!({"clientId": id}));
    let server = with(json!({"url": endpoint}), "oauth", oauth);
    let server = with(server, "headers", headers(credential, &bearer_from_environment()));
    let opens = (credential != Credential::Token).then(browser_opens);
    let step = file("~/.kiro/settings/mcp.json, or .kiro/settings/mcp.json", &servers(&server));
    [step].into_iter().chain(opens).collect()
}

/// Through the bridge mcp-remote: how the assistant itself signs in is not documented.
pub(super) fn jetbrains(endpoint: &str, credential: Credential) -> Vec<Step> {
    let path = "Settings, Tools, AI Assistant, Model Context Protocol (MCP): as JSON";
    if credential == Credential::Token {
        let server = json!({
            "command": "npx",
            "args": ["-y", "mcp-remote", endpoint, "--header", "Authorization:${AUTH}"],
            "env": {"AUTH": "Bearer YOUR_TOKEN"},
        });
        let words = Step::Words("The bridge mcp-remote needs Node. Put the token in place of YOUR_TOKEN.");
        return vec![file(path, &servers(&server)), words];
    }
    let server = json!({"command": "npx", "args": ["-y", "mcp-remote", endpoint]});
    let words = Step::Words("The bridge mcp-remote needs Node. Your browser opens when it starts.");
    vec![file(path, &servers(&server)), words]
}

fn cursor_link(server: &Value) -> Option<Step> {
    use base64::Engine as _;

    let config = base64::engine::general_purpose::STANDARD.encode(server.to_string());
    let mut href = Url::parse("cursor://anysphere.cursor-deeplink/mcp/install").ok()?;
    href.query_pairs_mut().append_pair("name", SERVER_NAME).append_pair("config", &config);
    Some(Step::Link { label: "Add to Cursor", href: href.into() })
}

fn with_query(address: &str, config: &Value) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(config.to_string().as_bytes()).collect();
    // The handler decodes percent signs only.
    format!("{address}?{}", encoded.replace('+', "%20"))
}
