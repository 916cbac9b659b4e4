//! `cargo xtask crashes`: a server under load, killed and started again, on both databases.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::cargo::{self, cargo};
use crate::postgres::{APP_URL_VARIABLE, Postgres};
use crate::stage::Stages;
use crate::tools;
use crate::workspace::Workspace;

/// Options of `crashes`.
#[derive(Args)]
pub struct Options {
    /// How often the server is killed, on each database
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// Another seed makes the clients choose otherwise
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

/// `cargo xtask crashes`: what `cargo xtask test` does with few kills.
///
/// # Errors
/// When something does not build or a rule was broken.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut stages = Stages::new(3);
    let node = stages.run("Test tools", || tools::ready_to_test(workspace))?;
    let test = |postgres: Option<&Postgres>| {
        let mut test = cargo(workspace);
        // The packages of `cargo xtask test`, so that nothing is compiled again.
        test.args(["test", "--workspace", "--exclude=portal-frontend", "--locked", "--test=crashes"]);
        test.args(["--", "--nocapture"]);
        test.env("PORTAL_CRASH_KILLS", options.kills.to_string());
        test.env("PORTAL_CRASH_SEED", options.seed.to_string());
        match postgres {
            Some(postgres) => test.env(APP_URL_VARIABLE, &postgres.url),
            None => test.env_remove(APP_URL_VARIABLE),
        };
        cargo::run(&mut test)
    };
    stages.run("Killing a server on SQLite", || test(None))?;
    stages.run("Killing a server on PostgreSQL", || test(Some(&Postgres::start(workspace, &node)?)))?;
    Ok(ExitCode::SUCCESS)
}
