//! Rows of either engine, read column by column in the order of the statement.

use portal_core::{
    ids::{AgentSessionId, AuditId, LocationId, RunId, StaticTokenId, UserId},
    org::{GroupId, ProviderId, Subject, run::RunNumber},
    ports::{DirectoryCursor, StoreError},
    secret::SecretHash,
    time::UnixMillis,
};
use portal_model::{EntityRef, ScopeSet};
use serde::de::DeserializeOwned;
use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

/// A row of either engine.
pub(crate) enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// Its columns, from the first.
    pub(crate) fn columns(&self) -> Columns<'_> {
        Columns { row: self, index: 0 }
    }

    /// The only column.
    pub(crate) fn single<T: Column>(&self) -> Result<T, StoreError> {
        self.columns().take()
    }
}

/// Reads one column after the other.
pub(crate) struct Columns<'a> {
    row: &'a Row,
    index: usize,
}

impl Columns<'_> {
    /// The next column.
    pub(crate) fn take<T: Column>(&mut self) -> Result<T, StoreError> {
        let index = self.index;
        self.index += 1;
        T::read(self.row, index)
    }

    /// The next column, JSON text.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text: String = self.take()?;
        serde_json::from_str(&text).map_err(|_| self.unreadable("JSON of another shape"))
    }

    /// The next column, JSON text or null.
    pub(crate) fn json_or_null<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let text: Option<String> = self.take()?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| self.unreadable("JSON of another shape")))
            .transpose()
    }

    /// The next column, one word of a closed set.
    pub(crate) fn word<T>(&mut self, parse: fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let text: String = self.take()?;
        parse(&text).ok_or_else(|| self.unreadable("an unknown word"))
    }

    fn unreadable(&self, what: &str) -> StoreError {
        StoreError::Inconsistent(format!("column {} of a row holds {what}", self.index))
    }
}

/// A type that a column can be read as.
pub(crate) trait Column: Sized {
    /// Reads the column with this index, from 0.
    fn read(row: &Row, index: usize) -> Result<Self, StoreError>;
}

fn undecodable(index: usize) -> StoreError {
    // The error of the driver may show the value.
    StoreError::Inconsistent(format!("column {} of a row has an unexpected type", index + 1))
}

macro_rules! plain_columns {
    ($($type:ty),*) => {
        $(
            impl Column for $type {
                fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
                    match row {
                        Row::Sqlite(row) => row.try_get(index),
                        Row::Postgres(row) => row.try_get(index),
                    }
                    .map_err(|_| undecodable(index))
                }
            }
        )*
    };
}
plain_columns!(String, Option<String>, i64, Option<i64>, bool, Vec<u8>, Option<Vec<u8>>);

macro_rules! id_columns {
    ($($id:ident),*) => {
        $(
            impl Column for $id {
                fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
                    String::read(row, index).map($id)
                }
            }

            impl Column for Option<$id> {
                fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
                    Ok(Option::<String>::read(row, index)?.map($id))
                }
            }
        )*
    };
}
id_columns!(
    AgentSessionId,
    AuditId,
    DirectoryCursor,
    GroupId,
    LocationId,
    RunId,
    StaticTokenId,
    Subject,
    UserId
);

impl Column for UnixMillis {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        i64::read(row, index).map(Self)
    }
}

impl Column for Option<UnixMillis> {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        Ok(Option::<i64>::read(row, index)?.map(UnixMillis))
    }
}

impl Column for RunNumber {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        i64::read(row, index).map(Self)
    }
}

impl Column for Option<RunNumber> {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        Ok(Option::<i64>::read(row, index)?.map(RunNumber))
    }
}

impl Column for ProviderId {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        Self::parse(&String::read(row, index)?).map_err(|_| undecodable(index))
    }
}

impl Column for Option<EntityRef> {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        let text = Option::<String>::read(row, index)?;
        text.map(|text| text.parse().map_err(|_| undecodable(index))).transpose()
    }
}

impl Column for u32 {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        Self::try_from(i64::read(row, index)?).map_err(|_| undecodable(index))
    }
}

impl Column for u16 {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        Self::try_from(i64::read(row, index)?).map_err(|_| undecodable(index))
    }
}

impl Column for Option<u32> {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        Option::<i64>::read(row, index)?
            .map(|number| u32::try_from(number).map_err(|_| undecodable(index)))
            .transpose()
    }
}

impl Column for SecretHash {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        Self::from_bytes(&Vec::read(row, index)?).ok_or_else(|| undecodable(index))
    }
}

impl Column for Option<SecretHash> {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        let bytes = Option::<Vec<u8>>::read(row, index)?;
        bytes.map(|bytes| SecretHash::from_bytes(&bytes).ok_or_else(|| undecodable(index))).transpose()
    }
}

impl Column for EntityRef {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        String::read(row, index)?.parse().map_err(|_| undecodable(index))
    }
}

impl Column for ScopeSet {
    fn read(row: &Row, index: usize) -> Result<Self, StoreError> {
        String::read(row, index).map(|text| Self::parse(&text))
    }
}
