//! Portal's router on a database that was opened otherwise than the server does: for comparison only.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};
use portal_core::ports::Clock as _;
use portal_server::environment::SystemClock;
use portal_store::{Durability, OpenOptions};
use portal_testkit::app::TestApp;

use crate::Failure;

/// Options of `refresh host`.
#[derive(Args)]
pub struct Options {
    #[arg(long)]
    database: String,
    #[arg(long)]
    public_url: String,
    #[arg(long)]
    port: u16,
    /// When SQLite waits for the disk
    #[arg(long)]
    durability: Waiting,
    /// Most transactions that share a commit
    #[arg(long, default_value_t = OpenOptions::default().group_transactions_max)]
    group: usize,
}

/// When SQLite waits for the disk.
#[derive(Clone, Copy, ValueEnum)]
pub enum Waiting {
    Full,
    Normal,
    Off,
}

/// Serves until it is killed.
pub async fn run(options: Options) -> Result<(), Failure> {
    let durability = match options.durability {
        Waiting::Full => Durability::Full,
        Waiting::Normal => Durability::Normal,
        Waiting::Off => Durability::Off,
    };
    let open = OpenOptions { durability, group_transactions_max: options.group, ..OpenOptions::default() };
    let app = TestApp::start_over(&options.database, &options.public_url, open, SystemClock.now()).await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port)).await?;
    let service = app.router().into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await?;
    Ok(())
}
