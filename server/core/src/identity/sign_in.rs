//! Sign-in with e-mail and password, and the change of a password.
//!
//! What an attempt costs and says is the same whether the account exists, has a password, or not. Limits count by
//! address, and failures by account; a browser that has signed in to the account before has a count of its own, so that
//! whoever exhausts the account's count locks out strangers, not the person.

use portal_model::{ErrorCode, Field, FieldError};

use super::{
    IdentityError, IdentityService, LOCAL_PROVIDER, NewBrowserSession, PasswordHash, RequestOrigin, SignIn,
    SignInOutcome, SignedIn, User, UserStatus,
    hasher::{HashError, Urgency, hash_is_outdated},
    limits::{Admission, Bucket, Count},
    password::password_check,
};
use crate::{
    audit::Actor,
    changes::Topic,
    ids::UserId,
    ports::{StoreError, WriteTransaction},
    secret::Secret,
};

pub(super) const SIGNED_IN: &str = "user.signed-in";
const PASSWORD_CHANGED: &str = "user.password-changed";

/// The account that a sign-in names, as far as there is one, and how its failures are counted.
struct Candidate {
    user: Option<User>,
    /// The browser's long-lived cookie, when it is known for this account.
    known_browser: Option<Secret>,
    bucket: Bucket,
}

impl Candidate {
    fn urgency(&self) -> Urgency {
        if self.known_browser.is_some() { Urgency::Known } else { Urgency::Anyone }
    }

    fn password_hash(&self) -> Option<&PasswordHash> {
        self.user.as_ref().and_then(|user| user.password_hash.as_ref())
    }
}

/// A refusal to be written down.
struct Refusal<'a> {
    code: ErrorCode,
    action: &'static str,
    actor: Actor,
    user: Option<&'a User>,
    origin: &'a RequestOrigin,
}

impl IdentityService {
    /// Signs in with e-mail and password. The session that this browser had ends.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_in(
        &self,
        sign_in: SignIn,
        origin: &RequestOrigin,
    ) -> Result<SignInOutcome, IdentityError> {
        if !self.address_admitted(origin).await? {
            return Ok(refused(ErrorCode::TooManyAttempts));
        }
        if !self.local_sign_in_enabled().await? {
            return Ok(refused(ErrorCode::LocalSignInOff));
        }
        let candidate = self.candidate(&sign_in).await?;
        let refusal = |code| Refusal {
            code,
            action: SIGNED_IN,
            actor: Actor::Anonymous,
            user: candidate.user.as_ref(),
            origin,
        };
        let Some(_reservation) =
            self.admitted(&candidate.bucket, &refusal(ErrorCode::TooManyAttempts)).await?
        else {
            return Ok(refused(ErrorCode::TooManyAttempts));
        };
        let checked =
            self.hasher.verify(&sign_in.password, candidate.password_hash(), candidate.urgency()).await;
        let fits = match checked {
            Err(HashError::Busy) => return Ok(refused(ErrorCode::TooManyAttempts)),
            checked => checked?,
        };
        match candidate.user.as_ref() {
            Some(user) if fits && user.status == UserStatus::Active => {
                let session = self.session_for(user, &candidate, &sign_in, origin).await?;
                Ok(session.map_or_else(|| refused(ErrorCode::CredentialsWrong), SignInOutcome::SignedIn))
            }
            Some(user) if fits => {
                let code = match user.status {
                    UserStatus::Suspended => ErrorCode::AccountSuspended,
                    _ => ErrorCode::AccountDisabled,
                };
                self.refusal_record(None, refusal(code)).await?;
                Ok(refused(code))
            }
            _ => {
                self.refusal_record(Some(&candidate.bucket), refusal(ErrorCode::CredentialsWrong)).await?;
                Ok(refused(ErrorCode::CredentialsWrong))
            }
        }
    }

    /// Changes the person's password; every browser session ends, this browser gets a new one. Agents stay connected.
    ///
    /// # Errors
    /// [`IdentityError::Refused`] on `current_password` or `password`.
    pub async fn password_change(
        &self,
        signed_in: &SignedIn,
        current: &Secret,
        new: &Secret,
    ) -> Result<NewBrowserSession, IdentityError> {
        // Read anew: a sign-in elsewhere may have stored the same password under newer parameters.
        let found = self.dependencies.store.read().await?.user_by_id(&signed_in.user().id).await?;
        let user = found.ok_or(ErrorCode::NotFound)?;
        password_check(new, user.email.as_deref().unwrap_or_default())?;
        self.current_password_check(signed_in, &user, current).await?;
        let hash = self.hasher.hash(new, Urgency::Known).await?;

        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        let locked = user_lock(tx.as_mut(), &user, UserStatus::Active).await?;
        let unchanged = |now: &User| {
            now.password_hash == user.password_hash && now.revocation_epoch == user.revocation_epoch
        };
        let mut now_user = locked.filter(unchanged).ok_or(ErrorCode::Conflict)?;
        now_user.password_hash = Some(hash);
        tx.user_update(&now_user).await?;
        tx.browser_session_delete_by_user(&user.id).await?;
        let session = self.session_start(tx.as_mut(), now_user, None, signed_in.origin()).await?;
        let event = self.event(signed_in.actor(), PASSWORD_CHANGED, signed_in.origin());
        tx.audit_append(&event.target(user.id.as_str())).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(session)
    }

    /// Whoever found a browser signed in shall not guess the password there.
    async fn current_password_check(
        &self,
        signed_in: &SignedIn,
        user: &User,
        current: &Secret,
    ) -> Result<(), IdentityError> {
        let on_field = |code| IdentityError::Refused(FieldError::on(Field::CurrentPassword, code));
        let bucket = Bucket::current_password(&user.id);
        let refusal = |code| Refusal {
            code,
            action: PASSWORD_CHANGED,
            actor: signed_in.actor(),
            user: Some(user),
            origin: signed_in.origin(),
        };
        let Some(_reservation) = self.admitted(&bucket, &refusal(ErrorCode::TooManyAttempts)).await? else {
            return Err(on_field(ErrorCode::TooManyAttempts));
        };
        if self.hasher.verify(current, user.password_hash.as_ref(), Urgency::Known).await? {
            return Ok(());
        }
        self.refusal_record(Some(&bucket), refusal(ErrorCode::PasswordWrong)).await?;
        Err(on_field(ErrorCode::PasswordWrong))
    }

    pub(super) async fn address_admitted(&self, origin: &RequestOrigin) -> Result<bool, StoreError> {
        let bucket = Bucket::address(origin);
        let now = self.now();
        if self.limits.is_beyond(&*self.dependencies.store, &bucket, now).await? {
            return Ok(false);
        }
        let mut tx = self.dependencies.store.write().await?;
        let count = bucket.record(tx.as_mut(), now).await?;
        if count == Count::FirstBeyond {
            let event = self.event(Actor::Anonymous, SIGNED_IN, origin);
            tx.audit_append(&event.outcome(ErrorCode::TooManyAttempts)).await?;
        }
        tx.commit().await?;
        Ok(count == Count::Within)
    }

    async fn candidate(&self, sign_in: &SignIn) -> Result<Candidate, StoreError> {
        let email = sign_in.email.trim();
        let mut store = self.dependencies.store.read().await?;
        let user = store.user_by_email(LOCAL_PROVIDER, email).await?;
        let Some(browser) = &sign_in.known_browser else {
            return Ok(Candidate { user, known_browser: None, bucket: Bucket::account(email) });
        };
        // Asked for nobody too: a cookie sent along does not tell by the time taken whether there is an account.
        let nobody = UserId(String::new());
        let id = user.as_ref().map_or(&nobody, |user| &user.id);
        if store.known_browser_exists(id, &browser.hash()).await? {
            let bucket = Bucket::known_browser(id, &browser.hash());
            return Ok(Candidate { known_browser: Some(browser.clone()), bucket, user });
        }
        // An unknown cookie is not taken over: whoever planted it would be known afterwards.
        Ok(Candidate { user, known_browser: None, bucket: Bucket::account(email) })
    }

    /// Asks to check a password; `None` when the bucket is full.
    async fn admitted(
        &self,
        bucket: &Bucket,
        refusal: &Refusal<'_>,
    ) -> Result<Option<super::limits::Reservation>, StoreError> {
        match self.limits.admit(&*self.dependencies.store, bucket, self.now()).await? {
            Admission::Admitted(reservation) => Ok(Some(reservation)),
            Admission::Beyond => Ok(None),
            Admission::LimitReached => {
                let mut tx = self.dependencies.store.write().await?;
                if bucket.record(tx.as_mut(), self.now()).await? == Count::FirstBeyond {
                    self.refusal_append(tx.as_mut(), refusal).await?;
                }
                tx.commit().await?;
                Ok(None)
            }
        }
    }

    /// Counts a failure and writes its audit row; both persist though the caller is refused.
    async fn refusal_record(&self, bucket: Option<&Bucket>, refusal: Refusal<'_>) -> Result<(), StoreError> {
        let mut tx = self.dependencies.store.write().await?;
        if let Some(bucket) = bucket {
            bucket.record(tx.as_mut(), self.now()).await?;
        }
        self.refusal_append(tx.as_mut(), &refusal).await?;
        tx.commit().await
    }

    async fn refusal_append(
        &self,
        tx: &mut dyn WriteTransaction,
        refusal: &Refusal<'_>,
    ) -> Result<(), StoreError> {
        let mut event =
            self.event(refusal.actor.clone(), refusal.action, refusal.origin).outcome(refusal.code);
        event.target = refusal.user.map(|user| user.id.0.clone());
        tx.audit_append(&event).await
    }

    /// The session for someone whose password fits; `None` when the account changed during the check.
    async fn session_for(
        &self,
        user: &User,
        candidate: &Candidate,
        sign_in: &SignIn,
        origin: &RequestOrigin,
    ) -> Result<Option<NewBrowserSession>, IdentityError> {
        let renewed = match &user.password_hash {
            Some(hash) if hash_is_outdated(hash) => {
                Some(self.hasher.hash(&sign_in.password, Urgency::Known).await?)
            }
            _ => None,
        };
        let mut tx = self.dependencies.store.write().await?;
        let ended = match &sign_in.previous_session {
            Some(previous) => previous_session_end(tx.as_mut(), previous).await?,
            None => false,
        };
        let Some(mut now_user) = user_lock(tx.as_mut(), user, UserStatus::Active).await? else {
            return Ok(None);
        };
        if now_user.password_hash != user.password_hash {
            return Ok(None);
        }
        now_user.last_sign_in_at = Some(self.now());
        now_user.password_hash = renewed.or(now_user.password_hash);
        tx.user_update(&now_user).await?;
        let actor = Actor::User { id: user.id.0.clone(), name: now_user.entity_ref.to_string() };
        let known_browser = candidate.known_browser.clone();
        let session = self.session_start(tx.as_mut(), now_user, known_browser, origin).await?;
        tx.audit_append(&self.event(actor, SIGNED_IN, origin).target(user.id.as_str())).await?;
        tx.commit().await?;
        if ended {
            self.dependencies.changes.expire();
        }
        Ok(Some(session))
    }
}

fn refused(code: ErrorCode) -> SignInOutcome {
    SignInOutcome::Refused(code.into())
}

/// The counter is raised only where there was a session, so that most sign-ins leave the caches alone.
pub(super) async fn previous_session_end(
    tx: &mut dyn WriteTransaction,
    previous: &Secret,
) -> Result<bool, StoreError> {
    if tx.browser_session_by_hash(&previous.hash()).await?.is_none() {
        return Ok(false);
    }
    tx.change_record(Topic::Access).await?;
    tx.browser_session_delete(&previous.hash()).await
}

/// Locks an account until the transaction ends and reads it as it is now; `None` when its status is another one.
pub(super) async fn user_lock(
    tx: &mut dyn WriteTransaction,
    user: &User,
    status: UserStatus,
) -> Result<Option<User>, StoreError> {
    if !tx.user_set_status(&user.id, status, status).await? {
        return Ok(None);
    }
    tx.user_by_id(&user.id).await
}
