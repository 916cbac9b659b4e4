//! `kill -9` at any moment: a real server under the load of several clients is killed and started again, over and over.
//!
//! What must hold, whenever that happens: a session never has two live branches; no client that behaves honestly loses
//! its session; what was said to be revoked stays revoked; whatever was decided is in the audit log, whose chain
//! verifies. `PORTAL_CRASH_KILLS` and `PORTAL_CRASH_SEED` make the run longer, or another one; `cargo xtask crashes` does
//! that on both databases. What a seed draws is always the same; when the machine gets to it is not.

#![expect(clippy::expect_used, clippy::panic, reason = "a fault ends the test, as it should")]

mod client;
mod history;
mod http;
mod server;

use std::{env, sync::Arc, time::Duration};

use portal_core::ports::{Clock as _, Rng as _};
use portal_server::environment::SystemClock;
use portal_testkit::{SeededRng, app::LeftDatabase};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    client::{Client, World},
    history::History,
    server::Server,
};

const CLIENTS: usize = 8;
/// The time between the first refresh after a start and the kill, in milliseconds.
const LIFE_MS: (u64, u64) = (5, 250);
/// How long the sealer may take at the end.
const SEALED_MAX: Duration = Duration::from_mins(1);

/// What the database must say after a kill, before anybody starts on it again: a query and what it counts.
const RULES: &[(&str, &str)] = &[
    (
        "SELECT COUNT(*) FROM (SELECT session_id FROM refresh_tokens WHERE rotated_at IS NULL
            GROUP BY session_id HAVING COUNT(*) > 1) AS branched",
        "sessions with two live branches",
    ),
    (
        "SELECT COUNT(*) FROM agent_sessions s WHERE s.ended_at IS NULL AND NOT EXISTS
            (SELECT 1 FROM refresh_tokens t WHERE t.session_id = s.id AND t.rotated_at IS NULL)",
        "live sessions without a token",
    ),
    (
        "SELECT COUNT(*) FROM refresh_tokens t WHERE t.rotated_at IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM refresh_tokens s WHERE s.hash = t.successor)",
        "tokens whose successor is missing",
    ),
    (
        "SELECT ABS((SELECT COUNT(*) FROM refresh_tokens WHERE rotated_at IS NOT NULL)
            - (SELECT COUNT(*) FROM audit_events WHERE action = 'agent-session.refreshed'))",
        "rotations without an audit row, or rows without a rotation",
    ),
    (
        "SELECT ABS((SELECT COUNT(*) FROM agent_sessions WHERE ended_at IS NOT NULL)
            - (SELECT COUNT(*) FROM audit_events WHERE action = 'agent-session.ended'))",
        "ends without an audit row, or rows without an end",
    ),
];

fn from_environment(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// A server with clients at work.
struct Run {
    server: Server,
    database: LeftDatabase,
    world: Arc<World>,
    clients: JoinSet<()>,
    up: watch::Sender<bool>,
    over: watch::Sender<bool>,
}

impl Run {
    /// Starts the server on a new database, and the clients, with so many sessions more than they need at first.
    async fn start(postgres: Option<&str>, seed: u64, spare: u64) -> Self {
        let mut server = Server::new();
        let sessions = CLIENTS + usize::try_from(spare).expect("not that many");
        let (database, client_id, tokens) =
            LeftDatabase::with_sessions(postgres, &server.url(), SystemClock.now(), sessions).await;
        server.configure(database.address());
        let (up, is_up) = watch::channel(false);
        let (over, is_over) = watch::channel(false);
        let world = Arc::new(World {
            port: server.port,
            client_id,
            history: History::default(),
            spare: tokens.into(),
            up: is_up,
            over: is_over,
        });
        server.start().await;
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let tokens = world.take_spare().expect("a session for each");
            clients.spawn(Client::new(Arc::clone(&world), seed * 1_000 + number as u64, tokens).run());
        }
        up.send_replace(true);
        Self { server, database, world, clients, up, over }
    }

    /// Waits until so many more refreshes were answered.
    async fn refreshes(&self, more: u64) {
        let before = self.world.history.counts().refreshes;
        while self.world.history.counts().refreshes < before + more
            && self.world.history.violations().is_empty()
        {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Kills the server. Its clients wait until it is back.
    fn kill(&mut self) {
        self.up.send_replace(false);
        self.server.kill();
    }

    async fn start_again(&mut self) {
        self.server.start().await;
        self.up.send_replace(true);
    }

    /// Lets the clients come to their end.
    async fn finish(&mut self) {
        self.over.send_replace(true);
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("a client that runs to its end");
        }
    }

    /// Waits until the audit log is in its chain. A sealer that was killed keeps its turn for ten seconds.
    async fn sealed(&self) {
        let begun = Instant::now();
        while self.database.number("SELECT COUNT(*) FROM audit_events WHERE sequence IS NULL").await > 0 {
            assert!(begun.elapsed() < SEALED_MAX, "the audit log is not sealed");
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn check(&self) {
        for (sql, what) in RULES {
            assert_eq!(self.database.number(sql).await, 0, "{what}");
        }
        assert_eq!(self.world.history.violations(), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_kill_costs_a_session_or_makes_a_second_branch() {
    let kills = from_environment("PORTAL_CRASH_KILLS", 10);
    let seed = from_environment("PORTAL_CRASH_SEED", 1);
    let postgres = env::var("PORTAL_TEST_APP_POSTGRES_URL").ok();
    let mut run = Run::start(postgres.as_deref(), seed, kills * 2).await;
    let rng = SeededRng::new(seed);
    for kill in 0..kills {
        run.refreshes(1).await;
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        let life_ms = LIFE_MS.0 + u64::from_le_bytes(bytes) % (LIFE_MS.1 - LIFE_MS.0);
        sleep(Duration::from_millis(life_ms)).await;
        run.kill();
        // Whoever opens a SQLite file first repairs it: mostly that is to be the server.
        if kill % 4 == 3 {
            run.check().await;
        }
        assert_eq!(run.world.history.violations(), [""; 0]);
        run.start_again().await;
    }
    run.finish().await;
    run.sealed().await;
    run.kill();
    run.check().await;
    let verified = run.server.command(&["audit", "verify"]);
    let said =
        format!("{}{}", String::from_utf8_lossy(&verified.stdout), String::from_utf8_lossy(&verified.stderr));
    assert!(verified.status.success(), "{said}");
    let engine = if postgres.is_some() { "postgres" } else { "sqlite" };
    println!("{engine}, seed {seed}: {kills} kills, {:?}", run.world.history.counts());
    println!("{}", said.trim());
}

/// The check of the check: a database that loses the commits of its last seconds, as one does that has not waited for the
/// disk when the power fails, costs clients their sessions, and they say so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_were_lost_would_be_noticed() {
    let mut run = Run::start(None, 1, 0).await;
    run.refreshes(20).await;
    run.kill();
    assert_eq!(run.world.history.violations(), [""; 0]);
    let file = run.database.address().trim_start_matches("sqlite://");
    let log = std::fs::File::options().write(true).open(format!("{file}-wal")).expect("the database's log");
    log.set_len(0).expect("a log that can be cut off");
    run.start_again().await;
    // Every client refreshes once more before it ends.
    run.finish().await;
    run.kill();
    let lost = run.world.history.violations();
    assert!(lost.iter().any(|what| what.contains("lost its session")), "{lost:?}");
}
