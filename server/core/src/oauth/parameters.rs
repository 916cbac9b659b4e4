//! The parameters of an authorization request: read from its query, bounded, and judged without the network or the store
//! (RFC 6749 section 4.1.1, RFC 7636 section 4.3, RFC 8707).

use portal_model::ScopeSet;

use super::{form::Form, pkce};

/// Longest `state`, in bytes.
pub const STATE_LENGTH_MAX: usize = 4_096;
/// Longest of the other parameters, in bytes.
pub const PARAMETER_LENGTH_MAX: usize = 2_048;
const KNOWN: [&str; 9] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "resource",
    "code_challenge",
    "code_challenge_method",
    "prompt",
];

/// The parameters of an authorization request, each at most once.
#[derive(Debug, Clone, Default)]
pub struct AuthorizeParameters {
    /// `client_id`
    pub client_id: Option<String>,
    /// `redirect_uri`
    pub redirect_uri: Option<String>,
    /// `response_type`
    pub response_type: Option<String>,
    /// `scope`
    pub scope: Option<String>,
    /// `state`
    pub state: Option<String>,
    /// `resource` (RFC 8707)
    pub resource: Option<String>,
    /// `code_challenge`
    pub code_challenge: Option<String>,
    /// `code_challenge_method`
    pub code_challenge_method: Option<String>,
    /// `prompt`
    pub prompt: Option<String>,
}

/// What of a request is good once client and redirect URI are.
#[derive(Debug, Clone)]
pub struct CheckedParameters {
    /// The scope that is asked for; unknown words are dropped.
    pub scope: ScopeSet,
    /// The MCP endpoint that the tokens are for.
    pub resource: String,
    /// An S256 challenge: 43 characters.
    pub code_challenge: String,
    /// What the person is to be asked.
    pub prompt: Prompt,
}

/// What the client wants the person to be asked (`OpenID` Connect Core section 3.1.2.1). Other words are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt {
    /// Nothing: answer at once or fail.
    pub none: bool,
    /// For consent, even where it is remembered.
    pub consent: bool,
    /// To sign in anew, which is also how another account is chosen (`login`, `select_account`).
    pub login: bool,
}

impl Prompt {
    fn parse(text: &str) -> Result<Self, (&'static str, &'static str)> {
        let has = |word: &str| text.split(' ').any(|written| written == word);
        let prompt =
            Self { none: has("none"), consent: has("consent"), login: has("login") || has("select_account") };
        if prompt.none && (prompt.consent || prompt.login) {
            return Err(("invalid_request", "prompt=none excludes every other prompt"));
        }
        Ok(prompt)
    }
}

impl AuthorizeParameters {
    /// Reads them from the query of the request; empty ones count as absent.
    ///
    /// # Errors
    /// A parameter is there twice, is too long, or there are too many: in words.
    pub fn from_query(query: &str) -> Result<Self, String> {
        let mut form = Form::parse(query.as_bytes(), &KNOWN)?;
        Ok(Self {
            client_id: form.take("client_id"),
            redirect_uri: form.take("redirect_uri"),
            response_type: form.take("response_type"),
            scope: form.take("scope"),
            state: form.take("state"),
            resource: form.take("resource"),
            code_challenge: form.take("code_challenge"),
            code_challenge_method: form.take("code_challenge_method"),
            prompt: form.take("prompt"),
        })
    }

    /// Whether every parameter is within its bound.
    ///
    /// # Errors
    /// Which bound is broken, in words.
    pub fn check_lengths(&self) -> Result<(), &'static str> {
        let within =
            |value: &Option<String>, limit: usize| value.as_ref().is_none_or(|value| value.len() <= limit);
        if !within(&self.state, STATE_LENGTH_MAX) {
            return Err("state is longer than 4,096 bytes");
        }
        let others = [
            &self.client_id,
            &self.redirect_uri,
            &self.response_type,
            &self.scope,
            &self.resource,
            &self.code_challenge,
            &self.code_challenge_method,
            &self.prompt,
        ];
        if others.into_iter().all(|value| within(value, PARAMETER_LENGTH_MAX)) {
            Ok(())
        } else {
            Err("a parameter is longer than 2,048 bytes")
        }
    }

    /// Judges what may be told to the client once client and redirect URI are known to be good. `resource` is the address
    /// of the MCP endpoint, the only one that tokens are for.
    ///
    /// # Errors
    /// The OAuth error word and its description.
    pub fn check(&self, resource: &str) -> Result<CheckedParameters, (&'static str, &'static str)> {
        match self.response_type.as_deref() {
            Some("code") => {}
            Some(_) => return Err(("unsupported_response_type", "response_type must be code")),
            None => return Err(("invalid_request", "response_type is missing; it must be code")),
        }
        let code_challenge = self
            .code_challenge
            .clone()
            .ok_or(("invalid_request", "code_challenge is missing; PKCE is required"))?;
        if self.code_challenge_method.as_deref() != Some("S256") {
            return Err(("invalid_request", "code_challenge_method must be S256"));
        }
        if !pkce::is_challenge(&code_challenge) {
            return Err(("invalid_request", "code_challenge must be 43 characters of base64url"));
        }
        if self.resource.as_ref().is_some_and(|asked| asked != resource) {
            return Err(("invalid_target", "resource must be the address of Portal's MCP endpoint"));
        }
        Ok(CheckedParameters {
            scope: ScopeSet::parse(self.scope.as_deref().unwrap_or_default()),
            resource: resource.to_owned(),
            code_challenge,
            prompt: Prompt::parse(self.prompt.as_deref().unwrap_or_default())?,
        })
    }
}
