//! The code flow itself (RFC 6749 section 4.1, RFC 7636), by the crate `oauth2`.

use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, ExtraTokenFields,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenResponse as _, TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
        BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use portal_core::{
    ports::{FetchError, SignInError, SignInQuestion, SignInReply},
    secret::Secret,
};
use serde::{Deserialize, Serialize};

use super::network::{Network, failed};

/// What OpenID Connect adds to the token endpoint's answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

type CodeFlow = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// Where one provider's code flow happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoints<'provider> {
    /// Where browsers go.
    pub(super) authorization: &'provider str,
    /// Where codes are exchanged.
    pub(super) token: &'provider str,
    /// Whether the client's secret goes into the form rather than into the `Authorization` header.
    pub(super) secret_in_form: bool,
}

/// Who Portal is at the provider.
pub(super) struct Registration {
    pub(super) client_id: String,
    pub(super) client_secret: Option<Secret>,
}

/// What an exchange brought.
pub(super) struct Tokens {
    pub(super) access_token: Secret,
    pub(super) id_token: Option<String>,
}

impl Registration {
    /// The address that the browser is sent to.
    ///
    /// # Errors
    /// [`SignInError::Misconfigured`] when an endpoint is no address.
    pub(super) fn question(
        &self,
        endpoints: Endpoints<'_>,
        question: SignInQuestion<'_>,
        scopes: &[&str],
        extra: &[(&str, &str)],
    ) -> Result<String, SignInError> {
        let flow = CodeFlow::new(ClientId::new(self.client_id.clone()))
            .set_auth_uri(AuthUrl::new(endpoints.authorization.to_owned()).map_err(no_address)?)
            .set_redirect_uri(RedirectUrl::new(question.redirect_uri.to_owned()).map_err(no_address)?);
        let verifier = PkceCodeVerifier::new(question.verifier.expose().to_owned());
        let state = question.state.expose().to_owned();
        let mut request = flow
            .authorize_url(|| CsrfToken::new(state))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
        for (name, value) in extra {
            request = request.add_extra_param(*name, *value);
        }
        Ok(request.url().0.into())
    }

    /// Exchanges a code.
    ///
    /// # Errors
    /// [`SignInError`]
    pub(super) async fn exchange(
        &self,
        network: &Network,
        endpoints: Endpoints<'_>,
        reply: SignInReply<'_>,
    ) -> Result<Tokens, SignInError> {
        let auth_type = if endpoints.secret_in_form { AuthType::RequestBody } else { AuthType::BasicAuth };
        let mut flow = CodeFlow::new(ClientId::new(self.client_id.clone())).set_auth_type(auth_type);
        if let Some(secret) = &self.client_secret {
            flow = flow.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
        }
        let flow = flow
            .set_token_uri(TokenUrl::new(endpoints.token.to_owned()).map_err(no_address)?)
            .set_redirect_uri(RedirectUrl::new(reply.redirect_uri.to_owned()).map_err(no_address)?);
        let answer = flow
            .exchange_code(AuthorizationCode::new(reply.code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(reply.verifier.expose().to_owned()))
            .request_async(network)
            .await
            .map_err(|error| exchange_failed(endpoints.token, error))?;
        Ok(Tokens {
            access_token: Secret::new(answer.access_token().secret().as_str()),
            id_token: answer.extra_fields().id_token.clone(),
        })
    }
}

fn no_address(error: impl std::fmt::Display) -> SignInError {
    SignInError::Misconfigured(format!("an endpoint is not an address: {error}"))
}

fn exchange_failed(address: &str, error: RequestTokenError<FetchError, BasicErrorResponse>) -> SignInError {
    match error {
        RequestTokenError::Request(error) => failed(address, &error),
        RequestTokenError::ServerResponse(response) => refused(response.error()),
        // GitHub says what is wrong with status 200.
        RequestTokenError::Parse(_, body) => match serde_json::from_slice::<BasicErrorResponse>(&body) {
            Ok(response) => refused(response.error()),
            Err(_) => SignInError::NotTrusted(format!("the answer of {address} has another shape")),
        },
        RequestTokenError::Other(_) => {
            SignInError::NotTrusted(format!("the answer of {address} is not one to a code"))
        }
    }
}

/// The provider's refusal in our words (RFC 6749 section 5.2, and GitHub's own codes).
fn refused(error: &BasicErrorResponseType) -> SignInError {
    let misconfigured = |what: &str| SignInError::Misconfigured(what.to_owned());
    match error {
        BasicErrorResponseType::InvalidClient => {
            misconfigured("the provider does not accept client_id and client_secret")
        }
        BasicErrorResponseType::UnauthorizedClient | BasicErrorResponseType::UnsupportedGrantType => {
            misconfigured("the application may not use the authorization code flow")
        }
        BasicErrorResponseType::InvalidGrant => {
            SignInError::Refused("the code is used, too old or another's".to_owned())
        }
        BasicErrorResponseType::InvalidRequest | BasicErrorResponseType::InvalidScope => {
            misconfigured("the provider does not take the request")
        }
        BasicErrorResponseType::Extension(word) => match word.as_str() {
            "incorrect_client_credentials" => {
                misconfigured("the provider does not accept client_id and client_secret")
            }
            "redirect_uri_mismatch" => {
                misconfigured("the application at the provider has another callback address")
            }
            "bad_verification_code" => {
                SignInError::Refused("the code is used, too old or another's".to_owned())
            }
            "unverified_user_email" => {
                SignInError::Refused("the person has not verified an e-mail address there".to_owned())
            }
            _ => SignInError::Refused("for a reason that is not known here".to_owned()),
        },
    }
}
