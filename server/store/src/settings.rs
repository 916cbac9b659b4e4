//! Settings and change counters.

use async_trait::async_trait;
use portal_core::{
    changes::{Changes, Topic},
    ports::{
        StoreError,
        store::{SettingReads, SettingWrites},
    },
};

use crate::{statement::statements, transaction::SqlTransaction, value::values};

statements! {
    CHANGE_LIST = "SELECT topic, counter FROM change_counters ORDER BY topic";
    CHANGE_RECORD = "INSERT INTO change_counters (topic, counter) VALUES ($1, 1)
        ON CONFLICT (topic) DO UPDATE SET counter = change_counters.counter + 1";
    SETTING_LIST = "SELECT key, value FROM settings ORDER BY key";
    SETTING_PUT = "INSERT INTO settings (key, value) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value";
}

#[async_trait]
impl SettingReads for SqlTransaction {
    async fn changes(&mut self) -> Result<Changes, StoreError> {
        let mut changes = Changes::default();
        for row in self.fetch_all(&CHANGE_LIST, &[]).await? {
            let mut columns = row.columns();
            let topic: String = columns.take()?;
            let counter: i64 = columns.take()?;
            // A topic of a later version means nothing to this one.
            match Topic::ALL.into_iter().find(|known| known.as_str() == topic) {
                Some(Topic::Settings) => changes.settings = counter,
                Some(Topic::Catalog) => changes.catalog = counter,
                Some(Topic::Access) => changes.access = counter,
                Some(Topic::Attempts) => changes.attempts = counter,
                Some(Topic::Runs) => changes.runs = counter,
                None => {}
            }
        }
        Ok(changes)
    }

    async fn setting_list(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.fetch_all(&SETTING_LIST, &[]).await?;
        rows.iter()
            .map(|row| {
                let mut columns = row.columns();
                Ok((columns.take()?, columns.take()?))
            })
            .collect()
    }
}

#[async_trait]
impl SettingWrites for SqlTransaction {
    async fn change_record(&mut self, topic: Topic) -> Result<(), StoreError> {
        self.execute(&CHANGE_RECORD, values![topic.as_str()]).await.map(drop)
    }

    async fn setting_put(&mut self, key: &str, value_json: &str) -> Result<(), StoreError> {
        self.execute(&SETTING_PUT, values![key, value_json]).await.map(drop)
    }
}
