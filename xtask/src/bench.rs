//! `cargo xtask bench`: Portal beside a bare server, the disk and the engine, measured in the same run; how soon a leaver
//! is refused; how soon each page answers; and how long an organisation takes to come in.

use std::process::{Command, ExitCode, Stdio};

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::cargo::{self, cargo};
use crate::postgres::Postgres;
use crate::run;
use crate::stage::Stages;
use crate::tools::{self, TestNode};
use crate::workspace::Workspace;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Tool calls beside a bare server
    Calls,
    /// Refresh grants beside the disk and the engine
    Refresh,
    /// Time from a directory's event to the first refused call
    Offboarding,
    /// Time to the first byte of each page
    Pages,
    /// Runs of large directories, and what other agents notice of them (only when it is named: it takes minutes)
    Org,
}

/// Options of `bench`.
#[derive(Args)]
pub struct Options {
    /// Measure only this
    #[arg(long)]
    only: Option<What>,
    /// People who leave, one after the other (offboarding)
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    people: u32,
    /// People in the directory beside them (offboarding)
    #[arg(long, default_value_t = 0)]
    others: u32,
    /// Requests of each page (pages)
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
    /// Sizes of the organisations, in people, with commas between them (org)
    #[arg(long, default_value = "1000,10000,100000")]
    sizes: String,
    /// On PostgreSQL; one size then (org)
    #[arg(long)]
    postgres: bool,
    /// Connections that send at the same time
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// Measured time of each round
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Rounds, both servers in turn; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// `cargo xtask bench`.
///
/// # Errors
/// When something does not build or a server answers with errors.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut stages = Stages::new(run::BUILD_STAGES + 3);
    let site = run::build(workspace, &mut stages)?;
    stages.run("Building the load generator and the bare server", || build(workspace))?;
    let node = stages.run("Test tools", || tools::ready_to_test(workspace))?;
    let wanted = |what| options.only.is_none_or(|only| only == what);
    stages.run("Measuring", || {
        if wanted(What::Calls) {
            calls(workspace, &node, options)?;
        }
        if wanted(What::Refresh) {
            refresh(workspace, &node, options)?;
        }
        if wanted(What::Offboarding) {
            offboarding(workspace, &node, options)?;
        }
        if wanted(What::Pages) {
            script(workspace, &node, "bench-pages.mjs", &[("--requests", options.requests)])?;
        }
        if options.only == Some(What::Org) {
            org(workspace, &node, options)?;
        }
        Ok(())
    })?;
    println!("wasm {} kB as browsers load it", site.wasm_brotli_bytes / 1000);
    Ok(ExitCode::SUCCESS)
}

fn calls(workspace: &Workspace, node: &TestNode, options: &Options) -> Result<()> {
    let arguments = [
        ("--connections", options.connections),
        ("--seconds", options.seconds),
        ("--rounds", options.rounds),
    ];
    script(workspace, node, "bench.mjs", &arguments)
}

fn offboarding(workspace: &Workspace, node: &TestNode, options: &Options) -> Result<()> {
    let arguments = [("--people", options.people), ("--others", options.others)];
    script(workspace, node, "bench-offboarding.mjs", &arguments)
}

/// On a database of its own for each size.
fn org(workspace: &Workspace, node: &TestNode, options: &Options) -> Result<()> {
    let mut script = script_of(workspace, node, "bench-org.mjs");
    script.arg("--sizes").arg(&options.sizes);
    let postgres = if options.postgres { Some(Postgres::start_durable(workspace, node)?) } else { None };
    if let Some(postgres) = &postgres {
        script.arg("--database").arg(&postgres.url);
    }
    cargo::run(&mut script)
}

fn script(workspace: &Workspace, node: &TestNode, name: &str, arguments: &[(&str, u32)]) -> Result<()> {
    let mut script = script_of(workspace, node, name);
    for (name, value) in arguments {
        script.arg(name).arg(value.to_string());
    }
    cargo::run(&mut script)
}

fn script_of(workspace: &Workspace, node: &TestNode, name: &str) -> Command {
    let mut script = node.script(workspace, name);
    script.env("PORTAL_BINARY", workspace.portal()).stdin(Stdio::null());
    script
}

/// On SQLite, then on a PostgreSQL that waits for the disk. Both keep their files in the folder for temporary ones.
fn refresh(workspace: &Workspace, node: &TestNode, options: &Options) -> Result<()> {
    let measure = |postgres: Option<&Postgres>| {
        let mut measure = Command::new(workspace.portal().with_file_name("refresh"));
        measure.arg("measure").arg("--portal").arg(workspace.portal());
        measure.arg("--seconds").arg(options.seconds.to_string());
        measure.arg("--rounds").arg(options.rounds.to_string());
        if let Some(postgres) = postgres {
            measure.arg("--postgres").arg(&postgres.url);
        }
        cargo::run(measure.stdin(Stdio::null()))
    };
    measure(None)?;
    measure(Some(&Postgres::start_durable(workspace, node)?))
}

fn build(workspace: &Workspace) -> Result<()> {
    let mut build = cargo(workspace);
    // Together with the server, so that both are compiled with the same features of what they share.
    build.args(["build", "--release", "--package", "xtask-bench", "--package", "portal-server", "--bins"]);
    cargo::run(build.arg("--target-dir").arg(&workspace.target))
}
