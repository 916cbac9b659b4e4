//! The exact commands and files by which each agent is told of Portal.
//!
//! A token never stands in them: they name the environment variable [`TOKEN_VARIABLE`], or ask the agent to ask.

use serde_json::{Value, json};
use url::Url;

use super::{agent::Agent, guide::Introduction};

/// The environment variable that holds a token.
pub const TOKEN_VARIABLE: &str = "PORTAL_TOKEN";

/// What Portal is called in the agents' files.
pub const SERVER_NAME: &str = "portal";

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Run this in a terminal.
    Terminal(String),
    /// Put this into a file.
    File {
        /// The file, and where else it may be.
        path: &'static str,
        /// The text.
        text: String,
    },
    /// Open this address, which the agent handles.
    Link {
        /// What the link is called.
        label: &'static str,
        /// The address.
        href: String,
    },
    /// Give this address to the agent where it asks for one.
    Address(String),
    /// Do this.
    Words(&'static str),
}

/// How an agent is connected that signs in.
pub(super) fn sign_in(agent: Agent, endpoint: &str, by: Introduction) -> Vec<Step> {
    let client_id = (by == Introduction::RegisteredClient).then_some("CLIENT_ID");
    let mut steps = Vec::new();
    if client_id.is_some() {
        steps.push(Step::Words("Ask an admin for the client id that is registered for this agent, and put it in place of CLIENT_ID."));
    }
    steps.extend(sign_in_steps(agent, endpoint, client_id));
    steps
}

fn sign_in_steps(agent: Agent, endpoint: &str, client_id: Option<&str>) -> Vec<Step> {
    match agent {
        Agent::ClaudeCode => {
            let id = client_id.map(|id| format!(" --client-id {id}")).unwrap_or_default();
            vec![
                Step::Terminal(format!("claude mcp add --transport http{id} {SERVER_NAME} {endpoint}")),
                Step::Words(
                    "Start claude, type /mcp, choose portal and then Authenticate. Your browser opens.",
                ),
            ]
        }
        Agent::Codex => codex_sign_in(endpoint, client_id),
        Agent::VsCode => vscode_sign_in(endpoint, client_id),
        Agent::Cursor => cursor_sign_in(endpoint, client_id),
        Agent::ChatGpt => vec![
            Step::Words(
                "In ChatGPT open Settings, Security and login, and turn on Developer mode. Then add a server with this address and choose OAuth.",
            ),
            Step::Address(endpoint.to_owned()),
        ],
        Agent::ClaudeAi => vec![
            Step::Words(
                "In Claude open Customize, Connectors, and choose Add custom connector. On team plans an owner adds it once; everyone connects for themselves.",
            ),
            Step::Address(endpoint.to_owned()),
        ],
        Agent::GeminiCli => gemini_sign_in(endpoint, client_id),
        Agent::CopilotCli => {
            vec![file("~/.copilot/mcp-config.json", &copilot(endpoint, None)), browser_opens()]
        }
        Agent::Windsurf => vec![
            Step::Terminal(format!("devin mcp add -s user {SERVER_NAME} {endpoint}")),
            Step::Words(
                "In a Windsurf from before June 2026, put the same address as serverUrl into ~/.codeium/windsurf/mcp_config.json.",
            ),
            browser_opens(),
        ],
        Agent::Zed => vec![
            file(
                "settings.json (zed: open settings)",
                &json!({"context_servers": {SERVER_NAME: {"url": endpoint}}}),
            ),
            Step::Words(
                "Open the agent panel’s settings and choose Authenticate beside portal. Your browser opens.",
            ),
        ],
        Agent::Goose => vec![
            Step::File { path: "~/.config/goose/config.yaml", text: goose(endpoint, client_id, false) },
            browser_opens(),
        ],
        Agent::OpenCode => {
            let mut server = json!({"type": "remote", "url": endpoint, "enabled": true});
            if let Some(id) = client_id {
                insert(&mut server, "oauth", json!({"clientId": id}));
            }
            vec![
                file(
                    "opencode.json, or ~/.config/opencode/opencode.json",
                    &json!({"mcp": {SERVER_NAME: server}}),
                ),
                Step::Terminal(format!("opencode mcp auth {SERVER_NAME}")),
            ]
        }
        Agent::Kiro => {
            let mut server = json!({"url": endpoint});
            if let Some(id) = client_id {
                insert(&mut server, "oauth", json!({"clientId": id}));
            }
            vec![
                file("~/.kiro/settings/mcp.json, or .kiro/settings/mcp.json", &servers(&server)),
                browser_opens(),
            ]
        }
        Agent::JetBrains => vec![
            file(
                "Settings, Tools, AI Assistant, Model Context Protocol (MCP): as JSON",
                &servers(&json!({"command": "npx", "args": ["-y", "mcp-remote", endpoint]})),
            ),
            Step::Words("The bridge mcp-remote needs Node. Your browser opens when it starts."),
        ],
        Agent::Other => vec![
            Step::Words(
                "Any MCP client that speaks Streamable HTTP and OAuth finds out by itself where to sign in. Give it this address.",
            ),
            Step::Address(endpoint.to_owned()),
            file(
                ".mcp.json, where your agent reads one",
                &servers(&json!({"type": "http", "url": endpoint})),
            ),
        ],
    }
}

/// How an agent is connected that sends a token.
pub(super) fn token(agent: Agent, endpoint: &str) -> Vec<Step> {
    let bearer = format!("Bearer ${{{TOKEN_VARIABLE}}}");
    let from_environment = json!({"Authorization": format!("Bearer ${{env:{TOKEN_VARIABLE}}}")});
    match agent {
        Agent::ClaudeCode => vec![file(
            ".mcp.json in your project",
            &servers(&json!({"type": "http", "url": endpoint, "headers": {"Authorization": bearer}})),
        )],
        Agent::Codex => vec![Step::Terminal(format!(
            "codex mcp add {SERVER_NAME} --url {endpoint} --bearer-token-env-var {TOKEN_VARIABLE}"
        ))],
        Agent::VsCode => vec![file(".vscode/mcp.json", &vscode_token(endpoint))],
        Agent::Cursor => vec![file(
            "~/.cursor/mcp.json, or .cursor/mcp.json",
            &servers(&json!({"url": endpoint, "headers": from_environment})),
        )],
        Agent::GeminiCli => vec![file(
            "~/.gemini/settings.json",
            &servers(
                &json!({"type": "http", "url": endpoint, "headers": {"Authorization": format!("Bearer ${TOKEN_VARIABLE}")}}),
            ),
        )],
        Agent::CopilotCli => vec![file("~/.copilot/mcp-config.json", &copilot(endpoint, Some(&bearer)))],
        Agent::Windsurf => vec![Step::Terminal(format!(
            "devin mcp add -s user -H \"Authorization: Bearer ${TOKEN_VARIABLE}\" {SERVER_NAME} {endpoint}"
        ))],
        Agent::Zed => vec![
            file(
                "settings.json (zed: open settings)",
                &json!({"context_servers": {SERVER_NAME: {"url": endpoint, "headers": {"Authorization": "Bearer YOUR_TOKEN"}}}}),
            ),
            Step::Words(
                "Put the token in place of YOUR_TOKEN. Zed keeps it in this file, so do not share the file.",
            ),
        ],
        Agent::Goose => {
            vec![Step::File { path: "~/.config/goose/config.yaml", text: goose(endpoint, None, true) }]
        }
        Agent::OpenCode => vec![file(
            "opencode.json, or ~/.config/opencode/opencode.json",
            &json!({"mcp": {SERVER_NAME: {
                "type": "remote", "url": endpoint, "enabled": true, "oauth": false,
                "headers": {"Authorization": format!("Bearer {{env:{TOKEN_VARIABLE}}}")},
            }}}),
        )],
        Agent::Kiro => vec![file(
            "~/.kiro/settings/mcp.json, or .kiro/settings/mcp.json",
            &servers(&json!({"url": endpoint, "headers": {"Authorization": bearer}})),
        )],
        Agent::JetBrains => vec![
            file(
                "Settings, Tools, AI Assistant, Model Context Protocol (MCP): as JSON",
                &servers(&json!({
                    "command": "npx",
                    "args": ["-y", "mcp-remote", endpoint, "--header", "Authorization:${AUTH}"],
                    "env": {"AUTH": "Bearer YOUR_TOKEN"},
                })),
            ),
            Step::Words("The bridge mcp-remote needs Node. Put the token in place of YOUR_TOKEN."),
        ],
        Agent::Other => vec![file(
            ".mcp.json, where your agent reads one",
            &servers(&json!({"type": "http", "url": endpoint, "headers": {"Authorization": bearer}})),
        )],
        // They cannot send a token; the guide does not ask for these.
        Agent::ChatGpt | Agent::ClaudeAi => Vec::new(),
    }
}

fn codex_sign_in(endpoint: &str, client_id: Option<&str>) -> Vec<Step> {
    let Some(id) = client_id else {
        return vec![
            Step::Terminal(format!("codex mcp add {SERVER_NAME} --url {endpoint}")),
            Step::Words(
                "The command opens your browser at once. To sign in again later: codex mcp login portal.",
            ),
        ];
    };
    let text = format!(
        "[mcp_servers.{SERVER_NAME}]\nurl = \"{endpoint}\"\n\n[mcp_servers.{SERVER_NAME}.oauth]\nclient_id = \"{id}\"\n"
    );
    vec![
        Step::File { path: "~/.codex/config.toml", text },
        Step::Terminal(format!("codex mcp login {SERVER_NAME}")),
    ]
}

fn vscode_sign_in(endpoint: &str, client_id: Option<&str>) -> Vec<Step> {
    let mut server = json!({"type": "http", "url": endpoint});
    let Some(id) = client_id else {
        let mut install = server.clone();
        insert(&mut install, "name", json!(SERVER_NAME));
        return vec![
            Step::Link { label: "Add to VS Code", href: with_query("vscode:mcp/install", &install) },
            file(".vscode/mcp.json", &json!({"servers": {SERVER_NAME: server}})),
            Step::Words("Open the chat in agent mode and start the server portal. Your browser opens."),
        ];
    };
    insert(&mut server, "oauth", json!({"clientId": id}));
    vec![
        file(".vscode/mcp.json", &json!({"servers": {SERVER_NAME: server}})),
        Step::Words("Open the chat in agent mode and start the server portal. Your browser opens."),
    ]
}

fn cursor_sign_in(endpoint: &str, client_id: Option<&str>) -> Vec<Step> {
    let path = "~/.cursor/mcp.json, or .cursor/mcp.json";
    let mut server = json!({"url": endpoint});
    if let Some(id) = client_id {
        insert(&mut server, "auth", json!({"CLIENT_ID": id}));
        return vec![file(path, &servers(&server)), browser_opens()];
    }
    let mut href = Url::parse("cursor://anysphere.cursor-deeplink/mcp/install").ok();
    if let Some(href) = &mut href {
        let config = base64(server.to_string().as_bytes());
        href.query_pairs_mut().append_pair("name", SERVER_NAME).append_pair("config", &config);
    }
    let link = href.map(|href| Step::Link { label: "Add to Cursor", href: href.into() });
    link.into_iter().chain([file(path, &servers(&server)), browser_opens()]).collect()
}

fn gemini_sign_in(endpoint: &str, client_id: Option<&str>) -> Vec<Step> {
    let Some(id) = client_id else {
        return vec![
            Step::Terminal(format!("gemini mcp add --transport http {SERVER_NAME} {endpoint}")),
            Step::Words("Start gemini and type /mcp auth portal. Your browser opens."),
        ];
    };
    let server = json!({"type": "http", "url": endpoint, "oauth": {"enabled": true, "clientId": id}});
    vec![
        file("~/.gemini/settings.json", &servers(&server)),
        Step::Words("Start gemini and type /mcp auth portal. Your browser opens."),
    ]
}

fn vscode_token(endpoint: &str) -> Value {
    json!({
        "inputs": [{"type": "promptString", "id": "portal-token", "description": "Portal token", "password": true}],
        "servers": {SERVER_NAME: {
            "type": "http",
            "url": endpoint,
            "headers": {"Authorization": "Bearer ${input:portal-token}"},
        }},
    })
}

fn copilot(endpoint: &str, bearer: Option<&str>) -> Value {
    let mut server = json!({"type": "http", "url": endpoint, "tools": ["*"]});
    if let Some(bearer) = bearer {
        insert(&mut server, "headers", json!({"Authorization": bearer}));
    }
    servers(&server)
}

fn goose(endpoint: &str, client_id: Option<&str>, token: bool) -> String {
    let mut text = format!(
        "extensions:\n  {SERVER_NAME}:\n    name: {SERVER_NAME}\n    type: streamable_http\n    uri: {endpoint}\n    enabled: true\n    timeout: 300\n"
    );
    if let Some(id) = client_id {
        text.push_str("    client_id: ");
        text.push_str(id);
        text.push('\n');
    }
    if token {
        text.push_str("    headers:\n      Authorization: Bearer ${PORTAL_TOKEN}\n    env_keys:\n      - PORTAL_TOKEN\n");
    }
    text
}

const fn browser_opens() -> Step {
    Step::Words("When the agent first uses portal, your browser opens and asks for your consent.")
}

fn servers(server: &Value) -> Value {
    json!({"mcpServers": {SERVER_NAME: server}})
}

fn file(path: &'static str, value: &Value) -> Step {
    // A Value always has a text.
    Step::File { path, text: serde_json::to_string_pretty(value).unwrap_or_default() }
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

fn with_query(address: &str, config: &Value) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(config.to_string().as_bytes()).collect();
    // The handler decodes percent signs only.
    format!("{address}?{}", encoded.replace('+', "%20"))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
