//! Changing a few published people at once: what a delta, an event or an explicit word of a page says of them.

use std::collections::{HashMap, HashSet};

use portal_model::{EntityRef, settings::Settings};

use super::{
    GroupId, Member, PersonChange, Standing, StandingContext, Subject, admins, compose,
    publish::{is_active, state_of},
    rows::{PersonDifference, PersonRow},
    run::{DirectoryRun, ProviderState, RunKind, RunNumber},
    stage::gone_row,
    standing,
};
use crate::{
    changes::Topic,
    ports::{StoreError, WriteTransaction},
};

/// Most people changed in one transaction.
pub(super) const UPDATES_MAX: usize = 50;
/// Namesakes looked at.
const NAMESAKES_MAX: u32 = 10;

/// What becomes of a person.
#[derive(Debug, Clone)]
pub(super) struct Update {
    /// Who.
    pub subject: Subject,
    /// The person now; `None` for someone whom the directory does not know (any more).
    pub row: Option<PersonRow>,
    /// All groups the person is directly in, where that is known.
    pub groups: Option<Vec<GroupId>>,
}

/// Several of them, and where the word came from.
pub(super) struct Updates<'updates> {
    /// Each person once, at most [`UPDATES_MAX`].
    pub list: &'updates [Update],
    /// Whether they come from the run under way: it has them itself.
    pub from_run: bool,
}

/// Takes the locks of a transaction that changes people, in the order that everyone keeps: access, catalog, and then the
/// provider.
pub(super) async fn lock_order(tx: &mut dyn WriteTransaction) -> Result<(), StoreError> {
    tx.change_record(Topic::Access).await?;
    tx.change_record(Topic::Catalog).await?;
    Ok(())
}

/// Whether a row has an entity in the catalog.
pub(super) fn has_entity(row: &PersonRow) -> bool {
    row.own && is_active(row)
}

/// Changes published people, with their entities and what follows for accounts, in the caller's transaction. The caller
/// has locked the provider. Nothing happens before the first run is published.
///
/// # Errors
/// The store failed.
pub(super) async fn people(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    state: &ProviderState,
    settings: &Settings,
    updates: &Updates<'_>,
) -> Result<Vec<PersonDifference>, StoreError> {
    mirror(context, tx, state, updates).await?;
    let updates = updates.list;
    let Some(published) = state.published_run else { return Ok(Vec::new()) };
    let subjects: Vec<Subject> = updates.iter().map(|update| update.subject.clone()).collect();
    let before: HashMap<Subject, PersonRow> = tx
        .directory_people(published, &subjects)
        .await?
        .into_iter()
        .map(|row| (row.person.subject.clone(), row))
        .collect();
    let gone: Vec<Subject> = updates
        .iter()
        .filter(|update| update.row.is_none() && before.contains_key(&update.subject))
        .map(|update| update.subject.clone())
        .collect();
    tx.directory_people_delete(published, &gone, true).await?;
    let rows = settled(context, tx, published, updates, &before).await?;
    tx.directory_people_put(published, &rows).await?;
    for update in updates {
        if let (Some(_), Some(groups)) = (&update.row, &update.groups) {
            tx.directory_memberships_replace(published, &update.subject, groups).await?;
        }
    }
    let rows = put_entities(context, tx, published, &before, rows).await?;
    let mut after: HashMap<Subject, PersonRow> =
        rows.into_iter().map(|row| (row.person.subject.clone(), row)).collect();
    let changes: Vec<PersonChange> = subjects
        .into_iter()
        .filter_map(|subject| {
            let (before, after) = (before.get(&subject), after.remove(&subject));
            if before.is_none() && after.is_none() || before == after.as_ref() {
                return None;
            }
            Some(PersonChange {
                before: before.map(state_of),
                after: after.as_ref().map(state_of),
                person: after.map(|row| row.person),
                subject,
            })
        })
        .collect();
    standing::apply(context, tx, &changes).await?;
    if updates.iter().any(|update| update.groups.is_some()) {
        admins::settle(context, tx, settings).await?;
    }
    let difference = |change: PersonChange| PersonDifference {
        subject: change.subject,
        before: change.before,
        after: change.after,
    };
    Ok(changes.into_iter().map(difference).collect())
}

/// The rows to be kept: whoever comes to a name that somebody else of the provider has is left out.
async fn settled(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    published: RunNumber,
    updates: &[Update],
    before: &HashMap<Subject, PersonRow>,
) -> Result<Vec<PersonRow>, StoreError> {
    let leaving: HashSet<&Subject> = updates
        .iter()
        .filter(|update| update.row.as_ref().is_none_or(|row| !is_active(row)))
        .map(|update| &update.subject)
        .collect();
    let mut names: HashSet<String> = HashSet::new();
    let mut rows = Vec::with_capacity(updates.len());
    for row in updates.iter().filter_map(|update| update.row.as_ref()) {
        let mut row = PersonRow { reread_at: None, ..row.clone() };
        let known = before.get(&row.person.subject);
        row.own = known.map_or(row.own, |known| known.own);
        let had_it = known.is_some_and(|known| has_entity(known) && known.name == row.name);
        if has_entity(&row) && !had_it {
            let namesakes = tx.directory_people_named(published, &row.name, NAMESAKES_MAX).await?;
            let taken = namesakes.iter().any(|other| {
                other.person.subject != row.person.subject && !leaving.contains(&other.person.subject)
            });
            if taken || names.contains(&row.name) {
                let reason = format!("somebody else of {} is {}", context.provider.title, row.entity_ref);
                row.standing = rejected(reason);
            }
        }
        if is_active(&row) {
            names.insert(row.name.clone());
        }
        rows.push(row);
    }
    Ok(rows)
}

fn rejected(reason: String) -> Standing {
    Standing::Excluded(super::Exclusion { reason: super::ExclusionReason::Rejected, vendor_status: reason })
}

/// Brings the entities in line with the rows, and returns the rows with what the catalog could not take.
async fn put_entities(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    published: RunNumber,
    before: &HashMap<Subject, PersonRow>,
    mut rows: Vec<PersonRow>,
) -> Result<Vec<PersonRow>, StoreError> {
    let gone: Vec<EntityRef> =
        before.values().filter(|row| has_entity(row)).map(|row| row.entity_ref.clone()).collect();
    let composed = compose::people(&mut *tx, context.provider, published, &rows).await?;
    for (subject, _, reason) in composed.rejected {
        tx.directory_person_reject(published, &subject, &reason).await?;
        for row in rows.iter_mut().filter(|row| row.person.subject == subject) {
            row.standing = rejected(reason.clone());
        }
    }
    if !gone.is_empty() || !composed.entities.is_empty() {
        let location = compose::location_id(context.provider);
        tx.entity_put_all(&location, &gone, &composed.entities).await?;
    }
    Ok(rows)
}

/// Runs under way, and a run that waits for an admin, must not take back what is known now.
async fn mirror(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    state: &ProviderState,
    updates: &Updates<'_>,
) -> Result<(), StoreError> {
    let active = state.active_run.filter(|_| !updates.from_run);
    for number in [active, state.held_run].into_iter().flatten() {
        let Some(run) = tx.directory_run(number).await? else { continue };
        for update in updates.list {
            mirror_one(context, tx, state, &run, update).await?;
        }
    }
    Ok(())
}

async fn mirror_one(
    context: &StandingContext<'_>,
    tx: &mut dyn WriteTransaction,
    state: &ProviderState,
    run: &DirectoryRun,
    update: &Update,
) -> Result<(), StoreError> {
    let (number, subjects) = (run.number, std::slice::from_ref(&update.subject));
    let staged = tx.directory_people(number, subjects).await?.into_iter().next();
    let row = if let Some(row) = &update.row {
        PersonRow { reread_at: Some(context.now), ..row.clone() }
    } else {
        let known = match (&staged, state.published_run) {
            (None, Some(published)) => tx.directory_people(published, subjects).await?.into_iter().next(),
            _ => staged.clone(),
        };
        let Some(known) = known else { return Ok(()) };
        gone_row(&known, context.now)
    };
    let row = PersonRow { own: staged.as_ref().map_or(row.own, |staged| staged.own), ..row };
    if staged.as_ref().is_some_and(has_entity) {
        let refs: Vec<EntityRef> =
            staged.iter().map(|row| row.entity_ref.clone()).chain([row.entity_ref.clone()]).collect();
        tx.run_unstage(&number.catalog_run(), &refs).await?;
    }
    tx.directory_people_put(number, std::slice::from_ref(&row)).await?;
    if run.kind == RunKind::Full {
        if let (Some(_), Some(groups)) = (&update.row, &update.groups) {
            tx.directory_memberships_replace(number, &update.subject, groups).await?;
        }
        tx.directory_changes_put(number, &[Member::Person(update.subject.clone())]).await?;
    }
    Ok(())
}
