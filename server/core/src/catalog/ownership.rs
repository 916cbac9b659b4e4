//! Under which references a person owns things, and which groups belong to a group.

use std::collections::HashSet;

use portal_model::EntityRef;

use super::{EntityQuery, Predicate, StoredEntity};
use crate::ports::{ReadTransaction, StoreError};

/// Most references of one person; the farthest groups are left out.
pub const REFS_MAX: usize = 1_000;
/// Most steps upwards from a person's own groups.
const LEVELS_MAX: usize = 32;

/// The person, the person's groups, and the groups above them, nearest first; no twins, cycles or not.
/// A group that is named but not in the catalog counts.
pub(super) async fn refs(
    store: &mut dyn ReadTransaction,
    user: &EntityRef,
) -> Result<Vec<EntityRef>, StoreError> {
    let mut found = vec![user.clone()];
    let mut seen = HashSet::from([user.clone()]);
    let Some(entity) = store.entity_by_ref(user).await? else { return Ok(found) };
    let mut level = fresh(std::slice::from_ref(&entity), "memberOf", &mut seen);
    for _ in 0..LEVELS_MAX {
        level.truncate(REFS_MAX - found.len());
        if level.is_empty() {
            break;
        }
        let groups = store.entity_list_by_refs(&level).await?;
        found.append(&mut level);
        level = fresh(&groups, "childOf", &mut seen);
    }
    Ok(found)
}

fn fresh(entities: &[StoredEntity], relation: &str, seen: &mut HashSet<EntityRef>) -> Vec<EntityRef> {
    let targets = entities.iter().flat_map(|entity| &entity.relations).filter(|found| found.kind == relation);
    targets.map(|found| &found.target).filter(|target| seen.insert((*target).clone())).cloned().collect()
}

/// A group and the groups below it, nearest first; no twins, cycles or not.
pub(super) async fn below(
    store: &mut dyn ReadTransaction,
    group: &EntityRef,
) -> Result<Vec<EntityRef>, StoreError> {
    let mut found = vec![group.clone()];
    let mut seen = HashSet::from([group.clone()]);
    let mut level = vec![group.clone()];
    for _ in 0..LEVELS_MAX {
        let query = EntityQuery { predicate: Some(Predicate::IsOneOf(level)), ..EntityQuery::all(0) };
        let most = u32::try_from(REFS_MAX).unwrap_or(u32::MAX);
        let children = store.entity_facet(&query, "relations.parentof", most).await?;
        let children = children.iter().filter_map(|child| child.value.parse::<EntityRef>().ok());
        level = children.filter(|child| seen.insert(child.clone())).take(REFS_MAX - found.len()).collect();
        if level.is_empty() {
            break;
        }
        found.extend(level.iter().cloned());
    }
    Ok(found)
}
