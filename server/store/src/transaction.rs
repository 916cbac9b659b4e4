//! The dispatcher: every statement of the store runs here, on either engine.

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::ports::{StoreError, WriteTransaction};
use sqlx::{
    Arguments, Database, Encode, Postgres, SqlSafeStr as _, SqlStr, Sqlite, SqliteConnection, Transaction,
    Type, error::BoxDynError,
};

use crate::{
    error::store_error,
    postgres,
    row::Row,
    sql_builder::Built,
    statement::{Statement, StatementLog},
    value::{Value, storable},
    writer::Turn,
};

/// A transaction on one of the engines. Rolls back when dropped.
pub(crate) enum Connection {
    /// On SQLite, to read.
    Sqlite(Transaction<'static, Sqlite>),
    /// On SQLite, to write.
    Writer(Turn),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// A transaction that reads, or reads and writes.
pub(crate) struct SqlTransaction {
    connection: Connection,
    log: Option<Arc<StatementLog>>,
    progress: Progress,
}

/// How far a transaction is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// No statement ran.
    Begun,
    /// All statements succeeded.
    Whole,
    /// A statement failed or was given up: what it did is not known, and nothing of the transaction may stay.
    Broken,
}

/// A statement with its values, ready to run.
struct Run<'v, 'a> {
    name: &'static str,
    sql: SqlStr,
    values: &'v [Value<'a>],
    /// Whether its plan is kept on the connection.
    kept: bool,
}

/// Runs `$method` of the prepared query on whichever engine the transaction is on.
macro_rules! dispatch {
    ($self:ident, $run:ident, $method:ident, $sqlite:expr, $postgres:expr) => {{
        $self.start($run.name)?;
        let failed = |error: sqlx::Error| store_error($run.name, &error);
        let done = match &mut $self.connection {
            Connection::Postgres(transaction) => {
                sqlx::query_with($run.sql, arguments::<Postgres>($run.name, $run.values)?)
                    .persistent($run.kept)
                    .$method(&mut **transaction)
                    .await
                    .map($postgres)
            }
            connection => sqlx::query_with($run.sql, arguments::<Sqlite>($run.name, $run.values)?)
                .persistent($run.kept)
                .$method(connection.sqlite().map_err(failed)?)
                .await
                .map($sqlite),
        }
        .map_err(failed)?;
        $self.progress = Progress::Whole;
        Ok(done)
    }};
}

impl Connection {
    /// The connection to SQLite.
    fn sqlite(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => Ok(&mut **transaction),
            Self::Writer(turn) => turn.connection(),
            Self::Postgres(_) => Err(sqlx::Error::WorkerCrashed),
        }
    }
}

impl SqlTransaction {
    pub(crate) fn new(connection: Connection, log: Option<Arc<StatementLog>>) -> Self {
        Self { connection, log, progress: Progress::Begun }
    }

    /// Says that this transaction will take long: on SQLite those that wait for their commit go first. Does nothing once
    /// a statement ran.
    pub(crate) async fn expect_long(&mut self) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::Writer(turn) if self.progress == Progress::Begun => {
                turn.part().await.map_err(|error| store_error("BEGIN_WRITE", &error))
            }
            _ => Ok(()),
        }
    }

    /// Notes that a statement runs; until it has succeeded the transaction is not whole.
    fn start(&mut self, name: &'static str) -> Result<(), StoreError> {
        if let Some(log) = &self.log {
            log.record(name);
        }
        if self.progress == Progress::Broken {
            return Err(StoreError::Inconsistent(format!("{name}: the transaction has failed before")));
        }
        self.progress = Progress::Broken;
        Ok(())
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let run = prepare(statement, values)?;
        self.run_execute(run).await
    }

    /// Runs a statement that changes one row or none, and says whether it did.
    pub(crate) async fn execute_one(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<bool, StoreError> {
        match self.execute(statement, values).await? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(StoreError::Inconsistent(format!("{} changed several rows", statement.name))),
        }
    }

    /// Runs a statement and returns its rows.
    pub(crate) async fn fetch_all(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let run = prepare(statement, values)?;
        self.run_fetch_all(run).await
    }

    /// Runs a statement and returns its first row.
    pub(crate) async fn fetch_optional(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        let run = prepare(statement, values)?;
        dispatch!(self, run, fetch_optional, |row| row.map(Row::Sqlite), |row| row.map(Row::Postgres))
    }

    /// Runs a statement that has one row with one number.
    pub(crate) async fn fetch_number(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<i64, StoreError> {
        self.fetch_optional(statement, values).await?.map_or(Ok(0), |row| row.single())
    }

    /// Runs a built statement and returns how many rows it changed.
    pub(crate) async fn execute_built(&mut self, built: Built<'_>) -> Result<u64, StoreError> {
        let (name, sql, values, kept) = self.suited(built).into_parts();
        self.run_execute(Run { name, sql, values: &values, kept }).await
    }

    /// Runs a built statement and returns its rows.
    pub(crate) async fn fetch_built(&mut self, built: Built<'_>) -> Result<Vec<Row>, StoreError> {
        let (name, sql, values, kept) = self.suited(built).into_parts();
        self.run_fetch_all(Run { name, sql, values: &values, kept }).await
    }

    /// A built statement in the form that the engine runs fastest.
    fn suited<'a>(&self, built: Built<'a>) -> Built<'a> {
        match self.connection {
            Connection::Sqlite(_) | Connection::Writer(_) => built.unnumbered(),
            Connection::Postgres(_) => built,
        }
    }

    /// Lets the engine look at the catalog's tables, where its plans depend on it.
    pub(crate) async fn refresh_statistics(&mut self) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::Sqlite(_) | Connection::Writer(_) => Ok(()),
            Connection::Postgres(transaction) => postgres::refresh_statistics(transaction)
                .await
                .map_err(|error| store_error("REFRESH_STATISTICS", &error)),
        }
    }

    async fn run_execute(&mut self, run: Run<'_, '_>) -> Result<u64, StoreError> {
        dispatch!(self, run, execute, |done| done.rows_affected(), |done| done.rows_affected())
    }

    async fn run_fetch_all(&mut self, run: Run<'_, '_>) -> Result<Vec<Row>, StoreError> {
        dispatch!(self, run, fetch_all, |rows| rows.into_iter().map(Row::Sqlite).collect(), |rows| rows
            .into_iter()
            .map(Row::Postgres)
            .collect())
    }
}

#[async_trait]
impl WriteTransaction for SqlTransaction {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        if self.progress == Progress::Broken {
            return Err(StoreError::Inconsistent("COMMIT: a statement of the transaction failed".to_owned()));
        }
        let failed = |error: sqlx::Error| store_error("COMMIT", &error);
        match self.connection {
            Connection::Sqlite(transaction) => transaction.commit().await.map_err(failed),
            Connection::Writer(turn) => turn.commit().await,
            Connection::Postgres(transaction) => transaction.commit().await.map_err(failed),
        }
    }
}

/// SQLite takes a value that was not given for null, so that the count is checked here.
fn prepare<'v, 'a>(statement: &Statement, values: &'v [Value<'a>]) -> Result<Run<'v, 'a>, StoreError> {
    debug_assert_eq!(statement.arity, values.len(), "values of {}", statement.name);
    if statement.arity != values.len() {
        return Err(StoreError::Inconsistent(format!(
            "{} was given a wrong number of values",
            statement.name
        )));
    }
    Ok(Run { name: statement.name, sql: statement.sql.into_sql_str(), values, kept: true })
}

fn arguments<DB: Database>(name: &str, values: &[Value<'_>]) -> Result<DB::Arguments, StoreError>
where
    Option<String>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<i64>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<Vec<u8>>: for<'q> Encode<'q, DB> + Type<DB>,
    bool: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut arguments = DB::Arguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        add::<DB>(&mut arguments, value)
            .map_err(|_| StoreError::Inconsistent(format!("{name}: a value cannot be encoded")))?;
    }
    Ok(arguments)
}

fn add<DB: Database>(arguments: &mut DB::Arguments, value: &Value<'_>) -> Result<(), BoxDynError>
where
    Option<String>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<i64>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<Vec<u8>>: for<'q> Encode<'q, DB> + Type<DB>,
    bool: for<'q> Encode<'q, DB> + Type<DB>,
{
    match value {
        Value::Text(text) => arguments.add(text.clone().map(storable)),
        Value::Integer(number) => arguments.add(*number),
        Value::Boolean(truth) => arguments.add(*truth),
        Value::Bytes(bytes) => arguments.add(bytes.map(<[u8]>::to_vec)),
    }
}
