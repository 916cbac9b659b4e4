//! `cargo xtask bench`: Portal beside a bare server, measured in the same run; and how soon a leaver is refused.

use std::process::{ExitCode, Stdio};

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::cargo::{self, cargo};
use crate::run;
use crate::stage::Stages;
use crate::tools;
use crate::workspace::Workspace;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Calls per second beside a bare server
    Calls,
    /// Time from a directory's event to the first refused call
    Offboarding,
}

/// Options of `bench`.
#[derive(Args)]
pub struct Options {
    /// What is measured
    #[arg(long, value_enum, default_value = "calls")]
    part: Part,
    /// People who leave, one after the other (offboarding)
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    people: u32,
    /// People in the directory beside them (offboarding)
    #[arg(long, default_value_t = 0)]
    others: u32,
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
    let (script, arguments) = match options.part {
        Part::Calls => (
            "bench.mjs",
            vec![
                ("--connections", options.connections),
                ("--seconds", options.seconds),
                ("--rounds", options.rounds),
            ],
        ),
        Part::Offboarding => {
            ("bench-offboarding.mjs", vec![("--people", options.people), ("--others", options.others)])
        }
    };
    stages.run("Measuring", || {
        let mut script = node.script(workspace, script);
        script.env("PORTAL_BINARY", workspace.portal()).stdin(Stdio::null());
        for (name, value) in arguments {
            script.arg(name).arg(value.to_string());
        }
        cargo::run(&mut script)
    })?;
    println!("wasm {} kB as browsers load it", site.wasm_brotli_bytes / 1000);
    Ok(ExitCode::SUCCESS)
}

fn build(workspace: &Workspace) -> Result<()> {
    let mut build = cargo(workspace);
    // Together with the server, so that both are compiled with the same features of what they share.
    build.args(["build", "--release", "--package", "xtask-bench", "--package", "portal-server", "--bins"]);
    cargo::run(build.arg("--target-dir").arg(&workspace.target))
}
