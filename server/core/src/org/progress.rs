//! How far the runs of a directory are, in a form that a page can wait on.

use super::{OrgError, OrgService, ProviderId};
use crate::identity::Admin;

impl OrgService {
    /// A word that changes whenever what the page of this provider shows of its runs changes. It means nothing else.
    ///
    /// # Errors
    /// [`OrgError::UnknownProvider`], or the store failed.
    pub async fn progress_version(&self, _admin: &Admin, id: &ProviderId) -> Result<String, OrgError> {
        self.directory(id)?;
        let mut store = self.dependencies.store.read().await?;
        let latest = store.directory_run_list(id, None, 1).await?;
        let waiting = store.directory_reread_count(id).await?;
        let run = latest.first().map_or_else(String::new, |run| {
            format!("{}-{}-{}", run.number.0, run.state.as_str(), run.updated_at.0)
        });
        Ok(format!("{run}-{waiting}"))
    }
}
