//! Under which references a person owns things.

use std::collections::HashSet;

use portal_model::EntityRef;

use super::StoredEntity;
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
