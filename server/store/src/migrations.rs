//! The embedded migrations, and what their failures mean.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr as _,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use crate::error::OpenError;

/// Number and name of each migration with its text for SQLite and for PostgreSQL.
macro_rules! migrations {
    ($(($number:literal, $name:literal)),* $(,)?) => {
        &[$((
            $number,
            $name,
            include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")),
            include_str!(concat!("../../../migrations/postgres/", $name, ".sql")),
        )),*]
    };
}

/// An applied migration is never edited: its checksum is in every database that has it.
const MIGRATIONS: &[(i64, &str, &str, &str)] = migrations![
    (1, "0001_initial"),
    (2, "0002_registered_clients"),
    (3, "0003_static_tokens"),
    (4, "0004_audit_chain"),
    (5, "0005_published_views"),
    (6, "0006_org_directory"),
    (7, "0007_org_identities"),
    (8, "0008_provider_sign_in"),
    (9, "0009_client_logos"),
    (10, "0010_connection_attempts"),
    (11, "0011_rollout"),
    (12, "0012_stars_and_views")
];

/// The migrations for SQLite.
pub(crate) fn sqlite() -> Migrator {
    migrator(|migration| migration.2)
}

/// The migrations for PostgreSQL.
pub(crate) fn postgres() -> Migrator {
    migrator(|migration| migration.3)
}

fn migrator(text: impl Fn(&(i64, &str, &'static str, &'static str)) -> &'static str) -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|migration| {
            let (number, name, ..) = migration;
            let sql = text(migration).into_sql_str();
            Migration::new(*number, Cow::Borrowed(*name), MigrationType::Simple, sql, false)
        })
        .collect();
    Migrator::with_migrations(migrations)
}

/// What a failed migration means for the admin.
pub(crate) fn open_error(error: &MigrateError) -> OpenError {
    match error {
        MigrateError::VersionMissing(number) => OpenError::Newer(*number),
        MigrateError::VersionMismatch(number) => OpenError::MigrationChanged(*number),
        error => OpenError::MigrationFailed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_both_folders_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        let embedded: Vec<String> = MIGRATIONS.iter().map(|(_, name, ..)| format!("{name}.sql")).collect();
        for engine in ["sqlite", "postgres"] {
            let mut files: Vec<String> = std::fs::read_dir(format!("{folder}/{engine}"))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            assert_eq!(files, embedded, "{engine}");
        }
        for (number, name, ..) in MIGRATIONS {
            assert!(name.starts_with(&format!("{number:04}_")), "{name}");
        }
    }
}
