//! OpenID Connect (Core 1.0, Discovery 1.0).

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::{
    identity::{ExpectedIdToken, IdToken, IdTokenClaims, IdTokenFault, SignInBy},
    oauth::KeyFinder,
    org::{ProviderKind, Subject},
    ports::{Clock, FetchError, SignInClient, SignInError, SignInQuestion, SignInReply, VouchedPerson},
    secret::Secret,
};
use portal_fetch::IssuerClient;
use serde::Deserialize;

use super::{
    SignInOptions,
    discovery::{Discovery, IssuerDocument},
    exchange::Registration,
    network::{Network, failed},
};

/// What differs from one vendor's OpenID Connect to another's.
struct Vendor {
    /// The claim that is the stable id of the directory.
    subject_claim: &'static str,
    /// The claim that says of `email` that it is the person's.
    email_proof_claim: &'static str,
    /// The `prompt` for choosing an account.
    prompt_again: &'static str,
}

impl Vendor {
    const fn of(kind: ProviderKind) -> Self {
        match kind {
            // `sub` is another one for each application; the directory knows the object id. An address there is the
            // person's only where the owner of its domain says so.
            ProviderKind::Entra => {
                Self { subject_claim: "oid", email_proof_claim: "xms_edov", prompt_again: "select_account" }
            }
            _ => Self { subject_claim: "sub", email_proof_claim: "email_verified", prompt_again: "login" },
        }
    }
}

/// Signs people in with one issuer.
pub(super) struct OidcSignIn {
    registration: Registration,
    by: SignInBy,
    vendor: Vendor,
    network: Network,
    discovery: Discovery,
    keys: KeyFinder,
    clock: Arc<dyn Clock>,
}

/// The answer of the userinfo endpoint (OpenID Connect Core section 5.3.2).
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
    #[serde(default)]
    email_verified: serde_json::Value,
}

impl OidcSignIn {
    pub(super) fn new(
        options: SignInOptions,
        client: Arc<IssuerClient>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SignInError> {
        let network = Network::new(client, &[&options.issuer])?;
        Ok(Self {
            registration: Registration { client_id: options.client_id, client_secret: options.client_secret },
            by: options.by,
            vendor: Vendor::of(options.kind),
            discovery: Discovery::new(options.issuer, network.clone(), Arc::clone(&clock)),
            keys: KeyFinder::new(Arc::new(network.clone()), Arc::clone(&clock)),
            network,
            clock,
        })
    }

    /// That the answer came from this issuer, where it says so or always would (RFC 9207 section 2.4).
    fn check_issuer(&self, document: &IssuerDocument, named: Option<&str>) -> Result<(), SignInError> {
        let good = match named {
            Some(named) => named == self.discovery.issuer(),
            None => !document.authorization_response_iss_parameter_supported,
        };
        if good {
            Ok(())
        } else {
            Err(SignInError::NotTrusted("iss is missing or another issuer".to_owned()))
        }
    }

    /// The claims of an ID token for this sign-in.
    async fn claims(
        &self,
        document: &IssuerDocument,
        id_token: &str,
        nonce: &Secret,
    ) -> Result<IdTokenClaims, SignInError> {
        let untrusted = |fault: IdTokenFault| SignInError::NotTrusted(format!("ID token: {fault}"));
        let id_token = IdToken::read(id_token).map_err(untrusted)?;
        let keys = self
            .keys
            .find(&document.jwks_uri, id_token.key_id())
            .await
            .map_err(|error| keys_failed(&document.jwks_uri, &error))?;
        let expected = ExpectedIdToken {
            issuer: self.discovery.issuer(),
            client_id: &self.registration.client_id,
            nonce,
        };
        id_token.judge(&keys, expected, self.clock.now()).map_err(untrusted)
    }

    /// The address that the provider says is the person's: in the ID token, or where it keeps such things.
    async fn verified_email(
        &self,
        document: &IssuerDocument,
        claims: &IdTokenClaims,
        access_token: &Secret,
    ) -> Result<Option<String>, SignInError> {
        if let Some(email) = claims.text("email") {
            let proven = claims.is_true(self.vendor.email_proof_claim);
            return Ok(proven.then(|| email.to_owned()));
        }
        let Some(address) = document.userinfo_endpoint.as_deref() else { return Ok(None) };
        let told: UserInfo = self.network.read(address, "application/json", Some(access_token)).await?;
        if claims.text("sub") != Some(&told.sub) {
            return Err(SignInError::NotTrusted("userinfo is about someone else".to_owned()));
        }
        // Entra ID's does not say whose an address is.
        let proven = self.vendor.email_proof_claim == "email_verified" && told.email_verified == true;
        Ok(told.email.filter(|_| proven))
    }
}

#[async_trait]
impl SignInClient for OidcSignIn {
    async fn question(&self, question: SignInQuestion<'_>) -> Result<String, SignInError> {
        let document = self.discovery.current().await?;
        let scopes: &[&str] = match self.by {
            SignInBy::Subject => &["openid"],
            SignInBy::VerifiedEmail => &["openid", "email"],
        };
        let mut extra = vec![("nonce", question.nonce.expose())];
        if question.again {
            extra.push(("prompt", self.vendor.prompt_again));
        }
        self.registration.question(document.endpoints(), question, scopes, &extra)
    }

    async fn person(&self, reply: SignInReply<'_>) -> Result<VouchedPerson, SignInError> {
        let document = self.discovery.current().await?;
        self.check_issuer(&document, reply.issuer)?;
        let tokens = self.registration.exchange(&self.network, document.endpoints(), reply).await?;
        let id_token =
            tokens.id_token.ok_or_else(|| SignInError::NotTrusted("there is no ID token".to_owned()))?;
        let claims = self.claims(&document, &id_token, reply.nonce).await?;
        let subject = claims
            .text(self.vendor.subject_claim)
            .filter(|subject| !subject.is_empty() && subject.len() <= 255)
            .ok_or_else(|| SignInError::NotTrusted(format!("there is no {}", self.vendor.subject_claim)))?;
        let verified_emails = match self.by {
            SignInBy::Subject => Vec::new(),
            SignInBy::VerifiedEmail => {
                self.verified_email(&document, &claims, &tokens.access_token).await?.into_iter().collect()
            }
        };
        Ok(VouchedPerson { subject: Subject(subject.to_owned()), verified_emails })
    }
}

/// Keys that cannot be read are the issuer's fault, but nothing that was said is disproved by it.
fn keys_failed(address: &str, error: &FetchError) -> SignInError {
    match failed(address, error) {
        SignInError::NotTrusted(words) => SignInError::Unreachable(words),
        other => other,
    }
}
