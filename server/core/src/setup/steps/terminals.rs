//! Agents of the terminal.

use serde_json::json;

use super::{
    Credential, SERVER_NAME, Step, TOKEN_VARIABLE, bearer_from_environment, browser_opens, file, headers,
    servers, with,
};

pub(super) fn claude_code(endpoint: &str, credential: Credential) -> Vec<Step> {
    if credential == Credential::Token {
        // Without its type the entry would be skipped.
        let server = json!({"type": "http", "url": endpoint});
        let server = with(server, "headers", headers(credential, &bearer_from_environment()));
        return vec![file(".mcp.json in your project", &servers(&server))];
    }
    let client_id = credential.client_id().map(|id| format!(" --client-id {id}")).unwrap_or_default();
    vec![
        Step::Terminal(format!("claude mcp add --transport http{client_id} {SERVER_NAME} {endpoint}")),
        Step::Words("Start claude, type /mcp, choose portal and then Authenticate. Your browser opens."),
    ]
}

pub(super) fn codex(endpoint: &str, credential: Credential) -> Vec<Step> {
    let add = format!("codex mcp add {SERVER_NAME} --url {endpoint}");
    match credential {
        Credential::SignIn => vec![
            Step::Terminal(add),
            Step::Words(
                "The command opens your browser at once. To sign in again later: codex mcp login portal.",
            ),
        ],
        Credential::ClientId => vec![
            Step::File {
                path: "~/.codex/config.toml",
                text: format!(
                    "[mcp_servers.{SERVER_NAME}]\nurl = \"{endpoint}\"\n\n[mcp_servers.{SERVER_NAME}.oauth]\nclient_id = \"{}\"\n",
                    super::CLIENT_ID
                ),
            },
            Step::Terminal(format!("codex mcp login {SERVER_NAME}")),
        ],
        Credential::Token => vec![Step::Terminal(format!("{add} --bearer-token-env-var {TOKEN_VARIABLE}"))],
    }
}

pub(super) fn gemini(endpoint: &str, credential: Credential) -> Vec<Step> {
    let sign_in = Step::Words("Start gemini and type /mcp auth portal. Your browser opens.");
    let server = json!({"type": "http", "url": endpoint});
    let path = "~/.gemini/settings.json";
    match credential {
        Credential::SignIn => {
            vec![Step::Terminal(format!("gemini mcp add --transport http {SERVER_NAME} {endpoint}")), sign_in]
        }
        Credential::ClientId => {
            let oauth = json!({"enabled": true, "clientId": super::CLIENT_ID});
            vec![file(path, &servers(&with(server, "oauth", Some(oauth)))), sign_in]
        }
        Credential::Token => {
            let bearer = format!("Bearer ${TOKEN_VARIABLE}");
            vec![file(path, &servers(&with(server, "headers", headers(credential, &bearer))))]
        }
    }
}

pub(super) fn copilot(endpoint: &str, credential: Credential) -> Vec<Step> {
    let server = json!({"type": "http", "url": endpoint, "tools": ["*"]});
    let server = with(server, "headers", headers(credential, &bearer_from_environment()));
    let opens = (credential != Credential::Token).then(browser_opens);
    [file("~/.copilot/mcp-config.json", &servers(&server))].into_iter().chain(opens).collect()
}

pub(super) fn goose(endpoint: &str, credential: Credential) -> Vec<Step> {
    let mut text = format!(
        "extensions:\n  {SERVER_NAME}:\n    name: {SERVER_NAME}\n    type: streamable_http\n    uri: {endpoint}\n    enabled: true\n    timeout: 300\n"
    );
    if let Some(id) = credential.client_id() {
        text.push_str("    client_id: ");
        text.push_str(id);
        text.push('\n');
    }
    if credential == Credential::Token {
        text.push_str("    headers:\n      Authorization: ");
        text.push_str(&bearer_from_environment());
        text.push_str("\n    env_keys:\n      - ");
        text.push_str(TOKEN_VARIABLE);
        text.push('\n');
    }
    let opens = (credential != Credential::Token).then(browser_opens);
    [Step::File { path: "~/.config/goose/config.yaml", text }].into_iter().chain(opens).collect()
}

pub(super) fn opencode(endpoint: &str, credential: Credential) -> Vec<Step> {
    let server = json!({"type": "remote", "url": endpoint, "enabled": true});
    let oauth = match credential {
        Credential::SignIn => None,
        Credential::ClientId => Some(json!({"clientId": super::CLIENT_ID})),
        Credential::Token => Some(json!(false)),
    };
    let server = with(server, "oauth", oauth);
    let bearer = format!("Bearer {{env:{TOKEN_VARIABLE}}}");
    let server = with(server, "headers", headers(credential, &bearer));
    let path = "opencode.json, or ~/.config/opencode/opencode.json";
    let sign_in =
        (credential != Credential::Token).then(|| Step::Terminal(format!("opencode mcp auth {SERVER_NAME}")));
    [file(path, &json!({"mcp": {SERVER_NAME: server}}))].into_iter().chain(sign_in).collect()
}
