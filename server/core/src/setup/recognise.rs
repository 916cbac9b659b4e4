//! Telling which agent a client is, by what it says of itself.

use super::Agent;

/// Words in the names of clients and tokens, and whose they are; the first that is found counts.
const NAMES: &[(&str, Agent)] = &[
    ("claude code", Agent::ClaudeCode),
    ("codex", Agent::Codex),
    ("visual studio code", Agent::VsCode),
    ("vs code", Agent::VsCode),
    ("cursor", Agent::Cursor),
    ("chatgpt", Agent::ChatGpt),
    ("claude", Agent::ClaudeAi),
    ("gemini", Agent::GeminiCli),
    ("copilot", Agent::CopilotCli),
    ("windsurf", Agent::Windsurf),
    ("zed", Agent::Zed),
    ("goose", Agent::Goose),
    ("opencode", Agent::OpenCode),
    ("kiro", Agent::Kiro),
    ("jetbrains", Agent::JetBrains),
];

impl Agent {
    /// The agent that a client is: by its document, or, where it registered itself or is a static token, by words of its
    /// name. `None` for any other. This decides nothing but where an attempt is shown.
    #[must_use]
    pub fn of_client(client_id: &str, name: &str) -> Option<Self> {
        let by_document =
            |agent: &Self| client_id == agent.abilities().document.client_id().unwrap_or_default();
        if client_id.starts_with("http") {
            return Self::ALL.iter().copied().find(by_document);
        }
        let name = name.to_lowercase();
        let has = |words: &str| {
            name.match_indices(words).any(|(start, found)| {
                let edge = |character: Option<char>| character.is_none_or(|found| !found.is_alphanumeric());
                let before = name.get(..start).and_then(|text| text.chars().next_back());
                let after = name.get(start + found.len()..).and_then(|text| text.chars().next());
                edge(before) && edge(after)
            })
        };
        NAMES.iter().find(|(words, _)| has(words)).map(|(_, agent)| *agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_told_by_document_or_name() {
        for agent in Agent::ALL {
            if let Some(client_id) = agent.abilities().document.client_id() {
                assert_eq!(Agent::of_client(client_id, "Anything"), Some(*agent));
            }
            if *agent != Agent::Other {
                let name = format!("{} on my machine", agent.title());
                assert_eq!(Agent::of_client("", &name), Some(*agent), "{name}");
            }
        }
        assert_eq!(Agent::of_client("ptl-client-1", "Claude Code (portal)"), Some(Agent::ClaudeCode));
        assert_eq!(Agent::of_client("https://evil.example/client", "Claude Code"), None);
        assert_eq!(Agent::of_client("ptl-client-1", "Amazed"), None);
    }
}
