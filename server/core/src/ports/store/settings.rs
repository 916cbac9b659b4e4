//! Settings and change counters.

use async_trait::async_trait;

use super::StoreError;
use crate::changes::{Changes, Topic};

/// Reads settings and change counters.
#[async_trait]
pub trait SettingReads {
    /// The counters of all topics; zero for a topic never changed.
    async fn changes(&mut self) -> Result<Changes, StoreError>;

    /// Every stored setting as (key, JSON text), by key.
    async fn setting_list(&mut self) -> Result<Vec<(String, String)>, StoreError>;
}

/// Writes settings and change counters.
#[async_trait]
pub trait SettingWrites {
    /// Raises the counter of a topic by one.
    async fn change_record(&mut self, topic: Topic) -> Result<(), StoreError>;

    /// Stores one setting, replacing its value.
    async fn setting_put(&mut self, key: &str, value_json: &str) -> Result<(), StoreError>;
}
