//! How many refresh grants a second Portal answers, each durable, beside what the disk and the engine can do.
//!
//! `refresh measure` does all of it on one engine and prints a table; it starts the release server, and itself as a server
//! that does not wait for the disk. Only the ratios are worth comparing between machines.

#![expect(clippy::print_stdout, reason = "the figures go to whoever runs this")]

mod disk;
mod host;
mod load;
mod report;
mod server;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures one engine: a SQLite file, or the PostgreSQL that is named
    Measure(Options),
    /// Serves a database that was opened in some way
    Host(host::Options),
}

/// Options of `refresh measure`.
#[derive(clap::Args)]
struct Options {
    /// The release server
    #[arg(long)]
    portal: PathBuf,
    /// A PostgreSQL server, one that waits for the disk, and one of its databases
    #[arg(long)]
    postgres: Option<String>,
    /// A folder on the disk of that PostgreSQL, to measure the disk in
    #[arg(long)]
    disk_folder: Option<PathBuf>,
    /// Chains that refresh at the same time
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    chains: Vec<usize>,
    /// Measured time of each round
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Rounds, everything in turn; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    match Cli::parse().command {
        Command::Measure(options) => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?
            .block_on(report::run(&options)),
        Command::Host(options) => tokio::runtime::Runtime::new()?.block_on(host::run(options)),
    }
}
