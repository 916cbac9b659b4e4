//! Ending everything that a plan names, in one transaction.

use portal_model::{EntityRef, ErrorCode};
use serde_json::json;

use super::{CARRIED_OUT, DRILL_LIST_MAX, DrillError, Found, OffboardingReport, OffboardingService};
use crate::{
    audit::AuditEvent,
    changes::Topic,
    identity::{Admin, LinkPurpose, User, UserStatus, access_end, an_admin_can_sign_in, entity_remove},
    ids::UserId,
    org::IdentityKey,
    ports::WriteTransaction,
    settings::stored_settings,
    time::UnixMillis,
    tokens::StaticTokenEnd,
};

impl OffboardingService {
    /// Disables every account of the person with this reference, also those that a sign-in with a provider would make, and
    /// ends everything that was issued to them.
    ///
    /// # Errors
    /// [`DrillError`]; nothing was changed.
    pub async fn carry_out(
        &self,
        admin: &Admin,
        person: &EntityRef,
    ) -> Result<OffboardingReport, DrillError> {
        let mut tx = self.dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        let local = stored_settings(tx.as_mut()).await?.sign_in_local_enabled;
        let could = an_admin_can_sign_in(&self.dependencies, tx.as_mut(), local).await?;
        let found = self.read(tx.as_mut(), person).await?;
        let ended_at = self.dependencies.clock.now();
        let mut report = OffboardingReport {
            plan: found.plan.clone(),
            ended_at,
            accounts_disabled: 0,
            browser_sessions_ended: 0,
            agent_sessions_ended: 0,
            static_tokens_ended: 0,
        };
        for user in &found.users {
            self.account_end(tx.as_mut(), admin, user, &mut report).await?;
        }
        for key in &found.missing {
            self.account_bar(tx.as_mut(), admin, key, person, &mut report).await?;
        }
        self.tokens_end(tx.as_mut(), admin, &found, &mut report).await?;
        if could && !an_admin_can_sign_in(&self.dependencies, tx.as_mut(), local).await? {
            return Err(DrillError::Refused(ErrorCode::LastAdmin));
        }
        let details = json!({ "accountsDisabled": report.accounts_disabled,
            "browserSessions": report.browser_sessions_ended, "agentSessions": report.agent_sessions_ended,
            "staticTokens": report.static_tokens_ended, "ownedEntities": report.plan.owned_count,
            "report": report.json() });
        let event = self.event(admin, CARRIED_OUT, ended_at).target(person.to_string());
        tx.audit_append(&event.details(details)).await?;
        tx.commit().await?;
        self.dependencies.changes.expire();
        Ok(report)
    }

    fn event(&self, admin: &Admin, action: &str, at: UnixMillis) -> AuditEvent {
        AuditEvent::done(&*self.dependencies.rng, at, admin.actor(), action, admin.origin())
    }

    async fn account_end(
        &self,
        tx: &mut dyn WriteTransaction,
        admin: &Admin,
        user: &User,
        report: &mut OffboardingReport,
    ) -> Result<(), DrillError> {
        if !tx.user_set_status(&user.id, user.status, UserStatus::Disabled).await? {
            return Err(DrillError::Refused(ErrorCode::Conflict));
        }
        tx.link_delete(LinkPurpose::Invitation, Some(&user.id)).await?;
        tx.link_delete(LinkPurpose::PasswordReset, Some(&user.id)).await?;
        entity_remove(tx, user).await?;
        let ended = access_end(tx, &user.id, report.ended_at).await?;
        report.browser_sessions_ended += ended.browser_sessions;
        report.agent_sessions_ended += ended.agent_sessions;
        if user.status != UserStatus::Disabled {
            report.accounts_disabled += 1;
            let event = self.event(admin, "user.disabled", report.ended_at).target(user.id.as_str());
            tx.audit_append(&event.details(ended.details())).await?;
        }
        Ok(())
    }

    /// Adds a disabled account for someone who has not signed in with a provider yet, so that they cannot.
    async fn account_bar(
        &self,
        tx: &mut dyn WriteTransaction,
        admin: &Admin,
        key: &IdentityKey,
        person: &EntityRef,
        report: &mut OffboardingReport,
    ) -> Result<(), DrillError> {
        let subject = std::slice::from_ref(&key.subject);
        let identity = tx.identity_list(&key.provider, subject).await?.into_iter().next();
        let name = identity.map(|identity| identity.display_name.unwrap_or(identity.login));
        let user = User {
            id: UserId::generate(&*self.dependencies.rng),
            provider: key.provider.to_string(),
            subject: key.subject.to_string(),
            entity_ref: person.clone(),
            email: None,
            display_name: name.unwrap_or_else(|| person.name().to_owned()),
            status: UserStatus::Disabled,
            admin: false,
            password_hash: None,
            revocation_epoch: 0,
            created_at: report.ended_at,
            last_sign_in_at: None,
        };
        if !tx.user_insert(&user).await? {
            return Err(DrillError::Refused(ErrorCode::Conflict));
        }
        report.accounts_disabled += 1;
        let event = self.event(admin, "user.disabled", report.ended_at).target(user.id.as_str());
        tx.audit_append(&event.details(json!({ "provider": key.provider, "subject": key.subject }))).await?;
        Ok(())
    }

    async fn tokens_end(
        &self,
        tx: &mut dyn WriteTransaction,
        admin: &Admin,
        found: &Found,
        report: &mut OffboardingReport,
    ) -> Result<(), DrillError> {
        loop {
            // Those that ended fall out of the filter, so that the first page is always the next one.
            let tokens = tx.static_token_list(&found.tokens, None, DRILL_LIST_MAX).await?;
            if tokens.is_empty() {
                return Ok(());
            }
            for token in tokens {
                tx.static_token_end(&token.id, StaticTokenEnd::Revoked, report.ended_at).await?;
                report.static_tokens_ended += 1;
                let details = json!({ "name": token.name, "owner": token.owner,
                    "reason": StaticTokenEnd::Revoked.as_str() });
                let event =
                    self.event(admin, "static-token.ended", report.ended_at).target(token.id.as_str());
                tx.audit_append(&event.details(details)).await?;
            }
        }
    }
}
