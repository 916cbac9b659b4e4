//! How far the announcement came with each person, and the organization's own picture.

use async_trait::async_trait;
use portal_core::{
    ids::UserId,
    oauth::records::LogoId,
    ports::{
        StoreError,
        store::{RolloutReads, RolloutWrites},
    },
    rollout::{RolloutNumbers, RolloutPerson, RolloutStep},
    time::UnixMillis,
};
use portal_model::EntityRef;

use crate::{
    row::Row, sql_builder::SqlBuilder, statement::statements, transaction::SqlTransaction, value::values,
};

/// Whether account `u` has had an agent, or a token in use.
macro_rules! connected {
    () => {
        "(EXISTS (SELECT 1 FROM agent_sessions s WHERE s.user_id = u.id)
        OR EXISTS (SELECT 1 FROM static_tokens t WHERE t.owner_ref = u.entity_ref AND t.used_at IS NOT NULL))"
    };
}

statements! {
    ROLLOUT_PERSON = "SELECT seen_at, opened_at, connected_at, dismissed_at FROM rollout_people WHERE user_id = $1";
    ROLLOUT_NOTE_SEEN = "INSERT INTO rollout_people (user_id, seen_at) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET seen_at = excluded.seen_at WHERE rollout_people.seen_at IS NULL";
    ROLLOUT_NOTE_OPENED = "INSERT INTO rollout_people (user_id, opened_at) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET opened_at = excluded.opened_at WHERE rollout_people.opened_at IS NULL";
    ROLLOUT_NOTE_CONNECTED = "INSERT INTO rollout_people (user_id, connected_at) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET connected_at = excluded.connected_at WHERE rollout_people.connected_at IS NULL";
    ROLLOUT_NOTE_DISMISSED = "INSERT INTO rollout_people (user_id, dismissed_at) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET dismissed_at = excluded.dismissed_at WHERE rollout_people.dismissed_at IS NULL";
    ROLLOUT_NOTE_ALL_CONNECTED = concat!("INSERT INTO rollout_people (user_id, connected_at)
        SELECT u.id, $1 FROM users u WHERE ", connected!(), "
            AND NOT EXISTS (SELECT 1 FROM rollout_people k WHERE k.user_id = u.id AND k.connected_at IS NOT NULL)
        ON CONFLICT (user_id) DO UPDATE SET connected_at = excluded.connected_at WHERE rollout_people.connected_at IS NULL");
    BRANDING_LOGO_ID = "SELECT id FROM branding_logos WHERE slot = 'logo'";
    BRANDING_LOGO_PICTURE = "SELECT png FROM branding_logos WHERE slot = 'logo' AND id = $1";
    BRANDING_LOGO_PUT = "INSERT INTO branding_logos (slot, id, png, changed_at) VALUES ('logo', $1, $2, $3)
        ON CONFLICT (slot) DO UPDATE SET id = excluded.id, png = excluded.png, changed_at = excluded.changed_at";
    BRANDING_LOGO_DELETE = "DELETE FROM branding_logos WHERE slot = 'logo'";
}

#[async_trait]
impl RolloutReads for SqlTransaction {
    async fn rollout_person(&mut self, user: &UserId) -> Result<RolloutPerson, StoreError> {
        let Some(row) = self.fetch_optional(&ROLLOUT_PERSON, values![user]).await? else {
            return Ok(RolloutPerson::default());
        };
        let mut columns = row.columns();
        Ok(RolloutPerson {
            seen_at: columns.take()?,
            opened_at: columns.take()?,
            connected_at: columns.take()?,
            dismissed_at: columns.take()?,
        })
    }

    async fn rollout_numbers(&mut self, groups: Option<&[EntityRef]>) -> Result<RolloutNumbers, StoreError> {
        let mut builder = SqlBuilder::new("ROLLOUT_NUMBERS");
        if let Some(groups) = groups {
            if groups.is_empty() {
                return Ok(RolloutNumbers::default());
            }
            // Downwards from group to group; UNION drops twins, so that a cycle ends. A group need not be in the catalog.
            builder
                .sql(
                    "WITH RECURSIVE reach (group_ref) AS (SELECT c.target_ref FROM published_relations c
                    WHERE c.type_key IN ('memberof', 'childof') AND c.target_ref IN (",
                )
                .list(groups)
                .sql(
                    ") UNION SELECT r.source_ref FROM published_relations r JOIN reach ON r.target_ref = reach.group_ref
                    WHERE r.type_key = 'childof') ",
                );
        }
        builder.sql(concat!(
            "SELECT COUNT(*), COUNT(p.seen_at), COUNT(p.opened_at),
            COUNT(CASE WHEN p.connected_at IS NOT NULL OR ",
            connected!(),
            " THEN 1 END)
            FROM users u LEFT JOIN rollout_people p ON p.user_id = u.id WHERE u.status = 'active'"
        ));
        if groups.is_some() {
            builder.sql(
                " AND u.entity_ref IN (SELECT r.source_ref FROM published_relations r
                JOIN reach ON r.target_ref = reach.group_ref WHERE r.type_key = 'memberof')",
            );
        }
        let rows = self.fetch_built(builder.once()).await?;
        let Some(row) = rows.first() else { return Ok(RolloutNumbers::default()) };
        let mut columns = row.columns();
        Ok(RolloutNumbers {
            audience: columns.take()?,
            seen: columns.take()?,
            opened: columns.take()?,
            connected: columns.take()?,
        })
    }

    async fn branding_logo_id(&mut self) -> Result<Option<LogoId>, StoreError> {
        let row = self.fetch_optional(&BRANDING_LOGO_ID, &[]).await?;
        row.map(|row| row.columns().word(LogoId::parse)).transpose()
    }

    async fn branding_logo_picture(&mut self, id: &LogoId) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.fetch_optional(&BRANDING_LOGO_PICTURE, values![id.as_str()]).await?;
        row.as_ref().map(Row::single).transpose()
    }
}

#[async_trait]
impl RolloutWrites for SqlTransaction {
    async fn rollout_note(
        &mut self,
        user: &UserId,
        step: RolloutStep,
        at: UnixMillis,
    ) -> Result<bool, StoreError> {
        let statement = match step {
            RolloutStep::Seen => &ROLLOUT_NOTE_SEEN,
            RolloutStep::Opened => &ROLLOUT_NOTE_OPENED,
            RolloutStep::Connected => &ROLLOUT_NOTE_CONNECTED,
            RolloutStep::Dismissed => &ROLLOUT_NOTE_DISMISSED,
        };
        self.execute_one(statement, values![user, at]).await
    }

    async fn rollout_note_connected(&mut self, at: UnixMillis) -> Result<u64, StoreError> {
        self.execute(&ROLLOUT_NOTE_ALL_CONNECTED, values![at]).await
    }

    async fn branding_logo_put(
        &mut self,
        id: &LogoId,
        png: &[u8],
        changed_at: UnixMillis,
    ) -> Result<(), StoreError> {
        self.execute(&BRANDING_LOGO_PUT, values![id.as_str(), png, changed_at]).await.map(drop)
    }

    async fn branding_logo_delete(&mut self) -> Result<bool, StoreError> {
        self.execute_one(&BRANDING_LOGO_DELETE, &[]).await
    }
}
