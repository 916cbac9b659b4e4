//! What can go wrong, in words for the admin (opening) and for the log (everything after).

use std::{io, path::PathBuf};

use portal_core::ports::StoreError;
use thiserror::Error;

/// Why a database could not be opened. The texts never hold the password of an address.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The address names no engine that Portal knows.
    #[error("the database address must start with sqlite:// and name a file, or start with postgres://: {0}")]
    AddressUnknown(&'static str),
    /// The folder or file cannot be made or written.
    #[error("cannot write the database {path}: {source}. Portal needs to write this file and its folder.")]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another `portal serve` holds this file.
    #[error(
        "another portal serves {path} already. Stop it first, or give this one a database of its own; \
         several servers on one database need PostgreSQL."
    )]
    AlreadyServed {
        /// The file.
        path: PathBuf,
    },
    /// A later version of Portal has changed the database.
    #[error(
        "the database was changed by a later version of Portal (migration {0}, unknown to this one). \
         Start that version, or restore a backup from before the upgrade."
    )]
    Newer(i64),
    /// A migration that was applied is not the one that this binary holds.
    #[error("migration {0} of the database differs from this version's. Was it made by a build of your own?")]
    MigrationChanged(i64),
    /// A migration failed; the database is as it was before.
    #[error("the database could not be brought up to date: {0}")]
    MigrationFailed(String),
    /// The database cannot be reached or refuses the login.
    #[error("the database cannot be opened: {0}")]
    Unreachable(String),
}

/// SQLSTATE classes after which the same call may succeed later: connection, resources, locks, operator, system.
const POSTGRES_PASSING: [&str; 6] = ["08", "40", "53", "55", "57", "58"];
/// Primary result codes of SQLite after which the same call may succeed later: busy, locked, read-only, io error, full,
/// cannot open.
const SQLITE_PASSING: [i32; 6] = [5, 6, 8, 10, 13, 14];

/// What an error of the driver means. Names statement, code and constraint, never a text that may hold values.
pub(crate) fn store_error(statement: &'static str, error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => StoreError::Unavailable("no connection became free in time".to_owned()),
        sqlx::Error::PoolClosed => StoreError::Unavailable("the store is closing".to_owned()),
        sqlx::Error::Io(error) => StoreError::Unavailable(format!("{statement}: {}", error.kind())),
        sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => {
            StoreError::Unavailable(format!("{statement}: the connection failed"))
        }
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            let constraint = error.constraint().unwrap_or("none");
            let text = format!("{statement}: code {code}, constraint {constraint}");
            if is_passing(&code) { StoreError::Unavailable(text) } else { StoreError::Inconsistent(text) }
        }
        _ => StoreError::Inconsistent(format!("{statement}: the driver refused the statement or its answer")),
    }
}

/// SQLSTATE codes have five characters, those of SQLite at most four digits.
fn is_passing(code: &str) -> bool {
    match code.parse::<i32>() {
        Ok(number) if code.len() < 5 => SQLITE_PASSING.contains(&(number & 0xff)),
        _ => code.get(..2).is_some_and(|class| POSTGRES_PASSING.contains(&class)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passing_faults_invite_to_try_again() {
        for code in ["5", "517", "10", "40001", "40P01", "57P01", "08006"] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["1", "19", "1555", "2067", "23505", "42P01", "22021", ""] {
            assert!(!is_passing(code), "{code}");
        }
    }
}
