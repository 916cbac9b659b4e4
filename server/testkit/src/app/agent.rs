//! An agent: a client document, a browser in which a person allows it, and the tokens that come of it.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, StatusCode};
use portal_core::{
    oauth::ConsentDecision,
    secret::{Secret, SecretHash},
    services::MCP_PATH,
};
use portal_model::{Scope, ScopeSet};
use serde_json::{Value, json};

use super::{Answer, Browser, TestApp, answer::query, form};

/// An OAuth client with a metadata document.
#[derive(Debug, Clone)]
pub struct TestClient {
    /// Its id: the document's address.
    pub id: String,
    /// Where answers go.
    pub redirect_uri: String,
    /// Its PKCE verifier.
    pub verifier: String,
    /// Its state.
    pub state: String,
}

impl Default for TestClient {
    fn default() -> Self {
        Self {
            id: "https://agent.example.net/oauth/client.json".to_owned(),
            redirect_uri: "http://127.0.0.1:33418/callback".to_owned(),
            verifier: "a-verifier_of~43.characters-0123456789abcdef".to_owned(),
            state: "state with spaces & signs".to_owned(),
        }
    }
}

impl TestClient {
    /// The document.
    #[must_use]
    pub fn document(&self) -> Value {
        json!({
            "client_id": self.id,
            "client_name": "Test agent",
            "redirect_uris": ["http://127.0.0.1/callback", "https://agent.example.net/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        })
    }

    /// The path of an authorization request for a scope.
    #[must_use]
    pub fn authorize_path(&self, app: &TestApp, scope: &str) -> String {
        let resource = format!("{}{MCP_PATH}", app.url());
        let parameters = form(&[
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("state", &self.state),
            ("resource", &resource),
            ("code_challenge", &challenge_of(&self.verifier)),
            ("code_challenge_method", "S256"),
        ]);
        format!("/oauth/authorize?{parameters}")
    }

    /// Lets the person of this browser allow what is asked, and returns the code.
    pub async fn code(&self, app: &TestApp, browser: &mut Browser<'_>, scope: &str) -> String {
        app.fetcher.serve(&self.id, &self.document());
        self.code_as_published(app, browser, scope).await
    }

    /// The same with whatever document is published, or none.
    pub async fn code_as_published(&self, app: &TestApp, browser: &mut Browser<'_>, scope: &str) -> String {
        let begun = browser.get(&self.authorize_path(app, scope)).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        let request = Secret::new(query(begun.location(), "request").expect("a pending request"));
        let bound = browser.cookie("portal_authorize").map(Secret::new);
        let level = ScopeSet::parse(scope).level;
        let back = self.decide(app, browser, &request, bound.as_ref(), level).await;
        query(&back, "code").unwrap_or_else(|| panic!("no code in {back}"))
    }

    async fn decide(
        &self,
        app: &TestApp,
        browser: &Browser<'_>,
        request: &Secret,
        bound: Option<&Secret>,
        level: Scope,
    ) -> String {
        let signed_in = browser.signed_in().await;
        let authorization = &app.services.authorization;
        authorization
            .decide(request, bound, &signed_in, ConsentDecision::Allow(level))
            .await
            .expect("an answer to the client")
    }

    /// The fields of a token request for a code.
    #[must_use]
    pub fn exchange_fields<'field>(&'field self, code: &'field str) -> Vec<(&'field str, &'field str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("client_id", &self.id),
            ("code_verifier", &self.verifier),
        ]
    }
}

/// The S256 challenge of a verifier (RFC 7636 section 4.2).
#[must_use]
pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(SecretHash::of(verifier).0)
}

/// An agent with a token.
pub struct Agent<'app> {
    app: &'app TestApp,
    /// Its access token.
    pub token: String,
    /// Its refresh token, when it was given one.
    pub refresh_token: Option<String>,
}

impl TestApp {
    /// An agent that the person of this browser has allowed to do this much.
    pub async fn agent(&self, browser: &mut Browser<'_>, scope: &str) -> Agent<'_> {
        let client = TestClient::default();
        let code = client.code(self, browser, scope).await;
        let answer = self.post_form("/oauth/token", &client.exchange_fields(&code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let tokens = answer.json();
        let text = |name: &str| tokens.get(name).and_then(Value::as_str).map(str::to_owned);
        Agent {
            app: self,
            token: text("access_token").expect("a token"),
            refresh_token: text("refresh_token"),
        }
    }

    /// Posts to the MCP endpoint as the revision 2025-11-25 does.
    pub async fn mcp(&self, token: Option<&str>, message: &Value) -> Answer {
        let mut request = Request::post(MCP_PATH)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", "2025-11-25");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(message.to_string())).expect("a request")).await
    }
}

impl Agent<'_> {
    /// Posts a message to the MCP endpoint.
    pub async fn post(&self, message: &Value) -> Answer {
        self.app.mcp(Some(&self.token), message).await
    }

    /// Calls a method.
    pub async fn request(&self, method: &str, parameters: Value) -> Answer {
        self.post(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters })).await
    }

    /// Calls a method as the revision 2026-07-28 does; `name` is the tool that the headers name.
    pub async fn modern(&self, method: &str, name: Option<&str>, parameters: Value) -> Answer {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
        let mut request = Request::post(MCP_PATH)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.token))
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        self.app.send(request.body(Body::from(message.to_string())).expect("a request")).await
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> Answer {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// Names of the tools that are listed.
    pub async fn tool_names(&self) -> Vec<String> {
        let answer = self.request("tools/list", json!({})).await.json();
        let tools = answer.pointer("/result/tools").and_then(Value::as_array).cloned().unwrap_or_default();
        tools.iter().filter_map(|tool| tool.get("name")?.as_str().map(str::to_owned)).collect()
    }
}
