//! What admins see of directories.

use std::collections::BTreeMap;

use portal_model::EntityRef;
use serde::Serialize;

use super::{
    ExclusionReason, GroupId, OrgError, OrgService, ProviderId, ProviderKind, RunNumber, RunState, Standing,
    Subject,
    rows::{ACTIVE, GroupDifference, PersonDifference},
    run::{DirectoryRun, ProviderState},
};
use crate::{
    identity::Admin,
    ports::{ConnectionReport, DirectoryNext, DirectoryRead, StoreError},
    time::UnixMillis,
};

/// Most runs of one page of a history.
const RUNS_MAX: u32 = 100;
/// Most differences of one page.
const DIFFERENCES_MAX: u32 = 500;
/// Rejections shown of one provider.
const REJECTED_MAX: u32 = 200;
/// Names shown when a connection is tested.
const SAMPLE_MAX: usize = 10;

/// Where a provider stands, for its page and for metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderOverview {
    /// The provider.
    pub id: ProviderId,
    /// What it speaks.
    pub kind: ProviderKind,
    /// How people call it.
    pub title: String,
    /// When the last complete run began; `None` before the first.
    pub watermark: Option<UnixMillis>,
    /// When everything is read next.
    pub full_due_at: Option<UnixMillis>,
    /// When changes are read next.
    pub delta_due_at: Option<UnixMillis>,
    /// People in the catalog.
    pub people: u64,
    /// Groups that are known.
    pub groups: u64,
    /// People left out, by reason.
    pub excluded: BTreeMap<ExclusionReason, u64>,
    /// People who wait to be read again.
    pub rereads: u64,
    /// The run under way, with what it has read so far.
    pub active: Option<DirectoryRun>,
    /// The run that waits for an admin.
    pub held: Option<DirectoryRun>,
    /// The last run that ended or waits.
    pub last: Option<DirectoryRun>,
    /// What is wrong and what to do, in plain words; `None` when all is well.
    pub problem: Option<String>,
}

/// What a test of the connection found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionTest {
    /// Who Portal is there, and each permission.
    pub report: ConnectionReport,
    /// What the first page would bring.
    pub sample: ConnectionSample,
}

/// What the first page of a directory would bring.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ConnectionSample {
    /// People who would be in the catalog.
    pub people: usize,
    /// People who would be left out, by reason.
    pub excluded: BTreeMap<ExclusionReason, usize>,
    /// Groups.
    pub groups: usize,
    /// Memberships.
    pub memberships: usize,
    /// Some logins of people who would be in the catalog.
    pub logins: Vec<String>,
    /// Whether there are more pages.
    pub more: bool,
}

impl OrgService {
    /// Where every provider of the configuration stands, in its order.
    ///
    /// # Errors
    /// The store failed.
    pub async fn overviews(&self, admin: &Admin) -> Result<Vec<ProviderOverview>, OrgError> {
        let mut overviews = Vec::new();
        for id in self.provider_ids() {
            overviews.push(self.overview(admin, &id).await?);
        }
        Ok(overviews)
    }

    /// Where one provider stands.
    ///
    /// # Errors
    /// [`OrgError::UnknownProvider`], or the store failed.
    pub async fn overview(&self, _admin: &Admin, id: &ProviderId) -> Result<ProviderOverview, OrgError> {
        let options = &self.directory(id)?.options;
        let mut overview = ProviderOverview {
            id: id.clone(),
            kind: options.kind,
            title: options.title.clone(),
            watermark: None,
            full_due_at: None,
            delta_due_at: None,
            people: 0,
            groups: 0,
            excluded: BTreeMap::new(),
            rereads: 0,
            active: None,
            held: None,
            last: None,
            problem: None,
        };
        let mut store = self.dependencies.store.read().await?;
        let Some(state) = store.directory_provider(id).await? else { return Ok(overview) };
        overview.watermark = state.watermark;
        overview.full_due_at = Some(state.full_due_at);
        overview.delta_due_at = state.delta_due_at;
        overview.rereads = u64::try_from(store.directory_reread_count(id).await?).unwrap_or(0);
        if let Some(published) = state.published_run {
            for (word, count) in store.directory_standing_counts(published).await? {
                let count = u64::try_from(count).unwrap_or(0);
                if word == ACTIVE {
                    overview.people = count;
                } else if let Some(reason) = ExclusionReason::parse(&word) {
                    overview.excluded.insert(reason, count);
                }
            }
            let (groups, _) = store.directory_group_counts(published).await?;
            overview.groups = u64::try_from(groups).unwrap_or(0);
        }
        if let Some(active) = state.active_run {
            overview.active = store.directory_run(active).await?;
        }
        if let Some(held) = state.held_run {
            overview.held = store.directory_run(held).await?;
        }
        let runs = store.directory_run_list(id, None, RUNS_MAX).await?;
        overview.last = runs.into_iter().find(|run| {
            run.kind != super::RunKind::DryRun && (run.ended_at.is_some() || run.state == RunState::Held)
        });
        overview.problem = problem(&state, &overview);
        Ok(overview)
    }

    /// Runs of a provider, newest first, before one of them; at most `limit` and never more than 100.
    ///
    /// # Errors
    /// The store failed.
    pub async fn run_list(
        &self,
        _admin: &Admin,
        id: &ProviderId,
        before: Option<RunNumber>,
        limit: u32,
    ) -> Result<Vec<DirectoryRun>, OrgError> {
        self.directory(id)?;
        let mut store = self.dependencies.store.read().await?;
        Ok(store.directory_run_list(id, before, limit.min(RUNS_MAX)).await?)
    }

    /// One run of a provider.
    ///
    /// # Errors
    /// The store failed.
    pub async fn run(
        &self,
        _admin: &Admin,
        id: &ProviderId,
        run: RunNumber,
    ) -> Result<Option<DirectoryRun>, OrgError> {
        let found = self.dependencies.store.read().await?.directory_run(run).await?;
        Ok(found.filter(|run| run.provider == *id))
    }

    /// Who would come, change and leave by the held run, by stable id, after one of them; at most `limit` and never more
    /// than 500. People who are left out before and after are passed over.
    ///
    /// # Errors
    /// [`OrgError::NotHeld`] when no run is held.
    pub async fn held_people(
        &self,
        _admin: &Admin,
        id: &ProviderId,
        after: Option<&Subject>,
        limit: u32,
    ) -> Result<Vec<PersonDifference>, OrgError> {
        let mut store = self.dependencies.store.read().await?;
        let state = store.directory_provider(id).await?.ok_or(OrgError::UnknownProvider)?;
        let held = state.held_run.ok_or(OrgError::NotHeld)?;
        let limit = limit.clamp(1, DIFFERENCES_MAX);
        let (mut found, mut after) = (Vec::new(), after.cloned());
        while found.len() < limit as usize {
            let page =
                store.directory_person_differences(state.published_run, held, after.as_ref(), limit).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.subject.clone());
            let room = limit as usize - found.len();
            found.extend(page.into_iter().filter(|difference| difference.kind().is_some()).take(room));
        }
        Ok(found)
    }

    /// Groups that would come, change and go by the held run, by stable id, after one of them.
    ///
    /// # Errors
    /// As [`Self::held_people`].
    pub async fn held_groups(
        &self,
        _admin: &Admin,
        id: &ProviderId,
        after: Option<&GroupId>,
        limit: u32,
    ) -> Result<Vec<GroupDifference>, OrgError> {
        let mut store = self.dependencies.store.read().await?;
        let state = store.directory_provider(id).await?.ok_or(OrgError::UnknownProvider)?;
        let held = state.held_run.ok_or(OrgError::NotHeld)?;
        let limit = limit.min(DIFFERENCES_MAX);
        Ok(store.directory_group_differences(state.published_run, held, after, limit).await?)
    }

    /// People and groups that the catalog could not take, with the reason; at most 200.
    ///
    /// # Errors
    /// The store failed.
    pub async fn rejected(
        &self,
        _admin: &Admin,
        id: &ProviderId,
    ) -> Result<Vec<(EntityRef, String)>, StoreError> {
        let mut store = self.dependencies.store.read().await?;
        let state = store.directory_provider(id).await?;
        match state.and_then(|state| state.published_run) {
            Some(published) => store.directory_rejected(published, REJECTED_MAX).await,
            None => Ok(Vec::new()),
        }
    }

    /// Tries the credential and each permission, and reads one page to show what a run would bring. Nothing is kept.
    ///
    /// # Errors
    /// [`OrgError::Directory`] when not even the credential works.
    pub async fn test_connection(&self, _admin: &Admin, id: &ProviderId) -> Result<ConnectionTest, OrgError> {
        let client = &self.directory(id)?.client;
        let report = client.check().await?;
        let page = client.read(DirectoryRead::Full).await?;
        let mut sample = ConnectionSample {
            groups: page.groups.len(),
            memberships: page.memberships.len(),
            more: matches!(page.next, DirectoryNext::More(_)),
            ..ConnectionSample::default()
        };
        for person in page.people {
            match person.standing {
                Standing::Active => {
                    sample.people += 1;
                    if sample.logins.len() < SAMPLE_MAX {
                        sample.logins.push(person.login);
                    }
                }
                Standing::Excluded(exclusion) => *sample.excluded.entry(exclusion.reason).or_default() += 1,
            }
        }
        Ok(ConnectionTest { report, sample })
    }
}

/// What is wrong with a provider and what to do.
fn problem(state: &ProviderState, overview: &ProviderOverview) -> Option<String> {
    if let Some(held) = &overview.held {
        let reason = held.error.clone().unwrap_or_default();
        return Some(format!(
            "A run waits for an admin: {reason}. Look at who would leave, then approve or discard it."
        ));
    }
    if let Some(active) = &overview.active
        && let (Some(until), Some(error)) = (active.waiting_until, &active.error)
    {
        return Some(format!("The run goes on at {}: {error}.", until.rfc3339()));
    }
    let last = overview.last.as_ref()?;
    let error = last.error.as_ref().filter(|_| state.failures > 0)?;
    let advice = match last.state {
        RunState::Failed => "Test the connection",
        RunState::Discarded => {
            "Nothing was changed by this run. Look whether the provider answers completely"
        }
        _ => return None,
    };
    Some(format!(
        "{error}. {advice}; what was published before stays, and the next run is at {}.",
        state.full_due_at.rfc3339()
    ))
}
