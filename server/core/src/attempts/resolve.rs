//! Finding out whose an attempt is, by what was presented.

use super::{
    Attempt, AttemptKind, AttemptSource,
    draft::{About, Draft},
    record::client_text,
};
use crate::{
    identity::{User, UserStatus},
    oauth::records::{AgentSession, ClientSnapshot},
    ports::{ReadTransaction, StoreError},
    secret::SecretHash,
    time::UnixMillis,
    tokens::{StaticToken, StaticTokenEnd},
};

/// The attempt that a draft stands for; `None` for what is no more than the course of things.
pub(super) async fn resolve(
    store: &mut dyn ReadTransaction,
    draft: Draft,
) -> Result<Option<Attempt>, StoreError> {
    let mut attempt = Attempt {
        id: draft.id,
        at: draft.at,
        user_id: None,
        client_id: draft.client_id,
        client_name: String::new(),
        kind: draft.kind,
        detail: draft.detail,
        session_id: None,
        token_id: None,
        source: AttemptSource::Anonymous,
        address: draft.address.map(|address| address.to_string()),
    };
    match draft.about {
        About::Nobody => {}
        About::Person(user) => attempt.belongs(user, AttemptSource::Browser),
        About::Request(hash, user) => {
            attempt.belongs(user, AttemptSource::Browser);
            let pending = store.authorization_request_by_hash(&hash).await?;
            if let Some(pending) = &pending {
                attempt.names(&pending.client);
            }
            // A page that is opened again after it was answered is no failure.
            let answered = pending.is_some_and(|pending| pending.answered_at.is_some());
            if attempt.kind == AttemptKind::RequestExpired && answered {
                return Ok(None);
            }
        }
        About::Code(hash) => {
            if let Some(code) = store.authorization_code_by_hash(&hash).await? {
                attempt.names(&code.client);
                attempt.session_id = code.session_id;
                attempt.belongs(code.user_id, AttemptSource::Token);
            }
        }
        About::Refresh(hash) => {
            if let Some(presented) = store.refresh_token_presented(&hash).await? {
                attempt.in_session(&presented.session);
            }
        }
        About::Issued(hash) => {
            if let Some((_, session, _)) = store.access_token_by_hash(&hash).await? {
                attempt.in_session(&session);
            }
        }
        About::Bearer(hash) => return bearer(store, attempt, &hash).await,
        About::Known(caller) => {
            attempt.source = AttemptSource::Token;
            attempt.user_id = caller.user_id;
            attempt.session_id = caller.session_id;
            attempt.token_id = caller.token_id;
            attempt.client_id = caller.client_id;
            attempt.client_name = caller.client_name;
        }
    }
    Ok(Some(attempt))
}

/// What is wrong with a token that was refused.
async fn bearer(
    store: &mut dyn ReadTransaction,
    mut attempt: Attempt,
    hash: &SecretHash,
) -> Result<Option<Attempt>, StoreError> {
    if let Some((token, session, user)) = store.access_token_by_hash(hash).await? {
        attempt.in_session(&session);
        // An agent that can renew its token does so now: that is how it goes.
        if session_fault(&mut attempt, &session, &user) || token.expires_at > attempt.at {
            return Ok(Some(attempt));
        }
        attempt.kind = AttemptKind::AccessExpired;
        return Ok((!session.refreshable).then_some(attempt));
    }
    if let Some((token, accounts)) = store.static_token_by_hash(hash).await? {
        attempt.source = AttemptSource::Token;
        attempt.client_name = client_text(&token.name);
        attempt.user_id = owner(&token, &accounts);
        attempt.token_id = Some(token.id.clone());
        if attempt.kind == AttemptKind::TokenUnknown {
            static_fault(&mut attempt, &token, &accounts);
        }
    }
    Ok(Some(attempt))
}

/// The account whose token it is; `None` for a service's.
fn owner(token: &StaticToken, accounts: &[User]) -> Option<crate::ids::UserId> {
    let person = token.owner.kind() != "group";
    accounts.first().filter(|_| person).map(|account| account.id.clone())
}

/// Says what is wrong with a session; `false` when it is its access token alone.
fn session_fault(attempt: &mut Attempt, session: &AgentSession, user: &User) -> bool {
    if user.status != UserStatus::Active {
        attempt.fault(AttemptKind::PersonSuspended, "the account is not active");
    } else if let Some((_, reason)) = session.ended {
        attempt.fault(AttemptKind::SessionEnded, end_words(reason));
    } else if user.revocation_epoch != session.epoch {
        attempt.fault(AttemptKind::SessionEnded, "the person signed out everywhere");
    } else {
        // What it is otherwise, unless its time is over.
        attempt.fault(AttemptKind::PersonSuspended, "the person is missing in the catalog");
        return false;
    }
    true
}

fn static_fault(attempt: &mut Attempt, token: &StaticToken, accounts: &[User]) {
    let now: UnixMillis = attempt.at;
    if accounts.iter().any(|account| account.status.is_refused()) {
        attempt.fault(AttemptKind::PersonSuspended, "the account is not active");
    } else if token.is_open(now) {
        attempt.fault(AttemptKind::PersonSuspended, "the token’s owner may not use Portal now");
    } else {
        let why = match token.ended {
            Some((_, StaticTokenEnd::Revoked)) => "it was revoked",
            Some((_, StaticTokenEnd::Rotated)) => "a new one took its place",
            Some((_, StaticTokenEnd::OwnerGone)) => "its owner left",
            None => "its time is over",
        };
        attempt.fault(AttemptKind::StaticTokenEnded, why);
    }
}

fn end_words(reason: crate::oauth::records::EndReason) -> &'static str {
    use crate::oauth::records::EndReason as Reason;
    match reason {
        Reason::Disconnected => "you disconnected the agent in Portal",
        Reason::EndedByAdmin => "an admin ended it",
        Reason::RevokedByClient => "the agent signed out",
        Reason::CodeReplayed => "its one-time code was presented twice",
        Reason::TokenReplayed => "a refresh token was presented again after it was replaced",
        Reason::Expired => "it reached its maximum lifetime, or was not used for too long",
        Reason::UserRevoked => "the person signed out everywhere, or may not use Portal any more",
    }
}

impl Attempt {
    fn belongs(&mut self, user: crate::ids::UserId, source: AttemptSource) {
        self.user_id = Some(user);
        self.source = source;
    }

    fn names(&mut self, client: &ClientSnapshot) {
        self.client_id = client_text(&client.client_id);
        self.client_name = client_text(&client.name);
    }

    fn in_session(&mut self, session: &AgentSession) {
        self.names(&session.client);
        self.session_id = Some(session.id.clone());
        self.belongs(session.user_id.clone(), AttemptSource::Token);
    }

    fn fault(&mut self, kind: AttemptKind, detail: &str) {
        self.kind = kind;
        detail.clone_into(&mut self.detail);
    }
}
