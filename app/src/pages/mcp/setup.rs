//! `/mcp/setup`

use leptos::prelude::*;
use portal_core::services::MCP_PATH;

use crate::{
    components::{Frame, Icon, Section, Tone, avatar, chip, code_block, command, icon, note},
    page::{PageRequest, PageResult},
};

/// An agent, and how Portal is added to it.
struct Agent {
    id: &'static str,
    plate: &'static str,
    name: &'static str,
    say: &'static str,
    then: &'static str,
}

const AGENTS: [Agent; 3] = [
    Agent {
        id: "claude-code",
        plate: "C C",
        name: "Claude Code",
        say: "Run this in a terminal, in any folder. It needs no token.",
        then: "Start claude, type /mcp and choose portal. Your browser opens and asks for your consent.",
    },
    Agent {
        id: "codex",
        plate: "C x",
        name: "Codex",
        say: "Run this in a terminal. It needs no token.",
        then: "The command opens your browser and asks for your consent. Later: codex mcp login portal.",
    },
    Agent {
        id: "vscode",
        plate: "V S",
        name: "VS Code",
        say: "Run this in a terminal. It needs no token.",
        then: "Open the chat in agent mode and start the server portal. Your browser opens and asks for your consent.",
    },
];

/// How to connect an agent, with the commands for this Portal.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let frame = Frame::load(&page).await?;
    let endpoint = format!("{}{MCP_PATH}", page.request.web.public_url);
    let open = page.request.services().settings.agents_can_sign_in().await?;
    let guides = AGENTS.iter().map(|agent| guide(agent, &endpoint)).collect_view();
    let content = view! {
        <div class="head">
            <div>
                <h1>"Connect your coding agent"</h1>
                <p class="lead">"About a minute. Your agent will see what you may see in Portal, and nothing else."</p>
            </div>
            {chip("Address", endpoint.clone(), "the MCP address")}
        </div>
        {(!open).then(|| view! { <div class="mb-6">{note(Tone::Warning, closed())}</div> })}
        <div class="guides">{guides}</div>
        <section class="panel" aria-labelledby="other">
            <header><h2 id="other">"Another agent"</h2></header>
            <p class="pad small muted">
                "Any MCP client that speaks Streamable HTTP and OAuth can use the address above. It finds out by itself where to sign in, \
                 if it introduces itself by a client ID metadata document: an https page where its maker states its name and return addresses."
            </p>
        </section>
        <p class="small muted">"Afterwards, ask your agent: “Who am I in Portal?” Connected agents are listed under "<a href="/me/agents">"Portal MCP"</a>"."</p>
    };
    Ok(frame.page("Set up MCP", Section::Mine, content.into_any()))
}

fn closed() -> AnyView {
    view! {
        <p><b>"Agents cannot sign in yet."</b>" An admin has to enable client ID metadata documents under App settings, General, MCP. The steps below work after that."</p>
    }
    .into_any()
}

fn guide(agent: &Agent, endpoint: &str) -> AnyView {
    let snippets = match agent.id {
        "claude-code" => command(format!("claude mcp add --transport http portal {endpoint}")),
        "codex" => command(format!("codex mcp add portal --url {endpoint}")),
        _ => view! {
            {command(format!(r#"code --add-mcp '{{"name":"portal","type":"http","url":"{endpoint}"}}'"#))}
            <details class="tools" id="vscode-file">
                <summary>"Or write the file yourself"</summary>
                {code_block(".vscode/mcp.json", vscode_file(endpoint))}
            </details>
        }
        .into_any(),
    };
    let heading = format!("{}-title", agent.id);
    let labelled = heading.clone();
    view! {
        <section class="panel" id=agent.id aria-labelledby=labelled>
            <header><span class="who">{avatar("av agent", agent.plate)}<h2 id=heading>{agent.name}</h2></span></header>
            <div class="pad stack-3">
                <p class="small muted">{agent.say}</p>
                {snippets}
                <p class="then">{icon(Icon::Next)}<span>{agent.then}</span></p>
            </div>
        </section>
    }
    .into_any()
}

fn vscode_file(endpoint: &str) -> String {
    let file = serde_json::json!({ "servers": { "portal": { "type": "http", "url": endpoint } } });
    serde_json::to_string_pretty(&file).unwrap_or_default()
}
