//! How one agent is connected to this Portal, given what the agent can do and what the admin has turned on.

use super::{
    agent::{Agent, Document, Runs},
    steps::{Credential, Step, steps},
};

/// What of Portal's settings decides which ways are open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Openings {
    /// The MCP address.
    pub endpoint: String,
    /// Whether `public_url` is https.
    pub https: bool,
    /// Whether `public_url` is on loopback, so that only this computer reaches it.
    pub loopback: bool,
    /// Whether client ID metadata documents are on.
    pub documents: bool,
    /// Whether this agent's document would be taken by the policy.
    pub document_allowed: bool,
    /// Whether agents may register themselves.
    pub registration: bool,
    /// Whether an admin has registered a client.
    pub registered_client: bool,
    /// Whether this person may make personal tokens.
    pub personal_tokens: bool,
}

/// A way to let an agent in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The agent opens the browser; nothing is copied.
    SignIn {
        /// How the agent introduces itself.
        by: Introduction,
        /// What to do.
        steps: Vec<Step>,
    },
    /// The agent sends a token that was made in Portal.
    Token {
        /// Whether the person can make one; else an admin must.
        own: bool,
        /// What to do.
        steps: Vec<Step>,
    },
}

/// How an agent introduces itself when it signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introduction {
    /// By its maker's document; in words, since which version, where older ones cannot.
    Document {
        /// Since when; `None` for every version in use.
        since: Option<&'static str>,
    },
    /// It registers itself.
    Registration,
    /// By a client id that an admin registered and hands out.
    RegisteredClient,
}

impl Introduction {
    const fn credential(self) -> Credential {
        match self {
            Self::Document { .. } | Self::Registration => Credential::SignIn,
            Self::RegisteredClient => Credential::ClientId,
        }
    }
}

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// The agent runs in its maker's cloud, and Portal's address is on this computer.
    NotReachable,
    /// The agent runs in its maker's cloud, and Portal is not served by https.
    NotHttps,
    /// The agent has a document, and documents are off.
    DocumentsOff,
    /// The agent has a document, and the policy does not take it.
    DocumentRefused,
    /// The agent would have to register itself, and that is off.
    RegistrationOff,
    /// The agent could use a token, and people may not make their own.
    PersonalTokensOff,
    /// The agent cannot send a token.
    NoTokens,
}

impl Obstacle {
    /// What it means and who can remove it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotReachable => {
                "This agent runs in its maker’s cloud and cannot reach an address on this computer. Portal needs a public address."
            }
            Self::NotHttps => {
                "This agent runs in its maker’s cloud and connects by https only. Portal needs an https address."
            }
            Self::DocumentsOff => {
                "Client ID metadata documents are off, so this agent cannot introduce itself. An admin can turn them on."
            }
            Self::DocumentRefused => {
                "Portal’s list of allowed agents does not include this one. An admin can add it."
            }
            Self::RegistrationOff => {
                "This agent has no client ID metadata document and would have to register itself, which is off. An admin can turn dynamic registration on, or register a client."
            }
            Self::PersonalTokensOff => "Personal tokens are off. An admin can make a static token for you.",
            Self::NoTokens => "This agent cannot send a token; it can only sign in.",
        }
    }
}

/// How one agent is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// The agent.
    pub agent: Agent,
    /// The ways that work now, the recommended one first.
    pub ways: Vec<Way>,
    /// What keeps the other ways closed.
    pub obstacles: Vec<Obstacle>,
}

impl Guide {
    /// The guide for an agent.
    #[must_use]
    pub fn new(agent: Agent, openings: &Openings) -> Self {
        let mut guide = Self { agent, ways: Vec::new(), obstacles: Vec::new() };
        if agent.abilities().runs == Runs::Cloud && guide.unreachable(openings) {
            return guide;
        }
        guide.sign_in(openings);
        guide.token(openings);
        guide
    }

    fn unreachable(&mut self, openings: &Openings) -> bool {
        if openings.loopback {
            self.obstacles.push(Obstacle::NotReachable);
        } else if !openings.https {
            self.obstacles.push(Obstacle::NotHttps);
        }
        !self.obstacles.is_empty()
    }

    fn sign_in(&mut self, openings: &Openings) {
        let abilities = self.agent.abilities();
        let by_document = abilities.document.client_id().is_some() || self.agent == Agent::Other;
        let mut by = None;
        if by_document && openings.documents && openings.document_allowed {
            let since = match abilities.document {
                Document::Newer { since, .. } => Some(since),
                Document::Published(_) | Document::None => None,
            };
            by = Some(Introduction::Document { since });
        } else if by_document {
            let closed = if openings.documents { Obstacle::DocumentRefused } else { Obstacle::DocumentsOff };
            self.obstacles.push(closed);
        }
        if by.is_none() && abilities.registers_itself && openings.registration {
            by = Some(Introduction::Registration);
        }
        if by.is_none() && abilities.takes_client_id && openings.registered_client {
            by = Some(Introduction::RegisteredClient);
        }
        match by {
            Some(by) => {
                let steps = steps(self.agent, &openings.endpoint, by.credential());
                self.ways.push(Way::SignIn { by, steps });
            }
            None if !by_document && abilities.registers_itself => {
                self.obstacles.push(Obstacle::RegistrationOff);
            }
            None => {}
        }
    }

    fn token(&mut self, openings: &Openings) {
        if !self.agent.abilities().sends_token {
            if self.ways.is_empty() {
                self.obstacles.push(Obstacle::NoTokens);
            }
            return;
        }
        let own = openings.personal_tokens;
        if !own && self.ways.is_empty() {
            self.obstacles.push(Obstacle::PersonalTokensOff);
        }
        self.ways.push(Way::Token { own, steps: steps(self.agent, &openings.endpoint, Credential::Token) });
    }

    /// Whether the person can connect this agent without asking anyone.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ways.iter().any(|way| match way {
            Way::SignIn { by, .. } => *by != Introduction::RegisteredClient,
            Way::Token { own, .. } => *own,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::steps::TOKEN_VARIABLE;

    fn everything() -> Openings {
        Openings {
            endpoint: "https://portal.example.com/api/mcp-actions/v1".to_owned(),
            https: true,
            loopback: false,
            documents: true,
            document_allowed: true,
            registration: true,
            registered_client: true,
            personal_tokens: true,
        }
    }

    fn nothing() -> Openings {
        Openings {
            documents: false,
            document_allowed: false,
            registration: false,
            registered_client: false,
            personal_tokens: false,
            ..everything()
        }
    }

    fn texts(guide: &Guide) -> Vec<String> {
        let steps = guide.ways.iter().flat_map(|way| match way {
            Way::SignIn { steps, .. } | Way::Token { steps, .. } => steps,
        });
        let texts = steps.filter_map(|step| match step {
            Step::Terminal(text) | Step::File { text, .. } | Step::Address(text) => Some(text.clone()),
            Step::Link { href, .. } => Some(href.clone()),
            Step::Words(_) => None,
        });
        texts.collect()
    }

    #[test]
    fn every_agent_finds_a_way_when_everything_is_on() {
        for agent in Agent::ALL {
            let guide = Guide::new(*agent, &everything());
            assert!(guide.is_open() && guide.obstacles.is_empty(), "{agent:?}: {:?}", guide.obstacles);
            assert!(matches!(guide.ways[0], Way::SignIn { .. }), "{agent:?}");
        }
    }

    #[test]
    fn every_agent_is_told_what_stands_in_the_way_when_nothing_is_on() {
        for agent in Agent::ALL {
            let guide = Guide::new(*agent, &nothing());
            assert!(!guide.is_open() && !guide.obstacles.is_empty(), "{agent:?}");
        }
    }

    #[test]
    fn agents_in_the_cloud_need_a_public_https_address() {
        for (openings, obstacle) in [
            (Openings { loopback: true, https: false, ..everything() }, Obstacle::NotReachable),
            (Openings { https: false, ..everything() }, Obstacle::NotHttps),
        ] {
            for agent in [Agent::ChatGpt, Agent::ClaudeAi] {
                let guide = Guide::new(agent, &openings);
                assert_eq!((guide.ways.len(), guide.obstacles), (0, vec![obstacle]));
            }
        }
    }

    #[test]
    fn agents_without_a_document_register_themselves_or_use_a_client_id_or_a_token() {
        let way = |openings: &Openings| Guide::new(Agent::GeminiCli, openings).ways.swap_remove(0);
        let by = |way: Way| match way {
            Way::SignIn { by, .. } => Some(by),
            Way::Token { .. } => None,
        };
        assert_eq!(by(way(&everything())), Some(Introduction::Registration));
        let registered = Openings { registration: false, ..everything() };
        assert_eq!(by(way(&registered)), Some(Introduction::RegisteredClient));
        let token_only = Openings { registered_client: false, ..registered };
        assert_eq!(by(way(&token_only)), None);
        assert_eq!(Guide::new(Agent::GeminiCli, &token_only).obstacles, [Obstacle::RegistrationOff]);
    }

    #[test]
    fn the_policy_can_leave_an_agent_out() {
        let openings = Openings { document_allowed: false, registration: false, ..everything() };
        let guide = Guide::new(Agent::Zed, &openings);
        assert_eq!(guide.obstacles, [Obstacle::DocumentRefused]);
        assert!(matches!(guide.ways.as_slice(), [Way::Token { own: true, .. }]));
    }

    #[test]
    fn what_is_copied_names_this_portal_and_json_can_be_read() {
        for agent in Agent::ALL {
            for openings in [everything(), Openings { documents: false, registration: false, ..everything() }]
            {
                let guide = Guide::new(*agent, &openings);
                let texts = texts(&guide);
                let named = |text: &String| text.contains("portal.example.com") || text.contains("portal");
                assert!(texts.iter().all(named), "{agent:?}: {texts:?}");
                for text in texts.iter().filter(|text| text.starts_with('{')) {
                    serde_json::from_str::<serde_json::Value>(text).unwrap();
                }
            }
        }
    }

    #[test]
    fn claude_code_is_told_the_type_without_which_it_skips_the_entry() {
        let guide = Guide::new(Agent::ClaudeCode, &everything());
        let file = texts(&guide).into_iter().find(|text| text.starts_with('{')).unwrap();
        let file: serde_json::Value = serde_json::from_str(&file).unwrap();
        assert_eq!(file["mcpServers"]["portal"]["type"], "http");
        let token = format!("Bearer ${{{TOKEN_VARIABLE}}}");
        assert_eq!(file["mcpServers"]["portal"]["headers"]["Authorization"], token);
    }

    #[test]
    fn links_carry_the_address_in_the_form_their_agents_read() {
        let vscode = texts(&Guide::new(Agent::VsCode, &everything()));
        let query = vscode.iter().find_map(|text| text.strip_prefix("vscode:mcp/install?")).unwrap();
        let config: String =
            url::form_urlencoded::parse(format!("c={query}").as_bytes()).next().unwrap().1.into_owned();
        let config: serde_json::Value = serde_json::from_str(&config).unwrap();
        assert_eq!((&config["name"], &config["type"]), (&"portal".into(), &"http".into()));
        assert_eq!(config["url"], everything().endpoint);
        let cursor = texts(&Guide::new(Agent::Cursor, &everything()));
        assert!(
            cursor[0].starts_with("cursor://anysphere.cursor-deeplink/mcp/install?name=portal&config=ey")
        );
    }

    #[test]
    fn names_read_back() {
        for agent in Agent::ALL {
            assert_eq!(Agent::parse(agent.slug()), Some(*agent));
        }
        assert_eq!(Agent::parse("<script>"), None);
    }
}
