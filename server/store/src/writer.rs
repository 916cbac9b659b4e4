//! Group commit on SQLite: transactions that come at the same moment share one wait for the disk.
//!
//! One task owns the connection that writes and lends it to one caller after the other. Whoever comes while others wait
//! for their commit runs on top of what they wrote, behind a savepoint, so that a caller that gives up takes back its own
//! changes only. One COMMIT then makes all of them durable, and visible to readers, at once. When nobody waits, it comes
//! at once, and no transaction is ever open while nobody has work: other processes can write between two groups.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use portal_core::ports::StoreError;
use sqlx::{Connection as _, Error, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, timeout},
};

use crate::{
    error::store_error,
    store::{CommitCounts, OpenOptions},
};

/// After a COMMIT that failed for several callers, so many transactions are committed one by one: the one that cannot be
/// committed then fails alone.
const SINGLE_AFTER_FAILURE: usize = 64;

/// The queue in front of the connection that writes.
pub(crate) struct Writer {
    requests: mpsc::Sender<Request>,
    room: Arc<Semaphore>,
    wait_max: Duration,
    counts: Arc<Counts>,
}

/// Transactions and commits since the start.
#[derive(Debug, Default)]
struct Counts {
    transactions: AtomicU64,
    commits: AtomicU64,
}

enum Request {
    Turn(Asked),
    Close(oneshot::Sender<()>),
}

/// A caller that waits for its turn.
struct Asked {
    reply: oneshot::Sender<Result<Turn, Error>>,
    permit: OwnedSemaphorePermit,
}

/// The connection in the hands of a caller. What it wrote is rolled back when this is dropped.
pub(crate) struct Turn {
    /// There until the turn ends.
    lent: Option<Lent>,
}

struct Lent {
    connection: SqliteConnection,
    /// Whether others wait for the commit of this turn's group.
    shared: bool,
    permit: OwnedSemaphorePermit,
    back: oneshot::Sender<Returned>,
}

/// The connection given back.
struct Returned {
    connection: SqliteConnection,
    ending: Ending,
}

enum Ending {
    /// To be committed with the group.
    Commit(Waiting),
    /// Nothing of it stays.
    RollBack,
    /// Nothing was done yet: the group goes without this one, which begins another.
    Apart(Asked),
}

/// A caller that waits for the commit. Its place in the queue is free when it has its answer.
struct Waiting {
    answer: oneshot::Sender<Result<(), StoreError>>,
    permit: OwnedSemaphorePermit,
}

impl Writer {
    /// Starts the task. The connection is made when the first caller comes.
    pub(crate) fn start(connect: SqliteConnectOptions, options: &OpenOptions) -> Self {
        let queue_max = options.writer_queue_max.clamp(1, Semaphore::MAX_PERMITS);
        // Each request holds a permit, except the one that closes.
        let (requests, receiver) = mpsc::channel(queue_max.saturating_add(1).min(Semaphore::MAX_PERMITS));
        let counts = Arc::new(Counts::default());
        let task = Task {
            requests: receiver,
            connect,
            connection: None,
            group_max: options.group_transactions_max.max(1),
            group_time_max: Duration::from_millis(options.group_ms_max),
            singles: 0,
            closing: None,
            counts: Arc::clone(&counts),
        };
        tokio::spawn(task.run());
        let wait_max = Duration::from_millis(options.wait_max_ms);
        Self { requests, room: Arc::new(Semaphore::new(queue_max)), wait_max, counts }
    }

    /// Waits for a turn; `None` when too many do so already.
    pub(crate) async fn turn(&self) -> Result<Option<Turn>, Error> {
        if self.room.is_closed() {
            return Err(Error::PoolClosed);
        }
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else { return Ok(None) };
        let (reply, turn) = oneshot::channel();
        self.requests.try_send(Request::Turn(Asked { reply, permit })).map_err(|_| Error::PoolClosed)?;
        match timeout(self.wait_max, turn).await {
            Ok(turn) => turn.map_err(|_| Error::PoolClosed)?.map(Some),
            Err(_) => Err(Error::PoolTimedOut),
        }
    }

    /// Lets those go through who wait already, then closes the connection.
    pub(crate) async fn close(&self) {
        self.room.close();
        let (done, closed) = oneshot::channel();
        if self.requests.send(Request::Close(done)).await.is_ok() {
            // An error means that the task has ended, and the connection with it.
            let _ = closed.await;
        }
    }

    /// What was committed since the start.
    pub(crate) fn counts(&self) -> CommitCounts {
        CommitCounts {
            transactions: self.counts.transactions.load(Ordering::Relaxed),
            commits: self.counts.commits.load(Ordering::Relaxed),
        }
    }
}

impl Turn {
    /// The connection, in a transaction that others may have written in before.
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.lent.as_mut().map(|lent| &mut lent.connection).ok_or(Error::WorkerCrashed)
    }

    /// Lets those who wait for the commit of this group go first. Only for a caller that did nothing yet and has much to
    /// do: they would have to wait for all of it.
    pub(crate) async fn part(&mut self) -> Result<(), Error> {
        let Some(lent) = self.lent.take_if(|lent| lent.shared) else { return Ok(()) };
        let (reply, turn) = oneshot::channel();
        let ending = Ending::Apart(Asked { reply, permit: lent.permit });
        let returned = Returned { connection: lent.connection, ending };
        lent.back.send(returned).map_err(|_| Error::PoolClosed)?;
        *self = turn.await.map_err(|_| Error::PoolClosed)??;
        Ok(())
    }

    /// Waits until everything of this turn is durable.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let ended = || StoreError::Unavailable("COMMIT: the writer has ended".to_owned());
        let Some(lent) = self.lent.take() else { return Err(ended()) };
        let (answer, committed) = oneshot::channel();
        let ending = Ending::Commit(Waiting { answer, permit: lent.permit });
        lent.back.send(Returned { connection: lent.connection, ending }).map_err(|_| ended())?;
        committed.await.map_err(|_| ended())?
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(Lent { connection, back, permit, .. }) = self.lent.take() {
            // Where the task has ended, the connection ends here, and its transaction with it.
            let _ = back.send(Returned { connection, ending: Ending::RollBack });
            drop(permit);
        }
    }
}

/// What stands between a group's last commit and the turn that runs now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Savepoint {
    /// Nothing.
    None,
    /// A savepoint after which nothing was written.
    Clean,
    /// A savepoint after which something was written that stays.
    Passed,
}

/// Transactions that share a commit.
struct Group {
    connection: SqliteConnection,
    waiting: Vec<Waiting>,
    savepoint: Savepoint,
    began_at: Instant,
}

/// How a turn ended, seen from the task.
enum Turned {
    /// The group goes on.
    On(Group),
    /// The group is to be committed, and this caller comes first after it.
    Apart(Group, Asked),
    /// The group is over without a commit.
    Over,
}

/// Owner of the connection.
struct Task {
    requests: mpsc::Receiver<Request>,
    connect: SqliteConnectOptions,
    /// There between two groups, unless it has failed.
    connection: Option<SqliteConnection>,
    group_max: usize,
    group_time_max: Duration,
    /// How many transactions are still to be committed one by one.
    singles: usize,
    closing: Option<oneshot::Sender<()>>,
    counts: Arc<Counts>,
}

impl Task {
    async fn run(mut self) {
        while let Some(request) = self.requests.recv().await {
            let mut next = self.admit(request);
            while let Some(asked) = next {
                next = self.group(asked).await;
            }
            if self.closing.is_some() {
                break;
            }
        }
        self.requests.close();
        if let Some(connection) = self.connection.take() {
            // What cannot be closed properly is closed all the same.
            let _ = connection.close().await;
        }
        if let Some(closing) = self.closing.take() {
            // Whoever closes may have stopped waiting.
            let _ = closing.send(());
        }
    }

    /// The caller of a request, unless it has gone.
    fn admit(&mut self, request: Request) -> Option<Asked> {
        match request {
            Request::Turn(asked) => Some(asked).filter(|asked| !asked.reply.is_closed()),
            Request::Close(done) => {
                self.closing = Some(done);
                None
            }
        }
    }

    /// Runs one transaction and those that come meanwhile, and commits them. Returns who begins the next group.
    async fn group(&mut self, first: Asked) -> Option<Asked> {
        let connection = match self.begin().await {
            Ok(connection) => connection,
            Err(error) => {
                // A caller that has gone needs no answer.
                let _ = first.reply.send(Err(error));
                return None;
            }
        };
        let mut group =
            Group { connection, waiting: Vec::new(), savepoint: Savepoint::None, began_at: Instant::now() };
        let mut next = Some(first);
        while let Some(asked) = next {
            match self.turn(group, asked).await {
                Turned::On(going) => group = going,
                Turned::Apart(going, apart) => {
                    self.commit(going).await;
                    return Some(apart);
                }
                Turned::Over => return None,
            }
            next = self.another(&group);
        }
        self.commit(group).await;
        None
    }

    /// Who waits for a turn and may still join this group.
    fn another(&mut self, group: &Group) -> Option<Asked> {
        let group_max = if self.singles > 0 { 1 } else { self.group_max };
        while group.waiting.len() < group_max
            && group.began_at.elapsed() < self.group_time_max
            && self.closing.is_none()
        {
            let request = self.requests.try_recv().ok()?;
            if let Some(asked) = self.admit(request) {
                return Some(asked);
            }
        }
        None
    }

    async fn begin(&mut self) -> Result<SqliteConnection, Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.connect).await?,
        };
        match run(&mut connection, "BEGIN IMMEDIATE").await {
            Ok(()) => Ok(connection),
            Err(error) => {
                // Most often another process writes. What is more than that needs a new connection.
                if matches!(error, Error::Database(_)) {
                    self.connection = Some(connection);
                }
                Err(error)
            }
        }
    }

    async fn turn(&mut self, mut group: Group, asked: Asked) -> Turned {
        if let Err(error) = group.protect().await {
            let _ = asked.reply.send(Err(Error::WorkerCrashed));
            return self.fail(group, &error).await;
        }
        let shared = !group.waiting.is_empty();
        let (back, returned) = oneshot::channel();
        let lent = Lent { connection: group.connection, shared, permit: asked.permit, back };
        // A caller that has gone drops its turn, which gives the connection back like any other.
        drop(asked.reply.send(Ok(Turn { lent: Some(lent) })));
        let Ok(Returned { connection, ending }) = returned.await else {
            for waiting in group.waiting {
                waiting.answer(Err(StoreError::Unavailable("COMMIT: the connection was lost".to_owned())));
            }
            return Turned::Over;
        };
        group.connection = connection;
        match ending {
            Ending::Commit(waiting) => {
                group.waiting.push(waiting);
                if group.savepoint == Savepoint::Clean {
                    group.savepoint = Savepoint::Passed;
                }
                Turned::On(group)
            }
            Ending::Apart(asked) => Turned::Apart(group, asked),
            Ending::RollBack if group.waiting.is_empty() => {
                self.roll_back(group.connection).await;
                Turned::Over
            }
            Ending::RollBack => match run(&mut group.connection, "ROLLBACK TO turn").await {
                Ok(()) => Turned::On(group),
                Err(error) => self.fail(group, &error).await,
            },
        }
    }

    async fn commit(&mut self, mut group: Group) {
        if group.waiting.is_empty() {
            return self.roll_back(group.connection).await;
        }
        if let Err(error) = run(&mut group.connection, "COMMIT").await {
            self.fail(group, &error).await;
            return;
        }
        let transactions = group.waiting.len();
        self.connection = Some(group.connection);
        self.singles = self.singles.saturating_sub(transactions);
        self.counts
            .transactions
            .fetch_add(u64::try_from(transactions).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.counts.commits.fetch_add(1, Ordering::Relaxed);
        for waiting in group.waiting {
            waiting.answer(Ok(()));
        }
    }

    /// Takes everything of a group back and tells its callers.
    async fn fail(&mut self, group: Group, error: &Error) -> Turned {
        self.roll_back(group.connection).await;
        let alone = group.waiting.len() == 1;
        self.singles = if alone { self.singles.saturating_sub(1) } else { SINGLE_AFTER_FAILURE };
        for waiting in group.waiting {
            waiting.answer(Err(match store_error("COMMIT", error) {
                // It may be another's fault, and the same call may succeed when it is alone.
                StoreError::Inconsistent(text) if !alone => StoreError::Unavailable(text),
                error => error,
            }));
        }
        Turned::Over
    }

    /// Rolls back; a connection on which that fails is not used again.
    async fn roll_back(&mut self, mut connection: SqliteConnection) {
        self.connection = run(&mut connection, "ROLLBACK").await.is_ok().then_some(connection);
    }
}

impl Group {
    /// Makes sure that the next turn can be rolled back without the others.
    async fn protect(&mut self) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        match self.savepoint {
            Savepoint::None => run(&mut self.connection, "SAVEPOINT turn").await?,
            Savepoint::Passed => {
                // Both in one go: each statement is a way to the connection's thread and back.
                let both = sqlx::raw_sql("RELEASE turn; SAVEPOINT turn");
                both.execute(&mut self.connection).await.map(drop)?;
            }
            Savepoint::Clean => {}
        }
        self.savepoint = Savepoint::Clean;
        Ok(())
    }
}

impl Waiting {
    fn answer(self, result: Result<(), StoreError>) {
        drop(self.permit);
        // A caller that has gone does not want to know.
        let _ = self.answer.send(result);
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), Error> {
    sqlx::query(sql).execute(connection).await.map(drop)
}
