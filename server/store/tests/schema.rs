//! Both folders of migrations make the same tables, columns, indexes and views.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeSet;

use portal_store::{OpenOptions, SqlStore};
use portal_testkit::conformance::{Engine, TestDatabase};
use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};

type Column = (String, String, &'static str, bool);

async fn sqlite_rows(database: &TestDatabase, query: &'static str) -> Vec<sqlx::sqlite::SqliteRow> {
    let mut connection = SqliteConnection::connect(database.address()).await.unwrap();
    sqlx::query(query).fetch_all(&mut connection).await.unwrap()
}

async fn postgres_rows(database: &TestDatabase, query: &'static str) -> Vec<sqlx::postgres::PgRow> {
    let mut connection = PgConnection::connect(database.address()).await.unwrap();
    sqlx::query(query).fetch_all(&mut connection).await.unwrap()
}

/// Engine-specific names of a type as one word.
fn common_type(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "text" => "text",
        // SQLite keeps truth values as integers.
        "integer" | "bigint" | "boolean" => "integer",
        "blob" | "bytea" => "bytes",
        other => panic!("{other} is not in the portable subset"),
    }
}

async fn sqlite_columns(database: &TestDatabase) -> BTreeSet<Column> {
    let query =
        "SELECT m.name, c.name, c.type, c.\"notnull\" FROM sqlite_schema m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '_sqlx%'";
    let rows = sqlite_rows(database, query).await;
    rows.iter().map(|row| (row.get(0), row.get(1), common_type(row.get(2)), row.get(3))).collect()
}

async fn postgres_columns(database: &TestDatabase) -> BTreeSet<Column> {
    let query = "SELECT c.table_name::text, c.column_name::text, c.data_type::text, c.is_nullable = 'NO'
        FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name NOT LIKE '\\_sqlx%'";
    let rows = postgres_rows(database, query).await;
    rows.iter().map(|row| (row.get(0), row.get(1), common_type(row.get(2)), row.get(3))).collect()
}

#[tokio::test]
async fn both_engines_have_the_same_columns() {
    let (sqlite, postgres) =
        (TestDatabase::create(Engine::Sqlite).await, TestDatabase::create(Engine::Postgres).await);
    let columns = sqlite_columns(&sqlite).await;
    assert!(columns.len() > 100, "{columns:?}");
    assert_eq!(columns, postgres_columns(&postgres).await);
    postgres.remove().await;
}

#[tokio::test]
async fn both_engines_have_the_same_indexes_and_views() {
    let (sqlite, postgres) =
        (TestDatabase::create(Engine::Sqlite).await, TestDatabase::create(Engine::Postgres).await);
    let query = "SELECT name FROM sqlite_schema
        WHERE type IN ('index', 'view') AND name NOT LIKE 'sqlite%' ORDER BY name";
    let of_sqlite: Vec<String> = sqlite_rows(&sqlite, query).await.iter().map(|row| row.get(0)).collect();
    let query = "SELECT c.relname::text COLLATE \"C\" AS name FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind IN ('i', 'v') AND c.relname NOT LIKE '%\\_pkey' ORDER BY name";
    let of_postgres: Vec<String> =
        postgres_rows(&postgres, query).await.iter().map(|row| row.get(0)).collect();
    assert!(of_sqlite.len() > 20, "{of_sqlite:?}");
    assert_eq!(of_sqlite, of_postgres);
    postgres.remove().await;
}

/// Texts must have one order on both engines, whatever the locale of the server.
#[tokio::test]
async fn every_text_of_postgres_is_compared_byte_by_byte() {
    let postgres = TestDatabase::create(Engine::Postgres).await;
    let query = "SELECT c.table_name::text || '.' || c.column_name::text
        FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name NOT LIKE '\\_sqlx%'
            AND c.data_type = 'text' AND c.collation_name IS DISTINCT FROM 'C'";
    let others: Vec<String> = postgres_rows(&postgres, query).await.iter().map(|row| row.get(0)).collect();
    assert_eq!(others, [""; 0]);
    postgres.remove().await;
}

/// Opening again applies nothing and refuses nothing.
#[tokio::test]
async fn an_up_to_date_database_opens_again() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = TestDatabase::create(engine).await;
        let again = SqlStore::open(database.address(), &OpenOptions::default()).await.unwrap();
        again.close().await;
        database.remove().await;
    }
}
