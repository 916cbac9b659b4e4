//! What is special about PostgreSQL: connections and levels of isolation.

use std::time::Duration;

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{error::OpenError, migrations, store::OpenOptions};

/// How long a statement may run, in milliseconds.
const STATEMENT_MS_MAX: &str = "30000";
/// How long a transaction may do nothing, in milliseconds: after that its client is taken for gone.
const IDLE_IN_TRANSACTION_MS_MAX: &str = "60000";
/// How long a statement may wait for a lock, in milliseconds.
const LOCK_MS_MAX: &str = "10000";

/// A PostgreSQL database.
pub(crate) struct PostgresDatabase {
    pool: PgPool,
}

impl PostgresDatabase {
    /// Connects and brings the database up to date.
    pub(crate) async fn open(address: &str, options: &OpenOptions) -> Result<Self, OpenError> {
        let connect = address
            .parse::<PgConnectOptions>()
            .map_err(|_| OpenError::AddressUnknown("the address cannot be read"))?
            .application_name("portal")
            .disable_statement_logging();
        migrate(&connect).await?;
        let connect = connect.options([
            ("statement_timeout", STATEMENT_MS_MAX),
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_MS_MAX),
            ("lock_timeout", LOCK_MS_MAX),
            // Compiling a catalog query of many conditions takes far longer than running it.
            ("jit", "off"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(options.postgres_connections.max(2))
            .acquire_timeout(Duration::from_millis(options.wait_max_ms))
            .connect_lazy_with(connect);
        Ok(Self { pool })
    }

    /// A snapshot to read from.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await
    }

    /// A transaction that writes. Every statement sees what others have committed before it began.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Tells the planner how the catalog's tables have grown. Without it, plans for a catalog that was just read are slow
/// until the server looks by itself, which takes a minute or more.
pub(crate) async fn refresh_statistics(
    transaction: &mut Transaction<'static, Postgres>,
) -> Result<(), sqlx::Error> {
    sqlx::query("ANALYZE entities, entity_search, entity_twins, locations, relations, directory_people, directory_groups, \
        directory_memberships")
        .execute(&mut **transaction)
        .await
        .map(drop)
}

/// Applies what is missing, under the migrator's advisory lock. The connection is one of its own, so that a failure
/// leaves no lock behind in a pool.
async fn migrate(options: &PgConnectOptions) -> Result<(), OpenError> {
    let unreachable = |error: sqlx::Error| OpenError::Unreachable(error.to_string());
    let mut connection = PgConnection::connect_with(options).await.map_err(unreachable)?;
    migrations::postgres()
        .run_direct(None, &mut connection, false)
        .await
        .map_err(|error| migrations::open_error(&error))?;
    connection.close().await.map_err(unreachable)
}
