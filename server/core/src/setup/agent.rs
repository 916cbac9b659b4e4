//! The agents that the guided setup knows, and what each of them can do.

use crate::setup::wire::names;

names! {
    /// An agent that the guided setup has instructions for.
    Agent {
        /// Anthropic's agent for the terminal.
        ClaudeCode = "claude-code", "Claude Code";
        /// The terminal agent of ChatGPT’s maker.
        Codex = "codex", "Codex";
        /// Visual Studio Code with GitHub Copilot.
        VsCode = "vscode", "VS Code";
        /// Cursor.
        Cursor = "cursor", "Cursor";
        /// ChatGPT in the browser and its applications.
        ChatGpt = "chatgpt", "ChatGPT";
        /// Claude in the browser and its applications.
        ClaudeAi = "claude-ai", "claude.ai";
        /// Google's agent for the terminal.
        GeminiCli = "gemini-cli", "Gemini CLI";
        /// GitHub's agent for the terminal.
        CopilotCli = "copilot-cli", "Copilot CLI";
        /// Windsurf, now Devin Desktop.
        Windsurf = "windsurf", "Windsurf";
        /// Zed.
        Zed = "zed", "Zed";
        /// Goose.
        Goose = "goose", "Goose";
        /// `OpenCode`.
        OpenCode = "opencode", "OpenCode";
        /// Kiro.
        Kiro = "kiro", "Kiro";
        /// The assistant in the IDEs by `JetBrains`.
        JetBrains = "jetbrains", "JetBrains AI Assistant";
        /// Any other MCP client.
        Other = "other", "Another agent";
    }
}

/// Whether an agent's maker publishes a client ID metadata document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// Yes, at this address.
    Published(&'static str),
    /// Only in newer versions, which the words name; older ones register themselves.
    Newer {
        /// The address.
        client_id: &'static str,
        /// Since when.
        since: &'static str,
    },
    /// No, as far as is known.
    None,
}

/// Where an agent runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// On the person's computer: it reaches what that computer reaches.
    Here,
    /// In its maker's cloud: Portal must be reachable from the internet, by https.
    Cloud,
}

/// What an agent can do to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// How it introduces itself.
    pub document: Document,
    /// Whether it can register itself (RFC 7591).
    pub registers_itself: bool,
    /// Whether a client id that an admin registered can be given to it.
    pub takes_client_id: bool,
    /// Whether it can send a token in a header.
    pub sends_token: bool,
    /// Where it runs.
    pub runs: Runs,
}

impl Agent {
    /// Its title inside a sentence.
    #[must_use]
    pub const fn within_sentence(self) -> &'static str {
        match self {
            Self::Other => "your agent",
            known => known.title(),
        }
    }

    /// Two letters that stand for it.
    #[must_use]
    pub const fn plate(self) -> &'static str {
        match self {
            Self::ClaudeCode => "CC",
            Self::Codex => "Cx",
            Self::VsCode => "VS",
            Self::Cursor => "Cu",
            Self::ChatGpt => "CG",
            Self::ClaudeAi => "Cl",
            Self::GeminiCli => "Ge",
            Self::CopilotCli => "Co",
            Self::Windsurf => "Wi",
            Self::Zed => "Ze",
            Self::Goose => "Go",
            Self::OpenCode => "OC",
            Self::Kiro => "Ki",
            Self::JetBrains => "JB",
            Self::Other => "··",
        }
    }

    /// What it can do, as of November 2026.
    #[must_use]
    pub const fn abilities(self) -> Abilities {
        const LOCAL: Abilities = Abilities {
            document: Document::None,
            registers_itself: true,
            takes_client_id: true,
            sends_token: true,
            runs: Runs::Here,
        };
        const fn local(document: Document) -> Abilities {
            Abilities { document, ..LOCAL }
        }
        match self {
            Self::ClaudeCode => {
                local(Document::Published("https://claude.ai/oauth/claude-code-client-metadata"))
            }
            Self::Codex => local(Document::Published("https://chatgpt.com/oauth/codex/client.json")),
            Self::VsCode => local(Document::Published("https://vscode.dev/oauth/client-metadata.json")),
            Self::Cursor => local(Document::Newer {
                client_id: "https://cursor.com/oauth/mcp-client.json",
                since: "Cursor 3.24",
            }),
            Self::ChatGpt => Abilities {
                sends_token: false,
                takes_client_id: false,
                runs: Runs::Cloud,
                ..local(Document::Published("https://chatgpt.com/oauth/client.json"))
            },
            Self::ClaudeAi => Abilities {
                sends_token: false,
                runs: Runs::Cloud,
                ..local(Document::Published("https://claude.ai/oauth/mcp-oauth-client-metadata"))
            },
            Self::GeminiCli | Self::Kiro | Self::Windsurf | Self::Other => LOCAL,
            Self::CopilotCli => Abilities {
                takes_client_id: false,
                ..local(Document::Newer {
                    client_id: "https://github.com/copilot/cli/client-metadata.json",
                    since: "Copilot CLI 1.0.83",
                })
            },
            Self::Zed => Abilities {
                takes_client_id: false,
                ..local(Document::Published("https://zed.dev/oauth/client-metadata.json"))
            },
            Self::Goose => local(Document::Newer {
                client_id: "https://goose-docs.ai/oauth/client-metadata.json",
                since: "Goose 1.32",
            }),
            Self::OpenCode => local(Document::Newer {
                client_id: "https://opencode.ai/oauth/opencode/client.json",
                since: "OpenCode 2",
            }),
            // Through the bridge mcp-remote, which registers itself or sends a header.
            Self::JetBrains => Abilities { takes_client_id: false, ..LOCAL },
        }
    }
}

impl Document {
    /// The address of the document, where there is one.
    #[must_use]
    pub const fn client_id(self) -> Option<&'static str> {
        match self {
            Self::Published(client_id) | Self::Newer { client_id, .. } => Some(client_id),
            Self::None => None,
        }
    }
}
