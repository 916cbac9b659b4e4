//! The code grant (RFC 6749 section 4.1.3, RFC 7636 section 4.6, RFC 8707 section 2.2).

use serde_json::json;

use super::{KnownClient, TokenError, TokenErrorCode, TokenRequest, TokenResponse, TokenService, refused};
use crate::{
    identity::{RequestOrigin, UserStatus},
    ids::AgentSessionId,
    oauth::{
        consent::is_refreshable,
        pkce,
        records::{AgentSession, AuthorizationCode, EndReason},
        refusals,
    },
    ports::WriteTransaction,
    secret::Secret,
    time::UnixMillis,
};

/// The parameters of a code grant, all there.
struct CodeGrant {
    code: Secret,
    redirect_uri: String,
    client: KnownClient,
    verifier: Secret,
    resource: Option<String>,
}

impl CodeGrant {
    fn parse(request: TokenRequest, client: KnownClient) -> Result<Self, TokenError> {
        let missing = |description| refused(TokenErrorCode::InvalidRequest, description);
        Ok(Self {
            code: request.code.ok_or_else(|| missing("code is missing"))?,
            redirect_uri: request.redirect_uri.ok_or_else(|| missing("redirect_uri is missing"))?,
            client,
            verifier: request.code_verifier.ok_or_else(|| missing("code_verifier is missing"))?,
            resource: request.resource,
        })
    }

    /// Whether a stored code was given to this client, for this redirect URI, verifier and resource, and is in time.
    fn fits(&self, code: &AuthorizationCode, now: UnixMillis) -> Result<(), TokenError> {
        let grant = |description| Err(refused(TokenErrorCode::InvalidGrant, description));
        self.client.fits(&code.client, "the code was given to another client")?;
        if now >= code.expires_at {
            return grant(refusals::CODE_EXPIRED);
        }
        if code.redirect_uri != self.redirect_uri {
            return grant("redirect_uri is not the one of the authorization request");
        }
        if !pkce::verifies(&code.code_challenge, self.verifier.expose()) {
            return grant(refusals::PROOF_WRONG);
        }
        if self.resource.as_ref().is_some_and(|asked| *asked != code.resource) {
            return Err(refused(TokenErrorCode::InvalidTarget, "resource is not the one that was granted"));
        }
        Ok(())
    }
}

impl TokenService {
    pub(super) async fn exchange_code(
        &self,
        request: TokenRequest,
        client: KnownClient,
        origin: &RequestOrigin,
    ) -> Result<TokenResponse, TokenError> {
        let grant = CodeGrant::parse(request, client)?;
        let settings = self.settings.current().await?;
        let now = self.dependencies.clock.now();
        let mut transaction = self.dependencies.store.write().await?;
        let unknown = || refused(TokenErrorCode::InvalidGrant, "the code is not known");
        let code = transaction.authorization_code_by_hash(&grant.code.hash()).await?.ok_or_else(unknown)?;
        if let Some(session) = &code.session_id {
            return self.code_replayed(transaction, session, origin).await;
        }
        grant.fits(&code, now)?;
        let user = transaction.user_by_id(&code.user_id).await?.ok_or_else(unknown)?;
        if user.status != UserStatus::Active || user.revocation_epoch != code.epoch {
            return Err(refused(TokenErrorCode::InvalidGrant, refusals::PERSON_REFUSED));
        }
        self.freshness_check(&mut *transaction, &user, &settings).await?;
        let session = AgentSession {
            id: AgentSessionId::generate(&*self.dependencies.rng),
            user_id: code.user_id.clone(),
            epoch: code.epoch,
            refreshable: is_refreshable(&settings, code.scope, &code.client),
            client: code.client,
            redirect_uri: code.redirect_uri,
            scope: code.scope,
            resource: code.resource,
            token_lifetime_days: settings.refresh_lifetimes.token().days(),
            session_lifetime_days: settings.refresh_lifetimes.session().days(),
            created_at: now,
            used_at: None,
            used_from: origin.address.map(|address| address.to_string()),
            ended: None,
        };
        if !transaction.authorization_code_consume(&code.hash, &session.id, now).await? {
            // Another exchange of the same code came first, in this very moment.
            let winner = transaction.authorization_code_by_hash(&code.hash).await?;
            let Some(session) = winner.and_then(|code| code.session_id) else { return Err(unknown()) };
            return self.code_replayed(transaction, &session, origin).await;
        }
        transaction.agent_session_insert(&session).await?;
        let issued = self.make(&session, session.scope, &settings, now);
        Self::store(&mut *transaction, &session, &issued, now).await?;
        grant.client.remember(&mut *transaction, now).await?;
        let details = json!({ "client_id": session.client.client_id, "scope": issued.scope.to_string(),
            "refreshable": session.refreshable });
        let event = self.audit(&session, Some(&user), "agent-session.created", origin).details(details);
        transaction.audit_append(&event).await?;
        transaction.commit().await?;
        Ok(issued.answer(now))
    }

    /// A code came a second time: whoever has it may not be the client, so everything it produced ends (OAuth 2.1
    /// section 4.1.3).
    async fn code_replayed(
        &self,
        mut transaction: Box<dyn WriteTransaction>,
        session: &AgentSessionId,
        origin: &RequestOrigin,
    ) -> Result<TokenResponse, TokenError> {
        if let Some(session) = transaction.agent_session_by_id(session).await? {
            self.end_session(&mut *transaction, &session, EndReason::CodeReplayed, origin).await?;
        }
        transaction.commit().await?;
        self.dependencies.changes.expire();
        Err(refused(TokenErrorCode::InvalidGrant, refusals::CODE_USED))
    }
}
