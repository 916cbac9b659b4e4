//! What an OpenID Connect issuer says of itself (OpenID Connect Discovery 1.0), cached.

use std::sync::Arc;

use portal_core::{
    oauth::ASSERTION_ALGORITHMS,
    ports::{Clock, SignInError},
    time::{DAY_MS, HOUR_MS, SECOND_MS, UnixMillis},
};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::{exchange::Endpoints, network::Network};

/// How long the document is used without being read again.
const FRESH_MS: i64 = HOUR_MS;
/// How long it is used while the issuer cannot be reached.
const STALE_MS: i64 = DAY_MS;
/// Pause after a failure before the next try.
const RETRY_PAUSE_MS: i64 = 5 * SECOND_MS;

/// The part of the document that a sign-in needs.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct IssuerDocument {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) userinfo_endpoint: Option<String>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

impl IssuerDocument {
    pub(super) fn endpoints(&self) -> Endpoints<'_> {
        // `client_secret_basic` holds where nothing is said (OpenID Connect Discovery section 3).
        let methods = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let takes = |method: &str| methods.iter().any(|one| one == method);
        Endpoints {
            authorization: &self.authorization_endpoint,
            token: &self.token_endpoint,
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
        }
    }

    /// Checks that the document is this issuer's, and that nothing in it leads to where others can listen.
    fn check(&self, issuer: &str) -> Result<(), SignInError> {
        let misconfigured = |what: String| Err(SignInError::Misconfigured(what));
        if self.issuer != issuer {
            return misconfigured(format!("the document of {issuer} is another issuer's"));
        }
        let plain_allowed = issuer.starts_with("http://");
        let endpoints = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        for address in endpoints.into_iter().chain(&self.userinfo_endpoint) {
            let url = Url::parse(address).ok();
            let good = url.is_some_and(|url| {
                let scheme = url.scheme() == "https" || plain_allowed && url.scheme() == "http";
                scheme && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
            });
            if !good {
                return misconfigured(format!("the document of {issuer} names an address that is not https"));
            }
        }
        let algorithms = self.id_token_signing_alg_values_supported.as_deref().unwrap_or_default();
        let taken = algorithms.iter().any(|one| ASSERTION_ALGORITHMS.contains(&one.as_str()));
        if !algorithms.is_empty() && !taken {
            return misconfigured(format!("{issuer} signs ID tokens with none of RS256, ES256, EdDSA"));
        }
        Ok(())
    }
}

#[derive(Default)]
struct Held {
    document: Option<(Arc<IssuerDocument>, UnixMillis)>,
    failure: Option<(SignInError, UnixMillis)>,
}

/// Finds the document of one issuer; one fetch at a time.
pub(super) struct Discovery {
    issuer: String,
    network: Network,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

impl Discovery {
    pub(super) fn new(issuer: String, network: Network, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, network, clock, held: Mutex::default() }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The document: fresh, or while the issuer cannot be reached at most a day old.
    ///
    /// # Errors
    /// [`SignInError`]
    pub(super) async fn current(&self) -> Result<Arc<IssuerDocument>, SignInError> {
        let mut held = self.held.lock().await;
        let now = self.clock.now();
        let within = |at: UnixMillis, span_ms: i64| (0..span_ms).contains(&now.since(at));
        if let Some((document, at)) = &held.document
            && within(*at, FRESH_MS)
        {
            return Ok(Arc::clone(document));
        }
        let failure = match &held.failure {
            Some((error, at)) if within(*at, RETRY_PAUSE_MS) => error.clone(),
            _ => match self.fetch().await {
                Ok(document) => {
                    let document = Arc::new(document);
                    *held = Held { document: Some((Arc::clone(&document), now)), failure: None };
                    return Ok(document);
                }
                Err(error) => {
                    held.failure = Some((error.clone(), now));
                    error
                }
            },
        };
        match &held.document {
            Some((document, at)) if within(*at, STALE_MS) && is_outage(&failure) => Ok(Arc::clone(document)),
            _ => Err(failure),
        }
    }

    async fn fetch(&self) -> Result<IssuerDocument, SignInError> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document: IssuerDocument = self.network.read(&address, "application/json", None).await?;
        document.check(&self.issuer)?;
        Ok(document)
    }
}

const fn is_outage(error: &SignInError) -> bool {
    matches!(error, SignInError::Unreachable(_))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://login.example.com/t";

    fn check(name: &str, value: Value) -> Result<(), SignInError> {
        let mut document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.example.com/authorize",
            "token_endpoint": "https://login.example.com/token",
            "jwks_uri": "https://keys.example.net/jwks",
        });
        document[name] = value;
        serde_json::from_value::<IssuerDocument>(document).unwrap().check(ISSUER)
    }

    #[test]
    fn the_issuer_is_compared_byte_for_byte() {
        assert_eq!(check("issuer", json!(ISSUER)), Ok(()));
        for other in
            ["https://login.example.com/t/", "https://LOGIN.example.com/t", "https://login.example.com"]
        {
            assert!(matches!(check("issuer", json!(other)), Err(SignInError::Misconfigured(_))), "{other}");
        }
    }

    #[test]
    fn nothing_leads_to_plain_http_or_elsewhere() {
        for address in [
            "http://login.example.com/token",
            "ftp://login.example.com/",
            "https://user@login.example.com/",
            "https://login.example.com/#a",
            "token",
        ] {
            for name in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
                check(name, json!(address)).unwrap_err();
            }
        }
    }

    #[test]
    fn an_issuer_without_an_algorithm_of_ours_is_told_apart() {
        let algorithms = "id_token_signing_alg_values_supported";
        assert_eq!(check(algorithms, json!(["HS256", "RS256"])), Ok(()));
        assert!(matches!(check(algorithms, json!(["HS256", "none"])), Err(SignInError::Misconfigured(_))));
    }

    #[test]
    fn the_secret_goes_into_the_header_unless_only_the_form_is_taken() {
        let in_form = |methods: Value| {
            let document = json!({
                "issuer": ISSUER, "authorization_endpoint": "", "token_endpoint": "", "jwks_uri": "",
                "token_endpoint_auth_methods_supported": methods,
            });
            serde_json::from_value::<IssuerDocument>(document).unwrap().endpoints().secret_in_form
        };
        assert!(!in_form(Value::Null));
        assert!(!in_form(json!(["client_secret_post", "client_secret_basic"])));
        assert!(in_form(json!(["client_secret_post", "private_key_jwt"])));
    }
}
