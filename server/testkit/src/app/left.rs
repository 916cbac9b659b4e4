//! What an application leaves to another process: a database with sessions of agents that the test knows.

use portal_core::time::UnixMillis;

use super::{TestApp, TestClient, database::TestDatabase};

/// Authorizations that one address may begin in a minute, with some room.
const PER_MINUTE: usize = 50;
const MINUTE_MS: i64 = 60_000;

/// A database whose application has ended; a file goes with it.
pub struct LeftDatabase(pub(super) TestDatabase);

/// The tokens of one agent.
#[derive(Debug, Clone)]
pub struct AgentTokens {
    /// Its access token.
    pub access: String,
    /// Its refresh token.
    pub refresh: String,
}

impl LeftDatabase {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.0.address()
    }

    /// The number that a query of one row and one column gives.
    pub async fn number(&self, sql: &'static str) -> i64 {
        self.0.number(sql).await
    }

    /// A new database on this PostgreSQL server, or else a file, in which a person of the Portal at this address has let
    /// so many agents in, each with a session of its own. It is `now`; refresh tokens are on.
    ///
    /// Returns the agents' client id and their tokens.
    pub async fn with_sessions(
        server: Option<&str>,
        public_url: &str,
        now: UnixMillis,
        sessions: usize,
    ) -> (Self, String, Vec<AgentTokens>) {
        let app = TestApp::start_in(TestDatabase::create_on(server).await, public_url).await;
        let minutes = i64::try_from(sessions / PER_MINUTE).expect("not that many");
        app.clock.set(now.plus(-minutes * MINUTE_MS));
        app.let_agents_sign_in().await;
        app.set(&[("mcp.refresh.enabled", "true")]).await;
        let mut browser = app.as_user("ada@example.com").await;
        let mut tokens = Vec::with_capacity(sessions);
        for number in 1..=sessions {
            let agent = app.agent(&mut browser, "mcp:read offline_access").await;
            let refresh = agent.refresh_token.clone().expect("a refresh token");
            tokens.push(AgentTokens { access: agent.token.clone(), refresh });
            if number % PER_MINUTE == 0 {
                app.pass(MINUTE_MS);
            }
        }
        drop(browser);
        (app.leave().await, TestClient::default().id, tokens)
    }
}
