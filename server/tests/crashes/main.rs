//! `kill -9` at any moment: a real server under the load of several clients is killed and started again, over and over.
//!
//! What must hold, whenever that happens: a session never has two live branches; no client that behaves honestly loses
//! its session; what was said to be revoked stays revoked; whatever was decided is in the audit log, whose chain
//! verifies. `PORTAL_CRASH_KILLS` and `PORTAL_CRASH_SEED` make the run longer, or another one; `cargo xtask crashes` does
//! that on both databases. What a seed draws is always the same; when the machine gets to it is not.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a fault ends the test, as it should"
)]

mod client;
mod history;
mod http;
mod server;

use std::{env, sync::Arc, time::Duration};

use portal_core::ports::{Clock as _, Rng as _};
use portal_server::environment::SystemClock;
use portal_testkit::{SeededRng, app::LeftDatabase};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    client::{Client, World},
    history::History,
    server::Server,
};

const CLIENTS: usize = 8;
/// The time between the first refresh after a start and the kill, in milliseconds.
const LIFE_MS: (u64, u64) = (5, 250);

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_kill_costs_a_session_or_makes_a_second_branch() {
    let kills = from_environment("PORTAL_CRASH_KILLS", 10);
    let seed = from_environment("PORTAL_CRASH_SEED", 1);
    let postgres = env::var("PORTAL_TEST_APP_POSTGRES_URL").ok();
    let mut server = Server::new();
    let spare = usize::try_from(kills * 2).expect("not that many");
    let (database, client_id, tokens) =
        LeftDatabase::with_sessions(postgres.as_deref(), &server.url(), SystemClock.now(), CLIENTS + spare)
            .await;
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
        let client = Client::new(Arc::clone(&world), seed * 1_000 + number as u64, tokens);
        clients.spawn(client.run());
    }
    up.send_replace(true);
    kill_and_start(&mut server, &database, &world, &up, kills, seed).await;
    over.send_replace(true);
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client that runs to its end");
    }
    server.kill();
    check(&database, &world).await;
    let verified = server.command(&["audit", "verify"]);
    let said =
        format!("{}{}", String::from_utf8_lossy(&verified.stdout), String::from_utf8_lossy(&verified.stderr));
    assert!(verified.status.success(), "{said}");
    let engine = if postgres.is_some() { "postgres" } else { "sqlite" };
    println!("{engine}, seed {seed}: {kills} kills, {:?}", world.history.counts());
    println!("{}", said.trim());
}

/// Kills the server so many times, each time while clients are at work.
async fn kill_and_start(
    server: &mut Server,
    database: &LeftDatabase,
    world: &World,
    up: &watch::Sender<bool>,
    kills: u64,
    seed: u64,
) {
    let rng = SeededRng::new(seed);
    for kill in 0..kills {
        let before = world.history.counts().refreshes;
        while world.history.counts().refreshes == before {
            assert_eq!(world.history.violations(), [""; 0]);
            sleep(Duration::from_millis(1)).await;
        }
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        let life_ms = LIFE_MS.0 + u64::from_le_bytes(bytes) % (LIFE_MS.1 - LIFE_MS.0);
        sleep(Duration::from_millis(life_ms)).await;
        up.send_replace(false);
        server.kill();
        // Whoever opens a SQLite file first repairs it: mostly that is to be the server.
        if kill % 4 == 3 {
            check(database, world).await;
        }
        server.start().await;
        up.send_replace(true);
    }
}

async fn check(database: &LeftDatabase, world: &World) {
    for (sql, what) in RULES {
        assert_eq!(database.number(sql).await, 0, "{what}");
    }
    assert_eq!(world.history.violations(), [""; 0]);
}
