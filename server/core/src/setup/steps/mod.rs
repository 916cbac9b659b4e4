//! The exact commands and files by which each agent is told of Portal.
//!
//! A token never stands in them: they name the environment variable [`TOKEN_VARIABLE`], or ask the agent to ask.

mod editors;
mod hosted;
mod terminals;

use serde_json::{Value, json};

use super::agent::Agent;

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

/// What the agent is let in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// A sign-in; the agent introduces itself.
    SignIn,
    /// A sign-in with a client id that an admin registered.
    ClientId,
    /// A token.
    Token,
}

/// What stands for the client id until the person puts it in.
const CLIENT_ID: &str = "CLIENT_ID";

impl Credential {
    fn client_id(self) -> Option<&'static str> {
        (self == Self::ClientId).then_some(CLIENT_ID)
    }
}

/// What to do to connect an agent.
pub(super) fn steps(agent: Agent, endpoint: &str, credential: Credential) -> Vec<Step> {
    let of_agent = match agent {
        Agent::ClaudeCode => terminals::claude_code,
        Agent::Codex => terminals::codex,
        Agent::GeminiCli => terminals::gemini,
        Agent::CopilotCli => terminals::copilot,
        Agent::Goose => terminals::goose,
        Agent::OpenCode => terminals::opencode,
        Agent::VsCode => editors::vscode,
        Agent::Cursor => editors::cursor,
        Agent::Windsurf => editors::windsurf,
        Agent::Zed => editors::zed,
        Agent::Kiro => editors::kiro,
        Agent::JetBrains => editors::jetbrains,
        Agent::ChatGpt => hosted::chatgpt,
        Agent::ClaudeAi => hosted::claude,
        Agent::Other => hosted::other,
    };
    let ask = (credential == Credential::ClientId).then_some(Step::Words(
        "Ask an admin for the client id that is registered for this agent, and put it in place of CLIENT_ID.",
    ));
    ask.into_iter().chain(of_agent(endpoint, credential)).collect()
}

/// `Bearer ${PORTAL_TOKEN}`
fn bearer_from_environment() -> String {
    format!("Bearer ${{{TOKEN_VARIABLE}}}")
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

/// The object with one more member, where there is a value.
fn with(mut object: Value, key: &str, value: Option<Value>) -> Value {
    if let (Some(members), Some(value)) = (object.as_object_mut(), value) {
        members.insert(key.to_owned(), value);
    }
    object
}

/// The headers that carry a token, for an agent that reads them so.
fn headers(credential: Credential, authorization: &str) -> Option<Value> {
    (credential == Credential::Token).then(|| json!({"Authorization": authorization}))
}
