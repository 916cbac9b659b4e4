//! The refresh grant (RFC 6749 section 6, OAuth 2.1 section 4.3): rotation at every use.
//!
//! The immediate predecessor gets the same answer again until its successor is confirmed, and for a grace after that,
//! so that a lost answer costs nobody a session. Any other reuse ends the session: two parties hold its tokens.

use portal_model::{ScopeSet, settings::Settings};

use super::{
    Issued, KnownClient, SealedAnswer, TokenError, TokenErrorCode, TokenRequest, TokenResponse, TokenService,
    refused, session_days, token_days,
};
use crate::{
    audit::AuditOutcome,
    identity::{RequestOrigin, UserStatus},
    oauth::{
        format::TokenKind,
        records::{AgentSession, EndReason, RefreshState},
        refusals, seal, session_end,
    },
    ports::{StoreError, WriteTransaction, store::PresentedRefreshToken},
    secret::{Secret, SecretHash},
    time::{DAY_MS, SECOND_MS, UnixMillis},
};

/// How long after its successor was confirmed a replaced token still gets the same answer, in milliseconds.
pub const GRACE_MS: i64 = 60 * SECOND_MS;
/// How often a rotation that another one overtook is tried again.
const OVERTAKEN_MAX: usize = 3;

/// The parameters of a refresh grant, all there.
struct RefreshGrant {
    token: Secret,
    client: KnownClient,
    scope: Option<ScopeSet>,
    resource: Option<String>,
}

/// What a presented token leads to, decided inside the transaction.
enum Verdict {
    /// It is current: rotate it.
    Rotate,
    /// It was replaced a moment ago: the same answer again.
    Repeat(Issued),
    /// The session is over; the denial must be kept.
    End(EndReason, &'static str),
    /// A client that has proved who it is presents a token that it replaced: refused and audited, and no reason to think
    /// that two parties hold its tokens.
    RefuseReplay,
    /// Refused without a change.
    Refuse(TokenError),
}

impl RefreshGrant {
    fn parse(request: TokenRequest, client: KnownClient) -> Result<Self, TokenError> {
        let missing = |description| refused(TokenErrorCode::InvalidRequest, description);
        let token = request.refresh_token.ok_or_else(|| missing("refresh_token is missing"))?;
        if !TokenKind::Refresh.fits(token.expose()) {
            return Err(refused(TokenErrorCode::InvalidGrant, "the refresh token is not known"));
        }
        let scope = request.scope.as_deref().filter(|scope| !scope.trim().is_empty()).map(ScopeSet::parse);
        Ok(Self { token, client, scope, resource: request.resource })
    }

    /// Whether a session is this client's, and nothing more is asked than was granted.
    fn fits(&self, session: &AgentSession) -> Result<(), TokenError> {
        self.client.fits(&session.client, "the refresh token was given to another client")?;
        if self.resource.as_ref().is_some_and(|asked| *asked != session.resource) {
            return Err(refused(TokenErrorCode::InvalidTarget, "resource is not the one that was granted"));
        }
        if self.scope.is_some_and(|asked| asked.level > session.scope.level) {
            return Err(refused(TokenErrorCode::InvalidScope, "scope is larger than what was granted"));
        }
        Ok(())
    }
}

impl TokenService {
    /// Deletes sealed answers whose grace is over; returns how many. The server calls it every few seconds, so that a
    /// copy of the database holds no more of them than are needed.
    ///
    /// # Errors
    /// The store failed.
    pub async fn forget_answers(&self) -> Result<u64, StoreError> {
        let confirmed_before = self.dependencies.clock.now().plus(-GRACE_MS);
        let mut transaction = self.dependencies.store.write().await?;
        let forgotten = transaction.sealed_answer_prune(confirmed_before).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }

    pub(super) async fn refresh(
        &self,
        request: TokenRequest,
        client: KnownClient,
        origin: &RequestOrigin,
    ) -> Result<TokenResponse, TokenError> {
        let grant = RefreshGrant::parse(request, client)?;
        let settings = self.settings.current().await?;
        if !settings.refresh_enabled {
            return Err(refused(
                TokenErrorCode::UnauthorizedClient,
                "refresh tokens are switched off in Portal",
            ));
        }
        for _ in 0..OVERTAKEN_MAX {
            if let Some(answer) = self.refresh_once(&grant, &settings, origin).await? {
                return Ok(answer);
            }
        }
        Err(StoreError::Unavailable("a refresh was overtaken again and again".to_owned()).into())
    }

    /// One attempt; `None` when another rotation of the same token came first, so that a second look finds it replaced.
    async fn refresh_once(
        &self,
        grant: &RefreshGrant,
        settings: &Settings,
        origin: &RequestOrigin,
    ) -> Result<Option<TokenResponse>, TokenError> {
        let now = self.dependencies.clock.now();
        let mut transaction = self.dependencies.store.write().await?;
        let unknown = || refused(TokenErrorCode::InvalidGrant, "the refresh token is not known");
        let presented =
            transaction.refresh_token_presented(&grant.token.hash()).await?.ok_or_else(unknown)?;
        grant.fits(&presented.session)?;
        let verdict = self.judge(&mut *transaction, grant, &presented, settings).await?;
        let PresentedRefreshToken { session, user, .. } = presented;
        match verdict {
            // Nothing was written, but what was read may be a rotation or an end that is not durable yet.
            Verdict::Refuse(error) => {
                transaction.commit().await?;
                Err(error)
            }
            Verdict::Repeat(issued) => {
                transaction.commit().await?;
                Ok(Some(issued.answer(now)))
            }
            Verdict::RefuseReplay => {
                let event = self.audit(&session, None, "agent-session.replay-refused", origin);
                let reason = TokenErrorCode::InvalidGrant.as_str().to_owned();
                transaction.audit_append(&event.outcome(AuditOutcome::Refused { reason })).await?;
                transaction.commit().await?;
                Err(refused(TokenErrorCode::InvalidGrant, "the refresh token was replaced before"))
            }
            Verdict::End(reason, description) => {
                self.end_session(&mut *transaction, &session, reason, origin).await?;
                transaction.commit().await?;
                self.dependencies.changes.expire();
                Err(refused(TokenErrorCode::InvalidGrant, description))
            }
            Verdict::Rotate => {
                self.freshness_check(&mut *transaction, &user, settings).await?;
                let issued = self.make(&session, grant.scope.unwrap_or(session.scope), settings, now);
                if !rotate(&mut *transaction, grant, &issued, now).await? {
                    return Ok(None);
                }
                Self::store(&mut *transaction, &session, &issued, now).await?;
                grant.client.remember(&mut *transaction, now).await?;
                let address = origin.address.map(|address| address.to_string());
                transaction.agent_session_touch(&session.id, now, address.as_deref()).await?;
                let event = self.audit(&session, Some(&user), "agent-session.refreshed", origin);
                transaction.audit_append(&event).await?;
                transaction.commit().await?;
                Ok(Some(issued.answer(now)))
            }
        }
    }

    async fn judge(
        &self,
        transaction: &mut dyn WriteTransaction,
        grant: &RefreshGrant,
        presented: &PresentedRefreshToken,
        settings: &Settings,
    ) -> Result<Verdict, StoreError> {
        let now = self.dependencies.clock.now();
        let PresentedRefreshToken { token, session, user, in_catalog } = presented;
        if session.ended.is_some() {
            return Ok(Verdict::Refuse(refused(TokenErrorCode::InvalidGrant, "the session has ended")));
        }
        if now >= session_end(session.created_at, session_days(session, settings)) {
            return Ok(Verdict::End(EndReason::Expired, "the session has reached its maximum lifetime"));
        }
        if user.status != UserStatus::Active || user.revocation_epoch != session.epoch {
            return Ok(Verdict::End(EndReason::UserRevoked, refusals::PERSON_REFUSED));
        }
        if !in_catalog {
            return Ok(Verdict::End(EndReason::UserRevoked, refusals::PERSON_MISSING));
        }
        let idle_ms = i64::from(token_days(session, settings)) * DAY_MS;
        match &token.state {
            RefreshState::Current if now.since(token.created_at) >= idle_ms => {
                Ok(Verdict::End(EndReason::Expired, "the refresh token was not used in time"))
            }
            RefreshState::Current => Ok(Verdict::Rotate),
            RefreshState::Rotated { successor, sealed_answer, .. } => {
                let repeated = match sealed_answer {
                    Some(sealed) if within_grace(transaction, successor, now, idle_ms).await? => {
                        seal::open(&grant.token, sealed).map(Issued::from)
                    }
                    _ => None,
                };
                if repeated.is_none() && grant.client.proved {
                    return Ok(Verdict::RefuseReplay);
                }
                Ok(repeated.map_or(
                    Verdict::End(
                        EndReason::TokenReplayed,
                        "the refresh token was replaced before; its session has ended",
                    ),
                    Verdict::Repeat,
                ))
            }
        }
    }
}

/// Whether a replaced token is the immediate predecessor of a current one that was not confirmed, or only a moment ago.
async fn within_grace(
    transaction: &mut dyn WriteTransaction,
    successor: &SecretHash,
    now: UnixMillis,
    idle_ms: i64,
) -> Result<bool, StoreError> {
    let Some(successor) = transaction.refresh_token_by_hash(successor).await? else { return Ok(false) };
    let current = successor.state == RefreshState::Current && now.since(successor.created_at) < idle_ms;
    Ok(current && successor.confirmed_at.is_none_or(|confirmed_at| now.since(confirmed_at) <= GRACE_MS))
}

/// Replaces the presented token; `false` when it had been replaced meanwhile.
async fn rotate(
    transaction: &mut dyn WriteTransaction,
    grant: &RefreshGrant,
    issued: &Issued,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let cannot_seal = || StoreError::Inconsistent("an answer could not be sealed".to_owned());
    let refresh = issued.refresh.as_ref().ok_or_else(cannot_seal)?;
    let answer = SealedAnswer {
        access_token: issued.access.expose().to_owned(),
        access_expires_at: issued.access_expires_at,
        refresh_token: refresh.expose().to_owned(),
        scope: issued.scope.to_string(),
    };
    let sealed = seal::seal(&grant.token, &answer).ok_or_else(cannot_seal)?;
    transaction.refresh_token_rotate(&grant.token.hash(), &refresh.hash(), &sealed, now).await
}
