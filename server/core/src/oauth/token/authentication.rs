//! Client authentication at the token and revocation endpoints (RFC 6749 section 2.3, RFC 7523 section 2.2).

use subtle::ConstantTimeEq as _;

use super::{TokenError, TokenErrorCode, TokenService, refused};
use crate::{
    audit::{Actor, AuditEvent, AuditOutcome},
    identity::RequestOrigin,
    oauth::{
        ClientError,
        client::{Assertion, AssertionError},
        records::{ClientSnapshot, DocumentOrigin},
        refusals,
        registered::{ClientAuthentication, ClientRegistrar, REGISTERED_PREFIX, RegisteredClient},
    },
    ports::{StoreError, WriteTransaction},
    secret::{Secret, SecretHash},
    time::{DAY_MS, UnixMillis},
};

/// Failed authentications that one network may make in a minute.
const FAILURES_PER_MINUTE_MAX: i64 = 20;
/// The type of an assertion on the wire.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest client id that is looked at or written down, in bytes.
const CLIENT_ID_BYTES_MAX: usize = 2_048;

/// How a request says that it is its client's; at most one way.
#[derive(Debug, Clone, Default)]
pub enum ClientProof {
    /// Not at all, as public clients do.
    #[default]
    None,
    /// By a secret in the Authorization header.
    SecretBasic(Secret),
    /// By a secret in the form.
    SecretPost(Secret),
    /// By a signed assertion.
    Assertion {
        /// `client_assertion_type`
        kind: Option<String>,
        /// `client_assertion`
        jwt: Secret,
    },
}

/// What the request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Tokens: only while the way in which the client came is open.
    Tokens,
    /// Giving a token back: always.
    Revocation,
}

/// The client that a request is of.
#[derive(Debug)]
pub(super) struct KnownClient {
    /// Its id.
    pub(super) id: String,
    /// Whether it proved that.
    pub(super) proved: bool,
    /// Whether its last use is to be remembered, at most once a day.
    touch: bool,
}

impl KnownClient {
    /// Whether what was issued to a client was issued to this one, and it has proved who it is where it must.
    pub(super) fn fits(&self, snapshot: &ClientSnapshot, other: &'static str) -> Result<(), TokenError> {
        if snapshot.client_id != self.id {
            return Err(refused(TokenErrorCode::InvalidGrant, other));
        }
        if snapshot.confidential && !self.proved {
            return Err(refused(TokenErrorCode::InvalidClient, "this client must authenticate"));
        }
        Ok(())
    }

    /// Remembers that a registered client was used, so that it does not expire.
    pub(super) async fn remember(
        &self,
        transaction: &mut dyn WriteTransaction,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        if self.touch {
            transaction.registered_client_touch(&self.id, now).await?;
        }
        Ok(())
    }
}

fn unproved(description: &'static str) -> TokenError {
    refused(TokenErrorCode::InvalidClient, description)
}

impl TokenService {
    /// Which client a request is of. A failure is counted and audited; too many of one network end in `TooMany`.
    pub(super) async fn authenticate(
        &self,
        client_id: Option<String>,
        proof: ClientProof,
        purpose: Purpose,
        origin: &RequestOrigin,
    ) -> Result<KnownClient, TokenError> {
        let assertion = match &proof {
            ClientProof::Assertion { kind, jwt } => Some(read_assertion(kind.as_deref(), jwt)?),
            _ => None,
        };
        let named = client_id.or_else(|| assertion.as_ref()?.subject().map(str::to_owned));
        let id = named.ok_or_else(|| refused(TokenErrorCode::InvalidRequest, "client_id is missing"))?;
        if id.len() > CLIENT_ID_BYTES_MAX {
            return Err(refused(TokenErrorCode::InvalidRequest, "client_id is too long"));
        }
        if id.starts_with("http") && matches!(proof, ClientProof::None) {
            return self.public_by_document(id, purpose).await;
        }
        let bucket = format!("client-auth:{}", origin.network());
        let window_start = self.dependencies.clock.now().minute();
        let failures = self.dependencies.store.read().await?.attempt_count(&bucket, window_start).await?;
        if failures >= FAILURES_PER_MINUTE_MAX {
            return Err(TokenError::TooMany);
        }
        let found = match assertion {
            Some(assertion) => self.by_assertion(&id, &assertion).await,
            None => self.by_registration(&id, &proof, purpose).await,
        };
        if let Err(TokenError::Refused { code: TokenErrorCode::InvalidClient, description }) = &found {
            self.count_failure(&bucket, window_start, &id, description, origin).await?;
        }
        found
    }

    /// A client that is known by its document and proves nothing, as public clients do.
    async fn public_by_document(&self, id: String, purpose: Purpose) -> Result<KnownClient, TokenError> {
        if purpose == Purpose::Tokens {
            let settings = self.settings.current().await?;
            if !DocumentOrigin::Live.is_open(&settings) {
                return Err(closed(refusals::DOCUMENTS_OFF));
            }
        }
        // Its document may ask for more than it did when the person allowed it.
        if self.clients.must_sign(&id).await {
            return Err(unproved("this client must authenticate by private_key_jwt"));
        }
        Ok(KnownClient { id, proved: false, touch: false })
    }

    async fn by_registration(
        &self,
        id: &str,
        proof: &ClientProof,
        purpose: Purpose,
    ) -> Result<KnownClient, TokenError> {
        if !id.starts_with(REGISTERED_PREFIX) {
            return Err(unproved("the client is not registered here, so that it has no secret"));
        }
        let found = self.dependencies.store.read().await?.registered_client_by_id(id).await?;
        let client = found.ok_or_else(|| unproved(refusals::CLIENT_UNKNOWN))?;
        let proved = proves(&client, proof)?;
        let dynamic = matches!(client.registrar, ClientRegistrar::Dynamic { .. });
        if dynamic && purpose == Purpose::Tokens && !self.settings.current().await?.dcr_enabled {
            return Err(closed(refusals::REGISTRATION_OFF));
        }
        let now = self.dependencies.clock.now();
        let touch = client.used_at.is_none_or(|used_at| now.since(used_at) >= DAY_MS);
        Ok(KnownClient { id: client.client_id, proved, touch })
    }

    async fn by_assertion(&self, id: &str, assertion: &Assertion) -> Result<KnownClient, TokenError> {
        if !id.starts_with("http") {
            return Err(unproved("only clients that are known by a document sign assertions"));
        }
        let issuer = &self.dependencies.configuration.public_url;
        let audiences = [issuer.clone(), format!("{issuer}/oauth/token")];
        let presented = match self.clients.check_assertion(id, assertion, &audiences).await {
            Ok(presented) => presented,
            Err(AssertionError::Refused(description)) => return Err(unproved(description)),
            Err(AssertionError::Client(ClientError::Disabled)) => {
                return Err(closed(refusals::DOCUMENTS_OFF));
            }
            Err(AssertionError::Client(ClientError::Unavailable)) => {
                return Err(TokenError::Unavailable("Portal cannot reach its database".to_owned()));
            }
            Err(AssertionError::Client(ClientError::Fetch(error)) | AssertionError::Keys(error))
                if error.is_outage() =>
            {
                return Err(TokenError::Unavailable(format!("the client's document or keys: {error}")));
            }
            Err(AssertionError::Client(_) | AssertionError::Keys(_)) => {
                return Err(unproved("the client's document or keys cannot be used"));
            }
        };
        // No client id has a line break in it.
        let hash = SecretHash::of(&format!("{id}\n{}", presented.id));
        let mut transaction = self.dependencies.store.write().await?;
        let first = transaction.assertion_record(&hash, presented.until).await?;
        transaction.commit().await?;
        if !first {
            return Err(unproved("the assertion was used before"));
        }
        Ok(KnownClient { id: id.to_owned(), proved: true, touch: false })
    }

    async fn count_failure(
        &self,
        bucket: &str,
        window_start: UnixMillis,
        client_id: &str,
        reason: &str,
        origin: &RequestOrigin,
    ) -> Result<(), StoreError> {
        let now = self.dependencies.clock.now();
        let event =
            AuditEvent::done(&*self.dependencies.rng, now, Actor::Anonymous, "client.authentication", origin)
                .target(client_id)
                .outcome(AuditOutcome::Refused { reason: TokenErrorCode::InvalidClient.as_str().to_owned() })
                .details(serde_json::json!({ "reason": reason }));
        let mut transaction = self.dependencies.store.write().await?;
        transaction.attempt_record(bucket, window_start).await?;
        transaction.audit_append(&event).await?;
        transaction.commit().await
    }
}

fn closed(description: &'static str) -> TokenError {
    refused(TokenErrorCode::UnauthorizedClient, description)
}

fn read_assertion(kind: Option<&str>, jwt: &Secret) -> Result<Assertion, TokenError> {
    if kind != Some(ASSERTION_TYPE) {
        let description =
            "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        return Err(refused(TokenErrorCode::InvalidRequest, description));
    }
    Assertion::read(jwt.expose()).map_err(unproved)
}

/// Whether a registered client is proved, by exactly its own method; an error where it is not.
fn proves(client: &RegisteredClient, proof: &ClientProof) -> Result<bool, TokenError> {
    match (&client.authentication, proof) {
        (ClientAuthentication::None, ClientProof::None) => Ok(false),
        (ClientAuthentication::SecretBasic(hash), ClientProof::SecretBasic(secret))
        | (ClientAuthentication::SecretPost(hash), ClientProof::SecretPost(secret)) => {
            if bool::from(secret.hash().0.ct_eq(&hash.0)) {
                Ok(true)
            } else {
                Err(unproved("the client secret is wrong"))
            }
        }
        (ClientAuthentication::None, _) => {
            Err(unproved("this client is public: send its client_id and no credentials"))
        }
        (ClientAuthentication::SecretBasic(_), _) => {
            Err(unproved("this client must authenticate by client_secret_basic"))
        }
        (ClientAuthentication::SecretPost(_), _) => {
            Err(unproved("this client must authenticate by client_secret_post"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(authentication: ClientAuthentication) -> RegisteredClient {
        RegisteredClient {
            client_id: format!("{REGISTERED_PREFIX}1"),
            name: "Agent".to_owned(),
            redirect_uris: Vec::new(),
            authentication,
            refresh_grant: false,
            registrar: ClientRegistrar::Admin("command line".to_owned()),
            created_at: UnixMillis(60_000),
            used_at: None,
        }
    }

    #[test]
    fn only_the_registered_method_counts() {
        let (right, wrong) = (|| Secret::new("right"), || Secret::new("wrong"));
        let jwt = ClientProof::Assertion { kind: None, jwt: right() };
        let basic = registered(ClientAuthentication::SecretBasic(right().hash()));
        let post = registered(ClientAuthentication::SecretPost(right().hash()));
        let public = registered(ClientAuthentication::None);
        assert!(matches!(proves(&basic, &ClientProof::SecretBasic(right())), Ok(true)));
        assert!(matches!(proves(&post, &ClientProof::SecretPost(right())), Ok(true)));
        assert!(matches!(proves(&public, &ClientProof::None), Ok(false)));
        for (client, proof) in [
            (&basic, ClientProof::SecretBasic(wrong())),
            (&basic, ClientProof::SecretPost(right())),
            (&basic, ClientProof::None),
            (&basic, jwt.clone()),
            (&post, ClientProof::SecretPost(wrong())),
            (&post, ClientProof::SecretBasic(right())),
            (&post, ClientProof::None),
            (&public, ClientProof::SecretBasic(right())),
            (&public, jwt),
        ] {
            let refusal = proves(client, &proof);
            assert!(
                matches!(&refusal, Err(TokenError::Refused { code: TokenErrorCode::InvalidClient, .. })),
                "{proof:?}: {refusal:?}"
            );
        }
    }
}
