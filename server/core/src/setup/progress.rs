//! How far a person is with connecting an agent, in a form that a page can wait on.

use super::{Agent, SetupService};
use crate::{identity::SignedIn, oauth::records::AgentSessionFilter, ports::StoreError};

impl SetupService {
    /// A word that changes whenever what the guide shows of this person's attempt changes. It means nothing else.
    ///
    /// # Errors
    /// The store failed.
    pub async fn progress_version(
        &self,
        signed_in: &SignedIn,
        _agent: Option<Agent>,
    ) -> Result<String, StoreError> {
        let open = AgentSessionFilter {
            user_id: Some(signed_in.user().id.clone()),
            open_only: true,
            ..AgentSessionFilter::default()
        };
        let (sessions, _people) = self.dependencies.store.read().await?.agent_session_count(&open).await?;
        Ok(sessions.to_string())
    }
}
