//! Revocation by the client (RFC 7009).

use super::{Purpose, RevokeRequest, TokenError, TokenErrorCode, TokenService, refused};
use crate::{
    identity::RequestOrigin,
    ids::AgentSessionId,
    oauth::{format::TokenKind, records::EndReason},
    ports::{StoreError, WriteTransaction},
    secret::Secret,
};

impl TokenService {
    /// Ends the session that a token belongs to, whichever of its tokens is presented. Unknown tokens, and those of
    /// another client, change nothing and are no error (RFC 7009 section 2.2).
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn revoke(&self, request: RevokeRequest, origin: &RequestOrigin) -> Result<(), TokenError> {
        let missing = |description| refused(TokenErrorCode::InvalidRequest, description);
        let token = request.token.ok_or_else(|| missing("token is missing"))?;
        let client = self.authenticate(request.client_id, request.proof, Purpose::Revocation, origin).await?;
        let mut transaction = self.dependencies.store.write().await?;
        let Some(session_id) = session_of(&mut *transaction, &token).await? else { return Ok(()) };
        let Some(session) = transaction.agent_session_by_id(&session_id).await? else { return Ok(()) };
        if session.client.client_id != client.id {
            return Ok(());
        }
        client.fits(&session.client, "the token was given to another client")?;
        self.end_session(&mut *transaction, &session, EndReason::RevokedByClient, origin).await?;
        transaction.commit().await?;
        self.dependencies.changes.expire();
        Ok(())
    }
}

async fn session_of(
    transaction: &mut dyn WriteTransaction,
    token: &Secret,
) -> Result<Option<AgentSessionId>, StoreError> {
    if TokenKind::Access.fits(token.expose()) {
        Ok(transaction.access_token_by_hash(&token.hash()).await?.map(|(_, session, _)| session.id))
    } else if TokenKind::Refresh.fits(token.expose()) {
        Ok(transaction.refresh_token_by_hash(&token.hash()).await?.map(|token| token.session_id))
    } else {
        Ok(None)
    }
}
