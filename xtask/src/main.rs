//! The project commands: `cargo xtask run`, `test`, `build` and the rest.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its user")]

mod bench;
mod cargo;
mod crashes;
mod dev;
mod digest;
mod e2e;
mod edges;
mod evidence;
mod fuzz;
mod lint;
mod postgres;
mod report;
mod run;
mod site;
mod stage;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// The project commands of Portal.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up what is missing, build, and start Portal on SQLite with the example org
    Run(run::Options),
    /// Set up what is missing and run every check
    Test(test::Options),
    /// Build the self-contained release binary at target/release/portal
    Build,
    /// Start Portal and rebuild and restart it when a source file changes
    Dev(run::Options),
    /// Measure Portal beside bare servers in the same run and print the ratios
    Bench(bench::Options),
    /// Kill a server under load, over and over, and check that nobody loses anything
    Crashes(crashes::Options),
    /// Run the fuzz targets for a while
    Fuzz(fuzz::Options),
    /// Write docs/conformance.md and the table of attacks in docs/reliability.md from the tests
    ConformanceTable,
    /// Format the Rust sources
    Fmt {
        /// Only say what is not formatted
        #[arg(long)]
        check: bool,
    },
    /// Run clippy for both halves and check the dependency edges
    Lint,
    /// Build the release binary and run the browser tests and the protocol conformance suite
    E2e(e2e::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workspace = Workspace::find();
    let outcome = match cli.command {
        Command::Run(options) => run::run(&workspace, &options),
        Command::Test(options) => test::run(&workspace, &options),
        Command::Build => run::build_command(&workspace),
        Command::Dev(options) => dev::run(&workspace, &options),
        Command::Bench(options) => bench::run(&workspace, &options),
        Command::Crashes(options) => crashes::run(&workspace, &options),
        Command::Fuzz(options) => fuzz::run(&workspace, &options),
        Command::ConformanceTable => evidence::write(&workspace),
        Command::Fmt { check } => lint::format(&workspace, check),
        Command::Lint => lint::run(&workspace),
        Command::E2e(options) => e2e::run(&workspace, &options),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("\nerror: {failure:#}");
            ExitCode::FAILURE
        }
    }
}
