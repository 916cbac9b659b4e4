//! Starred entities, and those looked at last.

use async_trait::async_trait;
use portal_core::{
    ids::UserId,
    personal::PersonalEntry,
    ports::{
        StoreError,
        store::{PersonalReads, PersonalWrites},
    },
    time::UnixMillis,
};
use portal_model::EntityRef;

use crate::{row::Row, statement::statements, transaction::SqlTransaction, value::values};

statements! {
    STAR_LIST = "SELECT entity_ref, starred_at FROM stars WHERE user_id = $1
        ORDER BY starred_at DESC, entity_ref LIMIT $2";
    STAR_COUNT_OTHERS = "SELECT COUNT(*) FROM stars WHERE user_id = $1 AND entity_ref <> $2";
    STAR_PUT = "INSERT INTO stars (user_id, entity_ref, starred_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id, entity_ref) DO NOTHING";
    STAR_DELETE = "DELETE FROM stars WHERE user_id = $1 AND entity_ref = $2";
    VIEW_LIST = "SELECT entity_ref, viewed_at FROM entity_views WHERE user_id = $1
        ORDER BY viewed_at DESC, entity_ref LIMIT $2";
    VIEW_PUT = "INSERT INTO entity_views (user_id, entity_ref, viewed_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id, entity_ref) DO UPDATE SET viewed_at = excluded.viewed_at";
    VIEW_TRIM = "DELETE FROM entity_views WHERE user_id = $1 AND entity_ref NOT IN
        (SELECT o.entity_ref FROM entity_views o WHERE o.user_id = $1
        ORDER BY o.viewed_at DESC, o.entity_ref LIMIT $2)";
}

#[async_trait]
impl PersonalReads for SqlTransaction {
    async fn star_list(&mut self, user: &UserId, limit: u32) -> Result<Vec<PersonalEntry>, StoreError> {
        self.fetch_all(&STAR_LIST, values![user, limit]).await?.iter().map(entry).collect()
    }

    async fn view_list(&mut self, user: &UserId, limit: u32) -> Result<Vec<PersonalEntry>, StoreError> {
        self.fetch_all(&VIEW_LIST, values![user, limit]).await?.iter().map(entry).collect()
    }
}

#[async_trait]
impl PersonalWrites for SqlTransaction {
    async fn star_put(
        &mut self,
        user: &UserId,
        entity_ref: &EntityRef,
        at: UnixMillis,
        most: u32,
    ) -> Result<bool, StoreError> {
        let others = self.fetch_number(&STAR_COUNT_OTHERS, values![user, entity_ref]).await?;
        if others >= i64::from(most) {
            return Ok(false);
        }
        self.execute(&STAR_PUT, values![user, entity_ref, at]).await?;
        Ok(true)
    }

    async fn star_delete(&mut self, user: &UserId, entity_ref: &EntityRef) -> Result<bool, StoreError> {
        self.execute_one(&STAR_DELETE, values![user, entity_ref]).await
    }

    async fn view_put(
        &mut self,
        user: &UserId,
        entity_ref: &EntityRef,
        at: UnixMillis,
        keep: u32,
    ) -> Result<(), StoreError> {
        self.execute(&VIEW_PUT, values![user, entity_ref, at]).await?;
        self.execute(&VIEW_TRIM, values![user, keep]).await.map(drop)
    }
}

fn entry(row: &Row) -> Result<PersonalEntry, StoreError> {
    let mut columns = row.columns();
    Ok(PersonalEntry { entity_ref: columns.take()?, at: columns.take()? })
}
