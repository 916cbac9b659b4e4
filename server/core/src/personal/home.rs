//! The home page of one person.

use std::collections::HashMap;

use portal_model::EntityRef;

use super::{PersonalEntity, PersonalEntry, PersonalError, PersonalService, service::present};
use crate::{
    catalog::{EntityQuery, KindGroup, Predicate, StoredEntity},
    identity::SignedIn,
};

/// Entities shown of each kind that the person or their groups own.
pub const OWNED_SHOWN_MAX: u32 = 6;
/// Most groups shown.
const GROUPS_MAX: usize = 20;
/// Most starred entities shown.
const STARRED_MAX: usize = 8;
/// Most viewed entities shown.
const VIEWED_MAX: usize = 8;
/// Entries read for each list: some may have left the catalog.
const ENTRIES_READ_MAX: u32 = 50;

/// What the home page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct HomeView {
    /// What the person or their groups own, by kind.
    pub owned: Vec<KindGroup>,
    /// The person's groups, and those above them, nearest first.
    pub groups: Vec<HomeGroup>,
    /// What the person looked at last, newest first.
    pub viewed: Vec<PersonalEntity>,
    /// What the person starred, newest first.
    pub starred: Vec<PersonalEntity>,
}

/// A group of the person.
#[derive(Debug, Clone, PartialEq)]
pub struct HomeGroup {
    /// The group.
    pub entity: StoredEntity,
    /// Whether the person is a member of it, and not only of a group below it.
    pub direct: bool,
}

impl PersonalService {
    /// The home page, read in one transaction with a fixed number of queries.
    ///
    /// # Errors
    /// The store failed.
    pub async fn home(&self, person: &SignedIn) -> Result<HomeView, PersonalError> {
        let user = person.user();
        let owners = self.catalog.ownership_refs(&user.entity_ref).await?;
        let refs: Vec<EntityRef> =
            owners.iter().filter(|found| found.kind() == "group").take(GROUPS_MAX).cloned().collect();
        let mut store = self.dependencies.store.read().await?;
        let viewed = store.view_list(&user.id, ENTRIES_READ_MAX).await?;
        let starred = store.star_list(&user.id, ENTRIES_READ_MAX).await?;
        let named = |entries: &[PersonalEntry]| -> Vec<EntityRef> {
            entries.iter().map(|entry| entry.entity_ref.clone()).collect()
        };
        let wanted = [named(&viewed), named(&starred), refs.clone()].concat();
        let found = store.entity_list_by_refs(&wanted).await?;
        let found: HashMap<EntityRef, StoredEntity> =
            found.into_iter().map(|entity| (entity.entity_ref.clone(), entity)).collect();
        let owned_by =
            Predicate::In("relations.ownedby".to_owned(), owners.iter().map(ToString::to_string).collect());
        let query = EntityQuery { predicate: Some(owned_by), ..EntityQuery::all(0) };
        let owned = store.entity_groups(&query, OWNED_SHOWN_MAX).await?;
        let groups = refs.iter().filter_map(|group| found.get(group)).cloned();
        let member = |entity: &StoredEntity| {
            entity.relations.iter().any(|it| it.kind == "hasMember" && it.target == user.entity_ref)
        };
        let groups = groups.map(|entity| HomeGroup { direct: member(&entity), entity }).collect();
        Ok(HomeView {
            owned,
            groups,
            viewed: present(&viewed, &found, VIEWED_MAX),
            starred: present(&starred, &found, STARRED_MAX),
        })
    }
}
